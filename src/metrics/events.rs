//! Metrics from events: the worker reads every span in the journal once, before it may go, and every measurement that an event
//! left which leaves no span. What metrics have for attributes is taken out of the encoded record as it stands; so many of
//! them come again and again that the SDK's bound instruments for them are kept. Sums are raised here and handed over when
//! there is a collection.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

use opentelemetry::metrics::{BoundHistogram, Counter, Histogram, Meter};
use opentelemetry::{KeyValue, StringValue, Value};

use crate::event::data::{EventKind, ROOT_FRAME_KIND};
use crate::event::semconv::ERROR_TYPE;
use crate::event::semconv::metrics::*;
use crate::journal::frame::{FLAG_SHOWN, Frame, Frames};
use crate::journal::{Journal, Scanner};
use crate::otlp::Signal;
use crate::otlp::measured::{self, MeasuredAttribute, MeasuredValue};
use crate::sys::checksum;

const NANOS_PER_SECOND: f64 = 1e9;
/// Sets of attributes that are kept with their instruments, and kinds of failures that are counted here; beyond them all are
/// handed over and forgotten, and found again.
const MOST_SERIES: usize = 1_024;
/// A stream of more chunks is measured by so many of them.
const MOST_CHUNKS: i64 = 4_096;
/// Kinds of events, with room for those to come.
const KINDS: usize = 256;

/// All instruments that events are measured by.
struct Instruments {
    tokens: Histogram<u64>,
    operation: Histogram<f64>,
    first_chunk: Histogram<f64>,
    output_chunk: Histogram<f64>,
    mcp_client: Histogram<f64>,
    mcp_server: Histogram<f64>,
    tool: Histogram<f64>,
    agent: Histogram<f64>,
    session: Histogram<f64>,
    events: Counter<u64>,
    errors: Counter<u64>,
    cost: Counter<u64>,
}

fn seconds(meter: &Meter, metric: &HistogramMetric) -> Histogram<f64> {
    meter
        .f64_histogram(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .with_boundaries(metric.boundaries.to_vec())
        .build()
}

fn sum(meter: &Meter, metric: &SumMetric) -> Counter<u64> {
    meter.u64_counter(metric.name).with_unit(metric.unit).with_description(metric.description).build()
}

impl Instruments {
    fn new(meter: &Meter) -> Self {
        let tokens = meter
            .u64_histogram(TOKEN_USAGE.name)
            .with_unit(TOKEN_USAGE.unit)
            .with_description(TOKEN_USAGE.description)
            .with_boundaries(TOKEN_USAGE.boundaries.to_vec());
        Self {
            tokens: tokens.build(),
            operation: seconds(meter, &OPERATION_DURATION),
            first_chunk: seconds(meter, &FIRST_CHUNK),
            output_chunk: seconds(meter, &OUTPUT_CHUNK),
            mcp_client: seconds(meter, &MCP_CLIENT_DURATION),
            mcp_server: seconds(meter, &MCP_SERVER_DURATION),
            tool: seconds(meter, &TOOL_DURATION),
            agent: seconds(meter, &AGENT_DURATION),
            session: seconds(meter, &SESSION_DURATION),
            events: sum(meter, &EVENT_COUNT),
            errors: sum(meter, &ERROR_COUNT),
            cost: sum(meter, &COST_SUM),
        }
    }

    fn duration(&self, measure: Measure) -> &Histogram<f64> {
        match measure {
            Measure::Operation => &self.operation,
            Measure::Tool => &self.tool,
            Measure::Agent => &self.agent,
            Measure::McpClient => &self.mcp_client,
            Measure::McpServer => &self.mcp_server,
            Measure::Session => &self.session,
        }
    }
}

/// What an event of some kind is measured by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Measure {
    Operation,
    Tool,
    Agent,
    McpClient,
    McpServer,
    Session,
}

impl Measure {
    fn of(kind: u8) -> Option<Self> {
        if kind == ROOT_FRAME_KIND {
            return Some(Self::Session);
        }
        match EventKind::from_number(kind.into())? {
            EventKind::Llm | EventKind::Embeddings | EventKind::Retrieval => Some(Self::Operation),
            EventKind::Tool => Some(Self::Tool),
            EventKind::Agent | EventKind::Workflow => Some(Self::Agent),
            EventKind::McpClient => Some(Self::McpClient),
            EventKind::McpServer => Some(Self::McpServer),
            _ => None,
        }
    }

