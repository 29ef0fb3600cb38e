//! Slots: what is written is read back, and a kill at any store leaves one whole truth.

use std::fs::File;
use std::ops::Range;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::*;
use crate::live::recovered::{Recovered, recover};
use crate::otlp::open;
use crate::otlp::span::ATTRIBUTES;
use crate::otlp::value::{Attribute, Value};
use crate::otlp::wire::Fields;
use crate::sys::slots::SlotBlock;
use crate::sys::slots::tests::images_around_words;

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

/// A slot whose memory is a file's, and the file.
struct Kept {
    slot: Slot,
    file: File,
}

impl Kept {
    fn new() -> Self {
        let file = tempfile::tempfile().unwrap();
        file.set_len(SLOT_BYTES as u64).unwrap();
        let block = SlotBlock::mapped(file.as_fd(), 0, SLOT_BYTES).unwrap();
        Self { slot: Slot::new(block.cut(SLOT_BYTES, 0).next().unwrap().0), file }
    }

    /// What a recovery would read now.
    fn image(&self) -> Vec<u8> {
        let mut image = vec![0; SLOT_BYTES];
        self.file.read_exact_at(&mut image, 0).unwrap();
        image
    }
}

/// One thing that happens to a slot.
#[derive(Clone, Debug)]
enum Step {
    Start { event: u64, name: String, values: Vec<usize> },
    Write { name: String, message: usize, values: Vec<usize> },
    Change { chunks: u64 },
    Finish { shard: u32, sequence: u64 },
    Free,
}

fn step() -> impl Strategy<Value = Step> {
    let values = || prop::collection::vec(0usize..400, 0..12);
    prop_oneof![
        3 => (1u64.., "\\PC{0,20}", values()).prop_map(|(event, name, values)| Step::Start { event, name, values }),
        3 => ("\\PC{0,20}", 0usize..600, values())
            .prop_map(|(name, message, values)| Step::Write { name, message, values }),
        2 => any::<u64>().prop_map(|chunks| Step::Change { chunks }),
        1 => (any::<u32>(), any::<u64>()).prop_map(|(shard, sequence)| Step::Finish { shard, sequence }),
        1 => Just(Step::Free),
    ]
}

fn encoded(values: &[usize]) -> Vec<u8> {
    let values: Vec<Vec<u8>> = values.iter().map(|bytes| vec![b'v'; *bytes]).collect();
    let attributes: Vec<_> = values.iter().map(|value| Attribute::new("key", Value::Text(value))).collect();
    open::encoded(ATTRIBUTES, &attributes).unwrap()
}

/// Does one step; gives what the slot's file was before it, before and after each word of the state, and at the end.
fn images(kept: &mut Kept, step: &Step) -> Vec<Vec<u8>> {
    let mut images = vec![kept.image()];
    let slot = &mut kept.slot;
    images.extend(images_around_words(|| match step {
        Step::Start { event, name, values } => {
            slot.clear();
            slot.assign(*event, event ^ 1);
            slot.write(&fixed(), [name.as_bytes(), b""], b"", &encoded(values));
            slot.set_state(SlotState::Live);
        }
        Step::Write { name, message, values } => {
            let message = vec![b'm'; *message];
            slot.write(&fixed(), [b"", name.as_bytes()], &message, &encoded(values));
        }
        Step::Change { chunks } => slot.change(|fixed| fixed.chunks = *chunks),
        Step::Finish { shard, sequence } => slot.set_finishing(*shard as usize, *sequence),
        Step::Free => slot.clear(),
    }));
    images.push(kept.image());
    images
}

/// Bytes of the word that is stored last.
const WORD: Range<usize> = 0..8;

/// `before` with those bytes of `after` that `chosen` picks.
fn mixed(before: &[u8], after: &[u8], chosen: impl Fn(usize) -> bool) -> Vec<u8> {
    let mut mix = before.to_vec();
    for (at, byte) in after.iter().enumerate().filter(|(at, _)| chosen(*at)) {
        mix[at] = *byte;
    }
    mix
}

