//! Functions of the host by name: exporters and formatters; and how anything that was registered is taken away.

use core::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use super::status::{self, agentotel_status};
use super::types::agentotel_str;
use super::{global, guard, snapshot};
use crate::config::{Payload, is_callback_name, is_formatter_name};
use crate::manager::{Answer, Error, ExportCallback, FormatCallback, HandedOver, LetGo, Removal};
use crate::otlp::Signal;

/// What `agentotel_unregister` takes away: an exporter's function (`agentotel_register_exporter`).
pub const AGENTOTEL_CALLBACK_EXPORTER: u32 = 1;
/// A formatter (`agentotel_register_formatter`).
pub const AGENTOTEL_CALLBACK_FORMATTER: u32 = 2;
/// A header provider (`agentotel_register_header_provider`).
pub const AGENTOTEL_CALLBACK_HEADER_PROVIDER: u32 = 3;
/// A sampler (`agentotel_register_sampler`).
pub const AGENTOTEL_CALLBACK_SAMPLER: u32 = 4;
/// An attribute injector (`agentotel_register_attribute_injector`).
pub const AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR: u32 = 5;
/// An observable gauge (`agentotel_register_observable_gauge`), by the instrument's name.
pub const AGENTOTEL_CALLBACK_OBSERVABLE: u32 = 6;

/// `agentotel_export_batch.payload_type`: an OTLP `ExportTraceServiceRequest`, `ExportLogsServiceRequest` or
/// `ExportMetricsServiceRequest` in protobuf.
pub const AGENTOTEL_PAYLOAD_OTLP_PROTO: u32 = 1;
/// The same as compact OTLP/JSON.
pub const AGENTOTEL_PAYLOAD_OTLP_JSON: u32 = 2;

/// What `export_batch` returns: the batch was taken, but for `rejected_items` of it.
pub const AGENTOTEL_EXPORT_OK: u32 = 0;
/// It was not taken and is to be handed over again, after `retry_after_ms` at the earliest.
pub const AGENTOTEL_EXPORT_RETRY: u32 = 1;
/// It was refused for good: its items are counted as rejected.
pub const AGENTOTEL_EXPORT_REJECT: u32 = 2;

/// Length of `agentotel_export_answer.message`.
pub const AGENTOTEL_EXPORT_MESSAGE_BYTES: usize = 512;
/// The longest line that a formatter may give, in bytes.
pub const AGENTOTEL_MAX_LINE_BYTES: usize = 1_048_576;

/// A batch that an exporter is handed. It is valid, with what it points to, during the call.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_export_batch {
    /// The struct's size in the library that calls.
    pub struct_size: usize,
    /// What is in it: one of `AGENTOTEL_SIGNAL_…`.
    pub signal: u32,
    /// How: one of `AGENTOTEL_PAYLOAD_…`, as the exporter's `payload` says.
    pub payload_type: u32,
    /// A complete OTLP export request, without a terminating NUL.
    pub payload: *const u8,
    /// Bytes at `payload`.
    pub payload_len: usize,
    /// Spans or log records in it; 1 for a collection of metrics.
    pub item_count: u64,
    /// Milliseconds that the call should take at most: the exporter's `timeout_ms`. A call that takes longer is said in the
    /// diagnostics, and waited for.
    pub timeout_ms: u32,
    /// Zero.
    pub reserved: u32,
}

/// What an exporter says of a batch beside what it returns. The library gives it zeroed but for its size.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_export_answer {
    /// The struct's size in the library that calls.
    pub struct_size: usize,
    /// With AGENTOTEL_EXPORT_RETRY: milliseconds to wait at least, 300000 at most; 0 = the exporter's `retry` alone decides.
    pub retry_after_ms: u64,
    /// With AGENTOTEL_EXPORT_OK: items that were refused for good.
    pub rejected_items: u64,
    /// Why, for the diagnostics and `agentotel_get_exporter_error`: text with a terminating NUL; empty = nothing is said.
    pub message: [c_char; AGENTOTEL_EXPORT_MESSAGE_BYTES],
}

