//! The diagnostic handler: a function of the host that is told what the library has to say about itself.

use core::ffi::c_void;
use std::sync::Arc;

use super::status::agentotel_status;
use super::types::agentotel_str;
use super::{callback, global, guard, snapshot};
use crate::config::Level;
use crate::manager::{DIAGNOSTIC_HANDLER, DiagnosticHandler, Error, Line};

/// `agentotel_diagnostic.level`: something could not be done.
pub const AGENTOTEL_DIAGNOSTIC_ERROR: u32 = 1;
/// Something was set right, is done otherwise, or will be tried again.
pub const AGENTOTEL_DIAGNOSTIC_WARN: u32 = 2;
/// What an operator may want to know.
pub const AGENTOTEL_DIAGNOSTIC_INFO: u32 = 3;
/// What somebody who looks for a fault may want to know.
pub const AGENTOTEL_DIAGNOSTIC_DEBUG: u32 = 4;

/// One line of what the library says about itself. Valid, with what it points to, during the call.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_diagnostic {
    /// The struct's size in the library that calls.
    pub struct_size: usize,
    /// One of `AGENTOTEL_DIAGNOSTIC_…`.
    pub level: u32,
    /// Zero.
    pub reserved: u32,
    /// Nanoseconds since 1970-01-01 UTC.
    pub time_unix_nano: i64,
    /// The line, without its end, 1024 bytes at most. Secrets are left out.
    pub text: agentotel_str,
    /// Lines before this one that were not handed over: they only repeated the one before, or were too many at once.
    pub left_out: u64,
}

/// Is told what the library says about itself. Make one with `AGENTOTEL_DIAGNOSTIC_HANDLER_INIT`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_diagnostic_handler {
    /// `sizeof(agentotel_diagnostic_handler)`; `AGENTOTEL_DIAGNOSTIC_HANDLER_INIT` sets it.
    pub struct_size: usize,
    /// Called for one line after the other, on a thread of its own, with no lock of the library held. It may call what the
    /// table at the top of this file says; what the library says because of that is to be had by
    /// `agentotel_get_diagnostics` alone. No exception and no `longjmp` may leave it. Must not be NULL.
    pub handle: Option<unsafe extern "C" fn(user_data: *mut c_void, diagnostic: *const agentotel_diagnostic)>,
    /// Passed to both functions; the library does not touch it.
    pub user_data: *mut c_void,
    /// Called once, on any thread, when the handler is not used any more and no call of it is under way; not at the end of
    /// the process. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

/// A handler that was set.
struct HostHandler(agentotel_diagnostic_handler);

// SAFETY: whoever sets it says that its functions may be called with `user_data` on any thread.
unsafe impl Send for HostHandler {}
// SAFETY: as above.
unsafe impl Sync for HostHandler {}

fn number(level: Level) -> u32 {
    match level {
        Level::Off | Level::Error => AGENTOTEL_DIAGNOSTIC_ERROR,
        Level::Warn => AGENTOTEL_DIAGNOSTIC_WARN,
        Level::Info => AGENTOTEL_DIAGNOSTIC_INFO,
        Level::Debug => AGENTOTEL_DIAGNOSTIC_DEBUG,
    }
}

impl DiagnosticHandler for HostHandler {
    fn handle(&self, line: &Line, left_out: u64) {
        let told = agentotel_diagnostic {
            struct_size: size_of::<agentotel_diagnostic>(),
            level: number(line.level),
            reserved: 0,
            time_unix_nano: line.at,
            text: agentotel_str { data: line.text.as_ptr().cast(), len: line.text.len() },
            left_out,
        };
        if let Some(handle) = self.0.handle {
            // SAFETY: the host's function, called as its documentation says; what it is shown outlives the call.
            unsafe { handle(self.0.user_data, &raw const told) };
        }
    }
}

/// Sets the function that is told what the library says about itself: what it could not do and what it set right, as far as
/// `diagnostics.level` in the configuration (`OTEL_LOG_LEVEL`) goes. The library prints nothing itself. Lines come in their
/// order, some time after they were said, 20 at once and 2 a second at most; `agentotel_get_diagnostics` has the last 64 in
/// any case.
///
/// @param handler Read during the call only. It takes the place of the one before, which is let go of when a call of it that
///        is under way has ended. NULL: there is none any more.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_INTERNAL. On failure
///         `destroy` is not called, and the one before stays.
///
/// May be called before `agentotel_init`, to be told what is wrong with the environment; the handler stays through
/// `agentotel_shutdown`, which hands over what there is within its deadline, and in a forked child. One that has not returned
/// when a shutdown ends is let go of when it does. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_set_diagnostic_handler(
    handler: *const agentotel_diagnostic_handler,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: `handler` is NULL or a struct of the size that it says, by this function's contract.
        let vtable = unsafe { snapshot::diagnostic_handler(handler)? };
        let handlers = &global::callbacks().diagnostic_handlers;
        let Some(vtable) = vtable else {
            handlers.forget(DIAGNOSTIC_HANDLER);
            return Ok(());
        };
        if vtable.handle.is_none() {
            return Err(Error::null("handler.handle"));
        }
        let let_go = callback::let_go(vtable.destroy, vtable.user_data);
        handlers.set(DIAGNOSTIC_HANDLER, Arc::new(HostHandler(vtable)), let_go);
        Ok(())
    })
}
