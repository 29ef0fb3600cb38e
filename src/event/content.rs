//! Content: what people and models wrote to each other, as far as an event carries it. A `Content` gives its text to the
//! policy alone, and the policy is asked for each field: what it does not let through reaches no span, slot or queue.

use std::ops::RangeInclusive;
use std::sync::Arc;

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;
use ring::hmac;

use super::text::cut_at_character;
use crate::config::{ContentConfig, ContentField, ContentMode, ContentOnLogs};
use crate::otlp::value::{Attribute, Value};
use crate::otlp::{open, parsed};
use crate::redaction::json;

/// The text of a field that is content. It comes out through `ContentPolicy` only.
#[derive(Clone, Copy, Default)]
pub(crate) struct Content<'a> {
    text: &'a [u8],
    /// Bytes of the text that was given.
    given: usize,
    /// Whether the text is not all that was given.
    is_cut: bool,
}

impl<'a> Content<'a> {
    pub(crate) fn new(text: &'a [u8]) -> Self {
        Self { text, given: text.len(), is_cut: false }
    }

    /// Content that came in pieces, of `given` bytes altogether.
    pub(super) fn streamed(text: &'a [u8], given: usize, is_cut: bool) -> Self {
        Self { text, given, is_cut }
    }

    pub(super) fn is_given(&self) -> bool {
        self.given > 0
    }

    /// The same with another text.
    pub(super) fn with(self, text: &'a [u8]) -> Self {
        Self { text, ..self }
    }
}

impl std::fmt::Debug for Content<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{} bytes of content", self.given)
    }
}

/// The attribute that a field becomes.
pub(super) fn key(field: ContentField) -> &'static str {
    match field {
        ContentField::SystemInstructions => "gen_ai.system_instructions",
        ContentField::InputMessages => "gen_ai.input.messages",
        ContentField::OutputMessages => "gen_ai.output.messages",
        ContentField::ToolDefinitions => "gen_ai.tool.definitions",
        ContentField::ToolArguments => "gen_ai.tool.call.arguments",
        ContentField::ToolResult => "gen_ai.tool.call.result",
        ContentField::RetrievalQuery => "gen_ai.retrieval.query.text",
        ContentField::RetrievalDocuments => "gen_ai.retrieval.documents",
        ContentField::ActionParams => "agentotel.action.params",
        ContentField::ActionReturns => "agentotel.action.returns",
        ContentField::ActionLogs => "agentotel.action.logs",
        ContentField::HandoffInput => "agentotel.handoff.input",
        ContentField::PlanGoal => "agentotel.plan.goal",
        ContentField::PlanSteps => "agentotel.plan.steps",
        ContentField::ApprovalRequest => "agentotel.approval.request",
        ContentField::GuardrailInput => "agentotel.guardrail.input",
        ContentField::GuardrailOutput => "agentotel.guardrail.output",
        ContentField::MemoryQuery => "agentotel.memory.query",
        ContentField::MemoryRecords => "agentotel.memory.records",
        ContentField::CompactionSummary => "agentotel.compaction.summary",
        ContentField::EvaluationExplanation | ContentField::FeedbackComment => {
            "gen_ai.evaluation.explanation"
        }
    }
}

/// The content of a call of a model.
const OF_CALLS: [ContentField; 4] = [
    ContentField::SystemInstructions,
    ContentField::InputMessages,
    ContentField::OutputMessages,
    ContentField::ToolDefinitions,
];

/// Maps and lists in each other, of content on log records. What is deeper is a text there, too.
const MOST_DEPTH: usize = 64;

/// The attributes of a span of a model's call for a log record, with its content as maps and lists; `encoded` are those that
/// were encoded before, as fields of a span. Nothing when there is no content.
pub(super) fn structured<'a>(
    arena: &'a Bump,
    attributes: &[Attribute<'a>],
    encoded: &[u8],
) -> Option<&'a [Attribute<'a>]> {
    let parsed = |text: &'a [u8]| parsed::value(arena, text, MOST_DEPTH).unwrap_or(Value::Text(text));
    let mut all = ArenaVec::from_iter_in(attributes.iter().copied(), arena);
    let mut has_content = false;
    for key in OF_CALLS.map(key) {
        match all.iter_mut().find(|attribute| attribute.key == key.as_bytes()) {
            Some(Attribute { value, .. }) => {
                if let Value::Text(text) = *value {
                    *value = parsed(text);
                    has_content = true;
                }
            }
            None => {
                if let Some(text) = open::text_of(encoded, key) {
                    all.push(Attribute::new(key, parsed(arena.alloc_slice_copy(text))));
                    has_content = true;
                }
            }
        }
    }
    has_content.then(|| all.into_bump_slice())
}

/// What the keys of what is said about content begin with.
const PREFIX: &str = "agentotel.content.";
/// The length of what was given.
const LENGTH: &str = "length";
/// The keyed hash of what redaction leaves.
const HASH: &str = "hash";
/// That the text is not all of it.
const TRUNCATED: &str = "truncated";

