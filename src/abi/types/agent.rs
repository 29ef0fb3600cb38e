//! What events say of agents and what they do: agents, workflows, tools, actions.

use super::values::*;

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
    /// `gen_ai.tool.call.arguments`, an object (JSON, content).
    pub arguments: agentotel_str,
    /// `gen_ai.tool.call.result` (JSON, content).
    pub result: agentotel_str,
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
    /// `agentotel.action.params`, an object (JSON, content).
    pub params: agentotel_str,
    /// `agentotel.action.returns` (JSON, content).
    pub returns: agentotel_str,
    /// `agentotel.action.logs` (JSON, content).
    pub logs: agentotel_str,
}

/// `agentotel_agent.operation`: `invoke_agent`, or in an update what was said before.
pub const AGENTOTEL_AGENT_DEFAULT: u32 = 0;
/// `invoke_agent`
pub const AGENTOTEL_AGENT_INVOKE: u32 = 1;
/// `create_agent`
pub const AGENTOTEL_AGENT_CREATE: u32 = 2;

/// An agent that is invoked, or created at a remote service. The span is called `invoke_agent {name}` or
/// `create_agent {name}`. Several agents in one session are one event each, their work below them. Tokens of an agent are
/// those of the calls below it: they are not added to the session's sums again.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_agent {
    /// `sizeof(agentotel_agent)`; `AGENTOTEL_AGENT_INIT` sets it.
    pub struct_size: usize,
    /// `gen_ai.operation.name`: one of `AGENTOTEL_AGENT_…`.
    pub operation: u32,
    /// 1 when the agent runs at another service (span kind CLIENT). Creating one is CLIENT always.
    pub remote: u32,
    /// `gen_ai.provider.name`; the session's when absent, `unknown` when that is absent too.
    pub provider: agentotel_str,
    /// `gen_ai.agent.name`
    pub name: agentotel_str,
    /// `gen_ai.agent.id`
    pub id: agentotel_str,
    /// `gen_ai.agent.version`
    pub version: agentotel_str,
    /// `gen_ai.agent.description`
    pub description: agentotel_str,
    /// `gen_ai.request.model`
    pub request_model: agentotel_str,
    /// `gen_ai.data_source.id`
    pub data_source_id: agentotel_str,
    /// `gen_ai.conversation.id`; the session's when absent.
    pub conversation_id: agentotel_str,
    /// `gen_ai.output.type`: `text`, `json`, `image`, `speech`.
    pub output_type: agentotel_str,
    /// `gen_ai.response.finish_reasons`
    pub finish_reasons: agentotel_string_array,
    /// `gen_ai.request.stop_sequences`
    pub stop_sequences: agentotel_string_array,
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
    /// `gen_ai.request.frequency_penalty`
    pub frequency_penalty: agentotel_f64,
    /// `gen_ai.request.presence_penalty`
    pub presence_penalty: agentotel_f64,
    /// `gen_ai.usage.input_tokens`, counted as of `agentotel_llm`.
    pub input_tokens: agentotel_i64,
    /// `gen_ai.usage.cache_read.input_tokens`
    pub cache_read_input_tokens: agentotel_i64,
    /// `gen_ai.usage.cache_creation.input_tokens`
    pub cache_creation_input_tokens: agentotel_i64,
    /// `gen_ai.usage.output_tokens`
    pub output_tokens: agentotel_i64,
    /// How these tokens are counted: `AGENTOTEL_COUNTING_…`.
    pub counting: u32,
    /// Set to zero.
    pub reserved: u32,
    /// `server.address`, of a remote one.
    pub server_address: agentotel_str,
    /// `server.port`, of a remote one.
    pub server_port: agentotel_i64,
    /// `gen_ai.system_instructions`, a list of parts (JSON, content).
    pub system_instructions: agentotel_str,
    /// `gen_ai.input.messages`, a list (JSON, content).
    pub input_messages: agentotel_str,
    /// `gen_ai.output.messages`, a list (JSON, content).
    pub output_messages: agentotel_str,
    /// `gen_ai.tool.definitions`, a list (JSON, content).
    pub tool_definitions: agentotel_str,
}

/// A workflow: a coordinated process of several agents or steps. The span is called `invoke_workflow {name}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_workflow {
    /// `sizeof(agentotel_workflow)`; `AGENTOTEL_WORKFLOW_INIT` sets it.
    pub struct_size: usize,
    /// `gen_ai.workflow.name`
    pub name: agentotel_str,
    /// `gen_ai.input.messages`, a list (JSON, content).
    pub input_messages: agentotel_str,
    /// `gen_ai.output.messages`, a list (JSON, content).
    pub output_messages: agentotel_str,
}
