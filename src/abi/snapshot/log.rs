//! Reading log records.

use bumpalo::Bump;

use super::plain::GivenAttributes;
use super::{Sized_, attributes, sized, slice, text, value};
use crate::abi::types::*;
use crate::event::log::LogData;
use crate::manager::Error;
use crate::otlp::log::Severity;
use crate::otlp::value::{Attributes, Value};

/// The severity that a record says; nothing when there is no record that says one.
///
/// # Safety
/// NULL, or valid.
#[inline(always)]
pub(crate) unsafe fn log_severity(from: *const agentotel_log_record) -> Option<u32> {
    if from.is_null() {
        return None;
    }
    // SAFETY: not NULL, hence a struct of the size that its first field says.
    unsafe {
        let size = (&raw const (*from).struct_size).read_unaligned();
        (size >= agentotel_log_record::FIRST).then(|| (&raw const (*from).severity_number).read_unaligned())
    }
}

/// A log record that is whole, with a text for its body and attributes that are texts or numbers, which stay where they are;
/// nothing when it is another one, or not sound.
///
/// # Safety
/// NULL, or valid through `'a` with all that it points to.
#[inline(always)]
pub(crate) unsafe fn plain_log<'a>(
    most_attributes: usize,
    from: *const agentotel_log_record,
) -> Option<(LogData<'a>, GivenAttributes<'a>)> {
    // SAFETY: not NULL, hence a struct of the size that its first field says, and copied as it is when that is all of it; the
    // type says which member of the body is set.
    unsafe {
        if from.is_null()
            || (&raw const (*from).struct_size).read_unaligned() < size_of::<agentotel_log_record>()
        {
            return None;
        }
        let from = from.read_unaligned();
        let given = |text: agentotel_str| if text.len == 0 { Some(&[][..]) } else { slice(text) };
        let body = match from.body_type {
            0 if from.body.string.len == 0 => Value::Empty,
            0 | AGENTOTEL_TYPE_STRING => Value::Text(given(from.body.string)?),
            _ => return None,
        };
        let data = LogData {
            severity: Severity::from_number(from.severity_number)?,
            severity_text: given(from.severity_text)?,
            event_name: given(from.event_name)?,
            body,
            time: from.time_unix_nano,
            attributes: Attributes { unique: true, ..Attributes::default() },
        };
        Some((data, GivenAttributes::new(most_attributes, from.attributes, from.attribute_count)?))
    }
}

/// A log record.
///
/// # Safety
/// NULL, or valid through `'a` with all that it points to.
#[inline(always)]
pub(crate) unsafe fn log_record<'a>(
    arena: &'a Bump,
    from: *const agentotel_log_record,
) -> Result<LogData<'a>, Error> {
    super::not_null(from, "record")?;
    // SAFETY: not NULL, hence valid by contract; the rest is passed on.
    unsafe {
        let (from, _) = sized(from)?;
        let severity = Severity::from_number(from.severity_number).ok_or_else(|| {
            let expected = "expected one of AGENTOTEL_SEVERITY_… (0 to 24)";
            Error::InvalidArgument(format!("severity_number is {}, {expected}", from.severity_number))
        })?;
        let body = match from.body_type {
            0 if from.body.string.len == 0 => Value::Empty,
            0 | AGENTOTEL_TYPE_STRING => Value::Text(text(from.body.string, "body")?),
            kind => value(arena, kind, from.body, ["body_type", "body"])?,
        };
        Ok(LogData {
            severity,
            severity_text: text(from.severity_text, "severity_text")?,
            event_name: text(from.event_name, "event_name")?,
            body,
            time: from.time_unix_nano,
            attributes: attributes(arena, from.attributes, from.attribute_count, "attributes")?,
        })
    }
}
