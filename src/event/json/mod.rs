//! Events as JSON: the same schema as the typed structs, by the same table, read in one pass into the call's arena. `reader`
//! reads single fields and says what is wrong where, `value` attributes, `given` what an event is made of, `event` the event
//! itself, `log` log records, `mend` sets right what is not Unicode.

mod event;
mod given;
mod log;
mod mend;
mod reader;
#[cfg(test)]
mod schema;
#[cfg(test)]
mod tests;
mod value;

use bumpalo::Bump;
use serde::de::DeserializeSeed;

use self::event::GivenEvent;
use self::given::{GivenEnd, GivenError, GivenOptions};
use self::log::GivenLog;
use self::mend::mended;
use self::reader::{Item, ObjectSeed, Reader};
use super::data::{ErrorDetail, EventData, EventKind, SessionEnd, SessionOptions};
use super::log::LogData;

/// How deep a value may nest: an attribute, or content.
pub(crate) const MOST_DEPTH: usize = 64;
/// How many values a text may have in its attributes and lists.
pub(crate) const MOST_VALUES: usize = 1_048_576;

/// Why a text says nothing that can be recorded.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// In words that name the place.
    Wrong(String),
    /// More values than `MOST_VALUES`.
    TooMany,
}

/// What a text says.
#[derive(Debug)]
pub(crate) struct Read<T> {
    pub(crate) data: T,
    /// Whether something that is not Unicode had to be replaced.
    pub(crate) mended: bool,
}

/// A whole event.
pub(crate) fn whole_event<'a>(arena: &'a Bump, text: &[u8]) -> Result<Read<&'a EventData<'a>>, Refused> {
    read::<GivenEvent<'a>>(arena, text)?.map(|event| event.whole(arena))
}

/// Whether a text may say an evaluation or feedback, which are no spans; it is not read for that. In escapes it may say anything.
pub(crate) fn may_be_judgement(text: &[u8]) -> bool {
    let words = [EventKind::Evaluation.word(), EventKind::Feedback.word(), "\\u"];
    words.iter().any(|word| memchr::memmem::find(text, word.as_bytes()).is_some())
}

/// A later word about an event; an empty text says nothing.
pub(crate) fn later_event<'a>(arena: &'a Bump, text: &[u8]) -> Result<Read<&'a EventData<'a>>, Refused> {
    if text.is_empty() {
        return Ok(Read { data: arena.alloc_with(EventData::default), mended: false });
    }
    read::<GivenEvent<'a>>(arena, text)?.map(|event| event.later(arena))
}

/// An error.
pub(crate) fn error<'a>(arena: &'a Bump, text: &[u8]) -> Result<Read<ErrorDetail<'a>>, Refused> {
    read::<GivenError<'a>>(arena, text)?.map(|error| Ok(error.0))
}

/// A log record.
pub(crate) fn log_record<'a>(arena: &'a Bump, text: &[u8]) -> Result<Read<LogData<'a>>, Refused> {
    read::<GivenLog<'a>>(arena, text)?.map(|log| Ok(log.made()))
}

/// The options of a session; an empty text says nothing.
pub(crate) fn session_options<'a>(arena: &'a Bump, text: &[u8]) -> Result<Read<SessionOptions<'a>>, Refused> {
    if text.is_empty() {
        return Ok(Read { data: SessionOptions::default(), mended: false });
    }
    read::<GivenOptions<'a>>(arena, text)?.map(GivenOptions::made)
}

/// The end of a session; an empty text says nothing.
pub(crate) fn session_end<'a>(arena: &'a Bump, text: &[u8]) -> Result<Read<SessionEnd<'a>>, Refused> {
    if text.is_empty() {
        return Ok(Read { data: SessionEnd::default(), mended: false });
    }
    read::<GivenEnd<'a>>(arena, text)?.map(|end| Ok(end.0))
}

impl<T> Read<T> {
    fn map<U>(self, made: impl FnOnce(T) -> Result<U, String>) -> Result<Read<U>, Refused> {
        Ok(Read { data: made(self.data).map_err(Refused::Wrong)?, mended: self.mended })
    }
}

/// Reads an object.
fn read<'a, T: Item<'a> + Default>(arena: &'a Bump, text: &[u8]) -> Result<Read<T>, Refused> {
    // Read from a copy: what the host changes meanwhile must not become text that nobody has checked.
    let copy: &'a [u8] = arena.alloc_slice_copy(text);
    let (valid, mut is_mended): (&'a str, bool) = match std::str::from_utf8(copy) {
        Ok(valid) => (valid, false),
        Err(_) => (arena.alloc_str(&String::from_utf8_lossy(copy)), true),
    };
    let data = object(arena, valid).or_else(|refused| {
        // Escapes that are no character are found by the reader, and set right only then.
        let Some(without) = mended(arena, valid) else { return Err(refused) };
        is_mended = true;
        object(arena, without)
    })?;
    Ok(Read { data, mended: is_mended })
}

fn object<'a, T: Item<'a> + Default>(arena: &'a Bump, text: &'a str) -> Result<T, Refused> {
    let reader = Reader::new(arena);
    let mut into = T::default();
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let read = ObjectSeed::required(&reader, &mut into).deserialize(&mut deserializer);
    match read.and_then(|_| deserializer.end()) {
        Ok(()) => Ok(into),
        Err(error) => Err(reader.refused(&error)),
    }
}
