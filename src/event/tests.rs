//! The property that everything rests on: whatever an event holds, the bytes in the journal decode with the official
//! types to what went in, after the documented repairs, and keys are unique.

use std::collections::{BTreeMap, HashSet};

use bumpalo::Bump;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Decoded;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
use proptest::prelude::*;
use prost::Message;

use super::data::{EventData, GivenTimes, PlainEvent, SpanContext, Target};
use super::processor::{EventProcessor, Identity, RecordLimits, span_entry};
use crate::journal::accounting::Repairs;
use crate::journal::cursor::LaneId;
use crate::journal::frame::Frames;
use crate::journal::{Journal, JournalSettings, OverflowPolicy};
use crate::otlp::draft::{Draft, KeyMarks, PlainAttributes, write_in_place};
use crate::otlp::span::{Link, SpanEvent, SpanKind, StatusCode};
use crate::otlp::value::{Attribute, Attributes, Value};
use crate::otlp::{Signal, log, open, span};
use crate::session::memory::Place;
use crate::session::{NewSession, Root, Session};
#[cfg(target_arch = "x86_64")]
use crate::sys::append::Wide;
use crate::sys::clock::ThreadClock;

mod logs;
mod typed;

/// A value that owns its parts.
#[derive(Clone, Debug)]
enum Owned {
    Text(Vec<u8>),
    Bool(bool),
    Int(i64),
    Double(f64),
    Bytes(Vec<u8>),
    Texts(Vec<Vec<u8>>),
    Ints(Vec<i64>),
    Doubles(Vec<f64>),
    Bools(Vec<u8>),
}

impl Owned {
    fn borrow<'a>(&'a self, arena: &'a Bump) -> Value<'a> {
        match self {
            Self::Text(text) => Value::Text(text),
            Self::Bool(truth) => Value::Bool(*truth),
            Self::Int(number) => Value::Int(*number),
            Self::Double(number) => Value::Double(*number),
            Self::Bytes(bytes) => Value::Bytes(bytes),
            Self::Texts(texts) => Value::Texts(arena.alloc_slice_fill_iter(texts.iter().map(Vec::as_slice))),
            Self::Ints(numbers) => Value::Ints(numbers),
            Self::Doubles(numbers) => Value::Doubles(numbers),
            Self::Bools(truths) => Value::Bools(truths),
        }
    }

    /// What a receiver must see.
    fn expected(&self) -> Decoded {
        let list = |values: Vec<Decoded>| {
            let values = values.into_iter().map(|value| AnyValue { value: Some(value) }).collect();
            Decoded::ArrayValue(ArrayValue { values })
        };
        match self {
            Self::Text(text) => Decoded::StringValue(lossy(text)),
            Self::Bool(truth) => Decoded::BoolValue(*truth),
            Self::Int(number) => Decoded::IntValue(*number),
            Self::Double(number) => Decoded::DoubleValue(*number),
            Self::Bytes(bytes) => Decoded::BytesValue(bytes.clone()),
            Self::Texts(texts) => list(texts.iter().map(|text| Decoded::StringValue(lossy(text))).collect()),
            Self::Ints(numbers) => list(numbers.iter().map(|number| Decoded::IntValue(*number)).collect()),
            Self::Doubles(numbers) => {
                list(numbers.iter().map(|number| Decoded::DoubleValue(*number)).collect())
            }
            Self::Bools(truths) => list(truths.iter().map(|truth| Decoded::BoolValue(*truth != 0)).collect()),
        }
    }
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

/// Texts: mostly valid, of every length around the borders of the encoder, sometimes not UTF-8.
fn text() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-z.]{0,40}".prop_map(String::into_bytes),
        2 => prop::collection::vec(b'a'..=b'z', 100..140),
        2 => "\\PC{0,20}".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..24),
        1 => prop::collection::vec(b'a'..=b'z', 16_370..16_400),
    ]
}

