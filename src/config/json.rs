//! JSON documents: read once into a value, with every bound that hostile text calls for (size, UTF-8, depth,
//! one value and no more, each key once), laid over each other key by key, and read into typed keys with the
//! path of what fails.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::error::{ConfigError, Origin, shorten};
use super::tracked::{Failure, Step, Tracked};

/// Longest document that is read, in bytes.
pub(super) const MAX_DOCUMENT_BYTES: usize = 1_048_576;

/// Keys whose value is one whole, and is replaced rather than merged.
const WHOLE_KEYS: [&str; 2] = ["sampler", "exporters"];

/// Reads one document, which must be an object.
pub(super) fn parse(text: &[u8], origin: &Origin) -> Result<Map<String, Value>, ConfigError> {
    if text.len() > MAX_DOCUMENT_BYTES {
        let (bytes, limit) = (text.len(), MAX_DOCUMENT_BYTES);
        return Err(ConfigError::TooLarge { origin: origin.clone(), bytes, limit });
    }
    let text = std::str::from_utf8(text)
        .map_err(|error| ConfigError::NotUtf8 { origin: origin.clone(), offset: error.valid_up_to() })?;
    match serde_json::from_str(text) {
        Ok(Strict(Value::Object(keys))) => Ok(keys),
        Ok(_) => Err(syntax(origin, "the document is not an object; accepted: an object, {…}")),
        // Depth is serde_json's: 128 levels.
        Err(error) => Err(syntax(origin, &error.to_string())),
    }
}

fn syntax(origin: &Origin, reason: &str) -> ConfigError {
    ConfigError::Syntax { origin: origin.clone(), reason: shorten(reason) }
}

/// Lays `over` over `under`: objects are merged key by key, everything else is replaced.
pub(super) fn merge(under: &mut Map<String, Value>, over: Map<String, Value>) {
    for (key, value) in over {
        match (under.get_mut(&key), value) {
            (Some(Value::Object(below)), Value::Object(above)) if !WHOLE_KEYS.contains(&key.as_str()) => {
                merge(below, above);
            }
            (_, value) => {
                under.insert(key, value);
            }
        }
    }
}

/// Reads typed keys out of a value that stands at `base` in its document (empty: it is the document).
pub(super) fn read<'v, T: Deserialize<'v>>(
    value: impl Into<Tracked<'v>>,
    base: &str,
    origin: &Origin,
) -> Result<T, ConfigError> {
    let read = T::deserialize(value.into());
    read.map_err(|failure| ConfigError::key(origin, render(base, &failure), failure.to_string()))
}

/// A path as `exporters[0].batch.max_bytes`; a key that is no plain name as `attributes["service.name"]`.
fn render(base: &str, failure: &Failure) -> String {
    let mut rendered = base.to_owned();
    for step in failure.path() {
        match step {
            Step::Item(index) => rendered.push_str(&format!("[{index}]")),
            Step::Key(key) => push_key(&mut rendered, key),
        }
    }
    if rendered.is_empty() { "the document".to_owned() } else { rendered }
}

/// Appends one key to a path.
pub(super) fn push_key(path: &mut String, key: &str) {
    let plain = |character: char| character.is_ascii_alphanumeric() || "_$-".contains(character);
    if key.is_empty() || !key.chars().all(plain) {
        path.push_str(&format!("[{key:?}]"));
    } else {
        if !path.is_empty() {
            path.push('.');
        }
        path.push_str(key);
    }
}

/// A JSON value in which no object has a key twice: which of the two was meant cannot be known.
struct Strict(Value);

impl<'de> Deserialize<'de> for Strict {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnyValue;

        impl<'de> Visitor<'de> for AnyValue {
            type Value = Strict;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a JSON value")
            }

            fn visit_unit<E: de::Error>(self) -> Result<Strict, E> {
                Ok(Strict(Value::Null))
            }

            fn visit_bool<E: de::Error>(self, truth: bool) -> Result<Strict, E> {
                Ok(Strict(Value::Bool(truth)))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Strict, E> {
                Ok(Strict(number.into()))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Strict, E> {
                Ok(Strict(number.into()))
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Strict, E> {
                Ok(Strict(number.into()))
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Strict, E> {
                Ok(Strict(text.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Strict, A::Error> {
                let mut list = Vec::new();
                while let Some(Strict(item)) = items.next_element()? {
                    list.push(item);
                }
                Ok(Strict(Value::Array(list)))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Strict, A::Error> {
                let mut map = Map::new();
                while let Some((key, Strict(value))) = entries.next_entry::<String, Strict>()? {
                    if map.contains_key(&key) {
                        return Err(de::Error::custom(format_args!(
                            "the key {key:?} stands twice in one object; accepted: each key once"
                        )));
                    }
                    map.insert(key, value);
                }
                Ok(Strict(Value::Object(map)))
            }
        }

        deserializer.deserialize_any(AnyValue)
    }
}
