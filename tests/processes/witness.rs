//! What was acknowledged, as those who recorded it have written down, and what was exported, as the files say.

use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::Path;

use serde_json::Value;

/// A span as it arrived.
#[derive(Debug)]
pub struct Span {
    pub id: String,
    pub name: String,
    pub pid: u32,
    pub instance: String,
    pub duration_nano: i64,
}

fn attribute<'v>(attributes: &'v Value, key: &str) -> &'v Value {
    let mut all = attributes.as_array().unwrap().iter();
    &all.find(|attribute| attribute["key"] == key).unwrap_or_else(|| panic!("no {key}"))["value"]
}

fn number(text: &Value) -> i64 {
    text.as_str().map_or_else(|| text.as_i64().unwrap(), |text| text.parse().unwrap())
}

/// All spans of all files in a directory.
pub fn spans(directory: &Path) -> Vec<Span> {
    let mut spans = Vec::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "jsonl") {
            continue;
        }
        for line in std::fs::read_to_string(&path).unwrap().lines() {
            // What a killed process was writing may be cut: it is not settled and is sent again.
            let Ok(batch) = serde_json::from_str::<Value>(line) else { continue };
            for resource in batch["resourceSpans"].as_array().into_iter().flatten() {
                let attributes = &resource["resource"]["attributes"];
                let pid = number(&attribute(attributes, "process.pid")["intValue"]);
                let instance = attribute(attributes, "service.instance.id")["stringValue"].as_str().unwrap();
                for span in resource["scopeSpans"][0]["spans"].as_array().unwrap() {
                    let (start, end) = (number(&span["startTimeUnixNano"]), number(&span["endTimeUnixNano"]));
                    spans.push(Span {
                        id: span["spanId"].as_str().unwrap().to_owned(),
                        name: span["name"].as_str().unwrap().to_owned(),
                        pid: u32::try_from(pid).unwrap(),
                        instance: instance.to_owned(),
                        duration_nano: end - start,
                    });
                }
            }
        }
    }
    spans
}

/// Writes down what was acknowledged to this process: before anybody can ask for it, since the file is the kernel's.
pub fn acknowledge(directory: &Path, ids: &[[u8; 8]]) {
    let path = directory.join(format!("acknowledged-{}", std::process::id()));
    let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
    let lines: String = ids.iter().map(|id| format!("{:016x}\n", u64::from_be_bytes(*id))).collect();
    file.write_all(lines.as_bytes()).unwrap();
}

/// Ids and the processes that they were acknowledged to.
pub fn acknowledged(directory: &Path) -> HashMap<String, u32> {
    let mut all = HashMap::new();
    for entry in std::fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let Some(pid) = name.strip_prefix("acknowledged-") else { continue };
        for id in std::fs::read_to_string(&path).unwrap().lines() {
            let before = all.insert(id.to_owned(), pid.parse().unwrap());
            assert_eq!(before, None, "{id} was drawn twice");
        }
    }
    all
}

/// Whatever was acknowledged has arrived, once, under the process that recorded it; gives how much that is.
pub fn assert_all_arrived(directory: &Path) -> usize {
    let acknowledged = acknowledged(directory);
    let mut arrived: HashMap<String, Vec<u32>> = HashMap::new();
    let spans = spans(directory);
    for span in &spans {
        arrived.entry(span.id.clone()).or_default().push(span.pid);
    }
    for (id, pid) in &acknowledged {
        let pids = arrived.get(id);
        assert_eq!(pids, Some(&vec![*pid]), "{id} of process {pid}, of {} in all", acknowledged.len());
    }
    // Every start has an instance of its own: none is two processes.
    let pairs: HashSet<_> = spans.iter().map(|span| (span.pid, &span.instance)).collect();
    let instances: HashSet<_> = spans.iter().map(|span| &span.instance).collect();
    assert_eq!(pairs.len(), instances.len());
    acknowledged.len()
}
