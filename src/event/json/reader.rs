//! Reading fields of objects: what a field must be, and the words for one that is not. An error is kept here with the place
//! where it is; the place is put together on the way out, so that reading what is right costs nothing for it.

use std::cell::{Cell, RefCell};
use std::fmt::{self, Display};

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::value::AttributesSeed;
use super::{MOST_DEPTH, MOST_VALUES, Refused};
use crate::event::choice::{self, Counting};
use crate::event::content::Content;
use crate::event::details::{Field, FieldValue, Fields, Holds, MOST_FIELDS};
use crate::otlp::parsed::ValueSeed;
use crate::otlp::value::{Attributes, Value};

/// What a message shows of a text or name that is wrong, in characters.
const MOST_SHOWN: usize = 32;

const WHOLE: &str = "a whole number";
const OBJECT: &str = "an object";
const TEXT: &str = "a text";

/// What is wrong with a field.
pub(super) type AtField = (&'static str, &'static str);

/// What a reading works with.
pub(super) struct Reader<'a> {
    pub(super) arena: &'a Bump,
    values: Cell<usize>,
    trouble: RefCell<Trouble>,
}

#[derive(Default)]
struct Trouble {
    why: Option<String>,
    place: String,
}

impl Trouble {
    fn put_before(&mut self, step: &str) {
        let dot = if self.place.is_empty() || self.place.starts_with('[') { "" } else { "." };
        self.place = format!("{step}{dot}{}", self.place);
    }
}

/// A value that is no list, object or content.
#[derive(Clone, Copy)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// Beyond what 63 bits hold.
    Large(u64),
    Double(f64),
    Text(&'a str),
}

impl Display for Scalar<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => formatter.write_str("null"),
            Self::Bool(truth) => truth.fmt(formatter),
            Self::Int(number) => number.fmt(formatter),
            Self::Large(number) => number.fmt(formatter),
            Self::Double(number) => write!(formatter, "{number:?}"),
            Self::Text(text) => write!(formatter, "{:?}", shown(text)),
        }
    }
}

/// As much of a text as goes into a message.
fn shown(text: &str) -> String {
    text.chars().take(MOST_SHOWN).collect()
}

/// Words in a row.
struct Words<W>(W);