/// An attribute of our own that says something of a field's content.
fn about<'a>(out: &mut ArenaVec<'a, Attribute<'a>>, field: ContentField, what: &str, value: Value<'a>) {
    let parts: [&str; 4] = [PREFIX, field.name(), ".", what];
    let key = out.bump().alloc_slice_fill_iter(parts.concat().bytes());
    out.push(Attribute { key, value });
}

/// A text of at most `most` bytes: JSON as a shorter document, any other up to a character's border. Empty when there is none.
pub(super) fn shorter<'a>(arena: &'a Bump, text: &'a [u8], most: usize) -> &'a [u8] {
    if text.len() <= most {
        return text;
    }
    let looks_like_json = matches!(text.trim_ascii_start().first(), Some(b'{' | b'[' | b'"'));
    match looks_like_json.then(|| json::valid(arena, text)).flatten() {
        Some(document) => json::shortened(arena, document, most).unwrap_or_default(),
        None => cut_at_character(text, most),
    }
}

/// The key of hashes. It is shown to nobody.
#[derive(Clone)]
pub(crate) struct HashKey(Arc<hmac::Key>);

impl HashKey {
    /// Bytes of a key.
    const LENGTHS: RangeInclusive<usize> = 16..=4096;

    /// The key that a file's contents are; what is wrong with them is said without them.
    pub(crate) fn new(contents: &[u8]) -> Result<Self, String> {
        let contents = contents.strip_suffix(b"\n").unwrap_or(contents);
        let contents = contents.strip_suffix(b"\r").unwrap_or(contents);
        if Self::LENGTHS.contains(&contents.len()) {
            return Ok(Self(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, contents))));
        }
        let (least, most) = (Self::LENGTHS.start(), Self::LENGTHS.end());
        Err(format!("{} bytes are no key; accepted: {least} to {most} bytes", contents.len()))
    }

    fn hash<'a>(&self, arena: &'a Bump, text: &[u8]) -> &'a [u8] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let tag = hmac::sign(&self.0, text);
        let digits = tag.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.map(|digit| DIGITS.get(usize::from(digit)).copied().unwrap_or_default());
        ArenaVec::from_iter_in(digits, arena).into_bump_slice()
    }
}

impl std::fmt::Debug for HashKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("<redacted>")
    }
}

/// What becomes of content, field by field.
#[derive(Clone, Debug, Default)]
pub(crate) struct ContentPolicy {
    config: ContentConfig,
    key: Option<HashKey>,
}

impl ContentPolicy {
    pub(crate) fn new(config: &ContentConfig, key: Option<HashKey>) -> Self {
        Self { config: config.clone(), key }
    }

    pub(super) fn mode(&self, field: ContentField) -> ContentMode {
        self.config.fields.get(&field).copied().unwrap_or(self.config.default)
    }

    /// Whether nothing is recorded of any content.
    #[inline]
    pub(super) fn is_off(&self) -> bool {
        self.config.default == ContentMode::Off
            && self.config.fields.values().all(|mode| *mode == ContentMode::Off)
    }

    /// Whether the content of a model's call gets a log record of its own.
    pub(super) fn has_logs(&self) -> bool {
        self.config.on_logs == ContentOnLogs::Structured && !self.is_off()
    }

