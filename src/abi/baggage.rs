//! The baggage of a session: entries set, taken out, read and shown.

use core::ffi::c_void;

use super::guard;
use super::propagation::{agentotel_text_buffer, borrowed, text, write_texts};
use super::status::agentotel_status;
use super::types::{agentotel_session, agentotel_str};
use crate::manager::Error;

/// Adds an entry to a session's baggage, in place of the one with that key: `agentotel_inject` passes it on from now on.
/// Baggage goes to whoever is called: it must hold no secrets.
///
/// @param session An open session.
/// @param key A token of HTTP: letters, digits and some signs, no spaces.
/// @param value Any text; it is percent-encoded where it has to be.
/// @param metadata Properties as in a header, such as `ttl=30;public`; may be absent.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_TOO_LARGE (there are 64 entries, or they would take more than 8192 bytes as a header);
///         AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Keys that `inject.baggage` of the configuration lists become attributes of the session's root span, and of spans and log
/// records that are recorded or started from now on. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_session_set_baggage(
    session: agentotel_session,
    key: agentotel_str,
    value: agentotel_str,
    metadata: agentotel_str,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: the texts are absent or valid through the call, by this function's contract.
        let [key, value, metadata] =
            unsafe { [text(key, "key")?, text(value, "value")?, text(metadata, "metadata")?] };
        parts.manager.set_baggage(parts.caller, parts.arena, session, [&key, &value, &metadata])
    })
}

/// Takes an entry out of a session's baggage. Attributes that were made of it stay where they are.
///
/// @param session An open session.
/// @param key Its key.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_INVALID_HANDLE;
///         AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_session_remove_baggage(
    session: agentotel_session,
    key: agentotel_str,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `key` is absent or valid through the call, by this function's contract.
        let key = unsafe { text(key, "key")? };
        parts.manager.remove_baggage(parts.caller, session, &key)
    })
}

/// An entry of a session's baggage.
///
/// @param session An open session.
/// @param key Its key.
/// @param value Gets the value, decoded. May be NULL.
/// @param metadata Gets its properties as in a header; empty when it has none. May be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND; AGENTOTEL_ERR_BUFFER_TOO_SMALL; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_session_get_baggage(
    session: agentotel_session,
    key: agentotel_str,
    value: *mut agentotel_text_buffer,
    metadata: *mut agentotel_text_buffer,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `key` is absent or valid through the call, so are the buffers, by this function's contract.
        unsafe {
            let key = text(key, "key")?;
            let entry = parts.manager.baggage_entry(parts.caller, session, &key)?;
            write_texts([(value, &entry.value), (metadata, &entry.metadata)])
        }
    })
}

/// Shows all entries of a session's baggage as they are now, in the order in which they came.
///
/// @param session An open session.
/// @param visit Called for each entry during this call, with texts that are valid while it runs; it may call the library, and
///        changes to the baggage do not show in this call. Must not be NULL; no exception and no `longjmp` may leave it.
/// @param user_data Passed to `visit`.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_session_list_baggage(
    session: agentotel_session,
    visit: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            key: agentotel_str,
            value: agentotel_str,
            metadata: agentotel_str,
        ),
    >,
    user_data: *mut c_void,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        let visit = visit.ok_or_else(|| Error::null("visit"))?;
        let baggage = parts.manager.baggage(parts.caller, session)?;
        for entry in baggage.entries() {
            // SAFETY: the host's function, called as its documentation says; the texts outlive the call.
            unsafe {
                visit(user_data, borrowed(&entry.key), borrowed(&entry.value), borrowed(&entry.metadata));
            }
        }
        Ok(())
    })
}
