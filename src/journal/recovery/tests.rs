//! What a recovery makes of damaged files: every frame that is whole is found, in order and once, nothing is taken for a
//! frame that is none, and no damage ends in a panic or goes on for ever.

mod images;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use rand::SeedableRng as _;
use rand::rngs::SmallRng;

use self::images::{fast_directory, read_files};
use super::dead::{Findings, MOST_FATAL_STEPS, open_segment};
use super::lane::{Fed, append};
use super::*;
use crate::journal::budget::FileBudget;
use crate::journal::cursor::LaneId;
use crate::journal::cursor_file::CursorFile;
use crate::journal::files::SegmentFiles;
use crate::journal::frame::{FrameHeader, Frames, frame_size, write_checksum, write_surroundings};
use crate::journal::incarnation;
use crate::journal::segment::seal;
use crate::journal::store::{SegmentStore, Substitute};
use crate::journal::{Journal, JournalSettings, OverflowPolicy};
use crate::otlp::Signal;
use crate::otlp::request::RequestHeader;
use crate::sys::directory::Directory;

const PAGE: usize = 4096;
const SEGMENT: usize = 4 * PAGE;
/// Damaged images of segments per run.
const IMAGES: u32 = 20_000;
const POWER_LOSSES: u32 = 500;

/// How much a test does: `usually`, or what `AGENTOTEL_LONG` says, which is 1 for all of `long` and may be a part of it.
fn count_of_run(usually: u32, long: u32) -> u32 {
    let Ok(part) = std::env::var("AGENTOTEL_LONG") else { return usually };
    let part: f64 = part.parse().unwrap();
    ((f64::from(long) * part) as u32).max(usually)
}

/// Frames as they would stand in a segment, and where each begins.
fn segment(seal: u32, first: u64, payloads: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
    let mut bytes = vec![0; SEGMENT];
    let (mut at, mut starts) = (0, Vec::new());
    for (number, payload) in payloads.iter().enumerate() {
        let size = frame_size(payload.len());
        if at + size + 4 > SEGMENT {
            break;
        }
        let header =
            FrameHeader { signal: Signal::Traces, kind: 0, flags: 0, sequence: first + number as u64 };
        let place = &mut bytes[at..];
        write_surroundings(place, payload.len(), header);
        place[16..16 + payload.len()].copy_from_slice(payload);
        write_checksum(place, payload.len(), seal);
        place[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        starts.push(at);
        at += size;
    }
    (bytes, starts)
}

fn payloads() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let payload = (1usize..400, any::<u64>()).prop_map(|(length, seed)| {
        let mut random = SmallRng::seed_from_u64(seed);
        let mut payload = vec![0; length];
        random.fill_bytes(&mut payload);
        payload
    });
    // What somebody has recorded who hopes that it passes for a frame one day: whole but for the salt, which he cannot know.
    let forged = (any::<u64>(), 0usize..9, 1u64..40).prop_map(|(salt, before, number)| {
        let (frame, _) = segment(seal(1, salt), number, &[b"forged".to_vec()]);
        [vec![0; before], frame[..frame_size(6) + 8].to_vec()].concat()
    });
    prop::collection::vec(prop_oneof![3 => payload, 1 => forged], 1..24)
}

