//! Ways in for the fuzz targets under `fuzz/`, to readers of bytes that the library did not write itself: what a dead process
//! has left, configuration documents, replies of receivers, texts in which something is to be redacted, events and log records as JSON, headers of requests. Built
//! with the feature `fuzzing` alone.

use std::sync::LazyLock;

use bumpalo::Bump;

use crate::config::{Config, Environment, Propagator};
use crate::event::json::{self as events, Refused};
use crate::event::processor::{EventProcessor, RecordLimits};
use crate::journal::frame::{Frames, write_checksum};
use crate::journal::recovery::Scan;
use crate::journal::segment::{SegmentHeader, seal};
use crate::live::unfinished::{LeftBehind, unfinished};
use crate::propagation::baggage::Baggage;
use crate::propagation::meta::Meta;
use crate::propagation::{Carrier, CarrierError, Propagated, extract, inject, trace_state};
use crate::redaction::{Finder, Redacted, Redaction, RuleText, json};

/// What a recovery makes of a segment's header, of its frames, and of slots; the first byte says which.
pub fn recovery(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else { return };
    match which % 4 {
        0 => {
            // Refused or read, and never more than there is.
            let _ = SegmentHeader::parse(bytes);
        }
        1 => scan(bytes, u32::from(*which)),
        2 => {
            // Frames whose checksums hold, so that what comes behind a checksum is reached too.
            let seal = seal(u64::from(*which), 7);
            let mut sealed = bytes.to_vec();
            let mut at = 0;
            while let Some(frame) = sealed.get(at..).and_then(|rest| Frames::new(rest).next()) {
                let (payload, size) = (frame.payload.len(), frame.size);
                write_checksum(sealed.get_mut(at..).unwrap_or_default(), payload, seal);
                at += size;
            }
            scan(&sealed, seal);
        }
        _ => slots(bytes),
    }
}

/// Frames come in order, inside the bytes and without touching each other.
fn scan(bytes: &[u8], seal: u32) {
    let mut end = 0;
    for (at, frame) in Scan::new(bytes, 0, seal) {
        assert!(at >= end && at + frame.size <= bytes.len());
        end = at + frame.size;
    }
}

fn slots(bytes: &[u8]) {
    let (events, sessions) = bytes.split_at(bytes.len() / 2);
    let limits =
        RecordLimits { attributes: 128, value_bytes: None, events: 128, links: 128, record_bytes: 1 << 20 };
    let left = LeftBehind { events, sessions, shards: bytes.len() % 5, last_seen: 1 };
    unfinished(&EventProcessor::new(limits), &left, |_, sequence| sequence % 2 == 0);
}

/// A configuration document: resolved, or refused with words.
pub fn config(data: &[u8]) {
    if let Err(error) = Config::resolve(Some(data), &Environment::default()) {
        assert!(!error.to_string().is_empty());
    }
}

/// A receiver's reply to spans, as protobuf or JSON.
pub fn reply(data: &[u8]) {
    crate::export::read_reply(data);
}

/// A text that is redacted and shortened, the first byte saying to how much: what was JSON stays JSON, what was UTF-8 stays
/// that, and nothing that is looked for is left in what was no piece of a document.
pub fn redaction(data: &[u8]) {
    static RULES: LazyLock<Option<Redaction>> = LazyLock::new(|| {
        let rule = RuleText { pattern: "(a+)b".to_owned(), replace: "<$1>".to_owned() };
        Redaction::new(&Finder::ALL, &[rule]).ok().flatten()
    });
    let (Some(rules), Some((limit, text))) = (&*RULES, data.split_first()) else { return };
    let arena = Bump::new();
    // A number or word alone is a text like any other.
    let is_document = json::valid(&arena, text).is_some() && text.iter().any(|byte| b"{[\"".contains(byte));
    let redacted = match rules.text(&arena, text) {
        Redacted::Unchanged => text,
        Redacted::Changed(changed) => changed,
        Redacted::Failed => return,
    };
    assert!(std::str::from_utf8(text).is_err() || std::str::from_utf8(redacted).is_ok());
    if let Some(document) = json::valid(&arena, redacted) {
        if let Some(shorter) = json::shortened(&arena, document, usize::from(*limit)) {
            assert!(shorter.len() <= usize::from(*limit) && json::valid(&arena, shorter).is_some());
        }
    } else {
        assert!(!is_document);
    }
}

