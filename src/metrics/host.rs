//! The host's own instruments: made by name, kept for good, found by a handle without a lock. What is measured with a set of
//! attributes that came before finds its series by the attributes' bytes; a bound instrument is a series that the host has
//! the handle of. Both are bounded; beyond the bound the SDK is asked each time, which has a bound of its own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use opentelemetry::metrics::Meter;

use super::attributes::{Unsuited, key_values, write_key};
use super::series::{InstrumentKind, InstrumentOptions, Refused, SdkInstrument, Series};
use crate::handle::{Handle, HandleError, HandleKind};
use crate::otlp::value::Attribute;
use crate::sys::checksum;

/// The most instruments, and the most bound ones.
pub(crate) const MOST_INSTRUMENTS: usize = 4_096;
pub(crate) const MOST_BOUND: usize = 65_536;
/// Places are made so many at a time.
const CHUNK: usize = 64;
/// Nothing is ever removed: there is one generation.
const GENERATION: u64 = 1;

/// Why something is not made or measured.
#[derive(Debug)]
pub(crate) enum HostError {
    Handle(HandleError),
    Value(Refused),
    Attributes,
    /// There is one of that name that is of another kind.
    OtherKind,
    Limit,
}

impl From<Unsuited> for HostError {
    fn from(_: Unsuited) -> Self {
        Self::Attributes
    }
}

/// A piece of such a list.
type Chunk<T> = Box<[OnceLock<T>]>;

/// A list that only grows, read without a lock.
struct Table<T> {
    chunks: Box<[OnceLock<Chunk<T>>]>,
    used: AtomicUsize,
    growing: Mutex<()>,
}

impl<T> Table<T> {
    fn new(most: usize) -> Self {
        let chunks = std::iter::repeat_with(OnceLock::new).take(most / CHUNK).collect();
        Self { chunks, used: AtomicUsize::new(0), growing: Mutex::new(()) }
    }

    #[inline]
    fn get(&self, position: usize) -> Option<&T> {
        self.chunks.get(position / CHUNK)?.get()?.get(position % CHUNK)?.get()
    }

    /// Adds an element; gives its position, or nothing when there is no place.
    fn push(&self, element: T) -> Option<usize> {
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let position = self.used.load(Ordering::Relaxed);
        let chunk = self.chunks.get(position / CHUNK)?;
        let chunk = chunk.get_or_init(|| std::iter::repeat_with(OnceLock::new).take(CHUNK).collect());
        chunk.get(position % CHUNK)?.set(element).ok()?;
        self.used.store(position + 1, Ordering::Release);
        Some(position)
    }

    fn iter(&self) -> impl Iterator<Item = &T> {
        (0..self.used.load(Ordering::Acquire)).filter_map(|position| self.get(position))
    }
}

/// Series and their attributes, by the hash of these.
type SeriesByHash = HashMap<u32, (Box<[u8]>, Arc<Series>)>;

struct Instrument {
    name: String,
    kind: InstrumentKind,
    is_whole: bool,
    sdk: SdkInstrument,
    series: RwLock<SeriesByHash>,
}

/// All instruments of the host.
pub(crate) struct HostInstruments {
    epoch: u64,
    meter: Meter,
    /// Most series of an instrument that are kept.
    most_series: usize,
    instruments: Table<Instrument>,
    bound: Table<(InstrumentKind, Arc<Series>)>,
    making: Mutex<()>,
}

/// What a handle of an instrument says that it is.
pub(crate) fn handle_kind(kind: InstrumentKind) -> HandleKind {
    match kind {
        InstrumentKind::Counter => HandleKind::Counter,
        InstrumentKind::UpDownCounter => HandleKind::UpDownCounter,
        InstrumentKind::Histogram => HandleKind::Histogram,
        InstrumentKind::Gauge => HandleKind::Gauge,
    }
}

/// The same for a bound one.
pub(crate) fn bound_handle_kind(kind: InstrumentKind) -> HandleKind {
    match kind {
        InstrumentKind::Counter => HandleKind::BoundCounter,
        InstrumentKind::UpDownCounter => HandleKind::BoundUpDownCounter,
        InstrumentKind::Histogram => HandleKind::BoundHistogram,
        InstrumentKind::Gauge => HandleKind::BoundGauge,
    }
}

impl HostInstruments {
    pub(super) fn new(epoch: u64, meter: Meter, most_series: usize) -> Self {
        Self {
            epoch,
            meter,
            most_series,
            instruments: Table::new(MOST_INSTRUMENTS),
            bound: Table::new(MOST_BOUND),
            making: Mutex::new(()),
        }
    }

    fn handle(&self, kind: HandleKind, slot: usize) -> u64 {
        Handle { kind, epoch: self.epoch, generation: GENERATION, slot }.number()
    }

