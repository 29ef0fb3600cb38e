//! How metrics stand in a frame: `Metric` messages as elements of `ScopeMetrics`, like other records, but each with a tag that
//! says for which temporality it was collected. Whoever exports takes those of one temporality and gives them the tag that
//! they have in a request.

use super::wire::{Fields, bytes_tag};
use crate::config::Temporality;

/// `ScopeMetrics.metrics`.
const ITEM: u32 = bytes_tag(2);

/// The tag of a metric of this temporality in frames: one that no field of `ScopeMetrics` has.
fn tag(temporality: Temporality) -> u32 {
    bytes_tag(match temporality {
        Temporality::Cumulative => 4,
        Temporality::Delta => 5,
        Temporality::LowMemory => 6,
    })
}

/// The tag's byte.
pub(crate) fn frame_tag(temporality: Temporality) -> u8 {
    // A field number below 16 makes one byte.
    u8::try_from(tag(temporality)).unwrap_or(u8::MAX)
}

/// Appends the metrics of a frame that have this temporality; of one that has none, those of the first that it has: the
/// frame is of another process, and better than nothing.
pub(crate) fn select(out: &mut Vec<u8>, payload: &[u8], temporality: Temporality) {
    let all = || Fields::new(payload);
    let wanted = tag(temporality);
    let has_wanted = all().any(|metric| metric.tag == wanted);
    let chosen = if has_wanted { Some(wanted) } else { all().map(|metric| metric.tag).next() };
    for metric in all().filter(|metric| Some(metric.tag) == chosen) {
        if let Some((_, rest)) = metric.whole.split_first() {
            out.push(ITEM as u8);
            out.extend_from_slice(rest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(temporality: Temporality, content: &[u8]) -> Vec<u8> {
        let mut metric = vec![frame_tag(temporality), content.len() as u8];
        metric.extend_from_slice(content);
        metric
    }

    #[test]
    fn each_temporality_has_its_own_and_another_process_s_what_there_is() {
        let frame = [
            metric(Temporality::Cumulative, b"one"),
            metric(Temporality::Delta, b"two"),
            metric(Temporality::Cumulative, b"three"),
        ]
        .concat();
        let select = |temporality| {
            let mut out = Vec::new();
            select(&mut out, &frame, temporality);
            out
        };
        assert_eq!(select(Temporality::Cumulative), b"\x12\x03one\x12\x05three");
        assert_eq!(select(Temporality::Delta), b"\x12\x03two");
        assert_eq!(select(Temporality::LowMemory), b"\x12\x03one\x12\x05three");
    }
}
