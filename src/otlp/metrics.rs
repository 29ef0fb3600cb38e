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

/// The bit of a temporality in the kind of a frame: it was collected, whether there was anything or not.
pub(crate) fn kind_bit(temporality: Temporality) -> u8 {
    match temporality {
        Temporality::Cumulative => 1,
        Temporality::Delta => 2,
        Temporality::LowMemory => 4,
    }
}

/// Appends the metrics of a frame of this kind that have this temporality; where that was not collected, those of the first
/// that was: the frame is of another process, and better than nothing.
pub(crate) fn select(out: &mut Vec<u8>, kind: u8, payload: &[u8], temporality: Temporality) {
    let chosen = if kind & kind_bit(temporality) != 0 {
        Some(tag(temporality))
    } else {
        Fields::new(payload).map(|metric| metric.tag).next()
    };
    for metric in Fields::new(payload).filter(|metric| Some(metric.tag) == chosen) {
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
            select(&mut out, 1 | 2, &frame, temporality);
            out
        };
        assert_eq!(select(Temporality::Cumulative), b"\x12\x03one\x12\x05three");
        assert_eq!(select(Temporality::Delta), b"\x12\x03two");
        assert_eq!(select(Temporality::LowMemory), b"\x12\x03one\x12\x05three");
    }
}
