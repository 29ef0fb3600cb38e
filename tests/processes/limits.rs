//! Processes that have run out of what the library needs: descriptors, address space, /proc. A start that cannot be is a
//! status and leaves nothing behind; a running library goes on with what it has, and all is delivered when there is more.

use std::path::Path;

use agentotel::abi::lifecycle::agentotel_shutdown;
use agentotel::abi::status::*;
use agentotel::abi::types::*;
use serde_json::json;

use crate::agent::*;
use crate::forks::{config, record_and_acknowledge};
use crate::role;
use crate::witness::*;

const EVENTS: usize = 200;

fn limit(resource: libc::__rlimit_resource_t) -> libc::rlimit {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: `limit` is ours.
    assert_eq!(unsafe { libc::getrlimit(resource, &raw mut limit) }, 0);
    limit
}

fn set_limit(resource: libc::__rlimit_resource_t, limit: libc::rlimit) {
    // SAFETY: read during the call.
    assert_eq!(unsafe { libc::setrlimit(resource, &raw const limit) }, 0);
}

/// Allows `more` descriptors beyond those that are open; the limit as it was.
fn allow_descriptors(more: u64) -> libc::rlimit {
    let before = limit(libc::RLIMIT_NOFILE);
    // SAFETY: the descriptor that this makes is the lowest one that is free, and closed at once.
    let free = unsafe {
        let free = libc::dup(0);
        libc::close(free);
        u64::try_from(free).unwrap()
    };
    set_limit(libc::RLIMIT_NOFILE, libc::rlimit { rlim_cur: free + more, ..before });
    before
}

fn threads() -> usize {
    std::fs::read_dir("/proc/self/task").unwrap().count()
}

pub fn start_without_descriptors(directory: &Path) {
    /// More than a start needs.
    const PLENTY: u64 = 30;
    let own_threads = threads();
    let mut refused = 0;
    let mut stored_nothing = 0;
    for more in 0..PLENTY {
        let before = allow_descriptors(more);
        let status = try_init(&config(directory, 20));
        let words = last_error();
        set_limit(libc::RLIMIT_NOFILE, before);
        match status {
            AGENTOTEL_OK => {
                stored_nothing += usize::from(storage_stats().durability == AGENTOTEL_DURABILITY_NONE);
                record_and_acknowledge(directory, EVENTS);
                assert_eq!(agentotel_shutdown(10_000), 0, "{more}: {}", diagnostics());
            }
            AGENTOTEL_ERR_SYSTEM => {
                assert!(!words.is_empty());
                refused += 1;
            }
            other => panic!("{more}: {other}: {words}"),
        }
        wait_until("a start that failed leaves no thread", || threads() == own_threads);
    }
    // Every stage was met: nothing to start with, nothing to store with, and all that is needed.
    assert!(refused > 0 && stored_nothing > 0, "{refused} {stored_nothing}");
}

#[test]
fn a_start_without_descriptors_is_a_status_or_goes_on_in_memory() {
    let directory = private_directory();
    let status = role::run("without-descriptors", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    assert!(assert_all_arrived(directory.path()) > EVENTS);
    // What a start could not finish is empty and is taken away by the next one.
    let recovered = role::run("recovering", directory.path(), &[("STORAGE", "yes")]);
    assert!(recovered.success(), "{recovered}");
}

pub fn run_out_of_descriptors(directory: &Path) {
    let mut config = config(directory, 60_000);
    config["queue"]["shards"] = json!(1);
    init(&config);
    let session = record_and_acknowledge(directory, 1);
    let before = allow_descriptors(0);
    // More than fits the segments that are there.
    let ids: Vec<_> = (0..20 * EVENTS).map(|_| try_record(session).unwrap()).collect();
    assert_eq!(storage_stats().durability, AGENTOTEL_DURABILITY_NONE);
    assert!(storage_stats().failures > 0);
    set_limit(libc::RLIMIT_NOFILE, before);
    acknowledge(directory, &ids);
    wait_until("files are taken up again", || {
        record_and_acknowledge(directory, 100);
        storage_stats().durability == AGENTOTEL_DURABILITY_PROCESS
    });
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", diagnostics());
}

#[test]
fn running_out_of_descriptors_loses_nothing() {
    let directory = private_directory();
    let status = role::run("running-out-of-descriptors", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    assert!(assert_all_arrived(directory.path()) > 20 * EVENTS);
    assert!(role::lives(&directory.path().join("storage")).is_empty());
}

/// Bytes of address space that this process has.
fn address_space() -> u64 {
    const PAGE_BYTES: u64 = 4096;
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').next().unwrap().parse::<u64>().unwrap() * PAGE_BYTES
}

pub fn run_out_of_address_space(directory: &Path) {
    const SEGMENT: u64 = 64 << 20;
    let mut config = config(directory, 20);
    config["queue"] = json!({ "segment_bytes": SEGMENT, "max_bytes": 4 * SEGMENT, "shards": 1 });
    config["storage"]["max_bytes"] = json!(8 * SEGMENT);
    let before = limit(libc::RLIMIT_AS);
    // Room for all the small things, and for no segment. Without it at the start …
    let room = libc::rlimit { rlim_cur: address_space() + SEGMENT - 1, ..before };
    set_limit(libc::RLIMIT_AS, room);
    let status = try_init(&config);
    let session_status = if status == 0 { try_record(start_session()) } else { Err(status) };
    assert!(
        matches!(session_status, Err(AGENTOTEL_ERR_QUEUE_FULL | AGENTOTEL_ERR_SYSTEM)),
        "{session_status:?}"
    );
    set_limit(libc::RLIMIT_AS, before);
    if status == 0 {
        wait_until("there is room again", || try_record(start_session()).is_ok());
        record_and_acknowledge(directory, EVENTS);
        assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
    }
    // … and while it runs.
    init(&config);
    record_and_acknowledge(directory, EVENTS);
    set_limit(libc::RLIMIT_AS, libc::rlimit { rlim_cur: address_space() + SEGMENT - 1, ..before });
    record_and_acknowledge(directory, EVENTS);
    set_limit(libc::RLIMIT_AS, before);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
}

#[test]
fn running_out_of_address_space_is_a_status() {
    let directory = private_directory();
    let status = role::run("without-address-space", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    assert!(assert_all_arrived(directory.path()) >= 2 * EVENTS);
}

pub fn live_without_proc(directory: &Path) {
    let root = std::ffi::CString::new(directory.to_str().unwrap()).unwrap();
    // SAFETY: texts that end with a NUL.
    unsafe {
        assert_eq!(libc::chroot(root.as_ptr()), 0);
        assert_eq!(libc::chdir(c"/".as_ptr()), 0);
    }
    assert!(!Path::new("/proc").exists());
    let root = Path::new("/");
    init(&config(root, 20));
    assert_eq!(storage_stats().durability, AGENTOTEL_DURABILITY_PROCESS);
    record_and_acknowledge(root, EVENTS);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
}

#[test]
fn a_root_without_proc_does() {
    // SAFETY: no memory is touched.
    if unsafe { libc::geteuid() } != 0 {
        assert!(std::env::var_os("CI").is_none(), "not root: no chroot");
        println!("skipped: chroot(2) is root's; run as root to have this tested");
        return;
    }
    let directory = private_directory();
    let status = role::run("without-proc", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    assert_eq!(assert_all_arrived(directory.path()), EVENTS);
    assert!(role::lives(&directory.path().join("storage")).is_empty());
}
