//! The decoded view of a request: for the exporters that need fields and not bytes. A complete
//! `Export{Trace,Logs}ServiceRequest` body comes in, is decoded with the generated types of
//! `opentelemetry-proto`, and leaves either as those types (console) or as one line of OTLP/JSON
//! (file). It touches no I/O and no other room.
//!
//! The JSON is written here and not by the generated types' serde derive, which departs from the
//! OTLP/JSON encoding: a non-finite double becomes `null` (the value is lost), and an absent
//! message becomes `null` instead of being left out. The shape is the Collector's: fields in the
//! order of the proto files, default-valued fields left out, ids in hexadecimal, 64-bit integers as
//! strings, enums as integers. It is read back in the tests by those derives.

use std::io::Write as _;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, EntityRef, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use super::Signal;

/// Why a request has no decoded view.
#[derive(Debug, thiserror::Error)]
pub enum DecodeError {
    /// The signal has no decoded view yet.
    #[error("{0:?} have no decoded view; traces and logs have")]
    Unsupported(Signal),
    /// The bytes are not a request of that signal.
    #[error("not a request of {signal:?}: {reason}")]
    Malformed { signal: Signal, reason: prost::DecodeError },
}

/// The spans of a request, as the generated types.
pub fn decode_traces(request: &[u8]) -> Result<ExportTraceServiceRequest, DecodeError> {
    ExportTraceServiceRequest::decode(request)
        .map_err(|reason| DecodeError::Malformed { signal: Signal::Traces, reason })
}

/// The log records of a request, as the generated types.
pub fn decode_logs(request: &[u8]) -> Result<ExportLogsServiceRequest, DecodeError> {
    ExportLogsServiceRequest::decode(request)
        .map_err(|reason| DecodeError::Malformed { signal: Signal::Logs, reason })
}

/// The request as one line of OTLP/JSON, newline included: what the Collector's file exporter
/// writes and its otlpjsonfile receiver reads.
pub fn json_line(signal: Signal, request: &[u8]) -> Result<Vec<u8>, DecodeError> {
    // JSON repeats the field names, so it is two to three times the protobuf form.
    let mut line = Vec::with_capacity(request.len().saturating_mul(3));
    let mut object = Object::open(&mut line);
    match signal {
        Signal::Traces => {
            object.list("resourceSpans", &decode_traces(request)?.resource_spans, resource_spans)
        }
        Signal::Logs => object.list("resourceLogs", &decode_logs(request)?.resource_logs, resource_logs),
        Signal::Metrics => return Err(DecodeError::Unsupported(signal)),
    }
    object.close();
    line.push(b'\n');
    Ok(line)
}

/// Each span or log record of a request as one OTLP/JSON object, in their order.
pub fn json_records(signal: Signal, request: &[u8]) -> Result<Vec<Vec<u8>>, DecodeError> {
    fn each<'r, T: 'r>(records: impl Iterator<Item = &'r T>, write: fn(&mut Vec<u8>, &T)) -> Vec<Vec<u8>> {
        let object = |record| {
            let mut object = Vec::new();
            write(&mut object, record);
            object
        };
        records.map(object).collect()
    }
    match signal {
        Signal::Traces => {
            let request = decode_traces(request)?;
            let scopes = request.resource_spans.iter().flat_map(|group| &group.scope_spans);
            Ok(each(scopes.flat_map(|scope| &scope.spans), span))
        }
        Signal::Logs => {
            let request = decode_logs(request)?;
            let scopes = request.resource_logs.iter().flat_map(|group| &group.scope_logs);
            Ok(each(scopes.flat_map(|scope| &scope.log_records), log_record))
        }
        Signal::Metrics => Err(DecodeError::Unsupported(signal)),
    }
}

fn resource_spans(out: &mut Vec<u8>, group: &ResourceSpans) {
    let mut object = Object::open(out);
    resource(object.field("resource"), group.resource.as_ref());
    object.list("scopeSpans", &group.scope_spans, scope_spans);
    object.text("schemaUrl", &group.schema_url);
    object.close();
}

fn scope_spans(out: &mut Vec<u8>, group: &ScopeSpans) {
    let mut object = Object::open(out);
    scope(object.field("scope"), group.scope.as_ref());
    object.list("spans", &group.spans, span);
    object.text("schemaUrl", &group.schema_url);
    object.close();
}

fn span(out: &mut Vec<u8>, span: &Span) {
    let mut object = Object::open(out);
    object.hex("traceId", &span.trace_id);
    object.hex("spanId", &span.span_id);
    object.text("traceState", &span.trace_state);
    object.hex("parentSpanId", &span.parent_span_id);
    object.count("flags", span.flags);
    object.text("name", &span.name);
    object.number("kind", span.kind);
    object.nanos("startTimeUnixNano", span.start_time_unix_nano);
    object.nanos("endTimeUnixNano", span.end_time_unix_nano);
    object.list("attributes", &span.attributes, key_value);
    object.count("droppedAttributesCount", span.dropped_attributes_count);
    object.list("events", &span.events, event);
    object.count("droppedEventsCount", span.dropped_events_count);
    object.list("links", &span.links, link);
    object.count("droppedLinksCount", span.dropped_links_count);
    status(object.field("status"), span.status.as_ref());
    object.close();
}

