//! What metrics promise, as claims, through the manager: what host exporters are handed, decoded with the official types.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bumpalo::Bump;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Decoded;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::{Metric, number_data_point};
use prost::Message;

use crate::config::{Config, Environment};
use crate::event::data::{
    Detail, ErrorDetail, EventData, EventKind, GivenTimes, SessionEnd, SessionOptions, Target,
};
use crate::event::details::{FieldValue, Fields};
use crate::manager::{Answer, Callbacks, Caller, HandedOver, OtelManager};
use crate::metrics::series::{InstrumentKind, InstrumentOptions};
use crate::otlp::Signal;
use crate::otlp::value::{Attribute, Value};

const PATIENCE: Duration = Duration::from_secs(20);
const MILLI: i64 = 1_000_000;

/// What an exporter was handed and took.
#[derive(Clone, Default)]
struct Taken {
    metrics: Arc<Mutex<Vec<ExportMetricsServiceRequest>>>,
    /// So many requests are to be handed over again.
    refusals: Arc<AtomicU32>,
}

impl Taken {
    fn export(&self, batch: &HandedOver<'_>) -> Answer {
        let is_refused = self
            .refusals
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1))
            .is_ok();
        if is_refused {
            return Answer::Retry { after: Duration::ZERO, message: "later".to_owned() };
        }
        if batch.signal == Signal::Metrics {
            assert_eq!(batch.items, 1, "a collection goes alone");
            self.metrics.lock().unwrap().push(ExportMetricsServiceRequest::decode(batch.bytes).unwrap());
        }
        Answer::Ok { rejected: 0, message: String::new() }
    }

    fn collections(&self) -> Vec<Vec<Metric>> {
        let requests = self.metrics.lock().unwrap();
        let metrics = |request: &ExportMetricsServiceRequest| {
            let scopes = request.resource_metrics.iter().flat_map(|resource| &resource.scope_metrics);
            scopes.flat_map(|scope| scope.metrics.clone()).collect()
        };
        requests.iter().map(metrics).collect()
    }

    /// The last collection's points of a metric.
    fn last(&self, name: &str) -> Points {
        points(self.collections().last().expect("there was a collection"), name)
    }
}

/// A point: its count and sum (a plain sum counts nothing), and the counts of its buckets.
#[derive(Clone, Debug, Default, PartialEq)]
struct Point {
    count: u64,
    sum: f64,
    buckets: Vec<u64>,
}

/// Points by their attributes.
type Points = BTreeMap<String, Point>;

fn shown(attributes: &[KeyValue]) -> String {
    let value = |attribute: &KeyValue| match attribute.value.as_ref().and_then(|value| value.value.clone()) {
        Some(Decoded::StringValue(text)) => text,
        Some(Decoded::IntValue(number)) => number.to_string(),
        Some(Decoded::BoolValue(truth)) => truth.to_string(),
        other => format!("{other:?}"),
    };
    let mut shown: Vec<_> =
        attributes.iter().map(|attribute| format!("{}={}", attribute.key, value(attribute))).collect();
    shown.sort();
    shown.join(" ")
}

fn points(metrics: &[Metric], name: &str) -> Points {
    let mut points = Points::new();
    for metric in metrics.iter().filter(|metric| metric.name == name) {
        match metric.data.clone().unwrap() {
            Data::Sum(sum) => points.extend(sum.data_points.iter().map(number)),
            Data::Gauge(gauge) => points.extend(gauge.data_points.iter().map(number)),
            Data::Histogram(histogram) => points.extend(histogram.data_points.iter().map(|point| {
                let buckets = point.bucket_counts.clone();
                let point_of = Point { count: point.count, sum: point.sum.unwrap_or(0.0), buckets };
                (shown(&point.attributes), point_of)
            })),
            Data::ExponentialHistogram(histogram) => {
                points.extend(histogram.data_points.iter().map(|point| {
                    let buckets = point.positive.clone().unwrap_or_default().bucket_counts;
                    let point_of = Point { count: point.count, sum: point.sum.unwrap_or(0.0), buckets };
                    (shown(&point.attributes), point_of)
                }))
            }
            Data::Summary(_) => panic!("nothing makes summaries"),
        }
    }
    points
}