#[derive(Clone, Debug)]
enum Damage {
    Flip(usize, u8),
    Zero(usize, usize),
    Fill(usize, Vec<u8>),
    Cut(usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    prop_oneof![
        4 => (0..SEGMENT, 0u8..8).prop_map(|(at, bit)| Damage::Flip(at, bit)),
        1 => (0..SEGMENT, 1usize..600).prop_map(|(at, length)| Damage::Zero(at, length)),
        1 => (0..SEGMENT, prop::collection::vec(any::<u8>(), 1..300)).prop_map(|(at, b)| Damage::Fill(at, b)),
        1 => (0..SEGMENT).prop_map(Damage::Cut),
    ]
}

/// The bytes that were touched.
fn apply(bytes: &mut Vec<u8>, damage: &Damage) -> std::ops::Range<usize> {
    let touched = match damage {
        Damage::Flip(at, _) => *at..at + 1,
        Damage::Zero(at, length) => *at..(at + length).min(SEGMENT),
        Damage::Fill(at, with) => *at..(at + with.len()).min(SEGMENT),
        Damage::Cut(at) => *at..SEGMENT,
    };
    match damage {
        Damage::Flip(at, bit) => bytes[*at] ^= 1 << bit,
        Damage::Zero(..) => bytes[touched.clone()].fill(0),
        Damage::Fill(_, with) => bytes[touched.clone()].copy_from_slice(&with[..touched.len()]),
        Damage::Cut(at) => bytes.truncate(*at),
    }
    touched
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(count_of_run(IMAGES, 1_000_000)))]

    /// One piece of damage: every frame that it did not touch is found, and no other bytes pass for a frame.
    #[test]
    fn damage_costs_the_frames_that_it_touches_and_no_others(
        payloads in payloads(), damage in damage(), stale in any::<bool>(),
    ) {
        let (ours, earlier) = (seal(2, 99), seal(1, 98));
        let (mut bytes, starts) = segment(ours, 1, &payloads);
        if stale {
            // Behind the end stand the frames of an earlier use of the file.
            let (old, old_starts) = segment(earlier, 500, &payloads);
            let end = starts.last().map_or(0, |last| last + frame_size(payloads[starts.len() - 1].len())) + 8;
            let from = old_starts.iter().copied().find(|start| *start >= end).unwrap_or(SEGMENT);
            bytes[from..].copy_from_slice(&old[from..]);
        }
        let touched = apply(&mut bytes, &damage);
        let found: Vec<(usize, Vec<u8>)> =
            Scan::new(&bytes, 0, ours).map(|(at, frame)| (at, frame.payload.to_vec())).collect();
        let mut last = None;
        for (at, payload) in &found {
            prop_assert!(last < Some(*at), "frames come in order");
            last = Some(*at);
            let number = starts.iter().position(|start| start == at);
            prop_assert!(number.is_some_and(|number| &payloads[number] == payload), "a frame that never was, at {}", at);
        }
        for (start, payload) in starts.iter().zip(&payloads) {
            let frame = *start..start + frame_size(payload.len());
            if frame.end <= touched.start || frame.start >= touched.end {
                prop_assert!(found.iter().any(|(at, _)| at == start), "the whole frame at {} was lost", start);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(count_of_run(POWER_LOSSES, 100_000)))]

    /// The disk has what was synced and any pages of what came after: everything synced is found.
    #[test]
    fn a_loss_of_power_costs_nothing_that_was_synced(
        payloads in payloads(), synced in 0usize..40, pages in prop::collection::vec(any::<bool>(), SEGMENT / PAGE),
    ) {
        let seal = seal(1, 5);
        let synced = synced.min(payloads.len());
        let (mut image, kept) = segment(seal, 1, &payloads[..synced]);
        let (after, starts) = segment(seal, 1, &payloads);
        for (page, written) in pages.iter().enumerate() {
            if *written {
                image[page * PAGE..][..PAGE].copy_from_slice(&after[page * PAGE..][..PAGE]);
            }
        }
        let found: Vec<usize> = Scan::new(&image, 0, seal).map(|(at, _)| at).collect();
        prop_assert!(kept.iter().all(|start| found.contains(start)));
        prop_assert!(found.iter().all(|at| starts.contains(at)));
    }
}

#[test]
fn a_payload_that_looks_like_a_frame_is_not_taken_for_one() {
    let seal = seal(7, 0xdead_beef);
    let (forged, _) = segment(super::super::segment::seal(7, 1), 1, &[b"forged".to_vec()]);
    let payload = [vec![0; 8], forged[..64].to_vec()].concat();
    let (mut bytes, _) = segment(seal, 1, &[payload, b"genuine".to_vec()]);
    // The frame around it is damaged, so that its inside is searched.
    bytes[17] ^= 1;
    let found: Vec<_> = Scan::new(&bytes, 0, seal).map(|(_, frame)| frame.payload.to_vec()).collect();
    assert_eq!(found, [b"genuine".to_vec()]);
}

#[test]
fn a_segment_of_plausible_lengths_does_not_take_for_ever() {
    let mut bytes = vec![0; 4 << 20];
    for place in bytes.chunks_exact_mut(8) {
        place.copy_from_slice(&[0, 0, 8, 0, 1, 0, 0, 0]);
    }
    assert_eq!(Scan::new(&bytes, 0, 1).count(), 0);
}

