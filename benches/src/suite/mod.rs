//! The whole run: each theme measures with children of its own and adds to the summary. A theme that fails is a problem
//! that is reported at the end; the others still run.

mod bindings;
mod caller;
mod delivery;
mod exact;
mod footprint;
mod live;
mod metrics;
mod outage;
mod process;
mod redaction;
mod storage;
mod summary;

use std::path::PathBuf;
use std::time::Instant;

use self::summary::Summary;
use crate::Fallible;
use crate::child::{Arguments, Protocol};
use crate::sink::client::Sink;

/// What the themes share.
pub struct Bench {
    library: String,
    out: PathBuf,
    sink: Sink,
    summary: Summary,
    lost: f64,
}

impl Bench {
    /// Configuration of a library that sends to the sink, with these keys added.
    fn exporting(&self, more: &str) -> String {
        self.exporting_by(Protocol::HttpProtobuf, more)
    }

    /// The same by a protocol.
    fn exporting_by(&self, protocol: Protocol, more: &str) -> String {
        let (word, endpoint) = (protocol.word(), self.sink.endpoint(protocol));
        // Metrics are measured apart.
        let spans = r#""metrics":{"enabled":false}"#;
        format!(
            r#"{{"exporters":[{{"type":"otlp","protocol":"{word}","endpoint":"{endpoint}"}}],{spans}{more}}}"#
        )
    }

    fn ran(&self, file: &str) -> String {
        self.out.join(file).to_string_lossy().into_owned()
    }
}

type Theme = (&'static str, fn(&mut Bench) -> Fallible<()>);

const THEMES: [Theme; 10] = [
    ("footprint", footprint::measure),
    ("live", live::measure),
    ("exact", exact::measure),
    ("caller", caller::measure),
    ("metrics", metrics::measure),
    ("bindings", bindings::measure),
    ("redaction", redaction::measure),
    ("delivery", delivery::measure),
    ("storage", storage::measure),
    ("outage", outage::measure),
];

/// Configuration of a library without exporters: events are encoded into the queue, whose memory comes round.
const NO_EXPORTERS: &str = r#"{"exporters":[],"metrics":{"enabled":false}}"#;

/// Measures everything, or the one theme that `only` names.
pub fn run(arguments: &Arguments) -> Fallible<()> {
    let out = PathBuf::from(arguments.text("out")?);
    std::fs::create_dir_all(&out)?;
    let library = std::fs::canonicalize(arguments.text("library")?)?;
    let mut bench = Bench {
        library: library.to_string_lossy().into_owned(),
        out,
        sink: Sink::start()?,
        summary: Summary::default(),
        lost: 0.0,
    };
    let only = arguments.text("only").unwrap_or_default();
    let mut problems = Vec::new();
    for (name, measure) in THEMES {
        if !only.is_empty() && only != name {
            continue;
        }
        let start = Instant::now();
        if let Err(error) = measure(&mut bench) {
            problems.push(format!("{name}: {error}"));
        }
        eprintln!("{name}: {:.0} s", start.elapsed().as_secs_f64());
    }
    bench.summary.add("lost_events", bench.lost);
    bench.summary.write(&bench.out.join("summary.json"))?;
    print!("{}", bench.summary.table());
    if only.is_empty() {
        problems.extend(bench.summary.missing().iter().map(|name| format!("{name} was not measured")));
    }
    if bench.lost > 0.0 {
        problems.push(format!("{} events were lost", bench.lost));
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(problems.join("\n").into()),
    }
}
