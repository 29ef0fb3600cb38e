//! The wall clock as one thread reads it again and again: the processor's time stamp counter, held against the kernel's
//! clocks every millisecond. A read of the kernel's clock waits for all that the processor has begun, which costs more than
//! the read; here nothing is waited for. Used only where the kernel itself keeps time by this counter, so that it runs
//! evenly and alike on all processors; else, and before the rate is known, the kernel's clock answers. A step of the wall
//! clock is followed within a millisecond.

use std::arch::x86_64::{__cpuid, _rdtsc};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{monotonic, wall};

/// How long the counter is believed.
const VALID_NANOS: u64 = 1_000_000;
/// The rate is taken over at least so long, so that what one read is off by matters little, and at most so long.
const RATE_NANOS: std::ops::RangeInclusive<i64> = 1_000_000..=10_000_000_000;
/// A look at both that took longer than so many ticks was interrupted, and is of no use.
const MOST_LOOK_TICKS: u64 = 20_000;
/// Rates are nanoseconds per 2^32 ticks.
const RATE_BITS: u32 = 32;
/// Rates of counters that run at 100 MHz to 20 GHz; others are not believed.
const RATES: std::ops::RangeInclusive<u64> = (1 << RATE_BITS) / 20..=(10 << RATE_BITS);

/// The kernel keeps time by the counter, and lets processes read it.
static IS_TRUSTED: AtomicBool = AtomicBool::new(false);

/// Finds out whether the counter can be used. Reads a file: not for a recording thread.
pub(crate) fn look_at_counter() {
    /// "Advanced power management information", and its bit for a counter that never changes its rate. Source: Intel SDM
    /// volume 2, CPUID; AMD APM volume 3.
    const POWER_LEAF: u32 = 0x8000_0007;
    const INVARIANT_BIT: u32 = 1 << 8;
    let is_even = __cpuid(0x8000_0000).eax >= POWER_LEAF && __cpuid(POWER_LEAF).edx & INVARIANT_BIT != 0;
    let source = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let is_kernels = std::fs::read(source).is_ok_and(|source| source.trim_ascii() == b"tsc");
    IS_TRUSTED.store(is_even && is_kernels && may_be_read(), Ordering::Relaxed);
}

/// Whether the process may read the counter: prctl(2) can forbid it.
fn may_be_read() -> bool {
    let mut mode: libc::c_int = 0;
    // SAFETY: the call writes one int to where the pointer says.
    let answer = unsafe { libc::prctl(libc::PR_GET_TSC, &raw mut mode) };
    answer == 0 && mode == libc::PR_TSC_ENABLE
}

fn ticks() -> u64 {
    // SAFETY: an instruction of every x86_64 processor; reads a register.
    unsafe { _rdtsc() }
}

/// Both clocks and the counter at one moment.
#[derive(Clone, Copy)]
struct Look {
    ticks: u64,
    wall: i64,
    monotonic: i64,
}

impl Look {
    fn now() -> Option<Self> {
        let before = ticks();
        let (wall, monotonic) = (wall(), monotonic());
        let took = ticks().wrapping_sub(before);
        (took <= MOST_LOOK_TICKS).then_some(Self { ticks: before.wrapping_add(took / 4), wall, monotonic })
    }

    /// The counter's rate since an earlier look. By the clock that never jumps: a step of the other one says nothing.
    fn rate_since(&self, earlier: &Self) -> Option<u64> {
        let nanos = self.monotonic.saturating_sub(earlier.monotonic);
        if !RATE_NANOS.contains(&nanos) {
            return None;
        }
        let ticks = self.ticks.wrapping_sub(earlier.ticks).max(1);
        let rate = (u128::from(nanos.unsigned_abs()) << RATE_BITS) / u128::from(ticks);
        u64::try_from(rate).ok().filter(|rate| RATES.contains(rate))
    }
}

/// One thread's reading of the wall clock.
pub(crate) struct ThreadClock {
    /// Where the rate was last taken from.
    base: Option<Look>,
    at: u64,
    wall: i64,
    rate: u64,
    /// Ticks after `at` up to which the rate is believed; 0 when it is not known.
    valid: u64,
}

impl ThreadClock {
    pub(crate) fn new() -> Self {
        Self { base: None, at: 0, wall: 0, rate: 0, valid: 0 }
    }

    /// Nanoseconds since 1970-01-01 UTC.
    #[inline(always)]
    pub(crate) fn wall(&mut self) -> i64 {
        let since = ticks().wrapping_sub(self.at);
        if since >= self.valid {
            return self.look_again();
        }
        // Neither product nor sum can overflow: `valid` ticks are a millisecond.
        self.wall.wrapping_add((since.wrapping_mul(self.rate) >> RATE_BITS).cast_signed())
    }

    #[cold]
    fn look_again(&mut self) -> i64 {
        self.valid = 0;
        if !IS_TRUSTED.load(Ordering::Relaxed) {
            return wall();
        }
        let Some(look) = Look::now() else { return wall() };
        let rate = self.base.and_then(|base| look.rate_since(&base));
        if let Some(rate) = rate {
            (self.at, self.wall, self.rate) = (look.ticks, look.wall, rate);
            self.valid = (VALID_NANOS << RATE_BITS) / rate;
        }
        let is_too_old = |base: Look| look.monotonic.saturating_sub(base.monotonic) > *RATE_NANOS.end();
        if rate.is_some() || self.base.is_none_or(is_too_old) {
            self.base = Some(look);
        }
        look.wall
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn the_counter_tells_the_kernels_time() {
        look_at_counter();
        let mut clock = ThreadClock::new();
        let (mut by_counter, mut wide) = (0, 0);
        for _ in 0..2000 {
            // Between two reads of the kernel's clock lies what the counter says, but for what a rate over a millisecond
            // can be off; where the machine was taken away while the rate was measured, it can be off by more.
            let before = wall();
            let now = clock.wall();
            let after = wall();
            let is_within = |slack| (before - slack..=after + slack).contains(&now);
            assert!(is_within(100_000), "{before} {now} {after}");
            wide += u32::from(!is_within(2_000));
            by_counter += u32::from(clock.valid > 0);
            std::thread::sleep(Duration::from_micros(50));
        }
        assert!(wide < 100, "{wide} of 2000 reads are more than 2 us off");
        assert_eq!(by_counter > 0, IS_TRUSTED.load(Ordering::Relaxed));
    }

    #[test]
    fn a_rate_is_not_taken_over_too_short_or_too_long_a_time_or_believed_when_it_cannot_be() {
        let look = |ticks, monotonic| Look { ticks, wall: 0, monotonic };
        let start = look(1000, 5_000_000);
        assert_eq!(look(3_001_000, 6_000_000).rate_since(&start), Some((1 << 32) / 3));
        for bad in [
            look(3_000, 5_999_999),
            look(u64::MAX, 20_000_000_000),
            look(1_000, 8_000_000),
            look(1_001, 8_000_000),
            look(999, 8_000_000),
            look(3_000, 4_000_000),
        ] {
            assert_eq!(bad.rate_since(&start), None);
        }
    }
}
