//! Fields of typed details: what is known of each beforehand, and those that an event gives. A detail is a list of the
//! fields that were given, in the order of their table, so that whoever has to do with all of them goes through those and
//! no others.

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::choice::{Choice, Counting, Words};
use super::content::{Content, ContentPolicy};
use crate::config::ContentField;
use crate::otlp::key::Key;
use crate::otlp::value::{Attribute, Value};

/// What a field holds.
pub(crate) enum Holds {
    Text,
    Texts,
    Int,
    Double,
    /// Yes, no, or not said.
    Truth,
    /// Yes or no.
    Flag,
    Counting,
    Choice(&'static Words),
    Content(ContentField),
}

/// What is known of a field beforehand.
pub(crate) struct Field {
    /// The detail's name, a dot, and its own.
    pub(crate) path: &'static str,
    pub(crate) holds: Holds,
    /// The attribute that it becomes; none when it has rules of its own.
    pub(crate) key: Key,
}

impl Field {
    /// What it is called in its detail.
    pub(crate) fn name(&self) -> &'static str {
        self.path.split_once('.').map_or("", |(_, name)| name)
    }

    /// Whether that is it.
    #[inline]
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.path.len() > name.len()
            && self.path.ends_with(name)
            && self.path.as_bytes().get(self.path.len() - name.len() - 1) == Some(&b'.')
    }
}

/// The most fields that a detail may have.
pub(crate) const MOST_FIELDS: usize = u64::BITS as usize;

/// What was given of a field.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldValue<'a> {
    Text(&'a [u8]),
    Texts(&'a [&'a [u8]]),
    Int(i64),
    Double(f64),
    Truth(bool),
    /// Of a choice, or of a way to count.
    Number(u32),
    Content(Content<'a>),
}

/// The fields of a detail that were given.
#[derive(Clone, Copy)]
pub(crate) struct Fields<'a> {
    all: &'static [Field],
    /// A bit for each that was given, the first one's the lowest.
    given: u64,
    /// What was given, in order.
    values: &'a [FieldValue<'a>],
}

impl<'a> Fields<'a> {
    /// Of all these, those that have a bit; `values` are theirs.
    #[inline]
    pub(crate) fn new(all: &'static [Field], given: u64, values: &'a [FieldValue<'a>]) -> Self {
        debug_assert_eq!(given.count_ones() as usize, values.len());
        Self { all, given, values }
    }

    /// Those of which there is a value, by their positions.
    pub(crate) fn of(
        arena: &'a Bump,
        all: &'static [Field],
        values: impl Iterator<Item = Option<FieldValue<'a>>>,
    ) -> Self {
        let mut kept = ArenaVec::with_capacity_in(all.len(), arena);
        let mut given = 0;
        for (position, value) in values.take(all.len()).enumerate() {
            if let Some(value) = value {
                given |= 1 << position;
                kept.push(value);
            }
        }
        Self::new(all, given, kept.into_bump_slice())
    }

    /// Those of these names.
    #[cfg(test)]
    pub(crate) fn called(arena: &'a Bump, all: &'static [Field], given: &[(&str, FieldValue<'a>)]) -> Self {
        assert!(given.iter().all(|(name, _)| all.iter().any(|field| field.name() == *name)));
        let value = |field: &Field| given.iter().find(|(name, _)| field.name() == *name).map(|given| given.1);
        Self::of(arena, all, all.iter().map(value))
    }

    /// What was given, each with its field.
    #[inline]
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&'static Field, &'a FieldValue<'a>)> {
        let (all, mut left) = (self.all, self.given);
        self.values.iter().filter_map(move |value| {
            let field = all.get(left.trailing_zeros() as usize)?;
            left &= left.wrapping_sub(1);
            Some((field, value))
        })
    }

    /// The same fields with other values.
    pub(super) fn changed(
        &self,
        arena: &'a Bump,
        mut change: impl FnMut(&'static Field, FieldValue<'a>) -> FieldValue<'a>,
    ) -> Self {
        let values = self.iter().map(|(field, value)| change(field, *value));
        Self { values: ArenaVec::from_iter_in(values, arena).into_bump_slice(), ..*self }
    }

    /// Whether content of this field was given.
    pub(super) fn has_content(&self, of: ContentField) -> bool {
        self.iter().any(|(field, value)| {
            matches!((&field.holds, value), (Holds::Content(field), FieldValue::Content(content))
                if *field == of && content.is_given())
        })
    }

    /// The same fields with this content.
    pub(super) fn with_content(&self, arena: &'a Bump, of: ContentField, content: Content<'a>) -> Self {
        let values = self.all.iter().enumerate().map(|(position, field)| match &field.holds {
            Holds::Content(field) if *field == of => Some(FieldValue::Content(content)),
            _ => self.at(position).copied(),
        });
        Self::of(arena, self.all, values)
    }

    /// The field at a position; nothing when it was not given.
    #[inline(always)]
    fn at(&self, position: usize) -> Option<&'a FieldValue<'a>> {
        let bit = 1 << position;
        if self.given & bit == 0 {
            return None;
        }
        self.values.get((self.given & (bit - 1)).count_ones() as usize)
    }

    #[inline]
    pub(super) fn text(&self, position: usize) -> &'a [u8] {
        match self.at(position) {
            Some(FieldValue::Text(text)) => text,
            _ => &[],
        }
    }

    #[inline]
    pub(super) fn texts(&self, position: usize) -> &'a [&'a [u8]] {
        match self.at(position) {
            Some(FieldValue::Texts(texts)) => texts,
            _ => &[],
        }
    }

