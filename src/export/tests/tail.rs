//! What tail sampling promises: one decision for a session, the same for every exporter, and every frame accounted for at
//! every moment. A model test drives journal, sampler and gates with arbitrary actions.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use proptest::prelude::*;
use prost::Message;

use super::super::batch::BatchInMaking;
use super::super::gate::{Bounds, Gate};
use super::super::tail::{RootSpan, TailRules, TailSampler};
use super::*;
use crate::config::{KeepRule, TailSampling};
use crate::journal::accounting::{LaneCounters, Repairs};
use crate::journal::cursor::{LaneId, Settlement};
use crate::journal::frame::FLAG_ERROR;
use crate::journal::{Entry, Journal, JournalSettings, Origin, OverflowPolicy, Scanner};
use crate::otlp::request::RequestHeader;

const ROOT: u8 = 255;
const SECOND: u64 = 1_000_000_000;
const SHARDS: usize = 2;

fn rules(ratio: f64, max_bytes: u64) -> TailRules {
    let keep = vec![
        KeepRule::Error,
        KeepRule::SlowerThanMs(30_000),
        KeepRule::CostAbove(0.5),
        KeepRule::Tag("vip".to_owned()),
    ];
    let root = RootSpan { kind: ROOT, tags: "tags", cost: "cost" };
    TailRules { config: TailSampling { keep, ratio, max_bytes }, root }
}

fn text(text: &str) -> Value {
    Value::StringValue(text.to_owned())
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), ..KeyValue::default() }
}

/// What a frame is of.
#[derive(Clone, Debug, Default)]
struct Made {
    session: u8,
    logs: bool,
    failed: bool,
    root: bool,
    attributes: Vec<(&'static str, Value)>,
    seconds: u64,
}

fn payload(made: &Made, number: u64) -> Vec<u8> {
    let mut attributes = vec![
        attribute("number", Value::IntValue(number.cast_signed())),
        attribute("session.id", text(&format!("session {}", made.session))),
    ];
    attributes.extend(made.attributes.iter().map(|(key, value)| attribute(key, value.clone())));
    // Two sessions share a trace: they are two all the same.
    let trace_id = vec![made.session / 2 + 1; 16];
    if made.logs {
        let record = LogRecord { trace_id, attributes, ..LogRecord::default() };
        ScopeLogs { log_records: vec![record], ..ScopeLogs::default() }.encode_to_vec()
    } else {
        let span = Span {
            trace_id,
            start_time_unix_nano: SECOND,
            end_time_unix_nano: SECOND * (1 + made.seconds),
            attributes,
            ..Span::default()
        };
        ScopeSpans { spans: vec![span], ..ScopeSpans::default() }.encode_to_vec()
    }
}

/// A batch: its number, its frames by shard, and whose records it has.
type UnderWay = (u64, Vec<u64>, Vec<(u8, u64)>);

struct Reader {
    lane: LaneId,
    signal: Signal,
    gate: Gate,
    next_batch: u64,
    under_way: Vec<UnderWay>,
    exported: Vec<(u8, u64)>,
}

struct Bench {
    journal: Arc<Journal>,
    tail: Rc<TailSampler>,
    readers: Vec<Reader>,
    header: RequestHeader,
    numbers: u64,
    recorded: [Vec<(u8, u64)>; 2],
}

impl Bench {
    fn new(rules: TailRules, max_bytes: usize) -> Self {
        let settings = JournalSettings {
            shards: SHARDS,
            segment_bytes: 4096,
            max_bytes,
            overflow: OverflowPolicy::DropNewest,
        };
        let journal = Arc::new(Journal::new(settings, Box::new(|| {})));
        journal.begin_scan(Scanner::Tail);
        let tail = Rc::new(TailSampler::new(rules, Arc::clone(&journal)));
        let lanes = [Signal::Traces, Signal::Traces, Signal::Logs];
        let reader = |(number, signal)| {
            let lane = LaneId(number);
            journal.attach(lane, signal);
            let gate = Gate::new(&tail, lane, signal);
            Reader { lane, signal, gate, next_batch: 0, under_way: Vec::new(), exported: Vec::new() }
        };
        let readers = (0..).zip(lanes).map(reader).collect();
        let header = RequestHeader::from_parts(Vec::new(), Vec::new());
        Self { journal, tail, readers, header, numbers: 0, recorded: Default::default() }
    }

