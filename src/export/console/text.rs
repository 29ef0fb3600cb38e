//! Log records as lines for people: time, severity, what is said, attributes. One record is one line, whatever is in it.

use std::fmt::Write as _;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, SeverityNumber};

use super::paint::{Paint, Style};
use crate::export::calendar::civil;
use crate::export::printable::printable;
use crate::otlp::log::Severity;
use crate::otlp::value::SESSION_ID;

/// How much is shown of what is said, of a name, and of an attribute's value, in bytes.
const BODY_BYTES: usize = 4096;
const NAME_BYTES: usize = 120;
const VALUE_BYTES: usize = 400;

/// Appends a line for each record.
pub(super) fn lines(request: &ExportLogsServiceRequest, style: Style, out: &mut String) {
    let scopes = request.resource_logs.iter().flat_map(|group| &group.scope_logs);
    for record in scopes.flat_map(|scope| &scope.log_records) {
        line(record, style, out);
    }
}

/// Appends the line of one record.
pub(super) fn line(record: &LogRecord, style: Style, out: &mut String) {
    let at = if record.time_unix_nano == 0 { record.observed_time_unix_nano } else { record.time_unix_nano };
    style.paint(out, Paint::Faint, &time(at));
    out.push(' ');
    let (name, paint) = severity(record);
    style.paint(out, paint, &format!("{name:<5}"));
    if !record.event_name.is_empty() {
        out.push(' ');
        style.paint(out, Paint::Bold, &printable(&record.event_name, NAME_BYTES));
    }
    if let Some(body) = record.body.as_ref().filter(|body| body.value.is_some()) {
        out.push(' ');
        out.push_str(&printable(&said(body), BODY_BYTES));
    }
    for attribute in record.attributes.iter().filter(|attribute| attribute.key != SESSION_ID) {
        out.push(' ');
        style.paint(out, Paint::Faint, &printable(&attribute.key, NAME_BYTES));
        out.push('=');
        out.push_str(&value(attribute));
    }
    if record.span_id.iter().any(|byte| *byte != 0) {
        let mut id = String::from(" span ");
        for byte in &record.span_id {
            // Writing to a String cannot fail.
            let _ = write!(id, "{byte:02x}");
        }
        style.paint(out, Paint::Faint, &id);
    }
    out.push('\n');
}

/// A time of day with its date, UTC (RFC 3339).
fn time(nanos: u64) -> String {
    const NANOS_PER_MILLI: u64 = 1_000_000;
    const SECONDS_PER_DAY: u64 = 86_400;
    let (millis, seconds) = (nanos / NANOS_PER_MILLI % 1_000, nanos / NANOS_PER_MILLI / 1_000);
    let (year, month, day) = civil(seconds / SECONDS_PER_DAY);
    let (hours, minutes, seconds) = (seconds / 3_600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z")
}

/// What the severity is called, and how it looks.
fn severity(record: &LogRecord) -> (String, Paint) {
    let number = record.severity_number;
    let paint = if number >= SeverityNumber::Error as i32 {
        Paint::Bad
    } else if number >= SeverityNumber::Warn as i32 {
        Paint::Tool
    } else if number >= SeverityNumber::Info as i32 {
        Paint::Good
    } else {
        Paint::Faint
    };
    let known = u32::try_from(number).ok().and_then(Severity::from_number);
    let name = match (record.severity_text.as_str(), known) {
        ("", Some(severity)) if severity.number() > 0 => severity.text().to_owned(),
        ("", _) => "-".to_owned(),
        (given, _) => printable(given, NAME_BYTES),
    };
    (name, paint)
}

fn said(body: &AnyValue) -> String {
    match &body.value {
        Some(Value::StringValue(text)) => text.clone(),
        _ => json(body).to_string(),
    }
}

/// An attribute's value: bare where it can be told from what follows, else as JSON.
fn value(attribute: &KeyValue) -> String {
    let Some(value) = &attribute.value else { return "null".to_owned() };
    let text = match &value.value {
        Some(Value::StringValue(text)) if is_word(text) => text.clone(),
        _ => json(value).to_string(),
    };
    printable(&text, VALUE_BYTES)
}

fn is_word(text: &str) -> bool {
    !text.is_empty()
        && !text.chars().any(|character| character.is_whitespace() || "\"={}[]".contains(character))
}

/// A value as plain JSON; bytes in hexadecimal.
fn json(value: &AnyValue) -> serde_json::Value {
    match &value.value {
        Some(Value::StringValue(text)) => text.as_str().into(),
        Some(Value::BoolValue(truth)) => (*truth).into(),
        Some(Value::IntValue(number)) => (*number).into(),
        Some(Value::DoubleValue(number)) => (*number).into(),
        Some(Value::BytesValue(bytes)) => {
            bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into()
        }
        Some(Value::ArrayValue(array)) => array.values.iter().map(json).collect(),
        Some(Value::KvlistValue(list)) => {
            let entry =
                |pair: &KeyValue| (pair.key.clone(), pair.value.as_ref().map_or_else(Default::default, json));
            serde_json::Value::Object(list.values.iter().map(entry).collect())
        }
        _ => serde_json::Value::Null,
    }
}