/// Takes batches in place of a receiver. Make one with `AGENTOTEL_EXPORTER_CALLBACKS_INIT`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_exporter_callbacks {
    /// `sizeof(agentotel_exporter_callbacks)`; `AGENTOTEL_EXPORTER_CALLBACKS_INIT` sets it.
    pub struct_size: usize,
    /// Called with each batch, on a thread that each exporter with this callback has for itself, one call at a time; it may
    /// take as long as it likes and delays no other exporter. Returns one of `AGENTOTEL_EXPORT_…`; anything else is taken
    /// for AGENTOTEL_EXPORT_RETRY. Batches come in order: one that is to be retried comes again before any other of its
    /// signal. It may call what the table at the top of this file says. It must not throw, and a child that is forked in it
    /// must not return from it. Must not be NULL.
    pub export_batch: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            batch: *const agentotel_export_batch,
            answer: *mut agentotel_export_answer,
        ) -> u32,
    >,
    /// Passed to both functions; the library does not touch it.
    pub user_data: *mut c_void,
    /// Called once, on any thread, when the callback is not used any more and no call of it is under way; not at the end of
    /// the process. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

/// Makes lines of text. Make one with `AGENTOTEL_FORMATTER_INIT`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_formatter {
    /// `sizeof(agentotel_formatter)`; `AGENTOTEL_FORMATTER_INIT` sets it.
    pub struct_size: usize,
    /// Called with each span, log record or metric, on the thread that exports: every exporter waits for it, so that it must be
    /// quick. `signal` is one of `AGENTOTEL_SIGNAL_…`, `json` the record as one compact OTLP/JSON object (a `Span`, a
    /// `LogRecord` or a `Metric`), valid during the call. It writes one line in UTF-8, without a terminating NUL, to `buffer`, says its
    /// bytes in `*needed`, and returns AGENTOTEL_OK; an empty line is left out. When the line does not fit into `capacity` it
    /// returns AGENTOTEL_ERR_BUFFER_TOO_SMALL with what it takes in `*needed`, AGENTOTEL_MAX_LINE_BYTES at most, and is called
    /// once more with as much. Any other status, and a text of more than one line, has the record counted as rejected, and
    /// nothing is written for it. It may call what the table at the top of this file says, and must not throw. Must not be
    /// NULL.
    pub format: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            signal: u32,
            json: agentotel_str,
            buffer: *mut c_char,
            capacity: usize,
            needed: *mut usize,
        ) -> agentotel_status,
    >,
    /// Passed to both functions; the library does not touch it.
    pub user_data: *mut c_void,
    /// Called once, on any thread, when the formatter is not used any more and no call of it is under way; not at the end of
    /// the process. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

/// A vtable that other threads use.
pub(super) struct Shared<T>(pub(super) T);

// SAFETY: whoever registers a vtable says that its functions may be called with its `user_data` on any thread.
unsafe impl<T> Send for Shared<T> {}
// SAFETY: as above; who calls what at the same time as whom is said at each function.
unsafe impl<T> Sync for Shared<T> {}

/// Calls the host's `destroy`.
pub(super) fn let_go(
    destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
    user_data: *mut c_void,
) -> LetGo {
    let shared = Shared((destroy, user_data));
    Arc::new(move || {
        let Shared((destroy, user_data)) = &shared;
        if let Some(destroy) = destroy {
            // SAFETY: the host's function; nothing of ours uses `user_data` any more.
            unsafe { destroy(*user_data) };
        }
    })
}

fn number(signal: Signal) -> u32 {
    signal as u32
}

impl ExportCallback for Shared<agentotel_exporter_callbacks> {
    fn export(&self, batch: &HandedOver<'_>) -> Answer {
        let vtable = &self.0;
        let handed = agentotel_export_batch {
            struct_size: size_of::<agentotel_export_batch>(),
            signal: number(batch.signal),
            payload_type: match batch.payload {
                Payload::OtlpProto => AGENTOTEL_PAYLOAD_OTLP_PROTO,
                Payload::OtlpJson => AGENTOTEL_PAYLOAD_OTLP_JSON,
            },
            payload: batch.bytes.as_ptr(),
            payload_len: batch.bytes.len(),
            item_count: batch.items,
            timeout_ms: u32::try_from(batch.timeout.as_millis()).unwrap_or(u32::MAX),
            reserved: 0,
        };
        let mut answer = agentotel_export_answer {
            struct_size: size_of::<agentotel_export_answer>(),
            retry_after_ms: 0,
            rejected_items: 0,
            message: [0; AGENTOTEL_EXPORT_MESSAGE_BYTES],
        };
        let Some(export_batch) = vtable.export_batch else { return Answer::Unknown { number: -1 } };
        // SAFETY: the host's function, called as its documentation says; both structs outlive the call.
        let returned = unsafe { export_batch(vtable.user_data, &raw const handed, &raw mut answer) };
        let message: Vec<u8> = answer
            .message
            .iter()
            .take_while(|byte| **byte != 0)
            .map(|byte| byte.to_ne_bytes())
            .flat_map(<[u8; 1]>::into_iter)
            .collect();
        let message = String::from_utf8_lossy(&message).into_owned();
        match returned {
            AGENTOTEL_EXPORT_OK => Answer::Ok { rejected: answer.rejected_items, message },
            AGENTOTEL_EXPORT_RETRY => {
                Answer::Retry { after: Duration::from_millis(answer.retry_after_ms), message }
            }
            AGENTOTEL_EXPORT_REJECT => Answer::Reject { message },
            other => Answer::Unknown { number: other.into() },
        }
    }
}

