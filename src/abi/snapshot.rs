//! Reading a caller's structs: every pointer and length once, into values of our own; and turning our values into the
//! caller's structs. A struct is copied as far as its `struct_size` goes; what it does not have is as if zero. Arrays
//! and nested values live in the call's arena; texts stay where they are.

use core::alloc::Layout;
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;

use bumpalo::Bump;

use super::types::*;
use super::{json, write};
use crate::event::data::{
    Action, Detail, EndState, ErrorDetail, EventData, EventKind, Llm, LlmOperation, SessionEnd,
    SessionOptions, SpanContext, Target, Tool,
};
use crate::manager::{Error, ExporterStats, LiveListing, Stats};
use crate::otlp::Signal;
use crate::otlp::span::{Link, SpanEvent, SpanKind, StatusCode};
use crate::otlp::value::{Attribute, Attributes, Survey, Value};

/// A struct that begins with its size. `FIRST` is the size of its first version: what every caller has at least.
///
/// # Safety
/// All-zero bytes are a valid value, and the struct begins with a `usize`.
unsafe trait Sized_: Copy {
    const FIRST: usize;
    const NAME: &'static str;
}

macro_rules! sized {
    ($($name:ident: $first:literal),* $(,)?) => {$(
        // SAFETY: a `repr(C)` struct of integers, raw pointers and the like that begins with `struct_size: usize`.
        unsafe impl Sized_ for $name {
            const FIRST: usize = $first;
            const NAME: &'static str = stringify!($name);
        }
        const _: () = assert!(size_of::<$name>() >= $first);
    )*};
}

sized! {
    agentotel_session_options: 216,
    agentotel_session_end: 56,
    agentotel_llm: 392,
    agentotel_tool: 72,
    agentotel_action: 24,
    agentotel_error: 96,
    agentotel_link: 72,
    agentotel_span_event: 48,
    agentotel_event_data: 176,
    agentotel_live_event: 144,
}

/// Copies a struct as far as both sides know it.
///
/// # Safety
/// `from` points to a struct of the size that its first field says.
#[inline(always)]
unsafe fn sized<T: Sized_>(from: *const T) -> Result<(T, usize), Error> {
    // SAFETY: the struct begins with its size, by contract.
    let size = unsafe { from.cast::<usize>().read_unaligned() };
    if size < T::FIRST {
        return Err(Error::StructSize { name: T::NAME, size, smallest: T::FIRST });
    }
    if size >= size_of::<T>() {
        // SAFETY: as many bytes as a `T` has are there.
        return Ok((unsafe { from.read_unaligned() }, size));
    }
    let mut value = MaybeUninit::<T>::zeroed();
    // SAFETY: both sides have at least `min` bytes; zeroed and then overwritten bytes are a valid `T` by the trait.
    unsafe {
        core::ptr::copy_nonoverlapping(
            from.cast::<u8>(),
            value.as_mut_ptr().cast::<u8>(),
            size.min(size_of::<T>()),
        );
        Ok((value.assume_init(), size))
    }
}

/// The same for an element of an array that steps by its first element's size.
///
/// # Safety
/// `from` points to an array of more than `position` structs of the size that the first one's first field says.
unsafe fn sized_at<T: Sized_>(from: *const T, position: usize) -> Result<T, Error> {
    // SAFETY: the first element begins with its size, by contract.
    let step = unsafe { from.cast::<usize>().read_unaligned() };
    if step < T::FIRST {
        return Err(Error::StructSize { name: T::NAME, size: step, smallest: T::FIRST });
    }
    // SAFETY: within the array by contract.
    let (value, size) = unsafe { sized(from.byte_add(step * position))? };
    if size != step {
        let message = format!("{}[{position}].struct_size is {size}, the first element's is {step}", T::NAME);
        return Err(Error::InvalidArgument(message));
    }
    Ok(value)
}

pub(crate) fn not_null<T>(pointer: *const T, argument: &'static str) -> Result<(), Error> {
    if pointer.is_null() { Err(Error::null(argument)) } else { Ok(()) }
}

