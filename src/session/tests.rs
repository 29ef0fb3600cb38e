//! Sessions' slots: what is written is found again, a kill at any store leaves one whole truth, and memory goes round.

use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{RngAlgorithm, TestRng};

use super::memory::{Place, SLOTS_OF_A_BLOCK, SessionSlots};
use super::recovered::{Recovered, RecoveredSession, recover};
use super::slot::{Identity, slot_bytes};
use super::*;
use crate::otlp::open;
use crate::otlp::span::ATTRIBUTES;
use crate::otlp::value::{Attribute, Value};
use crate::sys::slots::SlotBlock;
use crate::sys::slots::tests::images_around_words;

const SHARDS: usize = 3;

/// Slots in a file of one block.
fn kept() -> (Arc<SessionSlots>, File) {
    let file = tempfile::tempfile().unwrap();
    let bytes = SLOTS_OF_A_BLOCK * slot_bytes(SHARDS);
    file.set_len(bytes as u64).unwrap();
    let (mapped, given) = (file.try_clone().unwrap(), AtomicUsize::new(0));
    let source = move |wanted| {
        assert_eq!(wanted, bytes);
        let is_first = given.fetch_add(1, Ordering::Relaxed) == 0;
        is_first.then(|| SlotBlock::mapped(mapped.as_fd(), 0, bytes).unwrap())
    };
    (Arc::new(SessionSlots::new(SHARDS, Box::new(source))), file)
}

/// What a recovery would read now of a slot.
fn image(file: &File, number: usize) -> Vec<u8> {
    let mut image = vec![0; slot_bytes(SHARDS)];
    file.read_exact_at(&mut image, (number * slot_bytes(SHARDS)) as u64).unwrap();
    image
}

fn attributes(values: &[usize]) -> Vec<u8> {
    let values: Vec<Vec<u8>> = values.iter().map(|bytes| vec![b'v'; *bytes]).collect();
    let list: Vec<_> = values.iter().map(|value| Attribute::new("key", Value::Text(value))).collect();
    open::encoded(ATTRIBUTES, &list).unwrap()
}

fn session(place: Place, trace_state: &str, session_id: usize, root: Root) -> Session {
    let new = NewSession {
        trace_id: [1; 16],
        root_span_id: [2; 8],
        parent: Some(SpanContext { trace_id: [1; 16], span_id: [3; 8], trace_flags: 1, is_remote: true }),
        trace_flags: 3,
        trace_state: trace_state.as_bytes().into(),
        conversation_id: Box::default(),
        provider: Box::default(),
        on_spans: attributes(&[session_id]).into(),
        on_logs: Box::default(),
        start: 4,
        started_at: 5,
        root,
    };
    Session::new(new, place)
}

fn root(name: &str, values: &[usize]) -> Root {
    Root { name: name.as_bytes().to_vec(), attributes: attributes(values), dropped_attributes: 7 }
}

