//! The structs that cross the boundary: what the header shows, field for field. Nothing here has behaviour; reading
//! them safely is the business of `snapshot.rs`. A struct that may grow begins with `struct_size` and gains fields at
//! its end only; `agentotel_attribute`, `agentotel_str` and the optional numbers are frozen.

/// The version of this header's binary interface; pass it to `agentotel_init`.
pub const AGENTOTEL_ABI_VERSION: u32 = 1;

/// The longest text or byte string that one call may pass, in bytes (64 MiB). What is kept of it is a matter of
/// `limits.event_bytes` in the configuration.
pub const AGENTOTEL_MAX_TEXT_BYTES: usize = 67_108_864;

/// The longest array (attributes, events, links, tags) that one call may pass.
pub const AGENTOTEL_MAX_ITEMS: usize = 1_048_576;

/// A borrowed text or byte string: `len` bytes at `data`, no terminating NUL needed. It is read during the call and
/// never kept. `{NULL, 0}` is absent; `{NULL, n}` with n > 0 is an error. Text is UTF-8: what is not valid is replaced
/// by U+FFFD and counted; an embedded NUL is kept. Make one with `AGENTOTEL_STR("literal")` or `agentotel_cstr(p)`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_str {
    /// First byte; need not be aligned or terminated.
    pub data: *const core::ffi::c_char,
    /// Length in bytes.
    pub len: usize,
}

/// An optional integer. A zeroed one is absent; `AGENTOTEL_I64(0)` says zero.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_i64 {
    pub value: i64,
    /// 0 = absent, anything else = present.
    pub present: u8,
    /// Set to zero.
    pub reserved: [u8; 7],
}

/// An optional floating-point number. A zeroed one is absent; `AGENTOTEL_F64(0.0)` says zero.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_f64 {
    pub value: f64,
    /// 0 = absent, anything else = present.
    pub present: u8,
    /// Set to zero.
    pub reserved: [u8; 7],
}

/// An optional truth value. A zeroed one is absent; `AGENTOTEL_BOOL(0)` says false.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_bool {
    /// 0 = false, anything else = true.
    pub value: u8,
    /// 0 = absent, anything else = present.
    pub present: u8,
}

/// Handle of a session: a plain number, nothing to free. 0 is none. A stale or foreign one is answered by a status.
/// @since 0.1.0
pub type agentotel_session = u64;

/// Handle of an event in flight: a plain number, nothing to free. 0 is none.
/// @since 0.1.0
pub type agentotel_event = u64;

/// Names a span, here or in another process (W3C Trace Context, level 2).
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_span_context {
    /// 16 bytes, big-endian as on the wire; all zero is no trace.
    pub trace_id: [u8; 16],
    /// 8 bytes; all zero is no span.
    pub span_id: [u8; 8],
    /// W3C trace flags: bit 0 sampled, bit 1 random.
    pub trace_flags: u8,
    /// 1 when the span lives in another process.
    pub is_remote: u8,
    /// Set to zero.
    pub reserved: [u8; 6],
}

/// Names the span that something belongs to: an event in flight by its handle, or any span by its context. Zeroed, it
/// is the session's root span. Giving both is an error.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_target {
    /// An event in flight, or 0.
    pub event: agentotel_event,
    /// A span that was recorded, has ended, or is remote; or NULL.
    pub context: *const agentotel_span_context,
}

/// `agentotel_attribute.type`: the member of `value` that is set.
pub const AGENTOTEL_TYPE_STRING: u32 = 1;
/// `value.boolean`.
pub const AGENTOTEL_TYPE_BOOL: u32 = 2;
/// `value.int64`.
pub const AGENTOTEL_TYPE_INT64: u32 = 3;
/// `value.float64`.
pub const AGENTOTEL_TYPE_DOUBLE: u32 = 4;
/// `value.bytes`.
pub const AGENTOTEL_TYPE_BYTES: u32 = 5;
/// `value.strings`.
pub const AGENTOTEL_TYPE_STRING_ARRAY: u32 = 6;
/// `value.booleans`.
pub const AGENTOTEL_TYPE_BOOL_ARRAY: u32 = 7;
/// `value.int64s`.
pub const AGENTOTEL_TYPE_INT64_ARRAY: u32 = 8;
/// `value.float64s`.
pub const AGENTOTEL_TYPE_DOUBLE_ARRAY: u32 = 9;
/// `value.json`: the text of a JSON object or array, recorded as an OTLP map or list.
pub const AGENTOTEL_TYPE_JSON: u32 = 10;

