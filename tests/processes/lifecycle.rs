//! Starts and stops at unusual moments: before main, after it, again and again, while threads record.

use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use agentotel::abi::lifecycle::agentotel_shutdown;
use agentotel::abi::status::*;

use crate::agent::*;
use crate::forks::{config, record_and_acknowledge};
use crate::role;
use crate::witness::*;

const EVENTS: usize = 100;
/// The exit code of a process whose last words were not what they should be.
const WRONG_LAST_WORDS: i32 = 7;

#[used]
#[unsafe(link_section = ".init_array")]
static CONSTRUCTOR: extern "C" fn() = {
    extern "C" fn construct() {
        if role::own().as_deref() == Some("started-by-constructor") {
            init(&config(&role::own_directory(), 60_000));
        }
    }
    construct
};

#[used]
#[unsafe(link_section = ".fini_array")]
static DESTRUCTOR: extern "C" fn() = {
    extern "C" fn destroy() {
        // The exit itself has delivered by now: a destructor that shuts down, and one that records, is told so.
        if role::own().as_deref() == Some("started-by-constructor")
            && (agentotel_shutdown(10_000) != AGENTOTEL_ERR_SHUT_DOWN
                || try_record(1) != Err(AGENTOTEL_ERR_SHUT_DOWN))
        {
            // SAFETY: ends the process.
            unsafe { libc::_exit(WRONG_LAST_WORDS) };
        }
    }
    destroy
};

pub fn was_started_by_constructor(directory: &Path) {
    assert_eq!(try_init(&config(directory, 20)), AGENTOTEL_ERR_ALREADY_INITIALIZED);
    record_and_acknowledge(directory, EVENTS);
}

#[test]
fn a_constructor_may_start_and_a_destructor_shut_down() {
    for storage in ["no", "yes"] {
        let directory = private_directory();
        let status = role::run("started-by-constructor", directory.path(), &[("STORAGE", storage)]);
        assert!(status.success(), "{status}");
        assert_eq!(assert_all_arrived(directory.path()), EVENTS);
        assert!(role::lives(&directory.path().join("storage")).is_empty());
    }
}

/// What the host's handler was told.
static TOLD: AtomicI32 = AtomicI32::new(i32::MIN);

pub fn shut_down_at_exit(directory: &Path) {
    extern "C" fn shut_down() {
        TOLD.store(agentotel_shutdown(10_000), Ordering::Relaxed);
        let expected =
            if role::option("REGISTERED") == "before" { AGENTOTEL_ERR_SHUT_DOWN } else { AGENTOTEL_OK };
        if TOLD.load(Ordering::Relaxed) != expected {
            // SAFETY: ends the process.
            unsafe { libc::_exit(WRONG_LAST_WORDS) };
        }
    }
    // Handlers run in the reverse order of their registration; the library registers its own at the start.
    // SAFETY: a plain function.
    let register = || assert_eq!(unsafe { libc::atexit(shut_down) }, 0);
    if role::option("REGISTERED") == "before" {
        register();
    }
    init(&config(directory, 60_000));
    if role::option("REGISTERED") == "after" {
        register();
    }
    record_and_acknowledge(directory, EVENTS);
}

#[test]
fn a_handler_at_exit_may_shut_down() {
    for registered in ["before", "after"] {
        let directory = private_directory();
        let options = [("STORAGE", "yes"), ("REGISTERED", registered)];
        let status = role::run("shut-down-at-exit", directory.path(), &options);
        assert!(status.success(), "{registered}: {status}");
        assert_eq!(assert_all_arrived(directory.path()), EVENTS);
        assert!(role::lives(&directory.path().join("storage")).is_empty());
    }
}

/// How many threads and descriptors this process has.
fn possessions() -> (usize, usize) {
    let count = |what: &str| std::fs::read_dir(format!("/proc/self/{what}")).unwrap().count();
    (count("task"), count("fd"))
}

pub fn start_again_and_again(directory: &Path) {
    const TIMES: usize = 50;
    let before = possessions();
    for time in 0..TIMES {
        init(&config(directory, 20));
        record_and_acknowledge(directory, EVENTS / 10);
        assert_eq!(agentotel_shutdown(10_000), 0, "{time}: {}", diagnostics());
        assert!(role::lives(&directory.join("storage")).is_empty(), "{time}");
        // A thread that was joined may take a moment to leave /proc.
        wait_until("threads and descriptors are given back", || possessions() == before);
    }
}

#[test]
fn starting_again_and_again_leaves_nothing_behind() {
    let directory = private_directory();
    let status = role::run("starting-again-and-again", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    assert_eq!(assert_all_arrived(directory.path()), 5 * EVENTS);
}

pub fn shut_down_while_recording(directory: &Path) {
    const TIMES: usize = 5;
    const THREADS: usize = 8;
    for _ in 0..TIMES {
        init(&config(directory, 20));
        let session = start_session();
        let all = Mutex::new(Vec::new());
        std::thread::scope(|threads| {
            for _ in 0..THREADS {
                threads.spawn(|| {
                    let mut ids = Vec::new();
                    let why = loop {
                        match try_record(session) {
                            Ok(id) => ids.push(id),
                            Err(AGENTOTEL_ERR_QUEUE_FULL) => {}
                            Err(why) => break why,
                        }
                        std::thread::sleep(Duration::from_micros(50));
                    };
                    assert!(matches!(why, AGENTOTEL_ERR_SHUT_DOWN | AGENTOTEL_ERR_STALE_HANDLE), "{why}");
                    all.lock().unwrap().extend(ids);
                });
            }
            std::thread::sleep(Duration::from_millis(30));
            assert_eq!(agentotel_shutdown(30_000), 0, "{}", diagnostics());
        });
        acknowledge(directory, &all.into_inner().unwrap());
        assert!(role::lives(&directory.join("storage")).is_empty());
    }
}

#[test]
fn a_shutdown_while_threads_record_keeps_what_was_acknowledged() {
    let directory = private_directory();
    let status = role::run("shut-down-while-recording", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    assert!(assert_all_arrived(directory.path()) > EVENTS);
}
