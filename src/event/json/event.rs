//! The event itself: what is common to all kinds, with the detail of its kind.

use bumpalo::Bump;
use serde::de::MapAccess;

use super::given::{GivenError, GivenLink, GivenMoment, GivenTarget, fields, kind};
use super::reader::{Item, Reader};
use crate::event::data::{Detail, EventData, EventKind, kinds};
use crate::otlp::span::{SpanKind, StatusCode};
use crate::otlp::value::Attributes;

const SPAN_KINDS: [(&str, SpanKind); 5] = [
    ("internal", SpanKind::Internal),
    ("server", SpanKind::Server),
    ("client", SpanKind::Client),
    ("producer", SpanKind::Producer),
    ("consumer", SpanKind::Consumer),
];
const STATUS_CODES: [(&str, StatusCode); 3] =
    [("unset", StatusCode::Unset), ("ok", StatusCode::Ok), ("error", StatusCode::Error)];

/// One of the words of a list.
fn word<'a, A: MapAccess<'a>, T: Copy>(
    reader: &Reader<'a>,
    access: &mut A,
    words: &'static [(&'static str, T)],
) -> Result<Option<T>, A::Error> {
    let named = |given: &str| words.iter().find(|(word, _)| *word == given).map(|(_, named)| *named);
    reader.word(access, words.iter().map(|(word, _)| *word), named)
}

/// An event as it was given.
#[derive(Default)]
pub(super) struct GivenEvent<'a> {
    kind: Option<EventKind>,
    /// Another detail that was given, of which there can be only one.
    other: Option<EventKind>,
    parent: GivenTarget,
    data: EventData<'a>,
}

impl<'a> GivenEvent<'a> {
    fn set(&mut self, detail: Detail<'a>) {
        let before = self.data.detail.kind();
        if before != EventKind::Custom && before != detail.kind() {
            self.other = Some(before);
        }
        self.data.detail = detail;
    }

    /// The whole event. Without a kind it is of the one whose detail is given.
    pub(super) fn whole(self, arena: &'a Bump) -> Result<&'a EventData<'a>, String> {
        match self.kind {
            Some(kind) if kind != EventKind::Custom && self.data.detail.kind() == EventKind::Custom => {
                let word = kind.word();
                Err(format!("{word}: is absent, an event of the kind {word} needs it"))
            }
            _ => self.later(arena),
        }
    }

    /// A later word about an event.
    pub(super) fn later(self, arena: &'a Bump) -> Result<&'a EventData<'a>, String> {
        let given = self.data.detail.kind();
        if let Some(other) = self.other {
            return Err(format!(
                "{}: is given beside {}, an event has one detail",
                other.word(),
                given.word()
            ));
        }
        if let Some(kind) = self.kind.filter(|kind| given != EventKind::Custom && given != *kind) {
            return Err(format!("{}: is given with the kind {}", given.word(), kind.word()));
        }
        let parent = self.parent.made().map_err(|why| format!("parent: {why}"))?;
        // None at all are different from each other.
        let unique = self.data.attributes.unique || self.data.attributes.list.is_empty();
        let attributes = Attributes { unique, ..self.data.attributes };
        Ok(arena.alloc_with(|| EventData { parent, attributes, ..self.data }))
    }
}

macro_rules! detail_words {
    ($($kind:ident($detail:ident) = $number:literal $field:ident $word:literal,)+) => {
        /// The fields that hold details.
        pub(super) const DETAILS: &[&str] = &[$($word),+];
    };
}

kinds!(detail_words);

fields! {
    GivenEvent<'a>, |given, reader, access| {
        "kind" => given.kind = kind(reader, access)?,
        "span_kind" => given.data.span_kind = word(reader, access, &SPAN_KINDS)?,
        "name" => given.data.name = reader.text(access)?,
        "parent" => given.parent = reader.made(access)?,
        "start_time_unix_nano" => given.data.times.start = reader.nanoseconds(access)?,
        "end_time_unix_nano" => given.data.times.end = reader.nanoseconds(access)?,
        "duration_nano" => given.data.times.duration = reader.nanoseconds(access)?,
        "status_code" => {
            given.data.status = word(reader, access, &STATUS_CODES)?.unwrap_or_default();
        },
        "status_message" => given.data.status_message = reader.text(access)?,
        "attributes" => given.data.attributes = reader.attributes(access)?,
        "links" => given.data.links = reader.objects(access, GivenLink::made)?,
        "span_events" => given.data.events = reader.objects(access, GivenMoment::made)?,
        "error" => {
            given.data.error = reader.object::<GivenError<'a>, _>(access)?.map(|error| &error.0);
        },
        "event_id" => given.data.event_id = reader.text(access)?,
    }

    const MORE: &'static [&'static str] = DETAILS;

    fn more<A: MapAccess<'a>>(
        &mut self,
        reader: &Reader<'a>,
        name: &str,
        access: &mut A,
    ) -> Result<bool, A::Error> {
        let Some(kind) = EventKind::from_word(name).filter(|kind| *kind != EventKind::Custom) else {
            return Ok(false);
        };
        if let Some(fields) = reader.fields(access, kind.fields())? {
            self.set(Detail::new(kind, fields));
        }
        Ok(true)
    }
}
