//! What streams have said when nobody says it at their end: the chunks joined, as one text for the rules and the policy.

mod agent;

use agent::*;
use agentotel::abi::event::*;
use agentotel::abi::lifecycle::*;
use agentotel::abi::session::*;
use agentotel::abi::types::*;
use serde_json::{Value, json};

const OUTPUT: &str = "gen_ai.output.messages";
const LENGTH: &str = "agentotel.content.output_messages.length";
const TRUNCATED: &str = "agentotel.content.output_messages.truncated";
const HASH: &str = "agentotel.content.output_messages.hash";

fn llm() -> agentotel_llm {
    agentotel_llm { struct_size: size_of::<agentotel_llm>(), request_model: text("m"), ..zeroed() }
}

fn data() -> agentotel_event_data {
    agentotel_event_data { struct_size: size_of::<agentotel_event_data>(), ..zeroed() }
}

fn started(session: agentotel_session, data: &agentotel_event_data) -> agentotel_event {
    let mut event = 0;
    // SAFETY: all are valid through the call.
    assert_eq!(unsafe { agentotel_start_event(session, data, &raw mut event) }, 0, "{}", last_error());
    event
}

/// A call of a model in flight, with chunks of so many bytes.
fn streaming(session: agentotel_session, said: &str, chunk: usize) -> agentotel_event {
    let llm = llm();
    let event =
        started(session, &agentotel_event_data { kind: AGENTOTEL_KIND_LLM, llm: &raw const llm, ..data() });
    say(event, said, chunk);
    event
}

/// Chunks of so many bytes, in the middle of characters as well.
fn say(event: agentotel_event, said: &str, chunk: usize) {
    for piece in said.as_bytes().chunks(chunk) {
        let piece = agentotel_str { data: piece.as_ptr().cast(), len: piece.len() };
        // SAFETY: valid through the call.
        assert_eq!(unsafe { agentotel_event_chunk(event, piece) }, 0, "{}", last_error());
    }
}

fn update(event: agentotel_event, data: &agentotel_event_data) {
    // SAFETY: valid through the call.
    assert_eq!(unsafe { agentotel_update_event(event, data) }, 0, "{}", last_error());
}

fn end(event: agentotel_event, data: &agentotel_event_data) {
    // SAFETY: valid through the call.
    assert_eq!(unsafe { agentotel_end_event(event, data) }, 0, "{}", last_error());
}

/// What is written of a session: the spans but its root, and the log records, each as an object of its attributes' values.
struct Written {
    spans: Vec<Value>,
    logs: Vec<Value>,
    text: String,
}

fn written(content: &Value, more: &Value, run: impl FnOnce(agentotel_session)) -> Written {
    let directory = private_directory();
    let path = directory.path().join("written.jsonl");
    let mut config = json!({
        "exporters": [{ "type": "file", "path": path }], "content": content, "flush_at_exit_ms": 0,
    });
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    init(&config);
    let session = start_session();
    run(session);
    // SAFETY: no data.
    assert_eq!(unsafe { agentotel_end_session(session, std::ptr::null()) }, 0);
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", last_error());
    let text = std::fs::read_to_string(&path).unwrap();
    let mut written = Written { spans: Vec::new(), logs: Vec::new(), text: String::new() };
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        for (resources, scopes, records, out) in [
            ("resourceSpans", "scopeSpans", "spans", &mut written.spans),
            ("resourceLogs", "scopeLogs", "logRecords", &mut written.logs),
        ] {
            let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
            let scopes = list(&line, resources).into_iter().flat_map(|resource| list(&resource, scopes));
            for record in scopes.flat_map(|scope| list(&scope, records)) {
                if records == "spans" && record["parentSpanId"].as_str().is_none_or(str::is_empty) {
                    continue;
                }
                let attributes = list(&record, "attributes").into_iter();
                out.push(
                    attributes.map(|a| (a["key"].as_str().unwrap().to_owned(), a["value"].clone())).collect(),
                );
            }
        }
    }
    written.text = text;
    written
}

