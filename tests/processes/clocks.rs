//! Signals and clocks: a host that blocks every signal, one that is stopped and goes on, a wall clock that jumps.

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use agentotel::abi::event::agentotel_end_event;
use agentotel::abi::lifecycle::agentotel_shutdown;

use crate::agent::*;
use crate::forks::{config, record_and_acknowledge};
use crate::role;
use crate::witness::*;

const EVENTS: usize = 100;
const SECOND_NANOS: i64 = 1_000_000_000;

pub fn block_signals(directory: &Path) {
    let mut all: libc::sigset_t = zeroed();
    // SAFETY: the set is ours, and filled before it is read.
    unsafe {
        libc::sigfillset(&raw mut all);
        assert_eq!(libc::pthread_sigmask(libc::SIG_SETMASK, &raw const all, std::ptr::null_mut()), 0);
    }
    init(&config(directory, 20));
    record_and_acknowledge(directory, EVENTS);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
}

#[test]
fn a_host_that_blocks_all_signals_is_served() {
    let directory = private_directory();
    let status = role::run("blocking-signals", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    assert_eq!(assert_all_arrived(directory.path()), EVENTS);
}

fn end_event(event: u64) {
    // SAFETY: NULL is allowed.
    assert_eq!(unsafe { agentotel_end_event(event, std::ptr::null()) }, 0);
}

pub fn be_stopped(directory: &Path) {
    init(&config(directory, 20));
    let session = record_and_acknowledge(directory, EVENTS);
    let event = start_event(session, "in flight");
    role::say(directory, "in-flight", "");
    loop {
        record_and_acknowledge(directory, 1);
        if directory.join("goes-on").exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    end_event(event);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
}

#[test]
fn a_process_that_is_stopped_for_a_while_goes_on_where_it_was() {
    let stopped = Duration::from_secs(size_of_run(3, 60));
    let directory = private_directory();
    let mut process = role::start("being-stopped", directory.path(), &[("STORAGE", "yes")]);
    role::wait_for(directory.path(), "in-flight", &mut process);
    let pid = i32::try_from(process.id()).unwrap();
    // SAFETY: no memory is touched; the process is this test's own.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGSTOP) }, 0);
    std::thread::sleep(stopped);
    // SAFETY: as above.
    assert_eq!(unsafe { libc::kill(pid, libc::SIGCONT) }, 0);
    role::say(directory.path(), "goes-on", "");
    let status = process.wait().unwrap();
    assert!(status.success(), "{status}");
    assert!(assert_all_arrived(directory.path()) > EVENTS);
    let spans = spans(directory.path());
    let in_flight = spans.iter().find(|span| span.name == "in flight").unwrap();
    assert!(in_flight.duration_nano >= 3 * SECOND_NANOS, "{in_flight:?}");
}

/// Seconds by which the wall clock of this process is off.
static JUMPED: AtomicI64 = AtomicI64::new(0);

/// Stands in for the C library's: what the executable defines comes first. Only the wall clock is off, and only after
/// somebody has said so.
///
/// # Safety
/// As clock_gettime(2).
#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: libc::clockid_t, time: *mut libc::timespec) -> libc::c_int {
    // SAFETY: the caller's pointer, passed on; it is written when the kernel says so.
    unsafe {
        let answer = libc::syscall(libc::SYS_clock_gettime, clock, time);
        if answer == 0 && clock == libc::CLOCK_REALTIME {
            (*time).tv_sec += JUMPED.load(Ordering::Relaxed);
        }
        i32::try_from(answer).unwrap_or(-1)
    }
}

pub fn jump(directory: &Path) {
    init(&config(directory, 20));
    let session = record_and_acknowledge(directory, EVENTS);
    for (name, seconds) in [("forward", 7200), ("back", -7200)] {
        let event = start_event(session, name);
        let before = std::time::SystemTime::now();
        JUMPED.fetch_add(seconds, Ordering::Relaxed);
        let after = std::time::SystemTime::now();
        assert_eq!(after > before, seconds > 0, "the clock has to jump for this to prove anything");
        record_and_acknowledge(directory, EVENTS);
        std::thread::sleep(Duration::from_millis(20));
        end_event(event);
    }
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
}

#[test]
fn durations_come_from_a_clock_that_does_not_jump() {
    let directory = private_directory();
    let status = role::run("in-jumping-time", directory.path(), &[("STORAGE", "yes")]);
    assert!(status.success(), "{status}");
    assert_eq!(assert_all_arrived(directory.path()), 3 * EVENTS);
    let spans = spans(directory.path());
    for name in ["forward", "back"] {
        let span = spans.iter().find(|span| span.name == name).unwrap();
        assert!((SECOND_NANOS / 50..60 * SECOND_NANOS).contains(&span.duration_nano), "{span:?}");
    }
}
