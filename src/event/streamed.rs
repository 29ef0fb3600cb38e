//! Output that came in chunks: when an event ends without having said what its output is, it is what the chunks have said, up
//! to where the stream was cut off. It is content like any other: what follows redacts it as one text, and asks the policy.

use bumpalo::Bump;
use serde::Serialize;

use super::content::Content;
use super::data::{Detail, EventData, EventKind};
use super::fields::Fields;
use super::processor::EventProcessor;
use super::text::cut_at_character;
use crate::config::{ContentField, ContentMode};
use crate::otlp::span::StatusCode;
use crate::redaction::Redacted;

/// Bytes that are kept of a stream beyond what is shown. What rules look for and the limit cuts in two lies in these.
const BEYOND_LIMIT: usize = 4096;

/// What is left of a stream at its end.
pub(crate) struct Streamed<'s> {
    /// All bytes of its chunks.
    pub(crate) bytes: u64,
    pub(crate) text: &'s [u8],
    /// Whether the text is not all of it.
    pub(crate) is_cut: bool,
    /// Whether the event was ended by the library.
    pub(crate) is_interrupted: bool,
}

/// What the chunks of an event of this kind are.
fn field(kind: EventKind) -> Option<ContentField> {
    match kind {
        EventKind::Llm | EventKind::Agent | EventKind::Workflow => Some(ContentField::OutputMessages),
        EventKind::Tool => Some(ContentField::ToolResult),
        _ => None,
    }
}

/// Whether a detail says what the chunks would say.
pub(crate) fn is_told(detail: &Detail<'_>) -> bool {
    let shown = [ContentField::OutputMessages, ContentField::ToolResult];
    detail.fields().is_some_and(|fields| shown.iter().any(|field| fields.has_content(*field)))
}

#[derive(Serialize)]
struct TextPart<'t> {
    r#type: &'static str,
    content: &'t str,
}

/// A message as the conventions' schema of `gen_ai.output.messages` has it.
#[derive(Serialize)]
struct OutputMessage<'t> {
    role: &'static str,
    parts: [TextPart<'t>; 1],
    finish_reason: &'t str,
}

/// The text as an output message.
fn as_message<'a>(arena: &'a Bump, text: &[u8], data: &EventData<'_>, is_interrupted: bool) -> &'a [u8] {
    let given = match data.detail {
        Detail::Llm(llm) => llm.finish_reasons().first(),
        Detail::Agent(agent) => agent.finish_reasons().first(),
        _ => None,
    };
    let given = given.map(|reason| String::from_utf8_lossy(reason));
    let has_failed = data.error.is_some() || data.status == StatusCode::Error;
    let finish_reason = match &given {
        Some(reason) => reason,
        None if is_interrupted => "interrupted",
        None if has_failed => "error",
        None => "stop",
    };
    let parts = [TextPart { r#type: "text", content: &String::from_utf8_lossy(text) }];
    let messages = [OutputMessage { role: "assistant", parts, finish_reason }];
    // Writing to memory does not fail.
    arena.alloc_slice_copy(&serde_json::to_vec(&messages).unwrap_or_default())
}

impl EventProcessor {
    /// How much of the chunks of an event of this kind is kept; nothing when they are not recorded.
    pub(crate) fn most_streamed(&self, kind: EventKind) -> Option<usize> {
        let mode = self.content.mode(field(kind)?);
        let is_kept = matches!(mode, ContentMode::Hash | ContentMode::Full);
        is_kept.then(|| self.content.most_bytes().saturating_add(BEYOND_LIMIT))
    }

    /// Whether content is recorded at all.
    #[inline]
    pub(crate) fn records_content(&self) -> bool {
        !self.content.is_off()
    }

    /// The end of an event with what its stream has said as its output; nothing when its end says that itself.
    pub(crate) fn with_streamed<'a>(
        &self,
        arena: &'a Bump,
        kind: EventKind,
        data: &EventData<'a>,
        streamed: &Streamed<'_>,
    ) -> Option<&'a EventData<'a>> {
        let field = field(kind)?;
        if is_told(&data.detail) || self.content.mode(field) == ContentMode::Off {
            return None;
        }
        let text = if streamed.is_cut { self.without_border(arena, streamed.text) } else { streamed.text };
        let text = match field {
            _ if text.is_empty() => &[],
            ContentField::OutputMessages => as_message(arena, text, data, streamed.is_interrupted),
            _ => arena.alloc_slice_copy(text),
        };
        let given = usize::try_from(streamed.bytes).unwrap_or(usize::MAX);
        let content = Content::streamed(text, given, streamed.is_cut);
        let kind = match data.detail.kind() {
            EventKind::Custom => kind,
            given if self::field(given) == Some(field) => given,
            // Another kind's words.
            _ => return None,
        };
        let fields = data.detail.fields().unwrap_or_else(|| Fields::new(kind.fields(), 0, &[]));
        let detail = Detail::new(kind, fields.with_content(arena, field, content));
        Some(arena.alloc(EventData { detail, ..*data }))
    }

    /// A text that was cut, without what the cut may have made unrecognisable.
    fn without_border<'a>(&self, arena: &'a Bump, text: &[u8]) -> &'a [u8] {
        let redacted = match self.redaction.as_deref().map(|rules| rules.text(arena, text)) {
            None | Some(Redacted::Unchanged) => arena.alloc_slice_copy(text),
            Some(Redacted::Changed(changed)) => changed,
            Some(Redacted::Failed) => &[],
        };
        cut_at_character(redacted, redacted.len().saturating_sub(BEYOND_LIMIT))
    }
}