/// The text of the one message of an event's output, and its finish reason.
fn message(span: &Value) -> (String, String) {
    let output = span[OUTPUT]["stringValue"].as_str().unwrap_or_else(|| panic!("{span:#}"));
    let output: Value = serde_json::from_str(output).unwrap();
    let [message] = &output.as_array().unwrap()[..] else { panic!("{output:#}") };
    assert_eq!(message["role"], "assistant");
    assert_eq!(message["parts"][0]["type"], "text");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    (text(&message["parts"][0]["content"]), text(&message["finish_reason"]))
}

fn said(text: &str, finish_reason: &str) -> (String, String) {
    (text.to_owned(), finish_reason.to_owned())
}

#[test]
fn a_stream_that_is_cancelled_has_said_what_came() {
    let _alone = Alone::take();
    let written = written(&json!({ "default": "full" }), &json!({}), |session| {
        let cancelled = agentotel_error {
            struct_size: size_of::<agentotel_error>(),
            r#type: text("cancelled"),
            ..zeroed()
        };
        // Whole characters of it come in pieces.
        let event = streaming(session, "Grüße aus \"Køln\"", 1);
        end(event, &agentotel_event_data { error: &raw const cancelled, ..data() });
        // Left open: the session ends it.
        streaming(session, "until the end", 5);
        let reason = [text("length")];
        let llm = agentotel_llm {
            finish_reasons: agentotel_string_array { items: reason.as_ptr(), count: 1 },
            ..llm()
        };
        let event = streaming(session, "as long as it may be", 7);
        end(event, &agentotel_event_data { kind: AGENTOTEL_KIND_LLM, llm: &raw const llm, ..data() });
        let event = streaming(session, "all of it", 100);
        // SAFETY: no data.
        assert_eq!(unsafe { agentotel_end_event(event, std::ptr::null()) }, 0);
    });
    let messages: Vec<_> = written.spans.iter().map(message).collect();
    let expected = [
        said("Grüße aus \"Køln\"", "error"),
        said("as long as it may be", "length"),
        said("all of it", "stop"),
        said("until the end", "interrupted"),
    ];
    assert_eq!(messages, expected);
    assert_eq!(written.spans[3]["agentotel.interrupted"]["boolValue"], true);
    assert_eq!(written.spans[0]["agentotel.stream.bytes"]["intValue"], "19");
    assert!(written.spans.iter().all(|span| span.get(TRUNCATED).is_none() && span.get(LENGTH).is_none()));
    // The details of each call have it, too, as lists and maps.
    let details = written.logs.iter().filter(|log| log[OUTPUT].get("arrayValue").is_some());
    assert_eq!(details.count(), 4, "{:#?}", written.logs);
}

#[test]
fn what_is_said_of_the_output_goes_before_what_came() {
    let _alone = Alone::take();
    let written = written(&json!({ "default": "full" }), &json!({}), |session| {
        let whole =
            r#"[{"role":"assistant","parts":[{"type":"text","content":"whole"}],"finish_reason":"stop"}]"#;
        let llm = agentotel_llm { output_messages: text(whole), ..llm() };
        let told = agentotel_event_data { kind: AGENTOTEL_KIND_LLM, llm: &raw const llm, ..data() };
        end(streaming(session, "piece", 1), &told);
        let event = streaming(session, "piece", 1);
        update(event, &told);
        say(event, "another", 2);
        end(event, &data());
    });
    assert_eq!(
        written.spans.iter().map(message).collect::<Vec<_>>(),
        [said("whole", "stop"), said("whole", "stop")]
    );
    assert!(!written.text.contains("piece") && !written.text.contains("another"));
}

#[test]
fn a_stream_follows_the_policy() {
    let _alone = Alone::take();
    let directory = private_directory();
    let key = directory.path().join("key");
    std::fs::write(&key, "0123456789abcdef\n").unwrap();
    for mode in ["off", "length", "hash"] {
        let content = json!({ "default": mode, "hash_key_file": key });
        let written = written(&content, &json!({}), |session| {
            streaming(session, "nothing to be shown", 3);
        });
        let [span] = &written.spans[..] else { panic!("{mode}") };
        assert!(!written.text.contains("nothing") && span.get(OUTPUT).is_none(), "{mode}: {span:#}");
        assert_eq!(span["agentotel.stream.bytes"]["intValue"], "19");
        assert_eq!(
            span.get(LENGTH).map(|length| &length["intValue"]),
            (mode != "off").then_some(&json!("19"))
        );
        assert_eq!(span.get(HASH).is_some(), mode == "hash", "{span:#}");
    }
}

