//! Reading events: the struct itself, its error, its links and moments. `detail` reads what is of its kind alone.

use bumpalo::Bump;

use super::detail::detail;
use super::not_null;
use super::{array_length, attributes, context, optional, optional_i64, sized, sized_at, target, text};
use crate::abi::types::*;
use crate::event::data::{ErrorDetail, EventData, EventKind, GivenTimes};
use crate::manager::Error;
use crate::otlp::span::{Link, SpanEvent, SpanKind, StatusCode};

/// An error.
///
/// # Safety
/// NULL, or valid through `'a` with what it points to.
pub(crate) unsafe fn error<'a>(
    arena: &'a Bump,
    from: *const agentotel_error,
) -> Result<Option<&'a ErrorDetail<'a>>, Error> {
    // SAFETY: passed on.
    unsafe {
        let Some(from) = optional(from)? else { return Ok(None) };
        Ok(Some(arena.alloc(ErrorDetail {
            kind: text(from.r#type, "error.type")?,
            message: text(from.message, "error.message")?,
            code: text(from.code, "error.code")?,
            details: text(from.details, "error.details")?,
            stack: text(from.stack, "error.stack")?,
            time: from.time_unix_nano,
            of: EventKind::from_number(from.kind).ok_or_else(|| {
                let (given, most) = (from.kind, EventKind::MOST);
                Error::InvalidArgument(format!(
                    "error.kind is {given}, expected one of AGENTOTEL_KIND_… (0 to {most})"
                ))
            })?,
        })))
    }
}

/// # Safety
/// As for `sized_at`, and what the links point to is valid through `'a`.
unsafe fn links<'a>(
    arena: &'a Bump,
    from: *const agentotel_link,
    count: usize,
) -> Result<&'a [Link<'a>], Error> {
    let count = array_length(from, count, "links")?;
    let read = |position| {
        // SAFETY: passed on.
        unsafe {
            let link: agentotel_link = sized_at(from, position)?;
            let named = context(link.context);
            if !named.is_valid() {
                return Err(Error::InvalidArgument(format!(
                    "links[{position}].context has an id that is all zero"
                )));
            }
            let remote = crate::otlp::span::remote_flags(named.is_remote);
            Ok(Link {
                trace_id: named.trace_id,
                span_id: named.span_id,
                trace_state: text(link.trace_state, "link.trace_state")?,
                flags: remote | u32::from(named.trace_flags),
                attributes: attributes(arena, link.attributes, link.attribute_count, "link.attributes")?.list,
            })
        }
    };
    arena.alloc_slice_try_fill_with(count, read).map(|links| &*links)
}

/// # Safety
/// As for `sized_at`, and what the span events point to is valid through `'a`.
unsafe fn span_events<'a>(
    arena: &'a Bump,
    from: *const agentotel_span_event,
    count: usize,
) -> Result<&'a [SpanEvent<'a>], Error> {
    let count = array_length(from, count, "span_events")?;
    let read = |position| {
        // SAFETY: passed on.
        unsafe {
            let event: agentotel_span_event = sized_at(from, position)?;
            let time = event.time_unix_nano;
            Ok(SpanEvent {
                name: text(event.name, "span_event.name")?,
                time: if time > 0 { time } else { crate::sys::clock::wall() },
                attributes: attributes(
                    arena,
                    event.attributes,
                    event.attribute_count,
                    "span_event.attributes",
                )?
                .list,
            })
        }
    };
    arena.alloc_slice_try_fill_with(count, read).map(|events| &*events)
}

/// # Safety
/// What `from` points to is valid through `'a`.
#[inline(always)]
unsafe fn event<'a>(
    arena: &'a Bump,
    from: &agentotel_event_data,
    whole: bool,
) -> Result<&'a EventData<'a>, Error> {
    let span_kind = match from.span_kind {
        AGENTOTEL_SPAN_KIND_DEFAULT => None,
        number => Some(SpanKind::from_number(number).ok_or_else(|| {
            let expected = "expected one of AGENTOTEL_SPAN_KIND_… (0 to 5)";
            Error::InvalidArgument(format!("span_kind is {number}, {expected}"))
        })?),
    };
    let status = match from.status_code {
        AGENTOTEL_STATUS_CODE_UNSET => StatusCode::Unset,
        AGENTOTEL_STATUS_CODE_OK => StatusCode::Ok,
        AGENTOTEL_STATUS_CODE_ERROR => StatusCode::Error,
        number => {
            let expected = "expected one of AGENTOTEL_STATUS_CODE_… (0 to 2)";
            return Err(Error::InvalidArgument(format!("status_code is {number}, {expected}")));
        }
    };
    // SAFETY: passed on.
    unsafe {
        let detail = detail(arena, from, whole)?;
        let name = text(from.name, "name")?;
        let parent = target(from.parent, "parent")?;
        let status_message = text(from.status_message, "status_message")?;
        let attributes = attributes(arena, from.attributes, from.attribute_count, "attributes")?;
        let links = if from.link_count == 0 { &[] } else { links(arena, from.links, from.link_count)? };
        let events = match from.span_event_count {
            0 => &[],
            count => span_events(arena, from.span_events, count)?,
        };
        let error = if from.error.is_null() { None } else { error(arena, from.error)? };
        let event_id = text(from.event_id, "event_id")?;
        let parent_index = optional_i64(from.parent_index);
        // Made where it stays: a struct of this size is not moved for nothing.
        Ok(arena.alloc_with(|| EventData {
            detail,
            span_kind,
            name,
            parent,
            times: GivenTimes {
                start: from.start_time_unix_nano,
                end: from.end_time_unix_nano,
                duration: from.duration_nano,
            },
            status,
            status_message,
            attributes,
            links,
            events,
            error,
            event_id,
            parent_index,
        }))
    }
}

/// A whole event of an array.
///
/// # Safety
/// As for `sized_at`, and valid through `'a` with all that it points to.
pub(crate) unsafe fn event_data_at<'a>(
    arena: &'a Bump,
    from: *const agentotel_event_data,
    position: usize,
    argument: &'static str,
) -> Result<&'a EventData<'a>, Error> {
    not_null(from, argument)?;
    // SAFETY: passed on.
    unsafe { event(arena, &sized_at(from, position)?, true) }
}

/// A later word about an event.
///
/// # Safety
/// As for `event_data`.
pub(crate) unsafe fn later_event_data<'a>(
    arena: &'a Bump,
    from: *const agentotel_event_data,
    argument: &'static str,
) -> Result<&'a EventData<'a>, Error> {
    not_null(from, argument)?;
    // SAFETY: passed on.
    unsafe { event(arena, &sized(from)?.0, false) }
}

/// A later word about an event, or none.
///
/// # Safety
/// As for `event_data`.
pub(crate) unsafe fn optional_event_data<'a>(
    arena: &'a Bump,
    from: *const agentotel_event_data,
) -> Result<&'a EventData<'a>, Error> {
    // SAFETY: passed on.
    unsafe {
        match optional(from)? {
            Some(from) => event(arena, &from, false),
            None => Ok(arena.alloc_with(EventData::default)),
        }
    }
}
