//! An event: what is common to all kinds, what went wrong, what belongs to it; and what is in flight.

use super::agent::*;
use super::judgement::*;
use super::mcp::*;
use super::model::*;
use super::step::*;
use super::values::*;

/// The span kind that the event's kind has: CLIENT for llm (INTERNAL in-process), embeddings, retrieval, remote and created
/// agents, mcp_client; SERVER for mcp_server; INTERNAL else.
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

/// What went wrong. On an event it sets status Error and `error.type`, and leaves a log record on the event's span:
/// `gen_ai.client.operation.exception` (WARN) for calls of GenAI services (llm, embeddings, retrieval, remote and created
/// agents), `exception` (ERROR) for others.
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
    /// The kind of the event that failed, one of `AGENTOTEL_KIND_…`, for a target that is named by its context: it decides
    /// which of the two log records is left. An event in flight knows its kind by itself.
    pub kind: u32,
    /// Set to zero.
    pub reserved: u32,
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
///
/// Fields of the details that are said to be content (messages, arguments, results, …) may hold what people wrote. They are
/// recorded only as far as the configuration's `content` lets them, which by default is not at all. Those that are JSON take
/// the text of a value, as the conventions' schemas have it; other text is recorded as it is.
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
    /// Detail of `AGENTOTEL_KIND_EMBEDDINGS`, else NULL.
    pub embeddings: *const agentotel_embeddings,
    /// Detail of `AGENTOTEL_KIND_RETRIEVAL`, else NULL.
    pub retrieval: *const agentotel_retrieval,
    /// Detail of `AGENTOTEL_KIND_AGENT`, else NULL.
    pub agent: *const agentotel_agent,
    /// Detail of `AGENTOTEL_KIND_WORKFLOW`, else NULL.
    pub workflow: *const agentotel_workflow,
    /// Detail of `AGENTOTEL_KIND_MCP_CLIENT`, else NULL.
    pub mcp_client: *const agentotel_mcp,
    /// Detail of `AGENTOTEL_KIND_MCP_SERVER`, else NULL.
    pub mcp_server: *const agentotel_mcp,
    /// Detail of `AGENTOTEL_KIND_HANDOFF`, else NULL.
    pub handoff: *const agentotel_handoff,
    /// Detail of `AGENTOTEL_KIND_PLAN`, else NULL.
    pub plan: *const agentotel_plan,
    /// Detail of `AGENTOTEL_KIND_APPROVAL`, else NULL.
    pub approval: *const agentotel_approval,
    /// Detail of `AGENTOTEL_KIND_GUARDRAIL`, else NULL.
    pub guardrail: *const agentotel_guardrail,
    /// Detail of `AGENTOTEL_KIND_MEMORY`, else NULL.
    pub memory: *const agentotel_memory,
    /// Detail of `AGENTOTEL_KIND_COMPACTION`, else NULL.
    pub compaction: *const agentotel_compaction,
    /// Detail of `AGENTOTEL_KIND_EVALUATION`, else NULL.
    pub evaluation: *const agentotel_evaluation,
    /// Detail of `AGENTOTEL_KIND_FEEDBACK`, else NULL.
    pub feedback: *const agentotel_feedback,
    /// The caller's own id of the event: `agentotel.event.id`. When an event with the same id was recorded already, one of
    /// the last 4,096 with an id, it is not recorded again: the answer is AGENTOTEL_OK with the context of the first, and
    /// `agentotel_stats.duplicate` counts it. Of two calls with one id at the same time both may record. Not for updates
    /// and ends; of started events it is an attribute only.
    pub event_id: agentotel_str,
    /// For `agentotel_record_events` only: the parent is the event at this position of the same array, an earlier one.
    /// `parent` is zeroed then.
    pub parent_index: agentotel_i64,
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
