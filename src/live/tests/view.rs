//! What the live view promises, as claims: passes over a table at times of the test's choosing, and what stands in the
//! journal afterwards, decoded with the official types.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bumpalo::Bump;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Decoded;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use prost::Message;

use crate::config::{Level, Live, LiveExport};
use crate::diagnostics::Diagnostics;
use crate::event::data::{Detail, EventData, EventKind, FieldValue, Fields};
use crate::event::processor::{EventProcessor, Identity, RecordLimits};
use crate::event::semconv::SESSION_ID;
use crate::journal::accounting::Repairs;
use crate::journal::cursor::LaneId;
use crate::journal::frame::Frames;
use crate::journal::{Journal, JournalSettings, OverflowPolicy};
use crate::live::table::LiveTable;
use crate::live::update::{self, Closing};
use crate::live::view::{LiveView, Passes};
use crate::otlp::span::StatusCode;
use crate::otlp::value::{Attribute, Attributes, Value};
use crate::otlp::{Signal, log, open, span};
use crate::session::{FLAG_RANDOM, FLAG_SAMPLED, NewSession, Root, Session};

const LOGS: LaneId = LaneId(0);
const TRACES: LaneId = LaneId(1);
const LIMITS: RecordLimits =
    RecordLimits { attributes: 128, value_bytes: None, events: 128, links: 128, record_bytes: 1 << 20 };
const MILLI: i64 = 1_000_000;
const LIVE: Live = Live {
    max_events: 4096,
    enabled: true,
    export: LiveExport::Logs,
    interval_ms: 5_000,
    min_age_ms: 2_000,
    stall_after_ms: 300_000,
};

/// A live view with what it looks at and what it writes to.
struct World {
    table: Arc<LiveTable>,
    journal: Arc<Journal>,
    diagnostics: Arc<Diagnostics>,
    view: Arc<LiveView>,
    passes: Passes,
    session: Arc<Session>,
}

fn session(flags: u8) -> Arc<Session> {
    let id = [Attribute::new(SESSION_ID, Value::Text(b"the session"))];
    let new = NewSession {
        trace_id: [1; 16],
        root_span_id: [2; 8],
        parent: None,
        trace_flags: flags,
        trace_state: Box::default(),
        conversation_id: Box::default(),
        provider: Box::default(),
        on_spans: open::encoded(span::ATTRIBUTES, &id).unwrap().into_boxed_slice(),
        on_logs: open::encoded(log::ATTRIBUTES, &id).unwrap().into_boxed_slice(),
        start: 1,
        started_at: 1,
        root: Root::default(),
    };
    Arc::new(Session::new(new, crate::session::memory::Place::on_heap(1)))
}

impl World {
    fn new(live: &Live) -> Self {
        Self::with_queue(live, 1 << 20, 16)
    }

    fn with_queue(live: &Live, segment_bytes: usize, segments: usize) -> Self {
        let max_bytes = segment_bytes * segments;
        let overflow = OverflowPolicy::DropOldest;
        let settings = JournalSettings { shards: 1, segment_bytes, max_bytes, overflow };
        let journal = Arc::new(Journal::new(settings, Box::new(|| {})));
        journal.attach(LOGS, Signal::Logs);
        journal.attach(TRACES, Signal::Traces);
        let table = Arc::new(LiveTable::new(1, live.max_events, Box::new(|_| None)));
        let diagnostics = Arc::new(Diagnostics::new(Level::Warn));
        let view = Arc::new(LiveView::new(
            live,
            Arc::clone(&table),
            Arc::clone(&journal),
            EventProcessor::new(LIMITS),
            Arc::clone(&diagnostics),
        ));
        let passes = Passes::new(Arc::clone(&view));
        Self { table, journal, diagnostics, view, passes, session: session(FLAG_SAMPLED | FLAG_RANDOM) }
    }

    /// Starts an event; gives its handle and when it started.
    fn start(&self, span_id: u8, data: &EventData<'_>) -> (u64, i64) {
        let (arena, identity) = (Bump::new(), Identity { span_id: [span_id; 8], parent: None });
        let processor = EventProcessor::new(LIMITS);
        let contents = update::start(&processor, &arena, &self.session, identity, data).unwrap();
        let event = self.table.insert(0, &self.session, 7, |slot| contents.write(slot)).unwrap();
        let live = self.table.get(event).unwrap();
        (event, live.slot().unwrap().read().fixed.started_at)
    }

