//! The audit engine: what is known of an account's resources, and what rules say of them. Pure: it asks no store, no
//! cloud and no clock.

pub mod intake;
