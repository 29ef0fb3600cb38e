//! Tail sampling: how it is written, and what that means.

use std::fmt;

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use super::amount::Amount;
use super::error::{ConfigError, Origin};
use super::value::{NonEmpty, Ratio, Whole, Word, words};
use super::{KeepRule, Queue, Storage, TailSampling};

/// Undecided sessions hold at most this part of what there is room for.
const HELD_PART: u64 = 2;

/// Rules that need no more than a word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepWord {
    Error,
}

words!(KeepWord { Error => "error" });

/// A rule with an argument; one in each object.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct KeepObject {
    /// Sessions that took longer, in milliseconds, are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) slower_than_ms: Option<Whole<0, 31_536_000_000>>,
    /// Sessions that cost more are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cost_above: Option<Amount>,
    /// Sessions that have this tag are kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tag: Option<NonEmpty>,
}

/// A rule, as a word or as an object.
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[cfg_attr(feature = "schema", serde(untagged), schemars(inline))]
pub(super) enum KeepKeys {
    Word(KeepWord),
    Object(KeepObject),
}

impl<'de> Deserialize<'de> for KeepKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct WordOrObject;

        impl<'de> Visitor<'de> for WordOrObject {
            type Value = KeepKeys;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                let words = KeepWord::accepted();
                write!(formatter, "{words}, or an object with `slower_than_ms`, `cost_above` or `tag`")
            }

            fn visit_str<E: de::Error>(self, word: &str) -> Result<KeepKeys, E> {
                KeepWord::from_word(word)
                    .map(KeepKeys::Word)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(word), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<KeepKeys, A::Error> {
                KeepObject::deserialize(MapAccessDeserializer::new(map)).map(KeepKeys::Object)
            }
        }

        deserializer.deserialize_any(WordOrObject)
    }
}

/// Decides for each session, when it has ended, whether it is exported. `null`: all are.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct TailKeys {
    /// What is kept: `"error"` keeps sessions in which something failed, `{"slower_than_ms": …}` those that took longer,
    /// `{"cost_above": …}` those that cost more, `{"tag": …}` those with this tag. One rule that holds is enough.
    pub(super) keep: Vec<KeepKeys>,
    /// The share of all other sessions that is kept, by their trace ids.
    pub(super) ratio: Ratio,
    /// Most bytes of the queue that sessions hold which are not decided on. Beyond it the one that has held longest is kept
    /// without waiting for its end. A value above half of `queue.max_bytes`, or of `storage.max_bytes` where that takes its
    /// place, counts as that half.
    pub(super) max_bytes: Whole<65_536, 68_719_476_736>,
}

impl Default for TailKeys {
    fn default() -> Self {
        Self {
            keep: vec![KeepKeys::Word(KeepWord::Error)],
            ratio: Ratio::NONE,
            max_bytes: Whole::fixed::<33_554_432>(),
        }
    }
}

/// Reads the keys, or `null`; from an object alone, as for all others.
pub(super) fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<TailKeys>, D::Error> {
    struct ObjectOrNull;

    impl<'de> Visitor<'de> for ObjectOrNull {
        type Value = Option<TailKeys>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an object or null")
        }

        fn visit_unit<E: de::Error>(self) -> Result<Option<TailKeys>, E> {
            Ok(None)
        }

        fn visit_map<A: MapAccess<'de>>(self, keys: A) -> Result<Option<TailKeys>, A::Error> {
            TailKeys::deserialize(MapAccessDeserializer::new(keys)).map(Some)
        }
    }

    deserializer.deserialize_any(ObjectOrNull)
}

fn rule(position: usize, keys: KeepKeys) -> Result<KeepRule, ConfigError> {
    match keys {
        KeepKeys::Word(KeepWord::Error) => Ok(KeepRule::Error),
        KeepKeys::Object(KeepObject { slower_than_ms: Some(limit), cost_above: None, tag: None }) => {
            Ok(KeepRule::SlowerThanMs(limit.get()))
        }
        KeepKeys::Object(KeepObject { slower_than_ms: None, cost_above: Some(limit), tag: None }) => {
            Ok(KeepRule::CostAbove(limit.get()))
        }
        KeepKeys::Object(KeepObject { slower_than_ms: None, cost_above: None, tag: Some(tag) }) => {
            Ok(KeepRule::Tag(tag.into_text()))
        }
        KeepKeys::Object(_) => {
            let path = format!("tail_sampling.keep[{position}]");
            let reason = "accepted: exactly one of `slower_than_ms`, `cost_above` and `tag`".to_owned();
            Err(ConfigError::key(&Origin::Argument, path, reason))
        }
    }
}

/// What the keys mean, beside a queue and what may take its place.
pub(super) fn settle(
    keys: Option<TailKeys>,
    queue: &Queue,
    storage: Option<&Storage>,
) -> Result<Option<TailSampling>, ConfigError> {
    let Some(keys) = keys else { return Ok(None) };
    let room = storage.map_or(queue.max_bytes as u64, |storage| storage.max_bytes);
    let keep = keys.keep.into_iter().enumerate().map(|(position, keys)| rule(position, keys));
    Ok(Some(TailSampling {
        keep: keep.collect::<Result<_, _>>()?,
        ratio: keys.ratio.get(),
        max_bytes: keys.max_bytes.get().min(room / HELD_PART),
    }))
}
