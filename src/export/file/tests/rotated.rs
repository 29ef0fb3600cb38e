//! Claims about files of length-delimited protobuf, about files that are finished, and about several processes that write
//! to one.

use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::os::unix::fs::symlink;
use std::process::{Child, Stdio};

use super::*;

/// Where the child of the processes' test finds its file, and its number.
const SHARED_FILE: &str = "AGENTOTEL_TEST_SHARED_FILE";
const CHILD: &str = "AGENTOTEL_TEST_SHARED_CHILD";

const NEVER: Rotate = Rotate { max_bytes: None, max_age: None, keep: None };

fn messages(path: impl Into<PathBuf>, rotate: Rotate) -> FileExporter {
    FileExporter::new(path, FileFormat::OtlpProto, Lines::OtlpJson, rotate)
}

/// The requests in a file of messages, as a Collector's reader takes them apart; nothing may be left over.
fn read_messages(path: &Path) -> Vec<ExportTraceServiceRequest> {
    let bytes = fs::read(path).unwrap();
    let mut rest = bytes.as_slice();
    let mut requests = Vec::new();
    while let Some((length, behind)) = rest.split_first_chunk::<4>() {
        let (message, behind) = behind.split_at(u32::from_be_bytes(*length) as usize);
        requests.push(ExportTraceServiceRequest::decode(message).unwrap());
        rest = behind;
    }
    assert!(rest.is_empty(), "the last message is torn");
    requests
}

fn name_of(request: &ExportTraceServiceRequest) -> String {
    request.resource_spans[0].scope_spans[0].spans[0].name.clone()
}

/// All files of the directory but the active one, by name.
fn finished(path: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(path.parent().unwrap()).unwrap();
    let mut files: Vec<_> = entries.map(|entry| entry.unwrap().path()).filter(|file| file != path).collect();
    files.sort();
    files
}

#[test]
fn messages_stand_behind_their_lengths() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.binpb");
    let exporter = messages(&path, NEVER);
    let requests = [request("a"), request("line one\nline two"), request(&"x".repeat(70_000))];
    for request in &requests {
        assert_eq!(send(&exporter, &traces(request)), Outcome::Accepted);
    }
    assert_eq!(read_messages(&path), requests);
    assert_eq!(
        fs::read(&path).unwrap()[..4],
        u32::try_from(requests[0].encoded_len()).unwrap().to_be_bytes()
    );
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn a_message_torn_anywhere_is_removed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.binpb");
    let record = |name| Record::message(&batch(name)).0;
    let (whole, torn) = (record("whole"), record("torn"));
    for length in 0..torn.len() {
        fs::write(&path, [&whole[..], &torn[..length]].concat()).unwrap();
        assert_eq!(send(&messages(&path, NEVER), &batch("next")), Outcome::Accepted);
        let names: Vec<_> = read_messages(&path).iter().map(name_of).collect();
        assert_eq!(names, ["whole", "next"], "torn after {length} bytes");
    }
}

#[test]
fn what_another_writer_tears_while_the_file_is_open_is_removed_as_well() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.binpb");
    let exporter = messages(&path, NEVER);
    assert_eq!(send(&exporter, &batch("a")), Outcome::Accepted);
    let record = Record::message(&batch("b")).0;
    let mut other = fs::OpenOptions::new().append(true).open(&path).unwrap();
    other.write_all(&record).unwrap();
    other.write_all(&record[..9]).unwrap();
    assert_eq!(send(&exporter, &batch("c")), Outcome::Accepted);
    assert_eq!(read_messages(&path).iter().map(name_of).collect::<Vec<_>>(), ["a", "b", "c"]);
}

#[test]
fn a_file_of_the_other_format_is_refused_and_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp");
    let rotate = Rotate { max_bytes: Some(1), ..NEVER };
    for (first, second) in
        [(lines(&path), messages(&path, rotate)), (messages(&path, NEVER), in_lines(&path, rotate))]
    {
        assert_eq!(send(&first, &batch("a")), Outcome::Accepted);
        let before = fs::read(&path).unwrap();
        assert_eq!(retry_kind(&send(&second, &batch("b"))), io::ErrorKind::InvalidInput);
        assert_eq!(fs::read(&path).unwrap(), before);
        assert!(finished(&path).is_empty());
        fs::remove_file(&path).unwrap();
    }
    fs::write(&path, "no OTLP").unwrap();
    retry_kind(&send(&messages(&path, NEVER), &batch("b")));
    assert_eq!(fs::read(&path).unwrap(), b"no OTLP");
}

