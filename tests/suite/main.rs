//! Every integration test, in one binary.
fn main() {}
