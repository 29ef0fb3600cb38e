//! Threads that log at once: the records of each arrive at a Collector in the order in which it made them, and all of them.

use agentotel::abi::lifecycle::agentotel_shutdown;
use agentotel::abi::log::agentotel_log;
use agentotel::abi::types::*;
use serde_json::{Value, json};

use crate::agent::*;
use crate::collector::{Collector, free_port, program};

const THREADS: i64 = 8;
const RECORDS: i64 = 5_000;

/// Logs one record of a thread: which it is, and the thread, as attributes.
fn log(session: agentotel_session, thread: i64, number: i64) {
    let attribute = |key, value| agentotel_attribute {
        key: text(key),
        r#type: AGENTOTEL_TYPE_INT64,
        value: agentotel_value { int64: value },
        ..zeroed()
    };
    let attributes = [attribute("thread", thread), attribute("number", number)];
    let record = agentotel_log_record {
        struct_size: size_of::<agentotel_log_record>(),
        severity_number: AGENTOTEL_SEVERITY_INFO,
        body: agentotel_value { string: text("said") },
        attributes: attributes.as_ptr(),
        attribute_count: attributes.len(),
        ..zeroed()
    };
    // SAFETY: valid through the call.
    let status = unsafe { agentotel_log(session, zeroed(), &raw const record) };
    assert_eq!(status, 0, "{}", last_error());
}

/// The numbers of each thread, in the order in which the Collector wrote them.
fn arrived(written: &str) -> Vec<Vec<i64>> {
    let mut threads = vec![Vec::new(); usize::try_from(THREADS).unwrap()];
    let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
    for line in written.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let scopes =
            list(&line, "resourceLogs").into_iter().flat_map(|resource| list(&resource, "scopeLogs"));
        for record in scopes.flat_map(|scope| list(&scope, "logRecords")) {
            let number = |key: &str| -> i64 {
                let all = list(&record, "attributes");
                let value =
                    &all.iter().find(|attribute| attribute["key"] == key).unwrap()["value"]["intValue"];
                value.as_str().unwrap().parse().unwrap()
            };
            threads[usize::try_from(number("thread")).unwrap()].push(number("number"));
        }
    }
    threads
}

#[test]
fn the_log_records_of_a_thread_arrive_in_their_order() {
    let Some(program) = program() else { return };
    let _alone = Alone::take();
    for protocol in ["http/protobuf", "grpc"] {
        let directory = private_directory();
        let (ports, file) = ([free_port(), free_port()], directory.path().join("arrived.jsonl"));
        let collector = Collector::start(&program, directory.path(), ports, Some(&file));
        let port = if protocol == "grpc" { ports[1] } else { ports[0] };
        init(&json!({
            "exporters": [{
                "type": "otlp", "protocol": protocol, "endpoint": format!("http://127.0.0.1:{port}"),
                // Many batches, several of them on the way at once.
                "batch": { "max_count": 100, "delay_ms": 1 },
            }],
            "queue": { "shards": 4 },
            "flush_at_exit_ms": 0,
        }));
        let session = start_session();
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                scope.spawn(move || (0..RECORDS).for_each(|number| log(session, thread, number)));
            }
        });
        assert_eq!(agentotel_shutdown(60_000), 0, "{}", last_error());
        collector.stop();
        let expected: Vec<i64> = (0..RECORDS).collect();
        for (thread, numbers) in arrived(&std::fs::read_to_string(&file).unwrap()).into_iter().enumerate() {
            let out_of_place =
                numbers.iter().zip(&expected).position(|(number, expected)| number != expected);
            assert_eq!(
                (numbers.len(), out_of_place),
                (expected.len(), None),
                "{protocol}, thread {thread}: {:?}",
                out_of_place.map(|at| &numbers[at.saturating_sub(2)..(at + 3).min(numbers.len())])
            );
        }
    }
}
