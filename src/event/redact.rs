//! The step `redact` of what is done with each event: every text that a caller gives goes through the rules before it is put
//! into a record, a slot or a session. Keys of attributes stay as they are; those of maps are part of what is said. A text
//! that cannot be redacted is left out.

use std::sync::Arc;

use bumpalo::Bump;

use super::content::{Content, ContentPolicy};
use super::data::{Detail, ErrorDetail, EventData, FieldValue, Holds, SessionEnd, SessionOptions};
use super::log::LogData;
use super::processor::EventProcessor;
use crate::config::ContentField;
use crate::journal::accounting::Repairs;
use crate::otlp::span::{Link, SpanEvent};
use crate::otlp::value::{Attribute, Attributes, Value};
use crate::redaction::{Redacted, Redaction};

/// A number in a map or list below this is no card's.
const LEAST_CARD: u64 = 1_000_000_000_000;

/// The rules at work on what one call says. It counts the texts that it changes.
pub(crate) struct Redactor<'r, 'a> {
    rules: &'r Redaction,
    content: Option<&'r ContentPolicy>,
    arena: &'a Bump,
    changed: u32,
}

/// A slice with some of its items changed; nothing when all stay.
fn changed<'a, T: Copy>(
    arena: &'a Bump,
    items: &[T],
    mut change: impl FnMut(&T) -> Option<T>,
) -> Option<&'a [T]> {
    let mut place = 0;
    let first = items.iter().find_map(|item| {
        let changed = change(item);
        place += usize::from(changed.is_none());
        changed
    })?;
    Some(arena.alloc_slice_fill_iter(items.iter().enumerate().map(|(position, item)| {
        match position.cmp(&place) {
            std::cmp::Ordering::Less => *item,
            std::cmp::Ordering::Equal => first,
            std::cmp::Ordering::Greater => change(item).unwrap_or(*item),
        }
    })))
}

impl<'r, 'a> Redactor<'r, 'a> {
    pub(crate) fn new(rules: &'r Redaction, arena: &'a Bump) -> Self {
        Self { rules, content: None, arena, changed: 0 }
    }

    /// What was done, to be counted.
    pub(crate) fn repairs(&self) -> Repairs {
        Repairs { redacted: self.changed, ..Repairs::default() }
    }

