//! What the journal promises, as claims; a model-based test at the end drives it with arbitrary actions.

use proptest::prelude::*;

use super::accounting::{Refusal, Repairs};
use super::frame::{Frames, frame_size};
use super::*;
use crate::otlp::wire::WriteError;

const SEGMENT: usize = 4096;

fn journal(segments: usize, overflow: OverflowPolicy) -> Journal {
    let settings =
        JournalSettings { shards: 1, segment_bytes: SEGMENT, max_bytes: SEGMENT * segments, overflow };
    Journal::new(settings, Box::new(|| {}))
}

fn entry(signal: Signal) -> Entry {
    Entry { signal, kind: 0, flags: 0, origin: Origin::Caller, repairs: Repairs::default() }
}

fn append(journal: &Journal, signal: Signal, payload: &[u8]) -> Result<(), AppendError> {
    journal.append(0, entry(signal), payload.len(), |place, _| {
        place.copy_from_slice(payload);
        Ok(())
    })
}

/// Reads up to `limit` frames of a lane into a batch.
fn take(journal: &Journal, lane: LaneId, signal: Signal, batch: u64, limit: u64) -> Vec<Vec<u8>> {
    let mut payloads = Vec::new();
    while let Some(unread) = journal.next_unread(0, lane) {
        let mut end = unread.from;
        let before = payloads.len();
        for frame in Frames::new(&unread.region.committed()[unread.from.offset..]) {
            if frame.header.signal == signal {
                if payloads.len() as u64 == limit {
                    break;
                }
                payloads.push(frame.payload.to_vec());
            }
            end.offset += frame.size;
        }
        assert!(journal.take(0, lane, unread.from, end, batch, (payloads.len() - before) as u64));
        if payloads.len() as u64 == limit {
            break;
        }
    }
    payloads
}

fn exported(frames: u64) -> Settlement {
    Settlement { exported: frames, ..Settlement::default() }
}

fn assert_balanced(journal: &Journal, lane: LaneId) -> LaneCounters {
    let counters = journal.lane_counters(lane);
    assert_eq!(counters.accepted, counters.settled() + counters.pending, "{counters:?}");
    counters
}

const A: LaneId = LaneId(1);
const B: LaneId = LaneId(2);

#[test]
fn what_is_appended_is_read_in_order_by_every_lane() {
    let journal = journal(8, OverflowPolicy::DropNewest);
    journal.attach(A, Signal::Traces);
    journal.attach(B, Signal::Logs);
    for number in 0..100u32 {
        append(&journal, Signal::Traces, &number.to_le_bytes()).unwrap();
        if number % 10 == 0 {
            append(&journal, Signal::Logs, b"log").unwrap();
        }
    }
    let spans = take(&journal, A, Signal::Traces, 1, u64::MAX);
    assert_eq!(spans, (0..100u32).map(|n| n.to_le_bytes().to_vec()).collect::<Vec<_>>());
    assert_eq!(take(&journal, B, Signal::Logs, 2, u64::MAX).len(), 10);
    journal.settle(0, A, 1, exported(100));
    assert_eq!(assert_balanced(&journal, A).exported, 100);
    assert_eq!(assert_balanced(&journal, B).pending, 10);
}