    fn chunk(&self, event: u64, bytes: usize) {
        let mut live = self.table.get(event).unwrap();
        live.slot_mut().unwrap().change(|fixed| update::chunk(fixed, bytes, fixed.started_at));
    }

    /// A whole pass, `millis` after `started_at`.
    fn pass(&mut self, started_at: i64, millis: i64) {
        while self.passes.look_on_at(started_at + millis * MILLI) {}
    }

    /// Ends an event as a call does, but for its span.
    fn end(&self, event: u64, data: &EventData<'_>) {
        let (arena, processor) = (Bump::new(), EventProcessor::new(LIMITS));
        let live = self.table.get(event).unwrap();
        let farewell = {
            let contents = live.slot().unwrap().read();
            let mut repairs = Repairs::default();
            let record = update::finish(
                &processor,
                &arena,
                &self.session,
                &contents,
                data,
                Closing::default(),
                &mut repairs,
            );
            self.view.farewell(&arena, &live, &record.unwrap())
        };
        self.table.free(live, event);
        if let Some(farewell) = farewell {
            self.view.ended(0, &arena, &farewell);
        }
    }

    fn payloads<T>(&self, lane: LaneId, signal: Signal, decode: impl Fn(&[u8]) -> Vec<T>) -> Vec<T> {
        let mut items = Vec::new();
        while let Some(unread) = self.journal.next_unread(0, lane) {
            let (mut end, mut count) = (unread.from, 0);
            for frame in Frames::new(&unread.region.committed()[unread.from.offset..]) {
                if frame.header.signal == signal {
                    items.extend(decode(frame.payload));
                    count += 1;
                }
                end.offset += frame.size;
            }
            assert!(self.journal.take(0, lane, unread.from, end, 1, count));
        }
        items
    }

    /// The log records since the last time.
    fn logs(&self) -> Vec<LogRecord> {
        self.payloads(LOGS, Signal::Logs, |payload| ScopeLogs::decode(payload).unwrap().log_records)
    }

    fn spans(&self) -> Vec<Span> {
        self.payloads(TRACES, Signal::Traces, |payload| ScopeSpans::decode(payload).unwrap().spans)
    }
}

fn named(name: &str) -> EventData<'_> {
    EventData { name: name.as_bytes(), ..EventData::default() }
}

fn value(attributes: &[KeyValue], key: &str) -> Option<Decoded> {
    let mut found = attributes.iter().filter(|attribute| attribute.key == key);
    let value = found.next()?.value.clone()?.value;
    assert!(found.next().is_none(), "{key} is there twice");
    value
}

fn text(text: &str) -> Option<Decoded> {
    Some(Decoded::StringValue(text.to_owned()))
}

/// What a record tells, and its number.
fn told(record: &LogRecord) -> (&str, i64) {
    let Some(Decoded::IntValue(sequence)) = value(&record.attributes, "agentotel.event.sequence") else {
        panic!("no sequence: {record:?}");
    };
    (record.event_name.strip_prefix("agentotel.event.").unwrap(), sequence)
}

