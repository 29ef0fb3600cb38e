//! Fields of a record that is still open (a session's root span, an event in flight): kept encoded, merged with what later
//! calls give. The last attribute given wins; what it replaces is left out, so that keys stay unique.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::span::{ATTRIBUTES, Link, SpanEvent, moments_size, write_moments};
use super::value::{Attribute, INT_VALUE, STRING_VALUE, attributes_size, write_attributes};
use super::wire::{Field, Fields, WriteError, Writer, bytes_tag, varint};

/// `KeyValue.key` and `KeyValue.value`.
const KEY: u32 = bytes_tag(1);
const VALUE: u32 = bytes_tag(2);

/// The key of an encoded `KeyValue`.
pub(super) fn key(content: &[u8]) -> Option<&[u8]> {
    Fields::new(content).next().filter(|field| field.tag == KEY).map(|field| field.content)
}

/// The content of the encoded value of an attribute; nothing when there is none with this key.
fn value_of<'e>(encoded: &'e [u8], key: &str) -> Option<&'e [u8]> {
    let is_it = |content: &[u8]| self::key(content) == Some(key.as_bytes());
    let attribute = Fields::new(encoded).find(|field| field.tag == ATTRIBUTES && is_it(field.content))?;
    Fields::new(attribute.content).find(|field| field.tag == VALUE).map(|field| field.content)
}

/// The text of an encoded attribute; nothing when there is none with this key, or it is no text.
pub(crate) fn text_of<'e>(encoded: &'e [u8], key: &str) -> Option<&'e [u8]> {
    let field = Fields::new(value_of(encoded, key)?).next()?;
    (field.tag == STRING_VALUE).then_some(field.content)
}

/// The same of one that is a whole number.
pub(crate) fn int_of(encoded: &[u8], key: &str) -> Option<i64> {
    let (tag, number) = value_of(encoded, key)?.split_first()?;
    if u32::from(*tag) != INT_VALUE {
        return None;
    }
    varint(number).map(|(number, _)| number.cast_signed())
}

/// How many encoded fields have this tag.
pub(crate) fn count(encoded: &[u8], tag: u32) -> usize {
    Fields::new(encoded).filter(|field| field.tag == tag).count()
}

/// The encoded fields of a span but the attributes whose keys `replaced` has, each as it stands.
pub(crate) fn kept<'e>(
    encoded: &'e [u8],
    replaced: &[Attribute<'_>],
) -> impl Iterator<Item = &'e [u8]> + Clone {
    let is_kept =
        |content: &[u8]| key(content).is_none_or(|key| replaced.iter().all(|other| other.key != key));
    Fields::new(encoded)
        .filter(move |field| field.tag != ATTRIBUTES || is_kept(field.content))
        .map(|f| f.whole)
}

/// The same in one piece.
pub(crate) fn kept_in<'a>(arena: &'a Bump, encoded: &[u8], replaced: &[Attribute<'_>]) -> &'a [u8] {
    let mut all = ArenaVec::with_capacity_in(encoded.len(), arena);
    kept(encoded, replaced).for_each(|field| all.extend_from_slice(field));
    all.into_bump_slice()
}

/// Encoded attributes in pieces, each with unique keys, as one: what a later piece has replaces what an earlier one has.
pub(crate) fn overlaid<'a, const N: usize>(arena: &'a Bump, pieces: [&[u8]; N]) -> &'a [u8] {
    let mut all = ArenaVec::with_capacity_in(pieces.iter().map(|piece| piece.len()).sum(), arena);
    for (position, piece) in pieces.iter().enumerate() {
        let is_replaced = |own: &Field<'_>| {
            let later = pieces.iter().skip(position + 1).flat_map(|piece| Fields::new(piece));
            later.into_iter().any(|other| key(other.content) == key(own.content))
        };
        for field in Fields::new(piece).filter(|field| !is_replaced(field)) {
            all.extend_from_slice(field.whole);
        }
    }
    all.into_bump_slice()
}

/// Encoded attributes of a span behind `first`, as attributes of a record that has another tag for them; without those whose
/// keys `replaced` has.
pub(crate) fn with_tag<'a>(
    arena: &'a Bump,
    first: &[u8],
    tag: u32,
    attributes: &[u8],
    replaced: &[Attribute<'_>],
) -> &'a [u8] {
    let mut all = ArenaVec::with_capacity_in(first.len() + attributes.len(), arena);
    all.extend_from_slice(first);
    for field in kept(attributes, replaced) {
        // Both tags take one byte.
        all.push(tag as u8);
        all.extend_from_slice(field.get(1..).unwrap_or_default());
    }
    all.into_bump_slice()
}

