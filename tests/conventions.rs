//! What the examples record, held against the facts of the conventions, as their first user gets it: built from their sources,
//! run with a file to write to, a recorded session of their own replayed, and those of a real agent where they are at hand.

#[path = "golden/check.rs"]
mod check;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use check::{Extent, Facts};
use serde_json::Value;

const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.41.1";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where the shared library is that the tests were built with.
fn library() -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let built = tests.parent().unwrap().join("libagentotel.so");
    assert!(built.is_file(), "{} is not there", built.display());
    built
}

/// The folder with the examples, built.
fn examples() -> &'static Path {
    static EXAMPLES: OnceLock<PathBuf> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("examples");
        std::fs::create_dir_all(&out).unwrap();
        // By the name under which the loader looks for it.
        let named = out.join("libagentotel.so.0");
        let _ = std::fs::remove_file(&named);
        std::os::unix::fs::symlink(library(), &named).unwrap();
        let made = Command::new("make")
            .args(["--silent", "-B", "-C"])
            .arg(root().join("examples/c"))
            .arg(format!("OUT={}", out.display()))
            .arg(format!("CPPFLAGS=-I{}", root().join("include").display()))
            .arg(format!("LDLIBS={} -Wl,-rpath,{}", named.display(), out.display()))
            .status();
        assert!(made.is_ok_and(|made| made.success()), "the examples do not build");
        out
    })
}

/// An example that is about to run, with nothing of OpenTelemetry in its environment.
fn example(name: &str) -> Command {
    let mut example = Command::new(examples().join(name));
    for (variable, _) in std::env::vars_os() {
        if variable.to_string_lossy().starts_with("OTEL_") || variable == "AGENTOTEL_CONFIG_FILE" {
            example.env_remove(variable);
        }
    }
    example
}

/// How many records were written, and what is wrong with them.
#[derive(Default)]
struct Found {
    spans: usize,
    logs: usize,
    violations: Vec<String>,
}

impl Found {
    /// Runs an example and reads what it wrote.
    fn of(mut example: Command, written: &Path) -> Self {
        let ran = example.output().unwrap();
        assert!(ran.status.success(), "{example:?}: {}", String::from_utf8_lossy(&ran.stderr));
        let facts = Facts::new();
        let mut found = Self::default();
        for line in std::fs::read_to_string(written).unwrap().lines() {
            found.read(&facts, &serde_json::from_str(line).unwrap());
        }
        // The same is often wrong in many places.
        found.violations.sort();
        found.violations.dedup();
        found
    }

    fn read(&mut self, facts: &Facts, line: &Value) {
        let list = |value: &Value, name: &str| value[name].as_array().cloned().unwrap_or_default();
        for (resources, scopes, records) in
            [("resourceSpans", "scopeSpans", "spans"), ("resourceLogs", "scopeLogs", "logRecords")]
        {
            for resource in list(line, resources) {
                self.violations.extend(facts.check_resource(&resource["resource"]));
                self.check_schema(&resource);
                for scope in list(&resource, scopes) {
                    self.check_schema(&scope);
                    for record in list(&scope, records) {
                        self.violations.extend(if records == "spans" {
                            self.spans += 1;
                            facts.check_span(&record, Extent::AsFarAsKnown, false)
                        } else {
                            self.logs += 1;
                            facts.check_log(&record, Extent::AsFarAsKnown)
                        });
                    }
                }
            }
        }
    }

    fn check_schema(&mut self, of: &Value) {
        if of["schemaUrl"] != SCHEMA_URL {
            self.violations.push(format!("the schema is {}, not {SCHEMA_URL}", of["schemaUrl"]));
        }
    }
}

#[test]
fn the_quickstart_follows_the_conventions() {
    let directory = tempfile::tempdir().unwrap();
    let (config, written) = (directory.path().join("config.json"), directory.path().join("written.jsonl"));
    let exporters = serde_json::json!({ "exporters": [{ "type": "file", "path": written }] });
    std::fs::write(&config, exporters.to_string()).unwrap();
    let mut quickstart = example("quickstart");
    quickstart.env("AGENTOTEL_CONFIG_FILE", &config);
    let found = Found::of(quickstart, &written);
    assert_eq!((found.violations, found.spans, found.logs), (vec![], 3, 0));
}

#[test]
fn the_http_hop_follows_the_conventions() {
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("written.jsonl");
    let mut hop = example("http_hop");
    hop.arg(&written);
    let found = Found::of(hop, &written);
    assert_eq!((found.violations, found.spans, found.logs), (vec![], 3, 0));
}

/// Replays transcripts; what was written.
fn replayed(transcripts: &Path) -> Found {
    let directory = tempfile::tempdir().unwrap();
    let written = directory.path().join("written.jsonl");
    let mut replay = example("replay");
    replay.arg("--out").arg(&written).arg(transcripts);
    Found::of(replay, &written)
}

#[test]
fn the_replay_of_its_own_transcript_follows_the_conventions() {
    let found = replayed(&root().join("examples/c/transcript.jsonl"));
    assert_eq!(found.violations, Vec::<String>::new());
    assert!(found.spans > 10 && found.logs > 0, "{} spans, {} log records", found.spans, found.logs);
}

#[test]
fn the_replay_of_recorded_sessions_follows_the_conventions() {
    let recorded = root().join("../shared/data/agent-sessions/airline.jsonl");
    if !recorded.is_file() {
        eprintln!("SKIP: the conventions over recorded sessions — {} is not there", recorded.display());
        return;
    }
    let found = replayed(&recorded);
    assert_eq!(found.violations, Vec::<String>::new());
    assert!(found.spans > 1000 && found.logs > 10, "{} spans, {} log records", found.spans, found.logs);
}
