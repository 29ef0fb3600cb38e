//! Which events are dropped before anything else is done with them: by the configuration's rules. A dropped event has no
//! span; whoever names it names its parent.

use bumpalo::Bump;

use super::data::{Detail, EventData, EventKind};
use super::processor::name;
use super::semconv::Phase;
use crate::config::EventRule;

/// What an event is named after, where that is not the whole of its span's name.
fn subject<'a>(detail: &Detail<'a>) -> &'a [u8] {
    match detail {
        Detail::Tool(tool) => tool.name(),
        Detail::Action(action) => action.r#type(),
        Detail::Agent(agent) => agent.name(),
        Detail::Workflow(workflow) => workflow.name(),
        Detail::Guardrail(guardrail) => guardrail.name(),
        Detail::Evaluation(evaluation) => evaluation.name(),
        Detail::Feedback(feedback) => feedback.name(),
        Detail::McpClient(mcp) | Detail::McpServer(mcp) => mcp.method(),
        _ => &[],
    }
}

/// The model that was asked for, or else that has answered.
fn model<'a>(detail: &Detail<'a>) -> &'a [u8] {
    match detail {
        Detail::Llm(llm) if llm.request_model().is_empty() => llm.response_model(),
        Detail::Llm(llm) => llm.request_model(),
        Detail::Embeddings(embeddings) if embeddings.request_model().is_empty() => {
            embeddings.response_model()
        }
        Detail::Embeddings(embeddings) => embeddings.request_model(),
        Detail::Retrieval(retrieval) => retrieval.request_model(),
        Detail::Agent(agent) => agent.request_model(),
        _ => &[],
    }
}

/// The rules of a configuration that has some.
pub(crate) struct EventFilter(Vec<EventRule>);

impl EventFilter {
    /// Nothing when there are no rules.
    pub(crate) fn new(rules: &[EventRule]) -> Option<Self> {
        (!rules.is_empty()).then(|| Self(rules.to_vec()))
    }

    /// Whether an event is dropped.
    pub(crate) fn drops(&self, data: &EventData<'_>) -> bool {
        let kind = data.detail.kind().word();
        let (subject, model) = (subject(&data.detail), model(&data.detail));
        // Rules are there to drop things: what they allocate is gone with the event.
        let arena = Bump::new();
        let name = name(&arena, data, Phase::Whole).concat();
        self.has_rule_for(kind, [&name, subject], model)
    }

    /// The same for one that has no more than a name.
    pub(crate) fn drops_plain(&self, name: &[u8]) -> bool {
        self.has_rule_for(EventKind::Custom.word(), [name, &[]], &[])
    }

    fn has_rule_for(&self, kind: &str, names: [&[u8]; 2], model: &[u8]) -> bool {
        self.0.iter().any(|rule| {
            let is_named = |pattern: &crate::config::Pattern| {
                names.iter().any(|name| !name.is_empty() && pattern.matches(name))
            };
            rule.kind.is_none_or(|word| word == kind)
                && rule.name.as_ref().is_none_or(is_named)
                && rule.model.as_ref().is_none_or(|pattern| !model.is_empty() && pattern.matches(model))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Pattern;
    use crate::event::data::{FieldValue, Fields};

    fn filter(rules: &[(Option<&'static str>, &str, &str)]) -> EventFilter {
        let pattern = |text: &str| (!text.is_empty()).then(|| Pattern::new(text));
        let rules = rules.iter().map(|(kind, name, model)| EventRule {
            kind: *kind,
            name: pattern(name),
            model: pattern(model),
        });
        EventFilter::new(&rules.collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn an_event_is_dropped_when_one_rule_has_all_right() {
        let filter = filter(&[
            (Some("tool"), "debug*", ""),
            (None, "noise", ""),
            (Some("llm"), "", "*-mini"),
            (Some("action"), "action move", ""),
        ]);
        let named = |name: &'static [u8]| EventData { name, ..EventData::default() };
        assert!(filter.drops(&named(b"noise")) && filter.drops_plain(b"noise"));
        assert!(!filter.drops(&named(b"debugger")) && !filter.drops_plain(b"debugger"));
        let arena = Bump::new();
        let detail = |kind: EventKind, fields: &[(&str, &'static [u8])]| {
            let given: Vec<_> = fields.iter().map(|(name, text)| (*name, FieldValue::Text(text))).collect();
            Detail::new(kind, Fields::called(&arena, kind.fields(), &given))
        };
        let tool = |name: &'static [u8]| {
            let detail = detail(EventKind::Tool, &[("name", name)]);
            filter.drops(&EventData { detail, ..EventData::default() })
        };
        assert_eq!([tool(b"debugger"), tool(b"noise"), tool(b"search")], [true, true, false]);
        let llm = |request_model: &'static [u8], response_model: &'static [u8]| {
            let models = [("request_model", request_model), ("response_model", response_model)];
            filter.drops(&EventData { detail: detail(EventKind::Llm, &models), ..EventData::default() })
        };
        assert_eq!(
            [llm(b"gpt-mini", b"x"), llm(b"gpt", b"gpt-mini"), llm(b"", b"gpt-mini"), llm(b"", b"")],
            [true, false, true, false]
        );
        let action = detail(EventKind::Action, &[("type", b"move")]);
        let data = EventData { detail: action, ..EventData::default() };
        assert!(filter.drops(&data));
        assert!(!filter.drops(&EventData { name: b"step", ..data }));
    }

    #[test]
    fn no_rules_are_no_filter() {
        assert!(EventFilter::new(&[]).is_none());
    }
}
