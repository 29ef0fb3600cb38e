//! Attributes, and values of any form: objects become maps, arrays lists; in an attribute an array of one type is an array of
//! that type.

use std::collections::HashMap;
use std::fmt;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::MOST_DEPTH;
use super::reader::{Reader, TextSeed};
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
            let value = entries.next_value_seed(ValueSeed { reader, depth: 0 });
            let value = value.inspect_err(|_| reader.at_key(key))?;
            if value != Value::Empty {
                list.push(Attribute { key: key.as_bytes(), value: of_one_type(reader.arena, value) });
            }
        }
        Ok(Attributes::of(list.into_bump_slice()))
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

/// A value of any form, so many levels deep already.
#[derive(Clone, Copy)]
pub(super) struct ValueSeed<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
    pub(super) depth: usize,
}

impl ValueSeed<'_, '_> {
    /// One level deeper.
    fn deeper<E: Error>(self) -> Result<Self, E> {
        if self.depth == MOST_DEPTH {
            return Err(self.reader.too_deep());
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }
}

impl<'a> DeserializeSeed<'a> for ValueSeed<'_, 'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        self.reader.count()?;
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ValueSeed<'_, 'a> {
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

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Value::Text(text.as_bytes()))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Value::Text(self.reader.keep(text).as_bytes()))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let item = self.deeper()?;
        let mut list = ArenaVec::new_in(self.reader.arena);
        loop {
            let position = list.len();
            match items.next_element_seed(item).inspect_err(|_| self.reader.at_item(position))? {
                Some(item) => list.push(item),
                None => return Ok(Value::List(list.into_bump_slice())),
            }
        }
    }

    fn visit_map<A: MapAccess<'a>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let item = self.deeper()?;
        let Self { reader, .. } = self;
        let mut map = Entries { list: ArenaVec::new_in(reader.arena), places: HashMap::new() };
        while let Some(key) = entries.next_key_seed(TextSeed { reader })? {
            let value = entries.next_value_seed(item).inspect_err(|_| reader.at_key(key))?;
            map.set(Attribute { key: key.as_bytes(), value });
        }
        Ok(Value::Map(map.list.into_bump_slice()))
    }
}

/// Entries with unique keys.
struct Entries<'a> {
    list: ArenaVec<'a, Attribute<'a>>,
    /// Where the keys are, once there are many.
    places: HashMap<&'a [u8], usize>,
}

impl<'a> Entries<'a> {
    /// Up to so many entries are looked through one by one.
    const FEW: usize = 16;

    /// A key that comes again replaces the value, as for attributes.
    fn set(&mut self, entry: Attribute<'a>) {
        if self.list.len() == Self::FEW {
            self.places.extend(self.list.iter().enumerate().map(|(place, entry)| (entry.key, place)));
        }
        let place = if self.list.len() < Self::FEW {
            self.list.iter().position(|before| before.key == entry.key)
        } else {
            self.places.get(entry.key).copied()
        };
        match place.and_then(|place| self.list.get_mut(place)) {
            Some(before) => *before = entry,
            None => {
                if self.list.len() >= Self::FEW {
                    self.places.insert(entry.key, self.list.len());
                }
                self.list.push(entry);
            }
        }
    }
}
