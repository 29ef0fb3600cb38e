//! Something that the worker does at intervals for somebody above: the worker knows when, not what. It runs on the worker
//! thread, between the lanes, so that it needs no thread of its own; it must neither block nor take long.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::{Duration, Instant};

pub(crate) struct Duty {
    interval: Duration,
    due: Instant,
    /// Does a part of what there is to do; true when there is more to do at once.
    perform: Box<dyn FnMut() -> bool + Send>,
}

/// A duty that failed is not done again.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Failed;

impl Duty {
    pub(crate) fn new(interval: Duration, perform: impl FnMut() -> bool + Send + 'static) -> Self {
        Self { interval, due: Instant::now() + interval, perform: Box::new(perform) }
    }

    /// Counts intervals from `start`: from where lanes count theirs, so that both wake together.
    pub(super) fn begin(&mut self, start: Instant) {
        self.due = start + self.interval;
    }

    pub(super) fn due(&self) -> Instant {
        self.due
    }

    /// Does it if it is due; true when it has to be called again before anybody sleeps.
    pub(super) fn perform(&mut self, now: Instant) -> Result<bool, Failed> {
        if now < self.due {
            return Ok(false);
        }
        let more = catch_unwind(AssertUnwindSafe(&mut self.perform)).map_err(|_| Failed)?;
        while !more && self.due <= now {
            self.due += self.interval;
        }
        Ok(more)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    const INTERVAL: Duration = Duration::from_secs(5);

    #[test]
    fn it_is_done_once_an_interval_and_never_made_up_for() {
        let count = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&count);
        let mut duty = Duty::new(INTERVAL, move || {
            counted.fetch_add(1, Ordering::Relaxed);
            false
        });
        let start = Instant::now();
        duty.begin(start);
        for second in [1, 4, 5, 6, 9, 10, 31, 32, 35] {
            assert_eq!(duty.perform(start + Duration::from_secs(second)), Ok(false));
        }
        assert_eq!(count.load(Ordering::Relaxed), 4);
        assert_eq!(duty.due(), start + INTERVAL * 8);
    }

    #[test]
    fn what_is_not_done_yet_stays_due() {
        let mut parts = 3;
        let mut duty = Duty::new(INTERVAL, move || {
            parts -= 1;
            parts > 0
        });
        let now = duty.due();
        assert_eq!((duty.perform(now), duty.due()), (Ok(true), now));
        assert_eq!((duty.perform(now), duty.due()), (Ok(true), now));
        assert_eq!((duty.perform(now), duty.due()), (Ok(false), now + INTERVAL));
    }

    #[test]
    fn a_panic_in_it_ends_it_alone() {
        let mut duty = Duty::new(INTERVAL, || panic!("a fault"));
        assert_eq!(duty.perform(duty.due()), Err(Failed));
    }
}
