//! Clocks. Starts come from the wall clock (nanoseconds since 1970-01-01 UTC, as OTLP wants them), durations from
//! CLOCK_BOOTTIME, which neither jumps nor stops during suspend. Both are vDSO reads, not system calls.

#[cfg(target_arch = "x86_64")]
mod counter;

use rustix::time::{ClockId, Timespec, clock_gettime};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

#[cfg(target_arch = "x86_64")]
pub(crate) use self::counter::{ThreadClock, look_at_counter};

/// One thread's reading of the wall clock: the kernel's.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) struct ThreadClock;

#[cfg(not(target_arch = "x86_64"))]
impl ThreadClock {
    pub(crate) fn new() -> Self {
        Self
    }

    /// Nanoseconds since 1970-01-01 UTC.
    #[inline(always)]
    pub(crate) fn wall(&mut self) -> i64 {
        wall()
    }
}

/// There is no counter to look at.
#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn look_at_counter() {}

fn nanos(time: Timespec) -> i64 {
    time.tv_sec.saturating_mul(NANOS_PER_SECOND).saturating_add(time.tv_nsec)
}

/// Nanoseconds since 1970-01-01 UTC.
#[inline]
pub(crate) fn wall() -> i64 {
    nanos(clock_gettime(ClockId::Realtime))
}

/// Nanoseconds since boot; never jumps.
#[inline]
pub(crate) fn monotonic() -> i64 {
    nanos(clock_gettime(ClockId::Boottime))
}
