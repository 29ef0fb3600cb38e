//! The library under measurement, behind the C agent of `native/agent.c`: loaded at run time, called through its C
//! interface only. The pointers that cross over live in this file.

use std::ffi::{CStr, CString, c_char};

use crate::Fallible;
use crate::said::{self, Event};
use crate::workload::Attribute;

#[repr(C)]
struct RawAttribute {
    key: *const u8,
    key_len: usize,
    value: *const u8,
    value_len: usize,
}

#[repr(C)]
struct RawLlm {
    texts: [RawAttribute; 3],
    finish_reason: *const u8,
    finish_reason_len: usize,
    temperature: f64,
    top_p: f64,
    max_tokens: i64,
    input_tokens: i64,
    output_tokens: i64,
    duration_nano: i64,
}

/// What the library's counters say about traces.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Counts {
    pub offered: u64,
    pub accepted: u64,
    pub refused: u64,
    pub exported: u64,
    pub pending: u64,
    pub lost: u64,
    pub unsampled: u64,
}

unsafe extern "C" {
    fn agent_load(library: *const c_char) -> *const c_char;
    fn agent_init(config_json: *const c_char) -> i32;
    fn agent_flush(timeout_ms: u32) -> i32;
    fn agent_shutdown(timeout_ms: u32) -> i32;
    fn agent_start_session(session: *mut u64) -> i32;
    fn agent_start_unsampled_session(session: *mut u64) -> i32;
    fn agent_end_session(session: u64) -> i32;
    fn agent_last_error(buffer: *mut c_char, capacity: usize);
    fn agent_read_counts(exporter: *const c_char, counts: *mut Counts) -> i32;
    fn agent_record(session: u64, attributes: *const RawAttribute, count: usize, events: u64) -> u64;
    fn agent_record_again(session: u64, attributes: *const RawAttribute, count: usize, events: u64) -> u64;
    fn agent_record_timed(
        session: u64,
        attributes: *const RawAttribute,
        count: usize,
        events: u64,
        nanoseconds: *mut u64,
    ) -> u64;
    fn agent_log(
        session: u64,
        severity: u32,
        attributes: *const RawAttribute,
        count: usize,
        records: u64,
    ) -> u64;
    fn agent_make_counter(
        attributes: *const RawAttribute,
        count: usize,
        counter: *mut u64,
        bound: *mut u64,
    ) -> i32;
    fn agent_count(counter: u64, attributes: *const RawAttribute, count: usize, times: u64) -> u64;
    fn agent_count_bound(bound: u64, times: u64) -> u64;
    fn agent_read_log_counts(counts: *mut Counts) -> i32;
    fn agent_record_llm(session: u64, events: u64) -> u64;
    fn agent_record_llm_of(session: u64, fields: *const RawLlm) -> u64;
    fn agent_record_json(session: u64, json: *const u8, length: usize, events: u64) -> u64;
    fn agent_start_and_end(session: u64, attributes: *const RawAttribute, count: usize, events: u64) -> u64;
    fn agent_start_many(session: u64, attributes: *const RawAttribute, count: usize, events: u64) -> u64;
    fn agent_read_derived(derived: *mut u64) -> i32;
    fn agent_read_recovered(finished: *mut u64) -> i32;
}

/// The loaded library; nothing can be called before there is one.
#[derive(Clone, Copy)]
pub struct Agent(());

/// Attributes as the C agent borrows them.
pub struct Borrowed<'a> {
    raw: Vec<RawAttribute>,
    _source: &'a [Attribute],
}

impl<'a> Borrowed<'a> {
    pub fn new(source: &'a [Attribute]) -> Self {
        let raw = source
            .iter()
            .map(|attribute| RawAttribute {
                key: attribute.key.as_ptr(),
                key_len: attribute.key.len(),
                value: attribute.value.as_ptr(),
                value_len: attribute.value.len(),
            })
            .collect();
        Self { raw, _source: source }
    }
}

impl Agent {
    /// Loads the library.
    pub fn load(library: &str) -> Fallible<Self> {
        let path = CString::new(library)?;
        // SAFETY: a path with a terminating NUL; the answer is NULL or a static or thread-owned text.
        unsafe {
            let problem = agent_load(path.as_ptr());
            if !problem.is_null() {
                return Err(CStr::from_ptr(problem).to_string_lossy().into());
            }
        }
        Ok(Self(()))
    }

