//! B3, as Zipkin and others pass contexts on: all in one header, or in one for each part. Either form is taken by whoever
//! reads B3 (OpenTelemetry, "B3 Extract"). Written here: the crate that has it is deprecated, brings an exporter along, and
//! keeps states of its own in bits of the W3C flags. A sampling decision that is absent counts as not sampled.

use super::trace_parent::{hex, push_hex};
use super::{Carrier, CarrierError, one};
use crate::event::data::SpanContext;
use crate::session::FLAG_SAMPLED;

const SINGLE: &str = "b3";
const TRACE_ID: &str = "x-b3-traceid";
const SPAN_ID: &str = "x-b3-spanid";
const SAMPLED: &str = "x-b3-sampled";
const FLAGS: &str = "x-b3-flags";

pub(super) fn inject_single(context: &SpanContext, carrier: &mut dyn Carrier) -> Result<(), CarrierError> {
    let [trace_id, span_id, sampled] = parts(context);
    carrier.set(SINGLE, &format!("{trace_id}-{span_id}-{sampled}"))
}

pub(super) fn inject_multi(context: &SpanContext, carrier: &mut dyn Carrier) -> Result<(), CarrierError> {
    let parts = parts(context);
    [TRACE_ID, SPAN_ID, SAMPLED].iter().zip(&parts).try_for_each(|(name, value)| carrier.set(name, value))
}

fn parts(context: &SpanContext) -> [String; 3] {
    let digits = |bytes: &[u8]| {
        let mut digits = String::new();
        push_hex(&mut digits, bytes);
        digits
    };
    let sampled = if context.trace_flags & FLAG_SAMPLED == 0 { "0" } else { "1" };
    [digits(&context.trace_id), digits(&context.span_id), sampled.to_owned()]
}

pub(super) fn extract(carrier: &dyn Carrier) -> Result<Option<SpanContext>, CarrierError> {
    if let Some(context) = one(carrier, SINGLE)?.and_then(|text| single(&text)) {
        return Ok(Some(context));
    }
    let [trace_id, span_id] = [one(carrier, TRACE_ID)?, one(carrier, SPAN_ID)?];
    let (Some(trace_id), Some(span_id)) = (trace_id, span_id) else { return Ok(None) };
    // The debug flag implies the decision to sample.
    let sampled = if one(carrier, FLAGS)?.as_deref() == Some("1") {
        Some("1".to_owned())
    } else {
        one(carrier, SAMPLED)?
    };
    Ok(context(&trace_id, &span_id, sampled.as_deref()))
}

/// `{trace id}-{span id}[-{sampling state}[-{parent span id}]]`; the sampling state alone names no span.
fn single(text: &str) -> Option<SpanContext> {
    let mut fields = text.split('-');
    let (trace_id, span_id, sampled) = (fields.next()?, fields.next()?, fields.next());
    let parent_is_sound = fields.next().is_none_or(|parent| hex::<8>(parent).is_some());
    (parent_is_sound && fields.next().is_none()).then(|| context(trace_id, span_id, sampled))?
}

fn context(trace_id: &str, span_id: &str, sampled: Option<&str>) -> Option<SpanContext> {
    // 64 bits stand for the lower half of a trace id.
    let trace_id = match hex::<8>(trace_id) {
        Some(half) => (u128::from(u64::from_be_bytes(half))).to_be_bytes(),
        None => hex(trace_id)?,
    };
    let trace_flags = match sampled {
        Some("1" | "d" | "true") => FLAG_SAMPLED,
        Some("0" | "false") | None => 0,
        Some(_) => return None,
    };
    let context = SpanContext { trace_id, span_id: hex(span_id)?, trace_flags, is_remote: true };
    Some(context).filter(SpanContext::is_valid)
}
