//! Content that comes as free attributes, under the names that the conventions and this library have for it: it is content
//! whatever it is called with, and the policy is asked as for the typed fields. A value that is no text is shown as JSON on
//! spans, and as it was given on log records.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::content::{Content, ContentPolicy};
use super::data::EventData;
use super::log::LogData;
use crate::config::{ContentField, ContentMode};
use crate::export::injector::Screen;
use crate::journal::accounting::Repairs;
use crate::otlp::span::{Link, SpanEvent};
use crate::otlp::value::{Attribute, Attributes, Value};

/// Whether a key is one that content has. For most keys their first letters tell.
#[inline(always)]
pub(crate) fn names_content(key: &[u8]) -> bool {
    const OWN: u64 = u64::from_le_bytes(*b"agentote");
    const OF_CONVENTIONS: u64 = u64::from_le_bytes(*b"gen_ai.\0");
    let Some(first) = key.first_chunk::<8>() else { return false };
    let first = u64::from_le_bytes(*first);
    (first == OWN || first << 8 == OF_CONVENTIONS << 8) && field(key).is_some()
}

/// The field whose content has this key.
fn field(key: &[u8]) -> Option<ContentField> {
    Some(match key {
        b"gen_ai.system_instructions" => ContentField::SystemInstructions,
        // What earlier conventions had for messages.
        b"gen_ai.input.messages" | b"gen_ai.prompt" => ContentField::InputMessages,
        b"gen_ai.output.messages" | b"gen_ai.completion" => ContentField::OutputMessages,
        b"gen_ai.tool.definitions" => ContentField::ToolDefinitions,
        b"gen_ai.tool.call.arguments" => ContentField::ToolArguments,
        b"gen_ai.tool.call.result" => ContentField::ToolResult,
        b"gen_ai.retrieval.query.text" => ContentField::RetrievalQuery,
        b"gen_ai.retrieval.documents" => ContentField::RetrievalDocuments,
        // Comments of feedback have this key, too.
        b"gen_ai.evaluation.explanation" => ContentField::EvaluationExplanation,
        b"agentotel.action.params" => ContentField::ActionParams,
        b"agentotel.action.returns" => ContentField::ActionReturns,
        b"agentotel.action.logs" => ContentField::ActionLogs,
        b"agentotel.handoff.input" => ContentField::HandoffInput,
        b"agentotel.plan.goal" => ContentField::PlanGoal,
        b"agentotel.plan.steps" => ContentField::PlanSteps,
        b"agentotel.approval.request" => ContentField::ApprovalRequest,
        b"agentotel.guardrail.input" => ContentField::GuardrailInput,
        b"agentotel.guardrail.output" => ContentField::GuardrailOutput,
        b"agentotel.memory.query" => ContentField::MemoryQuery,
        b"agentotel.memory.records" => ContentField::MemoryRecords,
        b"agentotel.compaction.summary" => ContentField::CompactionSummary,
        _ => return None,
    })
}

/// A value as JSON; bytes are base64.
struct Json<'v, 'a>(&'v Value<'a>);

impl Serialize for Json<'_, '_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        fn list<S: Serializer, T>(
            serializer: S,
            items: &[T],
            mut add: impl FnMut(&mut S::SerializeSeq, &T) -> Result<(), S::Error>,
        ) -> Result<S::Ok, S::Error> {
            let mut list = serializer.serialize_seq(Some(items.len()))?;
            items.iter().try_for_each(|item| add(&mut list, item))?;
            list.end()
        }
        match *self.0 {
            Value::Empty => serializer.serialize_unit(),
            Value::Text(text) => serializer.serialize_str(&String::from_utf8_lossy(text)),
            Value::Bool(truth) => serializer.serialize_bool(truth),
            Value::Int(number) => serializer.serialize_i64(number),
            Value::Double(number) => serializer.serialize_f64(number),
            Value::Bytes(bytes) => serializer.serialize_str(&BASE64.encode(bytes)),
            Value::Texts(texts) => {
                list(serializer, texts, |list, text| list.serialize_element(&Json(&Value::Text(text))))
            }
            Value::Bools(truths) => {
                list(serializer, truths, |list, truth| list.serialize_element(&(*truth != 0)))
            }
            Value::Ints(numbers) => list(serializer, numbers, |list, number| list.serialize_element(number)),
            Value::Doubles(numbers) => {
                list(serializer, numbers, |list, number| list.serialize_element(number))
            }
            Value::List(values) => {
                list(serializer, values, |list, value| list.serialize_element(&Json(value)))
            }
            Value::Map(entries) => {
                let mut map = serializer.serialize_map(Some(entries.len()))?;
                for entry in entries {
                    map.serialize_entry(&String::from_utf8_lossy(entry.key), &Json(&entry.value))?;
                }
                map.end()
            }
        }
    }
}

/// What was given of a value, as far as it counts: its text, bytes, or JSON.
fn given<'a>(arena: &'a Bump, value: &Value<'a>) -> &'a [u8] {
    match value {
        Value::Bytes(bytes) => bytes,
        other => text(arena, other),
    }
}