#[test]
fn an_event_is_started_then_beats_and_is_ended_under_one_sequence() {
    let mut world = World::new(&LIVE);
    let arena = Bump::new();
    let given = [("request_model", FieldValue::Text(b"m-1"))];
    let detail = Detail::new(EventKind::Llm, Fields::called(&arena, EventKind::Llm.fields(), &given));
    let data = EventData { detail, ..EventData::default() };
    let (event, start) = world.start(9, &data);
    world.chunk(event, 100);
    world.pass(start, 2_500);
    world.chunk(event, 11);
    world.pass(start, 7_500);
    world.pass(start, 12_500);
    world.end(event, &EventData { status: StatusCode::Ok, ..EventData::default() });
    world.pass(start, 17_500);
    let logs = world.logs();
    let all: Vec<_> = logs.iter().map(told).collect();
    assert_eq!(all, [("started", 1), ("heartbeat", 2), ("heartbeat", 3), ("ended", 4)]);
    for record in &logs {
        assert_eq!((&record.trace_id, &record.span_id), (&vec![1; 16], &vec![9; 8]));
        assert_eq!((record.severity_number, record.severity_text.as_str()), (9, "INFO"));
        assert_eq!(record.flags, u32::from(FLAG_SAMPLED | FLAG_RANDOM));
        assert_eq!(value(&record.attributes, "session.id"), text("the session"));
        assert_eq!(value(&record.attributes, "agentotel.event.kind"), text("llm"));
        assert_eq!(value(&record.attributes, "agentotel.event.name"), text("chat m-1"));
    }
    let elapsed = |record: &LogRecord| value(&record.attributes, "agentotel.event.elapsed");
    assert_eq!(elapsed(&logs[0]), Some(Decoded::DoubleValue(2.5)));
    assert_eq!(elapsed(&logs[1]), Some(Decoded::DoubleValue(7.5)));
    let chunks = |record: &LogRecord| {
        ["agentotel.stream.chunk_count", "agentotel.stream.bytes"].map(|key| value(&record.attributes, key))
    };
    assert_eq!(chunks(&logs[0]), [1, 100].map(|n| Some(Decoded::IntValue(n))));
    assert_eq!(chunks(&logs[3]), [2, 111].map(|n| Some(Decoded::IntValue(n))));
    let status = |record: &LogRecord| value(&record.attributes, "agentotel.event.status");
    assert_eq!((status(&logs[2]), status(&logs[3])), (None, text("ok")));
}

#[test]
fn events_have_sequences_of_their_own_and_a_slots_next_event_starts_anew() {
    let mut world = World::new(&LIVE);
    let (first, start) = world.start(1, &named("first"));
    let (second, _) = world.start(2, &named("second"));
    world.pass(start, 3_000);
    world.end(first, &EventData::default());
    let (third, start) = world.start(3, &named("third"));
    world.pass(start, 3_000);
    let of = |logs: &[LogRecord], span: u8| -> Vec<(String, i64)> {
        let own = logs.iter().filter(|record| record.span_id == [span; 8]);
        own.map(told).map(|(what, number)| (what.to_owned(), number)).collect()
    };
    world.end(second, &EventData::default());
    world.end(third, &named("renamed"));
    let logs = world.logs();
    assert_eq!(of(&logs, 1), [("started".to_owned(), 1), ("ended".to_owned(), 2)]);
    assert_eq!(
        of(&logs, 2),
        ["started", "heartbeat", "ended"].map(str::to_owned).into_iter().zip(1..).collect::<Vec<_>>()
    );
    assert_eq!(of(&logs, 3), [("started".to_owned(), 1), ("ended".to_owned(), 2)]);
    assert_eq!(value(&logs.last().unwrap().attributes, "agentotel.event.name"), text("renamed"));
}

#[test]
fn an_event_younger_than_the_minimum_age_leaves_no_trace() {
    let mut world = World::new(&LIVE);
    let (event, start) = world.start(9, &named("young"));
    world.pass(start, 1_999);
    world.end(event, &EventData::default());
    world.pass(start, 9_000);
    assert_eq!(world.logs(), []);
}

#[test]
fn a_stalled_event_is_told_of_once_until_it_changes() {
    let mut world = World::new(&LIVE);
    let (event, start) = world.start(0xab, &named("slow \u{1b}[31m\n"));
    for second in [299, 300, 305, 900] {
        world.pass(start, second * 1_000);
    }
    world.chunk(event, 1);
    for second in [1_000, 1_299, 1_301, 1_400] {
        world.pass(start, second * 1_000);
    }
    let logs = world.logs();
    let all: Vec<_> = logs.iter().map(told).collect();
    let names: Vec<_> = all.iter().map(|(what, _)| *what).collect();
    let beat = "heartbeat";
    assert_eq!(names, ["started", beat, "stalled", beat, beat, beat, beat, beat, "stalled", beat]);
    assert_eq!(all.iter().map(|(_, number)| *number).collect::<Vec<_>>(), (1..=10).collect::<Vec<_>>());
    let stalled: Vec<_> = logs.iter().filter(|record| told(record).0 == "stalled").collect();
    assert!(
        stalled.iter().all(|record| (record.severity_number, record.severity_text.as_str()) == (13, "WARN"))
    );
    let unchanged = |record: &LogRecord| value(&record.attributes, "agentotel.event.unchanged");
    assert_eq!(unchanged(stalled[0]), Some(Decoded::DoubleValue(300.0)));
    assert_eq!(unchanged(stalled[1]), Some(Decoded::DoubleValue(301.0)));
    let said = world.diagnostics.text();
    assert_eq!(said.lines().count(), 2, "{said}");
    let line =
        r#"warn: the event "slow \u{1b}[31m\n" (span abababababababab) is in flight and has not changed for"#;
    assert!(said.contains(&format!("{line} 300 s\n")) && said.contains(&format!("{line} 301 s\n")), "{said}");
}

