//! The JSON twins of functions that take events and sessions, for hosts to which structs of C are foreign.

use super::event::leave_out_another;
use super::guard::ThreadState;
use super::status::agentotel_status;
use super::types::{
    agentotel_event, agentotel_session, agentotel_span_context, agentotel_str, agentotel_target,
};
use super::{guard, json, snapshot, write};
use crate::event::json as read;
use crate::otlp::Signal;

/// Records one event that is said in JSON.
///
/// ```c
/// agentotel_record_event_json(session, AGENTOTEL_STR("{"
///     "\"llm\": {\"request_model\": \"gpt-4o\", \"input_tokens\": 812, \"output_tokens\": 37,"
///     "          \"input_messages\": [{\"role\": \"user\", \"parts\": []}]},"
///     "\"duration_nano\": 250000000, \"attributes\": {\"attempt\": 2, \"tags\": [\"a\", \"b\"]}}"), NULL);
/// ```
///
/// The text is an object with the fields of `agentotel_event_data` under their names, those of the details in objects of their
/// own. It becomes exactly what the structs would become. `docs/event.schema.json` is its JSON Schema. In particular:
///
/// - What is null is absent. Of a field that is given twice the last one counts. A field that there is not is an error.
/// - `kind`, `span_kind`, `status_code`, `operation`, `decision` and the like are words: those of their constants in lower case
///   (`"mcp_client"`, `"ok"`), an operation's as the conventions have it (`"invoke_agent"`). `counting` is one word or a list
///   of them. `kind` may be left out when a detail is given.
/// - Numbers that are optional are plain numbers, flags are true or false. Times are whole nanoseconds, as numbers or as texts
///   of digits. Whole numbers may be written with a fraction of zero.
/// - `attributes` is an object. A text, truth value or number in it is that; an array of one of these is an array of that type
///   (of whole and other numbers: of doubles); an object, and any other array, is a map or list. Bytes there are none.
/// - Content (messages, arguments, results, …) is any JSON value, recorded as it is written here; a text is recorded as the
///   text itself.
/// - `parent` is `{"event": handle}` (a number, or a text of its digits), `{"trace_id": …, "span_id": …, "trace_flags": 1,
///   "is_remote": false}` with ids as hexadecimal digits in lower case, or a text as W3C `traceparent`, of a remote span.
///   The `context` of a link is one of the last two. There is no `parent_index`.
///
/// The text has at most AGENTOTEL_MAX_JSON_BYTES; a value in it nests at most 64 deep. What is not UTF-8 or half a character
/// (`"\ud800"`) is replaced by U+FFFD and the whole text counted as one in `agentotel_stats.repaired_utf8`.
///
/// When the session is not sampled the event is counted, and its text need not be read: what is wrong with it may stay unsaid.
///
/// @param session An open session.
/// @param json The event.
/// @param out_context As for `agentotel_record_event`. May be NULL.
/// @return As `agentotel_record_event`. With AGENTOTEL_ERR_INVALID_ARGUMENT `agentotel_last_error` names the field:
///         `llm.input_tokens: a whole number is expected, got "x"`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_record_event_json(
    session: agentotel_session,
    json: agentotel_str,
    out_context: *mut agentotel_span_context,
) -> agentotel_status {
    // SAFETY: `json` has `len` bytes and `out_context` is NULL or valid, by this function's contract.
    let shortcut = |state: &mut ThreadState| unsafe {
        json::bytes(json).is_ok_and(|text| !text.is_empty() && !read::may_be_judgement(text))
            && leave_out_another(state, session, out_context)
    };
    guard::call_unless(shortcut, |state| {
        let parts = state.parts()?;
        // SAFETY: as above.
        unsafe {
            json::with(parts, json, Signal::Traces, read::whole_event, |parts, event| {
                let context = parts.manager.record_said(parts.caller, parts.arena, session, event)?;
                write::optional(out_context, snapshot::context_out(context));
                Ok(())
            })
        }
    })
}

