//! Log records.

use super::guard::{self, Parts};
use super::status::{AGENTOTEL_OK, agentotel_status};
use super::types::{agentotel_log_record, agentotel_session, agentotel_str, agentotel_target};
use super::{global, json, snapshot};
use crate::event::json as read;
use crate::manager::Error;
use crate::otlp::Signal;

/// Records a log record: of a span of a session, of any other span, or of the process alone.
///
/// One that is less severe than `logs.min_severity` in the configuration is answered AGENTOTEL_OK before anything else is
/// looked at, in a few nanoseconds: it is not recorded, and no counter knows of it. Otherwise as `agentotel_record_event`:
/// no I/O, no allocation on the steady path. A record of a session that is not sampled is left out, and counted as that.
/// Records that a thread makes are exported in that order, unless they are sent again after a failure.
///
/// @param session An open session, or 0 for none. The record has the session's `session.id`.
/// @param target The span that it is about, whose trace id, span id and flags the record has. Zeroed, the session's root
///        span; without a session no span. An event in flight brings its session along when `session` is 0; a context is a
///        span of the session's trace or, without a session, any span.
/// @param record What is said. Must not be NULL; read during the call only.
/// @return AGENTOTEL_OK (it will be exported, or its loss counted, unless it is left out); AGENTOTEL_ERR_QUEUE_FULL;
///         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN;
///         AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_log(
    session: agentotel_session,
    target: agentotel_target,
    record: *const agentotel_log_record,
) -> agentotel_status {
    // SAFETY: `record` is NULL or valid through the call, by this function's contract.
    if unsafe { snapshot::log_severity(record) }.is_some_and(global::is_log_left_out) {
        return AGENTOTEL_OK;
    }
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `record` and `target.context` are NULL or valid through the call, by this function's contract.
        unsafe {
            let plain = parts.manager.most_plain_attributes().and_then(|most| {
                Some((snapshot::target(target, "target").ok()?, snapshot::plain_log(most, record)?))
            });
            if let Some((target, (data, attributes))) = plain
                && parts.manager.log_plain(parts.caller, parts.arena, session, &target, &data, &attributes)?
            {
                return Ok(());
            }
            log_any(parts, session, target, record)
        }
    })
}

/// Records a log record that is said in JSON, as `agentotel_log` does.
///
/// @param session As for `agentotel_log`.
/// @param target As for `agentotel_log`.
/// @param json An object with the fields of `agentotel_log_record`: `severity_number` (a number, or a word as `"warn"`),
///        `severity_text`, `event_name`, `body` (a text or any other value, with nothing like `body_type` beside it),
///        `time_unix_nano`, `attributes`. Limits and repairs are those of `agentotel_record_event_json`;
///        `docs/event.schema.json` has its JSON Schema as `$defs/log_record`.
/// @return As `agentotel_log`. What is wrong in a record that is not severe enough is said all the same: the severity is in
///         the text. `agentotel_log_enabled` tells before that is made.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_log_json(
    session: agentotel_session,
    target: agentotel_target,
    json: agentotel_str,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `target.context` is NULL or valid through the call, by this function's contract.
        let target = match unsafe { snapshot::target(target, "target") } {
            Ok(target) => target,
            Err(error) => return Err(parts.refused(Signal::Logs, error)),
        };
        // SAFETY: `json` has `len` bytes, by this function's contract.
        unsafe {
            json::with(parts, json, Signal::Logs, read::log_record, |parts, data| {
                let data = parts.arena.alloc(data);
                parts.manager.log(parts.caller, parts.arena, session, &target, data)
            })
        }
    })
}

/// Records any log record.
///
/// # Safety
/// `record` and `target.context` are NULL or valid.
#[inline(never)]
unsafe fn log_any(
    parts: Parts<'_>,
    session: agentotel_session,
    target: agentotel_target,
    record: *const agentotel_log_record,
) -> Result<(), Error> {
    // SAFETY: by contract.
    let read = unsafe {
        snapshot::target(target, "target")
            .and_then(|target| Ok((target, snapshot::log_record(parts.arena, record)?)))
    };
    match read {
        Ok((target, data)) => parts.manager.log(parts.caller, parts.arena, session, &target, &data),
        Err(error) => Err(parts.refused(Signal::Logs, error)),
    }
}

/// Whether a log record of this severity would be recorded: for those who would have to make its text first.
///
/// @param severity_number One of `AGENTOTEL_SEVERITY_…`.
/// @return 1 when the library runs and `logs.min_severity` in the configuration lets it through, else 0.
///
/// Takes a few nanoseconds. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_log_enabled(severity_number: u32) -> i32 {
    i32::from(global::is_log_enabled(severity_number))
}
