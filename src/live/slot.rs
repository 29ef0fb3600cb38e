//! The slot of an event in flight, format v1. Two copies and a version: a change writes the copy that is not current and
//! then flips the version, so that a kill at any point leaves one whole truth.
//!
//! ```text
//! offset  size  field (little-endian)
//!      0     4  state: 0 free, 1 live, 2 finishing; stored together with the version, in one word
//!      4     4  version; its lowest bit says which copy is current
//!      8     8  handle of the event
//!     16     8  handle of its session
//!     24     8  finishing: sequence number of the span's frame
//!     32     4  finishing: shard of that frame
//!     36    28  zero
//!     64  2016  copy 0
//!   2080  2016  copy 1
//!
//! copy:  0     4  CRC-32C where slots outlive the process, else 0
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

use std::sync::atomic::Ordering;

use crate::event::text::cut_at_character;
use crate::otlp::wire::{Fields, put};
use crate::session::Usage;
use crate::sys::slots::{HEAD_BYTES, SlotMemory};

/// Bytes of a slot, its header and both copies.
pub(crate) const SLOT_BYTES: usize = 4096;
const COPY_BYTES: usize = (SLOT_BYTES - HEAD_BYTES) / 2;
const FIXED_BYTES: usize = 144;
/// Name, status message and fields of a copy together.
const MOST_TEXT_BYTES: usize = COPY_BYTES - FIXED_BYTES;
/// The longest name that is kept, and the longest status message that is kept in the slot.
pub(crate) const MOST_NAME_BYTES: usize = 512;
const MOST_MESSAGE_BYTES: usize = 256;

const PARENT_IS_REMOTE: u8 = 1;
const IS_CUT: u8 = 2;
const TRACE_FLAGS_SHIFT: u32 = 2;
/// Sampled and random.
const TRACE_FLAGS_MASK: u8 = 3;

const VERSION_SHIFT: u32 = 32;

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

/// One event in flight: the slot's memory, and beside it what did not fit.
pub(crate) struct Slot {
    memory: SlotMemory,
    /// The whole status message.
    message: Vec<u8>,
    /// Whole fields that did not fit, after those in the slot.
    rest: Vec<u8>,
}

/// Reads little-endian values one after the other.
struct Values<'b>(&'b [u8]);

impl Values<'_> {
    #[inline(always)]
    fn get<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((value, rest)) => {
                self.0 = rest;
                *value
            }
            None => [0; N],
        }
    }
    #[inline(always)]
    fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.get())
    }
    #[inline(always)]
    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.get())
    }
    #[inline(always)]
    fn i64(&mut self) -> i64 {
        i64::from_le_bytes(self.get())
    }
    #[inline(always)]
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

/// What stands in a copy itself.
struct Written<'s> {
    fixed: Fixed,
    name: &'s [u8],
    fields: &'s [u8],
}

/// Where the copy is that this version says is current, in the slot's body.
#[inline(always)]
fn copy_range(version: u32) -> std::ops::Range<usize> {
    let start = if version & 1 == 0 { 0 } else { COPY_BYTES };
    start..start + COPY_BYTES
}

/// Reads a copy; nothing when its lengths go beyond it.
#[inline(always)]
fn read_copy(copy: &[u8]) -> Option<Written<'_>> {
    let (fixed_bytes, text) = copy.split_first_chunk::<FIXED_BYTES>()?;
    let mut values = Values(fixed_bytes);
    let _crc = values.u32();
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
    let (name, behind) = text.split_at_checked(values.u16().into())?;
    let message_bytes = usize::from(values.u16());
    let fields = behind.get(message_bytes..)?.get(..field_bytes)?;
    Some(Written { fixed, name, fields })
}

impl Slot {
    /// A slot in this memory, which has `SLOT_BYTES`.
    pub(crate) fn new(memory: SlotMemory) -> Self {
        Self { memory, message: Vec::new(), rest: Vec::new() }
    }

    /// State and version, as they are stored.
    #[inline(always)]
    fn word(&self) -> u64 {
        let [word, ..] = self.memory.head();
        word.load(Ordering::Relaxed)
    }

    #[inline(always)]
    fn version(&self) -> u32 {
        (self.word() >> VERSION_SHIFT) as u32
    }

