//! Instruments of the host's own.

use super::values::*;

/// Handle of a counter: a plain number, nothing to free. 0 is none.
/// @since 0.1.0
pub type agentotel_counter = u64;

/// The same for an up-down counter.
/// @since 0.1.0
pub type agentotel_up_down_counter = u64;

/// The same for a histogram.
/// @since 0.1.0
pub type agentotel_histogram = u64;

/// The same for a gauge.
/// @since 0.1.0
pub type agentotel_gauge = u64;

/// Handle of a counter with a set of attributes: a plain number, nothing to free. 0 is none.
/// @since 0.1.0
pub type agentotel_bound_counter = u64;

/// The same for an up-down counter.
/// @since 0.1.0
pub type agentotel_bound_up_down_counter = u64;

/// The same for a histogram.
/// @since 0.1.0
pub type agentotel_bound_histogram = u64;

/// The same for a gauge.
/// @since 0.1.0
pub type agentotel_bound_gauge = u64;

/// `agentotel_instrument.value_type`: numbers are doubles.
pub const AGENTOTEL_VALUE_DOUBLE: u32 = 0;
/// Numbers are whole, and sums of them are exact: they are exported as integers. Not for histograms, whose sums are doubles.
pub const AGENTOTEL_VALUE_INT64: u32 = 1;

/// What an instrument is. Everything but `struct_size` and `name` is optional.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_instrument {
    /// `sizeof(agentotel_instrument)`; `AGENTOTEL_INSTRUMENT_INIT` sets it.
    pub struct_size: usize,
    /// 1 to 255 letters, digits, '_', '.', '-' and '/', the first one a letter. Case does not tell names apart.
    pub name: agentotel_str,
    /// In UCUM, such as `s`, `By`, `{request}`: at most 63 characters of ASCII.
    pub unit: agentotel_str,
    pub description: agentotel_str,
    /// One of `AGENTOTEL_VALUE_…`.
    pub value_type: u32,
    /// Set to zero.
    pub reserved: u32,
    /// For histograms: the upper bounds of the buckets but for the last one, ascending; none = OpenTelemetry's. A view in the
    /// configuration goes before.
    pub boundaries: *const f64,
    /// How many; 1024 at most.
    pub boundary_count: usize,
}

/// What the function of an observable gauge gives its values to. It is valid during the call only.
/// @since 0.1.0
pub struct agentotel_observation {
    pub(crate) observed: Vec<crate::manager::Observation>,
}

/// Says what a gauge shows. Make one with `AGENTOTEL_OBSERVABLE_INIT`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_observable {
    /// `sizeof(agentotel_observable)`; `AGENTOTEL_OBSERVABLE_INIT` sets it.
    pub struct_size: usize,
    /// Called at each collection, once, on the thread that exports: every exporter waits for it, so that it must be quick. It
    /// calls `agentotel_observe` for each value; attributes that it gives none for are not shown. It may call what the table
    /// at the top of this file says, and must not throw. Must not be NULL.
    pub observe: Option<
        unsafe extern "C" fn(user_data: *mut core::ffi::c_void, observation: *mut agentotel_observation),
    >,
    /// Passed to both functions; the library does not touch it.
    pub user_data: *mut core::ffi::c_void,
    /// Called once, on any thread, when the gauge is not used any more and no call of it is under way; not at the end of the
    /// process. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut core::ffi::c_void)>,
}
