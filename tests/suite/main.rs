//! Every integration test, in one binary.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that cannot go on has failed; tests in loops say in which case"
)]

mod access;
mod ahead;
mod checkout;
mod consistency;
mod denial;
mod events;
mod hostile;
mod import_hub_events;
mod layering;
mod model;
mod signer;
mod source;
mod template;
mod tenants;
mod verify;
