//! Batches as lines of text, for the exporters that write such: OTLP/JSON, a line for each batch or record, or what a function of
//! the host makes of each span and log record. A formatter gets one record as compact OTLP/JSON and gives one line, or
//! says why it gives none: that record is rejected then, and no other one with it.

use std::borrow::Cow;
use std::sync::Arc;

use super::outcome::{Batch, Cause, Outcome};
use super::printable::{MESSAGE_BYTES, printable};
use super::registry::Registry;
use crate::otlp::{Signal, json_line, json_records};

/// Makes a line of a record. Called on the worker, one record after the other; it must not take long.
pub(crate) trait FormatCallback: Send + Sync {
    /// The line, without its end; empty: nothing is written for this record. Or why there is none.
    fn format(&self, signal: Signal, json: &[u8]) -> Result<Vec<u8>, String>;
}

/// Some or none of a batch's records were left out.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct LeftOut {
    records: u64,
    why: String,
}

impl LeftOut {
    /// How the batch has ended, when the rest of it was taken.
    pub(super) fn outcome(self) -> Outcome {
        match self.records {
            0 => Outcome::Accepted,
            rejected => Outcome::partial(rejected, self.why),
        }
    }
}

/// Where the lines come from.
#[derive(Clone, Debug)]
pub(super) enum Lines {
    /// A line for each batch.
    OtlpJson,
    /// A line for each record.
    Records,
    Formatter {
        name: String,
        formatters: Arc<Registry<dyn FormatCallback>>,
    },
}

impl Lines {
    /// The text of a batch, each line with its end; or how the batch ends without any.
    pub(super) fn of(&self, batch: &Batch) -> Result<(Vec<u8>, LeftOut), Outcome> {
        let malformed =
            |error: crate::otlp::DecodeError| Outcome::rejected(Cause::Protocol, error.to_string());
        match self {
            Self::OtlpJson => {
                let line = json_line(batch.signal, &batch.body).map_err(malformed)?;
                Ok((line, LeftOut::default()))
            }
            Self::Records => {
                let mut text = Vec::with_capacity(batch.body.len().saturating_mul(3));
                for record in json_records(batch.signal, &batch.body).map_err(malformed)? {
                    text.extend_from_slice(&record);
                    text.push(b'\n');
                }
                Ok((text, LeftOut::default()))
            }
            Self::Formatter { name, formatters } => {
                let records = json_records(batch.signal, &batch.body).map_err(malformed)?;
                let unknown =
                    || Outcome::retry(Cause::NotRegistered, format!("no formatter `{name}` is registered"));
                let formatter = formatters.get(name).ok_or_else(unknown)?;
                formatter
                    .call(|formatter| formatted(formatter, name, batch.signal, &records))
                    .ok_or_else(unknown)
            }
        }
    }
}

fn formatted(
    formatter: &dyn FormatCallback,
    name: &str,
    signal: Signal,
    records: &[Vec<u8>],
) -> (Vec<u8>, LeftOut) {
    let mut text = Vec::with_capacity(records.iter().map(Vec::len).sum::<usize>() / 2);
    let mut left_out = LeftOut::default();
    for record in records {
        match formatter.format(signal, record).and_then(|line| one_line(&line)) {
            Ok(line) if line.is_empty() => {}
            Ok(line) => {
                text.extend_from_slice(line.as_bytes());
                text.push(b'\n');
            }
            Err(why) => {
                left_out.records += 1;
                left_out.why = format!("formatter `{name}`: {}", printable(&why, MESSAGE_BYTES / 2));
            }
        }
    }
    (text, left_out)
}