#[test]
fn many_stalled_events_make_few_lines() {
    let mut world = World::new(&Live { export: LiveExport::Off, ..LIVE });
    let starts: Vec<_> = (0..2_500).map(|_| world.start(1, &named("stuck")).1).collect();
    world.pass(*starts.last().unwrap(), 301_000);
    let said = world.diagnostics.text();
    assert!(said.contains("2497 more events in flight have stalled"), "{said}");
    assert!(said.lines().count() <= 4, "{said}");
    assert_eq!((world.logs(), world.spans()), (vec![], vec![]));
}

#[test]
fn many_events_are_looked_at_in_parts() {
    let mut world = World::new(&LIVE);
    let starts: Vec<_> = (0..2_500).map(|_| world.start(1, &named("one of many")).1).collect();
    let now = starts.last().unwrap() + 3_000 * MILLI;
    assert!(world.passes.look_on_at(now) && world.passes.look_on_at(now));
    assert_eq!(world.logs().len(), 2_048);
    assert!(!world.passes.look_on_at(now));
    assert_eq!(world.logs().len(), 2_500 - 2_048);
}

#[test]
fn events_of_an_unsampled_session_are_not_exported() {
    for export in [LiveExport::Logs, LiveExport::Spans] {
        let mut world = World::new(&Live { export, ..LIVE });
        world.session = session(FLAG_RANDOM);
        let (event, start) = world.start(9, &named("unsampled"));
        world.pass(start, 9_000);
        world.pass(start, 400_000);
        world.end(event, &EventData::default());
        assert_eq!((world.logs(), world.spans()), (vec![], vec![]));
        assert!(world.diagnostics.text().contains("unsampled"), "a stall is the process's own news");
    }
}

#[test]
fn a_snapshot_is_the_events_span_as_it_is_now() {
    let mut world = World::new(&Live { export: LiveExport::Spans, ..LIVE });
    let arena = Bump::new();
    let given = [("name", FieldValue::Text(b"find"))];
    let detail = Detail::new(EventKind::Tool, Fields::called(&arena, EventKind::Tool.fields(), &given));
    let long = vec![b'x'; 5_000];
    let free = [
        Attribute::new("agentotel.in_flight", Value::Text(b"the host's own word")),
        Attribute::new("long", Value::Text(&long)),
    ];
    let data = EventData {
        detail,
        attributes: Attributes::of(&free),
        status: StatusCode::Error,
        status_message: b"first try failed",
        ..EventData::default()
    };
    let (event, start) = world.start(9, &data);
    world.chunk(event, 5);
    world.pass(start, 1_000);
    assert_eq!(world.spans(), []);
    world.pass(start, 2_500);
    world.pass(start, 7_500);
    let spans = world.spans();
    assert_eq!(spans.len(), 2);
    for span in &spans {
        assert_eq!((&span.trace_id, &span.span_id), (&vec![1; 16], &vec![9; 8]));
        assert_eq!((span.name.as_str(), span.kind), ("execute_tool find", 1));
        assert_eq!(value(&span.attributes, "agentotel.in_flight"), Some(Decoded::BoolValue(true)));
        assert_eq!(value(&span.attributes, "session.id"), text("the session"));
        assert_eq!(value(&span.attributes, "gen_ai.tool.name"), text("find"));
        assert_eq!(value(&span.attributes, "agentotel.stream.bytes"), Some(Decoded::IntValue(5)));
        assert_eq!(value(&span.attributes, "long"), text(&String::from_utf8(long.clone()).unwrap()));
        let status = span.status.as_ref().unwrap();
        assert_eq!((status.code, status.message.as_str()), (2, "first try failed"));
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }
    assert!(spans[1].end_time_unix_nano > spans[0].end_time_unix_nano, "each ends when it was taken");
    assert_eq!(spans[0].start_time_unix_nano, spans[1].start_time_unix_nano);
    world.end(event, &EventData::default());
    assert_eq!(world.logs(), [], "the event's own span says that it has ended");
}

