//! Clocks. Starts come from the wall clock (nanoseconds since 1970-01-01 UTC, as OTLP wants them), durations from
//! CLOCK_BOOTTIME, which neither jumps nor stops during suspend. Both are vDSO reads, not system calls.

use rustix::time::{ClockId, Timespec, clock_gettime};

const NANOS_PER_SECOND: i64 = 1_000_000_000;

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
