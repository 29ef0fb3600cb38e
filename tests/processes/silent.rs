//! Children that never call the library and outlive the process they come from: they hold nothing of it back.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use agentotel::abi::lifecycle::{agentotel_flush, agentotel_shutdown};

use crate::agent::*;
use crate::forks::{config, record_and_acknowledge};
use crate::role;
use crate::witness::*;

const EVENTS: usize = 100;
/// A child that never says anything is there for this long unless it is ended.
const SECONDS: u32 = 50;

fn sleep_silently() {
    // SAFETY: no memory is touched.
    unsafe { libc::sleep(SECONDS) };
}

/// Runs sleep(1) in a child that shares the memory of this process until then, as vfork(2) makes it: no handler of a
/// fork is run.
fn vfork_and_exec() -> i32 {
    extern "C" fn exec(_: *mut libc::c_void) -> i32 {
        let seconds = c"50".as_ptr();
        let arguments = [c"sleep".as_ptr(), seconds, std::ptr::null()];
        // SAFETY: texts that end with a NUL, in an array that ends with NULL.
        unsafe { libc::execv(c"/bin/sleep".as_ptr(), arguments.as_ptr()) };
        127
    }
    let mut stack = vec![0_u128; 4096];
    let top = stack.as_mut_ptr_range().end;
    let flags = libc::CLONE_VM | libc::CLONE_VFORK | libc::SIGCHLD;
    // SAFETY: the stack is the child's alone until it has become another program, and this thread waits for that.
    let child = unsafe { libc::clone(exec, top.cast(), flags, std::ptr::null_mut()) };
    assert!(child > 0);
    child
}

fn fork_and_exec() -> i32 {
    role::fork(|| {
        let arguments = [c"sleep".as_ptr(), c"50".as_ptr(), std::ptr::null()];
        // SAFETY: as above.
        unsafe { libc::execv(c"/bin/sleep".as_ptr(), arguments.as_ptr()) };
    })
}

#[allow(clippy::zombie_processes, reason = "it has to outlive this process")]
fn spawn() -> i32 {
    let child = Command::new("/bin/sleep").arg(SECONDS.to_string()).spawn().unwrap();
    i32::try_from(child.id()).unwrap()
}

/// What a process holds open that has `part` in its path.
fn open_files(process: &str, part: &str) -> Vec<String> {
    let files = std::fs::read_dir(format!("/proc/{process}/fd")).unwrap();
    let paths = files.filter_map(|file| std::fs::read_link(file.unwrap().path()).ok());
    paths.map(|path| path.to_string_lossy().into_owned()).filter(|path| path.contains(part)).collect()
}

pub fn have_children(directory: &Path) {
    init(&config(directory, 60_000));
    record_and_acknowledge(directory, 1);
    assert_eq!(agentotel_flush(10_000), 0);
    assert!(!open_files("self", "out.jsonl").is_empty() && !open_files("self", "/lock").is_empty());
    // Nothing of this goes out, and all of it is left behind.
    record_and_acknowledge(directory, EVENTS);
    let children = [role::fork(sleep_silently), vfork_and_exec(), fork_and_exec(), spawn()];
    wait_until("they are other programs", || {
        children[1..].iter().all(|child| {
            let program = std::fs::read_link(format!("/proc/{child}/exe")).unwrap();
            program != std::env::current_exe().unwrap()
        })
    });
    let words: Vec<_> = children.iter().map(i32::to_string).collect();
    role::say(directory, "children", &words.join(" "));
    sleep_silently();
}

/// Kills a process when it has said what its children are, has what it left taken over while they live, and ends them.
fn have_taken_over_while_children_live(role: &str) {
    let directory = private_directory();
    let mut parent = role::start(role, directory.path(), &[("STORAGE", "yes")]);
    role::wait_for(directory.path(), "children", &mut parent);
    parent.kill().unwrap();
    parent.wait().unwrap();
    let said = std::fs::read_to_string(directory.path().join("children")).unwrap();
    let children: Vec<i32> = said.split(' ').map(|child| child.parse().unwrap()).collect();
    let held: Vec<_> = said
        .split(' ')
        .flat_map(|child| [open_files(child, "/lock"), open_files(child, "out.jsonl")].concat())
        .collect();
    let recovered = role::run("recovering", directory.path(), &[("STORAGE", "yes")]);
    let alive = children.iter().filter(|child| role::is_alive(**child)).count();
    children.iter().for_each(|child| role::kill(*child));
    assert!(recovered.success(), "{recovered}");
    assert_eq!(alive, children.len(), "the children were to live on");
    assert!(held.is_empty(), "{held:?}");
    assert!(assert_all_arrived(directory.path()) > EVENTS);
}

#[test]
fn a_silent_child_does_not_hold_up_the_recovery_of_its_parent() {
    have_taken_over_while_children_live("having-silent-children");
}

/// Forks silent children all the time, so that some come in the middle of a start.
pub fn have_children_all_the_time(directory: &Path) {
    const STARTS: usize = 30;
    const MOST_CHILDREN: usize = 200;
    let mut config = config(directory, 60_000);
    let deadline = Instant::now() + Duration::from_secs(30);
    let stop = std::sync::atomic::AtomicBool::new(false);
    let children = std::thread::scope(|threads| {
        let forking = threads.spawn(|| {
            let mut children = Vec::new();
            while !stop.load(std::sync::atomic::Ordering::Relaxed) && children.len() < MOST_CHILDREN {
                children.push(role::fork(sleep_silently));
                std::thread::sleep(Duration::from_millis(1));
            }
            children
        });
        for _ in 0..STARTS {
            assert!(Instant::now() < deadline);
            init(&config);
            assert_eq!(agentotel_shutdown(10_000), 0);
        }
        config["exporters"][0]["batch"]["delay_ms"] = 60_001.into();
        init(&config);
        record_and_acknowledge(directory, 2 * EVENTS);
        stop.store(true, std::sync::atomic::Ordering::Relaxed);
        forking.join().unwrap()
    });
    let words: Vec<_> = children.iter().map(i32::to_string).collect();
    role::say(directory, "children", &words.join(" "));
    sleep_silently();
}

#[test]
fn nor_does_one_that_was_forked_in_the_middle_of_a_start() {
    have_taken_over_while_children_live("having-children-all-the-time");
}