/// The event in what was found, and its contents.
fn event_of(found: &Recovered<'_>) -> Option<(u64, Vec<u8>)> {
    let event = match found {
        Recovered::Live(event) => event,
        Recovered::Finishing { event: Some(event), .. } => event,
        _ => return None,
    };
    let words = format!("{:?} {:?} {:?}", event.fixed, event.name, event.message);
    Some((event.event, [words.as_bytes(), event.fields].concat()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever is stored of a step when the process is killed, the slot is what it was before or what it is after.
    #[test]
    fn a_kill_at_any_store_leaves_one_whole_truth(
        steps in prop::collection::vec(step(), 1..8),
        seed in any::<u64>(),
    ) {
        let mut kept = Kept::new();
        let mut random = TestRng::from_seed(RngAlgorithm::XorShift, &[&seed.to_le_bytes()[..], &[1; 8]].concat());
        let mut is_free = true;
        for step in &steps {
            // Nothing is written to a slot that nobody has.
            if is_free && !matches!(step, Step::Start { .. }) {
                continue;
            }
            let images = images(&mut kept, step);
            prop_assert_eq!(images.last(), images.get(images.len() - 2), "something was stored after the word");
            for (number, pair) in images.windows(2).enumerate() {
                let (before, after) = (&pair[0], &pair[1]);
                prop_assert_ne!(recover(after), Recovered::Corrupt);
                if number % 2 == 1 {
                    prop_assert_eq!(&before[WORD.end..], &after[WORD.end..]);
                    continue;
                }
                prop_assert_eq!(&before[WORD], &after[WORD]);
                // A prefix of the stores, in whatever order those between two words are made.
                let cut = random.random_range(0..SLOT_BYTES);
                let noise = random.random::<u64>();
                let scattered = |at: usize| noise.rotate_left(at as u32 % 64) & 1 == 1;
                for mix in [
                    mixed(before, after, |at| at < cut),
                    mixed(before, after, |at| at >= cut),
                    mixed(before, after, scattered),
                    after.clone(),
                ] {
                    match (recover(&mix), recover(before)) {
                        // Where a frame is looked for is told by the last mark; it is not there either way.
                        (Recovered::Finishing { event, .. }, Recovered::Finishing { event: was, .. }) => {
                            prop_assert_eq!(event, was);
                        }
                        (found, was) => prop_assert_eq!(found, was),
                    }
                }
            }
            for pair in images.windows(3).step_by(2) {
                let (before, after) = (&pair[0], &pair[2]);
                let noise = random.random::<u64>();
                let scattered = |at: usize| noise.rotate_left(at as u32 % 64) & 1 == 1;
                // A power cut may keep the word and lose what was stored before it: then something whole of this event, or
                // nothing.
                let torn = mixed(before, after, |at| scattered(at) || WORD.contains(&at));
                if let Some(found) = event_of(&recover(&torn)) {
                    let known = [event_of(&recover(before)), event_of(&recover(after))];
                    prop_assert!(known.contains(&Some(found)));
                }
            }
            is_free = matches!(step, Step::Free);
        }
    }

    /// What was written is found again; what did not fit is left out in whole fields, and that is said.
    #[test]
    fn what_fits_is_found_again(event in 1u64.., name in "\\PC{0,200}", values in prop::collection::vec(0usize..900, 0..8)) {
        let mut kept = Kept::new();
        let fields = encoded(&values);
        let _ = images(&mut kept, &Step::Start { event, name: name.clone(), values });
        let image = kept.image();
        let Recovered::Live(found) = recover(&image) else { panic!("not live") };
        prop_assert_eq!((found.event, found.session, found.fixed), (event, event ^ 1, fixed()));
        prop_assert_eq!(found.name, name.as_bytes());
        prop_assert!(fields.starts_with(found.fields));
        prop_assert_eq!(found.is_cut, found.fields.len() < fields.len());
        let next = Fields::new(&fields[found.fields.len()..]).next().map_or(0, |field| field.whole.len());
        let room = MOST_TEXT_BYTES - name.len() - found.fields.len();
        prop_assert!(!found.is_cut || next > room, "{next} bytes more would have fitted into {room}");
    }

    /// Bits that flip cost the event at most: what is found is what was written, or nothing.
    #[test]
    fn flipped_bits_never_change_contents(
        bits in prop::collection::vec(0..SLOT_BYTES * 8, 1..4),
        length in prop_oneof![3 => Just(SLOT_BYTES), 1 => 0..SLOT_BYTES],
    ) {
        let mut kept = Kept::new();
        let _ = images(&mut kept, &Step::Start { event: 7, name: "first".to_owned(), values: vec![300, 20] });
        let first = event_of(&recover(&kept.image()));
        let _ = images(&mut kept, &Step::Write { name: "second".to_owned(), message: 10, values: vec![40] });
        let mut image = kept.image();
        let second = event_of(&recover(&image));
        prop_assert!(first.is_some() && second.is_some() && first != second);
        for bit in bits {
            image[bit / 8] ^= 1 << (bit % 8);
        }
        image.truncate(length);
        if let Some(found) = event_of(&recover(&image)) {
            prop_assert!([&first, &second].contains(&&Some(found)));
        }
    }

    /// Any bytes have an answer; what has no checksum that holds has no contents.
    #[test]
    fn random_bytes_are_no_event(bytes in prop::collection::vec(any::<u8>(), 0..SLOT_BYTES + 100), state in 0u32..4) {
        let mut bytes = bytes;
        if let Some(place) = bytes.first_chunk_mut() {
            *place = state.to_le_bytes();
        }
        prop_assert_eq!(event_of(&recover(&bytes)), None);
    }
}

#[test]
fn a_copy_of_the_event_before_is_never_taken_for_this_ones() {
    let mut kept = Kept::new();
    let _ = images(&mut kept, &Step::Start { event: 7, name: "before".to_owned(), values: vec![5] });
    let _ = images(&mut kept, &Step::Start { event: 8, name: "after".to_owned(), values: vec![5] });
    let mut image = kept.image();
    let current = HEAD_BYTES + copy_range(kept.slot.version()).start;
    image[current + 20] ^= 1;
    assert_eq!(recover(&image), Recovered::Corrupt);
}

#[test]
fn memory_of_the_process_alone_has_no_checksums() {
    let mut slot = slot();
    slot.assign(1, 2);
    slot.write(&fixed(), [b"name", b""], b"", b"");
    assert_eq!(slot.memory.body()[copy_range(slot.version())][..CRC_BYTES], [0; CRC_BYTES]);
}