    /// The group of its attributes.
    fn group(self) -> u8 {
        match self {
            Self::Operation => AI,
            Self::Tool => TOOL,
            Self::Agent => AGENT,
            Self::McpClient | Self::McpServer => MCP,
            Self::Session => SESSION,
        }
    }
}

/// The instruments of one set of attributes.
struct Series {
    /// What measures, and the attributes as they were encoded.
    key: Box<[u8]>,
    attributes: Box<[KeyValue]>,
    duration: BoundHistogram<f64>,
    /// What only calls of models have.
    input: Option<BoundHistogram<u64>>,
    output: Option<BoundHistogram<u64>>,
    first_chunk: Option<BoundHistogram<f64>>,
    output_chunk: Option<BoundHistogram<f64>>,
    cost: u64,
}

/// What an event says of itself beside its attributes' sets.
#[derive(Default)]
struct Figures {
    input: Option<i64>,
    output: Option<i64>,
    first_chunk: Option<f64>,
    chunks: Option<i64>,
    cost: Option<i64>,
}

/// A hash is its own hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        self.0 = bytes.iter().fold(self.0, |hash, byte| hash.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u32(&mut self, hash: u32) {
        // The map looks at the upper bits, too.
        self.0 = u64::from(hash).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

struct State {
    instruments: Instruments,
    series: HashMap<u32, Series, BuildHasherDefault<AsItIs>>,
    /// The attributes of the event that is looked at, as they are encoded.
    key: Vec<u8>,
    /// Events by kind, since the last collection.
    events: [u64; KINDS],
    /// The same for failures, by kind and encoded `error.type`.
    errors: HashMap<(u8, Vec<u8>), u64>,
}

/// Measures events.
pub(super) struct Events(Mutex<State>);

impl Events {
    pub(super) fn new(meter: &Meter) -> Self {
        Self(Mutex::new(State {
            instruments: Instruments::new(meter),
            series: HashMap::default(),
            key: Vec::new(),
            events: [0; KINDS],
            errors: HashMap::new(),
        }))
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Measures what is new in the journal.
    pub(super) fn scan(&self, journal: &Journal) {
        for shard in 0..journal.shard_count() {
            while let Some(unread) = journal.next_unscanned(Scanner::Measures, shard) {
                let mut at = unread.from;
                let committed = unread.region.committed().get(at.offset..).unwrap_or_default();
                let mut state = self.lock();
                for frame in Frames::new(committed) {
                    at.offset += frame.size;
                    state.see(&frame);
                }
                drop(state);
                if at == unread.from {
                    break;
                }
                journal.set_scanned(Scanner::Measures, shard, at);
            }
        }
    }

    /// Measures an event whose measurement has found no room in the journal.
    pub(super) fn measure(&self, kind: u8, content: &[u8]) {
        self.lock().measure(kind, content);
    }

    /// Hands the sums over. With `forget` the sets of attributes are forgotten, so that the SDK may forget them, too.
    pub(super) fn hand_over(&self, forget: bool) {
        self.lock().hand_over(forget);
    }
}

impl State {
    #[inline]
    fn see(&mut self, frame: &Frame<'_>) {
        let header = frame.header;
        if header.is_measurement() {
            self.measure(header.kind, frame.payload);
        } else if header.signal == Signal::Traces && header.flags & FLAG_SHOWN == 0 {
            self.measure(header.kind, measured::content(frame.payload));
        }
    }

