//! The JSON Schema of events, made of the same table as their readers, and held against the committed file
//! (`AGENTOTEL_BLESS=1` writes it anew).

use serde_json::{Map, Value, json};

use super::event::{DETAILS, GivenEvent};
use super::given::{GivenContext, GivenEnd, GivenError, GivenLink, GivenMoment, GivenOptions, GivenTarget};
use super::log::{GivenLog, SEVERITIES};
use super::reader::Item;
use crate::event::content::key;
use crate::event::data::EventKind;
use crate::event::details::{self, Field, Holds, details};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/event.schema.json");

fn words(words: impl Iterator<Item = &'static str>) -> Value {
    json!({ "enum": words.map(Value::from).chain([Value::Null]).collect::<Vec<_>>() })
}

fn text() -> Value {
    json!({ "type": ["string", "null"] })
}

fn texts() -> Value {
    json!({ "type": ["array", "null"], "items": { "type": "string" } })
}

fn int() -> Value {
    json!({ "type": ["integer", "null"], "minimum": i64::MIN, "maximum": i64::MAX })
}

fn nanoseconds() -> Value {
    json!({ "type": ["integer", "string", "null"], "pattern": "^[+-]?[0-9]{1,19}$" })
}

fn double() -> Value {
    json!({ "type": ["number", "null"] })
}

fn truth() -> Value {
    json!({ "type": ["boolean", "null"] })
}

fn counting() -> Value {
    let word = json!({ "enum": ["inclusive", "cache_separate", "reasoning_separate"] });
    json!({ "anyOf": [word.clone(), { "type": "array", "items": word }, { "type": "null" }] })
}

fn hex(bytes: usize) -> Value {
    json!({ "type": ["string", "null"], "pattern": format!("^[0-9a-f]{{{}}}$", 2 * bytes) })
}

fn traceparent() -> Value {
    json!({ "type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}" })
}

fn defined(name: &str) -> Value {
    json!({ "$ref": format!("#/$defs/{name}") })
}

/// An object of some fields, each of which there is.
fn object<'a, T: Item<'a> + Default>(description: &str, fields: &[(&str, Value)]) -> Value {
    let mut given: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
    let mut names = T::default().names();
    given.sort_unstable();
    names.sort_unstable();
    assert_eq!(given, names, "{description}");
    described(description, fields)
}

/// An object of some fields.
fn described(description: &str, fields: &[(&str, Value)]) -> Value {
    let properties: Map<_, _> =
        fields.iter().map(|(name, schema)| ((*name).to_owned(), schema.clone())).collect();
    json!({
        "description": description.trim(),
        "type": ["object", "null"],
        "properties": properties,
        "additionalProperties": false,
    })
}

/// What a field of a detail holds.
fn field(field: &'static Field) -> Value {
    let (mut schema, description) = match field.holds {
        Holds::Text => (text(), String::new()),
        Holds::Texts => (texts(), String::new()),
        Holds::Int => (int(), String::new()),
        Holds::Double => (double(), String::new()),
        Holds::Truth | Holds::Flag => (truth(), String::new()),
        Holds::Counting => (counting(), String::new()),
        Holds::Choice(of) => (words(of.words.iter().copied()), String::new()),
        Holds::Content(content) => (json!({}), format!("{} (content)", key(content))),
    };
    let description = if field.key.is_none() {
        description
    } else {
        String::from_utf8_lossy(field.key.text()).into_owned()
    };
    if !description.is_empty() {
        schema["description"] = description.into();
    }
    schema
}