#[test]
fn a_full_queue_refuses_and_counts() {
    let journal = journal(4, OverflowPolicy::DropNewest);
    journal.attach(A, Signal::Traces);
    let mut accepted = 0;
    let refused = loop {
        match append(&journal, Signal::Traces, &[7; 500]) {
            Ok(()) => accepted += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(refused, AppendError::Full);
    assert_eq!(accepted, 4 * (SEGMENT / frame_size(500)) as u64);
    let counters = journal.signal_counters(Signal::Traces);
    assert_eq!((counters.offered, counters.accepted_caller), (accepted + 1, accepted));
    assert_eq!(counters.refused[Refusal::QueueFull as usize], 1);
    assert_eq!(assert_balanced(&journal, A).pending, accepted);
}

#[test]
fn what_gives_way_leaves_half_of_the_queue_and_takes_nothing_from_others() {
    let policies = [
        OverflowPolicy::DropNewest,
        OverflowPolicy::DropOldest,
        // Waiting so long would not go unnoticed.
        OverflowPolicy::Block(Duration::from_secs(3600)),
    ];
    for overflow in policies {
        let journal = journal(8, overflow);
        journal.attach(A, Signal::Logs);
        journal.attach(B, Signal::Logs);
        let show = || {
            let entry = Entry { origin: Origin::Expendable, ..entry(Signal::Logs) };
            journal.append(0, entry, 500, |place, _| {
                place.fill(7);
                Ok(())
            })
        };
        let mut shown = 0;
        while show().is_ok() {
            shown += 1;
        }
        assert_eq!(shown, 5 * (SEGMENT / frame_size(500)) as u64);
        let counters = journal.signal_counters(Signal::Logs);
        assert_eq!((counters.offered, counters.accepted_derived), (0, shown), "none of them was refused");
        // The other half is there for what is accepted, and one exporter's lag is no room for what gives way.
        append(&journal, Signal::Logs, &[7; 3000]).unwrap();
        append(&journal, Signal::Logs, &[7; 3000]).unwrap();
        take(&journal, A, Signal::Logs, 1, u64::MAX);
        journal.settle(0, A, 1, exported(shown + 2));
        append(&journal, Signal::Logs, &[7; 4000]).unwrap();
        assert_eq!(show(), Err(AppendError::Full));
        let lagging = assert_balanced(&journal, B);
        assert_eq!((lagging.pending, lagging.settled()), (shown + 3, 0));
    }
}

#[test]
fn settled_segments_make_room_again_without_new_memory() {
    let journal = journal(4, OverflowPolicy::DropNewest);
    journal.attach(A, Signal::Traces);
    for batch in 0..1000 {
        for _ in 0..7 {
            append(&journal, Signal::Traces, &[7; 500]).unwrap();
        }
        let frames = take(&journal, A, Signal::Traces, batch, u64::MAX).len() as u64;
        journal.settle(0, A, batch, exported(frames));
    }
    assert_eq!(assert_balanced(&journal, A).exported, 7000);
    assert!(journal.bytes_in_use() <= 2 * SEGMENT);
}

#[test]
fn drop_oldest_gives_up_the_oldest_segment_for_all() {
    let journal = journal(4, OverflowPolicy::DropOldest);
    journal.attach(A, Signal::Traces);
    let per_segment = (SEGMENT / frame_size(500)) as u64;
    for _ in 0..per_segment * 4 + 1 {
        append(&journal, Signal::Traces, &[7; 500]).unwrap();
    }
    let counters = assert_balanced(&journal, A);
    assert_eq!(counters.dropped[Drop::Overflow as usize], per_segment);
    assert_eq!(counters.pending, per_segment * 3 + 1);
}

#[test]
fn one_dead_exporter_starves_nobody() {
    let journal = journal(4, OverflowPolicy::DropNewest);
    journal.attach(A, Signal::Traces);
    journal.attach(B, Signal::Traces);
    for batch in 0..200 {
        for _ in 0..7 {
            append(&journal, Signal::Traces, &[7; 500]).unwrap();
        }
        let frames = take(&journal, A, Signal::Traces, batch, u64::MAX).len() as u64;
        journal.settle(0, A, batch, exported(frames));
    }
    assert_eq!(assert_balanced(&journal, A).exported, 1400);
    let dead = assert_balanced(&journal, B);
    assert!(dead.dropped[Drop::Lag as usize] > 1300, "{dead:?}");
    assert_eq!(journal.signal_counters(Signal::Traces).accepted_caller, 1400);
}

#[test]
fn blocking_waits_for_room_and_no_longer_than_said() {
    let wait = Duration::from_millis(50);
    let short = journal(4, OverflowPolicy::Block(wait));
    short.attach(A, Signal::Traces);
    let mut room = 0;
    while append(&short, Signal::Traces, &[7; 500]).is_ok() {
        room += 1;
    }
    let before = Instant::now();
    assert_eq!(append(&short, Signal::Traces, &[7; 500]), Err(AppendError::Full));
    assert!(before.elapsed() >= wait);

    let journal = std::sync::Arc::new(journal(4, OverflowPolicy::Block(Duration::from_secs(30))));
    journal.attach(A, Signal::Traces);
    for _ in 0..room {
        append(&journal, Signal::Traces, &[7; 500]).unwrap();
    }
    let reader = std::sync::Arc::clone(&journal);
    let worker = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(10));
        let frames = take(&reader, A, Signal::Traces, 1, u64::MAX).len() as u64;
        reader.settle(0, A, 1, exported(frames));
    });
    assert_eq!(append(&journal, Signal::Traces, &[7; 500]), Ok(()));
    worker.join().unwrap();
}

