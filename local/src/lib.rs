//! The same handlers in one process: an embedded DynamoDB, a server, and the pieces that tests and benchmarks watch
//! the store with.

pub mod bench;
pub mod cli;
pub mod embedded;
pub mod faults;
pub mod folder;
pub mod jobs;
pub mod meter;
pub mod server;