#[test]
fn a_full_file_is_finished_before_the_record_that_would_not_fit() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    let bytes = json_line(Signal::Traces, &batch("00").body).unwrap().len() as u64;
    let rotate = Rotate { max_bytes: Some(3 * bytes), ..NEVER };
    let exporter = in_lines(&path, rotate);
    for number in 0..8 {
        assert_eq!(send(&exporter, &batch(&format!("{number:02}"))), Outcome::Accepted);
    }
    let files = finished(&path);
    assert_eq!(
        files.iter().map(|file| names(file)).collect::<Vec<_>>(),
        [["00", "01", "02"], ["03", "04", "05"]]
    );
    assert_eq!(names(&path), ["06", "07"]);
    for file in &files {
        let name = file.file_name().unwrap().to_str().unwrap();
        let stamp = name.strip_prefix("otlp-").unwrap().strip_suffix(".jsonl").unwrap();
        assert_eq!(stamp.len(), "20261122T181005.123456Z".len(), "{name}");
        assert_eq!(fs::metadata(file).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // One that fits into no file has one of its own.
    assert_eq!(send(&exporter, &batch(&"x".repeat(4 * bytes as usize))), Outcome::Accepted);
    assert_eq!(names(&path).len(), 1);
    assert_eq!(send(&exporter, &batch("last")), Outcome::Accepted);
    assert_eq!(names(&path), ["last"]);
    assert_eq!(finished(&path).len(), 4);
}

#[test]
fn the_oldest_finished_files_go_and_strangers_stay() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    let strangers = [
        "otlp-20261122T181005.123456Z.json",
        "otlp-20261122T181005Z.jsonl",
        "otlp-19990101T000000.000000Z.jsonl.gz",
        "other-19990101T000000.000000Z.jsonl",
    ];
    for name in strangers {
        fs::write(directory.path().join(name), "").unwrap();
    }
    let link = directory.path().join("otlp-19990101T000000.000000Z.jsonl");
    symlink("nowhere", &link).unwrap();
    let rotate = Rotate { max_bytes: Some(1), keep: Some(2), ..NEVER };
    let exporter = in_lines(&path, rotate);
    for name in ["a", "b", "c", "d", "e"] {
        assert_eq!(send(&exporter, &batch(name)), Outcome::Accepted);
    }
    let is_stranger = |file: &Path| strangers.iter().any(|name| file.ends_with(name)) || file == link;
    let (kept, rest): (Vec<_>, Vec<_>) = finished(&path).into_iter().partition(|file| !is_stranger(file));
    assert_eq!(kept.iter().flat_map(|file| names(file)).collect::<Vec<_>>(), ["c", "d"]);
    assert_eq!(rest.len(), strangers.len() + 1);
    assert_eq!(names(&path), ["e"]);
}

#[test]
fn an_old_file_is_finished_by_the_next_record_or_when_its_time_has_come() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    let rotate = Rotate { max_age: Some(Duration::from_millis(300)), ..NEVER };
    let exporter = in_lines(&path, rotate);
    // A runtime that ends at once, and with it the timer.
    assert_eq!(send(&exporter, &batch("a")), Outcome::Accepted);
    assert_eq!(send(&exporter, &batch("b")), Outcome::Accepted);
    std::thread::sleep(Duration::from_millis(400));
    assert_eq!(send(&exporter, &batch("c")), Outcome::Accepted);
    assert_eq!(finished(&path).iter().flat_map(|file| names(file)).collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(names(&path), ["c"]);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        assert_eq!(exporter.send(&batch("d"), TIMEOUT).await, Outcome::Accepted);
        for _ in 0..1_000 {
            if !path.exists() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    });
    assert!(!path.exists(), "nobody has finished it");
    assert_eq!(finished(&path).iter().flat_map(|file| names(file)).collect::<Vec<_>>(), ["a", "b", "c", "d"]);
}

