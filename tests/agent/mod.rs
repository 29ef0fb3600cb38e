//! What the tests of storage say to the library, through its C interface, as an agent does.
#![allow(dead_code, reason = "not every test needs all of it")]

use std::ffi::CString;
use std::os::unix::fs::PermissionsExt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use agentotel::abi::event::*;
use agentotel::abi::lifecycle::*;
use agentotel::abi::session::*;
use agentotel::abi::stats::*;
use agentotel::abi::status::*;
use agentotel::abi::types::*;

/// There is one library in a process: one test at a time.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Held by a test that has the library for itself. A test that fails leaves nothing started behind.
pub struct Alone {
    _guard: MutexGuard<'static, ()>,
}

impl Alone {
    pub fn take() -> Self {
        Self { _guard: ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner) }
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        agentotel_shutdown(0);
    }
}

pub fn text(text: &str) -> agentotel_str {
    agentotel_str { data: text.as_ptr().cast(), len: text.len() }
}

pub fn zeroed<T: Copy>() -> T {
    // SAFETY: used for structs of the C interface, of which all-zero bytes are the initial value.
    unsafe { std::mem::zeroed() }
}

/// Starts the library; the status.
pub fn try_init(config: &serde_json::Value) -> agentotel_status {
    let config = CString::new(config.to_string()).unwrap();
    // SAFETY: a text that ends with a NUL.
    unsafe { agentotel_init(AGENTOTEL_ABI_VERSION, config.as_ptr()) }
}

/// Starts the library.
pub fn init(config: &serde_json::Value) {
    let status = try_init(config);
    assert_eq!(status, 0, "{}: {}", last_error(), diagnostics());
}

pub fn last_error() -> String {
    let mut buffer = vec![0u8; 4096];
    let mut needed = 0;
    // SAFETY: the buffer is as long as said.
    unsafe { agentotel_last_error(buffer.as_mut_ptr().cast(), buffer.len(), &raw mut needed) };
    String::from_utf8_lossy(&buffer[..needed.saturating_sub(1).min(buffer.len())]).into_owned()
}

pub fn diagnostics() -> String {
    let mut buffer = vec![0u8; 65_536];
    let mut needed = 0;
    // SAFETY: the buffer is as long as said.
    unsafe { agentotel_get_diagnostics(buffer.as_mut_ptr().cast(), buffer.len(), &raw mut needed) };
    String::from_utf8_lossy(&buffer[..needed.saturating_sub(1).min(buffer.len())]).into_owned()
}

pub fn start_session() -> agentotel_session {
    let mut session = 0;
    let options =
        agentotel_session_options { struct_size: size_of::<agentotel_session_options>(), ..zeroed() };
    // SAFETY: both are valid through the call.
    assert_eq!(unsafe { agentotel_start_session(&raw const options, &raw mut session) }, 0);
    session
}

/// Records one event; its span id when the call returned OK.
pub fn record(session: agentotel_session) -> Option<[u8; 8]> {
    try_record(session).ok()
}

/// Records one event; its span id, or the status.
pub fn try_record(session: agentotel_session) -> Result<[u8; 8], agentotel_status> {
    let data = agentotel_event_data {
        struct_size: size_of::<agentotel_event_data>(),
        name: text("step"),
        ..zeroed()
    };
    let mut context: agentotel_span_context = zeroed();
    // SAFETY: all are valid through the call.
    let status = unsafe { agentotel_record_event(session, &raw const data, &raw mut context) };
    if status == 0 { Ok(context.span_id) } else { Err(status) }
}

/// How the storage fares.
pub fn storage_stats() -> agentotel_storage_stats {
    let mut stats = agentotel_storage_stats { struct_size: size_of::<agentotel_storage_stats>(), ..zeroed() };
    // SAFETY: valid through the call.
    assert_eq!(unsafe { agentotel_get_storage_stats(&raw mut stats) }, 0);
    stats
}

/// The counters of the traces of an exporter.
pub fn exporter_stats(name: &str) -> agentotel_exporter_stats {
    let mut stats =
        agentotel_exporter_stats { struct_size: size_of::<agentotel_exporter_stats>(), ..zeroed() };
    // SAFETY: valid through the call.
    let status = unsafe { agentotel_get_exporter_stats(text(name), AGENTOTEL_SIGNAL_TRACES, &raw mut stats) };
    assert_eq!(status, 0, "{}", last_error());
    stats
}

/// A directory that only its owner may write to.
pub fn private_directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    directory
}

/// Waits until `done`, for a minute at most; longer in long runs.
pub fn wait_until(what: &str, done: impl Fn() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(size_of_run(60, 600));
    while !done() {
        assert!(Instant::now() < deadline, "{what}: not in time; {}", diagnostics());
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Starts an event; its handle.
pub fn start_event(session: agentotel_session, name: &str) -> agentotel_event {
    let data =
        agentotel_event_data { struct_size: size_of::<agentotel_event_data>(), name: text(name), ..zeroed() };
    let mut event = 0;
    // SAFETY: all are valid through the call.
    let status = unsafe { agentotel_start_event(session, &raw const data, &raw mut event) };
    assert_eq!(status, 0, "{}", last_error());
    event
}

/// Adds an attribute to an event in flight.
pub fn annotate(event: agentotel_event, key: &str, value: &str) {
    let attribute = agentotel_attribute {
        key: text(key),
        r#type: AGENTOTEL_TYPE_STRING,
        value: agentotel_value { string: text(value) },
        ..zeroed()
    };
    let data = agentotel_event_data {
        struct_size: size_of::<agentotel_event_data>(),
        attributes: &raw const attribute,
        attribute_count: 1,
        ..zeroed()
    };
    // SAFETY: all are valid through the call.
    assert_eq!(unsafe { agentotel_update_event(event, &raw const data) }, 0, "{}", last_error());
}

/// The context of an event in flight.
pub fn context(event: agentotel_event) -> agentotel_span_context {
    let mut context = zeroed();
    // SAFETY: valid through the call.
    assert_eq!(unsafe { agentotel_event_context(event, &raw mut context) }, 0);
    context
}

/// The context of a session's root span.
pub fn session_context(session: agentotel_session) -> agentotel_span_context {
    let mut context = zeroed();
    // SAFETY: valid through the call.
    assert_eq!(unsafe { agentotel_session_context(session, &raw mut context) }, 0);
    context
}

/// Ends an event; whether that was acknowledged.
pub fn end_event(event: agentotel_event) -> bool {
    // SAFETY: no data.
    unsafe { agentotel_end_event(event, std::ptr::null()) == 0 }
}

/// How much a test does: `usually`, or `long` when `AGENTOTEL_LONG` asks for the long forms.
pub fn size_of_run<T>(usually: T, long: T) -> T {
    if std::env::var_os("AGENTOTEL_LONG").is_some() { long } else { usually }
}

/// The same of a number; `AGENTOTEL_LONG` may also be a part of the long form, as 0.01, and gives at least the usual one.
pub fn count_of_run(usually: usize, long: usize) -> usize {
    let Ok(part) = std::env::var("AGENTOTEL_LONG") else { return usually };
    let part: f64 = part.parse().expect("AGENTOTEL_LONG: expected 1, or a part of it such as 0.01");
    ((long as f64 * part) as usize).max(usually)
}
