//! The kinds of events, and the typed detail of each.

use super::values::*;

/// A span of the caller's own naming; `name` is required.
pub const AGENTOTEL_KIND_CUSTOM: u32 = 0;
/// A call of a language model; `llm` is required.
pub const AGENTOTEL_KIND_LLM: u32 = 1;
/// The execution of a tool; `tool` is required.
pub const AGENTOTEL_KIND_TOOL: u32 = 2;
/// Something the agent did; `action` is required.
pub const AGENTOTEL_KIND_ACTION: u32 = 3;

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