/// The whole fields at the start of `encoded` that fit into `room` bytes.
pub(crate) fn fitting(encoded: &[u8], room: usize) -> &[u8] {
    if encoded.len() <= room {
        return encoded;
    }
    let ends = Fields::new(encoded).scan(0, |end, field| {
        *end += field.whole.len();
        Some(*end)
    });
    let end = ends.take_while(|end| *end <= room).last().unwrap_or(0);
    encoded.get(..end).unwrap_or_default()
}

/// What a call adds to an open record.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Addition<'a> {
    pub(crate) attributes: &'a [Attribute<'a>],
    pub(crate) events: &'a [SpanEvent<'a>],
    pub(crate) links: &'a [Link<'a>],
}

impl Addition<'_> {
    /// Bytes that it takes as fields of a span.
    pub(crate) fn size(&self) -> usize {
        attributes_size(self.attributes) + moments_size(self.events, self.links)
    }
}

/// The fields of a span that come from `kept` and `addition`.
pub(crate) fn merge<'a, 'e>(
    arena: &'a Bump,
    kept: impl Iterator<Item = &'e [u8]> + Clone,
    addition: &Addition<'_>,
) -> Result<&'a [u8], WriteError> {
    let kept_bytes: usize = kept.clone().map(<[u8]>::len).sum();
    let place = arena.alloc_slice_fill_copy(kept_bytes + addition.size(), 0);
    let mut writer = Writer::new(place);
    kept.for_each(|field| writer.raw(field));
    write_attributes(&mut writer, ATTRIBUTES, addition.attributes);
    write_moments(&mut writer, addition.events, addition.links);
    writer.finish()?;
    Ok(place)
}

/// Attributes as a repeated field with `tag`.
pub(crate) fn encoded(tag: u32, attributes: &[Attribute<'_>]) -> Result<Vec<u8>, WriteError> {
    let mut place = vec![0; attributes_size(attributes)];
    let mut writer = Writer::new(&mut place);
    write_attributes(&mut writer, tag, attributes);
    writer.finish()?;
    Ok(place)
}

#[cfg(test)]
mod tests {
    use super::super::value::Value;
    use super::*;

    #[test]
    fn what_a_later_piece_has_replaces_what_an_earlier_one_has() {
        let arena = Bump::new();
        let one = |key: &'static str, number| Attribute::new(key, Value::Int(number));
        let piece = |attributes: &[Attribute<'_>]| encoded(ATTRIBUTES, attributes).unwrap();
        let first = piece(&[one("a", 1), one("b", 1), one("c", 1)]);
        let (second, third) = (piece(&[one("b", 2), one("c", 2)]), piece(&[one("c", 3), one("d", 3)]));
        let all = overlaid(&arena, [&first, &second, &third]);
        assert_eq!(all, piece(&[one("a", 1), one("b", 2), one("c", 3), one("d", 3)]));
        assert_eq!(kept_in(&arena, all, &[one("b", 9), one("e", 9)]), {
            piece(&[one("a", 1), one("c", 3), one("d", 3)])
        });
        const OTHER: u32 = bytes_tag(6);
        let log = encoded(OTHER, &[one("z", 0), one("a", 1), one("d", 3)]).unwrap();
        let before = encoded(OTHER, &[one("z", 0)]).unwrap();
        assert_eq!(with_tag(&arena, &before, OTHER, all, &[one("b", 9), one("c", 9)]), log);
    }

    #[test]
    fn a_value_is_found_by_its_key() {
        let list = [
            Attribute::new("a", Value::Int(-7)),
            Attribute::new("b", Value::Text(b"x")),
            Attribute::new("c", Value::Int(1 << 40)),
        ];
        let encoded = encoded(ATTRIBUTES, &list).unwrap();
        assert_eq!((int_of(&encoded, "a"), int_of(&encoded, "c")), (Some(-7), Some(1 << 40)));
        assert_eq!((int_of(&encoded, "b"), int_of(&encoded, "d")), (None, None));
        assert_eq!(text_of(&encoded, "b"), Some(&b"x"[..]));
        assert_eq!((text_of(&encoded, "a"), text_of(&encoded, "d")), (None, None));
        assert_eq!(int_of(&encoded[..2], "a"), None);
    }

    #[test]
    fn the_last_value_of_a_key_is_the_one_that_stays() {
        let arena = Bump::new();
        let old = [Attribute::new("a", Value::Int(1)), Attribute::new("b", Value::Text(b"x"))];
        let new = [Attribute::new("b", Value::Bool(true)), Attribute::new("c", Value::Int(3))];
        let before = encoded(ATTRIBUTES, &old).unwrap();
        let addition = Addition { attributes: &new, ..Addition::default() };
        let merged = merge(&arena, kept(&before, &new), &addition).unwrap();
        assert_eq!(merged, encoded(ATTRIBUTES, &[old[0], new[0], new[1]]).unwrap());
        assert_eq!(count(merged, ATTRIBUTES), 3);
    }
}
