//! Fork detection. A handler that the C library runs in the child raises one number; whoever keeps state that must
//! not be shared with the parent (random generators, the running library) compares it. The handler stores an atomic
//! and does nothing else: in the child of a process with threads nothing else is safe.

use std::sync::Once;
use std::sync::atomic::{AtomicU32, Ordering};

static GENERATION: AtomicU32 = AtomicU32::new(0);
static INSTALLED: Once = Once::new();

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::Release);
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