    /// Records a frame; false when there is no room.
    fn record(&mut self, shard: usize, made: &Made) -> bool {
        let number = self.numbers + 1;
        let payload = payload(made, number);
        let entry = Entry {
            signal: if made.logs { Signal::Logs } else { Signal::Traces },
            kind: if made.root { ROOT } else { 0 },
            flags: if made.failed { FLAG_ERROR } else { 0 },
            origin: Origin::Caller,
            repairs: Repairs::default(),
        };
        let appended = self.journal.append(shard, entry, payload.len(), |place, _| {
            place.copy_from_slice(&payload);
            Ok(())
        });
        if appended.is_ok() {
            self.numbers = number;
            self.recorded[usize::from(made.logs)].push((made.session, number));
        }
        appended.is_ok()
    }

    /// Reads what may go into a batch of so many.
    fn read(&mut self, reader: usize, count: u64) {
        let reader = &mut self.readers[reader];
        reader.next_batch += 1;
        let mut batch = BatchInMaking::new(reader.next_batch, &self.header, SHARDS, 0, None);
        let bounds = Bounds { bytes: 1 << 20, count };
        reader.gate.look_on(&self.journal);
        let mut full = reader.gate.read_kept(&self.journal, &mut batch, bounds);
        for shard in 0..SHARDS {
            full = full || reader.gate.read_shard(&self.journal, shard, &mut batch, bounds);
        }
        assert!(batch.frames <= count);
        if batch.frames > 0 {
            let id = batch.id;
            let ((body, _), parts) = batch.into_request(&self.header);
            let read = identities(reader.signal, &body);
            assert_eq!(read.len() as u64, parts.iter().sum::<u64>());
            reader.under_way.push((id, parts, read));
        }
    }

    fn settle(&mut self, reader: usize, pick: usize) {
        let reader = &mut self.readers[reader];
        if reader.under_way.is_empty() {
            return;
        }
        let (batch, parts, read) = reader.under_way.remove(pick % reader.under_way.len());
        for (shard, frames) in parts.into_iter().enumerate() {
            let settlement = Settlement { exported: frames, ..Settlement::default() };
            self.journal.settle(shard, reader.lane, batch, settlement);
        }
        reader.exported.extend(read);
    }

    fn counters(&self, reader: usize) -> LaneCounters {
        let counters = self.journal.lane_counters(self.readers[reader].lane);
        assert_eq!(counters.accepted, counters.settled() + counters.pending, "{counters:?}");
        counters
    }

    /// The equations of all readers, and that nothing under way was counted as done.
    fn check(&self) {
        for (number, reader) in self.readers.iter().enumerate() {
            let counters = self.counters(number);
            let recorded = &self.recorded[usize::from(reader.signal == Signal::Logs)];
            assert_eq!(counters.accepted, recorded.len() as u64);
            assert_eq!(counters.exported, reader.exported.len() as u64);
            let under_way: usize = reader.under_way.iter().map(|(_, _, read)| read.len()).sum();
            assert!(counters.pending >= under_way as u64);
        }
    }

    fn drain(&mut self) {
        for reader in 0..self.readers.len() {
            for _ in 0..10_000 {
                let before = self.counters(reader).pending;
                self.read(reader, 7);
                self.settle(reader, 0);
                if self.readers[reader].under_way.is_empty() && self.counters(reader).pending == before {
                    break;
                }
            }
        }
    }

