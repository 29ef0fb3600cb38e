//! Reading events: the struct itself, its typed detail, its error, its links and moments.

use bumpalo::Bump;

use super::not_null;
use super::{
    attributes, context, optional, optional_f64, optional_i64, sized, sized_at, target, text, texts,
};
use crate::abi::types::*;
use crate::event::data::{
    Action, Detail, ErrorDetail, EventData, EventKind, GivenTimes, Llm, LlmOperation, Tool,
};
use crate::manager::Error;
use crate::otlp::span::{Link, SpanEvent, SpanKind, StatusCode};

/// # Safety
/// `from` and what it points to are valid through `'a`.
unsafe fn llm<'a>(arena: &'a Bump, from: &agentotel_llm) -> Result<&'a Llm<'a>, Error> {
    let operation = match from.operation {
        AGENTOTEL_LLM_DEFAULT => None,
        AGENTOTEL_LLM_CHAT => Some(LlmOperation::Chat),
        AGENTOTEL_LLM_TEXT_COMPLETION => Some(LlmOperation::TextCompletion),
        AGENTOTEL_LLM_GENERATE_CONTENT => Some(LlmOperation::GenerateContent),
        unknown => {
            let message = format!("llm.operation is {unknown}, expected one of AGENTOTEL_LLM_… (0 to 3)");
            return Err(Error::InvalidArgument(message));
        }
    };
    // SAFETY: passed on.
    unsafe {
        Ok(arena.alloc(Llm {
            operation,
            in_process: from.in_process != 0,
            provider: text(from.provider, "llm.provider")?,
            request_model: text(from.request_model, "llm.request_model")?,
            response_model: text(from.response_model, "llm.response_model")?,
            response_id: text(from.response_id, "llm.response_id")?,
            finish_reasons: texts(arena, from.finish_reasons, "llm.finish_reasons")?,
            output_type: text(from.output_type, "llm.output_type")?,
            max_tokens: optional_i64(from.max_tokens),
            choice_count: optional_i64(from.choice_count),
            seed: optional_i64(from.seed),
            temperature: optional_f64(from.temperature),
            top_p: optional_f64(from.top_p),
            top_k: optional_f64(from.top_k),
            frequency_penalty: optional_f64(from.frequency_penalty),
            presence_penalty: optional_f64(from.presence_penalty),
            stop_sequences: texts(arena, from.stop_sequences, "llm.stop_sequences")?,
            stream: (from.stream.present != 0).then_some(from.stream.value != 0),
            time_to_first_chunk: optional_f64(from.time_to_first_chunk_s),
            input_tokens: optional_i64(from.input_tokens),
            cache_read_input_tokens: optional_i64(from.cache_read_input_tokens),
            cache_creation_input_tokens: optional_i64(from.cache_creation_input_tokens),
            output_tokens: optional_i64(from.output_tokens),
            reasoning_output_tokens: optional_i64(from.reasoning_output_tokens),
            server_address: text(from.server_address, "llm.server_address")?,
            server_port: optional_i64(from.server_port),
        }))
    }
}

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
        })))
    }
}

/// The typed detail of an event. An update may leave its kind at 0 and give the detail alone.
///
/// # Safety
/// The detail's pointers are NULL or valid through `'a`.
#[inline(always)]
unsafe fn detail<'a>(arena: &'a Bump, from: &agentotel_event_data, whole: bool) -> Result<Detail<'a>, Error> {
    if from.kind == AGENTOTEL_KIND_CUSTOM
        && from.llm.is_null()
        && from.tool.is_null()
        && from.action.is_null()
    {
        return Ok(Detail::Custom);
    }
    // SAFETY: passed on.
    unsafe { some_detail(arena, from, whole) }
}

/// The same for an event that has one, or should.
///
/// # Safety
/// As for `detail`.
unsafe fn some_detail<'a>(
    arena: &'a Bump,
    from: &agentotel_event_data,
    whole: bool,
) -> Result<Detail<'a>, Error> {
    let given = [
        (EventKind::Llm, !from.llm.is_null()),
        (EventKind::Tool, !from.tool.is_null()),
        (EventKind::Action, !from.action.is_null()),
    ];
    let mut kind = EventKind::from_number(from.kind).ok_or_else(|| {
        Error::InvalidArgument(format!("kind is {}, expected one of AGENTOTEL_KIND_… (0 to 3)", from.kind))
    })?;
    if !whole && kind == EventKind::Custom {
        kind = given.into_iter().find(|(_, given)| *given).map_or(kind, |(kind, _)| kind);
    }
    if let Some((other, _)) = given.into_iter().find(|(of, given)| *given && *of != kind) {
        let message = format!("the detail of kind {} is given with kind {}", other as u8, kind as u8);
        return Err(Error::InvalidArgument(message));
    }
    let missing =
        |name: &str| Error::InvalidArgument(format!("{name} is NULL: kind {} needs it", kind as u8));
    // SAFETY: passed on.
    unsafe {
        Ok(match kind {
            EventKind::Custom => Detail::Custom,
            EventKind::Llm => match optional(from.llm)? {
                Some(from) => Detail::Llm(llm(arena, &from)?),
                None if whole => return Err(missing("llm")),
                None => Detail::Custom,
            },
            EventKind::Tool => match optional(from.tool)? {
                Some(from) => Detail::Tool(arena.alloc(Tool {
                    name: text(from.name, "tool.name")?,
                    kind: text(from.r#type, "tool.type")?,
                    call_id: text(from.call_id, "tool.call_id")?,
                    description: text(from.description, "tool.description")?,
                })),
                None if whole => return Err(missing("tool")),
                None => Detail::Custom,
            },
            EventKind::Action => match optional(from.action)? {
                Some(from) => Detail::Action(arena.alloc(Action { kind: text(from.r#type, "action.type")? })),
                None if whole => return Err(missing("action")),
                None => Detail::Custom,
            },
        })
    }
}

/// Counts of an array, checked before anything is allocated for it.
fn checked_count<T>(items: *const T, count: usize, what: &'static str) -> Result<usize, Error> {
    if count > AGENTOTEL_MAX_ITEMS {
        Err(Error::TooLarge { what, given: count, most: AGENTOTEL_MAX_ITEMS })
    } else if count > 0 && items.is_null() {
        Err(Error::InvalidArgument(format!("{what} is NULL and its count is {count}")))
    } else {
        Ok(count)
    }
}

/// # Safety
/// As for `sized_at`, and what the links point to is valid through `'a`.
unsafe fn links<'a>(
    arena: &'a Bump,
    from: *const agentotel_link,
    count: usize,
) -> Result<&'a [Link<'a>], Error> {
    let count = checked_count(from, count, "links")?;
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
    let count = checked_count(from, count, "span_events")?;
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
