//! The table of events in flight, and the short way through it: a plain event that is started and ended comes out like the
//! same event read with care.

use std::collections::HashSet;
use std::os::fd::AsFd;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bumpalo::Bump;
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use proptest::prelude::*;
use prost::Message;

use super::recovered::{Recovered, recover};
use super::slot::{Contents, SLOT_BYTES, Slot};
use super::table::LiveTable;
use super::update;
use crate::event::data::{EventData, GivenTimes, PlainEvent, SpanContext, Target};
use crate::event::processor::{EventProcessor, Identity, RecordLimits};
use crate::handle::HandleError;
use crate::journal::accounting::Repairs;
use crate::otlp::draft::{self, Draft};
use crate::otlp::open;
use crate::otlp::span::{ATTRIBUTES, SpanKind, StatusCode};
use crate::otlp::value::{Attribute, Attributes, Fingerprints, Value};
use crate::session::memory::Place;
use crate::session::{NewSession, Root, Session};
use crate::sys::append::Appender;
use crate::sys::slots::SlotBlock;

const LIMITS: RecordLimits =
    RecordLimits { attributes: 128, value_bytes: None, events: 128, links: 128, record_bytes: 1 << 20 };

const PARENT: SpanContext =
    SpanContext { trace_id: [1; 16], span_id: [2; 8], trace_flags: 3, is_remote: false };

fn session() -> Arc<Session> {
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
    Arc::new(Session::new(new, Place::on_heap(1)))
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
    let record = update::finish(&processor, &arena, session, contents, &data, false, &mut repairs).unwrap();
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
        let identity = Identity { span_id: [9; 8], parent: Some(PARENT) };
        let careful = update::start(&processor, &arena, &session, identity, &data).unwrap();
        let (careful_table, careful_event) = with_event(&session, |slot| careful.write(slot));

        let mut scratch = vec![0; 4096];
        let mut fingerprints = Fingerprints::default();
        let drafted = attributes
            .iter()
            .try_fold(Draft::new(&mut scratch), |draft, attribute| draft.any(&mut fingerprints, attribute));
        prop_assume!(drafted.is_some());
        let event = PlainEvent {
            name: name.as_bytes(),
            parent: Target::Root,
            span_kind: SpanKind::Client,
            times,
            status,
            draft: drafted.unwrap(),
        };
        let plain = update::start_plain(&processor, &session, [9; 8], PARENT, event).unwrap();
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
    let identity = Identity { span_id: [9; 8], parent: Some(PARENT) };
    let data = EventData { name: b"name", ..EventData::default() };
    let contents = update::start(&processor, &arena, &session, identity, &data).unwrap();
    let (table, event) = with_event(&session, |slot| contents.write(slot));
    let mut live = table.get(event).unwrap();
    assert!(ended_plainly(&session, &live.slot().unwrap().read()).is_some());
    type Change = fn(&mut super::slot::Fixed);
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
    let identity = Identity { span_id: [9; 8], parent: Some(PARENT) };
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
