//! What files cost beside memory, and how long it takes to send what a dead process has left. Files are brought to the disk
//! by the default interval.

use std::path::{Path, PathBuf};

use super::Bench;
use super::delivery::{Delivery, deliver_all};
use super::process::{child, run};
use crate::Fallible;
use crate::child::{Protocol, Side};
use crate::statistics::{median, ratios};

const ROUNDS: usize = 9;
/// Less than the queue holds by default, so that nobody waits on either side.
const SPANS: &str = "100000";
/// As many again before, so that neither side makes its memory or its files while it is measured.
const WARM_UP: &str = "100000";
const LEFT_SPANS: &str = "1000000";
const LEFT: f64 = 1_000_000.0;
const RECOVERY_ROUNDS: usize = 3;
const MIB: f64 = 1_048_576.0;

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    let directory = bench.out.join("storage");
    let _ = std::fs::remove_dir_all(&directory);
    std::fs::create_dir_all(&bench.out)?;
    cost(bench, &directory)?;
    recovery(bench, &directory)?;
    std::fs::remove_dir_all(&directory)?;
    Ok(())
}

/// Configuration keys for files in a directory.
fn files(directory: &Path) -> String {
    format!(
        r#","storage":{{"directory":{:?},"max_bytes":2147483648,"recovery_bytes_per_s":0}}"#,
        directory.to_string_lossy()
    )
}

fn cost(bench: &mut Bench, directory: &Path) -> Fallible<()> {
    let delivery = |config| Delivery {
        protocol: Protocol::HttpProtobuf,
        spans: SPANS,
        warm_up: WARM_UP,
        config,
        llm: false,
        sdk_queue: "0",
        sdk_batch: "0",
    };
    let memory = delivery(bench.exporting(""));
    let durable = delivery(bench.exporting(&files(directory)));
    let mut columns: [Vec<f64>; 4] = Default::default();
    for _ in 0..ROUNDS {
        let mut sums = [0.0; 4];
        for (side, offset) in [(&memory, 0), (&durable, 2), (&durable, 2), (&memory, 0)] {
            let figures = deliver_all(bench, Side::Ours, side)?;
            for (sum, name) in sums.iter_mut().skip(offset).zip(["caller_cpu_ns_per_span", "cpu_ns_per_span"])
            {
                *sum += figures.get(name)? / 2.0;
            }
        }
        columns.iter_mut().zip(sums).for_each(|(column, sum)| column.push(sum));
    }
    let [caller, process, durable_caller, durable_process] = &columns;
    let of = |values: &[f64]| median(values).ok_or("no rounds");
    let summary = &mut bench.summary;
    summary.add("durable_caller_cost_ratio", of(&ratios(durable_caller, caller))?);
    summary.add("durable_process_cpu_ratio", of(&ratios(durable_process, process))?);
    summary.add("durable_caller_ns", of(durable_caller)?);
    summary.add("durable_process_cpu_ns", of(durable_process)?);
    Ok(())
}

fn recovery(bench: &mut Bench, directory: &PathBuf) -> Fallible<()> {
    let storage = files(directory);
    // Nobody listens there: everything stays.
    let leaving = format!(r#"{{"exporters":[{{"type":"otlp","endpoint":"http://127.0.0.1:9"}}]{storage}}}"#);
    let recovering = bench.exporting(&storage);
    let (mut seconds, mut peaks) = (Vec::new(), Vec::new());
    for _ in 0..RECOVERY_ROUNDS {
        bench.sink.reset()?;
        let arguments =
            [("library", bench.library.as_str()), ("config", leaving.as_str()), ("spans", LEFT_SPANS)];
        run(&mut child("leave", &arguments)?)?;
        let arguments = [("library", bench.library.as_str()), ("config", recovering.as_str())];
        let figures = run(&mut child("recover", &arguments)?)?;
        // The session's root was in flight: it is one more.
        let distinct = bench.sink.counts()?.get("distinct")?;
        bench.lost += LEFT + 1.0 - distinct;
        seconds.push(figures.get("recovery_s")?);
        peaks.push(figures.get("peak_memory_bytes")? / MIB);
    }
    let of = |values: &[f64]| median(values).ok_or("no rounds");
    bench.summary.add("recovery_1m_spans_s", of(&seconds)?);
    bench.summary.add("recovery_peak_mib", of(&peaks)?);
    Ok(())
}
