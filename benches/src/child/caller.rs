//! What one span costs the thread that records it: CPU time in bursts, both sides in turn in one process (A B B A), and
//! the wall time of single calls. After each burst a side drains its queue, outside of what is measured, so that nothing
//! is refused or dropped and neither side walks through more memory than it must.

use std::ffi::CStr;
use std::time::Duration;

use super::{Arguments, Figures, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::said::TEXT;
use crate::sdk::{Batching, Sdk, SdkSession};
use crate::statistics::{Tail, median, ratios, tail};
use crate::system::thread_cpu;
use crate::workload::{Attribute, attributes};

const FLUSH_MS: u32 = 20_000;

/// Events before the measurement: more than the queue holds, so that all of its memory has been used once.
const WARM_UP: u64 = 240_000;

/// Bursts that one side records before it is the other's turn.
const BURSTS_OF_A_TURN: u64 = 10;

/// Both sides, ready to record.
struct Sides {
    agent: Agent,
    session: u64,
    sdk: Sdk,
    sdk_session: SdkSession,
    sdk_spans: u64,
}

/// Runs `rounds` rounds of bursts with `attributes` attributes.
pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let rounds: usize = arguments.number("rounds")?;
    let burst: u64 = arguments.number("burst")?;
    let source = attributes(arguments.number("attributes")?);
    let mut sides = Sides::start(arguments, burst)?;
    let mut figures = Figures::default();
    sides.cost(&source, rounds, burst, &mut figures)?;
    sides.tails(&source, rounds, burst, &mut figures)?;
    if arguments.number::<u8>("others")? > 0 {
        sides.other_calls(&source, rounds, burst, &mut figures)?;
        sides.json(rounds, burst, &mut figures)?;
    }
    sides.finish()?;
    Ok(figures)
}

impl Sides {
    fn start(arguments: &Arguments, burst: u64) -> Fallible<Self> {
        let agent = Agent::load(arguments.text("library")?)?;
        agent.init(arguments.text("config")?)?;
        let queue = usize::try_from(burst)? + 1024;
        let sdk = Sdk::without_export(Batching { queue, batch: arguments.number("sdk_batch")? });
        Ok(Self {
            agent,
            session: agent.start_session()?,
            sdk_session: sdk.start_session(),
            sdk,
            sdk_spans: 0,
        })
    }

    /// CPU nanoseconds per event of ours, in one turn.
    fn ours(&self, burst: u64, record: impl Fn(Agent, u64) -> u64) -> Fallible<f64> {
        let mut spent = Duration::ZERO;
        for _ in 0..BURSTS_OF_A_TURN {
            let start = thread_cpu();
            let failed = record(self.agent, self.session);
            spent += thread_cpu() - start;
            if failed > 0 {
                return Err(format!("{failed} of {burst} events were refused").into());
            }
            self.agent.flush(FLUSH_MS)?;
        }
        Ok(spent.as_secs_f64() * 1e9 / float(burst * BURSTS_OF_A_TURN))
    }

    /// CPU nanoseconds per span of the SDK, in one turn.
    fn sdk(&mut self, source: &[Attribute], burst: u64) -> Fallible<f64> {
        let mut spent = Duration::ZERO;
        for _ in 0..BURSTS_OF_A_TURN {
            let start = thread_cpu();
            self.sdk.record(&self.sdk_session, source, burst);
            spent += thread_cpu() - start;
            self.sdk_drained(burst)?;
        }
        Ok(spent.as_secs_f64() * 1e9 / float(burst * BURSTS_OF_A_TURN))
    }

    fn sdk_drained(&mut self, burst: u64) -> Fallible<()> {
        self.sdk_spans += burst;
        if !self.sdk.drained(self.sdk_spans) {
            return Err("the SDK has dropped spans".into());
        }
        Ok(())
    }

