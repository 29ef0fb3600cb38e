//! Reads typed keys out of a JSON value, with the path of what fails. One small reader for every type there is: readers that
//! wrap each other, type by type, take more code than all else of the configuration.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    self, DeserializeSeed, Deserializer, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    Visitor,
};
use serde_json::map::Iter;
use serde_json::{Map, Value};

/// Why a value was not read, and where it stands: the way to it, from the inside out.
#[derive(Debug)]
pub(super) struct Failure {
    message: String,
    path: Vec<Step>,
}

#[derive(Clone, Debug)]
pub(super) enum Step {
    Item(usize),
    Key(String),
}

impl Failure {
    /// The way from the value that was read to the one that failed.
    pub(super) fn path(&self) -> impl Iterator<Item = &Step> {
        self.path.iter().rev()
    }

    /// What is given in the words of JSON.
    #[cold]
    fn invalid(what: &str, given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        use de::Error;
        match given {
            Unexpected::Unit => Self::custom(format_args!("invalid {what}: null, expected {expected}")),
            Unexpected::Float(number) => {
                Self::custom(format_args!("invalid {what}: number `{number:?}`, expected {expected}"))
            }
            given => Self::custom(format_args!("invalid {what}: {given}, expected {expected}")),
        }
    }

    #[cold]
    fn below(mut self, step: Step) -> Self {
        self.path.push(step);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

impl de::Error for Failure {
    #[cold]
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self { message: message.to_string(), path: Vec::new() }
    }

    fn invalid_type(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid("type", given, expected)
    }

    fn invalid_value(given: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::invalid("value", given, expected)
    }
}

/// What is read from.
#[derive(Clone, Copy)]
pub(super) enum Tracked<'v> {
    Any(&'v Value),
    Object(&'v Map<String, Value>),
}

impl<'v> From<&'v Value> for Tracked<'v> {
    fn from(value: &'v Value) -> Self {
        Self::Any(value)
    }
}

impl<'v> From<&'v Map<String, Value>> for Tracked<'v> {
    fn from(object: &'v Map<String, Value>) -> Self {
        Self::Object(object)
    }
}

impl<'v> IntoDeserializer<'v, Failure> for Tracked<'v> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Tracked<'de> {
    type Error = Failure;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self {
            Self::Any(Value::Null) => visitor.visit_unit(),
            Self::Any(Value::Bool(truth)) => visitor.visit_bool(*truth),
            Self::Any(Value::Number(number)) => match (number.as_u64(), number.as_i64()) {
                (Some(number), _) => visitor.visit_u64(number),
                (None, Some(number)) => visitor.visit_i64(number),
                (None, None) => visitor.visit_f64(number.as_f64().unwrap_or(f64::NAN)),
            },
            Self::Any(Value::String(text)) => visitor.visit_borrowed_str(text),
            Self::Any(Value::Array(items)) => visitor.visit_seq(Items { items, next: 0 }),
            Self::Any(Value::Object(object)) | Self::Object(object) => {
                visitor.visit_map(Entries { entries: object.iter(), current: None })
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Failure> {
        match self {
            Self::Any(Value::Null) => visitor.visit_none(),
            some => visitor.visit_some(some),
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Failure> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

/// What is left of an array.
struct Items<'v> {
    items: &'v [Value],
    next: usize,
}

impl<'v> SeqAccess<'v> for Items<'v> {
    type Error = Failure;

    fn next_element_seed<T: DeserializeSeed<'v>>(&mut self, seed: T) -> Result<Option<T::Value>, Failure> {
        let index = self.next;
        let Some(item) = self.items.get(index) else { return Ok(None) };
        self.next += 1;
        seed.deserialize(Tracked::Any(item)).map(Some).map_err(|failure| failure.below(Step::Item(index)))
    }
}

/// What is left of an object, and the entry whose key was read.
struct Entries<'v> {
    entries: Iter<'v>,
    current: Option<(&'v String, &'v Value)>,
}

impl Entries<'_> {
    #[cold]
    #[inline(never)]
    fn at_key(&self, failure: Failure) -> Failure {
        match self.current {
            Some((key, _)) => failure.below(Step::Key(key.clone())),
            None => failure,
        }
    }
}

impl<'v> MapAccess<'v> for Entries<'v> {
    type Error = Failure;

    fn next_key_seed<K: DeserializeSeed<'v>>(&mut self, seed: K) -> Result<Option<K::Value>, Failure> {
        self.current = self.entries.next();
        let Some((key, _)) = self.current else { return Ok(None) };
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some).map_err(|failure| self.at_key(failure))
    }

    fn next_value_seed<T: DeserializeSeed<'v>>(&mut self, seed: T) -> Result<T::Value, Failure> {
        match self.current {
            Some((_, value)) => seed.deserialize(Tracked::Any(value)).map_err(|failure| self.at_key(failure)),
            None => Err(de::Error::custom("a value without a key")),
        }
    }
}
