//! A series: an instrument with a set of attributes that is found by now. Sums are raised in one word, and handed to the SDK
//! when there is a collection; other measurements go to it at once.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{
    BoundCounter, BoundGauge, BoundHistogram, BoundUpDownCounter, Counter, Gauge, Histogram, Meter,
    UpDownCounter,
};

/// What an instrument does with what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum InstrumentKind {
    Counter,
    UpDownCounter,
    Histogram,
    Gauge,
}

/// What a host says of an instrument that it makes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InstrumentOptions<'a> {
    pub(crate) name: &'a str,
    pub(crate) unit: &'a str,
    pub(crate) description: &'a str,
    /// It takes whole numbers, and its sums are such. Histograms do not care.
    pub(crate) is_whole: bool,
    /// The boundaries between a histogram's buckets, ascending; none: the SDK's.
    pub(crate) boundaries: &'a [f64],
}

/// Why a value is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    NotFinite,
    Negative,
    NotWhole,
}

/// The SDK's instrument.
pub(super) enum SdkInstrument {
    Counter(Counter<f64>),
    WholeCounter(Counter<u64>),
    UpDown(UpDownCounter<f64>),
    WholeUpDown(UpDownCounter<i64>),
    Histogram(Histogram<f64>),
    Gauge(Gauge<f64>),
    WholeGauge(Gauge<i64>),
}

/// The same with a set of attributes.
enum Bound {
    Counter(BoundCounter<f64>),
    WholeCounter(BoundCounter<u64>),
    UpDown(BoundUpDownCounter<f64>),
    WholeUpDown(BoundUpDownCounter<i64>),
    Histogram(BoundHistogram<f64>),
    Gauge(BoundGauge<f64>),
    WholeGauge(BoundGauge<i64>),
}

/// Whole numbers up to here are exact as doubles.
const MOST_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A whole number, of one that is checked.
#[inline]
fn whole(value: f64) -> i64 {
    value as i64
}

impl SdkInstrument {
    pub(super) fn new(meter: &Meter, kind: InstrumentKind, options: &InstrumentOptions<'_>) -> Self {
        /// Says name, unit and description, which every builder has.
        macro_rules! built {
            ($builder:expr) => {{
                let builder = $builder.with_description(options.description.to_owned());
                if options.unit.is_empty() { builder } else { builder.with_unit(options.unit.to_owned()) }
            }};
        }
        let name = options.name.to_owned();
        match (kind, options.is_whole) {
            (InstrumentKind::Counter, false) => Self::Counter(built!(meter.f64_counter(name)).build()),
            (InstrumentKind::Counter, true) => Self::WholeCounter(built!(meter.u64_counter(name)).build()),
            (InstrumentKind::UpDownCounter, false) => {
                Self::UpDown(built!(meter.f64_up_down_counter(name)).build())
            }
            (InstrumentKind::UpDownCounter, true) => {
                Self::WholeUpDown(built!(meter.i64_up_down_counter(name)).build())
            }
            (InstrumentKind::Histogram, _) => {
                let builder = built!(meter.f64_histogram(name));
                Self::Histogram(match options.boundaries {
                    [] => builder.build(),
                    boundaries => builder.with_boundaries(boundaries.to_vec()).build(),
                })
            }
            (InstrumentKind::Gauge, false) => Self::Gauge(built!(meter.f64_gauge(name)).build()),
            (InstrumentKind::Gauge, true) => Self::WholeGauge(built!(meter.i64_gauge(name)).build()),
        }
    }

    /// Whether it takes a value.
    #[inline]
    pub(super) fn check(&self, value: f64) -> Result<(), Refused> {
        let (only_rises, is_whole) = match self {
            Self::Counter(_) => (true, false),
            Self::WholeCounter(_) => (true, true),
            Self::WholeUpDown(_) | Self::WholeGauge(_) => (false, true),
            Self::UpDown(_) | Self::Histogram(_) | Self::Gauge(_) => (false, false),
        };
        check(value, only_rises, is_whole)
    }

    /// Measures something with attributes that no series has.
    pub(super) fn record(&self, value: f64, attributes: &[KeyValue]) {
        match self {
            Self::Counter(counter) => counter.add(value, attributes),
            Self::WholeCounter(counter) => counter.add(whole(value).cast_unsigned(), attributes),
            Self::UpDown(counter) => counter.add(value, attributes),
            Self::WholeUpDown(counter) => counter.add(whole(value), attributes),
            Self::Histogram(histogram) => histogram.record(value, attributes),
            Self::Gauge(gauge) => gauge.record(value, attributes),
            Self::WholeGauge(gauge) => gauge.record(whole(value), attributes),
        }
    }

