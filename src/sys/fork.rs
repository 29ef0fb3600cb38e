//! Fork detection. A handler that the C library runs in the child raises one number; whoever keeps state that must
//! not be shared with the parent (random generators, the running library) compares it. The handler stores
//! atomics, closes descriptors that a child must not keep, and does nothing else: in the child of a process with threads
//! little else is safe.

use std::os::fd::{AsRawFd, OwnedFd};
use std::sync::Once;
use std::sync::atomic::{AtomicI32, AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static INSTALLED: Once = Once::new();

/// Descriptors that a child must not keep, and `NONE`.
static CLOSED_IN_CHILD: [AtomicI32; 64] = [const { AtomicI32::new(NONE) }; 64];
const NONE: i32 = -1;

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Release);
    for place in &CLOSED_IN_CHILD {
        let descriptor = place.swap(NONE, Ordering::Relaxed);
        if descriptor != NONE {
            // SAFETY: close may be called from such a handler; the descriptor was entered by its owner, whose copy in this
            // process is leaked: nobody here uses or closes it.
            let _ = unsafe { libc::close(descriptor) };
        }
    }
}

/// A descriptor that a forked child does not keep, not even one that never calls the library: a lock that it stands
/// for ends with the process that took it.
pub(crate) struct CloseOnFork {
    descriptor: OwnedFd,
}

impl CloseOnFork {
    pub(crate) fn new(descriptor: OwnedFd) -> Self {
        watch();
        let number = descriptor.as_raw_fd();
        // With more locks than places, a child holds some until it ends.
        let _ = CLOSED_IN_CHILD
            .iter()
            .find(|place| place.compare_exchange(NONE, number, Ordering::Relaxed, Ordering::Relaxed).is_ok());
        Self { descriptor }
    }
}

impl Drop for CloseOnFork {
    fn drop(&mut self) {
        let number = self.descriptor.as_raw_fd();
        for place in &CLOSED_IN_CHILD {
            if place.compare_exchange(number, NONE, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
                return;
            }
        }
    }
}

/// Installs the handler, once per process. Call before the first state is made that must not survive a fork.
pub(crate) fn watch() {
    INSTALLED.call_once(|| {
        // SAFETY: `in_child` is a plain function that lives as long as the library, which is never unloaded
        // (linked with -z nodelete); it only stores an atomic.
        let _ = unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
}

/// How many forks lie between the process that loaded the library and this one.
#[inline]
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Acquire)
}