/// An array of strings.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_string_array {
    pub items: *const agentotel_str,
    pub count: usize,
}

/// An array of truth values, one byte each; 0 = false.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_bool_array {
    pub items: *const u8,
    pub count: usize,
}

/// An array of integers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_int64_array {
    pub items: *const i64,
    pub count: usize,
}

/// An array of floating-point numbers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_double_array {
    pub items: *const f64,
    pub count: usize,
}

/// The value of an attribute; `agentotel_attribute.type` says which member counts.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub union agentotel_value {
    pub string: agentotel_str,
    pub boolean: u8,
    pub int64: i64,
    pub float64: f64,
    pub bytes: agentotel_str,
    pub strings: agentotel_string_array,
    pub booleans: agentotel_bool_array,
    pub int64s: agentotel_int64_array,
    pub float64s: agentotel_double_array,
    pub json: agentotel_str,
}

/// A key and a value. Keys of one span are unique: the last one given wins, and a typed field wins over a free
/// attribute. An empty key is dropped and counted. This struct will not grow.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_attribute {
    pub key: agentotel_str,
    /// One of `AGENTOTEL_TYPE_…`.
    pub r#type: u32,
    /// Set to zero.
    pub reserved: u32,
    pub value: agentotel_value,
}

/// What a session is, as far as it is known at its start. Everything but `struct_size` is optional.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_session_options {
    /// `sizeof(agentotel_session_options)`; `AGENTOTEL_SESSION_OPTIONS_INIT` sets it.
    pub struct_size: usize,
    /// `session.id`; a random UUID when absent.
    pub session_id: agentotel_str,
    /// Name of the root span when no agent and provider are given; `session` when absent too.
    pub name: agentotel_str,
    /// `gen_ai.conversation.id`, on the root span and on the session's llm spans.
    pub conversation_id: agentotel_str,
    /// `user.id`
    pub user_id: agentotel_str,
    /// `agentotel.session.tags`
    pub tags: agentotel_string_array,
    /// `gen_ai.agent.name`; with `provider` it makes the root span `invoke_agent {agent_name}`.
    pub agent_name: agentotel_str,
    /// `gen_ai.agent.id`
    pub agent_id: agentotel_str,
    /// `gen_ai.agent.version`
    pub agent_version: agentotel_str,
    /// `gen_ai.agent.description`
    pub agent_description: agentotel_str,
    /// `gen_ai.provider.name`, such as `openai` or `anthropic`; llm events that name none inherit it.
    pub provider: agentotel_str,
    /// The span that this session continues (from an incoming request, say), or NULL for a new trace.
    pub parent: *const agentotel_span_context,
    /// The parent's W3C `tracestate`, passed on unchanged.
    pub trace_state: agentotel_str,
    /// Nanoseconds since 1970-01-01 UTC; 0 = now.
    pub start_time_unix_nano: i64,
    /// Attributes of the root span.
    pub attributes: *const agentotel_attribute,
    pub attribute_count: usize,
}

/// The session's end is not judged (also: shut down while it was open).
pub const AGENTOTEL_END_INDETERMINATE: u32 = 0;
/// The session did what it was for.
pub const AGENTOTEL_END_SUCCESS: u32 = 1;
/// The session failed; its root span gets status Error.
pub const AGENTOTEL_END_FAIL: u32 = 2;

/// How a session ended.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_session_end {
    /// `sizeof(agentotel_session_end)`; `AGENTOTEL_SESSION_END_INIT` sets it.
    pub struct_size: usize,
    /// One of `AGENTOTEL_END_…`.
    pub end_state: u32,
    /// Set to zero.
    pub reserved: u32,
    /// Why, in words: `agentotel.session.end_state_reason`.
    pub reason: agentotel_str,
    /// `error.type` when it failed, of few distinct values; `_OTHER` when absent.
    pub error_type: agentotel_str,
    /// Nanoseconds since 1970-01-01 UTC; 0 = now.
    pub end_time_unix_nano: i64,
}

