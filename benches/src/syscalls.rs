//! Counts system calls exactly: runs a child under ptrace and counts, between the marks that its main thread sets, the
//! calls of the main thread and those of all others.

use std::collections::BTreeMap;
use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;

use crate::Fallible;

/// First arguments of a `prctl` that does nothing else: what follows counts, or no longer.
pub const WINDOW_OPENS: u64 = 0x6167_6e74_0001;
pub const WINDOW_CLOSES: u64 = 0x6167_6e74_0002;

/// What was called between the marks.
#[derive(Debug, Default)]
pub struct Counted {
    /// By the main thread, by system call number.
    pub main_thread: BTreeMap<u64, u64>,
    /// By all other threads.
    pub others: u64,
    windows: u64,
}

/// Runs the command to its end and counts.
pub fn count(command: &mut Command) -> Fallible<Counted> {
    // SAFETY: between fork and exec only an async-signal-safe call is made.
    unsafe {
        command.pre_exec(|| match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    let main = libc::pid_t::try_from(command.spawn()?.id())?;
    let mut tracer = Tracer { main, open: false, counted: Counted::default() };
    tracer.run()?;
    if tracer.counted.windows == 0 {
        return Err("the traced child has set no marks".into());
    }
    Ok(tracer.counted)
}

struct Tracer {
    main: libc::pid_t,
    open: bool,
    counted: Counted,
}

impl Tracer {
    fn run(&mut self) -> Fallible<()> {
        let mut attached = false;
        loop {
            let mut status = 0;
            // SAFETY: the place outlives the call.
            let thread = unsafe { libc::waitpid(-1, &raw mut status, libc::__WALL) };
            if thread < 0 {
                return Err(io::Error::last_os_error().into());
            }
            if libc::WIFEXITED(status) || libc::WIFSIGNALED(status) {
                if thread != self.main {
                    continue;
                }
                if libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == 0 {
                    return Ok(());
                }
                return Err(format!("the traced child has failed (status {status:#x})").into());
            }
            if !attached {
                attach(thread)?;
                attached = true;
            }
            let signal = self.stopped(thread, status);
            // A thread that was killed meanwhile is reported by the next wait.
            // SAFETY: no memory of ours is touched.
            unsafe { libc::ptrace(libc::PTRACE_SYSCALL, thread, 0, signal) };
        }
    }

    /// Looks at a stop; the signal to pass on, or 0.
    fn stopped(&mut self, thread: libc::pid_t, status: i32) -> i32 {
        match libc::WSTOPSIG(status) {
            signal if signal == libc::SIGTRAP | 0x80 => {
                if let Some((number, argument)) = entered(thread) {
                    self.called(thread, number, argument);
                }
                0
            }
            // The stops that tracing itself makes: exec, a new thread.
            libc::SIGTRAP | libc::SIGSTOP => 0,
            signal => signal,
        }
    }

    fn called(&mut self, thread: libc::pid_t, number: u64, argument: u64) {
        let is_main = thread == self.main;
        let is_mark = is_main && u64::try_from(libc::SYS_prctl) == Ok(number);
        if is_mark && argument == WINDOW_OPENS {
            self.open = true;
            self.counted.windows += 1;
        } else if is_mark && argument == WINDOW_CLOSES {
            self.open = false;
        } else if self.open && is_main {
            *self.counted.main_thread.entry(number).or_default() += 1;
        } else if self.open {
            self.counted.others += 1;
        }
    }
}

fn attach(thread: libc::pid_t) -> Fallible<()> {
    let options = libc::PTRACE_O_TRACESYSGOOD | libc::PTRACE_O_TRACECLONE | libc::PTRACE_O_EXITKILL;
    // SAFETY: no memory of ours is touched.
    match unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, thread, 0, options) } {
        -1 => Err(io::Error::last_os_error().into()),
        _ => Ok(()),
    }
}

/// Number and first argument of the system call that the thread is about to make; `None` on its way out of one.
fn entered(thread: libc::pid_t) -> Option<(u64, u64)> {
    let mut info = MaybeUninit::<libc::ptrace_syscall_info>::zeroed();
    let size = size_of::<libc::ptrace_syscall_info>();
    // SAFETY: the kernel writes at most `size` bytes; all bit patterns are valid for these integers.
    unsafe {
        let written = libc::ptrace(libc::PTRACE_GET_SYSCALL_INFO, thread, size, info.as_mut_ptr());
        let info = info.assume_init();
        (written > 0 && info.op == libc::PTRACE_SYSCALL_INFO_ENTRY)
            .then(|| (info.u.entry.nr, info.u.entry.args[0]))
    }
}
