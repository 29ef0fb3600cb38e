//! How the cost of one event grows with the number of threads that record at once: CPU time per event of all of them
//! over that of one alone, in pairs taken one after the other. Each thread with a session of its own, all threads in
//! one session, and the SDK.

use std::sync::Barrier;

use super::{Arguments, Figures, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::sdk::{Batching, Sdk};
use crate::statistics::{median, ratios};
use crate::system::thread_cpu;
use crate::workload::{Attribute, attributes};

const FLUSH_MS: u32 = 20_000;
const WARM_UP: u64 = 500;
const THREADS: [usize; 2] = [2, 4];
const ATTRIBUTES: usize = 10;

pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let rounds: usize = arguments.number("rounds")?;
    let burst: u64 = arguments.number("burst")?;
    let source = attributes(ATTRIBUTES);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let mut figures = Figures::default();
    measure("", rounds, &mut figures, |threads| ours(agent, &source, threads, burst, false))?;
    measure("shared_session_", rounds, &mut figures, |threads| ours(agent, &source, threads, burst, true))?;
    agent.shutdown(FLUSH_MS)?;

    // Its worker sleeps while spans are recorded: all threads together do not fill a batch.
    let most = usize::try_from((burst + WARM_UP) * 4)? + 1024;
    let sdk = Sdk::without_export(Batching { queue: most, batch: most });
    let mut spans = 0;
    measure("sdk_", rounds, &mut figures, |threads| sdk_cost(&sdk, &source, threads, burst, &mut spans))?;
    sdk.shutdown()?;
    Ok(figures)
}

/// One thread, two, four, four, two, one: the mean of both directions is one pair of each round.
fn measure(
    side: &str,
    rounds: usize,
    figures: &mut Figures,
    mut cost: impl FnMut(usize) -> Fallible<f64>,
) -> Fallible<()> {
    let mut alone = Vec::new();
    let mut together = vec![Vec::new(); THREADS.len()];
    cost(1)?;
    for _ in 0..rounds {
        let first = cost(1)?;
        let upwards = THREADS.iter().map(|threads| cost(*threads)).collect::<Fallible<Vec<f64>>>()?;
        let mut downwards =
            THREADS.iter().rev().map(|threads| cost(*threads)).collect::<Fallible<Vec<f64>>>()?;
        downwards.reverse();
        alone.push(f64::midpoint(first, cost(1)?));
        for ((values, up), down) in together.iter_mut().zip(upwards).zip(downwards) {
            values.push(f64::midpoint(up, down));
        }
    }
    figures.set(format!("{side}ns_1_threads"), median(&alone).ok_or("no rounds")?);
    for (threads, values) in THREADS.iter().zip(&together) {
        let growth = median(&ratios(values, &alone)).ok_or("no rounds")?;
        let cost = median(values).ok_or("no rounds")?;
        figures.set(format!("{side}growth_{threads}_threads"), growth);
        figures.set(format!("{side}ns_{threads}_threads"), cost);
    }
    Ok(())
}

/// CPU nanoseconds per event, over all threads.
fn at_once(threads: usize, burst: u64, record: impl Fn(usize, u64) -> u64 + Sync) -> Fallible<f64> {
    let barrier = Barrier::new(threads);
    let work = |thread: usize| {
        let mut failed = record(thread, WARM_UP);
        barrier.wait();
        let start = thread_cpu();
        failed += record(thread, burst);
        (thread_cpu() - start, failed)
    };
    let (mut spent, mut failed) = (0.0, 0);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|thread| scope.spawn(move || work(thread))).collect();
        for thread in running {
            let (cpu, refused) = thread.join().map_err(|_| "a recording thread has died")?;
            spent += cpu.as_secs_f64() * 1e9;
            failed += refused;
        }
        Fallible::Ok(())
    })?;
    if failed > 0 {
        return Err(format!("{failed} events were refused").into());
    }
    Ok(spent / float(burst * threads as u64))
}

fn ours(agent: Agent, source: &[Attribute], threads: usize, burst: u64, shared: bool) -> Fallible<f64> {
    let sessions = (0..threads).map(|_| agent.start_session()).collect::<Fallible<Vec<u64>>>()?;
    let cost = at_once(threads, burst, |thread, events| {
        let session = sessions.get(if shared { 0 } else { thread }).copied();
        agent.record(session.unwrap_or_default(), &Borrowed::new(source), events)
    })?;
    for session in sessions {
        agent.end_session(session)?;
    }
    agent.flush(FLUSH_MS)?;
    Ok(cost)
}

fn sdk_cost(sdk: &Sdk, source: &[Attribute], threads: usize, burst: u64, spans: &mut u64) -> Fallible<f64> {
    let sessions: Vec<_> = (0..threads).map(|_| sdk.start_session()).collect();
    let cost = at_once(threads, burst, |thread, events| {
        if let Some(session) = sessions.get(thread) {
            sdk.record(session, source, events);
        }
        0
    })?;
    for session in &sessions {
        sdk.end_session(session);
    }
    *spans += (burst + WARM_UP + 1) * threads as u64;
    if !sdk.drained(*spans) {
        return Err("the SDK has dropped spans".into());
    }
    Ok(cost)
}
