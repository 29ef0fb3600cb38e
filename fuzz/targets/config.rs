//! Configuration documents.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agentotel::fuzzing::config(data));