fn value() -> impl Strategy<Value = Owned> {
    prop_oneof![
        6 => text().prop_map(Owned::Text),
        1 => any::<bool>().prop_map(Owned::Bool),
        1 => any::<i64>().prop_map(Owned::Int),
        1 => (-1e300f64..1e300).prop_map(Owned::Double),
        1 => prop::collection::vec(any::<u8>(), 0..200).prop_map(Owned::Bytes),
        1 => prop::collection::vec(text(), 0..4).prop_map(Owned::Texts),
        1 => prop::collection::vec(any::<i64>(), 0..9).prop_map(Owned::Ints),
        1 => prop::collection::vec(-1e9f64..1e9, 0..9).prop_map(Owned::Doubles),
        1 => prop::collection::vec(0u8..3, 0..9).prop_map(Owned::Bools),
    ]
}

/// Keys: few enough to come twice.
fn key() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        4 => "[a-e]{0,2}".prop_map(String::into_bytes),
        4 => "[a-z.]{1,60}".prop_map(String::into_bytes),
        1 => Just(b"session.id".to_vec()),
        1 => prop::collection::vec(prop_oneof![Just(0xffu8), Just(0xfe), Just(b'k')], 1..3),
    ]
}

type Pairs = Vec<(Vec<u8>, Owned)>;

#[derive(Clone, Debug)]
struct Case {
    name: Vec<u8>,
    start: i64,
    end: i64,
    error: Option<Vec<u8>>,
    attributes: Pairs,
    moments: Vec<(Vec<u8>, i64, Pairs)>,
    links: usize,
}

fn case() -> impl Strategy<Value = Case> {
    let attributes = || prop::collection::vec((key(), value()), 0..24);
    let moments =
        prop::collection::vec((text(), 1i64..i64::MAX, prop::collection::vec((key(), value()), 0..3)), 0..3);
    (text(), any::<i64>(), any::<i64>(), prop::option::of(text()), attributes(), moments, 0usize..3).prop_map(
        |(name, start, end, error, attributes, moments, links)| Case {
            name,
            start,
            end,
            error,
            attributes,
            moments,
            links,
        },
    )
}

fn borrow<'a>(arena: &'a Bump, attributes: &'a [(Vec<u8>, Owned)]) -> &'a [Attribute<'a>] {
    arena.alloc_slice_fill_iter(
        attributes.iter().map(|(key, value)| Attribute { key, value: value.borrow(arena) }),
    )
}

fn session() -> Session {
    let id = [Attribute::new("session.id", Value::Text(b"the session"))];
    let new = NewSession {
        trace_id: [1; 16],
        root_span_id: [2; 8],
        parent: None,
        trace_flags: 3,
        trace_state: (*b"a=b").into(),
        conversation_id: Box::default(),
        provider: Box::default(),
        on_spans: open::encoded(span::ATTRIBUTES, &id).unwrap().into(),
        on_logs: open::encoded(log::ATTRIBUTES, &id).unwrap().into(),
        start: 0,
        started_at: 0,
        root: Root::default(),
    };
    Session::new(new, Place::on_heap(1))
}

const LANE: LaneId = LaneId(0);
const LIMITS: RecordLimits =
    RecordLimits { attributes: 128, value_bytes: None, events: 128, links: 128, record_bytes: 1 << 20 };

const PARENT: SpanContext =
    SpanContext { trace_id: [1; 16], span_id: [2; 8], trace_flags: 3, is_remote: false };

impl PlainAttributes for &[Attribute<'_>] {
    fn encode(&self, draft: &mut Draft<'_, '_>) -> bool {
        let mut rest = *self;
        while let Some(next) = rest.first() {
            let text = |position| match rest.get(position) {
                Some(Attribute { key, value: Value::Text(text) }) => Some((*key, *text)),
                _ => None,
            };
            #[cfg(target_arch = "x86_64")]
            if let Some(wide) = Wide::of_this_processor() {
                match draft.texts_in_wide_registers(wide, rest.len(), text) {
                    Some(0) => {}
                    Some(done) => {
                        rest = &rest[done..];
                        continue;
                    }
                    None => return false,
                }
            }
            match draft.texts(1, text) {
                Some(0) if !draft.any(next) => return false,
                None => return false,
                Some(_) => rest = &rest[1..],
            }
        }
        true
    }
}