#[test]
fn a_full_queue_leaves_live_records_out_and_takes_nothing_from_others() {
    const SEGMENT: usize = 16_384;
    let mut world = World::with_queue(&LIVE, SEGMENT, 8);
    let starts: Vec<_> = (0..100).map(|_| world.start(1, &named("an event")).1).collect();
    let start = *starts.last().unwrap();
    for second in 3..40 {
        world.pass(start, second * 1_000);
    }
    assert!(world.journal.bytes_in_use() <= SEGMENT * 5, "{}", world.journal.bytes_in_use());
    let counters = world.journal.signal_counters(Signal::Logs);
    let appended = counters.accepted_derived;
    assert!(appended > 100 && appended < 37 * 100, "{appended}");
    assert_eq!((counters.offered, counters.accepted()), (0, appended));
    let said = world.diagnostics.text();
    let left_out = 37 * 100 - appended;
    let last_said = 1 << left_out.ilog2();
    let words = format!("records of the live view that found no room in the queue so far: {last_said}\n");
    assert!(said.ends_with(&words), "{left_out} were left out: {said}");
    let given_up: u64 = world.journal.lane_counters(LOGS).dropped.iter().sum();
    assert_eq!(given_up, 0, "nothing was given up for them");
}

#[test]
fn an_event_that_is_being_worked_on_is_left_for_the_next_pass() {
    let mut world = World::new(&LIVE);
    let (event, start) = world.start(9, &named("busy"));
    let table = Arc::clone(&world.table);
    let busy = table.get(event).unwrap();
    world.pass(start, 3_000);
    assert_eq!(world.logs(), []);
    drop(busy);
    world.pass(start, 8_000);
    assert_eq!(world.logs().iter().map(told).collect::<Vec<_>>(), [("started", 1)]);
}

/// An event's end comes after all that was told of it, however the pass and the ending call meet.
#[test]
fn nothing_is_told_of_an_event_after_its_end_and_no_number_is_missing() {
    const EVENTS: u64 = 500;
    let world = World::new(&Live { min_age_ms: 0, ..LIVE });
    let is_over = AtomicBool::new(false);
    let mut passes = Passes::new(Arc::clone(&world.view));
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                passes.look_on();
                std::thread::yield_now();
            }
        });
        for number in 0..EVENTS {
            let (event, _) = world.start((number % 256) as u8, &named(&number.to_string()));
            while !world.table.get(event).unwrap().watched().is_announced() {
                std::thread::yield_now();
            }
            world.end(event, &EventData::default());
        }
        is_over.store(true, Ordering::Relaxed);
    });
    assert_eq!(world.diagnostics.text(), "", "everything found room");
    let mut records: HashMap<String, Vec<(String, i64)>> = HashMap::new();
    for record in world.logs() {
        let Some(Decoded::StringValue(name)) = value(&record.attributes, "agentotel.event.name") else {
            panic!("no name: {record:?}");
        };
        let (what, number) = told(&record);
        records.entry(name).or_default().push((what.to_owned(), number));
    }
    assert_eq!(records.len() as u64, EVENTS);
    for (name, told) in records {
        let numbers: Vec<_> = told.iter().map(|(_, number)| *number).collect();
        assert_eq!(numbers, (1..=told.len() as i64).collect::<Vec<_>>(), "{name}");
        let ends: Vec<_> = told.iter().map(|(what, _)| what == "ended").collect();
        assert_eq!(ends.iter().rposition(|end| *end), Some(told.len() - 1), "{name}: {told:?}");
        assert_eq!((told[0].0.as_str(), ends.iter().filter(|end| **end).count()), ("started", 1), "{name}");
    }
}

#[test]
fn a_closed_journal_is_nothing_to_complain_of() {
    let mut world = World::new(&LIVE);
    let (_, start) = world.start(9, &named("late"));
    world.journal.close();
    world.pass(start, 3_000);
    assert_eq!(world.diagnostics.text(), "");
}