    /// Starts the library.
    pub fn init(self, config_json: &str) -> Fallible<()> {
        let config = CString::new(config_json)?;
        // SAFETY: a text with a terminating NUL, read during the call.
        self.check("agentotel_init", unsafe { agent_init(config.as_ptr()) })
    }

    pub fn flush(self, timeout_ms: u32) -> Fallible<()> {
        // SAFETY: no pointers.
        self.check("agentotel_flush", unsafe { agent_flush(timeout_ms) })
    }

    pub fn shutdown(self, timeout_ms: u32) -> Fallible<()> {
        // SAFETY: no pointers.
        self.check("agentotel_shutdown", unsafe { agent_shutdown(timeout_ms) })
    }

    pub fn start_session(self) -> Fallible<u64> {
        let mut session = 0;
        // SAFETY: the place outlives the call.
        let status = unsafe { agent_start_session(&raw mut session) };
        self.check("agentotel_start_session", status)?;
        Ok(session)
    }

    /// Starts a session that is not sampled.
    pub fn start_unsampled_session(self) -> Fallible<u64> {
        let mut session = 0;
        // SAFETY: the place outlives the call.
        let status = unsafe { agent_start_unsampled_session(&raw mut session) };
        self.check("agentotel_start_session", status)?;
        Ok(session)
    }

    pub fn end_session(self, session: u64) -> Fallible<()> {
        // SAFETY: no pointers.
        self.check("agentotel_end_session", unsafe { agent_end_session(session) })
    }

    /// The counters of the traces, and of the exporter of that name.
    pub fn counts(self, exporter: Option<&CStr>) -> Fallible<Counts> {
        let mut counts = Counts::default();
        let name = exporter.map_or(std::ptr::null(), CStr::as_ptr);
        // SAFETY: `name` is NULL or a text with a terminating NUL; the place outlives the call.
        let status = unsafe { agent_read_counts(name, &raw mut counts) };
        self.check("agentotel_get_stats", status)?;
        Ok(counts)
    }

    /// Records custom events; how many were not answered OK.
    pub fn record(self, session: u64, attributes: &Borrowed<'_>, events: u64) -> u64 {
        let raw = &attributes.raw;
        // SAFETY: the array and what it points to are borrowed for the call.
        unsafe { agent_record(session, raw.as_ptr(), raw.len(), events) }
    }

    /// The same with one struct, filled in once.
    pub fn record_again(self, session: u64, attributes: &Borrowed<'_>, events: u64) -> u64 {
        let raw = &attributes.raw;
        // SAFETY: the array and what it points to are borrowed for the call.
        unsafe { agent_record_again(session, raw.as_ptr(), raw.len(), events) }
    }

    /// Records one custom event for each place in `nanoseconds`, which gets the wall time of its call.
    pub fn record_timed(self, session: u64, attributes: &Borrowed<'_>, nanoseconds: &mut [u64]) -> u64 {
        let raw = &attributes.raw;
        let events = nanoseconds.len() as u64;
        // SAFETY: the arrays are borrowed for the call and `nanoseconds` has `events` places.
        unsafe { agent_record_timed(session, raw.as_ptr(), raw.len(), events, nanoseconds.as_mut_ptr()) }
    }

    /// Records log records; how many were not answered OK.
    pub fn log(self, session: u64, severity: u32, attributes: &Borrowed<'_>, records: u64) -> u64 {
        let raw = &attributes.raw;
        // SAFETY: the array and what it points to are borrowed for the call.
        unsafe { agent_log(session, severity, raw.as_ptr(), raw.len(), records) }
    }

    /// A counter of whole numbers, and the same bound to attributes.
    pub fn make_counter(self, attributes: &Borrowed<'_>) -> Fallible<(u64, u64)> {
        let raw = &attributes.raw;
        let (mut counter, mut bound) = (0, 0);
        // SAFETY: the array and the places outlive the call.
        let status = unsafe { agent_make_counter(raw.as_ptr(), raw.len(), &raw mut counter, &raw mut bound) };
        self.check("agentotel_create_counter", status)?;
        Ok((counter, bound))
    }

    /// Counts; how many calls were not answered OK.
    pub fn count(self, counter: u64, attributes: &Borrowed<'_>, times: u64) -> u64 {
        let raw = &attributes.raw;
        // SAFETY: the array and what it points to are borrowed for the call.
        unsafe { agent_count(counter, raw.as_ptr(), raw.len(), times) }
    }

