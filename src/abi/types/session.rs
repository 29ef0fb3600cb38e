//! A session: how it starts, how it ends.

use super::values::{agentotel_attribute, agentotel_span_context, agentotel_str, agentotel_string_array};

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
    /// The span that this session continues (from an incoming request, say), or NULL for a new trace; one whose ids are
    /// all zero is none.
    pub parent: *const agentotel_span_context,
    /// The parent's W3C `tracestate`, passed on; one that breaks its rules is left out alone.
    pub trace_state: agentotel_str,
    /// Nanoseconds since 1970-01-01 UTC; 0 = now.
    pub start_time_unix_nano: i64,
    /// Attributes of the root span.
    pub attributes: *const agentotel_attribute,
    pub attribute_count: usize,
    /// Baggage that came along (`agentotel_extract`), as the value of a W3C `baggage` header.
    pub baggage: agentotel_str,
    /// The root span of a session that this one resumes, of this process or another, or NULL: the new root span has a link to
    /// it, with `agentotel.link.type` = `resumed_session`. The trace is a new one all the same.
    pub resumed: *const agentotel_span_context,
    /// `session.previous_id`: the id of that session, when this one has another.
    pub previous_session_id: agentotel_str,
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
