//! What the console shows of a span or an error record: read once from the decoded request, made
//! printable and short, so that what is held is small and safe to print whatever the host has
//! recorded.

use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};
use opentelemetry_proto::tonic::trace::v1::status::StatusCode;
use opentelemetry_proto::tonic::trace::v1::{Span, SpanFlags};

use super::paint::{Paint, counted, grouped};
use crate::export::printable::printable;

pub(super) type TraceId = [u8; 16];
pub(super) type SpanId = [u8; 8];

/// How much is shown of a name and of an error, in bytes.
const NAME_BYTES: usize = 120;
const ERROR_BYTES: usize = 200;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Session,
    Llm,
    Tool,
    Action,
    Span,
}

impl Kind {
    pub(super) fn label(self) -> &'static str {
        match self {
            Kind::Session => "session",
            Kind::Llm => "llm",
            Kind::Tool => "tool",
            Kind::Action => "action",
            Kind::Span => "span",
        }
    }

    pub(super) fn paint(self) -> Paint {
        match self {
            Kind::Session => Paint::Session,
            Kind::Llm => Paint::Llm,
            Kind::Tool => Paint::Tool,
            Kind::Action => Paint::Action,
            Kind::Span => Paint::Faint,
        }
    }
}

/// A span as it is shown.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) id: SpanId,
    pub(super) parent: SpanId,
    /// It has no parent, or one in another process: nothing above it will come from here.
    pub(super) is_root: bool,
    pub(super) kind: Kind,
    pub(super) name: String,
    pub(super) start: u64,
    pub(super) end: u64,
    pub(super) tokens: Option<String>,
    pub(super) details: Vec<String>,
    pub(super) error: Option<String>,
    pub(super) summary: Option<Summary>,
}

/// How a session ended.
#[derive(Debug)]
pub(super) struct Summary {
    pub(super) end_state: Option<String>,
    pub(super) reason: Option<String>,
    pub(super) counts: Vec<String>,
}

/// An error record as it is shown.
#[derive(Debug)]
pub(super) struct Note {
    pub(super) span: SpanId,
    pub(super) time: u64,
    pub(super) text: String,
}

/// The attributes that are shown or that tell the kind.
#[derive(Default)]
struct Known<'a> {
    operation: Option<&'a str>,
    request_model: Option<&'a str>,
    response_model: Option<&'a str>,
    finish_reasons: Option<String>,
    input_tokens: Option<i64>,
    output_tokens: Option<i64>,
    error_type: Option<&'a str>,
    session_id: Option<&'a str>,
    is_action: bool,
    recovered: bool,
    end_state: Option<&'a str>,
    end_state_reason: Option<&'a str>,
    events: Option<i64>,
    errors: Option<i64>,
    llms: Option<i64>,
    tools: Option<i64>,
    session_input_tokens: Option<i64>,
    session_output_tokens: Option<i64>,
}

impl<'a> Known<'a> {
    fn of(attributes: &'a [KeyValue]) -> Known<'a> {
        let mut known = Known::default();
        for attribute in attributes {
            let Some(value) = attribute.value.as_ref().and_then(|value| value.value.as_ref()) else {
                continue;
            };
            match attribute.key.as_str() {
                "gen_ai.operation.name" => known.operation = text(value),
                "gen_ai.request.model" => known.request_model = text(value),
                "gen_ai.response.model" => known.response_model = text(value),
                "gen_ai.response.finish_reasons" => known.finish_reasons = texts(value),
                "gen_ai.usage.input_tokens" => known.input_tokens = int(value),
                "gen_ai.usage.output_tokens" => known.output_tokens = int(value),
                "error.type" => known.error_type = text(value),
                "session.id" => known.session_id = text(value),
                "agentotel.action.type" => known.is_action = true,
                "agentotel.recovered" => known.recovered = matches!(value, Value::BoolValue(true)),
                "agentotel.session.end_state" => known.end_state = text(value),
                "agentotel.session.end_state_reason" => known.end_state_reason = text(value),
                "agentotel.session.event_count" => known.events = int(value),
                "agentotel.session.error_count" => known.errors = int(value),
                "agentotel.session.llm_count" => known.llms = int(value),
                "agentotel.session.tool_count" => known.tools = int(value),
                "agentotel.session.usage.input_tokens" => known.session_input_tokens = int(value),
                "agentotel.session.usage.output_tokens" => known.session_output_tokens = int(value),
                _ => {}
            }
        }
        known
    }

    fn kind(&self, has_parent: bool, is_root: bool) -> Kind {
        match self.operation {
            Some("chat" | "text_completion" | "generate_content") => return Kind::Llm,
            Some("execute_tool") => return Kind::Tool,
            _ => {}
        }
        // An event whose parent is in another process carries its session's id as well, but not how
        // a session ended.
        let ends_a_session = self.end_state.is_some() || self.events.is_some();
        if self.is_action {
            Kind::Action
        } else if is_root && self.session_id.is_some() && (!has_parent || ends_a_session) {
            Kind::Session
        } else {
            Kind::Span
        }
    }

    fn summary(&self) -> Summary {
        let mut counts = Vec::new();
        let mut count = |number: Option<i64>, noun| counts.extend(number.map(|number| counted(number, noun)));
        count(self.events, "event");
        count(self.errors.filter(|errors| *errors != 0), "error");
        count(self.llms.filter(|llms| *llms != 0), "llm call");
        count(self.tools.filter(|tools| *tools != 0), "tool call");
        counts.extend(tokens(self.session_input_tokens, self.session_output_tokens));
        Summary {
            end_state: self.end_state.map(|state| printable(state, NAME_BYTES)),
            reason: self.end_state_reason.map(|reason| printable(reason, ERROR_BYTES)),
            counts,
        }
    }
}

impl Node {
    pub(super) fn of(span: &Span) -> Node {
        let known = Known::of(&span.attributes);
        let has_parent = span.parent_span_id.iter().any(|byte| *byte != 0);
        let is_root = !has_parent || parent_is_remote(span.flags);
        let kind = known.kind(has_parent, is_root);
        let status = span.status.as_ref().filter(|status| status.code == StatusCode::Error as i32);
        let mut details = Vec::new();
        match kind {
            Kind::Session => details.extend(known.session_id.map(|id| printable(id, NAME_BYTES))),
            Kind::Llm => {
                let models = [known.request_model, known.response_model];
                for model in models.into_iter().flatten().map(|model| printable(model, NAME_BYTES)) {
                    if !span.name.contains(&model) && !details.contains(&model) {
                        details.push(model);
                    }
                }
                details.extend(known.finish_reasons.clone());
            }
            Kind::Tool | Kind::Action | Kind::Span => {}
        }
        if known.recovered {
            details.push("recovered".to_owned());
        }
        Node {
            id: id(&span.span_id),
            parent: id(&span.parent_span_id),
            is_root,
            kind,
            name: printable(&span.name, NAME_BYTES),
            start: span.start_time_unix_nano,
            end: span.end_time_unix_nano,
            tokens: tokens(known.input_tokens, known.output_tokens),
            details,
            error: status.map(|status| error(known.error_type, &status.message)),
            summary: (kind == Kind::Session).then(|| known.summary()),
        }
    }

