//! One agent under a steady load with storage, whose Collector is killed again and again: its counters hold at every moment,
//! everything is delivered in the end, and neither its memory nor its descriptors grow.

use std::path::Path;
use std::time::{Duration, Instant};

use agentotel::abi::lifecycle::{agentotel_flush, agentotel_shutdown};
use agentotel::abi::status::*;
use agentotel::abi::types::*;

use crate::agent::*;
use crate::collector::{Collector, free_port, program};
use crate::role;

const SECONDS: usize = 60;
const SECONDS_OF_A_LONG_RUN: usize = 4 * 3600;
const SPANS_PER_SECOND: u64 = 10_000;
/// Of that, what a busy machine must reach.
const LEAST_SPANS_PER_SECOND: u64 = 8_000;
const BETWEEN_KILLS: Duration = Duration::from_secs(20);
const SEGMENT: usize = 65_536;
const LEAST_RECYCLES: usize = 100;
const LEAST_RECYCLES_OF_A_LONG_RUN: usize = 1_000;
/// What may come and go: the memory of a backlog's batches, the files of its segments.
const MOST_MORE_KIB: u64 = 16 << 10;
const MOST_MORE_DESCRIPTORS: u64 = 16;
/// Spans are recorded in portions, this many a second.
const PORTIONS: u64 = 100;

/// Memory of the process's own, in KiB, and its open descriptors.
fn usage() -> (u64, u64) {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("RssAnon:")).unwrap();
    let kib = line.split_whitespace().nth(1).unwrap().parse().unwrap();
    (kib, std::fs::read_dir("/proc/self/fd").unwrap().count() as u64)
}

fn check_counters(recorded: u64) -> agentotel_exporter_stats {
    let stats = exporter_stats("otlp");
    let dropped: u64 = stats.dropped.iter().sum();
    assert_eq!(stats.accepted, recorded);
    assert_eq!(
        stats.accepted + stats.recovered,
        stats.exported + stats.rejected + dropped + stats.tail_unsampled + stats.pending
    );
    assert_eq!((stats.recovered, stats.rejected, dropped), (0, 0, 0));
    stats
}

/// How many segments this process has begun, as their headers say.
fn segments_begun(storage: &Path) -> usize {
    let namespace = std::fs::read_dir(storage).unwrap().next().unwrap().unwrap().path();
    let own = std::fs::read_dir(namespace).unwrap().next().unwrap().unwrap().path();
    let names = std::fs::read_dir(own).unwrap().map(|entry| entry.unwrap().path());
    let segments = names.filter(|path| path.extension().is_some_and(|ending| ending == "segment"));
    let generations = segments.filter_map(|path| {
        const GENERATION_AT: usize = 16;
        let bytes = std::fs::read(path).ok()?;
        Some(u64::from_le_bytes(bytes.get(GENERATION_AT..)?.first_chunk().copied()?))
    });
    usize::try_from(generations.max().unwrap()).unwrap()
}

