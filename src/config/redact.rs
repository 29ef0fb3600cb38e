//! `redact`: what is found in texts and replaced before anything is recorded; as it is written, and settled.

use serde::Deserialize;

use super::error::{ConfigError, Origin};
use super::value::{NonEmpty, words};
use super::{Processor, Redact};
use crate::redaction::{Finder, MOST_RULES, Redaction, RuleError, RuleText};

words!(Finder {
    Email => "email",
    Card => "card",
    Ipv4 => "ipv4",
    Ipv6 => "ipv6",
    ApiKeys => "api_keys",
});

/// One rule.
#[derive(Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(deny_unknown_fields, expecting = "an object with `pattern` and `replace`")]
pub(super) struct RedactRuleKeys {
    /// A regular expression in the syntax of Rust's regex crate: without look-around and back-references, so that it is
    /// matched in linear time. It must not match the empty text.
    pattern: NonEmpty,
    /// What takes the place of each match. `$1`, `$name` and `${name}` are what a group has matched, `$$` is a `$`.
    #[serde(default)]
    replace: String,
}

/// What is found in texts and replaced before they are queued, stored or shown: in names, values of attributes, errors, status
/// messages, content, baggage that is copied, the session's texts and the resource. In a text that is JSON, the strings and
/// numbers in it are looked at, as they are after unescaping.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields)]
pub(super) struct RedactKeys {
    /// What is known how to find: `email` addresses, numbers of payment cards (`card`: 13 to 19 digits, separators
    /// allowed, with a right check digit), `ipv4` and `ipv6` addresses, `api_keys` (keys and tokens of the common
    /// providers, private keys, JSON Web Tokens, credentials of HTTP and in URLs). Each is replaced by what it is, such as
    /// `[redacted:email]`.
    detectors: Vec<Finder>,
    /// Rules of your own: objects with `pattern` and `replace`. They are applied in their order, before the detectors. At
    /// most 64.
    rules: Vec<RedactRuleKeys>,
}

/// What the keys mean: rules that are known to work.
pub(super) fn settle(keys: RedactKeys, processors: &[Processor]) -> Result<Redact, ConfigError> {
    let wrong = |path: String, reason: String| Err(ConfigError::key(&Origin::Argument, path, reason));
    let rules = keys
        .rules
        .into_iter()
        .map(|rule| RuleText { pattern: rule.pattern.into_text(), replace: rule.replace });
    let redact = Redact { detectors: keys.detectors, rules: rules.collect() };
    if redact.rules.len() > MOST_RULES {
        let reason = format!("{} rules are not accepted; accepted: at most {MOST_RULES}", redact.rules.len());
        return wrong("redact.rules".to_owned(), reason);
    }
    match Redaction::new(&redact.detectors, &redact.rules) {
        Ok(None) => Ok(redact),
        // What is asked for must not silently stay undone.
        Ok(Some(_)) if !processors.contains(&Processor::Redact) => {
            let reason =
                "`redact` has rules or detectors and is no step; accepted: with `redact` among the steps";
            wrong("processors".to_owned(), reason.to_owned())
        }
        Ok(Some(_)) => Ok(redact),
        // The pattern may be what must not be shown.
        Err(RuleError::Pattern { rule, reason }) => wrong(
            format!("redact.rules[{rule}].pattern"),
            format!("{reason}; accepted: a regular expression without look-around and back-references"),
        ),
        Err(RuleError::Replace { rule, group }) => wrong(
            format!("redact.rules[{rule}].replace"),
            format!(
                "the pattern has no group {group:?}; accepted: `$` with a group's number or name, `${{1}}x`, `$$`"
            ),
        ),
        Err(RuleError::Together) => {
            wrong("redact".to_owned(), "all rules together are too large; accepted: fewer rules".to_owned())
        }
    }
}
