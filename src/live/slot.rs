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
//! copy:  0     4  where slots outlive the process: CRC-32C of the slot's bytes 8 to 24 (both handles) and then of
//!            the copy's bytes from 4 on, as far as they are written; elsewhere 0
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
//!
//! The order of stores, which a kill may end anywhere: the handles while the slot is free; a copy and its checksum; the
//! word of state and version, which makes that copy current. Free is stored before anything else of a slot that is given
//! back, live after everything else of one that is taken. An event that ends is marked as finishing with shard and
//! sequence number of its span's frame, then the frame is committed, then the slot is free: whoever finds the mark looks
//! for that frame, and the event is in the journal or it is still in flight. The handles are in the checksum, so that a
//! copy of an event that had the slot before is never taken for one of this event's.

use std::sync::atomic::Ordering;

use crate::sys::checksum::{crc32c, crc32c_append};

use crate::event::text::cut_at_character;
use crate::otlp::open::fitting;
use crate::otlp::wire::{Values, put};
use crate::session::Usage;
use crate::sys::slots::{HEAD_BYTES, SlotMemory};

/// Bytes of a slot, its header and both copies.
pub(crate) const SLOT_BYTES: usize = 4096;
const COPY_BYTES: usize = (SLOT_BYTES - HEAD_BYTES) / 2;
const FIXED_BYTES: usize = 144;
const CRC_BYTES: usize = 4;
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
    Finishing = 2,
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
    /// W3C trace flags. Not sampled in a session that is: the event leaves no span.
    pub(crate) trace_flags: u8,
}

/// One event in flight: the slot's memory, and beside it what did not fit.
pub(crate) struct Slot {
    memory: SlotMemory,
    /// The whole status message.
    message: Vec<u8>,
    /// Whole fields that did not fit, after those in the slot.
    rest: Vec<u8>,
    /// What was injected of the fields.
    injected: Vec<u8>,
}

/// A copy as it is read back.
pub(crate) struct Contents<'s> {
    pub(crate) fixed: Fixed,
    pub(crate) name: &'s [u8],
    pub(crate) message: &'s [u8],
    /// Encoded fields, in two pieces that are joined.
    pub(crate) fields: [&'s [u8]; 2],
    /// What was injected of them.
    pub(crate) injected: &'s [u8],
}

/// What stands in a copy itself.
pub(super) struct Written<'s> {
    pub(super) fixed: Fixed,
    pub(super) is_cut: bool,
    pub(super) name: &'s [u8],
    pub(super) message: &'s [u8],
    pub(super) fields: &'s [u8],
}

/// Where the copy is that this version says is current, in the slot's body.
#[inline(always)]
pub(super) fn copy_range(version: u32) -> std::ops::Range<usize> {
    let start = if version & 1 == 0 { 0 } else { COPY_BYTES };
    start..start + COPY_BYTES
}

/// Bytes of a copy that are written; nothing when its lengths go beyond it.
pub(super) fn written_bytes(copy: &[u8]) -> Option<usize> {
    let written = read_copy(copy)?;
    Some(FIXED_BYTES + written.name.len() + written.message.len() + written.fields.len())
}

/// The checksum of what is written of a copy, for the event and session with these handles.
pub(super) fn checksum(handles: (u64, u64), copy: &[u8], written: usize) -> u32 {
    let mut owner = [0; 16];
    put(&mut owner, 0, handles.0.to_le_bytes());
    put(&mut owner, 8, handles.1.to_le_bytes());
    crc32c_append(crc32c(&owner), copy.get(CRC_BYTES..written).unwrap_or_default())
}

/// Writes the checksum of a copy.
fn seal(handles: (u64, u64), copy: &mut [u8], written: usize) {
    let sum = checksum(handles, copy, written);
    if let Some(place) = copy.first_chunk_mut::<CRC_BYTES>() {
        *place = sum.to_le_bytes();
    }
}

