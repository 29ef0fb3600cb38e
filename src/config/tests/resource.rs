//! What the resource says, and what it never says.

use std::collections::BTreeMap;

use opentelemetry::{Array, Value};

use super::*;
use crate::config::resource::{SCHEMA_URL, detect};

fn attributes(config: &Config) -> BTreeMap<String, Value> {
    let resource = detect(config);
    assert_eq!(resource.schema_url(), Some(SCHEMA_URL));
    resource.iter().map(|(key, value)| (key.to_string(), value.clone())).collect()
}

fn text(attributes: &BTreeMap<String, Value>, key: &str) -> String {
    attributes.get(key).unwrap_or_else(|| panic!("{key}: {attributes:?}")).to_string()
}

#[test]
fn everything_is_detected_by_default() {
    let found = attributes(&defaults());
    let keys: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        [
            "host.arch",
            "host.name",
            "os.type",
            "os.version",
            "process.executable.name",
            "process.executable.path",
            "process.pid",
            "service.instance.id",
            "service.name",
            "telemetry.sdk.language",
            "telemetry.sdk.name",
            "telemetry.sdk.version",
        ]
    );
    assert_eq!(found["process.pid"], Value::I64(i64::from(std::process::id())));
    let executable = std::env::current_exe().unwrap();
    assert_eq!(text(&found, "process.executable.path"), executable.to_str().unwrap());
    assert_eq!(text(&found, "process.executable.name"), executable.file_name().unwrap().to_str().unwrap());
    let kernel =
        |file: &str| std::fs::read_to_string(format!("/proc/sys/kernel/{file}")).unwrap().trim().to_owned();
    assert_eq!(text(&found, "host.name"), kernel("hostname"));
    assert_eq!(text(&found, "os.version"), kernel("osrelease"));
    assert_eq!(text(&found, "os.type"), "linux");
    assert!(["amd64", "arm64"].contains(&text(&found, "host.arch").as_str()));
    assert_eq!(text(&found, "telemetry.sdk.name"), "agentotel");
    assert_eq!(text(&found, "telemetry.sdk.language"), "rust");
    assert_eq!(text(&found, "telemetry.sdk.version"), env!("CARGO_PKG_VERSION"));
    assert!(text(&found, "service.name").starts_with("unknown_service:agentotel"));
}

#[test]
fn the_instance_id_is_a_new_random_uuid_each_time() {
    let id = || text(&attributes(&defaults()), "service.instance.id");
    let ids: std::collections::BTreeSet<String> = (0..1_000).map(|_| id()).collect();
    assert_eq!(ids.len(), 1_000);
    for id in ids {
        let groups: Vec<usize> = id.split('-').map(str::len).collect();
        assert_eq!(groups, [8, 4, 4, 4, 12], "{id}");
        assert!(
            id.bytes().all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)),
            "{id}"
        );
        assert_eq!(id.as_bytes()[14], b'4', "version of {id}");
        assert!(b"89ab".contains(&id.as_bytes()[19]), "variant of {id}");
    }
}

#[test]
fn detectors_can_be_left_out() {
    let keys = |json: &str| attributes(&config(json, &[])).into_keys().collect::<Vec<_>>();
    assert_eq!(keys(r#"{"resource": {"detectors": []}}"#), ["service.name"]);
    assert_eq!(keys(r#"{"resource": {"detectors": ["os"]}}"#), ["os.type", "os.version", "service.name"]);
    assert_eq!(
        keys(r#"{"resource": {"host_environment": false}}"#),
        [
            "service.instance.id",
            "service.name",
            "telemetry.sdk.language",
            "telemetry.sdk.name",
            "telemetry.sdk.version"
        ]
    );
}

#[test]
fn what_is_configured_wins_over_what_is_detected() {
    let json = r#"{
        "service": {"name": "agent", "version": "1", "namespace": "n", "instance_id": "i"},
        "resource": {"attributes": {"host.name": "mine", "process.pid": 7, "b": true, "f": 1.5, "i": -1,
            "ss": ["a", "b"], "bs": [true], "is": [1, 2], "fs": [1, 2.5], "none": []}}
    }"#;
    let found = attributes(&config(json, &[]));
    for (key, value) in [
        ("service.name", "agent"),
        ("service.version", "1"),
        ("service.namespace", "n"),
        ("service.instance.id", "i"),
        ("host.name", "mine"),
    ] {
        assert_eq!(text(&found, key), value);
    }
    assert_eq!(found["process.pid"], Value::I64(7));
    assert_eq!(
        (&found["b"], &found["f"], &found["i"]),
        (&Value::Bool(true), &Value::F64(1.5), &Value::I64(-1))
    );
    assert_eq!(found["ss"], Value::Array(Array::String(vec!["a".into(), "b".into()])));
    assert_eq!(found["bs"], Value::Array(Array::Bool(vec![true])));
    assert_eq!(found["is"], Value::Array(Array::I64(vec![1, 2])));
    assert_eq!(found["fs"], Value::Array(Array::F64(vec![1.0, 2.5])));
    assert_eq!(found["none"], Value::Array(Array::String(vec![])));
}

#[test]
fn the_service_can_be_named_among_the_attributes_too() {
    let json =
        |rest: &str| format!(r#"{{"resource": {{"attributes": {{"service.name": "attribute"}}}}{rest}}}"#);
    let name = |json: &str| {
        text(&attributes(&config(json, &[("OTEL_SERVICE_NAME", "environment")])), "service.name")
    };
    assert_eq!(name("{}"), "environment");
    assert_eq!(name(&json("")), "attribute", "a later source");
    assert_eq!(name(&json(r#", "service": {"name": "key"}"#)), "key", "the key, within one source");
}

#[test]
fn the_arguments_of_the_process_are_not_told() {
    let told = format!("{:?}", detect(&defaults()));
    assert!(!told.contains("process.command"), "{told}");
    for argument in std::env::args().skip(1).filter(|argument| argument.len() > 3) {
        assert!(!told.contains(&argument), "{argument}: {told}");
    }
}