impl<W: Iterator<Item = &'static str> + Clone> Display for Words<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("one of ")?;
        self.0.clone().enumerate().try_for_each(|(position, word)| {
            write!(formatter, "{}\"{word}\"", if position == 0 { "" } else { ", " })
        })
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(arena: &'a Bump) -> Self {
        Self { arena, values: Cell::new(0), trouble: RefCell::default() }
    }

    /// Notes what is wrong; the error that is passed on says that something is.
    #[cold]
    pub(super) fn wrong<E: Error>(&self, why: impl Display) -> E {
        self.trouble.borrow_mut().why.get_or_insert_with(|| why.to_string());
        E::custom("wrong")
    }

    #[cold]
    fn unexpected<E: Error>(&self, expected: impl Display, got: impl Display) -> E {
        self.wrong(format_args!("{expected} is expected, got {got}"))
    }

    /// Notes in which field it is.
    #[cold]
    pub(super) fn at_field(&self, name: &str) {
        self.trouble.borrow_mut().put_before(&shown(name));
    }

    /// Notes in which item of a list it is.
    #[cold]
    pub(super) fn at_item(&self, position: usize) {
        self.trouble.borrow_mut().put_before(&format!("[{position}]"));
    }

    /// Notes under which free key it is.
    #[cold]
    pub(super) fn at_key(&self, key: &str) {
        self.trouble.borrow_mut().put_before(&format!("[{:?}]", shown(key)));
    }

    /// What went wrong, at its place.
    #[cold]
    pub(super) fn refused(&self, error: &serde_json::Error) -> Refused {
        let Trouble { why, place } = &mut *self.trouble.borrow_mut();
        if self.values.get() > MOST_VALUES {
            return Refused::TooMany;
        }
        let place = if place.is_empty() { "json" } else { place };
        Refused::Wrong(match why {
            Some(why) => format!("{place}: {why}"),
            None => format!("{place}: not valid JSON: {error}"),
        })
    }

    /// Counts a value of which there may be many.
    #[inline]
    pub(super) fn count<E: Error>(&self) -> Result<(), E> {
        self.values.set(self.values.get() + 1);
        if self.values.get() > MOST_VALUES { Err(self.wrong("too many values")) } else { Ok(()) }
    }

    /// A text of the document that stays.
    pub(super) fn keep(&self, text: &str) -> &'a str {
        self.arena.alloc_str(text)
    }

    fn scalar<A: MapAccess<'a>>(
        &self,
        access: &mut A,
        expected: &dyn Display,
    ) -> Result<Scalar<'a>, A::Error> {
        access.next_value_seed(ScalarSeed { reader: self, expected })
    }

    pub(super) fn text<A: MapAccess<'a>>(&self, access: &mut A) -> Result<&'a [u8], A::Error> {
        match self.scalar(access, &TEXT)? {
            Scalar::Text(text) => Ok(text.as_bytes()),
            Scalar::Null => Ok(&[]),
            other => Err(self.unexpected(TEXT, other)),
        }
    }

    pub(super) fn int<A: MapAccess<'a>>(&self, access: &mut A) -> Result<Option<i64>, A::Error> {
        self.whole(self.scalar(access, &WHOLE)?).map_err(|got| self.unexpected(WHOLE, got))
    }

    /// A whole number of 64 bits with a sign, however it is written.
    fn whole(&self, from: Scalar<'a>) -> Result<Option<i64>, Scalar<'a>> {
        /// 2^63; every double below it that is whole is one of 64 bits.
        const BEYOND: f64 = 9_223_372_036_854_775_808.0;
        match from {
            Scalar::Null => Ok(None),
            Scalar::Int(number) => Ok(Some(number)),
            Scalar::Double(number) if number.fract() == 0.0 && (-BEYOND..BEYOND).contains(&number) => {
                Ok(Some(number as i64))
            }
            other => Err(other),
        }
    }

    /// A time or how long something took, which may also be a text of digits: 64 bits are more than some writers have.
    pub(super) fn nanoseconds<A: MapAccess<'a>>(&self, access: &mut A) -> Result<i64, A::Error> {
        const NANOSECONDS: &str = "a whole number of nanoseconds";
        let given = self.scalar(access, &NANOSECONDS)?;
        let number = match given {
            Scalar::Text(digits) => digits.parse().map(Some).map_err(|_| given),
            other => self.whole(other),
        };
        Ok(number.map_err(|got| self.unexpected(NANOSECONDS, got))?.unwrap_or(0))
    }

    /// A handle, which may also be a text of digits.
    pub(super) fn handle<A: MapAccess<'a>>(&self, access: &mut A) -> Result<u64, A::Error> {
        const HANDLE: &str = "a handle";
        let given = self.scalar(access, &HANDLE)?;
        let handle = match given {
            Scalar::Null => Some(0),
            Scalar::Int(number) => u64::try_from(number).ok(),
            Scalar::Large(number) => Some(number),
            Scalar::Text(digits) => digits.parse().ok(),
            _ => None,
        };
        handle.ok_or_else(|| self.unexpected(HANDLE, given))
    }

    /// A whole number of 8 bits.
    pub(super) fn flags<A: MapAccess<'a>>(&self, access: &mut A) -> Result<u8, A::Error> {
        const FLAGS: &str = "a whole number from 0 to 255";
        let given = self.scalar(access, &FLAGS)?;
        match given {
            Scalar::Null => Ok(0),
            Scalar::Int(number) => u8::try_from(number).map_err(|_| self.unexpected(FLAGS, given)),
            other => Err(self.unexpected(FLAGS, other)),
        }
    }

    pub(super) fn double<A: MapAccess<'a>>(&self, access: &mut A) -> Result<Option<f64>, A::Error> {
        const NUMBER: &str = "a number";
        match self.scalar(access, &NUMBER)? {
            Scalar::Null => Ok(None),
            Scalar::Int(number) => Ok(Some(number as f64)),
            Scalar::Large(number) => Ok(Some(number as f64)),
            Scalar::Double(number) => Ok(Some(number)),
            other => Err(self.unexpected(NUMBER, other)),
        }
    }

    pub(super) fn truth<A: MapAccess<'a>>(&self, access: &mut A) -> Result<Option<bool>, A::Error> {
        const TRUTH: &str = "true or false";
        match self.scalar(access, &TRUTH)? {
            Scalar::Null => Ok(None),
            Scalar::Bool(truth) => Ok(Some(truth)),
            other => Err(self.unexpected(TRUTH, other)),
        }
    }

    /// One of some words; `named` knows them.
    pub(super) fn word<A: MapAccess<'a>, T>(
        &self,
        access: &mut A,
        words: impl Iterator<Item = &'static str> + Clone,
        named: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, A::Error> {
        let words = Words(words);
        let given = self.scalar(access, &words)?;
        let Scalar::Text(word) = given else {
            return if matches!(given, Scalar::Null) { Ok(None) } else { Err(self.unexpected(words, given)) };
        };
        named(word).map(Some).ok_or_else(|| self.unexpected(words, given))
    }

    /// One of the words of a choice, by its number.
    fn choice<A: MapAccess<'a>>(
        &self,
        access: &mut A,
        of: &'static choice::Words,
    ) -> Result<Option<u32>, A::Error> {
        let mut numbers = (1..=of.most()).filter_map(|number| of.word(number).map(|word| (word, number)));
        let named = |given: &str| numbers.find(|(word, _)| *word == given).map(|(_, number)| number);
        self.word(access, of.words.iter().copied(), named)
    }

    /// What is said of a field of a detail; nothing when it is null.
    fn field_value<A: MapAccess<'a>>(
        &self,
        access: &mut A,
        holds: &Holds,
    ) -> Result<Option<FieldValue<'a>>, A::Error> {
        Ok(match holds {
            Holds::Text => Some(self.text(access)?).filter(|text| !text.is_empty()).map(FieldValue::Text),
            Holds::Texts => {
                Some(self.texts(access)?).filter(|texts| !texts.is_empty()).map(FieldValue::Texts)
            }
            Holds::Int => self.int(access)?.map(FieldValue::Int),
            Holds::Double => self.double(access)?.map(FieldValue::Double),
            Holds::Truth => self.truth(access)?.map(FieldValue::Truth),
            Holds::Flag => self.truth(access)?.filter(|truth| *truth).map(FieldValue::Truth),
            Holds::Counting => {
                Some(self.counting(access)?.number()).filter(|number| *number > 0).map(FieldValue::Number)
            }
            Holds::Choice(words) => self.choice(access, words)?.map(FieldValue::Number),
            Holds::Content(_) => {
                let content = Some(self.content(access)?).filter(|content| !content.is_empty());
                content.map(|content| FieldValue::Content(Content::new(content)))
            }
        })
    }

    /// The fields of a detail, unless it is null.
    pub(super) fn fields<A: MapAccess<'a>>(
        &self,
        access: &mut A,
        all: &'static [Field],
    ) -> Result<Option<Fields<'a>>, A::Error> {
        let mut into = GivenFields { all, next: 0, values: [None; MOST_FIELDS] };
        let is_given =
            access.next_value_seed(ObjectSeed { reader: self, into: &mut into, required: false })?;
        Ok(is_given.then(|| Fields::of(self.arena, all, into.values.iter().copied())))
    }

    /// The position of a word in a list, which may also be given itself.
    pub(super) fn position<A: MapAccess<'a>>(
        &self,
        access: &mut A,
        words: &'static [&'static str],
    ) -> Result<Option<usize>, A::Error> {
        let most = words.len().saturating_sub(1);
        let words_given = Words(words.iter().copied());
        let expected = format_args!("a whole number from 0 to {most}, or {words_given}");
        let given = self.scalar(access, &expected)?;
        let position = match given {
            Scalar::Null => return Ok(None),
            Scalar::Text(word) => words.iter().position(|known| *known == word),
            other => self.whole(other).ok().flatten().and_then(|number| usize::try_from(number).ok()),
        };
        let position = position.filter(|position| *position <= most);
        position.map(Some).ok_or_else(|| self.unexpected(expected, given))
    }

    /// A value of any form.
    pub(super) fn value<A: MapAccess<'a>>(&self, access: &mut A) -> Result<Value<'a>, A::Error> {
        access.next_value_seed(ValueSeed { watch: self, depth: MOST_DEPTH })
    }

    /// Hexadecimal digits of so many bytes.
    pub(super) fn id<const N: usize, A: MapAccess<'a>>(
        &self,
        access: &mut A,
    ) -> Result<Option<[u8; N]>, A::Error> {
        let expected = format_args!("a text of {} hexadecimal digits in lower case", 2 * N);
        let given = self.scalar(access, &expected)?;
        let Scalar::Text(digits) = given else {
            return if matches!(given, Scalar::Null) {
                Ok(None)
            } else {
                Err(self.unexpected(expected, given))
            };
        };
        crate::propagation::trace_parent::hex(digits)
            .map(Some)
            .ok_or_else(|| self.unexpected(expected, given))
    }

    /// How a provider counts tokens: one word, or a list of them.
    pub(super) fn counting<A: MapAccess<'a>>(&self, access: &mut A) -> Result<Counting, A::Error> {
        let mut counting = Counting::default();
        access.next_value_seed(TextsSeed {
            reader: self,
            each: |word: &'a str| {
                match word {
                    "inclusive" => {}
                    "cache_separate" => counting.cache_separate = true,
                    "reasoning_separate" => counting.reasoning_separate = true,
                    _ => return false,
                }
                true
            },
            expected: "one of, or a list of, \"inclusive\", \"cache_separate\", \"reasoning_separate\"",
            alone: true,
        })?;
        Ok(counting)
    }

    pub(super) fn texts<A: MapAccess<'a>>(&self, access: &mut A) -> Result<&'a [&'a [u8]], A::Error> {
        let mut texts = ArenaVec::new_in(self.arena);
        let each = |text: &'a str| {
            texts.push(text.as_bytes());
            true
        };
        access.next_value_seed(TextsSeed {
            reader: self,
            each,
            expected: "a list of texts",
            alone: false,
        })?;
        Ok(texts.into_bump_slice())
    }

    /// Content: a text as it is, any other value as its JSON.
    pub(super) fn content<A: MapAccess<'a>>(&self, access: &mut A) -> Result<&'a [u8], A::Error> {
        let json: &'a str = access.next_value::<&'a RawValue>()?.get();
        match json.as_bytes() {
            [b'"', text @ .., b'"'] if !text.contains(&b'\\') => Ok(text),
            [b'"', ..] => {
                let mut deserializer = serde_json::Deserializer::from_str(json);
                let text = TextSeed { reader: self }.deserialize(&mut deserializer);
                text.map(str::as_bytes).map_err(|why| self.wrong(format_args!("not valid JSON: {why}")))
            }
            b"null" => Ok(&[]),
            other if is_too_deep(other) => Err(self.too_deep()),
            other => Ok(other),
        }
    }

    #[cold]
    pub(super) fn too_deep<E: Error>(&self) -> E {
        self.wrong(format_args!("nested deeper than {MOST_DEPTH}"))
    }

    pub(super) fn attributes<A: MapAccess<'a>>(&self, access: &mut A) -> Result<Attributes<'a>, A::Error> {
        access.next_value_seed(AttributesSeed { reader: self })
    }

    /// An object, unless it is null.
    pub(super) fn object<T: Item<'a> + Default, A: MapAccess<'a>>(
        &self,
        access: &mut A,
    ) -> Result<Option<&'a mut T>, A::Error> {
        let into = self.arena.alloc_with(T::default);
        let is_given =
            access.next_value_seed(ObjectSeed { reader: self, into: &mut *into, required: false })?;
        Ok(is_given.then_some(into))
    }

    /// An object that is of no use in the arena; null is an empty one.
    pub(super) fn made<T: Item<'a> + Default, A: MapAccess<'a>>(
        &self,
        access: &mut A,
    ) -> Result<T, A::Error> {
        let mut into = T::default();
        access.next_value_seed(ObjectSeed { reader: self, into: &mut into, required: false })?;
        Ok(into)
    }

    /// A list of objects, each made into something.
    pub(super) fn objects<T: Item<'a> + Default, M, A: MapAccess<'a>>(
        &self,
        access: &mut A,
        made: impl Fn(&T) -> Result<M, AtField>,
    ) -> Result<&'a [M], A::Error> {
        access.next_value_seed(ObjectsSeed { reader: self, made, of: std::marker::PhantomData })
    }
}

