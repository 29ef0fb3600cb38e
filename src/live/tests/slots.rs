//! The table of events in flight, and the short way through it: a plain event that is started and ended comes out like the
//! same event read with care.

use std::collections::HashSet;
use std::fs::File;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bumpalo::Bump;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Decoded;
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use proptest::prelude::*;
use prost::Message;

use crate::event::data::{EventData, EventKind, GivenTimes, PlainEvent, SpanContext, Target};
use crate::event::processor::{EventProcessor, Identity, RecordLimits};
use crate::handle::HandleError;
use crate::journal::accounting::Repairs;
use crate::live::recovered::{Recovered, recover};
use crate::live::slot::{Contents, Fixed, SLOT_BYTES, Slot};
use crate::live::table::LiveTable;
use crate::live::unfinished::{LeftBehind, unfinished};
use crate::live::update::{self, Closing};
use crate::otlp::draft::{self, KeyMarks};
use crate::otlp::open;
use crate::otlp::span::{ATTRIBUTES, SpanKind, StatusCode};
use crate::otlp::value::{Attribute, Attributes, Value};
use crate::session::memory::{Place, SLOTS_OF_A_BLOCK, SessionSlots};
use crate::session::slot::slot_bytes;
use crate::session::{NewSession, Root, Session, Usage};
use crate::sys::append::Appender;
use crate::sys::slots::SlotBlock;

const LIMITS: RecordLimits =
    RecordLimits { attributes: 128, value_bytes: None, events: 128, links: 128, record_bytes: 1 << 20 };

const PARENT: SpanContext =
    SpanContext { trace_id: [1; 16], span_id: [2; 8], trace_flags: 3, is_remote: false };

fn session() -> Arc<Session> {
    session_in(Place::on_heap(1))
}

fn session_in(place: Place) -> Arc<Session> {
    let id = [Attribute::new("session.id", Value::Text(b"the session"))];
    let new = NewSession {
        trace_id: [1; 16],
        root_span_id: [2; 8],
        parent: None,
        trace_flags: 3,
        trace_state: (*b"a=b").into(),
        conversation_id: Box::default(),
        provider: Box::default(),
        on_spans: open::encoded(ATTRIBUTES, &id).unwrap().into(),
        on_logs: Box::default(),
        start: 0,
        started_at: 0,
        root: Root::default(),
    };
    Arc::new(Session::new(new, place))
}

/// A table with one event in it, whose slot `fill` writes.
fn with_event(session: &Arc<Session>, fill: impl FnOnce(&mut Slot)) -> (LiveTable, u64) {
    let table = LiveTable::new(1, 1, Box::new(|_| None));
    let event = table.insert(0, session, 5, fill).unwrap();
    (table, event)
}

fn decoded(payload: &[u8]) -> Span {
    let mut decoded = ScopeSpans::decode(payload).unwrap();
    assert_eq!(decoded.spans.len(), 1);
    decoded.spans.remove(0)
}

fn ended_plainly(session: &Session, contents: &Contents<'_>) -> Option<Span> {
    let (span, attributes) = update::finish_plain(&EventProcessor::new(LIMITS), session, contents)?;
    let size = draft::content_size(attributes, &span);
    let mut payload = vec![0; draft::payload_size(size)];
    draft::write_span(&mut payload, size, attributes, &span).unwrap();
    Some(decoded(&payload))
}

fn ended_with_care(session: &Session, contents: &Contents<'_>) -> Span {
    let arena = Bump::new();
    let (data, mut repairs) = (EventData::default(), Repairs::default());
    let processor = EventProcessor::new(LIMITS);
    let record =
        update::finish(&processor, &arena, session, contents, &data, Closing::default(), &mut repairs)
            .unwrap();
    let size = record.size();
    let mut payload = vec![0; size.payload];
    record.write(size, Appender::new(&mut payload)).map(|_| ()).unwrap();
    decoded(&payload)
}

