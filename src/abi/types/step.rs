//! What events say of the steps between an agent's calls: handoffs, plans, approvals, guardrails, memory, compaction.

use super::values::*;

/// An agent hands over to another one. The span is called `handoff {target_name}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_handoff {
    /// `sizeof(agentotel_handoff)`; `AGENTOTEL_HANDOFF_INIT` sets it.
    pub struct_size: usize,
    /// `agentotel.handoff.target.name`: the agent that takes over; required.
    pub target_name: agentotel_str,
    /// `agentotel.handoff.target.id`
    pub target_id: agentotel_str,
    /// `gen_ai.agent.name`: the agent that hands over.
    pub source_name: agentotel_str,
    /// `gen_ai.agent.id`
    pub source_id: agentotel_str,
    /// `agentotel.handoff.reason`, of few distinct values.
    pub reason: agentotel_str,
    /// `agentotel.handoff.input`: what is handed over (JSON, content).
    pub input: agentotel_str,
}

/// A plan is made or changed. The span is called `plan {name}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_plan {
    /// `sizeof(agentotel_plan)`; `AGENTOTEL_PLAN_INIT` sets it.
    pub struct_size: usize,
    /// `agentotel.plan.name`, of few distinct values.
    pub name: agentotel_str,
    /// `gen_ai.agent.name`: whose plan it is.
    pub agent_name: agentotel_str,
    /// `agentotel.plan.step_count`
    pub step_count: agentotel_i64,
    /// `agentotel.plan.revision`: 0 for the first plan.
    pub revision: agentotel_i64,
    /// `agentotel.plan.goal` (JSON, content).
    pub goal: agentotel_str,
    /// `agentotel.plan.steps`, a list (JSON, content).
    pub steps: agentotel_str,
}

/// `agentotel_approval.decision`: not said, or in an update what was said before.
pub const AGENTOTEL_APPROVAL_DEFAULT: u32 = 0;
/// `approved`
pub const AGENTOTEL_APPROVAL_APPROVED: u32 = 1;
/// `denied`
pub const AGENTOTEL_APPROVAL_DENIED: u32 = 2;
/// `expired`: nobody decided in time.
pub const AGENTOTEL_APPROVAL_EXPIRED: u32 = 3;

/// Somebody is asked for approval; the span lasts until the answer is there. It is called `approval {subject}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_approval {
    /// `sizeof(agentotel_approval)`; `AGENTOTEL_APPROVAL_INIT` sets it.
    pub struct_size: usize,
    /// `agentotel.approval.subject`: what is to be approved, such as the name of a tool; required, of few distinct values.
    pub subject: agentotel_str,
    /// `agentotel.approval.approver`: who decides, such as `user` or a policy's name.
    pub approver: agentotel_str,
    /// `agentotel.approval.reason`, of few distinct values.
    pub reason: agentotel_str,
    /// `agentotel.approval.decision`: one of `AGENTOTEL_APPROVAL_…`. A refusal is an answer, not an error.
    pub decision: u32,
    /// Set to zero.
    pub reserved: u32,
    /// `agentotel.approval.request`: what exactly is to be approved (JSON, content).
    pub request: agentotel_str,
}

/// `agentotel_guardrail.decision`: not said, or in an update what was said before.
pub const AGENTOTEL_GUARDRAIL_DEFAULT: u32 = 0;
/// `allowed`
pub const AGENTOTEL_GUARDRAIL_ALLOWED: u32 = 1;
/// `blocked`
pub const AGENTOTEL_GUARDRAIL_BLOCKED: u32 = 2;
/// `modified`: let through after a change.
pub const AGENTOTEL_GUARDRAIL_MODIFIED: u32 = 3;
/// `flagged`: let through, and noted.
pub const AGENTOTEL_GUARDRAIL_FLAGGED: u32 = 4;

/// A guardrail is applied to what goes in or comes out. The span is called `guardrail {name}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_guardrail {
    /// `sizeof(agentotel_guardrail)`; `AGENTOTEL_GUARDRAIL_INIT` sets it.
    pub struct_size: usize,
    /// `agentotel.guardrail.name`; required.
    pub name: agentotel_str,
    /// `agentotel.guardrail.stage`: where it stands, such as `input`, `output`, `tool_call`.
    pub stage: agentotel_str,
    /// `agentotel.guardrail.reason`: what it found, of few distinct values.
    pub reason: agentotel_str,
    /// `agentotel.guardrail.score`
    pub score: agentotel_f64,
    /// `agentotel.guardrail.decision`: one of `AGENTOTEL_GUARDRAIL_…`. A block is a decision, not an error.
    pub decision: u32,
    /// Set to zero.
    pub reserved: u32,
    /// `agentotel.guardrail.input`: what it looked at (JSON, content).
    pub input: agentotel_str,
    /// `agentotel.guardrail.output`: what it let through instead (JSON, content).
    pub output: agentotel_str,
}

/// `agentotel_memory.operation`: in an update, what was said before.
pub const AGENTOTEL_MEMORY_DEFAULT: u32 = 0;
/// `search`
pub const AGENTOTEL_MEMORY_SEARCH: u32 = 1;
/// `read`
pub const AGENTOTEL_MEMORY_READ: u32 = 2;
/// `write`
pub const AGENTOTEL_MEMORY_WRITE: u32 = 3;
/// `update`
pub const AGENTOTEL_MEMORY_UPDATE: u32 = 4;
/// `delete`
pub const AGENTOTEL_MEMORY_DELETE: u32 = 5;

/// Something is looked up in, or written to, an agent's memory. The span is called `memory {operation}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_memory {
    /// `sizeof(agentotel_memory)`; `AGENTOTEL_MEMORY_INIT` sets it.
    pub struct_size: usize,
    /// `agentotel.memory.operation`: one of `AGENTOTEL_MEMORY_…`; required.
    pub operation: u32,
    /// Set to zero.
    pub reserved: u32,
    /// `agentotel.memory.store`: which memory it is, such as `long_term`.
    pub store: agentotel_str,
    /// `agentotel.memory.record.id`
    pub record_id: agentotel_str,
    /// `agentotel.memory.record.count`: how many were found or written.
    pub record_count: agentotel_i64,
    /// `agentotel.memory.query` (JSON, content).
    pub query: agentotel_str,
    /// `agentotel.memory.records`: what was found or written (JSON, content).
    pub records: agentotel_str,
}

/// A context is made shorter, by a summary or by leaving parts out. The span is called `compaction {strategy}`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_compaction {
    /// `sizeof(agentotel_compaction)`; `AGENTOTEL_COMPACTION_INIT` sets it.
    pub struct_size: usize,
    /// `agentotel.compaction.strategy`, such as `summarize`, `truncate`.
    pub strategy: agentotel_str,
    /// `agentotel.compaction.trigger`, such as `context_limit`, `user`.
    pub trigger: agentotel_str,
    /// `agentotel.compaction.tokens.before`
    pub tokens_before: agentotel_i64,
    /// `agentotel.compaction.tokens.after`
    pub tokens_after: agentotel_i64,
    /// `agentotel.compaction.messages.before`
    pub messages_before: agentotel_i64,
    /// `agentotel.compaction.messages.after`
    pub messages_after: agentotel_i64,
    /// `agentotel.compaction.summary` (JSON, content).
    pub summary: agentotel_str,
}