/// A formatter's text as one line without its end.
fn one_line(text: &[u8]) -> Result<String, String> {
    let text = text.strip_suffix(b"\n").unwrap_or(text);
    if text.iter().any(|byte| matches!(byte, b'\n' | b'\r')) {
        return Err("it has given more than one line".to_owned());
    }
    Ok(match String::from_utf8_lossy(text) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(replaced) => replaced,
    })
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span};
    use prost::Message as _;

    use super::*;

    struct Upper;

    impl FormatCallback for Upper {
        fn format(&self, _: Signal, json: &[u8]) -> Result<Vec<u8>, String> {
            let span: serde_json::Value = serde_json::from_slice(json).map_err(|error| error.to_string())?;
            let name = span["name"].as_str().unwrap_or_default();
            match name {
                "fails" => Err("it has\nfailed".to_owned()),
                "two" => Ok(b"two\nlines".to_vec()),
                "ended" => Ok(b"ended\n".to_vec()),
                "bytes" => Ok(b"\xff".to_vec()),
                name => Ok(name.to_uppercase().into_bytes()),
            }
        }
    }

    fn batch(names: &[&str]) -> Batch {
        let span = |name: &&str| Span { name: (*name).to_owned(), ..Default::default() };
        let scope_spans = vec![ScopeSpans { spans: names.iter().map(span).collect(), ..Default::default() }];
        let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
        let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
        Batch { signal: Signal::Traces, items: names.len() as u64, body: body.into() }
    }

    fn lines() -> (Lines, Arc<Registry<dyn FormatCallback>>) {
        let formatters = Arc::<Registry<dyn FormatCallback>>::default();
        (Lines::Formatter { name: "upper".to_owned(), formatters: Arc::clone(&formatters) }, formatters)
    }

    #[test]
    fn each_record_is_one_line_and_what_is_none_is_counted() {
        let (lines, formatters) = lines();
        formatters.set("upper", Arc::new(Upper), Arc::new(|| {}));
        let (text, left_out) = lines.of(&batch(&["a", "fails", "", "two", "b", "ended", "bytes"])).unwrap();
        assert_eq!(String::from_utf8(text).unwrap(), "A\nB\nended\n\u{fffd}\n");
        let Outcome::Partial { rejected: 2, message } = left_out.outcome() else { panic!() };
        assert!(message.contains("more than one line"), "{message}");
        let (_, left_out) = lines.of(&batch(&["fails"])).unwrap();
        assert_eq!(left_out.outcome(), Outcome::partial(1, "formatter `upper`: it has\\nfailed"));
        let (_, left_out) = lines.of(&batch(&["a"])).unwrap();
        assert_eq!(left_out.outcome(), Outcome::Accepted);
    }

    #[test]
    fn a_formatter_that_is_not_there_is_waited_for() {
        let (lines, formatters) = lines();
        let waits = |lines: &Lines| {
            let outcome = lines.of(&batch(&["a"])).unwrap_err();
            assert!(
                matches!(&outcome, Outcome::Retry { cause: Cause::NotRegistered, message, .. } if message.contains("`upper`")),
                "{outcome:?}"
            );
        };
        waits(&lines);
        formatters.set("upper", Arc::new(Upper), Arc::new(|| {}));
        assert!(lines.of(&batch(&["a"])).is_ok());
        formatters.forget("upper");
        waits(&lines);
    }

    #[test]
    fn otlp_json_is_a_line_for_each_batch_or_record() {
        let (text, left_out) = Lines::OtlpJson.of(&batch(&["a", "b"])).unwrap();
        assert!(text.starts_with(b"{\"resourceSpans\":") && text.ends_with(b"}\n"));
        assert_eq!(left_out.outcome(), Outcome::Accepted);
        let (text, left_out) = Lines::Records.of(&batch(&["a", "b"])).unwrap();
        let lines: Vec<_> = text.split_inclusive(|byte| *byte == b'\n').collect();
        assert_eq!((lines.len(), lines[1].starts_with(b"{\"name\":\"b\"")), (2, true));
        assert_eq!(left_out.outcome(), Outcome::Accepted);
        let garbage = Batch { signal: Signal::Traces, items: 1, body: vec![0xff].into() };
        assert!(matches!(
            Lines::OtlpJson.of(&garbage),
            Err(Outcome::Rejected { cause: Cause::Protocol, .. })
        ));
    }
}
