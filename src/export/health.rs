//! How a lane fares: what state it is in, what it has tried and how that ended, for the stats and for whoever waits. Written
//! by the lane alone, read by anybody.

use std::fmt;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::measures::Measuring;
use super::outcome::{Cause, Outcome};
use crate::otlp::Signal;
use crate::sys::clock;

/// What a lane does with what it has to send.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum LaneState {
    /// It sends.
    #[default]
    Ready = 0,
    /// The last request failed in a way that may pass: it is tried again, alone, after a while.
    Retrying = 1,
    /// The receiver does not let it in: what it has stays, and a little of it is tried now and then.
    Paused = 2,
    /// The receiver does not take the signal: it is dropped, and tried now and then.
    NotServed = 3,
    /// The exporter was taken away.
    Removed = 4,
}

/// How a request failed; indices of the C header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureClass {
    Connect = 0,
    Timeout = 1,
    Credentials = 2,
    Throttled = 3,
    Unavailable = 4,
    Access = 5,
    NotServed = 6,
    Rejected = 7,
    TooLarge = 8,
    Protocol = 9,
    System = 10,
}

/// Slots for classes of failures.
pub(crate) const FAILURE_SLOTS: usize = 16;

impl FailureClass {
    /// The class of a request that ended so; `None`: it did not fail.
    pub(super) fn of(outcome: &Outcome) -> Option<Self> {
        match outcome {
            // What was not taken of a request is counted among the rejected.
            Outcome::Accepted | Outcome::Partial { .. } => None,
            Outcome::TooLarge { .. } => Some(Self::TooLarge),
            Outcome::Rejected { cause, .. } if cause.is_about_access() => Some(Self::Access),
            Outcome::Rejected { cause, .. } if cause.says_not_served() => Some(Self::NotServed),
            Outcome::Rejected { cause: Cause::Http(_) | Cause::Grpc(_) | Cause::Host, .. } => {
                Some(Self::Rejected)
            }
            Outcome::Retry { cause, .. } if cause.says_too_much() => Some(Self::Throttled),
            Outcome::Retry { cause, .. } | Outcome::Rejected { cause, .. } => Some(match cause {
                Cause::Connect => Self::Connect,
                Cause::Timeout => Self::Timeout,
                Cause::Credentials => Self::Credentials,
                Cause::Http(_) | Cause::Grpc(_) | Cause::Host | Cause::NotRegistered => Self::Unavailable,
                Cause::Protocol => Self::Protocol,
                Cause::Io(_) => Self::System,
            }),
        }
    }
}

impl FailureClass {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Connect => "connect",
            Self::Timeout => "timeout",
            Self::Credentials => "credentials",
            Self::Throttled => "throttled",
            Self::Unavailable => "unavailable",
            Self::Access => "access",
            Self::NotServed => "not_served",
            Self::Rejected => "rejected",
            Self::TooLarge => "too_large",
            Self::Protocol => "protocol",
            Self::System => "system",
        }
    }
}

/// Slots of a histogram: one for each bound, one for what is above them all, the rest zero.
pub(crate) const HISTOGRAM_SLOTS: usize = 16;

/// Upper bounds of the histogram of how long requests took, in milliseconds.
pub(crate) const LATENCY_BOUNDS_MS: [u64; 14] =
    [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 30_000];

/// Upper bounds of the histogram of how many items a request has had.
pub(crate) const ITEM_BOUNDS: [u64; 10] = [1, 4, 16, 64, 256, 1024, 4096, 16_384, 65_536, 262_144];

/// Counts by size.
#[derive(Debug, Default)]
struct Histogram([AtomicU64; HISTOGRAM_SLOTS]);

impl Histogram {
    fn add(&self, value: u64, bounds: &[u64]) {
        let slot = bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len());
        if let Some(count) = self.0.get(slot) {
            count.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn counts(&self) -> [u64; HISTOGRAM_SLOTS] {
        self.0.each_ref().map(|count| count.load(Ordering::Relaxed))
    }
}

/// All of it at one moment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct HealthFigures {
    pub(crate) state: LaneState,
    pub(crate) in_flight: u32,
    pub(crate) attempts: u64,
    pub(crate) retried: u64,
    pub(crate) failures: [u64; FAILURE_SLOTS],
    /// Nanoseconds since 1970; 0: never.
    pub(crate) last_success: i64,
    pub(crate) last_failure: i64,
    pub(crate) latency_ms: [u64; HISTOGRAM_SLOTS],
    pub(crate) items: [u64; HISTOGRAM_SLOTS],
}

impl HealthFigures {
    /// Requests that failed in whatever way.
    pub(crate) fn failed(&self) -> u64 {
        self.failures.iter().sum()
    }
}

#[derive(Debug, Default)]
pub(crate) struct LaneHealth {
    state: AtomicU8,
    in_flight: AtomicU32,
    attempts: AtomicU64,
    retried: AtomicU64,
    failures: [AtomicU64; FAILURE_SLOTS],
    last_success: AtomicI64,
    last_failure: AtomicI64,
    latency_ms: Histogram,
    items: Histogram,
    last_error: Mutex<String>,
    /// Who is told of every request's end.
    listener: OnceLock<Listener>,
}

/// Who is told how long the requests of an exporter and signal took.
struct Listener {
    measuring: Arc<dyn Measuring>,
    exporter: String,
    signal: Signal,
}

impl fmt::Debug for Listener {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Listener")
    }
}

impl LaneHealth {
    pub(crate) fn state(&self) -> LaneState {
        [LaneState::Retrying, LaneState::Paused, LaneState::NotServed, LaneState::Removed]
            .into_iter()
            .find(|state| *state as u8 == self.state.load(Ordering::Relaxed))
            .unwrap_or_default()
    }