/// What a formatter is given to write to at first, unless the record itself is larger.
const FIRST_LINE_BYTES: usize = 1024;

impl FormatCallback for Shared<agentotel_formatter> {
    fn format(&self, signal: Signal, json: &[u8]) -> Result<Vec<u8>, String> {
        let vtable = &self.0;
        let Some(format) = vtable.format else { return Err("it is NULL".to_owned()) };
        let text = agentotel_str { data: json.as_ptr().cast(), len: json.len() };
        let mut line = vec![0u8; json.len().clamp(FIRST_LINE_BYTES, AGENTOTEL_MAX_LINE_BYTES)];
        for is_last in [false, true] {
            let mut needed = 0;
            let (buffer, capacity) = (line.as_mut_ptr().cast::<c_char>(), line.len());
            // SAFETY: the host's function, called as its documentation says; text, buffer and `needed` outlive the call.
            let answer =
                unsafe { format(vtable.user_data, number(signal), text, buffer, capacity, &raw mut needed) };
            match answer {
                status::AGENTOTEL_OK if needed <= capacity => {
                    line.truncate(needed);
                    return Ok(line);
                }
                status::AGENTOTEL_ERR_BUFFER_TOO_SMALL if needed > AGENTOTEL_MAX_LINE_BYTES => {
                    let most = AGENTOTEL_MAX_LINE_BYTES;
                    return Err(format!("it wants {needed} bytes for a line, at most {most} are possible"));
                }
                status::AGENTOTEL_ERR_BUFFER_TOO_SMALL if needed > capacity && !is_last => {
                    line.resize(needed, 0);
                }
                status::AGENTOTEL_OK | status::AGENTOTEL_ERR_BUFFER_TOO_SMALL => {
                    return Err(format!("it says that {needed} bytes are needed, and got {capacity}"));
                }
                other => {
                    let name = status::name(other).to_string_lossy();
                    return Err(format!("it has returned {other} ({name})"));
                }
            }
        }
        Err("it has found its buffer too small twice".to_owned())
    }
}

/// A name under which something may be registered.
///
/// # Safety
/// Absent, or valid through the call.
pub(super) unsafe fn registered_name(
    name: agentotel_str,
    is_accepted: fn(&str) -> bool,
) -> Result<String, Error> {
    // SAFETY: by contract.
    let name = String::from_utf8_lossy(unsafe { snapshot::text(name, "name")? }).into_owned();
    if is_accepted(&name) {
        return Ok(name);
    }
    let shown: String = name.chars().take(64).collect();
    Err(Error::InvalidArgument(format!(
        "name {shown:?}: expected 1 to 64 letters, digits, '.', '_' and '-', the first one no '.', and for a formatter \
         none of the formats of the library's own"
    )))
}

/// The name of anything but a formatter.
///
/// # Safety
/// As for `registered_name`.
pub(super) unsafe fn callback_name(name: agentotel_str) -> Result<String, Error> {
    // SAFETY: passed on.
    unsafe { registered_name(name, is_callback_name) }
}