/// Encodes an event as a plain one and decodes it again; nothing when it is not plain.
fn as_plain(name: &[u8], times: GivenTimes, attributes: &[Attribute<'_>]) -> Option<Span> {
    let (parent, status) = (Target::Root, StatusCode::Ok);
    let event =
        PlainEvent { name: [name, &[]], parent, span_kind: SpanKind::Client, times, status, attributes };
    let session = session();
    let span = EventProcessor::new(LIMITS).plain(
        &session,
        [9; 8],
        PARENT.into(),
        &event,
        &mut ThreadClock::new(),
        &mut Repairs::default(),
    )?;
    let mut place = vec![0; 4096];
    let written = write_in_place(&mut place, &mut KeyMarks::new(), &attributes, &span)?;
    let mut decoded = ScopeSpans::decode(&place[..written]).unwrap();
    assert_eq!(decoded.spans.len(), 1);
    decoded.spans.pop()
}

/// Commits an event and decodes what stands in the journal.
fn through_the_journal(data: &EventData<'_>, limits: RecordLimits) -> (Span, Repairs) {
    let settings = JournalSettings {
        shards: 1,
        segment_bytes: 4 << 20,
        max_bytes: 16 << 20,
        overflow: OverflowPolicy::DropNewest,
    };
    let journal = Journal::new(settings, Box::new(|| {}));
    journal.attach(LANE, Signal::Traces);
    let processor = EventProcessor::new(limits);
    let arena = Bump::new();
    let session = session();
    let mut repairs = Repairs::default();
    let identity = Identity { span_id: [9; 8], parent: Some(PARENT.into()) };
    let record = processor.span(&arena, &session, identity, data, None, &mut repairs);
    processor.commit(&journal, 0, &arena, span_entry(0, record.status, repairs), &record, |_| ()).unwrap();
    let unread = journal.next_unread(0, LANE).unwrap();
    let frame = Frames::new(unread.region.committed()).next().unwrap();
    let mut decoded = ScopeSpans::decode(frame.payload).unwrap();
    assert_eq!(decoded.spans.len(), 1);
    let counters = journal.signal_counters(Signal::Traces);
    let repairs = Repairs {
        utf8: u32::try_from(counters.repaired_utf8).unwrap(),
        time: u32::try_from(counters.repaired_time).unwrap(),
        truncated: u32::try_from(counters.truncated_values).unwrap(),
        dropped_attributes: u32::try_from(counters.dropped_attributes).unwrap(),
        redacted: u32::try_from(counters.redacted_values).unwrap(),
    };
    (decoded.spans.remove(0), repairs)
}

/// The last value of each key, `session.id` and empty keys left out.
fn expected_attributes(given: &[(Vec<u8>, Owned)]) -> BTreeMap<String, Decoded> {
    let mut expected: BTreeMap<String, Decoded> = given
        .iter()
        .filter(|(key, _)| !key.is_empty() && key != b"session.id")
        .map(|(key, value)| (lossy(key), value.expected()))
        .collect();
    expected.insert("session.id".to_owned(), Decoded::StringValue("the session".to_owned()));
    expected
}

fn by_key(attributes: &[KeyValue]) -> BTreeMap<String, Decoded> {
    let entries = attributes.iter().map(|a| (a.key.clone(), a.value.clone().unwrap().value.unwrap()));
    let map: BTreeMap<_, _> = entries.collect();
    assert_eq!(map.len(), attributes.len(), "keys are not unique");
    map
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn what_is_decoded_is_what_went_in(case in case()) {
        let arena = Bump::new();
        let error = case.error.as_ref().map(|message| super::data::ErrorDetail {
            kind: b"broken",
            message,
            ..Default::default()
        });
        let moments: Vec<SpanEvent<'_>> = case.moments.iter().map(|(name, time, attributes)| SpanEvent {
            name,
            time: *time,
            attributes: borrow(&arena, attributes),
        }).collect();
        let links = vec![
            Link { trace_id: [5; 16], span_id: [6; 8], trace_state: b"c=d", flags: 0x101, attributes: &[] };
            case.links
        ];
        let data = EventData {
            name: &case.name,
            times: GivenTimes { start: case.start, end: case.end, duration: 0 },
            attributes: Attributes::of(borrow(&arena, &case.attributes)),
            events: &moments,
            links: &links,
            error: error.as_ref(),
            ..EventData::default()
        };
        let (span, repairs) = through_the_journal(&data, LIMITS);

        prop_assert_eq!(&span.name, &lossy(&case.name));
        prop_assert_eq!((&span.trace_id, &span.span_id, &span.parent_span_id), (&vec![1; 16], &vec![9; 8], &vec![2; 8]));
        prop_assert_eq!((span.flags, span.trace_state.as_str()), (0x103, "a=b"));
        if case.start > 0 && case.end >= case.start {
            let times = (case.start.cast_unsigned(), case.end.cast_unsigned());
            prop_assert_eq!((span.start_time_unix_nano, span.end_time_unix_nano), times);
        } else if case.start > 0 && case.end > 0 {
            prop_assert_eq!(span.end_time_unix_nano, span.start_time_unix_nano);
            prop_assert_eq!(repairs.time, 1);
        }
        prop_assert!(span.end_time_unix_nano >= span.start_time_unix_nano);

        let mut expected = expected_attributes(&case.attributes);
        let status = span.status.unwrap_or_default();
        if let Some(message) = &case.error {
            expected.insert("error.type".to_owned(), Decoded::StringValue("broken".to_owned()));
            prop_assert_eq!((status.code, status.message), (StatusCode::Error as i32, lossy(message)));
        } else {
            prop_assert_eq!((status.code, status.message.as_str()), (0, ""));
        }
        prop_assert_eq!(by_key(&span.attributes), expected);
        let empty_keys = case.attributes.iter().any(|(key, _)| key.is_empty());
        prop_assert_eq!(span.dropped_attributes_count, u32::from(empty_keys));

        prop_assert_eq!(span.events.len(), case.moments.len());
        for (event, (name, time, attributes)) in span.events.iter().zip(&case.moments) {
            prop_assert_eq!((&event.name, event.time_unix_nano), (&lossy(name), time.cast_unsigned()));
            let keys: HashSet<_> = event.attributes.iter().map(|a| &a.key).collect();
            prop_assert_eq!(keys.len(), event.attributes.len(), "keys of a span event are not unique");
            for (key, value) in attributes.iter().filter(|(key, _)| !key.is_empty()) {
                let last = attributes.iter().rfind(|(other, _)| lossy(other) == lossy(key)).unwrap();
                if std::ptr::eq(&last.1, value) {
                    let found = event.attributes.iter().find(|a| a.key == lossy(key)).unwrap();
                    prop_assert_eq!(found.value.clone().unwrap().value.unwrap(), value.expected());
                }
            }
        }
        prop_assert_eq!(span.links.len(), case.links);
    }

    /// An event that is encoded while it is read comes out like the same event read with care.
    #[test]
    fn a_plain_event_is_the_same_either_way(case in case()) {
        let arena = Bump::new();
        let attributes = borrow(&arena, &case.attributes);
        let times = GivenTimes { start: case.start, end: case.end.max(1), duration: 0 };
        let data = EventData {
            name: &case.name,
            times,
            span_kind: Some(SpanKind::Client),
            status: StatusCode::Ok,
            attributes: Attributes::of(attributes),
            ..EventData::default()
        };
        if let Some(plain) = as_plain(&case.name, times, attributes) {
            let (mut careful, repairs) = through_the_journal(&data, LIMITS);
            prop_assert_eq!((repairs.utf8, repairs.truncated, repairs.dropped_attributes), (0, 0, 0));
            // The order of attributes is the same but for the session's own, which is the last of a plain event.
            careful.attributes.rotate_left(1);
            prop_assert_eq!(plain, careful);
        }
    }

    /// Limits: nothing is over them, what is left is what came first, and UTF-8 stays whole.
    #[test]
    fn limits_are_kept_and_counted(case in case(), attributes in 1usize..6, value_bytes in 1usize..40) {
        let arena = Bump::new();
        let data = EventData {
            name: b"limited",
            times: GivenTimes { start: 1, end: 2, duration: 0 },
            attributes: Attributes::of(borrow(&arena, &case.attributes)),
            ..EventData::default()
        };
        let limits = RecordLimits { attributes, value_bytes: Some(value_bytes), ..LIMITS };
        let (span, _) = through_the_journal(&data, limits);
        let expected = expected_attributes(&case.attributes);
        prop_assert!(span.attributes.len() <= attributes.max(1));
        let kept = by_key(&span.attributes);
        for (key, value) in kept {
            match (value, expected.get(&key)) {
                // Keys that are the same once repaired are counted as two before.
                _ if key == "session.id" || key.contains('\u{fffd}') => {}
                (Decoded::StringValue(short), Some(Decoded::StringValue(whole))) => {
                    // A byte that is replaced grows to three after the cut.
                    prop_assert!(short.len() <= value_bytes * 3);
                    let same = short.chars().zip(whole.chars()).take_while(|(a, b)| a == b).count();
                    prop_assert!(same + 1 >= short.chars().count(), "{short:?} is no start of {whole:?}");
                }
                (Decoded::BytesValue(short), _) => prop_assert!(short.len() <= value_bytes),
                _ => {}
            }
        }
    }
}

