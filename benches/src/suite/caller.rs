//! What recording costs the caller: 0, 4 and 10 attributes against the SDK, several threads, other calls. The SDK's
//! exporter does nothing. The library is measured twice: without exporters, which is the same, and while it sends all
//! to the sink over HTTP, which is more than its peer does.

use super::process::{child, run};
use super::{Bench, NO_EXPORTERS};
use crate::Fallible;
use crate::child::Figures;

const ROUNDS: &str = "15";
/// Events of one burst, ten bursts to a turn. Longer bursts change nothing for the library; they cost the SDK more.
const BURST: &str = "2000";
/// Batches of the SDK's worker, larger than a burst: it then sleeps while spans are recorded, and does not contend with
/// the caller for the allocator, which is the SDK at its best.
const SDK_BATCH: &str = "4096";
const THREAD_ROUNDS: &str = "11";
const THREAD_BURST: &str = "10000";

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    for attributes in ["0", "4", "10"] {
        let others = if attributes == "10" { "1" } else { "0" };
        let figures = one(bench, NO_EXPORTERS, attributes, others)?;
        add(bench, attributes, &figures)?;
    }
    while_exporting(bench)?;
    logs(bench)?;
    threads(bench)
}

fn one(bench: &Bench, config: &str, attributes: &str, others: &str) -> Fallible<Figures> {
    run(&mut child(
        "caller",
        &[
            ("library", &bench.library),
            ("config", config),
            ("rounds", ROUNDS),
            ("burst", BURST),
            ("attributes", attributes),
            ("sdk_batch", SDK_BATCH),
            ("others", others),
        ],
    )?)
}

fn add(bench: &mut Bench, attributes: &str, figures: &Figures) -> Fallible<()> {
    let summary = &mut bench.summary;
    summary.add(format!("caller_cpu_ratio_{attributes}_attrs"), figures.get("ratio")?);
    for (name, figure) in [
        ("caller_ns", "ns"),
        ("caller_fresh_ns", "fresh_ns"),
        ("caller_wall_p50_ns", "wall_p50_ns"),
        ("caller_wall_p999_ns", "wall_p999_ns"),
        ("caller_wall_max_ns", "wall_max_ns"),
    ] {
        let name = format!("{name}_{attributes}_attrs");
        let peer = figures.get(&format!("sdk_{figure}"))?;
        summary.add_beside(name.clone(), figures.get(figure)?, format!("sdk_{name}"), peer);
    }
    if let (Ok(llm), Ok(pair)) = (figures.get("llm_ns"), figures.get("start_and_end_ns")) {
        summary.add("caller_ns_llm_12_fields", llm);
        summary.add("caller_ns_start_and_end_10_attrs", pair);
        summary.add("start_end_cost_ratio", figures.get("start_end_cost_ratio")?);
        let (json, parsed) = (figures.get("json_ns")?, figures.get("parsed_ns")?);
        summary.add_beside("caller_ns_llm_json", json, "caller_ns_llm_parsed", parsed);
        summary.add("json_event_cost_ratio", figures.get("json_event_cost_ratio")?);
        summary.add("llm_event_cost_ratio", figures.get("llm_event_cost_ratio")?);
        summary.add("caller_ns_unsampled_10_attrs", figures.get("unsampled_ns")?);
        summary.add("unsampled_cost_fraction", figures.get("unsampled_cost_fraction")?);
    }
    Ok(())
}

fn while_exporting(bench: &mut Bench) -> Fallible<()> {
    let figures = one(bench, &bench.exporting(""), "10", "0")?;
    let summary = &mut bench.summary;
    for (name, figure) in [
        ("caller_cpu_ratio_10_attrs_while_exporting", "ratio"),
        ("caller_ns_10_attrs_while_exporting", "ns"),
        ("caller_wall_p999_ns_10_attrs_while_exporting", "wall_p999_ns"),
        ("caller_wall_max_ns_10_attrs_while_exporting", "wall_max_ns"),
    ] {
        summary.add(name, figures.get(figure)?);
    }
    Ok(())
}

fn logs(bench: &mut Bench) -> Fallible<()> {
    let figures = run(&mut child(
        "logs",
        &[
            ("library", &bench.library),
            ("config", r#"{"exporters":[],"metrics":{"enabled":false},"logs":{"min_severity":"info"}}"#),
            ("rounds", ROUNDS),
            ("burst", BURST),
            ("attributes", "4"),
            ("sdk_batch", SDK_BATCH),
        ],
    )?)?;
    let summary = &mut bench.summary;
    summary.add("log_caller_cpu_ratio", figures.get("ratio")?);
    let peer = figures.get("sdk_ns")?;
    summary.add_beside("log_caller_ns_4_attrs", figures.get("ns")?, "sdk_log_caller_ns_4_attrs", peer);
    summary.add("log_disabled_ns", figures.get("disabled_ns")?);
    Ok(())
}

fn threads(bench: &mut Bench) -> Fallible<()> {
    let figures = run(&mut child(
        "threads",
        &[
            ("library", &bench.library),
            ("config", NO_EXPORTERS),
            ("rounds", THREAD_ROUNDS),
            ("burst", THREAD_BURST),
        ],
    )?)?;
    for threads in ["2", "4"] {
        let growth = format!("growth_{threads}_threads");
        let shared = figures.get(&format!("shared_session_{growth}"))?;
        bench.summary.add_beside(
            format!("caller_cpu_{growth}"),
            figures.get(&growth)?,
            format!("sdk_caller_cpu_{growth}"),
            figures.get(&format!("sdk_{growth}"))?,
        );
        bench.summary.add(format!("caller_cpu_{growth}_shared_session"), shared);
        let cost = format!("ns_{threads}_threads");
        bench.summary.add_beside(
            format!("caller_{cost}"),
            figures.get(&cost)?,
            format!("sdk_caller_{cost}"),
            figures.get(&format!("sdk_{cost}"))?,
        );
    }
    Ok(())
}