/// The agent.
pub fn record(directory: &Path) {
    let seconds: u64 = role::option("SECONDS").parse().unwrap();
    let storage = directory.join("storage");
    init(&serde_json::json!({
        "service": { "name": "steady" },
        "storage": { "directory": storage },
        "queue": { "segment_bytes": SEGMENT, "shards": 2 },
        "metrics": { "enabled": false },
        "exporters": [{
            "type": "otlp", "name": "otlp", "endpoint": role::option("ENDPOINT"), "compression": "none",
            "batch": { "delay_ms": 200 }, "retry": { "initial_ms": 100, "max_ms": 500 }
        }]
    }));
    let session = start_session();
    let begun = Instant::now();
    let (mut recorded, mut usages, mut begun_segments) = (0, Vec::new(), 0);
    for portion in 0..seconds * PORTIONS {
        for _ in 0..SPANS_PER_SECOND / PORTIONS {
            recorded += u64::from(record_one(session));
        }
        if portion % PORTIONS == PORTIONS - 1 {
            check_counters(recorded);
            assert_eq!(storage_stats().durability, AGENTOTEL_DURABILITY_PROCESS);
            usages.push(usage());
            begun_segments = begun_segments.max(segments_begun(&storage));
        }
        let due = begun + Duration::from_millis((portion + 1) * 1000 / PORTIONS);
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
    }
    let elapsed = begun.elapsed();
    assert!(recorded / elapsed.as_secs().max(1) >= LEAST_SPANS_PER_SECOND, "{recorded} in {elapsed:?}");
    assert_eq!(agentotel_flush(60_000), AGENTOTEL_OK, "{}", last_error());
    let stats = check_counters(recorded);
    assert_eq!((stats.exported, stats.pending), (recorded, 0));
    // The first second is the start's. While the Collector is away batches and segments come up, and go afterwards: what
    // is there at the quietest moment of each half is what stays.
    let (first, second) = usages[1..].split_at(usages.len() / 2);
    let range = |of: &[(u64, u64)], what: fn(&(u64, u64)) -> u64| {
        (of.iter().map(what).min().unwrap(), of.iter().map(what).max().unwrap())
    };
    let memory = [range(first, |usage| usage.0), range(second, |usage| usage.0)];
    let descriptors = [range(first, |usage| usage.1), range(second, |usage| usage.1)];
    assert!(memory[1].0 <= memory[0].0 + MOST_MORE_KIB, "memory has grown: {memory:?} KiB");
    assert!(memory[1].1 <= memory[0].1 + MOST_MORE_KIB, "memory has grown: {memory:?} KiB");
    assert!(descriptors[1].0 <= descriptors[0].0 + MOST_MORE_DESCRIPTORS, "descriptors: {descriptors:?}");
    let words = format!(
        "{recorded} spans in {elapsed:.1?}, {} sent again, {begun_segments} segments begun, least and most KiB of \
         memory in each half: {memory:?}, descriptors: {descriptors:?}",
        stats.resent
    );
    assert_eq!(agentotel_shutdown(10_000), AGENTOTEL_OK, "{}", last_error());
    role::say(directory, "figures", &format!("{begun_segments}\n{words}"));
}

fn record_one(session: u64) -> bool {
    let was_recorded = try_record(session);
    assert!(was_recorded.is_ok(), "{was_recorded:?}: {}", last_error());
    true
}

#[test]
fn under_a_steady_load_nothing_is_lost_and_nothing_grows_while_the_collector_is_killed() {
    let Some(program) = program() else { return };
    let place = private_directory();
    let directory = place.path();
    let seconds = count_of_run(SECONDS, SECONDS_OF_A_LONG_RUN);
    let (port, grpc) = (free_port(), free_port());
    let mut collector = Collector::start(&program, directory, [port, grpc], None);
    let endpoint = format!("http://127.0.0.1:{port}");
    let options = [
        ("SECONDS", seconds.to_string()),
        ("ENDPOINT", endpoint),
        // With what the start, a last flush and a busy machine take.
        ("AGENTOTEL_TEST_SECONDS", (seconds * 2 + 120).to_string()),
    ];
    let options = options.each_ref().map(|(name, value)| (*name, value.as_str()));
    let mut agent = role::start("steady", directory, &options);
    let begun = Instant::now();
    let mut kills = 0;
    let status = loop {
        if let Some(status) = agent.try_wait().unwrap() {
            break status;
        }
        // The first one after half of the time, the last one early enough to be survived.
        let next = BETWEEN_KILLS * kills + BETWEEN_KILLS / 2;
        if begun.elapsed() >= next && next < Duration::from_secs(seconds as u64) {
            drop(collector);
            kills += 1;
            std::thread::sleep(Duration::from_millis(500));
            collector = Collector::start(&program, directory, [port, grpc], None);
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    assert!(status.success(), "{status}");
    let figures = std::fs::read_to_string(directory.join("figures")).unwrap();
    let (segments, words) = figures.split_once('\n').unwrap();
    println!("{kills} kills of the Collector: {words}");
    assert!(u64::from(kills) >= seconds as u64 / BETWEEN_KILLS.as_secs(), "only {kills} kills");
    // Those that were begun beyond what a shard keeps at once were used before.
    let least = count_of_run(LEAST_RECYCLES, LEAST_RECYCLES_OF_A_LONG_RUN);
    assert!(segments.parse::<usize>().unwrap() >= 2 * least, "only {segments} segments were begun");
}