/// A directory of a journal in files that was never closed.
struct Left {
    _path: tempfile::TempDir,
    namespace: Directory,
    name: String,
}

fn header() -> RequestHeader {
    RequestHeader::from_parts(b"resource".to_vec(), b"scope".to_vec())
}

const LANE: LaneId = LaneId(0);

/// A journal in files, in a directory of its own.
fn journal_in(namespace: &Directory) -> (incarnation::Incarnation, Journal) {
    let incarnation = incarnation::Incarnation::create(namespace).unwrap();
    let settings = JournalSettings {
        shards: 1,
        segment_bytes: SEGMENT,
        max_bytes: 0,
        overflow: OverflowPolicy::DropNewest,
    };
    let store = SegmentStore::in_files(Substitute::Nothing, SEGMENT, 0, Arc::new(FileBudget::new(1 << 30)));
    let journal = Journal::in_store(settings, store, false, Box::new(|| {}));
    let cursors = CursorFile::create(&incarnation.directory, 2).unwrap();
    journal.set_files(SegmentFiles::new(incarnation.directory.again().unwrap(), &header()).unwrap(), cursors);
    journal.attach_named(LANE, "otlp", Signal::Traces);
    (incarnation, journal)
}

/// Takes up to `most` numbers into a batch; settled or not.
fn deliver(journal: &Journal, batch: u64, most: usize, settle: bool) -> Vec<u64> {
    let mut numbers = Vec::new();
    while numbers.len() < most {
        let Some(unread) = journal.next_unread(0, LANE) else { break };
        let mut end = unread.from;
        let before = numbers.len();
        for frame in Frames::new(&unread.region.committed()[unread.from.offset..]) {
            if numbers.len() == most {
                break;
            }
            numbers.push(u64::from_le_bytes(frame.payload.try_into().unwrap()));
            end.offset += frame.size;
        }
        assert!(journal.take(0, LANE, unread.from, end, batch, (numbers.len() - before) as u64));
    }
    if settle {
        let exported = numbers.len() as u64;
        journal.settle(0, LANE, batch, crate::journal::cursor::Settlement { exported, ..Default::default() });
    }
    numbers
}

/// Records `count` spans, of which an exporter has settled the first `settled`.
fn left_behind(count: u64, settled: u64) -> Left {
    let path = tempfile::tempdir().unwrap();
    let namespace = Directory::open_base(path.path()).unwrap();
    let (incarnation, journal) = journal_in(&namespace);
    for number in 0..count {
        assert!(append(&journal, Signal::Traces, 0, 0, &number.to_le_bytes()));
    }
    assert_eq!(deliver(&journal, 1, settled as usize, true).len() as u64, settled);
    let name = incarnation.name.clone();
    // The process ends here: nothing is tidied up.
    drop(journal);
    drop(incarnation);
    Left { _path: path, namespace, name }
}

/// Reads and settles everything that waits in a lane's journal.
fn drain(lane: &LaneRecovery) -> Vec<u64> {
    deliver(&lane.journal, 1, usize::MAX, true)
}

fn recover(left: &Left, exporter: &str, steps: usize) -> (Vec<u64>, bool) {
    let incarnation = incarnation::adopt(&left.namespace, &left.name).unwrap().unwrap();
    let dead = DeadJournal::open(&incarnation, false).unwrap();
    assert_eq!(dead.parts(), Some((&b"resource"[..], &b"scope"[..])));
    let mut lane = LaneRecovery::new(&dead, LANE, exporter, Signal::Traces);
    let mut numbers = Vec::new();
    for _ in 0..steps {
        lane.step(&dead, &[], 1000).unwrap();
        numbers.extend(drain(&lane));
        lane.persist();
    }
    (numbers, lane.is_done())
}

const ENOUGH_STEPS: usize = 1000;

#[test]
fn each_exporter_goes_on_where_it_had_come() {
    let left = left_behind(5000, 1234);
    let (numbers, is_done) = recover(&left, "otlp", ENOUGH_STEPS);
    assert!(is_done);
    assert_eq!(numbers, (1234..5000).collect::<Vec<_>>());
}

#[test]
fn an_exporter_that_was_not_there_before_gets_what_was_not_settled() {
    let left = left_behind(300, 100);
    assert_eq!(recover(&left, "another", ENOUGH_STEPS).0, (100..300).collect::<Vec<_>>());
}

