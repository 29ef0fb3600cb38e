//! Medians of few rounds and tails of many calls.

/// The middle value, or the mean of the two middle ones; `None` of nothing.
pub fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2)?;
    let lower = sorted.get((sorted.len() - 1) / 2)?;
    Some(f64::midpoint(*lower, *upper))
}

/// Pairwise quotients.
pub fn ratios(numerators: &[f64], denominators: &[f64]) -> Vec<f64> {
    numerators.iter().zip(denominators).map(|(numerator, denominator)| numerator / denominator).collect()
}

/// The tail of a set of calls.
pub struct Tail {
    pub p50: u64,
    pub p999: u64,
    pub max: u64,
}

/// The tail of these calls; sorts them.
pub fn tail(calls: &mut [u64]) -> Option<Tail> {
    calls.sort_unstable();
    let at = |permille: usize| calls.get((calls.len() - 1) * permille / 1000).copied();
    Some(Tail { p50: at(500)?, p999: at(999)?, max: *calls.last()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_is_the_mean_of_the_middle() {
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
        assert_eq!(median(&[9.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[]), None);
    }

    #[test]
    fn the_tail_is_read_from_the_sorted_calls() {
        let mut calls: Vec<u64> = (1..=1001).rev().collect();
        let tail = tail(&mut calls).map(|tail| (tail.p50, tail.p999, tail.max));
        assert_eq!(tail, Some((501, 1000, 1001)));
    }
}
