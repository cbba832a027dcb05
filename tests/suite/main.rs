//! Every integration test, in one binary.

mod verify;
mod model;