/// The fields of a detail, while they are read.
struct GivenFields<'a> {
    all: &'static [Field],
    /// Where to look for the next one first: many write them in this order.
    next: usize,
    values: [Option<FieldValue<'a>>; MOST_FIELDS],
}

impl<'a> Item<'a> for GivenFields<'a> {
    fn names(&self) -> Vec<&'static str> {
        self.all.iter().map(Field::name).collect()
    }

    fn field<A: MapAccess<'a>>(
        &mut self,
        reader: &Reader<'a>,
        name: &str,
        access: &mut A,
    ) -> Result<bool, A::Error> {
        let positions = (self.next..self.all.len()).chain(0..self.next.min(self.all.len()));
        let mut found = positions.filter_map(|position| Some((position, self.all.get(position)?)));
        let Some((position, field)) = found.find(|(_, field)| field.is_called(name)) else {
            return Ok(false);
        };
        self.next = position + 1;
        let value = reader.field_value(access, &field.holds)?;
        if let Some(place) = self.values.get_mut(position) {
            *place = value;
        }
        Ok(true)
    }
}

/// Whether brackets nest too deep in a valid JSON text.
fn is_too_deep(json: &[u8]) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    json.iter().any(|byte| {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => in_text = !in_text,
            b'[' | b'{' if !in_text => depth += 1,
            b']' | b'}' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
        depth > MOST_DEPTH
    })
}

