//! Two agents of two services in one storage directory. One is killed at random and started again, the other one lives on:
//! what each has acknowledged is at the Collector, under its own resource, and twice only what was under way at a kill.

use std::collections::HashMap;
use std::io::Write;
use std::path::Path;
use std::time::{Duration, Instant};

use agentotel::abi::lifecycle::agentotel_shutdown;

use crate::agent::*;
use crate::collector::{Collector, free_port, program};
use crate::role;

const SECONDS: usize = 60;
const SECONDS_OF_A_LONG_RUN: usize = 4 * 3600;
const MOST_IN_A_BATCH: usize = 256;
const BATCHES_IN_FLIGHT: usize = 2;
/// Under way are what a process records, and what one dead process has left.
const MOST_AFTER_A_KILL: usize = 2 * BATCHES_IN_FLIGHT * MOST_IN_A_BATCH;
/// Acknowledged together; a kill may come before that is said.
const AT_ONCE: usize = 20;
/// Recorded by each of the two.
const SPANS_PER_SECOND: u64 = 2_000;
const LEAST_KILLS_PER_MINUTE: usize = 40;
const LEAST_SPANS_PER_SECOND: usize = 500;

fn start(directory: &Path) {
    init(&serde_json::json!({
        "service": { "name": role::option("SERVICE") },
        "storage": { "directory": directory.join("storage"), "recovery_bytes_per_s": 0 },
        "queue": { "segment_bytes": 65_536, "shards": 2 },
        "metrics": { "enabled": false },
        "exporters": [{
            "type": "otlp", "name": "otlp", "endpoint": role::option("ENDPOINT"), "compression": "none",
            "batch": { "delay_ms": 20, "max_count": MOST_IN_A_BATCH, "in_flight": BATCHES_IN_FLIGHT }
        }]
    }));
}

