//! Reading what metrics are made of out of an encoded span: its times, and its attributes one after the other. Whatever is
//! not as it should be is as if it were not there.

use super::json::{Fields, Wire};
use super::wire::{bytes_tag, fixed64_tag};

/// Field numbers of `Span` (opentelemetry-proto `trace.proto`).
const START: usize = 7;
const END: usize = 8;
const ATTRIBUTES: usize = 9;
/// `KeyValue` and `AnyValue` (`common.proto`).
const KEY: usize = 1;
const VALUE: usize = 2;
const STRING: usize = 1;
const BOOL: usize = 2;
const INT: usize = 3;
const DOUBLE: usize = 4;

/// One attribute.
#[derive(Clone, Copy)]
pub(crate) struct MeasuredAttribute<'b> {
    pub(crate) key: &'b [u8],
    value: &'b [u8],
    /// Both, as they are encoded.
    pub(crate) content: &'b [u8],
}

/// A value that metrics have a use for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum MeasuredValue<'b> {
    Text(&'b str),
    Bool(bool),
    Int(i64),
    Double(f64),
}

impl<'b> MeasuredAttribute<'b> {
    /// The attribute that is encoded so.
    #[inline]
    pub(crate) fn read(content: &'b [u8]) -> Option<Self> {
        let mut fields = Fields { rest: content };
        let (mut key, mut value): (&[u8], &[u8]) = (b"", b"");
        while let Ok(Some((number, wire))) = fields.next() {
            match (number, wire) {
                (KEY, Wire::Bytes(bytes)) => key = bytes,
                (VALUE, Wire::Bytes(bytes)) => value = bytes,
                _ => {}
            }
        }
        (!key.is_empty()).then_some(Self { key, value, content })
    }

    /// What it says, unless that is a list, a map or bytes.
    #[inline]
    pub(crate) fn value(&self) -> Option<MeasuredValue<'b>> {
        match (Fields { rest: self.value }).next() {
            Ok(Some((STRING, Wire::Bytes(text)))) => std::str::from_utf8(text).ok().map(MeasuredValue::Text),
            Ok(Some((BOOL, Wire::Varint(truth)))) => Some(MeasuredValue::Bool(truth != 0)),
            Ok(Some((INT, Wire::Varint(number)))) => Some(MeasuredValue::Int(number.cast_signed())),
            Ok(Some((DOUBLE, Wire::Fixed64(bits)))) => Some(MeasuredValue::Double(f64::from_bits(bits))),
            _ => None,
        }
    }

    /// The whole number that it says.
    pub(crate) fn int(&self) -> Option<i64> {
        if let Some(MeasuredValue::Int(number)) = self.value() { Some(number) } else { None }
    }

    /// The number that it says.
    pub(crate) fn number(&self) -> Option<f64> {
        match self.value() {
            Some(MeasuredValue::Double(number)) => Some(number),
            Some(MeasuredValue::Int(number)) => Some(number as f64),
            _ => None,
        }
    }
}

/// Attributes one behind the other, each with its length in front.
pub(crate) fn kept<'b>(attributes: &'b [u8]) -> impl Iterator<Item = MeasuredAttribute<'b>> {
    let fields = super::wire::Fields::new(attributes);
    fields.filter_map(|field| MeasuredAttribute::read(field.content))
}

/// Adds an attribute to such a list.
#[inline]
pub(crate) fn keep(attributes: &mut Vec<u8>, attribute: &MeasuredAttribute<'_>) {
    keep_as(bytes_tag(1), attributes, attribute);
}

/// The same as a field with this tag, of one byte.
pub(crate) fn keep_as(tag: u32, attributes: &mut Vec<u8>, attribute: &MeasuredAttribute<'_>) {
    let mut length = attribute.content.len();
    attributes.push(tag as u8);
    while length >= 0x80 {
        attributes.push((length & 0x7f) as u8 | 0x80);
        length >>= 7;
    }
    attributes.push(length as u8);
    attributes.extend_from_slice(attribute.content);
}

/// The field of a span that says how long it took, when it says no start.
pub(crate) fn duration_field(nanos: u64) -> [u8; 9] {
    const TAG: u8 = fixed64_tag(END as u32) as u8;
    let [a, b, c, d, e, f, g, h] = nanos.to_le_bytes();
    [TAG, a, b, c, d, e, f, g, h]
}

/// The content of a span that is an element of its request.
pub(crate) fn content(payload: &[u8]) -> &[u8] {
    match (Fields { rest: payload }).next() {
        Ok(Some((_, Wire::Bytes(content)))) => content,
        _ => &[],
    }
}

/// Passes a span's attributes on; gives the nanoseconds from its start to its end.
#[inline]
pub(crate) fn walk<'b>(content: &'b [u8], mut found: impl FnMut(MeasuredAttribute<'b>)) -> u64 {
    let (mut start, mut end) = (0, 0);
    let mut fields = Fields { rest: content };
    while let Ok(Some((number, wire))) = fields.next() {
        match (number, wire) {
            (ATTRIBUTES, Wire::Bytes(bytes)) => {
                if let Some(attribute) = MeasuredAttribute::read(bytes) {
                    found(attribute);
                }
            }
            (START, Wire::Fixed64(time)) => start = time,
            (END, Wire::Fixed64(time)) => end = time,
            _ => {}
        }
    }
    end.saturating_sub(start)
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value::Value};
    use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    fn payload() -> Vec<u8> {
        let attribute = |key: &str, value| KeyValue {
            key: key.to_owned(),
            value: Some(AnyValue { value: Some(value) }),
            ..KeyValue::default()
        };
        let span = Span {
            start_time_unix_nano: 1_000,
            end_time_unix_nano: 4_500,
            attributes: vec![
                attribute("text", Value::StringValue("x".repeat(200))),
                attribute("int", Value::IntValue(-5)),
                attribute("double", Value::DoubleValue(0.5)),
                attribute("truth", Value::BoolValue(true)),
            ],
            ..Span::default()
        };
        ScopeSpans { spans: vec![span], ..ScopeSpans::default() }.encode_to_vec()
    }

    #[test]
    fn times_and_attributes_are_found_and_can_be_kept() {
        let payload = payload();
        let mut list = Vec::new();
        assert_eq!(walk(content(&payload), |attribute| keep(&mut list, &attribute)), 3_500);
        let found: Vec<_> =
            kept(&list).map(|attribute| (attribute.key, attribute.value().unwrap())).collect();
        let long = "x".repeat(200);
        let expected: Vec<(&[u8], _)> = vec![
            (b"text", MeasuredValue::Text(&long)),
            (b"int", MeasuredValue::Int(-5)),
            (b"double", MeasuredValue::Double(0.5)),
            (b"truth", MeasuredValue::Bool(true)),
        ];
        assert_eq!(found, expected);
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(cut in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte: u8) {
            let mut payload = payload();
            let at = at.index(payload.len());
            payload[at] = byte;
            payload.truncate(cut.index(payload.len()));
            walk(content(&payload), |attribute| {
                let _ = (attribute.int(), attribute.number());
            });
        }
    }
}
