//! The host's own instruments: made by name, measured with, and bound to attributes; gauges that a function says.

use std::sync::Arc;

use super::callback::{Shared, let_go};
use super::guard::{self, ThreadState};
use super::status::agentotel_status;
use super::types::*;
use super::{global, snapshot, write};
use crate::manager::{
    Error, InstrumentKind, InstrumentOptions, ObservableCallback, Observation, check_instrument, key_values,
};
use crate::otlp::Signal;

/// Makes an instrument.
///
/// # Safety
/// `instrument` is NULL or valid through the call, `out` is NULL or valid.
unsafe fn create(
    kind: InstrumentKind,
    instrument: *const agentotel_instrument,
    out: *mut u64,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(out, "out")?;
        // SAFETY: by contract.
        unsafe {
            let (texts, is_whole, boundaries) = snapshot::instrument(instrument)?;
            let [name, unit, description] = &texts;
            let options = InstrumentOptions { name, unit, description, is_whole, boundaries: &boundaries };
            write::output(out, parts.manager.make_instrument(kind, &options)?, "out")
        }
    })
}

/// Measures something.
///
/// # Safety
/// `attributes` has `count` elements, or is NULL.
#[inline]
unsafe fn record(
    kind: InstrumentKind,
    handle: u64,
    value: f64,
    attributes: *const agentotel_attribute,
    count: usize,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: by contract.
        match unsafe { snapshot::attributes(parts.arena, attributes, count, "attributes") } {
            Ok(attributes) => {
                parts.manager.measure(parts.caller, parts.arena, kind, handle, value, attributes.list)
            }
            Err(error) => Err(parts.refused(Signal::Metrics, error)),
        }
    })
}

/// Makes a bound instrument.
///
/// # Safety
/// As for `record`; `out` is NULL or valid.
unsafe fn bind(
    kind: InstrumentKind,
    handle: u64,
    attributes: *const agentotel_attribute,
    count: usize,
    out: *mut u64,
) -> agentotel_status {
    guard::call(|state| {
        let mut parts = state.parts()?;
        snapshot::not_null(out, "out")?;
        let shard = parts.shard();
        // SAFETY: by contract.
        unsafe {
            let attributes = snapshot::attributes(parts.arena, attributes, count, "attributes")?;
            let bound = parts.manager.bind_instrument(shard, parts.arena, kind, handle, attributes.list)?;
            write::output(out, bound, "out")
        }
    })
}

/// Measures something with a bound instrument.
#[inline(always)]
fn record_bound(kind: InstrumentKind, handle: u64, value: f64) -> agentotel_status {
    let shortcut = |state: &mut ThreadState| {
        state.parts_at_hand().is_some_and(|(manager, _)| manager.measure_bound_at_once(kind, handle, value))
    };
    guard::call_unless(shortcut, |state| {
        let mut parts = state.parts()?;
        let shard = parts.shard();
        parts.manager.measure_bound(shard, kind, handle, value)
    })
}

/// Makes a counter: a sum that only rises. One of this name that there is already is found again.
///
/// @param instrument What it is. Must not be NULL; read during the call only.
/// @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT (the name is that of an instrument of another kind, too);
///         AGENTOTEL_ERR_LIMIT (4096 instruments); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// With `metrics.enabled` false in the configuration all is well, and nothing comes of it. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_create_counter(
    instrument: *const agentotel_instrument,
    out: *mut agentotel_counter,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { create(InstrumentKind::Counter, instrument, out) }
}

/// Adds to a counter.
///
/// Sets of attributes beyond `metrics.cardinality_limit` in the configuration are summed up under `otel.metric.overflow`.
/// Texts that are not UTF-8 are replaced and counted; `redact` in the configuration is applied.
///
/// @param counter A counter.
/// @param value What is added: at least 0; whole, at most 2^53, when its values are.
/// @param attributes Texts, truths, numbers and arrays of these; read during the call only. May be NULL when there is none.
/// @param attribute_count How many.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Does no I/O, and allocates nothing for attributes that came before. What is refused is counted among the metrics' offers;
/// what is measured is not, since it is a collection that is accepted and exported. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_counter_add(
    counter: agentotel_counter,
    value: f64,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { record(InstrumentKind::Counter, counter, value, attributes, attribute_count) }
}

