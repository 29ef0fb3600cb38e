//! Replies of receivers, as protobuf, JSON or gzip.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| agentotel::fuzzing::reply(data));
