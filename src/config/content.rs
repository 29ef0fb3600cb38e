//! `content`: which fields hold content, and what becomes of each.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;

use super::error::{ConfigError, Origin};
use super::value::{NonEmpty, Whole, Word as _, words};

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
    /// Its name.
    pub fn name(self) -> &'static str {
        self.word()
    }

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
    /// Its length in bytes is recorded.
    Length,
    /// Its length, and a hash of it that only the owner of the key can make.
    Hash,
    /// It is recorded as it is.
    Full,
}

words!(ContentMode { Off => "off", Length => "length", Hash => "hash", Full => "full" });

/// What content is on spans.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentOnSpans {
    /// A text: JSON, if it was given as that.
    #[default]
    JsonString,
}

words!(ContentOnSpans { JsonString => "json_string" });

/// What content is on log records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ContentOnLogs {
    /// There are no log records for it.
    Off,
    /// Maps and lists, where it is JSON.
    #[default]
    Structured,
}

words!(ContentOnLogs { Off => "off", Structured => "structured" });

/// What is recorded of messages, arguments, results and other fields that may hold what people wrote.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct ContentKeys {
    /// `off` records nothing of them; `length` the bytes that were given, as `agentotel.content.<field>.length`; `hash` that
    /// and, as `agentotel.content.<field>.hash`, the HMAC-SHA-256 of what `redact` leaves of them; `full` records them, as
    /// far as `redact` leaves them. Free attributes under the names that these fields have on spans, or had in earlier
    /// conventions (`gen_ai.prompt`, `gen_ai.completion`), are content as they are.
    pub(super) default: ContentMode,
    /// The same for single fields, by their names.
    pub(super) fields: BTreeMap<ContentField, ContentMode>,
    /// A file with the key of `hash`: 16 to 4096 bytes, a line end behind them left aside. It is read once, at the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) hash_key_file: Option<NonEmpty>,
    /// Most bytes of a field with `full`; with `limits.value_bytes`, the smaller one counts. Longer content is cut, JSON so
    /// that it stays JSON; `agentotel.content.<field>.truncated` and `.length`, which is the length before, say so.
    pub(super) max_bytes: Whole<0, 16_777_216>,
    /// What content is on spans: `json_string`, a text.
    pub(super) on_spans: ContentOnSpans,
    /// What the content of a model's call is on a log record of its own, `gen_ai.client.inference.operation.details`:
    /// `structured` maps and lists; `off`: there is no such record.
    pub(super) on_logs: ContentOnLogs,
}

impl Default for ContentKeys {
    fn default() -> Self {
        Self {
            default: ContentMode::Off,
            fields: BTreeMap::new(),
            hash_key_file: None,
            max_bytes: Whole::fixed::<DEFAULT_MOST_BYTES>(),
            on_spans: ContentOnSpans::JsonString,
            on_logs: ContentOnLogs::Structured,
        }
    }
}

/// The default of `max_bytes`.
const DEFAULT_MOST_BYTES: u64 = 32_768;

/// What becomes of content: of fields by default, and of some.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentConfig {
    pub default: ContentMode,
    pub fields: BTreeMap<ContentField, ContentMode>,
    /// There is one when any field has `Hash`.
    pub hash_key_file: Option<PathBuf>,
    pub max_bytes: usize,
    pub on_logs: ContentOnLogs,
}

impl Default for ContentConfig {
    fn default() -> Self {
        Self {
            default: ContentMode::Off,
            fields: BTreeMap::new(),
            hash_key_file: None,
            max_bytes: DEFAULT_MOST_BYTES as usize,
            on_logs: ContentOnLogs::Structured,
        }
    }
}

/// What the keys mean.
pub(super) fn settle(keys: ContentKeys) -> Result<ContentConfig, ConfigError> {
    let wrong = |path: String, reason: &str| Err(ConfigError::key(&Origin::Argument, path, reason));
    let hash_key_file = keys.hash_key_file.map(NonEmpty::into_text);
    if hash_key_file.as_ref().is_some_and(|file| file.contains('\0')) {
        let reason = "a NUL character is not accepted; accepted: a path";
        return wrong("content.hash_key_file".to_owned(), reason);
    }
    let hashed = keys.fields.iter().find(|(_, mode)| **mode == ContentMode::Hash);
    if hash_key_file.is_none() {
        let reason = "`hash` needs a key; accepted: `hash` with `content.hash_key_file`";
        if keys.default == ContentMode::Hash {
            return wrong("content.default".to_owned(), reason);
        }
        if let Some((field, _)) = hashed {
            return wrong(format!("content.fields.{}", field.word()), reason);
        }
    }
    Ok(ContentConfig {
        default: keys.default,
        fields: keys.fields,
        hash_key_file: hash_key_file.map(PathBuf::from),
        max_bytes: usize::try_from(keys.max_bytes.get()).unwrap_or(usize::MAX),
        on_logs: keys.on_logs,
    })
}
