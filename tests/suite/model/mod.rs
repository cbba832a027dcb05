//! The ledger against a naive model: whatever happens, what it answers is what a list of all changes would answer.
//!
//! Operations run over the real SDK client and the embedded store. `naive` is the model; it knows the merge rules,
//! which have tests of their own, and nothing of views, folds, overlays, segments, cursors or how commits are packed.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test that cannot go on has failed")]

mod agree;
mod ask;
mod changes;
mod concurrency;
mod crash;
mod door;
mod dump;
mod findings;
mod idempotence;
mod instants;
mod inventory;
mod naive;
mod parts;
mod questions;
mod random;
mod rules;
mod run;
mod said;
mod smoke;
mod steps;
mod table;
mod torn;
mod world;