/// The same but for the end, which is when it was asked for, and the place of the session's own attribute.
fn comparable(mut span: Span) -> Span {
    span.end_time_unix_nano = 0;
    span.attributes.sort_by(|a, b| a.key.cmp(&b.key));
    span
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// Whichever way an event is started, and whichever way it is ended, its span is the same.
    #[test]
    fn a_plain_event_in_flight_is_the_same_either_way(
        name in "\\PC{1,60}",
        start in prop_oneof![Just(0i64), 1..i64::MAX / 2],
        texts in prop::collection::vec("\\PC{0,60}", 0..20),
        status in prop_oneof![Just(StatusCode::Unset), Just(StatusCode::Ok)],
    ) {
        let keys: Vec<String> = (0..texts.len()).map(|n| format!("key number {n}")).collect();
        let attributes: Vec<_> = keys
            .iter()
            .zip(&texts)
            .map(|(key, text)| Attribute { key: key.as_bytes(), value: Value::Text(text.as_bytes()) })
            .collect();
        let (processor, session, arena) = (EventProcessor::new(LIMITS), session(), Bump::new());
        let times = GivenTimes { start, ..GivenTimes::default() };
        let data = EventData {
            name: name.as_bytes(),
            times,
            status,
            span_kind: Some(SpanKind::Client),
            attributes: Attributes::of(&attributes),
            ..EventData::default()
        };
        let identity = Identity { span_id: [9; 8], parent: Some(PARENT.into()) };
        let careful = update::start(&processor, &arena, &session, identity, &data).unwrap();
        let (careful_table, careful_event) = with_event(&session, |slot| careful.write(slot));

        let mut scratch = vec![0; 4096];
        let event = PlainEvent {
            name: [name.as_bytes(), &[]],
            parent: Target::Root,
            span_kind: SpanKind::Client,
            times,
            status,
            attributes: &attributes[..],
        };
        let plain = update::start_plain(&processor, &session, ([9; 8], PARENT.into()), &event, (&mut scratch, &mut KeyMarks::new()));
        prop_assume!(plain.is_some());
        let plain = plain.unwrap();
        let (plain_table, plain_event) = with_event(&session, |slot| plain.write(slot));

        let spans: Vec<Span> = [(&careful_table, careful_event), (&plain_table, plain_event)]
            .into_iter()
            .flat_map(|(table, event)| {
                let live = table.get(event).unwrap();
                let contents = live.slot().unwrap().read();
                let span = ended_with_care(&session, &contents);
                [Some(span), ended_plainly(&session, &contents)]
            })
            .flatten()
            .map(comparable)
            .collect();
        let is_plain = name.len() < 128;
        let fits = texts.iter().map(String::len).sum::<usize>() < 900;
        prop_assert!(spans.len() == 4 || !is_plain || !fits, "{} spans", spans.len());
        for mut span in spans.clone() {
            if start == 0 {
                // The two were not started in the same nanosecond.
                span.start_time_unix_nano = spans[0].start_time_unix_nano;
            }
            prop_assert_eq!(&span, &spans[0]);
        }
    }
}

