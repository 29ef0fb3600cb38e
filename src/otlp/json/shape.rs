//! Which members the messages of traces, logs and metrics have: the number of the field, its name in JSON, and what it is, in the
//! order of the proto files.
//! Source: opentelemetry-proto 1.10, `trace/v1/trace.proto`, `logs/v1/logs.proto`, `metrics/v1/metrics.proto`, `common/v1`, `resource/v1`.

/// The members of a message.
pub(super) type Shape = &'static [Member];

pub(super) struct Member {
    pub(super) field: usize,
    /// Behind a comma, in quotes, with a colon.
    pub(super) name: &'static [u8],
    pub(super) kind: Kind,
}

/// What a member is. All but `One`, and those that say whether they are there, are left out when they have their default
/// value.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Hex,
    Text,
    Fixed64,
    Fixed32,
    /// A zigzag varint.
    Sint32,
    Bool,
    /// A double that says whether it is there.
    Double,
    /// A sfixed64 that says whether it is there.
    Sfixed64,
    /// Numbers, packed.
    Fixed64s,
    Doubles,
    Varints,
    Unsigned,
    Enum,
    Value,
    /// A message that is written as `{}` when it is not there.
    One(Shape),
    /// A message that is there or not.
    Maybe(Shape),
    Each(Shape),
    KeyValues,
    Texts,
}

macro_rules! shape {
    ($($field:literal $name:literal $kind:expr,)*) => {
        &[$(Member { field: $field, name: concat!(",\"", $name, "\":").as_bytes(), kind: $kind },)*]
    };
}

use Kind::{
    Bool, Double, Doubles, Each, Enum, Fixed32, Fixed64, Fixed64s, Hex, KeyValues, Maybe, One, Sfixed64,
    Sint32, Text, Texts, Unsigned, Value, Varints,
};

pub(super) const TRACES: Shape = shape! {
    1 "resourceSpans" Each(RESOURCE_SPANS),
};

pub(super) const LOGS: Shape = shape! {
    1 "resourceLogs" Each(RESOURCE_LOGS),
};

pub(super) const METRICS: Shape = shape! {
    1 "resourceMetrics" Each(RESOURCE_METRICS),
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
    7 "startTimeUnixNano" Fixed64,
    8 "endTimeUnixNano" Fixed64,
    9 "attributes" KeyValues,
    10 "droppedAttributesCount" Unsigned,
    11 "events" Each(EVENT),
    12 "droppedEventsCount" Unsigned,
    13 "links" Each(LINK),
    14 "droppedLinksCount" Unsigned,
    15 "status" One(STATUS),
};

const EVENT: Shape = shape! {
    1 "timeUnixNano" Fixed64,
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
    1 "timeUnixNano" Fixed64,
    11 "observedTimeUnixNano" Fixed64,
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

const RESOURCE_METRICS: Shape = shape! {
    1 "resource" One(RESOURCE),
    2 "scopeMetrics" Each(SCOPE_METRICS),
    3 "schemaUrl" Text,
};

const SCOPE_METRICS: Shape = shape! {
    1 "scope" One(SCOPE),
    2 "metrics" Each(METRIC),
    3 "schemaUrl" Text,
};

pub(super) const METRIC: Shape = shape! {
    1 "name" Text,
    2 "description" Text,
    3 "unit" Text,
    5 "gauge" Maybe(GAUGE),
    7 "sum" Maybe(SUM),
    9 "histogram" Maybe(HISTOGRAM),
    10 "exponentialHistogram" Maybe(EXPONENTIAL_HISTOGRAM),
    12 "metadata" KeyValues,
};

const GAUGE: Shape = shape! {
    1 "dataPoints" Each(NUMBER_POINT),
};

const SUM: Shape = shape! {
    1 "dataPoints" Each(NUMBER_POINT),
    2 "aggregationTemporality" Enum,
    3 "isMonotonic" Bool,
};

const HISTOGRAM: Shape = shape! {
    1 "dataPoints" Each(HISTOGRAM_POINT),
    2 "aggregationTemporality" Enum,
};

const EXPONENTIAL_HISTOGRAM: Shape = shape! {
    1 "dataPoints" Each(EXPONENTIAL_POINT),
    2 "aggregationTemporality" Enum,
};

const NUMBER_POINT: Shape = shape! {
    7 "attributes" KeyValues,
    2 "startTimeUnixNano" Fixed64,
    3 "timeUnixNano" Fixed64,
    4 "asDouble" Double,
    6 "asInt" Sfixed64,
    5 "exemplars" Each(EXEMPLAR),
    8 "flags" Unsigned,
};

const HISTOGRAM_POINT: Shape = shape! {
    9 "attributes" KeyValues,
    2 "startTimeUnixNano" Fixed64,
    3 "timeUnixNano" Fixed64,
    4 "count" Fixed64,
    5 "sum" Double,
    6 "bucketCounts" Fixed64s,
    7 "explicitBounds" Doubles,
    8 "exemplars" Each(EXEMPLAR),
    10 "flags" Unsigned,
    11 "min" Double,
    12 "max" Double,
};

const EXPONENTIAL_POINT: Shape = shape! {
    1 "attributes" KeyValues,
    2 "startTimeUnixNano" Fixed64,
    3 "timeUnixNano" Fixed64,
    4 "count" Fixed64,
    5 "sum" Double,
    6 "scale" Sint32,
    7 "zeroCount" Fixed64,
    8 "positive" Maybe(BUCKETS),
    9 "negative" Maybe(BUCKETS),
    10 "flags" Unsigned,
    11 "exemplars" Each(EXEMPLAR),
    12 "min" Double,
    13 "max" Double,
    14 "zeroThreshold" Double,
};

const BUCKETS: Shape = shape! {
    1 "offset" Sint32,
    2 "bucketCounts" Varints,
};

const EXEMPLAR: Shape = shape! {
    7 "filteredAttributes" KeyValues,
    2 "timeUnixNano" Fixed64,
    3 "asDouble" Double,
    6 "asInt" Sfixed64,
    4 "spanId" Hex,
    5 "traceId" Hex,
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
