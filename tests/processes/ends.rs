//! The ends of a process without a shutdown: by exit, at once, by a signal of its own or another's, as another program.
//! With storage all that was acknowledged is recovered by a later process; without, nothing hangs.

use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::ExitStatus;

use agentotel::abi::lifecycle::agentotel_shutdown;

use crate::agent::*;
use crate::forks::{config, record_and_acknowledge};
use crate::witness::*;
use crate::{held, role};

const EVENTS: usize = 200;

/// What a process may end as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    Code(i32),
    Signal(i32),
}

impl End {
    fn of(status: ExitStatus) -> Self {
        status.signal().map_or_else(|| Self::Code(status.code().unwrap()), Self::Signal)
    }
}

/// How a process ends, what it is then, and whether it delivers before.
const ENDS: [(&str, End, bool); 7] = [
    ("exit", End::Code(3), true),
    ("_exit", End::Code(4), false),
    ("abort", End::Signal(libc::SIGABRT), false),
    ("fault", End::Signal(libc::SIGSEGV), false),
    ("terminated", End::Signal(libc::SIGTERM), false),
    ("killed", End::Signal(libc::SIGKILL), false),
    ("exec", End::Code(0), false),
];

pub fn end(directory: &Path) {
    let mut config = config(directory, 60_000);
    config["exporters"][0]["path"] =
        directory.join(format!("out-{}.jsonl", std::process::id())).to_str().unwrap().into();
    init(&config);
    let session = record_and_acknowledge(directory, EVENTS);
    start_event(session, "in flight");
    // SAFETY: all of this ends the process; the fault is a read of an address that nobody has, as a host's mistake is.
    unsafe {
        match role::option("END").as_str() {
            "exit" => libc::exit(3),
            "_exit" => libc::_exit(4),
            "abort" => libc::abort(),
            "fault" => _ = std::ptr::with_exposed_provenance::<u64>(8).read_volatile(),
            "terminated" => _ = libc::raise(libc::SIGTERM),
            "killed" => _ = libc::raise(libc::SIGKILL),
            _ => _ = libc::execv(c"/bin/true".as_ptr(), [c"true".as_ptr(), std::ptr::null()].as_ptr()),
        }
    }
}

/// Takes over what others have left, and delivers it.
pub fn recover(directory: &Path) {
    let mut config = config(directory, 20);
    config["exporters"][0]["path"] = directory.join("out-recovered.jsonl").to_str().unwrap().into();
    if role::option("TAIL") == "yes" {
        config["tail_sampling"] = held::tail_sampling();
    }
    init(&config);
    role::wait_lives(&directory.join("storage"), 1);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
    assert!(role::lives(&directory.join("storage")).is_empty());
}

#[test]
fn with_storage_no_end_loses_what_was_acknowledged() {
    let directory = private_directory();
    for (how, end, delivers) in ENDS {
        let before = role::lives(&directory.path().join("storage")).len();
        let status = role::run("ending", directory.path(), &[("STORAGE", "yes"), ("END", how)]);
        assert_eq!(End::of(status), end, "{how}");
        let left = role::lives(&directory.path().join("storage")).len() - before;
        assert_eq!(left, usize::from(!delivers), "{how}");
        // One by one: none may take the one before it over.
        assert_eq!(acknowledged(directory.path()).len() % EVENTS, 0, "{how}");
        let recovered = role::run("recovering", directory.path(), &[("STORAGE", "yes")]);
        assert!(recovered.success(), "{how}: {recovered}");
    }
    assert_eq!(assert_all_arrived(directory.path()), ENDS.len() * EVENTS);
}

#[test]
fn without_storage_every_end_is_the_hosts() {
    for (how, end, delivers) in ENDS {
        let directory = private_directory();
        let status = role::run("ending", directory.path(), &[("END", how)]);
        assert_eq!(End::of(status), end, "{how}");
        if delivers {
            assert_eq!(assert_all_arrived(directory.path()), EVENTS);
        } else {
            assert!(spans(directory.path()).is_empty(), "{how}");
        }
    }
}
