//! Single things in an encoded record: whose it is, how long it took, what one of its attributes says. Whatever is not as it
//! should be is as if it were not there.

use super::Signal;
use super::json::{Fields, Wire};
use super::value::SESSION_ID;

/// Field numbers of `Span` and `LogRecord` (opentelemetry-proto `trace.proto`, `logs.proto`).
const SPAN_TRACE_ID: usize = 1;
const SPAN_START: usize = 7;
const SPAN_END: usize = 8;
const SPAN_ATTRIBUTES: usize = 9;
const LOG_TRACE_ID: usize = 9;
const LOG_ATTRIBUTES: usize = 6;
/// `KeyValue`, `AnyValue` and `ArrayValue` (`common.proto`).
const KEY: usize = 1;
const VALUE: usize = 2;
const STRING_VALUE: usize = 1;
const INT_VALUE: usize = 3;
const ARRAY_VALUE: usize = 5;
const VALUES: usize = 1;

/// The fields of a message, as far as they can be read.
fn fields(message: &[u8]) -> impl Iterator<Item = (usize, Wire<'_>)> {
    let mut fields = Fields { rest: message };
    std::iter::from_fn(move || fields.next().ok().flatten())
}

/// The contents of a message's fields that have this number and are bytes.
fn contents(message: &[u8], number: usize) -> impl Iterator<Item = &[u8]> {
    fields(message).filter_map(move |(found, wire)| match wire {
        Wire::Bytes(bytes) if found == number => Some(bytes),
        _ => None,
    })
}

/// The value of a `KeyValue` with this key.
fn value_of<'b>(attribute: &'b [u8], key: &str) -> Option<&'b [u8]> {
    let is_it = contents(attribute, KEY).next() == Some(key.as_bytes());
    if is_it { contents(attribute, VALUE).next() } else { None }
}

/// A payload: one record as an element of its request.
#[derive(Clone, Copy)]
pub(crate) struct Look<'b> {
    record: &'b [u8],
    attributes: usize,
    trace_id: usize,
}

impl<'b> Look<'b> {
    /// Nothing for what is neither a span nor a log record.
    pub(crate) fn new(signal: Signal, payload: &'b [u8]) -> Option<Self> {
        let (trace_id, attributes) = match signal {
            Signal::Traces => (SPAN_TRACE_ID, SPAN_ATTRIBUTES),
            Signal::Logs => (LOG_TRACE_ID, LOG_ATTRIBUTES),
            Signal::Metrics => return None,
        };
        match (Fields { rest: payload }).next() {
            Ok(Some((_, Wire::Bytes(record)))) => Some(Self { record, attributes, trace_id }),
            _ => None,
        }
    }

    /// Trace id and session id; nothing unless it has both.
    pub(crate) fn session(&self) -> Option<([u8; 16], &'b [u8])> {
        let (mut trace_id, mut session_id) = (None, None);
        for (number, wire) in fields(self.record) {
            let Wire::Bytes(bytes) = wire else { continue };
            if number == self.trace_id {
                trace_id = <[u8; 16]>::try_from(bytes).ok();
            } else if number == self.attributes && session_id.is_none() {
                session_id = value_of(bytes, SESSION_ID);
            }
            if let (Some(trace_id), Some(session_id)) = (trace_id, session_id) {
                return Some((trace_id, session_id));
            }
        }
        None
    }

    /// Nanoseconds from a span's start to its end.
    pub(crate) fn duration(&self) -> u64 {
        let (mut start, mut end) = (0, 0);
        for (number, wire) in fields(self.record) {
            match (number, wire) {
                (SPAN_START, Wire::Fixed64(time)) => start = time,
                (SPAN_END, Wire::Fixed64(time)) => end = time,
                _ => {}
            }
        }
        end.saturating_sub(start)
    }

    fn attribute(&self, key: &str) -> Option<&'b [u8]> {
        contents(self.record, self.attributes).find_map(|attribute| value_of(attribute, key))
    }

    /// The number that an attribute says.
    pub(crate) fn int(&self, key: &str) -> Option<i64> {
        fields(self.attribute(key)?).find_map(|(number, wire)| match wire {
            Wire::Varint(value) if number == INT_VALUE => Some(value.cast_signed()),
            _ => None,
        })
    }

    /// Whether an attribute is a list that has this text.
    pub(crate) fn list_has(&self, key: &str, text: &str) -> bool {
        let lists = self.attribute(key).into_iter().flat_map(|value| contents(value, ARRAY_VALUE));
        lists
            .flat_map(|list| contents(list, VALUES))
            .any(|value| contents(value, STRING_VALUE).next() == Some(text.as_bytes()))
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value::Value};
    use opentelemetry_proto::tonic::trace::v1::{ScopeSpans, Span};
    use proptest::prelude::*;
    use prost::Message;

    use super::*;

    fn text(text: &str) -> AnyValue {
        AnyValue { value: Some(Value::StringValue(text.to_owned())) }
    }

    fn attribute(key: &str, value: AnyValue) -> KeyValue {
        KeyValue { key: key.to_owned(), value: Some(value), ..KeyValue::default() }
    }

    fn payload() -> Vec<u8> {
        let tags = ArrayValue { values: vec![text("a"), text("vip")] };
        let span = Span {
            trace_id: vec![7; 16],
            span_id: vec![1; 8],
            start_time_unix_nano: 1_000,
            end_time_unix_nano: 4_000,
            attributes: vec![
                attribute("before", text("x")),
                attribute(SESSION_ID, text("one")),
                attribute("tags", AnyValue { value: Some(Value::ArrayValue(tags)) }),
                attribute("cost", AnyValue { value: Some(Value::IntValue(-5)) }),
            ],
            ..Span::default()
        };
        ScopeSpans { spans: vec![span], ..ScopeSpans::default() }.encode_to_vec()
    }

    #[test]
    fn what_is_looked_for_is_found() {
        let payload = payload();
        let look = Look::new(Signal::Traces, &payload).unwrap();
        let (trace_id, session) = look.session().unwrap();
        assert_eq!((trace_id, session), ([7; 16], text("one").encode_to_vec().as_slice()));
        assert_eq!(look.duration(), 3_000);
        assert_eq!((look.int("cost"), look.int("before"), look.int("none")), (Some(-5), None, None));
        assert!(
            look.list_has("tags", "vip") && !look.list_has("tags", "vi") && !look.list_has("before", "x")
        );
        assert!(Look::new(Signal::Metrics, &payload).is_none());
        assert!(Look::new(Signal::Logs, &payload).unwrap().session().is_none());
    }

    proptest! {
        #[test]
        fn any_bytes_have_an_answer(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in any::<prop::sample::Index>()) {
            let mut payload = payload();
            payload.truncate(cut.index(payload.len()));
            for bytes in [&bytes, &payload] {
                if let Some(look) = Look::new(Signal::Traces, bytes) {
                    let _ = (look.session(), look.duration(), look.int("cost"), look.list_has("tags", "vip"));
                }
            }
        }
    }
}
