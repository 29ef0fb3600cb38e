//! The same of log records: what is decoded is what went in.

use opentelemetry_proto::tonic::common::v1::KeyValueList;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ScopeLogs};

use super::*;
use crate::event::data::EventKind;
use crate::event::log::{LogData, LogOwner, log_entry};
use crate::otlp::draft::write_log_in_place;
use crate::otlp::log::Severity;

/// Commits a log record and decodes what stands in the journal.
fn through_the_journal(session: Option<&Session>, data: &LogData<'_>, limits: RecordLimits) -> LogRecord {
    let settings = JournalSettings {
        shards: 1,
        segment_bytes: 4 << 20,
        max_bytes: 16 << 20,
        overflow: OverflowPolicy::DropNewest,
    };
    let journal = Journal::new(settings, Box::new(|| {}));
    journal.attach(LANE, Signal::Logs);
    let processor = EventProcessor::new(limits);
    let arena = Bump::new();
    let mut repairs = Repairs::default();
    let span = session.map(|_| PARENT).unwrap_or_default();
    let owner = LogOwner { session, span, kind: EventKind::Custom };
    let record = processor.log(&arena, owner, data, &mut ThreadClock::new(), &mut repairs);
    processor.commit(&journal, 0, &arena, log_entry(EventKind::Custom, repairs), &record, |_| ()).unwrap();
    let unread = journal.next_unread(0, LANE).unwrap();
    let frame = Frames::new(unread.region.committed()).next().unwrap();
    let mut decoded = ScopeLogs::decode(frame.payload).unwrap();
    assert_eq!(decoded.log_records.len(), 1);
    let counters = journal.signal_counters(Signal::Logs);
    let record = decoded.log_records.remove(0);
    assert_eq!(u64::from(record.dropped_attributes_count), counters.dropped_attributes);
    record
}

fn data<'a>(attributes: &'a [Attribute<'a>], body: Value<'a>) -> LogData<'a> {
    LogData {
        severity: Severity::INFO,
        severity_text: b"",
        event_name: b"",
        body,
        time: 0,
        attributes: Attributes::of(attributes),
    }
}

/// Encodes a log record as a plain one and decodes it again; nothing when it is not plain.
fn as_plain(
    session: Option<&Session>,
    data: &LogData<'_>,
    attributes: &[Attribute<'_>],
) -> Option<LogRecord> {
    let arena = Bump::new();
    let span = session.map(|_| PARENT).unwrap_or_default();
    let owner = LogOwner { session, span, kind: EventKind::Custom };
    let (mut clock, mut repairs) = (ThreadClock::new(), Repairs::default());
    let record = EventProcessor::new(LIMITS).log(&arena, owner, data, &mut clock, &mut repairs);
    let mut place = vec![0; 8192];
    let written = write_log_in_place(&mut place, &mut KeyMarks::new(), &attributes, &record)?;
    let mut decoded = ScopeLogs::decode(&place[..written]).unwrap();
    assert_eq!(decoded.log_records.len(), 1);
    decoded.log_records.pop()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    /// A log record that is encoded while it is read comes out like the same one read with care.
    #[test]
    fn a_plain_log_record_is_the_same_either_way(
        has_session in any::<bool>(),
        severity in 0u32..25,
        (severity_text, event_name, body) in (text(), text(), text()),
        attributes in prop::collection::vec((key(), value()), 0..12),
    ) {
        let arena = Bump::new();
        let attributes = borrow(&arena, &attributes);
        let whole = LogData {
            severity: Severity::from_number(severity).unwrap(),
            severity_text: &severity_text,
            event_name: &event_name,
            time: 7,
            ..data(attributes, Value::Text(&body))
        };
        let session = has_session.then(session);
        let plain = LogData { attributes: Attributes { unique: true, ..Attributes::default() }, ..whole };
        if let Some(mut plain) = as_plain(session.as_ref(), &plain, attributes) {
            let mut careful = through_the_journal(session.as_ref(), &whole, LIMITS);
            prop_assert!(plain.observed_time_unix_nano > 1_500_000_000_000_000_000);
            plain.observed_time_unix_nano = careful.observed_time_unix_nano;
            // The session's own is the last of a plain record.
            if has_session {
                careful.attributes.rotate_left(1);
            }
            prop_assert_eq!(plain, careful);
        }
    }

    #[test]
    fn a_decoded_log_record_is_what_went_in(
        has_session in any::<bool>(),
        severity in 0u32..25,
        (severity_text, event_name) in (text(), text()),
        (body, is_nested) in (prop::option::of(value()), any::<bool>()),
        time in any::<i64>(),
        attributes in prop::collection::vec((key(), value()), 0..24),
    ) {
        let arena = Bump::new();
        let whole = body.as_ref().map_or(Value::Empty, |body| body.borrow(&arena));
        let (list, map) = ([whole, Value::Int(7)], [Attribute::new("in", whole)]);
        let nested = [Attribute::new("list", Value::List(&list)), Attribute::new("map", Value::Map(&map))];
        let given = LogData {
            severity: Severity::from_number(severity).unwrap(),
            severity_text: &severity_text,
            event_name: &event_name,
            time,
            ..data(borrow(&arena, &attributes), if is_nested { Value::Map(&nested) } else { whole })
        };
        let session = has_session.then(session);
        let record = through_the_journal(session.as_ref(), &given, LIMITS);

        prop_assert_eq!(record.severity_number, severity.cast_signed());
        let name = Severity::from_number(severity).unwrap().text();
        let shown = if severity_text.is_empty() { name.to_owned() } else { lossy(&severity_text) };
        prop_assert_eq!(&record.severity_text, &shown);
        prop_assert_eq!(&record.event_name, &lossy(&event_name));
        if time > 0 {
            prop_assert_eq!(record.time_unix_nano, time.cast_unsigned());
        } else {
            prop_assert_eq!(record.time_unix_nano, record.observed_time_unix_nano);
        }
        prop_assert!(record.observed_time_unix_nano > 1_500_000_000_000_000_000);
        let ids = (record.trace_id, record.span_id, record.flags);
        prop_assert_eq!(ids, if has_session { (vec![1; 16], vec![2; 8], 3) } else { (vec![], vec![], 0) });

        let some = |value: Option<Decoded>| AnyValue { value };
        let pair = |key: &str, value: AnyValue| KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() };
        let plain = some(body.as_ref().map(Owned::expected));
        if is_nested {
            let list = vec![plain.clone(), some(Some(Decoded::IntValue(7)))];
            let list = some(Some(Decoded::ArrayValue(ArrayValue { values: list })));
            let map = some(Some(Decoded::KvlistValue(KeyValueList { values: vec![pair("in", plain)] })));
            let all = KeyValueList { values: vec![pair("list", list), pair("map", map)] };
            prop_assert_eq!(record.body, Some(some(Some(Decoded::KvlistValue(all)))));
        } else {
            prop_assert_eq!(record.body, body.as_ref().map(|_| plain));
        }
        let mut expected = expected_attributes(&attributes);
        if !has_session {
            expected.remove("session.id");
        }
        prop_assert_eq!(by_key(&record.attributes), expected);
        let empty_keys = attributes.iter().any(|(key, _)| key.is_empty());
        prop_assert_eq!(record.dropped_attributes_count, u32::from(empty_keys));
    }
}

