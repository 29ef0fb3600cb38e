//! What a collection becomes: the payloads of frames. The messages are made by `opentelemetry-proto`'s own transformation,
//! which `opentelemetry-otlp` sends too; each metric is one element of a frame, under the tag of its temporality. A collection
//! is one frame unless it is larger than a frame may be.

use opentelemetry_proto::tonic::metrics::v1::Metric;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_sdk::metrics::data::ResourceMetrics;
use prost::Message;

use crate::config::Temporality;
use crate::otlp::metrics::frame_tag;

/// What one reader has collected, in pieces of `most` bytes at most where it can be cut.
#[derive(Debug)]
struct Pieces {
    tag: u8,
    most: usize,
    done: Vec<Vec<u8>>,
    current: Vec<u8>,
}

impl Pieces {
    fn add(&mut self, mut metric: Metric) {
        let points = points(&metric);
        if points == 0 {
            return;
        }
        let size = metric.encoded_len();
        if size > self.most && points > 1 {
            let mut rest = metric.clone();
            cut(&mut metric, 0, points / 2);
            cut(&mut rest, points / 2, points);
            self.add(metric);
            self.add(rest);
            return;
        }
        if !self.current.is_empty() && self.current.len() + size > self.most {
            self.done.push(std::mem::take(&mut self.current));
        }
        self.current.push(self.tag);
        // Writing to a vector cannot fail.
        let _ = metric.encode_length_delimited(&mut self.current);
    }
}

/// The payloads that a collection becomes: in each a piece of every reader's.
#[derive(Debug)]
pub(super) struct Payloads {
    most: usize,
    payloads: Vec<Vec<u8>>,
}

impl Payloads {
    /// Pieces are to be of `most` bytes.
    pub(super) fn new(most: usize) -> Self {
        Self { most, payloads: Vec::new() }
    }

    /// Adds what a reader of this temporality has collected.
    pub(super) fn add(&mut self, temporality: Temporality, collected: &ResourceMetrics) {
        let metrics = collected.scope_metrics().flat_map(|scope| scope.metrics());
        self.add_metrics(temporality, metrics.map(Into::into));
    }

    fn add_metrics(&mut self, temporality: Temporality, metrics: impl Iterator<Item = Metric>) {
        let (done, current) = (Vec::new(), Vec::new());
        let mut pieces = Pieces { tag: frame_tag(temporality), most: self.most, done, current };
        metrics.for_each(|metric| pieces.add(metric));
        let Pieces { done, current, .. } = pieces;
        let last = Some(current).filter(|last| !last.is_empty());
        for (position, piece) in done.into_iter().chain(last).enumerate() {
            match self.payloads.get_mut(position) {
                Some(payload) => payload.extend_from_slice(&piece),
                None => self.payloads.push(piece),
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Vec<u8>> {
        self.payloads
    }
}

/// How many points a metric has.
fn points(metric: &Metric) -> usize {
    match &metric.data {
        Some(Data::Gauge(gauge)) => gauge.data_points.len(),
        Some(Data::Sum(sum)) => sum.data_points.len(),
        Some(Data::Histogram(histogram)) => histogram.data_points.len(),
        Some(Data::ExponentialHistogram(histogram)) => histogram.data_points.len(),
        Some(Data::Summary(_)) | None => 0,
    }
}

/// Leaves the points from one position to another.
fn cut(metric: &mut Metric, from: usize, to: usize) {
    fn keep<T>(points: &mut Vec<T>, from: usize, to: usize) {
        points.truncate(to);
        points.drain(..from.min(points.len()));
    }
    match &mut metric.data {
        Some(Data::Gauge(gauge)) => keep(&mut gauge.data_points, from, to),
        Some(Data::Sum(sum)) => keep(&mut sum.data_points, from, to),
        Some(Data::Histogram(histogram)) => keep(&mut histogram.data_points, from, to),
        Some(Data::ExponentialHistogram(histogram)) => keep(&mut histogram.data_points, from, to),
        Some(Data::Summary(_)) | None => {}
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::metrics::v1::{Gauge, NumberDataPoint};

    use super::*;
    use crate::otlp::metrics::select;

    fn gauge(name: &str, points: u64) -> Metric {
        let point = |time| NumberDataPoint { time_unix_nano: time, ..NumberDataPoint::default() };
        let data_points = (0..points).map(point).collect();
        Metric { name: name.to_owned(), data: Some(Data::Gauge(Gauge { data_points })), ..Metric::default() }
    }

    #[test]
    fn what_is_larger_than_a_frame_is_cut_and_nothing_of_it_lost() {
        let mut payloads = Payloads::new(1_000);
        let metrics = [gauge("small", 1), gauge("large", 1_000), gauge("empty", 0)];
        payloads.add_metrics(Temporality::Cumulative, metrics.clone().into_iter());
        payloads.add_metrics(Temporality::Delta, metrics.into_iter());
        let frames = payloads.finish();
        assert!(frames.len() > 10 && frames.iter().all(|frame| frame.len() < 2_200));
        let mut times = Vec::new();
        for frame in &frames {
            let mut selected = Vec::new();
            select(&mut selected, 1 | 2, frame, Temporality::Delta);
            let mut rest = selected.as_slice();
            while !rest.is_empty() {
                assert_eq!(rest[0], 0x12);
                rest = &rest[1..];
                let metric = Metric::decode_length_delimited(&mut rest).unwrap();
                let Some(Data::Gauge(gauge)) = metric.data else { panic!("not a gauge") };
                if metric.name == "large" {
                    times.extend(gauge.data_points.iter().map(|point| point.time_unix_nano));
                }
            }
        }
        assert_eq!(times, (0..1_000).collect::<Vec<_>>());
    }
}
