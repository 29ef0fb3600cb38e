//! The figures of a run: a flat JSON object of named numbers, and a table that sets them beside their bars.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::Fallible;
use crate::child::Figures;

/// What a figure is held against.
#[derive(Clone, Copy)]
enum Bar {
    AtLeast(f64),
    AtMost(f64),
}

use Bar::{AtLeast, AtMost};

const BARS: &[(&str, Bar)] = &[
    ("caller_cpu_ratio_10_attrs", AtLeast(4.0)),
    ("caller_cpu_growth_2_threads", AtMost(1.2)),
    ("caller_cpu_growth_4_threads", AtMost(1.2)),
    ("start_end_cost_ratio", AtMost(2.5)),
    ("llm_event_cost_ratio", AtMost(1.5)),
    ("json_event_cost_ratio", AtMost(1.6)),
    ("unsampled_cost_fraction", AtMost(0.15)),
    ("log_caller_cpu_ratio", AtLeast(2.5)),
    ("bound_counter_cost_ratio", AtMost(1.2)),
    ("counter_cost_ratio", AtMost(1.3)),
    ("unsampled_with_metrics_cost_fraction", AtMost(0.5)),
    ("derived_metrics_cpu_ratio", AtMost(1.25)),
    ("cpp_cost_ratio", AtMost(1.1)),
    ("go_caller_ratio", AtLeast(2.0)),
    ("go_allocations_per_event", AtMost(0.0)),
    ("csharp_garbage_bytes_per_event", AtMost(0.0)),
    ("process_cpu_ratio_http_protobuf", AtLeast(5.0)),
    ("throughput_ratio_http_protobuf", AtLeast(3.0)),
    ("process_cpu_ratio_grpc", AtLeast(5.0)),
    ("throughput_ratio_grpc", AtLeast(3.0)),
    ("process_cpu_ratio_http_json", AtLeast(3.0)),
    ("hot_loop_delivered_percent", AtLeast(100.0)),
    ("allocations_per_event", AtMost(0.0)),
    ("allocations_per_llm_event", AtMost(0.0)),
    ("allocations_per_log", AtMost(0.0)),
    ("syscalls_per_event", AtMost(0.001)),
    ("idle_wakeups_per_s", AtMost(2.0)),
    ("idle_wakeups_per_s_after_export", AtMost(2.0)),
    ("live_1000_cpu_percent", AtMost(1.0)),
    ("peak_memory_fraction", AtMost(0.35)),
    ("init_ms", AtMost(5.0)),
    ("idle_memory_mib", AtMost(4.0)),
    ("so_size_mib", AtMost(5.0)),
    ("durable_caller_cost_ratio", AtMost(1.5)),
    ("durable_process_cpu_ratio", AtMost(1.3)),
    ("recovery_1m_spans_s", AtMost(10.0)),
    ("recovery_peak_mib", AtMost(64.0)),
    ("outage_delivered_percent", AtLeast(100.0)),
    ("outage_caller_cost_ratio", AtMost(1.15)),
    ("outage_worker_cpu_percent", AtMost(2.0)),
    ("outage_default_uncounted", AtMost(0.0)),
    ("outage_default_undelivered", AtMost(0.0)),
    ("lost_events", AtMost(0.0)),
];

/// Marks a figure that stands beside another one, and has no line of its own.
const PEER: &str = "(peer)";

/// The figures, in the order in which they were measured.
#[derive(Default)]
pub struct Summary {
    rows: Vec<(String, f64, String)>,
}

impl Summary {
    /// Adds a figure.
    pub fn add(&mut self, name: impl Into<String>, value: f64) {
        self.rows.push((name.into(), value, String::new()));
    }

    /// Adds a figure with the peer's own beside it, which is a figure too.
    pub fn add_beside(
        &mut self,
        name: impl Into<String>,
        value: f64,
        peer: impl Into<String>,
        peer_value: f64,
    ) {
        let peer = peer.into();
        let beside = format!("{peer} {}", shown(peer_value));
        self.rows.push((name.into(), value, beside));
        self.rows.push((peer, peer_value, PEER.to_owned()));
    }

    pub fn write(&self, path: &Path) -> Fallible<()> {
        let mut figures = Figures::default();
        for (name, value, _) in &self.rows {
            figures.set(name.clone(), (value * 1e6).round() / 1e6);
        }
        if let Some(directory) = path.parent() {
            fs::create_dir_all(directory)?;
        }
        let text = serde_json::to_string_pretty(&figures.0)?;
        Ok(fs::write(path, format!("{text}\n"))?)
    }

    pub fn table(&self) -> String {
        let mut table = String::new();
        let _ = writeln!(table, "{:<48} {:>12}  {:<9}   peer", "figure", "value", "bar");
        for (name, value, beside) in self.rows.iter().filter(|(.., beside)| beside != PEER) {
            let (bar, mark) = held_against(name, *value);
            let _ = writeln!(table, "{name:<48} {:>12}  {bar:<9} {mark} {beside}", shown(*value));
        }
        table
    }

    /// The bars that no figure stands beside: something was not measured.
    pub fn missing(&self) -> Vec<&'static str> {
        let measured = |bar: &str| self.rows.iter().any(|(name, ..)| name == bar);
        BARS.iter().map(|(name, _)| *name).filter(|name| !measured(name)).collect()
    }
}

/// The bar in words, and `!` when the figure is beyond it.
fn held_against(name: &str, value: f64) -> (String, char) {
    let bar = BARS.iter().find(|(bar, _)| *bar == name);
    match bar.map(|(_, bar)| *bar) {
        Some(AtLeast(bar)) => (format!(">= {bar}"), if value < bar { '!' } else { ' ' }),
        Some(AtMost(bar)) => (format!("<= {bar}"), if value > bar { '!' } else { ' ' }),
        None => (String::new(), ' '),
    }
}

fn shown(value: f64) -> String {
    if value == 0.0 || value.abs() >= 100.0 {
        format!("{value:.0}")
    } else if value.abs() >= 0.1 {
        format!("{value:.2}")
    } else {
        format!("{value:.6}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_figure_beyond_its_bar_is_marked() {
        assert_eq!(held_against("init_ms", 6.0).1, '!');
        assert_eq!(held_against("init_ms", 5.0).1, ' ');
        assert_eq!(held_against("caller_cpu_ratio_10_attrs", 3.9).1, '!');
        assert_eq!(held_against("something_else", 3.9).1, ' ');
    }

    #[test]
    fn a_bar_without_a_figure_is_missing() {
        let mut summary = Summary::default();
        summary.add("init_ms", 1.0);
        let missing = summary.missing();
        assert_eq!(missing.len(), BARS.len() - 1);
        assert!(!missing.contains(&"init_ms"));
    }
}
