//! A collector that is down for a minute while 20,000 spans a second are recorded: what the caller and the worker pay
//! meanwhile, and what has arrived once it is back. With a queue that holds all, everything must; with the default one,
//! what was refused must be counted, and what was accepted must arrive.

use super::Bench;
use super::process::{child, run};
use crate::Fallible;
use crate::child::Figures;

/// Before the outage, as a measure.
const BEFORE_SECONDS: &str = "20";
const OUTAGE_SECONDS: &str = "60";
const SPANS_PER_SECOND: &str = "20000";
const LARGE_QUEUE: &str = r#","queue":{"max_bytes":1073741824}"#;

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    let large = outage(bench, LARGE_QUEUE)?;
    let percent = 100.0 * large.get("sink_distinct")? / large.get("offered")?;
    bench.lost += large.get("offered")? - large.get("sink_distinct")?;
    let summary = &mut bench.summary;
    summary.add("outage_delivered_percent", percent);
    for (name, figure) in [
        ("outage_caller_cost_ratio", "caller_cost_ratio"),
        ("outage_worker_cpu_percent", "worker_cpu_percent"),
        ("outage_caller_ns_before", "before_ns"),
        ("outage_caller_ns_during", "during_ns"),
        ("outage_drained_s", "drained_s"),
        ("outage_peak_memory_mib", "peak_memory_mib"),
    ] {
        summary.add(name, large.get(figure)?);
    }
    let default = outage(bench, "")?;
    // Refusals are counted both here, by what the calls answered, and by the library.
    let offered = default.get("offered")?;
    let (refused, accepted) = (default.get("refused")?, default.get("accepted")?);
    let uncounted = (offered - accepted - refused).abs() + (refused - default.get("answered_refused")?).abs();
    let undelivered =
        (accepted - default.get("exported")?).abs() + accepted - default.get("sink_distinct")?;
    let summary = &mut bench.summary;
    summary.add("outage_default_uncounted", uncounted);
    summary.add("outage_default_undelivered", undelivered);
    summary.add("outage_default_refused_percent", 100.0 * refused / offered);
    summary.add("outage_default_caller_cost_ratio", default.get("caller_cost_ratio")?);
    summary.add("outage_default_worker_cpu_percent", default.get("worker_cpu_percent")?);
    Ok(())
}

fn outage(bench: &Bench, queue: &str) -> Fallible<Figures> {
    bench.sink.reset()?;
    let endpoint = bench.sink.failing_endpoint();
    let config = format!(r#"{{"exporters":[{{"type":"otlp","endpoint":"{endpoint}"}}]{queue}}}"#);
    let mut figures = run(&mut child(
        "outage",
        &[
            ("library", &bench.library),
            ("config", &config),
            ("control", &bench.sink.control()),
            ("before_seconds", BEFORE_SECONDS),
            ("outage_seconds", OUTAGE_SECONDS),
            ("spans_per_second", SPANS_PER_SECOND),
        ],
    )?)?;
    for (name, value) in bench.sink.counts()?.0 {
        figures.set(format!("sink_{name}"), value);
    }
    Ok(figures)
}