/// An object with fields of known names.
pub(super) trait Item<'a> {
    /// The names.
    fn names(&self) -> Vec<&'static str>;

    /// Reads the value of a field; false when there is no such field.
    fn field<A: MapAccess<'a>>(
        &mut self,
        reader: &Reader<'a>,
        name: &str,
        access: &mut A,
    ) -> Result<bool, A::Error>;

    /// The names of more fields.
    const MORE: &'static [&'static str] = &[];

    /// Reads the value of one of those.
    fn more<A: MapAccess<'a>>(
        &mut self,
        _reader: &Reader<'a>,
        _name: &str,
        _access: &mut A,
    ) -> Result<bool, A::Error> {
        Ok(false)
    }

    /// What is expected in its place.
    const EXPECTED: &'static str = OBJECT;

    /// Takes a text in its place; false when it cannot stand for such an object.
    fn text(&mut self, _text: &str) -> bool {
        false
    }
}

/// Visits of what is not wanted: words for each kind of value.
macro_rules! refuse {
    (list) => {
        fn visit_seq<A: SeqAccess<'a>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(self.reader.unexpected(self.expected(), "a list"))
        }
    };
    (object) => {
        fn visit_map<A: MapAccess<'a>>(self, _: A) -> Result<Self::Value, A::Error> {
            Err(self.reader.unexpected(self.expected(), "an object"))
        }
    };
    (text) => {
        // Not shown: it may be anything.
        fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
            Err(self.reader.unexpected(self.expected(), "a text"))
        }
    };
    (null) => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Err(self.reader.unexpected(self.expected(), Scalar::Null))
        }
    };
    (numbers) => {
        fn visit_bool<E: Error>(self, truth: bool) -> Result<Self::Value, E> {
            Err(self.reader.unexpected(self.expected(), Scalar::Bool(truth)))
        }

        fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
            Err(self.reader.unexpected(self.expected(), Scalar::Int(number)))
        }

        fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
            Err(self.reader.unexpected(self.expected(), Scalar::Large(number)))
        }

        fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
            Err(self.reader.unexpected(self.expected(), Scalar::Double(number)))
        }
    };
}

