//! Headers of requests that came from elsewhere.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agentotel::fuzzing::propagation(data));
