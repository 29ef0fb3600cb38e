//! What becomes of recording when files cannot be had: a full disk, a read-only one, a limit on the size of files, a
//! directory that is not safe. By `storage.on_failure` it goes on in memory or is refused; either way it is said once,
//! counted, and the files are taken up again when they are there.

mod agent;

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use agent::*;
use agentotel::abi::exporter::*;
use agentotel::abi::lifecycle::*;
use agentotel::abi::status::*;
use agentotel::abi::types::*;

const SEGMENT: usize = 65_536;

fn config(directory: &Path, on_failure: &str) -> serde_json::Value {
    serde_json::json!({
        "service": { "name": "storing" },
        "storage": { "directory": directory, "on_failure": on_failure },
        "queue": { "segment_bytes": SEGMENT, "max_bytes": 16 * SEGMENT, "shards": 1 },
        // Nobody listens there: what is recorded stays.
        "metrics": { "enabled": false },
        "exporters": [{ "type": "otlp", "name": "otlp", "endpoint": "http://127.0.0.1:9" }],
        "flush_at_exit_ms": 0
    })
}

/// A file system of its own, of so many bytes; `None`, with a line that says so, where it cannot be mounted.
struct SmallDisk {
    path: tempfile::TempDir,
}

impl SmallDisk {
    fn mount(bytes: usize) -> Option<Self> {
        let path = private_directory();
        let options = format!("size={bytes},mode=0700");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &options, "tmpfs"]).arg(path.path()).status();
        if mount.is_ok_and(|status| status.success()) {
            return Some(Self { path });
        }
        assert!(std::env::var_os("CI").is_none(), "a tmpfs cannot be mounted");
        println!("skipped: a tmpfs cannot be mounted here; run as root to have this tested");
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        let status = Command::new("mount").args(["-o", &options]).arg(self.path.path()).status();
        assert!(status.unwrap().success());
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.path.path()).status();
    }
}

/// Records until the first refusal, `most` events at most; how many were accepted.
fn flood(session: u64, most: usize) -> usize {
    (0..most).take_while(|_| record(session).is_some()).count()
}

/// Records until nothing more is taken for a while: a segment that was being made when the first was refused is filled
/// too. How many were accepted.
fn fill(session: u64) -> usize {
    let mut accepted = flood(session, 1_000_000);
    for _ in 0..20 {
        std::thread::sleep(Duration::from_millis(10));
        accepted += flood(session, 1_000_000);
    }
    accepted
}

/// How often a word stands in the diagnostics.
fn said(word: &str) -> usize {
    diagnostics().matches(word).count()
}

#[test]
fn on_a_full_disk_recording_goes_on_in_memory_and_comes_back() {
    let _alone = Alone::take();
    let Some(disk) = SmallDisk::mount(12 * SEGMENT) else { return };
    let ballast = disk.path.path().join("ballast");
    init(&config(&disk.path.path().join("storage"), "memory"));
    let session = start_session();
    assert_eq!(storage_stats().durability, AGENTOTEL_DURABILITY_PROCESS);
    std::fs::write(&ballast, vec![1; 5 * SEGMENT]).unwrap();
    // More than fits on the disk, less than fits there and in memory.
    let events = 12 * SEGMENT / 200;
    assert_eq!(flood(session, events), events);
    let stats = storage_stats();
    assert_eq!(stats.durability, AGENTOTEL_DURABILITY_NONE);
    assert!(stats.failures > 0);
    wait_until("it is said", || said("recording goes on in memory") == 1);
    std::fs::remove_file(&ballast).unwrap();
    wait_until("files are taken up again", || {
        record(session);
        storage_stats().durability == AGENTOTEL_DURABILITY_PROCESS
    });
    wait_until("it is said", || said("recording goes on in memory") == 1);
    let stats = exporter_stats("otlp");
    assert_eq!(stats.accepted, stats.pending);
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);
}