#[test]
fn an_exporter_that_was_removed_gets_nothing_and_one_that_came_back_what_came_after() {
    for comes_back in [false, true] {
        let path = tempfile::tempdir().unwrap();
        let namespace = Directory::open_base(path.path()).unwrap();
        let (incarnation, journal) = journal_in(&namespace);
        journal.attach_named(LaneId(1), "stays", Signal::Traces);
        let record = |numbers: std::ops::Range<u64>| {
            for number in numbers {
                assert!(append(&journal, Signal::Traces, 0, 0, &number.to_le_bytes()));
            }
        };
        record(0..100);
        journal.detach(LANE, crate::journal::accounting::Drop::Removed);
        record(100..150);
        if comes_back {
            journal.attach_named(LANE, "otlp", Signal::Traces);
        }
        record(150..200);
        let name = incarnation.name.clone();
        drop(journal);
        drop(incarnation);
        let left = Left { _path: path, namespace, name };
        let (numbers, is_done) = recover(&left, "otlp", ENOUGH_STEPS);
        assert!(is_done);
        assert_eq!(numbers, if comes_back { (150..200).collect::<Vec<_>>() } else { Vec::new() });
        assert_eq!(recover(&left, "stays", ENOUGH_STEPS).0, (0..200).collect::<Vec<_>>());
    }
}

#[test]
fn an_exporter_that_goes_while_something_is_recovered_holds_nothing_up() {
    let left = left_behind(5000, 0);
    let incarnation = incarnation::adopt(&left.namespace, &left.name).unwrap().unwrap();
    let dead = DeadJournal::open(&incarnation, false).unwrap();
    let mut lane = LaneRecovery::new(&dead, LANE, "otlp", Signal::Traces);
    lane.step(&dead, &[], 1000).unwrap();
    let first = deliver(&lane.journal, 1, 5, true);
    assert!(!lane.is_done());
    lane.journal.close();
    let counters = lane.journal.detach(LANE, crate::journal::accounting::Drop::Removed);
    assert_eq!((counters.exported, counters.pending), (5, 0));
    assert!(lane.is_abandoned() && lane.is_done());
    assert_eq!(lane.step(&dead, &[], 1000).unwrap(), Fed::default());
    lane.persist();
    drop((lane, dead, incarnation));
    // What it had not sent is still there for whoever comes.
    let mut all = first;
    all.extend(recover(&left, "otlp", ENOUGH_STEPS).0);
    assert_eq!(all, (0..5000).collect::<Vec<_>>());
}

#[test]
fn a_recovery_that_is_cut_off_is_gone_on_with() {
    let left = left_behind(5000, 0);
    let mut numbers = Vec::new();
    let mut rounds = 0;
    loop {
        let (more, is_done) = recover(&left, "otlp", 7);
        numbers.extend(more);
        rounds += 1;
        if is_done {
            break;
        }
    }
    assert!(rounds > 5);
    assert_eq!(numbers, (0..5000).collect::<Vec<_>>());
}

#[test]
fn what_is_missing_between_others_is_counted() {
    let left = left_behind(1000, 0);
    let name = left._path.path().join(&left.name).join("00000000.segment");
    let mut bytes = std::fs::read(&name).unwrap();
    // Frames of 8 bytes take 32: three of them are hit.
    bytes[PAGE + 320..PAGE + 400].fill(0xee);
    std::fs::write(&name, bytes).unwrap();
    let incarnation = incarnation::adopt(&left.namespace, &left.name).unwrap().unwrap();
    let dead = DeadJournal::open(&incarnation, false).unwrap();
    let mut lane = LaneRecovery::new(&dead, LANE, "otlp", Signal::Traces);
    lane.step(&dead, &[], 1 << 20).unwrap();
    assert_eq!(drain(&lane).len(), 997);
    assert_eq!(lane.missing, 3);
}

