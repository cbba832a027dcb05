//! Every integration test, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed; tests in loops say in which case"
)]

mod accounts;
mod house;
mod jobs;
mod keys;
mod limits;
