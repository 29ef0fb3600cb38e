//! Starting, flushing, stopping; versions and errors.

use core::ffi::c_char;
use std::time::Duration;

use super::status::{self, agentotel_status};
use super::types::AGENTOTEL_ABI_VERSION;
use super::{global, guard, snapshot, write};
use crate::config::{Config, Environment};
use crate::manager::Error;

/// Starts the library for this process.
///
/// @param abi_version `AGENTOTEL_ABI_VERSION` of the header that the caller was compiled with.
/// @param config_json The configuration as one JSON document with a terminating NUL, or NULL for the environment
///        (`OTEL_…`, `AGENTOTEL_CONFIG_FILE`) and defaults. It is read during the call only.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_ABI_VERSION; AGENTOTEL_ERR_CONFIG (the last error names the key and what is
///         accepted); AGENTOTEL_ERR_ALREADY_INITIALIZED; AGENTOTEL_ERR_SYSTEM; AGENTOTEL_ERR_INTERNAL.
///
/// Starts one thread, with `storage.directory` two, and later one for each `host` exporter; no network is touched before something is recorded. A start that fails
/// leaves nothing behind. May be called again after `agentotel_shutdown`. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_init(abi_version: u32, config_json: *const c_char) -> agentotel_status {
    guard::call(|_| {
        if abi_version != AGENTOTEL_ABI_VERSION {
            return Err(Error::AbiVersion { given: abi_version, served: AGENTOTEL_ABI_VERSION });
        }
        // SAFETY: NULL or a NUL-terminated text that lives through the call, by this function's contract.
        let json = unsafe { snapshot::c_text(config_json) };
        let resolved = Config::resolve(json, &Environment::from_process(crate::sys::is_privileged()))
            .map_err(|error| Error::Config(error.to_string()))?;
        global::init(resolved.config, resolved.warnings)
    })
}

/// Delivers what has been recorded until now.
///
/// @param timeout_ms How long to wait at most, in milliseconds.
/// @return AGENTOTEL_OK when every exporter has settled everything recorded before the call; AGENTOTEL_ERR_TIMEOUT
///         (the last error says what is pending; delivery goes on); AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_IN_CALLBACK; AGENTOTEL_ERR_INTERNAL.
///
/// Blocks for at most `timeout_ms` and a quarter of a second. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_flush(timeout_ms: u32) -> agentotel_status {
    guard::call(|state| state.parts()?.manager.flush(Duration::from_millis(timeout_ms.into())))
}

/// Ends what is open, delivers what is recorded, and stops the library.
///
/// Events in flight and open sessions are ended first and marked `agentotel.interrupted`; calls made from now on get
/// AGENTOTEL_ERR_SHUT_DOWN. What could not be delivered in time is lost; counters stay readable until the next
/// `agentotel_init`.
///
/// @param timeout_ms How long to wait at most, in milliseconds.
/// @return AGENTOTEL_OK when everything was settled; AGENTOTEL_ERR_TIMEOUT (the last error says how much was
///         pending); AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN when it was shut down before;
///         AGENTOTEL_ERR_IN_CALLBACK; AGENTOTEL_ERR_INTERNAL.
///
/// Blocks for at most `timeout_ms` and a quarter of a second. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_shutdown(timeout_ms: u32) -> agentotel_status {
    guard::call(|_| global::shutdown(Duration::from_millis(timeout_ms.into())))
}

/// The library's version, such as `0.1.0`: static text with a terminating NUL. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// The version of the binary interface that the loaded library serves. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_abi_version() -> u32 {
    AGENTOTEL_ABI_VERSION
}

/// The name of a status, such as `AGENTOTEL_ERR_QUEUE_FULL`: static text with a terminating NUL, never NULL. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_status_name(status: agentotel_status) -> *const c_char {
    status::name(status).as_ptr()
}

/// What went wrong in this thread's last failed call, in words. A call that succeeds leaves it; this one too.
///
/// @param buffer Where the text goes, with a terminating NUL. May be NULL when `capacity` is 0.
/// @param capacity Bytes at `buffer`.
/// @param needed Gets the bytes that the text takes, its NUL included, whatever is returned. May be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_BUFFER_TOO_SMALL; AGENTOTEL_ERR_INVALID_ARGUMENT.
///
/// Thread-safe; each thread has its own.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_last_error(
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> agentotel_status {
    // SAFETY: the pointers are the caller's, as this function's contract says.
    guard::with_last_error(|message| unsafe { write::text(message.as_bytes(), buffer, capacity, needed) })
}