/// Makes a bound counter: one whose attributes are fixed, so that measuring with it takes some tens of nanoseconds at most.
///
/// @param counter A counter.
/// @param attributes As for `agentotel_counter_add`.
/// @param attribute_count How many.
/// @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
/// @return As `agentotel_counter_add`; AGENTOTEL_ERR_LIMIT (65536 bound instruments).
///
/// One that is made when the bound on sets of attributes is reached measures under `otel.metric.overflow`. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_bind_counter(
    counter: agentotel_counter,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
    out: *mut agentotel_bound_counter,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { bind(InstrumentKind::Counter, counter, attributes, attribute_count, out) }
}

/// Adds to a counter, with the attributes that it is bound to.
///
/// @param counter A bound counter.
/// @param value What is added: at least 0; whole, at most 2^53, when its values are.
/// @return As `agentotel_counter_add`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_bound_counter_add(
    counter: agentotel_bound_counter,
    value: f64,
) -> agentotel_status {
    record_bound(InstrumentKind::Counter, counter, value)
}

/// Makes an up-down counter: a sum that rises and falls. One of this name that there is already is found again.
///
/// @param instrument What it is. Must not be NULL; read during the call only.
/// @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT (the name is that of an instrument of another kind, too);
///         AGENTOTEL_ERR_LIMIT (4096 instruments); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// With `metrics.enabled` false in the configuration all is well, and nothing comes of it. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_create_up_down_counter(
    instrument: *const agentotel_instrument,
    out: *mut agentotel_up_down_counter,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { create(InstrumentKind::UpDownCounter, instrument, out) }
}

/// Adds to an up-down counter.
///
/// Sets of attributes beyond `metrics.cardinality_limit` in the configuration are summed up under `otel.metric.overflow`.
/// Texts that are not UTF-8 are replaced and counted; `redact` in the configuration is applied.
///
/// @param up_down_counter An up-down counter.
/// @param value What is added, below 0 too; whole, at most 2^53, when its values are.
/// @param attributes Texts, truths, numbers and arrays of these; read during the call only. May be NULL when there is none.
/// @param attribute_count How many.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Does no I/O, and allocates nothing for attributes that came before. What is refused is counted among the metrics' offers;
/// what is measured is not, since it is a collection that is accepted and exported. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_up_down_counter_add(
    up_down_counter: agentotel_up_down_counter,
    value: f64,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { record(InstrumentKind::UpDownCounter, up_down_counter, value, attributes, attribute_count) }
}

/// Makes a bound up-down counter: one whose attributes are fixed, so that measuring with it takes some tens of nanoseconds at most.
///
/// @param up_down_counter An up-down counter.
/// @param attributes As for `agentotel_up_down_counter_add`.
/// @param attribute_count How many.
/// @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
/// @return As `agentotel_up_down_counter_add`; AGENTOTEL_ERR_LIMIT (65536 bound instruments).
///
/// One that is made when the bound on sets of attributes is reached measures under `otel.metric.overflow`. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_bind_up_down_counter(
    up_down_counter: agentotel_up_down_counter,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
    out: *mut agentotel_bound_up_down_counter,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { bind(InstrumentKind::UpDownCounter, up_down_counter, attributes, attribute_count, out) }
}

/// Adds to an up-down counter, with the attributes that it is bound to.
///
/// @param up_down_counter A bound up-down counter.
/// @param value What is added, below 0 too; whole, at most 2^53, when its values are.
/// @return As `agentotel_up_down_counter_add`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_bound_up_down_counter_add(
    up_down_counter: agentotel_bound_up_down_counter,
    value: f64,
) -> agentotel_status {
    record_bound(InstrumentKind::UpDownCounter, up_down_counter, value)
}

