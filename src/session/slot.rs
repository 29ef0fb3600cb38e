//! The slot of an open session, format v1: what is needed to end its root span, and those of its events in flight, after
//! its process was killed. Identity is written once; what calls change of the root span has two copies and a version, as
//! an event's slot has; sums are counters in lines of their own, which recording threads raise where they are.
//!
//! ```text
//! offset  size  field (little-endian)
//!      0     4  state: 0 free, 1 open, 2 finishing; stored together with the version, in one word
//!      4     4  version; its lowest bit says which copy is current
//!      8     8  handle of the session
//!     16     8  finishing: sequence number of the root span's frame
//!     24     4  finishing: shard of that frame
//!     28    36  zero
//!     64  1728  identity
//!   1792  1920  copy 0
//!   3712  1920  copy 1
//!   5632        zero, up to the lines
//!    end        a line of 128 bytes for each shard, up to the slot's end: events, errors, llm calls, tools, actions (8 each),
//!               tokens: input, cache read, cache creation, output, reasoning (8 each), embeddings, agents, cost in
//!               millionths, costs known, costs not known (8 each), zero; in no checksum
//!
//! identity:
//!      0     4  CRC-32C of the slot's bytes 8 to 16 (the handle) and then of the identity's bytes from 4 on, as far as
//!               they are written
//!      4     2  bytes of the trace state, 6: of the session's own attributes
//!      8     8  start, nanoseconds since 1970; 16: start by the clock that never jumps
//!     24    16  trace id, 40: root span id (8), 48: parent's span id (8; zero = none)
//!     56     1  W3C trace flags, 57: bit 0: the parent is remote, 58: zero (6)
//!     64        trace state, the session's own attributes (encoded fields of a Span)
//!
//! copy:  0     4  CRC-32C of the slot's bytes 8 to 16 and then of the copy's bytes from 4 on, as far as they are written
//!        4     4  attributes left out
//!        8     2  bytes of the name, 10: of the attributes
//!       12     1  bit 0: cut, 13: zero (3)
//!       16        name, attributes and links (encoded fields of a Span)
//! ```
//!
//! The slot's size follows from the number of shards. The order of stores: handle, identity and first copy while the slot
//! is free; then the word. A session that ends is marked as finishing before its root span's frame is committed, and its
//! slot is free afterwards. The handle is in the checksums, as both handles are in those of an event's slot. A trace state
//! that is too long loses members from its end, as W3C Trace Context (3.3.1.5) has it; attributes that do not fit are left
//! out, and the copy is marked as cut.

use std::sync::atomic::Ordering;

use crate::sys::checksum::{crc32c, crc32c_append};

use crate::event::text::cut_at_character;
use crate::otlp::open::fitting;
use crate::otlp::wire::put;
use crate::sys::slots::{HEAD_BYTES, LINE_BYTES, PAGE_BYTES, SlotMemory};

pub(super) const IDENTITY_BYTES: usize = 1728;
pub(super) const IDENTITY_FIXED_BYTES: usize = 64;
const COPY_BYTES: usize = 1920;
pub(super) const COPY_FIXED_BYTES: usize = 16;
pub(super) const CRC_BYTES: usize = 4;
/// Bytes before the lines.
const USED_BYTES: usize = HEAD_BYTES + IDENTITY_BYTES + 2 * COPY_BYTES;
/// The longest trace state that is kept: what W3C Trace Context, 3.3.1.5, asks for.
const MOST_TRACE_STATE_BYTES: usize = 512;
const MOST_NAME_BYTES: usize = 512;

pub(super) const PARENT_IS_REMOTE: u8 = 1;
pub(super) const IS_CUT: u8 = 1;
const VERSION_SHIFT: u32 = 32;

pub(super) const FREE: u32 = 0;
pub(super) const OPEN: u32 = 1;
pub(super) const FINISHING: u32 = 2;

/// Bytes of the slot of a session with so many shards.
pub(crate) const fn slot_bytes(shards: usize) -> usize {
    (USED_BYTES + shards * LINE_BYTES).next_multiple_of(PAGE_BYTES)
}

/// What of a session never changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Identity<'a> {
    pub(crate) trace_id: [u8; 16],
    pub(crate) root_span_id: [u8; 8],
    /// The span that the root span is a child of, in the same trace.
    pub(crate) parent: Option<[u8; 8]>,
    pub(crate) parent_is_remote: bool,
    pub(crate) trace_flags: u8,
    pub(crate) start: i64,
    pub(crate) started_at: i64,
    pub(crate) trace_state: &'a [u8],
    /// Encoded attributes that all its spans have.
    pub(crate) on_spans: &'a [u8],
}

/// What is known of a root span.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct RootContents<'a> {
    pub(crate) name: &'a [u8],
    /// Encoded attributes and links.
    pub(crate) attributes: &'a [u8],
    pub(crate) dropped_attributes: u32,
    /// Something of it did not fit into the slot.
    pub(crate) is_cut: bool,
}

/// The slot of one session, but for its sums.
pub(crate) struct SessionSlot {
    memory: SlotMemory,
}

/// Where the copy is that this version says is current, in the slot's body.
pub(super) fn copy_range(version: u32) -> std::ops::Range<usize> {
    let start = IDENTITY_BYTES + if version & 1 == 0 { 0 } else { COPY_BYTES };
    start..start + COPY_BYTES
}