/// A value's text: a text as it is, any other value as JSON. Bytes are a text if they can be, else base64.
fn text<'a>(arena: &'a Bump, value: &Value<'a>) -> &'a [u8] {
    match value {
        Value::Text(text) => text,
        Value::Bytes(bytes) if std::str::from_utf8(bytes).is_ok() => bytes,
        Value::Bytes(bytes) => arena.alloc_str(&BASE64.encode(bytes)).as_bytes(),
        // Writing to memory does not fail.
        other => arena.alloc_slice_copy(&serde_json::to_vec(&Json(other)).unwrap_or_default()),
    }
}

/// Where attributes stand.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Span,
    Log,
}

impl ContentPolicy {
    /// Attributes of which those under a name of content are what the policy shows of it; `redacted` are the same ones behind
    /// the rules.
    fn screened_in<'a>(
        &self,
        arena: &'a Bump,
        given: &[Attribute<'a>],
        redacted: &'a [Attribute<'a>],
        place: Place,
    ) -> &'a [Attribute<'a>] {
        if !given.iter().any(|attribute| names_content(attribute.key)) {
            return redacted;
        }
        let mut out = ArenaVec::with_capacity_in(given.len(), arena);
        for (given, redacted) in given.iter().zip(redacted) {
            let Some(field) = field(given.key) else {
                out.push(*redacted);
                continue;
            };
            let (before, text) = (self::given(arena, &given.value), text(arena, &redacted.value));
            let may_stay = match redacted.value {
                Value::Text(_) => false,
                Value::Int(_) | Value::Bool(_) | Value::Double(_) => true,
                _ => place == Place::Log,
            };
            if may_stay && self.mode(field) == ContentMode::Full && text.len() <= self.most_bytes() {
                out.push(Attribute { key: given.key, ..*redacted });
            } else {
                self.show_as(&mut out, field, given.key, Content::new(before).with(text));
            }
        }
        out.into_bump_slice()
    }

    fn screened_links<'a>(
        &self,
        arena: &'a Bump,
        given: &[Link<'a>],
        redacted: &'a [Link<'a>],
    ) -> &'a [Link<'a>] {
        if given.iter().all(|link| !some_name_content(link.attributes)) {
            return redacted;
        }
        arena.alloc_slice_fill_iter(given.iter().zip(redacted).map(|(given, link)| Link {
            attributes: self.screened_in(arena, given.attributes, link.attributes, Place::Span),
            ..*link
        }))
    }

    fn screened_events<'a>(
        &self,
        arena: &'a Bump,
        given: &[SpanEvent<'a>],
        redacted: &'a [SpanEvent<'a>],
    ) -> &'a [SpanEvent<'a>] {
        if given.iter().all(|event| !some_name_content(event.attributes)) {
            return redacted;
        }
        arena.alloc_slice_fill_iter(given.iter().zip(redacted).map(|(given, event)| SpanEvent {
            attributes: self.screened_in(arena, given.attributes, event.attributes, Place::Span),
            ..*event
        }))
    }

    /// The attributes of a span.
    pub(super) fn screened_attributes<'a>(
        &self,
        arena: &'a Bump,
        given: &[Attribute<'a>],
        redacted: &'a [Attribute<'a>],
        repairs: &mut Repairs,
    ) -> &'a [Attribute<'a>] {
        let screened = self.screened_in(arena, given, redacted, Place::Span);
        repairs.truncated += self.truncated_among(screened, redacted);
        screened
    }

    /// An event with all its attributes.
    pub(super) fn screened_event<'d, 'a: 'd>(
        &self,
        arena: &'a Bump,
        given: &EventData<'a>,
        redacted: &'d EventData<'a>,
        repairs: &mut Repairs,
    ) -> &'d EventData<'a> {
        let list = self.screened_attributes(arena, given.attributes.list, redacted.attributes.list, repairs);
        let links = self.screened_links(arena, given.links, redacted.links);
        let events = self.screened_events(arena, given.events, redacted.events);
        let is_same = std::ptr::eq(list, redacted.attributes.list)
            && std::ptr::eq(links, redacted.links)
            && std::ptr::eq(events, redacted.events);
        if is_same {
            return redacted;
        }
        arena.alloc(EventData { attributes: Attributes::of(list), links, events, ..*redacted })
    }

    /// A log record with its attributes.
    pub(super) fn screened_log<'d, 'a: 'd>(
        &self,
        arena: &'a Bump,
        given: &LogData<'a>,
        redacted: &'d LogData<'a>,
        repairs: &mut Repairs,
    ) -> &'d LogData<'a> {
        let before = redacted.attributes.list;
        let list = self.screened_in(arena, given.attributes.list, before, Place::Log);
        if std::ptr::eq(list, before) {
            return redacted;
        }
        repairs.truncated += self.truncated_among(list, before);
        arena.alloc(LogData { attributes: Attributes::of(list), ..*redacted })
    }

    /// How many were cut in the screening.
    fn truncated_among(&self, screened: &[Attribute<'_>], before: &[Attribute<'_>]) -> u32 {
        if std::ptr::eq(screened, before) {
            return 0;
        }
        self.truncated(screened).saturating_sub(self.truncated(before))
    }
}

