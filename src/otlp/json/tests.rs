//! Claims about the JSON form, checked by reading it back: with serde_json for the text, with the
//! generated types' own derives for the meaning.

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{
    AnyValue, ArrayValue, EntityRef, InstrumentationScope, KeyValue, KeyValueList,
};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as Number;
use opentelemetry_proto::tonic::metrics::v1::{
    ExponentialHistogram, ExponentialHistogramDataPoint, Gauge, Histogram, HistogramDataPoint, Metric,
    NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use proptest::prelude::*;
use prost::Message as _;

use super::*;

fn text(value: &str) -> Option<AnyValue> {
    Some(AnyValue { value: Some(Value::StringValue(value.to_owned())) })
}

fn attribute(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn request(spans: Vec<Span>) -> ExportTraceServiceRequest {
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            resource: Some(Resource {
                attributes: vec![attribute("service.name", Value::StringValue("demo".into()))],
                ..Default::default()
            }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope { name: "agentotel".into(), ..Default::default() }),
                spans,
                schema_url: "https://example.org/scope".into(),
            }],
            schema_url: "https://example.org/resource".into(),
        }],
    }
}

fn line_of(request: &ExportTraceServiceRequest) -> String {
    String::from_utf8(json_line(Signal::Traces, &request.encode_to_vec()).unwrap()).unwrap()
}