#[test]
fn what_has_streamed_or_lost_something_is_not_ended_plainly() {
    let session = session();
    let arena = Bump::new();
    let processor = EventProcessor::new(LIMITS);
    let identity = Identity { span_id: [9; 8], parent: Some(PARENT.into()) };
    let data = EventData { name: b"name", ..EventData::default() };
    let contents = update::start(&processor, &arena, &session, identity, &data).unwrap();
    let (table, event) = with_event(&session, |slot| contents.write(slot));
    let mut live = table.get(event).unwrap();
    assert!(ended_plainly(&session, &live.slot().unwrap().read()).is_some());
    type Change = fn(&mut Fixed);
    let changes: [Change; 6] = [
        |fixed| fixed.chunks = 1,
        |fixed| fixed.first_chunk_at = 1,
        |fixed| fixed.parent_is_remote = true,
        |fixed| fixed.parent = [0; 8],
        |fixed| fixed.dropped_attributes = 1,
        |fixed| fixed.dropped_links = 1,
    ];
    let before = live.slot().unwrap().read().fixed;
    for (number, change) in changes.into_iter().enumerate() {
        let mut fixed = before;
        change(&mut fixed);
        live.slot_mut().unwrap().write(&fixed, [b"name", b""], b"", b"");
        assert!(ended_plainly(&session, &live.slot().unwrap().read()).is_none(), "change {number}");
    }
    live.slot_mut().unwrap().write(&before, [b"name", b""], b"a message", b"");
    assert!(ended_plainly(&session, &live.slot().unwrap().read()).is_none());
}

#[test]
fn the_table_holds_as_many_as_it_may_and_no_more() {
    for most in [1, 5, 64, 65, 200] {
        let (table, session) = (LiveTable::new(3, most, Box::new(|_| None)), session());
        // Threads of any shard find what is left.
        let events: Vec<_> = (0..most).map(|at| table.insert(at * 7, &session, 1, |_| {}).unwrap()).collect();
        assert_eq!(events.iter().collect::<HashSet<_>>().len(), most);
        assert_eq!(table.live(), most);
        assert_eq!(table.insert(0, &session, 1, |_| {}), None);
        let mut listed = table.of_session(1);
        listed.sort_unstable();
        let mut given = events.clone();
        given.sort_unstable();
        assert_eq!(listed, given);
        for event in &events {
            table.free(table.get(*event).unwrap(), *event);
        }
        assert_eq!(table.live(), 0);
        assert!(events.iter().all(|event| table.get(*event).err() == Some(HandleError::Stale)));
        assert!(table.insert(0, &session, 1, |_| {}).is_some());
    }
}

#[test]
fn threads_never_share_a_slot() {
    let (table, session) = (LiveTable::new(3, 100, Box::new(|_| None)), session());
    std::thread::scope(|scope| {
        for thread in 0..4u64 {
            let (table, session) = (&table, &session);
            scope.spawn(move || {
                for round in 0..2000 {
                    let Some(event) = table.insert(0, session, thread, |_| {}) else { continue };
                    let live = table.get(event).unwrap();
                    assert_eq!(live.slot().unwrap().handles(), (event, thread), "round {round}");
                    table.free(live, event);
                }
            });
        }
    });
    assert_eq!(table.live(), 0);
}

#[test]
fn what_is_in_flight_stands_in_the_file_and_what_has_no_place_there_is_in_flight_all_the_same() {
    const CHUNK_BYTES: u64 = 64 * SLOT_BYTES as u64;
    let file = tempfile::tempfile().unwrap();
    file.set_len(CHUNK_BYTES).unwrap();
    let given = AtomicBool::new(false);
    let mapped = file.try_clone().unwrap();
    let source = move |bytes| {
        let is_first = !given.swap(true, Ordering::Relaxed);
        is_first.then(|| SlotBlock::mapped(mapped.as_fd(), 0, bytes).unwrap())
    };
    let (table, session) = (LiveTable::new(3, 128, Box::new(source)), session());
    let arena = Bump::new();
    let identity = Identity { span_id: [9; 8], parent: Some(PARENT.into()) };
    let data = EventData { name: b"name", ..EventData::default() };
    let contents = update::start(&EventProcessor::new(LIMITS), &arena, &session, identity, &data).unwrap();
    let events: Vec<_> =
        (0..128).map(|_| table.insert(0, &session, 5, |slot| contents.write(slot)).unwrap()).collect();
    table.get(events[1]).unwrap().slot().unwrap().set_finishing(2, 77);
    table.free(table.get(events[2]).unwrap(), events[2]);

    let mut bytes = vec![0; usize::try_from(CHUNK_BYTES).unwrap()];
    file.read_exact_at(&mut bytes, 0).unwrap();
    let found: Vec<_> = bytes.chunks(SLOT_BYTES).map(recover).collect();
    let first = match &found[0] {
        Recovered::Live(event) => event,
        other => panic!("{other:?}"),
    };
    assert_eq!((first.event, first.session, first.name), (events[0], 5, &b"name"[..]));
    assert_eq!((first.fixed.span_id, first.fixed.parent, first.is_cut), ([9; 8], [2; 8], false));
    assert!(matches!(found[1], Recovered::Finishing { shard: 2, sequence: 77, event: Some(_) }));
    assert_eq!(found[2], Recovered::Free);
    let live = found.iter().filter(|slot| matches!(slot, Recovered::Live(_))).count();
    assert_eq!((live, table.live()), (62, 127));
}

