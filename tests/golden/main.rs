//! What each kind of event becomes: recorded through the C interface, written by the file exporter, and compared with the
//! committed files of this directory, ids and times aside. Every span and log record is held against the facts of the
//! conventions. `AGENTOTEL_BLESS=1` writes the files anew; they are reviewed by eye then.

#[path = "../agent/mod.rs"]
mod agent;
mod check;
mod scenarios;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use agent::*;
use agentotel::abi::lifecycle::*;
use check::{Extent, Facts};
use serde_json::{Value, json};

/// Spans and log records of a session.
#[derive(Default)]
struct Recorded {
    spans: Vec<Value>,
    logs: Vec<Value>,
}

/// Runs all scenarios with a configuration for content; what was written, by session, and the bytes of it.
fn run(content: &Value) -> (HashMap<String, Recorded>, String) {
    let directory = private_directory();
    let path = directory.path().join("golden.jsonl");
    let prices = json!({ "input": "2", "output": "10", "cache_read": "0.5", "reasoning": "20" });
    init(&json!({
        "service": { "name": "golden" },
        "metrics": { "enabled": false },
        "exporters": [{ "type": "file", "path": path }],
        "content": content,
        "costs": { "version": "2026-01", "models": { "priced": prices } },
        "flush_at_exit_ms": 0,
    }));
    for scenario in scenarios::ALL {
        let session = scenarios::session(scenario.name);
        (scenario.run)(session);
        scenarios::end_session(scenario.name, session);
    }
    assert_eq!(agentotel_shutdown(30_000), 0, "{}", last_error());
    read(&path)
}

fn read(path: &Path) -> (HashMap<String, Recorded>, String) {
    let written = std::fs::read_to_string(path).unwrap();
    let mut sessions: HashMap<String, Recorded> = HashMap::new();
    for line in written.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        for (resources, scopes, records) in
            [("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords")]
        {
            let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
            for record in list(&line, resources)
                .iter()
                .flat_map(|resource| list(resource, scopes))
                .flat_map(|scope| list(&scope, records))
            {
                let id = record["attributes"].as_array().unwrap().iter().find(|a| a["key"] == "session.id");
                let id = id.unwrap()["value"]["stringValue"].as_str().unwrap().to_owned();
                let session = sessions.entry(id).or_default();
                if records == "spans" { session.spans.push(record) } else { session.logs.push(record) }
            }
        }
    }
    (sessions, written)
}

/// Gives ids and times names that are the same in every run.
#[derive(Default)]
struct Normaliser {
    names: HashMap<String, String>,
}

impl Normaliser {
    fn name(&mut self, id: &str, of: &str) -> String {
        // Ids that the scenarios made up are as they are.
        if id.as_bytes().chunks(2).all(|pair| pair == &id.as_bytes()[..2]) {
            return id.to_owned();
        }
        let next = self.names.keys().filter(|key| key.starts_with(of)).count() + 1;
        self.names.entry(format!("{of}/{id}")).or_insert_with(|| format!("{of} {next}")).clone()
    }

    fn normalise(&mut self, key: &str, value: &mut Value) {
        match value {
            Value::Object(members) => {
                let is_measured =
                    members.get("key").is_some_and(|key| key == "gen_ai.response.time_to_first_chunk")
                        && members["value"]["doubleValue"] != 0.125;
                if is_measured {
                    members.insert("value".to_owned(), json!({ "doubleValue": "measured" }));
                }
                members.iter_mut().for_each(|(key, value)| self.normalise(key, value));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| self.normalise(key, item)),
            Value::String(text) if key == "traceId" => *text = self.name(text, "trace"),
            Value::String(text) if key.ends_with("panId") => *text = self.name(text, "span"),
            Value::String(text) if key.ends_with("UnixNano") => {
                let since = text.parse::<i64>().unwrap() - scenarios::START;
                // Times that the scenarios gave are within a second of theirs.
                *text = if since < 1_100_000_000 { format!("start + {since}") } else { "now".to_owned() };
            }
            _ => {}
        }
    }
}

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"))
}

