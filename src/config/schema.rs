//! How the kinds of value describe themselves in the JSON Schema; the structures of keys derive theirs.

use std::borrow::Cow;

use opentelemetry::{Array, StringValue, Value};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Serialize, Serializer};

use super::proxy::ProxyKey;
use super::secret::{Headers, Secret};
use super::value::{AttributeValue, NonEmpty, Ratio, Whole};

impl<const MIN: u64, const MAX: u64> JsonSchema for Whole<MIN, MAX> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("WholeFrom{MIN}To{MAX}").into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": MIN, "maximum": MAX })
    }
}

impl JsonSchema for Ratio {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Ratio".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "number", "minimum": 0, "maximum": 1 })
    }
}

impl JsonSchema for NonEmpty {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "NonEmpty".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl Serialize for AttributeValue {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Value::Bool(truth) => truth.serialize(serializer),
            Value::I64(number) => number.serialize(serializer),
            Value::F64(number) => number.serialize(serializer),
            Value::Array(Array::Bool(list)) => list.serialize(serializer),
            Value::Array(Array::I64(list)) => list.serialize(serializer),
            Value::Array(Array::F64(list)) => list.serialize(serializer),
            Value::Array(Array::String(list)) => serializer.collect_seq(list.iter().map(StringValue::as_str)),
            text => serializer.serialize_str(&text.as_str()),
        }
    }
}

impl JsonSchema for AttributeValue {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "AttributeValue".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "anyOf": [
            { "type": ["string", "boolean", "number"] },
            { "type": "array", "items": { "type": "string" } },
            { "type": "array", "items": { "type": "boolean" } },
            { "type": "array", "items": { "type": "number" } },
        ] })
    }
}

impl JsonSchema for Secret {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1 })
    }
}

impl JsonSchema for Headers {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Headers".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "object", "additionalProperties": { "type": "string", "minLength": 1 } })
    }
}

impl JsonSchema for ProxyKey {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "ProxyKey".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string", "minLength": 1, "default": "environment" })
    }
}
