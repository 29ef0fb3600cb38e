//! Reading a caller's structs: every pointer and length once, into values of our own; and turning our values into the
//! caller's structs. A struct is copied as far as its `struct_size` goes; what it does not have is as if zero. Arrays
//! and nested values live in the call's arena; texts stay where they are. Here is what all structs share; `event`,
//! `detail`, `log` and `session` read whole ones, `plain` reads the events that most are, `output` writes.

mod detail;
mod event;
mod given_back;
mod log;
mod metric;
mod output;
mod plain;
mod session;

use core::alloc::Layout;
use core::ffi::{CStr, c_char};
use core::mem::MaybeUninit;

use bumpalo::Bump;

pub(crate) use self::event::{error, event_data_at, later_event_data, optional_event_data};
pub(crate) use self::given_back::GivenBack;
pub(crate) use self::log::{log_record, log_severity, plain_log};
pub(crate) use self::metric::instrument;
pub(crate) use self::output::{
    context_out, exporter_stats_out, live_events_out, stats_out, storage_stats_out,
};
pub(crate) use self::plain::{is_span, plain_event, typed_event};
pub(crate) use self::session::{session_end, session_options};
use super::callback::{agentotel_exporter_callbacks, agentotel_formatter};
use super::diagnostics::agentotel_diagnostic_handler;
use super::injector::agentotel_attribute_injector;
use super::json;
use super::propagation::{agentotel_carrier, agentotel_remote_context};
use super::provider::agentotel_header_provider;
use super::sampler::agentotel_sampler;
use super::types::*;
use crate::event::data::{SpanContext, Target};
use crate::manager::Error;
use crate::otlp::Signal;
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
    ($($name:ident: $first:expr),* $(,)?) => {$(
        // SAFETY: a `repr(C)` struct of integers, raw pointers and the like that begins with `struct_size: usize`.
        unsafe impl Sized_ for $name {
            const FIRST: usize = $first;
            const NAME: &'static str = stringify!($name);
        }
        const _: () = assert!(size_of::<$name>() >= $first);
    )*};
}

