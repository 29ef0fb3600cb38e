//! Attributes: keys and values borrowed from the caller, their size on the wire and their writing as `KeyValue`. A
//! value may nest (a map or a list); the depth is bounded where values are made. Source: opentelemetry-proto
//! `common/v1/common.proto`.

use super::wire::{Writer, bytes_tag, delimited_size, fixed64_tag, varint_size, varint_tag};

pub(super) const KEY: u32 = bytes_tag(1);
pub(super) const VALUE: u32 = bytes_tag(2);

pub(super) const STRING_VALUE: u32 = bytes_tag(1);
pub(super) const BOOL_VALUE: u32 = varint_tag(2);
pub(super) const INT_VALUE: u32 = varint_tag(3);
pub(super) const DOUBLE_VALUE: u32 = fixed64_tag(4);
pub(super) const ARRAY_VALUE: u32 = bytes_tag(5);
const KVLIST_VALUE: u32 = bytes_tag(6);
const BYTES_VALUE: u32 = bytes_tag(7);
/// `ArrayValue.values` and `KeyValueList.values`.
pub(super) const VALUES: u32 = bytes_tag(1);

/// Every tag here is below 128.
const TAG_SIZE: usize = 1;

/// A value as OTLP's AnyValue knows it. Texts are bytes until they are written: whether they are UTF-8 is found out
/// in the copy.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    /// No value (a JSON null).
    Empty,
    Text(&'a [u8]),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(&'a [u8]),
    Texts(&'a [&'a [u8]]),
    Bools(&'a [u8]),
    Ints(&'a [i64]),
    Doubles(&'a [f64]),
    List(&'a [Value<'a>]),
    Map(&'a [Attribute<'a>]),
}

/// A key and its value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Attribute<'a> {
    pub(crate) key: &'a [u8],
    pub(crate) value: Value<'a>,
}

impl<'a> Attribute<'a> {
    pub(crate) fn new(key: &'static str, value: Value<'a>) -> Self {
        Self { key: key.as_bytes(), value }
    }
}

/// Two's complement, as protobuf's int64 goes on the wire.
#[inline]
const fn int_bits(value: i64) -> u64 {
    value.cast_unsigned()
}

/// Size of the `AnyValue` message's content.
#[inline]
pub(crate) fn value_size(value: &Value<'_>) -> usize {
    match value {
        Value::Empty => 0,
        Value::Text(text) | Value::Bytes(text) => TAG_SIZE + delimited_size(text.len()),
        Value::Bool(_) => TAG_SIZE + 1,
        Value::Int(number) => TAG_SIZE + varint_size(int_bits(*number)),
        Value::Double(_) => TAG_SIZE + 8,
        _ => TAG_SIZE + delimited_size(items_size(value)),
    }
}

/// Size of the content of an `ArrayValue` or `KeyValueList`.
#[cold]
fn items_size(value: &Value<'_>) -> usize {
    let item = |content: usize| TAG_SIZE + delimited_size(content);
    match value {
        Value::Texts(texts) => texts.iter().map(|text| item(TAG_SIZE + delimited_size(text.len()))).sum(),
        Value::Bools(values) => values.len() * item(TAG_SIZE + 1),
        Value::Ints(values) => values.iter().map(|n| item(TAG_SIZE + varint_size(int_bits(*n)))).sum(),
        Value::Doubles(values) => values.len() * item(TAG_SIZE + 8),
        Value::List(values) => values.iter().map(|value| item(value_size(value))).sum(),
        Value::Map(entries) => entries.iter().map(|entry| item(attribute_content_size(entry))).sum(),
        _ => 0,
    }
}

/// Size of the `KeyValue` message's content.
#[inline]
pub(crate) fn attribute_content_size(attribute: &Attribute<'_>) -> usize {
    TAG_SIZE + delimited_size(attribute.key.len()) + TAG_SIZE + delimited_size(value_size(&attribute.value))
}

/// Bytes of a key and a text up to which all four lengths around them take one byte each.
pub(crate) const MOST_SHORT_BYTES: usize = 119;
/// Tags and lengths around such a key and text: the attribute's, the key's, the value's, the text's.
const SHORT_OVERHEAD: usize = 8;

/// The text of an attribute whose encoding has one-byte lengths only: what most are.
#[inline(always)]
fn short_text<'a>(attribute: &Attribute<'a>) -> Option<&'a [u8]> {
    match attribute.value {
        Value::Text(text) if attribute.key.len().saturating_add(text.len()) <= MOST_SHORT_BYTES => Some(text),
        _ => None,
    }
}