    #[inline]
    pub(super) fn int(&self, position: usize) -> Option<i64> {
        match self.at(position) {
            Some(FieldValue::Int(number)) => Some(*number),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn double(&self, position: usize) -> Option<f64> {
        match self.at(position) {
            Some(FieldValue::Double(number)) => Some(*number),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn truth(&self, position: usize) -> Option<bool> {
        match self.at(position) {
            Some(FieldValue::Truth(truth)) => Some(*truth),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn number(&self, position: usize) -> u32 {
        match self.at(position) {
            Some(FieldValue::Number(number)) => *number,
            _ => 0,
        }
    }

    #[inline]
    pub(super) fn choice<C: Choice>(&self, position: usize) -> Option<C> {
        C::from_number(self.number(position))
    }

    #[inline]
    pub(super) fn counting(&self, position: usize) -> Counting {
        Counting::from_number(self.number(position)).unwrap_or_default()
    }

    /// The attributes of the fields that have no rules of their own.
    #[inline]
    pub(super) fn named(&self, out: &mut impl Sink<'a>, policy: &ContentPolicy) {
        for (field, value) in self.iter() {
            let key = &field.key;
            match *value {
                FieldValue::Content(content) => {
                    if let Holds::Content(field) = field.holds {
                        out.add_content(policy, field, content);
                    }
                }
                _ if key.is_none() => {}
                FieldValue::Text(given) => text(out, key, given),
                FieldValue::Texts(given) => texts(out, key, given),
                FieldValue::Int(number) => out.add(key, Value::Int(number)),
                FieldValue::Double(number) => out.add(key, Value::Double(number)),
                FieldValue::Truth(truth) => out.add(key, Value::Bool(truth)),
                FieldValue::Number(number) => {
                    if let Holds::Choice(words) = field.holds {
                        text(out, key, words.word(number).unwrap_or_default().as_bytes());
                    }
                }
            }
        }
    }
}

impl std::fmt::Debug for Fields<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_map().entries(self.iter().map(|(field, value)| (field.name(), value))).finish()
    }
}

/// Where attributes with known keys go.
pub(crate) trait Sink<'a> {
    fn add(&mut self, key: &'static Key, value: Value<'a>);

    /// Adds what the policy shows of content. By itself nothing: whoever keeps it at that sees that the policy is off.
    fn add_content(&mut self, _policy: &ContentPolicy, _field: ContentField, _content: Content<'a>) {}
}

impl<'a> Sink<'a> for ArenaVec<'a, Attribute<'a>> {
    #[inline]
    fn add(&mut self, key: &'static Key, value: Value<'a>) {
        self.push(Attribute { key: key.text(), value });
    }

    fn add_content(&mut self, policy: &ContentPolicy, field: ContentField, content: Content<'a>) {
        policy.show(self, field, content);
    }
}

#[inline(always)]
pub(super) fn text<'a>(out: &mut impl Sink<'a>, key: &'static Key, value: &'a [u8]) {
    if !value.is_empty() {
        out.add(key, Value::Text(value));
    }
}

#[inline(always)]
pub(super) fn texts<'a>(out: &mut impl Sink<'a>, key: &'static Key, values: &'a [&'a [u8]]) {
    if !values.is_empty() {
        out.add(key, Value::Texts(values));
    }
}

#[inline(always)]
pub(super) fn double<'a>(out: &mut impl Sink<'a>, key: &'static Key, value: Option<f64>) {
    if let Some(value) = value {
        out.add(key, Value::Double(value));
    }
}

#[inline(always)]
pub(super) fn int<'a>(out: &mut impl Sink<'a>, key: &'static Key, value: Option<i64>) {
    if let Some(value) = value {
        out.add(key, Value::Int(value));
    }
}

#[inline(always)]
pub(super) fn choice<'a, C: Choice>(out: &mut impl Sink<'a>, key: &'static Key, value: Option<C>) {
    if let Some(value) = value {
        out.add(key, Value::Text(value.word().as_bytes()));
    }
}
