//! What calls do with the host's own instruments: make them, bind them, measure with them.

use bumpalo::Bump;

use super::{Caller, Error, OtelManager, handle_error};
use crate::journal::accounting::Repairs;
use crate::metrics::host::{HostError, MOST_BOUND, MOST_INSTRUMENTS, bound_handle_kind, handle_kind};
use crate::metrics::series::{InstrumentKind, InstrumentOptions, Refused};
use crate::otlp::Signal;
use crate::otlp::value::{Attribute, Value};

/// The longest name of an instrument and its longest unit (metrics API, "Instrument name syntax", "Instrument unit").
const MOST_NAME_BYTES: usize = 255;
const MOST_UNIT_BYTES: usize = 63;
/// The most boundaries between a histogram's buckets.
pub(crate) const MOST_BOUNDARIES: usize = 1_024;

/// Why an instrument cannot be made so.
pub(crate) fn check_instrument(options: &InstrumentOptions<'_>) -> Result<(), Error> {
    let name = options.name;
    let is_name = name.len() <= MOST_NAME_BYTES
        && name.starts_with(|first: char| first.is_ascii_alphabetic())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-/".contains(&byte));
    let wrong = |why: String| Err(Error::InvalidArgument(why));
    if !is_name {
        let shown: String = name.chars().take(64).collect();
        return wrong(format!(
            "name {shown:?}: expected 1 to {MOST_NAME_BYTES} letters, digits, '_', '.', '-' and '/', the first one a letter"
        ));
    }
    if options.unit.len() > MOST_UNIT_BYTES || !options.unit.is_ascii() {
        let shown: String = options.unit.chars().take(64).collect();
        return wrong(format!("unit {shown:?}: expected at most {MOST_UNIT_BYTES} characters of ASCII"));
    }
    let boundaries = options.boundaries;
    if boundaries.len() > MOST_BOUNDARIES
        || !boundaries.iter().all(|bound| bound.is_finite())
        || !boundaries.is_sorted_by(|one, next| one < next)
    {
        return wrong(format!("boundaries: expected at most {MOST_BOUNDARIES} finite numbers that ascend"));
    }
    Ok(())
}

/// Whether keys and texts are UTF-8.
fn are_utf8(attributes: &[Attribute<'_>]) -> bool {
    let is_utf8 = |bytes: &[u8]| std::str::from_utf8(bytes).is_ok();
    attributes.iter().all(|attribute| {
        is_utf8(attribute.key)
            && match attribute.value {
                Value::Text(text) => is_utf8(text),
                Value::Texts(texts) => texts.iter().all(|text| is_utf8(text)),
                _ => true,
            }
    })
}

impl OtelManager {
    /// Makes an instrument, or finds the one of that name; gives its handle.
    pub(crate) fn make_instrument(
        &self,
        kind: InstrumentKind,
        options: &InstrumentOptions<'_>,
    ) -> Result<u64, Error> {
        self.check_running()?;
        check_instrument(options)?;
        self.metrics.host().make(kind, options).map_err(|error| match error {
            HostError::OtherKind => {
                let name = options.name;
                Error::InvalidArgument(format!("name {name:?} is that of an instrument of another kind"))
            }
            _ => Error::Limit { what: "instruments", most: MOST_INSTRUMENTS },
        })
    }

    /// Measures something.
    #[inline]
    pub(crate) fn measure<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        kind: InstrumentKind,
        handle: u64,
        value: f64,
        attributes: &'a [Attribute<'a>],
    ) -> Result<(), Error> {
        let shard = caller.shard(self.journal.shard_count());
        let measured = self.check_running().and_then(|()| {
            let seen = |attributes| self.seen_attributes(shard, arena, attributes);
            let host = self.metrics.host();
            host.record(kind, handle, value, attributes, &mut caller.measured, seen)
                .map_err(|why| host_error(handle_kind(kind), handle, value, why))
        });
        measured.map_err(|error| self.refused(shard, Signal::Metrics, error))
    }

    /// Attributes as they are seen by whoever gets metrics; counts what is repaired in them.
    #[cold]
    fn seen_attributes<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        attributes: &'a [Attribute<'a>],
    ) -> &'a [Attribute<'a>] {
        let mut repairs = Repairs { utf8: u32::from(!are_utf8(attributes)), ..Repairs::default() };
        let seen = self.processor.redacted_attributes(arena, attributes, &mut repairs);
        self.journal.count_repairs(shard, Signal::Metrics, repairs);
        seen
    }

    /// Makes a bound instrument; gives its handle.
    pub(crate) fn bind_instrument<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        kind: InstrumentKind,
        handle: u64,
        attributes: &'a [Attribute<'a>],
    ) -> Result<u64, Error> {
        self.check_running()?;
        let seen = self.seen_attributes(shard, arena, attributes);
        self.metrics
            .host()
            .bind(kind, handle, seen)
            .map_err(|why| host_error(handle_kind(kind), handle, 0.0, why))
    }

    /// Measures something with a bound instrument, when all is well; says nothing of why it is not.
    #[inline(always)]
    pub(crate) fn measure_bound_at_once(&self, kind: InstrumentKind, handle: u64, value: f64) -> bool {
        !self.is_shut_down() && self.metrics.host().record_bound(kind, handle, value).is_ok()
    }

    /// Measures something with a bound instrument.
    pub(crate) fn measure_bound(
        &self,
        shard: usize,
        kind: InstrumentKind,
        handle: u64,
        value: f64,
    ) -> Result<(), Error> {
        let measured = self.check_running().and_then(|()| {
            let recorded = self.metrics.host().record_bound(kind, handle, value);
            recorded.map_err(|why| host_error(bound_handle_kind(kind), handle, value, why))
        });
        measured.map_err(|error| self.refused(shard, Signal::Metrics, error))
    }
}

fn host_error(kind: crate::handle::HandleKind, handle: u64, value: f64, why: HostError) -> Error {
    let wrong = |expected: &str| Error::InvalidArgument(format!("value is {value}, expected {expected}"));
    match why {
        HostError::Handle(error) => handle_error(kind, handle, error),
        HostError::Value(Refused::NotFinite) => wrong("a finite number"),
        HostError::Value(Refused::Negative) => wrong("at least 0: a counter only rises"),
        HostError::Value(Refused::NotWhole) => wrong("a whole number of at most 2^53"),
        HostError::Attributes => Error::InvalidArgument(
            "attributes: expected texts, truths, numbers, and arrays of these: measurements have no others"
                .to_owned(),
        ),
        HostError::OtherKind | HostError::Limit => {
            Error::Limit { what: "bound instruments", most: MOST_BOUND }
        }
    }
}
