//! Attribute values that come as JSON text: an object or an array, read straight into the call's arena as a map or list.
//! The depth is bounded by the JSON library (128), the size by what a text may have.

use bumpalo::Bump;

use crate::manager::Error;
use crate::otlp::parsed;
use crate::otlp::value::Value;

/// Maps and lists in each other.
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
