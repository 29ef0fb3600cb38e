//! What the processes do: one leaves something behind, one lives under a fault, one delivers what is left of both.

use std::path::Path;
use std::time::{Duration, Instant};

use agentotel::abi::lifecycle::{agentotel_flush, agentotel_shutdown};
use agentotel::abi::status::*;
use agentotel::abi::types::*;
use serde_json::json;

use crate::agent::*;
use crate::role;

const SEGMENT: usize = 65_536;
/// What one round records: more than two segments.
pub const EVENTS: usize = 800;
pub const ROUNDS: usize = 2;
/// Until the last round is sent, the process has long ended.
const DELAY_MS: u64 = 300;

fn config(directory: &Path, out: &str) -> serde_json::Value {
    json!({
        "service": { "name": "faulty" },
        "storage": { "directory": directory.join("storage"), "recovery_bytes_per_s": 0, "sync_interval_ms": 50 },
        "queue": { "segment_bytes": SEGMENT, "max_bytes": 64 * SEGMENT, "shards": 1 },
        "metrics": { "enabled": false },
        "exporters": [{
            "type": "file", "name": "file", "path": directory.join(out), "batch": { "delay_ms": DELAY_MS }
        }],
        "diagnostics": { "level": "debug" }
    })
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// What was acknowledged, by what was said of the files.
#[derive(Default)]
struct Acknowledged {
    durable: Vec<String>,
    others: Vec<String>,
    /// Spans that may come though nobody was told so: of the session, and of events whose end was refused for now.
    unsaid: Vec<String>,
    /// Spans that were accepted.
    accepted: u64,
}

impl Acknowledged {
    /// Does something that may be acknowledged with an id; whether it was. The files are said to hold it when they were before
    /// and after, without a failure in between.
    fn note(&mut self, act: impl FnOnce() -> Option<[u8; 8]>) -> bool {
        let said = || {
            let stats = storage_stats();
            (stats.durability >= AGENTOTEL_DURABILITY_PROCESS, stats.failures)
        };
        let before = said();
        let Some(id) = act() else { return false };
        let is_durable = before.0 && before == said();
        if is_durable { &mut self.durable } else { &mut self.others }.push(hex(&id));
        true
    }

    fn write(&self, directory: &Path) {
        std::fs::write(directory.join("durable"), self.durable.join("\n")).unwrap();
        std::fs::write(directory.join("not-durable"), self.others.join("\n")).unwrap();
        std::fs::write(directory.join("unsaid"), self.unsaid.join("\n")).unwrap();
    }
}

/// The counters hold at every moment, and none of what was accepted is missing.
fn check_counters(acknowledged: &Acknowledged) {
    let stats = exporter_stats("file");
    assert_eq!(stats.accepted, acknowledged.accepted);
    let dropped: u64 = stats.dropped.iter().sum();
    assert_eq!(
        stats.accepted + stats.recovered,
        stats.exported + stats.rejected + dropped + stats.tail_unsampled + stats.pending
    );
    assert_eq!((stats.rejected, dropped), (0, 0));
}

fn record_some(session: u64, acknowledged: &mut Acknowledged) {
    for number in 0..EVENTS {
        let was_accepted = if number % 100 == 0 {
            // One that was in flight counts when its end was acknowledged.
            let event = start_event(session, "step");
            let id = context(event).span_id;
            acknowledged.unsaid.push(hex(&id));
            acknowledged.note(|| end_event(event).then_some(id))
        } else {
            acknowledged.note(|| match try_record(session) {
                Ok(id) => Some(id),
                Err(AGENTOTEL_ERR_QUEUE_FULL) => None,
                Err(other) => panic!("{other}: {}", last_error()),
            })
        };
        acknowledged.accepted += u64::from(was_accepted);
    }
}

fn end_at_once() -> ! {
    // SAFETY: ends the process, with no handler of it.
    unsafe { libc::_exit(0) }
}

/// Records, has something in flight, and ends as if it were killed.
pub fn leave_something(directory: &Path) {
    let mut config = config(directory, "out-left.jsonl");
    config["exporters"][0]["batch"]["delay_ms"] = json!(60_000);
    init(&config);
    let session = start_session();
    let mut acknowledged = Acknowledged::default();
    record_some(session, &mut acknowledged);
    acknowledged.note(|| Some(context(start_event(session, "in flight")).span_id));
    acknowledged.note(|| Some(session_context(session).span_id));
    assert!(acknowledged.others.is_empty());
    std::fs::write(directory.join("left"), acknowledged.durable.join("\n")).unwrap();
    end_at_once();
}

pub fn live_under_fault(directory: &Path) {
    let on_failure = role::option("ON_FAILURE");
    let mut config = config(directory, "out-fault.jsonl");
    config["storage"]["on_failure"] = json!(on_failure);
    config["storage"]["sync"] = json!(role::option("SYNC"));
    let status = try_init(&config);
    if status != AGENTOTEL_OK {
        // Only who asked for it is refused.
        assert_eq!((status, on_failure.as_str()), (AGENTOTEL_ERR_SYSTEM, "reject"), "{}", last_error());
        return;
    }
    let session = start_session();
    let mut acknowledged = Acknowledged::default();
    acknowledged.unsaid.push(hex(&session_context(session).span_id));
    let mut in_flight = 0;
    let is_mapped = role::option("AGENTOTEL_FAULT_FILE_SYSTEM").is_empty();
    let before = storage_stats();
    acknowledged.note(|| {
        in_flight = start_event(session, "in flight");
        Some(context(in_flight).span_id)
    });
    // Slots are in files where these are mapped, and their first files came with this session and this event.
    if !is_mapped || before.failures > 0 || role::option("END") == "shutdown" {
        acknowledged.others.append(&mut acknowledged.durable);
    }
    for round in 0..ROUNDS {
        record_some(session, &mut acknowledged);
        check_counters(&acknowledged);
        if round == 0 {
            // Everything is sent, and what the dead have left is taken over, unless the fault is in the way.
            let deadline = Instant::now() + Duration::from_millis(2000);
            while (exporter_stats("file").pending > 0 || storage_stats().finished == 0)
                && Instant::now() < deadline
            {
                std::thread::sleep(Duration::from_millis(10));
                // It is sent at once, not after its delay.
                agentotel_flush(100);
            }
            check_counters(&acknowledged);
        }
    }
    if role::option("END") == "shutdown" {
        // Who asked for it is refused until files are asked for again.
        let deadline = Instant::now() + Duration::from_secs(3);
        while !end_event(in_flight) && Instant::now() < deadline {
            assert_eq!(on_failure, "reject", "{}", last_error());
            std::thread::sleep(Duration::from_millis(50));
        }
        let status = agentotel_shutdown(10_000);
        assert_eq!(status, AGENTOTEL_OK, "{}: {}", last_error(), diagnostics());
    }
    acknowledged.write(directory);
    if role::option("END") != "shutdown" {
        end_at_once();
    }
}

/// Takes over what others have left, and delivers it.
pub fn recover(directory: &Path) {
    init(&config(directory, "out-recovered.jsonl"));
    role::wait_lives(&directory.join("storage"), 1);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
    let left = role::lives(&directory.join("storage"));
    assert!(left.is_empty(), "{left:?}: {}", diagnostics());
}
