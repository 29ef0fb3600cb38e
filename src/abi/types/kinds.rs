//! The kinds of events. What an event of each kind may say is in `model`, `agent`, `mcp`, `step` and `judgement`.

/// A span of the caller's own naming; `name` is required.
pub const AGENTOTEL_KIND_CUSTOM: u32 = 0;
/// A call of a language model; `llm` is required.
pub const AGENTOTEL_KIND_LLM: u32 = 1;
/// The execution of a tool; `tool` is required.
pub const AGENTOTEL_KIND_TOOL: u32 = 2;
/// Something the agent did; `action` is required.
pub const AGENTOTEL_KIND_ACTION: u32 = 3;
/// A call that makes embeddings; `embeddings` is required.
pub const AGENTOTEL_KIND_EMBEDDINGS: u32 = 4;
/// A look-up in a data source; `retrieval` is required.
pub const AGENTOTEL_KIND_RETRIEVAL: u32 = 5;
/// An agent that is invoked or created; `agent` is required.
pub const AGENTOTEL_KIND_AGENT: u32 = 6;
/// A workflow of several agents or steps; `workflow` is required.
pub const AGENTOTEL_KIND_WORKFLOW: u32 = 7;
/// A request or notification of the Model Context Protocol, as its sender sees it; `mcp_client` is required.
pub const AGENTOTEL_KIND_MCP_CLIENT: u32 = 8;
/// The same as its receiver sees it; `mcp_server` is required.
pub const AGENTOTEL_KIND_MCP_SERVER: u32 = 9;
/// An agent hands over to another one; `handoff` is required.
pub const AGENTOTEL_KIND_HANDOFF: u32 = 10;
/// A plan is made or changed; `plan` is required.
pub const AGENTOTEL_KIND_PLAN: u32 = 11;
/// Somebody is asked for approval; `approval` is required.
pub const AGENTOTEL_KIND_APPROVAL: u32 = 12;
/// A guardrail is applied; `guardrail` is required.
pub const AGENTOTEL_KIND_GUARDRAIL: u32 = 13;
/// Something is looked up in or written to a memory; `memory` is required.
pub const AGENTOTEL_KIND_MEMORY: u32 = 14;
/// A context is made shorter; `compaction` is required.
pub const AGENTOTEL_KIND_COMPACTION: u32 = 15;
/// The result of an evaluation; `evaluation` is required. It is no span but a log record on the span that was evaluated.
pub const AGENTOTEL_KIND_EVALUATION: u32 = 16;
/// What somebody thinks of a result; `feedback` is required. A log record, as for an evaluation.
pub const AGENTOTEL_KIND_FEEDBACK: u32 = 17;