sized! {
    agentotel_session_options: 232,
    agentotel_session_end: 56,
    agentotel_llm: 392,
    agentotel_tool: 72,
    agentotel_action: 24,
    agentotel_error: 96,
    agentotel_log_record: 88,
    agentotel_instrument: 80,
    agentotel_observable: 32,
    agentotel_link: 72,
    agentotel_span_event: 48,
    agentotel_event_data: 176,
    agentotel_embeddings: size_of::<agentotel_embeddings>(),
    agentotel_retrieval: size_of::<agentotel_retrieval>(),
    agentotel_agent: size_of::<agentotel_agent>(),
    agentotel_workflow: size_of::<agentotel_workflow>(),
    agentotel_mcp: size_of::<agentotel_mcp>(),
    agentotel_handoff: size_of::<agentotel_handoff>(),
    agentotel_plan: size_of::<agentotel_plan>(),
    agentotel_approval: size_of::<agentotel_approval>(),
    agentotel_guardrail: size_of::<agentotel_guardrail>(),
    agentotel_memory: size_of::<agentotel_memory>(),
    agentotel_compaction: size_of::<agentotel_compaction>(),
    agentotel_evaluation: size_of::<agentotel_evaluation>(),
    agentotel_feedback: size_of::<agentotel_feedback>(),
    agentotel_live_event: 144,
    agentotel_header_provider: 32,
    agentotel_exporter_callbacks: 32,
    agentotel_formatter: 32,
    agentotel_sampler: 32,
    agentotel_carrier: 40,
    agentotel_remote_context: 88,
    agentotel_attribute_injector: 32,
    agentotel_diagnostic_handler: 32,
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

/// A header provider; NULL is none.
///
/// # Safety
/// NULL, or a struct of the size that its first field says.
pub(crate) unsafe fn header_provider(
    from: *const agentotel_header_provider,
) -> Result<Option<agentotel_header_provider>, Error> {
    // SAFETY: by contract.
    unsafe { optional(from) }
}

/// An exporter's functions; NULL is none.
///
/// # Safety
/// As for `header_provider`.
pub(crate) unsafe fn exporter_callbacks(
    from: *const agentotel_exporter_callbacks,
) -> Result<Option<agentotel_exporter_callbacks>, Error> {
    // SAFETY: by contract.
    unsafe { optional(from) }
}

/// A formatter; NULL is none.
///
/// # Safety
/// As for `header_provider`.
pub(crate) unsafe fn formatter(
    from: *const agentotel_formatter,
) -> Result<Option<agentotel_formatter>, Error> {
    // SAFETY: by contract.
    unsafe { optional(from) }
}

/// A sampler; NULL is none.
///
/// # Safety
/// As for `header_provider`.
pub(crate) unsafe fn sampler(from: *const agentotel_sampler) -> Result<Option<agentotel_sampler>, Error> {
    // SAFETY: by contract.
    unsafe { optional(from) }
}

/// What an observable gauge says; NULL is none.
///
/// # Safety
/// As for `header_provider`.
pub(crate) unsafe fn observable(
    from: *const agentotel_observable,
) -> Result<Option<agentotel_observable>, Error> {
    // SAFETY: by contract.
    unsafe { optional(from) }
}

/// A carrier; NULL is none.
///
/// # Safety
/// As for `header_provider`.
pub(crate) unsafe fn carrier(from: *const agentotel_carrier) -> Result<Option<agentotel_carrier>, Error> {
    // SAFETY: by contract.
    unsafe { optional(from) }
}

/// An attribute injector; NULL is none.
///
/// # Safety
/// As for `header_provider`.
pub(crate) unsafe fn attribute_injector(
    from: *const agentotel_attribute_injector,
) -> Result<Option<agentotel_attribute_injector>, Error> {
    // SAFETY: by contract.
    unsafe { optional(from) }
}

/// A diagnostic handler; NULL is none.
///
/// # Safety
/// As for `header_provider`.
pub(crate) unsafe fn diagnostic_handler(
    from: *const agentotel_diagnostic_handler,
) -> Result<Option<agentotel_diagnostic_handler>, Error> {
    // SAFETY: by contract.
    unsafe { optional(from) }
}

/// Whether there is a remote context to be written to.
///
/// # Safety
/// As for `header_provider`.
pub(crate) unsafe fn check_remote_context(out: *const agentotel_remote_context) -> Result<(), Error> {
    not_null(out, "out")?;
    // SAFETY: by contract.
    unsafe { sized(out) }.map(|_| ())
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

/// The same of a text that is there and of a sound length.
///
/// # Safety
/// As for `text`.
#[inline(always)]
unsafe fn slice<'a>(text: agentotel_str) -> Option<&'a [u8]> {
    let is_sound = !text.data.is_null() && text.len <= AGENTOTEL_MAX_TEXT_BYTES;
    // SAFETY: not NULL and `len` bytes long by contract.
    is_sound.then(|| unsafe { core::slice::from_raw_parts(text.data.cast::<u8>(), text.len) })
}

/// The count of an array, checked.
fn array_length<T>(items: *const T, count: usize, what: &'static str) -> Result<usize, Error> {
    if count > AGENTOTEL_MAX_ITEMS {
        Err(Error::TooLarge { what, given: count, most: AGENTOTEL_MAX_ITEMS })
    } else if count > 0 && items.is_null() {
        Err(Error::InvalidArgument(format!("{what} is NULL and its count is {count}")))
    } else {
        Ok(count)
    }
}

/// An array of plain values, whatever their alignment.
///
/// # Safety
/// NULL, or `count` values that outlive `'a`.
unsafe fn array<'a, T: Copy>(
    arena: &'a Bump,
    items: *const T,
    count: usize,
    what: &'static str,
) -> Result<&'a [T], Error> {
    let count = array_length(items, count, what)?;
    // SAFETY: `count` values by contract, read one by one whatever their alignment.
    Ok(arena.alloc_slice_fill_with(count, |position| unsafe { items.add(position).read_unaligned() }))
}