fn number(point: &opentelemetry_proto::tonic::metrics::v1::NumberDataPoint) -> (String, Point) {
    let sum = match point.value.unwrap() {
        number_data_point::Value::AsInt(number) => number as f64,
        number_data_point::Value::AsDouble(number) => number,
    };
    (shown(&point.attributes), Point { count: 0, sum, buckets: Vec::new() })
}

/// Points of several collections, added up.
fn total(collections: &[Vec<Metric>], name: &str) -> Points {
    let mut total = Points::new();
    for metrics in collections {
        for (key, point) in points(metrics, name) {
            let sum = total.entry(key).or_default();
            sum.count += point.count;
            sum.sum += point.sum;
            sum.buckets.resize(point.buckets.len(), 0);
            sum.buckets.iter_mut().zip(&point.buckets).for_each(|(sum, count)| *sum += count);
        }
    }
    total
}

/// A library with two exporters, one for each temporality.
struct World {
    manager: Arc<OtelManager>,
    cumulative: Taken,
    delta: Taken,
    caller: Caller,
    arena: Bump,
    session: u64,
}

impl World {
    /// One that does not measure itself.
    fn new(metrics: &str, more: &str) -> Self {
        Self::with_metrics(&format!(r#""self":false{metrics}"#), more)
    }

    fn with_metrics(metrics: &str, more: &str) -> Self {
        let exporter = |name: &str, temporality: &str| {
            format!(
                r#"{{"type":"host","name":"{name}","callback":"{name}","temporality":"{temporality}",
                    "retry":{{"initial_ms":1,"max_ms":5}},"batch":{{"delay_ms":10}}}}"#
            )
        };
        let (one, two) = (exporter("cumulative", "cumulative"), exporter("delta", "delta"));
        let json = format!(
            r#"{{"exporters":[{one},{two}],"queue":{{"segment_bytes":1048576,"max_bytes":8388608,"shards":2}},
                "metrics":{{{metrics}}}{more}}}"#
        );
        let resolved =
            Config::resolve(Some(json.as_bytes()), &Environment::from_pairs::<&str, &str>([], false))
                .unwrap();
        let callbacks = Arc::new(Callbacks::default());
        let (cumulative, delta) = (Taken::default(), Taken::default());
        for (name, taken) in [("cumulative", &cumulative), ("delta", &delta)] {
            let taken = taken.clone();
            let export = move |batch: &HandedOver<'_>| taken.export(batch);
            callbacks.exporters.set(name, Arc::new(export), Arc::new(|| {}));
        }
        let manager =
            OtelManager::start(Arc::new(resolved.config), &resolved.warnings, 1, &callbacks).unwrap();
        let (mut caller, arena) = (Caller::new(), Bump::new());
        let session = manager.start_session(&mut caller, &arena, &SessionOptions::default()).unwrap();
        Self { manager, cumulative, delta, caller, arena, session }
    }

    fn record(&mut self, data: &EventData<'_>) {
        // What a call reads lives as long as its arena.
        let arena = Bump::new();
        self.manager.record_event(&mut self.caller, &arena, self.session, data, &[]).unwrap();
    }

    fn flush(&self) {
        self.manager.flush(PATIENCE).unwrap();
    }

    fn end(mut self) -> (Taken, Taken) {
        let end = SessionEnd::default();
        self.manager.end_session(&mut self.caller, &self.arena, self.session, &end).unwrap();
        self.manager.shutdown(PATIENCE).unwrap();
        (self.cumulative, self.delta)
    }
}

fn lasting(milliseconds: i64) -> GivenTimes {
    GivenTimes { start: 1_000_000 * MILLI, duration: milliseconds * MILLI, end: 0 }
}

fn detail<'a>(arena: &'a Bump, kind: EventKind, given: &[(&str, FieldValue<'a>)]) -> Detail<'a> {
    Detail::new(kind, Fields::called(arena, kind.fields(), given))
}

fn llm<'a>(arena: &'a Bump, model: &'a [u8], tokens: i64, more: &[(&str, FieldValue<'a>)]) -> Detail<'a> {
    let usual = [
        ("provider", FieldValue::Text(b"acme")),
        ("request_model", FieldValue::Text(model)),
        ("input_tokens", FieldValue::Int(tokens)),
        ("output_tokens", FieldValue::Int(2 * tokens)),
        ("cost_micro_units", FieldValue::Int(7)),
    ];
    detail(arena, EventKind::Llm, &[&usual, more].concat())
}