/// A span of the caller's own naming; `name` is required.
pub const AGENTOTEL_KIND_CUSTOM: u32 = 0;
/// A call of a language model; `llm` is required.
pub const AGENTOTEL_KIND_LLM: u32 = 1;
/// The execution of a tool; `tool` is required.
pub const AGENTOTEL_KIND_TOOL: u32 = 2;
/// Something the agent did; `action` is required.
pub const AGENTOTEL_KIND_ACTION: u32 = 3;

/// The span kind that the event's kind has: CLIENT for llm (INTERNAL in-process), INTERNAL else.
pub const AGENTOTEL_SPAN_KIND_DEFAULT: u32 = 0;
pub const AGENTOTEL_SPAN_KIND_INTERNAL: u32 = 1;
pub const AGENTOTEL_SPAN_KIND_SERVER: u32 = 2;
pub const AGENTOTEL_SPAN_KIND_CLIENT: u32 = 3;
pub const AGENTOTEL_SPAN_KIND_PRODUCER: u32 = 4;
pub const AGENTOTEL_SPAN_KIND_CONSUMER: u32 = 5;

/// The default: success, or an error when `error` is given.
pub const AGENTOTEL_STATUS_CODE_UNSET: u32 = 0;
/// Said to be good by the application itself.
pub const AGENTOTEL_STATUS_CODE_OK: u32 = 1;
/// Failed. Without an `error` detail, `error.type` is `_OTHER`.
pub const AGENTOTEL_STATUS_CODE_ERROR: u32 = 2;

/// `agentotel_llm.operation`: `chat`, or in an update what was said before.
pub const AGENTOTEL_LLM_DEFAULT: u32 = 0;
/// `chat`
pub const AGENTOTEL_LLM_CHAT: u32 = 1;
/// `text_completion`
pub const AGENTOTEL_LLM_TEXT_COMPLETION: u32 = 2;
/// `generate_content`
pub const AGENTOTEL_LLM_GENERATE_CONTENT: u32 = 3;

/// A call of a language model (`gen_ai.*` inference of the OpenTelemetry conventions 1.41.1). The span is called
/// `{operation} {request_model}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_llm {
    /// `sizeof(agentotel_llm)`; `AGENTOTEL_LLM_INIT` sets it.
    pub struct_size: usize,
    /// `gen_ai.operation.name`: one of `AGENTOTEL_LLM_…`.
    pub operation: u32,
    /// 1 when the model runs inside this process (span kind INTERNAL).
    pub in_process: u32,
    /// `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
    pub provider: agentotel_str,
    /// `gen_ai.request.model`
    pub request_model: agentotel_str,
    /// `gen_ai.response.model`
    pub response_model: agentotel_str,
    /// `gen_ai.response.id`
    pub response_id: agentotel_str,
    /// `gen_ai.response.finish_reasons`
    pub finish_reasons: agentotel_string_array,
    /// `gen_ai.output.type`: `text`, `json`, `image`, `speech`.
    pub output_type: agentotel_str,
    /// `gen_ai.request.max_tokens`
    pub max_tokens: agentotel_i64,
    /// `gen_ai.request.choice.count`
    pub choice_count: agentotel_i64,
    /// `gen_ai.request.seed`
    pub seed: agentotel_i64,
    /// `gen_ai.request.temperature`
    pub temperature: agentotel_f64,
    /// `gen_ai.request.top_p`
    pub top_p: agentotel_f64,
    /// `gen_ai.request.top_k`
    pub top_k: agentotel_f64,
    /// `gen_ai.request.frequency_penalty`
    pub frequency_penalty: agentotel_f64,
    /// `gen_ai.request.presence_penalty`
    pub presence_penalty: agentotel_f64,
    /// `gen_ai.request.stop_sequences`
    pub stop_sequences: agentotel_string_array,
    /// `gen_ai.request.stream`
    pub stream: agentotel_bool,
    /// `gen_ai.response.time_to_first_chunk`, in seconds from the request. An event in flight measures it by itself.
    pub time_to_first_chunk_s: agentotel_f64,
    /// `gen_ai.usage.input_tokens`: all of them, cached ones (read and creation) included.
    pub input_tokens: agentotel_i64,
    /// `gen_ai.usage.cache_read.input_tokens`
    pub cache_read_input_tokens: agentotel_i64,
    /// `gen_ai.usage.cache_creation.input_tokens`
    pub cache_creation_input_tokens: agentotel_i64,
    /// `gen_ai.usage.output_tokens`: all of them, reasoning included.
    pub output_tokens: agentotel_i64,
    /// `gen_ai.usage.reasoning.output_tokens`
    pub reasoning_output_tokens: agentotel_i64,
    /// `server.address`
    pub server_address: agentotel_str,
    /// `server.port`
    pub server_port: agentotel_i64,
}

