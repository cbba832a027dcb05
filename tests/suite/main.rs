//! Every integration test, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed; tests in loops say in which case"
)]

mod access;
mod accounts;
mod ahead;
mod bench;
mod checkout;
mod consistency;
mod denial;
mod events;
mod hostile;
mod house;
mod import_hub_events;
mod jobs;
mod keys;
mod layering;
mod limits;
mod model;
mod signer;
mod source;
mod template;
mod tenants;
mod verify;
