//! Propagation: writing a context into a carrier and reading one from it, the same as plain texts and as members of a message.

use core::ffi::{c_char, c_void};
use std::borrow::Cow;

use super::status::{self, agentotel_status};
use super::types::{agentotel_session, agentotel_span_context, agentotel_str, agentotel_target};
use super::{guard, snapshot, write};
use crate::manager::Error;
use crate::propagation::meta::{self, Meta};
use crate::propagation::{self, Carrier, CarrierError, MOST_VALUE_BYTES, Propagated, Texts};

/// Most values of one key, and most keys, that are read from a carrier.
pub const AGENTOTEL_MAX_CARRIER_VALUES: usize = 64;
/// Most keys that are read from a carrier that lists them.
pub const AGENTOTEL_MAX_CARRIER_KEYS: usize = 4096;

/// Memory for a text with a terminating NUL. What is written always says what it takes in `needed`; zeroed, it asks for that
/// alone. `agentotel_text_buffer_of(memory, capacity)` makes one.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_text_buffer {
    /// Where the text goes; NULL: it is not wanted.
    pub data: *mut c_char,
    /// Bytes at `data`.
    pub capacity: usize,
    /// Gets the bytes that the text takes, its NUL included.
    pub needed: usize,
}

/// Where contexts are written and read: headers of a request, say. Make one with `AGENTOTEL_CARRIER_INIT`. Its functions are
/// called during the call that it is given to, on the thread that makes it, with no lock of the library held; they may call
/// the library. They must return: no exception and no `longjmp` may leave them.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_carrier {
    /// `sizeof(agentotel_carrier)`; `AGENTOTEL_CARRIER_INIT` sets it.
    pub struct_size: usize,
    /// Gives the value of a key at a position, from 0 on: a header that stands there twice has two. Returns AGENTOTEL_OK, or
    /// AGENTOTEL_ERR_NOT_FOUND when there is none (any more); anything else ends the extraction. The value is copied before
    /// any other function of the carrier is called. Keys are asked for in lower case; a carrier whose names have no case
    /// (HTTP's) compares them without it, or has `key_at`. For extraction; must not be NULL there.
    pub get: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            key: agentotel_str,
            position: usize,
            value: *mut agentotel_str,
        ) -> agentotel_status,
    >,
    /// Sets a key to a value, in place of all that it had; both are valid during the call. Anything but AGENTOTEL_OK ends the
    /// injection. For injection; must not be NULL there.
    pub set: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            key: agentotel_str,
            value: agentotel_str,
        ) -> agentotel_status,
    >,
    /// Gives the key at a position, from 0 on, or AGENTOTEL_ERR_NOT_FOUND when there is none any more; anything else ends the
    /// extraction. With it, keys are found whatever their case, and Jaeger's baggage is read. May be NULL.
    pub key_at: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            position: usize,
            key: *mut agentotel_str,
        ) -> agentotel_status,
    >,
    /// Passed to all functions; the library does not touch it.
    pub user_data: *mut c_void,
}

/// What came along with a call from another process. Make one with `AGENTOTEL_REMOTE_CONTEXT_INIT` and give it the memory for
/// the texts. `span`, `trace_state.data` and `baggage.data` are what `agentotel_session_options` takes as `parent`,
/// `trace_state` and `baggage`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_remote_context {
    /// `sizeof(agentotel_remote_context)`; `AGENTOTEL_REMOTE_CONTEXT_INIT` sets it.
    pub struct_size: usize,
    /// The span that calls; its ids are all zero when none does, and a session with such a parent starts a trace.
    pub span: agentotel_span_context,
    /// Its W3C `tracestate`, at most 512 bytes; empty when there is none that is valid.
    pub trace_state: agentotel_text_buffer,
    /// The baggage as the value of a W3C `baggage` header, at most 8192 bytes; empty when there is none.
    pub baggage: agentotel_text_buffer,
}

/// What a carrier's function returned, in words.
fn answer(function: &str, status: agentotel_status) -> CarrierError {
    format!("`{function}` has returned {status} ({})", status::name(status).to_string_lossy())
}