/// A text with a terminating NUL.
///
/// # Safety
/// NULL, or such a text that outlives `'a`.
pub(crate) unsafe fn c_text<'a>(text: *const c_char) -> Option<&'a [u8]> {
    // SAFETY: by contract.
    (!text.is_null()).then(|| unsafe { CStr::from_ptr(text) }.to_bytes())
}

/// The length of a text, checked.
#[inline(always)]
pub(crate) fn text_length(text: agentotel_str, what: &'static str) -> Result<usize, Error> {
    if text.len > AGENTOTEL_MAX_TEXT_BYTES {
        Err(Error::TooLarge { what, given: text.len, most: AGENTOTEL_MAX_TEXT_BYTES })
    } else if text.data.is_null() && text.len > 0 {
        Err(Error::InvalidArgument(format!("{what} has no data and a length of {}", text.len)))
    } else {
        Ok(text.len)
    }
}

/// A text.
///
/// # Safety
/// `text` is absent or has `len` bytes that outlive `'a`. They may change meanwhile: what is read then is any mix.
#[inline(always)]
pub(crate) unsafe fn text<'a>(text: agentotel_str, what: &'static str) -> Result<&'a [u8], Error> {
    if text.len == 0 {
        return Ok(&[]);
    }
    let length = text_length(text, what)?;
    // SAFETY: not NULL (checked above) and `len` bytes long by contract.
    Ok(unsafe { core::slice::from_raw_parts(text.data.cast::<u8>(), length) })
}

/// An array of plain values; it is copied when it is not aligned as its type wants.
///
/// # Safety
/// NULL, or `count` values that outlive `'a`.
unsafe fn array<'a, T: Copy>(
    arena: &'a Bump,
    items: *const T,
    count: usize,
    what: &'static str,
) -> Result<&'a [T], Error> {
    if count > AGENTOTEL_MAX_ITEMS {
        return Err(Error::TooLarge { what, given: count, most: AGENTOTEL_MAX_ITEMS });
    }
    if count == 0 {
        return Ok(&[]);
    }
    if items.is_null() {
        return Err(Error::InvalidArgument(format!("{what} is NULL and its count is {count}")));
    }
    // SAFETY: `count` values by contract, read one by one whatever their alignment.
    Ok(arena.alloc_slice_fill_with(count, |position| unsafe { items.add(position).read_unaligned() }))
}

/// An array of texts.
///
/// # Safety
/// As for `array` and, for each text, `text`.
unsafe fn texts<'a>(
    arena: &'a Bump,
    array_: agentotel_string_array,
    what: &'static str,
) -> Result<&'a [&'a [u8]], Error> {
    // SAFETY: passed on.
    let items = unsafe { array(arena, array_.items, array_.count, what)? };
    // SAFETY: passed on.
    arena
        .alloc_slice_try_fill_iter(items.iter().map(|item| unsafe { text(*item, what) }))
        .map(|texts| &*texts)
}

/// The value of an attribute.
///
/// # Safety
/// The member of the union that `kind` names is set, and valid through `'a`.
unsafe fn value<'a>(arena: &'a Bump, kind: u32, value: agentotel_value) -> Result<Value<'a>, Error> {
    const WHAT: &str = "attribute.value";
    // SAFETY: the member is the one that is set, by contract; each is passed on as such.
    unsafe {
        Ok(match kind {
            AGENTOTEL_TYPE_STRING => Value::Text(text(value.string, WHAT)?),
            AGENTOTEL_TYPE_BOOL => Value::Bool(value.boolean != 0),
            AGENTOTEL_TYPE_INT64 => Value::Int(value.int64),
            AGENTOTEL_TYPE_DOUBLE => Value::Double(value.float64),
            AGENTOTEL_TYPE_BYTES => Value::Bytes(text(value.bytes, WHAT)?),
            AGENTOTEL_TYPE_STRING_ARRAY => Value::Texts(texts(arena, value.strings, WHAT)?),
            AGENTOTEL_TYPE_BOOL_ARRAY => {
                Value::Bools(array(arena, value.booleans.items, value.booleans.count, WHAT)?)
            }
            AGENTOTEL_TYPE_INT64_ARRAY => {
                Value::Ints(array(arena, value.int64s.items, value.int64s.count, WHAT)?)
            }
            AGENTOTEL_TYPE_DOUBLE_ARRAY => {
                Value::Doubles(array(arena, value.float64s.items, value.float64s.count, WHAT)?)
            }
            AGENTOTEL_TYPE_JSON => json::value(arena, text(value.json, WHAT)?)?,
            unknown => {
                let message =
                    format!("attribute.type is {unknown}, expected one of AGENTOTEL_TYPE_… (1 to 10)");
                return Err(Error::InvalidArgument(message));
            }
        })
    }
}