fn value_json(value: Option<Value>) -> String {
    let mut out = Vec::new();
    any_value(&mut out, &AnyValue { value }.encode_to_vec(), 0).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_span_is_written_as_the_collector_writes_it() {
    let span = Span {
        trace_id: vec![0x5b; 16],
        span_id: vec![0xee, 0xe1, 0x9b, 0x7e, 0xc3, 0xc1, 0xb1, 0x74],
        parent_span_id: vec![0x0e; 8],
        flags: 0x103,
        name: "chat \"gpt\"\n\u{1}é".into(),
        kind: 3,
        start_time_unix_nano: 1_544_712_660_000_000_000,
        end_time_unix_nano: 1_544_712_661_000_000_000,
        attributes: vec![attribute("tokens", Value::IntValue(-9_007_199_254_740_993))],
        status: Some(Status { message: "bad".into(), code: 2 }),
        ..Default::default()
    };
    assert_eq!(
        line_of(&request(vec![span])),
        concat!(
            r#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","#,
            r#""value":{"stringValue":"demo"}}]},"scopeSpans":[{"scope":{"name":"agentotel"},"#,
            r#""spans":[{"traceId":"5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b","spanId":"eee19b7ec3c1b174","#,
            r#""parentSpanId":"0e0e0e0e0e0e0e0e","flags":259,"name":"chat \"gpt\"\n\u0001é","kind":3,"#,
            r#""startTimeUnixNano":"1544712660000000000","endTimeUnixNano":"1544712661000000000","#,
            r#""attributes":[{"key":"tokens","value":{"intValue":"-9007199254740993"}}],"#,
            r#""status":{"message":"bad","code":2}}],"schemaUrl":"https://example.org/scope"}],"#,
            r#""schemaUrl":"https://example.org/resource"}]}"#,
            "\n"
        )
    );
}

#[test]
fn every_kind_of_value_has_its_own_member_even_when_it_is_the_default() {
    assert_eq!(value_json(Some(Value::StringValue(String::new()))), r#"{"stringValue":""}"#);
    assert_eq!(value_json(Some(Value::BoolValue(false))), r#"{"boolValue":false}"#);
    assert_eq!(value_json(Some(Value::IntValue(0))), r#"{"intValue":"0"}"#);
    assert_eq!(value_json(Some(Value::DoubleValue(0.0))), r#"{"doubleValue":0.0}"#);
    assert_eq!(value_json(Some(Value::ArrayValue(ArrayValue::default()))), r#"{"arrayValue":{"values":[]}}"#);
    assert_eq!(
        value_json(Some(Value::KvlistValue(KeyValueList::default()))),
        r#"{"kvlistValue":{"values":[]}}"#
    );
    assert_eq!(value_json(Some(Value::BytesValue(Vec::new()))), r#"{"bytesValue":""}"#);
    assert_eq!(value_json(None), "{}");
}

#[test]
fn a_number_that_json_lacks_is_a_string_at_any_depth() {
    assert_eq!(value_json(Some(Value::DoubleValue(f64::NAN))), r#"{"doubleValue":"NaN"}"#);
    assert_eq!(value_json(Some(Value::DoubleValue(f64::INFINITY))), r#"{"doubleValue":"Infinity"}"#);
    let nested = ArrayValue { values: vec![AnyValue { value: Some(Value::DoubleValue(f64::NEG_INFINITY)) }] };
    assert_eq!(
        value_json(Some(Value::ArrayValue(nested))),
        r#"{"arrayValue":{"values":[{"doubleValue":"-Infinity"}]}}"#
    );
}

#[test]
fn bytes_are_padded_base64() {
    for (bytes, expected) in [("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
        let json = value_json(Some(Value::BytesValue(bytes.as_bytes().to_vec())));
        assert_eq!(json, format!(r#"{{"bytesValue":"{expected}"}}"#));
    }
    assert_eq!(value_json(Some(Value::BytesValue(vec![0xfb, 0xff]))), r#"{"bytesValue":"+/8="}"#);
}

#[test]
fn an_absent_message_is_never_null() {
    let bare = ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans {
            scope_spans: vec![ScopeSpans {
                spans: vec![Span {
                    attributes: vec![KeyValue { key: "empty".into(), value: None, key_strindex: 0 }],
                    ..Default::default()
                }],
                ..Default::default()
            }],
            ..Default::default()
        }],
    };
    let line = line_of(&bare);
    assert!(!line.contains("null"), "{line}");
    serde_json::from_str::<ExportTraceServiceRequest>(&line).unwrap();
}

#[test]
fn a_log_record_reads_back_as_itself() {
    let record = LogRecord {
        time_unix_nano: 17,
        observed_time_unix_nano: 18,
        severity_number: 17,
        severity_text: "ERROR".into(),
        body: text("boom"),
        attributes: vec![attribute("exception.type", Value::StringValue("tool_error".into()))],
        dropped_attributes_count: 1,
        flags: 1,
        trace_id: vec![7; 16],
        span_id: vec![8; 8],
        event_name: "exception".into(),
    };
    let request = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs {
            resource: Some(Resource::default()),
            scope_logs: vec![ScopeLogs {
                scope: Some(InstrumentationScope::default()),
                log_records: vec![record],
                schema_url: String::new(),
            }],
            schema_url: String::new(),
        }],
    };
    let line = json_line(Signal::Logs, &request.encode_to_vec()).unwrap();
    assert_eq!(serde_json::from_slice::<ExportLogsServiceRequest>(&line).unwrap(), request);
}

#[test]
fn members_that_stand_apart_are_one_list() {
    let span = |name: &str| Span {
        name: name.into(),
        attributes: vec![attribute(name, Value::IntValue(1))],
        ..Default::default()
    };
    // Concatenated, messages are merged: every repeated field of the second goes behind that of the first.
    let spans = [span("a").encode_to_vec(), span("b").encode_to_vec()].concat();
    let merged = Span::decode(&spans[..]).unwrap();
    assert_eq!(merged.attributes.len(), 2);
    let line = |span: &[u8]| {
        let delimited =
            |field: u8, bytes: &[u8]| [&[field << 3 | 2, u8::try_from(bytes.len()).unwrap()], bytes].concat();
        let request = delimited(1, &delimited(2, &delimited(2, span)));
        String::from_utf8(json_line(Signal::Traces, &request).unwrap()).unwrap()
    };
    assert_eq!(line(&spans), line(&merged.encode_to_vec()));
}

#[test]
fn text_is_escaped_or_refused_wherever_the_byte_stands() {
    for length in 0..20 {
        for at in 0..length {
            for byte in 0..=0xff {
                let mut text = vec![b'a'; length];
                text[at] = byte;
                let mut out = Vec::new();
                let result = text::string(&mut out, &text);
                match std::str::from_utf8(&text) {
                    Ok(valid) => assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), valid),
                    Err(_) => assert!(result.is_err(), "{byte} at {at} of {length}"),
                }
            }
        }
    }
}

#[test]
fn nesting_without_end_is_an_error() {
    let mut value = AnyValue { value: Some(Value::BoolValue(true)) };
    for _ in 0..120 {
        value = AnyValue { value: Some(Value::ArrayValue(ArrayValue { values: vec![value] })) };
    }
    let record = LogRecord { body: Some(value), ..Default::default() };
    let scope_logs = vec![ScopeLogs { log_records: vec![record], ..Default::default() }];
    let request =
        ExportLogsServiceRequest { resource_logs: vec![ResourceLogs { scope_logs, ..Default::default() }] };
    let error = json_line(Signal::Logs, &request.encode_to_vec()).unwrap_err();
    assert!(error.to_string().contains("100 levels"), "{error}");
}

#[test]
fn metrics_are_written_as_the_collector_writes_them() {
    let number = |value| NumberDataPoint {
        attributes: vec![attribute("k", Value::StringValue("v".into()))],
        start_time_unix_nano: 1,
        time_unix_nano: 2,
        value: Some(value),
        ..NumberDataPoint::default()
    };
    let metric = |name: &str, data| Metric { name: name.into(), data: Some(data), ..Metric::default() };
    let metrics = vec![
        Metric {
            description: "what".into(),
            unit: "s".into(),
            ..metric("gauge", Data::Gauge(Gauge { data_points: vec![number(Number::AsDouble(0.0))] }))
        },
        metric(
            "sum",
            Data::Sum(Sum {
                data_points: vec![number(Number::AsInt(-9_007_199_254_740_993))],
                aggregation_temporality: 2,
                is_monotonic: true,
            }),
        ),
        metric(
            "histogram",
            Data::Histogram(Histogram {
                data_points: vec![HistogramDataPoint {
                    time_unix_nano: 3,
                    count: 2,
                    sum: Some(1.5),
                    bucket_counts: vec![0, 2],
                    explicit_bounds: vec![1.0],
                    min: Some(0.0),
                    max: Some(f64::INFINITY),
                    ..HistogramDataPoint::default()
                }],
                aggregation_temporality: 1,
            }),
        ),
        metric(
            "exponential",
            Data::ExponentialHistogram(ExponentialHistogram {
                data_points: vec![ExponentialHistogramDataPoint {
                    count: 3,
                    scale: -4,
                    zero_count: 1,
                    positive: Some(Buckets { offset: 5, bucket_counts: vec![1, 300] }),
                    negative: Some(Buckets::default()),
                    ..ExponentialHistogramDataPoint::default()
                }],
                aggregation_temporality: 1,
            }),
        ),
    ];
    let scope_metrics = vec![ScopeMetrics { metrics, ..ScopeMetrics::default() }];
    let resource_metrics = vec![ResourceMetrics { scope_metrics, ..ResourceMetrics::default() }];
    let request = ExportMetricsServiceRequest { resource_metrics }.encode_to_vec();
    let attributes = r#""attributes":[{"key":"k","value":{"stringValue":"v"}}],"startTimeUnixNano":"1","timeUnixNano":"2""#;
    let expected = [
        format!(r#"{{"name":"gauge","description":"what","unit":"s","gauge":{{"dataPoints":[{{{attributes},"asDouble":0.0}}]}}}}"#),
        format!(
            r#"{{"name":"sum","sum":{{"dataPoints":[{{{attributes},"asInt":"-9007199254740993"}}],"aggregationTemporality":2,"isMonotonic":true}}}}"#
        ),
        concat!(
            r#"{"name":"histogram","histogram":{"dataPoints":[{"timeUnixNano":"3","count":"2","sum":1.5,"#,
            r#""bucketCounts":["0","2"],"explicitBounds":[1.0],"min":0.0,"max":"Infinity"}],"aggregationTemporality":1}}"#
        )
        .to_owned(),
        concat!(
            r#"{"name":"exponential","exponentialHistogram":{"dataPoints":[{"count":"3","scale":-4,"zeroCount":"1","#,
            r#""positive":{"offset":5,"bucketCounts":["1","300"]},"negative":{}}],"aggregationTemporality":1}}"#
        )
        .to_owned(),
    ];
    let records = json_records(Signal::Metrics, &request).unwrap();
    let written: Vec<_> = records.into_iter().map(|record| String::from_utf8(record).unwrap()).collect();
    assert_eq!(written, expected);
    let line = String::from_utf8(json_line(Signal::Metrics, &request).unwrap()).unwrap();
    let all = expected.join(",");
    assert_eq!(
        line,
        format!(
            r#"{{"resourceMetrics":[{{"resource":{{}},"scopeMetrics":[{{"scope":{{}},"metrics":[{all}]}}]}}]}}"#
        ) + "\n"
    );
}

#[test]
fn garbage_is_a_named_error() {
    let error = json_line(Signal::Traces, &[0x0a, 0xff]).unwrap_err();
    assert!(error.to_string().starts_with("not a request of Traces"), "{error}");
}

fn arbitrary_value() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        any::<String>().prop_map(Value::StringValue),
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        // Few digits: serde_json's reader is exact for these only, as it is configured here.
        any::<i32>().prop_map(|eighths| Value::DoubleValue(f64::from(eighths) / 8.0)),
        proptest::collection::vec(any::<u8>(), 0..40).prop_map(Value::BytesValue),
    ]
    .prop_map(|value| AnyValue { value: Some(value) });
    leaf.prop_recursive(4, 24, 4, |inner| {
        let pair = (any::<String>(), inner.clone()).prop_map(|(key, value)| KeyValue {
            key,
            value: Some(value),
            key_strindex: 0,
        });
        prop_oneof![
            proptest::collection::vec(inner, 0..4)
                .prop_map(|values| AnyValue { value: Some(Value::ArrayValue(ArrayValue { values })) }),
            proptest::collection::vec(pair, 0..4)
                .prop_map(|values| AnyValue { value: Some(Value::KvlistValue(KeyValueList { values })) }),
        ]
    })
}

proptest! {
    #[test]
    fn a_finite_number_keeps_all_its_digits(bits in any::<u64>()) {
        let number = f64::from_bits(bits);
        prop_assume!(number.is_finite());
        let json = value_json(Some(Value::DoubleValue(number)));
        let digits = json.strip_prefix(r#"{"doubleValue":"#).unwrap().strip_suffix('}').unwrap();
        prop_assert_eq!(digits.parse::<f64>().unwrap().to_bits(), number.to_bits());
        prop_assert!(serde_json::from_str::<serde_json::Number>(digits).is_ok());
    }

    #[test]
    fn what_is_written_reads_back_as_what_went_in(
        name in any::<String>(),
        times in any::<(u64, u64)>(),
        values in proptest::collection::vec((any::<String>(), arbitrary_value()), 0..6),
        message in any::<String>(),
    ) {
        let attributes: Vec<KeyValue> = values
            .into_iter()
            .map(|(key, value)| KeyValue { key, value: Some(value), key_strindex: 0 })
            .collect();
        let span = Span {
            trace_id: vec![1; 16],
            span_id: vec![2; 8],
            name: name.clone(),
            kind: 1,
            start_time_unix_nano: times.0,
            end_time_unix_nano: times.1,
            events: vec![Event {
                time_unix_nano: 3,
                name,
                attributes: attributes.clone(),
                dropped_attributes_count: 4,
            }],
            links: vec![Link {
                trace_id: vec![3; 16],
                span_id: vec![4; 8],
                flags: 1,
                ..Default::default()
            }],
            attributes,
            status: Some(Status { message, code: 2 }),
            ..Default::default()
        };
        let request = request(vec![span]);
        let line = line_of(&request);
        prop_assert_eq!(line.matches('\n').count(), 1);
        prop_assert_eq!(serde_json::from_str::<ExportTraceServiceRequest>(&line).unwrap(), request);
    }

    #[test]
    fn every_member_of_a_record_reads_back(
        numbers in any::<(u64, u64, i32, u32, u32)>(),
        texts in any::<(String, String, String, String)>(),
        body in proptest::option::of(arbitrary_value()),
        ids in (proptest::collection::vec(any::<u8>(), 16), proptest::collection::vec(any::<u8>(), 8)),
    ) {
        let record = LogRecord {
            time_unix_nano: numbers.0,
            observed_time_unix_nano: numbers.1,
            severity_number: numbers.2,
            severity_text: texts.0.clone(),
            body,
            attributes: vec![attribute(&texts.1, Value::BoolValue(true))],
            dropped_attributes_count: numbers.3,
            flags: numbers.4,
            trace_id: ids.0,
            span_id: ids.1,
            event_name: texts.1.clone(),
        };
        let resource = Resource {
            attributes: vec![attribute(&texts.2, Value::IntValue(1))],
            dropped_attributes_count: numbers.3,
            entity_refs: vec![EntityRef {
                // Its reader, unlike the others, wants every member.
                schema_url: format!("s{}", texts.0),
                r#type: format!("t{}", texts.1),
                id_keys: vec![texts.2.clone(), texts.3.clone()],
                description_keys: vec![texts.3.clone()],
            }],
        };
        let scope = InstrumentationScope {
            name: texts.3,
            version: texts.0.clone(),
            attributes: vec![attribute(&texts.1, Value::IntValue(i64::MIN))],
            dropped_attributes_count: numbers.4,
        };
        let request = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: Some(resource),
                scope_logs: vec![ScopeLogs { scope: Some(scope), log_records: vec![record], schema_url: texts.2 }],
                schema_url: texts.0,
            }],
        };
        let line = json_line(Signal::Logs, &request.encode_to_vec()).unwrap();
        prop_assert_eq!(serde_json::from_slice::<ExportLogsServiceRequest>(&line).unwrap(), request);
    }

    #[test]
    fn bytes_that_no_decoder_takes_are_refused_and_none_makes_bad_json(
        request in proptest::collection::vec(any::<u8>(), 0..60),
        cut in any::<prop::sample::Index>(),
        flip in any::<(prop::sample::Index, u8)>(),
    ) {
        let span = Span { name: "name".into(), attributes: vec![attribute("k", Value::IntValue(-1))], ..Default::default() };
        let mut damaged = self::request(vec![span]).encode_to_vec();
        let at = flip.0.index(damaged.len());
        damaged[at] ^= flip.1;
        damaged.truncate(cut.index(damaged.len() + 1));
        for bytes in [&request, &damaged] {
            let decoded = ExportTraceServiceRequest::decode(&bytes[..]);
            match json_line(Signal::Traces, bytes) {
                Ok(line) => prop_assert!(serde_json::from_slice::<serde_json::Value>(&line).is_ok()),
                // Groups are a type of field that no message here has; decoders pass over them.
                Err(error) => prop_assert!(
                    decoded.is_err() || error.to_string().contains("no such type"), "{:?}: {}", bytes, error
                ),
            }
        }
    }
}
