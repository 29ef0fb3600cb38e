//! Changes to the texts of a record that has to be set right: replacing invalid UTF-8, cutting what is too long. A
//! rewrite goes through every text of a record, nested ones too, into the call's arena.

use bumpalo::Bump;

use super::content::shorter;
use crate::journal::accounting::Repairs;
use crate::otlp::log::LogRecord;
use crate::otlp::open::Addition;
use crate::otlp::span::{Link, SpanEvent, SpanRecord};
use crate::otlp::value::{Attribute, Attributes, Value};

/// A text of our own, at most `most` bytes of it, with what is not UTF-8 replaced and counted.
pub(crate) fn owned(text: &[u8], most: usize, repairs: &mut Repairs) -> Box<[u8]> {
    let copy = cut_at_character(text, most).to_vec();
    repairs.truncated += u32::from(copy.len() < text.len());
    let valid = match String::from_utf8_lossy(&copy) {
        std::borrow::Cow::Borrowed(_) => copy,
        std::borrow::Cow::Owned(replaced) => {
            repairs.utf8 += 1;
            replaced.into_bytes()
        }
    };
    valid.into_boxed_slice()
}

/// A change of single texts and byte strings.
pub(crate) trait Rewrite {
    /// The text as it should be; `from` itself when it is right.
    fn text<'a>(&mut self, arena: &'a Bump, from: &'a [u8]) -> &'a [u8];
    /// The same for a key or a name, which is only ever repaired.
    fn key<'a>(&mut self, arena: &'a Bump, from: &'a [u8]) -> &'a [u8];
    /// The same for bytes that are no text.
    fn bytes<'a>(&mut self, from: &'a [u8]) -> &'a [u8];
    /// How many were changed.
    fn changed(&self) -> u32;
}

/// Replaces what is not UTF-8 by U+FFFD.
#[derive(Default)]
pub(crate) struct Repair {
    changed: u32,
}

impl Rewrite for Repair {
    fn text<'a>(&mut self, arena: &'a Bump, from: &'a [u8]) -> &'a [u8] {
        // Copied first and looked at then: the caller's bytes may change while we look.
        let copy: &'a [u8] = arena.alloc_slice_copy(from);
        if std::str::from_utf8(copy).is_ok() {
            return copy;
        }
        self.changed = self.changed.saturating_add(1);
        arena.alloc_str(&String::from_utf8_lossy(copy)).as_bytes()
    }

    fn key<'a>(&mut self, arena: &'a Bump, from: &'a [u8]) -> &'a [u8] {
        self.text(arena, from)
    }

    fn bytes<'a>(&mut self, from: &'a [u8]) -> &'a [u8] {
        from
    }

    fn changed(&self) -> u32 {
        self.changed
    }
}

/// Cuts values to a number of bytes: JSON so that it stays that, other texts at a character's border.
pub(crate) struct Cut {
    limit: usize,
    changed: u32,
}

/// A value is not cut below this; what is still too large then loses attributes.
pub(crate) const LEAST_CUT_BYTES: usize = 256;

impl Cut {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, changed: 0 }
    }

    /// Whether nothing is cut any shorter.
    pub(crate) fn is_least(&self) -> bool {
        self.limit <= LEAST_CUT_BYTES
    }

    /// Leaves nothing of a value.
    pub(crate) fn whole<'a>(&mut self) -> Value<'a> {
        self.changed = self.changed.saturating_add(1);
        Value::Empty
    }
}

/// The longest start of `text` of at most `limit` bytes that does not end inside a character.
pub(crate) fn cut_at_character(text: &[u8], limit: usize) -> &[u8] {
    /// Bytes `10xxxxxx` continue a character.
    const CONTINUATION: u8 = 0b1000_0000;
    const CONTINUATION_MASK: u8 = 0b1100_0000;
    if text.len() <= limit {
        return text;
    }
    let starts = |at: &usize| text.get(*at).is_some_and(|byte| byte & CONTINUATION_MASK != CONTINUATION);
    // A character has at most four bytes; what is not UTF-8 is cut anywhere.
    let end = (limit.saturating_sub(3)..=limit).rev().find(starts).unwrap_or(limit);
    text.get(..end).unwrap_or_default()
}

impl Rewrite for Cut {
    fn text<'a>(&mut self, arena: &'a Bump, from: &'a [u8]) -> &'a [u8] {
        let cut = shorter(arena, from, self.limit);
        self.changed += u32::from(cut.len() < from.len());
        cut
    }

    fn key<'a>(&mut self, _: &'a Bump, from: &'a [u8]) -> &'a [u8] {
        from
    }

