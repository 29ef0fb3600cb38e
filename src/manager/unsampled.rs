//! What calls leave of events whose sessions are not sampled: a count and, where events are measured, what they are measured by,
//! with nothing else in it.

use bumpalo::Bump;

use super::OtelManager;
use crate::event::data::{EventData, EventKind, GivenTimes};
use crate::event::semconv::metrics::{Role, role};
use crate::event::times::times;
use crate::event::typed::TypedAttributes;
use crate::journal::accounting::Repairs;
use crate::metrics::Metrics;
use crate::otlp::Signal;
use crate::otlp::draft::{Draft, KeyMarks};
use crate::otlp::span::{ATTRIBUTES, SpanRecord};
use crate::otlp::value::Attribute;
use crate::otlp::{measured, open};
use crate::session::Session;
use crate::sys::append::Appender;

/// How long an event took, by the times that its caller gave.
fn took(given: GivenTimes) -> u64 {
    if given == GivenTimes::default() {
        return 0;
    }
    let times = times(given, &mut Repairs::default());
    u64::try_from(times.end.saturating_sub(times.start)).unwrap_or(0)
}

impl OtelManager {
    /// Whether events that leave no span are measured all the same.
    #[inline]
    pub(super) fn measures_unsampled(&self) -> bool {
        self.measuring().is_some()
    }

    #[inline]
    fn measuring(&self) -> Option<&Metrics> {
        Some(&*self.metrics).filter(|metrics| metrics.measures_events())
    }

    /// Leaves out a plain event.
    pub(super) fn leave_out_plain(&self, shard: usize, name: &[u8], given: GivenTimes) {
        self.journal.leave_out_unsampled(shard, Signal::Traces);
        let Some(metrics) = self.measuring() else { return };
        if self.filter.as_ref().is_some_and(|filter| filter.drops_plain(name)) {
            return;
        }
        let duration = measured::duration_field(took(given));
        metrics.leave(shard, EventKind::Custom as u8, |place| {
            place.get_mut(..duration.len())?.copy_from_slice(&duration);
            Some(duration.len())
        });
    }

    /// Leaves out an event with a typed detail that is plain otherwise.
    pub(super) fn leave_out_typed<A>(
        &self,
        shard: usize,
        keys: &mut KeyMarks,
        kind: EventKind,
        typed: &TypedAttributes<'_, A>,
        given: GivenTimes,
    ) {
        self.journal.leave_out_unsampled(shard, Signal::Traces);
        let Some(metrics) = self.measuring() else { return };
        let duration = measured::duration_field(took(given));
        metrics.leave(shard, kind as u8, |place| {
            let mut draft = Draft::new(place, keys);
            if typed.encode_measured(&mut draft) { draft.finish_with(duration) } else { None }
        });
    }

    /// Leaves out any event.
    pub(super) fn leave_out_any<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        session: &'a Session,
        data: &EventData<'a>,
        is_dropped: bool,
    ) {
        self.journal.leave_out_unsampled(shard, Signal::Traces);
        if is_dropped {
            return;
        }
        let Some(metrics) = self.measuring() else { return };
        let attributes = self.processor.measured_attributes(arena, session, data);
        let measured: Vec<Attribute<'_>> =
            attributes.iter().filter(|attribute| role(attribute.key) != Role::None).copied().collect();
        let Ok(mut payload) = open::encoded(ATTRIBUTES, &measured) else { return metrics.miss() };
        payload.extend_from_slice(&measured::duration_field(took(data.times)));
        leave(metrics, shard, data.detail.kind() as u8, &payload);
    }

    /// Leaves out what would be a span.
    pub(super) fn leave_out_span(&self, shard: usize, arena: &Bump, kind: u8, span: &SpanRecord<'_>) {
        self.journal.leave_out_unsampled(shard, Signal::Traces);
        let Some(metrics) = self.measuring() else { return };
        let size = span.size();
        let place = arena.alloc_slice_fill_copy(size.payload, 0);
        let is_written = span.write(size, Appender::new(place)).is_ok();
        if !is_written {
            return metrics.miss();
        }
        let mut payload = Vec::new();
        let took = measured::walk(measured::content(place), |attribute| {
            if role(attribute.key) != Role::None {
                measured::keep_as(ATTRIBUTES, &mut payload, &attribute);
            }
        });
        payload.extend_from_slice(&measured::duration_field(took));
        leave(metrics, shard, kind, &payload);
    }
}

fn leave(metrics: &Metrics, shard: usize, kind: u8, payload: &[u8]) {
    metrics.leave(shard, kind, |place| {
        place.get_mut(..payload.len())?.copy_from_slice(payload);
        Some(payload.len())
    });
}
