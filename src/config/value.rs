//! The kinds of value that the configuration is made of: whole numbers within a range, ratios, words out of a
//! list, non-empty text, and attribute values. Each knows how to be read from JSON, says in its own error
//! what it accepts, and (feature `schema`) describes itself, so that range, message and reference come from
//! one place.

use std::fmt;
use std::marker::PhantomData;

use opentelemetry::{Array, StringValue, Value};
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, Deserialize, Deserializer, MapAccess, Unexpected, Visitor};

/// A whole number from `MIN` to `MAX`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(serde::Serialize))]
pub(super) struct Whole<const MIN: u64, const MAX: u64>(u64);

impl<const MIN: u64, const MAX: u64> Whole<MIN, MAX> {
    pub(super) const MAX: u64 = MAX;

    /// The number, if it is in the range.
    pub(super) const fn new(number: u64) -> Option<Self> {
        if MIN <= number && number <= MAX { Some(Self(number)) } else { None }
    }

    /// A default. One that is out of the range does not compile.
    pub(super) const fn fixed<const NUMBER: u64>() -> Self {
        const { assert!(MIN <= NUMBER && NUMBER <= MAX) };
        Self(NUMBER)
    }

    pub(super) const fn get(self) -> u64 {
        self.0
    }

    /// The number as a size. The library runs on 64-bit targets only, where this is exact.
    pub(super) fn size(self) -> usize {
        usize::try_from(self.0).unwrap_or(usize::MAX)
    }

    /// What is accepted, in words.
    pub(super) fn accepted() -> String {
        format!("a whole number from {MIN} to {MAX}")
    }
}

impl<'de, const MIN: u64, const MAX: u64> Deserialize<'de> for Whole<MIN, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Range<const MIN: u64, const MAX: u64>;

        impl<const MIN: u64, const MAX: u64> Visitor<'_> for Range<MIN, MAX> {
            type Value = Whole<MIN, MAX>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&Whole::<MIN, MAX>::accepted())
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
                Whole::new(number).ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
                u64::try_from(number)
                    .ok()
                    .and_then(Whole::new)
                    .ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_any(Range::<MIN, MAX>)
    }
}

/// A share, from 0 to 1, both included.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "schema", derive(serde::Serialize))]
pub(super) struct Ratio(f64);

impl Ratio {
    pub(super) const ACCEPTED: &'static str = "a number from 0 to 1";
    /// No share at all.
    pub(super) const NONE: Self = Self(0.0);

    /// The share, if it is one; not a number is none.
    pub(super) fn new(ratio: f64) -> Option<Self> {
        (0.0..=1.0).contains(&ratio).then_some(Self(ratio))
    }

    pub(super) const fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Ratio {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Share;

        impl Visitor<'_> for Share {
            type Value = Ratio;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(Ratio::ACCEPTED)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Ratio, E> {
                Ratio::new(number).ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Ratio, E> {
                match number {
                    0 => Ok(Ratio(0.0)),
                    1 => Ok(Ratio(1.0)),
                    _ => Err(E::invalid_value(Unexpected::Unsigned(number), &self)),
                }
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Ratio, E> {
                match u64::try_from(number) {
                    Ok(number) => self.visit_u64(number),
                    Err(_) => Err(E::invalid_value(Unexpected::Signed(number), &self)),
                }
            }
        }

        deserializer.deserialize_any(Share)
    }
}

/// Text of at least one character.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "schema", derive(serde::Serialize))]
pub(super) struct NonEmpty(String);

impl NonEmpty {
    pub(super) const ACCEPTED: &'static str = "a string that is not empty";

    /// A default, which is not empty.
    pub(super) fn fixed(text: &'static str) -> Self {
        Self(text.to_owned())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    pub(super) fn into_text(self) -> String {
        self.0
    }
}

impl<'de> Deserialize<'de> for NonEmpty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl Visitor<'_> for Text {
            type Value = NonEmpty;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(NonEmpty::ACCEPTED)
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<NonEmpty, E> {
                if text.is_empty() {
                    return Err(E::invalid_value(Unexpected::Str(text), &self));
                }
                Ok(NonEmpty(text.to_owned()))
            }
        }

        deserializer.deserialize_any(Text)
    }
}

/// Reads a structure of keys, from an object alone: left to itself, a derived structure takes a list too, by
/// position.
pub(super) fn object<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct Object<T>(PhantomData<T>);

    impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object")
        }

        fn visit_map<A: MapAccess<'de>>(self, keys: A) -> Result<T, A::Error> {
            T::deserialize(MapAccessDeserializer::new(keys))
        }
    }

    deserializer.deserialize_any(Object(PhantomData))
}

