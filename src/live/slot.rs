//! The slot of an event in flight, format v1. Two copies and a version: a change writes the copy that is not current and
//! then flips the version, so that a kill at any point leaves one whole truth.
//!
//! ```text
//! offset  size  field (little-endian)
//!      0     4  state: 0 free, 1 live, 2 finishing
//!      4     4  version; its lowest bit says which copy is current
//!      8     8  handle of the event
//!     16     8  handle of its session
//!     24     8  finishing: sequence number of the span's frame
//!     32     4  finishing: shard of that frame
//!     36    28  zero
//!     64  2016  copy 0
//!   2080  2016  copy 1
//!
//! copy:  0     4  CRC-32C of the copy's bytes from 4 on where slots outlive the process, else 0
//!        4     4  bytes of fields in the slot
//!        8     8  time of the last change, nanoseconds since 1970
//!       16     8  start, nanoseconds since 1970
//!       24     8  start by the clock that never jumps
//!       32     8  first chunk by that clock; 0 = none
//!       40     8  chunks, 48: bytes in them
//!       56    40  tokens: input, cache read, cache creation, output, reasoning
//!       96    16  trace id, 112: span id (8), 120: parent's span id (8; zero = none)
//!      128     4  attributes left out, 132: span events (2) and links (2) left out
//!      136     1  kind, 137: span kind, 138: status, 139: flags (bit 0: the parent is remote, bit 1: cut,
//!            from bit 2: sampled and random of the W3C trace flags)
//!      140     2  bytes of the name, 142: of the status message
//!      144        name, status message, fields (encoded attributes, span events and links of a Span)
//! ```
//!
//! What does not fit is kept beside the slot, in memory, and the copy is marked as cut.

use crate::event::text::cut_at_character;
use crate::session::Usage;

/// Bytes of a slot, its header and a copy.
pub(crate) const SLOT_BYTES: usize = 4096;
const HEADER_BYTES: usize = 64;
const COPY_BYTES: usize = (SLOT_BYTES - HEADER_BYTES) / 2;
const FIXED_BYTES: usize = 144;
/// The longest name that is kept, and the longest status message that is kept in the slot.
pub(crate) const MOST_NAME_BYTES: usize = 512;
const MOST_MESSAGE_BYTES: usize = 256;

const PARENT_IS_REMOTE: u8 = 1;
const IS_CUT: u8 = 2;
const TRACE_FLAGS_SHIFT: u32 = 2;
/// Sampled and random.
const TRACE_FLAGS_MASK: u8 = 3;

/// `state` of a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub(crate) enum SlotState {
    Free = 0,
    Live = 1,
}

/// The part of a copy that has a fixed size.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Fixed {
    pub(crate) updated: i64,
    pub(crate) start: i64,
    pub(crate) started_at: i64,
    pub(crate) first_chunk_at: i64,
    pub(crate) chunks: u64,
    pub(crate) chunk_bytes: u64,
    pub(crate) usage: Usage,
    pub(crate) trace_id: [u8; 16],
    pub(crate) span_id: [u8; 8],
    pub(crate) parent: [u8; 8],
    pub(crate) dropped_attributes: u32,
    pub(crate) dropped_events: u16,
    pub(crate) dropped_links: u16,
    pub(crate) kind: u8,
    pub(crate) span_kind: u8,
    pub(crate) status: u8,
    pub(crate) parent_is_remote: bool,
    /// W3C trace flags.
    pub(crate) trace_flags: u8,
}

/// One event in flight: the slot's bytes, and beside them what did not fit.
pub(crate) struct Slot {
    bytes: Box<[u8]>,
    /// The whole status message.
    message: Vec<u8>,
    /// Whole fields that did not fit, after those in the slot.
    rest: Vec<u8>,
}

/// Writes little-endian values one after the other.
struct Cells<'b>(&'b mut [u8]);

impl Cells<'_> {
    fn put(&mut self, bytes: &[u8]) {
        let cells = std::mem::take(&mut self.0);
        if let Some((place, rest)) = cells.split_at_mut_checked(bytes.len()) {
            place.copy_from_slice(bytes);
            self.0 = rest;
        }
    }
}

/// Reads them back.
struct Values<'b>(&'b [u8]);

impl Values<'_> {
    fn get<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((value, rest)) => {
                self.0 = rest;
                *value
            }
            None => [0; N],
        }
    }
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.get())
    }
    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.get())
    }
    fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.get())
    }
    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.get())
    }
}

/// A copy as it is read back.
pub(crate) struct Contents<'s> {
    pub(crate) fixed: Fixed,
    pub(crate) name: &'s [u8],
    pub(crate) message: &'s [u8],
    /// Encoded fields, in two pieces that are joined.
    pub(crate) fields: [&'s [u8]; 2],
}

impl Slot {
    pub(crate) fn new() -> Self {
        Self { bytes: vec![0; SLOT_BYTES].into_boxed_slice(), message: Vec::new(), rest: Vec::new() }
    }