/// Everything of a process with one session and two events in flight: its slots, and its handles.
fn left_behind(
    events: &File,
    sessions: &File,
    change: impl FnOnce(&LiveTable, &Arc<Session>, [u64; 2]),
) -> (Vec<u8>, Vec<u8>) {
    let chunk = 64 * SLOT_BYTES;
    let block = SLOTS_OF_A_BLOCK * slot_bytes(1);
    events.set_len(chunk as u64).unwrap();
    sessions.set_len(block as u64).unwrap();
    let (mapped_events, mapped_sessions) = (events.try_clone().unwrap(), sessions.try_clone().unwrap());
    let slots = SessionSlots::new(
        1,
        Box::new(move |bytes| SlotBlock::mapped(mapped_sessions.as_fd(), 0, bytes).ok()),
    );
    let session = session_in(Arc::new(slots).place());
    session.keep(5);
    let table =
        LiveTable::new(1, 64, Box::new(move |bytes| SlotBlock::mapped(mapped_events.as_fd(), 0, bytes).ok()));
    let attributes = [Attribute::new("a.key", Value::Text(b"a value"))];
    let start = |name: &[u8], span_id| {
        let arena = Bump::new();
        let times = GivenTimes { start: 1000, ..GivenTimes::default() };
        let data = EventData { name, times, attributes: Attributes::of(&attributes), ..EventData::default() };
        let identity = Identity { span_id, parent: Some(PARENT.into()) };
        let contents = update::start(&EventProcessor::new(LIMITS), &arena, &session, identity, &data);
        let contents = contents.unwrap();
        table.insert(0, &session, 5, |slot| contents.write(slot)).unwrap()
    };
    let started = [start(b"first", [8; 8]), start(b"second", [9; 8])];
    session.add(0, EventKind::Custom, StatusCode::Unset, &Usage::default());
    change(&table, &session, started);
    let (mut event_bytes, mut session_bytes) = (vec![0; chunk], vec![0; block]);
    events.read_exact_at(&mut event_bytes, 0).unwrap();
    sessions.read_exact_at(&mut session_bytes, 0).unwrap();
    (event_bytes, session_bytes)
}

/// The spans that a recovery makes of it, when only frame 77 of shard 0 is there, and how many slots were corrupt.
fn recovered_spans((events, sessions): &(Vec<u8>, Vec<u8>), last_seen: i64) -> (Vec<Span>, u64) {
    let left = LeftBehind { events, sessions, shards: 1, last_seen };
    let found =
        unfinished(&EventProcessor::new(LIMITS), &left, |shard, sequence| (shard, sequence) == (0, 77));
    (found.records.iter().map(|record| decoded(&record.payload)).collect(), found.corrupt)
}

fn attribute(span: &Span, key: &str) -> Option<Decoded> {
    span.attributes.iter().find(|attribute| attribute.key == key)?.value.clone()?.value
}

