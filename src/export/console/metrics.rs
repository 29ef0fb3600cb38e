//! Metrics as lines for people: name, attributes, what there is of it. One point is one line.

use std::fmt::Write as _;

use serde_json::Value;

use super::paint::{Paint, Style};
use crate::export::printable::printable;

/// How much is shown of a name, and of an attribute's value, in bytes.
const NAME_BYTES: usize = 120;
const VALUE_BYTES: usize = 400;

/// Appends a line for each point of metrics, which are given as OTLP/JSON.
pub(super) fn lines(metrics: &[Vec<u8>], style: Style, out: &mut String) {
    for metric in metrics {
        // It was written a moment ago.
        let Ok(metric) = serde_json::from_slice::<Value>(metric) else { continue };
        let data =
            ["gauge", "sum", "histogram", "exponentialHistogram"].iter().find_map(|kind| metric.get(kind));
        let points = data.and_then(|data| data.get("dataPoints")).and_then(Value::as_array);
        for point in points.into_iter().flatten() {
            line(&metric, point, style, out);
        }
    }
}

fn line(metric: &Value, point: &Value, style: Style, out: &mut String) {
    let text = |value: &Value, key| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    style.paint(out, Paint::Bold, &printable(&text(metric, "name"), NAME_BYTES));
    for (key, shown) in [
        ("asInt", "="),
        ("asDouble", "="),
        ("count", " count="),
        ("sum", " sum="),
        ("min", " min="),
        ("max", " max="),
    ] {
        if let Some(value) = point.get(key) {
            out.push_str(shown);
            out.push_str(&bare(value));
        }
    }
    let unit = text(metric, "unit");
    if !unit.is_empty() {
        // Writing to a String cannot fail.
        let _ = write!(out, " {}", printable(&unit, NAME_BYTES));
    }
    for attribute in point.get("attributes").and_then(Value::as_array).into_iter().flatten() {
        out.push(' ');
        style.paint(out, Paint::Faint, &printable(&text(attribute, "key"), NAME_BYTES));
        let value = attribute.get("value").and_then(Value::as_object).and_then(|value| value.values().next());
        let _ = write!(out, "={}", value.map(bare).unwrap_or_default());
    }
    out.push('\n');
}

/// A value: bare where it can be told from what follows, else as JSON.
fn bare(value: &Value) -> String {
    let is_word = |text: &&str| {
        !text.is_empty()
            && !text.chars().any(|character| character.is_whitespace() || "\"={}[]".contains(character))
    };
    let text = value.as_str().filter(is_word).map_or_else(|| value.to_string(), str::to_owned);
    printable(&text, VALUE_BYTES)
}