    #[inline(always)]
    fn publish(&self, state: u32, version: u32) {
        self.memory.publish(u64::from(version) << VERSION_SHIFT | u64::from(state));
    }

    /// Says whose slot it will be; what is written from now on belongs to that event.
    #[inline(always)]
    pub(crate) fn assign(&mut self, event: u64, session: u64) {
        let [_, event_word, session_word, ..] = self.memory.head();
        event_word.store(event, Ordering::Relaxed);
        session_word.store(session, Ordering::Relaxed);
    }

    /// Sets the state: live once its contents are written.
    #[inline(always)]
    pub(crate) fn set_state(&mut self, state: SlotState) {
        self.publish(state as u32, self.version());
    }

    /// Whether the slot holds an event in flight.
    #[inline(always)]
    pub(crate) fn is_live(&self) -> bool {
        self.word() as u32 == SlotState::Live as u32
    }

    /// The event's and its session's handles.
    #[inline(always)]
    pub(crate) fn handles(&self) -> (u64, u64) {
        let [_, event, session, ..] = self.memory.head();
        (event.load(Ordering::Relaxed), session.load(Ordering::Relaxed))
    }

    /// The current copy.
    #[inline(always)]
    pub(crate) fn read(&self) -> Contents<'_> {
        let copy = self.memory.body().get(copy_range(self.version())).unwrap_or_default();
        match read_copy(copy) {
            Some(Written { fixed, name, fields }) => {
                Contents { fixed, name, message: &self.message, fields: [fields, &self.rest] }
            }
            None => Contents { fixed: Fixed::default(), name: &[], message: &[], fields: [&[], &[]] },
        }
    }

    /// Replaces the contents: writes the other copy, then flips the version. `fields` are whole encoded fields.
    #[inline(always)]
    pub(crate) fn write(&mut self, fixed: &Fixed, name: [&[u8]; 2], message: &[u8], fields: &[u8]) {
        let whole = name[0].len() + fields.len() <= MOST_TEXT_BYTES && name[0].len() <= MOST_NAME_BYTES;
        if whole && name[1].is_empty() && message.is_empty() {
            self.write_pieces(fixed, false, [name[0], &[], &[], fields]);
            self.rest.clear();
            self.message.clear();
        } else {
            self.write_cut(fixed, name, message, fields);
        }
    }

    fn write_cut(&mut self, fixed: &Fixed, name: [&[u8]; 2], message: &[u8], fields: &[u8]) {
        let first = cut_at_character(name[0], MOST_NAME_BYTES);
        let second = cut_at_character(name[1], MOST_NAME_BYTES - first.len());
        let kept_message = cut_at_character(message, MOST_MESSAGE_BYTES);
        let room = MOST_TEXT_BYTES - first.len() - second.len() - kept_message.len();
        let fitting = fitting_fields(fields, room);
        let (inside, rest) = fields.split_at_checked(fitting).unwrap_or((fields, &[]));
        let is_cut = !rest.is_empty() || kept_message.len() < message.len();
        self.write_pieces(fixed, is_cut, [first, second, kept_message, inside]);
        self.rest.clear();
        self.rest.extend_from_slice(rest);
        self.message.clear();
        self.message.extend_from_slice(message);
    }

    /// Writes the other copy and flips the version. The pieces are the name in two parts, the message and the fields;
    /// they fit.
    #[inline(always)]
    fn write_pieces(&mut self, fixed: &Fixed, is_cut: bool, pieces: [&[u8]; 4]) {
        let word = self.word();
        let (state, next) = (word as u32, ((word >> VERSION_SHIFT) as u32).wrapping_add(1));
        let copy = self.memory.body_mut().get_mut(copy_range(next)).unwrap_or_default();
        let Some((place, mut text)) = copy.split_first_chunk_mut::<FIXED_BYTES>() else { return };
        put_fixed(place, fixed, is_cut, pieces.map(<[u8]>::len));
        for piece in pieces {
            if let Some((place, rest)) = std::mem::take(&mut text).split_at_mut_checked(piece.len()) {
                place.copy_from_slice(piece);
                text = rest;
            }
        }
        self.publish(state, next);
    }

    /// Changes times, counts and tokens alone.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut Fixed)) {
        let mut fixed = self.read().fixed;
        change(&mut fixed);
        let word = self.word();
        let (state, version) = (word as u32, (word >> VERSION_SHIFT) as u32);
        let next = version.wrapping_add(1);
        let (from, to) = (copy_range(version), copy_range(next));
        let body = self.memory.body_mut();
        if to.end <= body.len() {
            body.copy_within(from, to.start);
        }
        if let Some(place) = body.get_mut(to).and_then(|copy| copy.first_chunk_mut::<FIXED_BYTES>()) {
            put_moving(place, &fixed);
        }
        self.publish(state, next);
    }

    /// Forgets the event.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.set_state(SlotState::Free);
        self.rest.clear();
        self.message.clear();
    }
}