    /// What it takes in memory, closely enough to keep a bound by.
    pub(super) fn bytes(&self) -> usize {
        let summary = self.summary.as_ref().map_or(0, |summary| {
            let texts = summary.end_state.iter().chain(&summary.reason).chain(&summary.counts);
            texts.map(|text| text.len() + size_of::<String>()).sum()
        });
        let texts = self.tokens.iter().chain(&self.error).chain(&self.details);
        let texts: usize = texts.map(|text| text.len() + size_of::<String>()).sum();
        size_of::<Node>() + self.name.len() + texts + summary
    }
}

impl Note {
    /// `None` for a record that reports no error.
    pub(super) fn of(record: &LogRecord) -> Option<Note> {
        let is_error = record.severity_number >= SeverityNumber::Error as i32;
        // The failure of a GenAI client operation is recorded as a warning.
        let is_exception =
            matches!(record.event_name.as_str(), "exception" | "gen_ai.client.operation.exception");
        if !is_error && !is_exception {
            return None;
        }
        let find = |key: &str| {
            let attribute = record.attributes.iter().find(|attribute| attribute.key == key)?;
            text(attribute.value.as_ref()?.value.as_ref()?)
        };
        let body = match &record.body {
            Some(AnyValue { value: Some(Value::StringValue(body)) }) => Some(body.as_str()),
            _ => None,
        };
        let message = find("exception.message").or(body).unwrap_or_default();
        let time =
            if record.time_unix_nano == 0 { record.observed_time_unix_nano } else { record.time_unix_nano };
        let text = error(find("exception.type").or_else(|| find("error.type")), message);
        Some(Note { span: id(&record.span_id), time, text })
    }

    pub(super) fn bytes(&self) -> usize {
        size_of::<Note>() + self.text.len()
    }
}

/// Whether a span only shows what is in flight: the event's own span comes when it ends.
pub(super) fn is_in_flight(span: &Span) -> bool {
    let is_set = |attribute: &KeyValue| {
        let value = attribute.value.as_ref().and_then(|value| value.value.as_ref());
        attribute.key == "agentotel.in_flight" && value == Some(&Value::BoolValue(true))
    };
    span.attributes.iter().any(is_set)
}

/// An id of the wrong length is not refused here: the console shows what there is.
pub(super) fn id<const N: usize>(bytes: &[u8]) -> [u8; N] {
    let mut id = [0; N];
    for (to, from) in id.iter_mut().zip(bytes) {
        *to = *from;
    }
    id
}

fn parent_is_remote(flags: u32) -> bool {
    let mask = SpanFlags::ContextHasIsRemoteMask as u32 | SpanFlags::ContextIsRemoteMask as u32;
    flags & mask == mask
}

fn error(kind: Option<&str>, message: &str) -> String {
    let text = match kind {
        Some(kind) if message.is_empty() => kind.to_owned(),
        Some(kind) => format!("{kind}: {message}"),
        None if message.is_empty() => "error".to_owned(),
        None => message.to_owned(),
    };
    printable(&text, ERROR_BYTES)
}

fn tokens(input: Option<i64>, output: Option<i64>) -> Option<String> {
    match (input, output) {
        (Some(input), Some(output)) => Some(format!("{} → {} tokens", grouped(input), grouped(output))),
        (Some(input), None) => Some(format!("{} tokens in", grouped(input))),
        (None, Some(output)) => Some(format!("{} tokens out", grouped(output))),
        (None, None) => None,
    }
}

fn text(value: &Value) -> Option<&str> {
    match value {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn int(value: &Value) -> Option<i64> {
    match value {
        Value::IntValue(int) => Some(*int),
        _ => None,
    }
}

fn texts(value: &Value) -> Option<String> {
    let Value::ArrayValue(array) = value else {
        return None;
    };
    let texts: Vec<&str> = array.values.iter().filter_map(|item| text(item.value.as_ref()?)).collect();
    (!texts.is_empty()).then(|| printable(&texts.join(", "), NAME_BYTES))
}