impl agentotel_carrier {
    /// The texts that a function gives for positions from 0 on.
    fn texts(
        &self,
        function: &'static str,
        most: usize,
        mut text_at: impl FnMut(usize, *mut agentotel_str) -> agentotel_status,
    ) -> Result<Vec<String>, CarrierError> {
        let mut texts = Vec::new();
        for position in 0..most {
            let mut text = agentotel_str { data: core::ptr::null(), len: 0 };
            match text_at(position, &raw mut text) {
                status::AGENTOTEL_OK => {}
                status::AGENTOTEL_ERR_NOT_FOUND => break,
                other => return Err(answer(function, other)),
            }
            // One that is too long is not looked at further than that shows.
            text.len = text.len.min(MOST_VALUE_BYTES + 1);
            // SAFETY: the host says that the text is valid until another function of the carrier is called.
            let text = unsafe { snapshot::text(text, function) }.map_err(|why| why.to_string())?;
            texts.push(String::from_utf8_lossy(text).into_owned());
        }
        Ok(texts)
    }

    fn values_of(&self, key: &str) -> Result<Vec<String>, CarrierError> {
        let Some(get) = self.get else { return Err("`get` is NULL".to_owned()) };
        self.texts("get", AGENTOTEL_MAX_CARRIER_VALUES, |position, value| {
            // SAFETY: the host's function, called as its documentation says; key and value outlive the call.
            unsafe { get(self.user_data, borrowed(key), position, value) }
        })
    }
}

/// A text of ours, for the length of a call.
pub(super) fn borrowed(text: &str) -> agentotel_str {
    agentotel_str { data: text.as_ptr().cast(), len: text.len() }
}

impl Carrier for agentotel_carrier {
    fn values(&self, key: &str) -> Result<Vec<String>, CarrierError> {
        let values = self.values_of(key)?;
        if !values.is_empty() || self.key_at.is_none() {
            return Ok(values);
        }
        let spelled = self.keys()?.into_iter().find(|own| own != key && own.eq_ignore_ascii_case(key));
        spelled.map_or(Ok(values), |key| self.values_of(&key))
    }

    fn keys(&self) -> Result<Vec<String>, CarrierError> {
        let Some(key_at) = self.key_at else { return Ok(Vec::new()) };
        self.texts("key_at", AGENTOTEL_MAX_CARRIER_KEYS, |position, key| {
            // SAFETY: the host's function, called as its documentation says; `key` outlives the call.
            unsafe { key_at(self.user_data, position, key) }
        })
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), CarrierError> {
        let Some(set) = self.set else { return Err("`set` is NULL".to_owned()) };
        // SAFETY: the host's function, called as its documentation says; both texts outlive the call.
        match unsafe { set(self.user_data, borrowed(key), borrowed(value)) } {
            status::AGENTOTEL_OK => Ok(()),
            other => Err(answer("set", other)),
        }
    }
}

/// Writes texts into buffers, all or none; what they take is said in any case. A NULL buffer is not wanted.
///
/// # Safety
/// Each buffer is NULL or valid, with the memory that it says.
pub(super) unsafe fn write_texts<const N: usize>(
    texts: [(*mut agentotel_text_buffer, &str); N],
) -> Result<(), Error> {
    let mut too_small = None;
    for (buffer, text) in texts {
        if buffer.is_null() {
            continue;
        }
        let needed = text.len() + 1;
        // SAFETY: not NULL, hence valid by contract.
        let agentotel_text_buffer { data, capacity, .. } = unsafe { buffer.read_unaligned() };
        // SAFETY: as above.
        unsafe { (&raw mut (*buffer).needed).write_unaligned(needed) };
        if data.is_null() && capacity > 0 {
            return Err(Error::null("a buffer's data"));
        }
        if !data.is_null() && capacity < needed {
            too_small.get_or_insert(Error::BufferTooSmall { needed, capacity });
        }
    }
    if let Some(error) = too_small {
        return Err(error);
    }
    for (buffer, text) in texts {
        if !buffer.is_null() {
            // SAFETY: not NULL, hence valid by contract.
            let agentotel_text_buffer { data, capacity, .. } = unsafe { buffer.read_unaligned() };
            if !data.is_null() {
                // SAFETY: the buffer has so many bytes by contract.
                unsafe { write::text(text.as_bytes(), data, capacity, core::ptr::null_mut())? };
            }
        }
    }
    Ok(())
}

