//! The attributes of one record: unique keys (the last one given wins, typed ones win over free ones, `session.id` over
//! all), the count limit, the limit on values. The common case, few free attributes with different keys, is passed
//! through as it came.

use std::collections::HashSet;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::semconv::SESSION_ID;
use super::text::{Cut, Rewrite as _, rewrite_attributes};
use crate::journal::accounting::Repairs;
use crate::otlp::value::{Attribute, Attributes};

/// Above this many attributes keys are compared through a hash set.
const FEW: usize = 32;

/// Attributes that no limit is on, with unique keys: the last one given wins.
pub(crate) fn unique<'a>(arena: &'a Bump, attributes: &'a [Attribute<'a>]) -> &'a [Attribute<'a>] {
    if Attributes::of(attributes).unique {
        return attributes;
    }
    let nothing = ArenaVec::new_in(arena);
    unite_carefully(nothing, attributes, b"", usize::MAX, &mut Repairs::default())
}

/// The limits on a record's attributes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AttributeLimits {
    /// How many, `session.id` included.
    pub(crate) count: usize,
    /// Bytes of one text or byte string.
    pub(crate) value_bytes: Option<usize>,
}

/// Whether free attributes can go as they came.
#[inline(always)]
pub(crate) fn is_plain(free: &Attributes<'_>, limits: AttributeLimits) -> bool {
    free.unique && free.list.len() <= limits.count && limits.value_bytes.is_none() && !free.names_session
}

/// Brings typed and free attributes together. `typed` has unique keys.
pub(crate) fn unite<'a>(
    arena: &'a Bump,
    typed: ArenaVec<'a, Attribute<'a>>,
    free: &'a [Attribute<'a>],
    limits: AttributeLimits,
    repairs: &mut Repairs,
) -> &'a [Attribute<'a>] {
    let united = unite_carefully(typed, free, SESSION_ID.as_bytes(), limits.count, repairs);
    match limits.value_bytes {
        None => united,
        Some(limit) => {
            let mut cut = Cut::new(limit);
            let shorter = rewrite_attributes(arena, united, &mut cut);
            repairs.truncated += cut.changed();
            shorter
        }
    }
}

fn unite_carefully<'a>(
    typed: ArenaVec<'a, Attribute<'a>>,
    free: &'a [Attribute<'a>],
    reserved: &[u8],
    count: usize,
    repairs: &mut Repairs,
) -> &'a [Attribute<'a>] {
    let mut all = typed;
    let typed_count = all.len();
    // From the last to the first, so that the last one given is the one that stays.
    if free.len() + typed_count <= FEW {
        for attribute in free.iter().rev() {
            if all.iter().all(|before| before.key != attribute.key) && attribute.key != reserved {
                all.push(*attribute);
            }
        }
    } else {
        let mut keys: HashSet<&[u8]> = all.iter().map(|attribute| attribute.key).collect();
        keys.insert(reserved);
        all.extend(free.iter().rev().filter(|attribute| keys.insert(attribute.key)));
    }
    if let Some(kept_free) = all.get_mut(typed_count..) {
        kept_free.reverse();
    }
    let before = all.len();
    all.retain(|attribute| !attribute.key.is_empty());
    all.truncate(count);
    repairs.dropped_attributes += u32::try_from(before - all.len()).unwrap_or(u32::MAX);
    all.into_bump_slice()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::otlp::value::Value;

    const NO_LIMITS: AttributeLimits = AttributeLimits { count: 128, value_bytes: None };

    fn attribute<'a>(key: &'a str, value: i64) -> Attribute<'a> {
        Attribute { key: key.as_bytes(), value: Value::Int(value) }
    }

    fn united(
        typed: &[(&str, i64)],
        free: &[(&str, i64)],
        limits: AttributeLimits,
    ) -> (Vec<(String, i64)>, Repairs) {
        let arena = Bump::new();
        let typed = ArenaVec::from_iter_in(typed.iter().map(|(key, value)| attribute(key, *value)), &arena);
        let free: Vec<_> = free.iter().map(|(key, value)| attribute(key, *value)).collect();
        let mut repairs = Repairs::default();
        let united = unite(&arena, typed, &free, limits, &mut repairs);
        let plain = |a: &Attribute<'_>| match a.value {
            Value::Int(value) => (String::from_utf8(a.key.to_vec()).unwrap(), value),
            _ => unreachable!(),
        };
        (united.iter().map(plain).collect(), repairs)
    }

    fn pairs(expected: &[(&str, i64)]) -> Vec<(String, i64)> {
        expected.iter().map(|(key, value)| ((*key).to_owned(), *value)).collect()
    }

    #[test]
    fn the_last_one_given_wins_and_typed_ones_win_over_free_ones() {
        let (united, _) = united(&[("t", 1)], &[("a", 1), ("t", 2), ("b", 3), ("a", 4)], NO_LIMITS);
        assert_eq!(united, pairs(&[("t", 1), ("b", 3), ("a", 4)]));
    }

    #[test]
    fn session_id_is_the_sessions_alone() {
        assert_eq!(united(&[], &[("session.id", 1), ("a", 2)], NO_LIMITS).0, pairs(&[("a", 2)]));
    }

    #[test]
    fn what_is_over_the_limit_is_counted() {
        let limits = AttributeLimits { count: 2, value_bytes: None };
        let (united, repairs) = united(&[("t", 1)], &[("a", 1), ("", 5), ("b", 2)], limits);
        assert_eq!(united, pairs(&[("t", 1), ("a", 1)]));
        assert_eq!(repairs.dropped_attributes, 2);
    }

    #[test]
    fn many_attributes_are_as_unique_as_few() {
        let keys: Vec<String> = (0..200).map(|n| format!("key.{}", n % 100)).collect();
        let free: Vec<(&str, i64)> =
            keys.iter().enumerate().map(|(n, key)| (key.as_str(), n as i64)).collect();
        let (united, _) = united(&[], &free, AttributeLimits { count: 1000, value_bytes: None });
        assert_eq!(united.len(), 100);
        assert_eq!(united[0], ("key.0".to_owned(), 100));
    }
}