#[test]
fn what_is_plain_and_what_is_not() {
    let times = GivenTimes { start: 1, end: 2, duration: 0 };
    let is_plain = |attributes: &[(&[u8], Value<'_>)]| {
        let attributes: Vec<_> = attributes.iter().map(|&(key, value)| Attribute { key, value }).collect();
        as_plain(b"a name", times, &attributes).is_some()
    };
    let text = Value::Text(b"text");
    assert!(is_plain(&[]));
    assert!(is_plain(&[
        (b"agent.name", text),
        ("schlüssel".as_bytes(), Value::Int(-1)),
        (b"c", Value::Double(0.5))
    ]));
    assert!(is_plain(&[(b"long", Value::Text(&[b'x'; 2000]))]));
    assert!(!is_plain(&[(b"too long", Value::Text(&[b'x'; 4000]))]));
    assert!(!is_plain(&[(b"session.id", text)]));
    assert!(!is_plain(&[(b"twice", text), (b"twice", text)]));
    assert!(!is_plain(&[(b"not utf-8", Value::Text(b"\xff"))]));
    assert!(!is_plain(&[(b"\xff", text)]));
    assert!(as_plain(b"\xff", times, &[]).is_none());
    assert!(as_plain(&[b'x'; 200], times, &[]).is_none());
}

#[test]
fn an_event_over_the_record_limit_is_cut_and_counted() {
    let long = vec![b'x'; 300_000];
    let broken = vec![0xff; 200_000];
    let attributes = [
        Attribute { key: b"a", value: Value::Text(&long) },
        Attribute { key: b"b", value: Value::Text(&broken) },
        Attribute { key: b"c", value: Value::Int(7) },
    ];
    let data = EventData {
        name: b"large",
        times: GivenTimes { start: 1, end: 2, duration: 0 },
        attributes: Attributes::of(&attributes),
        ..EventData::default()
    };
    for record_bytes in [16_384, 65_536, 262_144] {
        let (span, repairs) = through_the_journal(&data, RecordLimits { record_bytes, ..LIMITS });
        assert!(span.encoded_len() <= record_bytes, "{} of {record_bytes}", span.encoded_len());
        assert_eq!(span.name, "large");
        assert!(repairs.truncated > 0);
        assert!(span.attributes.iter().any(|a| a.key == "a") || span.dropped_attributes_count > 0);
    }
    // What the limit on values has cut before is counted still.
    let limits = RecordLimits { record_bytes: 16_384, value_bytes: Some(100_000), ..LIMITS };
    assert_eq!(through_the_journal(&data, limits).1.truncated, 2 + 2);
    let many: Vec<Vec<u8>> = (0..5000).map(|n| format!("key {n:060}").into_bytes()).collect();
    let many: Vec<_> = many.iter().map(|key| Attribute { key, value: Value::Text(key) }).collect();
    let data = EventData { attributes: Attributes::of(&many), ..data };
    let limits = RecordLimits { record_bytes: 16_384, attributes: 10_000, ..LIMITS };
    let (span, repairs) = through_the_journal(&data, limits);
    assert!(span.encoded_len() <= 16_384);
    assert_eq!(span.attributes.len() + span.dropped_attributes_count as usize, 5001);
    assert_eq!(repairs.dropped_attributes, span.dropped_attributes_count);
}
