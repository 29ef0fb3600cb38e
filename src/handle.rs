//! Handles: plain 64-bit numbers that name a slot in a table and can be checked completely. Four bits say what they
//! name, twelve which start of the library (and which side of a fork) they come from, twenty-four how often the slot
//! had been used, twenty-four which slot it is. A stale, foreign or random number is told from a live one by
//! comparing; nothing is dereferenced.

/// What a handle names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum HandleKind {
    Session = 1,
    Event = 2,
    Counter = 3,
    UpDownCounter = 4,
    Histogram = 5,
    Gauge = 6,
    BoundCounter = 7,
    BoundUpDownCounter = 8,
    BoundHistogram = 9,
    BoundGauge = 10,
}

impl HandleKind {
    /// What it is called in messages.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Session => "session",
            Self::Event => "event",
            Self::Counter => "counter",
            Self::UpDownCounter => "up-down counter",
            Self::Histogram => "histogram",
            Self::Gauge => "gauge",
            Self::BoundCounter => "bound counter",
            Self::BoundUpDownCounter => "bound up-down counter",
            Self::BoundHistogram => "bound histogram",
            Self::BoundGauge => "bound gauge",
        }
    }
}

const KIND_SHIFT: u32 = 60;
const EPOCH_SHIFT: u32 = 48;
const GENERATION_SHIFT: u32 = 24;
const EPOCH_MASK: u64 = 0xfff;
const GENERATION_MASK: u64 = 0xff_ffff;
/// Slots that a table can have at most.
pub(crate) const MOST_SLOTS: usize = 1 << 24;

/// Why a handle names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum HandleError {
    /// Never given out for this kind.
    Invalid,
    /// Given out once; what it named has ended, or belongs to another start of the library or to the parent process.
    Stale,
}

/// The parts of a handle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Handle {
    pub(crate) kind: HandleKind,
    pub(crate) epoch: u64,
    pub(crate) generation: u64,
    pub(crate) slot: usize,
}

impl Handle {
    /// The number that crosses the boundary.
    pub(crate) fn number(self) -> u64 {
        (self.kind as u64) << KIND_SHIFT
            | (self.epoch & EPOCH_MASK) << EPOCH_SHIFT
            | (self.generation & GENERATION_MASK) << GENERATION_SHIFT
            | (self.slot as u64 & GENERATION_MASK)
    }

    /// Takes a number apart, checking kind and epoch.
    #[inline]
    pub(crate) fn parse(number: u64, kind: HandleKind, epoch: u64) -> Result<Self, HandleError> {
        if number >> KIND_SHIFT != kind as u64 {
            return Err(HandleError::Invalid);
        }
        let parsed = Self {
            kind,
            epoch: number >> EPOCH_SHIFT & EPOCH_MASK,
            generation: number >> GENERATION_SHIFT & GENERATION_MASK,
            slot: usize::try_from(number & GENERATION_MASK).map_err(|_| HandleError::Invalid)?,
        };
        if parsed.generation == 0 {
            Err(HandleError::Invalid)
        } else if parsed.epoch != epoch & EPOCH_MASK {
            Err(HandleError::Stale)
        } else {
            Ok(parsed)
        }
    }

    /// The generation that follows; 0 is never one.
    pub(crate) fn next_generation(generation: u64) -> u64 {
        ((generation + 1) & GENERATION_MASK).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handle_comes_back_as_it_went() {
        let handle = Handle { kind: HandleKind::Event, epoch: 0xabc, generation: 0xff_fffe, slot: 0xfffffe };
        assert_eq!(Handle::parse(handle.number(), HandleKind::Event, 0xabc), Ok(handle));
        assert_eq!(Handle::parse(handle.number(), HandleKind::Session, 0xabc), Err(HandleError::Invalid));
        assert_eq!(Handle::parse(handle.number(), HandleKind::Event, 0xabd), Err(HandleError::Stale));
        assert_eq!(Handle::parse(0, HandleKind::Event, 0), Err(HandleError::Invalid));
    }

    #[test]
    fn generations_wrap_past_zero() {
        assert_eq!(Handle::next_generation(0xff_ffff), 1);
        assert_eq!(Handle::next_generation(1), 2);
    }
}
