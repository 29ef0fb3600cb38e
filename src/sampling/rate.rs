//! So many sessions a second: a bucket of tokens, filled evenly, from which each session that is kept takes one. It is kept as
//! one number, the time by which all tokens that were taken are made up for (the generic cell rate algorithm, ITU-T I.371,
//! annex A), so that threads share it without a lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use opentelemetry::trace::{SpanKind, TraceContextExt, TraceId};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};

use crate::sys::clock;

const NANOS_PER_SECOND: f64 = 1e9;

#[derive(Debug)]
struct Bucket {
    /// Nanoseconds that one token takes to come back; `None`: there is never one.
    interval: Option<i64>,
    /// How far ahead of the clock the taken tokens may reach before another one is taken.
    tolerance: i64,
    /// When all tokens that were taken are back, by the clock that never jumps.
    full_at: AtomicI64,
}

impl Bucket {
    /// A full bucket with the tokens of one second, of one token at least.
    fn new(per_second: f64) -> Self {
        let nanos = NANOS_PER_SECOND / per_second;
        // A number beyond what is in the type becomes its largest.
        let interval = (per_second > 0.0).then_some((nanos as i64).max(1));
        let others = interval.map_or(0.0, |interval| NANOS_PER_SECOND - interval as f64).max(0.0);
        Self { interval, tolerance: others as i64, full_at: AtomicI64::new(i64::MIN) }
    }

    /// Takes a token, if there is one.
    fn take(&self, now: i64) -> bool {
        let Some(interval) = self.interval else { return false };
        let taken = self.full_at.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |full_at| {
            let base = full_at.max(now);
            (base.saturating_sub(now) <= self.tolerance).then(|| base.saturating_add(interval))
        });
        taken.is_ok()
    }
}

/// Keeps so many sessions a second.
#[derive(Clone, Debug)]
pub(super) struct RateSampler(Arc<Bucket>);

impl RateSampler {
    pub(super) fn new(per_second: f64) -> Self {
        Self(Arc::new(Bucket::new(per_second)))
    }
}

impl ShouldSample for RateSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        _: TraceId,
        _: &str,
        _: &SpanKind,
        _: &[KeyValue],
        _: &[opentelemetry::trace::Link],
    ) -> SamplingResult {
        let is_kept = self.0.take(clock::monotonic());
        SamplingResult {
            decision: if is_kept { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: parent
                .map(|parent| parent.span().span_context().trace_state().clone())
                .unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU64;

    use proptest::prelude::*;

    use super::*;

    const SECOND: i64 = 1_000_000_000;

    fn taken(bucket: &Bucket, times: impl Iterator<Item = i64>) -> usize {
        times.filter(|now| bucket.take(*now)).count()
    }

    #[test]
    fn a_second_of_sessions_may_come_at_once_and_then_as_many_as_the_rate_says() {
        let bucket = Bucket::new(100.0);
        assert_eq!(taken(&bucket, (0..1_000).map(|_| 5 * SECOND)), 100);
        assert_eq!(taken(&bucket, (0..1_000).map(|_| 5 * SECOND + SECOND / 10)), 10);
        // A pause makes up for no more than one second.
        assert_eq!(taken(&bucket, (0..1_000).map(|_| 60 * SECOND)), 100);
        let spread = (0..10_000).map(|step| 70 * SECOND + step * (SECOND / 1_000));
        assert_eq!(taken(&bucket, spread), 100 + 1_000 - 1);
    }

    #[test]
    fn less_than_one_a_second_is_one_in_so_many_seconds() {
        let bucket = Bucket::new(0.1);
        assert_eq!(taken(&bucket, (0..100).map(|second| second * SECOND)), 10);
        assert_eq!(taken(&Bucket::new(0.0), (0..100).map(|second| second * SECOND)), 0);
        assert_eq!(taken(&Bucket::new(f64::MIN_POSITIVE), (0..100).map(|second| second * SECOND)), 1);
    }

    #[test]
    fn threads_share_the_tokens() {
        let (bucket, sum) = (Bucket::new(1_000.0), AtomicU64::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    sum.fetch_add(taken(&bucket, (0..1_000).map(|_| SECOND)) as u64, Ordering::Relaxed)
                });
            }
        });
        assert_eq!(sum.into_inner(), 1_000);
    }

    proptest! {
        /// However sessions come: in any stretch of time there are never more than its share and one second's burst.
        #[test]
        fn no_stretch_of_time_has_more_than_its_share(
            rate in 1u32..2_000,
            steps in prop::collection::vec(0i64..50_000_000, 1..300),
        ) {
            let bucket = Bucket::new(f64::from(rate));
            let mut now = 0;
            let mut kept = Vec::new();
            for step in steps {
                now += step;
                if bucket.take(now) {
                    kept.push(now);
                }
            }
            for (first, from) in kept.iter().enumerate() {
                for (last, to) in kept.iter().enumerate().skip(first) {
                    let share = (to - from) as f64 / 1e9 * f64::from(rate) + f64::from(rate) + 1.0;
                    prop_assert!((last - first + 1) as f64 <= share + 1e-3, "{} in {}", last - first + 1, to - from);
                }
            }
        }
    }
}