#[test]
fn what_was_in_flight_comes_back_as_failed_and_recovered() {
    let files = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
    let left = left_behind(&files[0], &files[1], |_, _, _| ());
    let (spans, corrupt) = recovered_spans(&left, i64::MAX);
    assert_eq!((spans.len(), corrupt), (3, 0));
    for span in &spans {
        assert_eq!(span.trace_id, [1; 16]);
        assert_eq!(span.trace_state, "a=b");
        assert_eq!(span.status.as_ref().unwrap().code, StatusCode::Error as i32);
        assert_eq!(attribute(span, "agentotel.recovered"), Some(Decoded::BoolValue(true)));
        assert_eq!(attribute(span, "error.type"), Some(Decoded::StringValue("_OTHER".to_owned())));
        assert_eq!(attribute(span, "session.id"), Some(Decoded::StringValue("the session".to_owned())));
        let keys: HashSet<_> = span.attributes.iter().map(|attribute| &attribute.key).collect();
        assert_eq!(keys.len(), span.attributes.len());
        assert!(span.end_time_unix_nano >= span.start_time_unix_nano);
    }
    let [first, second, root] = &spans[..] else { panic!("{spans:?}") };
    assert_eq!((first.name.as_str(), second.name.as_str()), ("first", "second"));
    assert_eq!((&first.span_id[..], &first.parent_span_id[..]), (&[8; 8][..], &[2; 8][..]));
    assert_eq!(attribute(first, "a.key"), Some(Decoded::StringValue("a value".to_owned())));
    assert_eq!((first.start_time_unix_nano, first.flags), (1000, 0x103));
    assert_eq!(root.span_id, [2; 8]);
    assert_eq!(root.end_time_unix_nano, i64::MAX as u64);
    assert_eq!(attribute(root, "agentotel.session.event_count"), Some(Decoded::IntValue(1)));
}

#[test]
fn what_was_about_to_end_has_ended_when_its_frame_is_there() {
    let files = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
    let left = left_behind(&files[0], &files[1], |table, session, [first, second]| {
        table.get(first).unwrap().slot().unwrap().set_finishing(0, 77);
        table.get(second).unwrap().slot().unwrap().set_finishing(0, 78);
        session.set_finishing(0, 77);
    });
    let (spans, corrupt) = recovered_spans(&left, 0);
    assert_eq!((spans.len(), corrupt), (1, 0));
    assert_eq!((spans[0].name.as_str(), attribute(&spans[0], "session.id").is_some()), ("second", true));
}

#[test]
fn an_event_that_had_failed_keeps_its_own_words() {
    let files = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
    let left = left_behind(&files[0], &files[1], |table, session, [first, second]| {
        let mut live = table.get(first).unwrap();
        let error = [Attribute::new("error.type", Value::Text(b"timeout"))];
        let fields = open::encoded(ATTRIBUTES, &error).unwrap();
        let fixed = Fixed { status: StatusCode::Error as u8, ..live.slot().unwrap().read().fixed };
        live.slot_mut().unwrap().write(&fixed, [b"first", b""], b"its own words", &fields);
        table.free(table.get(second).unwrap(), second);
        session.let_go();
    });
    let (spans, _) = recovered_spans(&left, 0);
    assert_eq!(spans.len(), 1);
    assert_eq!(spans[0].status.as_ref().unwrap().message, "its own words");
    assert_eq!(attribute(&spans[0], "error.type"), Some(Decoded::StringValue("timeout".to_owned())));
    assert_eq!(attribute(&spans[0], "session.id"), None);
}

#[test]
fn what_cannot_be_read_is_counted() {
    let files = [tempfile::tempfile().unwrap(), tempfile::tempfile().unwrap()];
    let mut left = left_behind(&files[0], &files[1], |_, _, _| ());
    left.0[64..SLOT_BYTES].fill(7);
    left.1[64..4096].fill(7);
    let (spans, corrupt) = recovered_spans(&left, 0);
    assert_eq!((spans.len(), corrupt), (1, 2));
}