/// Starts an event that is said in JSON, as `agentotel_start_event` does one in structs.
///
/// @param session An open session.
/// @param json What is known of the event, as for `agentotel_record_event_json`.
/// @param out_event Gets the handle. Must not be NULL.
/// @return As `agentotel_start_event`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_start_event_json(
    session: agentotel_session,
    json: agentotel_str,
    out_event: *mut agentotel_event,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(out_event, "out_event")?;
        // SAFETY: `json` has `len` bytes and `out_event` is valid, by this function's contract.
        unsafe {
            json::with(parts, json, Signal::Traces, read::whole_event, |parts, event| {
                let event = parts.manager.start_event(parts.caller, parts.arena, session, event)?;
                write::output(out_event, event, "out_event")
            })
        }
    })
}

/// Adds to an event in flight what is said in JSON, as `agentotel_update_event` does.
///
/// @param event An event in flight.
/// @param json What to add, as for `agentotel_record_event_json`.
/// @return As `agentotel_update_event`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_update_event_json(
    event: agentotel_event,
    json: agentotel_str,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `json` has `len` bytes, by this function's contract.
        unsafe {
            json::with_uncounted(parts, json, read::later_event, |parts, data| {
                let shard = parts.shard();
                parts.manager.update_event(shard, parts.arena, event, data)
            })
        }
    })
}

/// Ends an event in flight with what is said in JSON, as `agentotel_end_event` does.
///
/// @param event An event in flight.
/// @param json What its end adds, as for `agentotel_record_event_json`; absent is nothing.
/// @return As `agentotel_end_event`.
///
/// Thread-safe; of two threads that end one event, one succeeds.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_end_event_json(
    event: agentotel_event,
    json: agentotel_str,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `json` has `len` bytes, by this function's contract.
        unsafe {
            json::with(parts, json, Signal::Traces, read::later_event, |parts, data| {
                parts.manager.end_event(parts.caller, parts.arena, event, data)
            })
        }
    })
}

/// Records an error that is said in JSON, as `agentotel_record_error` does.
///
/// @param session An open session.
/// @param target The span that failed; zeroed, the session's root span.
/// @param json An object with the fields of `agentotel_error`: `type`, `message`, `code`, `details`, `stack`,
///        `time_unix_nano`, `kind` (a word).
/// @return As `agentotel_record_error`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_record_error_json(
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
            json::with(parts, json, Signal::Logs, read::error, |parts, error| {
                parts.manager.record_error(
                    parts.caller,
                    parts.arena,
                    session,
                    target,
                    parts.arena.alloc(error),
                )
            })
        }
    })
}

/// Starts a session that is said in JSON, as `agentotel_start_session` does.
///
/// @param json An object with the fields of `agentotel_session_options` under their names, `parent` and `resumed` as the
///        `context` of a link (`agentotel_record_event_json`), `tags` a list of texts; absent is nothing.
/// @param out_session Gets the handle. Must not be NULL.
/// @return As `agentotel_start_session`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_start_session_json(
    json: agentotel_str,
    out_session: *mut agentotel_session,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(out_session, "out_session")?;
        // SAFETY: `json` has `len` bytes and `out_session` is valid, by this function's contract.
        unsafe {
            json::with_uncounted(parts, json, read::session_options, |parts, options| {
                let session = parts.manager.start_session(parts.caller, parts.arena, &options)?;
                write::output(out_session, session, "out_session")
            })
        }
    })
}

/// Ends a session with what is said in JSON, as `agentotel_end_session` does.
///
/// @param session An open session.
/// @param json An object with the fields of `agentotel_session_end`: `end_state` (`"indeterminate"`, `"success"`, `"fail"`),
///        `reason`, `error_type`, `end_time_unix_nano`; absent is nothing.
/// @return As `agentotel_end_session`.
///
/// Thread-safe; of two threads that end one session, one succeeds.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_end_session_json(
    session: agentotel_session,
    json: agentotel_str,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `json` has `len` bytes, by this function's contract.
        unsafe {
            json::with_uncounted(parts, json, read::session_end, |parts, end| {
                parts.manager.end_session(parts.caller, parts.arena, session, &end)
            })
        }
    })
}