    fn bytes<'a>(&mut self, from: &'a [u8]) -> &'a [u8] {
        self.changed += u32::from(from.len() > self.limit);
        from.get(..self.limit).unwrap_or(from)
    }

    fn changed(&self) -> u32 {
        self.changed
    }
}

fn rewrite_value<'a, R: Rewrite>(arena: &'a Bump, value: Value<'a>, rewrite: &mut R) -> Value<'a> {
    match value {
        Value::Text(text) => Value::Text(rewrite.text(arena, text)),
        Value::Bytes(bytes) => Value::Bytes(rewrite.bytes(bytes)),
        Value::Texts(texts) => {
            Value::Texts(arena.alloc_slice_fill_iter(texts.iter().map(|text| rewrite.text(arena, text))))
        }
        Value::List(values) => {
            let rewritten = values.iter().map(|value| rewrite_value(arena, *value, rewrite));
            Value::List(arena.alloc_slice_fill_iter(rewritten))
        }
        Value::Map(entries) => Value::Map(rewrite_attributes(arena, entries, rewrite)),
        unchanged => unchanged,
    }
}

/// Rewrites the values (and, for a repair, the keys) of attributes.
pub(crate) fn rewrite_attributes<'a, R: Rewrite>(
    arena: &'a Bump,
    attributes: &'a [Attribute<'a>],
    rewrite: &mut R,
) -> &'a [Attribute<'a>] {
    arena.alloc_slice_fill_iter(attributes.iter().map(|attribute| Attribute {
        key: rewrite.key(arena, attribute.key),
        value: rewrite_value(arena, attribute.value, rewrite),
    }))
}

/// Rewrites attributes, span events and links.
pub(crate) fn rewrite_addition<'a, R: Rewrite>(
    arena: &'a Bump,
    addition: Addition<'a>,
    rewrite: &mut R,
) -> Addition<'a> {
    let events = addition.events.iter().map(|event| SpanEvent {
        name: rewrite.key(arena, event.name),
        time: event.time,
        attributes: rewrite_attributes(arena, event.attributes, rewrite),
    });
    let events = arena.alloc_slice_fill_iter(events);
    let links = addition.links.iter().map(|link| Link {
        trace_state: rewrite.key(arena, link.trace_state),
        attributes: rewrite_attributes(arena, link.attributes, rewrite),
        ..*link
    });
    let links = arena.alloc_slice_fill_iter(links);
    Addition { attributes: rewrite_attributes(arena, addition.attributes, rewrite), events, links }
}

/// Rewrites all of a span's texts but those that were encoded before.
pub(crate) fn rewrite_span<'a, R: Rewrite>(
    arena: &'a Bump,
    span: SpanRecord<'a>,
    rewrite: &mut R,
) -> SpanRecord<'a> {
    let Addition { attributes, events, links } = rewrite_addition(
        arena,
        Addition { attributes: span.attributes.list, events: span.events, links: span.links },
        rewrite,
    );
    SpanRecord {
        name: span.name.map(|part| rewrite.key(arena, part)),
        trace_state: rewrite.key(arena, span.trace_state),
        attributes: Attributes::of(attributes),
        status_message: rewrite.text(arena, span.status_message),
        events,
        links,
        ..span
    }
}

/// Rewrites all of a log record's texts but those that were encoded before.
pub(crate) fn rewrite_log<'a, R: Rewrite>(
    arena: &'a Bump,
    log: LogRecord<'a>,
    rewrite: &mut R,
) -> LogRecord<'a> {
    LogRecord {
        severity_text: rewrite.key(arena, log.severity_text),
        event_name: rewrite.key(arena, log.event_name),
        body: rewrite_value(arena, log.body, rewrite),
        attributes: rewrite_attributes(arena, log.attributes, rewrite),
        ..log
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_ends_at_a_characters_border() {
        let text = "aé漢🦀z".as_bytes();
        for limit in 0..=text.len() {
            let cut = cut_at_character(text, limit);
            assert!(cut.len() <= limit);
            assert!(std::str::from_utf8(cut).is_ok(), "{limit}");
            assert!(limit - cut.len() < 4);
        }
        assert_eq!(cut_at_character(&[0xbf; 10], 5).len(), 5);
    }

    #[test]
    fn a_repair_leaves_good_texts_alone_and_counts_the_others() {
        let arena = Bump::new();
        let mut repair = Repair::default();
        assert_eq!(repair.text(&arena, b"good"), b"good");
        assert_eq!(repair.text(&arena, b"b\xffd"), "b\u{fffd}d".as_bytes());
        assert_eq!(repair.changed(), 1);
    }
}
