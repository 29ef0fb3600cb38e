//! What measuring costs the caller: a counter with four attributes and the same bound, beside the SDK's own; and an event that
//! is not sampled where events are measured, beside one that is recorded. CPU time, in turns (A B B A) in one process.

use std::time::Duration;

use super::{Arguments, Figures, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::sdk_metrics::SdkCounter;
use crate::statistics::{median, ratios};
use crate::system::thread_cpu;
use crate::workload::attributes;

const FLUSH_MS: u32 = 20_000;
/// Counts of one turn.
const COUNTS: u64 = 200_000;
/// Events of one burst, and bursts of one turn.
const BURST: u64 = 2_000;
const BURSTS_OF_A_TURN: u64 = 10;

/// CPU nanoseconds of each of so many calls.
fn timed(calls: u64, run: impl FnOnce() -> u64) -> Fallible<f64> {
    let start = thread_cpu();
    let failed = run();
    let spent = thread_cpu() - start;
    if failed > 0 {
        return Err(format!("{failed} of {calls} calls were refused").into());
    }
    Ok(spent.as_secs_f64() * 1e9 / float(calls))
}

pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let rounds: usize = arguments.number("rounds")?;
    let source = attributes(4);
    let borrowed = Borrowed::new(&source);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let (counter, bound) = agent.make_counter(&borrowed)?;
    let sdk = SdkCounter::new(&source);
    let mut figures = Figures::default();
    pair(
        &mut figures,
        "counter",
        rounds,
        || timed(COUNTS, || agent.count(counter, &borrowed, COUNTS)),
        || timed(COUNTS, || (sdk.count(COUNTS), 0).1),
    )?;
    pair(
        &mut figures,
        "bound_counter",
        rounds,
        || timed(COUNTS, || agent.count_bound(bound, COUNTS)),
        || timed(COUNTS, || (sdk.count_bound(COUNTS), 0).1),
    )?;
    let (session, unsampled) = (agent.start_session()?, agent.start_unsampled_session()?);
    let events = |session| {
        let mut spent = Duration::ZERO;
        for _ in 0..BURSTS_OF_A_TURN {
            let start = thread_cpu();
            let failed = agent.record_llm(session, BURST);
            spent += thread_cpu() - start;
            if failed > 0 {
                return Err(format!("{failed} of {BURST} events were refused").into());
            }
            agent.flush(FLUSH_MS)?;
        }
        Ok(spent.as_secs_f64() * 1e9 / float(BURST * BURSTS_OF_A_TURN))
    };
    pair(&mut figures, "unsampled", rounds, || events(unsampled), || events(session))?;
    agent.end_session(session)?;
    agent.end_session(unsampled)?;
    agent.shutdown(FLUSH_MS)?;
    Ok(figures)
}

/// Measures one thing beside another.
fn pair(
    figures: &mut Figures,
    name: &str,
    rounds: usize,
    one: impl Fn() -> Fallible<f64>,
    other: impl Fn() -> Fallible<f64>,
) -> Fallible<()> {
    // What comes first uses memory for the first time.
    one()?;
    other()?;
    let (mut ones, mut others) = (Vec::new(), Vec::new());
    for _ in 0..rounds {
        let first = one()?;
        others.push(f64::midpoint(other()?, other()?));
        ones.push(f64::midpoint(first, one()?));
    }
    let of = |values: &[f64]| median(values).ok_or("no rounds");
    figures.set(format!("{name}_ns"), of(&ones)?);
    figures.set(format!("{name}_beside_ns"), of(&others)?);
    figures.set(format!("{name}_ratio"), of(&ratios(&ones, &others))?);
    Ok(())
}