/// The checksum of what is written of a part of a session's slot.
pub(super) fn checksum(handle: u64, written: &[u8]) -> u32 {
    crc32c_append(crc32c(&handle.to_le_bytes()), written.get(CRC_BYTES..).unwrap_or_default())
}

/// Writes `fixed` and the pieces behind it, as far as there is room, and the checksum in front.
fn write_sealed<const N: usize>(place: &mut [u8], handle: u64, fixed: [u8; N], pieces: [&[u8]; 2]) {
    let mut written = 0;
    for piece in [&fixed[..], pieces[0], pieces[1]] {
        if let Some(place) = place.get_mut(written..written + piece.len()) {
            place.copy_from_slice(piece);
            written += piece.len();
        }
    }
    let sum = checksum(handle, place.get(..written).unwrap_or_default());
    if let Some(place) = place.first_chunk_mut::<CRC_BYTES>() {
        *place = sum.to_le_bytes();
    }
}

/// The members of a trace state, from its start on, that fit into `most` bytes.
fn fitting_trace_state(trace_state: &[u8], most: usize) -> &[u8] {
    if trace_state.len() <= most {
        return trace_state;
    }
    let end = trace_state.iter().take(most + 1).rposition(|byte| *byte == b',').unwrap_or(0);
    trace_state.get(..end).unwrap_or_default()
}

/// A length that is no more than a slot's.
fn short(length: usize) -> [u8; 2] {
    u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes()
}

impl SessionSlot {
    /// A free slot in this memory, which has `slot_bytes` with its lines.
    pub(crate) fn new(memory: SlotMemory) -> Self {
        Self { memory }
    }

    fn word(&self) -> u64 {
        let [word, ..] = self.memory.head();
        word.load(Ordering::Relaxed)
    }

    fn version(&self) -> u32 {
        (self.word() >> VERSION_SHIFT) as u32
    }

    fn publish(&self, state: u32, version: u32) {
        self.memory.publish(u64::from(version) << VERSION_SHIFT | u64::from(state));
    }

    /// Gives the slot to a session.
    pub(crate) fn open(&mut self, handle: u64, identity: &Identity<'_>, root: &RootContents<'_>) {
        let [_, handle_word, ..] = self.memory.head();
        handle_word.store(handle, Ordering::Relaxed);
        let room = IDENTITY_BYTES - IDENTITY_FIXED_BYTES - MOST_TRACE_STATE_BYTES;
        let trace_state = fitting_trace_state(identity.trace_state, MOST_TRACE_STATE_BYTES);
        let on_spans = fitting(identity.on_spans, room);
        let mut fixed = [0; IDENTITY_FIXED_BYTES];
        put(&mut fixed, 4, short(trace_state.len()));
        put(&mut fixed, 6, short(on_spans.len()));
        put(&mut fixed, 8, identity.start.to_le_bytes());
        put(&mut fixed, 16, identity.started_at.to_le_bytes());
        put(&mut fixed, 24, identity.trace_id);
        put(&mut fixed, 40, identity.root_span_id);
        put(&mut fixed, 48, identity.parent.unwrap_or_default());
        put(&mut fixed, 56, [identity.trace_flags, u8::from(identity.parent_is_remote) * PARENT_IS_REMOTE]);
        let place = self.memory.body_mut().get_mut(..IDENTITY_BYTES).unwrap_or_default();
        write_sealed(place, handle, fixed, [trace_state, on_spans]);
        self.write_root(root);
        self.publish(OPEN, self.version());
    }

    /// Replaces what is known of the root span: writes the other copy, then flips the version.
    pub(crate) fn write_root(&mut self, root: &RootContents<'_>) {
        let [_, handle_word, ..] = self.memory.head();
        let handle = handle_word.load(Ordering::Relaxed);
        let word = self.word();
        let (state, next) = (word as u32, ((word >> VERSION_SHIFT) as u32).wrapping_add(1));
        let name = cut_at_character(root.name, MOST_NAME_BYTES);
        let attributes = fitting(root.attributes, COPY_BYTES - COPY_FIXED_BYTES - name.len());
        let is_cut = root.is_cut || name.len() < root.name.len() || attributes.len() < root.attributes.len();
        let mut fixed = [0; COPY_FIXED_BYTES];
        put(&mut fixed, 4, root.dropped_attributes.to_le_bytes());
        put(&mut fixed, 8, short(name.len()));
        put(&mut fixed, 10, short(attributes.len()));
        put(&mut fixed, 12, [if is_cut { IS_CUT } else { 0 }]);
        let place = self.memory.body_mut().get_mut(copy_range(next)).unwrap_or_default();
        write_sealed(place, handle, fixed, [name, attributes]);
        self.publish(state, next);
    }

    /// Says that the root span is about to be the frame with this number in this shard. To be said under the shard's lock,
    /// before the frame is committed.
    pub(crate) fn set_finishing(&self, shard: usize, sequence: u64) {
        let [_, _, sequence_word, shard_word, ..] = self.memory.head();
        sequence_word.store(sequence, Ordering::Relaxed);
        shard_word.store(shard as u64 & u64::from(u32::MAX), Ordering::Relaxed);
        self.publish(FINISHING, self.version());
    }

    /// Takes the slot from its session.
    pub(crate) fn clear(&self) {
        self.publish(FREE, self.version());
    }

    /// The memory, for another session.
    pub(crate) fn into_memory(self) -> SlotMemory {
        self.memory
    }
}
