//! Texts in which something is to be redacted, and which are shortened.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agentotel::fuzzing::redaction(data));