fn open_session(found: Recovered<'_>) -> RecoveredSession<'_> {
    match found {
        Recovered::Open(session) => *session,
        other => panic!("{other:?}"),
    }
}

/// One thing that happens to a session.
#[derive(Clone, Debug)]
enum Step {
    Open { handle: u64, name: String, values: Vec<usize> },
    Write { name: String, values: Vec<usize> },
    Finish { shard: usize, sequence: u64 },
    LetGo,
}

fn step() -> impl Strategy<Value = Step> {
    let values = || prop::collection::vec(0usize..500, 0..8);
    prop_oneof![
        3 => (1u64.., "\\PC{0,20}", values()).prop_map(|(handle, name, values)| Step::Open { handle, name, values }),
        3 => ("\\PC{0,20}", values()).prop_map(|(name, values)| Step::Write { name, values }),
        1 => (0usize..9, any::<u64>()).prop_map(|(shard, sequence)| Step::Finish { shard, sequence }),
        1 => Just(Step::LetGo),
    ]
}

/// Identity and root of what was found; where its frame would be told apart.
fn said(found: &Recovered<'_>) -> String {
    match found {
        Recovered::Open(session) => {
            format!("{} {:?} {:?}", session.handle, session.identity, session.root)
        }
        other => format!("{other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    /// Whatever is stored of a step when the process is killed, the session is what it was before or what it is after.
    #[test]
    fn a_kill_at_any_store_leaves_one_whole_truth(
        steps in prop::collection::vec(step(), 1..7),
        seed in any::<u64>(),
    ) {
        let (slots, file) = kept();
        let place = slots.place();
        let mut random = TestRng::from_seed(RngAlgorithm::XorShift, &[&seed.to_le_bytes()[..], &[1; 8]].concat());
        let mut is_open = false;
        for step in &steps {
            if is_open == matches!(step, Step::Open { .. }) {
                continue;
            }
            let mut images = vec![image(&file, 0)];
            images.extend(images_around_words(|| match step {
                Step::Open { handle, name, values } => {
                    let on_spans = attributes(&[values.len()]);
                    let identity = Identity {
                        trace_id: [1; 16],
                        root_span_id: handle.to_le_bytes(),
                        parent: None,
                        parent_is_remote: false,
                        trace_flags: 3,
                        start: 4,
                        started_at: 5,
                        trace_state: b"a=b",
                        on_spans: &on_spans,
                    };
                    place.open(*handle, &identity, &root(name, values).contents(), || false);
                }
                Step::Write { name, values } => place.write_root(&root(name, values).contents()),
                Step::Finish { shard, sequence } => place.set_finishing(*shard, *sequence),
                Step::LetGo => place.clear(),
            }));
            is_open = !matches!(step, Step::LetGo);
            // What is noted has no lines: these are as they were.
            let lines = images[0][images[1].len()..].to_vec();
            for image in &mut images[1..] {
                image.extend_from_slice(&lines);
            }
            prop_assert_eq!(images.last(), Some(&image(&file, 0)), "something was stored after the word");
            for (number, pair) in images.windows(2).enumerate() {
                let (before, after) = (&pair[0], &pair[1]);
                prop_assert_ne!(recover(after, SHARDS), Recovered::Corrupt);
                if number % 2 == 1 {
                    prop_assert_eq!(&before[8..], &after[8..], "more than the word was stored with it");
                    continue;
                }
                prop_assert_eq!(&before[..8], &after[..8]);
                let (cut, noise) = (random.random_range(0..before.len()), random.random::<u64>());
                for pick in 0..3 {
                    let is_stored = |at: usize| match pick {
                        0 => at < cut,
                        1 => at >= cut,
                        _ => noise.rotate_left(at as u32 % 64) & 1 == 1,
                    };
                    let mix: Vec<u8> = (0..before.len())
                        .map(|at| if is_stored(at) { after[at] } else { before[at] })
                        .collect();
                    prop_assert_eq!(said(&recover(&mix, SHARDS)), said(&recover(before, SHARDS)));
                }
            }
        }
    }

    /// What was written is found again; what did not fit is left out in whole fields, and that is said.
    #[test]
    fn what_fits_is_found_again(
        name in "\\PC{0,300}",
        values in prop::collection::vec(0usize..1500, 0..5),
        members in 0usize..60,
        session_id in 0usize..1000,
    ) {
        let (slots, file) = kept();
        let trace_state = (0..members).map(|n| format!("vendor{n}=value{n}")).collect::<Vec<_>>().join(",");
        let root = root(&name, &values);
        let session = session(slots.place(), &trace_state, session_id, root);
        session.keep(99);
        session.add(2, EventKind::Llm, StatusCode::Error, &Usage { input: 10, output: 20, ..Usage::default() });
        session.add(0, EventKind::Tool, StatusCode::Ok, &Usage::default());
        let bytes = image(&file, 0);
        let found = open_session(recover(&bytes, SHARDS));
        prop_assert_eq!((found.handle, found.finishing, found.sums), (99, None, session.sums()));
        prop_assert_eq!((found.sums.events, found.sums.output_tokens), (2, 20));
        let identity = found.identity;
        prop_assert_eq!((identity.trace_id, identity.root_span_id), ([1; 16], [2; 8]));
        prop_assert_eq!((identity.parent, identity.parent_is_remote), (Some([3; 8]), true));
        prop_assert_eq!((identity.trace_flags, identity.start, identity.started_at), (3, 4, 5));
        prop_assert_eq!(identity.on_spans, &*session.on_spans);
        prop_assert!(trace_state.as_bytes().starts_with(identity.trace_state));
        let whole = identity.trace_state.len() == trace_state.len();
        prop_assert!(whole || trace_state.as_bytes()[identity.trace_state.len()] == b',');
        prop_assert_eq!(whole, trace_state.len() <= 512);
        let written = session.root();
        let known = found.root.unwrap();
        prop_assert!(written.name.starts_with(known.name) && written.attributes.starts_with(known.attributes));
        let lost = known.name.len() < written.name.len() || known.attributes.len() < written.attributes.len();
        prop_assert_eq!((known.is_cut, known.dropped_attributes), (lost, 7));
    }

    /// Bits that flip cost the session at most: what is found is what was written, or nothing.
    #[test]
    fn flipped_bits_never_change_contents(
        bits in prop::collection::vec(0..(slot_bytes(SHARDS) - SHARDS * 128) * 8, 1..4),
        length in prop_oneof![3 => Just(slot_bytes(SHARDS)), 1 => 0..slot_bytes(SHARDS)],
    ) {
        let (slots, file) = kept();
        let session = session(slots.place(), "a=b", 10, root("first", &[100]));
        session.keep(99);
        session.keep_root(&root("second", &[200]));
        let mut bytes = image(&file, 0);
        let before = bytes.clone();
        let was = open_session(recover(&before, SHARDS));
        for bit in bits {
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        bytes.truncate(length);
        if let Recovered::Open(found) = recover(&bytes, SHARDS) {
            prop_assert_eq!((found.handle, found.identity), (was.handle, was.identity));
            prop_assert!(found.root.is_none_or(|root| root.name == b"first" || Some(root) == was.root));
        }
    }

    /// Any bytes have an answer.
    #[test]
    fn random_bytes_are_no_session(
        bytes in prop::collection::vec(any::<u8>(), 0..slot_bytes(1) + 100),
        state in 0u32..4,
        shards in 0usize..300,
    ) {
        let mut bytes = bytes;
        if let Some(place) = bytes.first_chunk_mut() {
            *place = state.to_le_bytes();
        }
        prop_assert!(!matches!(recover(&bytes, shards), Recovered::Open(_)));
    }
}

#[test]
fn a_session_that_has_ended_is_not_found_and_its_slot_goes_to_another_with_sums_from_zero() {
    let (slots, file) = kept();
    let first = session(slots.place(), "", 1, root("first", &[]));
    first.keep(1);
    first.add(1, EventKind::Action, StatusCode::Ok, &Usage::default());
    first.set_finishing(2, 50);
    let bytes = image(&file, 0);
    let found = open_session(recover(&bytes, SHARDS));
    assert_eq!((found.finishing, found.sums.actions), (Some((2, 50)), 1));
    first.let_go();
    assert_eq!(recover(&image(&file, 0), SHARDS), Recovered::Free);
    // A thread may still hold it, and add to it: its slot is not another's yet.
    let second = session(slots.place(), "", 1, root("second", &[]));
    second.keep(2);
    assert_eq!(recover(&image(&file, 0), SHARDS), Recovered::Free);
    drop(first);
    let third = session(slots.place(), "", 1, root("third", &[]));
    third.keep(3);
    let bytes = image(&file, 0);
    let found = open_session(recover(&bytes, SHARDS));
    assert_eq!((found.handle, found.root.unwrap().name, found.sums.actions), (3, &b"third"[..], 0));
}

#[test]
fn sessions_beyond_the_slots_are_sessions_all_the_same() {
    let (slots, file) = kept();
    let sessions: Vec<_> =
        (0..SLOTS_OF_A_BLOCK + 2).map(|_| session(slots.place(), "", 1, root("name", &[]))).collect();
    for (number, session) in sessions.iter().enumerate() {
        session.keep(number as u64 + 1);
        session.add(0, EventKind::Custom, StatusCode::Ok, &Usage::default());
        assert_eq!(session.sums().events, 1);
    }
    let found =
        (0..SLOTS_OF_A_BLOCK).map(|number| open_session(recover(&image(&file, number), SHARDS)).handle);
    assert!(found.eq(1..=SLOTS_OF_A_BLOCK as u64));
}

#[test]
fn a_session_that_ended_while_it_started_is_not_kept() {
    let (slots, file) = kept();
    let table = SessionTable::new(1);
    let session = Arc::new(session(slots.place(), "", 1, root("name", &[])));
    let handle = table.insert(Arc::clone(&session)).unwrap();
    table.remove(handle).unwrap().let_go();
    session.keep(handle);
    assert_eq!(recover(&image(&file, 0), SHARDS), Recovered::Free);
}