fn event(out: &mut Vec<u8>, event: &Event) {
    let mut object = Object::open(out);
    object.nanos("timeUnixNano", event.time_unix_nano);
    object.text("name", &event.name);
    object.list("attributes", &event.attributes, key_value);
    object.count("droppedAttributesCount", event.dropped_attributes_count);
    object.close();
}

fn link(out: &mut Vec<u8>, link: &Link) {
    let mut object = Object::open(out);
    object.hex("traceId", &link.trace_id);
    object.hex("spanId", &link.span_id);
    object.text("traceState", &link.trace_state);
    object.list("attributes", &link.attributes, key_value);
    object.count("droppedAttributesCount", link.dropped_attributes_count);
    object.count("flags", link.flags);
    object.close();
}

fn status(out: &mut Vec<u8>, status: Option<&Status>) {
    let mut object = Object::open(out);
    if let Some(status) = status {
        object.text("message", &status.message);
        object.number("code", status.code);
    }
    object.close();
}

fn resource_logs(out: &mut Vec<u8>, group: &ResourceLogs) {
    let mut object = Object::open(out);
    resource(object.field("resource"), group.resource.as_ref());
    object.list("scopeLogs", &group.scope_logs, scope_logs);
    object.text("schemaUrl", &group.schema_url);
    object.close();
}

fn scope_logs(out: &mut Vec<u8>, group: &ScopeLogs) {
    let mut object = Object::open(out);
    scope(object.field("scope"), group.scope.as_ref());
    object.list("logRecords", &group.log_records, log_record);
    object.text("schemaUrl", &group.schema_url);
    object.close();
}

fn log_record(out: &mut Vec<u8>, record: &LogRecord) {
    let mut object = Object::open(out);
    object.nanos("timeUnixNano", record.time_unix_nano);
    object.nanos("observedTimeUnixNano", record.observed_time_unix_nano);
    object.number("severityNumber", record.severity_number);
    object.text("severityText", &record.severity_text);
    if let Some(body) = &record.body {
        any_value(object.field("body"), body);
    }
    object.list("attributes", &record.attributes, key_value);
    object.count("droppedAttributesCount", record.dropped_attributes_count);
    object.count("flags", record.flags);
    object.hex("traceId", &record.trace_id);
    object.hex("spanId", &record.span_id);
    object.text("eventName", &record.event_name);
    object.close();
}

fn resource(out: &mut Vec<u8>, resource: Option<&Resource>) {
    let mut object = Object::open(out);
    if let Some(resource) = resource {
        object.list("attributes", &resource.attributes, key_value);
        object.count("droppedAttributesCount", resource.dropped_attributes_count);
        object.list("entityRefs", &resource.entity_refs, entity_ref);
    }
    object.close();
}

fn entity_ref(out: &mut Vec<u8>, entity: &EntityRef) {
    let mut object = Object::open(out);
    object.text("schemaUrl", &entity.schema_url);
    object.text("type", &entity.r#type);
    object.list("idKeys", &entity.id_keys, |out, key| string(out, key));
    object.list("descriptionKeys", &entity.description_keys, |out, key| string(out, key));
    object.close();
}

fn scope(out: &mut Vec<u8>, scope: Option<&InstrumentationScope>) {
    let mut object = Object::open(out);
    if let Some(scope) = scope {
        object.text("name", &scope.name);
        object.text("version", &scope.version);
        object.list("attributes", &scope.attributes, key_value);
        object.count("droppedAttributesCount", scope.dropped_attributes_count);
    }
    object.close();
}

fn key_value(out: &mut Vec<u8>, pair: &KeyValue) {
    let mut object = Object::open(out);
    // Said even when empty: an attribute without a key or a value is still an attribute.
    string(object.field("key"), &pair.key);
    match &pair.value {
        Some(value) => any_value(object.field("value"), value),
        None => object.field("value").extend_from_slice(b"{}"),
    }
    object.close();
}

/// One member of a `oneof` is always written, its default too: `{"stringValue":""}` is not `{}`.
/// The nesting is bounded by prost's own limit of 100 levels.
fn any_value(out: &mut Vec<u8>, value: &AnyValue) {
    let mut object = Object::open(out);
    match &value.value {
        Some(Value::StringValue(text)) => string(object.field("stringValue"), text),
        Some(Value::BoolValue(flag)) => display(object.field("boolValue"), flag),
        Some(Value::IntValue(int)) => quoted(object.field("intValue"), int),
        Some(Value::DoubleValue(number)) => double(object.field("doubleValue"), *number),
        Some(Value::ArrayValue(array)) => {
            let mut inner = Object::open(object.field("arrayValue"));
            list(inner.field("values"), &array.values, any_value);
            inner.close();
        }
        Some(Value::KvlistValue(pairs)) => {
            let mut inner = Object::open(object.field("kvlistValue"));
            list(inner.field("values"), &pairs.values, key_value);
            inner.close();
        }
        Some(Value::BytesValue(bytes)) => base64(object.field("bytesValue"), bytes),
        // An index into a string table that only profiles carry; it names nothing in traces and
        // logs.
        Some(Value::StringValueStrindex(_)) | None => {}
    }
    object.close();
}

/// A JSON object being written. The typed members leave a default value out.
struct Object<'a> {
    out: &'a mut Vec<u8>,
    empty: bool,
}

