//! What the operating system says about a process: CPU time, memory, threads. Linux only, like the library.

use std::fs;
use std::mem::MaybeUninit;
use std::time::Duration;

use crate::Fallible;

/// CPU time that the calling thread has used.
pub fn thread_cpu() -> Duration {
    clock(libc::CLOCK_THREAD_CPUTIME_ID)
}

fn clock(id: libc::clockid_t) -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the place outlives the call.
    unsafe { libc::clock_gettime(id, &raw mut time) };
    Duration::new(time.tv_sec.try_into().unwrap_or(0), time.tv_nsec.try_into().unwrap_or(0))
}

/// CPU time of all threads of this process, user and system.
pub fn process_cpu() -> Duration {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: the place outlives the call; a zeroed `rusage` is a valid one.
    let usage = unsafe {
        libc::getrusage(libc::RUSAGE_SELF, usage.as_mut_ptr());
        usage.assume_init()
    };
    let duration = |time: libc::timeval| {
        Duration::from_secs(time.tv_sec.try_into().unwrap_or(0))
            + Duration::from_micros(time.tv_usec.try_into().unwrap_or(0))
    };
    duration(usage.ru_utime) + duration(usage.ru_stime)
}

/// A figure of `/proc/self/status`, such as `VmRSS`, in bytes.
pub fn memory(key: &str) -> Fallible<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let kibibytes: u64 = field(&status, key)
        .and_then(|value| value.trim_end_matches("kB").trim().parse().ok())
        .ok_or_else(|| format!("no {key} in /proc/self/status"))?;
    Ok(kibibytes * 1024)
}

/// Memory of this process that no file backs, in bytes.
pub fn anonymous_memory() -> Fallible<u64> {
    memory("RssAnon")
}

/// How often all threads but the calling one have gone to sleep.
pub fn sleeps_of_other_threads() -> Fallible<u64> {
    // SAFETY: no arguments.
    let own = unsafe { libc::gettid() }.to_string();
    let mut sleeps = 0;
    for task in fs::read_dir("/proc/self/task")? {
        let task = task?;
        if task.file_name().to_string_lossy() == own {
            continue;
        }
        let status = fs::read_to_string(task.path().join("status"))?;
        sleeps += field(&status, "voluntary_ctxt_switches")
            .and_then(|value| value.parse::<u64>().ok())
            .unwrap_or(0);
    }
    Ok(sleeps)
}

fn field<'t>(status: &'t str, key: &str) -> Option<&'t str> {
    status.lines().find_map(|line| Some(line.strip_prefix(key)?.strip_prefix(':')?.trim()))
}

/// A system call that does nothing and that a tracer recognises by its argument.
pub fn mark(word: u64) {
    // SAFETY: an unknown option of prctl is answered EINVAL and changes nothing.
    unsafe { libc::syscall(libc::SYS_prctl, word, 0, 0, 0, 0) };
}

/// A function without arguments that the preloaded allocation counter exports.
pub fn preloaded_counter(name: &std::ffi::CStr) -> Fallible<impl Fn() -> u64 + use<>> {
    // SAFETY: a name with a terminating NUL.
    let address = unsafe { libc::dlsym(libc::RTLD_DEFAULT, name.as_ptr()) };
    if address.is_null() {
        return Err(format!("{name:?} is not there: the allocation counter is not preloaded").into());
    }
    // SAFETY: the counter declares it as `uint64_t (void)`.
    let function =
        unsafe { std::mem::transmute::<*mut libc::c_void, unsafe extern "C" fn() -> u64>(address) };
    // SAFETY: it only reads a counter.
    Ok(move || unsafe { function() })
}