    fn measure(&mut self, kind: u8, content: &[u8]) {
        let measure = Measure::of(kind);
        let group = measure.map_or(0, Measure::group);
        let mut key = std::mem::take(&mut self.key);
        key.clear();
        key.push(measure.map_or(u8::MAX, |measure| measure as u8));
        let mut figures = Figures::default();
        let (mut error, mut is_message) = (None, false);
        let took = measured::walk(content, |attribute| match role(attribute.key) {
            Role::None => {}
            Role::Dimension(groups) => {
                if groups & group != 0 {
                    measured::keep(&mut key, &attribute);
                }
            }
            Role::Method => {
                is_message = true;
                if group == MCP {
                    measured::keep(&mut key, &attribute);
                }
            }
            Role::Error => {
                error = Some(attribute);
                measured::keep(&mut key, &attribute);
            }
            Role::InputTokens => figures.input = attribute.int(),
            Role::OutputTokens => figures.output = attribute.int(),
            Role::FirstChunk => figures.first_chunk = attribute.number(),
            Role::ChunkCount => figures.chunks = attribute.int(),
            Role::Cost => figures.cost = attribute.int(),
        });
        let seconds = took as f64 / NANOS_PER_SECOND;
        if kind != ROOT_FRAME_KIND
            && let Some(count) = self.events.get_mut(usize::from(kind))
        {
            *count += 1;
        }
        if let Some(error) = error {
            if self.errors.len() >= MOST_SERIES {
                self.hand_over_errors();
            }
            *self.errors.entry((kind, error.content.to_vec())).or_default() += 1;
        }
        if let Some(measure) = measure {
            self.record(measure, &key, seconds, &figures);
        }
        if is_message && measure == Some(Measure::Tool) {
            // A tool that is called by a message of MCP: the one span is both.
            self.measure_message(&mut key, content, seconds);
        }
        self.key = key;
    }

    fn measure_message(&mut self, key: &mut Vec<u8>, content: &[u8], seconds: f64) {
        key.clear();
        key.push(Measure::McpClient as u8);
        measured::walk(content, |attribute| {
            let role = role(attribute.key);
            if matches!(role, Role::Dimension(groups) if groups & MCP != 0)
                || matches!(role, Role::Method | Role::Error)
            {
                measured::keep(key, &attribute);
            }
        });
        self.record(Measure::McpClient, key, seconds, &Figures::default());
    }

    fn record(&mut self, measure: Measure, key: &[u8], seconds: f64, figures: &Figures) {
        let hash = checksum::crc32c_append(0, key);
        let is_known = self.series.get(&hash).is_some_and(|series| *series.key == *key);
        if !is_known {
            self.make_series(measure, key, hash);
        }
        let Self { instruments, series, .. } = self;
        let Some(series) = series.get_mut(&hash) else { return };
        series.duration.record(seconds);
        if measure == Measure::Operation {
            series.record_call(instruments, seconds, figures);
        }
    }

    /// Makes the instruments of a new set of attributes.
    #[cold]
    fn make_series(&mut self, measure: Measure, key: &[u8], hash: u32) {
        if self.series.len() >= MOST_SERIES {
            self.hand_over_series(true);
        }
        let attributes: Box<[KeyValue]> =
            measured::kept(key.get(1..).unwrap_or_default()).filter_map(|one| key_value(&one)).collect();
        let duration = self.instruments.duration(measure).bind(&attributes);
        let series = Series {
            key: key.into(),
            attributes,
            duration,
            input: None,
            output: None,
            first_chunk: None,
            output_chunk: None,
            cost: 0,
        };
        // One whose hash is the same gives way.
        if let Some(before) = self.series.insert(hash, series) {
            before.hand_over(&self.instruments);
        }
    }

    fn hand_over_series(&mut self, forget: bool) {
        for series in self.series.values_mut() {
            series.hand_over(&self.instruments);
            series.cost = 0;
        }
        if forget {
            self.series.clear();
        }
    }

    fn hand_over(&mut self, forget: bool) {
        self.hand_over_series(forget);
        for (kind, count) in (0..=u8::MAX).zip(&mut self.events).filter(|(_, count)| **count > 0) {
            self.instruments.events.add(std::mem::take(count), &[KeyValue::new(EVENT_KIND, kind_word(kind))]);
        }
        self.hand_over_errors();
    }

