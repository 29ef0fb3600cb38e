//! Reading the typed details of events: one reader for all, by the places of the fields in their structs, which the table
//! that makes the details gives.

use core::mem::offset_of;

use bumpalo::Bump;

use super::{Sized_, slice, text, texts};
use crate::abi::types::*;
use crate::event::content::Content;
use crate::event::data::{Counting, Detail, EventKind, Field, FieldValue, Fields, Holds, kinds};
use crate::event::details::{self, details};
use crate::manager::Error;

/// Bytes of a word. Structs begin and end at the border of one, and no field lies across one but at its start.
const WORD: usize = size_of::<u64>();
/// No struct of a detail has more words.
const MOST_WORDS: usize = 128;

/// Where a field lies in its struct, and how it is seen that it was given.
struct Place {
    /// Where it begins.
    at: u16,
    /// The word that says whether it is there.
    word: u16,
    /// The bits of that word that say so: not all zero.
    mask: u64,
}

impl Place {
    /// A field that `bytes` bytes, some way behind its start, say to be there.
    const fn new(at: usize, behind: usize, bytes: usize) -> Self {
        let said = at + behind;
        let word = said / WORD * WORD;
        assert!(said + bytes <= word + WORD && word < MOST_WORDS * WORD);
        let mask = u64::MAX >> (u64::BITS as usize - 8 * bytes) << (8 * (said - word));
        Self { at: at as u16, word: word as u16, mask }
    }
}

/// How a field lies in a struct: its type there, and which bytes of it say that it was given.
macro_rules! place {
    ($given:ident $field:ident text) => {
        place!($given $field: agentotel_str, len, size_of::<usize>())
    };
    ($given:ident $field:ident (content $content:ident)) => {
        place!($given $field: agentotel_str, len, size_of::<usize>())
    };
    ($given:ident $field:ident texts) => {
        place!($given $field: agentotel_string_array, count, size_of::<usize>())
    };
    ($given:ident $field:ident int) => {
        place!($given $field: agentotel_i64, present, 1)
    };
    ($given:ident $field:ident double) => {
        place!($given $field: agentotel_f64, present, 1)
    };
    ($given:ident $field:ident truth) => {
        place!($given $field: agentotel_bool, present, 1)
    };
    // Numbers of 32 bits: 0 is none.
    ($given:ident $field:ident $number:tt) => {{
        const _: fn($given) -> u32 = |given| given.$field;
        Place::new(offset_of!($given, $field), 0, size_of::<u32>())
    }};
    ($given:ident $field:ident: $type:ty, $says:ident, $bytes:expr) => {{
        const _: fn($given) -> $type = |given| given.$field;
        Place::new(offset_of!($given, $field), offset_of!($type, $says), $bytes)
    }};
}

/// A struct of the header that details are read from.
struct Layout {
    name: &'static str,
    /// Bytes of its first version, and of this one.
    first: usize,
    bytes: usize,
    fields: &'static [Field],
    /// Those of the fields.
    places: &'static [Place],
}

/// A detail that there is a struct for.
trait Laid {
    const LAYOUT: &'static Layout;
}

macro_rules! layouts {
    ($($(#[$doc:meta])* $detail:ident $given:ident $called:literal { $($field:ident: $type:tt $name:tt,)+ })+) => {$(
        impl Laid for details::$detail<'_> {
            const LAYOUT: &'static Layout = {
                static LAYOUT: Layout = Layout {
                    name: <$given as Sized_>::NAME,
                    first: <$given as Sized_>::FIRST,
                    bytes: size_of::<$given>(),
                    fields: details::$detail::FIELDS,
                    places: &[$(place!($given $field $type),)+],
                };
                assert!(size_of::<$given>() % WORD == 0 && size_of::<$given>() <= MOST_WORDS * WORD);
                &LAYOUT
            };
        }
    )+};
}

details!(layouts);

/// A kind of event, and where the pointer to its detail stands.
struct KindPlace {
    kind: EventKind,
    at: usize,
    layout: &'static Layout,
}

macro_rules! kind_places {
    ($($kind:ident($detail:ident) = $number:literal $field:ident $word:literal,)+) => {
        /// All kinds that have a detail, by their numbers from 1.
        static KINDS: &[KindPlace] = &[$(KindPlace {
            kind: EventKind::$kind,
            at: offset_of!(agentotel_event_data, $field),
            layout: <details::$detail<'static> as Laid>::LAYOUT,
        },)+];

        #[cfg_attr(not(test), expect(clippy::indexing_slicing, reason = "runs in the compiler, which does not accept a wrong index"))]
        const _: () = {
            let (numbers, mut position) = ([$($number),+], 0);
            while position < numbers.len() {
                position += 1;
                assert!(numbers[position - 1] == position, "numbers go up from 1");
            }
        };

        /// Whether an event has some detail.
        #[inline(always)]
        fn has_some(from: &agentotel_event_data) -> bool {
            $(!from.$field.is_null())||+
        }
    };
}