impl<'a> Object<'a> {
    fn open(out: &'a mut Vec<u8>) -> Self {
        out.push(b'{');
        Object { out, empty: true }
    }

    fn close(self) {
        self.out.push(b'}');
    }

    /// Writes the name; the caller writes the value. Names are ours and need no escape.
    fn field(&mut self, name: &'static str) -> &mut Vec<u8> {
        if !self.empty {
            self.out.push(b',');
        }
        self.empty = false;
        self.out.push(b'"');
        self.out.extend_from_slice(name.as_bytes());
        self.out.extend_from_slice(b"\":");
        self.out
    }

    fn text(&mut self, name: &'static str, value: &str) {
        if !value.is_empty() {
            string(self.field(name), value);
        }
    }

    fn hex(&mut self, name: &'static str, id: &[u8]) {
        if !id.is_empty() {
            let out = self.field(name);
            out.push(b'"');
            let digit = |bits: u8| b"0123456789abcdef".get(usize::from(bits & 15)).copied().unwrap_or(b'0');
            for byte in id {
                out.extend_from_slice(&[digit(byte >> 4), digit(*byte)]);
            }
            out.push(b'"');
        }
    }

    fn nanos(&mut self, name: &'static str, value: u64) {
        if value != 0 {
            quoted(self.field(name), &value);
        }
    }

    fn count(&mut self, name: &'static str, value: u32) {
        if value != 0 {
            display(self.field(name), &value);
        }
    }

    fn number(&mut self, name: &'static str, value: i32) {
        if value != 0 {
            display(self.field(name), &value);
        }
    }

    fn list<T>(&mut self, name: &'static str, items: &[T], item: fn(&mut Vec<u8>, &T)) {
        if !items.is_empty() {
            list(self.field(name), items, item);
        }
    }
}

fn list<T>(out: &mut Vec<u8>, items: &[T], item: fn(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (index, each) in items.iter().enumerate() {
        if index > 0 {
            out.push(b',');
        }
        item(out, each);
    }
    out.push(b']');
}

/// Writing to a `Vec` cannot fail.
fn write_infallibly(out: &mut Vec<u8>, arguments: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}

fn display(out: &mut Vec<u8>, value: &impl std::fmt::Display) {
    write_infallibly(out, format_args!("{value}"));
}

fn quoted(out: &mut Vec<u8>, value: &impl std::fmt::Display) {
    write_infallibly(out, format_args!("\"{value}\""));
}

/// The proto3 JSON mapping: a non-finite number is a string.
fn double(out: &mut Vec<u8>, value: f64) {
    if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"\"Infinity\"" } else { b"\"-Infinity\"" });
    } else {
        // The shortest digits that read back as the same number; `1.0` and `1e300` are JSON as they
        // are.
        write_infallibly(out, format_args!("{value:?}"));
    }
}

fn string(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut plain = 0;
    for (index, byte) in text.bytes().enumerate() {
        if byte >= 0x20 && byte != b'"' && byte != b'\\' {
            continue;
        }
        out.extend_from_slice(text.as_bytes().get(plain..index).unwrap_or_default());
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => write_infallibly(out, format_args!("\\u{byte:04x}")),
        }
        plain = index + 1;
    }
    out.extend_from_slice(text.as_bytes().get(plain..).unwrap_or_default());
    out.push(b'"');
}

/// RFC 4648 section 4, with padding, as the proto3 JSON mapping asks for bytes.
fn base64(out: &mut Vec<u8>, bytes: &[u8]) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digit = |bits: u32| ALPHABET.get((bits & 63) as usize).copied().unwrap_or(b'=');
    out.push(b'"');
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        out.push(digit(bits >> 18));
        out.push(digit(bits >> 12));
        out.push(if group.len() > 1 { digit(bits >> 6) } else { b'=' });
        out.push(if group.len() > 2 { digit(bits) } else { b'=' });
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests;