    /// Makes an instrument, or finds the one of that name.
    pub(crate) fn make(
        &self,
        kind: InstrumentKind,
        options: &InstrumentOptions<'_>,
    ) -> Result<u64, HostError> {
        let _making = self.making.lock().unwrap_or_else(PoisonError::into_inner);
        // Names are not told apart by their case (metrics API, "Instrument name syntax").
        let is_same = |known: &Instrument| known.name.eq_ignore_ascii_case(options.name);
        if let Some((slot, known)) = self.instruments.iter().enumerate().find(|(_, known)| is_same(known)) {
            let is_other = known.kind != kind || known.is_whole != options.is_whole;
            return if is_other {
                Err(HostError::OtherKind)
            } else {
                Ok(self.handle(handle_kind(kind), slot))
            };
        }
        let instrument = Instrument {
            name: options.name.to_owned(),
            kind,
            is_whole: options.is_whole,
            sdk: SdkInstrument::new(&self.meter, kind, options),
            series: RwLock::default(),
        };
        let slot = self.instruments.push(instrument).ok_or(HostError::Limit)?;
        Ok(self.handle(handle_kind(kind), slot))
    }

    #[inline]
    fn find(&self, kind: InstrumentKind, handle: u64) -> Result<&Instrument, HostError> {
        let parsed = Handle::parse(handle, handle_kind(kind), self.epoch).map_err(HostError::Handle)?;
        self.instruments.get(parsed.slot).ok_or(HostError::Handle(HandleError::Invalid))
    }

    /// Measures something. `seen` gives the attributes as they are to be seen, which differ from those given at most where
    /// they are redacted; it is asked for a set that is new.
    pub(crate) fn record<'a>(
        &self,
        kind: InstrumentKind,
        handle: u64,
        value: f64,
        given: &'a [Attribute<'a>],
        scratch: &mut Vec<u8>,
        seen: impl FnOnce(&'a [Attribute<'a>]) -> &'a [Attribute<'a>],
    ) -> Result<(), HostError> {
        let instrument = self.find(kind, handle)?;
        scratch.clear();
        if !write_key(scratch, given) {
            instrument.sdk.check(value).map_err(HostError::Value)?;
            instrument.sdk.record(value, &key_values(seen(given))?);
            return Ok(());
        }
        let hash = checksum::crc32c_append(0, scratch);
        {
            let series = instrument.series.read().unwrap_or_else(PoisonError::into_inner);
            if let Some((key, series)) = series.get(&hash)
                && **key == **scratch
            {
                return series.record(value).map_err(HostError::Value);
            }
        }
        self.record_new(instrument, value, (hash, scratch), seen(given))
    }

    /// Measures something with attributes that have no series, and makes one where there is room.
    #[cold]
    fn record_new(
        &self,
        instrument: &Instrument,
        value: f64,
        (hash, key): (u32, &[u8]),
        seen: &[Attribute<'_>],
    ) -> Result<(), HostError> {
        instrument.sdk.check(value).map_err(HostError::Value)?;
        let attributes = key_values(seen)?;
        let mut series = instrument.series.write().unwrap_or_else(PoisonError::into_inner);
        if series.len() >= self.most_series || series.contains_key(&hash) {
            drop(series);
            instrument.sdk.record(value, &attributes);
            return Ok(());
        }
        let made = Arc::new(instrument.sdk.series(&attributes));
        // While the lock is held, so that it is not taken for one that nobody uses.
        let recorded = made.record(value).map_err(HostError::Value);
        series.insert(hash, (key.into(), made));
        recorded
    }

    /// Makes a bound instrument.
    pub(crate) fn bind(
        &self,
        kind: InstrumentKind,
        handle: u64,
        attributes: &[Attribute<'_>],
    ) -> Result<u64, HostError> {
        let instrument = self.find(kind, handle)?;
        let series = Arc::new(instrument.sdk.series(&key_values(attributes)?));
        let slot = self.bound.push((kind, series)).ok_or(HostError::Limit)?;
        Ok(self.handle(bound_handle_kind(kind), slot))
    }

    /// Measures something with a bound instrument.
    #[inline]
    pub(crate) fn record_bound(
        &self,
        kind: InstrumentKind,
        handle: u64,
        value: f64,
    ) -> Result<(), HostError> {
        let parsed = Handle::parse(handle, bound_handle_kind(kind), self.epoch).map_err(HostError::Handle)?;
        match self.bound.get(parsed.slot) {
            Some((known, series)) if *known == kind => series.record(value).map_err(HostError::Value),
            _ => Err(HostError::Handle(HandleError::Invalid)),
        }
    }

    /// Hands all sums over; series that were not used lately go where they are many, or with `forget`.
    pub(super) fn hand_over(&self, forget: bool) {
        for (_, series) in self.bound.iter() {
            series.hand_over();
        }
        for instrument in self.instruments.iter() {
            let mut series = instrument.series.write().unwrap_or_else(PoisonError::into_inner);
            let is_full = series.len() >= self.most_series;
            // Whoever raises a sum holds the lock: none is raised between the two.
            series.retain(|_, (_, series)| series.hand_over() || !(forget || is_full));
        }
    }
}
