//! One side delivers spans to the sink: recorded in a tight loop in one session, then shut down. What it took of CPU,
//! wall time and memory is this process's own; whether all came is the sink's to say.

use std::time::Instant;

use super::{Arguments, Figures, Side, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::sdk::{Batching, Sdk};
use crate::system::{memory, process_cpu, thread_cpu};
use crate::workload::attributes;

const ATTRIBUTES: usize = 10;
const SHUTDOWN_MS: u32 = 60_000;

pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let mut figures = match arguments.number("side")? {
        Side::Ours => ours(arguments)?,
        Side::Sdk => sdk(arguments)?,
    };
    figures.set("peak_memory_bytes", float(memory("VmHWM")?));
    Ok(figures)
}

/// Times `record` and `shutdown`.
fn timed(
    spans: u64,
    record: impl FnOnce() -> Fallible<()>,
    shutdown: impl FnOnce() -> Fallible<()>,
) -> Fallible<Figures> {
    let (wall, cpu, caller) = (Instant::now(), process_cpu(), thread_cpu());
    record()?;
    let caller = thread_cpu() - caller;
    let recorded = wall.elapsed();
    shutdown()?;
    let (wall, cpu) = (wall.elapsed(), process_cpu() - cpu);
    let mut figures = Figures::default();
    figures.set("cpu_ns_per_span", cpu.as_secs_f64() * 1e9 / float(spans));
    figures.set("wall_ns_per_span", wall.as_secs_f64() * 1e9 / float(spans));
    figures.set("caller_cpu_ns_per_span", caller.as_secs_f64() * 1e9 / float(spans));
    figures.set("record_ms", recorded.as_secs_f64() * 1e3);
    Ok(figures)
}

fn ours(arguments: &Arguments) -> Fallible<Figures> {
    let (spans, warm_up) = (arguments.number("spans")?, arguments.number("warm_up")?);
    let source = attributes(ATTRIBUTES);
    let borrowed = Borrowed::new(&source);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let session = agent.start_session()?;
    let is_llm = arguments.number::<u8>("llm")? > 0;
    let record = |events| {
        if is_llm { agent.record_llm(session, events) } else { agent.record(session, &borrowed, events) }
    };
    let mut refused = record(warm_up);
    agent.flush(SHUTDOWN_MS)?;
    let mut figures = timed(
        spans,
        || {
            refused += record(spans);
            agent.end_session(session)
        },
        || agent.shutdown(SHUTDOWN_MS),
    )?;
    let counts = agent.counts(Some(c"otlp"))?;
    figures.set("refused", float(refused));
    figures.set("exported", float(counts.exported));
    figures.set("unsettled", float(counts.pending + counts.lost));
    // The root span is one more.
    figures.set("offered", float(spans + warm_up + 1));
    Ok(figures)
}

fn sdk(arguments: &Arguments) -> Fallible<Figures> {
    let (spans, warm_up) = (arguments.number("spans")?, arguments.number("warm_up")?);
    let source = attributes(ATTRIBUTES);
    let queue: usize = arguments.number("sdk_queue")?;
    let batch: usize = arguments.number("sdk_batch")?;
    let batching = (queue > 0).then_some(Batching { queue, batch });
    let sdk = Sdk::with_otlp(arguments.number("protocol")?, arguments.text("endpoint")?, batching)?;
    let session = sdk.start_session();
    sdk.record(&session, &source, warm_up);
    sdk.flush()?;
    let mut figures = timed(
        spans,
        || {
            sdk.record(&session, &source, spans);
            sdk.end_session(&session);
            Ok(())
        },
        || sdk.shutdown(),
    )?;
    figures.set("offered", float(spans + warm_up + 1));
    Ok(figures)
}