/// Reads a copy; nothing when its lengths go beyond it.
#[inline(always)]
pub(super) fn read_copy(copy: &[u8]) -> Option<Written<'_>> {
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
    let (message, behind) = behind.split_at_checked(values.u16().into())?;
    let fields = behind.get(..field_bytes)?;
    Some(Written { fixed, is_cut: flags & IS_CUT != 0, name, message, fields })
}

impl Slot {
    /// A slot in this memory, which has `SLOT_BYTES`.
    pub(crate) fn new(memory: SlotMemory) -> Self {
        Self { memory, message: Vec::new(), rest: Vec::new(), injected: Vec::new() }
    }

    /// State and version, as they are stored.
    #[inline(always)]
    fn word(&self) -> u64 {
        let [word, ..] = self.memory.head();
        word.load(Ordering::Relaxed)
    }

    /// Changes with every change of the contents.
    #[inline(always)]
    pub(crate) fn version(&self) -> u32 {
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

    /// Sets the state: live once its contents are written, or when the frame that it was about to be is not to be.
    #[inline(always)]
    pub(crate) fn set_state(&self, state: SlotState) {
        self.publish(state as u32, self.version());
    }

    /// Says that the event is about to be the frame with this number in this shard. To be said under the shard's lock,
    /// before the frame is committed.
    #[inline(always)]
    pub(crate) fn set_finishing(&self, shard: usize, sequence: u64) {
        let [_, _, _, sequence_word, shard_word, ..] = self.memory.head();
        sequence_word.store(sequence, Ordering::Relaxed);
        shard_word.store(shard as u64 & u64::from(u32::MAX), Ordering::Relaxed);
        self.publish(SlotState::Finishing as u32, self.version());
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
            Some(Written { fixed, name, fields, .. }) => Contents {
                fixed,
                name,
                message: &self.message,
                fields: [fields, &self.rest],
                injected: &self.injected,
            },
            None => Contents {
                fixed: Fixed::default(),
                name: &[],
                message: &[],
                fields: [&[], &[]],
                injected: &[],
            },
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
        let inside = fitting(fields, room);
        let rest = fields.get(inside.len()..).unwrap_or_default();
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
        let (handles, is_durable) = (self.handles(), self.memory.is_durable());
        let copy = self.memory.body_mut().get_mut(copy_range(next)).unwrap_or_default();
        let Some((place, mut text)) = copy.split_first_chunk_mut::<FIXED_BYTES>() else { return };
        put_fixed(place, fixed, is_cut, pieces.map(<[u8]>::len));
        for piece in pieces {
            if let Some((place, rest)) = std::mem::take(&mut text).split_at_mut_checked(piece.len()) {
                place.copy_from_slice(piece);
                text = rest;
            }
        }
        if is_durable {
            let written = FIXED_BYTES + pieces.iter().map(|piece| piece.len()).sum::<usize>();
            seal(handles, copy, written);
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
        let (handles, is_durable) = (self.handles(), self.memory.is_durable());
        let (from, to) = (copy_range(version), copy_range(next));
        let body = self.memory.body_mut();
        let Some(written) = body.get(from.clone()).and_then(written_bytes) else { return };
        body.copy_within(from.start..from.start + written, to.start);
        let Some(copy) = body.get_mut(to) else { return };
        if let Some(place) = copy.first_chunk_mut::<FIXED_BYTES>() {
            put_moving(place, &fixed);
        }
        if is_durable {
            seal(handles, copy, written);
        }
        self.publish(state, next);
    }

    /// Notes what was injected of the fields, for the log records that tell of the event.
    #[cold]
    pub(crate) fn set_injected(&mut self, injected: &[u8]) {
        self.injected.clear();
        self.injected.extend_from_slice(injected);
    }

    /// Forgets the event.
    #[inline(always)]
    pub(crate) fn clear(&mut self) {
        self.set_state(SlotState::Free);
        self.rest.clear();
        self.message.clear();
        self.injected.clear();
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

#[cfg(test)]
mod tests;