#[test]
fn files_that_are_not_ours_are_left_alone_and_counted() {
    let left = left_behind(100, 0);
    let directory = left._path.path().join(&left.name);
    let mut later = std::fs::read(directory.join("00000000.segment")).unwrap();
    later[8] = 2;
    std::fs::write(directory.join("later.segment"), &later).unwrap();
    std::fs::write(directory.join("short.segment"), b"x").unwrap();
    std::fs::hard_link(directory.join("lock"), directory.join("twice.segment")).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", directory.join("link.segment")).unwrap();
    let names = directory.join("lock");
    std::fs::remove_file(directory.join("twice.segment")).unwrap();
    std::fs::hard_link(directory.join("short.segment"), directory.join("twice.segment")).unwrap();
    assert!(names.exists());
    let incarnation = incarnation::adopt(&left.namespace, &left.name).unwrap().unwrap();
    let findings = DeadJournal::open(&incarnation, false).unwrap().findings;
    // Both names of the file with two names are refused.
    assert_eq!(findings, Findings { foreign: 1, corrupt: 0, refused: 3 });
}

#[test]
fn a_file_that_cannot_be_read_now_is_not_taken_for_an_empty_one() {
    let left = left_behind(10, 0);
    let path = left._path.path().join(&left.name).join("00000000.segment");
    // Reading what is open for writing alone is an error.
    let for_writing = std::fs::File::options().write(true).open(&path).unwrap();
    assert!(open_segment(for_writing.into(), "00000000.segment").is_err());
    let both = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    assert!(matches!(open_segment(both.into(), "00000000.segment"), Ok(Ok(_))));
}

#[test]
fn deaths_at_the_slots_are_not_forgotten_for_frames_that_were_copied() {
    let left = left_behind(10, 0);
    for death in 0..=MOST_FATAL_STEPS {
        let incarnation = incarnation::adopt(&left.namespace, &left.name).unwrap().unwrap();
        let dead = DeadJournal::open(&incarnation, false).unwrap();
        assert_eq!(dead.begin_slots(), death < MOST_FATAL_STEPS, "{death}");
        assert!(dead.begin_step(&[]));
        dead.end_step();
    }
}

#[test]
fn deaths_in_one_place_are_counted_and_what_is_read_for_a_step_is_read_before_it() {
    let left = left_behind(10, 0);
    for death in 0..=MOST_FATAL_STEPS {
        let incarnation = incarnation::adopt(&left.namespace, &left.name).unwrap().unwrap();
        let dead = DeadJournal::open(&incarnation, false).unwrap();
        let mut lane = LaneRecovery::new(&dead, LANE, "otlp", Signal::Traces);
        lane.prepare(&dead).unwrap();
        assert!(lane.reading.is_some());
        assert_eq!(dead.begin_step(&[lane]), death < MOST_FATAL_STEPS);
        // The process dies here.
    }
}

/// Bytes of a file are brought to the disk, or read, while its segment comes back.
#[test]
fn segments_that_come_back_while_somebody_reads_them_are_used_again() {
    let path = fast_directory();
    let namespace = Directory::open_base(path.path()).unwrap();
    let (incarnation, journal) = journal_in(&namespace);
    let files = || read_files(&path.path().join(&incarnation.name)).len();
    let mut number = 0;
    for batch in 1..50 {
        let first = batch * 2;
        for _ in 0..SEGMENT / frame_size(8) {
            assert!(append(&journal, Signal::Traces, 0, 0, &u64::to_le_bytes(number)));
            number += 1;
        }
        let reader = journal.next_unread(0, LANE).unwrap();
        deliver(&journal, first, usize::MAX, true);
        journal.prepare_segments();
        drop(reader);
    }
    // Cursors, resource and lock; one in use, one spare, one that was read just now, and one more.
    assert!(files() <= 3 + 4, "{} files", files());
}

/// What happens to a row of processes that share a directory.
#[derive(Clone, Debug)]
enum Event {
    Record(u64),
    /// Some are sent and acknowledged; some are sent, and the process dies before it knows.
    Deliver(usize),
    Send(usize),
    Die,
    /// Somebody takes the oldest of the dead over, for so many steps, and dies before it has noted how far it came, or not.
    TakeOver {
        steps: usize,
        notes: bool,
    },
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1u64..400).prop_map(Event::Record),
        3 => (1usize..300).prop_map(Event::Deliver),
        1 => (1usize..50).prop_map(Event::Send),
        2 => Just(Event::Die),
        3 => (1usize..8, any::<bool>()).prop_map(|(steps, notes)| Event::TakeOver { steps, notes }),
    ]
}

