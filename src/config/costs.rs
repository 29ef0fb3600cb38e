//! `costs`: what models cost. Prices are decimal texts, so that nothing is lost on the way to whole numbers.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, Error, Unexpected, Visitor};

use super::value::{NonEmpty, object};

/// Digits behind the point of a price.
const DECIMALS: usize = 9;
/// The longest price, in characters.
const MOST_CHARACTERS: usize = 20;

/// A price of a million tokens, which is what one token costs in millionths; in billionths of that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price(u64);

impl Price {
    const ACCEPTED: &'static str =
        "a decimal number in quotes, such as \"2.50\", with up to 9 digits before and behind the point";

    /// Parts of a millionth in a price.
    pub const SCALE: u64 = 1_000_000_000;

    /// The price that a text says.
    pub fn new(text: &str) -> Option<Self> {
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let is_number = |digits: &str| {
            !digits.is_empty() && digits.len() <= DECIMALS && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        if text.len() > MOST_CHARACTERS || !is_number(whole) || !is_number(part) {
            return None;
        }
        format!("{whole}{part:0<DECIMALS$}").parse().ok().map(Self)
    }

    /// What one token costs, in parts of a millionth (`SCALE`).
    pub fn parts(self) -> u64 {
        self.0
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Decimal;

        impl Visitor<'_> for Decimal {
            type Value = Price;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(Price::ACCEPTED)
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Price, E> {
                Price::new(text).ok_or_else(|| E::invalid_value(Unexpected::Str(text), &self))
            }
        }

        deserializer.deserialize_any(Decimal)
    }
}

#[cfg(feature = "schema")]
impl serde::Serialize for Price {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&format!("{}.{:09}", self.0 / Self::SCALE, self.0 % Self::SCALE))
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Price {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Price".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[0-9]{1,9}(\\.[0-9]{1,9})?$" })
    }
}

/// What a million tokens of a model cost.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub struct ModelPrices {
    /// Input tokens that no other price is for.
    pub input: Option<Price>,
    /// Output tokens that no other price is for.
    pub output: Option<Price>,
    /// Input tokens read from a cache. Default: as `input`.
    pub cache_read: Option<Price>,
    /// Input tokens written to a cache. Default: as `input`.
    pub cache_creation: Option<Price>,
    /// Output tokens of reasoning. Default: as `output`.
    pub reasoning: Option<Price>,
}

/// Prices, from which the cost of calls is computed that bring none.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct CostsKeys {
    /// Which version of the price list this is: `agentotel.cost.price_version` of what is computed from it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<NonEmpty>,
    /// For each model, by the name that answers or requests have for it, the price of a million tokens: `input`,
    /// `output`, `cache_read`, `cache_creation`, `reasoning`, each a decimal number as text, in one currency for all.
    pub(super) models: BTreeMap<String, Prices>,
}

/// The prices of a model; an object alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(transparent)]
pub(super) struct Prices(#[serde(deserialize_with = "object")] pub(super) ModelPrices);

/// Prices of models by their names.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    pub version: Option<String>,
    pub models: BTreeMap<String, ModelPrices>,
}

impl From<CostsKeys> for Costs {
    fn from(keys: CostsKeys) -> Self {
        let models = keys.models.into_iter().map(|(model, prices)| (model, prices.0));
        Self { version: keys.version.map(NonEmpty::into_text), models: models.collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_price_is_read_to_the_last_digit() {
        let parts = |text| Price::new(text).map(Price::parts);
        assert_eq!(parts("2.50"), Some(2_500_000_000));
        assert_eq!(parts("0.000000001"), Some(1));
        assert_eq!(parts("15"), Some(15_000_000_000));
        assert_eq!(parts("999999999.999999999"), Some(999_999_999_999_999_999));
        for wrong in ["", ".", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1.0000000001", "1000000000", "٣"]
        {
            assert_eq!(parts(wrong), None, "{wrong:?}");
        }
    }
}