/// Records until it is told to stop, or killed; writes down what was acknowledged.
pub fn record(directory: &Path) {
    let service = role::option("SERVICE");
    start(directory);
    let session = start_session();
    let path = directory.join(format!("acknowledged-{service}"));
    let mut file = std::fs::File::options().append(true).create(true).open(path).unwrap();
    let root = session_context(session).span_id;
    std::fs::write(directory.join(format!("root-{service}-{}", std::process::id())), root).unwrap();
    let (begun, mut said) = (Instant::now(), 0);
    while !directory.join("stop").exists() {
        let ids: Vec<u8> = (0..AT_ONCE).flat_map(|_| try_record(session).unwrap()).collect();
        // One write: whole or not there.
        file.write_all(&ids).unwrap();
        said += AT_ONCE as u64;
        let due = begun + Duration::from_micros(said * 1_000_000 / SPANS_PER_SECOND);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", last_error());
}

/// Delivers what those of its service have left.
pub fn deliver(directory: &Path) {
    start(directory);
    // Its own directory is the last one of the namespace.
    let own_namespace = || {
        let storage = directory.join("storage");
        let namespaces = std::fs::read_dir(storage).unwrap().map(|entry| entry.unwrap());
        let service = role::option("SERVICE");
        namespaces
            .filter(|namespace| namespace.file_name().to_str().unwrap().starts_with(&service))
            .map(|namespace| std::fs::read_dir(namespace.path()).unwrap().count())
            .sum::<usize>()
    };
    wait_until("what is left is delivered", || own_namespace() == 1);
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", last_error());
}

/// What the Collector has received: by id, the service and how often.
fn received(file: &Path) -> HashMap<[u8; 8], (String, usize)> {
    let mut spans: HashMap<[u8; 8], (String, usize)> = HashMap::new();
    for line in std::fs::read_to_string(file).unwrap().lines() {
        let batch: serde_json::Value = serde_json::from_str(line).unwrap();
        for resource in batch["resourceSpans"].as_array().unwrap() {
            let attributes = resource["resource"]["attributes"].as_array().unwrap();
            let service = attributes.iter().find(|attribute| attribute["key"] == "service.name").unwrap();
            let service = service["value"]["stringValue"].as_str().unwrap();
            for span in
                resource["scopeSpans"].as_array().unwrap().iter().flat_map(|s| s["spans"].as_array().unwrap())
            {
                let id = u64::from_str_radix(span["spanId"].as_str().unwrap(), 16).unwrap().to_be_bytes();
                let entry = spans.entry(id).or_insert_with(|| (service.to_owned(), 0));
                assert_eq!(entry.0, service, "one span under two resources");
                entry.1 += 1;
            }
        }
    }
    spans
}

fn acknowledged(directory: &Path, service: &str) -> Vec<[u8; 8]> {
    let bytes = std::fs::read(directory.join(format!("acknowledged-{service}"))).unwrap();
    assert_eq!(bytes.len() % (8 * AT_ONCE), 0);
    bytes.chunks_exact(8).map(|id| id.try_into().unwrap()).collect()
}

#[test]
fn of_two_agents_in_one_directory_each_delivers_its_own_while_one_is_killed() {
    let Some(program) = program() else { return };
    let place = private_directory();
    let directory = place.path();
    let seconds = count_of_run(SECONDS, SECONDS_OF_A_LONG_RUN);
    let port = free_port();
    let file = directory.join("received.jsonl");
    let collector = Collector::start(&program, directory, [port, free_port()], Some(&file));
    let endpoint = format!("http://127.0.0.1:{port}");
    let most_seconds = (seconds * 2 + 120).to_string();
    let options = |service| {
        [
            ("SERVICE", service),
            ("ENDPOINT", endpoint.as_str()),
            ("AGENTOTEL_TEST_SECONDS", most_seconds.as_str()),
        ]
    };
    let mut lasting = role::start("one-of-two", directory, &options("lasting"));
    let begun = Instant::now();
    let (mut kills, mut moment) = (0, 11u64);
    while begun.elapsed() < Duration::from_secs(seconds as u64) {
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut killed = role::start("one-of-two", directory, &options("killed"));
        std::thread::sleep(Duration::from_millis(100 + (moment >> 33) % 1400));
        assert!(killed.try_wait().unwrap().is_none(), "it has ended by itself");
        killed.kill().unwrap();
        killed.wait().unwrap();
        kills += 1;
    }
    role::say(directory, "stop", "");
    assert!(lasting.wait().unwrap().success());
    let status = role::run("last-of-two", directory, &options("killed"));
    assert!(status.success(), "{status}");
    assert!(role::lives(&directory.join("storage")).is_empty());
    collector.stop();

    let mut spans = received(&file);
    let mut all = 0;
    let mut again = HashMap::new();
    for service in ["lasting", "killed"] {
        let ids = acknowledged(directory, service);
        let lost = ids.iter().filter(|id| !spans.contains_key(*id)).count();
        assert_eq!(lost, 0, "of {} that `{service}` has acknowledged", ids.len());
        assert!(ids.len() >= LEAST_SPANS_PER_SECOND * seconds, "`{service}`: only {}", ids.len());
        all += ids.len();
        for id in ids {
            let (under, times) = spans.remove(&id).unwrap();
            assert_eq!(under, service, "it went out under another one's resource");
            *again.entry(service).or_insert(0) += times - 1;
        }
    }
    println!("{all} acknowledged, {kills} kills, sent again: {again:?}, not acknowledged: {}", spans.len());
    assert_eq!(again["lasting"], 0, "nobody has killed it");
    assert!(again["killed"] <= kills * MOST_AFTER_A_KILL, "{again:?} after {kills} kills");
    assert!(kills >= LEAST_KILLS_PER_MINUTE * seconds / 60, "only {kills} kills");
    // What else is there was recorded and not said yet when the kill came, or is a session's root.
    assert!(spans.values().all(|(service, _)| service == "killed" || service == "lasting"));
    assert!(spans.len() <= kills * (AT_ONCE + 1) + 1, "{} were never acknowledged", spans.len());
}