#[test]
fn every_kind_becomes_what_its_golden_file_says() {
    let _alone = Alone::take();
    let (mut sessions, _) = run(&json!({ "default": "full" }));
    let facts = Facts::new();
    let (mut differing, mut violations) = (Vec::new(), Vec::new());
    for scenario in scenarios::ALL {
        let recorded = sessions.remove(&format!("session of {}", scenario.name)).unwrap();
        for span in &recorded.spans {
            // The root span is the last.
            let is_root = span["attributes"]
                .as_array()
                .unwrap()
                .iter()
                .any(|attribute| attribute["key"] == "agentotel.session.end_state");
            let extent = if is_root { Extent::AsFarAsKnown } else { scenario.extent };
            violations.extend(facts.check_span(span, extent, scenario.name == "llm_in_process"));
        }
        for log in &recorded.logs {
            violations.extend(facts.check_log(log, scenario.extent));
        }
        let mut golden = json!({ "spans": recorded.spans, "logs": recorded.logs });
        Normaliser::default().normalise("", &mut golden);
        let golden = serde_json::to_string_pretty(&golden).unwrap() + "\n";
        if std::env::var_os("AGENTOTEL_BLESS").is_some_and(|bless| bless == "1") {
            std::fs::write(file(scenario.name), &golden).unwrap();
        }
        if std::fs::read_to_string(file(scenario.name)).unwrap_or_default() != golden {
            differing.push(format!("{}: {golden}", scenario.name));
        }
    }
    assert!(violations.is_empty(), "{violations:#?}");
    assert!(
        differing.is_empty(),
        "differing from the golden files (AGENTOTEL_BLESS=1 renews them): {differing:#?}"
    );
    assert!(sessions.is_empty());
}

/// What was recorded in the session of a scenario, normalised.
fn take(sessions: &mut HashMap<String, Recorded>, name: &str) -> Value {
    let recorded = sessions.remove(&format!("session of {name}")).unwrap();
    let mut golden = json!({ "spans": recorded.spans, "logs": recorded.logs });
    Normaliser::default().normalise("", &mut golden);
    golden
}

/// The same events said in JSON: the same spans, attribute by attribute, in order, with content and without, which are recorded
/// on different ways. They are what the schema of events takes.
#[test]
fn what_is_said_in_json_becomes_the_same() {
    let _alone = Alone::take();
    for content in [json!({ "default": "full" }), json!({})] {
        let (mut in_structs, _) = run(&content);
        scenarios::say_in_json(true);
        let (mut in_json, _) = run(&content);
        scenarios::say_in_json(false);
        for scenario in scenarios::ALL {
            let said = [&mut in_json, &mut in_structs].map(|sessions| take(sessions, scenario.name));
            let [in_json, in_structs] = said.map(|mut recorded| {
                if scenario.name == "batch" {
                    // An event that names its parent by position takes the long way: its session's id stands elsewhere.
                    let spans = recorded["spans"].as_array_mut().unwrap();
                    spans.iter_mut().for_each(|span| {
                        span["attributes"]
                            .as_array_mut()
                            .unwrap()
                            .sort_by_key(|attribute| attribute.to_string());
                    });
                }
                recorded
            });
            assert_eq!(in_json, in_structs, "{}", scenario.name);
        }
        assert!(in_json.is_empty());
    }
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/event.schema.json");
    let schema = serde_json::from_str(&std::fs::read_to_string(schema).unwrap()).unwrap();
    let schema = jsonschema::draft202012::new(&schema).unwrap();
    let said = scenarios::said_in_json();
    assert!(said.len() > scenarios::ALL.len());
    for event in said {
        let event: Value = serde_json::from_str(&event).unwrap();
        if let Err(error) = schema.validate(&event) {
            panic!("{error}: {event}");
        }
    }
}

#[test]
fn no_golden_file_is_without_its_scenario() {
    let mut files: Vec<String> = std::fs::read_dir(file("x").parent().unwrap())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".json").map(str::to_owned))
        .collect();
    let mut names: Vec<_> = scenarios::ALL.iter().map(|scenario| scenario.name.to_owned()).collect();
    files.sort();
    names.sort();
    assert_eq!(files, names);
}

#[test]
fn content_is_recorded_only_where_it_is_asked_for() {
    let _alone = Alone::take();
    let (sessions, written) = run(&json!({}));
    assert_eq!(sessions.len(), scenarios::ALL.len());
    assert!(!written.contains("CANARY"), "content was recorded that nobody asked for");
    let (_, written) = run(&json!({ "fields": { "tool_result": "full" } }));
    let with_content: Vec<_> = written.split("gen_ai.").filter(|part| part.contains("CANARY")).collect();
    assert!(!with_content.is_empty());
    assert!(with_content.iter().all(|part| part.starts_with("tool.call.result")), "{with_content:#?}");
}