kinds!(kind_places);

impl KindPlace {
    /// The kind that has this number, when it has a detail.
    #[inline(always)]
    fn of(number: u32) -> Option<&'static Self> {
        KINDS.get((number as usize).wrapping_sub(1))
    }

    /// The pointer to its detail in an event.
    ///
    /// # Safety
    /// `from` is an event.
    #[inline(always)]
    unsafe fn pointer(&self, from: *const agentotel_event_data) -> *const u8 {
        // SAFETY: `at` is where a pointer stands in an event.
        unsafe { from.byte_add(self.at).cast::<*const u8>().read_unaligned() }
    }
}

/// Whether a number is one that a field may hold.
fn check_number(holds: &Holds, number: u32, what: &str) -> Result<(), Error> {
    match holds {
        Holds::Counting if Counting::from_number(number).is_none() => {
            let most = Counting::MOST;
            Err(Error::InvalidArgument(format!(
                "{what} is {number}, expected a sum of AGENTOTEL_COUNTING_… (0 to {most})"
            )))
        }
        Holds::Choice(words) if words.word(number).is_none() => {
            let (constants, most) = (words.constants, words.most());
            Err(Error::InvalidArgument(format!(
                "{what} is {number}, expected one of {constants} (0 to {most})"
            )))
        }
        _ => Ok(()),
    }
}

/// A bit for each field that a struct says something of, the first one's the lowest.
///
/// # Safety
/// `from` is a struct that has these places.
#[inline(always)]
unsafe fn given(from: *const u8, places: &[Place]) -> u64 {
    places.iter().rev().fold(0, |given, place| {
        // SAFETY: words lie inside the struct.
        let word = unsafe { from.add(place.word.into()).cast::<u64>().read_unaligned() };
        given << 1 | u64::from(word & place.mask != 0)
    })
}

/// A text in its place.
///
/// # Safety
/// `at` is a text's place, and the text is valid through `'a`.
#[inline(always)]
unsafe fn text_at<'a>(at: *const u8, what: &'static str) -> Result<&'a [u8], Error> {
    // SAFETY: by contract.
    unsafe {
        let given = at.cast::<agentotel_str>().read_unaligned();
        match slice(given) {
            Some(text) => Ok(text),
            None => no_text(given, what),
        }
    }
}

/// # Safety
/// As for `text`.
#[cold]
unsafe fn no_text<'a>(given: agentotel_str, what: &'static str) -> Result<&'a [u8], Error> {
    // SAFETY: by contract.
    unsafe { text(given, what) }
}

/// The fields that a struct gives, in their places. What says that one is there is looked at before, and what it holds is
/// read once.
///
/// # Safety
/// `from` is a struct of this layout with all its fields, and what these point to is valid through `'a`.
#[inline(never)]
unsafe fn fields<'a>(arena: &'a Bump, from: *const u8, layout: &Layout) -> Result<Fields<'a>, Error> {
    let Layout { fields, places, .. } = *layout;
    // SAFETY: fields lie at their places, each of the type that the table has checked; what they point to is passed on.
    // There is memory for the values of all fields; as many are written as are given away.
    unsafe {
        let given = given(from, places);
        let memory =
            core::alloc::Layout::array::<FieldValue<'a>>(places.len()).map_err(|_| Error::null("detail"))?;
        let values = arena.alloc_layout(memory).cast::<FieldValue<'a>>().as_ptr();
        let (mut count, mut left) = (0, given);
        while left != 0 {
            let position = left.trailing_zeros() as usize;
            left &= left - 1;
            let (Some(place), Some(field)) = (places.get(position), fields.get(position)) else { break };
            let (at, next) = (from.add(place.at.into()), values.add(count));
            match field.holds {
                Holds::Text => next.write(FieldValue::Text(text_at(at, field.path)?)),
                Holds::Int => next.write(FieldValue::Int(at.cast::<i64>().read_unaligned())),
                Holds::Double => next.write(FieldValue::Double(at.cast::<f64>().read_unaligned())),
                Holds::Content(_) => next.write(FieldValue::Content(Content::new(text_at(at, field.path)?))),
                Holds::Texts => {
                    let given = at.cast::<agentotel_string_array>().read_unaligned();
                    next.write(FieldValue::Texts(texts(arena, given, field.path)?));
                }
                Holds::Truth => next.write(FieldValue::Truth(at.read() != 0)),
                Holds::Flag => next.write(FieldValue::Truth(true)),
                Holds::Counting | Holds::Choice(_) => {
                    let number = at.cast::<u32>().read_unaligned();
                    check_number(&field.holds, number, field.path)?;
                    next.write(FieldValue::Number(number));
                }
            }
            count += 1;
        }
        Ok(Fields::new(fields, given, core::slice::from_raw_parts(values, count)))
    }
}