/// An array of attributes.
///
/// # Safety
/// NULL, or `count` attributes that are valid through `'a`.
pub(crate) unsafe fn attributes<'a>(
    arena: &'a Bump,
    from: *const agentotel_attribute,
    count: usize,
    what: &'static str,
) -> Result<Attributes<'a>, Error> {
    if count == 0 {
        return Ok(Attributes { unique: true, ..Attributes::default() });
    }
    if count > AGENTOTEL_MAX_ITEMS {
        return Err(Error::TooLarge { what, given: count, most: AGENTOTEL_MAX_ITEMS });
    }
    if from.is_null() {
        return Err(Error::InvalidArgument(format!("{what} is NULL and its count is {count}")));
    }
    let layout = Layout::array::<Attribute<'a>>(count).map_err(|_| Error::null(what))?;
    let read = arena.alloc_layout(layout).cast::<Attribute<'a>>();
    let mut survey = Survey::default();
    for position in 0..count {
        // SAFETY: within the array by contract; each attribute is read once, and its texts are valid through `'a`. `read`
        // has room for `count` attributes.
        unsafe {
            let place = read.as_ptr().add(position);
            if !ordinary(from.add(position), place, &mut survey) {
                any(arena, from.add(position), place, &mut survey)?;
            }
        }
    }
    // SAFETY: `count` attributes were written above, into memory of the arena.
    Ok(survey.attributes(unsafe { core::slice::from_raw_parts(read.as_ptr(), count) }))
}

/// Reads what most attributes are: a text under a key, both present and of a sound length. The parts are written where
/// they stay: an attribute put together elsewhere would have to be waited for. False, and nothing done, for all others.
///
/// # Safety
/// `from` is a valid attribute, through `'a`; `place` is memory for one.
#[inline(always)]
unsafe fn ordinary<'a>(
    from: *const agentotel_attribute,
    place: *mut Attribute<'a>,
    survey: &mut Survey,
) -> bool {
    let sound = |text: &agentotel_str| !text.data.is_null() && text.len <= AGENTOTEL_MAX_TEXT_BYTES;
    // SAFETY: by contract; the type says that the text is the member that is set, and a text is looked at only once it is
    // known to be sound.
    unsafe {
        let from = from.read_unaligned();
        if from.r#type != AGENTOTEL_TYPE_STRING || !sound(&from.key) || !sound(&from.value.string) {
            return false;
        }
        let slice = |text: agentotel_str| core::slice::from_raw_parts(text.data.cast::<u8>(), text.len);
        let (key, text) = (slice(from.key), slice(from.value.string));
        survey.add_text(key, text);
        (&raw mut (*place).key).write(key);
        (&raw mut (*place).value).write(Value::Text(text));
    }
    true
}