    /// The same with a bound counter.
    pub fn count_bound(self, bound: u64, times: u64) -> u64 {
        // SAFETY: no pointers.
        unsafe { agent_count_bound(bound, times) }
    }

    /// The counters of the logs.
    pub fn log_counts(self) -> Fallible<Counts> {
        let mut counts = Counts::default();
        // SAFETY: the place outlives the call.
        let status = unsafe { agent_read_log_counts(&raw mut counts) };
        self.check("agentotel_get_stats", status)?;
        Ok(counts)
    }

    /// Records llm events with twelve typed fields.
    pub fn record_llm(self, session: u64, events: u64) -> u64 {
        // SAFETY: no pointers.
        unsafe { agent_record_llm(session, events) }
    }

    /// Records events that are said in JSON.
    pub fn record_json(self, session: u64, text: &str, events: u64) -> u64 {
        // SAFETY: the text is borrowed for the call.
        unsafe { agent_record_json(session, text.as_ptr(), text.len(), events) }
    }

    /// Records llm events, each of which is parsed from its text before.
    pub fn parse_and_record(self, session: u64, text: &str, events: u64) -> u64 {
        let one = |_| {
            said::parse(std::hint::black_box(text.as_bytes())).map_or(1, |event| self.parsed(session, &event))
        };
        (0..events).map(one).sum()
    }

    fn parsed(self, session: u64, event: &Event<'_>) -> u64 {
        let [reason] = event.llm.finish_reasons[..] else { return 1 };
        if event.kind != "llm" {
            return 1;
        }
        let pair = |one: &str, other: &str| RawAttribute {
            key: one.as_ptr(),
            key_len: one.len(),
            value: other.as_ptr(),
            value_len: other.len(),
        };
        let llm = &event.llm;
        let raw = RawLlm {
            texts: [
                pair(llm.provider, llm.request_model),
                pair(llm.response_model, llm.response_id),
                pair(llm.output_type, llm.server_address),
            ],
            finish_reason: reason.as_ptr(),
            finish_reason_len: reason.len(),
            temperature: llm.temperature,
            top_p: llm.top_p,
            max_tokens: llm.max_tokens,
            input_tokens: llm.input_tokens,
            output_tokens: llm.output_tokens,
            duration_nano: event.duration_nano,
        };
        // SAFETY: the struct and what it points to outlive the call.
        unsafe { agent_record_llm_of(session, &raw const raw) }
    }

    /// Starts and ends custom events.
    pub fn start_and_end(self, session: u64, attributes: &Borrowed<'_>, events: u64) -> u64 {
        let raw = &attributes.raw;
        // SAFETY: the array and what it points to are borrowed for the call.
        unsafe { agent_start_and_end(session, raw.as_ptr(), raw.len(), events) }
    }

    /// Starts custom events and leaves them in flight.
    pub fn start_many(self, session: u64, attributes: &Borrowed<'_>, events: u64) -> u64 {
        let raw = &attributes.raw;
        // SAFETY: the array and what it points to are borrowed for the call.
        unsafe { agent_start_many(session, raw.as_ptr(), raw.len(), events) }
    }

    /// Spans and log records that the library made of its own accord.
    pub fn derived(self) -> Fallible<u64> {
        let mut derived = 0;
        // SAFETY: the place outlives the call.
        let status = unsafe { agent_read_derived(&raw mut derived) };
        self.check("agentotel_get_stats", status)?;
        Ok(derived)
    }

    /// Directories of dead processes that were taken over and sent.
    pub fn recovered(self) -> Fallible<u64> {
        let mut finished = 0;
        // SAFETY: the place outlives the call.
        let status = unsafe { agent_read_recovered(&raw mut finished) };
        self.check("agentotel_get_storage_stats", status)?;
        Ok(finished)
    }

    fn check(self, call: &str, status: i32) -> Fallible<()> {
        if status == 0 {
            return Ok(());
        }
        let mut text = [0_u8; 1024];
        // SAFETY: the buffer outlives the call and has that many bytes.
        unsafe { agent_last_error(text.as_mut_ptr().cast(), text.len()) };
        let words = CStr::from_bytes_until_nul(&text).unwrap_or_default();
        Err(format!("{call}: status {status}: {}", words.to_string_lossy()).into())
    }
}
