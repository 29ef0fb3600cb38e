//! Attributes on their way back to the host: what was read of its structs, as structs again.

use crate::abi::types::*;
use crate::otlp::value::{Attribute, Value};

/// Attributes as the header has them, with the arrays that they point to. What they were read from outlives them.
pub(crate) struct GivenBack {
    attributes: Vec<agentotel_attribute>,
    /// Texts of the arrays of texts among them.
    _texts: Vec<Box<[agentotel_str]>>,
}

fn text(bytes: &[u8]) -> agentotel_str {
    agentotel_str { data: bytes.as_ptr().cast(), len: bytes.len() }
}

impl GivenBack {
    /// All of them, but for lists and maps.
    pub(crate) fn new(from: &[Attribute<'_>]) -> Self {
        let mut texts = Vec::new();
        let mut attributes = Vec::with_capacity(from.len());
        for attribute in from {
            let (kind, value) = match attribute.value {
                Value::Text(bytes) => (AGENTOTEL_TYPE_STRING, agentotel_value { string: text(bytes) }),
                Value::Bool(truth) => (AGENTOTEL_TYPE_BOOL, agentotel_value { boolean: truth.into() }),
                Value::Int(int64) => (AGENTOTEL_TYPE_INT64, agentotel_value { int64 }),
                Value::Double(float64) => (AGENTOTEL_TYPE_DOUBLE, agentotel_value { float64 }),
                Value::Bytes(bytes) => (AGENTOTEL_TYPE_BYTES, agentotel_value { bytes: text(bytes) }),
                Value::Texts(list) => {
                    let items: Box<[agentotel_str]> = list.iter().map(|item| text(item)).collect();
                    let strings = agentotel_string_array { items: items.as_ptr(), count: items.len() };
                    texts.push(items);
                    (AGENTOTEL_TYPE_STRING_ARRAY, agentotel_value { strings })
                }
                Value::Bools(list) => {
                    let booleans = agentotel_bool_array { items: list.as_ptr(), count: list.len() };
                    (AGENTOTEL_TYPE_BOOL_ARRAY, agentotel_value { booleans })
                }
                Value::Ints(list) => {
                    let int64s = agentotel_int64_array { items: list.as_ptr(), count: list.len() };
                    (AGENTOTEL_TYPE_INT64_ARRAY, agentotel_value { int64s })
                }
                Value::Doubles(list) => {
                    let float64s = agentotel_double_array { items: list.as_ptr(), count: list.len() };
                    (AGENTOTEL_TYPE_DOUBLE_ARRAY, agentotel_value { float64s })
                }
                Value::Empty | Value::List(_) | Value::Map(_) => continue,
            };
            attributes.push(agentotel_attribute {
                key: text(attribute.key),
                r#type: kind,
                reserved: 0,
                value,
            });
        }
        Self { attributes, _texts: texts }
    }

    pub(crate) fn attributes(&self) -> &[agentotel_attribute] {
        &self.attributes
    }
}
