//! Forked children that go on recording: under concurrent recording, started anew, daemonised.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use agentotel::abi::event::agentotel_end_event;
use agentotel::abi::lifecycle::agentotel_shutdown;
use agentotel::abi::session::agentotel_end_session;
use agentotel::abi::status::*;
use serde_json::json;

use crate::agent::*;
use crate::role;
use crate::witness::*;

/// How many forks there are.
fn fork_count() -> usize {
    count_of_run(100, 1000)
}

const THREADS: usize = 8;
/// What each thread records at most beside a fork: all of it fits the queue, whatever the exporter does.
const MOST_BESIDE: usize = 100;
/// What each child records.
const EVENTS: usize = 10;

/// A configuration whose exporter writes a file, after a delay; with storage when the process is told so.
pub fn config(directory: &Path, delay_ms: u64) -> serde_json::Value {
    let mut config = json!({
        "service": { "name": "forking" },
        "queue": { "segment_bytes": 65_536, "max_bytes": 67_108_864, "shards": 4 },
        "metrics": { "enabled": false },
        "exporters": [{
            "type": "file", "name": "file", "path": directory.join("out.jsonl"),
            "batch": { "delay_ms": delay_ms }
        }]
    });
    if role::option("STORAGE") == "yes" {
        config["storage"] = json!({ "directory": directory.join("storage"), "recovery_bytes_per_s": 0 });
    }
    config
}

/// Records so many events in a session of its own, and writes them down; the session.
pub fn record_and_acknowledge(directory: &Path, count: usize) -> u64 {
    let session = start_session();
    let ids: Vec<_> = (0..count).map(|_| try_record(session).unwrap()).collect();
    acknowledge(directory, &ids);
    session
}

fn own_lives(directory: &Path) -> usize {
    let mark = format!("-{}-", std::process::id());
    role::lives(&directory.join("storage")).iter().filter(|name| name.contains(&mark)).count()
}

/// What a child does that the parent has forked while its threads recorded.
fn live_as_child(directory: &Path, parents_session: u64, parents_event: u64) {
    assert_eq!(try_record(parents_session), Err(AGENTOTEL_ERR_STALE_HANDLE));
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { agentotel_end_event(parents_event, std::ptr::null()) }, AGENTOTEL_ERR_STALE_HANDLE);
    let session = record_and_acknowledge(directory, EVENTS);
    if role::option("STORAGE") == "yes" {
        assert_eq!(own_lives(directory), 1);
    }
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { agentotel_end_session(session, std::ptr::null()) }, 0);
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", diagnostics());
    assert_eq!(own_lives(directory), 0);
}

pub fn fork_while_threads_record(directory: &Path) {
    init(&config(directory, 20));
    let session = start_session();
    let event = start_event(session, "in flight");
    let (forks, done) = (AtomicUsize::new(0), AtomicBool::new(false));
    let all = Mutex::new(Vec::new());
    std::thread::scope(|threads| {
        for _ in 0..THREADS {
            threads.spawn(|| {
                let mut ids = Vec::new();
                while !done.load(Ordering::Relaxed) {
                    if ids.len() < forks.load(Ordering::Relaxed) * MOST_BESIDE {
                        ids.push(try_record(session).unwrap());
                    } else {
                        std::thread::sleep(Duration::from_micros(100));
                    }
                }
                all.lock().unwrap().extend(ids);
            });
        }
        for _ in 0..fork_count() {
            forks.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(Duration::from_micros(300));
            let child = role::fork(|| live_as_child(directory, session, event));
            role::wait_well(child);
        }
        done.store(true, Ordering::Relaxed);
    });
    let ids = all.into_inner().unwrap();
    assert!(ids.len() > fork_count() * THREADS, "only {} events were recorded beside", ids.len());
    acknowledge(directory, &ids);
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { agentotel_end_event(event, std::ptr::null()) }, 0);
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", diagnostics());
}

