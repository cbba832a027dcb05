//! The API dialects: wire shapes in, domain types out, and back.
