//! Rules by which events are dropped: by kind, name and model, with simple patterns.

use serde::Deserialize;

use super::error::{ConfigError, Origin};
use super::value::{NonEmpty, Word, words};
use super::{EventRule, Pattern};

/// The kinds of events, by the names that rules have for them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KindName {
    Custom,
    Llm,
    Tool,
    Action,
    Embeddings,
    Retrieval,
    Agent,
    Workflow,
    McpClient,
    McpServer,
    Handoff,
    Plan,
    Approval,
    Guardrail,
    Memory,
    Compaction,
    Evaluation,
    Feedback,
}

words!(KindName {
    Custom => "custom",
    Llm => "llm",
    Tool => "tool",
    Action => "action",
    Embeddings => "embeddings",
    Retrieval => "retrieval",
    Agent => "agent",
    Workflow => "workflow",
    McpClient => "mcp_client",
    McpServer => "mcp_server",
    Handoff => "handoff",
    Plan => "plan",
    Approval => "approval",
    Guardrail => "guardrail",
    Memory => "memory",
    Compaction => "compaction",
    Evaluation => "evaluation",
    Feedback => "feedback",
});

/// One rule: an event that has all that it names is dropped.
#[derive(Default, Deserialize)]
#[cfg_attr(feature = "schema", derive(serde::Serialize, schemars::JsonSchema))]
#[serde(default, deny_unknown_fields, expecting = "an object with `kind`, `name` or `model`")]
pub(super) struct RuleKeys {
    /// The event's kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<KindName>,
    /// The event's name: that of its span or what that is made of (a tool's, an agent's, a workflow's, a guardrail's or an
    /// evaluation's name, an action's type, a method of MCP). `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<NonEmpty>,
    /// The model that was asked for, or else that has answered. `*` stands for any text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) model: Option<NonEmpty>,
}

/// What the rules mean.
pub(super) fn settle(rules: Vec<RuleKeys>) -> Result<Vec<EventRule>, ConfigError> {
    let rule = |(position, keys): (usize, RuleKeys)| {
        if keys.kind.is_none() && keys.name.is_none() && keys.model.is_none() {
            let path = format!("event_filter[{position}]");
            let reason = "a rule without any key would drop every event; accepted: at least one of `kind`, \
                          `name` and `model`";
            return Err(ConfigError::key(&Origin::Argument, path, reason));
        }
        let pattern = |text: Option<NonEmpty>| text.map(|text| Pattern::new(text.text()));
        Ok(EventRule {
            kind: keys.kind.map(Word::word),
            name: pattern(keys.name),
            model: pattern(keys.model),
        })
    };
    rules.into_iter().enumerate().map(rule).collect()
}

impl Pattern {
    /// A text in which `*` stands for any text, the empty one too.
    pub fn new(text: &str) -> Self {
        Self { pieces: text.split('*').map(|piece| piece.as_bytes().into()).collect() }
    }

    /// Whether a text is as the pattern says.
    pub fn matches(&self, text: &[u8]) -> bool {
        let (first, rest) = match self.pieces.split_first() {
            Some((first, rest)) => (&**first, rest),
            None => return text.is_empty(),
        };
        let Some((last, middle)) = rest.split_last() else { return text == first };
        let Some(mut text) = text.strip_prefix(first) else { return false };
        for piece in middle.iter().filter(|piece| !piece.is_empty()) {
            // The first place is as good as any: what is left after it is the longest.
            let Some(at) = text.windows(piece.len()).position(|window| window == &**piece) else {
                return false;
            };
            text = text.get(at + piece.len()..).unwrap_or_default();
        }
        text.ends_with(last)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let cases: [(&str, &[&str], &[&str]); 7] = [
            ("debug", &["debug"], &["", "debug2", "Debug", "adebug"]),
            ("debug*", &["debug", "debug.x"], &["a debug", "debu"]),
            ("*debug", &["debug", "my debug"], &["debug.x"]),
            ("*", &["", "anything"], &[]),
            ("a*b*c", &["abc", "a1b2c", "abbcc", "abcbc"], &["ab", "acb", "bac", "abcd"]),
            ("a**b", &["ab", "axb"], &["a", "b"]),
            ("a*a", &["aa", "aba"], &["a"]),
        ];
        for (pattern, matching, others) in cases {
            let compiled = Pattern::new(pattern);
            for text in matching {
                assert!(compiled.matches(text.as_bytes()), "{pattern} {text}");
            }
            for text in others {
                assert!(!compiled.matches(text.as_bytes()), "{pattern} {text}");
            }
        }
    }

    /// The same by trying everything.
    fn matches_slowly(pattern: &[u8], text: &[u8]) -> bool {
        match pattern.split_first() {
            None => text.is_empty(),
            Some((b'*', rest)) => (0..=text.len()).any(|skipped| matches_slowly(rest, &text[skipped..])),
            Some((byte, rest)) => text.first() == Some(byte) && matches_slowly(rest, &text[1..]),
        }
    }

    proptest! {
        #[test]
        fn patterns_match_what_trying_everything_matches(pattern in "[ab*]{0,6}", text in "[ab]{0,8}") {
            prop_assert_eq!(
                Pattern::new(&pattern).matches(text.as_bytes()),
                matches_slowly(pattern.as_bytes(), text.as_bytes())
            );
        }
    }
}