fn children_are_processes_of_their_own(storage: &str) {
    let directory = private_directory();
    let mut parent = role::start("forking", directory.path(), &[("STORAGE", storage)]);
    let pid = parent.id();
    let status = parent.wait().unwrap();
    assert!(status.success(), "{status}");
    assert!(assert_all_arrived(directory.path()) > fork_count() * (EVENTS + THREADS));
    let spans = spans(directory.path());
    let in_flight: Vec<_> = spans.iter().filter(|span| span.name == "in flight").collect();
    assert_eq!(in_flight.len(), 1);
    assert_eq!(in_flight[0].pid, pid);
    let processes: HashSet<_> = spans.iter().map(|span| span.pid).collect();
    assert_eq!(processes.len(), fork_count() + 1);
    let instances: HashSet<_> = spans.iter().map(|span| &span.instance).collect();
    assert_eq!(instances.len(), processes.len());
    let ids: HashSet<_> = spans.iter().map(|span| &span.id).collect();
    assert_eq!(ids.len(), spans.len());
    assert!(role::lives(&directory.path().join("storage")).is_empty());
}

#[test]
fn children_forked_while_threads_record_are_processes_of_their_own() {
    children_are_processes_of_their_own("no");
}

#[test]
fn with_storage_they_have_directories_of_their_own() {
    children_are_processes_of_their_own("yes");
}

/// A child that starts the library itself, though its parent had, and then just exits.
pub fn start_anew_in_a_child(directory: &Path) {
    init(&config(directory, 60_000));
    let _session = record_and_acknowledge(directory, EVENTS);
    let child = role::fork(|| {
        let mut own = config(directory, 60_000);
        own["exporters"][0]["path"] = json!(directory.join("out-child.jsonl"));
        init(&own);
        record_and_acknowledge(directory, EVENTS);
        // SAFETY: ends the process as a host does that knows nothing of the library.
        unsafe { libc::exit(0) };
    });
    role::wait_well(child);
    assert!(directory.join("out-child.jsonl").exists());
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", diagnostics());
}

#[test]
fn a_child_that_starts_the_library_itself_delivers_at_its_exit() {
    let directory = private_directory();
    role::run_well("forking-after-start", directory.path());
    assert_eq!(assert_all_arrived(directory.path()), 2 * EVENTS);
}

/// A child that goes on with its parent's configuration and then just exits.
pub fn exit_in_a_child(directory: &Path) {
    init(&config(directory, 60_000));
    // The child outlives the library in its parent, which would take over what it leaves.
    let child = role::fork(|| {
        wait_until("the parent has shut down", || directory.join("parent-is-done").exists());
        record_and_acknowledge(directory, EVENTS);
        // SAFETY: as above.
        unsafe { libc::exit(0) };
    });
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", diagnostics());
    role::say(directory, "parent-is-done", "");
    role::wait_well(child);
    assert_eq!(role::lives(&directory.join("storage")).len(), 1);
}

#[test]
fn what_a_child_leaves_at_its_exit_is_there_for_a_later_process() {
    let directory = private_directory();
    let storage = [("STORAGE", "yes")];
    for role in ["exiting-in-a-child", "recovering"] {
        let status = role::run(role, directory.path(), &storage);
        assert!(status.success(), "{role}: {status}");
    }
    assert_eq!(assert_all_arrived(directory.path()), EVENTS);
}

pub fn daemonise(directory: &Path) {
    init(&config(directory, 20));
    record_and_acknowledge(directory, EVENTS);
    role::fork(|| {
        // SAFETY: no memory is touched.
        unsafe { libc::setsid() };
        if role::option("MIDDLE") == "records" {
            try_record(start_session()).unwrap();
        }
        role::fork(|| {
            role::say(directory, "daemon-is-there", "");
            record_and_acknowledge(directory, EVENTS);
            assert_eq!(agentotel_shutdown(30_000), 0, "{}", diagnostics());
            role::say(directory, "daemon-is-done", "");
        });
    });
    // SAFETY: ends the process, at once for those it has started; the exit delivers what it has.
    unsafe { libc::exit(0) };
}

#[test]
fn a_daemon_goes_on_recording_when_those_before_it_are_gone() {
    for (storage, middle) in [("no", "is silent"), ("no", "records"), ("yes", "is silent")] {
        let directory = private_directory();
        let options = [("STORAGE", storage), ("MIDDLE", middle)];
        let status = role::run("daemonising", directory.path(), &options);
        assert!(status.success(), "{status}");
        wait_until("the daemon ends", || directory.path().join("daemon-is-done").exists());
        assert_eq!(assert_all_arrived(directory.path()), 2 * EVENTS);
        assert!(role::lives(&directory.path().join("storage")).is_empty());
    }
}