fn tool<'a>(arena: &'a Bump, name: &'a [u8]) -> Detail<'a> {
    detail(arena, EventKind::Tool, &[("name", FieldValue::Text(name))])
}

/// Some of everything that is measured.
fn record_some(world: &mut World) {
    let arena = Bump::new();
    for (model, tokens, milliseconds) in [("a", 3, 15), ("a", 70, 500), ("b", 5, 90_000)] {
        world.record(&EventData {
            detail: llm(&arena, model.as_bytes(), tokens, &[]),
            times: lasting(milliseconds),
            ..EventData::default()
        });
    }
    let error = ErrorDetail { kind: b"timeout", ..ErrorDetail::default() };
    world.record(&EventData {
        detail: llm(&arena, b"a", 1, &[]),
        times: lasting(2_000),
        error: Some(&error),
        ..EventData::default()
    });
    world.record(&EventData {
        detail: llm(&arena, b"c", 4, &[("time_to_first_chunk_s", FieldValue::Double(0.25))]),
        times: lasting(1_000),
        ..EventData::default()
    });
    let detail_of_tool = tool(&arena, b"search");
    world.record(&EventData { detail: detail_of_tool, times: lasting(30), ..EventData::default() });
    let given = [("method", FieldValue::Text(b"tools/call")), ("tool_name", FieldValue::Text(b"search"))];
    let mcp = detail(&arena, EventKind::McpClient, &given);
    world.record(&EventData { detail: mcp, times: lasting(40), ..EventData::default() });
}

fn check_some(taken: &Taken) {
    let durations = taken.last("gen_ai.client.operation.duration");
    let key = |model: &str, more: &str| {
        format!("{more}gen_ai.operation.name=chat gen_ai.provider.name=acme gen_ai.request.model={model}")
    };
    assert_eq!(durations.len(), 4, "{durations:?}");
    let a = &durations[&key("a", "")];
    assert_eq!((a.count, a.buckets.len()), (2, 15));
    assert!((a.sum - 0.515).abs() < 1e-9);
    // 0.01 < 0.015 <= 0.02, and 0.32 < 0.5 <= 0.64.
    assert_eq!((a.buckets[1], a.buckets[6]), (1, 1));
    assert_eq!(durations[&key("b", "")].buckets[14], 1, "beyond the last boundary");
    assert_eq!(durations[&key("a", "error.type=timeout ")].count, 1);
    let tokens = taken.last("gen_ai.client.token.usage");
    let input = &tokens[&format!("{} gen_ai.token.type=input", key("a", ""))];
    // The failed call has used tokens, too.
    assert_eq!((input.count, input.sum), (3, 74.0));
    let output = &tokens[&format!("{} gen_ai.token.type=output", key("a", ""))];
    assert_eq!((output.count, output.sum), (3, 148.0));
    let first = taken.last("gen_ai.client.operation.time_to_first_chunk");
    assert_eq!(first[&key("c", "")].sum, 0.25);
    assert_eq!(taken.last("agentotel.cost.micro_units")[&key("a", "")].sum, 21.0);
    assert_eq!(taken.last("agentotel.tool.duration")["gen_ai.tool.name=search"].count, 1);
    let mcp = taken.last("mcp.client.operation.duration");
    assert_eq!(
        mcp["gen_ai.operation.name=execute_tool gen_ai.tool.name=search mcp.method.name=tools/call"].count,
        1
    );
    let errors = taken.last("agentotel.error.count");
    assert_eq!(errors["agentotel.event.kind=llm error.type=timeout"].sum, 1.0);
    let events = taken.last("agentotel.event.count");
    assert_eq!(events["agentotel.event.kind=llm"].sum, 5.0);
    assert_eq!(events["agentotel.event.kind=tool"].sum, 1.0);
}

