//! Events and sessions as JSON.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agentotel::fuzzing::event_json(data));
