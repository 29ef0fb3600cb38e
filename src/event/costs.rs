//! What calls cost: as the provider said it, or computed from the configuration's prices in whole numbers. Every token is
//! priced once: cached ones are part of the input, reasoning is part of the output.

use std::collections::HashMap;

use super::data::{Detail, EventKind};
use super::semconv;
use crate::config::{Costs, ModelPrices, Price};
use crate::otlp::open;
use crate::session::Usage;

/// Where a cost comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CostSource {
    /// The provider said it.
    Provider,
    /// It was computed from prices.
    Computed,
    /// There are prices, and none for this.
    Unknown,
}

/// What a call cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    /// In millionths of the currency; 0 when it is not known.
    pub(crate) micro_units: i64,
    pub(crate) source: CostSource,
}

impl Cost {
    /// What the provider said.
    pub(crate) fn given(micro_units: i64) -> Self {
        Self { micro_units, source: CostSource::Provider }
    }
}

/// What an event says of its cost: what the provider said, and the models that it names, the one that answered first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Said<'a> {
    pub(crate) cost: Option<i64>,
    pub(crate) models: [&'a [u8]; 2],
}

impl<'a> Said<'a> {
    /// By an event, or a later word about it.
    pub(crate) fn by(detail: &Detail<'a>) -> Self {
        match detail {
            Detail::Llm(llm) => {
                Self { cost: llm.cost_micro_units(), models: [llm.response_model(), llm.request_model()] }
            }
            Detail::Embeddings(embeddings) => Self {
                cost: embeddings.cost_micro_units(),
                models: [embeddings.response_model(), embeddings.request_model()],
            },
            _ => Self::default(),
        }
    }

    /// What is not said here is as it was said before, in encoded fields of a span.
    pub(crate) fn or_before(self, fields: &'a [u8]) -> Self {
        let [response, request] = self.models;
        let or_before = |model: &'a [u8], key: &str| match model {
            [] => open::text_of(fields, key).unwrap_or_default(),
            given => given,
        };
        Self {
            cost: self.cost.or_else(|| open::int_of(fields, semconv::COST)),
            models: [
                or_before(response, semconv::RESPONSE_MODEL),
                or_before(request, semconv::REQUEST_MODEL),
            ],
        }
    }
}

/// The prices of models.
#[derive(Debug, Default)]
pub(crate) struct Prices {
    version: Box<[u8]>,
    models: HashMap<Box<[u8]>, ModelPrices>,
}

impl Prices {
    pub(crate) fn new(costs: &Costs) -> Self {
        let bytes = |text: &str| text.as_bytes().to_vec().into_boxed_slice();
        Self {
            version: bytes(costs.version.as_deref().unwrap_or_default()),
            models: costs.models.iter().map(|(model, prices)| (bytes(model), *prices)).collect(),
        }
    }

    /// Which list of prices it is; empty when that was not said.
    pub(crate) fn version(&self) -> &[u8] {
        &self.version
    }

    /// What a call of this kind cost: as it was said, or by its tokens.
    #[inline]
    pub(crate) fn of_call<'a>(
        &self,
        kind: EventKind,
        said: impl FnOnce() -> Said<'a>,
        usage: &Usage,
    ) -> Option<Cost> {
        if !kind.uses_tokens() {
            return None;
        }
        let said = said();
        said.cost.map(Cost::given).or_else(|| self.cost(usage, said.models))
    }

    /// What so many tokens cost of the first of these models that has prices. Nothing without any prices.
    pub(crate) fn cost(&self, usage: &Usage, models: [&[u8]; 2]) -> Option<Cost> {
        if self.models.is_empty() {
            return None;
        }
        let prices = models.into_iter().find_map(|model| self.models.get(model));
        let computed = prices.filter(|_| *usage != Usage::default()).and_then(|prices| sum(prices, usage));
        Some(match computed {
            Some(micro_units) => Cost { micro_units, source: CostSource::Computed },
            None => Cost { micro_units: 0, source: CostSource::Unknown },
        })
    }
}