/// An array of texts.
///
/// # Safety
/// As for `array` and, for each text, `text`.
unsafe fn texts<'a>(
    arena: &'a Bump,
    from: agentotel_string_array,
    what: &'static str,
) -> Result<&'a [&'a [u8]], Error> {
    let count = array_length(from.items, from.count, what)?;
    // SAFETY: passed on.
    let read = |position| unsafe { text(from.items.add(position).read_unaligned(), what) };
    arena.alloc_slice_try_fill_with(count, read).map(|texts| &*texts)
}

/// A value; `names` are those of its type and of itself, for errors.
///
/// # Safety
/// The member of the union that `kind` names is set, and valid through `'a`.
unsafe fn value<'a>(
    arena: &'a Bump,
    kind: u32,
    value: agentotel_value,
    names: [&'static str; 2],
) -> Result<Value<'a>, Error> {
    let [type_name, what] = names;
    // SAFETY: the member is the one that is set, by contract; each is passed on as such.
    unsafe {
        Ok(match kind {
            AGENTOTEL_TYPE_STRING => Value::Text(text(value.string, what)?),
            AGENTOTEL_TYPE_BOOL => Value::Bool(value.boolean != 0),
            AGENTOTEL_TYPE_INT64 => Value::Int(value.int64),
            AGENTOTEL_TYPE_DOUBLE => Value::Double(value.float64),
            AGENTOTEL_TYPE_BYTES => Value::Bytes(text(value.bytes, what)?),
            AGENTOTEL_TYPE_STRING_ARRAY => Value::Texts(texts(arena, value.strings, what)?),
            AGENTOTEL_TYPE_BOOL_ARRAY => {
                Value::Bools(array(arena, value.booleans.items, value.booleans.count, what)?)
            }
            AGENTOTEL_TYPE_INT64_ARRAY => {
                Value::Ints(array(arena, value.int64s.items, value.int64s.count, what)?)
            }
            AGENTOTEL_TYPE_DOUBLE_ARRAY => {
                Value::Doubles(array(arena, value.float64s.items, value.float64s.count, what)?)
            }
            AGENTOTEL_TYPE_JSON => json::value(arena, text(value.json, what)?)?,
            unknown => {
                let message = format!("{type_name} is {unknown}, expected one of AGENTOTEL_TYPE_… (1 to 10)");
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
    // SAFETY: by contract; the type says that the text is the member that is set.
    unsafe {
        let from = from.read_unaligned();
        if from.r#type != AGENTOTEL_TYPE_STRING {
            return false;
        }
        let (Some(key), Some(text)) = (slice(from.key), slice(from.value.string)) else { return false };
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
    const NAMES: [&str; 2] = ["attribute.type", "attribute.value"];
    // SAFETY: by contract; the member that is looked at is the one that the type names.
    unsafe {
        let from = from.read_unaligned();
        let key = text(from.key, "attribute.key")?;
        let attribute = Attribute { key, value: value(arena, from.r#type, from.value, NAMES)? };
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

/// A struct that may be absent.
///
/// # Safety
/// NULL, or a struct of the size that it says.
unsafe fn optional<T: Sized_>(from: *const T) -> Result<Option<T>, Error> {
    // SAFETY: not NULL, hence as `sized` wants it.
    if from.is_null() { Ok(None) } else { unsafe { sized(from) }.map(|(value, _)| Some(value)) }
}

/// The signal that has this number.
pub(crate) fn signal(number: u32) -> Result<Signal, Error> {
    Signal::from_number(number).ok_or_else(|| {
        Error::InvalidArgument(format!("signal is {number}, expected one of AGENTOTEL_SIGNAL_… (1 to 3)"))
    })
}
