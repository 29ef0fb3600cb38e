//! Claims about the file exporter, with real files, a real full device and a real size limit.

use std::fs;
use std::io::BufRead as _;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message as _;

use super::*;
use crate::otlp::{Signal, json_line};

mod rotated;

/// An exporter of lines of OTLP JSON.
fn in_lines(path: impl Into<PathBuf>, rotate: Rotate) -> FileExporter {
    FileExporter::new(path, FileFormat::OtlpJson, Lines::OtlpJson, rotate)
}

const TIMEOUT: Duration = Duration::from_secs(5);

/// Where the child of the size-limit test finds its file.
const LIMITED_FILE: &str = "AGENTOTEL_TEST_LIMITED_FILE";

fn request(name: &str) -> ExportTraceServiceRequest {
    let span = Span {
        trace_id: vec![1; 16],
        span_id: vec![2; 8],
        name: name.into(),
        status: Some(Status::default()),
        ..Default::default()
    };
    let scope = Some(Default::default());
    let scope_spans = vec![ScopeSpans { scope, spans: vec![span], ..Default::default() }];
    let resource = Some(Resource::default());
    ExportTraceServiceRequest {
        resource_spans: vec![ResourceSpans { resource, scope_spans, ..Default::default() }],
    }
}

fn traces(request: &ExportTraceServiceRequest) -> Batch {
    Batch { signal: Signal::Traces, items: 1, body: Bytes::from(request.encode_to_vec()) }
}

fn batch(name: &str) -> Batch {
    traces(&request(name))
}

/// An exporter of lines that never finishes a file.
fn lines(path: impl Into<PathBuf>) -> FileExporter {
    in_lines(path, Rotate::default())
}

fn send(exporter: &FileExporter, batch: &Batch) -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(exporter.send(batch, TIMEOUT))
}

fn retry_kind(outcome: &Outcome) -> io::ErrorKind {
    match outcome {
        Outcome::Retry { after: None, cause: Cause::Io(kind), .. } => *kind,
        other => panic!("{other:?}"),
    }
}

/// The names of the spans in the file, every line of which must be whole.
fn names(path: &Path) -> Vec<String> {
    let bytes = fs::read(path).unwrap();
    assert!(bytes.is_empty() || bytes.ends_with(b"\n"), "the last line is torn");
    let requests =
        bytes.lines().map(|line| serde_json::from_str::<ExportTraceServiceRequest>(&line.unwrap()).unwrap());
    requests.map(|request| request.resource_spans[0].scope_spans[0].spans[0].name.clone()).collect()
}

#[test]
fn traces_and_logs_go_to_the_same_file_and_read_back_as_they_were() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    let exporter = lines(&path);
    assert!(!path.exists(), "nothing is opened before the first send");
    let spans = request("line one\nline two");
    let record = LogRecord { event_name: "exception".into(), severity_number: 17, ..Default::default() };
    let scope = Some(Default::default());
    let scope_logs = vec![ScopeLogs { scope, log_records: vec![record], ..Default::default() }];
    let resource = Some(Resource::default());
    let logs = ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource, scope_logs, ..Default::default() }],
    };
    assert_eq!(send(&exporter, &traces(&spans)), Outcome::Accepted);
    let batch = Batch { signal: Signal::Logs, items: 1, body: Bytes::from(logs.encode_to_vec()) };
    assert_eq!(send(&exporter, &batch), Outcome::Accepted);
    let text = fs::read_to_string(&path).unwrap();
    let [first, second] = text.lines().collect::<Vec<_>>()[..] else { panic!("two lines: {text}") };
    assert_eq!(serde_json::from_str::<ExportTraceServiceRequest>(first).unwrap(), spans);
    assert_eq!(serde_json::from_str::<ExportLogsServiceRequest>(second).unwrap(), logs);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn an_existing_file_is_continued_and_a_moved_one_is_left() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    let rotated = directory.path().join("otlp.jsonl.1");
    assert_eq!(send(&lines(&path), &batch("a")), Outcome::Accepted);
    let exporter = lines(&path);
    assert_eq!(send(&exporter, &batch("b")), Outcome::Accepted);
    fs::rename(&path, &rotated).unwrap();
    assert_eq!(send(&exporter, &batch("c")), Outcome::Accepted);
    assert_eq!(names(&rotated), ["a", "b"]);
    assert_eq!(names(&path), ["c"]);
}

#[test]
fn a_batch_that_cannot_be_decoded_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let exporter = lines(directory.path().join("x"));
    let garbage = Batch { signal: Signal::Traces, items: 1, body: Bytes::from_static(&[0xff]) };
    assert!(matches!(send(&exporter, &garbage), Outcome::Rejected { cause: Cause::Protocol, .. }));
}

