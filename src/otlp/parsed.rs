//! JSON texts as values: read straight into the call's arena, objects as maps, arrays as lists. The depth is bounded.

use std::collections::HashMap;
use std::fmt;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

use super::value::{Attribute, Value};

/// The value that a JSON text says, with at most `depth` maps and lists in each other.
pub(crate) fn value<'a>(
    arena: &'a Bump,
    text: &'a [u8],
    depth: usize,
) -> Result<Value<'a>, serde_json::Error> {
    let text = std::str::from_utf8(text).map_err(|_| serde_json::Error::custom("not UTF-8"))?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = ValueSeed { watch: &Unwatched(arena), depth }.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// What is told of a value while it is read.
pub(crate) trait Watch<'a> {
    /// Where texts and lists stay.
    fn arena(&self) -> &'a Bump;

    /// One more value; false when it is one too many.
    fn is_allowed(&self) -> bool {
        true
    }

    /// It nests deeper than is allowed.
    fn too_deep(&self) {}

    /// An error was in the value of this key.
    fn at_key(&self, _key: &str) {}

    /// An error was in this item.
    fn at_item(&self, _position: usize) {}
}

struct Unwatched<'a>(&'a Bump);

impl<'a> Watch<'a> for Unwatched<'a> {
    fn arena(&self) -> &'a Bump {
        self.0
    }
}

/// A value of any form, with at most `depth` maps and lists in each other.
#[derive(Clone, Copy)]
pub(crate) struct ValueSeed<'r, 'a> {
    pub(crate) watch: &'r dyn Watch<'a>,
    pub(crate) depth: usize,
}

impl<'a> ValueSeed<'_, 'a> {
    /// One level deeper.
    fn deeper<E: Error>(self) -> Result<Self, E> {
        match self.depth.checked_sub(1) {
            Some(depth) => Ok(Self { depth, ..self }),
            None => {
                self.watch.too_deep();
                Err(E::custom("nested too deep"))
            }
        }
    }

    fn keep(self, text: &str) -> &'a [u8] {
        self.watch.arena().alloc_str(text).as_bytes()
    }
}

impl<'a> DeserializeSeed<'a> for ValueSeed<'_, 'a> {
    type Value = Value<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        if !self.watch.is_allowed() {
            return Err(D::Error::custom("too many values"));
        }
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
        Ok(Value::Text(self.keep(text)))
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let item = self.deeper()?;
        let mut list = ArenaVec::new_in(self.watch.arena());
        loop {
            let position = list.len();
            match items.next_element_seed(item).inspect_err(|_| self.watch.at_item(position))? {
                Some(item) => list.push(item),
                None => return Ok(Value::List(list.into_bump_slice())),
            }
        }
    }

    fn visit_map<A: MapAccess<'a>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
        let item = self.deeper()?;
        let mut map = Entries { list: ArenaVec::new_in(self.watch.arena()), places: HashMap::new() };
        while let Some(key) = entries.next_key_seed(KeySeed(self))? {
            let value = entries.next_value_seed(item).inspect_err(|_| {
                self.watch.at_key(&String::from_utf8_lossy(key));
            })?;
            map.set(Attribute { key, value });
        }
        Ok(Value::Map(map.list.into_bump_slice()))
    }
}

/// The key of an entry.
struct KeySeed<'r, 'a>(ValueSeed<'r, 'a>);

impl<'a> DeserializeSeed<'a> for KeySeed<'_, 'a> {
    type Value = &'a [u8];

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for KeySeed<'_, 'a> {
    type Value = &'a [u8];

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a text")
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(text.as_bytes())
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.0.keep(text))
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