/// The execution of a tool. The span is called `execute_tool {name}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_tool {
    /// `sizeof(agentotel_tool)`; `AGENTOTEL_TOOL_INIT` sets it.
    pub struct_size: usize,
    /// `gen_ai.tool.name`; required.
    pub name: agentotel_str,
    /// `gen_ai.tool.type`: `function`, `extension`, `datastore`.
    pub r#type: agentotel_str,
    /// `gen_ai.tool.call.id`
    pub call_id: agentotel_str,
    /// `gen_ai.tool.description`
    pub description: agentotel_str,
}

/// Something the agent did. The span is called `action {type}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_action {
    /// `sizeof(agentotel_action)`; `AGENTOTEL_ACTION_INIT` sets it.
    pub struct_size: usize,
    /// `agentotel.action.type`; required, of few distinct values.
    pub r#type: agentotel_str,
}

/// What went wrong. On an event it sets status Error and `error.type`, and leaves a log record on the event's span:
/// `gen_ai.client.operation.exception` (WARN) for llm events, `exception` (ERROR) for others.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_error {
    /// `sizeof(agentotel_error)`; `AGENTOTEL_ERROR_INIT` sets it.
    pub struct_size: usize,
    /// `error.type` and `exception.type`: of few distinct values, such as an exception's class or `timeout`; `_OTHER`
    /// when absent.
    pub r#type: agentotel_str,
    /// `exception.message`, and the description of the span's status.
    pub message: agentotel_str,
    /// `agentotel.error.code`: the code that the failing side gave.
    pub code: agentotel_str,
    /// `agentotel.error.details`
    pub details: agentotel_str,
    /// `exception.stacktrace`
    pub stack: agentotel_str,
    /// When, in nanoseconds since 1970-01-01 UTC; 0 = now.
    pub time_unix_nano: i64,
}

/// Another span that this one has to do with.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_link {
    /// `sizeof(agentotel_link)`; `AGENTOTEL_LINK_INIT` sets it.
    pub struct_size: usize,
    pub context: agentotel_span_context,
    /// That span's W3C `tracestate`.
    pub trace_state: agentotel_str,
    pub attributes: *const agentotel_attribute,
    pub attribute_count: usize,
}

/// Something that happened at a moment during a span.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_span_event {
    /// `sizeof(agentotel_span_event)`; `AGENTOTEL_SPAN_EVENT_INIT` sets it.
    pub struct_size: usize,
    pub name: agentotel_str,
    /// Nanoseconds since 1970-01-01 UTC; 0 = now.
    pub time_unix_nano: i64,
    pub attributes: *const agentotel_attribute,
    pub attribute_count: usize,
}

/// An event: what becomes one span. Everything but `struct_size` and what its kind requires is optional.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_event_data {
    /// `sizeof(agentotel_event_data)`; `AGENTOTEL_EVENT_DATA_INIT` sets it.
    pub struct_size: usize,
    /// One of `AGENTOTEL_KIND_…`. An update or an end may leave it 0.
    pub kind: u32,
    /// One of `AGENTOTEL_SPAN_KIND_…`.
    pub span_kind: u32,
    /// The span's name. Required for custom events; for the others the conventions' name is used unless this is set.
    pub name: agentotel_str,
    /// The parent span; zeroed, the session's root. Not for updates and ends.
    pub parent: agentotel_target,
    /// Nanoseconds since 1970-01-01 UTC; 0 = `end_time_unix_nano` less `duration_nano`.
    pub start_time_unix_nano: i64,
    /// Nanoseconds since 1970-01-01 UTC; 0 = start plus duration when both are given, else now.
    pub end_time_unix_nano: i64,
    /// Nanoseconds; with one of the two times it gives the other. Ignored when both are given.
    pub duration_nano: i64,
    /// One of `AGENTOTEL_STATUS_CODE_…`.
    pub status_code: u32,
    /// Set to zero.
    pub reserved: u32,
    /// Description of status Error; the error's message when absent.
    pub status_message: agentotel_str,
    /// Free attributes.
    pub attributes: *const agentotel_attribute,
    pub attribute_count: usize,
    /// Links to other spans, `link_count` of them.
    pub links: *const agentotel_link,
    pub link_count: usize,
    /// Moments during the span, `span_event_count` of them.
    pub span_events: *const agentotel_span_event,
    pub span_event_count: usize,
    /// Detail of `AGENTOTEL_KIND_LLM`, else NULL.
    pub llm: *const agentotel_llm,
    /// Detail of `AGENTOTEL_KIND_TOOL`, else NULL.
    pub tool: *const agentotel_tool,
    /// Detail of `AGENTOTEL_KIND_ACTION`, else NULL.
    pub action: *const agentotel_action,
    /// What went wrong, for any kind; NULL = nothing.
    pub error: *const agentotel_error,
}

