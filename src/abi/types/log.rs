//! A log record.

use super::values::*;

/// `agentotel_log_record.severity_number`: nothing is said; no `logs.min_severity` leaves it out.
pub const AGENTOTEL_SEVERITY_UNSPECIFIED: u32 = 0;
pub const AGENTOTEL_SEVERITY_TRACE: u32 = 1;
pub const AGENTOTEL_SEVERITY_TRACE2: u32 = 2;
pub const AGENTOTEL_SEVERITY_TRACE3: u32 = 3;
pub const AGENTOTEL_SEVERITY_TRACE4: u32 = 4;
pub const AGENTOTEL_SEVERITY_DEBUG: u32 = 5;
pub const AGENTOTEL_SEVERITY_DEBUG2: u32 = 6;
pub const AGENTOTEL_SEVERITY_DEBUG3: u32 = 7;
pub const AGENTOTEL_SEVERITY_DEBUG4: u32 = 8;
pub const AGENTOTEL_SEVERITY_INFO: u32 = 9;
pub const AGENTOTEL_SEVERITY_INFO2: u32 = 10;
pub const AGENTOTEL_SEVERITY_INFO3: u32 = 11;
pub const AGENTOTEL_SEVERITY_INFO4: u32 = 12;
pub const AGENTOTEL_SEVERITY_WARN: u32 = 13;
pub const AGENTOTEL_SEVERITY_WARN2: u32 = 14;
pub const AGENTOTEL_SEVERITY_WARN3: u32 = 15;
pub const AGENTOTEL_SEVERITY_WARN4: u32 = 16;
pub const AGENTOTEL_SEVERITY_ERROR: u32 = 17;
pub const AGENTOTEL_SEVERITY_ERROR2: u32 = 18;
pub const AGENTOTEL_SEVERITY_ERROR3: u32 = 19;
pub const AGENTOTEL_SEVERITY_ERROR4: u32 = 20;
pub const AGENTOTEL_SEVERITY_FATAL: u32 = 21;
pub const AGENTOTEL_SEVERITY_FATAL2: u32 = 22;
pub const AGENTOTEL_SEVERITY_FATAL3: u32 = 23;
pub const AGENTOTEL_SEVERITY_FATAL4: u32 = 24;

/// A log record, as the Logs Data Model of OpenTelemetry has it. Everything but `struct_size` is optional.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_log_record {
    /// `sizeof(agentotel_log_record)`; `AGENTOTEL_LOG_RECORD_INIT` sets it.
    pub struct_size: usize,
    /// One of `AGENTOTEL_SEVERITY_…`.
    pub severity_number: u32,
    /// The member of `body` that is set: one of `AGENTOTEL_TYPE_…`; 0 = `body.string`, which may be absent.
    pub body_type: u32,
    /// What is said: a text or, with a `body_type`, any value.
    pub body: agentotel_value,
    /// The severity as its source calls it; when absent, the severity number's short name, such as `WARN`.
    pub severity_text: agentotel_str,
    /// Makes the record an event of that name, whose attributes and body have a known form.
    pub event_name: agentotel_str,
    /// When it happened, in nanoseconds since 1970-01-01 UTC; 0 = now.
    pub time_unix_nano: i64,
    /// Free attributes.
    pub attributes: *const agentotel_attribute,
    pub attribute_count: usize,
}
