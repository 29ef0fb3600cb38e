//! What a process has left behind in the slots of sessions, read from the bytes of a file. Nothing is taken on trust: any
//! bytes give a defined answer, and identity and contents are given out with a checksum that holds, or not at all.

use super::slot::{
    COPY_FIXED_BYTES, CRC_BYTES, FINISHING, FREE, IDENTITY_BYTES, IDENTITY_FIXED_BYTES, IS_CUT, Identity,
    OPEN, PARENT_IS_REMOTE, RootContents, checksum, copy_range, slot_bytes,
};
use crate::event::semconv::SessionSums;
use crate::otlp::span::{ATTRIBUTES, LINKS};
use crate::otlp::wire::{Fields, Values};
use crate::sys::slots::{HEAD_BYTES, LINE_BYTES};

/// A session as a recovery finds it in a slot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecoveredSession<'b> {
    pub(crate) handle: u64,
    pub(crate) identity: Identity<'b>,
    /// Absent when neither copy is whole.
    pub(crate) root: Option<RootContents<'b>>,
    /// May be a few events ahead of the journal, or behind it.
    pub(crate) sums: SessionSums,
    /// Shard and sequence number of the frame that is the root span, when the session was about to end: it had ended when
    /// that frame is there.
    pub(crate) finishing: Option<(u32, u64)>,
}

/// What a recovery finds in a slot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Recovered<'b> {
    /// No session, or one that was not started yet.
    Free,
    /// A session that was open.
    Open(Box<RecoveredSession<'b>>),
    /// A session was here, and it is not known which; or this is no slot.
    Corrupt,
}

/// Reads a slot that a process with so many shards has left behind in a file.
pub(crate) fn recover(bytes: &[u8], shards: usize) -> Recovered<'_> {
    let Some((head, body)) = bytes.split_at_checked(HEAD_BYTES).filter(|_| bytes.len() >= slot_bytes(shards))
    else {
        return Recovered::Corrupt;
    };
    let mut head = Values(head);
    let (state, version) = (head.u32(), head.u32());
    let (handle, sequence, shard) = (head.u64(), head.u64(), head.u32());
    let finishing = match state {
        FREE => return Recovered::Free,
        OPEN => None,
        FINISHING => Some((shard, sequence)),
        _ => return Recovered::Corrupt,
    };
    let Some(identity) = body.get(..IDENTITY_BYTES).and_then(|part| recover_identity(handle, part)) else {
        return Recovered::Corrupt;
    };
    let copy = |version| recover_root(handle, body.get(copy_range(version))?);
    let root = copy(version).or_else(|| copy(version.wrapping_add(1)));
    let lines = bytes.get(slot_bytes(shards) - shards * LINE_BYTES..slot_bytes(shards)).unwrap_or_default();
    let sums = recover_sums(lines);
    Recovered::Open(Box::new(RecoveredSession { handle, identity, root, sums, finishing }))
}

/// Splits off two pieces of these lengths behind the fixed part, when the checksum in front of it all holds.
fn opened(handle: u64, part: &[u8], fixed: usize, lengths: [u16; 2]) -> Option<[&[u8]; 2]> {
    let lengths = lengths.map(usize::from);
    let written = part.get(..fixed + lengths[0] + lengths[1])?;
    let sum = u32::from_le_bytes(*written.first_chunk()?);
    let (first, second) = written.get(fixed..)?.split_at_checked(lengths[0])?;
    (sum == checksum(handle, written)).then_some([first, second])
}

/// Whether these are whole encoded fields with these tags.
fn are_fields(fields: &[u8], tags: &[u32]) -> bool {
    let expected = Fields::new(fields).filter(|field| tags.contains(&field.tag));
    expected.map(|field| field.whole.len()).sum::<usize>() == fields.len()
}

fn recover_identity(handle: u64, part: &[u8]) -> Option<Identity<'_>> {
    let mut values = Values(part.get(CRC_BYTES..)?);
    let lengths = [values.u16(), values.u16()];
    let (start, started_at) = (values.i64(), values.i64());
    let (trace_id, root_span_id, parent) = (values.get(), values.get(), values.get());
    let [trace_flags, flags] = values.get();
    let [trace_state, on_spans] = opened(handle, part, IDENTITY_FIXED_BYTES, lengths)?;
    let is_sound = std::str::from_utf8(trace_state).is_ok() && are_fields(on_spans, &[ATTRIBUTES]);
    is_sound.then_some(Identity {
        trace_id,
        root_span_id,
        parent: Some(parent).filter(|parent| *parent != [0; 8]),
        parent_is_remote: flags & PARENT_IS_REMOTE != 0,
        trace_flags,
        start,
        started_at,
        trace_state,
        on_spans,
    })
}

fn recover_root(handle: u64, copy: &[u8]) -> Option<RootContents<'_>> {
    let mut values = Values(copy.get(CRC_BYTES..)?);
    let dropped_attributes = values.u32();
    let lengths = [values.u16(), values.u16()];
    let [flags] = values.get();
    let [name, attributes] = opened(handle, copy, COPY_FIXED_BYTES, lengths)?;
    let is_sound = std::str::from_utf8(name).is_ok() && are_fields(attributes, &[ATTRIBUTES, LINKS]);
    is_sound.then_some(RootContents { name, attributes, dropped_attributes, is_cut: flags & IS_CUT != 0 })
}

fn recover_sums(lines: &[u8]) -> SessionSums {
    let mut sums = SessionSums::default();
    for line in lines.chunks_exact(LINE_BYTES) {
        let mut values = Values(line);
        for sum in super::each_sum(&mut sums) {
            *sum = sum.saturating_add(values.i64());
        }
    }
    sums
}
