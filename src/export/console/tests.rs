//! Claims about what the console shows and what it does with a stream that takes nothing.

use std::io::{PipeReader, Read as _};
use std::os::fd::OwnedFd;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use super::*;

const TIMEOUT: Duration = Duration::from_secs(5);
const MILLISECOND: u64 = 1_000_000;
/// 2023-11-14 22:13:20 UTC.
const START: u64 = 1_700_000_000_000 * MILLISECOND;
const TRACE: [u8; 16] = [0x4b; 16];

trait IntoValue {
    fn into_value(self) -> Value;
}

impl IntoValue for &str {
    fn into_value(self) -> Value {
        Value::StringValue(self.to_owned())
    }
}

impl IntoValue for bool {
    fn into_value(self) -> Value {
        Value::BoolValue(self)
    }
}

impl IntoValue for i64 {
    fn into_value(self) -> Value {
        Value::IntValue(self)
    }
}

impl<const N: usize> IntoValue for [&str; N] {
    fn into_value(self) -> Value {
        let values = self.into_iter().map(|text| AnyValue { value: Some(text.into_value()) }).collect();
        Value::ArrayValue(ArrayValue { values })
    }
}

fn attribute(key: &str, value: impl IntoValue) -> KeyValue {
    KeyValue { key: key.into(), value: Some(AnyValue { value: Some(value.into_value()) }), key_strindex: 0 }
}

/// A span from `start` to `end`, in milliseconds from the session's start.
fn span(id: u8, parent: u8, name: &str, start: u64, end: u64) -> Span {
    Span {
        trace_id: TRACE.to_vec(),
        span_id: vec![id; 8],
        parent_span_id: if parent == 0 { Vec::new() } else { vec![parent; 8] },
        name: name.into(),
        start_time_unix_nano: START + start * MILLISECOND,
        end_time_unix_nano: START + end * MILLISECOND,
        attributes: vec![attribute("session.id", "task-3-trial-0")],
        ..Default::default()
    }
}

fn with<const N: usize>(mut span: Span, attributes: [KeyValue; N]) -> Span {
    span.attributes.extend(attributes);
    span
}

fn failed(mut span: Span, kind: &str, message: &str) -> Span {
    span.attributes.push(attribute("error.type", kind));
    span.status = Some(Status { message: message.into(), code: 2 });
    span
}

fn llm(id: u8, start: u64, end: u64, tokens: (i64, i64), finish: &str) -> Span {
    with(
        span(id, 1, "chat gpt-4o", start, end),
        [
            attribute("gen_ai.operation.name", "chat"),
            attribute("gen_ai.request.model", "gpt-4o"),
            attribute("gen_ai.response.model", "gpt-4o-2024-08-06"),
            attribute("gen_ai.usage.input_tokens", tokens.0),
            attribute("gen_ai.usage.output_tokens", tokens.1),
            attribute("gen_ai.response.finish_reasons", [finish]),
        ],
    )
}

fn tool(id: u8, parent: u8, name: &str, start: u64, end: u64) -> Span {
    with(span(id, parent, name, start, end), [attribute("gen_ai.operation.name", "execute_tool")])
}

fn root() -> Span {
    let root = with(
        span(1, 0, "invoke_agent airline", 0, 92_400),
        [
            attribute("gen_ai.operation.name", "invoke_agent"),
            attribute("agentotel.session.end_state", "fail"),
            attribute("agentotel.session.end_state_reason", "task not solved"),
            attribute("agentotel.session.event_count", 6),
            attribute("agentotel.session.error_count", 1),
            attribute("agentotel.session.llm_count", 2),
            attribute("agentotel.session.tool_count", 2),
            attribute("agentotel.session.usage.input_tokens", 2_225),
            attribute("agentotel.session.usage.output_tokens", 1_079),
        ],
    );
    failed(root, "_OTHER", "task not solved")
}

