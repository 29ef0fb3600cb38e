//! What is said in JSON is what is said in structs; what is wrong is named; what is hostile is refused or repaired.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use proptest::prelude::*;
use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use serde_json::{Map, Value as Json, json};

use super::schema::schema;
use super::*;
use crate::config::{ContentConfig, ContentMode};
use crate::event::content::{Content, ContentPolicy};
use crate::event::data::{Detail, EndState, EventKind, Target};
use crate::event::details::{Field, FieldValue, Fields, Holds};
use crate::event::semconv::{self, Inherited, Phase};
use crate::otlp::span::{SpanKind, StatusCode};
use crate::otlp::value::{Attribute, Value};

fn whole<'a>(arena: &'a Bump, json: &Json) -> &'a EventData<'a> {
    let read = whole_event(arena, json.to_string().as_bytes()).unwrap();
    assert!(!read.mended);
    read.data
}

fn refusal(text: &[u8]) -> String {
    match whole_event(&Bump::new(), text) {
        Err(Refused::Wrong(why)) => why,
        other => panic!("{other:?}"),
    }
}

/// Things by chance, each with its JSON.
struct Chance<'a> {
    arena: &'a Bump,
    random: SmallRng,
}

impl<'a> Chance<'a> {
    fn below(&mut self, limit: u64) -> u64 {
        self.random.next_u64() % limit
    }

    fn string(&mut self) -> &'a str {
        let letters = ["a", "é", "漢", "🦀", "\"", "\\", "\0", "\n", "/", "}", "]", " "];
        let count = 1 + self.below(12);
        let text: String = (0..count).map(|_| letters[self.below(12) as usize]).collect();
        self.arena.alloc_str(&text)
    }

    fn number(&mut self) -> i64 {
        let bits = self.below(64);
        (self.random.next_u64() >> bits).cast_signed()
    }

    fn finite(&mut self) -> f64 {
        let number = f64::from_bits(self.random.next_u64());
        if number.is_finite() { number } else { 0.5 }
    }

    /// Something that a field may hold. What says nothing is no value.
    fn field(&mut self, holds: &Holds) -> (Option<FieldValue<'a>>, Json) {
        match holds {
            Holds::Text => {
                let text = self.string();
                (Some(FieldValue::Text(text.as_bytes())), json!(text))
            }
            Holds::Texts => {
                let count = 1 + self.below(3) as usize;
                let texts: Vec<&'a str> = (0..count).map(|_| self.string()).collect();
                let given = self.arena.alloc_slice_fill_iter(texts.iter().map(|text| text.as_bytes()));
                (Some(FieldValue::Texts(given)), json!(texts))
            }
            Holds::Int => {
                let number = self.number();
                (Some(FieldValue::Int(number)), json!(number))
            }
            Holds::Double => {
                let number = self.finite();
                (Some(FieldValue::Double(number)), json!(number))
            }
            Holds::Truth => {
                let truth = self.below(2) == 0;
                (Some(FieldValue::Truth(truth)), json!(truth))
            }
            Holds::Flag => {
                let truth = self.below(2) == 0;
                (truth.then_some(FieldValue::Truth(true)), json!(truth))
            }
            Holds::Counting => {
                let number = self.below(4) as u32;
                let words: Vec<_> = [(1, "cache_separate"), (2, "reasoning_separate")]
                    .iter()
                    .filter(|(bit, _)| number & bit != 0)
                    .map(|(_, word)| *word)
                    .collect();
                let json = if let [word] = words[..] { json!(word) } else { json!(words) };
                ((number > 0).then_some(FieldValue::Number(number)), json)
            }
            Holds::Choice(words) => {
                let number = 1 + self.below(words.most().into()) as u32;
                (Some(FieldValue::Number(number)), json!(words.word(number).unwrap()))
            }
            Holds::Content(_) => {
                let (content, json) = self.content();
                (content.map(FieldValue::Content), json)
            }
        }
    }

    fn value(&mut self, depth: u64) -> Json {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => json!(self.string()),
            1 => json!(self.below(2) == 0),
            2 => json!(self.number()),
            3 => json!(self.finite()),
            4 => Json::Null,
            5 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => {
                let entries = (0..self.below(4)).map(|_| (self.string().to_owned(), self.value(depth - 1)));
                Json::Object(entries.collect::<Map<_, _>>())
            }
        }
    }

    fn content(&mut self) -> (Option<Content<'a>>, Json) {
        match self.value(3) {
            Json::String(text) => (Some(Content::new(self.arena.alloc_str(&text).as_bytes())), json!(text)),
            Json::Null => (None, Json::Null),
            value => (Some(Content::new(self.arena.alloc_str(&value.to_string()).as_bytes())), value),
        }
    }

    /// Some of the fields of a detail.
    fn fields(&mut self, all: &'static [Field]) -> (Fields<'a>, Json) {
        let mut json = Map::new();
        let mut values = Vec::new();
        for field in all {
            values.push(match self.below(4) {
                0 => None,
                1 => {
                    json.insert(field.name().to_owned(), Json::Null);
                    None
                }
                _ => {
                    let (value, said) = self.field(&field.holds);
                    json.insert(field.name().to_owned(), said);
                    value
                }
            });
        }
        (Fields::of(self.arena, all, values.into_iter()), Json::Object(json))
    }
}