/// Size of `agentotel_live_event.name`, its terminating NUL included.
pub const AGENTOTEL_LIVE_NAME_BYTES: usize = 64;

/// An event in flight, as `agentotel_list_live` shows it.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_live_event {
    /// Set by the caller in the first element: `sizeof(agentotel_live_event)`; the array steps by it.
    pub struct_size: usize,
    pub event: agentotel_event,
    pub session: agentotel_session,
    pub context: agentotel_span_context,
    /// One of `AGENTOTEL_KIND_…`.
    pub kind: u32,
    /// How many chunks `agentotel_event_chunk` has counted.
    pub chunk_count: u32,
    /// Nanoseconds since 1970-01-01 UTC.
    pub start_time_unix_nano: i64,
    /// Nanoseconds since the event was started here, by a clock that never jumps.
    pub elapsed_nano: i64,
    /// The span's name, cut to fit at a character's border, with a terminating NUL.
    pub name: [core::ffi::c_char; AGENTOTEL_LIVE_NAME_BYTES],
}

pub const AGENTOTEL_SIGNAL_TRACES: u32 = 1;
pub const AGENTOTEL_SIGNAL_LOGS: u32 = 2;
pub const AGENTOTEL_SIGNAL_METRICS: u32 = 3;

/// Index into `agentotel_stats.refused`: an argument was wrong.
pub const AGENTOTEL_REFUSED_ARGUMENT: u32 = 0;
/// The handle was stale or none.
pub const AGENTOTEL_REFUSED_HANDLE: u32 = 1;
/// The queue was full.
pub const AGENTOTEL_REFUSED_QUEUE_FULL: u32 = 2;
/// The library was shut down.
pub const AGENTOTEL_REFUSED_SHUT_DOWN: u32 = 3;
/// Too many sessions or events were open.
pub const AGENTOTEL_REFUSED_LIMIT: u32 = 4;
/// A fault inside the library was contained.
pub const AGENTOTEL_REFUSED_INTERNAL: u32 = 5;
/// Length of `agentotel_stats.refused`; unnamed slots are zero.
pub const AGENTOTEL_REFUSED_SLOTS: usize = 16;

/// Index into `agentotel_exporter_stats.dropped`: the queue was full and its policy is `drop_oldest`.
pub const AGENTOTEL_DROPPED_OVERFLOW: u32 = 0;
/// The queue was full and this exporter lagged behind another.
pub const AGENTOTEL_DROPPED_LAG: u32 = 1;
/// Older than the exporter's `retry.max_age_s`.
pub const AGENTOTEL_DROPPED_AGE: u32 = 2;
/// More attempts than the exporter's `retry.max_attempts`.
pub const AGENTOTEL_DROPPED_ATTEMPTS: u32 = 3;
/// The receiver found the request too large.
pub const AGENTOTEL_DROPPED_TOO_LARGE: u32 = 4;
/// The receiver does not take this signal.
pub const AGENTOTEL_DROPPED_NOT_SERVED: u32 = 5;
/// The exporter was removed (`agentotel_remove_exporter`).
pub const AGENTOTEL_DROPPED_REMOVED: u32 = 6;
/// Length of `agentotel_exporter_stats.dropped`; unnamed slots are zero.
pub const AGENTOTEL_DROPPED_SLOTS: usize = 32;

