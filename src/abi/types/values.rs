//! Values and what names things: texts, optional numbers, attributes, handles, span contexts.

/// The version of this header's binary interface; pass it to `agentotel_init`.
pub const AGENTOTEL_ABI_VERSION: u32 = 1;

/// The longest text or byte string that one call may pass, in bytes (64 MiB). What is kept of it is a matter of
/// `limits.event_bytes` in the configuration.
pub const AGENTOTEL_MAX_TEXT_BYTES: usize = 67_108_864;

/// The longest array (attributes, events, links, tags) that one call may pass.
pub const AGENTOTEL_MAX_ITEMS: usize = 1_048_576;

/// The longest JSON text that one call may pass, in bytes (16 MiB).
pub const AGENTOTEL_MAX_JSON_BYTES: usize = 16_777_216;

/// A borrowed text or byte string: `len` bytes at `data`, no terminating NUL needed. It is read during the call and
/// never kept. `{NULL, 0}` is absent; `{NULL, n}` with n > 0 is an error. Text is UTF-8: what is not valid is replaced
/// by U+FFFD and counted; an embedded NUL is kept. Make one with `AGENTOTEL_STR("literal")` or `agentotel_cstr(p)`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_str {
    /// First byte; need not be aligned or terminated.
    pub data: *const core::ffi::c_char,
    /// Length in bytes.
    pub len: usize,
}

/// An optional integer. A zeroed one is absent; `AGENTOTEL_I64(0)` says zero.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_i64 {
    pub value: i64,
    /// 0 = absent, anything else = present.
    pub present: u8,
    /// Set to zero.
    pub reserved: [u8; 7],
}

/// An optional floating-point number. A zeroed one is absent; `AGENTOTEL_F64(0.0)` says zero.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_f64 {
    pub value: f64,
    /// 0 = absent, anything else = present.
    pub present: u8,
    /// Set to zero.
    pub reserved: [u8; 7],
}

/// An optional truth value. A zeroed one is absent; `AGENTOTEL_BOOL(0)` says false.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_bool {
    /// 0 = false, anything else = true.
    pub value: u8,
    /// 0 = absent, anything else = present.
    pub present: u8,
}

/// Handle of a session: a plain number, nothing to free. 0 is none. A stale or foreign one is answered by a status.
/// @since 0.1.0
pub type agentotel_session = u64;

/// Handle of an event in flight: a plain number, nothing to free. 0 is none.
/// @since 0.1.0
pub type agentotel_event = u64;

/// Names a span, here or in another process (W3C Trace Context, level 2).
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_span_context {
    /// 16 bytes, big-endian as on the wire; all zero is no trace.
    pub trace_id: [u8; 16],
    /// 8 bytes; all zero is no span.
    pub span_id: [u8; 8],
    /// W3C trace flags: bit 0 sampled, bit 1 random.
    pub trace_flags: u8,
    /// 1 when the span lives in another process.
    pub is_remote: u8,
    /// Set to zero.
    pub reserved: [u8; 6],
}

/// Names the span that something belongs to: an event in flight by its handle, or any span by its context. Zeroed, it
/// is the session's root span. Giving both is an error.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_target {
    /// An event in flight, or 0.
    pub event: agentotel_event,
    /// A span that was recorded, has ended, or is remote; or NULL.
    pub context: *const agentotel_span_context,
}

/// `agentotel_attribute.type`: the member of `value` that is set.
pub const AGENTOTEL_TYPE_STRING: u32 = 1;
/// `value.boolean`.
pub const AGENTOTEL_TYPE_BOOL: u32 = 2;
/// `value.int64`.
pub const AGENTOTEL_TYPE_INT64: u32 = 3;
/// `value.float64`.
pub const AGENTOTEL_TYPE_DOUBLE: u32 = 4;
/// `value.bytes`.
pub const AGENTOTEL_TYPE_BYTES: u32 = 5;
/// `value.strings`.
pub const AGENTOTEL_TYPE_STRING_ARRAY: u32 = 6;
/// `value.booleans`.
pub const AGENTOTEL_TYPE_BOOL_ARRAY: u32 = 7;
/// `value.int64s`.
pub const AGENTOTEL_TYPE_INT64_ARRAY: u32 = 8;
/// `value.float64s`.
pub const AGENTOTEL_TYPE_DOUBLE_ARRAY: u32 = 9;
/// `value.json`: the text of a JSON object or array, recorded as an OTLP map or list.
pub const AGENTOTEL_TYPE_JSON: u32 = 10;

/// An array of strings.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_string_array {
    pub items: *const agentotel_str,
    pub count: usize,
}

/// An array of truth values, one byte each; 0 = false.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_bool_array {
    pub items: *const u8,
    pub count: usize,
}

/// An array of integers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_int64_array {
    pub items: *const i64,
    pub count: usize,
}

/// An array of floating-point numbers.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_double_array {
    pub items: *const f64,
    pub count: usize,
}

/// The value of an attribute; `agentotel_attribute.type` says which member counts.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub union agentotel_value {
    pub string: agentotel_str,
    pub boolean: u8,
    pub int64: i64,
    pub float64: f64,
    pub bytes: agentotel_str,
    pub strings: agentotel_string_array,
    pub booleans: agentotel_bool_array,
    pub int64s: agentotel_int64_array,
    pub float64s: agentotel_double_array,
    pub json: agentotel_str,
}

/// A key and a value. Keys of one span are unique: the last one given wins, and a typed field wins over a free
/// attribute. An empty key is dropped and counted. Under the name of a field that is content, such as
/// `gen_ai.input.messages`, as much is recorded as the configuration says under `content`. This struct will not grow.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_attribute {
    pub key: agentotel_str,
    /// One of `AGENTOTEL_TYPE_…`.
    pub r#type: u32,
    /// Set to zero.
    pub reserved: u32,
    pub value: agentotel_value,
}