/// What the JSON library would say; nobody sees it.
macro_rules! expecting {
    () => {
        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(formatter, "{}", self.expected())
        }
    };
}

/// A value that is no list or object.
struct ScalarSeed<'r, 'a> {
    reader: &'r Reader<'a>,
    expected: &'r dyn Display,
}

impl ScalarSeed<'_, '_> {
    fn expected(&self) -> &dyn Display {
        self.expected
    }
}

impl<'a> DeserializeSeed<'a> for ScalarSeed<'_, 'a> {
    type Value = Scalar<'a>;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a> Visitor<'a> for ScalarSeed<'_, 'a> {
    type Value = Scalar<'a>;

    expecting!();
    refuse!(list);
    refuse!(object);

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Scalar::Null)
    }

    fn visit_bool<E>(self, truth: bool) -> Result<Self::Value, E> {
        Ok(Scalar::Bool(truth))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Scalar::Int(number))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(i64::try_from(number).map_or(Scalar::Large(number), Scalar::Int))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Scalar::Double(number))
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(text))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Scalar::Text(self.reader.keep(text)))
    }
}

/// A text, or a key.
pub(super) struct TextSeed<'r, 'a> {
    pub(super) reader: &'r Reader<'a>,
}

impl<'a> DeserializeSeed<'a> for TextSeed<'_, 'a> {
    type Value = &'a str;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'a> Visitor<'a> for TextSeed<'_, 'a> {
    type Value = &'a str;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(TEXT)
    }

    fn visit_borrowed_str<E>(self, text: &'a str) -> Result<Self::Value, E> {
        Ok(text)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(self.reader.keep(text))
    }
}