    /// Changes with every change of the contents.
    pub(crate) fn version(&self) -> u32 {
        Values(self.bytes.get(4..8).unwrap_or_default()).u32()
    }

    fn copy_range(version: u32) -> std::ops::Range<usize> {
        let start = if version & 1 == 0 { HEADER_BYTES } else { HEADER_BYTES + COPY_BYTES };
        start..start + COPY_BYTES
    }

    /// The state, with the handles that go with it.
    pub(crate) fn set_state(&mut self, state: SlotState, event: u64, session: u64) {
        let mut handles = Cells(self.bytes.get_mut(8..24).unwrap_or_default());
        handles.put(&event.to_le_bytes());
        handles.put(&session.to_le_bytes());
        Cells(self.bytes.get_mut(0..4).unwrap_or_default()).put(&(state as u32).to_le_bytes());
    }

    /// Whether the slot holds an event in flight.
    pub(crate) fn is_live(&self) -> bool {
        Values(&self.bytes).u32() == SlotState::Live as u32
    }

    /// The event's and its session's handles.
    pub(crate) fn handles(&self) -> (u64, u64) {
        let mut values = Values(self.bytes.get(8..24).unwrap_or_default());
        (values.u64(), values.u64())
    }

    /// The current copy.
    pub(crate) fn read(&self) -> Contents<'_> {
        let copy = self.bytes.get(Self::copy_range(self.version())).unwrap_or_default();
        let mut values = Values(copy.get(4..).unwrap_or_default());
        let field_bytes = values.u32() as usize;
        let mut fixed = Fixed {
            updated: values.i64(),
            start: values.i64(),
            started_at: values.i64(),
            first_chunk_at: values.i64(),
            chunks: values.u64(),
            chunk_bytes: values.u64(),
            usage: Usage {
                input: values.i64(),
                cache_read: values.i64(),
                cache_creation: values.i64(),
                output: values.i64(),
                reasoning: values.i64(),
            },
            trace_id: values.get(),
            span_id: values.get(),
            parent: values.get(),
            dropped_attributes: values.u32(),
            dropped_events: values.u16(),
            dropped_links: values.u16(),
            ..Fixed::default()
        };
        let [kind, span_kind, status, flags] = values.get();
        fixed.kind = kind;
        fixed.span_kind = span_kind;
        fixed.status = status;
        fixed.parent_is_remote = flags & PARENT_IS_REMOTE != 0;
        fixed.trace_flags = flags >> TRACE_FLAGS_SHIFT & TRACE_FLAGS_MASK;
        let name_bytes = usize::from(values.u16());
        let message_bytes = usize::from(values.u16());
        let text = copy.get(FIXED_BYTES..).unwrap_or_default();
        let (name, behind) = text.split_at_checked(name_bytes).unwrap_or_default();
        let fields =
            behind.get(message_bytes..).and_then(|fields| fields.get(..field_bytes)).unwrap_or_default();
        Contents { fixed, name, message: &self.message, fields: [fields, &self.rest] }
    }

    /// Replaces the contents: writes the other copy, then flips the version. `fields` are whole encoded fields.
    pub(crate) fn write(&mut self, fixed: &Fixed, name: [&[u8]; 2], message: &[u8], fields: &[u8]) {
        let first = cut_at_character(name[0], MOST_NAME_BYTES);
        let second = cut_at_character(name[1], MOST_NAME_BYTES - first.len());
        let name_bytes = first.len() + second.len();
        let kept_message = cut_at_character(message, MOST_MESSAGE_BYTES);
        let room = COPY_BYTES - FIXED_BYTES - name_bytes - kept_message.len();
        let fitting = fitting_fields(fields, room);
        let (inside, rest) = fields.split_at_checked(fitting).unwrap_or((fields, &[]));
        let is_cut = !rest.is_empty() || kept_message.len() < message.len();
        let next = self.version().wrapping_add(1);
        let short = |length: usize| u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes();
        let mut cells = Cells(self.bytes.get_mut(Self::copy_range(next)).unwrap_or_default());
        cells.put(&[0; 4]);
        cells.put(&u32::try_from(inside.len()).unwrap_or(0).to_le_bytes());
        put_moving(&mut cells, fixed);
        cells.put(&fixed.trace_id);
        cells.put(&fixed.span_id);
        cells.put(&fixed.parent);
        cells.put(&fixed.dropped_attributes.to_le_bytes());
        cells.put(&fixed.dropped_events.to_le_bytes());
        cells.put(&fixed.dropped_links.to_le_bytes());
        let remote = if fixed.parent_is_remote { PARENT_IS_REMOTE } else { 0 };
        let trace_flags = (fixed.trace_flags & TRACE_FLAGS_MASK) << TRACE_FLAGS_SHIFT;
        let flags = remote | trace_flags | if is_cut { IS_CUT } else { 0 };
        cells.put(&[fixed.kind, fixed.span_kind, fixed.status, flags]);
        cells.put(&short(name_bytes));
        cells.put(&short(kept_message.len()));
        cells.put(first);
        cells.put(second);
        cells.put(kept_message);
        cells.put(inside);
        self.rest.clear();
        self.rest.extend_from_slice(rest);
        self.message.clear();
        self.message.extend_from_slice(message);
        self.flip(next);
    }

    /// Changes times, counts and tokens alone.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Fixed)) {
        let mut fixed = self.read().fixed;
        change(&mut fixed);
        let version = self.version();
        let next = version.wrapping_add(1);
        let (from, to) = (Self::copy_range(version), Self::copy_range(next));
        if to.end <= self.bytes.len() {
            self.bytes.copy_within(from, to.start);
        }
        let mut cells = Cells(self.bytes.get_mut(to).and_then(|copy| copy.get_mut(8..)).unwrap_or_default());
        put_moving(&mut cells, &fixed);
        self.flip(next);
    }

    fn flip(&mut self, version: u32) {
        Cells(self.bytes.get_mut(4..8).unwrap_or_default()).put(&version.to_le_bytes());
    }

    /// Forgets the event.
    pub(crate) fn clear(&mut self) {
        self.set_state(SlotState::Free, 0, 0);
        self.rest.clear();
        self.message.clear();
    }
}