/// Writes what was extracted.
///
/// # Safety
/// `out` is NULL or a struct of the size that it says, whose buffers have the memory that they say.
unsafe fn write_remote(found: &Propagated, out: *mut agentotel_remote_context) -> Result<(), Error> {
    // SAFETY: passed on.
    unsafe {
        snapshot::check_remote_context(out)?;
        let span = found.span.map(snapshot::context_out).unwrap_or(agentotel_span_context {
            trace_id: [0; 16],
            span_id: [0; 8],
            trace_flags: 0,
            is_remote: 0,
            reserved: [0; 6],
        });
        let (trace_state, baggage) = (&raw mut (*out).trace_state, &raw mut (*out).baggage);
        write_texts([(trace_state, &found.trace_state), (baggage, &found.baggage.text())])?;
        (&raw mut (*out).span).write_unaligned(span);
    }
    Ok(())
}

/// A text of the caller's, valid.
///
/// # Safety
/// As for `snapshot::text`.
pub(super) unsafe fn text<'a>(from: agentotel_str, what: &'static str) -> Result<Cow<'a, str>, Error> {
    // SAFETY: passed on.
    unsafe { snapshot::text(from, what) }.map(String::from_utf8_lossy)
}

/// Writes a span's context into a carrier, for a call to another process: its ids and flags, its `tracestate`, and the
/// session's baggage, in the formats that `propagators` of the configuration says.
///
/// @param session An open session; 0 when `target` names an event in flight, or a context, which is then written alone.
/// @param target The span that calls; zeroed, the session's root.
/// @param carrier Its `set` is called for each key. Must not be NULL; read during the call only.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT (`set` has
///         returned something else than AGENTOTEL_OK, too); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// A session that is not sampled is passed on as such. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_inject(
    session: agentotel_session,
    target: agentotel_target,
    carrier: *const agentotel_carrier,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: the target's context is NULL or valid through the call, `carrier` is NULL or a struct of the size that it
        // says, by this function's contract.
        let (target, carrier) = unsafe { (snapshot::target(target, "target")?, snapshot::carrier(carrier)?) };
        let mut carrier = carrier.ok_or_else(|| Error::null("carrier"))?;
        if carrier.set.is_none() {
            return Err(Error::null("carrier.set"));
        }
        parts.manager.inject(parts.caller, session, &target, &mut carrier)
    })
}

/// Reads what came along with a call from another process, in the formats that `propagators` of the configuration says.
/// Nothing in a carrier is an error: what breaks its format's rules counts as absent, a broken `tracestate` alone.
///
/// @param carrier Its `get` and `key_at` are called. Must not be NULL; read during the call only.
/// @param out Gets what was found. Must not be NULL.
/// @return AGENTOTEL_OK, also when nothing was found; AGENTOTEL_ERR_BUFFER_TOO_SMALL (nothing is written but what both texts
///         take); AGENTOTEL_ERR_INVALID_ARGUMENT (a function of the carrier has failed, too); AGENTOTEL_ERR_STRUCT_SIZE;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_extract(
    carrier: *const agentotel_carrier,
    out: *mut agentotel_remote_context,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: both are NULL or structs of the sizes that they say, by this function's contract.
        unsafe {
            snapshot::check_remote_context(out)?;
            let carrier = snapshot::carrier(carrier)?.ok_or_else(|| Error::null("carrier"))?;
            if carrier.get.is_none() {
                return Err(Error::null("carrier.get"));
            }
            write_remote(&parts.manager.extract(&carrier)?, out)
        }
    })
}