/// A list of texts, each given to `each`, which may refuse it.
struct TextsSeed<'r, 'a, F> {
    reader: &'r Reader<'a>,
    each: F,
    expected: &'static str,
    /// Whether a text may stand for a list of it alone.
    alone: bool,
}

impl<'a, F: FnMut(&'a str) -> bool> TextsSeed<'_, 'a, F> {
    fn expected(&self) -> &'static str {
        self.expected
    }

    fn one<E: Error>(&mut self, text: Scalar<'a>) -> Result<(), E> {
        let is_right = matches!(text, Scalar::Text(text) if (self.each)(text));
        if is_right { self.reader.count() } else { Err(self.reader.unexpected(self.of_one(), text)) }
    }

    /// What each of the list has to be.
    fn of_one(&self) -> &'static str {
        if self.alone { self.expected } else { TEXT }
    }
}

impl<'a, F: FnMut(&'a str) -> bool> DeserializeSeed<'a> for TextsSeed<'_, 'a, F> {
    type Value = ();

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, F: FnMut(&'a str) -> bool> Visitor<'a> for TextsSeed<'_, 'a, F> {
    type Value = ();

    expecting!();
    refuse!(object);
    refuse!(numbers);

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(())
    }

    fn visit_str<E: Error>(mut self, text: &str) -> Result<Self::Value, E> {
        if self.alone {
            let text = self.reader.keep(text);
            self.one(Scalar::Text(text))
        } else {
            Err(self.reader.unexpected(self.expected, "a text"))
        }
    }

    fn visit_seq<A: SeqAccess<'a>>(mut self, mut items: A) -> Result<Self::Value, A::Error> {
        let (reader, expected) = (self.reader, self.of_one());
        let mut position = 0;
        loop {
            let item = items.next_element_seed(ScalarSeed { reader, expected: &expected });
            match item.and_then(|item| item.map(|item| self.one(item)).transpose()) {
                Ok(Some(())) => position += 1,
                Ok(None) => return Ok(()),
                Err(error) => {
                    reader.at_item(position);
                    return Err(error);
                }
            }
        }
    }
}

