//! Content in free attributes, under the names that content has: through every way on which attributes come, it follows the
//! policy as typed fields do.

mod agent;

use agent::*;
use agentotel::abi::event::*;
use agentotel::abi::event_json::*;
use agentotel::abi::lifecycle::*;
use agentotel::abi::log::agentotel_log;
use agentotel::abi::session::*;
use agentotel::abi::types::*;
use serde_json::{Value, json};

/// What every field has, and other texts do not.
const SECRET: &str = "what somebody wrote";
/// Some have a name that earlier conventions had.
const NAMES: [&str; 8] = [
    "gen_ai.input.messages",
    "gen_ai.output.messages",
    "gen_ai.system_instructions",
    "gen_ai.tool.call.arguments",
    "gen_ai.tool.call.result",
    "gen_ai.prompt",
    "gen_ai.completion",
    "agentotel.plan.goal",
];

fn attribute(key: &str, kind: u32, value: agentotel_value) -> agentotel_attribute {
    agentotel_attribute { key: text(key), r#type: kind, value, ..zeroed() }
}

/// One attribute of content among others, of each name and type.
fn lists() -> Vec<[agentotel_attribute; 3]> {
    let string = |key, value| attribute(key, AGENTOTEL_TYPE_STRING, agentotel_value { string: text(value) });
    let long: &'static str = Box::leak(SECRET.repeat(20).into_boxed_str());
    let items = Box::leak(Box::new([text(SECRET), text("b")]));
    let array = agentotel_string_array { items: items.as_ptr(), count: items.len() };
    let document: &'static str = Box::leak(json!({ "said": [SECRET] }).to_string().into_boxed_str());
    let around = |middle| [string("first", "value"), middle, string("gen_ai.request.model", "m")];
    NAMES
        .into_iter()
        .flat_map(|name| {
            [
                string(name, SECRET),
                string(name, long),
                attribute(name, AGENTOTEL_TYPE_BYTES, agentotel_value { bytes: text(SECRET) }),
                attribute(name, AGENTOTEL_TYPE_STRING_ARRAY, agentotel_value { strings: array }),
                attribute(name, AGENTOTEL_TYPE_JSON, agentotel_value { json: text(document) }),
            ]
        })
        .map(around)
        .collect()
}

fn event(attributes: &[agentotel_attribute]) -> agentotel_event_data {
    agentotel_event_data {
        struct_size: size_of::<agentotel_event_data>(),
        name: text("step"),
        attributes: attributes.as_ptr(),
        attribute_count: attributes.len(),
        ..zeroed()
    }
}

/// Says a list of attributes on all ways.
fn say(session: agentotel_session, list: &[agentotel_attribute]) {
    let (attributes, attribute_count) = (list.as_ptr(), list.len());
    let plain = event(list);
    let link = agentotel_link {
        struct_size: size_of::<agentotel_link>(),
        context: agentotel_span_context { trace_id: [7; 16], span_id: [8; 8], ..zeroed() },
        attributes,
        attribute_count,
        ..zeroed()
    };
    let moment = agentotel_span_event {
        struct_size: size_of::<agentotel_span_event>(),
        name: text("moment"),
        attributes,
        attribute_count,
        ..zeroed()
    };
    let with_lists = agentotel_event_data {
        links: &raw const link,
        link_count: 1,
        span_events: &raw const moment,
        span_event_count: 1,
        ..plain
    };
    let tool = agentotel_tool { struct_size: size_of::<agentotel_tool>(), name: text("look_up"), ..zeroed() };
    let typed = agentotel_event_data { kind: AGENTOTEL_KIND_TOOL, tool: &raw const tool, ..plain };
    let log = agentotel_log_record {
        struct_size: size_of::<agentotel_log_record>(),
        severity_number: AGENTOTEL_SEVERITY_INFO,
        attributes,
        attribute_count,
        ..zeroed()
    };
    let options = agentotel_session_options {
        struct_size: size_of::<agentotel_session_options>(),
        name: text("another"),
        attributes,
        attribute_count,
        ..zeroed()
    };
    let (mut running, mut other) = (0, 0);
    // SAFETY: all are valid through the calls.
    unsafe {
        for data in [&raw const plain, &raw const with_lists, &raw const typed] {
            assert_eq!(agentotel_record_event(session, data, std::ptr::null_mut()), 0, "{}", last_error());
            assert_eq!(agentotel_start_event(session, data, &raw mut running), 0, "{}", last_error());
            assert_eq!(agentotel_update_event(running, &raw const plain), 0, "{}", last_error());
            assert_eq!(agentotel_end_event(running, &raw const plain), 0, "{}", last_error());
        }
        assert_eq!(agentotel_log(session, zeroed(), &raw const log), 0, "{}", last_error());
        assert_eq!(agentotel_log(0, zeroed(), &raw const log), 0, "{}", last_error());
        assert_eq!(agentotel_start_session(&raw const options, &raw mut other), 0, "{}", last_error());
        assert_eq!(agentotel_session_set_attributes(other, attributes, attribute_count), 0);
        assert_eq!(agentotel_end_session(other, std::ptr::null()), 0, "{}", last_error());
    }
}

fn say_in_json(session: agentotel_session, name: &str) {
    for value in [json!(SECRET), json!([SECRET]), json!({ "said": SECRET })] {
        let event = json!({ "name": "step", "attributes": { "first": 1, name: value } }).to_string();
        // SAFETY: valid through the call.
        let status = unsafe { agentotel_record_event_json(session, text(&event), std::ptr::null_mut()) };
        assert_eq!(status, 0, "{}", last_error());
    }
}

/// Runs all of it; what was written.
fn written(content: &Value, redact: &Value) -> String {
    let directory = private_directory();
    let path = directory.path().join("written.jsonl");
    let injected = json!({ "gen_ai.tool.definitions": SECRET, "injected": "yes" });
    init(&json!({
        "exporters": [{ "type": "file", "path": path }],
        "content": content,
        "redact": redact,
        "inject": { "attributes": injected },
        "flush_at_exit_ms": 0,
    }));
    let session = start_session();
    lists().iter().for_each(|list| say(session, list));
    NAMES.into_iter().for_each(|name| say_in_json(session, name));
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", last_error());
    let injecting = std::fs::read_to_string(&path).unwrap();
    // Without anything that is injected most events are plain, and take the shortest way.
    std::fs::remove_file(&path).unwrap();
    init(&json!({
        "exporters": [{ "type": "file", "path": path }], "content": content, "redact": redact,
        "flush_at_exit_ms": 0,
    }));
    let session = start_session();
    lists().iter().for_each(|list| say(session, list));
    NAMES.into_iter().for_each(|name| say_in_json(session, name));
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", last_error());
    injecting + &std::fs::read_to_string(&path).unwrap()
}

/// Every attribute that was written, by key.
fn values<'w>(written: &'w str, key: &str) -> Vec<&'w str> {
    let marker = format!(r#"{{"key":"{key}","value":"#);
    written.split(&marker as &str).skip(1).map(|rest| rest.split_once("}}").unwrap().0).collect()
}