impl Screen for ContentPolicy {
    fn screened<'a>(
        &self,
        arena: &'a Bump,
        given: &[Attribute<'a>],
        redacted: &'a [Attribute<'a>],
    ) -> &'a [Attribute<'a>] {
        self.screened_in(arena, given, redacted, Place::Span)
    }
}

fn some_name_content(attributes: &[Attribute<'_>]) -> bool {
    attributes.iter().any(|attribute| names_content(attribute.key))
}

#[cfg(test)]
mod tests {
    use super::super::content::key;
    use super::*;
    use crate::config::ContentConfig;

    #[test]
    fn every_field_is_known_by_its_key() {
        for own in ContentField::all() {
            let key = key(own).as_bytes();
            assert!(names_content(key), "{own:?}");
            let shared = own == ContentField::FeedbackComment;
            assert_eq!(
                field(key),
                Some(if shared { ContentField::EvaluationExplanation } else { own }),
                "{own:?}"
            );
        }
        for other in ["gen_ai.prompt.name", "gen_ai.request.model", "gen_", "agentotel.plan", "", "content"] {
            assert!(!names_content(other.as_bytes()), "{other}");
        }
    }

    fn shown(mode: ContentMode, value: Value<'_>, place: Place) -> String {
        let arena = Bump::new();
        let config = ContentConfig { default: mode, max_bytes: 24, ..ContentConfig::default() };
        let key = super::super::content::HashKey::new(b"0123456789abcdef").unwrap();
        let policy = ContentPolicy::new(&config, Some(key));
        let given = [
            Attribute::new("before", Value::Int(1)),
            Attribute::new("gen_ai.prompt", value),
            Attribute::new("behind", Value::Int(2)),
        ];
        let shown = policy.screened_in(&arena, &given, arena.alloc_slice_copy(&given), place);
        let (first, last) = (shown.first().unwrap(), shown.last().unwrap());
        assert_eq!((first.key, last.key), (&b"before"[..], &b"behind"[..]));
        let inner = &shown[1..shown.len() - 1];
        let words = inner.iter().map(|attribute| {
            let value = match attribute.value {
                Value::Text(text) => String::from_utf8_lossy(text).into_owned(),
                ref other => format!("{other:?}"),
            };
            format!("{}={value}", String::from_utf8_lossy(attribute.key))
        });
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_policy_is_asked_for_it() {
        let text = Value::Text(b"my secret");
        assert_eq!(shown(ContentMode::Off, text, Place::Span), "");
        assert_eq!(
            shown(ContentMode::Length, text, Place::Log),
            "agentotel.content.input_messages.length=Int(9)"
        );
        let hashed = shown(ContentMode::Hash, text, Place::Span);
        assert!(hashed.contains("input_messages.hash=") && !hashed.contains("secret"), "{hashed}");
        assert_eq!(shown(ContentMode::Full, text, Place::Span), "gen_ai.prompt=my secret");
        let long = "gen_ai.prompt=0123456789012345678901234 agentotel.content.input_messages.length=Int(25) \
                    agentotel.content.input_messages.truncated=Bool(true)"
            .replacen("01234 agent", "0123 agent", 1);
        assert_eq!(shown(ContentMode::Full, Value::Text(b"0123456789012345678901234"), Place::Span), long);
    }

    #[test]
    fn what_is_no_text_is_json_on_spans_and_itself_on_logs() {
        let list = [Value::Int(7), Value::Empty, Value::Bytes(b"\xff"), Value::Double(0.5)];
        let entries = [Attribute::new("a", Value::List(&list)), Attribute::new("b", Value::Bools(&[1, 0]))];
        let small = Value::Map(&entries[1..]);
        assert_eq!(shown(ContentMode::Full, small, Place::Span), r#"gen_ai.prompt={"b":[true,false]}"#);
        assert!(shown(ContentMode::Full, small, Place::Log).starts_with("gen_ai.prompt=Map("));
        // Too long for the policy: cut, and JSON all the same.
        for place in [Place::Span, Place::Log] {
            let cut = shown(ContentMode::Full, Value::Map(&entries), place);
            assert!(cut.starts_with(r#"gen_ai.prompt={"a":[7,null,"#), "{cut}");
            assert!(cut.contains(".length=Int(42)") && cut.contains("truncated"), "{cut}");
        }
        assert_eq!(shown(ContentMode::Full, Value::Bytes(b"as text"), Place::Span), "gen_ai.prompt=as text");
        assert_eq!(shown(ContentMode::Full, Value::Bytes(b"\xff\xfe"), Place::Span), "gen_ai.prompt=//4=");
        assert_eq!(shown(ContentMode::Full, Value::Int(5), Place::Span), "gen_ai.prompt=Int(5)");
        assert_eq!(shown(ContentMode::Off, Value::Map(&entries), Place::Log), "");
        assert_eq!(
            shown(ContentMode::Length, Value::Texts(&[b"a", b"b"]), Place::Log),
            "agentotel.content.input_messages.length=Int(9)"
        );
    }
}