/// Counters of one signal, read under one cut, since `agentotel_init`. At every moment
/// `offered = accepted_caller + refused[…] + duplicate + head_unsampled + filtered`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_stats {
    /// Set by the caller: `sizeof(agentotel_stats)`; `AGENTOTEL_STATS_INIT` sets it.
    pub struct_size: usize,
    /// Calls that asked to record, a started event counting when it ends.
    pub offered: u64,
    /// Committed to the queue because a call asked for it.
    pub accepted_caller: u64,
    /// Committed to the queue on the library's own account: the log record of an event's error, what the live view shows.
    pub accepted_derived: u64,
    /// Refused with a status, by `AGENTOTEL_REFUSED_…`.
    pub refused: [u64; AGENTOTEL_REFUSED_SLOTS],
    /// Answered OK and known to be there already.
    pub duplicate: u64,
    /// Answered OK and not kept: the session is not sampled.
    pub head_unsampled: u64,
    /// Answered OK and not kept: an event filter said so.
    pub filtered: u64,
    /// Events in flight now (traces; 0 for other signals).
    pub in_flight_events: u64,
    /// Sessions open now (traces; 0 for other signals).
    pub open_sessions: u64,
    /// Texts in which invalid UTF-8 was replaced.
    pub repaired_utf8: u64,
    /// Events whose end was before their start, or whose time was out of range, and was set right.
    pub repaired_time: u64,
    /// Values cut to fit `limits.value_bytes` or `limits.event_bytes`.
    pub truncated_values: u64,
    /// Attributes left out: over `limits.attributes`, over `limits.event_bytes`, or with an empty key.
    pub dropped_attributes: u64,
    /// Bytes of queue memory in use now, in whole segments, all signals together.
    pub queue_bytes: u64,
    /// `queue.max_bytes`
    pub queue_capacity_bytes: u64,
}

/// What a recorded event outlives: nothing of the process.
pub const AGENTOTEL_DURABILITY_NONE: u32 = 0;
/// The end of the process, by whatever means.
pub const AGENTOTEL_DURABILITY_PROCESS: u32 = 1;
/// A loss of power too: `storage.sync` is `always`.
pub const AGENTOTEL_DURABILITY_POWER: u32 = 2;

/// How the storage fares, and what has become of what dead processes had left, since `agentotel_init`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_storage_stats {
    /// Set by the caller: `sizeof(agentotel_storage_stats)`; `AGENTOTEL_STORAGE_STATS_INIT` sets it.
    pub struct_size: usize,
    /// What an event recorded now outlives: one of `AGENTOTEL_DURABILITY_…`.
    pub durability: u32,
    /// Zero.
    pub reserved: u32,
    /// Files that could not be had or written; why, the diagnostics say.
    pub failures: u64,
    /// Directories of dead processes taken over.
    pub adopted: u64,
    /// Those of them that were sent and removed.
    pub finished: u64,
    /// Those that were older than `storage.max_age_s` and given up.
    pub expired: u64,
    /// Those that were put aside since whoever read them died.
    pub quarantined: u64,
    /// Frames taken from them, each counted once for every exporter of its signal.
    pub recovered: u64,
    /// Frames that are missing between others: damaged beyond reading.
    pub missing: u64,
    /// Segments whose header is damaged.
    pub corrupt_segments: u64,
    /// Segments of another format, left alone.
    pub foreign_segments: u64,
    /// Files that were not opened: links, files with two names or of another owner.
    pub refused_files: u64,
    /// Bytes that the directories of other processes of this namespace took at the last look, within seconds.
    pub waiting_bytes: u64,
}

/// `agentotel_exporter_stats.state`: requests go out as there is something to send.
pub const AGENTOTEL_EXPORTER_READY: u32 = 0;
/// The last request failed in a way that may pass: it is sent again after a while, and what came after it waits.
pub const AGENTOTEL_EXPORTER_RETRYING: u32 = 1;
/// The receiver does not let the exporter in (HTTP 401, 403, 404; gRPC PERMISSION_DENIED, UNAUTHENTICATED): what there is
/// stays pending, and one item at a time is tried.
pub const AGENTOTEL_EXPORTER_PAUSED: u32 = 2;
/// The receiver does not take this signal: it is dropped, and tried every five minutes.
pub const AGENTOTEL_EXPORTER_NOT_SERVED: u32 = 3;
/// It was removed (`agentotel_remove_exporter`).
pub const AGENTOTEL_EXPORTER_REMOVED: u32 = 4;

