//! What metrics cost: the host's own instruments beside the SDK's, events that are measured though they leave no span, and
//! what measuring costs the process for each exported span.

use super::Bench;
use super::delivery::{Delivery, deliver_all};
use super::process::{child, run};
use crate::Fallible;
use crate::child::{Protocol, Side};
use crate::statistics::{median, ratios};

const ROUNDS: &str = "11";
const DELIVERY_ROUNDS: usize = 9;
const SPANS: &str = "200000";
/// Events are measured, and nobody collects.
const MEASURING: &str = r#"{"exporters":[],"metrics":{"self":false}}"#;

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    let arguments = [("library", bench.library.as_str()), ("config", MEASURING), ("rounds", ROUNDS)];
    let figures = run(&mut child("metrics", &arguments)?)?;
    let summary = &mut bench.summary;
    for name in ["counter", "bound_counter"] {
        summary.add(format!("{name}_cost_ratio"), figures.get(&format!("{name}_ratio"))?);
        let peer = figures.get(&format!("{name}_beside_ns"))?;
        summary.add_beside(
            format!("{name}_ns"),
            figures.get(&format!("{name}_ns"))?,
            format!("sdk_{name}_ns"),
            peer,
        );
    }
    summary.add("unsampled_with_metrics_cost_fraction", figures.get("unsampled_ratio")?);
    summary.add("unsampled_with_metrics_ns", figures.get("unsampled_ns")?);
    derived(bench)
}

fn derived(bench: &mut Bench) -> Fallible<()> {
    let endpoint = bench.sink.endpoint(Protocol::HttpProtobuf);
    let config = |from_events: bool| {
        format!(
            r#"{{"exporters":[{{"type":"otlp","endpoint":"{endpoint}","signals":["traces"]}},
                {{"type":"file","path":"/dev/null","signals":["metrics"]}}],
                "metrics":{{"self":false,"from_events":{from_events}}},
                "queue":{{"overflow":"block","block_ms":60000}}}}"#
        )
    };
    let delivery = |from_events| Delivery {
        protocol: Protocol::HttpProtobuf,
        spans: SPANS,
        warm_up: "5000",
        config: config(from_events),
        sdk_queue: "0",
        sdk_batch: "0",
        llm: true,
    };
    let (with, without) = (delivery(true), delivery(false));
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..DELIVERY_ROUNDS {
        ones.push(deliver_all(bench, Side::Ours, &with)?.get("cpu_ns_per_span")?);
        others.push(deliver_all(bench, Side::Ours, &without)?.get("cpu_ns_per_span")?);
    }
    let of = |values: &[f64]| median(values).ok_or("no rounds");
    bench.summary.add("derived_metrics_cpu_ratio", of(&ratios(&ones, &others))?);
    bench.summary.add("llm_span_cpu_ns_with_metrics", of(&ones)?);
    bench.summary.add("llm_span_cpu_ns", of(&others)?);
    Ok(())
}