/// Makes a histogram: a distribution, in buckets. One of this name that there is already is found again.
///
/// @param instrument What it is. Must not be NULL; read during the call only.
/// @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT (the name is that of an instrument of another kind, too);
///         AGENTOTEL_ERR_LIMIT (4096 instruments); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// With `metrics.enabled` false in the configuration all is well, and nothing comes of it. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_create_histogram(
    instrument: *const agentotel_instrument,
    out: *mut agentotel_histogram,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { create(InstrumentKind::Histogram, instrument, out) }
}

/// Records a value in a histogram.
///
/// Sets of attributes beyond `metrics.cardinality_limit` in the configuration are summed up under `otel.metric.overflow`.
/// Texts that are not UTF-8 are replaced and counted; `redact` in the configuration is applied.
///
/// @param histogram A histogram.
/// @param value Any finite number.
/// @param attributes Texts, truths, numbers and arrays of these; read during the call only. May be NULL when there is none.
/// @param attribute_count How many.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Does no I/O, and allocates nothing for attributes that came before. What is refused is counted among the metrics' offers;
/// what is measured is not, since it is a collection that is accepted and exported. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_histogram_record(
    histogram: agentotel_histogram,
    value: f64,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { record(InstrumentKind::Histogram, histogram, value, attributes, attribute_count) }
}

/// Makes a bound histogram: one whose attributes are fixed, so that measuring with it takes some tens of nanoseconds at most.
///
/// @param histogram A histogram.
/// @param attributes As for `agentotel_histogram_record`.
/// @param attribute_count How many.
/// @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
/// @return As `agentotel_histogram_record`; AGENTOTEL_ERR_LIMIT (65536 bound instruments).
///
/// One that is made when the bound on sets of attributes is reached measures under `otel.metric.overflow`. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_bind_histogram(
    histogram: agentotel_histogram,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
    out: *mut agentotel_bound_histogram,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { bind(InstrumentKind::Histogram, histogram, attributes, attribute_count, out) }
}

/// Records a value in a histogram, with the attributes that it is bound to.
///
/// @param histogram A bound histogram.
/// @param value Any finite number.
/// @return As `agentotel_histogram_record`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_bound_histogram_record(
    histogram: agentotel_bound_histogram,
    value: f64,
) -> agentotel_status {
    record_bound(InstrumentKind::Histogram, histogram, value)
}

/// Makes a gauge: the last value. One of this name that there is already is found again.
///
/// @param instrument What it is. Must not be NULL; read during the call only.
/// @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT (the name is that of an instrument of another kind, too);
///         AGENTOTEL_ERR_LIMIT (4096 instruments); AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// With `metrics.enabled` false in the configuration all is well, and nothing comes of it. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_create_gauge(
    instrument: *const agentotel_instrument,
    out: *mut agentotel_gauge,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { create(InstrumentKind::Gauge, instrument, out) }
}

/// Sets a gauge.
///
/// Sets of attributes beyond `metrics.cardinality_limit` in the configuration are summed up under `otel.metric.overflow`.
/// Texts that are not UTF-8 are replaced and counted; `redact` in the configuration is applied.
///
/// @param gauge A gauge.
/// @param value Any finite number; whole, at most 2^53, when its values are.
/// @param attributes Texts, truths, numbers and arrays of these; read during the call only. May be NULL when there is none.
/// @param attribute_count How many.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Does no I/O, and allocates nothing for attributes that came before. What is refused is counted among the metrics' offers;
/// what is measured is not, since it is a collection that is accepted and exported. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_gauge_record(
    gauge: agentotel_gauge,
    value: f64,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { record(InstrumentKind::Gauge, gauge, value, attributes, attribute_count) }
}

/// Makes a bound gauge: one whose attributes are fixed, so that measuring with it takes some tens of nanoseconds at most.
///
/// @param gauge A gauge.
/// @param attributes As for `agentotel_gauge_record`.
/// @param attribute_count How many.
/// @param out Gets the handle, which is good until `agentotel_shutdown`. Must not be NULL.
/// @return As `agentotel_gauge_record`; AGENTOTEL_ERR_LIMIT (65536 bound instruments).
///
/// One that is made when the bound on sets of attributes is reached measures under `otel.metric.overflow`. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_bind_gauge(
    gauge: agentotel_gauge,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
    out: *mut agentotel_bound_gauge,
) -> agentotel_status {
    // SAFETY: this function's contract.
    unsafe { bind(InstrumentKind::Gauge, gauge, attributes, attribute_count, out) }
}

