//! Attribute values that come as JSON text: an object or an array, read straight into the call's arena as a map or list.
//! The depth is bounded by the JSON library (128), the size by what a text may have.

use std::fmt;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::manager::Error;
use crate::otlp::value::{Attribute, Value};

/// The value that a JSON text says.
pub(crate) fn value<'a>(arena: &'a Bump, text: &'a [u8]) -> Result<Value<'a>, Error> {
    let wrong =
        |why: String| Error::InvalidArgument(format!("an attribute of type json is not valid: {why}"));
    // Read from a copy: what the host changes meanwhile must not become text that nobody has checked.
    let copy: &'a [u8] = arena.alloc_slice_copy(text);
    let mut deserializer = serde_json::Deserializer::from_slice(copy);
    let value = Seed { arena }.deserialize(&mut deserializer).map_err(|error| wrong(error.to_string()))?;
    deserializer.end().map_err(|error| wrong(error.to_string()))?;
    match value {
        Value::Map(_) | Value::List(_) => Ok(value),
        _ => Err(wrong("expected an object or an array".to_owned())),
    }
}

#[derive(Clone, Copy)]
struct Seed<'a> {
    arena: &'a Bump,
}

impl<'de, 'a> DeserializeSeed<'de> for Seed<'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, 'a> Visitor<'de> for Seed<'a> {
    type Value = Value<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Value::Empty)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        // OTLP has no larger integers: beyond them a number is a double.
        Ok(i64::try_from(number).map_or(Value::Double(number as f64), Value::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Value::Double(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(self.arena.alloc_str(text).as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut list = ArenaVec::new_in(self.arena);
        while let Some(item) = items.next_element_seed(self)? {
            list.push(item);
        }
        Ok(Value::List(list.into_bump_slice()))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let mut map = ArenaVec::new_in(self.arena);
        let mut places = std::collections::HashMap::new();
        while let Some(key) = entries.next_key::<std::borrow::Cow<'de, str>>()? {
            let key = self.arena.alloc_str(&key).as_bytes();
            let value = entries.next_value_seed(self)?;
            // A key that comes again replaces the value, as for attributes.
            match places.get(key).and_then(|at: &usize| map.get_mut(*at)) {
                Some(place) => *place = Attribute { key, value },
                None => {
                    places.insert(key, map.len());
                    map.push(Attribute { key, value });
                }
            }
        }
        Ok(Value::Map(map.into_bump_slice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_becomes_a_value_with_unique_keys() {
        let arena = Bump::new();
        let value =
            value(&arena, br#"{"a":[1,-2,3.5,true,null,"x\u0000"],"b":1,"b":2,"c":18446744073709551615}"#)
                .unwrap();
        let Value::Map(entries) = value else { panic!("{value:?}") };
        let items = [
            Value::Int(1),
            Value::Int(-2),
            Value::Double(3.5),
            Value::Bool(true),
            Value::Empty,
            Value::Text(b"x\0"),
        ];
        assert_eq!(entries[0].value, Value::List(&items));
        assert_eq!(entries[1], Attribute { key: b"b", value: Value::Int(2) });
        assert_eq!(entries[2].value, Value::Double(18_446_744_073_709_551_615.0));
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn what_is_not_an_object_or_array_is_an_error() {
        let arena = Bump::new();
        let deep = "[".repeat(200_000);
        for text in ["", "1", "\"x\"", "{", "{\"a\":1}x", "[1,]", "{1:2}", "[\"\u{0}\"]", deep.as_str()] {
            assert!(value(&arena, text.as_bytes()).is_err(), "{}", &text[..text.len().min(20)]);
        }
        assert!(value(&arena, b"[\"\xff\"]").is_err());
    }
}
