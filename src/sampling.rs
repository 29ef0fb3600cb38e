//! Head sampling: whether a session is recorded, decided once when it starts. The decision is the
//! OpenTelemetry SDK's (`ShouldSample`), so that it agrees with every other service of a trace; this wraps it
//! in terms of plain ids. `rate` and `host` are samplers that the SDK does not have. It may be asked from any thread.

mod host;
mod rate;

use std::str::FromStr;
use std::sync::Arc;

use opentelemetry::trace::{SpanContext, SpanId, SpanKind, TraceContextExt, TraceFlags, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{Sampler, SamplingDecision, ShouldSample};

use self::host::HostSampler;
use self::rate::RateSampler;
use crate::config::{RootSampler, SamplerConfig};
use crate::diagnostics::Diagnostics;
use crate::export::registry::{Registry, SamplerCallback, SamplingQuestion};
use crate::otlp::value::Attribute;

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
pub struct HeadSampler {
    /// Decides where the host is not asked.
    sampler: Box<dyn ShouldSample>,
    host: Option<HostSampler>,
    parent_based: bool,
}

impl HeadSampler {
    /// `samplers` are the host's, which may come and go.
    pub(crate) fn new(
        config: &SamplerConfig,
        samplers: &Arc<Registry<dyn SamplerCallback>>,
        diagnostics: &Arc<Diagnostics>,
    ) -> Self {
        let root: Box<dyn ShouldSample> = match &config.root {
            // Where the host has no sampler, sessions are kept.
            RootSampler::AlwaysOn | RootSampler::Host(_) => Box::new(Sampler::AlwaysOn),
            RootSampler::AlwaysOff => Box::new(Sampler::AlwaysOff),
            RootSampler::TraceIdRatio(ratio) => Box::new(Sampler::TraceIdRatioBased(*ratio)),
            RootSampler::Rate(per_second) => Box::new(RateSampler::new(*per_second)),
        };
        let host = match &config.root {
            RootSampler::Host(name) => Some(HostSampler::new(name, samplers, diagnostics)),
            _ => None,
        };
        let sampler = if config.parent_based {
            // Not `Sampler::ParentBased`, which takes an invalid parent for one that is not sampled.
            Box::new(Sampler::parent_based(root))
        } else {
            root
        };
        Self { sampler, host, parent_based: config.parent_based }
    }

    /// Decides on a session. `trace_id` is the one that it will have: the parent's, if there is one. `attributes` are those
    /// that it is started with.
    pub(crate) fn decide(
        &self,
        trace_id: [u8; 16],
        parent: Option<RemoteParent<'_>>,
        name: &str,
        attributes: &[Attribute<'_>],
    ) -> Decision {
        let answer =
            self.host.as_ref().filter(|_| !(self.parent_based && is_valid(parent))).and_then(|host| {
                host.ask(&SamplingQuestion {
                    trace_id,
                    parent: parent.map(|parent| (parent.span_id, parent.flags)),
                    trace_state: parent.map_or("", |parent| parent.trace_state),
                    name,
                    attributes,
                })
            });
        let parent = parent.map(span_context);
        if let Some((sampled, given)) = answer {
            let own = parent.as_ref().map(|parent| parent.trace_state().clone());
            let trace_state = given.or(own).map(|state| state.header()).filter(|text| !text.is_empty());
            return Decision { sampled, trace_state, attributes: Vec::new() };
        }
        let parent = parent.map(|parent| Context::new().with_remote_span_context(parent));
        let trace_id = TraceId::from_bytes(trace_id);
        let result =
            self.sampler.should_sample(parent.as_ref(), trace_id, name, &SpanKind::Internal, &[], &[]);
        let trace_state = result.trace_state.header();
        Decision {
            sampled: result.decision == SamplingDecision::RecordAndSample,
            trace_state: (!trace_state.is_empty()).then_some(trace_state),
            attributes: result.attributes,
        }
    }
}

/// Whether there is a parent, with ids that name one.
fn is_valid(parent: Option<RemoteParent<'_>>) -> bool {
    parent.is_some_and(|parent| parent.trace_id != [0; 16] && parent.span_id != [0; 8])
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
        with_host(root, parent_based, &Arc::default()).0
    }

    type Samplers = Arc<Registry<dyn SamplerCallback>>;

    fn with_host(
        root: RootSampler,
        parent_based: bool,
        samplers: &Samplers,
    ) -> (HeadSampler, Arc<Diagnostics>) {
        let diagnostics = Arc::new(Diagnostics::new(crate::config::Level::Warn));
        (HeadSampler::new(&SamplerConfig { root, parent_based }, samplers, &diagnostics), diagnostics)
    }

    fn parent(flags: u8) -> Option<RemoteParent<'static>> {
        Some(RemoteParent { trace_id: TRACE, span_id: [9; 8], flags, trace_state: "vendor=1,other=2" })
    }

    /// Trace ids spread evenly over what the ratio sampler looks at.
    fn share(sampler: &HeadSampler, parent: Option<RemoteParent<'_>>) -> f64 {
        let sampled = (0..1_000_u64).filter(|number| {
            let mut trace_id = TRACE;
            trace_id[8..].copy_from_slice(&(number * (u64::MAX / 1_000)).to_be_bytes());
            sampler.decide(trace_id, parent, "session", &[]).sampled
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
            assert_eq!(share(&sampler(root.clone(), true), parent(1)), 1.0);
            assert_eq!(share(&sampler(root.clone(), true), parent(0)), 0.0);
        }
        assert_eq!(share(&sampler(RootSampler::AlwaysOn, false), parent(0)), 1.0);
        assert_eq!(share(&sampler(RootSampler::AlwaysOff, false), parent(1)), 0.0);
    }

    #[test]
    fn flags_beside_sampled_do_not_decide() {
        assert!(sampler(RootSampler::AlwaysOff, true).decide(TRACE, parent(0b11), "s", &[]).sampled);
        assert!(!sampler(RootSampler::AlwaysOn, true).decide(TRACE, parent(0b10), "s", &[]).sampled);
    }

    #[test]
    fn an_invalid_parent_is_no_parent() {
        let invalid = RemoteParent { trace_id: [0; 16], span_id: [0; 8], flags: 0, trace_state: "" };
        assert!(sampler(RootSampler::AlwaysOn, true).decide(TRACE, Some(invalid), "s", &[]).sampled);
    }

    #[test]
    fn the_trace_state_of_the_parent_is_kept() {
        for parent_based in [false, true] {
            for root in [RootSampler::AlwaysOn, RootSampler::AlwaysOff] {
                let decision = sampler(root.clone(), parent_based).decide(TRACE, parent(1), "s", &[]);
                assert_eq!(decision.trace_state.as_deref(), Some("vendor=1,other=2"));
                assert_eq!(decision.attributes, []);
            }
        }
        assert_eq!(sampler(RootSampler::AlwaysOn, true).decide(TRACE, None, "s", &[]).trace_state, None);
    }

    #[test]
    fn an_invalid_trace_state_is_dropped_alone() {
        let parent = RemoteParent { trace_id: TRACE, span_id: [9; 8], flags: 1, trace_state: "\n=,,=;" };
        let decision = sampler(RootSampler::AlwaysOff, true).decide(TRACE, Some(parent), "s", &[]);
        assert_eq!((decision.sampled, decision.trace_state), (true, None));
    }

    /// What SDKs of other languages answer (Go's `TraceIDRatioBased`, likewise Java's and Rust's): the upper 63 bits of
    /// the trace id's last 8 bytes, as a number, are below the ratio's share of 2^63.
    #[test]
    fn the_ratio_agrees_with_other_sdks() {
        let cases = [
            (0.5, "00000000000000003fffffffffffffff", true),
            (0.5, "00000000000000008000000000000000", false),
            (0.5, "ffffffffffffffff0000000000000000", true),
            (0.5, "00000000000000007fffffffffffffff", true),
            (0.5, "4bf92f3577b34da6a3ce929d0e0e4736", false),
            (0.7, "4bf92f3577b34da6a3ce929d0e0e4736", true),
            (0.01, "0af7651916cd43dd028f5c28f5c28f5f", true),
            (0.01, "0af7651916cd43dd028f5c28f5c28f60", false),
        ];
        for (ratio, hex, expected) in cases {
            let trace_id = u128::from_str_radix(hex, 16).unwrap().to_be_bytes();
            let decision = sampler(RootSampler::TraceIdRatio(ratio), true).decide(trace_id, None, "s", &[]);
            assert_eq!(decision.sampled, expected, "{ratio} {hex}");
        }
    }

    #[test]
    fn a_rate_keeps_a_second_of_sessions_and_lets_children_follow_their_parents() {
        let rate = sampler(RootSampler::Rate(3.0), true);
        let kept = |count: usize, parent: Option<RemoteParent<'_>>| {
            (0..count).filter(|_| rate.decide(TRACE, parent, "s", &[]).sampled).count()
        };
        assert_eq!(kept(50, parent(1)), 50);
        assert_eq!(kept(50, parent(0)), 0);
        // No test lasts so long that the first second's tokens come back many times.
        assert!((3..10).contains(&kept(50, None)));
        assert_eq!(share(&sampler(RootSampler::Rate(0.0), false), parent(1)), 0.0);
    }

    /// Keeps sessions of one name, and says what it was asked.
    struct ByName(std::sync::Mutex<Vec<String>>);

    impl SamplerCallback for ByName {
        fn decide(&self, question: &SamplingQuestion<'_>) -> crate::export::registry::SamplingAnswer {
            self.0.lock().unwrap().push(format!(
                "{} {:?} {} {}",
                question.name,
                question.parent.map(|(_, flags)| flags),
                question.trace_state,
                question.attributes.len()
            ));
            let trace_state = match question.name {
                "vip" => Some("host=kept".to_owned()),
                "broken" => Some("\n=,,=;".to_owned()),
                _ => None,
            };
            crate::export::registry::SamplingAnswer { is_kept: question.name != "noise", trace_state }
        }
    }

    #[test]
    fn the_host_decides_where_there_is_no_parent_to_follow() {
        let samplers = Samplers::default();
        let asked = Arc::new(ByName(std::sync::Mutex::default()));
        samplers.set("mine", Arc::clone(&asked) as Arc<dyn SamplerCallback>, Arc::new(|| {}));
        let attributes = [Attribute::new("key", crate::otlp::value::Value::Bool(true))];
        let (head, _) = with_host(RootSampler::Host("mine".to_owned()), true, &samplers);
        let decide = |name: &str, parent| {
            let decision = head.decide(TRACE, parent, name, &attributes);
            (decision.sampled, decision.trace_state)
        };
        assert_eq!(decide("vip", None), (true, Some("host=kept".to_owned())));
        assert_eq!(decide("noise", None), (false, None));
        assert_eq!(decide("broken", None), (true, None));
        assert_eq!(asked.0.lock().unwrap().len(), 3);
        assert_eq!(decide("noise", parent(1)), (true, Some("vendor=1,other=2".to_owned())));
        assert!(!decide("vip", parent(0)).0);
        assert_eq!(asked.0.lock().unwrap().len(), 3);

        let (head, _) = with_host(RootSampler::Host("mine".to_owned()), false, &samplers);
        let decision = head.decide(TRACE, parent(0), "other", &attributes);
        assert_eq!((decision.sampled, decision.trace_state.as_deref()), (true, Some("vendor=1,other=2")));
        assert!(!head.decide(TRACE, parent(1), "noise", &[]).sampled);
        let said = ["other Some(0) vendor=1,other=2 1", "noise Some(1) vendor=1,other=2 0"];
        assert_eq!(asked.0.lock().unwrap()[3..], said);
    }

    #[test]
    fn without_the_hosts_sampler_sessions_are_kept_and_that_is_said_once() {
        let samplers = Samplers::default();
        let (head, diagnostics) = with_host(RootSampler::Host("mine".to_owned()), true, &samplers);
        assert_eq!(share(&head, None), 1.0);
        assert_eq!(share(&head, parent(0)), 0.0);
        let said = diagnostics.text();
        assert_eq!(said.matches("no sampler `mine` is registered").count(), 1, "{said}");
        assert!(!said.contains("repeated"), "{said}");
    }

    /// Starts a session of its own whenever it is asked.
    struct Nested(std::sync::OnceLock<HeadSampler>);

    impl SamplerCallback for Nested {
        fn decide(&self, _: &SamplingQuestion<'_>) -> crate::export::registry::SamplingAnswer {
            let inner = self.0.get().unwrap().decide(TRACE, None, "inner", &[]);
            crate::export::registry::SamplingAnswer { is_kept: !inner.sampled, trace_state: None }
        }
    }

    #[test]
    fn a_sampler_is_not_asked_about_what_it_starts_itself() {
        let samplers = Samplers::default();
        let nested = Arc::new(Nested(std::sync::OnceLock::new()));
        samplers.set("mine", Arc::clone(&nested) as Arc<dyn SamplerCallback>, Arc::new(|| {}));
        let (head, _) = with_host(RootSampler::Host("mine".to_owned()), true, &samplers);
        nested.0.set(with_host(RootSampler::Host("mine".to_owned()), true, &samplers).0).unwrap();
        assert!(!head.decide(TRACE, None, "outer", &[]).sampled);
        assert!(!head.decide(TRACE, None, "outer", &[]).sampled, "it is asked again afterwards");
    }
}