/// Sets a gauge, with the attributes that it is bound to.
///
/// @param gauge A bound gauge.
/// @param value Any finite number; whole, at most 2^53, when its values are.
/// @return As `agentotel_gauge_record`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_bound_gauge_record(gauge: agentotel_bound_gauge, value: f64) -> agentotel_status {
    record_bound(InstrumentKind::Gauge, gauge, value)
}

/// An observable gauge, with what it is.
struct Observable {
    vtable: Shared<agentotel_observable>,
    unit: String,
    description: String,
}

impl ObservableCallback for Observable {
    fn unit(&self) -> &str {
        &self.unit
    }

    fn description(&self) -> &str {
        &self.description
    }

    fn observe(&self) -> Vec<Observation> {
        let Shared(agentotel_observable { observe, user_data, .. }) = &self.vtable;
        let mut observation = agentotel_observation { observed: Vec::new() };
        if let Some(observe) = observe {
            // SAFETY: the host's function, called as its documentation says; the observation outlives the call.
            unsafe { observe(*user_data, &raw mut observation) };
        }
        observation.observed
    }
}

/// Registers an observable gauge: a function that says its values at each collection. It is taken away by
/// `agentotel_unregister` with AGENTOTEL_CALLBACK_OBSERVABLE and the instrument's name.
///
/// @param instrument What it is; its values are doubles. Must not be NULL; read during the call only. One of its name is
///        replaced; the function before is let go of when a call of it that is under way has ended.
/// @param observable Read during the call only. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
///
/// May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child; one that
/// has not returned when a shutdown ends is treated like an exporter's function. Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_register_observable_gauge(
    instrument: *const agentotel_instrument,
    observable: *const agentotel_observable,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: both are NULL or structs of the size that they say, valid through the call, by this function's contract.
        let ((texts, _, boundaries), vtable) =
            unsafe { (snapshot::instrument(instrument)?, snapshot::observable(observable)?) };
        let vtable = vtable.ok_or_else(|| Error::null("observable"))?;
        if vtable.observe.is_none() {
            return Err(Error::null("observable.observe"));
        }
        let [name, unit, description] = texts;
        check_instrument(&InstrumentOptions {
            name: &name,
            unit: &unit,
            description: &description,
            is_whole: false,
            boundaries: &boundaries,
        })?;
        let let_go = let_go(vtable.destroy, vtable.user_data);
        let gauge = Observable { vtable: Shared(vtable), unit, description };
        global::callbacks().observables.set(&name, Arc::new(gauge), let_go);
        Ok(())
    })
}

/// Says a value of an observable gauge: only for its function, while that is called.
///
/// @param observation What the function was given. Must not be NULL.
/// @param value Any finite number; of values with the same attributes the last one counts.
/// @param attributes As for `agentotel_gauge_record`.
/// @param attribute_count How many.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_INTERNAL.
///
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_observe(
    observation: *mut agentotel_observation,
    value: f64,
    attributes: *const agentotel_attribute,
    attribute_count: usize,
) -> agentotel_status {
    guard::call(|state| {
        snapshot::not_null(observation, "observation")?;
        if !value.is_finite() {
            return Err(Error::InvalidArgument(format!("value is {value}, expected a finite number")));
        }
        // SAFETY: `attributes` has `attribute_count` elements or is NULL, by this function's contract.
        let given = unsafe { snapshot::attributes(&state.arena, attributes, attribute_count, "attributes")? };
        let attributes = key_values(given.list).map_err(|_| {
            let expected = "expected texts, truths, numbers, and arrays of these";
            Error::InvalidArgument(format!("attributes: {expected}"))
        })?;
        // SAFETY: not NULL, hence what `observe` was given, which nobody else uses meanwhile, by this function's contract.
        unsafe { (*observation).observed.push((value, attributes)) };
        Ok(())
    })
}
