//! Reading plain events: whole ones with a name, times and attributes that are texts or numbers. They are encoded as they
//! are read. Whatever is out of the ordinary, or wrong, is left to the careful reading, which starts from the beginning
//! and says what is wrong.

use core::marker::PhantomData;
use core::mem::offset_of;
use core::slice::from_raw_parts;

use bumpalo::Bump;

use super::super::types::*;
use super::detail::only_detail;
use super::{context, slice};
use crate::event::data::{Detail, GivenTimes, PlainEvent, Target};
use crate::event::named_content::names_content;
use crate::event::semconv;
use crate::otlp::draft::{Draft, PlainAttributes};
use crate::otlp::span::{SpanKind, StatusCode};
use crate::otlp::value::{Attribute, Value};
#[cfg(target_arch = "x86_64")]
use crate::sys::append::Wide;

/// No slice is longer than this.
const MOST_BYTES: usize = isize::MAX.cast_unsigned();

/// The fields of an event that a plain one does not have stand one behind the other, at its end: details, error, id and
/// position of the parent, without a gap.
const MORE_WORDS: usize =
    (size_of::<agentotel_event_data>() - offset_of!(agentotel_event_data, llm)) / size_of::<u64>();

/// Reads a field of a struct, which need not be aligned.
macro_rules! read {
    ($from:ident.$($field:tt)+) => { (&raw const (*$from).$($field)+).read_unaligned() };
}

/// Whether it is an event that becomes a span, as far as that is seen at first sight.
///
/// # Safety
/// `from` is NULL or has as many bytes as it says that it has.
#[inline(always)]
pub(crate) unsafe fn is_span(from: *const agentotel_event_data) -> bool {
    // SAFETY: by contract.
    unsafe {
        !from.is_null()
            && read!(from.struct_size) >= size_of::<agentotel_event_data>()
            && read!(from.kind) < AGENTOTEL_KIND_EVALUATION
    }
}

/// Reads the event at a position of an array, when it is plain.
///
/// # Safety
/// `from` is NULL or has more than `position` elements of the size that the first one says, valid through `'a` with all
/// that they point to.
#[inline(always)]
pub(crate) unsafe fn plain_event<'a>(
    most_attributes: usize,
    from: *const agentotel_event_data,
    position: usize,
) -> Option<PlainEvent<'a, GivenAttributes<'a>>> {
    // SAFETY: by contract.
    unsafe {
        let (from, more) = element(from, position)?;
        if more.iter().fold(0, |all, word| all | word) != 0 || read!(from.kind) != AGENTOTEL_KIND_CUSTOM {
            return None;
        }
        event(most_attributes, SpanKind::Internal, from).filter(|event| !event.name[0].is_empty())
    }
}

/// The same for an event that has a typed detail, and nothing else that a plain one does not have. Its name may be empty.
///
/// # Safety
/// As for `plain_event`.
#[inline(always)]
pub(crate) unsafe fn typed_event<'a>(
    arena: &'a Bump,
    most_attributes: usize,
    from: *const agentotel_event_data,
    position: usize,
) -> Option<(Detail<'a>, PlainEvent<'a, GivenAttributes<'a>>)> {
    // SAFETY: by contract.
    unsafe {
        let (from, more) = element(from, position)?;
        // Of all that an event may have more, it has one: a detail, which has to be that of its kind.
        let detail =
            only_detail(arena, read!(from.kind), from, (offset_of!(agentotel_event_data, llm), more))?;
        Some((detail, event(most_attributes, semconv::span_kind(&detail), from)?))
    }
}

/// The element at a position, and all that says that there is more to it than to a plain event; nothing when it is not of
/// the size that it should be.
///
/// # Safety
/// As for `plain_event`.
#[inline(always)]
unsafe fn element(
    from: *const agentotel_event_data,
    position: usize,
) -> Option<(*const agentotel_event_data, [u64; MORE_WORDS])> {
    if from.is_null() {
        return None;
    }
    // SAFETY: by contract; every field is read once.
    unsafe {
        let step = read!(from.struct_size);
        if step < size_of::<agentotel_event_data>() {
            return None;
        }
        let from = from.byte_add(step * position);
        // From `llm` on, everything says that there is more.
        let more: [u64; MORE_WORDS] = (&raw const (*from).llm).cast::<[u64; MORE_WORDS]>().read_unaligned();
        let lists = [
            read!(from.link_count) as u64,
            read!(from.span_event_count) as u64,
            read!(from.status_message.len) as u64,
        ];
        let has_lists = lists.iter().fold(0, |all, list| all | list) != 0;
        (!has_lists && read!(from.struct_size) == step).then_some((from, more))
    }
}

/// What plain and typed events have in common.
///
/// # Safety
/// `from` is an event, valid through `'a` with all that it points to.
#[inline(always)]
unsafe fn event<'a>(
    most_attributes: usize,
    usual_kind: SpanKind,
    from: *const agentotel_event_data,
) -> Option<PlainEvent<'a, GivenAttributes<'a>>> {
    // SAFETY: by contract; every field is read once, and looked at as what the caller has set.
    unsafe {
        let span_kind = match read!(from.span_kind) {
            AGENTOTEL_SPAN_KIND_DEFAULT => usual_kind,
            number => SpanKind::from_number(number)?,
        };
        let status = match read!(from.status_code) {
            AGENTOTEL_STATUS_CODE_UNSET => StatusCode::Unset,
            AGENTOTEL_STATUS_CODE_OK => StatusCode::Ok,
            _ => return None,
        };
        let (parent_event, parent_context) = (read!(from.parent.event), read!(from.parent.context));
        let parent = match (parent_event, parent_context.is_null()) {
            (0, true) => Target::Root,
            (event, true) => Target::Event(event),
            (0, false) => Target::Context(context(parent_context.read_unaligned())),
            (_, false) => return None,
        };
        let name = read!(from.name);
        let name = if name.len == 0 { &[] } else { slice(name)? };
        let times = GivenTimes {
            start: read!(from.start_time_unix_nano),
            end: read!(from.end_time_unix_nano),
            duration: read!(from.duration_nano),
        };
        let (from, count) = (read!(from.attributes), read!(from.attribute_count));
        let attributes = GivenAttributes::new(most_attributes, from, count)?;
        Some(PlainEvent { name: [name, &[]], parent, span_kind, times, status, attributes })
    }
}

