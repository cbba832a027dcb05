//! A stored manifest's JSON.
#![no_main]

use libfuzzer_sys::fuzz_target;
use posture_shared::ledger::fuzzing;

fuzz_target!(|text: &str| fuzzing::manifest(text));
