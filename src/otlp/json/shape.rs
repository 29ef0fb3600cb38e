//! Which members the messages of traces and logs have: the number of the field, its name in JSON, and what it is, in the
//! order of the proto files.
//! Source: opentelemetry-proto 1.10, `trace/v1/trace.proto`, `logs/v1/logs.proto`, `common/v1`, `resource/v1`.

/// The members of a message.
pub(super) type Shape = &'static [Member];

pub(super) struct Member {
    pub(super) field: usize,
    /// Behind a comma, in quotes, with a colon.
    pub(super) name: &'static [u8],
    pub(super) kind: Kind,
}

/// What a member is. All but `One` are left out when they have their default value.
pub(super) enum Kind {
    Hex,
    Text,
    /// A fixed64 of nanoseconds.
    Nanos,
    Fixed32,
    Unsigned,
    Enum,
    Value,
    /// A message that is written as `{}` when it is not there.
    One(Shape),
    Each(Shape),
    KeyValues,
    Texts,
}

macro_rules! shape {
    ($($field:literal $name:literal $kind:expr,)*) => {
        &[$(Member { field: $field, name: concat!(",\"", $name, "\":").as_bytes(), kind: $kind },)*]
    };
}

use Kind::{Each, Enum, Fixed32, Hex, KeyValues, Nanos, One, Text, Texts, Unsigned, Value};

pub(super) const TRACES: Shape = shape! {
    1 "resourceSpans" Each(RESOURCE_SPANS),
};

pub(super) const LOGS: Shape = shape! {
    1 "resourceLogs" Each(RESOURCE_LOGS),
};

const RESOURCE_SPANS: Shape = shape! {
    1 "resource" One(RESOURCE),
    2 "scopeSpans" Each(SCOPE_SPANS),
    3 "schemaUrl" Text,
};

const SCOPE_SPANS: Shape = shape! {
    1 "scope" One(SCOPE),
    2 "spans" Each(SPAN),
    3 "schemaUrl" Text,
};

pub(super) const SPAN: Shape = shape! {
    1 "traceId" Hex,
    2 "spanId" Hex,
    3 "traceState" Text,
    4 "parentSpanId" Hex,
    16 "flags" Fixed32,
    5 "name" Text,
    6 "kind" Enum,
    7 "startTimeUnixNano" Nanos,
    8 "endTimeUnixNano" Nanos,
    9 "attributes" KeyValues,
    10 "droppedAttributesCount" Unsigned,
    11 "events" Each(EVENT),
    12 "droppedEventsCount" Unsigned,
    13 "links" Each(LINK),
    14 "droppedLinksCount" Unsigned,
    15 "status" One(STATUS),
};

const EVENT: Shape = shape! {
    1 "timeUnixNano" Nanos,
    2 "name" Text,
    3 "attributes" KeyValues,
    4 "droppedAttributesCount" Unsigned,
};

const LINK: Shape = shape! {
    1 "traceId" Hex,
    2 "spanId" Hex,
    3 "traceState" Text,
    4 "attributes" KeyValues,
    5 "droppedAttributesCount" Unsigned,
    6 "flags" Fixed32,
};

const STATUS: Shape = shape! {
    2 "message" Text,
    3 "code" Enum,
};

const RESOURCE_LOGS: Shape = shape! {
    1 "resource" One(RESOURCE),
    2 "scopeLogs" Each(SCOPE_LOGS),
    3 "schemaUrl" Text,
};

const SCOPE_LOGS: Shape = shape! {
    1 "scope" One(SCOPE),
    2 "logRecords" Each(LOG_RECORD),
    3 "schemaUrl" Text,
};

pub(super) const LOG_RECORD: Shape = shape! {
    1 "timeUnixNano" Nanos,
    11 "observedTimeUnixNano" Nanos,
    2 "severityNumber" Enum,
    3 "severityText" Text,
    5 "body" Value,
    6 "attributes" KeyValues,
    7 "droppedAttributesCount" Unsigned,
    8 "flags" Fixed32,
    9 "traceId" Hex,
    10 "spanId" Hex,
    12 "eventName" Text,
};

const RESOURCE: Shape = shape! {
    1 "attributes" KeyValues,
    2 "droppedAttributesCount" Unsigned,
    3 "entityRefs" Each(ENTITY_REF),
};

const ENTITY_REF: Shape = shape! {
    1 "schemaUrl" Text,
    2 "type" Text,
    3 "idKeys" Texts,
    4 "descriptionKeys" Texts,
};

const SCOPE: Shape = shape! {
    1 "name" Text,
    2 "version" Text,
    3 "attributes" KeyValues,
    4 "droppedAttributesCount" Unsigned,
};