/// Attributes with what one pass over them tells: their size on the wire, and whether their keys are surely different.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Attributes<'a> {
    pub(crate) list: &'a [Attribute<'a>],
    pub(crate) size: usize,
    /// No key is empty, none comes twice. May be false of keys that are fine.
    pub(crate) unique: bool,
    /// Some key is `session.id`.
    pub(crate) names_session: bool,
}

impl<'a> Attributes<'a> {
    /// Looks at a list.
    pub(crate) fn of(list: &'a [Attribute<'a>]) -> Self {
        let mut survey = Survey::default();
        list.iter().for_each(|attribute| survey.add(attribute));
        survey.attributes(list)
    }
}

/// The key that a session has for itself.
pub(crate) const SESSION_ID: &str = "session.id";

/// Fingerprints of keys, a bit each.
#[derive(Default)]
pub(crate) struct Fingerprints([u64; 8]);

impl Fingerprints {
    /// Adds a key. False when another one had the same fingerprint: it may have been the same key.
    #[inline(always)]
    pub(crate) fn add(&mut self, key: &[u8]) -> bool {
        let bit = fingerprint(key);
        let mask = 1u64 << (bit & 63);
        let Some(word) = self.0.get_mut((bit >> 6) as usize & 7) else { return false };
        let is_new = *word & mask == 0;
        *word |= mask;
        is_new
    }
}

/// Whether a key is the one that a session has for itself.
#[inline(always)]
pub(crate) fn names_session(key: &[u8]) -> bool {
    key.len() == SESSION_ID.len() && key == SESSION_ID.as_bytes()
}

/// The pass that makes `Attributes`, an attribute at a time.
#[derive(Default)]
pub(crate) struct Survey {
    size: usize,
    clash: bool,
    some_empty: bool,
    names_session: bool,
    fingerprints: Fingerprints,
}

impl Survey {
    pub(crate) fn add(&mut self, attribute: &Attribute<'_>) {
        self.size += TAG_SIZE + delimited_size(attribute_content_size(attribute));
        self.add_key(attribute.key);
    }

    /// The same for an attribute that is a text.
    #[inline(always)]
    pub(crate) fn add_text(&mut self, key: &[u8], text: &[u8]) {
        let bytes = key.len().saturating_add(text.len());
        self.size += if bytes <= MOST_SHORT_BYTES {
            SHORT_OVERHEAD + bytes
        } else {
            let value = TAG_SIZE + delimited_size(text.len());
            TAG_SIZE + delimited_size(TAG_SIZE + delimited_size(key.len()) + TAG_SIZE + delimited_size(value))
        };
        self.add_key(key);
    }

    #[inline(always)]
    fn add_key(&mut self, key: &[u8]) {
        self.clash |= !self.fingerprints.add(key);
        self.some_empty |= key.is_empty();
        self.names_session |= names_session(key);
    }

