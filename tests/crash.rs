//! What a killed process has acknowledged is delivered, by itself or by one that comes after it: the promise of
//! `storage`, proved from outside. Agents are processes of this test's own executable; they write down every id whose call
//! returned OK, are killed at a random moment, and leave their files to the next one.

mod agent;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use agent::*;
use agentotel::abi::lifecycle::agentotel_shutdown;

/// Tells the executable to be an agent, and in which directory.
const AGENT: &str = "AGENTOTEL_TEST_AGENT";
const KILLS: usize = 200;
/// Fewer acknowledged events a kill, on average, would prove little.
const LEAST_ACKNOWLEDGED: usize = 1000;

fn start(directory: &Path, service: &str, exporter: &str) {
    init(&serde_json::json!({
        "service": { "name": service },
        "storage": { "directory": directory.join("storage"), "recovery_bytes_per_s": 0 },
        "queue": { "segment_bytes": 262_144, "max_bytes": 4_194_304 },
        "exporters": [{
            "type": "file", "name": "file", "path": directory.join(exporter), "batch": { "delay_ms": 20 }
        }],
        "diagnostics": { "level": "debug" }
    }));
}

/// An agent that records until it is killed, and acknowledges over its standard output.
#[test]
fn agent_process() {
    let Ok(directory) = std::env::var(AGENT) else { return };
    let directory = Path::new(&directory);
    start(directory, "crashing", &format!("out-{}.jsonl", std::process::id()));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            std::thread::spawn(|| {
                let session = start_session();
                let mut out = std::io::stdout();
                loop {
                    let mut ids: Vec<u8> = (0..AT_ONCE).filter_map(|_| record(session)).flatten().collect();
                    // One that was in flight counts when its end was acknowledged.
                    let event = start_event(session, "step");
                    let span_id = context(event).span_id;
                    if end_event(event) {
                        ids.extend(span_id);
                    }
                    // One write, so that ids of two threads do not mix.
                    out.write_all(&ids).unwrap();
                    out.flush().unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn start_agent(directory: &Path) -> Child {
    start_agent_with(directory, "")
}

/// The same, to be killed at a place of the library's own, when one is named.
fn start_agent_with(directory: &Path, kill_at: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "agent_process", "--nocapture", "--quiet"])
        .env(AGENT, directory)
        .env("AGENTOTEL_TEST_KILL_AT", kill_at)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Ids that are acknowledged together.
const AT_ONCE: usize = 64;

/// What the test harness itself writes before the agent's first id.
const HARNESS_PREAMBLE: &[u8] = b"\nrunning 1 test\n";

fn acknowledged(mut output: impl Read) -> Vec<[u8; 8]> {
    let mut bytes = Vec::new();
    output.read_to_end(&mut bytes).unwrap();
    let ids = bytes.strip_prefix(HARNESS_PREAMBLE).unwrap_or_default();
    ids.chunks_exact(8).map(|id| id.try_into().unwrap()).collect()
}

/// Tells the executable to have something in flight and be killed.
const IN_FLIGHT: &str = "AGENTOTEL_TEST_IN_FLIGHT";

/// An agent with a session, an event that has ended, and two in flight; says their ids and waits for its end.
#[test]
fn busy_process() {
    let Ok(directory) = std::env::var(IN_FLIGHT) else { return };
    start(Path::new(&directory), "busy", "busy.jsonl");
    let session = start_session();
    let ended = record(session).unwrap();
    let (first, second) = (start_event(session, "first"), start_event(session, "second"));
    annotate(second, "agent.goal", "to be found again");
    let mut out = std::io::stdout();
    let ids = [ended, context(first).span_id, context(second).span_id, session_context(session).span_id];
    out.write_all(&ids.concat()).unwrap();
    out.flush().unwrap();
    // Longer than the storage thread needs to note that the process lives.
    std::thread::sleep(Duration::from_secs(60));
}

fn text_of<'v>(span: &'v serde_json::Value, key: &str) -> Option<&'v serde_json::Value> {
    let attributes = span["attributes"].as_array()?;
    attributes.iter().find(|attribute| attribute["key"] == key).map(|attribute| &attribute["value"])
}

#[test]
fn what_was_in_flight_is_found_again_as_failed_with_its_session() {
    let directory = private_directory();
    let mut busy = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "busy_process", "--nocapture", "--quiet"])
        .env(IN_FLIGHT, directory.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = vec![0; HARNESS_PREAMBLE.len() + 4 * 8];
    busy.stdout.as_mut().unwrap().read_exact(&mut said).unwrap();
    busy.kill().unwrap();
    busy.wait().unwrap();
    let ids: Vec<String> =
        said[HARNESS_PREAMBLE.len()..].chunks_exact(8).map(|id| hex(id.try_into().unwrap())).collect();

    let config = serde_json::json!({
        "service": { "name": "later" },
        "storage": { "directory": directory.path().join("storage"), "namespace": "busy" },
        "exporters": [{ "type": "file", "path": directory.path().join("later.jsonl") }]
    });
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    init(&config);
    wait_until("what was left is sent", || storage_stats().finished == 1);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());

    let mut spans = HashMap::new();
    // What had ended may have been sent before the kill.
    let files =
        ["busy.jsonl", "later.jsonl"].map(|name| std::fs::read_to_string(directory.path().join(name)));
    for line in files.iter().flatten().flat_map(|lines| lines.lines()) {
        let batch: serde_json::Value = serde_json::from_str(line).unwrap();
        for resource in batch["resourceSpans"].as_array().into_iter().flatten() {
            assert!(resource["resource"].to_string().contains("busy"), "under the resource of the dead");
            for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
                spans.insert(span["spanId"].as_str().unwrap().to_owned(), span.clone());
            }
        }
    }
    let is_recovered = |span: &serde_json::Value| {
        span["status"]["code"] == 2
            && text_of(span, "agentotel.recovered").is_some_and(|v| v["boolValue"] == true)
    };
    assert_eq!(spans.len(), 4, "{spans:?}");
    assert!(text_of(&spans[&ids[0]], "agentotel.recovered").is_none());
    let [first, second, root] = [1, 2, 3].map(|at: usize| &spans[&ids[at]]);
    assert!(is_recovered(first) && is_recovered(second) && is_recovered(root));
    assert_eq!((first["name"].as_str(), second["name"].as_str()), (Some("first"), Some("second")));
    assert_eq!(text_of(second, "agent.goal").unwrap()["stringValue"], "to be found again");
    assert_eq!(first["parentSpanId"].as_str(), Some(ids[3].as_str()));
    assert_eq!(text_of(root, "agentotel.session.event_count").unwrap()["intValue"], "1");
    let time = |span: &serde_json::Value, key: &str| span[key].as_str().unwrap().parse::<u64>().unwrap();
    for span in [first, second, root] {
        assert!(time(span, "endTimeUnixNano") >= time(span, "startTimeUnixNano"));
    }
    assert!(time(root, "endTimeUnixNano") >= time(second, "startTimeUnixNano"));
}

