//! What one log record costs the thread that makes it: CPU time in bursts, both sides in turn in one process (A B B A), and
//! one that is less severe than is wanted. After each burst a side drains its queue, outside of what is measured.

use std::time::Duration;

use super::{Arguments, Figures, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::sdk::Batching;
use crate::sdk_logs::SdkLogs;
use crate::statistics::{median, ratios};
use crate::system::thread_cpu;
use crate::workload::{Attribute, attributes};

const FLUSH_MS: u32 = 20_000;

/// Records before the measurement: more than the queue holds, so that all of its memory has been used once.
const WARM_UP: u64 = 240_000;

/// Bursts that one side records before it is the other's turn.
const BURSTS_OF_A_TURN: u64 = 10;

/// OpenTelemetry's severity numbers; the configuration's minimum is between them.
const DEBUG: u32 = 5;
const WARN: u32 = 13;

struct Sides {
    agent: Agent,
    session: u64,
    sdk: SdkLogs,
    sdk_records: u64,
    burst: u64,
}

/// Runs `rounds` rounds of bursts with `attributes` attributes.
pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let rounds: usize = arguments.number("rounds")?;
    let burst: u64 = arguments.number("burst")?;
    let source = attributes(arguments.number("attributes")?);
    let borrowed = Borrowed::new(&source);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let queue = usize::try_from(burst)? + 1024;
    let sdk = SdkLogs::without_export(Batching { queue, batch: arguments.number("sdk_batch")? });
    let mut sides = Sides { agent, session: agent.start_session()?, sdk, sdk_records: 0, burst };
    for _ in 0..WARM_UP.div_ceil(burst * BURSTS_OF_A_TURN) {
        sides.ours(&borrowed, WARN)?;
        sides.sdk(&source)?;
    }
    let (mut ours, mut sdk, mut disabled) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let first = sides.ours(&borrowed, WARN)?;
        let others = sides.sdk(&source)? + sides.sdk(&source)?;
        ours.push(f64::midpoint(first, sides.ours(&borrowed, WARN)?));
        sdk.push(others / 2.0);
        disabled.push(sides.ours(&borrowed, DEBUG)?);
    }
    sides.finish()?;
    let of = |values: &[f64]| median(values).ok_or("no rounds");
    let mut figures = Figures::default();
    figures.set("ns", of(&ours)?);
    figures.set("sdk_ns", of(&sdk)?);
    figures.set("ratio", of(&ratios(&sdk, &ours))?);
    figures.set("disabled_ns", of(&disabled)?);
    Ok(figures)
}

impl Sides {
    /// CPU nanoseconds per record of ours, in one turn.
    fn ours(&self, attributes: &Borrowed<'_>, severity: u32) -> Fallible<f64> {
        let mut spent = Duration::ZERO;
        for _ in 0..BURSTS_OF_A_TURN {
            let start = thread_cpu();
            let failed = self.agent.log(self.session, severity, attributes, self.burst);
            spent += thread_cpu() - start;
            if failed > 0 {
                return Err(format!("{failed} of {} records were refused", self.burst).into());
            }
            self.agent.flush(FLUSH_MS)?;
        }
        Ok(spent.as_secs_f64() * 1e9 / float(self.burst * BURSTS_OF_A_TURN))
    }

    /// CPU nanoseconds per record of the SDK, in one turn.
    fn sdk(&mut self, source: &[Attribute]) -> Fallible<f64> {
        let mut spent = Duration::ZERO;
        for _ in 0..BURSTS_OF_A_TURN {
            let start = thread_cpu();
            self.sdk.log(source, self.burst);
            spent += thread_cpu() - start;
            self.sdk_records += self.burst;
            if !self.sdk.drained(self.sdk_records) {
                return Err("the SDK has dropped log records".into());
            }
        }
        Ok(spent.as_secs_f64() * 1e9 / float(self.burst * BURSTS_OF_A_TURN))
    }

    /// Checks that the counters agree: nothing was refused, nothing lost.
    fn finish(self) -> Fallible<()> {
        self.agent.end_session(self.session)?;
        self.agent.shutdown(FLUSH_MS)?;
        let counts = self.agent.log_counts()?;
        if counts.refused > 0 || counts.accepted != counts.offered || counts.offered == 0 {
            return Err(format!("the library lost log records: {counts:?}").into());
        }
        self.sdk.shutdown()
    }
}
