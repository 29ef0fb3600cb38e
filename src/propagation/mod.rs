//! Propagation: what goes along with a call to another process, and what came along with one from there. A carrier is where
//! that is written (headers of a request, say); `propagators` of the configuration says in which formats. What came is never
//! trusted: it is bounded, and what breaks a format's rules counts as absent. `trace_parent`, `trace_state` and `baggage` are
//! the W3C's formats, `b3` and `jaeger` others, `meta` is for messages of the Model Context Protocol.

mod b3;
pub(crate) mod baggage;
mod jaeger;
pub(crate) mod meta;
#[cfg(test)]
mod tests;
pub(crate) mod trace_parent;
pub(crate) mod trace_state;

use std::borrow::Cow;

use self::baggage::Baggage;
use crate::config::Propagator;
use crate::event::data::SpanContext;

/// The longest value that is read from a carrier, in bytes; a longer one counts as absent.
pub(crate) const MOST_VALUE_BYTES: usize = 65_536;
/// The formats of the W3C, in which plain texts are.
pub(crate) const W3C: [Propagator; 2] = [Propagator::TraceContext, Propagator::Baggage];

/// What a carrier could not do, in words.
pub(crate) type CarrierError = String;

/// Where contexts are written and read, under keys whose case does not matter.
pub(crate) trait Carrier {
    /// All values of a key, in order.
    fn values(&self, key: &str) -> Result<Vec<String>, CarrierError>;
    /// All keys, when they can be listed.
    fn keys(&self) -> Result<Vec<String>, CarrierError>;
    /// Sets a key to one value.
    fn set(&mut self, key: &str, value: &str) -> Result<(), CarrierError>;
}

/// What is passed on.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Propagated {
    pub(crate) span: Option<SpanContext>,
    /// Valid, or empty.
    pub(crate) trace_state: String,
    pub(crate) baggage: Baggage,
}

/// Without the optional white space of HTTP.
fn trimmed(text: &str) -> &str {
    text.trim_matches([' ', '\t'])
}

/// The value of a key that must have one alone.
fn one(carrier: &dyn Carrier, key: &str) -> Result<Option<String>, CarrierError> {
    let mut values = carrier.values(key)?;
    let value = values.pop().filter(|_| values.is_empty());
    Ok(value.filter(|value| value.len() <= MOST_VALUE_BYTES).map(|value| trimmed(&value).to_owned()))
}

/// The values of a key that is a list, which may be spread over several.
fn list(carrier: &dyn Carrier, key: &str) -> Result<String, CarrierError> {
    let values = carrier.values(key)?.join(",");
    Ok(if values.len() <= MOST_VALUE_BYTES { values } else { String::new() })
}

/// Writes what is passed on in the formats given.
pub(crate) fn inject(
    propagators: &[Propagator],
    what: &Propagated,
    carrier: &mut dyn Carrier,
) -> Result<(), CarrierError> {
    let span = what.span.as_ref().filter(|span| span.is_valid());
    for propagator in propagators {
        match (propagator, span) {
            (Propagator::TraceContext, Some(span)) => {
                carrier.set(trace_parent::NAME, &trace_parent::text(span))?;
                if !what.trace_state.is_empty() {
                    carrier.set(trace_state::NAME, &what.trace_state)?;
                }
            }
            (Propagator::Baggage, _) if !what.baggage.is_empty() => {
                carrier.set(baggage::NAME, &what.baggage.text())?;
            }
            (Propagator::B3, Some(span)) => b3::inject_single(span, carrier)?,
            (Propagator::B3Multi, Some(span)) => b3::inject_multi(span, carrier)?,
            (Propagator::Jaeger, span) => {
                span.map_or(Ok(()), |span| jaeger::inject(span, carrier))?;
                jaeger::inject_baggage(&what.baggage, carrier)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Reads what came in the formats given; of several that name a span the last counts.
pub(crate) fn extract(propagators: &[Propagator], carrier: &dyn Carrier) -> Result<Propagated, CarrierError> {
    let mut found = Propagated::default();
    for propagator in propagators {
        let span = match propagator {
            Propagator::TraceContext => {
                let span = one(carrier, trace_parent::NAME)?.and_then(|text| trace_parent::parse(&text));
                if span.is_some() {
                    found.trace_state = trace_state::normalised(&list(carrier, trace_state::NAME)?);
                }
                span
            }
            Propagator::Baggage => {
                for entry in Baggage::parse(&list(carrier, baggage::NAME)?).entries() {
                    // What does not fit is left out.
                    let _ = found.baggage.set(&entry.key, &entry.value, &entry.metadata);
                }
                None
            }
            Propagator::B3 | Propagator::B3Multi => without_state(b3::extract(carrier)?, &mut found),
            Propagator::Jaeger => {
                jaeger::extract_baggage(carrier, &mut found.baggage)?;
                without_state(jaeger::extract(carrier)?, &mut found)
            }
        };
        found.span = span.or(found.span);
    }
    Ok(found)
}

/// A span from a format that has no `tracestate`: another one's is not its.
fn without_state(span: Option<SpanContext>, found: &mut Propagated) -> Option<SpanContext> {
    if span.is_some() && span.map(|span| span.trace_id) != found.span.map(|span| span.trace_id) {
        found.trace_state.clear();
    }
    span
}

/// The three texts of the W3C's formats.
#[derive(Debug, Default)]
pub(crate) struct Texts<'a> {
    pub(crate) traceparent: Cow<'a, str>,
    pub(crate) tracestate: Cow<'a, str>,
    pub(crate) baggage: Cow<'a, str>,
}

impl Texts<'_> {
    fn text(&self, key: &str) -> &str {
        match key {
            trace_parent::NAME => &self.traceparent,
            trace_state::NAME => &self.tracestate,
            baggage::NAME => &self.baggage,
            _ => "",
        }
    }
}

impl Carrier for Texts<'_> {
    fn values(&self, key: &str) -> Result<Vec<String>, CarrierError> {
        Ok(Some(self.text(key)).filter(|text| !text.is_empty()).map(str::to_owned).into_iter().collect())
    }

    fn keys(&self) -> Result<Vec<String>, CarrierError> {
        Ok(Vec::new())
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), CarrierError> {
        let value = Cow::Owned(value.to_owned());
        match key {
            trace_parent::NAME => self.traceparent = value,
            trace_state::NAME => self.tracestate = value,
            baggage::NAME => self.baggage = value,
            _ => {}
        }
        Ok(())
    }
}
