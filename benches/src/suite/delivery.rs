//! Spans delivered to the sink in another process: CPU and wall time per span, what of a hot loop arrives at each side's
//! defaults, and peak memory. Whoever says that it is lossless must have every span at the sink, each once.

use super::Bench;
use super::process::{child, run};
use crate::Fallible;
use crate::child::{Figures, Protocol, Side};
use crate::statistics::{median, ratios};

const ROUNDS: usize = 9;
const MEMORY_ROUNDS: usize = 3;
const SPANS: &str = "200000";
const HOT_LOOP_SPANS: &str = "100000";
/// A queue that holds all spans, and the batch size that cost the SDK the least CPU.
const SDK_QUEUE: &str = "262144";
const SDK_BATCH: &str = "512";
/// The queue's default bound; the caller waits when it is full.
const BLOCKING: &str = r#","queue":{"overflow":"block","block_ms":60000}"#;
/// Half the default bound, for the comparison of peak memory.
const SMALL_QUEUE: &str = r#","queue":{"max_bytes":33554432,"overflow":"block","block_ms":60000}"#;

const MIB: f64 = 1_048_576.0;

/// How a child is to deliver.
pub(super) struct Delivery<'a> {
    pub(super) protocol: Protocol,
    pub(super) spans: &'a str,
    pub(super) warm_up: &'a str,
    pub(super) config: String,
    pub(super) sdk_queue: &'a str,
    pub(super) sdk_batch: &'a str,
    /// Typed events in place of plain ones.
    pub(super) llm: bool,
}

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    for protocol in [Protocol::HttpProtobuf, Protocol::Grpc, Protocol::HttpJson] {
        cost(bench, protocol)?;
    }
    hot_loop(bench)?;
    peak_memory(bench)
}

/// Runs one side; the sink's counts are among the figures.
fn deliver(bench: &Bench, side: Side, delivery: &Delivery<'_>) -> Fallible<Figures> {
    bench.sink.reset()?;
    let word = match side {
        Side::Ours => "ours",
        Side::Sdk => "sdk",
    };
    let mut figures = run(&mut child(
        "deliver",
        &[
            ("side", word),
            ("library", &bench.library),
            ("config", &delivery.config),
            ("protocol", delivery.protocol.word()),
            ("endpoint", &bench.sink.endpoint(delivery.protocol)),
            ("spans", delivery.spans),
            ("warm_up", delivery.warm_up),
            ("sdk_queue", delivery.sdk_queue),
            ("sdk_batch", delivery.sdk_batch),
            ("llm", if delivery.llm { "1" } else { "0" }),
        ],
    )?)?;
    let counts = bench.sink.counts()?;
    if counts.get("malformed")? > 0.0 || counts.get("spans")? > counts.get("distinct")? {
        return Err(format!("{word}: the sink got malformed or repeated spans: {counts:?}").into());
    }
    for (name, value) in counts.0 {
        figures.set(format!("sink_{name}"), value);
    }
    Ok(figures)
}

/// Runs one side, whose spans must all arrive.
pub(super) fn deliver_all(bench: &mut Bench, side: Side, delivery: &Delivery<'_>) -> Fallible<Figures> {
    let figures = deliver(bench, side, delivery)?;
    let lost = figures.get("offered")? - figures.get("sink_distinct")?;
    match side {
        Side::Ours => bench.lost += lost,
        Side::Sdk if lost > 0.0 => {
            return Err(format!("the SDK has lost {lost} spans where it must not").into());
        }
        Side::Sdk => {}
    }
    Ok(figures)
}

