//! The OTLP wire form: what an event is from the moment it is recorded until a receiver has it. `wire` writes protobuf
//! primitives into a given slice, `value` sizes and writes attributes, `key` holds keys that are encoded beforehand, `span` and
//! `log` sizes and writes whole records, `look` finds single things in an encoded record, `measured` reads what metrics are made
//! of out of a span, `metrics` tells the metrics in a frame apart, `draft` writes a plain span while it is read, `open` merges
//! the attributes of a record that is still open, `request` frames records into an export request, `json` writes a
//! request as OTLP/JSON, and `decoded` turns one back into fields for exporters that need them. Nothing here allocates on the recording
//! path, and nothing knows who calls.

mod decoded;
pub(crate) mod draft;
mod json;
pub(crate) mod key;
pub(crate) mod log;
pub(crate) mod look;
pub(crate) mod measured;
pub(crate) mod metrics;
pub(crate) mod open;
pub(crate) mod parsed;
pub(crate) mod request;
mod signal;
pub(crate) mod span;
pub(crate) mod value;
pub(crate) mod wire;

pub(crate) use decoded::*;
pub(crate) use json::{json_line, json_records};
pub use signal::Signal;