/// The same as `agentotel_inject` as texts: the values of the W3C's headers `traceparent`, `tracestate` and `baggage`,
/// whatever `propagators` says.
///
/// @param session As for `agentotel_inject`.
/// @param target As for `agentotel_inject`.
/// @param traceparent Gets 55 bytes and a NUL. May be NULL, as the others.
/// @param tracestate Gets at most 512 bytes and a NUL; empty: send none.
/// @param baggage Gets at most 8192 bytes and a NUL; empty: send none.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_BUFFER_TOO_SMALL (none is written; `needed` of each says what it takes);
///         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_inject_texts(
    session: agentotel_session,
    target: agentotel_target,
    traceparent: *mut agentotel_text_buffer,
    tracestate: *mut agentotel_text_buffer,
    baggage: *mut agentotel_text_buffer,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        let mut texts = Texts::default();
        // SAFETY: the target's context is NULL or valid through the call, so are the buffers, by this function's contract.
        unsafe {
            let target = snapshot::target(target, "target")?;
            parts.manager.inject_w3c(parts.caller, session, &target, &mut texts)?;
            write_texts([
                (traceparent, &texts.traceparent),
                (tracestate, &texts.tracestate),
                (baggage, &texts.baggage),
            ])
        }
    })
}

/// The same as `agentotel_extract` from the values of the W3C's headers, whatever `propagators` says; several headers of one
/// name are joined by commas. Works without `agentotel_init`.
///
/// @param traceparent The value, or absent.
/// @param tracestate The value, or absent.
/// @param baggage The value, or absent.
/// @param out Gets what was found. Must not be NULL.
/// @return As for `agentotel_extract`; AGENTOTEL_ERR_TOO_LARGE.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_extract_texts(
    traceparent: agentotel_str,
    tracestate: agentotel_str,
    baggage: agentotel_str,
    out: *mut agentotel_remote_context,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: the texts are absent or valid through the call, `out` is NULL or a struct of the size that it says, by this
        // function's contract.
        unsafe {
            snapshot::check_remote_context(out)?;
            let texts = Texts {
                traceparent: text(traceparent, "traceparent")?,
                tracestate: text(tracestate, "tracestate")?,
                baggage: text(baggage, "baggage")?,
            };
            let found = propagation::extract(&propagation::W3C, &texts).map_err(Error::InvalidArgument)?;
            write_remote(&found, out)
        }
    })
}

/// The same as `agentotel_inject` for a message of the Model Context Protocol: a JSON object with the members `traceparent`,
/// `tracestate` and `baggage`, as far as there is something to say, to be put into the message's `params._meta`.
///
/// @param session As for `agentotel_inject`.
/// @param target As for `agentotel_inject`; the span of the request.
/// @param out_json Gets the object. Must not be NULL.
/// @return As for `agentotel_inject_texts`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_inject_meta(
    session: agentotel_session,
    target: agentotel_target,
    out_json: *mut agentotel_text_buffer,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(out_json, "out_json")?;
        let mut meta = Meta::default();
        // SAFETY: the target's context is NULL or valid through the call, so is the buffer, by this function's contract.
        unsafe {
            let target = snapshot::target(target, "target")?;
            parts.manager.inject_w3c(parts.caller, session, &target, &mut meta)?;
            write_texts([(out_json, &meta.text())])
        }
    })
}

/// The same as `agentotel_extract` from the `params._meta` of a message of the Model Context Protocol; its other members are
/// passed over. Works without `agentotel_init`.
///
/// @param json The object as text, at most 1 MiB; absent: nothing came along.
/// @param out Gets what was found. Must not be NULL.
/// @return As for `agentotel_extract`; AGENTOTEL_ERR_INVALID_ARGUMENT also when `json` is no JSON object;
///         AGENTOTEL_ERR_TOO_LARGE.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_extract_meta(
    json: agentotel_str,
    out: *mut agentotel_remote_context,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: `json` is absent or valid through the call, `out` is NULL or a struct of the size that it says, by this
        // function's contract.
        unsafe {
            snapshot::check_remote_context(out)?;
            let json = match snapshot::text(json, "json")? {
                [] => &b"{}"[..],
                json if json.len() > meta::MOST_BYTES => {
                    return Err(Error::TooLarge { what: "json", given: json.len(), most: meta::MOST_BYTES });
                }
                json => json,
            };
            let meta = Meta::parse(json).map_err(|why| Error::InvalidArgument(format!("json: {why}")))?;
            let found = propagation::extract(&propagation::W3C, &meta).map_err(Error::InvalidArgument)?;
            write_remote(&found, out)
        }
    })
}
