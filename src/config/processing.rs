//! The keys of what is done with each event on the caller's thread (`processors`, `inject`), and of how contexts are passed on
//! (`propagators`): as they are written, and settled.

use std::collections::BTreeMap;

use opentelemetry::KeyValue;
use serde::Deserialize;

use super::error::{ConfigError, Origin};
use super::json;
use super::value::{AttributeValue, NonEmpty, words};
use super::{Inject, Processor, Propagator, is_callback_name};

/// Kinds that may have attributes of their own: a session's root span, then the kinds of events in the order of their numbers.
pub(crate) const INJECTED_KINDS: [&str; 19] = [
    "session",
    "custom",
    "llm",
    "tool",
    "action",
    "embeddings",
    "retrieval",
    "agent",
    "workflow",
    "mcp_client",
    "mcp_server",
    "handoff",
    "plan",
    "approval",
    "guardrail",
    "memory",
    "compaction",
    "evaluation",
    "feedback",
];
/// Most attributes that a kind may have injected, the common ones included.
const MOST_INJECTED: usize = 64;
/// Most keys of baggage that may be copied.
const MOST_COPIED: usize = 64;

/// A propagator, or the word for none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PropagatorName {
    TraceContext,
    Baggage,
    B3,
    B3Multi,
    Jaeger,
    None,
}

words!(PropagatorName {
    TraceContext => "tracecontext",
    Baggage => "baggage",
    B3 => "b3",
    B3Multi => "b3multi",
    Jaeger => "jaeger",
    None => "none",
});

impl PropagatorName {
    fn propagator(self) -> Option<Propagator> {
        Some(match self {
            PropagatorName::TraceContext => Propagator::TraceContext,
            PropagatorName::Baggage => Propagator::Baggage,
            PropagatorName::B3 => Propagator::B3,
            PropagatorName::B3Multi => Propagator::B3Multi,
            PropagatorName::Jaeger => Propagator::Jaeger,
            PropagatorName::None => return None,
        })
    }
}

/// What is put on spans and log records beside what their events say. An attribute that the event has itself stays; of
/// several that are injected under one key `host` goes before `baggage`, `baggage` before `by_kind`, `by_kind` before
/// `attributes`.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct InjectKeys {
    /// Attributes of every span and log record: strings, booleans, numbers, and lists of one of them. At most 64.
    pub(super) attributes: BTreeMap<String, AttributeValue>,
    /// More of them for one kind, as an object of objects: `session` (root spans), `custom`, `llm`, `tool`, `action`. The
    /// log record of an error has those of its event's kind.
    pub(super) by_kind: BTreeMap<String, BTreeMap<String, AttributeValue>>,
    /// Keys of the session's baggage whose values become attributes under the same keys. At most 64.
    pub(super) baggage: Vec<NonEmpty>,
    /// The name of a function that the program registers (`agentotel_register_attribute_injector`). `null`: none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) host: Option<NonEmpty>,
}

/// The default of `propagators`.
pub(super) fn default_propagators() -> Vec<PropagatorName> {
    vec![PropagatorName::TraceContext, PropagatorName::Baggage]
}

/// The default of `processors`.
pub(super) fn default_processors() -> Vec<Processor> {
    vec![Processor::Inject, Processor::Redact, Processor::Limit]
}

/// Checks what one document says, by itself.
pub(super) fn check_inject(keys: &InjectKeys, origin: &Origin) -> Result<(), ConfigError> {
    check_attributes(&keys.attributes, "inject.attributes", origin)?;
    for (kind, attributes) in &keys.by_kind {
        let mut path = "inject.by_kind".to_owned();
        json::push_key(&mut path, kind);
        if !INJECTED_KINDS.contains(&kind.as_str()) {
            let accepted = INJECTED_KINDS.map(|kind| format!("`{kind}`")).join(", ");
            return Err(ConfigError::key(origin, path, format!("unknown kind, expected one of {accepted}")));
        }
        check_attributes(attributes, &path, origin)?;
    }
    if keys.baggage.len() > MOST_COPIED {
        let reason = format!("{} keys are not accepted; accepted: at most {MOST_COPIED}", keys.baggage.len());
        return Err(ConfigError::key(origin, "inject.baggage", reason));
    }
    match &keys.host {
        Some(name) if !is_callback_name(name.text()) => {
            let reason = format!(
                "{:?} is not accepted; accepted: 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'",
                name.text()
            );
            Err(ConfigError::key(origin, "inject.host", reason))
        }
        _ => Ok(()),
    }
}

fn check_attributes(
    attributes: &BTreeMap<String, AttributeValue>,
    path: &str,
    origin: &Origin,
) -> Result<(), ConfigError> {
    if let Some(key) = attributes.keys().find(|key| key.is_empty() || *key == "session.id") {
        let mut path = path.to_owned();
        json::push_key(&mut path, key);
        return Err(ConfigError::key(origin, path, "expected a key that is not empty and not `session.id`"));
    }
    Ok(())
}

/// What is injected, all sources together.
pub(super) fn settle_inject(keys: InjectKeys) -> Result<Inject, ConfigError> {
    let pairs = |attributes: BTreeMap<String, AttributeValue>| -> Vec<KeyValue> {
        attributes.into_iter().map(|(key, value)| KeyValue::new(key, value.0)).collect()
    };
    let common = pairs(keys.attributes);
    let too_many = |path: String, count: usize| {
        let reason = format!(
            "{count} attributes, those of `inject.attributes` included, are not accepted; accepted: at most \
             {MOST_INJECTED}"
        );
        Err(ConfigError::key(&Origin::Argument, path, reason))
    };
    if common.len() > MOST_INJECTED {
        return too_many("inject.attributes".to_owned(), common.len());
    }
    let mut by_kind = BTreeMap::new();
    for (kind, attributes) in keys.by_kind {
        let count = common.len() + attributes.len();
        if count > MOST_INJECTED {
            return too_many(format!("inject.by_kind.{kind}"), count);
        }
        by_kind.insert(kind, pairs(attributes));
    }
    Ok(Inject {
        attributes: common,
        by_kind,
        baggage: keys.baggage.into_iter().map(NonEmpty::into_text).collect(),
        host: keys.host.map(NonEmpty::into_text),
    })
}

/// The steps: each at most once, and in the one order that is safe.
pub(super) fn settle_processors(steps: &[Processor]) -> Result<Vec<Processor>, ConfigError> {
    if !steps.is_sorted_by(|before, after| before < after) {
        let reason = "this order is not accepted; accepted: `inject`, `redact`, `limit`, each at most once, since what is \
                      injected is redacted and limited too, and a text that was cut is not what the rules look for";
        return Err(ConfigError::key(&Origin::Argument, "processors", reason));
    }
    Ok(steps.to_vec())
}

/// The propagators, each once.
pub(super) fn settle_propagators(names: &[PropagatorName]) -> Result<Vec<Propagator>, ConfigError> {
    let mut propagators = Vec::new();
    for propagator in names.iter().filter_map(|name| name.propagator()) {
        if !propagators.contains(&propagator) {
            propagators.push(propagator);
        }
    }
    if names.contains(&PropagatorName::None) && !propagators.is_empty() {
        let reason = "`none` beside others is not accepted; accepted: `none` alone, or others without it";
        return Err(ConfigError::key(&Origin::Argument, "propagators", reason));
    }
    Ok(propagators)
}