/// All that a detail says, in words.
fn words<'a>(arena: &'a Bump, detail: Detail<'a>) -> String {
    let all = ContentConfig { default: ContentMode::Full, ..ContentConfig::default() };
    let mut attributes = ArenaVec::new_in(arena);
    let policy = ContentPolicy::new(&all, None);
    semconv::typed(&mut attributes, &detail, Inherited::default(), Phase::Whole, &policy);
    format!("{detail:?} {attributes:?}")
}

/// An event of a kind by chance, read back: the words for what was said, for what was read, and the JSON.
fn round_trip(arena: &Bump, seed: u64) -> (String, String, Json) {
    let mut chance = Chance { arena, random: SmallRng::seed_from_u64(seed) };
    let kind = EventKind::from_number(1 + chance.below(EventKind::MOST.into()) as u32).unwrap();
    let (said, json) = chance.fields(kind.fields());
    let mut event = json!({ (kind.word()): json });
    if chance.below(2) == 0 {
        event["kind"] = json!(kind.word());
    }
    let read = whole(arena, &event).detail;
    (words(arena, Detail::new(kind, said)), words(arena, read), event)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn what_is_said_in_json_is_what_is_said_in_structs(seed: u64) {
        let arena = Bump::new();
        let (said, read, json) = round_trip(&arena, seed);
        prop_assert_eq!(said, read, "{}", json);
    }

    #[test]
    fn no_text_does_harm(text in "[\\[\\]{}\",:0-9a-u\\\\ .\u{e9}-]{0,60}") {
        let arena = Bump::new();
        for around in ["", "{\"llm\":", "{\"attributes\":{\"a\":"] {
            let text = format!("{around}{text}");
            if let Err(Refused::Wrong(why)) = whole_event(&arena, text.as_bytes()) {
                prop_assert!(!why.is_empty());
            }
        }
    }
}

#[test]
fn the_schema_takes_what_is_read() {
    let schema = jsonschema::draft202012::new(&schema()).unwrap();
    for seed in 0..300 {
        let (_, _, json) = round_trip(&Bump::new(), seed);
        if let Err(error) = schema.validate(&json) {
            panic!("{error}: {json}");
        }
    }
    schema.validate(&an_event()).unwrap();
}