/// Reads any attribute.
///
/// # Safety
/// As for `ordinary`; what the value points to is valid through `'a` too.
#[cold]
unsafe fn any<'a>(
    arena: &'a Bump,
    from: *const agentotel_attribute,
    place: *mut Attribute<'a>,
    survey: &mut Survey,
) -> Result<(), Error> {
    // SAFETY: by contract; the member that is looked at is the one that the type names.
    unsafe {
        let from = from.read_unaligned();
        let key = text(from.key, "attribute.key")?;
        let attribute = Attribute { key, value: value(arena, from.r#type, from.value)? };
        survey.add(&attribute);
        place.write(attribute);
    }
    Ok(())
}

/// A context that names a span.
fn context(from: agentotel_span_context) -> SpanContext {
    SpanContext {
        trace_id: from.trace_id,
        span_id: from.span_id,
        trace_flags: from.trace_flags,
        is_remote: from.is_remote != 0,
    }
}

pub(crate) fn context_out(from: SpanContext) -> agentotel_span_context {
    agentotel_span_context {
        trace_id: from.trace_id,
        span_id: from.span_id,
        trace_flags: from.trace_flags,
        is_remote: u8::from(from.is_remote),
        reserved: [0; 6],
    }
}

/// What a target names.
///
/// # Safety
/// `context` is NULL or valid.
#[inline]
pub(crate) unsafe fn target(from: agentotel_target, what: &'static str) -> Result<Target, Error> {
    match (from.event, from.context.is_null()) {
        (0, true) => Ok(Target::Root),
        (event, true) => Ok(Target::Event(event)),
        // SAFETY: not NULL, hence valid by contract.
        (0, false) => Ok(Target::Context(context(unsafe { from.context.read_unaligned() }))),
        (_, false) => Err(Error::InvalidArgument(format!("{what} names both an event and a context"))),
    }
}

fn optional_i64(from: agentotel_i64) -> Option<i64> {
    (from.present != 0).then_some(from.value)
}

fn optional_f64(from: agentotel_f64) -> Option<f64> {
    (from.present != 0).then_some(from.value)
}

/// A struct that may be absent.
///
/// # Safety
/// NULL, or a struct of the size that it says.
unsafe fn optional<T: Sized_>(from: *const T) -> Result<Option<T>, Error> {
    // SAFETY: not NULL, hence as `sized` wants it.
    if from.is_null() { Ok(None) } else { unsafe { sized(from) }.map(|(value, _)| Some(value)) }
}

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
            start: from.start_time_unix_nano,
            end: from.end_time_unix_nano,
            duration: from.duration_nano,
            status,
            status_message,
            attributes,
            links,
            events,
            error,
        }))
    }
}

/// A whole event.
///
/// # Safety
/// NULL, or valid through `'a` with all that it points to.
#[inline]
pub(crate) unsafe fn event_data<'a>(
    arena: &'a Bump,
    from: *const agentotel_event_data,
    argument: &'static str,
) -> Result<&'a EventData<'a>, Error> {
    not_null(from, argument)?;
    // SAFETY: passed on.
    unsafe { event(arena, &sized(from)?.0, true) }
}

/// A whole event of an array.
///
/// # Safety
/// As for `sized_at`, and valid through `'a` with all that it points to.
pub(crate) unsafe fn event_data_at<'a>(
    arena: &'a Bump,
    from: *const agentotel_event_data,
    position: usize,
) -> Result<&'a EventData<'a>, Error> {
    not_null(from, "events")?;
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

/// The options of a session.
///
/// # Safety
/// NULL, or valid through `'a` with all that it points to.
pub(crate) unsafe fn session_options<'a>(
    arena: &'a Bump,
    from: *const agentotel_session_options,
) -> Result<SessionOptions<'a>, Error> {
    // SAFETY: passed on.
    unsafe {
        let Some(from) = optional(from)? else { return Ok(SessionOptions::default()) };
        Ok(SessionOptions {
            session_id: text(from.session_id, "options.session_id")?,
            name: text(from.name, "options.name")?,
            conversation_id: text(from.conversation_id, "options.conversation_id")?,
            user_id: text(from.user_id, "options.user_id")?,
            tags: texts(arena, from.tags, "options.tags")?,
            agent_name: text(from.agent_name, "options.agent_name")?,
            agent_id: text(from.agent_id, "options.agent_id")?,
            agent_version: text(from.agent_version, "options.agent_version")?,
            agent_description: text(from.agent_description, "options.agent_description")?,
            provider: text(from.provider, "options.provider")?,
            parent: (!from.parent.is_null()).then(|| context(from.parent.read_unaligned())),
            trace_state: text(from.trace_state, "options.trace_state")?,
            start: from.start_time_unix_nano,
            attributes: attributes(arena, from.attributes, from.attribute_count, "options.attributes")?.list,
        })
    }
}