#[test]
fn a_missing_directory_is_to_be_retried_and_its_making_noticed() {
    let directory = tempfile::tempdir().unwrap();
    let exporter = lines(directory.path().join("later/otlp.jsonl"));
    let outcome = send(&exporter, &batch("a"));
    assert_eq!(retry_kind(&outcome), io::ErrorKind::NotFound);
    let Outcome::Retry { message, .. } = outcome else { panic!() };
    assert!(message.starts_with("file ") && message.contains("later/otlp.jsonl: No such file"), "{message}");
    fs::create_dir(directory.path().join("later")).unwrap();
    assert_eq!(send(&exporter, &batch("a")), Outcome::Accepted);
}

#[test]
fn a_symbolic_link_and_what_is_no_file_are_not_written_to() {
    let directory = tempfile::tempdir().unwrap();
    let target = directory.path().join("target");
    fs::write(&target, "").unwrap();
    let link = directory.path().join("link");
    symlink(&target, &link).unwrap();
    retry_kind(&send(&lines(&link), &batch("a")));
    assert_eq!(fs::metadata(&target).unwrap().len(), 0);
    retry_kind(&send(&lines(directory.path()), &batch("a")));
    let fifo = directory.path().join("fifo");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let outcome = send(&lines(&fifo), &batch("a"));
    assert_eq!(retry_kind(&outcome), io::ErrorKind::InvalidInput);
}

#[test]
fn a_full_device_is_to_be_retried() {
    let outcome = send(&lines("/dev/full"), &batch("a"));
    assert_eq!(retry_kind(&outcome), io::ErrorKind::StorageFull);
    assert_eq!(send(&lines("/dev/null"), &batch("a")), Outcome::Accepted);
}

#[test]
fn a_short_write_is_taken_back_to_the_last_whole_line() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    // A limit of 8 blocks of 1024 bytes (512 in some shells), whose signal is ignored, for a
    // process of its own.
    let status = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "export::file::tests::child_that_writes_up_to_its_limit"])
        .env(LIMITED_FILE, &path)
        // The limit is for every file, one that the tests' output goes to included.
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(names(&path), ["small", "small again"]);
}

#[test]
/// The child of the test above; without its variable there is nothing to do.
fn child_that_writes_up_to_its_limit() {
    let Some(path) = std::env::var_os(LIMITED_FILE).map(PathBuf::from) else {
        return;
    };
    let exporter = lines(&path);
    assert_eq!(send(&exporter, &batch("small")), Outcome::Accepted);
    let before = fs::metadata(&path).unwrap().size();
    assert_eq!(retry_kind(&send(&exporter, &batch(&"x".repeat(20_000)))), io::ErrorKind::FileTooLarge);
    assert_eq!(fs::metadata(&path).unwrap().size(), before);
    assert_eq!(send(&exporter, &batch("small again")), Outcome::Accepted);
}

#[test]
fn the_torn_end_of_a_killed_process_is_removed_and_foreign_text_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    for length in [1, 5, 40, 100_000] {
        let whole = String::from_utf8(json_line(Signal::Traces, &batch("a").body).unwrap()).unwrap();
        let torn = json_line(Signal::Traces, &batch(&"t".repeat(200_000)).body).unwrap();
        fs::write(&path, [whole.as_bytes(), &torn[..length]].concat()).unwrap();
        assert_eq!(send(&lines(&path), &batch("b")), Outcome::Accepted);
        assert_eq!(names(&path), ["a", "b"], "torn after {length} bytes");
    }
    fs::write(&path, "a title").unwrap();
    assert_eq!(send(&lines(&path), &batch("b")), Outcome::Accepted);
    let text = fs::read_to_string(&path).unwrap();
    assert!(text.starts_with("a title\n{\"resourceSpans\":") && text.ends_with("\n"), "{text}");
}

#[test]
fn writers_take_turns() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    let name = "n".repeat(100_000);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let exporter = lines(&path);
                for _ in 0..10 {
                    assert_eq!(send(&exporter, &batch(&name)), Outcome::Accepted);
                }
            });
        }
    });
    assert_eq!(names(&path), vec![name; 40]);
}

#[test]
fn a_lock_that_stays_held_costs_no_more_than_the_deadline() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    let other = fs::File::create(&path).unwrap();
    flock(&other, FlockOperation::LockExclusive).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let exporter = lines(&path);
    let begin = std::time::Instant::now();
    let outcome = runtime.block_on(exporter.send(&batch("a"), Duration::from_millis(200)));
    assert!(matches!(outcome, Outcome::Retry { cause: Cause::Timeout, .. }), "{outcome:?}");
    assert!(begin.elapsed() < Duration::from_secs(3));
    drop(other);
    assert_eq!(send(&exporter, &batch("a")), Outcome::Accepted);
    assert_eq!(names(&path), ["a"]);
}