#[test]
fn on_a_full_disk_recording_is_refused_when_so_configured() {
    let _alone = Alone::take();
    let Some(disk) = SmallDisk::mount(12 * SEGMENT) else { return };
    init(&config(&disk.path.path().join("storage"), "reject"));
    let session = start_session();
    let accepted = fill(session);
    assert!(accepted > 4 * SEGMENT / 200, "{accepted}");
    assert_eq!(try_record(session), Err(AGENTOTEL_ERR_QUEUE_FULL));
    let stats = exporter_stats("otlp");
    assert_eq!((stats.accepted, stats.pending), (accepted as u64, accepted as u64));
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);
}

#[test]
fn a_read_only_disk_is_said_at_the_start() {
    let _alone = Alone::take();
    let Some(disk) = SmallDisk::mount(64 * SEGMENT) else { return };
    disk.remount("ro");
    let storage = disk.path.path().join("storage");
    assert_eq!(try_init(&config(&storage, "reject")), AGENTOTEL_ERR_SYSTEM);
    assert!(last_error().contains("storage.directory"), "{}", last_error());
    init(&config(&storage, "memory"));
    assert_eq!(storage_stats().durability, AGENTOTEL_DURABILITY_NONE);
    assert_eq!(said("Read-only"), 1);
    assert!(record(start_session()).is_some());
    disk.remount("rw");
    wait_until("files are taken up", || storage_stats().durability == AGENTOTEL_DURABILITY_PROCESS);
    agentotel_shutdown(0);
}

#[test]
fn a_directory_that_others_may_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let _alone = Alone::take();
    let directory = private_directory();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o777)).unwrap();
    assert_eq!(try_init(&config(directory.path(), "reject")), AGENTOTEL_ERR_SYSTEM);
    assert!(last_error().contains("others may write"), "{}", last_error());
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let link = directory.path().join("link");
    std::os::unix::fs::symlink(directory.path(), &link).unwrap();
    assert_eq!(try_init(&config(&link, "reject")), AGENTOTEL_ERR_SYSTEM);
}

#[test]
fn a_clean_shutdown_leaves_nothing_and_another_one_everything() {
    let _alone = Alone::take();
    let directory = private_directory();
    let out = directory.path().join("out.jsonl");
    let storage = directory.path().join("storage");
    let mut unreachable = config(&storage, "memory");
    init(&unreachable);
    let session = start_session();
    assert_eq!(flood(session, 500), 500);
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);

    // The same name, so that it goes on where the other had come: nowhere.
    unreachable["exporters"] = serde_json::json!([{ "type": "file", "name": "otlp", "path": out }]);
    init(&unreachable);
    wait_until("what was left is sent", || storage_stats().finished == 1);
    let stats = exporter_stats("otlp");
    // 500 events and the root of their session.
    assert_eq!((stats.recovered, stats.accepted), (501, 0));
    assert_eq!(stats.recovered, stats.exported + stats.pending);
    assert_eq!(agentotel_shutdown(10_000), AGENTOTEL_OK, "{}", last_error());
    let namespace = std::fs::read_dir(&storage).unwrap().next().unwrap().unwrap().path();
    assert_eq!(std::fs::read_dir(namespace).unwrap().count(), 0);
    assert!(std::fs::metadata(&out).unwrap().len() > 500 * 100);
}

/// Bytes that the files under a directory take.
fn bytes_on_disk(directory: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            let metadata = entry.metadata().unwrap();
            if metadata.is_dir() { bytes_on_disk(&entry.path()) } else { metadata.blocks() * 512 }
        })
        .sum()
}