#[test]
fn short_texts_make_a_plain_log_record_and_what_is_odd_does_not() {
    let session = session();
    let is_plain = |body: &[u8], attributes: &[(&[u8], Value<'_>)]| {
        let attributes: Vec<_> = attributes.iter().map(|&(key, value)| Attribute { key, value }).collect();
        as_plain(Some(&session), &data(&[], Value::Text(body)), &attributes).is_some()
    };
    let text = Value::Text(b"text");
    assert!(is_plain(b"", &[]) && is_plain(&[b'x'; 3000], &[(b"a", text), (b"b", Value::Int(-1))]));
    assert!(!is_plain(&[b'x'; 8200], &[]));
    assert!(!is_plain(b"\xff", &[]) && !is_plain(b"", &[(b"a", Value::Text(b"\xff"))]));
    assert!(!is_plain(b"", &[(b"a", text), (b"a", text)]) && !is_plain(b"", &[(b"session.id", text)]));
}

#[test]
fn a_log_record_over_the_record_limit_is_cut_and_counted() {
    let long = vec![b'x'; 300_000];
    let texts: Vec<&[u8]> = vec![b"short"; 100_000];
    let attributes = [Attribute { key: b"a", value: Value::Text(&long) }];
    for record_bytes in [4_096, 65_536, 262_144] {
        let limits = RecordLimits { record_bytes, ..LIMITS };
        let session = session();
        let record = through_the_journal(Some(&session), &data(&attributes, Value::Text(&long)), limits);
        assert!(record.encoded_len() <= record_bytes, "{} of {record_bytes}", record.encoded_len());
        assert!(matches!(record.body.unwrap().value, Some(Decoded::StringValue(text)) if text.len() > 100));
        let endless = data(&attributes, Value::Texts(&texts));
        let record = through_the_journal(Some(&session), &endless, limits);
        assert!(record.encoded_len() <= record_bytes && record.body.is_none());
        let named = LogData { severity_text: &long, event_name: &long, ..data(&[], Value::Empty) };
        let record = through_the_journal(Some(&session), &named, limits);
        assert!(record.encoded_len() <= record_bytes && !record.event_name.is_empty());
    }
}
