//! What a process has left behind in the slots of events in flight, read from the bytes of a file. Nothing is taken on
//! trust: any bytes give a defined answer, and contents are given out with a checksum that holds, or not at all.

use super::slot::{Fixed, SLOT_BYTES, SlotState, Written, checksum, copy_range, read_copy, written_bytes};
use crate::otlp::span::{ATTRIBUTES, EVENTS, LINKS};
use crate::otlp::wire::{Fields, Values};
use crate::sys::slots::HEAD_BYTES;

/// An event as a recovery finds it in a slot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RecoveredEvent<'b> {
    pub(crate) event: u64,
    /// The handle of its session.
    pub(crate) session: u64,
    pub(crate) fixed: Fixed,
    /// Something of it did not fit into the slot.
    pub(crate) is_cut: bool,
    pub(crate) name: &'b [u8],
    pub(crate) message: &'b [u8],
    /// Whole encoded fields of a span.
    pub(crate) fields: &'b [u8],
}

/// What a recovery finds in a slot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Recovered<'b> {
    /// No event, or one that was not accepted yet.
    Free,
    /// An event that had not ended.
    Live(RecoveredEvent<'b>),
    /// An event that had ended when this frame is in its shard, and had not when it is not.
    Finishing {
        shard: u32,
        sequence: u64,
        /// Absent when neither copy is whole.
        event: Option<RecoveredEvent<'b>>,
    },
    /// An event was here, and neither copy is whole; or this is no slot.
    Corrupt,
}

/// Reads a slot that a process has left behind in a file.
pub(crate) fn recover(bytes: &[u8]) -> Recovered<'_> {
    let Some((mut head, body)) = bytes.split_at_checked(HEAD_BYTES).map(|(head, body)| (Values(head), body))
    else {
        return Recovered::Corrupt;
    };
    let (state, version) = (head.u32(), head.u32());
    let (event, session, sequence, shard) = (head.u64(), head.u64(), head.u64(), head.u32());
    let copy = |version| recover_copy((event, session), body.get(copy_range(version))?);
    // The other copy is what the event was before its last change.
    let found = || copy(version).or_else(|| copy(version.wrapping_add(1)));
    match state {
        state if state == SlotState::Free as u32 && bytes.len() >= SLOT_BYTES => Recovered::Free,
        state if state == SlotState::Live as u32 => found().map_or(Recovered::Corrupt, Recovered::Live),
        state if state == SlotState::Finishing as u32 => {
            Recovered::Finishing { shard, sequence, event: found() }
        }
        _ => Recovered::Corrupt,
    }
}

/// A copy, when it is whole and of this event.
fn recover_copy(handles: (u64, u64), copy: &[u8]) -> Option<RecoveredEvent<'_>> {
    let sum = u32::from_le_bytes(*copy.first_chunk()?);
    if sum != checksum(handles, copy, written_bytes(copy)?) {
        return None;
    }
    let Written { fixed, is_cut, name, message, fields } = read_copy(copy)?;
    let mut whole_bytes = 0;
    for field in Fields::new(fields) {
        whole_bytes += field.whole.len();
        if ![ATTRIBUTES, EVENTS, LINKS].contains(&field.tag) {
            return None;
        }
    }
    let (event, session) = handles;
    let is_sound = whole_bytes == fields.len()
        && std::str::from_utf8(name).is_ok()
        && std::str::from_utf8(message).is_ok();
    is_sound.then_some(RecoveredEvent { event, session, fixed, is_cut, name, message, fields })
}
