//! What a dead process has left: headers, frames, slots.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agentotel::fuzzing::recovery(data));