    /// A text that is changed; one that cannot be redacted is empty.
    fn change(&mut self, text: &[u8]) -> Option<&'a [u8]> {
        let changed = match self.rules.text(self.arena, text) {
            Redacted::Unchanged => return None,
            Redacted::Changed(text) => text,
            Redacted::Failed => &[],
        };
        self.changed = self.changed.saturating_add(1);
        Some(changed)
    }

    pub(crate) fn text(&mut self, text: &'a [u8]) -> &'a [u8] {
        self.change(text).unwrap_or(text)
    }

    pub(crate) fn texts(&mut self, texts: &'a [&'a [u8]]) -> &'a [&'a [u8]] {
        changed(self.arena, texts, |text| self.change(text)).unwrap_or(texts)
    }

    /// A text whose parts mean something to others: it is kept as a whole, or not at all.
    fn all_or_nothing(&mut self, text: &'a [u8]) -> &'a [u8] {
        if self.change(text).is_some() { &[] } else { text }
    }

    /// A value that is changed. `within` says whether it is part of a map or list.
    fn value(&mut self, value: &Value<'a>, within: bool) -> Option<Value<'a>> {
        match *value {
            Value::Text(text) => self.change(text).map(Value::Text),
            Value::Bytes(bytes) => self.change(bytes).map(Value::Bytes),
            Value::Texts(texts) => changed(self.arena, texts, |text| self.change(text)).map(Value::Texts),
            Value::List(values) => {
                changed(self.arena, values, |value| self.value(value, true)).map(Value::List)
            }
            Value::Map(entries) => changed(self.arena, entries, |entry| self.entry(entry)).map(Value::Map),
            Value::Int(number) if within && number.unsigned_abs() >= LEAST_CARD => {
                self.change(itoa::Buffer::new().format(number).as_bytes()).map(Value::Text)
            }
            _ => None,
        }
    }

    /// An entry of a map: what it is called may be said by the data, too.
    fn entry(&mut self, entry: &Attribute<'a>) -> Option<Attribute<'a>> {
        match (self.change(entry.key), self.value(&entry.value, true)) {
            (None, None) => None,
            (key, value) => {
                Some(Attribute { key: key.unwrap_or(entry.key), value: value.unwrap_or(entry.value) })
            }
        }
    }

    pub(crate) fn attributes(&mut self, attributes: &'a [Attribute<'a>]) -> &'a [Attribute<'a>] {
        let arena = self.arena;
        let change = |attribute: &Attribute<'a>| {
            let value = self.value(&attribute.value, false)?;
            // An attribute without a key is left out, and counted.
            let is_left_out = value == Value::Text(&[]) && attribute.value != value;
            Some(Attribute { key: if is_left_out { &[] } else { attribute.key }, value })
        };
        changed(arena, attributes, change).unwrap_or(attributes)
    }

    fn links(&mut self, links: &'a [Link<'a>]) -> &'a [Link<'a>] {
        if links.is_empty() {
            return links;
        }
        self.arena.alloc_slice_fill_iter(links.iter().map(|link| Link {
            trace_state: self.all_or_nothing(link.trace_state),
            attributes: self.attributes(link.attributes),
            ..*link
        }))
    }

    fn span_events(&mut self, events: &'a [SpanEvent<'a>]) -> &'a [SpanEvent<'a>] {
        if events.is_empty() {
            return events;
        }
        self.arena.alloc_slice_fill_iter(events.iter().map(|event| SpanEvent {
            name: self.text(event.name),
            attributes: self.attributes(event.attributes),
            ..*event
        }))
    }

    /// Content, as far as anything of its text is recorded.
    pub(super) fn content(&mut self, field: ContentField, content: Content<'a>) -> Content<'a> {
        let text = self.content.and_then(|policy| policy.redactable(field, content));
        match text.and_then(|text| self.change(text)) {
            Some(changed) => content.with(changed),
            None => content,
        }
    }

    fn detail(&mut self, detail: &Detail<'a>) -> Detail<'a> {
        let Some(fields) = detail.fields() else { return *detail };
        let arena = self.arena;
        let changed = fields.changed(arena, |field, value| match (value, &field.holds) {
            (FieldValue::Text(text), _) => FieldValue::Text(self.text(text)),
            (FieldValue::Texts(texts), _) => FieldValue::Texts(self.texts(texts)),
            (FieldValue::Content(content), Holds::Content(field)) => {
                FieldValue::Content(self.content(*field, content))
            }
            _ => value,
        });
        Detail::new(detail.kind(), changed)
    }

    fn log(&mut self, data: &LogData<'a>) -> LogData<'a> {
        LogData {
            severity_text: self.text(data.severity_text),
            event_name: self.text(data.event_name),
            body: self.value(&data.body, false).unwrap_or(data.body),
            attributes: Attributes::of(self.attributes(data.attributes.list)),
            ..*data
        }
    }

    pub(crate) fn error(&mut self, error: &ErrorDetail<'a>) -> &'a ErrorDetail<'a> {
        self.arena.alloc(ErrorDetail {
            kind: self.text(error.kind),
            message: self.text(error.message),
            code: self.text(error.code),
            details: self.text(error.details),
            stack: self.text(error.stack),
            ..*error
        })
    }

    pub(crate) fn event(&mut self, data: &EventData<'a>) -> EventData<'a> {
        let list = self.attributes(data.attributes.list);
        let is_same = std::ptr::eq(list, data.attributes.list);
        EventData {
            detail: self.detail(&data.detail),
            name: self.text(data.name),
            event_id: self.text(data.event_id),
            status_message: self.text(data.status_message),
            attributes: if is_same { data.attributes } else { Attributes::of(list) },
            links: self.links(data.links),
            events: self.span_events(data.events),
            error: data.error.map(|error| self.error(error)),
            ..*data
        }
    }

    fn session(&mut self, options: &SessionOptions<'a>) -> SessionOptions<'a> {
        SessionOptions {
            session_id: self.text(options.session_id),
            name: self.text(options.name),
            conversation_id: self.text(options.conversation_id),
            user_id: self.text(options.user_id),
            tags: self.texts(options.tags),
            agent_name: self.text(options.agent_name),
            agent_id: self.text(options.agent_id),
            agent_version: self.text(options.agent_version),
            agent_description: self.text(options.agent_description),
            provider: self.text(options.provider),
            previous_session_id: self.text(options.previous_session_id),
            trace_state: self.all_or_nothing(options.trace_state),
            attributes: self.attributes(options.attributes),
            ..*options
        }
    }

    fn session_end(&mut self, end: &SessionEnd<'a>) -> SessionEnd<'a> {
        SessionEnd { reason: self.text(end.reason), error_type: self.text(end.error_type), ..*end }
    }
}

impl EventProcessor {
    /// The same with rules.
    pub(crate) fn with_redaction(mut self, redaction: Option<Arc<Redaction>>) -> Self {
        // Every text has to be looked at: there are no plain events.
        self.most_plain_attributes = self.most_plain_attributes.filter(|_| redaction.is_none());
        self.redaction = redaction;
        self
    }

    fn redactor<'a>(&self, arena: &'a Bump) -> Option<Redactor<'_, 'a>> {
        let redactor = |rules| Redactor { content: Some(&self.content), ..Redactor::new(rules, arena) };
        self.redaction.as_deref().map(redactor)
    }

    /// What a call says of an event, redacted, and with no more of content in free attributes than the policy shows.
    #[inline]
    pub(crate) fn redacted<'d, 'a: 'd>(
        &self,
        arena: &'a Bump,
        data: &'d EventData<'a>,
        repairs: &mut Repairs,
    ) -> &'d EventData<'a> {
        let redacted = match self.redactor(arena) {
            None => data,
            Some(mut redactor) => {
                let redacted = redactor.event(data);
                *repairs += redactor.repairs();
                arena.alloc(redacted)
            }
        };
        self.content.screened_event(arena, data, redacted, repairs)
    }

    /// What a call says of an error.
    pub(crate) fn redacted_error<'a>(
        &self,
        arena: &'a Bump,
        error: &'a ErrorDetail<'a>,
        repairs: &mut Repairs,
    ) -> &'a ErrorDetail<'a> {
        let Some(mut redactor) = self.redactor(arena) else { return error };
        let error = redactor.error(error);
        *repairs += redactor.repairs();
        error
    }

    /// What a caller logs, in the same way.
    #[inline]
    pub(crate) fn redacted_log<'d, 'a: 'd>(
        &self,
        arena: &'a Bump,
        data: &'d LogData<'a>,
        repairs: &mut Repairs,
    ) -> &'d LogData<'a> {
        let redacted = match self.redactor(arena) {
            None => data,
            Some(mut redactor) => {
                let redacted = redactor.log(data);
                *repairs += redactor.repairs();
                arena.alloc(redacted)
            }
        };
        self.content.screened_log(arena, data, redacted, repairs)
    }

    /// What a call says of a new session, in the same way.
    pub(crate) fn redacted_session<'a>(
        &self,
        arena: &'a Bump,
        options: &SessionOptions<'a>,
        repairs: &mut Repairs,
    ) -> SessionOptions<'a> {
        let redacted = match self.redactor(arena) {
            None => *options,
            Some(mut redactor) => {
                let redacted = redactor.session(options);
                *repairs += redactor.repairs();
                redacted
            }
        };
        let attributes =
            self.content.screened_attributes(arena, options.attributes, redacted.attributes, repairs);
        SessionOptions { attributes, ..redacted }
    }

    /// What a call says of a session's end.
    pub(crate) fn redacted_end<'a>(
        &self,
        arena: &'a Bump,
        end: &SessionEnd<'a>,
        repairs: &mut Repairs,
    ) -> SessionEnd<'a> {
        let Some(mut redactor) = self.redactor(arena) else { return *end };
        let end = redactor.session_end(end);
        *repairs += redactor.repairs();
        end
    }

    /// Attributes of a session, in the same way.
    pub(crate) fn redacted_attributes<'a>(
        &self,
        arena: &'a Bump,
        attributes: &'a [Attribute<'a>],
        repairs: &mut Repairs,
    ) -> &'a [Attribute<'a>] {
        let redacted = match self.redactor(arena) {
            None => attributes,
            Some(mut redactor) => {
                let redacted = redactor.attributes(attributes);
                *repairs += redactor.repairs();
                redacted
            }
        };
        self.content.screened_attributes(arena, attributes, redacted, repairs)
    }
}