/// An event that says everything that all kinds have in common.
fn an_event() -> Json {
    json!({
        "kind": "custom",
        "span_kind": "producer",
        "name": "poll",
        "parent": { "event": "18446744073709551615" },
        "start_time_unix_nano": 1_767_225_600_000_000_001_i64,
        "end_time_unix_nano": "1767225600000000002",
        "duration_nano": 5.0,
        "status_code": "error",
        "status_message": "no",
        "attributes": {
            "text": "x", "bool": true, "int": -1, "double": 0.5, "none": null, "texts": ["a", "b"], "bools": [true],
            "ints": [1, 2], "doubles": [1, 2.5], "mixed": [1, "a"], "map": { "a": [1, null] }, "empty": []
        },
        "links": [
            { "context": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "attributes": { "a": 1 } },
            { "context": { "trace_id": "03030303030303030303030303030303", "span_id": "0404040404040404" },
              "trace_state": "a=b" }
        ],
        "span_events": [{ "name": "retried", "time_unix_nano": 7, "attributes": null }],
        "error": { "type": "timeout", "message": "m", "code": "c", "details": "d", "stack": "s",
            "time_unix_nano": 9, "kind": "llm" },
        "event_id": "poll 1"
    })
}

#[test]
fn what_all_kinds_have_is_read() {
    let arena = Bump::new();
    let event = whole(&arena, &an_event());
    assert!(matches!(event.parent, Target::Event(u64::MAX)));
    assert_eq!(
        (event.name, event.status_message, event.event_id),
        (&b"poll"[..], &b"no"[..], &b"poll 1"[..])
    );
    assert_eq!((event.span_kind, event.status), (Some(SpanKind::Producer), StatusCode::Error));
    let (start, end) = (1_767_225_600_000_000_001, 1_767_225_600_000_000_002);
    assert_eq!((event.times.start, event.times.end, event.times.duration), (start, end, 5));
    let expected: &[(&str, Value<'_>)] = &[
        ("bool", Value::Bool(true)),
        ("bools", Value::Bools(&[1])),
        ("double", Value::Double(0.5)),
        ("doubles", Value::Doubles(&[1.0, 2.5])),
        ("empty", Value::List(&[])),
        ("int", Value::Int(-1)),
        ("ints", Value::Ints(&[1, 2])),
        ("map", Value::Map(&[Attribute { key: b"a", value: Value::List(&[Value::Int(1), Value::Empty]) }])),
        ("mixed", Value::List(&[Value::Int(1), Value::Text(b"a")])),
        ("text", Value::Text(b"x")),
        ("texts", Value::Texts(&[b"a", b"b"])),
    ];
    let read: Vec<_> =
        event.attributes.list.iter().map(|a| (std::str::from_utf8(a.key).unwrap(), a.value)).collect();
    assert_eq!(read, expected);
    assert!(event.attributes.unique && event.attributes.size > 0);
    let [remote, near] = event.links else { panic!("{:?}", event.links) };
    assert_eq!((remote.span_id, remote.flags), ([0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31], 0x301));
    assert_eq!((near.trace_id, near.flags, near.trace_state), ([3; 16], 0x100, &b"a=b"[..]));
    assert_eq!((event.events[0].name, event.events[0].time), (&b"retried"[..], 7));
    let error = event.error.unwrap();
    assert_eq!((error.kind, error.stack, error.time), (&b"timeout"[..], &b"s"[..], 9));
    assert_eq!((error.message, error.code, error.details), (&b"m"[..], &b"c"[..], &b"d"[..]));
    assert_eq!(error.of, EventKind::Llm);
}

#[test]
fn a_parent_is_named_in_three_ways_or_not() {
    let arena = Bump::new();
    let id = "0af7651916cd43dd8448eb211c80319c";
    let parent = |parent: Json| whole(&arena, &json!({ "name": "x", "parent": parent })).parent;
    assert!(matches!(parent(json!({ "event": 7 })), Target::Event(7)));
    assert!(matches!(parent(json!({})), Target::Root));
    assert!(matches!(parent(Json::Null), Target::Root));
    for (given, flags, is_remote) in [
        (json!({ "trace_id": id, "span_id": "b7ad6b7169203331", "trace_flags": 3 }), 3, false),
        (json!({ "trace_id": id, "span_id": "b7ad6b7169203331", "is_remote": true }), 0, true),
        (json!(format!("00-{id}-b7ad6b7169203331-01")), 1, true),
    ] {
        let Target::Context(context) = parent(given.clone()) else { panic!("{given}") };
        assert_eq!((context.trace_id[0], context.span_id[0]), (0x0a, 0xb7));
        assert_eq!((context.trace_flags, context.is_remote), (flags, is_remote));
    }
}

#[test]
fn content_is_any_value_as_it_is_written() {
    let policy =
        ContentPolicy::new(&ContentConfig { default: ContentMode::Full, ..ContentConfig::default() }, None);
    for (said, kept) in [
        (r#"{ "a" : [1.50, "\u00e9]"] }"#, r#"{ "a" : [1.50, "\u00e9]"] }"#),
        (r#""a plain text""#, "a plain text"),
        (r#""an \"escaped\" one\u00e9""#, "an \"escaped\" oneé"),
        (r#""{\"a\":1}""#, r#"{"a":1}"#),
        ("-0.0", "-0.0"),
        ("true", "true"),
    ] {
        let arena = Bump::new();
        let text = format!("{{\"tool\":{{\"name\":\"x\",\"result\": {said} }}}}");
        let detail = whole_event(&arena, text.as_bytes()).unwrap().data.detail;
        let mut attributes = ArenaVec::new_in(&arena);
        semconv::typed(&mut attributes, &detail, Inherited::default(), Phase::Whole, &policy);
        assert_eq!(attributes.last().unwrap().value, Value::Text(kept.as_bytes()));
    }
}

/// What is wrong, where, and what was expected; and whether the schema says so too.
const WRONG: &[(&str, &str, bool)] = &[
    (r#"{"llm":{"input_tokens":"x"}}"#, "llm.input_tokens: a whole number is expected, got \"x\"", true),
    (r#"{"llm":{"input_tokens":1.5}}"#, "llm.input_tokens: a whole number is expected, got 1.5", true),
    (
        r#"{"llm":{"input_tokens":9223372036854775808}}"#,
        "a whole number is expected, got 9223372036854775808",
        false,
    ),
    (r#"{"llm":{"temperature":true}}"#, "llm.temperature: a number is expected, got true", true),
    (r#"{"llm":{"stream":1}}"#, "llm.stream: true or false is expected, got 1", true),
    (r#"{"llm":{"stop_sequences":["a",2]}}"#, "llm.stop_sequences[1]: a text is expected, got 2", true),
    (
        r#"{"llm":{"stop_sequences":"a"}}"#,
        "llm.stop_sequences: a list of texts is expected, got a text",
        true,
    ),
    (
        r#"{"llm":{"operation":"talk"}}"#,
        "llm.operation: one of \"chat\", \"text_completion\", \"generate_content\" is expected, got \"talk\"",
        true,
    ),
    (
        r#"{"llm":{"counting":["inclusive","odd"]}}"#,
        "llm.counting[1]: one of, or a list of, \"inclusive\"",
        true,
    ),
    (
        r#"{"llm":{"input_token":1}}"#,
        "llm.input_token: there is no such field; there are operation, in_process,",
        true,
    ),
    (r#"{"llms":{}}"#, "llms: there is no such field; there are kind, span_kind, name,", true),
    (r#"{"llm":[]}"#, "llm: an object is expected, got a list", true),
    (r#"{"llm":"a secret of many words"}"#, "llm: an object is expected, got a text", true),
    (r#"{"kind":"custom","llm":{}}"#, "llm: is given with the kind custom", true),
    (r#"{"kind":"tool"}"#, "tool: is absent, an event of the kind tool needs it", false),
    (r#"{"llm":{},"tool":{}}"#, "llm: is given beside tool, an event has one detail", false),
    (r#"{"kind":1}"#, "kind: one of \"custom\", \"llm\", \"tool\",", true),
    (r#"{"name":5}"#, "name: a text is expected, got 5", true),
    (r#"{"name":{}}"#, "name: a text is expected, got an object", true),
    (
        r#"{"duration_nano":"soon"}"#,
        "duration_nano: a whole number of nanoseconds is expected, got \"soon\"",
        true,
    ),
    (r#"{"attributes":[1]}"#, "attributes: an object is expected, got a list", true),
    (r#"{"parent":{"event":-1}}"#, "parent.event: a handle is expected, got -1", true),
    (
        r#"{"parent":{"event":1,"span_id":"0404040404040404"}}"#,
        "parent: names both an event and a context",
        false,
    ),
    (r#"{"parent":{"span_id":"0404040404040404"}}"#, "parent: both trace_id and span_id are expected", false),
    (
        r#"{"parent":{"span_id":"04"}}"#,
        "parent.span_id: a text of 16 hexadecimal digits in lower case is",
        true,
    ),
    (
        r#"{"parent":"00-x"}"#,
        "parent: an object with event, or with trace_id and span_id, or a traceparent, is",
        true,
    ),
    (
        r#"{"links":[{"context":{"trace_flags":256}}]}"#,
        "links[0].context.trace_flags: a whole number from 0 to 255",
        true,
    ),
    (r#"{"links":[{}]}"#, "links[0].context: both trace_id and span_id are expected", true),
    (r#"{"links":[null]}"#, "links[0]: an object is expected, got null", true),
    (r#"{"span_events":[{"name":"a"},{"name":1}]}"#, "span_events[1].name: a text is expected, got 1", true),
    (r#"{"error":{"kind":"x"}}"#, "error.kind: one of \"custom\"", true),
    (r#"{"attributes":{"a.b":NaN}}"#, "attributes[\"a.b\"]: not valid JSON: expected value at line 1", false),
    (r#"{"attributes":{"a":1e999}}"#, "attributes[\"a\"]: not valid JSON: number out of range", false),
    (r#"{"name":"x"} {}"#, "json: not valid JSON: trailing characters", false),
    (r#"{"name":"x""#, "json: not valid JSON: EOF while parsing an object", false),
    ("", "json: not valid JSON: EOF while parsing a value", false),
    ("[]", "json: an object is expected, got a list", true),
    ("null", "json: an object is expected, got null", true),
    ("\"x\"", "json: an object is expected, got a text", true),
    ("5", "json: an object is expected, got 5", true),
];

#[test]
fn what_is_wrong_is_named_with_its_place() {
    let schema = jsonschema::draft202012::new(&schema()).unwrap();
    for (text, words, by_schema) in WRONG {
        let why = refusal(text.as_bytes());
        let at_once = why.starts_with(words) || why.contains(&format!(": {words}"));
        assert!(at_once, "{text}: {why}");
        assert!(!why.contains("secret"));
        if *by_schema {
            assert!(!schema.is_valid(&serde_json::from_str(text).unwrap()), "{text}");
        }
    }
}

#[test]
fn the_last_of_two_counts() {
    let arena = Bump::new();
    let text = br#"{"name":"a","llm":{"seed":1},"name":"b","attributes":{"k":{"a":1,"b":2,"a":3}},"llm":{"seed":2}}"#;
    let event = whole_event(&arena, text).unwrap().data;
    assert_eq!(event.name, b"b");
    assert!(matches!(event.detail, Detail::Llm(llm) if llm.seed() == Some(2)));
    let Value::Map([a, _]) = event.attributes.list[0].value else { panic!() };
    assert_eq!(a.value, Value::Int(3));
}

#[test]
fn what_is_no_unicode_is_replaced_and_said() {
    let arena = Bump::new();
    for (text, name) in [
        (&b"{\"name\":\"a\xffb\"}"[..], "a\u{fffd}b"),
        (br#"{"name":"a\ud800b"}"#, "a\u{fffd}b"),
        (br#"{"name":"\ud83d\ude00 \udc00"}"#, "\u{1f600} \u{fffd}"),
    ] {
        let read = whole_event(&arena, text).unwrap();
        assert!(read.mended);
        assert_eq!(read.data.name, name.as_bytes());
    }
    let text = br#"{"tool":{"result":"\ud800"},"attributes":{"\udc00":["\ud800"]}}"#;
    let read = whole_event(&arena, text).unwrap();
    assert!(read.mended);
    let [attribute] = read.data.attributes.list else { panic!() };
    assert_eq!(
        (attribute.key, attribute.value),
        ("\u{fffd}".as_bytes(), Value::Texts(&["\u{fffd}".as_bytes()]))
    );
    // What is wrong besides is said all the same.
    assert_eq!(
        refusal(br#"{"name":"\ud800","status_message":1}"#),
        "status_message: a text is expected, got 1"
    );
}

#[test]
fn depth_is_bounded_wherever_values_are() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    for (before, after, place) in [
        ("{\"tool\":{\"name\":\"x\",\"result\":", "}}", "tool.result: nested deeper than 64"),
        ("{\"name\":\"x\",\"attributes\":{\"a\":", "}}", "attributes[\"a\"]"),
    ] {
        let text = |depth| format!("{before}{}{after}", nested(depth));
        assert!(whole_event(&Bump::new(), text(MOST_DEPTH).as_bytes()).is_ok());
        for depth in [MOST_DEPTH + 1, 200_000] {
            let why = refusal(text(depth).as_bytes());
            assert!(why.starts_with(place) && why.ends_with("nested deeper than 64"), "{why}");
        }
    }
    for start in ["[", "{\"parent\":[", "{\"links\":[[", "{\"a\":"] {
        let _ = refusal(start.repeat(200_000).as_bytes());
    }
}

#[test]
fn values_are_counted() {
    let text = format!("{{\"attributes\":{{\"a\":[{}0]}}}}", "0,".repeat(MOST_VALUES));
    assert_eq!(whole_event(&Bump::new(), text.as_bytes()).unwrap_err(), Refused::TooMany);
}

#[test]
fn a_later_word_may_be_of_any_kind_or_none() {
    let arena = Bump::new();
    let later = |text: &str| later_event(&arena, text.as_bytes()).unwrap().data.detail.kind();
    assert_eq!(later(""), EventKind::Custom);
    assert_eq!(later("{}"), EventKind::Custom);
    assert_eq!(later(r#"{"kind":"tool"}"#), EventKind::Custom);
    assert_eq!(later(r#"{"tool":{"result":1}}"#), EventKind::Tool);
}

#[test]
fn sessions_are_read() {
    let arena = Bump::new();
    let text = json!({
        "session_id": "s", "name": "n", "conversation_id": "c", "user_id": "u", "tags": ["a", "b"],
        "agent_name": "an", "agent_id": "ai", "agent_version": "av", "agent_description": "ad", "provider": "p",
        "parent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "trace_state": "a=b",
        "start_time_unix_nano": 5, "attributes": { "k": 1 }, "baggage": "x=y", "previous_session_id": "ps",
        "resumed": { "trace_id": "07070707070707070707070707070707", "span_id": "0808080808080808" },
    });
    let options = session_options(&arena, text.to_string().as_bytes()).unwrap().data;
    assert_eq!((options.session_id, options.previous_session_id), (&b"s"[..], &b"ps"[..]));
    assert_eq!((options.tags, options.start, options.baggage), (&[&b"a"[..], b"b"][..], 5, &b"x=y"[..]));
    assert_eq!((options.parent.unwrap().trace_flags, options.resumed.unwrap().span_id), (1, [8; 8]));
    assert_eq!((options.agent_version, options.attributes.len()), (&b"av"[..], 1));
    assert!(session_options(&arena, b"").unwrap().data.parent.is_none());
    assert!(session_options(&arena, br#"{"parent":{"span_id":"0808080808080808"}}"#).is_err());
    let end = br#"{"end_state":"fail","reason":"r","error_type":"t","end_time_unix_nano":"9"}"#;
    let end = session_end(&arena, end).unwrap().data;
    assert_eq!((end.state, end.reason, end.error_type, end.end), (EndState::Fail, &b"r"[..], &b"t"[..], 9));
    assert_eq!(session_end(&arena, b"").unwrap().data.state, EndState::Indeterminate);
    let why = session_end(&arena, br#"{"end_state":"failed"}"#).unwrap_err();
    let words = "end_state: one of \"indeterminate\", \"success\", \"fail\" is expected, got \"failed\"";
    assert_eq!(why, Refused::Wrong(words.to_owned()));
    assert_eq!(error(&arena, br#"{"type":"t"}"#).unwrap().data.kind, b"t");
}