#[test]
fn a_file_that_cannot_be_finished_does_not_grow() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    // Longer than a name may be, once the time is in it.
    let long = directory.path().join(format!("{}.jsonl", "l".repeat(240)));
    let rotate = Rotate { max_bytes: Some(1), ..NEVER };
    let exporter = in_lines(&long, rotate);
    assert_eq!(send(&exporter, &batch("a")), Outcome::Accepted);
    retry_kind(&send(&exporter, &batch("b")));
    assert_eq!(names(&long), ["a"]);
    fs::rename(&long, &path).unwrap();
    assert_eq!(send(&exporter, &batch("b")), Outcome::Accepted);
    assert_eq!(names(&long), ["b"]);
}

#[test]
fn a_file_with_two_names_is_refused_and_devices_are_never_finished() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    fs::write(&path, "").unwrap();
    fs::hard_link(&path, directory.path().join("other")).unwrap();
    assert_eq!(retry_kind(&send(&lines(&path), &batch("a"))), io::ErrorKind::InvalidInput);
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
    let rotate = Rotate { max_bytes: Some(1), max_age: Some(Duration::from_millis(1)), keep: Some(1) };
    let device = in_lines("/dev/null", rotate);
    for name in ["a", "b", "c"] {
        assert_eq!(send(&device, &batch(name)), Outcome::Accepted);
    }
}

#[test]
fn a_file_of_another_user_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.jsonl");
    fs::write(&path, "").unwrap();
    if std::os::unix::fs::chown(&path, Some(65_534), None).is_err() {
        println!("skipped: only root can give a file away");
        return;
    }
    let outcome = send(&lines(&path), &batch("a"));
    assert_eq!(retry_kind(&outcome), io::ErrorKind::InvalidInput);
    let Outcome::Retry { message, .. } = outcome else { panic!() };
    assert!(message.contains("belongs to user 65534"), "{message}");
    assert_eq!(fs::metadata(&path).unwrap().len(), 0);
}

/// Writes records named after itself until it is killed, and says which were accepted.
#[test]
fn child_that_writes_to_the_shared_file() {
    let Some(path) = std::env::var_os(SHARED_FILE).map(PathBuf::from) else {
        return;
    };
    let child = std::env::var(CHILD).unwrap();
    let rotate = Rotate { max_bytes: Some(200_000), ..NEVER };
    let exporter = FileExporter::new(&path, FileFormat::OtlpProto, Lines::OtlpJson, rotate);
    let filling = "x".repeat(20_000);
    for number in 0.. {
        let name = format!("{child}-{number} {filling}");
        if send(&exporter, &batch(&name)) == Outcome::Accepted {
            writeln!(io::stdout(), "\naccepted {child}-{number}").unwrap();
        }
    }
}

fn start_child(path: &Path, number: usize) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "--nocapture"])
        .arg("export::file::tests::rotated::child_that_writes_to_the_shared_file")
        .env(SHARED_FILE, path)
        .env(CHILD, number.to_string())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn killed_processes_that_share_a_file_tear_nothing_and_lose_nothing_accepted() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("otlp.binpb");
    let mut accepted = Vec::new();
    let mut children: Vec<Child> = Vec::new();
    let mut end = |mut child: Child| {
        child.kill().unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        accepted.extend(
            output.lines().filter_map(|line| line.unwrap().strip_prefix("accepted ").map(str::to_owned)),
        );
        child.wait().unwrap();
    };
    for number in 0..12 {
        children.push(start_child(&path, number));
        std::thread::sleep(Duration::from_millis(60));
        if children.len() == 3 {
            end(children.remove(0));
        }
    }
    children.into_iter().for_each(&mut end);
    // Mends what the last one has torn.
    assert_eq!(send(&messages(&path, NEVER), &batch("the end")), Outcome::Accepted);
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    let mut files = finished(&path);
    assert!(!files.is_empty(), "nothing was finished");
    files.push(path);
    for file in files {
        assert!(fs::metadata(&file).unwrap().len() <= 200_000 + 100, "{file:?}");
        for request in read_messages(&file) {
            let name = name_of(&request);
            *found.entry(name.split(' ').next().unwrap().to_owned()).or_default() += 1;
        }
    }
    assert!(found.values().all(|count| *count == 1), "{found:?}");
    assert!(accepted.len() > 20, "only {} were accepted", accepted.len());
    for name in accepted {
        assert!(found.contains_key(&name), "{name} is not in any file");
    }
}
