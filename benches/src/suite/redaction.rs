//! What it costs the recording thread that texts are redacted.

use super::Bench;
use super::process::{child, run};
use crate::Fallible;
use crate::child::float;

/// Texts of this size, in which nothing is found.
const KIB: u64 = 4;
const RULES: &str = r#","redact":{"detectors":["email","card","ipv4","ipv6","api_keys"],"rules":[{"pattern":"hunter[0-9]","replace":"x"}]"#;

pub fn measure(bench: &mut Bench) -> Fallible<()> {
    let cost = |kind: &str, more: &str| -> Fallible<f64> {
        let config = format!(r#"{{"exporters":[]{more}}}"#);
        let kib = KIB.to_string();
        let arguments =
            [("library", bench.library.as_str()), ("config", &config), ("kib", &kib), ("kind", kind)];
        run(&mut child("redaction", &arguments)?)?.get("ns_per_event")
    };
    let mut figures = Vec::new();
    for (kind, figure) in [("words", "redaction_cost_ns_per_kib"), ("json", "redaction_cost_ns_per_kib_json")]
    {
        let (with, without) = (cost(kind, &format!("{RULES}}}"))?, cost(kind, "")?);
        figures.push((figure, (with - without) / float(KIB)));
    }
    figures.into_iter().for_each(|(figure, value)| bench.summary.add(figure, value));
    Ok(())
}
