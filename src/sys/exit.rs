//! The hook that runs when the host calls `exit` or returns from `main`: one function, registered once per process.

use std::sync::Once;
use std::sync::OnceLock;

static INSTALLED: Once = Once::new();
static AT_EXIT: OnceLock<fn()> = OnceLock::new();

extern "C" fn run() {
    if let Some(hook) = AT_EXIT.get() {
        hook();
    }
}

/// Registers `hook` with atexit(3); the first call counts, later ones do nothing.
pub(crate) fn on_exit(hook: fn()) {
    INSTALLED.call_once(|| {
        let _ = AT_EXIT.set(hook);
        // SAFETY: `run` is a plain function of a library that is never unloaded.
        let _ = unsafe { libc::atexit(run) };
    });
}
