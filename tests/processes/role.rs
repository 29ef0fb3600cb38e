//! Starts this executable again as a process that plays a role, and waits for its end; forks inside of one.

use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use crate::agent::{size_of_run, wait_until};

const ROLE: &str = "AGENTOTEL_TEST_ROLE";
const DIRECTORY: &str = "AGENTOTEL_TEST_DIRECTORY";
/// No process of a test may live longer, unless it is told otherwise: then it hangs, and SIGALRM ends it.
const MOST_SECONDS: u32 = 60;
const SECONDS: &str = "AGENTOTEL_TEST_SECONDS";

/// What a process of a role is told beside its directory.
pub fn option(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

/// The role of this process, when it plays one.
pub fn own() -> Option<String> {
    std::env::var(ROLE).ok()
}

pub fn own_directory() -> PathBuf {
    PathBuf::from(std::env::var_os(DIRECTORY).unwrap())
}

/// Ends this process by SIGALRM when it hangs. A forked child has to ask for it anew.
fn bound_own_life() {
    // SAFETY: no memory is touched.
    unsafe { libc::alarm(option(SECONDS).parse().unwrap_or(size_of_run(MOST_SECONDS, 3600))) };
}

/// What a process does in a directory, and what that is called.
pub type Role = (&'static str, fn(&Path));

pub fn play(roles: &[Role]) {
    let Some(own) = own() else { return };
    bound_own_life();
    let (_, role) = roles.iter().find(|(name, _)| *name == own).expect("no such role");
    role(&own_directory());
}

/// A process that plays a role in a directory.
pub fn start(role: &str, directory: &Path, options: &[(&str, &str)]) -> Child {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", "role_process", "--nocapture", "--quiet", "--test-threads=1"])
        .env(ROLE, role)
        .env(DIRECTORY, directory)
        .envs(options.iter().copied())
        .stdout(Stdio::null());
    // SAFETY: async-signal-safe: nobody needs the core of a process that is killed on purpose.
    unsafe {
        command.pre_exec(|| {
            let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
            libc::setrlimit(libc::RLIMIT_CORE, &raw const none);
            Ok(())
        });
    }
    command.spawn().unwrap()
}

/// Plays a role to its end.
pub fn run(role: &str, directory: &Path, options: &[(&str, &str)]) -> ExitStatus {
    start(role, directory, options).wait().unwrap()
}

/// Plays a role that must end well.
pub fn run_well(role: &str, directory: &Path) {
    let status = run(role, directory, &[]);
    assert!(status.success(), "{role}: {status}");
}

/// Waits until a process has said that it is where it should be.
pub fn wait_for(directory: &Path, name: &str, process: &mut Child) {
    let file = directory.join(name);
    let deadline = Instant::now() + Duration::from_secs(u64::from(MOST_SECONDS));
    while !file.exists() {
        assert!(process.try_wait().unwrap().is_none(), "it ended before `{name}`");
        assert!(Instant::now() < deadline, "`{name}` is not said");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Says to the test that this process is where it should be.
pub fn say(directory: &Path, name: &str, words: &str) {
    let unfinished = directory.join(format!("{name}.unfinished"));
    std::fs::write(&unfinished, words).unwrap();
    std::fs::rename(unfinished, directory.join(name)).unwrap();
}

/// Forks; the child does `work` and ends without any of the harness around it: with 0, or 101 after a panic.
pub fn fork(work: impl FnOnce()) -> i32 {
    // SAFETY: the child runs what is safe there: the library's calls, by its promise, and allocations, by glibc's.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        bound_own_life();
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(work));
        // SAFETY: ends the process, with no handler of it.
        unsafe { libc::_exit(if done.is_ok() { 0 } else { 101 }) };
    }
    child
}

/// Waits for a child, which must end well.
pub fn wait_well(child: i32) {
    let mut status = 0;
    // SAFETY: `status` is ours.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    let status = ExitStatus::from_raw(status);
    assert!(status.success(), "child {child}: {status}");
}

/// Ends a process that this test has caused.
pub fn kill(process: i32) {
    // SAFETY: no memory is touched.
    unsafe { libc::kill(process, libc::SIGKILL) };
}

/// Whether a process is there and no zombie.
pub fn is_alive(process: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let state = stat.rsplit(')').next().unwrap_or_default().trim_start().chars().next();
    state.is_some_and(|state| !matches!(state, 'Z' | 'X'))
}

/// The directories of all lives under a storage directory.
pub fn lives(storage: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for namespace in std::fs::read_dir(storage).into_iter().flatten() {
        for life in std::fs::read_dir(namespace.unwrap().path()).unwrap() {
            names.push(life.unwrap().file_name().into_string().unwrap());
        }
    }
    names
}

/// Waits until so many directories are left.
pub fn wait_lives(storage: &Path, count: usize) {
    wait_until("the dead are taken over", || lives(storage).len() == count);
}