/// An object whose fields are read into `into`; false when it is null.
pub(super) struct ObjectSeed<'r, 'a, T> {
    reader: &'r Reader<'a>,
    into: &'r mut T,
    required: bool,
}

impl<'r, 'a, T: Item<'a>> ObjectSeed<'r, 'a, T> {
    /// One that must be there.
    pub(super) fn required(reader: &'r Reader<'a>, into: &'r mut T) -> Self {
        Self { reader, into, required: true }
    }

    fn expected(&self) -> &'static str {
        T::EXPECTED
    }
}

impl<'a, T: Item<'a>> DeserializeSeed<'a> for ObjectSeed<'_, 'a, T> {
    type Value = bool;

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, T: Item<'a>> Visitor<'a> for ObjectSeed<'_, 'a, T> {
    type Value = bool;

    expecting!();
    refuse!(list);
    refuse!(numbers);

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        if self.required { Err(self.reader.unexpected(T::EXPECTED, Scalar::Null)) } else { Ok(false) }
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        if self.into.text(text) { Ok(true) } else { Err(self.reader.unexpected(T::EXPECTED, "a text")) }
    }

    fn visit_map<A: MapAccess<'a>>(self, mut access: A) -> Result<Self::Value, A::Error> {
        let Self { reader, into, .. } = self;
        while let Some(name) = access.next_key_seed(TextSeed { reader })? {
            match into.field(reader, name, &mut access) {
                Ok(true) => {}
                Ok(false) => {
                    reader.at_field(name);
                    let fields = into.names().join(", ");
                    return Err(reader.wrong(format_args!("there is no such field; there are {fields}")));
                }
                Err(error) => {
                    reader.at_field(name);
                    return Err(error);
                }
            }
        }
        Ok(true)
    }
}

/// A list of objects.
struct ObjectsSeed<'r, 'a, T, F> {
    reader: &'r Reader<'a>,
    made: F,
    of: std::marker::PhantomData<T>,
}

impl<T, F> ObjectsSeed<'_, '_, T, F> {
    fn expected(&self) -> &'static str {
        "a list of objects"
    }
}

impl<'a, T: Item<'a> + Default, M: 'a, F: Fn(&T) -> Result<M, AtField>> DeserializeSeed<'a>
    for ObjectsSeed<'_, 'a, T, F>
{
    type Value = &'a [M];

    fn deserialize<D: Deserializer<'a>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'a, T: Item<'a> + Default, M: 'a, F: Fn(&T) -> Result<M, AtField>> Visitor<'a>
    for ObjectsSeed<'_, 'a, T, F>
{
    type Value = &'a [M];

    expecting!();
    refuse!(object);
    refuse!(text);
    refuse!(numbers);

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(&[])
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let Self { reader, made, .. } = self;
        let mut list = ArenaVec::new_in(reader.arena);
        loop {
            let mut item = T::default();
            let read = items.next_element_seed(ObjectSeed::required(reader, &mut item)).and_then(|read| {
                read.map(|_| {
                    reader.count()?;
                    made(&item).map_err(|(field, why)| {
                        reader.at_field(field);
                        reader.wrong(why)
                    })
                })
                .transpose()
            });
            match read {
                Ok(Some(made)) => list.push(made),
                Ok(None) => return Ok(list.into_bump_slice()),
                Err(error) => {
                    reader.at_item(list.len());
                    return Err(error);
                }
            }
        }
    }
}
