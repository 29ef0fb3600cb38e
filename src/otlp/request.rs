//! An export request around pre-encoded records: `Export…ServiceRequest { Resource… { resource, schema_url, Scope… {
//! scope, schema_url, records… } } }`. The field numbers are the same for all three signals, and only three lengths
//! depend on what follows, so a batch is this header and the frames' payloads behind it.

use opentelemetry::{Array, Value as SdkValue};
use opentelemetry_sdk::Resource;

use super::value::{Attribute, Value, attributes_size, write_attributes};
use super::wire::{Writer, bytes_tag, delimited_size};

/// Schema of the semantic conventions that everything here follows.
pub(crate) const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.1";
/// Name of the instrumentation scope.
pub(crate) const SCOPE_NAME: &str = "agentotel";

const RESOURCE_RECORDS: u32 = bytes_tag(1);
const RESOURCE: u32 = bytes_tag(1);
const RESOURCE_ATTRIBUTES: u32 = bytes_tag(1);
const SCOPE_RECORDS: u32 = bytes_tag(2);
const SCOPE: u32 = bytes_tag(1);
const SCHEMA: u32 = bytes_tag(3);
const SCOPE_NAME_FIELD: u32 = bytes_tag(1);
const SCOPE_VERSION_FIELD: u32 = bytes_tag(2);

/// The most that the three tags and lengths of a header take.
const LENGTHS_BYTES: usize = 3 * 11;

/// What stands before the records of every request of one process.
#[derive(Clone, Debug)]
pub(crate) struct RequestHeader {
    /// `resource` and the resource's `schema_url`, encoded.
    resource: Vec<u8>,
    /// `scope` and the scope's `schema_url`, encoded.
    scope: Vec<u8>,
}

/// Appends a text field to a vector.
fn push_text(out: &mut Vec<u8>, tag: u32, text: &[u8]) {
    push(out, 1 + delimited_size(text.len()), |writer| writer.text_field(tag, text));
}

/// Appends `size` bytes that `write` fills.
fn push(out: &mut Vec<u8>, size: usize, write: impl FnOnce(&mut Writer<'_>)) {
    let before = out.len();
    out.resize(before + size, 0);
    write(&mut Writer::new(out.get_mut(before..).unwrap_or_default()));
}

/// The texts of a string array, borrowed.
fn texts(value: &SdkValue) -> Vec<&[u8]> {
    match value {
        SdkValue::Array(Array::String(values)) => {
            values.iter().map(|text| text.as_str().as_bytes()).collect()
        }
        _ => Vec::new(),
    }
}

/// The truth values of an array, a byte each.
fn bools(value: &SdkValue) -> Vec<u8> {
    match value {
        SdkValue::Array(Array::Bool(values)) => values.iter().map(|truth| u8::from(*truth)).collect(),
        _ => Vec::new(),
    }
}

fn push_resource_attribute(out: &mut Vec<u8>, key: &str, value: &SdkValue) {
    let (texts, bools) = (texts(value), bools(value));
    let value = match value {
        SdkValue::Bool(truth) => Value::Bool(*truth),
        SdkValue::I64(number) => Value::Int(*number),
        SdkValue::F64(number) => Value::Double(*number),
        SdkValue::String(text) => Value::Text(text.as_str().as_bytes()),
        SdkValue::Array(Array::Bool(_)) => Value::Bools(&bools),
        SdkValue::Array(Array::I64(numbers)) => Value::Ints(numbers),
        SdkValue::Array(Array::F64(numbers)) => Value::Doubles(numbers),
        SdkValue::Array(Array::String(_)) => Value::Texts(&texts),
        _ => return,
    };
    let attributes = [Attribute { key: key.as_bytes(), value }];
    push(out, attributes_size(&attributes), |writer| {
        write_attributes(writer, RESOURCE_ATTRIBUTES, &attributes)
    });
}

impl RequestHeader {
    /// Encodes the resource and this library's scope.
    pub(crate) fn new(resource: &Resource) -> Self {
        let mut attributes = Vec::new();
        let mut sorted: Vec<_> = resource.iter().collect();
        sorted.sort_by(|a, b| a.0.as_str().cmp(b.0.as_str()));
        for (key, value) in sorted {
            push_resource_attribute(&mut attributes, key.as_str(), value);
        }
        let mut encoded_resource = Vec::new();
        push(&mut encoded_resource, 1 + delimited_size(attributes.len()), |writer| {
            writer.bytes_field(RESOURCE, &attributes);
        });
        push_text(&mut encoded_resource, SCHEMA, resource.schema_url().unwrap_or(SCHEMA_URL).as_bytes());

        let mut scope = Vec::new();
        push_text(&mut scope, SCOPE_NAME_FIELD, SCOPE_NAME.as_bytes());
        push_text(&mut scope, SCOPE_VERSION_FIELD, env!("CARGO_PKG_VERSION").as_bytes());
        let mut encoded_scope = Vec::new();
        push(&mut encoded_scope, 1 + delimited_size(scope.len()), |writer| writer.bytes_field(SCOPE, &scope));
        push_text(&mut encoded_scope, SCHEMA, SCHEMA_URL.as_bytes());
        Self { resource: encoded_resource, scope: encoded_scope }
    }

    /// The encoded resource and scope, each with its schema URL.
    pub(crate) fn parts(&self) -> (&[u8], &[u8]) {
        (&self.resource, &self.scope)
    }

    /// A header of another process, from its parts.
    pub(crate) fn from_parts(resource: Vec<u8>, scope: Vec<u8>) -> Self {
        Self { resource, scope }
    }

    /// The most that a header takes.
    pub(crate) fn max_size(&self) -> usize {
        self.resource.len() + self.scope.len() + LENGTHS_BYTES
    }

    /// The header of a request whose records' payloads take `payload` bytes.
    pub(crate) fn encode(&self, payload: usize) -> Vec<u8> {
        let scope_records = self.scope.len() + payload;
        let resource_records = self.resource.len() + 1 + delimited_size(scope_records);
        let size = 1 + delimited_size(resource_records) - payload;
        let mut out = Vec::new();
        push(&mut out, size, |writer| {
            writer.tag(RESOURCE_RECORDS);
            writer.length(resource_records);
            writer.raw(&self.resource);
            writer.tag(SCOPE_RECORDS);
            writer.length(scope_records);
            writer.raw(&self.scope);
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry::KeyValue;
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;

    use super::*;

    #[test]
    fn a_header_and_nothing_behind_it_is_a_request() {
        let resource = Resource::builder_empty()
            .with_attributes([
                KeyValue::new("service.name", "x"),
                KeyValue::new("flags", SdkValue::Array(Array::Bool(vec![true, false]))),
                KeyValue::new("words", SdkValue::Array(Array::String(vec!["a".into(), "b".into()]))),
            ])
            .build();
        let header = RequestHeader::new(&resource);
        let bytes = header.encode(0);
        assert!(bytes.len() <= header.max_size());
        let request = ExportTraceServiceRequest::decode(bytes.as_slice()).unwrap();
        let records = &request.resource_spans[0];
        assert_eq!(records.schema_url, SCHEMA_URL);
        let keys: Vec<_> =
            records.resource.as_ref().unwrap().attributes.iter().map(|a| a.key.as_str()).collect();
        assert_eq!(keys, ["flags", "service.name", "words"]);
        let scope = &records.scope_spans[0];
        assert_eq!(scope.scope.as_ref().unwrap().name, "agentotel");
        assert_eq!(scope.schema_url, SCHEMA_URL);
    }
}
