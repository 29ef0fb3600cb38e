//! The log records of the live view.

use super::super::data::EventKind;
use super::super::fields::{Sink, double, int, text};
use super::{CHUNK_BYTES, CHUNK_COUNT};
use crate::otlp::key::key;
use crate::otlp::log::Severity;
use crate::otlp::span::StatusCode;

/// What the live view says of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LiveNews {
    /// It is in flight; said once.
    Started,
    /// It still is.
    Heartbeat,
    /// It has not changed for so many nanoseconds.
    Stalled(i64),
    /// It is over, with this status.
    Ended(StatusCode),
}

/// An event as the live view's log records show it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LiveState<'a> {
    pub(crate) kind: EventKind,
    pub(crate) name: &'a [u8],
    /// Nanoseconds since its start.
    pub(crate) elapsed: i64,
    pub(crate) chunks: u64,
    pub(crate) chunk_bytes: u64,
}

/// Event name and severity of the log record that says it.
pub(crate) fn live_event(news: LiveNews) -> (&'static str, Severity) {
    match news {
        LiveNews::Started => ("agentotel.event.started", Severity::INFO),
        LiveNews::Heartbeat => ("agentotel.event.heartbeat", Severity::INFO),
        LiveNews::Stalled(_) => ("agentotel.event.stalled", Severity::WARN),
        LiveNews::Ended(_) => ("agentotel.event.ended", Severity::INFO),
    }
}

/// The attributes of that log record, the `sequence`-th of its event.
pub(crate) fn live<'a>(out: &mut impl Sink<'a>, news: LiveNews, sequence: u32, state: &LiveState<'a>) {
    const NANOS_PER_SECOND: f64 = 1e9;
    let seconds = |nanos: i64| Some(nanos as f64 / NANOS_PER_SECOND);
    let count = |count: u64| Some(i64::try_from(count).unwrap_or(i64::MAX));
    int(out, key!("agentotel.event.sequence"), Some(sequence.into()));
    text(out, key!("agentotel.event.kind"), state.kind.word().as_bytes());
    text(out, key!("agentotel.event.name"), state.name);
    double(out, key!("agentotel.event.elapsed"), seconds(state.elapsed));
    if state.chunks > 0 {
        int(out, key!(CHUNK_COUNT), count(state.chunks));
        int(out, key!(CHUNK_BYTES), count(state.chunk_bytes));
    }
    match news {
        LiveNews::Started | LiveNews::Heartbeat => {}
        LiveNews::Stalled(unchanged) => double(out, key!("agentotel.event.unchanged"), seconds(unchanged)),
        LiveNews::Ended(status) => {
            let status: &[u8] = match status {
                StatusCode::Unset => b"unset",
                StatusCode::Ok => b"ok",
                StatusCode::Error => b"error",
            };
            text(out, key!("agentotel.event.status"), status);
        }
    }
}
