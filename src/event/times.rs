//! Start and end of an event, from what its caller says of them.

use super::data::GivenTimes;
use crate::journal::accounting::Repairs;
use crate::sys::clock;

/// Start and end of a span, in nanoseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Times {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

/// A time before 1970 cannot be said in OTLP: it counts as not given.
pub(super) fn sane(time: i64, repairs: &mut Repairs) -> i64 {
    if time < 0 {
        repairs.time += 1;
    }
    time.max(0)
}

/// Start and end from what was given: two of start, end and duration give the third; a missing end is now.
pub(crate) fn times(given: GivenTimes, repairs: &mut Repairs) -> Times {
    let (start, end) = (sane(given.start, repairs), sane(given.end, repairs));
    let duration = sane(given.duration, repairs);
    let (start, end) = match (start, end) {
        (0, 0) => {
            let now = clock::wall();
            (now.saturating_sub(duration), now)
        }
        (0, end) => (end.saturating_sub(duration), end),
        (start, 0) if duration > 0 => (start, start.saturating_add(duration)),
        (start, 0) => (start, clock::wall()),
        given => given,
    };
    ordered(start.max(0), end, repairs)
}

/// An end before the start becomes the start, and is counted.
pub(crate) fn ordered(start: i64, end: i64, repairs: &mut Repairs) -> Times {
    if end < start {
        repairs.time += 1;
    }
    Times { start, end: end.max(start) }
}
