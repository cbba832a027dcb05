//! A stored log entry's JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_shared::ledger::fuzzing;

fuzz_target!(|text: &str| fuzzing::entry(text));