/// Processes that record, send, die and take over each other's journals.
struct Row {
    namespace: Directory,
    running: Option<(incarnation::Incarnation, Journal)>,
    dead: Vec<String>,
    batch: u64,
    recorded: u64,
    delivered: Vec<u64>,
    /// Numbers that may come once more: sent, and nobody noted it.
    open: std::collections::BTreeSet<u64>,
}

impl Row {
    fn running(&mut self) -> &Journal {
        &self.running.get_or_insert_with(|| journal_in(&self.namespace)).1
    }

    fn die(&mut self) {
        if let Some((incarnation, journal)) = self.running.take() {
            self.dead.push(incarnation.name.clone());
            drop(journal);
            drop(incarnation);
        }
    }

    fn take_over(&mut self, steps: usize, notes: bool) {
        let Some(name) = self.dead.first().cloned() else { return };
        let incarnation = incarnation::adopt(&self.namespace, &name).unwrap().unwrap();
        let dead = DeadJournal::open(&incarnation, false).unwrap();
        let mut lane = LaneRecovery::new(&dead, LANE, "otlp", Signal::Traces);
        for _ in 0..steps {
            lane.step(&dead, &[], 500).unwrap();
            // What is settled is noted with that, whatever becomes of the process before the next step.
            let numbers = deliver(&lane.journal, 1, usize::MAX, notes);
            if !notes {
                self.open.extend(&numbers);
            }
            self.delivered.extend(numbers);
        }
        if lane.is_done() && notes {
            incarnation.remove(&self.namespace).unwrap();
            self.dead.remove(0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(count_of_run(2000, 1_000_000)))]

    /// Whoever dies, and whenever: everything recorded is delivered in the end, and nothing twice but what was sent
    /// without anybody noting it.
    #[test]
    fn nothing_is_lost_over_any_row_of_deaths(events in prop::collection::vec(event(), 1..24)) {
        let path = tempfile::tempdir().unwrap();
        let namespace = Directory::open_base(path.path()).unwrap();
        let mut row = Row {
            namespace,
            running: None,
            dead: Vec::new(),
            batch: 0,
            recorded: 0,
            delivered: Vec::new(),
            open: std::collections::BTreeSet::new(),
        };
        for event in events {
            row.batch += 1;
            let batch = row.batch;
            match event {
                Event::Record(count) => {
                    for number in row.recorded..row.recorded + count {
                        prop_assert!(append(row.running(), Signal::Traces, 0, 0, &number.to_le_bytes()));
                    }
                    row.recorded += count;
                }
                Event::Deliver(most) => {
                    let numbers = deliver(row.running(), batch, most, true);
                    // What an earlier batch still holds up is not noted before that one.
                    if !row.open.is_empty() {
                        row.open.extend(&numbers);
                    }
                    row.delivered.extend(numbers);
                }
                Event::Send(most) => {
                    let numbers = deliver(row.running(), batch, most, false);
                    row.open.extend(&numbers);
                    row.delivered.extend(numbers);
                }
                Event::Die => row.die(),
                Event::TakeOver { steps, notes } => row.take_over(steps, notes),
            }
        }
        row.die();
        let mut rounds = 0;
        while !row.dead.is_empty() {
            row.take_over(50, true);
            rounds += 1;
            prop_assert!(rounds < 1000, "a takeover does not end");
        }
        let mut times = vec![0; usize::try_from(row.recorded).unwrap()];
        for number in &row.delivered {
            times[usize::try_from(*number).unwrap()] += 1;
        }
        for (number, times) in times.iter().enumerate() {
            prop_assert!(*times > 0, "{} was lost", number);
            prop_assert!(*times == 1 || row.open.contains(&(number as u64)), "{} came {} times", number, times);
        }
    }
}

#[test]
fn thousands_of_the_dead_are_listed_and_not_read() {
    let path = tempfile::tempdir().unwrap();
    let namespace = Directory::open_base(path.path()).unwrap();
    for number in 0..3000 {
        namespace.make(&format!("{number:016x}-1-0")).unwrap().create_file("lock").unwrap();
    }
    let own = incarnation::Incarnation::create(&namespace).unwrap();
    let names = incarnation::candidates(&namespace, &own.name).unwrap();
    assert_eq!(names.len(), 3000);
    assert!(names.is_sorted());
}
