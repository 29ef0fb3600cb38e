//! Starting threads so that the host never notices them: every signal is blocked before the thread exists, since a
//! Rust thread inherits the mask of the one that starts it.

use std::cell::Cell;
use std::io;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{Builder, JoinHandle};

thread_local! {
    static IS_OURS: Cell<bool> = const { Cell::new(false) };
}

/// Whether the library has started this thread.
pub(crate) fn is_ours() -> bool {
    IS_OURS.try_with(Cell::get).unwrap_or(false)
}

/// A number for a thread that asks for the first time: 0, 1, 2, …
pub(crate) fn number() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// Starts a named thread (at most 15 characters: the kernel keeps no more) with all signals blocked in it.
pub(crate) fn spawn<F>(name: &str, body: F) -> io::Result<JoinHandle<()>>
where
    F: FnOnce() + Send + 'static,
{
    let mut all = MaybeUninit::<libc::sigset_t>::uninit();
    let mut before = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: both sets are ours to write; sigfillset initialises `all` before it is read; pthread_sigmask writes
    // `before` when it returns 0, and it is read only then.
    unsafe {
        libc::sigfillset(all.as_mut_ptr());
        let failed = libc::pthread_sigmask(libc::SIG_SETMASK, all.as_ptr(), before.as_mut_ptr());
        if failed != 0 {
            return Err(io::Error::from_raw_os_error(failed));
        }
    }
    let started = Builder::new().name(name.to_owned()).spawn(|| {
        IS_OURS.set(true);
        body();
    });
    // SAFETY: `before` was written by the successful call above.
    unsafe {
        libc::pthread_sigmask(libc::SIG_SETMASK, before.as_ptr(), std::ptr::null_mut());
    }
    started
}