    /// What the pass has told of the list that was passed.
    #[inline(always)]
    pub(crate) fn attributes<'a>(&self, list: &'a [Attribute<'a>]) -> Attributes<'a> {
        let unique = !self.some_empty && (!self.clash || all_differ(list));
        Attributes { list, size: self.size, unique, names_session: self.names_session }
    }
}

/// Bits of a fingerprint.
pub(crate) const FINGERPRINT_BITS: u32 = 9;

/// A number of so many bits that is the same for the same key.
#[inline(always)]
pub(crate) const fn fingerprint(key: &[u8]) -> u64 {
    /// 2^64 divided by the golden ratio: spreads differences in any bits over the top ones.
    const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;
    let word = match (key.first_chunk::<8>(), key.last_chunk::<8>()) {
        (Some(first), Some(last)) => u64::from_le_bytes(*first).rotate_left(29) ^ u64::from_le_bytes(*last),
        _ => short_word(key),
    };
    (word ^ key.len() as u64).wrapping_mul(SPREAD) >> (u64::BITS - FINGERPRINT_BITS)
}

/// A word that tells keys of fewer than 8 bytes from each other.
#[inline(always)]
const fn short_word(key: &[u8]) -> u64 {
    match (key.first_chunk::<4>(), key.last_chunk::<4>()) {
        (Some(first), Some(last)) => {
            (u32::from_le_bytes(*first) as u64) << 32 | u32::from_le_bytes(*last) as u64
        }
        _ => {
            let (mut word, mut rest) = (0, key);
            while let Some((byte, behind)) = rest.split_first() {
                word = word << 8 | *byte as u64;
                rest = behind;
            }
            word
        }
    }
}

/// Whether keys with a common fingerprint are different all the same; not looked into for long lists.
#[cold]
fn all_differ(list: &[Attribute<'_>]) -> bool {
    const MOST: usize = 24;
    list.len() <= MOST
        && list.iter().enumerate().all(|(position, attribute)| {
            !attribute.key.is_empty() && list.iter().take(position).all(|before| before.key != attribute.key)
        })
}

/// Size of attributes as a repeated field whose tag takes one byte.
#[inline(always)]
pub(crate) fn attributes_size(attributes: &[Attribute<'_>]) -> usize {
    let mut size = 0;
    for attribute in attributes {
        size += match short_text(attribute) {
            Some(text) => SHORT_OVERHEAD + attribute.key.len() + text.len(),
            None => TAG_SIZE + delimited_size(attribute_content_size(attribute)),
        };
    }
    size
}

/// Writes attributes as a repeated field.
#[inline(always)]
pub(crate) fn write_attributes(writer: &mut Writer<'_>, tag: u32, attributes: &[Attribute<'_>]) {
    for attribute in attributes {
        match short_text(attribute) {
            Some(text) => write_short(writer, tag, attribute.key, text),
            None => write_attribute_field(writer, tag, attribute),
        }
    }
}

/// Writes one attribute as a field.
pub(crate) fn write_attribute_field(writer: &mut Writer<'_>, tag: u32, attribute: &Attribute<'_>) {
    writer.tag(tag);
    write_attribute(writer, attribute);
}

/// Tags and lengths in front of the key and in front of the text of an attribute whose lengths take one byte each.
#[inline(always)]
pub(crate) fn short_frames(tag: u32, key_bytes: usize, text_bytes: usize) -> (u32, u32) {
    // Four bytes at once, the lengths added in their places: none carries, since all stay below 128.
    let (key_bytes, text_bytes) = (key_bytes as u32, text_bytes as u32);
    let before_key = (tag | 6 << 8 | KEY << 16) + key_bytes * 0x0100_0100 + (text_bytes << 8);
    let before_text = (VALUE | 2 << 8 | STRING_VALUE << 16) + text_bytes * 0x0100_0100;
    (before_key, before_text)
}

/// Writes an attribute whose lengths take one byte each.
#[inline(always)]
fn write_short(writer: &mut Writer<'_>, tag: u32, key: &[u8], text: &[u8]) {
    let (before_key, before_text) = short_frames(tag, key.len(), text.len());
    writer.framed_texts(before_key, key, before_text, text);
}

/// Writes the length and content of one `KeyValue`.
fn write_attribute(writer: &mut Writer<'_>, attribute: &Attribute<'_>) {
    let value_size = value_size(&attribute.value);
    let content = TAG_SIZE + delimited_size(attribute.key.len()) + TAG_SIZE + delimited_size(value_size);
    writer.length(content);
    writer.text_field(KEY, attribute.key);
    writer.tag(VALUE);
    writer.length(value_size);
    write_value(writer, &attribute.value);
}

/// Writes the content of one `AnyValue`.
#[inline]
pub(crate) fn write_value(writer: &mut Writer<'_>, value: &Value<'_>) {
    match value {
        Value::Text(text) => writer.text_field(STRING_VALUE, text),
        Value::Int(number) => writer.varint_field(INT_VALUE, int_bits(*number)),
        Value::Bool(truth) => writer.varint_field(BOOL_VALUE, u64::from(*truth)),
        Value::Double(number) => writer.fixed64_field(DOUBLE_VALUE, number.to_bits()),
        Value::Bytes(bytes) => writer.bytes_field(BYTES_VALUE, bytes),
        Value::Empty => {}
        _ => write_items(writer, value),
    }
}

/// Writes an `ArrayValue` or `KeyValueList` with its tag and length.
#[cold]
fn write_items(writer: &mut Writer<'_>, value: &Value<'_>) {
    writer.tag(if matches!(value, Value::Map(_)) { KVLIST_VALUE } else { ARRAY_VALUE });
    writer.length(items_size(value));
    let mut item = |value: Value<'_>| {
        writer.tag(VALUES);
        writer.length(value_size(&value));
        write_value(writer, &value);
    };
    match value {
        Value::Texts(texts) => texts.iter().for_each(|text| item(Value::Text(text))),
        Value::Bools(values) => values.iter().for_each(|value| item(Value::Bool(*value != 0))),
        Value::Ints(values) => values.iter().for_each(|value| item(Value::Int(*value))),
        Value::Doubles(values) => values.iter().for_each(|value| item(Value::Double(*value))),
        Value::List(values) => values.iter().for_each(|value| item(*value)),
        Value::Map(entries) => {
            for entry in *entries {
                writer.tag(VALUES);
                write_attribute(writer, entry);
            }
        }
        _ => {}
    }
}
