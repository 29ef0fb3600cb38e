//! Secrets and personal data through every field of every kind of event: nothing of them may come out, be it in what an
//! exporter writes, in the files of the storage, which are the queue and the slots, in errors or in diagnostics. The events
//! are the ones of the golden files; every text that they give has canaries put into it.

mod agent {
    #[path = "../agent/mod.rs"]
    mod plain;

    pub use plain::*;

    use agentotel::abi::types::agentotel_str;

    /// What each text gets: one of each kind of thing that is found, and one for a rule of the test's own.
    pub const CANARIES: &str = "mail canary.bird@example.com card 4111 1111 1111 1111 at 203.0.113.77 or 2001:db8::bad:cafe \
         key sk-ant-CanaryCanaryCanary0123 word xyzzy-canary";

    /// The same in the escapes of JSON.
    fn escaped() -> String {
        CANARIES.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect()
    }

    /// A text with canaries in it. It is never freed: it has to outlive calls that borrow it.
    pub fn text(text: &str) -> agentotel_str {
        let poisoned = if text.contains("CANARY\"") {
            // Content, which is JSON: each string says them twice, once in escapes.
            text.replace("CANARY", &format!("{CANARIES} {}", escaped()))
        } else if text.starts_with(['{', '[']) || ["tools/call", "attempt"].contains(&text) {
            // A word of the protocol, and the key of an attribute: those stay as they are.
            text.to_owned()
        } else {
            format!("{text} {CANARIES}")
        };
        plain::text(Box::leak(poisoned.into_boxed_str()))
    }
}
#[path = "golden/check.rs"]
#[allow(dead_code, reason = "the scenarios name its types")]
mod check;
#[path = "redaction/doors.rs"]
mod doors;
#[path = "golden/scenarios.rs"]
#[allow(dead_code, reason = "not every test needs all of it")]
mod scenarios;

use std::path::Path;

use agent::*;
use agentotel::abi::event::*;
use agentotel::abi::lifecycle::*;
use agentotel::abi::log::agentotel_log;
use agentotel::abi::session::*;
use agentotel::abi::stats::*;
use agentotel::abi::types::*;
use doors::Doors;
use serde_json::{Value, json};

/// Pieces that must not be anywhere: also those that a cut would leave.
const PIECES: [&str; 9] = [
    "canary.bird",
    "bird@example",
    "4111 1111",
    "1111 1111",
    "203.0.113",
    "2001:db8",
    "CanaryCanary",
    "sk-ant-",
    "xyzzy-canary",
];

fn redact() -> Value {
    json!({
        "detectors": ["email", "card", "ipv4", "ipv6", "api_keys"],
        "rules": [{ "pattern": "xyzzy-\\w+", "replace": "[mine]" }],
    })
}

/// Fails when a piece of a canary is in some bytes.
fn assert_clean(what: &str, bytes: &[u8]) {
    for piece in PIECES {
        if let Some(at) = memchr::memmem::find(bytes, piece.as_bytes()) {
            let from = at.saturating_sub(80);
            let around = String::from_utf8_lossy(&bytes[from..(at + 40).min(bytes.len())]).into_owned();
            panic!("{what} has {piece:?} in it: …{around}…");
        }
    }
    // Nor in the escapes in which they were given.
    let escaped: String = "canary.bird".chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    assert!(memchr::memmem::find(bytes, escaped.as_bytes()).is_none(), "{what} has escapes");
}

/// Looks at every file below a directory; how many bytes that were.
fn assert_clean_files(directory: &Path) -> usize {
    let mut bytes = 0;
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        bytes += if path.is_dir() {
            assert_clean_files(&path)
        } else {
            let contents = std::fs::read(&path).unwrap();
            assert_clean(&path.display().to_string(), &contents);
            contents.len()
        };
    }
    bytes
}