/// The same of a struct that may be shorter: what it does not have was not given.
///
/// # Safety
/// `from` is a struct of the size that it begins with, and what it points to is valid through `'a`.
unsafe fn fields_of_any<'a>(arena: &'a Bump, from: *const u8, layout: &Layout) -> Result<Fields<'a>, Error> {
    // SAFETY: a struct begins with its size, and has as many bytes; of those that it does not have, a copy has zeros.
    unsafe {
        let size = from.cast::<usize>().read_unaligned();
        if size < layout.first {
            return Err(Error::StructSize { name: layout.name, size, smallest: layout.first });
        }
        if size >= layout.bytes {
            return fields(arena, from, layout);
        }
        let mut copy = [0_u64; MOST_WORDS];
        core::ptr::copy_nonoverlapping(from, copy.as_mut_ptr().cast(), size);
        fields(arena, copy.as_ptr().cast(), layout)
    }
}

/// The typed detail of an event that has one, or should. An update may leave its kind at 0 and give the detail alone.
///
/// # Safety
/// As for `detail`.
unsafe fn some_detail<'a>(
    arena: &'a Bump,
    from: &agentotel_event_data,
    whole: bool,
) -> Result<Detail<'a>, Error> {
    let mut kind = EventKind::from_number(from.kind).ok_or_else(|| {
        let (given, most) = (from.kind, EventKind::MOST);
        Error::InvalidArgument(format!("kind is {given}, expected one of AGENTOTEL_KIND_… (0 to {most})"))
    })?;
    // SAFETY: it is an event.
    let given = || KINDS.iter().filter(|place| unsafe { !place.pointer(from).is_null() });
    if !whole && kind == EventKind::Custom {
        kind = given().next().map_or(kind, |first| first.kind);
    }
    if let Some(other) = given().find(|place| place.kind != kind) {
        let message = format!("the detail of kind {} is given with kind {}", other.kind as u8, kind as u8);
        return Err(Error::InvalidArgument(message));
    }
    let Some(place) = KindPlace::of(kind as u32) else { return Ok(Detail::Custom) };
    // SAFETY: it is an event, and its detail is valid by contract.
    unsafe {
        match place.pointer(from) {
            pointer if !pointer.is_null() => {
                Ok(Detail::new(kind, fields_of_any(arena, pointer, place.layout)?))
            }
            _ if whole => {
                let (name, number) = (kind.word(), kind as u8);
                Err(Error::InvalidArgument(format!("{name} is NULL: kind {number} needs it")))
            }
            _ => Ok(Detail::Custom),
        }
    }
}

/// The detail of this kind, in an event that has nothing else in the words from `first` on; nothing when it has, or the
/// detail is not there, not whole, or not sound.
///
/// # Safety
/// `from` is an event, of which `words` are those from byte `first` to its end; the detail is valid through `'a` with all that
/// it points to.
#[inline(always)]
pub(super) unsafe fn only_detail<'a, const N: usize>(
    arena: &'a Bump,
    number: u32,
    from: *const agentotel_event_data,
    (first, mut words): (usize, [u64; N]),
) -> Option<Detail<'a>> {
    let place = KindPlace::of(number)?;
    *words.get_mut((place.at - first) / WORD)? = 0;
    if words.iter().fold(0, |all, word| all | word) != 0 {
        return None;
    }
    // SAFETY: it is an event; and a struct begins with its size, and has as many bytes.
    unsafe {
        let pointer = place.pointer(from);
        if pointer.is_null() || pointer.cast::<usize>().read_unaligned() < place.layout.bytes {
            return None;
        }
        Some(Detail::new(place.kind, fields(arena, pointer, place.layout).ok()?))
    }
}

/// The typed detail of an event.
///
/// # Safety
/// The detail's pointers are NULL or valid through `'a`.
#[inline(always)]
pub(super) unsafe fn detail<'a>(
    arena: &'a Bump,
    from: &agentotel_event_data,
    whole: bool,
) -> Result<Detail<'a>, Error> {
    if from.kind == AGENTOTEL_KIND_CUSTOM && !has_some(from) {
        return Ok(Detail::Custom);
    }
    // SAFETY: passed on.
    unsafe { some_detail(arena, from, whole) }
}

#[cfg(test)]
mod tests;
