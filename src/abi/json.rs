//! JSON texts of a caller: attribute values, and what the JSON twins of functions take.

use bumpalo::Bump;

use super::guard::Parts;
use super::snapshot;
use super::types::{AGENTOTEL_MAX_JSON_BYTES, agentotel_str};
use crate::event::json::{MOST_VALUES, Read, Refused};
use crate::manager::Error;
use crate::otlp::Signal;
use crate::otlp::parsed;
use crate::otlp::value::Value;

fn error(refused: Refused) -> Error {
    match refused {
        Refused::Wrong(why) => Error::InvalidArgument(why),
        Refused::TooMany => Error::TooLarge {
            what: "the number of values in json",
            given: MOST_VALUES + 1,
            most: MOST_VALUES,
        },
    }
}

/// Maps and lists in each other, of an attribute of type json.
const MOST_DEPTH: usize = 128;

/// The value that a JSON text says.
pub(crate) fn value<'a>(arena: &'a Bump, text: &'a [u8]) -> Result<Value<'a>, Error> {
    let wrong =
        |why: String| Error::InvalidArgument(format!("an attribute of type json is not valid: {why}"));
    // Read from a copy: what the host changes meanwhile must not become text that nobody has checked.
    let copy: &'a [u8] = arena.alloc_slice_copy(text);
    let value = parsed::value(arena, copy, MOST_DEPTH).map_err(|error| wrong(error.to_string()))?;
    match value {
        Value::Map(_) | Value::List(_) => Ok(value),
        _ => Err(wrong("expected an object or an array".to_owned())),
    }
}

/// The bytes of a JSON text.
///
/// # Safety
/// As for `snapshot::text`.
pub(crate) unsafe fn bytes<'a>(text: agentotel_str) -> Result<&'a [u8], Error> {
    if text.len > AGENTOTEL_MAX_JSON_BYTES {
        return Err(Error::TooLarge { what: "json", given: text.len, most: AGENTOTEL_MAX_JSON_BYTES });
    }
    // SAFETY: passed on.
    unsafe { snapshot::text(text, "json") }
}

/// Reads a JSON text and does with it what a call is for. What cannot be read is counted as refused.
///
/// # Safety
/// As for `snapshot::text`.
pub(crate) unsafe fn with<'t, T>(
    mut parts: Parts<'t>,
    text: agentotel_str,
    signal: Signal,
    read: impl FnOnce(&'t Bump, &[u8]) -> Result<Read<T>, Refused>,
    then: impl FnOnce(&mut Parts<'t>, T) -> Result<(), Error>,
) -> Result<(), Error> {
    // SAFETY: passed on.
    match unsafe { read_with(&parts, text, read) } {
        Ok(read) => done(&mut parts, read, signal, then),
        Err(error) => Err(parts.refused(signal, error)),
    }
}

/// The same for calls that offer nothing that could be counted.
///
/// # Safety
/// As for `snapshot::text`.
pub(crate) unsafe fn with_uncounted<'t, T>(
    mut parts: Parts<'t>,
    text: agentotel_str,
    read: impl FnOnce(&'t Bump, &[u8]) -> Result<Read<T>, Refused>,
    then: impl FnOnce(&mut Parts<'t>, T) -> Result<(), Error>,
) -> Result<(), Error> {
    // SAFETY: passed on.
    let read = unsafe { read_with(&parts, text, read)? };
    done(&mut parts, read, Signal::Traces, then)
}

/// # Safety
/// As for `snapshot::text`.
unsafe fn read_with<'t, T>(
    parts: &Parts<'t>,
    text: agentotel_str,
    read: impl FnOnce(&'t Bump, &[u8]) -> Result<Read<T>, Refused>,
) -> Result<Read<T>, Error> {
    // SAFETY: passed on.
    let bytes = unsafe { bytes(text)? };
    read(parts.arena, bytes).map_err(error)
}

/// Does what a call is for. What had to be set right in its text is counted when that went well.
fn done<'t, T>(
    parts: &mut Parts<'t>,
    read: Read<T>,
    signal: Signal,
    then: impl FnOnce(&mut Parts<'t>, T) -> Result<(), Error>,
) -> Result<(), Error> {
    then(parts, read.data)?;
    if read.mended {
        let shard = parts.shard();
        parts.manager.count_mended(shard, signal);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::value::Attribute;

    #[test]
    fn a_document_becomes_a_value_with_unique_keys() {
        let arena = Bump::new();
        let value =
            value(&arena, br#"{"a":[1,-2,3.5,true,null,"x\u0000"],"b":1,"b":2,"c":18446744073709551615}"#)
                .unwrap();
        let Value::Map(entries) = value else { panic!("{value:?}") };
        let items = [
            Value::Int(1),
            Value::Int(-2),
            Value::Double(3.5),
            Value::Bool(true),
            Value::Empty,
            Value::Text(b"x\0"),
        ];
        assert_eq!(entries[0].value, Value::List(&items));
        assert_eq!(entries[1], Attribute { key: b"b", value: Value::Int(2) });
        assert_eq!(entries[2].value, Value::Double(18_446_744_073_709_551_615.0));
        assert_eq!(entries.len(), 3);
    }

    #[test]
    fn what_is_not_an_object_or_array_is_an_error() {
        let arena = Bump::new();
        let deep = "[".repeat(200_000);
        for text in ["", "1", "\"x\"", "{", "{\"a\":1}x", "[1,]", "{1:2}", "[\"\u{0}\"]", deep.as_str()] {
            assert!(value(&arena, text.as_bytes()).is_err(), "{}", &text[..text.len().min(20)]);
        }
        assert!(value(&arena, b"[\"\xff\"]").is_err());
    }
}
