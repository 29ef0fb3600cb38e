//! The keys of `metrics`: as they are written, and settled.

use serde::Deserialize;
use serde::de::{self, Deserializer, Visitor};

use super::error::{ConfigError, Origin};
use super::value::{NonEmpty, Whole, words};
use super::{MetricView, Metrics, Pattern, Temporality, ViewAggregation};

words!(Temporality { Cumulative => "cumulative", Delta => "delta", LowMemory => "lowmemory" });

/// Most buckets that a histogram may have, and most views.
const MOST_BOUNDARIES: usize = 1_024;
const MOST_VIEWS: usize = 1_024;

/// How the measurements of an instrument are summed up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AggregationName {
    Drop,
    Sum,
    LastValue,
    ExplicitHistogram,
    ExponentialHistogram,
}

words!(AggregationName {
    Drop => "drop",
    Sum => "sum",
    LastValue => "last_value",
    ExplicitHistogram => "explicit_histogram",
    ExponentialHistogram => "exponential_histogram",
});

/// A boundary between two buckets: any finite number.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "schema", derive(serde::Serialize))]
pub(super) struct Boundary(f64);

impl<'de> Deserialize<'de> for Boundary {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Number;

        impl Visitor<'_> for Number {
            type Value = Boundary;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str("a number")
            }

            fn visit_f64<E: de::Error>(self, number: f64) -> Result<Boundary, E> {
                Ok(Boundary(number))
            }

            // Beyond 2^53 a whole number is the nearest one that a double has.
            fn visit_u64<E: de::Error>(self, number: u64) -> Result<Boundary, E> {
                Ok(Boundary(number as f64))
            }

            fn visit_i64<E: de::Error>(self, number: i64) -> Result<Boundary, E> {
                Ok(Boundary(number as f64))
            }
        }

        deserializer.deserialize_any(Number)
    }
}

#[cfg(feature = "schema")]
impl schemars::JsonSchema for Boundary {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Boundary".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "number" })
    }
}

/// What is made of the instruments that it is about.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `instrument`")]
pub(super) struct ViewKeys {
    /// The name of the instruments that it is about; `*` stands for any text.
    pub(super) instrument: NonEmpty,
    /// The name of the metric, in place of the instrument's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<NonEmpty>,
    /// Its description, in place of the instrument's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) description: Option<NonEmpty>,
    /// The keys of the attributes that are kept; measurements that differ in others alone are summed up together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) attributes: Option<Vec<NonEmpty>>,
    /// How measurements are summed up. Default: as the instrument's kind asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) aggregation: Option<AggregationName>,
    /// The upper bounds of an explicit histogram's buckets, but for the last one, which has none; ascending.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) boundaries: Option<Vec<Boundary>>,
    /// Most buckets of an exponential histogram, for values above and below zero each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) max_size: Option<Whole<2, 1_024>>,
    /// Most sets of attributes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) cardinality_limit: Option<CardinalityLimit>,
}

pub(super) type CardinalityLimit = Whole<1, 1_000_000>;
pub(super) type Interval = Whole<10, 86_400_000>;

/// What is measured, and how often it is exported.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct MetricsKeys {
    /// Whether there are metrics at all. Without them instruments can be made and used, and nothing comes of it.
    pub(super) enabled: bool,
    /// Milliseconds from one collection to the next. There is one at every flush and at the shutdown, too.
    pub(super) interval_ms: Interval,
    /// What exporters that say none are sent: `cumulative` sums since the start, `delta` sums since the last collection,
    /// `lowmemory` whichever of them costs less.
    pub(super) temporality: Temporality,
    /// Whether events are measured: their durations, tokens, costs and errors, whatever sampling says.
    pub(super) from_events: bool,
    /// Whether the library measures itself.
    #[serde(rename = "self")]
    pub(super) about_self: bool,
    /// What is made of instruments: objects with `instrument` (their name, in which `*` stands for any text), and `name`,
    /// `description`, `attributes` (the keys that are kept), `aggregation` (`drop`, `sum`, `last_value`,
    /// `explicit_histogram` with `boundaries`, `exponential_histogram` with `max_size`) and `cardinality_limit`. The first
    /// one that is about an instrument counts.
    pub(super) views: Vec<ViewKeys>,
    /// Most sets of attributes of an instrument between two collections, or since the start where sums are cumulative.
    /// What is measured with others is summed up under `otel.metric.overflow`.
    pub(super) cardinality_limit: CardinalityLimit,
}

