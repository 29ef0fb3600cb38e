//! Reading plain events: whole ones with a name, times and attributes that are texts or numbers. They are encoded as they
//! are read. Whatever is out of the ordinary, or wrong, is left to the careful reading, which starts from the beginning
//! and says what is wrong.

use core::slice::from_raw_parts;

use super::super::types::*;
use super::{context, slice};
use crate::event::data::{GivenTimes, PlainEvent, Target};
use crate::otlp::draft::{Draft, are_short};
use crate::otlp::span::{SpanKind, StatusCode};
use crate::otlp::value::{Attribute, Fingerprints, Value};

/// Reads a field of a struct, which need not be aligned.
macro_rules! read {
    ($from:ident.$($field:tt)+) => { (&raw const (*$from).$($field)+).read_unaligned() };
}

/// Reads the event at a position of an array, when it is plain.
///
/// # Safety
/// `from` is NULL or has more than `position` elements of the size that the first one says, valid through `'a` with all
/// that they point to.
#[inline(always)]
pub(crate) unsafe fn plain_event<'a>(
    scratch: &'a mut [u8],
    most_attributes: usize,
    from: *const agentotel_event_data,
    position: usize,
) -> Option<PlainEvent<'a>> {
    if from.is_null() {
        return None;
    }
    // SAFETY: by contract; every field is read once, and looked at as what the caller has set.
    unsafe {
        let step = read!(from.struct_size);
        if step < size_of::<agentotel_event_data>() {
            return None;
        }
        let from = from.byte_add(step * position);
        let details = [
            read!(from.llm).addr(),
            read!(from.tool).addr(),
            read!(from.action).addr(),
            read!(from.error).addr(),
            read!(from.link_count),
            read!(from.span_event_count),
            read!(from.status_message.len),
        ];
        let has_more = details.iter().fold(0, |all, detail| all | detail) != 0;
        let kind = read!(from.kind);
        if has_more || kind != AGENTOTEL_KIND_CUSTOM || read!(from.struct_size) != step {
            return None;
        }
        let span_kind = match read!(from.span_kind) {
            AGENTOTEL_SPAN_KIND_DEFAULT => SpanKind::Internal,
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
        let name = slice(read!(from.name)).filter(|name| !name.is_empty())?;
        let times = GivenTimes {
            start: read!(from.start_time_unix_nano),
            end: read!(from.end_time_unix_nano),
            duration: read!(from.duration_nano),
        };
        let (attributes, count) = (read!(from.attributes), read!(from.attribute_count));
        if count > most_attributes || attributes.is_null() && count > 0 {
            return None;
        }
        let mut keys = Fingerprints::default();
        let mut draft = Draft::new(scratch);
        let mut done = 0;
        while done < count {
            (draft, done) = short_texts(draft, &mut keys, attributes, done, count)?;
            if done < count {
                draft = draft.any(&mut keys, &scalar(attributes.add(done).read_unaligned())?)?;
                done += 1;
            }
        }
        Some(PlainEvent { name, parent, span_kind, times, status, draft })
    }
}

/// Encodes attributes that are short texts, from `done` on, up to the first that is none; gives its position. A function
/// of its own, so that all it works with stays in registers.
///
/// # Safety
/// `from` has `count` attributes.
#[inline(never)]
unsafe fn short_texts<'b>(
    mut draft: Draft<'b>,
    keys: &mut Fingerprints,
    from: *const agentotel_attribute,
    mut done: usize,
    count: usize,
) -> Option<(Draft<'b>, usize)> {
    while done < count {
        // SAFETY: within the array by contract; every field is read once. The type says that the text is the member that is
        // set, and a text is looked at only once it is known to be there.
        unsafe {
            let from = from.add(done);
            let text: *const agentotel_str = (&raw const (*from).value).cast();
            let (key, key_bytes) = (read!(from.key.data), read!(from.key.len));
            let (value, value_bytes) = (read!(text.data), read!(text.len));
            let is_text = read!(from.r#type) == AGENTOTEL_TYPE_STRING;
            if !is_text || key.is_null() || value.is_null() || !are_short(key_bytes, value_bytes) {
                break;
            }
            let key = from_raw_parts(key.cast::<u8>(), key_bytes);
            let value = from_raw_parts(value.cast::<u8>(), value_bytes);
            if !draft.short_text(keys, key, value) {
                return None;
            }
        }
        done += 1;
    }
    Some((draft, done))
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
        Some(Attribute { key: slice(from.key)?, value })
    }
}
