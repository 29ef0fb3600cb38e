//! Secrets are seen nowhere: not in messages, not in the debug form.

use super::errors::refused;
use super::*;

#[test]
fn secrets_are_in_no_message() {
    for json in [
        r#"{"exporters": [{"type": "otlp", "api_key": ["hunter2"]}]}"#,
        r#"{"exporters": [{"type": "otlp", "api_key": "hunter2\n"}]}"#,
        r#"{"exporters": [{"type": "otlp", "api_key": ""}]}"#,
        r#"{"exporters": [{"type": "otlp", "api_key": "hunter2", "headers": {"Authorization": "hunter2"}}]}"#,
        r#"{"exporters": [{"type": "otlp", "headers": "x=hunter2"}]}"#,
        r#"{"exporters": [{"type": "otlp", "headers": {"x": ["hunter2"]}}]}"#,
        r#"{"exporters": [{"type": "otlp", "headers": {"x": "hunter2\r\ny: z"}}]}"#,
        r#"{"exporters": [{"type": "otlp", "headers": {"hunter2 x": "y"}}]}"#,
        r#"{"exporters": [{"type": "otlp", "headers": {"hunter2 x": 1}}]}"#,
        r#"{"exporters": [{"type": "otlp", "headers": {"content-type": "hunter2"}}]}"#,
        r#"{"exporters": [{"type": "otlp", "headers": {"x": "hunter2", "X": "hunter2"}}]}"#,
        r#"{"exporters": [{"type": "otlp", "endpoint": "https://user:hunter2@host"}]}"#,
        r#"{"exporters": [{"type": "otlp", "endpoint": "hunter2"}]}"#,
        r#"{"exporters": [{"type": "otlp", "endpoint": "https://host/?key=hunter2"}]}"#,
        r#"{"exporters": ["https://user:hunter2@host"]}"#,
    ] {
        refused(json, &["configuration: `exporters[0]", "`: ", "ccepted: "]);
    }
}

#[test]
fn secrets_are_not_in_the_debug_form() {
    let json = r#"{"exporters": [{"type": "otlp", "api_key": "hunter2", "headers": {"x": "hunter2"}}]}"#;
    let pairs = [
        ("OTEL_EXPORTER_OTLP_TRACES_HEADERS", "x=hunter2"),
        ("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", "http://h/?key=hunter2"),
    ];
    for resolved in [resolve(json, &pairs), resolve("{}", &pairs)] {
        let shown = format!("{resolved:?} {resolved:#?}");
        assert!(!shown.contains("hunter2"), "{shown}");
        assert!(shown.contains("<redacted>"), "{shown}");
    }
}
