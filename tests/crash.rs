//! What a killed process has acknowledged is delivered, by itself or by one that comes after it: the promise of
//! `storage`, proved from outside. Agents are processes of this test's own executable; they write down every id whose call
//! returned OK, are killed at a random moment, and leave their files to the next one.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::CString;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use agentotel::abi::event::*;
use agentotel::abi::lifecycle::*;
use agentotel::abi::session::*;
use agentotel::abi::stats::*;
use agentotel::abi::types::*;

/// Tells the executable to be an agent, and in which directory.
const AGENT: &str = "AGENTOTEL_TEST_AGENT";
const KILLS: usize = 200;
/// Fewer acknowledged events a kill, on average, would prove little.
const LEAST_ACKNOWLEDGED: usize = 1000;

fn text(text: &str) -> agentotel_str {
    agentotel_str { data: text.as_ptr().cast(), len: text.len() }
}

fn zeroed<T: Copy>() -> T {
    // SAFETY: used for structs of the C interface, of which all-zero bytes are the initial value.
    unsafe { std::mem::zeroed() }
}

fn init(directory: &Path, service: &str, exporter: &str) {
    let storage = directory.join("storage");
    let config = serde_json::json!({
        "service": { "name": service },
        "storage": { "directory": storage, "recovery_bytes_per_s": 0 },
        "queue": { "segment_bytes": 262_144, "max_bytes": 4_194_304 },
        "exporters": [{ "type": "file", "name": "file", "path": directory.join(exporter), "batch": { "delay_ms": 20 } }],
        "diagnostics": { "level": "debug" }
    });
    let config = CString::new(config.to_string()).unwrap();
    // SAFETY: a text that ends with a NUL.
    let status = unsafe { agentotel_init(AGENTOTEL_ABI_VERSION, config.as_ptr()) };
    assert_eq!(status, 0, "{}", diagnostics());
}

fn diagnostics() -> String {
    let mut buffer = vec![0u8; 65_536];
    let mut needed = 0;
    // SAFETY: the buffer is as long as said.
    unsafe { agentotel_get_diagnostics(buffer.as_mut_ptr().cast(), buffer.len(), &raw mut needed) };
    String::from_utf8_lossy(&buffer[..needed.saturating_sub(1).min(buffer.len())]).into_owned()
}

fn start_session() -> agentotel_session {
    let mut session = 0;
    let options =
        agentotel_session_options { struct_size: size_of::<agentotel_session_options>(), ..zeroed() };
    // SAFETY: both are valid through the call.
    assert_eq!(unsafe { agentotel_start_session(&raw const options, &raw mut session) }, 0);
    session
}

/// Records one event; its span id when the call returned OK.
fn record(session: agentotel_session) -> Option<[u8; 8]> {
    let data = agentotel_event_data {
        struct_size: size_of::<agentotel_event_data>(),
        name: text("step"),
        ..zeroed()
    };
    let mut context: agentotel_span_context = zeroed();
    // SAFETY: all are valid through the call.
    let status = unsafe { agentotel_record_event(session, &raw const data, &raw mut context) };
    (status == 0).then_some(context.span_id)
}

/// An agent that records until it is killed, and acknowledges over its standard output.
#[test]
fn agent_process() {
    let Ok(directory) = std::env::var(AGENT) else { return };
    let directory = Path::new(&directory);
    init(directory, "crashing", &format!("out-{}.jsonl", std::process::id()));
    let threads: Vec<_> = (0..2)
        .map(|_| {
            std::thread::spawn(|| {
                let session = start_session();
                let mut out = std::io::stdout();
                loop {
                    let ids: Vec<u8> = (0..AT_ONCE).filter_map(|_| record(session)).flatten().collect();
                    // One write, so that ids of two threads do not mix.
                    out.write_all(&ids).unwrap();
                    out.flush().unwrap();
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

fn agent(directory: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "agent_process", "--nocapture", "--quiet"])
        .env(AGENT, directory)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Ids that are acknowledged together.
const AT_ONCE: usize = 16;

/// What the test harness itself writes before the agent's first id.
const HARNESS_PREAMBLE: &[u8] = b"\nrunning 1 test\n";

fn acknowledged(mut output: impl Read) -> Vec<[u8; 8]> {
    let mut bytes = Vec::new();
    output.read_to_end(&mut bytes).unwrap();
    let ids = bytes.strip_prefix(HARNESS_PREAMBLE).unwrap_or_default();
    ids.chunks_exact(8).map(|id| id.try_into().unwrap()).collect()
}

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

/// Waits until nothing is left of the dead.
fn wait_recovered(storage: &Path) {
    let deadline = Instant::now() + Duration::from_secs(120);
    loop {
        let namespace = std::fs::read_dir(storage).unwrap().next().unwrap().unwrap().path();
        let left = std::fs::read_dir(&namespace).unwrap().count();
        if left <= 1 {
            return;
        }
        assert!(Instant::now() < deadline, "{left} directories are left: {}", diagnostics());
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn killed_processes_lose_nothing_they_have_acknowledged() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::set_permissions(directory.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let mut all = Vec::new();
    // The moments of the kills: spread, and the same in every run.
    let mut moment = 7u64;
    for _ in 0..KILLS {
        moment = moment.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut agent = agent(directory.path());
        let output = agent.stdout.take().unwrap();
        let reader = std::thread::spawn(|| acknowledged(output));
        std::thread::sleep(Duration::from_millis(10 + (moment >> 33) % 70));
        agent.kill().unwrap();
        agent.wait().unwrap();
        all.extend(reader.join().unwrap());
    }
    assert!(all.len() >= KILLS * LEAST_ACKNOWLEDGED, "only {} events were acknowledged", all.len());

    init(directory.path(), "crashing", "out-last.jsonl");
    wait_recovered(&directory.path().join("storage"));
    assert_eq!(agentotel_shutdown(10_000), 0, "{}", diagnostics());

    let (spans, instances) = delivered(directory.path());
    let lost: Vec<_> = all.iter().filter(|id| !spans.contains_key(&hex(**id))).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged events were lost", lost.len(), all.len());
    let twice = spans.values().filter(|count| **count > 1).count();
    println!("{} acknowledged, {} delivered, {twice} of them more than once", all.len(), spans.len());
    // Every span is of one process: none goes out under the resource of the one that recovered it.
    let sum: usize = instances.values().map(HashSet::len).sum();
    assert_eq!(sum, spans.len());
    assert!(instances.len() > KILLS / 2);
}