/// Registers a function that exporters of the type `host` hand their batches to, by the name that their `callback` says. A
/// batch that comes before the function is registered waits, and goes out at once when it is.
///
/// @param name 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'. One that is taken is replaced; the function
///        before is let go of when a call of it that is under way has ended.
/// @param callbacks Read during the call only. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
///
/// May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child.
///
/// `agentotel_shutdown` hands over what there is within its deadline and begins no call afterwards. A call that has not
/// returned by then is left to its thread, which the library does not wait for any more: AGENTOTEL_ERR_TIMEOUT, whose words
/// name it. Its function is not registered any more then, and let go of when it returns.
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_register_exporter(
    name: agentotel_str,
    callbacks: *const agentotel_exporter_callbacks,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: `name` is absent or valid through the call, by this function's contract.
        let name = unsafe { registered_name(name, is_callback_name)? };
        // SAFETY: `callbacks` is NULL or a struct of the size that it says, by this function's contract.
        let vtable = unsafe { snapshot::exporter_callbacks(callbacks)? };
        let vtable = vtable.ok_or_else(|| Error::null("callbacks"))?;
        if vtable.export_batch.is_none() {
            return Err(Error::null("callbacks.export_batch"));
        }
        let let_go = let_go(vtable.destroy, vtable.user_data);
        global::callbacks().exporters.set(&name, Arc::new(Shared(vtable)), let_go);
        global::hurry();
        Ok(())
    })
}

/// Registers a function that makes the lines of `file` and `console` exporters, by the name that their `format` says. What
/// comes before the function is registered waits, and is written at once when it is.
///
/// @param name 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'; not `otlp_json`, `otlp_proto`, `tree` or
///        `json`. One that is taken is replaced; the function before is let go of when a call of it that is under way has
///        ended.
/// @param formatter Read during the call only. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
///
/// May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child; one that
/// has not returned when a shutdown ends is treated like an exporter's function. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_register_formatter(
    name: agentotel_str,
    formatter: *const agentotel_formatter,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: as for `agentotel_register_exporter`.
        let (name, vtable) =
            unsafe { (registered_name(name, is_formatter_name)?, snapshot::formatter(formatter)?) };
        let vtable = vtable.ok_or_else(|| Error::null("formatter"))?;
        if vtable.format.is_none() {
            return Err(Error::null("formatter.format"));
        }
        let let_go = let_go(vtable.destroy, vtable.user_data);
        global::callbacks().formatters.set(&name, Arc::new(Shared(vtable)), let_go);
        global::hurry();
        Ok(())
    })
}

/// Takes away what was registered under a name. When it returns AGENTOTEL_OK the function is not called any more, calls of
/// it on other threads have ended, and its `destroy` has been called; called from inside the function itself it does not
/// wait for that one, and `destroy` follows when it returns.
///
/// @param kind One of `AGENTOTEL_CALLBACK_…`.
/// @param name As it was registered; for a header provider the exporter's name, for an observable gauge the instrument's.
/// @param timeout_ms How long to wait at most for calls that are under way, in milliseconds.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_NOT_FOUND (nothing of that kind has that name); AGENTOTEL_ERR_TIMEOUT (it is taken
///         away, no call begins any more, and `destroy` is called when the one under way has ended);
///         AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_INTERNAL.
///
/// May be called before `agentotel_init` and after `agentotel_shutdown`. Exporters that used it keep what they have, and wait
/// for another one of that name. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_unregister(
    kind: u32,
    name: agentotel_str,
    timeout_ms: u32,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: `name` is absent or valid through the call, by this function's contract.
        let name = String::from_utf8_lossy(unsafe { snapshot::text(name, "name")? });
        let (callbacks, timeout) = (global::callbacks(), Duration::from_millis(timeout_ms.into()));
        let (what, removal) = match kind {
            AGENTOTEL_CALLBACK_EXPORTER => ("exporter", callbacks.exporters.remove(&name, timeout)),
            AGENTOTEL_CALLBACK_FORMATTER => ("formatter", callbacks.formatters.remove(&name, timeout)),
            AGENTOTEL_CALLBACK_HEADER_PROVIDER => {
                ("header provider", callbacks.header_providers.remove(&name, timeout))
            }
            AGENTOTEL_CALLBACK_SAMPLER => ("sampler", callbacks.samplers.remove(&name, timeout)),
            AGENTOTEL_CALLBACK_ATTRIBUTE_INJECTOR => {
                ("attribute injector", callbacks.injectors.remove(&name, timeout))
            }
            AGENTOTEL_CALLBACK_OBSERVABLE => {
                ("observable gauge", callbacks.observables.remove(&name, timeout))
            }
            other => return Err(Error::InvalidArgument(format!("kind is {other}, expected 1 to 6"))),
        };
        let shown: String = name.chars().take(64).collect();
        match removal {
            Removal::Done => Ok(()),
            Removal::NotFound => Err(Error::NotFound(format!("no {what} `{shown}` is registered"))),
            Removal::UnderWay => Err(Error::Late(format!("a call of {what} `{shown}` has not returned"))),
        }
    })
}
