//! What the bindings for C++, Go and C# cost: programs of their own measure it, and print their figures.

use std::path::Path;
use std::process::{Command, Stdio};

use super::Bench;
use crate::Fallible;
use crate::child::Figures;

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("bindings/run.sh");
    let ran = Command::new(script)
        .args([&bench.library, &bench.ran("bindings")])
        .stderr(Stdio::inherit())
        .output()?;
    if !ran.status.success() {
        return Err("benches/bindings/run.sh failed".into());
    }
    for line in String::from_utf8(ran.stdout)?.lines() {
        for (name, value) in Figures::parse(line)?.0 {
            bench.summary.add(name, value);
        }
    }
    Ok(())
}