/// An attribute's value: a string, bool, whole number, number, or a list of one of them.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct AttributeValue(pub(super) Value);

impl AttributeValue {
    const ACCEPTED: &'static str = "a string, true or false, a number (whole ones within 64 bits, signed), or a \
         list of values of one of these kinds";

    fn of(json: &serde_json::Value) -> Option<Value> {
        use serde_json::Value as Json;
        match json {
            Json::Null | Json::Object(_) => None,
            Json::Bool(truth) => Some(Value::Bool(*truth)),
            Json::String(text) => Some(Value::from(text.clone())),
            Json::Number(number) if number.is_f64() => number.as_f64().map(Value::F64),
            Json::Number(number) => number.as_i64().map(Value::I64),
            Json::Array(items) => Self::list(items).map(Value::Array),
        }
    }

    /// A list has values of one kind; whole numbers beside others are taken as numbers, as JSON makes no
    /// difference.
    fn list(items: &[serde_json::Value]) -> Option<Array> {
        use serde_json::Value as Json;
        let all = |kind: fn(&Json) -> bool| items.iter().all(kind);
        if all(Json::is_string) {
            let text = |item: &Json| item.as_str().map(|text| StringValue::from(text.to_owned()));
            items.iter().map(text).collect::<Option<Vec<_>>>().map(Array::String)
        } else if all(Json::is_boolean) {
            items.iter().map(Json::as_bool).collect::<Option<Vec<_>>>().map(Array::Bool)
        } else if all(|item| item.is_i64() || item.is_u64()) {
            items.iter().map(Json::as_i64).collect::<Option<Vec<_>>>().map(Array::I64)
        } else if all(Json::is_number) {
            items.iter().map(Json::as_f64).collect::<Option<Vec<_>>>().map(Array::F64)
        } else {
            None
        }
    }
}

impl<'de> Deserialize<'de> for AttributeValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = serde_json::Value::deserialize(deserializer)?;
        match Self::of(&json) {
            Some(value) => Ok(Self(value)),
            None => {
                Err(de::Error::custom(format_args!("invalid value: {json}, expected {}", Self::ACCEPTED)))
            }
        }
    }
}

/// An enumeration whose members are spelled as words, in the document and in the environment.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// Every member and its word, in the order in which they are listed to a reader.
    const WORDS: &'static [(&'static str, Self)];

    /// The member that a word of the document names.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| *known == word).map(|(_, member)| *member)
    }

    /// The member that a word of the environment names: OpenTelemetry asks for any case there.
    fn from_word_in_any_case(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(known, _)| known.eq_ignore_ascii_case(word)).map(|(_, member)| *member)
    }

    /// The word of this member.
    fn word(self) -> &'static str {
        Self::WORDS.iter().find(|(_, member)| *member == self).map_or("", |(word, _)| *word)
    }

    /// What is accepted, in words.
    fn accepted() -> String {
        let words: Vec<String> = Self::WORDS.iter().map(|(word, _)| format!("{word:?}")).collect();
        match words.as_slice() {
            [only] => only.clone(),
            several => format!("one of {}", several.join(", ")),
        }
    }
}

/// Reads a word of the document.
pub(super) fn deserialize_word<'de, T: Word, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    struct OneOf<T>(PhantomData<T>);

    impl<T: Word> Visitor<'_> for OneOf<T> {
        type Value = T;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str(&T::accepted())
        }

        fn visit_str<E: de::Error>(self, word: &str) -> Result<T, E> {
            T::from_word(word).ok_or_else(|| E::invalid_value(Unexpected::Str(word), &self))
        }
    }

    deserializer.deserialize_any(OneOf(PhantomData))
}

/// Gives an enumeration its words, and with them its way in from JSON and its place in the schema.
macro_rules! words {
    ($type:ty { $($member:ident => $word:literal),+ $(,)? }) => {
        impl $crate::config::value::Word for $type {
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, <$type>::$member)),+];
        }

        impl<'de> serde::Deserialize<'de> for $type {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::config::value::deserialize_word(deserializer)
            }
        }

        #[cfg(feature = "schema")]
        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str($crate::config::value::Word::word(*self))
            }
        }

        #[cfg(feature = "schema")]
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($word),+] })
            }
        }
    };
}
pub(super) use words;