/// Writes what changes while an event is in flight: bytes 8 to 96 of a copy.
#[inline(always)]
fn put_moving(place: &mut [u8; FIXED_BYTES], fixed: &Fixed) {
    put(place, 8, fixed.updated.to_le_bytes());
    put(place, 16, fixed.start.to_le_bytes());
    put(place, 24, fixed.started_at.to_le_bytes());
    put(place, 32, fixed.first_chunk_at.to_le_bytes());
    put(place, 40, fixed.chunks.to_le_bytes());
    put(place, 48, fixed.chunk_bytes.to_le_bytes());
    put(place, 56, fixed.usage.input.to_le_bytes());
    put(place, 64, fixed.usage.cache_read.to_le_bytes());
    put(place, 72, fixed.usage.cache_creation.to_le_bytes());
    put(place, 80, fixed.usage.output.to_le_bytes());
    put(place, 88, fixed.usage.reasoning.to_le_bytes());
}

/// Writes the fixed part of a copy. The lengths are those of the name's parts, the message and the fields.
#[inline(always)]
fn put_fixed(place: &mut [u8; FIXED_BYTES], fixed: &Fixed, is_cut: bool, lengths: [usize; 4]) {
    // No length is larger than a copy.
    let [first, second, message, fields] = lengths;
    put(place, 0, [0; 4]);
    put(place, 4, (fields as u32).to_le_bytes());
    put_moving(place, fixed);
    put(place, 96, fixed.trace_id);
    put(place, 112, fixed.span_id);
    put(place, 120, fixed.parent);
    put(place, 128, fixed.dropped_attributes.to_le_bytes());
    put(place, 132, fixed.dropped_events.to_le_bytes());
    put(place, 134, fixed.dropped_links.to_le_bytes());
    let remote = if fixed.parent_is_remote { PARENT_IS_REMOTE } else { 0 };
    let cut = if is_cut { IS_CUT } else { 0 };
    let flags = remote | cut | (fixed.trace_flags & TRACE_FLAGS_MASK) << TRACE_FLAGS_SHIFT;
    put(place, 136, [fixed.kind, fixed.span_kind, fixed.status, flags]);
    put(place, 140, ((first + second) as u16).to_le_bytes());
    put(place, 142, (message as u16).to_le_bytes());
}

/// Bytes of the whole fields at the start of `fields` that fit into `room`.
fn fitting_fields(fields: &[u8], room: usize) -> usize {
    if fields.len() <= room {
        return fields.len();
    }
    Fields::new(fields)
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
    use crate::sys::slots::SlotBlock;

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

    fn slot() -> Slot {
        let block = SlotBlock::anonymous(SLOT_BYTES).unwrap();
        Slot::new(block.cut(SLOT_BYTES, 0).next().unwrap().0)
    }

    #[test]
    fn what_is_written_is_read_back_whatever_its_size() {
        let mut slot = slot();
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
        let mut slot = slot();
        slot.write(&fixed(), [b"name", b""], b"message", b"");
        slot.change(|fixed| fixed.chunks = 99);
        assert_eq!(slot.read().fixed, Fixed { chunks: 99, ..fixed() });
        assert_eq!((slot.read().name, slot.read().message), (&b"name"[..], &b"message"[..]));
    }

    #[test]
    fn a_write_leaves_the_copy_before_it_untouched() {
        let mut slot = slot();
        slot.write(&fixed(), [b"first", b""], b"", b"");
        let before = slot.memory.body()[copy_range(slot.version())].to_vec();
        let version = slot.version();
        slot.write(&fixed(), [b"second", b""], b"", b"");
        assert_eq!(slot.memory.body()[copy_range(version)], before);
        assert_eq!(slot.read().name, b"second");
    }
}
