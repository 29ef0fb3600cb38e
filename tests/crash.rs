//! What a killed process has acknowledged is delivered, by itself or by one that comes after it: the promise of
//! `storage`, proved from outside. Agents are processes of this test's own executable; they write down every id whose call
//! returned OK, are killed at a random moment, and leave their files to the next one.

mod agent;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use agent::*;
use agentotel::abi::lifecycle::agentotel_shutdown;

/// Tells the executable to be an agent, and in which directory.
const AGENT: &str = "AGENTOTEL_TEST_AGENT";
/// The file that it exports to.
const OUT: &str = "AGENTOTEL_TEST_OUT";
const KILLS: usize = 200;
const KILLS_OF_A_LONG_RUN: usize = 25_000;
/// What may be under way at once, and so arrive twice after a kill.
const MOST_IN_A_BATCH: usize = 256;
const BATCHES_IN_FLIGHT: usize = 1;
/// A process sends what it records, and beside that what one dead process has left.
const MOST_AFTER_A_KILL: usize = 2 * BATCHES_IN_FLIGHT * MOST_IN_A_BATCH;
/// Fewer acknowledged events a kill, on average, would prove little.
const LEAST_ACKNOWLEDGED: usize = 1000;

fn start(directory: &Path, service: &str, exporter: &str) {
    init(&serde_json::json!({
        "service": { "name": service },
        "storage": { "directory": directory.join("storage"), "recovery_bytes_per_s": 0 },
        "queue": { "segment_bytes": 262_144, "max_bytes": 4_194_304 },
        "metrics": { "enabled": false },
        "exporters": [{
            "type": "file", "name": "file", "path": directory.join(exporter),
            "batch": { "delay_ms": 5, "max_count": MOST_IN_A_BATCH, "in_flight": BATCHES_IN_FLIGHT }
        }],
        "diagnostics": { "level": "debug" }
    }));
}

/// An agent that records until it is killed, and acknowledges over its standard output.
#[test]
fn agent_process() {
    let Ok(directory) = std::env::var(AGENT) else { return };
    let directory = Path::new(&directory);
    start(directory, "crashing", &std::env::var(OUT).unwrap());
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

fn start_agent(directory: &Path, number: usize) -> Child {
    start_agent_with(directory, number, "", ANY_NUMBER)
}

/// How many processes may die in one step of a recovery: the library's own number, which is 3, or any, where kills fall into
/// the same step by chance.
const FATAL_STEPS: &str = "AGENTOTEL_TEST_FATAL_STEPS";
const ANY_NUMBER: &str = "1000000";
const ITS_OWN_NUMBER: &str = "";

/// The same, to be killed at a place of the library's own, when one is named.
fn start_agent_with(directory: &Path, number: usize, kill_at: &str, fatal_steps: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "agent_process", "--nocapture", "--quiet"])
        .env(AGENT, directory)
        .env(OUT, format!("out-{number:05}.jsonl"))
        .env("AGENTOTEL_TEST_KILL_AT", kill_at)
        .env(FATAL_STEPS, fatal_steps)
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
        "metrics": { "enabled": false },
        "exporters": [{ "type": "file", "path": directory.path().join("later.jsonl") }]
    });
    let _alone = Alone::take();
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

/// What all processes have delivered.
#[derive(Default)]
struct Delivered {
    /// By id: the last file with the span, and a hash of all that it says.
    spans: HashMap<String, (usize, u64)>,
    /// The instances of the service that the spans come from.
    instances: BTreeMap<String, HashSet<String>>,
    /// How many spans of each file came in a later one too: sent twice since its process was killed.
    sent_again: Vec<usize>,
}

/// Reads the files of all processes, in the order in which these lived.
fn delivered(directory: &Path) -> Delivered {
    let mut found = Delivered::default();
    let names = std::fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = names.filter(|path| path.extension().is_some_and(|e| e == "jsonl")).collect();
    files.sort();
    found.sent_again = vec![0; files.len()];
    for (number, path) in files.iter().enumerate() {
        for line in std::fs::read_to_string(path).unwrap().lines() {
            // The last line of a killed process may be cut: its spans were not settled.
            let Ok(batch) = serde_json::from_str::<serde_json::Value>(line) else { continue };
            for resource in batch["resourceSpans"].as_array().into_iter().flatten() {
                let attributes = resource["resource"]["attributes"].as_array().unwrap();
                let instance = attributes.iter().find(|a| a["key"] == "service.instance.id").unwrap();
                let instance = instance["value"]["stringValue"].as_str().unwrap().to_owned();
                let spans = resource["scopeSpans"][0]["spans"].as_array().unwrap();
                assert!(spans.len() <= MOST_IN_A_BATCH);
                for span in spans {
                    let id = span["spanId"].as_str().unwrap().to_owned();
                    found.note(number, id.clone(), span);
                    found.instances.entry(instance.clone()).or_default().insert(id);
                }
            }
        }
    }
    found
}

impl Delivered {
    fn note(&mut self, file: usize, id: String, span: &serde_json::Value) {
        let mut hash = std::hash::DefaultHasher::new();
        span.to_string().hash(&mut hash);
        let content = hash.finish();
        let shown = id.clone();
        if let Some((before, content_before)) = self.spans.insert(id, (file, content)) {
            assert_ne!(before, file, "{shown} was sent twice by one process");
            assert_eq!(content_before, content, "{shown} was sent twice, and not as the same");
            self.sent_again[before] += 1;
        }
    }
}