/// Attributes as they lie with the caller; not looked at yet.
pub(crate) struct GivenAttributes<'a> {
    from: *const agentotel_attribute,
    count: usize,
    given: PhantomData<&'a agentotel_attribute>,
}

impl GivenAttributes<'_> {
    /// As many as are given; nothing when there are more than `most`, or not there.
    ///
    /// # Safety
    /// NULL, or `count` attributes that are valid with all they point to while this value lives.
    #[inline(always)]
    pub(super) unsafe fn new(most: usize, from: *const agentotel_attribute, count: usize) -> Option<Self> {
        let are_there = count <= most && (count == 0 || !from.is_null());
        are_there.then_some(Self { from, count, given: PhantomData })
    }
}

impl PlainAttributes for GivenAttributes<'_> {
    #[inline(always)]
    fn encode(&self, draft: &mut Draft<'_, '_>) -> bool {
        let Self { from, count, .. } = *self;
        let mut done = 0;
        while done < count {
            // SAFETY: this value is made of an array of `count` attributes, valid with all they point to while it lives.
            unsafe {
                let Some(texts) = texts(draft, from.add(done), count - done) else { return false };
                done += texts;
                if done < count {
                    let is_written = scalar(from.add(done).read_unaligned())
                        .is_some_and(|attribute| draft.any(&attribute));
                    if !is_written {
                        return false;
                    }
                    done += 1;
                }
            }
        }
        true
    }
}

/// Encodes attributes that are short texts, up to the first that is none; gives its position, or nothing when one is not
/// plain.
///
/// # Safety
/// `from` has `count` attributes, valid with all they point to.
#[inline(always)]
unsafe fn texts(draft: &mut Draft<'_, '_>, from: *const agentotel_attribute, count: usize) -> Option<usize> {
    // SAFETY: by contract; and the processor has said that it has what the first is compiled for.
    unsafe {
        #[cfg(target_arch = "x86_64")]
        if let Some(wide) = Wide::of_this_processor() {
            let done = texts_in_wide_registers(wide, draft, from, count)?;
            if done == count {
                return Some(done);
            }
            // What they stop at may be a text that is short and yet too long for them.
            return short_texts(draft, from.add(done), count - done).map(|more| done + more);
        }
        short_texts(draft, from, count)
    }
}

// Functions of their own, so that all they work with stays in registers.

/// # Safety
/// As for `texts`; the processor has the features.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512bw,avx512vl,bmi2")]
#[inline(never)]
unsafe fn texts_in_wide_registers(
    wide: Wide,
    draft: &mut Draft<'_, '_>,
    from: *const agentotel_attribute,
    count: usize,
) -> Option<usize> {
    // SAFETY: by contract; positions are below `count`.
    draft.texts_in_wide_registers(wide, count, |position| unsafe { text(from.add(position)) })
}

/// # Safety
/// As for `texts`.
#[inline(never)]
unsafe fn short_texts(
    draft: &mut Draft<'_, '_>,
    from: *const agentotel_attribute,
    count: usize,
) -> Option<usize> {
    // SAFETY: by contract; positions are below `count`.
    draft.texts(count, |position| unsafe { text(from.add(position)) })
}

/// Key and value of an attribute that is a text.
///
/// # Safety
/// What `from` points to is valid through `'a`.
#[inline(always)]
unsafe fn text<'a>(from: *const agentotel_attribute) -> Option<(&'a [u8], &'a [u8])> {
    // SAFETY: by contract; every field is read once. The type says that the text is the member that is set, and a text is
    // looked at only once it is known to be there.
    unsafe {
        let text: *const agentotel_str = (&raw const (*from).value).cast();
        let (key, key_bytes) = (read!(from.key.data), read!(from.key.len));
        let (value, value_bytes) = (read!(text.data), read!(text.len));
        let is_text = read!(from.r#type) == AGENTOTEL_TYPE_STRING;
        if !is_text || key.is_null() || value.is_null() || key_bytes > MOST_BYTES || value_bytes > MOST_BYTES
        {
            return None;
        }
        let key = from_raw_parts(key.cast(), key_bytes);
        // Of content, not all may be shown: that is for the careful way.
        (!names_content(key)).then(|| (key, from_raw_parts(value.cast(), value_bytes)))
    }
}

/// An attribute that is a text or a number.
///
/// # Safety
/// What `from` points to is valid through `'a`.
#[cold]
unsafe fn scalar<'a>(from: agentotel_attribute) -> Option<Attribute<'a>> {
    // SAFETY: by contract; the type says which member of the union is set.
    unsafe {
        let value = match from.r#type {
            AGENTOTEL_TYPE_STRING => Value::Text(slice(from.value.string)?),
            AGENTOTEL_TYPE_BOOL => Value::Bool(from.value.boolean != 0),
            AGENTOTEL_TYPE_INT64 => Value::Int(from.value.int64),
            AGENTOTEL_TYPE_DOUBLE => Value::Double(from.value.float64),
            _ => return None,
        };
        let key = slice(from.key)?;
        (!names_content(key)).then_some(Attribute { key, value })
    }
}