    fn cost(
        &mut self,
        source: &[Attribute],
        rounds: usize,
        burst: u64,
        figures: &mut Figures,
    ) -> Fallible<()> {
        let borrowed = Borrowed::new(source);
        let record = |agent: Agent, session| agent.record(session, &borrowed, burst);
        let (mut ours, mut sdk) = (Vec::new(), Vec::new());
        for _ in 0..WARM_UP.div_ceil(burst * BURSTS_OF_A_TURN) {
            ours.push(self.ours(burst, record)?);
            sdk.push(self.sdk(source, burst)?);
        }
        let first = |bursts: &[f64]| {
            let few = bursts.len().div_ceil(3);
            median(bursts.get(..few).unwrap_or_default()).ok_or("no warm-up")
        };
        figures.set("fresh_ns", first(&ours)?);
        figures.set("sdk_fresh_ns", first(&sdk)?);
        let (mut ours, mut sdk) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let first = self.ours(burst, record)?;
            let others = self.sdk(source, burst)? + self.sdk(source, burst)?;
            ours.push(f64::midpoint(first, self.ours(burst, record)?));
            sdk.push(others / 2.0);
        }
        let of = |values: &[f64]| median(values).ok_or("no rounds");
        figures.set("ns", of(&ours)?);
        figures.set("sdk_ns", of(&sdk)?);
        figures.set("ratio", of(&ratios(&sdk, &ours))?);
        Ok(())
    }

    fn tails(
        &mut self,
        source: &[Attribute],
        rounds: usize,
        burst: u64,
        figures: &mut Figures,
    ) -> Fallible<()> {
        let borrowed = Borrowed::new(source);
        let calls = usize::try_from(burst)?;
        let bursts = rounds * usize::try_from(BURSTS_OF_A_TURN)?;
        let mut ours = vec![0; calls * bursts];
        let mut sdk = vec![0; calls * bursts];
        for (ours, sdk) in ours.chunks_mut(calls).zip(sdk.chunks_mut(calls)) {
            let failed = self.agent.record_timed(self.session, &borrowed, ours);
            if failed > 0 {
                return Err(format!("{failed} of {burst} events were refused").into());
            }
            self.agent.flush(FLUSH_MS)?;
            self.sdk.record_timed(&self.sdk_session, source, sdk);
            self.sdk_drained(burst)?;
        }
        set_tail(figures, "", tail(&mut ours));
        set_tail(figures, "sdk_", tail(&mut sdk));
        Ok(())
    }

    /// The typed llm event; start with end, and an event of a session that is not sampled, beside the event recorded whole.
    fn other_calls(
        &mut self,
        source: &[Attribute],
        rounds: usize,
        burst: u64,
        figures: &mut Figures,
    ) -> Fallible<()> {
        let borrowed = Borrowed::new(source);
        let whole = |agent: Agent, session| agent.record(session, &borrowed, burst);
        let pair = |agent: Agent, session| agent.start_and_end(session, &borrowed, burst);
        let typed = |agent: Agent, session| agent.record_llm(session, burst);
        let (mut llm, mut wholes, mut pairs) = (Vec::new(), Vec::new(), Vec::new());
        let unsampled = self.agent.start_unsampled_session()?;
        let again = |agent: Agent, session| agent.record_again(session, &borrowed, burst);
        let left_out = |agent: Agent, _| agent.record_again(unsampled, &borrowed, burst);
        let (mut kept, mut lefts_out) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let first = self.ours(burst, whole)?;
            llm.push(f64::midpoint(self.ours(burst, typed)?, self.ours(burst, typed)?));
            pairs.push(f64::midpoint(self.ours(burst, pair)?, self.ours(burst, pair)?));
            wholes.push(f64::midpoint(first, self.ours(burst, whole)?));
            let first = self.ours(burst, again)?;
            lefts_out.push(f64::midpoint(self.ours(burst, left_out)?, self.ours(burst, left_out)?));
            kept.push(f64::midpoint(first, self.ours(burst, again)?));
        }
        self.agent.end_session(unsampled)?;
        let of = |values: &[f64]| median(values).ok_or("no rounds");
        figures.set("unsampled_ns", of(&lefts_out)?);
        figures.set("unsampled_cost_fraction", of(&ratios(&lefts_out, &kept))?);
        figures.set("llm_event_cost_ratio", of(&ratios(&llm, &wholes))?);
        figures.set("llm_ns", of(&llm)?);
        figures.set("start_and_end_ns", of(&pairs)?);
        figures.set("start_end_cost_ratio", of(&ratios(&pairs, &wholes))?);
        Ok(())
    }

    /// The llm event said in JSON, beside the same text parsed into a struct and the typed call.
    fn json(&mut self, rounds: usize, burst: u64, figures: &mut Figures) -> Fallible<()> {
        let said = |agent: Agent, session| agent.record_json(session, TEXT, burst);
        let parsed = |agent: Agent, session| agent.parse_and_record(session, TEXT, burst);
        let (mut ours, mut others) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            let first = self.ours(burst, said)?;
            others.push(f64::midpoint(self.ours(burst, parsed)?, self.ours(burst, parsed)?));
            ours.push(f64::midpoint(first, self.ours(burst, said)?));
        }
        let of = |values: &[f64]| median(values).ok_or("no rounds");
        figures.set("json_ns", of(&ours)?);
        figures.set("parsed_ns", of(&others)?);
        figures.set("json_event_cost_ratio", of(&ratios(&ours, &others))?);
        Ok(())
    }

    /// Checks that the counters agree: nothing was refused, nothing lost.
    fn finish(self) -> Fallible<()> {
        self.agent.end_session(self.session)?;
        self.agent.shutdown(FLUSH_MS)?;
        let counts = self.agent.counts(None::<&CStr>)?;
        if counts.refused > 0 || counts.accepted + counts.unsampled != counts.offered {
            return Err(format!("the library lost events: {counts:?}").into());
        }
        self.sdk.end_session(&self.sdk_session);
        self.sdk.shutdown()
    }
}

fn set_tail(figures: &mut Figures, side: &str, tail: Option<Tail>) {
    if let Some(tail) = tail {
        figures.set(format!("{side}wall_p50_ns"), float(tail.p50));
        figures.set(format!("{side}wall_p999_ns"), float(tail.p999));
        figures.set(format!("{side}wall_max_ns"), float(tail.max));
    }
}
