//! Sessions.

use super::status::agentotel_status;
use super::types::{
    agentotel_attribute, agentotel_session, agentotel_session_end, agentotel_session_options,
    agentotel_span_context,
};
use super::{guard, snapshot, write};

/// Starts a session: a trace with a root span, which is recorded when the session ends.
///
/// Whether the session is sampled is decided now. An unsampled one works the same; what is recorded in it is counted and
/// not kept.
///
/// @param options What is known of the session, or NULL for nothing.
/// @param out_session Gets the handle. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_LIMIT (65,536 sessions are open); AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN;
///         AGENTOTEL_ERR_SYSTEM; AGENTOTEL_ERR_INTERNAL.
///
/// Several sessions may be open at once, on any threads. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_start_session(
    options: *const agentotel_session_options,
    out_session: *mut agentotel_session,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(out_session, "out_session")?;
        // SAFETY: `options` is NULL or valid through the call, by this function's contract; so is `out_session`.
        unsafe {
            let options = snapshot::session_options(parts.arena, options)?;
            let session = parts.manager.start_session(parts.caller, parts.arena, &options)?;
            write::output(out_session, session, "out_session")
        }
    })
}

/// Sets attributes of a session's root span. A key given again replaces its value.
///
/// @param session An open session.
/// @param attributes `attribute_count` attributes.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_session_set_attributes(
    session: agentotel_session,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
) -> agentotel_status {
    guard::call(|state| {
        let mut parts = state.parts()?;
        // SAFETY: `attributes` has `attribute_count` elements, by this function's contract.
        let attributes =
            unsafe { snapshot::attributes(parts.arena, attributes, attribute_count, "attributes")? };
        parts.manager.set_session_attributes(parts.shard(), parts.arena, session, attributes.list)
    })
}

/// The context of a session's root span, for passing on to other processes.
///
/// @param session An open session.
/// @param out_context Gets the context. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_session_context(
    session: agentotel_session,
    out_context: *mut agentotel_span_context,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(out_context, "out_context")?;
        let context = parts.manager.session_context(parts.caller, session)?;
        // SAFETY: valid for one context, by this function's contract.
        unsafe { write::output(out_context, snapshot::context_out(context), "out_context") }
    })
}

/// Ends a session: its events in flight are ended and marked `agentotel.interrupted`, and its root span is recorded with
/// the sums over the session.
///
/// @param session An open session. Its handle is stale afterwards, whatever is returned but for an error in `end`.
/// @param end How it ended, or NULL: indeterminate, now.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_QUEUE_FULL (the session is ended, its root span is counted and lost);
///         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe; of two threads that end one session, one succeeds.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_end_session(
    session: agentotel_session,
    end: *const agentotel_session_end,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `end` is NULL or valid through the call, by this function's contract.
        let end = unsafe { snapshot::session_end(end)? };
        parts.manager.end_session(parts.caller, parts.arena, session, &end)
    })
}