    /// Takes a state on; gives the one before.
    pub(super) fn set_state(&self, state: LaneState) -> LaneState {
        let before = self.state();
        self.state.store(state as u8, Ordering::Relaxed);
        before
    }

    /// Whether what there is to send cannot be sent for the time being.
    pub(crate) fn is_down(&self) -> bool {
        matches!(self.state(), LaneState::Retrying | LaneState::Paused)
    }

    /// The exporter is taken away, with whatever it has under way.
    pub(super) fn remove(&self) {
        self.set_state(LaneState::Removed);
        self.in_flight.store(0, Ordering::Relaxed);
    }

    /// Has `measuring` told of every request's end.
    pub(super) fn tell_ends(&self, measuring: &Arc<dyn Measuring>, exporter: &str, signal: Signal) {
        // What dead processes had left goes out by a lane that is known.
        let _ = self.listener.set(Listener {
            measuring: Arc::clone(measuring),
            exporter: exporter.to_owned(),
            signal,
        });
    }

    /// A request goes out.
    pub(super) fn began(&self, items: u64, is_retry: bool) {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.attempts.fetch_add(1, Ordering::Relaxed);
        self.retried.fetch_add(u64::from(is_retry), Ordering::Relaxed);
        self.items.add(items, &ITEM_BOUNDS);
        if let Some(Listener { measuring, exporter, signal }) = self.listener.get() {
            measuring.began(exporter, *signal, items);
        }
    }

    /// A request has ended.
    pub(super) fn ended(&self, outcome: &Outcome, took: Duration) {
        // One that ends after its exporter was taken away is not counted any more.
        let _ = self
            .in_flight
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |in_flight| in_flight.checked_sub(1));
        self.latency_ms.add(u64::try_from(took.as_millis()).unwrap_or(u64::MAX), &LATENCY_BOUNDS_MS);
        let class = FailureClass::of(outcome);
        if let Some(Listener { measuring, exporter, signal }) = self.listener.get() {
            measuring.ended(exporter, *signal, took, class);
        }
        if let Some(count) = class.and_then(|class| self.failures.get(class as usize)) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let when = if class.is_some() { &self.last_failure } else { &self.last_success };
        when.store(clock::wall(), Ordering::Relaxed);
    }

    fn error(&self) -> MutexGuard<'_, String> {
        self.last_error.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What went wrong last, empty when nothing did since the last success.
    pub(crate) fn last_error(&self) -> String {
        self.error().clone()
    }

    pub(super) fn set_last_error(&self, why: &str) {
        why.clone_into(&mut self.error());
    }

    pub(crate) fn figures(&self) -> HealthFigures {
        HealthFigures {
            state: self.state(),
            in_flight: self.in_flight.load(Ordering::Relaxed),
            attempts: self.attempts.load(Ordering::Relaxed),
            retried: self.retried.load(Ordering::Relaxed),
            failures: self.failures.each_ref().map(|count| count.load(Ordering::Relaxed)),
            last_success: self.last_success.load(Ordering::Relaxed),
            last_failure: self.last_failure.load(Ordering::Relaxed),
            latency_ms: self.latency_ms.counts(),
            items: self.items.counts(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn every_end_has_its_class() {
        let retry = |cause| Outcome::retry(cause, "");
        let rejected = |cause| Outcome::rejected(cause, "");
        for (outcome, class) in [
            (Outcome::Accepted, None),
            (Outcome::partial(0, "a warning"), None),
            (Outcome::partial(2, ""), None),
            (Outcome::TooLarge { message: String::new() }, Some(FailureClass::TooLarge)),
            (retry(Cause::Connect), Some(FailureClass::Connect)),
            (retry(Cause::Timeout), Some(FailureClass::Timeout)),
            (retry(Cause::Credentials), Some(FailureClass::Credentials)),
            (retry(Cause::Http(429)), Some(FailureClass::Throttled)),
            (retry(Cause::Grpc(8)), Some(FailureClass::Throttled)),
            (retry(Cause::Http(503)), Some(FailureClass::Unavailable)),
            (retry(Cause::Grpc(14)), Some(FailureClass::Unavailable)),
            (retry(Cause::Io(ErrorKind::BrokenPipe)), Some(FailureClass::System)),
            (rejected(Cause::Http(401)), Some(FailureClass::Access)),
            (rejected(Cause::Http(404)), Some(FailureClass::Access)),
            (rejected(Cause::Grpc(7)), Some(FailureClass::Access)),
            (rejected(Cause::Grpc(12)), Some(FailureClass::NotServed)),
            (rejected(Cause::Http(400)), Some(FailureClass::Rejected)),
            (rejected(Cause::Grpc(3)), Some(FailureClass::Rejected)),
            (rejected(Cause::Protocol), Some(FailureClass::Protocol)),
        ] {
            assert_eq!(FailureClass::of(&outcome), class, "{outcome:?}");
        }
    }

    #[test]
    fn a_histogram_has_every_value_in_one_bucket() {
        let health = LaneHealth::default();
        for items in [0, 1, 2, 4, 5, 262_144, 262_145, u64::MAX] {
            health.began(items, false);
            health.ended(&Outcome::Accepted, Duration::from_millis(items));
        }
        let figures = health.figures();
        assert_eq!(figures.items[..3], [2, 2, 1]);
        assert_eq!((figures.items[9], figures.items[10]), (1, 2));
        assert_eq!(figures.latency_ms.iter().sum::<u64>(), 8);
        assert_eq!((figures.in_flight, figures.attempts, figures.failed()), (0, 8, 0));
    }
}