fn lossless(bench: &Bench, protocol: Protocol, queue: &str, warm_up: &'static str) -> Delivery<'static> {
    Delivery {
        protocol,
        spans: SPANS,
        warm_up,
        config: bench.exporting_by(protocol, queue),
        sdk_queue: SDK_QUEUE,
        sdk_batch: SDK_BATCH,
        llm: false,
    }
}

fn cost(bench: &mut Bench, protocol: Protocol) -> Fallible<()> {
    let delivery = lossless(bench, protocol, BLOCKING, "5000");
    let mut columns: [Vec<f64>; 6] = Default::default();
    for _ in 0..ROUNDS {
        let order = [Side::Ours, Side::Sdk, Side::Sdk, Side::Ours];
        let mut sums = [0.0; 6];
        for side in order {
            let figures = deliver_all(bench, side, &delivery)?;
            let offset = if side == Side::Ours { 0 } else { 3 };
            for (sum, name) in sums.iter_mut().skip(offset).zip([
                "cpu_ns_per_span",
                "wall_ns_per_span",
                "caller_cpu_ns_per_span",
            ]) {
                *sum += figures.get(name)? / 2.0;
            }
        }
        for (column, sum) in columns.iter_mut().zip(sums) {
            column.push(sum);
        }
    }
    let [cpu, wall, caller, sdk_cpu, sdk_wall, sdk_caller] = &columns;
    let of = |values: &[f64]| median(values).ok_or("no rounds");
    let summary = &mut bench.summary;
    let by = protocol.figure();
    summary.add(format!("process_cpu_ratio_{by}"), of(&ratios(sdk_cpu, cpu))?);
    summary.add(format!("throughput_ratio_{by}"), of(&ratios(sdk_wall, wall))?);
    for (name, ours, sdk) in
        [("process_cpu_ns", cpu, sdk_cpu), ("wall_ns", wall, sdk_wall), ("caller_cpu_ns", caller, sdk_caller)]
    {
        let name = format!("{name}_{by}");
        summary.add_beside(name.clone(), of(ours)?, format!("sdk_{name}"), of(sdk)?);
    }
    Ok(())
}

fn hot_loop(bench: &mut Bench) -> Fallible<()> {
    let delivery = Delivery {
        protocol: Protocol::HttpProtobuf,
        spans: HOT_LOOP_SPANS,
        warm_up: "0",
        config: bench.exporting(""),
        sdk_queue: "0",
        sdk_batch: "0",
        llm: false,
    };
    let mut ours = f64::INFINITY;
    let mut sdk = Vec::new();
    for _ in 0..MEMORY_ROUNDS {
        let figures = deliver_all(bench, Side::Ours, &delivery)?;
        ours = ours.min(percent(&figures)?);
        sdk.push(percent(&deliver(bench, Side::Sdk, &delivery)?)?);
    }
    bench.summary.add_beside(
        "hot_loop_delivered_percent",
        ours,
        "sdk_hot_loop_delivered_percent",
        median(&sdk).ok_or("no rounds")?,
    );
    Ok(())
}

fn percent(figures: &Figures) -> Fallible<f64> {
    Ok(100.0 * figures.get("sink_distinct")? / figures.get("offered")?)
}

fn peak_memory(bench: &mut Bench) -> Fallible<()> {
    let small = lossless(bench, Protocol::HttpProtobuf, SMALL_QUEUE, "0");
    let ordinary = lossless(bench, Protocol::HttpProtobuf, BLOCKING, "0");
    let (mut ours, mut with_default, mut sdk) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..MEMORY_ROUNDS {
        let peak = |figures: &Figures| figures.get("peak_memory_bytes");
        ours.push(peak(&deliver_all(bench, Side::Ours, &small)?)? / MIB);
        with_default.push(peak(&deliver_all(bench, Side::Ours, &ordinary)?)? / MIB);
        sdk.push(peak(&deliver_all(bench, Side::Sdk, &small)?)? / MIB);
    }
    let of = |values: &[f64]| median(values).ok_or("no rounds");
    let summary = &mut bench.summary;
    summary.add("peak_memory_fraction", of(&ratios(&ours, &sdk))?);
    summary.add("peak_memory_fraction_default_queue", of(&ratios(&with_default, &sdk))?);
    summary.add_beside("peak_memory_mib", of(&ours)?, "sdk_peak_memory_mib", of(&sdk)?);
    summary.add("peak_memory_mib_default_queue", of(&with_default)?);
    Ok(())
}