macro_rules! detail_schemas {
    ($($(#[doc = $doc:literal])* $detail:ident $given:ident $called:literal { $($field:ident: $type:tt $name:tt,)+ })+) => {
        fn details() -> Vec<(&'static str, Value)> {
            vec![$(($called, {
                let fields: Vec<_> =
                    details::$detail::FIELDS.iter().map(|field| (field.name(), self::field(field))).collect();
                described(concat!($($doc),*), &fields)
            })),+]
        }
    };
}

details!(detail_schemas);

/// What a field of an event holds.
fn event() -> Value {
    let mut fields = vec![
        ("kind", words((0..=EventKind::MOST).filter_map(EventKind::from_number).map(EventKind::word))),
        ("span_kind", words(["internal", "server", "client", "producer", "consumer"].into_iter())),
        ("name", text()),
        ("parent", defined("target")),
        ("start_time_unix_nano", nanoseconds()),
        ("end_time_unix_nano", nanoseconds()),
        ("duration_nano", nanoseconds()),
        ("status_code", words(["unset", "ok", "error"].into_iter())),
        ("status_message", text()),
        ("attributes", defined("attributes")),
        ("links", json!({ "type": ["array", "null"], "items": defined("link") })),
        ("span_events", json!({ "type": ["array", "null"], "items": defined("span_event") })),
        ("error", defined("error")),
        ("event_id", text()),
    ];
    let mut of_its_kind = Vec::new();
    for name in DETAILS {
        let detail = if name.starts_with("mcp_") { "mcp" } else { name };
        fields.push((name, defined(detail)));
        let given = json!({ "required": [name], "properties": { (*name): { "type": "object" } } });
        let kind = json!({ "properties": { "kind": { "enum": [name, null] } } });
        of_its_kind.push(json!({ "if": given, "then": kind }));
    }
    let description =
        "An event, or what an update or an end adds to one. It has the detail of its kind alone.";
    let mut event = object::<GivenEvent<'_>>(description, &fields);
    event["type"] = json!("object");
    event["allOf"] = of_its_kind.into();
    event
}

/// All of it.
pub(super) fn schema() -> Value {
    let context = [
        ("trace_id", hex(16)),
        ("span_id", hex(8)),
        ("trace_flags", json!({ "type": ["integer", "null"], "minimum": 0, "maximum": 255 })),
        ("is_remote", truth()),
    ];
    let handle =
        json!({ "type": ["integer", "string", "null"], "minimum": 0, "pattern": "^[+]?[0-9]{1,20}$" });
    let target: Vec<_> = context.iter().cloned().chain([("event", handle)]).collect();
    let or_text = |object: Value| json!({ "anyOf": [object, traceparent()] });
    let mut definitions: Map<String, Value> =
        details().into_iter().map(|(name, schema)| (name.to_owned(), schema)).collect();
    let more = [
        ("context", or_text(object::<GivenContext>("A span, or a traceparent.", &context))),
        ("target", or_text(object::<GivenTarget>("An event in flight by its handle, or any span.", &target))),
        ("attributes", json!({ "description": "Free attributes.", "type": ["object", "null"] })),
        (
            "link",
            object::<GivenLink<'_>>(
                "Another span that this one has to do with.",
                &[
                    ("context", defined("context")),
                    ("trace_state", text()),
                    ("attributes", defined("attributes")),
                ],
            ),
        ),
        (
            "span_event",
            object::<GivenMoment<'_>>(
                "Something that happened at a moment during a span.",
                &[("name", text()), ("time_unix_nano", nanoseconds()), ("attributes", defined("attributes"))],
            ),
        ),
        (
            "error",
            object::<GivenError<'_>>(
                "What went wrong.",
                &[
                    ("type", text()),
                    ("message", text()),
                    ("code", text()),
                    ("details", text()),
                    ("stack", text()),
                    ("time_unix_nano", nanoseconds()),
                    (
                        "kind",
                        words((0..=EventKind::MOST).filter_map(EventKind::from_number).map(EventKind::word)),
                    ),
                ],
            ),
        ),
        (
            "session_end",
            object::<GivenEnd<'_>>(
                "How a session ended.",
                &[
                    ("end_state", words(["indeterminate", "success", "fail"].into_iter())),
                    ("reason", text()),
                    ("error_type", text()),
                    ("end_time_unix_nano", nanoseconds()),
                ],
            ),
        ),
        ("session_options", session_options()),
        ("log_record", log_record()),
    ];
    definitions.extend(more.map(|(name, schema)| (name.to_owned(), schema)));
    for required in ["link", "span_event"] {
        definitions[required]["type"] = json!("object");
    }
    definitions["link"]["required"] = json!(["context"]);
    let mut schema = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "An event of agentotel",
        "$defs": definitions,
    });
    if let (Value::Object(schema), Value::Object(event)) = (&mut schema, event()) {
        schema.extend(event);
    }
    schema
}

fn log_record() -> Value {
    let words = SEVERITIES.map(Value::from).into_iter().chain([Value::Null]).collect::<Vec<_>>();
    let number = json!({ "type": "integer", "minimum": 0, "maximum": SEVERITIES.len() - 1 });
    let fields = [
        ("severity_number", json!({ "anyOf": [{ "enum": words }, number] })),
        ("severity_text", text()),
        ("event_name", text()),
        ("body", json!({ "description": "A text, or any other value." })),
        ("time_unix_nano", nanoseconds()),
        ("attributes", defined("attributes")),
    ];
    object::<GivenLog<'_>>("What is logged.", &fields)
}

fn session_options() -> Value {
    let texts_of = [
        "session_id",
        "name",
        "conversation_id",
        "user_id",
        "agent_name",
        "agent_id",
        "agent_version",
        "agent_description",
        "provider",
        "trace_state",
        "baggage",
        "previous_session_id",
    ];
    let mut fields = vec![
        ("tags", texts()),
        ("parent", defined("context")),
        ("resumed", defined("context")),
        ("start_time_unix_nano", nanoseconds()),
        ("attributes", defined("attributes")),
    ];
    fields.extend(texts_of.map(|name| (name, text())));
    object::<GivenOptions<'_>>("What a session is, as far as it is known at its start.", &fields)
}

#[test]
fn the_committed_schema_is_the_one_that_is_read_by() {
    let schema = serde_json::to_string_pretty(&schema()).unwrap() + "\n";
    if std::env::var_os("AGENTOTEL_BLESS").is_some_and(|bless| bless == "1") {
        std::fs::write(PATH, &schema).unwrap();
    }
    let committed = std::fs::read_to_string(PATH).unwrap_or_default();
    assert!(committed == schema, "{PATH} is out of date: run with AGENTOTEL_BLESS=1");
}
