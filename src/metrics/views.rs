//! Views: what the configuration makes of instruments. One function decides on every instrument, so that it is in one
//! metric: the first view that is about it counts, and there is always one, for the bound on sets of attributes.

use opentelemetry::Key;
use opentelemetry_sdk::metrics::{Aggregation, Instrument, Stream};

use crate::config::{MetricView, Metrics, ViewAggregation};

/// The finest scale that the specification has (metrics SDK, "Base2 Exponential Bucket Histogram Aggregation").
const FINEST_SCALE: i8 = 20;

/// The function that the SDK asks about each instrument.
pub(super) fn view(config: &Metrics) -> impl Fn(&Instrument) -> Option<Stream> + Send + Sync + 'static {
    let (views, limit) = (config.views.clone(), config.cardinality_limit);
    move |instrument| {
        let found = views.iter().find(|view| view.instrument.matches(instrument.name().as_bytes()));
        let stream = Stream::builder();
        match found {
            None => stream.with_cardinality_limit(limit),
            Some(view) => {
                let mut stream = stream.with_cardinality_limit(view.cardinality_limit);
                if let Some(name) = &view.name {
                    stream = stream.with_name(name.clone());
                }
                if let Some(description) = &view.description {
                    stream = stream.with_description(description.clone());
                }
                if let Some(keys) = &view.attributes {
                    stream = stream.with_allowed_attribute_keys(keys.iter().cloned().map(Key::from));
                }
                if let Some(aggregation) = aggregation(view) {
                    stream = stream.with_aggregation(aggregation);
                }
                stream
            }
        }
        .build()
        .ok()
    }
}

fn aggregation(view: &MetricView) -> Option<Aggregation> {
    Some(match view.aggregation.as_ref()? {
        ViewAggregation::Drop => Aggregation::Drop,
        ViewAggregation::Sum => Aggregation::Sum,
        ViewAggregation::LastValue => Aggregation::LastValue,
        ViewAggregation::ExplicitHistogram(boundaries) => {
            Aggregation::ExplicitBucketHistogram { boundaries: boundaries.clone(), record_min_max: true }
        }
        ViewAggregation::ExponentialHistogram(buckets) => Aggregation::Base2ExponentialHistogram {
            max_size: u32::try_from(*buckets).unwrap_or(u32::MAX),
            max_scale: FINEST_SCALE,
            record_min_max: true,
        },
    })
}