/// An event as JSON, whole and as a later word: read, with texts that are UTF-8 whatever the bytes were, or refused with words.
/// What is wrong for a later word is wrong for a whole event.
pub fn event_json(data: &[u8]) {
    let arena = Bump::new();
    let whole = events::whole_event(&arena, data);
    let later = events::later_event(&arena, data);
    for refused in [whole.as_ref().err(), later.as_ref().err()].into_iter().flatten() {
        assert!(*refused != Refused::Wrong(String::new()));
    }
    assert!(data.is_empty() || later.is_ok() || whole.is_err());
    for event in [whole, later].into_iter().flatten() {
        assert!(std::str::from_utf8(event.data.name).is_ok());
        assert!(
            event.data.attributes.list.iter().all(|attribute| std::str::from_utf8(attribute.key).is_ok())
        );
    }
    let _ = events::session_options(&arena, data);
    let _ = events::session_end(&arena, data);
    let _ = events::error(&arena, data);
    let _ = events::log_record(&arena, data);
}

/// Headers as they came, with names whose case does not matter.
#[derive(Default)]
struct Headers(Vec<(String, String)>);

impl Carrier for Headers {
    fn values(&self, key: &str) -> Result<Vec<String>, CarrierError> {
        let of_key = self.0.iter().filter(|(name, _)| name.eq_ignore_ascii_case(key));
        Ok(of_key.map(|(_, value)| value.clone()).collect())
    }

    fn keys(&self) -> Result<Vec<String>, CarrierError> {
        Ok(self.0.iter().map(|(name, _)| name.clone()).collect())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), CarrierError> {
        assert!(!value.contains(['\r', '\n']), "{key} would end its header");
        self.0.retain(|(name, _)| !name.eq_ignore_ascii_case(key));
        self.0.push((key.to_owned(), value.to_owned()));
        Ok(())
    }
}

/// Lines of headers, the first byte saying in which formats they are: what is found in them is passed on as it is, and a
/// second time too.
pub fn propagation(data: &[u8]) {
    const ALL: [Propagator; 5] = [
        Propagator::TraceContext,
        Propagator::Baggage,
        Propagator::B3,
        Propagator::B3Multi,
        Propagator::Jaeger,
    ];
    let Some((which, text)) = data.split_first() else { return };
    let propagators: Vec<_> =
        (0..).zip(ALL).filter(|(bit, _)| which >> bit & 1 != 0).map(|(_, propagator)| propagator).collect();
    let text = String::from_utf8_lossy(text);
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let came = Headers(lines.map(|(name, value)| (name.to_owned(), value.to_owned())).collect());
    let passed_on = |what: &Propagated| {
        let mut carrier = Headers::default();
        inject(&propagators, what, &mut carrier).and_then(|()| extract(&propagators, &carrier))
    };
    let Ok(found) = extract(&propagators, &came) else { return };
    let Ok(next) = passed_on(&found) else { return };
    let ids = |what: &Propagated| what.span.map(|span| (span.trace_id, span.span_id));
    assert_eq!(ids(&found), ids(&next));
    if propagators.contains(&Propagator::Baggage) {
        let keys = |what: &Propagated| what.baggage.entries().to_vec();
        assert_eq!(keys(&found), keys(&next));
    }
    assert_eq!(passed_on(&next), Ok(next));

    let baggage = Baggage::parse(&text);
    assert_eq!(Baggage::parse(&baggage.text()), baggage);
    let state = trace_state::normalised(&text);
    assert_eq!(trace_state::normalised(&state), state);
    if let Ok(meta) = Meta::parse(text.as_bytes()) {
        assert_eq!(Meta::parse(meta.text().as_bytes()), Ok(meta));
    }
}