/// The end of a session.
///
/// # Safety
/// NULL, or valid through `'a` with all that it points to.
pub(crate) unsafe fn session_end<'a>(from: *const agentotel_session_end) -> Result<SessionEnd<'a>, Error> {
    // SAFETY: passed on.
    unsafe {
        let Some(from) = optional(from)? else { return Ok(SessionEnd::default()) };
        let state = match from.end_state {
            AGENTOTEL_END_INDETERMINATE => EndState::Indeterminate,
            AGENTOTEL_END_SUCCESS => EndState::Success,
            AGENTOTEL_END_FAIL => EndState::Fail,
            unknown => {
                let message = format!("end_state is {unknown}, expected one of AGENTOTEL_END_… (0 to 2)");
                return Err(Error::InvalidArgument(message));
            }
        };
        Ok(SessionEnd {
            state,
            reason: text(from.reason, "end.reason")?,
            error_type: text(from.error_type, "end.error_type")?,
            end: from.end_time_unix_nano,
        })
    }
}

/// The signal that has this number.
pub(crate) fn signal(number: u32) -> Result<Signal, Error> {
    Signal::from_number(number).ok_or_else(|| {
        Error::InvalidArgument(format!("signal is {number}, expected one of AGENTOTEL_SIGNAL_… (1 to 3)"))
    })
}

/// Writes the events in flight, as many as there is room for.
///
/// # Safety
/// `to` is an array of `capacity` structs of the size that the first one's first field says, or `capacity` is 0.
pub(crate) unsafe fn live_events_out(
    to: *mut agentotel_live_event,
    capacity: usize,
    events: &[LiveListing],
) -> Result<(), Error> {
    if capacity > 0 {
        // SAFETY: the first element begins with its size, by contract.
        let step = unsafe { to.cast::<usize>().read_unaligned() };
        for (position, event) in events.iter().take(capacity).enumerate() {
            let mut name = [0; AGENTOTEL_LIVE_NAME_BYTES];
            let kept = crate::event::text::cut_at_character(&event.name, AGENTOTEL_LIVE_NAME_BYTES - 1);
            name.iter_mut().zip(kept).for_each(|(place, byte)| *place = byte.cast_signed());
            let listed = agentotel_live_event {
                struct_size: step,
                event: event.event,
                session: event.session,
                context: context_out(event.context),
                kind: event.kind.into(),
                chunk_count: u32::try_from(event.chunks).unwrap_or(u32::MAX),
                start_time_unix_nano: event.start,
                elapsed_nano: event.elapsed,
                name,
            };
            // SAFETY: within the array; the element gets the array's step as its size before it is filled.
            unsafe {
                let place = to.byte_add(step.max(size_of::<usize>()) * position);
                place.cast::<usize>().write_unaligned(step);
                write::sized(place, listed, agentotel_live_event::FIRST, agentotel_live_event::NAME)?;
            }
        }
    }
    if events.len() > capacity {
        return Err(Error::BufferTooSmall { needed: events.len(), capacity });
    }
    Ok(())
}

/// A signal's counters as the header has them.
pub(crate) fn stats_out(from: &Stats) -> agentotel_stats {
    let counters = from.counters;
    agentotel_stats {
        struct_size: size_of::<agentotel_stats>(),
        offered: counters.offered,
        accepted_caller: counters.accepted_caller,
        accepted_derived: counters.accepted_derived,
        refused: counters.refused,
        duplicate: 0,
        head_unsampled: counters.head_unsampled,
        filtered: 0,
        in_flight_events: from.in_flight_events,
        open_sessions: from.open_sessions,
        repaired_utf8: counters.repaired_utf8,
        repaired_time: counters.repaired_time,
        truncated_values: counters.truncated_values,
        dropped_attributes: counters.dropped_attributes,
        queue_bytes: from.queue_bytes,
        queue_capacity_bytes: from.queue_capacity_bytes,
    }
}

/// An exporter's counters as the header has them.
pub(crate) fn exporter_stats_out(from: &ExporterStats) -> agentotel_exporter_stats {
    let counters = from.counters;
    agentotel_exporter_stats {
        struct_size: size_of::<agentotel_exporter_stats>(),
        accepted: counters.accepted,
        recovered: 0,
        exported: counters.exported,
        rejected: counters.rejected,
        dropped: counters.dropped,
        tail_unsampled: 0,
        pending: counters.pending,
        resent: counters.resent,
        attempts: from.attempts,
        failures: from.failures,
    }
}
