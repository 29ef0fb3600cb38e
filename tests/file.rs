//! The file exporter in the library: a disk that is full for a while costs retries, which are counted, and no span; what
//! was accepted is in the files, each span once, whole files and the active one together.

mod agent;

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use agent::*;
use agentotel::abi::lifecycle::*;

const DISK_BYTES: usize = 4 * 1024 * 1024;
const FILE_BYTES: usize = 65_536;

fn config(path: &Path, format: &str) -> serde_json::Value {
    serde_json::json!({
        "service": { "name": "filing" },
        "metrics": { "enabled": false },
        "exporters": [{
            "type": "file", "path": path, "format": format, "signals": ["traces"],
            "batch": { "delay_ms": 10, "max_count": 50 },
            "retry": { "initial_ms": 10, "max_ms": 50 },
            "rotate": { "max_bytes": FILE_BYTES }
        }],
        "flush_at_exit_ms": 0
    })
}

/// A small tmpfs, unmounted with this value.
struct Disk(tempfile::TempDir);

impl Disk {
    /// `None`, with a line that says so, where it cannot be mounted.
    fn mount() -> Option<Self> {
        let directory = private_directory();
        let options = format!("size={DISK_BYTES},mode=0700");
        let status = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
            .arg(directory.path())
            .status();
        if status.is_ok_and(|status| status.success()) {
            return Some(Self(directory));
        }
        assert!(std::env::var_os("CI").is_none(), "a tmpfs cannot be mounted");
        println!("skipped: a tmpfs cannot be mounted here; run as root to have this tested");
        None
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

/// The ids of all spans in the directory's files, each of which must be whole; panics when one is there twice.
fn span_ids(directory: &Path) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.is_empty() || text.ends_with('\n'), "{path:?} is torn");
        assert!(text.len() <= FILE_BYTES, "{path:?} has {} bytes", text.len());
        for line in text.lines() {
            let request: serde_json::Value = serde_json::from_str(line).unwrap();
            for span in request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap() {
                let id = span["spanId"].as_str().unwrap().to_owned();
                assert!(ids.insert(id.clone()), "{id} is there twice");
            }
        }
    }
    ids
}

fn hex(id: [u8; 8]) -> String {
    format!("{:016x}", u64::from_be_bytes(id))
}

#[test]
fn a_full_disk_is_a_counted_failure_with_retry_and_loses_nothing() {
    let _alone = Alone::take();
    let Some(disk) = Disk::mount() else { return };
    let directory = disk.0.path();
    let ballast = directory.join("ballast");
    init(&config(&directory.join("otlp.jsonl"), "otlp_json"));
    let session = start_session();
    let mut recorded: BTreeSet<String> = (0..100).map(|_| hex(record(session).unwrap())).collect();
    wait_until("the first are written", || exporter_stats("file").exported == 100);
    // To the last page: the write that finds none left falls short.
    let mut fill = std::fs::File::create(&ballast).unwrap();
    let full = std::io::copy(&mut std::io::repeat(1), &mut fill).unwrap_err();
    assert_eq!(full.kind(), std::io::ErrorKind::StorageFull);
    recorded.extend((0..900).map(|_| hex(record(session).unwrap())));
    wait_until("it has failed and been tried again", || exporter_stats("file").failures > 3);
    let stats = exporter_stats("file");
    assert!(stats.pending > 0 && stats.exported < 1_000, "{} exported", stats.exported);
    assert_eq!(stats.accepted, stats.exported + stats.pending);
    drop(fill);
    std::fs::remove_file(&ballast).unwrap();
    wait_until("all are written", || exporter_stats("file").exported == 1_000);
    let stats = exporter_stats("file");
    assert_eq!((stats.accepted, stats.pending, stats.rejected), (1_000, 0, 0));
    assert_eq!(stats.dropped.iter().sum::<u64>(), 0);
    agentotel_shutdown(5_000);
    let found = span_ids(directory);
    assert!(found.is_superset(&recorded), "{} of {} are there", found.len(), recorded.len());
    // The session's own span is one more.
    assert_eq!(found.len(), recorded.len() + 1);
}

#[test]
fn a_restarted_library_goes_on_with_the_file_and_with_its_rotation() {
    let _alone = Alone::take();
    let directory = private_directory();
    let path = directory.path().join("otlp.jsonl");
    let mut recorded = BTreeSet::new();
    for _ in 0..4 {
        init(&config(&path, "otlp_json"));
        let session = start_session();
        recorded.extend((0..100).map(|_| hex(record(session).unwrap())));
        assert_eq!(agentotel_shutdown(5_000), 0, "{}", last_error());
    }
    let found = span_ids(directory.path());
    assert!(found.is_superset(&recorded));
    assert_eq!(found.len(), recorded.len() + 4);
    let files = std::fs::read_dir(directory.path()).unwrap().count();
    assert!(files > 1, "nothing was finished");
}
