//! What one event with one long text costs the thread that records it.

use super::{Arguments, Figures, float};
use crate::Fallible;
use crate::agent::{Agent, Borrowed};
use crate::statistics::median;
use crate::system::thread_cpu;
use crate::workload::Attribute;

/// Events at a time, few enough for the queue.
const BURST: u64 = 1_000;
const ROUNDS: usize = 15;
const FLUSH_MS: u32 = 20_000;
const WORDS: &str = "The cheapest direct flight in May leaves Berlin at 6:40 and costs 89.90 euros; ";

/// So many KiB of words, or of a document that says them in strings with escapes.
fn text(kind: &str, kib: usize) -> Fallible<String> {
    let words = || WORDS.chars().cycle();
    match kind {
        "words" => Ok(words().take(kib * 1024).collect()),
        "json" => {
            let item = format!(r#"{{"role":"user","content":"{WORDS}\n\"yes\""}}"#);
            Ok(format!("[{}]", vec![item.as_str(); kib * 1024 / item.len()].join(",")))
        }
        _ => Err("kind: accepted: words, json".into()),
    }
}

pub fn run(arguments: &Arguments) -> Fallible<Figures> {
    let value = text(arguments.text("kind")?, arguments.number("kib")?)?;
    let source = [Attribute { key: "answer", value }];
    let borrowed = Borrowed::new(&source);
    let agent = Agent::load(arguments.text("library")?)?;
    agent.init(arguments.text("config")?)?;
    let session = agent.start_session()?;
    let mut nanoseconds = Vec::new();
    for _ in 0..ROUNDS {
        let start = thread_cpu();
        let failed = agent.record(session, &borrowed, BURST);
        nanoseconds.push((thread_cpu() - start).as_secs_f64() * 1e9 / float(BURST));
        if failed > 0 {
            return Err(format!("{failed} events were refused").into());
        }
        agent.flush(FLUSH_MS)?;
    }
    agent.end_session(session)?;
    agent.shutdown(FLUSH_MS)?;
    let mut figures = Figures::default();
    figures.set("ns_per_event", median(&nanoseconds).ok_or("nothing was measured")?);
    Ok(figures)
}