    /// The text of a field that is to be redacted: one that is recorded, as it is or as a hash.
    pub(super) fn redactable<'a>(&self, field: ContentField, content: Content<'a>) -> Option<&'a [u8]> {
        let is_read = matches!(self.mode(field), ContentMode::Hash | ContentMode::Full);
        (is_read && !content.text.is_empty()).then_some(content.text)
    }

    /// The same within the limit on values.
    pub(super) fn within(mut self, value_bytes: Option<usize>) -> Self {
        self.config.max_bytes = self.config.max_bytes.min(value_bytes.unwrap_or(usize::MAX));
        self
    }

    /// How many fields are cut, of those that are shown.
    pub(super) fn truncated(&self, shown: &[Attribute<'_>]) -> u32 {
        let is_mark = |key: &[u8]| key.starts_with(PREFIX.as_bytes()) && key.ends_with(TRUNCATED.as_bytes());
        if self.is_off() {
            return 0;
        }
        let count = shown.iter().filter(|attribute| is_mark(attribute.key)).count();
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// The most that is shown of a field.
    pub(super) fn most_bytes(&self) -> usize {
        self.config.max_bytes
    }

    /// What a span or log record shows of a field's content.
    pub(super) fn show<'a>(
        &self,
        out: &mut ArenaVec<'a, Attribute<'a>>,
        field: ContentField,
        content: Content<'a>,
    ) {
        self.show_as(out, field, key(field).as_bytes(), content);
    }

    /// The same under another key.
    pub(super) fn show_as<'a>(
        &self,
        out: &mut ArenaVec<'a, Attribute<'a>>,
        field: ContentField,
        key: &'a [u8],
        content: Content<'a>,
    ) {
        let length = Value::Int(i64::try_from(content.given).unwrap_or(i64::MAX));
        match (self.mode(field), &self.key) {
            _ if content.given == 0 => {}
            (ContentMode::Off, _) => {}
            (ContentMode::Length, _) | (ContentMode::Hash, None) => about(out, field, LENGTH, length),
            (ContentMode::Hash, Some(secret)) => {
                about(out, field, LENGTH, length);
                // Of a part there is no hash that could be compared.
                if !content.text.is_empty() && !content.is_cut {
                    let hash = secret.hash(out.bump(), content.text);
                    about(out, field, HASH, Value::Text(hash));
                }
            }
            (ContentMode::Full, _) => {
                let text = shorter(out.bump(), content.text, self.config.max_bytes);
                if !text.is_empty() {
                    out.push(Attribute { key, value: Value::Text(text) });
                }
                if text.len() < content.text.len() || content.is_cut {
                    about(out, field, LENGTH, length);
                    about(out, field, TRUNCATED, Value::Bool(true));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    const SECRET: &[u8] = br#"{"a":"secret words"}"#;

    fn shown(policy: &ContentPolicy, field: ContentField, content: &[u8]) -> Vec<(String, String)> {
        let arena = Bump::new();
        let mut out = ArenaVec::new_in(&arena);
        policy.show(&mut out, field, Content::new(arena.alloc_slice_copy(content)));
        let text = |value: &Value<'_>| match value {
            Value::Text(text) => String::from_utf8(text.to_vec()).unwrap(),
            other => format!("{other:?}"),
        };
        out.iter()
            .map(|attribute| (String::from_utf8(attribute.key.to_vec()).unwrap(), text(&attribute.value)))
            .collect()
    }

    fn policy(mode: ContentMode, max_bytes: usize) -> ContentPolicy {
        let config = ContentConfig { default: mode, max_bytes, ..ContentConfig::default() };
        ContentPolicy::new(&config, Some(HashKey::new(b"0123456789abcdef\n").unwrap()))
    }

    fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
        expected.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn by_default_nothing_comes_out() {
        let policy = ContentPolicy::default();
        for field in ContentField::all() {
            assert_eq!(shown(&policy, field, SECRET), []);
        }
        assert!(policy.is_off() && !policy.has_logs());
        assert!(!format!("{:?}", Content::new(SECRET)).contains("secret"));
    }

    #[test]
    fn a_field_is_asked_by_its_name() {
        let fields = BTreeMap::from([(ContentField::ToolResult, ContentMode::Full)]);
        let policy = ContentPolicy::new(&ContentConfig { fields, ..ContentConfig::default() }, None);
        for field in ContentField::all() {
            let is_shown = !shown(&policy, field, SECRET).is_empty();
            assert_eq!(is_shown, field == ContentField::ToolResult, "{field:?}");
        }
        assert_eq!(shown(&policy, ContentField::ToolResult, b""), []);
        assert!(!policy.is_off());
    }

    #[test]
    fn a_length_says_no_more() {
        let shown = shown(&policy(ContentMode::Length, 100), ContentField::InputMessages, SECRET);
        assert_eq!(shown, pairs(&[("agentotel.content.input_messages.length", "Int(20)")]));
    }

    #[test]
    fn a_hash_is_the_hmac_of_the_text() {
        let shown = shown(&policy(ContentMode::Hash, 1), ContentField::ToolResult, b"hello");
        // printf hello | openssl dgst -sha256 -hmac 0123456789abcdef
        let hash = "713ba20d2e5fdfbc44724244bf2305ed0714f16ecad75df06e9547b5ae43d83a";
        let expected = [
            ("agentotel.content.tool_result.length", "Int(5)"),
            ("agentotel.content.tool_result.hash", hash),
        ];
        assert_eq!(shown, pairs(&expected));
        let wrong = HashKey::new(b"too short").unwrap_err();
        assert!(wrong.contains("9 bytes") && !wrong.contains("short"), "{wrong}");
        assert_eq!(format!("{:?}", HashKey::new(b"0123456789abcdef").unwrap()), "<redacted>");
    }

    #[test]
    fn what_is_cut_stays_json_and_says_how_long_it_was() {
        let shown = |max_bytes| shown(&policy(ContentMode::Full, max_bytes), ContentField::PlanSteps, SECRET);
        assert_eq!(shown(20), pairs(&[("agentotel.plan.steps", r#"{"a":"secret words"}"#)]));
        let length = ("agentotel.content.plan_steps.length", "Int(20)");
        let truncated = ("agentotel.content.plan_steps.truncated", "Bool(true)");
        assert_eq!(shown(14), pairs(&[("agentotel.plan.steps", r#"{"a":"secret"}"#), length, truncated]));
        assert_eq!(shown(1), pairs(&[length, truncated]));
    }

    #[test]
    fn what_is_no_json_is_cut_at_a_character() {
        let arena = Bump::new();
        assert_eq!(shorter(&arena, "aéz".as_bytes(), 2), b"a");
        assert_eq!(shorter(&arena, b"[1,2", 3), b"[1,");
        assert_eq!(shorter(&arena, b"[1,2]", 3), b"[1]");
    }
}
