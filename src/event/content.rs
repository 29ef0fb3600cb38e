//! Content: what people and models wrote to each other, as far as an event carries it. A `Content` gives its text to the
//! policy alone, and the policy is asked for each field: what it does not let through reaches no span, slot or queue.

use crate::config::{ContentConfig, ContentField, ContentMode};
use crate::otlp::value::Value;

/// The text of a field that is content. It comes out through `ContentPolicy` only.
#[derive(Clone, Copy, Default)]
pub(crate) struct Content<'a>(&'a [u8]);

impl<'a> Content<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Content<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} bytes of content", self.0.len())
    }
}

/// The attribute that a field becomes.
pub(super) fn key(field: ContentField) -> &'static str {
    match field {
        ContentField::SystemInstructions => "gen_ai.system_instructions",
        ContentField::InputMessages => "gen_ai.input.messages",
        ContentField::OutputMessages => "gen_ai.output.messages",
        ContentField::ToolDefinitions => "gen_ai.tool.definitions",
        ContentField::ToolArguments => "gen_ai.tool.call.arguments",
        ContentField::ToolResult => "gen_ai.tool.call.result",
        ContentField::RetrievalQuery => "gen_ai.retrieval.query.text",
        ContentField::RetrievalDocuments => "gen_ai.retrieval.documents",
        ContentField::ActionParams => "agentotel.action.params",
        ContentField::ActionReturns => "agentotel.action.returns",
        ContentField::ActionLogs => "agentotel.action.logs",
        ContentField::HandoffInput => "agentotel.handoff.input",
        ContentField::PlanGoal => "agentotel.plan.goal",
        ContentField::PlanSteps => "agentotel.plan.steps",
        ContentField::ApprovalRequest => "agentotel.approval.request",
        ContentField::GuardrailInput => "agentotel.guardrail.input",
        ContentField::GuardrailOutput => "agentotel.guardrail.output",
        ContentField::MemoryQuery => "agentotel.memory.query",
        ContentField::MemoryRecords => "agentotel.memory.records",
        ContentField::CompactionSummary => "agentotel.compaction.summary",
        ContentField::EvaluationExplanation | ContentField::FeedbackComment => {
            "gen_ai.evaluation.explanation"
        }
    }
}

/// What becomes of content, field by field.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContentPolicy {
    config: ContentConfig,
}

impl ContentPolicy {
    pub(crate) fn new(config: &ContentConfig) -> Self {
        Self { config: config.clone() }
    }

    fn mode(&self, field: ContentField) -> ContentMode {
        self.config.fields.get(&field).copied().unwrap_or(self.config.default)
    }

    /// Whether no content is shown anywhere.
    #[inline]
    pub(super) fn shows_nothing(&self) -> bool {
        self.config.default == ContentMode::Off && self.config.fields.is_empty()
    }

    /// What a span or log record shows of a field's content: nothing, or the text as it was given.
    pub(super) fn on_spans<'a>(&self, field: ContentField, content: Content<'a>) -> Option<Value<'a>> {
        match self.mode(field) {
            _ if content.0.is_empty() => None,
            ContentMode::Off => None,
            ContentMode::Full => Some(Value::Text(content.0)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const SECRET: Content<'_> = Content(b"secret");

    #[test]
    fn by_default_nothing_comes_out() {
        let policy = ContentPolicy::default();
        for field in ContentField::all() {
            assert_eq!(policy.on_spans(field, SECRET), None);
        }
        assert!(!format!("{SECRET:?}").contains("secret"));
    }

    #[test]
    fn a_field_is_asked_by_its_name() {
        let fields = BTreeMap::from([(ContentField::ToolResult, ContentMode::Full)]);
        let policy = ContentPolicy::new(&ContentConfig { default: ContentMode::Off, fields });
        for field in ContentField::all() {
            let shown = policy.on_spans(field, SECRET);
            assert_eq!(shown.is_some(), field == ContentField::ToolResult, "{field:?}");
        }
        assert_eq!(policy.on_spans(ContentField::ToolResult, Content::default()), None);
    }
}