#[test]
fn what_is_in_flight_counts_against_the_bytes_that_files_may_take() {
    let _alone = Alone::take();
    let directory = private_directory();
    let storage = directory.path().join("storage");
    let mut config = config(&storage, "memory");
    let most = 32 * SEGMENT;
    config["storage"]["max_bytes"] = most.into();
    init(&config);
    let session = start_session();
    // Slots of 4 KiB: twice as many as half of it holds.
    let events: Vec<_> = (0..most / 4096).map(|_| start_event(session, "in flight")).collect();
    let with_slots = bytes_on_disk(&storage);
    assert!(with_slots > most as u64 / 4 && with_slots <= most as u64, "{with_slots}");
    let accepted = fill(session);
    assert_eq!(try_record(session), Err(AGENTOTEL_ERR_QUEUE_FULL));
    // Two segments of room at most are not used.
    let full = bytes_on_disk(&storage);
    assert!(full <= most as u64 && full + 2 * SEGMENT as u64 > most as u64, "{full}");
    // What is in flight leaves room for what has ended.
    assert!(accepted > 10 * SEGMENT / 200, "{accepted}");
    assert_eq!(events.len(), most / 4096);
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);
}

#[test]
fn services_in_one_directory_never_take_over_each_other() {
    let _alone = Alone::take();
    let directory = private_directory();
    let storage = directory.path().join("storage");
    init(&config(&storage, "memory"));
    assert_eq!(flood(start_session(), 100), 100);
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);

    let mut other = config(&storage, "memory");
    other["service"]["name"] = "another".into();
    let out = directory.path().join("another.jsonl");
    other["exporters"] = serde_json::json!([{ "type": "file", "name": "otlp", "path": out }]);
    init(&other);
    assert!(record(start_session()).is_some());
    // The storage thread has looked around by the time it has noted what there is.
    std::thread::sleep(Duration::from_millis(500));
    assert_eq!(agentotel_shutdown(10_000), AGENTOTEL_OK, "{}", last_error());
    assert_eq!(storage_stats().adopted, 0);
    assert!(!std::fs::read_to_string(&out).unwrap().contains("storing"));

    let listings = agentotel::inspection::list(&storage).unwrap();
    assert_eq!(listings.len(), 1);
    let left = &listings[0];
    assert_eq!((left.owner, left.service.as_deref()), (agentotel::inspection::Owner::Dead, Some("storing")));
    // 100 events and the root of their session.
    assert_eq!(left.segments.iter().map(|segment| segment.spans).sum::<u64>(), 101);
}

#[test]
fn the_last_exporter_that_goes_leaves_what_the_dead_had_left() {
    let _alone = Alone::take();
    let directory = private_directory();
    let storage = directory.path().join("storage");
    init(&config(&storage, "memory"));
    assert_eq!(flood(start_session(), 100), 100);
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);

    // Nobody listens where it is taken over.
    init(&config(&storage, "memory"));
    wait_until("taken over", || exporter_stats("otlp").recovered > 0);
    // SAFETY: the name is valid through the call.
    let status = unsafe { agentotel_remove_exporter(text("otlp"), 0) };
    assert_eq!(status, AGENTOTEL_OK, "nothing of its own is pending: {}", last_error());
    let stats = exporter_stats("otlp");
    assert_eq!((stats.dropped[AGENTOTEL_DROPPED_REMOVED as usize], stats.pending), (stats.recovered, 0));
    assert_eq!(stats.state, AGENTOTEL_EXPORTER_REMOVED);
    // The storage thread has found that nobody is left.
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!((storage_stats().adopted, storage_stats().finished), (1, 0));
    assert_eq!(agentotel_shutdown(10_000), AGENTOTEL_OK, "{}", last_error());

    let mut other = config(&storage, "memory");
    let out = directory.path().join("out.jsonl");
    other["exporters"] = serde_json::json!([{ "type": "file", "name": "otlp", "path": out }]);
    init(&other);
    wait_until("finished", || storage_stats().finished == 1);
    assert_eq!(exporter_stats("otlp").recovered, 101);
    assert_eq!(exporter_stats("otlp").exported, 101);
    assert_eq!(agentotel_shutdown(10_000), AGENTOTEL_OK, "{}", last_error());
}

