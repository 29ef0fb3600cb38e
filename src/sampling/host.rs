//! A sampler of the host's: it is asked on the thread that starts the session. While none of its name is registered, nobody
//! is asked, which is said once.

use std::cell::Cell;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use opentelemetry::trace::TraceState;

use crate::config::Level;
use crate::diagnostics::Diagnostics;
use crate::export::registry::{Registry, SamplerCallback, SamplingAnswer, SamplingQuestion};

thread_local! {
    /// Whether the host decides on another session of this thread at this moment.
    static ASKING: Cell<bool> = const { Cell::new(false) };
}

/// Marks the thread as asking until it is dropped.
struct Asking;

impl Asking {
    /// Nothing when it asks already: a sampler that starts sessions would be asked without end.
    fn begin() -> Option<Self> {
        (!ASKING.try_with(|asking| asking.replace(true)).unwrap_or(true)).then_some(Self)
    }
}

impl Drop for Asking {
    fn drop(&mut self) {
        let _ = ASKING.try_with(|asking| asking.set(false));
    }
}

pub(super) struct HostSampler {
    name: String,
    samplers: Arc<Registry<dyn SamplerCallback>>,
    diagnostics: Arc<Diagnostics>,
    is_missed: AtomicBool,
}

impl fmt::Debug for HostSampler {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "HostSampler({:?})", self.name)
    }
}

impl HostSampler {
    pub(super) fn new(
        name: &str,
        samplers: &Arc<Registry<dyn SamplerCallback>>,
        diagnostics: &Arc<Diagnostics>,
    ) -> Self {
        Self {
            name: name.to_owned(),
            samplers: Arc::clone(samplers),
            diagnostics: Arc::clone(diagnostics),
            is_missed: AtomicBool::new(false),
        }
    }

    /// What the host says: whether it is kept, and the `tracestate` that it gives, if it is valid; nothing when there is
    /// nobody to ask.
    pub(super) fn ask(&self, question: &SamplingQuestion<'_>) -> Option<(bool, Option<TraceState>)> {
        let _asking = Asking::begin()?;
        let found = self.samplers.get(&self.name);
        let Some(SamplingAnswer { is_kept, trace_state }) =
            found.and_then(|sampler| sampler.call(|sampler| sampler.decide(question)))
        else {
            if !self.is_missed.swap(true, Ordering::Relaxed) {
                let words = format!("no sampler `{}` is registered: sessions are kept meanwhile", self.name);
                self.diagnostics.say(Level::Warn, &words);
            }
            return None;
        };
        let given = trace_state.filter(|text| !text.is_empty());
        Some((is_kept, given.and_then(|text| TraceState::from_str(&text).ok())))
    }
}
