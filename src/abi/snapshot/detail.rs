//! Reading the typed details of events, by the table that makes their structs.

use bumpalo::Bump;

use super::{optional, optional_f64, optional_i64, text, texts};
use crate::abi::types::*;
use crate::event::content::Content;
use crate::event::data::{Choice, Counting, Detail, EventKind, kinds};
use crate::event::details::{self, details};
use crate::manager::Error;

/// A word that has a number; 0 is none.
fn choice<C: Choice>(number: u32, what: &str) -> Result<Option<C>, Error> {
    if number == 0 {
        return Ok(None);
    }
    let (constants, most) = C::CONSTANTS;
    C::from_number(number).map(Some).ok_or_else(|| {
        Error::InvalidArgument(format!("{what} is {number}, expected one of {constants} (0 to {most})"))
    })
}

fn counting(number: u32, what: &str) -> Result<Counting, Error> {
    Counting::from_number(number).ok_or_else(|| {
        let most = Counting::MOST;
        Error::InvalidArgument(format!(
            "{what} is {number}, expected a sum of AGENTOTEL_COUNTING_… (0 to {most})"
        ))
    })
}

/// What a field is called in messages.
macro_rules! what {
    ($called:literal r#type) => {
        concat!($called, ".type")
    };
    ($called:literal $field:ident) => {
        concat!($called, ".", stringify!($field))
    };
}

/// Reads a field.
macro_rules! field {
    ($arena:ident, $value:expr, $what:expr, text) => {
        text($value, $what)?
    };
    ($arena:ident, $value:expr, $what:expr, texts) => {
        texts($arena, $value, $what)?
    };
    ($arena:ident, $value:expr, $what:expr, int) => {
        optional_i64($value)
    };
    ($arena:ident, $value:expr, $what:expr, double) => {
        optional_f64($value)
    };
    ($arena:ident, $value:expr, $what:expr, truth) => {
        ($value.present != 0).then_some($value.value != 0)
    };
    ($arena:ident, $value:expr, $what:expr, flag) => {
        $value != 0
    };
    ($arena:ident, $value:expr, $what:expr, counting) => {
        counting($value, $what)?
    };
    ($arena:ident, $value:expr, $what:expr, (choice $choice:ident)) => {
        choice::<details::$choice>($value, $what)?
    };
    ($arena:ident, $value:expr, $what:expr, (content $field:ident)) => {
        Content::new(text($value, $what)?)
    };
}

/// A struct of the header that a detail is read from.
trait Given<'a> {
    type Detail;

    /// # Safety
    /// What the struct points to is valid through `'a`.
    unsafe fn read(&self, arena: &'a Bump) -> Result<Self::Detail, Error>;
}

macro_rules! readers {
    ($($(#[$doc:meta])* $detail:ident $given:ident $called:literal { $($field:ident: $type:tt $name:tt,)+ })+) => {$(
        impl<'a> Given<'a> for $given {
            type Detail = details::$detail<'a>;

            #[allow(unused_variables, reason = "only lists need the arena")]
            unsafe fn read(&self, arena: &'a Bump) -> Result<Self::Detail, Error> {
                // SAFETY: passed on.
                unsafe {
                    Ok(details::$detail {
                        $($field: field!(arena, self.$field, what!($called $field), $type),)+
                    })
                }
            }
        }
    )+};
}

details!(readers);

macro_rules! some_detail {
    ($($kind:ident = $number:literal $field:ident $word:literal,)+) => {
        /// Whether an event has some detail.
        #[inline(always)]
        fn has_some(from: &agentotel_event_data) -> bool {
            $(!from.$field.is_null())||+
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
            let given = [$((EventKind::$kind, !from.$field.is_null()),)+];
            let given = given.into_iter().filter(|(_, given)| *given).map(|(kind, _)| kind);
            let mut kind = EventKind::from_number(from.kind).ok_or_else(|| {
                let (given, most) = (from.kind, EventKind::MOST);
                Error::InvalidArgument(format!("kind is {given}, expected one of AGENTOTEL_KIND_… (0 to {most})"))
            })?;
            if !whole && kind == EventKind::Custom {
                kind = given.clone().next().unwrap_or(kind);
            }
            if let Some(other) = given.clone().find(|of| *of != kind) {
                let message = format!("the detail of kind {} is given with kind {}", other as u8, kind as u8);
                return Err(Error::InvalidArgument(message));
            }
            match kind {
                EventKind::Custom => Ok(Detail::Custom),
                $(EventKind::$kind => {
                    // SAFETY: passed on.
                    match unsafe { optional(from.$field)? } {
                        // SAFETY: passed on.
                        Some(given) => Ok(Detail::$kind(arena.alloc(unsafe { given.read(arena)? }))),
                        None if whole => {
                            let (name, number) = (stringify!($field), kind as u8);
                            Err(Error::InvalidArgument(format!("{name} is NULL: kind {number} needs it")))
                        }
                        None => Ok(Detail::Custom),
                    }
                })+
            }
        }
    };
}

kinds!(some_detail);

macro_rules! only_detail {
    ($($kind:ident = $number:literal $field:ident $word:literal,)+) => {
        /// The detail of this kind, in an event that has one only; nothing when that is another one, or not sound.
        ///
        /// # Safety
        /// `from` is an event; the detail is valid through `'a` with all that it points to.
        #[inline(always)]
        pub(super) unsafe fn only_detail<'a>(
            arena: &'a Bump,
            kind: u32,
            from: *const agentotel_event_data,
        ) -> Option<Detail<'a>> {
            // SAFETY: by contract.
            unsafe {
                match kind {
                    $($number => {
                        let given = (&raw const (*from).$field).read_unaligned();
                        read_whole(arena, given).map(|detail| Detail::$kind(detail))
                    })+
                    _ => None,
                }
            }
        }
    };
}

kinds!(only_detail);

/// Reads a struct in its place, when it has all fields; what is wrong with it is not said.
///
/// # Safety
/// NULL, or a struct of the size that its first field says, valid through `'a` with all that it points to.
#[inline(always)]
unsafe fn read_whole<'a, T: Given<'a>>(arena: &'a Bump, given: *const T) -> Option<&'a T::Detail> {
    // SAFETY: a struct begins with its size.
    let is_whole =
        !given.is_null() && given.is_aligned() && unsafe { given.cast::<usize>().read() } >= size_of::<T>();
    if !is_whole {
        return None;
    }
    // SAFETY: not NULL, aligned, and all of it is there; nobody changes it during the call, by contract.
    let detail = unsafe { (*given).read(arena).ok()? };
    Some(arena.alloc(detail))
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
