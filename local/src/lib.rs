//! The same handlers in one process.
