//! The headers of Jaeger's own clients: `uber-trace-id`, and `uberctx-…` for each entry of the baggage. Written here: the
//! crate that has them is made for another version of the OpenTelemetry interface than the one that is used.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::baggage::Baggage;
use super::trace_parent::{hex, push_hex};
use super::{Carrier, CarrierError, one};
use crate::event::data::SpanContext;
use crate::session::FLAG_SAMPLED;

const SPAN: &str = "uber-trace-id";
const BAGGAGE_PREFIX: &str = "uberctx-";

pub(super) fn inject(context: &SpanContext, carrier: &mut dyn Carrier) -> Result<(), CarrierError> {
    let mut text = String::new();
    push_hex(&mut text, &context.trace_id);
    text.push(':');
    push_hex(&mut text, &context.span_id);
    // The parent is not said any more: 0.
    text.push_str(":0:");
    text.push(if context.trace_flags & FLAG_SAMPLED == 0 { '0' } else { '1' });
    carrier.set(SPAN, &text)
}

pub(super) fn inject_baggage(baggage: &Baggage, carrier: &mut dyn Carrier) -> Result<(), CarrierError> {
    for entry in baggage.entries() {
        let value = utf8_percent_encode(&entry.value, NON_ALPHANUMERIC).to_string();
        carrier.set(&format!("{BAGGAGE_PREFIX}{}", entry.key), &value)?;
    }
    Ok(())
}

pub(super) fn extract(carrier: &dyn Carrier) -> Result<Option<SpanContext>, CarrierError> {
    Ok(one(carrier, SPAN)?.and_then(|text| parse(&text)))
}

/// Adds the entries that a carrier has, when it can list its keys.
pub(super) fn extract_baggage(carrier: &dyn Carrier, baggage: &mut Baggage) -> Result<(), CarrierError> {
    for key in carrier.keys()? {
        let prefix = key.get(..BAGGAGE_PREFIX.len());
        if !prefix.is_some_and(|prefix| prefix.eq_ignore_ascii_case(BAGGAGE_PREFIX)) {
            continue;
        }
        if let (Some(name), Some(value)) = (key.get(BAGGAGE_PREFIX.len()..), one(carrier, &key)?) {
            // What does not fit is left out.
            let _ = baggage.set(name, &percent_decode_str(&value).decode_utf8_lossy(), "");
        }
    }
    Ok(())
}

/// `{trace id}:{span id}:{parent span id}:{flags}`, possibly percent-encoded; ids may lack their leading zeros.
fn parse(text: &str) -> Option<SpanContext> {
    let text = percent_decode_str(text).decode_utf8().ok()?;
    let mut fields = text.split(':');
    let (trace_id, span_id) = (padded(fields.next()?, 32)?, padded(fields.next()?, 16)?);
    let (_parent, flags) = (fields.next()?, padded(fields.next()?, 2)?);
    let context = SpanContext {
        trace_id: hex(&trace_id)?,
        span_id: hex(&span_id)?,
        trace_flags: hex::<1>(&flags)?[0] & FLAG_SAMPLED,
        is_remote: true,
    };
    (fields.next().is_none() && context.is_valid()).then_some(context)
}

fn padded(digits: &str, length: usize) -> Option<String> {
    let is_fitting = (1..=length).contains(&digits.len());
    is_fitting.then(|| format!("{:0>length$}", digits.to_ascii_lowercase()))
}
