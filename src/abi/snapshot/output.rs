//! Our values as the header's structs, and lists of them in the caller's memory.

use super::Sized_;
use crate::abi::types::*;
use crate::abi::write;
use crate::event::data::SpanContext;
use crate::manager::{Durability, Error, ExporterStats, LiveListing, Stats, StorageStats};

pub(crate) fn context_out(from: SpanContext) -> agentotel_span_context {
    agentotel_span_context {
        trace_id: from.trace_id,
        span_id: from.span_id,
        trace_flags: from.trace_flags,
        is_remote: u8::from(from.is_remote),
        reserved: [0; 6],
    }
}

/// Writes the events in flight, as many as there is room for.
///
/// # Safety
/// `to` is an array of `capacity` structs of the size that the first one's first field says, or `capacity` is 0.
pub(crate) unsafe fn live_events_out(
    to: *mut agentotel_live_event,
    capacity: usize,
    events: &[LiveListing],
) -> Result<(), Error> {
    if capacity > 0 {
        // SAFETY: the first element begins with its size, by contract.
        let step = unsafe { to.cast::<usize>().read_unaligned() };
        for (position, event) in events.iter().take(capacity).enumerate() {
            let mut name = [0; AGENTOTEL_LIVE_NAME_BYTES];
            let kept = crate::event::text::cut_at_character(&event.name, AGENTOTEL_LIVE_NAME_BYTES - 1);
            name.iter_mut().zip(kept).for_each(|(place, byte)| *place = byte.cast_signed());
            let listed = agentotel_live_event {
                struct_size: step,
                event: event.event,
                session: event.session,
                context: context_out(event.context),
                kind: event.kind.into(),
                chunk_count: u32::try_from(event.chunks).unwrap_or(u32::MAX),
                start_time_unix_nano: event.start,
                elapsed_nano: event.elapsed,
                name,
            };
            // SAFETY: within the array; the element gets the array's step as its size before it is filled.
            unsafe {
                let place = to.byte_add(step.max(size_of::<usize>()) * position);
                place.cast::<usize>().write_unaligned(step);
                write::sized(place, listed, agentotel_live_event::FIRST, agentotel_live_event::NAME)?;
            }
        }
    }
    if events.len() > capacity {
        return Err(Error::BufferTooSmall { needed: events.len(), capacity });
    }
    Ok(())
}

/// A signal's counters as the header has them.
pub(crate) fn stats_out(from: &Stats) -> agentotel_stats {
    let counters = from.counters;
    agentotel_stats {
        struct_size: size_of::<agentotel_stats>(),
        offered: counters.offered,
        accepted_caller: counters.accepted_caller,
        accepted_derived: counters.accepted_derived,
        refused: counters.refused,
        duplicate: counters.duplicate,
        head_unsampled: counters.head_unsampled,
        filtered: counters.filtered,
        in_flight_events: from.in_flight_events,
        open_sessions: from.open_sessions,
        repaired_utf8: counters.repaired_utf8,
        repaired_time: counters.repaired_time,
        truncated_values: counters.truncated_values,
        dropped_attributes: counters.dropped_attributes,
        queue_bytes: from.queue_bytes,
        queue_capacity_bytes: from.queue_capacity_bytes,
        redacted_values: counters.redacted_values,
    }
}

/// How the storage fares, as the header has it.
pub(crate) fn storage_stats_out(from: StorageStats) -> agentotel_storage_stats {
    agentotel_storage_stats {
        struct_size: size_of::<agentotel_storage_stats>(),
        durability: match from.durability {
            Durability::None => AGENTOTEL_DURABILITY_NONE,
            Durability::Process => AGENTOTEL_DURABILITY_PROCESS,
            Durability::Power => AGENTOTEL_DURABILITY_POWER,
        },
        reserved: 0,
        failures: from.failures,
        adopted: from.recovery.adopted,
        finished: from.recovery.finished,
        expired: from.recovery.expired,
        quarantined: from.recovery.quarantined,
        recovered: from.recovery.frames,
        missing: from.recovery.missing,
        corrupt_segments: from.recovery.corrupt_segments,
        foreign_segments: from.recovery.foreign_segments,
        refused_files: from.recovery.refused_files,
        waiting_bytes: from.recovery.waiting_bytes,
    }
}

/// An exporter's counters as the header has them.
pub(crate) fn exporter_stats_out(from: &ExporterStats) -> agentotel_exporter_stats {
    let (counters, health) = (from.counters, &from.health);
    agentotel_exporter_stats {
        struct_size: size_of::<agentotel_exporter_stats>(),
        accepted: counters.accepted,
        recovered: counters.recovered,
        exported: counters.exported,
        rejected: counters.rejected,
        dropped: counters.dropped,
        tail_unsampled: counters.tail_unsampled,
        pending: counters.pending,
        resent: counters.resent,
        attempts: health.attempts,
        failures: health.failed(),
        state: health.state as u32,
        in_flight: health.in_flight,
        lag_bytes: counters.lag_bytes,
        retried: health.retried,
        last_success_unix_nano: health.last_success,
        last_failure_unix_nano: health.last_failure,
        failures_by_class: health.failures,
        latency_counts: health.latency_ms,
        item_counts: health.items,
    }
}
