//! Attribute injectors: functions of the host's that say what is put on a span or log record beside what its event says.

use std::sync::Arc;

use bumpalo::Bump;

use crate::otlp::Signal;
use crate::otlp::value::Attribute;
use crate::redaction::Redaction;

/// What attributes are wanted for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Injectee {
    pub(crate) signal: Signal,
    /// Number of the event's kind; `None`: a session's root span.
    pub(crate) kind: Option<u8>,
    /// The trace and root span of the session.
    pub(crate) trace_id: [u8; 16],
    pub(crate) root_span_id: [u8; 8],
    pub(crate) trace_flags: u8,
}

/// Says what is shown of content that comes under the names that it has.
pub(crate) trait Screen: Send + Sync {
    /// Attributes with no more of it than is to be shown; `redacted` are those that were given, behind the rules.
    fn screened<'a>(
        &self,
        arena: &'a Bump,
        given: &[Attribute<'a>],
        redacted: &'a [Attribute<'a>],
    ) -> &'a [Attribute<'a>];
}

/// What is done with their values.
#[derive(Clone)]
pub(crate) struct Treatment {
    /// They are redacted.
    pub(crate) redaction: Option<Arc<Redaction>>,
    /// What is content among them is shown as far as this says, then.
    pub(crate) content: Arc<dyn Screen>,
    /// Texts and byte strings are cut to so many bytes, then.
    pub(crate) value_bytes: Option<usize>,
}

/// A function of the host's, called on the thread that records.
pub(crate) trait AttributeInjector: Send + Sync {
    /// Attributes with unique keys, encoded as fields of a span.
    fn attributes(&self, injectee: &Injectee, treatment: Treatment) -> Vec<u8>;
}
