//! `content`: which fields hold content, and what becomes of each.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::value::{Word as _, words};

/// The fields of events that are content: what people and models wrote.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ContentField {
    SystemInstructions,
    InputMessages,
    OutputMessages,
    ToolDefinitions,
    ToolArguments,
    ToolResult,
    RetrievalQuery,
    RetrievalDocuments,
    ActionParams,
    ActionReturns,
    ActionLogs,
    HandoffInput,
    PlanGoal,
    PlanSteps,
    ApprovalRequest,
    GuardrailInput,
    GuardrailOutput,
    MemoryQuery,
    MemoryRecords,
    CompactionSummary,
    EvaluationExplanation,
    FeedbackComment,
}

words!(ContentField {
    SystemInstructions => "system_instructions",
    InputMessages => "input_messages",
    OutputMessages => "output_messages",
    ToolDefinitions => "tool_definitions",
    ToolArguments => "tool_arguments",
    ToolResult => "tool_result",
    RetrievalQuery => "retrieval_query",
    RetrievalDocuments => "retrieval_documents",
    ActionParams => "action_params",
    ActionReturns => "action_returns",
    ActionLogs => "action_logs",
    HandoffInput => "handoff_input",
    PlanGoal => "plan_goal",
    PlanSteps => "plan_steps",
    ApprovalRequest => "approval_request",
    GuardrailInput => "guardrail_input",
    GuardrailOutput => "guardrail_output",
    MemoryQuery => "memory_query",
    MemoryRecords => "memory_records",
    CompactionSummary => "compaction_summary",
    EvaluationExplanation => "evaluation_explanation",
    FeedbackComment => "feedback_comment",
});

impl ContentField {
    /// All of them.
    pub fn all() -> impl Iterator<Item = Self> {
        Self::WORDS.iter().map(|(_, field)| *field)
    }
}

/// What becomes of content.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentMode {
    /// It is not recorded.
    #[default]
    Off,
    /// It is recorded as it is.
    Full,
}

words!(ContentMode { Off => "off", Full => "full" });

/// What is recorded of messages, arguments, results and other fields that may hold what people wrote.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContentKeys {
    /// `off` records nothing of them; `full` records them as they are, on spans as text.
    pub(super) default: ContentMode,
    /// The same for single fields, by their names.
    pub(super) fields: BTreeMap<ContentField, ContentMode>,
}

/// What becomes of content: of fields by default, and of some.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ContentConfig {
    pub default: ContentMode,
    pub fields: BTreeMap<ContentField, ContentMode>,
}

impl From<ContentKeys> for ContentConfig {
    fn from(keys: ContentKeys) -> Self {
        Self { default: keys.default, fields: keys.fields }
    }
}
