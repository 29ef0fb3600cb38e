//! What is counted, and under which reasons. The arrays have fixed slots that are only ever added to; their indices
//! are the ones of the C header. All counters of a shard live behind its lock, so that one cut through all locks is
//! exact.

use std::ops::AddAssign;

/// Why a call was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Argument = 0,
    Handle = 1,
    QueueFull = 2,
    ShutDown = 3,
    Limit = 4,
    Internal = 5,
}

/// Slots for refusals.
pub(crate) const REFUSAL_SLOTS: usize = 16;

/// Why an exporter gave a frame up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Drop {
    #[default]
    Overflow = 0,
    Lag = 1,
    Age = 2,
    Attempts = 3,
    TooLarge = 4,
    NotServed = 5,
    Removed = 6,
}

/// Why a record that was asked for is left out, as the configuration wants it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Omission {
    /// The event filter drops it.
    Filtered,
    /// It is there already, by the id that its caller gave.
    Duplicate,
}

/// Slots for drops.
pub(crate) const DROP_SLOTS: usize = 32;

/// What was set right in one record before it was accepted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repairs {
    pub(crate) utf8: u32,
    pub(crate) time: u32,
    pub(crate) truncated: u32,
    pub(crate) dropped_attributes: u32,
    pub(crate) redacted: u32,
}

impl AddAssign for Repairs {
    fn add_assign(&mut self, other: Self) {
        self.utf8 += other.utf8;
        self.time += other.time;
        self.truncated += other.truncated;
        self.dropped_attributes += other.dropped_attributes;
        self.redacted += other.redacted;
    }
}

/// Counters of one signal. Always `offered = accepted_caller + refused + duplicate + head_unsampled + filtered`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SignalCounters {
    pub(crate) offered: u64,
    pub(crate) accepted_caller: u64,
    pub(crate) accepted_derived: u64,
    pub(crate) refused: [u64; REFUSAL_SLOTS],
    /// Answered as recorded, since their ids had been recorded before.
    pub(crate) duplicate: u64,
    pub(crate) head_unsampled: u64,
    pub(crate) filtered: u64,
    pub(crate) repaired_utf8: u64,
    pub(crate) repaired_time: u64,
    pub(crate) truncated_values: u64,
    pub(crate) dropped_attributes: u64,
    pub(crate) redacted_values: u64,
}

impl SignalCounters {
    /// Frames committed, whoever asked for them.
    pub(crate) fn accepted(&self) -> u64 {
        self.accepted_caller + self.accepted_derived
    }

    pub(crate) fn refuse(&mut self, reason: Refusal) {
        self.offered += 1;
        if let Some(slot) = self.refused.get_mut(reason as usize) {
            *slot += 1;
        }
    }

    #[inline]
    pub(crate) fn repaired(&mut self, repairs: Repairs) {
        self.repaired_utf8 += u64::from(repairs.utf8);
        self.repaired_time += u64::from(repairs.time);
        self.truncated_values += u64::from(repairs.truncated);
        self.dropped_attributes += u64::from(repairs.dropped_attributes);
        self.redacted_values += u64::from(repairs.redacted);
    }
}

impl AddAssign<&Self> for SignalCounters {
    fn add_assign(&mut self, other: &Self) {
        self.offered += other.offered;
        self.accepted_caller += other.accepted_caller;
        self.accepted_derived += other.accepted_derived;
        self.refused.iter_mut().zip(other.refused).for_each(|(sum, count)| *sum += count);
        self.duplicate += other.duplicate;
        self.head_unsampled += other.head_unsampled;
        self.filtered += other.filtered;
        self.repaired_utf8 += other.repaired_utf8;
        self.repaired_time += other.repaired_time;
        self.truncated_values += other.truncated_values;
        self.dropped_attributes += other.dropped_attributes;
        self.redacted_values += other.redacted_values;
    }
}

/// Counters of one exporter and signal. Always `accepted + recovered = exported + rejected + dropped + tail_unsampled
/// + pending`, where `pending` is counted from frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct LaneCounters {
    /// Frames of the signal committed since the exporter was attached.
    pub(crate) accepted: u64,
    /// Frames of the signal that dead processes had left.
    pub(crate) recovered: u64,
    pub(crate) exported: u64,
    pub(crate) rejected: u64,
    pub(crate) dropped: [u64; DROP_SLOTS],
    /// Frames of sessions that tail sampling does not keep.
    pub(crate) tail_unsampled: u64,
    pub(crate) pending: u64,
    /// Bytes of the queue that are kept for the lane.
    pub(crate) lag_bytes: u64,
    pub(crate) resent: u64,
}

impl LaneCounters {
    pub(crate) fn drop(&mut self, reason: Drop, frames: u64) {
        if let Some(slot) = self.dropped.get_mut(reason as usize) {
            *slot += frames;
        }
    }

    /// What has an end: exported, rejected, dropped, or left out.
    #[cfg(test)]
    pub(crate) fn settled(&self) -> u64 {
        self.exported + self.rejected + self.dropped.iter().sum::<u64>() + self.tail_unsampled
    }
}

impl AddAssign<&Self> for LaneCounters {
    fn add_assign(&mut self, other: &Self) {
        self.accepted += other.accepted;
        self.recovered += other.recovered;
        self.exported += other.exported;
        self.rejected += other.rejected;
        self.dropped.iter_mut().zip(other.dropped).for_each(|(sum, count)| *sum += count);
        self.tail_unsampled += other.tail_unsampled;
        self.pending += other.pending;
        self.lag_bytes += other.lag_bytes;
        self.resent += other.resent;
    }
}
