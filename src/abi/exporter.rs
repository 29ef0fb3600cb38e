//! Exporters that come and go while the library runs.

use core::ffi::c_char;
use std::time::Duration;

use super::status::agentotel_status;
use super::types::agentotel_str;
use super::{global, guard, snapshot};
use crate::config::Environment;
use crate::manager::Error;

/// Adds an exporter to those of the configuration. It gets what is recorded from now on.
///
/// @param exporter_json One entry as in the configuration's list `exporters`, as a JSON object with a terminating NUL, read
///        during the call only. What it leaves out is taken from the environment and the defaults, as for the list. Give it a
///        `name`: another one goes by its type and a number.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_CONFIG (the last error names the key, such as `exporter.endpoint`, and what is
///         accepted: a name or a file of another exporter is not); AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_SYSTEM; AGENTOTEL_ERR_INTERNAL.
///
/// What dead processes had left and is being delivered already does not go to it; what is taken over later does. A forked
/// child has it too. Thread-safe; does not wait for the network.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_add_exporter(exporter_json: *const c_char) -> agentotel_status {
    guard::call(|state| {
        // SAFETY: NULL or a NUL-terminated text that lives through the call, by this function's contract.
        let json = unsafe { snapshot::c_text(exporter_json) }.ok_or_else(|| Error::null("exporter_json"))?;
        let manager = state.parts()?.manager;
        manager.add_exporter(json, &Environment::from_process(crate::sys::is_privileged()))?;
        global::set_config_of(manager);
        Ok(())
    })
}

/// Removes an exporter, after delivering what was recorded before the call. What is left of that when the time is over, and
/// what is recorded meanwhile and not sent yet, is given up and counted (`AGENTOTEL_DROPPED_REMOVED`); so is what dead
/// processes had left for it, unless it was the last exporter: then that stays where it is.
///
/// @param name The exporter's `name`; see `agentotel_get_exporter_stats`.
/// @param timeout_ms How long to wait at most, in milliseconds.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND (no such exporter, or another call is removing it); AGENTOTEL_ERR_TIMEOUT (it
///         is removed, and the last error says what was given up); AGENTOTEL_ERR_IN_CALLBACK;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_INTERNAL.
///
/// Its counters stay readable until `agentotel_shutdown` has been followed by another `agentotel_init`, or one of its name is
/// added. Blocks for at most `timeout_ms` and a quarter of a second. A call of a host's function that has not returned by
/// then is left to its thread. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_remove_exporter(name: agentotel_str, timeout_ms: u32) -> agentotel_status {
    guard::call(|state| {
        // SAFETY: `name` is absent or valid through the call, by this function's contract.
        let name = String::from_utf8_lossy(unsafe { snapshot::text(name, "name")? }).into_owned();
        let manager = state.parts()?.manager;
        let removed = manager.remove_exporter(&name, Duration::from_millis(timeout_ms.into()));
        global::set_config_of(manager);
        removed
    })
}
