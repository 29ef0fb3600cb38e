//! Amounts: numbers that are not negative and not beyond all bounds, for rates and sums of money.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, Unexpected, Visitor};

/// The largest amount.
const MOST: f64 = 1e9;

/// A number from 0 to a thousand million.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "schema", derive(serde::Serialize))]
pub(super) struct Amount(f64);

impl Amount {
    const ACCEPTED: &'static str = "a number from 0 to 1000000000";

    /// The amount, if it is one; not a number is none.
    fn new(number: f64) -> Option<Self> {
        (0.0..=MOST).contains(&number).then_some(Self(number))
    }

    pub(super) const fn get(self) -> f64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Amount {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Amount;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(Amount::ACCEPTED)
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Amount, E> {
                Amount::new(number).ok_or_else(|| E::invalid_value(Unexpected::Float(number), &self))
            }

            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Amount, E> {
                Amount::new(number as f64)
                    .ok_or_else(|| E::invalid_value(Unexpected::Unsigned(number), &self))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Amount, E> {
                Amount::new(number as f64).ok_or_else(|| E::invalid_value(Unexpected::Signed(number), &self))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Amount {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Amount".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number", "minimum": 0, "maximum": 1_000_000_000 })
    }
}