/// Index into `agentotel_exporter_stats.failures_by_class`: no connection (name look-up, refusal, TLS handshake).
pub const AGENTOTEL_FAILURE_CONNECT: u32 = 0;
/// No complete answer within `timeout_ms`.
pub const AGENTOTEL_FAILURE_TIMEOUT: u32 = 1;
/// Certificates, keys or headers could not be had.
pub const AGENTOTEL_FAILURE_CREDENTIALS: u32 = 2;
/// The receiver was sent too much for now (HTTP 429, gRPC RESOURCE_EXHAUSTED with a delay).
pub const AGENTOTEL_FAILURE_THROTTLED: u32 = 3;
/// The receiver cannot take it now (HTTP 502, 503, 504; gRPC UNAVAILABLE and its like).
pub const AGENTOTEL_FAILURE_UNAVAILABLE: u32 = 4;
/// The receiver does not let the exporter in.
pub const AGENTOTEL_FAILURE_ACCESS: u32 = 5;
/// The receiver does not take the signal.
pub const AGENTOTEL_FAILURE_NOT_SERVED: u32 = 6;
/// Refused for good with another status.
pub const AGENTOTEL_FAILURE_REJECTED: u32 = 7;
/// The receiver takes smaller requests only.
pub const AGENTOTEL_FAILURE_TOO_LARGE: u32 = 8;
/// What came back does not follow the protocol, or broke off.
pub const AGENTOTEL_FAILURE_PROTOCOL: u32 = 9;
/// The operating system refused something: a file, a descriptor, a connection that broke.
pub const AGENTOTEL_FAILURE_SYSTEM: u32 = 10;
/// Length of `agentotel_exporter_stats.failures_by_class`; unnamed slots are zero.
pub const AGENTOTEL_FAILURE_SLOTS: usize = 16;
/// Length of the histograms of `agentotel_exporter_stats`; slots behind the last bucket are zero.
pub const AGENTOTEL_HISTOGRAM_SLOTS: usize = 16;

/// Counters of one exporter and signal, read under one cut. At every moment
/// `accepted + recovered = exported + rejected + dropped[…] + tail_unsampled + pending`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_exporter_stats {
    /// Set by the caller: `sizeof(agentotel_exporter_stats)`; `AGENTOTEL_EXPORTER_STATS_INIT` sets it.
    pub struct_size: usize,
    /// Frames of the signal committed since the exporter was attached.
    pub accepted: u64,
    /// Frames taken over from processes that died.
    pub recovered: u64,
    /// Acknowledged by the receiver.
    pub exported: u64,
    /// Refused by the receiver for good.
    pub rejected: u64,
    /// Given up by us, by `AGENTOTEL_DROPPED_…`.
    pub dropped: [u64; AGENTOTEL_DROPPED_SLOTS],
    /// Left out by tail sampling.
    pub tail_unsampled: u64,
    /// Unread, being sent, or waiting for a retry; counted from the queue.
    pub pending: u64,
    /// Frames sent again; never part of the equation.
    pub resent: u64,
    /// Requests made.
    pub attempts: u64,
    /// Requests that failed in whatever way.
    pub failures: u64,
    /// What the exporter does with what it has: one of `AGENTOTEL_EXPORTER_…`.
    pub state: u32,
    /// Requests under way now.
    pub in_flight: u32,
    /// Bytes of the queue that are kept because this exporter has not settled them.
    pub lag_bytes: u64,
    /// Requests made again after a failure.
    pub retried: u64,
    /// When a request succeeded last, in nanoseconds since 1970; 0 = never.
    pub last_success_unix_nano: i64,
    /// When one failed last; 0 = never.
    pub last_failure_unix_nano: i64,
    /// Requests that failed, by `AGENTOTEL_FAILURE_…`.
    pub failures_by_class: [u64; AGENTOTEL_FAILURE_SLOTS],
    /// Requests by how long they took, up to 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10000 and 30000 ms, and
    /// longer.
    pub latency_counts: [u64; AGENTOTEL_HISTOGRAM_SLOTS],
    /// Requests by how many items they had, up to 1, 4, 16, 64, 256, 1024, 4096, 16384, 65536 and 262144, and more.
    pub item_counts: [u64; AGENTOTEL_HISTOGRAM_SLOTS],
}