/// There is one library in a process: one test at a time.
static ONE_AT_A_TIME: std::sync::Mutex<()> = std::sync::Mutex::new(());

/// Counts the spans of all files by id, and of each file the instances of the service that they come from.
fn delivered(directory: &Path) -> (HashMap<String, usize>, BTreeMap<String, HashSet<String>>) {
    let mut spans: HashMap<String, usize> = HashMap::new();
    let mut instances: BTreeMap<String, HashSet<String>> = BTreeMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            // The last line of a killed process may be cut: its spans were not settled.
            let Ok(batch) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            for resource in batch["resourceSpans"].as_array().into_iter().flatten() {
                let attributes = resource["resource"]["attributes"].as_array().unwrap();
                let instance = attributes.iter().find(|a| a["key"] == "service.instance.id").unwrap();
                let instance = instance["value"]["stringValue"].as_str().unwrap().to_owned();
                for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
                    let id = span["spanId"].as_str().unwrap().to_owned();
                    *spans.entry(id.clone()).or_default() += 1;
                    instances.entry(instance.clone()).or_default().insert(id);
                }
            }
        }
    }
    (spans, instances)
}

fn hex(id: [u8; 8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Recovers what is left, and compares what was acknowledged with what was delivered.
fn recover_and_compare(directory: &Path, acknowledged: &[[u8; 8]]) -> BTreeMap<String, HashSet<String>> {
    let _one = ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    start(directory, "crashing", "out-last.jsonl");
    wait_recovered(&directory.join("storage"));
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
    let (spans, instances) = delivered(directory);
    let lost = acknowledged.iter().filter(|id| !spans.contains_key(&hex(**id))).count();
    assert_eq!(lost, 0, "of {} acknowledged events", acknowledged.len());
    let twice = spans.values().filter(|count| **count > 1).count();
    println!(
        "{} acknowledged, {} delivered, {twice} of them more than once",
        acknowledged.len(),
        spans.len()
    );
    // Every span is of one process: none goes out under the resource of the one that recovered it.
    let sum: usize = instances.values().map(HashSet::len).sum();
    assert_eq!(sum, spans.len());
    instances
}

/// Waits until nothing is left of the dead.
fn wait_recovered(storage: &Path) {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let namespace = std::fs::read_dir(storage).unwrap().next().unwrap().unwrap().path();
        let left: Vec<_> = std::fs::read_dir(&namespace).unwrap().map(|e| e.unwrap().file_name()).collect();
        if left.len() <= 1 {
            return;
        }
        assert!(Instant::now() < deadline, "{left:?} are left: {}", diagnostics());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn killed_processes_lose_nothing_they_have_acknowledged() {
    let directory = private_directory();
    let mut all = Vec::new();
    // The moments of the kills: spread, and the same in every run.
    let mut moment = 7u64;
    for _ in 0..KILLS {
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut agent = start_agent(directory.path());
        let output = agent.stdout.take().unwrap();
        let reader = std::thread::spawn(|| acknowledged(output));
        std::thread::sleep(Duration::from_millis(15 + (moment >> 33) % 100));
        agent.kill().unwrap();
        agent.wait().unwrap();
        all.extend(reader.join().unwrap());
    }
    assert!(all.len() >= KILLS * LEAST_ACKNOWLEDGED, "only {} events were acknowledged", all.len());

    let instances = recover_and_compare(directory.path(), &all);
    assert!(instances.len() > KILLS / 2);
}

/// Every place at which the library has a promise to keep between two stores, passed a few times or often before.
#[cfg(feature = "test-failpoints")]
const PLACES: [(&str, &[u32]); 10] = [
    ("incarnation", &[0]),
    ("header", &[0, 1, 2]),
    ("roll", &[0, 1, 3]),
    ("commit", &[0, 1, 100]),
    ("recycle", &[0, 1]),
    ("cursor", &[0, 1, 10]),
    ("slot", &[0, 1, 2, 3, 50]),
    ("recovery", &[0, 1, 2]),
    ("remove", &[0, 1, 2]),
    ("removed", &[0]),
];

/// A process that is killed between any two stores has lost nothing that it has acknowledged.
#[cfg(feature = "test-failpoints")]
#[test]
fn a_kill_at_any_place_costs_nothing_acknowledged() {
    use std::os::unix::process::ExitStatusExt;
    let directory = private_directory();
    let mut all = Vec::new();
    for (place, times) in PLACES {
        for times in times {
            // Something is left for those that die while they take over.
            let mut before = start_agent(directory.path());
            let output = before.stdout.take().unwrap();
            let reader = std::thread::spawn(|| acknowledged(output));
            std::thread::sleep(Duration::from_millis(60));
            before.kill().unwrap();
            before.wait().unwrap();
            all.extend(reader.join().unwrap());

            let mut agent = start_agent_with(directory.path(), &format!("{place}:{times}"));
            let output = agent.stdout.take().unwrap();
            let reader = std::thread::spawn(|| acknowledged(output));
            let deadline = Instant::now() + Duration::from_secs(20);
            let mut was_passed = false;
            while !was_passed && Instant::now() < deadline {
                was_passed = agent.try_wait().unwrap().is_some();
                std::thread::sleep(Duration::from_millis(5));
            }
            // By now it is dead, or has never come there.
            let _ = agent.kill();
            let status = agent.wait().unwrap();
            all.extend(reader.join().unwrap());
            // Killed by its own hand: the place was passed.
            assert!(was_passed && status.signal() == Some(9), "{place}:{times} was not passed: {status}");
        }
    }
    recover_and_compare(directory.path(), &all);
}