fn counters(signal: u32) -> agentotel_stats {
    let mut stats = agentotel_stats { struct_size: size_of::<agentotel_stats>(), ..zeroed() };
    // SAFETY: valid through the call.
    assert_eq!(unsafe { agentotel_get_stats(signal, &raw mut stats) }, 0);
    stats
}

/// Runs every scenario with canaries; everything that is written in the end.
fn run(directory: &Path, more: &Value) -> Vec<u8> {
    let storage = directory.join("storage");
    std::fs::create_dir(&storage).unwrap();
    std::fs::set_permissions(&storage, std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    let doors = Doors::open(directory);
    let mut config = json!({
        "service": { "name": format!("service {CANARIES}") },
        "resource": { "attributes": {
            "process.command_line": format!("agent --mail {CANARIES}"),
            "process.command_args": ["agent", CANARIES],
        } },
        "metrics": { "enabled": false },
        "exporters": [
            { "type": "file", "path": directory.join("json"), "format": "otlp_json", "name": "json" },
            { "type": "file", "path": directory.join("proto"), "format": "otlp_proto", "name": "proto" },
            { "type": "console", "stream": "stderr", "color": "never", "name": "tree" },
            { "type": "console", "stream": "stderr", "format": "json", "name": "console" },
            { "type": "host", "callback": "canaries", "payload": "otlp_proto", "name": "host" },
            { "type": "host", "callback": "canaries", "payload": "otlp_json", "name": "host_json" },
            { "type": "otlp", "endpoint": doors.endpoint(), "compression": "none", "name": "otlp" },
            { "type": "otlp", "endpoint": doors.endpoint(), "protocol": "http/json", "compression": "none", "name": "otlp_json" },
        ],
        "content": { "default": "full" },
        "redact": redact(),
        "inject": {
            "attributes": { "injected": CANARIES },
            "baggage": ["tenant"],
        },
        "storage": { "directory": storage, "namespace": "canaries" },
        "live": { "export": "logs", "interval_ms": 10, "min_age_ms": 0 },
        "queue": { "segment_bytes": 262_144, "shards": 1 },
        "flush_at_exit_ms": 0,
    });
    for (key, value) in more.as_object().unwrap() {
        config[key] = value.clone();
    }
    init(&config);
    // A tool whose name was cut is not recognised by the message that calls it, which the scenario asks for.
    let is_cut = more.get("limits").is_some();
    for scenario in scenarios::ALL.iter().filter(|scenario| !is_cut || scenario.name != "mcp_enriched") {
        let session = scenarios::session(scenario.name);
        (scenario.run)(session);
        own_fields(session);
        let held = in_flight(session);
        assert_clean_files(&storage);
        end(held);
        scenarios::end_session(scenario.name, session);
    }
    assert!(assert_clean_files(&storage) > 100_000, "the queue is not in the files that were looked at");
    assert!(counters(AGENTOTEL_SIGNAL_TRACES).redacted_values > 500);
    assert!(counters(AGENTOTEL_SIGNAL_LOGS).redacted_values > 10);
    assert_clean("the diagnostics", diagnostics().as_bytes());
    assert_clean("the last error", last_error().as_bytes());
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", last_error());
    assert_clean_files(&storage);
    let mut written = Vec::new();
    let seen = doors.close();
    let files = ["json", "proto"].map(|name| (name, std::fs::read(directory.join(name)).unwrap()));
    for (name, bytes) in files.into_iter().chain(seen) {
        assert!(bytes.len() > 50_000, "{name} got {} bytes only", bytes.len());
        assert_clean(name, &bytes);
        written.extend(bytes);
    }
    written
}

fn named() -> agentotel_event_data {
    agentotel_event_data { struct_size: size_of::<agentotel_event_data>(), name: text("step"), ..zeroed() }
}

fn attribute(key: &'static str, kind: u32, value: agentotel_value) -> agentotel_attribute {
    let key = agentotel_str { data: key.as_ptr().cast(), len: key.len() };
    agentotel_attribute { key, r#type: kind, value, ..zeroed() }
}

/// Attributes of every type that holds text, links, span events, status messages, baggage: what the scenarios leave out.
fn own_fields(session: agentotel_session) {
    let strings = [text("one"), text("two")];
    let document = text(r#"{"CANARY":["CANARY",{"n":4111111111111111}]}"#);
    let attributes = [
        attribute("string", AGENTOTEL_TYPE_STRING, agentotel_value { string: text("value") }),
        attribute("bytes", AGENTOTEL_TYPE_BYTES, agentotel_value { bytes: text("value") }),
        attribute("json", AGENTOTEL_TYPE_JSON, agentotel_value { json: document }),
        attribute("document", AGENTOTEL_TYPE_STRING, agentotel_value { string: document }),
        attribute(
            "strings",
            AGENTOTEL_TYPE_STRING_ARRAY,
            agentotel_value { strings: agentotel_string_array { items: strings.as_ptr(), count: 2 } },
        ),
    ];
    let count = attributes.len();
    streamed(session);
    let context = agentotel_span_context { trace_id: [7; 16], span_id: [8; 8], ..zeroed() };
    let link = agentotel_link {
        struct_size: size_of::<agentotel_link>(),
        context,
        attributes: attributes.as_ptr(),
        attribute_count: count,
        ..zeroed()
    };
    let span_event = agentotel_span_event {
        struct_size: size_of::<agentotel_span_event>(),
        name: text("moment"),
        attributes: attributes.as_ptr(),
        attribute_count: count,
        ..zeroed()
    };
    let data = agentotel_event_data {
        attributes: attributes.as_ptr(),
        attribute_count: count,
        links: &raw const link,
        link_count: 1,
        span_events: &raw const span_event,
        span_event_count: 1,
        status_code: AGENTOTEL_STATUS_CODE_ERROR,
        status_message: text("failed"),
        event_id: text("an id"),
        ..named()
    };
    // SAFETY: all are valid through the calls.
    unsafe {
        assert_eq!(
            agentotel_record_event(session, &raw const data, std::ptr::null_mut()),
            0,
            "{}",
            last_error()
        );
        assert_eq!(agentotel_session_set_attributes(session, attributes.as_ptr(), count), 0);
        // What is logged, of the session and of the process alone: a text, and a map.
        let said = agentotel_log_record {
            struct_size: size_of::<agentotel_log_record>(),
            severity_number: AGENTOTEL_SEVERITY_INFO,
            severity_text: text("severity"),
            event_name: text("event"),
            body: agentotel_value { string: text("logged") },
            attributes: attributes.as_ptr(),
            attribute_count: count,
            ..zeroed()
        };
        let map = agentotel_log_record {
            body_type: AGENTOTEL_TYPE_JSON,
            body: agentotel_value { json: document },
            ..said
        };
        for (session, record) in [(session, &raw const said), (0, &raw const map)] {
            assert_eq!(agentotel_log(session, zeroed(), record), 0, "{}", last_error());
        }
    }
}

/// A stream that is cut inside of every canary.
fn chunks(event: agentotel_event) {
    for chunk in CANARIES.as_bytes().chunks(3) {
        let chunk = agentotel_str { data: chunk.as_ptr().cast(), len: chunk.len() };
        // SAFETY: valid through the call.
        assert_eq!(unsafe { agentotel_event_chunk(event, chunk) }, 0);
    }
}

/// Calls of models of whose output nothing is said but by their chunks: one ends, one is left for the session's end.
fn streamed(session: agentotel_session) {
    let llm = agentotel_llm { struct_size: size_of::<agentotel_llm>(), ..zeroed() };
    let data = agentotel_event_data { kind: AGENTOTEL_KIND_LLM, llm: &raw const llm, ..named() };
    for ends in [true, false] {
        let mut event = 0;
        // SAFETY: both are valid through the call.
        let status = unsafe { agentotel_start_event(session, &raw const data, &raw mut event) };
        assert_eq!(status, 0, "{}", last_error());
        chunks(event);
        if ends {
            end(event);
        }
    }
}

/// An event that is in flight, with everything that comes to it meanwhile.
fn in_flight(session: agentotel_session) -> agentotel_event {
    let mut event = 0;
    let data = agentotel_event_data { status_code: AGENTOTEL_STATUS_CODE_OK, ..named() };
    let update = agentotel_event_data {
        status_code: AGENTOTEL_STATUS_CODE_ERROR,
        status_message: text("failing"),
        ..named()
    };
    // SAFETY: all are valid through the calls.
    unsafe {
        assert_eq!(agentotel_start_event(session, &raw const data, &raw mut event), 0, "{}", last_error());
        chunks(event);
        assert_eq!(agentotel_update_event(event, &raw const update), 0, "{}", last_error());
    }
    event
}

fn end(event: agentotel_event) {
    let data = agentotel_event_data { status_message: text("done"), ..named() };
    // SAFETY: valid through the call.
    assert_eq!(unsafe { agentotel_end_event(event, &raw const data) }, 0, "{}", last_error());
}

#[test]
fn nothing_that_is_to_be_redacted_comes_out_of_any_field() {
    let _alone = Alone::take();
    let directory = private_directory();
    let written = String::from_utf8_lossy(&run(directory.path(), &json!({}))).into_owned();
    for marker in ["[redacted:email]", "[redacted:card]", "[redacted:ip]", "[redacted:api_key]", "[mine]"] {
        assert!(
            written.matches(marker).count() > 100,
            "{marker} is missing: is the test still giving canaries?"
        );
    }
}

#[test]
fn nothing_comes_out_of_what_is_said_in_json_either() {
    let _alone = Alone::take();
    let directory = private_directory();
    scenarios::say_in_json(true);
    run(directory.path(), &json!({}));
    scenarios::say_in_json(false);
    assert!(scenarios::said_in_json().iter().any(|event| event.contains("canary.bird")));
}

#[test]
fn a_cut_leaves_no_piece_of_what_is_redacted() {
    let _alone = Alone::take();
    // Every place inside of the canaries is the border of some value.
    for limit in (8..CANARIES.len() + 8).step_by(47) {
        let directory = private_directory();
        let more = json!({
            "limits": { "value_bytes": limit },
            "content": { "default": "full", "max_bytes": limit + 3 },
        });
        run(directory.path(), &more);
    }
}

#[test]
fn hashes_and_lengths_show_nothing_and_need_their_key() {
    let _alone = Alone::take();
    let directory = private_directory();
    let key = directory.path().join("key");
    std::fs::write(&key, "canary.bird hash key 0123456789\n").unwrap();
    let content =
        json!({ "default": "hash", "fields": { "input_messages": "length" }, "hash_key_file": key });
    let written =
        String::from_utf8_lossy(&run(directory.path(), &json!({ "content": content }))).into_owned();
    assert!(written.contains("agentotel.content.output_messages.hash"));
    assert!(written.contains("agentotel.content.input_messages.length"));
    assert!(!written.contains("agentotel.content.input_messages.hash"));
    assert!(!written.contains("gen_ai.input.messages") && !written.contains("gen_ai.tool.call.result"));

    std::fs::write(&key, "canary.bird").unwrap();
    let status =
        try_init(&json!({ "content": { "default": "hash", "hash_key_file": key }, "exporters": [] }));
    assert_ne!(status, 0);
    assert!(
        last_error().contains("content.hash_key_file") && last_error().contains("11 bytes"),
        "{}",
        last_error()
    );
    assert_clean("the error", last_error().as_bytes());
    assert_ne!(try_init(&json!({ "content": { "default": "hash" }, "exporters": [] })), 0);
    assert!(last_error().contains("`content.default`"), "{}", last_error());
}