/// The sum of all tokens at their prices, rounded to the nearest millionth; nothing when some have no price.
fn sum(prices: &ModelPrices, usage: &Usage) -> Option<i64> {
    let input = usage.input.saturating_sub(usage.cache_read).saturating_sub(usage.cache_creation);
    let output = usage.output.saturating_sub(usage.reasoning);
    let priced = [
        (input, prices.input),
        (usage.cache_read, prices.cache_read.or(prices.input)),
        (usage.cache_creation, prices.cache_creation.or(prices.input)),
        (output, prices.output),
        (usage.reasoning, prices.reasoning.or(prices.output)),
    ];
    let mut parts: u128 = 0;
    for (tokens, price) in priced {
        if let Some(tokens) = u64::try_from(tokens).ok().filter(|tokens| *tokens > 0) {
            parts += u128::from(tokens) * u128::from(price?.parts());
        }
    }
    let rounded = (parts + u128::from(Price::SCALE / 2)) / u128::from(Price::SCALE);
    Some(i64::try_from(rounded).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn prices(input: &str, output: &str, more: [Option<&str>; 3]) -> Prices {
        let [cache_read, cache_creation, reasoning] = more.map(|price| price.and_then(Price::new));
        let (input, output) = (Price::new(input), Price::new(output));
        let prices = ModelPrices { input, output, cache_read, cache_creation, reasoning };
        let models = BTreeMap::from([("model".to_owned(), prices)]);
        Prices::new(&Costs { version: Some("2026-01".to_owned()), models })
    }

    fn computed(micro_units: i64) -> Option<Cost> {
        Some(Cost { micro_units, source: CostSource::Computed })
    }

    const UNKNOWN: Option<Cost> = Some(Cost { micro_units: 0, source: CostSource::Unknown });

    #[test]
    fn every_token_is_priced_once() {
        let prices = prices("3", "15", [Some("0.30"), Some("3.75"), None]);
        let usage = Usage { input: 1000, cache_read: 600, cache_creation: 100, output: 50, reasoning: 20 };
        // 300 × 3 + 600 × 0.30 + 100 × 3.75 + 50 × 15 = 900 + 180 + 375 + 750.
        assert_eq!(prices.cost(&usage, [b"model", b""]), computed(2205));
        assert_eq!(prices.cost(&usage, [b"other", b"model"]), computed(2205));
    }

    #[test]
    fn what_has_no_price_is_unknown_and_without_prices_there_is_nothing() {
        let usage = Usage { input: 10, ..Usage::default() };
        assert_eq!(Prices::default().cost(&usage, [b"model", b""]), None);
        let some = prices("1", "no price", [None; 3]);
        assert_eq!(some.cost(&usage, [b"other", b""]), UNKNOWN);
        assert_eq!(some.cost(&Usage::default(), [b"model", b""]), UNKNOWN);
        assert_eq!(some.cost(&usage, [b"model", b""]), computed(10));
        assert_eq!(some.cost(&Usage { output: 1, ..usage }, [b"model", b""]), UNKNOWN);
    }

    #[test]
    fn halves_are_rounded_up_and_nothing_overflows() {
        let prices = prices("0.5", "999999999.999999999", [None; 3]);
        assert_eq!(prices.cost(&Usage { input: 1, ..Usage::default() }, [b"model", b""]), computed(1));
        assert_eq!(
            prices.cost(&Usage { output: i64::MAX, ..Usage::default() }, [b"model", b""]),
            computed(i64::MAX)
        );
    }

    proptest! {
        /// The parts, each priced by itself with no price of its own, come to what the whole comes to.
        #[test]
        fn a_subset_without_a_price_of_its_own_changes_nothing(
            input in 0i64..1_000_000, output in 0i64..1_000_000,
            share in 0i64..=100, reasoning in 0i64..=100, price in 0u64..100_000,
        ) {
            let price = format!("{}.{:03}", price / 1000, price % 1000);
            let prices = prices(&price, &price, [None; 3]);
            let whole = Usage { input, output, ..Usage::default() };
            let parts = Usage {
                cache_read: input * share / 200,
                cache_creation: input * share / 200,
                reasoning: output * reasoning / 100,
                ..whole
            };
            if whole != Usage::default() {
                prop_assert_eq!(prices.cost(&whole, [b"model", b""]), prices.cost(&parts, [b"model", b""]));
            }
        }
    }
}