#[test]
fn events_are_measured_whatever_sampling_says() {
    for sampler in ["always_on", "always_off"] {
        let mut world = World::new("", &format!(r#","sampler":"{sampler}""#));
        record_some(&mut world);
        world.flush();
        check_some(&world.cumulative);
        check_some(&world.delta);
        let spans = world.manager.stats(Signal::Traces).counters.accepted();
        assert_eq!(spans, if sampler == "always_on" { 7 } else { 0 });
        let (cumulative, _) = world.end();
        assert_eq!(cumulative.last("agentotel.session.duration").len(), 1, "{sampler}");
        check_some(&cumulative);
    }
}

#[test]
fn events_in_flight_are_measured_when_they_end_and_not_while_they_show() {
    for sampler in ["always_on", "always_off"] {
        let live = r#","live":{"export":"spans","interval_ms":10,"min_age_ms":0}"#;
        let mut world = World::new("", &format!(r#"{live},"sampler":"{sampler}""#));
        let arena = Bump::new();
        let data = EventData { detail: tool(&arena, b"slow"), ..EventData::default() };
        let event = world.manager.start_event(&mut world.caller, &arena, world.session, &data).unwrap();
        let begun = Instant::now();
        // The live view shows the span at least once.
        while sampler == "always_on" && world.manager.stats(Signal::Traces).counters.accepted() == 0 {
            assert!(begun.elapsed() < PATIENCE);
            std::thread::sleep(Duration::from_millis(1));
        }
        world.flush();
        assert_eq!(world.cumulative.collections().len(), 0, "there is nothing to collect yet");
        let end = EventData::default();
        world.manager.end_event(&mut world.caller, &arena, event, &end).unwrap();
        world.flush();
        assert_eq!(world.cumulative.last("agentotel.tool.duration")["gen_ai.tool.name=slow"].count, 1);
    }
}

#[test]
fn delta_and_cumulative_agree_and_nothing_comes_twice() {
    let mut world = World::new("", "");
    for round in 0..5 {
        // What is sent again was measured once.
        world.delta.refusals.store(round, Ordering::Relaxed);
        world.cumulative.refusals.store(round, Ordering::Relaxed);
        record_some(&mut world);
        world.flush();
    }
    let (cumulative, delta) = world.end();
    let collections = delta.collections();
    for name in ["gen_ai.client.operation.duration", "gen_ai.client.token.usage", "agentotel.event.count"] {
        let (summed, last) = (total(&collections, name), cumulative.last(name));
        assert_eq!(summed.len(), last.len(), "{name}");
        for (key, point) in last {
            assert_eq!((summed[&key].count, &summed[&key].buckets), (point.count, &point.buckets), "{key}");
            assert!((summed[&key].sum - point.sum).abs() < 1e-6, "{key}");
        }
    }
    assert_eq!(cumulative.last("agentotel.event.count")["agentotel.event.kind=llm"].sum, 25.0);
}

#[test]
fn a_receiver_that_is_down_gets_every_interval_afterwards() {
    let mut world = World::new(r#","interval_ms":20"#, "");
    world.delta.refusals.store(u32::MAX, Ordering::Relaxed);
    let pending = |world: &World| {
        let stats = world.manager.exporter_stats(b"delta", Signal::Metrics).unwrap();
        assert_eq!(stats.counters.accepted, stats.counters.settled() + stats.counters.pending);
        stats.counters.pending
    };
    let begun = Instant::now();
    let mut recorded = 0;
    while pending(&world) < 4 {
        assert!(begun.elapsed() < PATIENCE);
        let arena = Bump::new();
        world.record(&EventData { detail: tool(&arena, b"t"), ..EventData::default() });
        recorded += 1;
        std::thread::sleep(Duration::from_millis(2));
    }
    world.delta.refusals.store(0, Ordering::Relaxed);
    let (_, delta) = world.end();
    let collections = delta.collections();
    assert!(collections.len() >= 4, "{}", collections.len());
    assert_eq!(total(&collections, "agentotel.tool.duration")["gen_ai.tool.name=t"].count, recorded);
}

#[test]
fn a_view_changes_buckets_names_and_attributes() {
    let views = r#","views":[
        {"instrument":"gen_ai.client.operation.*","name":"calls","boundaries":[1,10],"attributes":["gen_ai.provider.name"]},
        {"instrument":"agentotel.*","aggregation":"drop"},
        {"instrument":"gen_ai.client.token.usage","aggregation":"exponential_histogram","max_size":20}]"#;
    let mut world = World::new(views, "");
    record_some(&mut world);
    let (cumulative, _) = world.end();
    let metrics = cumulative.collections().pop().unwrap();
    let names: Vec<_> = metrics.iter().map(|metric| metric.name.as_str()).collect();
    assert!(!names.iter().any(|name| name.starts_with("agentotel.")), "{names:?}");
    let durations = metrics.iter().find(|metric| metric.name == "calls" && metric.unit == "s").unwrap();
    let point = &points(std::slice::from_ref(durations), "calls")["gen_ai.provider.name=acme"];
    assert_eq!((point.count, &point.buckets), (5, &vec![3, 1, 1]));
    let tokens = metrics.iter().find(|metric| metric.name == "gen_ai.client.token.usage").unwrap();
    assert!(matches!(tokens.data, Some(Data::ExponentialHistogram(_))));
}

#[test]
fn failures_of_ever_new_kinds_are_all_counted() {
    const KINDS: u32 = 2_500;
    let mut world = World::new(r#","cardinality_limit":5000"#, "");
    for number in 0..KINDS {
        let arena = Bump::new();
        let kind = number.to_string();
        let error = ErrorDetail { kind: kind.as_bytes(), ..ErrorDetail::default() };
        let detail = tool(&arena, b"t");
        world.record(&EventData { detail, error: Some(&error), ..EventData::default() });
    }
    let (_, delta) = world.end();
    // A collection of that size comes in several frames.
    let failed = total(&delta.collections(), "agentotel.error.count");
    assert_eq!(failed.len(), KINDS as usize);
    assert!(failed.values().all(|point| point.sum == 1.0));
}

#[test]
fn measurements_that_find_no_room_are_made_at_once() {
    // Nobody takes anything, so that the queue fills with what is sampled.
    let mut world = World::new("", "");
    world.delta.refusals.store(u32::MAX, Ordering::Relaxed);
    world.cumulative.refusals.store(u32::MAX, Ordering::Relaxed);
    let long = "x".repeat(100_000);
    let mut recorded = 0u32;
    loop {
        let arena = Bump::new();
        let given = [("name", FieldValue::Text(b"t")), ("description", FieldValue::Text(long.as_bytes()))];
        let data = EventData { detail: detail(&arena, EventKind::Tool, &given), ..EventData::default() };
        if world.manager.record_event(&mut world.caller, &arena, world.session, &data, &[]).is_err() {
            break;
        }
        recorded += 1;
    }
    let metrics = world.manager.metrics_for_tests();
    for _ in 0..1_000 {
        metrics.leave(1, crate::event::data::EventKind::Action as u8, |place| {
            let duration = crate::otlp::measured::duration_field(1);
            place.get_mut(..9)?.copy_from_slice(&duration);
            Some(9)
        });
    }
    world.delta.refusals.store(0, Ordering::Relaxed);
    world.cumulative.refusals.store(0, Ordering::Relaxed);
    // What is collected finds no room now, and is kept until there is some.
    world.flush();
    let (cumulative, delta) = world.end();
    let collections = delta.collections();
    for events in [cumulative.last("agentotel.event.count"), total(&collections, "agentotel.event.count")] {
        assert_eq!(events["agentotel.event.kind=action"].sum, 1_000.0);
        assert_eq!(events["agentotel.event.kind=tool"].sum, f64::from(recorded));
    }
}

/// What the host's instruments have counted, by temporality, after `measure` was called before each of three collections.
fn measured(metrics: &str, mut measure: impl FnMut(&mut World)) -> (Taken, Taken) {
    let mut world = World::new(metrics, "");
    for _ in 0..3 {
        measure(&mut world);
        world.flush();
    }
    world.end()
}

fn instrument(world: &World, kind: InstrumentKind, name: &str, is_whole: bool) -> u64 {
    let options = InstrumentOptions { name, unit: "1", description: "", is_whole, boundaries: &[1.0, 10.0] };
    world.manager.make_instrument(kind, &options).unwrap()
}

fn measure(world: &mut World, kind: InstrumentKind, handle: u64, value: f64, attributes: &[Attribute<'_>]) {
    let arena = Bump::new();
    let World { manager, caller, .. } = world;
    manager.measure(caller, &arena, kind, handle, value, attributes).unwrap();
}

#[test]
fn the_hosts_instruments_agree_bound_or_not() {
    let (cumulative, delta) = measured("", |world| {
        let attributes = [Attribute::new("k", Value::Text(b"v"))];
        for (name, is_whole) in [("doubles", false), ("whole", true)] {
            let counter = instrument(world, InstrumentKind::Counter, name, is_whole);
            let bound =
                world.manager.bind_instrument(0, &Bump::new(), InstrumentKind::Counter, counter, &attributes);
            let bound = bound.unwrap();
            for _ in 0..10 {
                measure(world, InstrumentKind::Counter, counter, 2.0, &attributes);
                assert!(world.manager.measure_bound_at_once(InstrumentKind::Counter, bound, 3.0));
            }
        }
        let up_down = instrument(world, InstrumentKind::UpDownCounter, "up-down", true);
        measure(world, InstrumentKind::UpDownCounter, up_down, 5.0, &[]);
        measure(world, InstrumentKind::UpDownCounter, up_down, -7.0, &[]);
        let histogram = instrument(world, InstrumentKind::Histogram, "histogram", false);
        for value in [0.5, 1.0, 5.0, 50.0] {
            measure(world, InstrumentKind::Histogram, histogram, value, &attributes);
        }
        let gauge = instrument(world, InstrumentKind::Gauge, "gauge", false);
        measure(world, InstrumentKind::Gauge, gauge, 1.0, &[]);
        measure(world, InstrumentKind::Gauge, gauge, -2.5, &[]);
    });
    for name in ["doubles", "whole"] {
        assert_eq!(cumulative.last(name)["k=v"].sum, 150.0);
        assert_eq!(total(&delta.collections(), name)["k=v"].sum, 150.0);
    }
    assert_eq!(cumulative.last("up-down")[""].sum, -6.0);
    let histogram = &cumulative.last("histogram")["k=v"];
    assert_eq!((histogram.count, histogram.sum, &histogram.buckets), (12, 169.5, &vec![6, 3, 3]));
    assert_eq!(total(&delta.collections(), "histogram")["k=v"], *histogram);
    assert_eq!(cumulative.last("gauge")[""].sum, -2.5);
}

#[test]
fn a_flood_of_attributes_is_bounded_and_marked_and_loses_nothing() {
    const SETS: u32 = 100_000;
    let mut world = World::new(r#","cardinality_limit":100"#, "");
    let counter = instrument(&world, InstrumentKind::Counter, "flood", true);
    for number in 0..SETS {
        let text = number.to_string();
        let attributes = [Attribute::new("user", Value::Text(text.as_bytes()))];
        measure(&mut world, InstrumentKind::Counter, counter, 1.0, &attributes);
    }
    let (cumulative, _) = world.end();
    let points = cumulative.last("flood");
    assert_eq!(points.len(), 101);
    assert_eq!(points["otel.metric.overflow=true"].sum, f64::from(SETS - 100));
    assert_eq!(points.values().map(|point| point.sum).sum::<f64>(), f64::from(SETS));
}

#[test]
fn what_makes_no_sense_is_refused_and_counted() {
    let mut world = World::new("", "");
    let counter = instrument(&world, InstrumentKind::Counter, "counter", true);
    let arena = Bump::new();
    let World { manager, caller, .. } = &mut world;
    let mut refuse = |handle, value, attributes: &[Attribute<'_>]| {
        manager
            .measure(caller, &arena, InstrumentKind::Counter, handle, value, attributes)
            .unwrap_err()
            .to_string()
    };
    assert!(refuse(counter, -1.0, &[]).contains("only rises"));
    assert!(refuse(counter, 0.5, &[]).contains("whole"));
    assert!(refuse(counter, f64::NAN, &[]).contains("finite"));
    assert!(refuse(counter, 1.0, &[Attribute::new("a", Value::Bytes(b"x"))]).contains("attributes"));
    assert!(refuse(counter ^ 1 << 60, 1.0, &[]).contains("counter"));
    assert!(refuse(counter + 1, 1.0, &[]).contains("counter"));
    let counters = manager.stats(Signal::Metrics).counters;
    assert_eq!((counters.offered, counters.refused.iter().sum::<u64>()), (6, 6));
    let options =
        |name| InstrumentOptions { name, unit: "", description: "", is_whole: false, boundaries: &[] };
    let make = |kind, name| world.manager.make_instrument(kind, &options(name));
    assert!(make(InstrumentKind::Gauge, "Counter").unwrap_err().to_string().contains("another kind"));
    for name in ["", "1a", "a b", &"a".repeat(256)] {
        assert!(make(InstrumentKind::Gauge, name).is_err(), "{name}");
    }
}

#[test]
fn its_own_counters_never_fall_whatever_is_not_sampled() {
    let mut world = World::with_metrics(r#""self":true"#, r#","sampler":"always_off""#);
    record_some(&mut world);
    for _ in 0..3 {
        let (mut caller, arena) = (Caller::new(), Bump::new());
        let open = world.manager.start_session(&mut caller, &arena, &SessionOptions::default()).unwrap();
        world.flush();
        world.manager.end_session(&mut caller, &arena, open, &SessionEnd::default()).unwrap();
        world.flush();
    }
    let (_, delta) = world.end();
    let started = total(&delta.collections(), "otel.sdk.span.started");
    assert_eq!(started["otel.span.sampling_result=RECORD_AND_SAMPLE"].sum, 0.0);
    // Seven events, three sessions and the first one.
    assert_eq!(started["otel.span.sampling_result=DROP"].sum, 11.0);
}

#[test]
fn errors_are_measured_where_nothing_is_sampled() {
    let mut world = World::new("", r#","sampler":"always_off""#);
    let arena = Bump::new();
    let data = EventData { detail: tool(&arena, b"t"), ..EventData::default() };
    let event = world.manager.start_event(&mut world.caller, &arena, world.session, &data).unwrap();
    let error = ErrorDetail { kind: b"broken", ..ErrorDetail::default() };
    world
        .manager
        .record_error(&mut world.caller, &arena, world.session, Target::Event(event), &error)
        .unwrap();
    world.manager.end_event(&mut world.caller, &arena, event, &EventData::default()).unwrap();
    world.flush();
    let errors = world.cumulative.last("agentotel.error.count");
    assert_eq!(errors["agentotel.event.kind=tool error.type=broken"].sum, 1.0);
    assert_eq!(world.manager.stats(Signal::Logs).counters.accepted(), 0);
}

#[test]
fn what_it_says_of_itself_is_what_the_stats_say() {
    let mut world = World::with_metrics(r#""from_events":false"#, "");
    record_some(&mut world);
    world.flush();
    // At rest: what this flush delivers is a collection alone.
    world.flush();
    let traces = world.manager.stats(Signal::Traces).counters;
    let exporter = world.manager.exporter_stats(b"cumulative", Signal::Traces).unwrap();
    let last = |name: &str| world.cumulative.last(name);
    let sum = |name: &str, key: &str| last(name)[key].sum as u64;
    assert_eq!(
        sum("otel.sdk.span.started", "otel.span.sampling_result=RECORD_AND_SAMPLE"),
        traces.accepted()
    );
    assert_eq!(sum("otel.sdk.span.live", ""), 1, "the session");
    let queue = "otel.component.name=agentotel_queue/0 otel.component.type=agentotel_queue";
    assert_eq!(sum("otel.sdk.processor.span.processed", queue), traces.accepted());
    let of_exporter = "otel.component.name=cumulative otel.component.type=agentotel_exporter";
    assert_eq!(sum("otel.sdk.exporter.span.exported", of_exporter), exporter.counters.exported);
    assert_eq!(sum("otel.sdk.processor.span.queue.size", of_exporter), 0);
    assert_eq!(
        sum("agentotel.exporter.attempts", &format!("agentotel.signal=traces {of_exporter}")),
        exporter.health.attempts
    );
    assert!(last("process.memory.usage")[""].sum > 1e6);
    let logs = world.manager.stats(Signal::Logs).counters;
    assert_eq!(sum("otel.sdk.log.created", ""), logs.accepted());
    let (cumulative, _) = world.end();
    assert!(cumulative.last("gen_ai.client.operation.duration").is_empty());
}

#[test]
fn without_metrics_there_is_no_trace_of_them() {
    let mut world = World::new(r#","enabled":false"#, r#","sampler":"always_off""#);
    record_some(&mut world);
    world.flush();
    assert!(world.manager.exporter_stats(b"delta", Signal::Metrics).is_err());
    let (cumulative, delta) = world.end();
    assert_eq!((cumulative.collections().len(), delta.collections().len()), (0, 0));
}

#[test]
fn an_exporter_that_comes_later_gets_what_is_collected_or_is_refused() {
    let world = World::new("", "");
    let environment = Environment::from_pairs::<&str, &str>([], false);
    let add = |temporality: &str| {
        let json = format!(r#"{{"type":"host","callback":"cumulative","temporality":"{temporality}"}}"#);
        world.manager.add_exporter(json.as_bytes(), &environment)
    };
    let refused = add("lowmemory").unwrap_err().to_string();
    assert!(refused.contains("temporality"), "{refused}");
    add("delta").unwrap();
}