/// A session in the order in which its spans end: the root last.
fn session() -> Vec<Span> {
    vec![
        llm(2, 5_000, 6_240, (1_024, 46), "tool_calls"),
        tool(3, 2, "execute_tool get_user_details", 6_240, 6_345),
        failed(
            tool(4, 2, "execute_tool book_reservation", 6_345, 6_457),
            "tool_error",
            "Error: payment method \u{1b}[31mnot found\nsecond line",
        ),
        with(span(6, 1, "action refund", 11_700, 11_712), [attribute("agentotel.action.type", "refund")]),
        span(7, 6, "ledger", 11_701, 11_701),
        llm(5, 11_457, 11_700, (1_201, 1_033), "stop"),
        root(),
    ]
}

fn traces(spans: Vec<Span>) -> Batch {
    let items = spans.len() as u64;
    let scope_spans = vec![ScopeSpans { spans, ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
    let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    Batch { signal: Signal::Traces, items, body: Bytes::from(body) }
}

fn logs(log_records: Vec<LogRecord>) -> Batch {
    let items = log_records.len() as u64;
    let scope_logs = vec![ScopeLogs { log_records, ..Default::default() }];
    let resource_logs = vec![ResourceLogs { scope_logs, ..Default::default() }];
    let body = ExportLogsServiceRequest { resource_logs }.encode_to_vec();
    Batch { signal: Signal::Logs, items, body: Bytes::from(body) }
}

fn error_record(span: u8, message: &str) -> LogRecord {
    LogRecord {
        trace_id: TRACE.to_vec(),
        span_id: vec![span; 8],
        event_name: "exception".into(),
        severity_number: 17,
        attributes: vec![attribute("exception.type", "tool_error"), attribute("exception.message", message)],
        ..Default::default()
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Sends the batches to a console and gives back what it printed after each, and when it was
/// closed.
fn printed_by_each(color: Color, batches: &[Batch]) -> Vec<String> {
    printed_as(|console| console, color, batches)
}

/// The same of a console that prints something else.
fn printed_as(
    shown: impl FnOnce(ConsoleExporter) -> ConsoleExporter,
    color: Color,
    batches: &[Batch],
) -> Vec<String> {
    let file = tempfile::NamedTempFile::new().unwrap();
    let outlet = Outlet::to(OwnedFd::from(file.reopen().unwrap()));
    let console = shown(ConsoleExporter::with_outlet(outlet, color));
    let mut prints = Vec::new();
    let mut seen = 0;
    runtime().block_on(async {
        let read = |seen: &mut usize| {
            let text = std::fs::read_to_string(file.path()).unwrap();
            let new = text[*seen..].to_owned();
            *seen = text.len();
            new
        };
        for batch in batches {
            assert_eq!(console.send(batch, TIMEOUT).await, Outcome::Accepted);
            prints.push(read(&mut seen));
        }
        assert_eq!(console.close(TIMEOUT).await, Outcome::Accepted);
        prints.push(read(&mut seen));
    });
    prints
}

fn printed(batches: &[Batch]) -> String {
    printed_by_each(Color::Never, batches).concat()
}

const SESSION: &str = "\
session invoke_agent airline                         1m 32s  task-3-trial-0 · 2023-11-14 22:13:20Z \
    · trace 4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b
├─ llm    chat gpt-4o                        +5.00s   1.24s  1,024 → 46 tokens \
    · gpt-4o-2024-08-06 · tool_calls
│  ├─ tool   execute_tool get_user_details   +6.24s   105ms
│  └─ tool   execute_tool book_reservation   +6.34s   112ms
│        ✗ tool_error: Error: payment method \\u{1b}[31mnot found\\nsecond line
├─ llm    chat gpt-4o                       +11.45s   243ms  1,201 → 1,033 tokens · gpt-4o-2024-08-06 · stop
├─ action action refund                     +11.70s    12ms
│  └─ span   ledger                         +11.70s     0ns
└─ ✗ fail: task not solved · 6 events · 1 error · 2 llm calls · 2 tool calls · 2,225 → 1,079 tokens
";

#[test]
fn a_session_is_a_tree_of_what_happened() {
    let text = printed(&[traces(session())]);
    assert_eq!(text, SESSION, "\n{text}");
}

#[test]
fn a_session_is_printed_when_its_root_has_come() {
    let mut spans = session();
    let root = spans.pop().unwrap();
    let prints = printed_by_each(Color::Never, &[traces(spans), traces(vec![root])]);
    assert_eq!(prints, ["", SESSION, ""]);
}

#[test]
fn a_span_that_shows_what_is_in_flight_is_left_to_the_one_that_ends_it() {
    let now = with(span(9, 1, "under way", 1_000, 2_000), [attribute("agentotel.in_flight", true)]);
    let mut spans = vec![now];
    spans.extend(session());
    assert_eq!(printed(&[traces(spans)]), printed(&[traces(session())]));
}

#[test]
fn colour_paints_the_same_text() {
    let painted = printed_by_each(Color::Always, &[traces(session())]).concat();
    assert!(painted.contains("\u{1b}[31m✗ tool_error: "), "{painted}");
    let mut plain = String::new();
    for (nth, part) in painted.split("\u{1b}[").enumerate() {
        plain.push_str(if nth == 0 { part } else { part.split_once('m').unwrap().1 });
    }
    assert_eq!(plain, SESSION);
}

#[test]
fn a_file_gets_no_colours_by_itself() {
    assert_eq!(printed_by_each(Color::Auto, &[traces(session())]).concat(), SESSION);
}

#[test]
fn a_late_span_is_shown_at_the_end_under_its_trace() {
    let late = [traces(session()), traces(vec![tool(9, 2, "execute_tool late", 12_000, 12_030)])];
    let prints = printed_by_each(Color::Never, &late);
    assert_eq!((prints[0].as_str(), prints[1].as_str()), (SESSION, ""));
    let expected = "\
trace 4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b  its root span is not here
└─ tool   execute_tool late  +0ms  30ms
";
    assert_eq!(prints[2], expected);
}

#[test]
fn an_error_record_is_shown_below_its_span_and_once_only() {
    // The same error as the span's own, before and after the span: said by the span.
    let same = "Error: payment method \u{1b}[31mnot found\nsecond line";
    let prints = printed_by_each(
        Color::Never,
        &[logs(vec![error_record(4, same)]), traces(session()), logs(vec![error_record(4, same)])],
    );
    assert_eq!(prints, ["", SESSION, "", ""]);
    // Another one has a line of its own.
    let text = printed(&[logs(vec![error_record(2, "slow"), error_record(7, "odd")]), traces(session())]);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[1].contains("chat gpt-4o"));
    assert_eq!(lines[2], "│  │  ✗ tool_error: slow");
    assert!(lines[8].contains("ledger"), "{text}");
    assert_eq!(lines[9], "│        ✗ tool_error: odd");
}

#[test]
fn an_error_record_whose_span_never_comes_is_shown_alone() {
    let mut warning = error_record(8, "rate limited");
    warning.event_name = "gen_ai.client.operation.exception".into();
    warning.severity_number = 13;
    let info = LogRecord { event_name: "note".into(), severity_number: 9, ..error_record(8, "hello") };
    let expected = "\
trace 4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b4b  its root span is not here
└─ ✗ tool_error: rate limited  span 0808080808080808
";
    assert_eq!(printed(&[logs(vec![warning, info])]), expected);
}

#[test]
fn a_log_record_is_one_line_in_colour_only_where_that_is_wanted() {
    let record = LogRecord {
        time_unix_nano: START + 123 * MILLISECOND,
        severity_number: 13,
        severity_text: "WARN".into(),
        event_name: "disk.full".into(),
        body: Some(AnyValue { value: Some("two\nlines \u{1b}[31m".into_value()) }),
        attributes: vec![
            attribute("session.id", "s"),
            attribute("path", "/var"),
            attribute("why", "no \"room\""),
            attribute("list", ["a", "b"]),
            attribute("free", 0i64),
        ],
        span_id: vec![8; 8],
        ..Default::default()
    };
    let bare = LogRecord { observed_time_unix_nano: START, ..Default::default() };
    let batches = [logs(vec![record.clone(), bare]), traces(vec![span(1, 0, "not shown", 0, 1)])];
    let expected = "\
2023-11-14T22:13:20.123Z WARN  disk.full two\\nlines \\u{1b}[31m path=/var why=\"no \\\"room\\\"\" \
list=[\"a\",\"b\"] free=0 span 0808080808080808
2023-11-14T22:13:20.000Z -    
";
    assert_eq!(printed_as(ConsoleExporter::with_log_text, Color::Never, &batches).concat(), expected);
    // A file is no terminal.
    assert_eq!(printed_as(ConsoleExporter::with_log_text, Color::Auto, &batches).concat(), expected);
    let coloured = printed_as(ConsoleExporter::with_log_text, Color::Always, &batches).concat();
    assert!(coloured.contains("\u{1b}[33mWARN \u{1b}[0m"), "{coloured}");
    let lines =
        printed_as(|console| console.with_lines(Lines::Records), Color::Always, &[logs(vec![record])]);
    assert!(lines[0].starts_with('{') && lines[0].ends_with("}\n") && lines[0].lines().count() == 1);
    assert!(lines[0].contains("\"severityText\":\"WARN\""), "{}", lines[0]);
}

#[test]
fn an_error_record_without_a_trace_is_shown_at_once() {
    let record = LogRecord { trace_id: vec![], span_id: vec![], ..error_record(8, "alone") };
    let prints = printed_by_each(Color::Never, &[logs(vec![record])]);
    assert!(prints[0].contains("exception.message=alone"), "{}", prints[0]);
    assert_eq!(prints[1], "");
}

#[test]
fn sessions_of_one_trace_do_not_take_each_others_spans() {
    // Two sessions below the same remote parent.
    let remote = |id: u8, name: &str| Span {
        flags: 0x303,
        ..with(span(id, 0xee, name, 0, 10), [attribute("agentotel.session.end_state", "success")])
    };
    let prints = printed_by_each(
        Color::Never,
        &[
            traces(vec![span(12, 11, "of the first", 1, 2), span(22, 21, "of the second", 1, 2)]),
            traces(vec![remote(11, "first")]),
            traces(vec![remote(21, "second")]),
        ],
    );
    assert!(prints[1].starts_with("session first") && prints[1].contains("of the first"), "{}", prints[1]);
    assert!(!prints[1].contains("second"), "{}", prints[1]);
    assert!(prints[2].starts_with("session second") && prints[2].contains("of the second"), "{}", prints[2]);
    assert_eq!(prints[3], "");
}

#[test]
fn the_bound_prints_the_oldest_trace_and_no_span_is_lost() {
    let mut batches = Vec::new();
    let mut number = 0_u64;
    for _ in 0..25 {
        let spans = (0..1_000).map(|_| {
            number += 1;
            let mut span = span(1, 9, &format!("n{number}."), 0, 1);
            span.trace_id[..8].copy_from_slice(&(number / 2_500).to_be_bytes());
            span.span_id = number.to_be_bytes().to_vec();
            span
        });
        batches.push(traces(spans.collect()));
    }
    let prints = printed_by_each(Color::Never, &batches);
    assert!(prints[..10].iter().all(String::is_empty));
    assert_eq!(prints[10].matches("trace ").count(), 1, "the oldest trace alone");
    let all = prints.concat();
    for number in [1, 2_499, 2_500, 12_345, 25_000] {
        assert_eq!(all.matches(&format!(" n{number}. ")).count(), 1, "{number}");
    }
    assert_eq!(all.lines().count(), 25_000 + all.matches("trace ").count());
}

#[test]
fn parents_in_a_circle_and_deep_chains_are_drawn_and_end() {
    let circle = vec![span(1, 2, "one", 0, 1), span(2, 1, "two", 0, 1), span(3, 3, "own parent", 0, 1)];
    let text = printed(&[traces(circle)]);
    for name in ["one", "two", "own parent"] {
        assert_eq!(text.matches(&format!(" {name} ")).count(), 1, "{text}");
    }
    let chain = (1..9_000_u64).map(|number| {
        let mut span = span(0, 0, "link", 0, 1);
        span.span_id = number.to_be_bytes().to_vec();
        span.parent_span_id = if number == 1 { Vec::new() } else { (number - 1).to_be_bytes().to_vec() };
        span
    });
    let text = printed(&[traces(chain.collect())]);
    assert_eq!(text.matches("link").count(), 8_999);
    assert!(text.len() < 8_999 * 300, "{} bytes", text.len());
}

#[test]
fn hostile_spans_are_shown_within_bounds() {
    let mut wild =
        failed(span(1, 0, &"\u{1b}]0;owned\u{7}".repeat(100_000), 5, 1), "e\u{202e}", &"m".repeat(1 << 20));
    wild.trace_id = vec![1, 2, 3];
    wild.span_id = vec![9; 99];
    wild.end_time_unix_nano = 0;
    wild.start_time_unix_nano = u64::MAX;
    let text = printed(&[traces(vec![wild])]);
    assert!(text.len() < 2_000 && !text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    let garbage = Batch { signal: Signal::Traces, items: 1, body: Bytes::from_static(&[0xff]) };
    let console = ConsoleExporter::new(ConsoleStream::Stdout, Color::Never);
    let outcome = runtime().block_on(console.send(&garbage, TIMEOUT));
    assert!(matches!(outcome, Outcome::Rejected { cause: Cause::Protocol, .. }));
}

/// A large session, of more text than a pipe takes (64 KiB).
fn large_session() -> Batch {
    let events = (0..2_000_u64).map(|number| Span {
        span_id: (1_000 + number).to_be_bytes().to_vec(),
        ..span(2, 1, &format!("event {number:04} {}", "x".repeat(40)), number, number + 1)
    });
    traces(events.chain([root()]).collect())
}

fn console_on_a_pipe() -> (PipeReader, ConsoleExporter) {
    let (reader, writer) = std::io::pipe().unwrap();
    (reader, ConsoleExporter::with_outlet(Outlet::to(OwnedFd::from(writer)), Color::Never))
}

#[test]
fn a_pipe_that_nobody_reads_does_not_block_the_thread() {
    let (mut reader, console) = console_on_a_pipe();
    let runtime = runtime();
    let (first, second, ticks) = runtime.block_on(async {
        let mut ticks = 0;
        let mut ticker = tokio::time::interval(Duration::from_millis(10));
        let batch = large_session();
        let sends = async {
            let timeout = Duration::from_millis(300);
            (console.send(&batch, timeout).await, console.send(&batch, timeout).await)
        };
        tokio::pin!(sends);
        loop {
            tokio::select! {
                (first, second) = &mut sends => break (first, second, ticks),
                _ = ticker.tick() => ticks += 1,
            }
        }
    });
    // The first is taken in, and waits to be printed; the second is not even that.
    assert_eq!(first, Outcome::Accepted);
    assert!(matches!(second, Outcome::Retry { cause: Cause::Timeout, .. }), "{second:?}");
    assert!(ticks > 10, "the thread was held up: {ticks} ticks");
    // Once somebody reads, all of it comes, in order and once.
    let all = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    assert_eq!(runtime.block_on(console.close(TIMEOUT)), Outcome::Accepted);
    drop(console);
    let text = all.join().unwrap();
    let numbers: Vec<&str> = text.lines().filter_map(|line| line.split("event ").nth(1)?.get(..4)).collect();
    assert_eq!(numbers, (0..2_000).map(|number| format!("{number:04}")).collect::<Vec<_>>());
    assert!(text.ends_with("tokens\n"));
}

#[test]
fn the_hosts_descriptor_stays_as_it_was() {
    let (reader, writer) = std::io::pipe().unwrap();
    let flags = || rustix::fs::fcntl_getfl(&writer).unwrap();
    let before = flags();
    let console =
        ConsoleExporter::with_outlet(Outlet::to(OwnedFd::from(writer.try_clone().unwrap())), Color::Never);
    runtime().block_on(console.send(&large_session(), Duration::from_millis(50)));
    assert_eq!(flags(), before);
    drop(reader);
}

#[test]
fn a_reader_that_is_gone_refuses() {
    let (reader, console) = console_on_a_pipe();
    drop(reader);
    let outcome = runtime().block_on(console.send(&traces(session()), TIMEOUT));
    assert!(
        matches!(outcome, Outcome::Rejected { cause: Cause::Io(io::ErrorKind::BrokenPipe), .. }),
        "{outcome:?}"
    );
}

#[test]
fn a_socket_is_written_to_as_far_as_it_takes() {
    let (mut reader, writer) = std::os::unix::net::UnixStream::pair().unwrap();
    let console = ConsoleExporter::with_outlet(Outlet::to(OwnedFd::from(writer)), Color::Never);
    let runtime = runtime();
    let mut batches = 0;
    // More than its buffer holds, and nobody reads.
    while runtime.block_on(console.send(&large_session(), Duration::from_millis(100))) == Outcome::Accepted {
        batches += 1;
        assert!(batches < 1_000);
    }
    let all = std::thread::spawn(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    assert_eq!(runtime.block_on(console.close(TIMEOUT)), Outcome::Accepted);
    drop(console);
    assert_eq!(all.join().unwrap().lines().count(), batches * 2_002);
}

#[test]
fn lines_take_the_place_of_trees() {
    use crate::export::lines::FormatCallback;
    use crate::export::registry::Registry;

    struct Length;

    impl FormatCallback for Length {
        fn format(&self, signal: Signal, json: &[u8]) -> Result<Vec<u8>, String> {
            let record: serde_json::Value =
                serde_json::from_slice(json).map_err(|error| error.to_string())?;
            match record["name"].as_str() {
                Some("odd") => Err("odd".to_owned()),
                name => Ok(format!("{}: {}", signal.name(), name.unwrap_or("-")).into_bytes()),
            }
        }
    }

    let named = |name: &str| Span { name: name.to_owned(), ..Default::default() };
    let scope_spans =
        vec![ScopeSpans { spans: vec![named("a"), named("odd"), named("b")], ..Default::default() }];
    let resource_spans = vec![ResourceSpans { scope_spans, ..Default::default() }];
    let body = ExportTraceServiceRequest { resource_spans }.encode_to_vec();
    let batch = Batch { signal: Signal::Traces, items: 3, body: Bytes::from(body) };
    let formatters = std::sync::Arc::<Registry<dyn FormatCallback>>::default();
    formatters.set("length", std::sync::Arc::new(Length), std::sync::Arc::new(|| {}));
    let printed = |lines: Lines| {
        let file = tempfile::NamedTempFile::new().unwrap();
        let outlet = Outlet::to(OwnedFd::from(file.reopen().unwrap()));
        let console = ConsoleExporter::with_outlet(outlet, Color::Never).with_lines(lines);
        let outcome = runtime().block_on(console.send(&batch, TIMEOUT));
        (outcome, std::fs::read_to_string(file.path()).unwrap())
    };
    let (outcome, text) = printed(Lines::Formatter { name: "length".to_owned(), formatters });
    assert_eq!(text, "traces: a\ntraces: b\n");
    assert_eq!(outcome, Outcome::partial(1, "formatter `length`: odd"));
    let (outcome, text) = printed(Lines::OtlpJson);
    assert!(text.starts_with("{\"resourceSpans\":") && text.lines().count() == 1, "{text}");
    assert_eq!(outcome, Outcome::Accepted);
}
