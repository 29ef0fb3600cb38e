//! Attribute injectors: functions of the host's that say what is put on a span or log record beside what its event says.

use crate::otlp::Signal;

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

/// A function of the host's, called on the thread that records.
pub(crate) trait AttributeInjector: Send + Sync {
    /// Attributes with unique keys, encoded as fields of a span; texts have `value_bytes` at most.
    fn attributes(&self, injectee: &Injectee, value_bytes: Option<usize>) -> Vec<u8>;
}