    /// Hands the counts of failures over, of which the SDK keeps as many apart as may be.
    fn hand_over_errors(&mut self) {
        for ((kind, error), count) in self.errors.drain() {
            let mut attributes = vec![KeyValue::new(EVENT_KIND, kind_word(kind))];
            attributes.extend(MeasuredAttribute::read(&error).and_then(|error| key_value(&error)));
            self.instruments.errors.add(count, &attributes);
        }
    }
}

fn record<T>(histogram: &Option<BoundHistogram<T>>, value: T) {
    if let Some(histogram) = histogram {
        histogram.record(value);
    }
}

impl Series {
    /// Its attributes but for why a call has failed.
    fn plain(&self, token_type: Option<&'static str>) -> Vec<KeyValue> {
        let plain = self.attributes.iter().filter(|attribute| attribute.key.as_str() != ERROR_TYPE);
        let token_type = token_type.map(|kind| KeyValue::new(TOKEN_TYPE, kind));
        plain.cloned().chain(token_type).collect()
    }

    /// Records what only calls of models say.
    fn record_call(&mut self, instruments: &Instruments, seconds: f64, figures: &Figures) {
        let count = |number: i64| u64::try_from(number).ok();
        if let Some(tokens) = figures.input.and_then(count) {
            if self.input.is_none() {
                self.input = Some(instruments.tokens.bind(&self.plain(Some(INPUT))));
            }
            record(&self.input, tokens);
        }
        if let Some(tokens) = figures.output.and_then(count) {
            if self.output.is_none() {
                self.output = Some(instruments.tokens.bind(&self.plain(Some(OUTPUT))));
            }
            record(&self.output, tokens);
        }
        self.cost = self.cost.saturating_add(figures.cost.and_then(count).unwrap_or(0));
        if let Some(first) = figures.first_chunk {
            if self.first_chunk.is_none() {
                self.first_chunk = Some(instruments.first_chunk.bind(&self.plain(None)));
            }
            record(&self.first_chunk, first);
            self.record_chunks(instruments, seconds - first, figures.chunks.unwrap_or(0));
        }
    }

    /// Records each chunk after the first by what they took on average: no span says more.
    fn record_chunks(&mut self, instruments: &Instruments, seconds: f64, chunks: i64) {
        let later = chunks.saturating_sub(1);
        if later < 1 || seconds < 0.0 {
            return;
        }
        if self.output_chunk.is_none() {
            self.output_chunk = Some(instruments.output_chunk.bind(&self.plain(None)));
        }
        if let Some(time) = &self.output_chunk {
            (0..later.min(MOST_CHUNKS)).for_each(|_| time.record(seconds / later as f64));
        }
    }

    fn hand_over(&self, instruments: &Instruments) {
        if self.cost > 0 {
            instruments.cost.add(self.cost, &self.plain(None));
        }
    }
}

/// The word for a kind of frames.
fn kind_word(kind: u8) -> &'static str {
    if kind == ROOT_FRAME_KIND {
        return SESSION_KIND;
    }
    EventKind::from_number(kind.into()).unwrap_or_default().word()
}

fn key_value(attribute: &MeasuredAttribute<'_>) -> Option<KeyValue> {
    let key = std::str::from_utf8(attribute.key).ok()?.to_owned();
    let value = match attribute.value()? {
        MeasuredValue::Text(text) => Value::String(StringValue::from(text.to_owned())),
        MeasuredValue::Bool(truth) => Value::Bool(truth),
        MeasuredValue::Int(number) => Value::I64(number),
        MeasuredValue::Double(number) => Value::F64(number),
    };
    Some(KeyValue::new(key, value))
}

#[cfg(test)]
mod tests {
    use opentelemetry::metrics::MeterProvider;
    use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue as EncodedKeyValue, any_value};
    use opentelemetry_proto::tonic::trace::v1::Span;
    use opentelemetry_sdk::metrics::SdkMeterProvider;
    use prost::Message;

    use super::*;

    #[test]
    fn failures_of_ever_new_kinds_take_no_more_memory_than_so_many() {
        let events = Events::new(&SdkMeterProvider::default().meter("test"));
        for number in 0..3 * MOST_SERIES {
            let value = Some(any_value::Value::StringValue(number.to_string()));
            let attributes = vec![EncodedKeyValue {
                key: ERROR_TYPE.to_owned(),
                value: Some(AnyValue { value }),
                ..EncodedKeyValue::default()
            }];
            let span = Span { attributes, ..Span::default() };
            events.measure(EventKind::Tool as u8, &span.encode_to_vec());
            let state = events.lock();
            assert!((1..=MOST_SERIES).contains(&state.errors.len()) && state.series.len() <= MOST_SERIES);
        }
    }
}