/// Writes what changes while an event is in flight: bytes 8 to 96 of a copy.
fn put_moving(cells: &mut Cells<'_>, fixed: &Fixed) {
    for value in [fixed.updated, fixed.start, fixed.started_at, fixed.first_chunk_at] {
        cells.put(&value.to_le_bytes());
    }
    cells.put(&fixed.chunks.to_le_bytes());
    cells.put(&fixed.chunk_bytes.to_le_bytes());
    let usage = fixed.usage;
    for value in [usage.input, usage.cache_read, usage.cache_creation, usage.output, usage.reasoning] {
        cells.put(&value.to_le_bytes());
    }
}

/// Bytes of the whole fields at the start of `fields` that fit into `room`.
fn fitting_fields(fields: &[u8], room: usize) -> usize {
    if fields.len() <= room {
        return fields.len();
    }
    crate::otlp::wire::Fields::new(fields)
        .scan(0, |end, field| {
            *end += field.whole.len();
            (*end <= room).then_some(*end)
        })
        .last()
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::open;
    use crate::otlp::span::ATTRIBUTES;
    use crate::otlp::value::{Attribute, Value};

    fn fixed() -> Fixed {
        Fixed {
            updated: 1,
            start: 2,
            started_at: 3,
            first_chunk_at: 4,
            chunks: 5,
            chunk_bytes: 6,
            usage: Usage { input: 7, cache_read: 8, cache_creation: 9, output: 10, reasoning: 11 },
            trace_id: [12; 16],
            span_id: [13; 8],
            parent: [14; 8],
            dropped_attributes: 15,
            dropped_events: 16,
            dropped_links: 17,
            kind: 18,
            span_kind: 19,
            status: 20,
            parent_is_remote: true,
            trace_flags: 3,
        }
    }

    #[test]
    fn what_is_written_is_read_back_whatever_its_size() {
        let mut slot = Slot::new();
        for (count, message_bytes) in [(0, 0), (1, 10), (30, 300), (200, 5000)] {
            let values: Vec<Vec<u8>> = (0..count).map(|n| vec![b'v'; n]).collect();
            let attributes: Vec<_> = values.iter().map(|v| Attribute::new("key", Value::Text(v))).collect();
            let fields = open::encoded(ATTRIBUTES, &attributes).unwrap();
            let message = vec![b'm'; message_bytes];
            slot.write(&fixed(), [b"na", b"me"], &message, &fields);
            let contents = slot.read();
            assert_eq!(contents.fixed, fixed());
            assert_eq!((contents.name, contents.message), (&b"name"[..], message.as_slice()));
            assert_eq!(contents.fields.concat(), fields);
        }
    }

    #[test]
    fn a_change_moves_counts_and_leaves_the_rest() {
        let mut slot = Slot::new();
        slot.write(&fixed(), [b"name", b""], b"message", b"");
        slot.change(|fixed| fixed.chunks = 99);
        assert_eq!(slot.read().fixed, Fixed { chunks: 99, ..fixed() });
        assert_eq!((slot.read().name, slot.read().message), (&b"name"[..], &b"message"[..]));
    }

    #[test]
    fn a_write_leaves_the_copy_before_it_untouched() {
        let mut slot = Slot::new();
        slot.write(&fixed(), [b"first", b""], b"", b"");
        let before = slot.bytes[Slot::copy_range(slot.version())].to_vec();
        let version = slot.version();
        slot.write(&fixed(), [b"second", b""], b"", b"");
        assert_eq!(slot.bytes[Slot::copy_range(version)], before);
        assert_eq!(slot.read().name, b"second");
    }
}
