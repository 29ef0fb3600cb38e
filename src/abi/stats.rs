//! Counters and diagnostics.

use core::ffi::c_char;

use super::status::agentotel_status;
use super::types::{agentotel_exporter_stats, agentotel_stats, agentotel_storage_stats, agentotel_str};
use super::{guard, snapshot, write};

/// Sizes of the first versions of these structs: what every caller has at least.
const FIRST_STATS_BYTES: usize = 256;
const FIRST_EXPORTER_STATS_BYTES: usize = 760;
const FIRST_STORAGE_STATS_BYTES: usize = 104;

/// Reads the counters of one signal, as they stand under one cut. They stay readable after `agentotel_shutdown`.
///
/// @param signal One of `AGENTOTEL_SIGNAL_…`.
/// @param out_stats Filled as far as its `struct_size` goes. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe; recording threads wait for the length of the cut (microseconds).
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_get_stats(
    signal: u32,
    out_stats: *mut agentotel_stats,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        let stats = snapshot::stats_out(&parts.manager.stats(snapshot::signal(signal)?));
        // SAFETY: NULL or a struct of the size that it says, by this function's contract.
        unsafe { write::sized(out_stats, stats, FIRST_STATS_BYTES, "agentotel_stats") }
    })
}

/// Reads the counters of one exporter and signal, as they stand under one cut. They stay readable after
/// `agentotel_shutdown`.
///
/// @param name The exporter's `name` in the configuration; unless given there, its type (`otlp`, `file`, `console`, `host`),
///        and `otlp-2` for a second one. One that was removed keeps its last counters until another one has its name.
/// @param signal One of `AGENTOTEL_SIGNAL_…`.
/// @param out_stats Filled as far as its `struct_size` goes. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND (no such exporter, or it does not take that signal);
///         AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_get_exporter_stats(
    name: agentotel_str,
    signal: u32,
    out_stats: *mut agentotel_exporter_stats,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `name` is absent or valid through the call, `out_stats` is NULL or a struct of the size that it says,
        // by this function's contract.
        unsafe {
            let name = snapshot::text(name, "name")?;
            let stats = parts.manager.exporter_stats(name, snapshot::signal(signal)?)?;
            let stats = snapshot::exporter_stats_out(&stats);
            write::sized(out_stats, stats, FIRST_EXPORTER_STATS_BYTES, "agentotel_exporter_stats")
        }
    })
}

/// What went wrong last with an exporter and signal, in one line; an empty text when nothing did since its last success.
/// Credentials are left out, what a receiver said is escaped and cut.
///
/// @param name As for `agentotel_get_exporter_stats`.
/// @param signal One of `AGENTOTEL_SIGNAL_…`.
/// @param buffer Where the text goes, with a terminating NUL. May be NULL when `capacity` is 0.
/// @param capacity Bytes at `buffer`.
/// @param needed Gets the bytes that the text takes, its NUL included. May be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_BUFFER_TOO_SMALL; AGENTOTEL_ERR_NOT_FOUND; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_get_exporter_error(
    name: agentotel_str,
    signal: u32,
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `name` is absent or valid through the call, the other pointers are the caller's, as this function's
        // contract says.
        unsafe {
            let name = snapshot::text(name, "name")?;
            let error = parts.manager.exporter_error(name, snapshot::signal(signal)?)?;
            write::text(error.as_bytes(), buffer, capacity, needed)
        }
    })
}

/// Reads how the storage fares, and what has become of what dead processes had left. Without `storage.directory`
/// everything is zero. It stays readable after `agentotel_shutdown`.
///
/// @param out_stats Filled as far as its `struct_size` goes. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_get_storage_stats(
    out_stats: *mut agentotel_storage_stats,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        let stats = snapshot::storage_stats_out(parts.manager.storage_stats());
        // SAFETY: NULL or a struct of the size that it says, by this function's contract.
        unsafe { write::sized(out_stats, stats, FIRST_STORAGE_STATS_BYTES, "agentotel_storage_stats") }
    })
}

/// The library's last 64 diagnostic lines, oldest first, one to a line of text: what it could not do and what it set
/// right. Secrets are left out.
///
/// @param buffer Where the text goes, with a terminating NUL. May be NULL when `capacity` is 0.
/// @param capacity Bytes at `buffer`.
/// @param needed Gets the bytes that the text takes, its NUL included. May be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_BUFFER_TOO_SMALL; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_get_diagnostics(
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        let text = parts.manager.diagnostics_text();
        // SAFETY: the pointers are the caller's, as this function's contract says.
        unsafe { write::text(text.as_bytes(), buffer, capacity, needed) }
    })
}