#[test]
fn a_closed_journal_refuses_and_counts() {
    let journal = journal(4, OverflowPolicy::DropNewest);
    journal.close();
    assert_eq!(append(&journal, Signal::Logs, b"x"), Err(AppendError::Closed));
    let counters = journal.signal_counters(Signal::Logs);
    assert_eq!((counters.offered, counters.refused[Refusal::ShutDown as usize]), (1, 1));
}

#[test]
fn a_payload_that_cannot_be_written_leaves_no_trace() {
    let journal = journal(4, OverflowPolicy::DropNewest);
    journal.attach(A, Signal::Traces);
    let failed = journal.append(0, entry(Signal::Traces), 10, |_, _| Err(WriteError::InvalidUtf8));
    assert_eq!(failed, Err(AppendError::Write(WriteError::InvalidUtf8)));
    append(&journal, Signal::Traces, b"good").unwrap();
    assert_eq!(journal.signal_counters(Signal::Traces).offered, 1);
    assert_eq!(take(&journal, A, Signal::Traces, 1, 10), [b"good".to_vec()]);
}

#[test]
fn a_lane_that_is_removed_holds_no_segment() {
    let journal = journal(8, OverflowPolicy::DropNewest);
    journal.attach(A, Signal::Traces);
    journal.attach(B, Signal::Traces);
    for _ in 0..30 {
        append(&journal, Signal::Traces, &[7; 500]).unwrap();
    }
    take(&journal, A, Signal::Traces, 1, u64::MAX);
    journal.settle(0, A, 1, exported(30));
    assert!(journal.bytes_in_use() > 2 * SEGMENT);
    take(&journal, B, Signal::Traces, 2, 11);
    let left = journal.detach(B, Drop::Removed);
    assert_eq!((left.accepted, left.dropped[Drop::Removed as usize]), (30, 30));
    assert_eq!(journal.bytes_in_use(), SEGMENT);
    // What was under way ends somewhere else.
    journal.settle(0, B, 2, exported(11));
    assert_eq!(journal.lane_counters(B), LaneCounters::default());
    assert!(journal.next_unread(0, B).is_none());
}

#[derive(Clone, Debug)]
enum Action {
    Append { logs: bool, size: usize },
    Take { lane: usize, limit: u64 },
    Settle { lane: usize, pick: usize, rejected: bool },
    LeaveAndComeBack { lane: usize },
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        6 => (any::<bool>(), 1usize..1500).prop_map(|(logs, size)| Action::Append { logs, size }),
        2 => (0usize..4, 1u64..20).prop_map(|(lane, limit)| Action::Take { lane, limit }),
        2 => (0usize..4, any::<usize>(), any::<bool>())
            .prop_map(|(lane, pick, rejected)| Action::Settle { lane, pick, rejected }),
        1 => (0usize..4).prop_map(|lane| Action::LeaveAndComeBack { lane }),
    ]
}

