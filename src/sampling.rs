//! Head sampling: whether a session is recorded, decided once when it starts. The decision is the
//! OpenTelemetry SDK's (`ShouldSample`), so that it agrees with every other service of a trace; this wraps it
//! in terms of plain ids. It holds no state and may be asked from any thread.

use std::str::FromStr;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample};

use crate::config::{RootSampler, SamplerConfig};

/// The parent of a session's root span, in another process.
#[derive(Clone, Copy, Debug)]
pub struct RemoteParent<'a> {
    pub trace_id: [u8; 16],
    pub span_id: [u8; 8],
    /// The flags of `traceparent`; the lowest bit says sampled.
    pub flags: u8,
    /// The text of `tracestate`, or empty.
    pub trace_state: &'a str,
}

/// What a sampler decided.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// Whether the session is recorded and exported. "Record only" of OpenTelemetry is not.
    pub sampled: bool,
    /// The `tracestate` of the root span, if it is not empty.
    pub trace_state: Option<String>,
    /// What the sampler adds to the root span.
    pub attributes: Vec<KeyValue>,
}

/// The sampler of a configuration.
#[derive(Debug)]
pub struct HeadSampler(Box<dyn ShouldSample>);

impl HeadSampler {
    pub fn new(config: &SamplerConfig) -> Self {
        let root = match config.root {
            RootSampler::AlwaysOn => Sampler::AlwaysOn,
            RootSampler::AlwaysOff => Sampler::AlwaysOff,
            RootSampler::TraceIdRatio(ratio) => Sampler::TraceIdRatioBased(ratio),
        };
        if config.parent_based {
            // Not `Sampler::ParentBased`, which takes an invalid parent for one that is not sampled.
            Self(Box::new(Sampler::parent_based(root)))
        } else {
            Self(Box::new(root))
        }
    }

    /// Decides on a session. `trace_id` is the one that it will have: the parent's, if there is one.
    pub fn decide(&self, trace_id: [u8; 16], parent: Option<RemoteParent<'_>>, name: &str) -> Decision {
        let parent = parent.map(|parent| Context::new().with_remote_span_context(span_context(parent)));
        let trace_id = TraceId::from_bytes(trace_id);
        let result = self.0.should_sample(parent.as_ref(), trace_id, name, &SpanKind::Internal, &[], &[]);
        let trace_state = result.trace_state.header();
        Decision {
            sampled: result.decision == SamplingDecision::RecordAndSample,
            trace_state: (!trace_state.is_empty()).then_some(trace_state),
            attributes: result.attributes,
        }
    }
}

/// The parent in the SDK's terms. A `tracestate` that is not valid is dropped alone, as W3C Trace Context
/// asks.
fn span_context(parent: RemoteParent<'_>) -> SpanContext {
    SpanContext::new(
        TraceId::from_bytes(parent.trace_id),
        SpanId::from_bytes(parent.span_id),
        TraceFlags::new(parent.flags),
        true,
        TraceState::from_str(parent.trace_state).unwrap_or_default(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRACE: [u8; 16] = [7; 16];

    fn sampler(root: RootSampler, parent_based: bool) -> HeadSampler {
        HeadSampler::new(&SamplerConfig { root, parent_based })
    }

    fn parent(flags: u8) -> Option<RemoteParent<'static>> {
        Some(RemoteParent { trace_id: TRACE, span_id: [9; 8], flags, trace_state: "vendor=1,other=2" })
    }

    /// Trace ids spread evenly over what the ratio sampler looks at.
    fn share(sampler: &HeadSampler, parent: Option<RemoteParent<'_>>) -> f64 {
        let sampled = (0..1_000_u64).filter(|number| {
            let mut trace_id = TRACE;
            trace_id[8..].copy_from_slice(&(number * (u64::MAX / 1_000)).to_be_bytes());
            sampler.decide(trace_id, parent, "session").sampled
        });
        sampled.count() as f64 / 1_000.0
    }

    #[test]
    fn the_root_sampler_decides_on_a_session_without_a_parent() {
        for parent_based in [false, true] {
            assert_eq!(share(&sampler(RootSampler::AlwaysOn, parent_based), None), 1.0);
            assert_eq!(share(&sampler(RootSampler::AlwaysOff, parent_based), None), 0.0);
            let kept = share(&sampler(RootSampler::TraceIdRatio(0.25), parent_based), None);
            assert!((kept - 0.25).abs() < 0.01, "{kept}");
            assert_eq!(share(&sampler(RootSampler::TraceIdRatio(0.0), parent_based), None), 0.0);
            assert_eq!(share(&sampler(RootSampler::TraceIdRatio(1.0), parent_based), None), 1.0);
        }
    }

    #[test]
    fn a_parent_decides_before_the_root_sampler_if_it_is_parent_based() {
        for root in [RootSampler::AlwaysOn, RootSampler::AlwaysOff, RootSampler::TraceIdRatio(0.5)] {
            assert_eq!(share(&sampler(root, true), parent(1)), 1.0);
            assert_eq!(share(&sampler(root, true), parent(0)), 0.0);
        }
        assert_eq!(share(&sampler(RootSampler::AlwaysOn, false), parent(0)), 1.0);
        assert_eq!(share(&sampler(RootSampler::AlwaysOff, false), parent(1)), 0.0);
    }

    #[test]
    fn flags_beside_sampled_do_not_decide() {
        assert!(sampler(RootSampler::AlwaysOff, true).decide(TRACE, parent(0b11), "s").sampled);
        assert!(!sampler(RootSampler::AlwaysOn, true).decide(TRACE, parent(0b10), "s").sampled);
    }

    #[test]
    fn an_invalid_parent_is_no_parent() {
        let invalid = RemoteParent { trace_id: [0; 16], span_id: [0; 8], flags: 0, trace_state: "" };
        assert!(sampler(RootSampler::AlwaysOn, true).decide(TRACE, Some(invalid), "s").sampled);
    }

    #[test]
    fn the_trace_state_of_the_parent_is_kept() {
        for parent_based in [false, true] {
            for root in [RootSampler::AlwaysOn, RootSampler::AlwaysOff] {
                let decision = sampler(root, parent_based).decide(TRACE, parent(1), "s");
                assert_eq!(decision.trace_state.as_deref(), Some("vendor=1,other=2"));
                assert_eq!(decision.attributes, []);
            }
        }
        assert_eq!(sampler(RootSampler::AlwaysOn, true).decide(TRACE, None, "s").trace_state, None);
    }

    #[test]
    fn an_invalid_trace_state_is_dropped_alone() {
        let parent = RemoteParent { trace_id: TRACE, span_id: [9; 8], flags: 1, trace_state: "\n=,,=;" };
        let decision = sampler(RootSampler::AlwaysOff, true).decide(TRACE, Some(parent), "s");
        assert_eq!((decision.sampled, decision.trace_state), (true, None));
    }
}