#[test]
fn with_sync_always_a_loss_of_power_is_survived_too() {
    let _alone = Alone::take();
    let directory = private_directory();
    let mut config = config(&directory.path().join("storage"), "memory");
    config["storage"]["sync"] = "always".into();
    init(&config);
    assert_eq!(storage_stats().durability, AGENTOTEL_DURABILITY_POWER);
    let session = start_session();
    let threads: Vec<_> = (0..4).map(|_| std::thread::spawn(move || flood(session, 50))).collect();
    assert_eq!(threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>(), 200);
    agentotel_shutdown(0);
}

#[test]
fn age_counts_from_when_a_process_was_last_seen() {
    let _alone = Alone::take();
    let directory = private_directory();
    let storage = directory.path().join("storage");
    let mut config = config(&storage, "memory");
    init(&config);
    assert_eq!(flood(start_session(), 10), 10);
    // Long enough for it to have been seen a while after its start.
    std::thread::sleep(Duration::from_millis(2500));
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);
    config["storage"]["max_age_s"] = 2.into();
    let out = directory.path().join("out.jsonl");
    config["exporters"] = serde_json::json!([{ "type": "file", "name": "otlp", "path": out }]);
    init(&config);
    wait_until("it is judged", || storage_stats().finished + storage_stats().expired == 1);
    assert_eq!(storage_stats().expired, 0, "it began longer ago than that, and was seen since");
    assert_eq!(agentotel_shutdown(10_000), AGENTOTEL_OK);

    config["exporters"] = serde_json::json!([{ "type": "otlp", "endpoint": "http://127.0.0.1:9" }]);
    init(&config);
    assert_eq!(flood(start_session(), 10), 10);
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);
    std::thread::sleep(Duration::from_secs(3));
    init(&config);
    wait_until("it is given up", || storage_stats().expired == 1);
    agentotel_shutdown(0);
}

#[test]
fn no_header_or_key_is_ever_in_the_files() {
    let _alone = Alone::take();
    let directory = private_directory();
    let storage = directory.path().join("storage");
    let mut config = config(&storage, "memory");
    config["exporters"][0]["headers"] = serde_json::json!({ "x-secret": "s3cr3t-header" });
    init(&config);
    assert_eq!(flood(start_session(), 10), 10);
    assert_eq!(agentotel_shutdown(0), AGENTOTEL_ERR_TIMEOUT);
    let found = Command::new("grep").args(["-rlE", "s3cr3t|x-secret"]).arg(&storage).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&found.stdout), "");
    let recorded = Command::new("grep").args(["-rl", "storing"]).arg(&storage).output().unwrap();
    assert!(!recorded.stdout.is_empty(), "the files that were looked through hold what was recorded");
}

/// Tells the executable to record under a limit on the size of files.
const LIMITED: &str = "AGENTOTEL_TEST_LIMITED";

/// A process whose files may have 100 KiB at most. It must not be ended by the signal that goes with the limit.
#[test]
fn limited_process() {
    let Ok(directory) = std::env::var(LIMITED) else { return };
    init(&config(Path::new(&directory), "memory"));
    let session = start_session();
    assert_eq!(flood(session, 2000), 2000);
    assert_eq!(storage_stats().durability, AGENTOTEL_DURABILITY_NONE);
    assert!(storage_stats().failures > 0);
}

#[test]
fn a_limit_on_the_size_of_files_ends_no_process() {
    let directory = private_directory();
    let executable = std::env::current_exe().unwrap();
    let command =
        format!("ulimit -f 60; exec '{}' --exact limited_process --nocapture", executable.display());
    let output = Command::new("sh").args(["-c", &command]).env(LIMITED, directory.path()).output().unwrap();
    let words =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{words}");
    assert!(words.contains("1 passed"), "{words}");
}
