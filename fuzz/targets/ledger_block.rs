//! A stored segment's block, before compression.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_shared::ledger::fuzzing;

fuzz_target!(|bytes: &[u8]| fuzzing::block(bytes));
