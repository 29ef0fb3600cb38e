//! Samplers of the host: functions that decide, when a session starts, whether it is recorded.

use core::ffi::{c_char, c_void};
use std::sync::Arc;

use super::callback::{Shared, let_go, registered_name};
use super::status::agentotel_status;
use super::types::{agentotel_attribute, agentotel_span_context, agentotel_str};
use super::{global, guard, snapshot};
use crate::config::is_callback_name;
use crate::manager::{Error, SamplerCallback, SamplingAnswer, SamplingQuestion};

/// What `should_sample` returns: the session is not recorded. Its events are counted as `head_unsampled`.
pub const AGENTOTEL_SAMPLING_DROP: u32 = 0;
/// The session is recorded.
pub const AGENTOTEL_SAMPLING_KEEP: u32 = 1;

/// Length of `agentotel_sampling_answer.trace_state`.
pub const AGENTOTEL_SAMPLING_TRACE_STATE_BYTES: usize = 520;

/// A session that is to start. It is valid, with what it points to, during the call.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_sampling_question {
    /// The struct's size in the library that calls.
    pub struct_size: usize,
    /// The trace id that the session will have.
    pub trace_id: [u8; 16],
    /// The session's parent in another process; NULL when it has none.
    pub parent: *const agentotel_span_context,
    /// The parent's `tracestate`; may be absent.
    pub trace_state: agentotel_str,
    /// The name of the session's root span.
    pub session_name: agentotel_str,
    /// The attributes that the session is started with, but for those of type AGENTOTEL_TYPE_JSON.
    pub attributes: *const agentotel_attribute,
    /// How many.
    pub attribute_count: usize,
}

/// What a sampler says beside what it returns. The library gives it zeroed but for its size.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_sampling_answer {
    /// The struct's size in the library that calls.
    pub struct_size: usize,
    /// The session's `tracestate`: text with a terminating NUL. Empty, or not valid by W3C Trace Context: the parent's.
    pub trace_state: [c_char; AGENTOTEL_SAMPLING_TRACE_STATE_BYTES],
}

/// Decides which sessions are recorded. Make one with `AGENTOTEL_SAMPLER_INIT`.
/// @since 0.1.0
#[repr(C)]
#[derive(Clone, Copy)]
pub struct agentotel_sampler {
    /// `sizeof(agentotel_sampler)`; `AGENTOTEL_SAMPLER_INIT` sets it.
    pub struct_size: usize,
    /// Called by `agentotel_start_session` on the thread that calls it, of several threads at once; it should be quick.
    /// Returns one of `AGENTOTEL_SAMPLING_…`; anything else is taken for AGENTOTEL_SAMPLING_KEEP. It may call what the
    /// table at the top of this file says; sessions that it starts itself are kept without asking. It must not throw. Must
    /// not be NULL.
    pub should_sample: Option<
        unsafe extern "C" fn(
            user_data: *mut c_void,
            question: *const agentotel_sampling_question,
            answer: *mut agentotel_sampling_answer,
        ) -> u32,
    >,
    /// Passed to both functions; the library does not touch it.
    pub user_data: *mut c_void,
    /// Called once, on any thread, when the sampler is not used any more and no call of it is under way; not at the end of
    /// the process. May be NULL.
    pub destroy: Option<unsafe extern "C" fn(user_data: *mut c_void)>,
}

impl SamplerCallback for Shared<agentotel_sampler> {
    fn decide(&self, question: &SamplingQuestion<'_>) -> SamplingAnswer {
        let vtable = &self.0;
        let kept = SamplingAnswer { is_kept: true, trace_state: None };
        let Some(should_sample) = vtable.should_sample else { return kept };
        let parent = question.parent.map(|(span_id, trace_flags)| agentotel_span_context {
            trace_id: question.trace_id,
            span_id,
            trace_flags,
            is_remote: 1,
            reserved: [0; 6],
        });
        let text = |text: &str| agentotel_str { data: text.as_ptr().cast(), len: text.len() };
        let attributes = snapshot::GivenBack::new(question.attributes);
        let asked = agentotel_sampling_question {
            struct_size: size_of::<agentotel_sampling_question>(),
            trace_id: question.trace_id,
            parent: parent.as_ref().map_or(core::ptr::null(), |parent| &raw const *parent),
            trace_state: text(question.trace_state),
            session_name: text(question.name),
            attributes: attributes.attributes().as_ptr(),
            attribute_count: attributes.attributes().len(),
        };
        let mut answer = agentotel_sampling_answer {
            struct_size: size_of::<agentotel_sampling_answer>(),
            trace_state: [0; AGENTOTEL_SAMPLING_TRACE_STATE_BYTES],
        };
        // SAFETY: the host's function, called as its documentation says; both structs, and what the question points to,
        // outlive the call.
        let returned = unsafe { should_sample(vtable.user_data, &raw const asked, &raw mut answer) };
        let given: Vec<u8> = answer
            .trace_state
            .iter()
            .take_while(|byte| **byte != 0)
            .map(|byte| byte.cast_unsigned())
            .collect();
        SamplingAnswer {
            is_kept: returned != AGENTOTEL_SAMPLING_DROP,
            trace_state: String::from_utf8(given).ok(),
        }
    }
}

/// Registers a sampler, by the name that a configuration's `sampler` of the type `host` says. While there is none of that
/// name, sessions are kept, which the diagnostics say once.
///
/// @param name 1 to 64 letters, digits, '.', '_' and '-', the first one no '.'. One that is taken is replaced; the sampler
///        before is let go of when a call of it that is under way has ended.
/// @param sampler Read during the call only. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE;
///         AGENTOTEL_ERR_INTERNAL. On failure `destroy` is not called.
///
/// May be called before `agentotel_init`; it stays registered through `agentotel_shutdown`, and in a forked child.
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_register_sampler(
    name: agentotel_str,
    sampler: *const agentotel_sampler,
) -> agentotel_status {
    guard::call(|_| {
        // SAFETY: `name` is absent or valid through the call, by this function's contract.
        let name = unsafe { registered_name(name, is_callback_name)? };
        // SAFETY: `sampler` is NULL or a struct of the size that it says, by this function's contract.
        let vtable = unsafe { snapshot::sampler(sampler)? };
        let vtable = vtable.ok_or_else(|| Error::null("sampler"))?;
        if vtable.should_sample.is_none() {
            return Err(Error::null("sampler.should_sample"));
        }
        let let_go = let_go(vtable.destroy, vtable.user_data);
        global::callbacks().samplers.set(&name, Arc::new(Shared(vtable)), let_go);
        Ok(())
    })
}
