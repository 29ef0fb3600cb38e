//! What measures: somebody above who looks at every event in the journal and, at intervals, leaves in it what was measured. The
//! worker knows when, not what. It runs on the worker thread, between the lanes; it must not take long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::duty::Failed;
use super::health::FailureClass;
use crate::config::Temporality;
use crate::otlp::Signal;

/// Whoever measures. Nothing of it is called any more after a panic.
pub(crate) trait Measuring: Send + Sync {
    /// The time from one collection to the next.
    fn interval(&self) -> Duration;

    /// Looks at what is new in the journal.
    fn scan(&self);

    /// Leaves in the journal what was measured by now.
    fn collect(&self);

    /// Whether metrics are collected with this temporality.
    fn collects(&self, temporality: Temporality) -> bool;

    /// A request of so many items goes out.
    fn began(&self, exporter: &str, signal: Signal, items: u64);

    /// A request of an exporter has ended.
    fn ended(&self, exporter: &str, signal: Signal, took: Duration, failure: Option<FailureClass>);
}

/// When it is due.
pub(super) struct Measures {
    measuring: Arc<dyn Measuring>,
    due: Instant,
    has_failed: bool,
}

impl Measures {
    pub(super) fn new(measuring: Arc<dyn Measuring>) -> Self {
        let due = Instant::now() + measuring.interval();
        Self { measuring, due, has_failed: false }
    }

    pub(super) fn measuring(&self) -> &Arc<dyn Measuring> {
        &self.measuring
    }

    /// When it has to be performed next; never again after a panic.
    pub(super) fn due(&self) -> Option<Instant> {
        (!self.has_failed).then_some(self.due)
    }

    /// Looks at what is new and, when it is time or `at_once`, collects.
    pub(super) fn perform(&mut self, now: Instant, at_once: bool) -> Result<(), Failed> {
        if self.has_failed {
            return Ok(());
        }
        let is_due = now >= self.due;
        while self.due <= now {
            self.due += self.measuring.interval();
        }
        catch_unwind(AssertUnwindSafe(|| {
            self.measuring.scan();
            if is_due || at_once {
                self.measuring.collect();
            }
        }))
        .map_err(|_| {
            self.has_failed = true;
            Failed
        })
    }
}