#[test]
fn other_kinds_stream_too() {
    let _alone = Alone::take();
    let written = written(&json!({ "default": "full" }), &json!({}), |session| {
        let tool = agentotel_tool { struct_size: size_of::<agentotel_tool>(), name: text("t"), ..zeroed() };
        let agent =
            agentotel_agent { struct_size: size_of::<agentotel_agent>(), name: text("a"), ..zeroed() };
        let flow =
            agentotel_workflow { struct_size: size_of::<agentotel_workflow>(), name: text("w"), ..zeroed() };
        let kinds = [
            agentotel_event_data { kind: AGENTOTEL_KIND_TOOL, tool: &raw const tool, ..data() },
            agentotel_event_data { kind: AGENTOTEL_KIND_AGENT, agent: &raw const agent, ..data() },
            agentotel_event_data { kind: AGENTOTEL_KIND_WORKFLOW, workflow: &raw const flow, ..data() },
            agentotel_event_data { name: text("step"), ..data() },
        ];
        for kind in kinds {
            let event = started(session, &kind);
            say(event, "{\"seats\": 3}", 5);
            end(event, &data());
        }
    });
    let [tool, agent, flow, step] = &written.spans[..] else { panic!() };
    assert_eq!(tool["gen_ai.tool.call.result"]["stringValue"], "{\"seats\": 3}");
    assert_eq!(message(agent), said("{\"seats\": 3}", "stop"));
    assert_eq!(message(flow), said("{\"seats\": 3}", "stop"));
    assert!(step.get(OUTPUT).is_none() && step["agentotel.stream.chunk_count"]["intValue"] == "3");
}

/// A secret at every place around the limit, in chunks that cut it: nothing of it is shown, whatever is cut off.
#[test]
fn a_limit_leaves_no_piece_of_what_is_redacted() {
    let _alone = Alone::take();
    const SECRET: &str = "sk-ant-CanaryCanaryCanary0123";
    const LIMIT: usize = 600;
    // What is kept ends this far behind the limit.
    const KEPT: usize = LIMIT + 4096;
    let redact = json!({ "redact": {
        "detectors": ["email", "api_keys"], "rules": [{ "pattern": "x{50}", "replace": "" }],
    } });
    let ends: Vec<usize> =
        (1..SECRET.len() + 2).flat_map(|n| [LIMIT - 100 + n, KEPT - n, KEPT - n + 2]).collect();
    let written = written(&json!({ "default": "full", "max_bytes": LIMIT }), &redact, |session| {
        for at in &ends {
            let said = format!("{} {SECRET} {}", ".".repeat(at - 1), "-".repeat(300));
            end(streaming(session, &said, 11), &data());
        }
        // What is left of it becomes so short that what was cut comes into sight.
        let said = format!("{}{SECRET}{}", "x".repeat(KEPT - KEPT % 50 - 5), "-".repeat(900));
        end(streaming(session, &said, 4000), &data());
        // In the escapes of a document.
        let escaped: String = SECRET.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
        let document = format!("{{\"key\": \"{escaped}\", \"more\": \"{}\"}}", "-".repeat(5000));
        end(streaming(session, &document, 3), &data());
    });
    assert_eq!(written.spans.len(), ends.len() + 2);
    for piece in ["Canary", "sk-ant", "\\u0043\\u0061", "\\\\u0043"] {
        assert!(!written.text.contains(piece), "{piece}");
    }
    for span in &written.spans {
        let output = span[OUTPUT]["stringValue"].as_str();
        assert!(output.is_none_or(|output| output.len() <= LIMIT), "{span:#}");
        assert_eq!(span[TRUNCATED]["boolValue"], true, "{span:#}");
    }
    assert!(written.text.contains("[redacted:api_key]"));
}