    /// Sessions that a reader has exported something of.
    fn sessions(&self, reader: usize) -> BTreeSet<u8> {
        self.readers[reader].exported.iter().map(|(session, _)| *session).collect()
    }
}

/// Session and number of each record of a request.
fn identities(signal: Signal, body: &[u8]) -> Vec<(u8, u64)> {
    let attributes: Vec<Vec<KeyValue>> = if signal == Signal::Logs {
        let request = ExportLogsServiceRequest::decode(body).unwrap();
        let scopes = request.resource_logs.into_iter().flat_map(|resource| resource.scope_logs);
        scopes.flat_map(|scope| scope.log_records).map(|record| record.attributes).collect()
    } else {
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        let scopes = request.resource_spans.into_iter().flat_map(|resource| resource.scope_spans);
        scopes.flat_map(|scope| scope.spans).map(|span| span.attributes).collect()
    };
    let value = |attributes: &[KeyValue], key: &str| {
        let found = attributes.iter().find(|attribute| attribute.key == key).unwrap();
        found.value.clone().unwrap().value.unwrap()
    };
    let identity =
        |attributes: Vec<KeyValue>| match (value(&attributes, "session.id"), value(&attributes, "number")) {
            (Value::StringValue(session), Value::IntValue(number)) => {
                (session.trim_start_matches("session ").parse().unwrap(), number.cast_unsigned())
            }
            other => panic!("{other:?}"),
        };
    attributes.into_iter().map(identity).collect()
}

fn of(session: u8) -> Made {
    Made { session, ..Made::default() }
}

fn root(session: u8) -> Made {
    Made { root: true, ..of(session) }
}

#[test]
fn a_session_is_kept_for_each_of_the_rules_and_left_out_for_none() {
    let mut bench = Bench::new(rules(0.0, 1 << 20), 1 << 20);
    let tags = ArrayValue { values: ["a", "vip"].map(|tag| AnyValue { value: Some(text(tag)) }).to_vec() };
    let others = ArrayValue { values: vec![AnyValue { value: Some(text("vi")) }] };
    let roots = [
        root(0),
        Made { seconds: 31, ..root(1) },
        Made { seconds: 30, ..root(2) },
        Made { attributes: vec![("cost", Value::IntValue(500_001))], ..root(3) },
        Made { attributes: vec![("cost", Value::IntValue(500_000))], ..root(4) },
        Made { attributes: vec![("tags", Value::ArrayValue(tags))], ..root(5) },
        Made { attributes: vec![("tags", Value::ArrayValue(others))], ..root(6) },
        Made { failed: true, ..root(7) },
    ];
    for session in 0..8 {
        assert!(bench.record(0, &of(session)));
        assert!(bench.record(1, &Made { logs: true, ..of(session) }));
    }
    bench.read(0, 100);
    bench.read(2, 100);
    assert!(bench.readers[0].under_way.is_empty() && bench.readers[0].gate.holds());
    bench.check();
    for made in &roots {
        assert!(bench.record(0, made));
    }
    bench.drain();
    bench.check();
    for reader in 0..3 {
        assert_eq!(bench.sessions(reader), BTreeSet::from([1, 3, 5, 7]), "{reader}");
        let counters = bench.counters(reader);
        assert_eq!((counters.pending, counters.tail_unsampled), (0, counters.exported));
        assert!(!bench.readers[reader].gate.holds());
    }
    // What comes late follows.
    for session in 0..8 {
        assert!(bench.record(1, &Made { failed: true, ..of(session) }));
    }
    bench.drain();
    assert_eq!(bench.sessions(0), BTreeSet::from([1, 3, 5, 7]));
    assert_eq!(bench.counters(0).tail_unsampled, 8 + 4);
}

#[test]
fn a_failure_that_was_recorded_in_another_shard_before_the_root_counts() {
    for failing in [0, 1] {
        let mut bench = Bench::new(rules(0.0, 1 << 20), 1 << 20);
        assert!(bench.record(failing, &Made { failed: true, logs: true, ..of(1) }));
        assert!(bench.record(1 - failing, &root(1)));
        bench.drain();
        assert_eq!(bench.sessions(0), BTreeSet::from([1]));
        assert_eq!(bench.counters(2).exported, 1);
    }
}

#[test]
fn what_fails_goes_out_at_once_and_the_rest_of_its_session_with_it() {
    let mut bench = Bench::new(rules(0.0, 1 << 20), 1 << 20);
    for _ in 0..5 {
        assert!(bench.record(0, &of(1)));
        assert!(bench.record(0, &of(2)));
    }
    bench.drain();
    assert_eq!(bench.counters(0).pending, 10);
    assert!(bench.record(1, &Made { failed: true, ..of(1) }));
    bench.drain();
    assert_eq!((bench.counters(0).exported, bench.counters(0).pending), (6, 5));
    // In the order in which it was recorded.
    let numbers: Vec<_> = bench.readers[0].exported.iter().map(|(_, number)| *number).collect();
    assert_eq!(numbers, [1, 3, 5, 7, 9, 11]);
}

#[test]
fn beyond_the_bound_the_session_that_has_held_longest_is_kept() {
    let bound = 4_000;
    let mut bench = Bench::new(rules(0.0, bound), 1 << 20);
    for session in 0..100 {
        assert!(bench.record(usize::from(session % 2 == 1), &of(session)));
        bench.drain();
        let held: u64 = bench.counters(0).lag_bytes;
        assert!(held <= bound + 200, "{held}");
    }
    let kept = bench.sessions(0);
    assert!(kept.len() > 50 && kept.len() < 95, "{}", kept.len());
    assert!(kept.iter().max() < bench.recorded[0].iter().map(|(session, _)| session).max());
    bench.tail.keep_open();
    bench.drain();
    assert_eq!((bench.sessions(0).len(), bench.counters(0).pending), (100, 0));
}

#[test]
fn open_sessions_do_not_fill_the_queue() {
    let mut bench = Bench::new(rules(0.0, 32_768), 65_536);
    assert!(bench.record(0, &of(0)));
    for number in 0..10_000u32 {
        let session = 1 + (number % 200) as u8;
        assert!(bench.record((number % 2) as usize, &of(session)), "{number}");
        if number % 50 == 0 {
            bench.drain();
        }
    }
    bench.check();
}

#[test]
fn the_share_by_trace_ids_is_the_ratio_and_not_what_head_sampling_takes() {
    let rules = rules(0.25, 0);
    let kept = |head: bool| {
        let journal = JournalSettings {
            shards: 1,
            segment_bytes: 1 << 20,
            max_bytes: 1 << 24,
            overflow: OverflowPolicy::DropNewest,
        };
        let journal = Arc::new(Journal::new(journal, Box::new(|| {})));
        journal.begin_scan(Scanner::Tail);
        journal.attach(LaneId(0), Signal::Traces);
        let tail = Rc::new(TailSampler::new(
            TailRules {
                config: TailSampling { max_bytes: 1 << 24, ..rules.config.clone() },
                ..rules.clone()
            },
            Arc::clone(&journal),
        ));
        let mut gate = Gate::new(&tail, LaneId(0), Signal::Traces);
        let total = 4_000u64;
        for number in 0..total {
            // Head sampling at a tenth leaves trace ids whose last eight bytes are small.
            let low = number * (u64::MAX / total) / if head { 10 } else { 1 };
            let mut trace_id = vec![7; 8];
            trace_id.extend(low.to_be_bytes());
            let attributes = vec![attribute("session.id", text("s"))];
            let span = Span { trace_id, attributes, ..Span::default() };
            let payload = ScopeSpans { spans: vec![span], ..ScopeSpans::default() }.encode_to_vec();
            let entry = Entry {
                signal: Signal::Traces,
                kind: ROOT,
                flags: 0,
                origin: Origin::Caller,
                repairs: Repairs::default(),
            };
            journal
                .append(0, entry, payload.len(), |place, _| {
                    place.copy_from_slice(&payload);
                    Ok(())
                })
                .unwrap();
        }
        let header = RequestHeader::from_parts(Vec::new(), Vec::new());
        let mut batch = BatchInMaking::new(1, &header, 1, 0, None);
        let bounds = Bounds { bytes: 1 << 24, count: 1 << 20 };
        gate.look_on(&journal);
        gate.read_kept(&journal, &mut batch, bounds);
        gate.read_shard(&journal, 0, &mut batch, bounds);
        batch.frames as f64 / total as f64
    };
    for head in [false, true] {
        assert!((kept(head) - 0.25).abs() < 0.03, "{}", kept(head));
    }
}

#[derive(Clone, Debug)]
enum Action {
    Record { shard: usize, session: u8, logs: bool, failed: bool },
    End { shard: usize, session: u8, slow: bool },
    Read { reader: usize, count: u64 },
    Settle { reader: usize, pick: usize },
    KeepOpen,
}

fn action() -> impl Strategy<Value = Action> {
    let session = 0u8..8;
    prop_oneof![
        10 => (0..SHARDS, session.clone(), any::<bool>(), prop::bool::weighted(0.05))
            .prop_map(|(shard, session, logs, failed)| Action::Record { shard, session, logs, failed }),
        2 => (0..SHARDS, session, prop::bool::weighted(0.2))
            .prop_map(|(shard, session, slow)| Action::End { shard, session, slow }),
        4 => (0usize..3, 1u64..12).prop_map(|(reader, count)| Action::Read { reader, count }),
        3 => (0usize..3, any::<usize>()).prop_map(|(reader, pick)| Action::Settle { reader, pick }),
        1 => prop::bool::weighted(0.2).prop_map(|open| if open { Action::KeepOpen } else { Action::Read { reader: 2, count: 3 } }),
    ]
}

/// What must become of a session, as far as the model can say.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Expected {
    Open,
    /// It may have been decided on early.
    Any,
    Kept,
    LeftOut,
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// Whatever happens: the equations hold after every action; at the end every exporter has the same sessions, each of
    /// them whole, and those that the rules ask for.
    #[test]
    fn the_equations_hold_and_sessions_stay_whole(actions in prop::collection::vec(action(), 1..200)) {
        let mut bench = Bench::new(rules(0.0, 1 << 19), 1 << 20);
        let mut expected: BTreeMap<u8, Expected> = BTreeMap::new();
        for action in actions {
            match action {
                Action::Record { shard, session, logs, failed } => {
                    let made = Made { logs, failed, ..of(session) };
                    prop_assert!(bench.record(shard, &made));
                    let known = expected.entry(session).or_insert(Expected::Open);
                    if failed && matches!(known, Expected::Open | Expected::Any) {
                        *known = Expected::Kept;
                    }
                }
                Action::End { shard, session, slow } => {
                    // Whatever reader scans, it scans before this.
                    bench.tail.scan();
                    let made = Made { seconds: if slow { 60 } else { 1 }, ..root(session) };
                    prop_assert!(bench.record(shard, &made));
                    bench.tail.scan();
                    let known = expected.entry(session).or_insert(Expected::Open);
                    *known = match *known {
                        Expected::Open if slow => Expected::Kept,
                        Expected::Open => Expected::LeftOut,
                        Expected::Any => Expected::Kept,
                        decided => decided,
                    };
                }
                Action::Read { reader, count } => bench.read(reader, count),
                Action::Settle { reader, pick } => bench.settle(reader, pick),
                Action::KeepOpen => {
                    bench.tail.keep_open();
                    for known in expected.values_mut().filter(|known| **known == Expected::Open) {
                        *known = Expected::Any;
                    }
                }
            }
            bench.check();
        }
        bench.tail.keep_open();
        while bench.readers.iter().any(|reader| !reader.under_way.is_empty()) {
            (0..3).for_each(|reader| bench.settle(reader, 0));
        }
        bench.drain();
        bench.check();
        for reader in 0..3 {
            prop_assert_eq!(bench.counters(reader).pending, 0);
            let logs = usize::from(bench.readers[reader].signal == Signal::Logs);
            let mut wanted: Vec<_> = bench.recorded[logs]
                .iter()
                .filter(|(session, _)| expected[session] != Expected::LeftOut)
                .copied()
                .collect();
            let mut exported = bench.readers[reader].exported.clone();
            wanted.sort();
            exported.sort();
            prop_assert_eq!(exported, wanted);
        }
    }
}
