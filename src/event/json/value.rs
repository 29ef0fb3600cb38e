//! Attributes: an array of one type is an array of that type, any other array or object a list or map.

use std::fmt;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::MOST_DEPTH;
use super::reader::{Reader, TextSeed};
use crate::otlp::parsed::{ValueSeed, Watch};
use crate::otlp::value::{Attribute, Attributes, Value};

/// An object of free attributes, in order; those that are null are left out.
pub(super) struct AttributesSeed<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
}

impl<'a> DeserializeSeed<'a> for AttributesSeed<'_, 'a> {
    type Value = Attributes<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

/// What another value than an object is answered with.
macro_rules! refuse {
    ($($visit:ident($given:ty) $words:literal),+) => {$(
        fn $visit<E: Error>(self, _: $given) -> Result<Self::Value, E> {
            Err(self.reader.wrong(concat!("an object is expected, got ", $words)))
        }
    )+};
}

impl<'a> Visitor<'a> for AttributesSeed<'_, 'a> {
    type Value = Attributes<'a>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    refuse!(visit_bool(bool) "a truth value", visit_i64(i64) "a number", visit_u64(u64) "a number");
    refuse!(visit_f64(f64) "a number", visit_str(&str) "a text");

    fn visit_seq<A: SeqAccess<'a>>(self, _: A) -> Result<Self::Value, A::Error> {
        Err(self.reader.wrong("an object is expected, got a list"))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Attributes { unique: true, ..Attributes::default() })
    }

    fn visit_map<A: MapAccess<'a>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let Self { reader } = self;
        let mut list = ArenaVec::new_in(reader.arena);
        while let Some(key) = entries.next_key_seed(TextSeed { reader })? {
            let value = entries.next_value_seed(ValueSeed { watch: reader, depth: MOST_DEPTH });
            let value = value.inspect_err(|_| reader.at_key(key))?;
            if value != Value::Empty {
                list.push(Attribute { key: key.as_bytes(), value: of_one_type(reader.arena, value) });
            }
        }
        Ok(Attributes::of(list.into_bump_slice()))
    }
}

/// What is found in a value is counted, and its place told.
impl<'a> Watch<'a> for Reader<'a> {
    fn arena(&self) -> &'a Bump {
        self.arena
    }

    fn is_allowed(&self) -> bool {
        self.count::<serde_json::Error>().is_ok()
    }

    fn too_deep(&self) {
        self.too_deep::<serde_json::Error>();
    }

    fn at_key(&self, key: &str) {
        self.at_key(key);
    }

    fn at_item(&self, position: usize) {
        self.at_item(position);
    }
}

/// An array whose items are all of one type as an array of that type; numbers of both types are doubles.
fn of_one_type<'a>(arena: &'a Bump, value: Value<'a>) -> Value<'a> {
    let Value::List(items @ [first, ..]) = value else { return value };
    /// All items, when `of` takes each.
    fn all<'a, T: Copy + 'a>(
        arena: &'a Bump,
        items: &[Value<'a>],
        of: impl Fn(&Value<'a>) -> Option<T>,
    ) -> Option<&'a [T]> {
        let each = items.iter().map(|item| of(item).ok_or(()));
        arena.alloc_slice_try_fill_iter(each).ok().map(|items| &*items)
    }
    let typed = match first {
        Value::Text(_) => all(arena, items, |item| match item {
            Value::Text(text) => Some(*text),
            _ => None,
        })
        .map(Value::Texts),
        Value::Bool(_) => all(arena, items, |item| match item {
            Value::Bool(truth) => Some(u8::from(*truth)),
            _ => None,
        })
        .map(Value::Bools),
        Value::Int(_) | Value::Double(_) => all(arena, items, |item| match item {
            Value::Int(number) => Some(*number),
            _ => None,
        })
        .map(Value::Ints)
        .or_else(|| {
            all(arena, items, |item| match item {
                Value::Int(number) => Some(*number as f64),
                Value::Double(number) => Some(*number),
                _ => None,
            })
            .map(Value::Doubles)
        }),
        _ => None,
    };
    typed.unwrap_or(value)
}
