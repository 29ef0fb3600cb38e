//! Whole events that come in the library's own terms already, as those do that are said in JSON: most take the short ways.

use bumpalo::Bump;

use super::{Caller, Error, OtelManager};
use crate::event::data::{Detail, EventData, PlainEvent, SpanContext};
use crate::event::named_content::names_content;
use crate::event::semconv;
use crate::otlp::draft::{Draft, PlainAttributes};
use crate::otlp::span::StatusCode;
use crate::otlp::value::{Attribute, Value};

/// Attributes that were read before: plain when they are texts or numbers, as those in structs are, so that both ways lead to the
/// same bytes.
struct ReadAttributes<'a>(&'a [Attribute<'a>]);

impl PlainAttributes for ReadAttributes<'_> {
    #[inline(always)]
    fn encode(&self, draft: &mut Draft<'_, '_>) -> bool {
        self.0.iter().all(|attribute| match attribute.value {
            // Of content, not all may be shown.
            _ if names_content(attribute.key) => false,
            Value::Text(_) | Value::Bool(_) | Value::Int(_) | Value::Double(_) => {
                draft.attribute(attribute.key, attribute.value)
            }
            _ => false,
        })
    }
}

/// The event as a plain one, when it has nothing but a name, times, attributes and perhaps a detail.
fn plain<'a>(data: &EventData<'a>) -> Option<PlainEvent<'a, ReadAttributes<'a>>> {
    let has_more = !data.links.is_empty()
        || !data.events.is_empty()
        || data.error.is_some()
        || !data.event_id.is_empty()
        || data.parent_index.is_some()
        || !data.status_message.is_empty()
        || data.status == StatusCode::Error;
    (!has_more).then(|| PlainEvent {
        name: [data.name, &[]],
        parent: data.parent,
        span_kind: data.span_kind.unwrap_or_else(|| semconv::span_kind(&data.detail)),
        times: data.times,
        status: data.status,
        attributes: ReadAttributes(data.attributes.list),
    })
}

impl OtelManager {
    /// Records a whole event; gives its context.
    pub(crate) fn record_said<'a>(
        &self,
        caller: &mut Caller,
        arena: &'a Bump,
        session_handle: u64,
        data: &'a EventData<'a>,
    ) -> Result<SpanContext, Error> {
        let mut context = None;
        if let Some(event) = plain(data) {
            let recorded = |of| context = Some(of);
            let few = |most: Option<usize>| most.is_some_and(|most| data.attributes.list.len() <= most);
            match data.detail {
                Detail::Custom if !data.name.is_empty() && few(self.most_plain_attributes()) => {
                    self.record_plain(caller, session_handle, &event, recorded)?;
                }
                Detail::Custom => {}
                detail if few(self.most_attributes_beside_typed()) => {
                    self.record_typed(caller, arena, session_handle, detail, &event, recorded)?;
                }
                _ => {}
            }
        }
        match context {
            Some(context) => Ok(context),
            None => self.record_event(caller, arena, session_handle, data, &[]),
        }
    }
}
