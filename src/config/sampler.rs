//! The head sampler: how it is written, as a name or as an object, and what that means.

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};

use super::amount::Amount;
use super::error::{ConfigError, Origin};
use super::value::{NonEmpty, Ratio, Word, words};
use super::{RootSampler, SamplerConfig, is_callback_name};

/// The samplers of OpenTelemetry, by the names that `OTEL_TRACES_SAMPLER` has for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SamplerName {
    AlwaysOn,
    AlwaysOff,
    TraceIdRatio,
    ParentBasedAlwaysOn,
    ParentBasedAlwaysOff,
    ParentBasedTraceIdRatio,
}

words!(SamplerName {
    AlwaysOn => "always_on",
    AlwaysOff => "always_off",
    TraceIdRatio => "traceidratio",
    ParentBasedAlwaysOn => "parentbased_always_on",
    ParentBasedAlwaysOff => "parentbased_always_off",
    ParentBasedTraceIdRatio => "parentbased_traceidratio",
});

impl SamplerName {
    pub(super) fn takes_ratio(self) -> bool {
        matches!(self, SamplerName::TraceIdRatio | SamplerName::ParentBasedTraceIdRatio)
    }
}

/// The samplers that a document can name as `type`: those of OpenTelemetry, and two that need more than a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SamplerType {
    AlwaysOn,
    AlwaysOff,
    TraceIdRatio,
    ParentBasedAlwaysOn,
    ParentBasedAlwaysOff,
    ParentBasedTraceIdRatio,
    Rate,
    Host,
}

words!(SamplerType {
    AlwaysOn => "always_on",
    AlwaysOff => "always_off",
    TraceIdRatio => "traceidratio",
    ParentBasedAlwaysOn => "parentbased_always_on",
    ParentBasedAlwaysOff => "parentbased_always_off",
    ParentBasedTraceIdRatio => "parentbased_traceidratio",
    Rate => "rate",
    Host => "host",
});

/// A sampler with its arguments.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "a sampler's name, or an object with `type` and its arguments")]
pub(super) struct SamplerObject {
    /// The sampler's name.
    #[serde(rename = "type")]
    pub(super) kind: SamplerType,
    /// The share of traces that is kept, for `traceidratio` and `parentbased_traceidratio`. Default: `1`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) ratio: Option<Ratio>,
    /// Sessions that are kept in a second, for `rate`; those of one second may come at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) per_second: Option<Amount>,
    /// The name under which a sampler is registered, for `host`. While there is none of that name, sessions are kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<NonEmpty>,
    /// Whether a session with a parent follows it, without the sampler being asked; for `rate` and `host`. Default:
    /// `true`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) parent_based: Option<bool>,
}

/// A sampler, as a name or as an object.
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[cfg_attr(feature = "schema", serde(untagged), schemars(inline))]
pub(super) enum SamplerKeys {
    Name(SamplerName),
    Object(SamplerObject),
}

impl Default for SamplerKeys {
    fn default() -> Self {
        SamplerKeys::Name(SamplerName::ParentBasedAlwaysOn)
    }
}

impl<'de> Deserialize<'de> for SamplerKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameOrObject;

        impl<'de> Visitor<'de> for NameOrObject {
            type Value = SamplerKeys;

            fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(formatter, "{}, or an object with `type` and its arguments", SamplerName::accepted())
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<SamplerKeys, E> {
                SamplerName::from_word(name)
                    .map(SamplerKeys::Name)
                    .ok_or_else(|| E::invalid_value(de::Unexpected::Str(name), &self))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<SamplerKeys, A::Error> {
                SamplerObject::deserialize(MapAccessDeserializer::new(map)).map(SamplerKeys::Object)
            }
        }

        deserializer.deserialize_any(NameOrObject)
    }
}

fn refused(key: &str, reason: impl Into<String>) -> ConfigError {
    ConfigError::key(&Origin::Argument, format!("sampler.{key}"), reason.into())
}

/// Checks which arguments stand beside which type.
fn check_arguments(object: &SamplerObject) -> Result<(), ConfigError> {
    use SamplerType::{Host, ParentBasedTraceIdRatio, Rate, TraceIdRatio};
    let kind = object.kind;
    if let Some(ratio) = object.ratio
        && !matches!(kind, TraceIdRatio | ParentBasedTraceIdRatio)
    {
        let reason = format!(
            "{} is not accepted beside this `type`; accepted: no `ratio`, or \"traceidratio\" or \
             \"parentbased_traceidratio\" as `type`",
            ratio.get()
        );
        return Err(refused("ratio", reason));
    }
    let beside = |given: bool, key: &str, types: &str| {
        let reason = format!("not accepted beside this `type`; accepted: no `{key}`, or {types} as `type`");
        if given { Err(refused(key, reason)) } else { Ok(()) }
    };
    beside(object.per_second.is_some() && kind != Rate, "per_second", "\"rate\"")?;
    beside(object.name.is_some() && kind != Host, "name", "\"host\"")?;
    let follows = matches!(kind, Rate | Host);
    beside(object.parent_based.is_some() && !follows, "parent_based", "\"rate\" or \"host\"")
}

/// What the keys mean.
pub(super) fn settle(keys: &SamplerKeys) -> Result<SamplerConfig, ConfigError> {
    let object = match keys {
        SamplerKeys::Name(name) => {
            let kind = SamplerType::from_word(name.word()).unwrap_or(SamplerType::ParentBasedAlwaysOn);
            &SamplerObject { kind, ratio: None, per_second: None, name: None, parent_based: None }
        }
        SamplerKeys::Object(object) => object,
    };
    check_arguments(object)?;
    let ratio = || RootSampler::TraceIdRatio(object.ratio.map_or(1.0, Ratio::get));
    let follows = object.parent_based.unwrap_or(true);
    let (root, parent_based) = match object.kind {
        SamplerType::AlwaysOn => (RootSampler::AlwaysOn, false),
        SamplerType::AlwaysOff => (RootSampler::AlwaysOff, false),
        SamplerType::TraceIdRatio => (ratio(), false),
        SamplerType::ParentBasedAlwaysOn => (RootSampler::AlwaysOn, true),
        SamplerType::ParentBasedAlwaysOff => (RootSampler::AlwaysOff, true),
        SamplerType::ParentBasedTraceIdRatio => (ratio(), true),
        SamplerType::Rate => match object.per_second {
            Some(rate) => (RootSampler::Rate(rate.get()), follows),
            None => return Err(refused("per_second", "missing; accepted beside this `type`: a number")),
        },
        SamplerType::Host => match &object.name {
            Some(name) if is_callback_name(name.text()) => {
                (RootSampler::Host(name.text().to_owned()), follows)
            }
            _ => {
                let accepted = "1 to 64 letters, digits, '.', '_' and '-', the first one no '.'";
                let reason = format!("missing or not accepted; accepted beside this `type`: {accepted}");
                return Err(refused("name", reason));
            }
        },
    };
    Ok(SamplerConfig { root, parent_based })
}
