//! Posture Ledger's core: the domain, the ledger, the dialects and authentication.
//!
//! Everything here would survive a move off Lambda. `ARCHITECTURE.md` says which module may use which;
//! a test reads the `use` lines and enforces it.

pub mod audit;
pub mod auth;
pub mod clock;
pub mod config;
pub mod dialects;
pub mod domain;
pub mod ledger;
pub mod operations;
pub mod seal;
pub mod secrets;
pub mod tally;
pub mod terraform;
pub mod upstream;