fn hex(id: [u8; 8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Recovers what is left, and compares what was acknowledged with what was delivered; gives how many processes it came from.
fn recover_and_compare(directory: &Path, acknowledged: &[[u8; 8]]) -> usize {
    let _alone = Alone::take();
    // SAFETY: all that reads or writes the environment here goes by way of the standard library, which has a lock for it.
    unsafe { std::env::set_var(FATAL_STEPS, ANY_NUMBER) };
    start(directory, "crashing", "out-last.jsonl");
    wait_recovered(&directory.join("storage"));
    // SAFETY: as above.
    unsafe { std::env::remove_var(FATAL_STEPS) };
    assert_eq!(storage_stats().quarantined, 0);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
    let Delivered { spans, instances, sent_again } = delivered(directory);
    let lost = acknowledged.iter().filter(|id| !spans.contains_key(&hex(**id))).count();
    assert_eq!(lost, 0, "of {} acknowledged events", acknowledged.len());
    let most = sent_again.iter().max().unwrap();
    println!(
        "{} acknowledged, {} delivered, {} of them twice after {} deaths, {most} at most after one, {MOST_AFTER_A_KILL} allowed",
        acknowledged.len(),
        spans.len(),
        sent_again.iter().sum::<usize>(),
        sent_again.len() - 1,
    );
    // What a process may have sent without having noted it is what was under way when it was killed.
    assert!(*most <= MOST_AFTER_A_KILL, "{most} spans came again after one kill");
    // Every span is of one process: none goes out under the resource of the one that recovered it.
    let sum: usize = instances.values().map(HashSet::len).sum();
    assert_eq!(sum, spans.len());
    instances.len()
}

/// Waits until nothing is left of the dead.
fn wait_recovered(storage: &Path) {
    let deadline = Instant::now() + Duration::from_secs(300);
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

/// Kills processes one after the other, and compares; gives how many events were acknowledged.
fn kill_again_and_again(kills: usize, moment: &mut u64) -> usize {
    let directory = private_directory();
    let mut all = Vec::new();
    for number in 0..kills {
        *moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut agent = start_agent(directory.path(), number);
        let output = agent.stdout.take().unwrap();
        let reader = std::thread::spawn(|| acknowledged(output));
        std::thread::sleep(Duration::from_millis(15 + (*moment >> 33) % 100));
        agent.kill().unwrap();
        agent.wait().unwrap();
        all.extend(reader.join().unwrap());
    }
    assert!(recover_and_compare(directory.path(), &all) > kills / 2);
    all.len()
}

#[test]
fn killed_processes_lose_nothing_they_have_acknowledged() {
    // The moments of the kills: spread, and the same in every run.
    let mut moment = 7;
    let rounds = count_of_run(KILLS, KILLS_OF_A_LONG_RUN) / KILLS;
    let acknowledged: usize = (0..rounds).map(|_| kill_again_and_again(KILLS, &mut moment)).sum();
    let kills = rounds * KILLS;
    assert!(acknowledged >= kills * LEAST_ACKNOWLEDGED, "only {acknowledged} events were acknowledged");
}

/// Every place at which the library has a promise to keep between two stores, passed a few times or often before.
#[cfg(feature = "test-failpoints")]
const PLACES: [(&str, &[u32]); 11] = [
    ("incarnation", &[0]),
    ("header", &[0, 1, 2]),
    ("roll", &[0, 1, 3]),
    ("commit", &[0, 1, 100]),
    ("recycle", &[0, 1]),
    ("cursor", &[0, 1, 10]),
    ("slot", &[0, 1, 2, 3, 50]),
    ("slots", &[0, 1]),
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
    let mut number = 0;
    for (place, times) in PLACES {
        for times in times {
            // Something is left for those that die while they take over.
            number += 2;
            let mut before = start_agent(directory.path(), number);
            let output = before.stdout.take().unwrap();
            let reader = std::thread::spawn(|| acknowledged(output));
            std::thread::sleep(Duration::from_millis(60));
            before.kill().unwrap();
            before.wait().unwrap();
            all.extend(reader.join().unwrap());

            let mut agent =
                start_agent_with(directory.path(), number + 1, &format!("{place}:{times}"), ANY_NUMBER);
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

/// Whoever reads the slots of a dead process dies of it: the third who does leaves it to nobody.
#[cfg(feature = "test-failpoints")]
#[test]
fn slots_that_kill_three_readers_are_put_aside() {
    // On a busy machine an agent may need longer to come to its first event.
    let killed_after = |wait_ms| {
        let directory = private_directory();
        let mut agent = start_agent(directory.path(), 0);
        let output = agent.stdout.take().unwrap();
        let reader = std::thread::spawn(|| acknowledged(output));
        std::thread::sleep(Duration::from_millis(wait_ms));
        agent.kill().unwrap();
        agent.wait().unwrap();
        (!reader.join().unwrap().is_empty()).then_some(directory)
    };
    let directory = [100, 400, 1600, 6400].into_iter().find_map(killed_after).unwrap();
    for number in 1..=3 {
        let mut agent = start_agent_with(directory.path(), number, "slots:0", ITS_OWN_NUMBER);
        // Nobody reads what it acknowledges, but it must not wait for that.
        let output = agent.stdout.take().unwrap();
        let reader = std::thread::spawn(|| acknowledged(output));
        agent.wait().unwrap();
        reader.join().unwrap();
    }
    let _alone = Alone::take();
    start(directory.path(), "crashing", "out-last.jsonl");
    // What the readers have recorded themselves is sound.
    wait_until("it is put aside", || storage_stats().quarantined == 1 && storage_stats().finished == 3);
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());
    let namespace = std::fs::read_dir(directory.path().join("storage")).unwrap().next().unwrap().unwrap();
    let left: Vec<_> = std::fs::read_dir(namespace.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(left.len() == 1 && left[0].starts_with("quarantine-"), "{left:?}");
}
