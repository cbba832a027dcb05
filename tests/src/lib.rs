//! Support for the integration tests: a deployment in memory, clients that sign, and the gateways between them.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

pub mod gateway;
pub mod samples;
pub mod sign;
pub mod world;

pub use gateway::{Ask, Gateway};
pub use world::{Answer, Tenant, World};
