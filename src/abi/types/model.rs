//! What events say of calls to models: answers, embeddings, retrievals.

use super::values::*;

/// `agentotel_llm.operation`: `chat`, or in an update what was said before.
pub const AGENTOTEL_LLM_DEFAULT: u32 = 0;
/// `chat`
pub const AGENTOTEL_LLM_CHAT: u32 = 1;
/// `text_completion`
pub const AGENTOTEL_LLM_TEXT_COMPLETION: u32 = 2;
/// `generate_content`
pub const AGENTOTEL_LLM_GENERATE_CONTENT: u32 = 3;

/// `counting` of an llm or agent event: totals include their parts, as OpenTelemetry counts and OpenAI does.
pub const AGENTOTEL_COUNTING_INCLUSIVE: u32 = 0;
/// Cached input tokens come on top of `input_tokens`, as Anthropic counts; they are added up.
pub const AGENTOTEL_COUNTING_CACHE_SEPARATE: u32 = 1;
/// Reasoning tokens come on top of `output_tokens`, as Gemini counts; they are added up.
pub const AGENTOTEL_COUNTING_REASONING_SEPARATE: u32 = 2;

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
    /// `gen_ai.usage.input_tokens`: all of them, cached ones (read and creation) included, unless `counting` says otherwise.
    pub input_tokens: agentotel_i64,
    /// `gen_ai.usage.cache_read.input_tokens`
    pub cache_read_input_tokens: agentotel_i64,
    /// `gen_ai.usage.cache_creation.input_tokens`
    pub cache_creation_input_tokens: agentotel_i64,
    /// `gen_ai.usage.output_tokens`: all of them, reasoning included, unless `counting` says otherwise.
    pub output_tokens: agentotel_i64,
    /// `gen_ai.usage.reasoning.output_tokens`
    pub reasoning_output_tokens: agentotel_i64,
    /// `server.address`
    pub server_address: agentotel_str,
    /// `server.port`
    pub server_port: agentotel_i64,
    /// How the tokens above are counted: `AGENTOTEL_COUNTING_…`, added up.
    pub counting: u32,
    /// Set to zero.
    pub reserved: u32,
    /// What the call cost, in millionths of the currency that the agent reckons in, as the provider said it:
    /// `agentotel.cost.micro_units`. When absent, it is computed from the configuration's `costs`, if these know the model.
    pub cost_micro_units: agentotel_i64,
    /// `gen_ai.conversation.id`; the session's when absent.
    pub conversation_id: agentotel_str,
    /// `gen_ai.prompt.name`: of the prompt or prompt template.
    pub prompt_name: agentotel_str,
    /// `agentotel.prompt.version`
    pub prompt_version: agentotel_str,
    /// `openai.api.type`: `chat_completions`, `responses`.
    pub openai_api_type: agentotel_str,
    /// `openai.request.service_tier`; `auto` is left out.
    pub openai_request_service_tier: agentotel_str,
    /// `openai.response.service_tier`
    pub openai_response_service_tier: agentotel_str,
    /// `openai.response.system_fingerprint`
    pub openai_system_fingerprint: agentotel_str,
    /// `gen_ai.system_instructions`, a list of parts (JSON, content).
    pub system_instructions: agentotel_str,
    /// `gen_ai.input.messages`, a list (JSON, content).
    pub input_messages: agentotel_str,
    /// `gen_ai.output.messages`, a list; of a stream that was cut off, what had come of it (JSON, content).
    pub output_messages: agentotel_str,
    /// `gen_ai.tool.definitions`, a list (JSON, content).
    pub tool_definitions: agentotel_str,
}

/// A call that makes embeddings. The span is called `embeddings {request_model}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_embeddings {
    /// `sizeof(agentotel_embeddings)`; `AGENTOTEL_EMBEDDINGS_INIT` sets it.
    pub struct_size: usize,
    /// `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
    pub provider: agentotel_str,
    /// `gen_ai.request.model`
    pub request_model: agentotel_str,
    /// `gen_ai.response.model`
    pub response_model: agentotel_str,
    /// `gen_ai.request.encoding_formats`, such as `float`, `base64`.
    pub encoding_formats: agentotel_string_array,
    /// `gen_ai.embeddings.dimension.count`
    pub dimension_count: agentotel_i64,
    /// `gen_ai.usage.input_tokens`
    pub input_tokens: agentotel_i64,
    /// `server.address`
    pub server_address: agentotel_str,
    /// `server.port`
    pub server_port: agentotel_i64,
    /// As of `agentotel_llm`.
    pub cost_micro_units: agentotel_i64,
}

/// A look-up in a data source: a vector store, a search engine. The span is called `retrieval {data_source_id}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_retrieval {
    /// `sizeof(agentotel_retrieval)`; `AGENTOTEL_RETRIEVAL_INIT` sets it.
    pub struct_size: usize,
    /// `gen_ai.provider.name`
    pub provider: agentotel_str,
    /// `gen_ai.data_source.id`
    pub data_source_id: agentotel_str,
    /// `gen_ai.request.model`
    pub request_model: agentotel_str,
    /// `gen_ai.request.top_k`
    pub top_k: agentotel_f64,
    /// `server.address`
    pub server_address: agentotel_str,
    /// `server.port`
    pub server_port: agentotel_i64,
    /// `gen_ai.retrieval.query.text` (a plain text, content).
    pub query_text: agentotel_str,
    /// `gen_ai.retrieval.documents`, a list (JSON, content).
    pub documents: agentotel_str,
}
