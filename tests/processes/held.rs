//! A process that is killed while tail sampling holds its sessions: what waits for a decision is in the files, and what was
//! cut off is kept.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::time::Duration;

use crate::agent::*;
use crate::forks::{config, record_and_acknowledge};
use crate::role;
use crate::witness::*;

const EVENTS: usize = 300;
/// Looks at what is new that the worker has had time for, many times over.
const LOOKS: u32 = 20;

/// Keeps nothing of what is recorded here.
pub fn tail_sampling() -> serde_json::Value {
    serde_json::json!({ "keep": ["error"], "ratio": 0 })
}

/// Is killed with a session open that waits.
pub fn hold(directory: &Path) {
    const DELAY_MS: u64 = 10;
    let mut config = config(directory, DELAY_MS);
    config["exporters"][0]["path"] = directory.join("out-held.jsonl").to_str().unwrap().into();
    config["tail_sampling"] = tail_sampling();
    init(&config);
    record_and_acknowledge(directory, EVENTS);
    std::thread::sleep(Duration::from_millis(DELAY_MS) * LOOKS);
    let stats = exporter_stats("file");
    assert_eq!((stats.exported, stats.tail_unsampled), (0, 0));
    assert_eq!((stats.accepted, stats.pending), (EVENTS as u64, EVENTS as u64));
    // SAFETY: it ends the process.
    unsafe { libc::raise(libc::SIGKILL) };
}

#[test]
fn what_waits_for_a_decision_survives_a_kill_and_is_kept() {
    let directory = private_directory();
    let status = role::run("holding", directory.path(), &[("STORAGE", "yes")]);
    assert_eq!(status.signal(), Some(libc::SIGKILL), "{status}");
    assert_eq!(acknowledged(directory.path()).len(), EVENTS);
    assert!(spans(directory.path()).is_empty(), "nothing was decided on");
    let recovered = role::run("recovering", directory.path(), &[("STORAGE", "yes"), ("TAIL", "yes")]);
    assert!(recovered.success(), "{recovered}");
    assert_eq!(assert_all_arrived(directory.path()), EVENTS);
}