    pub(super) fn series(&self, attributes: &[KeyValue]) -> Series {
        let bound = match self {
            Self::Counter(counter) => Bound::Counter(counter.bind(attributes)),
            Self::WholeCounter(counter) => Bound::WholeCounter(counter.bind(attributes)),
            Self::UpDown(counter) => Bound::UpDown(counter.bind(attributes)),
            Self::WholeUpDown(counter) => Bound::WholeUpDown(counter.bind(attributes)),
            Self::Histogram(histogram) => Bound::Histogram(histogram.bind(attributes)),
            Self::Gauge(gauge) => Bound::Gauge(gauge.bind(attributes)),
            Self::WholeGauge(gauge) => Bound::WholeGauge(gauge.bind(attributes)),
        };
        let sum = match self {
            Self::Counter(_) => Sum::Rising,
            Self::WholeCounter(_) => Sum::RisingWhole,
            Self::UpDown(_) => Sum::Double,
            Self::WholeUpDown(_) => Sum::Whole,
            Self::WholeGauge(_) => Sum::NoneWhole,
            Self::Histogram(_) | Self::Gauge(_) => Sum::None,
        };
        Series { sum, word: AtomicU64::new(0), is_used: AtomicBool::new(false), bound }
    }
}

#[inline]
fn check(value: f64, only_rises: bool, is_whole: bool) -> Result<(), Refused> {
    if !value.is_finite() {
        Err(Refused::NotFinite)
    } else if only_rises && value < 0.0 {
        Err(Refused::Negative)
    } else if is_whole && (value.abs() > MOST_WHOLE || whole(value) as f64 != value) {
        Err(Refused::NotWhole)
    } else {
        Ok(())
    }
}

/// How a series sums up, before it hands over.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sum {
    None,
    NoneWhole,
    Double,
    Rising,
    Whole,
    RisingWhole,
}

/// An instrument with a set of attributes.
#[repr(align(64))]
pub(crate) struct Series {
    sum: Sum,
    /// Whether it was used since somebody looked.
    is_used: AtomicBool,
    /// What was added since the last collection: a whole number, or the bits of a double.
    word: AtomicU64,
    bound: Bound,
}

impl Series {
    /// Measures something.
    #[inline]
    pub(crate) fn record(&self, value: f64) -> Result<(), Refused> {
        let only_rises = matches!(self.sum, Sum::Rising | Sum::RisingWhole);
        let is_whole = matches!(self.sum, Sum::Whole | Sum::RisingWhole | Sum::NoneWhole);
        check(value, only_rises, is_whole)?;
        if !self.is_used.load(Ordering::Relaxed) {
            self.is_used.store(true, Ordering::Relaxed);
        }
        match self.sum {
            Sum::Whole | Sum::RisingWhole => {
                self.word.fetch_add(whole(value).cast_unsigned(), Ordering::Relaxed);
            }
            Sum::Double | Sum::Rising => {
                let raise = |bits| Some((f64::from_bits(bits) + value).to_bits());
                let _ = self.word.fetch_update(Ordering::Relaxed, Ordering::Relaxed, raise);
            }
            Sum::None | Sum::NoneWhole => self.record_at_once(value),
        }
        Ok(())
    }

    fn record_at_once(&self, value: f64) {
        match &self.bound {
            Bound::Histogram(histogram) => histogram.record(value),
            Bound::Gauge(gauge) => gauge.record(value),
            Bound::WholeGauge(gauge) => gauge.record(whole(value)),
            Bound::Counter(_) | Bound::WholeCounter(_) | Bound::UpDown(_) | Bound::WholeUpDown(_) => {}
        }
    }

    /// Hands its sum over; true when it was used since the last time.
    pub(super) fn hand_over(&self) -> bool {
        let is_used = self.is_used.swap(false, Ordering::Relaxed);
        let word = self.word.swap(0, Ordering::Relaxed);
        // Whoever has said before that it is used may add to it after that was read.
        if is_used || word != 0 {
            match &self.bound {
                Bound::Counter(counter) => counter.add(f64::from_bits(word)),
                Bound::WholeCounter(counter) => counter.add(word),
                Bound::UpDown(counter) => counter.add(f64::from_bits(word)),
                Bound::WholeUpDown(counter) => counter.add(word.cast_signed()),
                Bound::Histogram(_) | Bound::Gauge(_) | Bound::WholeGauge(_) => {}
            }
        }
        is_used
    }
}
