//! Attributes of measurements: what tells one set from another, and what the SDK takes.

use opentelemetry::{Array, KeyValue, StringValue, Value as SdkValue};

use crate::otlp::value::{Attribute, Value};

/// Attributes that no measurement can have.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unsuited;

/// Writes what tells this set of attributes from others, in the order in which they are given. False for what no measurement
/// can have, and for lists, which are rare and told apart by the SDK.
#[inline]
pub(super) fn write_key(key: &mut Vec<u8>, attributes: &[Attribute<'_>]) -> bool {
    for attribute in attributes {
        key.extend_from_slice(&(attribute.key.len() as u64).to_le_bytes());
        key.extend_from_slice(attribute.key);
        match attribute.value {
            Value::Text(text) => {
                key.push(1);
                key.extend_from_slice(&(text.len() as u64).to_le_bytes());
                key.extend_from_slice(text);
            }
            Value::Int(number) => {
                key.push(2);
                key.extend_from_slice(&number.to_le_bytes());
            }
            Value::Double(number) => {
                key.push(3);
                key.extend_from_slice(&number.to_bits().to_le_bytes());
            }
            Value::Bool(truth) => key.extend_from_slice(&[4, u8::from(truth)]),
            _ => return false,
        }
    }
    true
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The attributes as the SDK takes them; of a key that comes again the last one counts.
pub(crate) fn key_values(attributes: &[Attribute<'_>]) -> Result<Vec<KeyValue>, Unsuited> {
    let mut made: Vec<KeyValue> = Vec::with_capacity(attributes.len());
    for attribute in attributes.iter().filter(|attribute| !attribute.key.is_empty()) {
        let value = match attribute.value {
            Value::Text(bytes) => SdkValue::String(StringValue::from(text(bytes))),
            Value::Bool(truth) => SdkValue::Bool(truth),
            Value::Int(number) => SdkValue::I64(number),
            Value::Double(number) => SdkValue::F64(number),
            Value::Texts(items) => {
                let items = items.iter().map(|item| StringValue::from(text(item)));
                SdkValue::Array(Array::String(items.collect()))
            }
            Value::Bools(items) => {
                SdkValue::Array(Array::Bool(items.iter().map(|truth| *truth != 0).collect()))
            }
            Value::Ints(items) => SdkValue::Array(Array::I64(items.to_vec())),
            Value::Doubles(items) => SdkValue::Array(Array::F64(items.to_vec())),
            _ => return Err(Unsuited),
        };
        let key_value = KeyValue::new(text(attribute.key), value);
        match made.iter_mut().find(|known| known.key == key_value.key) {
            Some(known) => *known = key_value,
            None => made.push(key_value),
        }
    }
    Ok(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_are_told_apart_and_the_last_of_a_key_counts() {
        let one = [Attribute::new("a", Value::Text(b"bc")), Attribute::new("d", Value::Int(1))];
        let other = [Attribute::new("ab", Value::Text(b"c")), Attribute::new("d", Value::Int(1))];
        let (mut first, mut second) = (Vec::new(), Vec::new());
        assert!(write_key(&mut first, &one) && write_key(&mut second, &other));
        assert_ne!(first, second);
        assert!(!write_key(&mut first, &[Attribute::new("list", Value::Ints(&[1]))]));
        let again = [Attribute::new("a", Value::Int(1)), Attribute::new("a", Value::Bool(true))];
        assert_eq!(key_values(&again), Ok(vec![KeyValue::new("a", true)]));
        assert_eq!(key_values(&[Attribute::new("b", Value::Bytes(b"x"))]), Err(Unsuited));
    }
}
