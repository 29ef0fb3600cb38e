//! The members of a Model Context Protocol message's `params._meta` that pass a context on: `traceparent`, `tracestate` and
//! `baggage`, each a text as in a header.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};

use super::{Carrier, CarrierError, baggage, trace_parent, trace_state};

/// The longest object that is read.
pub(crate) const MOST_BYTES: usize = 1_048_576;

/// The members, each at most once.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Meta(BTreeMap<String, String>);

impl Meta {
    /// Reads an object and passes over all other members; members that are no texts count as absent.
    pub(crate) fn parse(json: &[u8]) -> Result<Self, String> {
        serde_json::from_slice(json).map_err(|error| error.to_string())
    }

    /// An object with these members alone.
    pub(crate) fn text(&self) -> String {
        serde_json::to_string(&self.0).unwrap_or_else(|_| "{}".to_owned())
    }
}

impl Carrier for Meta {
    fn values(&self, key: &str) -> Result<Vec<String>, CarrierError> {
        Ok(self.0.get(key).cloned().into_iter().collect())
    }

    fn keys(&self) -> Result<Vec<String>, CarrierError> {
        Ok(self.0.keys().cloned().collect())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), CarrierError> {
        self.0.insert(key.to_owned(), value.to_owned());
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Meta {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Meta;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Meta, A::Error> {
                let mut members = BTreeMap::new();
                while let Some(key) = map.next_key::<String>()? {
                    if ![trace_parent::NAME, trace_state::NAME, baggage::NAME].contains(&key.as_str()) {
                        map.next_value::<IgnoredAny>()?;
                    } else if let serde_json::Value::String(value) = map.next_value()? {
                        members.insert(key, value);
                    }
                }
                Ok(Meta(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}