impl Default for MetricsKeys {
    fn default() -> Self {
        Self {
            enabled: true,
            interval_ms: Whole::fixed::<60_000>(),
            temporality: Temporality::Cumulative,
            from_events: true,
            about_self: true,
            views: Vec::new(),
            cardinality_limit: Whole::fixed::<2_000>(),
        }
    }
}

/// Checks what spans keys.
pub(super) fn settle(keys: MetricsKeys) -> Result<Metrics, ConfigError> {
    let limit = keys.cardinality_limit.size();
    if keys.views.len() > MOST_VIEWS {
        let reason = format!("{} views; accepted: at most {MOST_VIEWS}", keys.views.len());
        return Err(ConfigError::key(&Origin::Argument, "metrics.views", reason));
    }
    let views = keys.views.into_iter().enumerate();
    Ok(Metrics {
        enabled: keys.enabled,
        interval_ms: keys.interval_ms.get(),
        temporality: keys.temporality,
        from_events: keys.enabled && keys.from_events,
        about_self: keys.enabled && keys.about_self,
        views: views.map(|(position, view)| settle_view(view, position, limit)).collect::<Result<_, _>>()?,
        cardinality_limit: limit,
    })
}

fn settle_view(keys: ViewKeys, position: usize, limit: usize) -> Result<MetricView, ConfigError> {
    let refuse = |key: &str, reason: String| {
        Err(ConfigError::key(&Origin::Argument, format!("metrics.views[{position}].{key}"), reason))
    };
    let boundaries: Option<Vec<f64>> =
        keys.boundaries.map(|boundaries| boundaries.into_iter().map(|Boundary(bound)| bound).collect());
    if let Some(boundaries) = &boundaries {
        if boundaries.len() > MOST_BOUNDARIES {
            let reason = format!("{} boundaries; accepted: at most {MOST_BOUNDARIES}", boundaries.len());
            return refuse("boundaries", reason);
        }
        if !boundaries.is_sorted_by(|one, next| one < next) {
            let reason = format!("{boundaries:?} is not accepted; accepted: numbers that ascend");
            return refuse("boundaries", reason);
        }
        if !matches!(keys.aggregation, None | Some(AggregationName::ExplicitHistogram)) {
            let reason = "of another aggregation; accepted: beside \"explicit_histogram\"".to_owned();
            return refuse("boundaries", reason);
        }
    }
    if keys.max_size.is_some() && keys.aggregation != Some(AggregationName::ExponentialHistogram) {
        let reason = "of another aggregation; accepted: beside \"exponential_histogram\"".to_owned();
        return refuse("max_size", reason);
    }
    let aggregation = match (keys.aggregation, boundaries) {
        (None | Some(AggregationName::ExplicitHistogram), Some(boundaries)) => {
            Some(ViewAggregation::ExplicitHistogram(boundaries))
        }
        (None, None) => None,
        (Some(AggregationName::ExplicitHistogram), None) => {
            return refuse("aggregation", "\"explicit_histogram\"; accepted: beside `boundaries`".to_owned());
        }
        (Some(AggregationName::Drop), _) => Some(ViewAggregation::Drop),
        (Some(AggregationName::Sum), _) => Some(ViewAggregation::Sum),
        (Some(AggregationName::LastValue), _) => Some(ViewAggregation::LastValue),
        (Some(AggregationName::ExponentialHistogram), _) => {
            let buckets = keys.max_size.map_or(DEFAULT_EXPONENTIAL_BUCKETS, Whole::size);
            Some(ViewAggregation::ExponentialHistogram(buckets))
        }
    };
    let text = |text: Option<NonEmpty>| text.map(NonEmpty::into_text);
    Ok(MetricView {
        instrument: Pattern::new(keys.instrument.text()),
        name: text(keys.name),
        description: text(keys.description),
        attributes: keys.attributes.map(|keys| keys.into_iter().map(NonEmpty::into_text).collect()),
        aggregation,
        cardinality_limit: keys.cardinality_limit.map_or(limit, Whole::size),
    })
}

/// The size that the specification gives (metrics SDK, "Base2 Exponential Bucket Histogram Aggregation").
const DEFAULT_EXPONENTIAL_BUCKETS: usize = 160;