fn policy() -> impl Strategy<Value = OverflowPolicy> {
    prop_oneof![
        Just(OverflowPolicy::DropNewest),
        Just(OverflowPolicy::DropOldest),
        Just(OverflowPolicy::Block(Duration::ZERO)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Whatever happens: the equations hold after every action, every lane reads what it reads in order and once, and
    /// what it neither read nor has pending was dropped under a reason.
    #[test]
    fn the_equations_hold_after_every_action(policy in policy(), actions in prop::collection::vec(action(), 1..120)) {
        let journal = journal(4, policy);
        let lanes = [(LaneId(0), Signal::Traces), (LaneId(1), Signal::Traces), (LaneId(2), Signal::Logs), (LaneId(3), Signal::Logs)];
        for (lane, signal) in lanes {
            journal.attach(lane, signal);
        }
        let mut next_number = [0u64; 2];
        let mut last_read = [0u64; 4];
        let mut under_way: [Vec<(u64, u64)>; 4] = Default::default();
        let mut batch = 0;
        for action in actions {
            match action {
                Action::Append { logs, size } => {
                    let signal = if logs { Signal::Logs } else { Signal::Traces };
                    let number = next_number[usize::from(logs)] + 1;
                    let mut payload = vec![0xab; size.max(8)];
                    payload[..8].copy_from_slice(&number.to_le_bytes());
                    if append(&journal, signal, &payload).is_ok() {
                        next_number[usize::from(logs)] = number;
                    }
                }
                Action::Take { lane, limit } => {
                    batch += 1;
                    let (id, signal) = lanes[lane];
                    let read = take(&journal, id, signal, batch, limit);
                    for payload in &read {
                        let number = u64::from_le_bytes(payload[..8].try_into().unwrap());
                        prop_assert!(number > last_read[lane], "read {number} after {}", last_read[lane]);
                        last_read[lane] = number;
                    }
                    if !read.is_empty() {
                        under_way[lane].push((batch, read.len() as u64));
                    }
                }
                Action::Settle { lane, pick, rejected } if !under_way[lane].is_empty() => {
                    let at = pick % under_way[lane].len();
                    let (batch, frames) = under_way[lane].remove(at);
                    let settlement = if rejected {
                        Settlement { rejected: frames, ..Settlement::default() }
                    } else {
                        exported(frames)
                    };
                    journal.settle(0, lanes[lane].0, batch, settlement);
                }
                Action::Settle { .. } => {}
                Action::LeaveAndComeBack { lane } => {
                    let (id, signal) = lanes[lane];
                    let before = assert_balanced(&journal, id);
                    let after = journal.detach(id, Drop::Removed);
                    prop_assert_eq!(after.settled(), after.accepted);
                    prop_assert_eq!(after.dropped[Drop::Removed as usize], before.pending);
                    prop_assert_eq!((after.pending, after.lag_bytes), (0, 0));
                    prop_assert!(journal.has_settled(id, &journal.heads()));
                    under_way[lane].clear();
                    journal.attach(id, signal);
                    prop_assert_eq!(journal.lane_counters(id), LaneCounters::default());
                }
            }
            for (index, (lane, signal)) in lanes.into_iter().enumerate() {
                let counters = assert_balanced(&journal, lane);
                let held: u64 = under_way[index].iter().map(|(_, frames)| frames).sum();
                prop_assert!(counters.pending >= held);
                let offered = journal.signal_counters(signal);
                prop_assert_eq!(offered.offered, offered.accepted_caller + offered.refused.iter().sum::<u64>());
                prop_assert_eq!(offered.accepted_caller, next_number[usize::from(signal == Signal::Logs)]);
            }
            prop_assert!(journal.bytes_in_use() <= 4 * SEGMENT);
        }
    }
}
