//! Reading sessions: how one starts, how one ends.

use bumpalo::Bump;

use super::{attributes, context, optional, text, texts};
use crate::abi::types::*;
use crate::event::data::{EndState, SessionEnd, SessionOptions};
use crate::manager::Error;

/// The options of a session.
///
/// # Safety
/// NULL, or valid through `'a` with all that it points to.
pub(crate) unsafe fn session_options<'a>(
    arena: &'a Bump,
    from: *const agentotel_session_options,
) -> Result<SessionOptions<'a>, Error> {
    // SAFETY: passed on.
    unsafe {
        let Some(from) = optional(from)? else { return Ok(SessionOptions::default()) };
        Ok(SessionOptions {
            session_id: text(from.session_id, "options.session_id")?,
            name: text(from.name, "options.name")?,
            conversation_id: text(from.conversation_id, "options.conversation_id")?,
            user_id: text(from.user_id, "options.user_id")?,
            tags: texts(arena, from.tags, "options.tags")?,
            agent_name: text(from.agent_name, "options.agent_name")?,
            agent_id: text(from.agent_id, "options.agent_id")?,
            agent_version: text(from.agent_version, "options.agent_version")?,
            agent_description: text(from.agent_description, "options.agent_description")?,
            provider: text(from.provider, "options.provider")?,
            parent: (!from.parent.is_null()).then(|| context(from.parent.read_unaligned())),
            trace_state: text(from.trace_state, "options.trace_state")?,
            baggage: text(from.baggage, "options.baggage")?,
            start: from.start_time_unix_nano,
            attributes: attributes(arena, from.attributes, from.attribute_count, "options.attributes")?.list,
            resumed: (!from.resumed.is_null()).then(|| context(from.resumed.read_unaligned())),
            previous_session_id: text(from.previous_session_id, "options.previous_session_id")?,
        })
    }
}

/// The end of a session.
///
/// # Safety
/// NULL, or valid through `'a` with all that it points to.
pub(crate) unsafe fn session_end<'a>(from: *const agentotel_session_end) -> Result<SessionEnd<'a>, Error> {
    // SAFETY: passed on.
    unsafe {
        let Some(from) = optional(from)? else { return Ok(SessionEnd::default()) };
        let state = match from.end_state {
            AGENTOTEL_END_INDETERMINATE => EndState::Indeterminate,
            AGENTOTEL_END_SUCCESS => EndState::Success,
            AGENTOTEL_END_FAIL => EndState::Fail,
            unknown => {
                let message = format!("end_state is {unknown}, expected one of AGENTOTEL_END_… (0 to 2)");
                return Err(Error::InvalidArgument(message));
            }
        };
        Ok(SessionEnd {
            state,
            reason: text(from.reason, "end.reason")?,
            error_type: text(from.error_type, "end.error_type")?,
            end: from.end_time_unix_nano,
        })
    }
}