/// SECRET as base64 has it, which bytes are in OTLP JSON.
const SECRET_IN_BASE64: &str = "d2hhdCBzb21lYm9keSB3cm90ZQ==";

fn assert_without_secret(written: &str) {
    for secret in [SECRET, SECRET_IN_BASE64] {
        if let Some(at) = written.find(secret) {
            panic!("…{}…", &written[at.saturating_sub(200)..at + 40]);
        }
    }
    assert!(NAMES.iter().all(|name| values(written, name).is_empty()));
    // The others are all there.
    assert!(values(written, "first").len() > 500, "{}", values(written, "first").len());
    assert!(values(written, "gen_ai.request.model").len() > 500);
    assert!(!values(written, "injected").is_empty());
}

#[test]
fn content_in_free_attributes_is_left_out_by_default() {
    let _alone = Alone::take();
    let written = written(&json!({}), &json!({}));
    assert_without_secret(&written);
    assert!(!written.contains("agentotel.content."));
}

#[test]
fn of_content_in_free_attributes_the_length_can_be_told() {
    let _alone = Alone::take();
    let written = written(&json!({ "default": "length" }), &json!({}));
    assert_without_secret(&written);
    for (field, names) in [("input_messages", 2), ("tool_result", 1)] {
        let lengths = values(&written, &format!("agentotel.content.{field}.length"));
        // A text, the text twenty times, bytes, an array, a document.
        for length in [SECRET.len(), 20 * SECRET.len(), SECRET.len() + 8, SECRET.len() + 13] {
            let value = format!(r#"{{"intValue":"{length}""#);
            let told = lengths.iter().filter(|told| **told == value).count();
            assert!(told >= 2 * 10 * names, "{field}: {length} {told} times, {lengths:?}");
        }
    }
    assert!(!values(&written, "agentotel.content.tool_definitions.length").is_empty());
}

#[test]
fn content_in_free_attributes_is_recorded_where_it_is_asked_for() {
    let _alone = Alone::take();
    let written =
        written(&json!({ "fields": { "output_messages": "full", "tool_definitions": "full" } }), &json!({}));
    for name in NAMES {
        let is_output = ["gen_ai.output.messages", "gen_ai.completion"].contains(&name);
        assert_eq!(!values(&written, name).is_empty(), is_output, "{name}");
    }
    let shown = values(&written, "gen_ai.completion");
    let text = |said: &str| format!(r#"{{"stringValue":{}"#, Value::from(said));
    for said in [
        SECRET.to_owned(),
        SECRET.repeat(20),
        json!([SECRET, "b"]).to_string(),
        json!({ "said": [SECRET] }).to_string(),
    ] {
        assert!(shown.iter().any(|value| *value == text(&said)), "{said}: {shown:#?}");
    }
    // Structured on log records.
    assert!(shown.iter().any(|value| value.starts_with(r#"{"kvlistValue""#)));
    assert!(!values(&written, "gen_ai.tool.definitions").is_empty());
}

#[test]
fn what_is_too_long_of_it_is_cut_behind_the_rules() {
    let _alone = Alone::take();
    let written = written(
        &json!({ "default": "full", "max_bytes": 24 }),
        &json!({ "rules": [{ "pattern": "somebody", "replace": "someone or other" }] }),
    );
    assert!(!written.contains("somebody"));
    let shown = values(&written, "gen_ai.prompt");
    assert!(shown.contains(&r#"{"stringValue":"what someone or other wr""#), "{shown:#?}");
    assert!(shown.contains(&r#"{"stringValue":"{\"said\":[\"what someon\"]}""#), "{shown:#?}");
    let lengths = values(&written, "agentotel.content.input_messages.length");
    // Of what was given, not of what the rules made of it.
    assert!(lengths.contains(&r#"{"intValue":"19""#), "{lengths:?}");
    assert!(!values(&written, "agentotel.content.input_messages.truncated").is_empty());
}
