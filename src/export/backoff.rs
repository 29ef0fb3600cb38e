//! When to try again: exponential with full jitter, so that many agents do not come back at once. Source: OTLP 1.11,
//! "OTLP/HTTP Throttling"; AWS Architecture Blog, "Exponential Backoff And Jitter".

use std::time::Duration;

use rand::RngExt;
use rand::rngs::SmallRng;

/// What a receiver may ask us to wait at most.
const MOST_WAIT: Duration = Duration::from_secs(300);

pub(super) struct Backoff {
    initial: Duration,
    most: Duration,
    failures: u32,
    random: SmallRng,
}

impl Backoff {
    pub(super) fn new(initial: Duration, most: Duration, random: SmallRng) -> Self {
        Self { initial, most, failures: 0, random }
    }

    /// How long to wait after one more failure; `asked` is what the receiver wants.
    pub(super) fn next(&mut self, asked: Option<Duration>) -> Duration {
        let ceiling = self.initial.saturating_mul(1 << self.failures.min(20)).min(self.most);
        self.failures = self.failures.saturating_add(1);
        // Full jitter, but never an immediate retry: at least a tenth.
        let share = self.random.random_range(0.1..=1.0);
        ceiling.mul_f64(share).max(asked.unwrap_or_default().min(MOST_WAIT))
    }

    /// Something succeeded.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng;

    use super::*;

    #[test]
    fn waits_grow_to_their_bound_and_keep_what_the_receiver_asks() {
        let initial = Duration::from_millis(500);
        let most = Duration::from_secs(30);
        let mut backoff = Backoff::new(initial, most, SmallRng::seed_from_u64(7));
        for failures in 0..100u32 {
            let ceiling = initial.saturating_mul(1 << failures.min(10)).min(most);
            let wait = backoff.next(None);
            assert!(wait <= ceiling && wait >= ceiling.mul_f64(0.09), "{failures}: {wait:?}");
        }
        assert!(backoff.next(Some(Duration::from_secs(60))) >= Duration::from_secs(60));
        assert!(backoff.next(Some(Duration::from_secs(86_400))) <= Duration::from_secs(300));
        backoff.reset();
        assert!(backoff.next(None) <= initial);
    }
}
