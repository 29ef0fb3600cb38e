//! Events: recorded whole, or started, updated and ended.

use super::guard::{self, Parts, ThreadState};
use super::status::agentotel_status;
use super::types::{
    AGENTOTEL_MAX_ITEMS, agentotel_error, agentotel_event, agentotel_event_data, agentotel_live_event,
    agentotel_session, agentotel_span_context, agentotel_str, agentotel_target,
};
use super::{snapshot, write};
use crate::event::data::SpanContext;
use crate::manager::Error;
use crate::otlp::Signal;

/// Records one event as a span; an evaluation or feedback as a log record on the span that it is about.
///
/// ```c
/// agentotel_embeddings embeddings = AGENTOTEL_EMBEDDINGS_INIT;
/// embeddings.request_model = AGENTOTEL_STR("text-embedding-3-small");
/// embeddings.input_tokens = AGENTOTEL_I64(42);
/// agentotel_event_data data = AGENTOTEL_EVENT_DATA_INIT;
/// data.kind = AGENTOTEL_KIND_EMBEDDINGS;
/// data.embeddings = &embeddings;
/// data.duration_nano = 80 * 1000000LL;
/// agentotel_span_context embedded;
/// agentotel_record_event(session, &data, &embedded);
///
/// agentotel_evaluation evaluation = AGENTOTEL_EVALUATION_INIT;  // also much later, with the context kept
/// evaluation.name = AGENTOTEL_STR("relevance");
/// evaluation.score_value = AGENTOTEL_F64(0.8);
/// agentotel_event_data verdict = AGENTOTEL_EVENT_DATA_INIT;
/// verdict.kind = AGENTOTEL_KIND_EVALUATION;
/// verdict.evaluation = &evaluation;
/// verdict.parent.context = &embedded;
/// agentotel_record_event(session, &verdict, NULL);
/// ```
///
/// Does no I/O, allocates nothing on the steady path, and takes a few hundred nanoseconds for ten attributes. With
/// `queue.overflow = block` it may wait up to `queue.block_ms` when the queue is full.
///
/// @param session An open session.
/// @param data The event. Must not be NULL; read during the call only.
/// @param out_context Gets the span's context, for children and later words; of an evaluation or feedback that of the span it
///        is about; that of the parent, when `event_filter` in the configuration drops the event. May be NULL.
///
/// When the session is not sampled the event is counted, and need not be looked at: what is wrong with it may stay unsaid.
///
/// @return AGENTOTEL_OK (it will be exported, or its loss counted); AGENTOTEL_ERR_QUEUE_FULL;
///         AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_record_event(
    session: agentotel_session,
    data: *const agentotel_event_data,
    out_context: *mut agentotel_span_context,
) -> agentotel_status {
    // SAFETY: `data` is NULL or valid through the call, by this function's contract; `out_context` likewise.
    let shortcut = |state: &mut ThreadState| unsafe { leave_out(state, session, data, out_context) };
    guard::call_unless(shortcut, |state| {
        let parts = state.parts()?;
        // SAFETY: as above.
        unsafe {
            record(parts, session, (data, "data"), 0, &[], |context| {
                write::optional(out_context, snapshot::context_out(context));
            })
        }
    })
}

/// Leaves out an event when one of its session was left out just before, since that is not sampled; false when there is more
/// to do.
///
/// # Safety
/// `data` is NULL or an event, `out_context` is NULL or valid.
#[inline(always)]
unsafe fn leave_out(
    state: &mut ThreadState,
    session: agentotel_session,
    data: *const agentotel_event_data,
    out_context: *mut agentotel_span_context,
) -> bool {
    // SAFETY: by contract.
    state.caller.unsampled == session
        && unsafe { snapshot::is_span(data) && leave_out_another(state, session, out_context) }
}

/// The same for an event that is known to become a span.
///
/// # Safety
/// `out_context` is NULL or valid.
#[inline(always)]
pub(super) unsafe fn leave_out_another(
    state: &mut ThreadState,
    session: agentotel_session,
    out_context: *mut agentotel_span_context,
) -> bool {
    if state.caller.unsampled != session {
        return false;
    }
    let context =
        state.parts_at_hand().and_then(|(manager, caller)| manager.leave_out_another(caller, session));
    // SAFETY: by contract.
    context.map(|context| unsafe { write::optional(out_context, snapshot::context_out(context)) }).is_some()
}

/// Records the event at a position of an array, whose argument has a name, and shows its context. `earlier` are the contexts
/// of those before it.
///
/// # Safety
/// `events` is NULL or has more than `position` elements of the size that the first one says.
#[inline(always)]
unsafe fn record(
    parts: Parts<'_>,
    session: agentotel_session,
    (events, argument): (*const agentotel_event_data, &'static str),
    position: usize,
    earlier: &[SpanContext],
    mut recorded: impl FnMut(SpanContext),
) -> Result<(), Error> {
    let mut parts = parts;
    // SAFETY: by contract.
    unsafe {
        let is_recorded = record_plain(&mut parts, session, events, position, &mut recorded)?
            || record_typed(&mut parts, session, events, position, &mut recorded)?;
        if !is_recorded {
            recorded(record_any(parts, session, (events, argument), position, earlier)?);
        }
    }
    Ok(())
}

/// Records an event that is plain; does nothing with one that is not, and says so.
///
/// # Safety
/// As for `record`.
#[inline(always)]
unsafe fn record_plain(
    parts: &mut Parts<'_>,
    session: agentotel_session,
    events: *const agentotel_event_data,
    position: usize,
    recorded: impl FnOnce(SpanContext),
) -> Result<bool, Error> {
    let Some(most) = parts.manager.most_plain_attributes() else { return Ok(false) };
    // SAFETY: by contract.
    let event = unsafe { snapshot::plain_event(most, events, position) };
    let Some(event) = event else { return Ok(false) };
    parts.manager.record_plain(parts.caller, session, &event, recorded)
}

/// The same for an event that has a typed detail and is plain otherwise.
///
/// # Safety
/// As for `record`.
#[inline(never)]
unsafe fn record_typed(
    parts: &mut Parts<'_>,
    session: agentotel_session,
    events: *const agentotel_event_data,
    position: usize,
    recorded: &mut dyn FnMut(SpanContext),
) -> Result<bool, Error> {
    let Some(most) = parts.manager.most_attributes_beside_typed() else { return Ok(false) };
    // SAFETY: by contract.
    let event = unsafe { snapshot::typed_event(parts.arena, most, events, position) };
    let Some((detail, event)) = event else { return Ok(false) };
    parts.manager.record_typed(parts.caller, parts.arena, session, detail, &event, recorded)
}

/// Records any event.
///
/// # Safety
/// As for `record`.
#[inline(never)]
unsafe fn record_any(
    parts: Parts<'_>,
    session: agentotel_session,
    (events, argument): (*const agentotel_event_data, &'static str),
    position: usize,
    earlier: &[SpanContext],
) -> Result<SpanContext, Error> {
    // SAFETY: by contract.
    match unsafe { snapshot::event_data_at(parts.arena, events, position, argument) } {
        Ok(data) => parts.manager.record_event(parts.caller, parts.arena, session, data, earlier),
        Err(error) => Err(parts.refused(Signal::Traces, error)),
    }
}

/// Records several events of a session, in order, until one is refused. An event may name an earlier one of the same array as
/// its parent, by `parent_index`.
///
/// @param session An open session.
/// @param events `count` events; they step by the first one's `struct_size`, which all of them have.
/// @param count How many.
/// @param out_contexts Gets `count` contexts, as far as recorded. May be NULL.
/// @param out_recorded Gets how many were recorded, whatever is returned. May be NULL.
/// @return AGENTOTEL_OK when all were recorded; else the status of the first that was not, as for
///         `agentotel_record_event`. Those behind it were not looked at and are not counted.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_record_events(
    session: agentotel_session,
    events: *const agentotel_event_data,
    count: usize,
    out_contexts: *mut agentotel_span_context,
    out_recorded: *mut usize,
) -> agentotel_status {
    // SAFETY: `out_recorded` is NULL or valid, by this function's contract.
    unsafe { write::optional(out_recorded, 0) };
    guard::call(|state| {
        if count > AGENTOTEL_MAX_ITEMS {
            return Err(Error::TooLarge { what: "count", given: count, most: AGENTOTEL_MAX_ITEMS });
        }
        let mut earlier = state.take_batch();
        let recorded = (0..count).try_for_each(|position| {
            let parts = state.parts()?;
            let mut context = SpanContext::default();
            // SAFETY: `events` has `count` elements of the size that the first one says, `out_contexts` is NULL or has
            // `count` places, `out_recorded` is NULL or valid, all by this function's contract.
            unsafe {
                record(parts, session, (events, "events"), position, &earlier, |recorded| {
                    context = recorded
                })?;
                if !out_contexts.is_null() {
                    write::optional(out_contexts.add(position), snapshot::context_out(context));
                }
                write::optional(out_recorded, position + 1);
            }
            earlier.push(context);
            state.arena.reset();
            Ok(())
        });
        state.keep_batch(earlier);
        recorded
    })
}

/// Starts an event that will be ended later. It is in flight until then, and shows in `agentotel_list_live`; with
/// `live.export` in the configuration it is exported meanwhile.
///
/// @param session An open session.
/// @param data What is known of the event. Must not be NULL. `end_time_unix_nano` and `duration_nano` do not count.
/// @param out_event Gets the handle. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_LIMIT (`live.max_events` are in flight); otherwise as
///         `agentotel_record_event`.
///
/// Thread-safe; the event may be updated and ended on any thread.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_start_event(
    session: agentotel_session,
    data: *const agentotel_event_data,
    out_event: *mut agentotel_event,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(out_event, "out_event")?;
        // SAFETY: `data` is NULL or valid through the call and `out_event` is valid, by this function's contract.
        unsafe {
            if let Some(most) = parts.manager.most_plain_attributes()
                && let Some(event) = snapshot::plain_event(most, data, 0)
                && let Some(event) =
                    parts.manager.start_plain(parts.caller, session, &event, parts.scratch)?
            {
                return write::output(out_event, event, "out_event");
            }
            let event = match snapshot::event_data_at(parts.arena, data, 0, "data") {
                Ok(data) => parts.manager.start_event(parts.caller, parts.arena, session, data)?,
                Err(error) => return Err(parts.refused(Signal::Traces, error)),
            };
            write::output(out_event, event, "out_event")
        }
    })
}

/// Adds to an event in flight: attributes, typed detail, status, links, span events, a name. What is given again
/// replaces what was there; parent and times do not count.
///
/// @param event An event in flight.
/// @param data What to add. Must not be NULL. Its `kind` may be 0.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_TOO_LARGE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_update_event(
    event: agentotel_event,
    data: *const agentotel_event_data,
) -> agentotel_status {
    guard::call(|state| {
        let mut parts = state.parts()?;
        // SAFETY: `data` is NULL or valid through the call, by this function's contract.
        let data = unsafe { snapshot::later_event_data(parts.arena, data, "data")? };
        parts.manager.update_event(parts.shard(), parts.arena, event, data)
    })
}

/// Notes that the first token of a streamed answer is here: its time from the event's start becomes
/// `gen_ai.response.time_to_first_chunk`. Later calls change nothing.
///
/// @param event An event in flight.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub extern "C" fn agentotel_event_first_token(event: agentotel_event) -> agentotel_status {
    guard::call(|state| state.parts()?.manager.first_token(event))
}

/// Counts one chunk of a streamed answer (`agentotel.stream.chunk_count`, `agentotel.stream.bytes`); the first one is the
/// first token too.
///
/// Where the configuration records the output (`content.fields.output_messages`; `tool_result` of a tool), the text is kept
/// in memory. An llm, agent, workflow or tool event that ends without having said its output, because the stream was
/// cancelled or the session ended, say, has what the chunks have said as that: one message with one text, redacted as a
/// whole. Of one stream at most `content.max_bytes` are recorded, and of all streams together 32 MiB are kept; what is beyond
/// is counted, and the output marked as truncated. A process that is killed loses the text.
///
/// @param event An event in flight.
/// @param content The chunk's content; may be absent. It may end inside of a character.
/// @return As `agentotel_event_first_token`, and AGENTOTEL_ERR_INVALID_ARGUMENT, AGENTOTEL_ERR_TOO_LARGE.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_event_chunk(
    event: agentotel_event,
    content: agentotel_str,
) -> agentotel_status {
    guard::call(|state| {
        // SAFETY: `content` has `len` bytes, by this function's contract.
        let text = unsafe { snapshot::text(content, "content")? };
        state.parts()?.manager.chunk(event, text)
    })
}

/// Ends an event in flight: its span is recorded, and its handle is stale afterwards.
///
/// @param event An event in flight.
/// @param data What its end adds, as for `agentotel_update_event`, or NULL. Without `end_time_unix_nano` the duration is
///        measured by a clock that never jumps.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_QUEUE_FULL (the event stays in flight and may be ended again); otherwise as
///         `agentotel_update_event`.
///
/// Thread-safe; of two threads that end one event, one succeeds.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_end_event(
    event: agentotel_event,
    data: *const agentotel_event_data,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        if data.is_null() && parts.manager.end_plain(parts.caller, event)? {
            return Ok(());
        }
        // SAFETY: `data` is NULL or valid through the call, by this function's contract.
        match unsafe { snapshot::optional_event_data(parts.arena, data) } {
            Ok(data) => parts.manager.end_event(parts.caller, parts.arena, event, data),
            Err(error) => Err(parts.refused(Signal::Traces, error)),
        }
    })
}

/// The context of an event in flight, for passing on and for children recorded after its end; that of its parent, when
/// `event_filter` in the configuration drops the event.
///
/// @param event An event in flight.
/// @param out_context Gets the context. Must not be NULL.
/// @return AGENTOTEL_OK; AGENTOTEL_ERR_INVALID_HANDLE; AGENTOTEL_ERR_STALE_HANDLE; AGENTOTEL_ERR_INVALID_ARGUMENT;
///         AGENTOTEL_ERR_NOT_INITIALIZED; AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_event_context(
    event: agentotel_event,
    out_context: *mut agentotel_span_context,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(out_context, "out_context")?;
        let context = parts.manager.event_context(event)?;
        // SAFETY: valid for one context, by this function's contract.
        unsafe { write::output(out_context, snapshot::context_out(context), "out_context") }
    })
}

/// Lists the events in flight, oldest first. With `live.enabled` false in the configuration the list is empty; how many
/// events are in flight is in `agentotel_stats` all the same.
///
/// @param events Where they go: `capacity` elements; the first one's `struct_size` is set by the caller, and the array
///        steps by it. May be NULL when `capacity` is 0.
/// @param capacity How many elements there are.
/// @param needed Gets how many events there are to list, whatever is returned but for a status of the library. Must not be
///        NULL.
/// @return AGENTOTEL_OK when all were written; AGENTOTEL_ERR_BUFFER_TOO_SMALL when `capacity` of them were;
///         AGENTOTEL_ERR_INVALID_ARGUMENT; AGENTOTEL_ERR_STRUCT_SIZE; AGENTOTEL_ERR_NOT_INITIALIZED;
///         AGENTOTEL_ERR_SHUT_DOWN; AGENTOTEL_ERR_INTERNAL.
///
/// Thread-safe; what starts or ends meanwhile may be missing or shown.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_list_live(
    events: *mut agentotel_live_event,
    capacity: usize,
    needed: *mut usize,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        snapshot::not_null(needed, "needed")?;
        if events.is_null() && capacity > 0 {
            return Err(Error::null("events"));
        }
        let live = parts.manager.list_live()?;
        // SAFETY: `events` has `capacity` elements of the size that the first one says and `needed` is valid, by this
        // function's contract.
        unsafe {
            write::output(needed, live.len(), "needed")?;
            snapshot::live_events_out(events, capacity, &live)
        }
    })
}

/// Records an error. On an event in flight it sets status Error and `error.type`; in any case it leaves a log record on
/// the target's span: `gen_ai.client.operation.exception` for calls of GenAI services (llm, embeddings, retrieval, remote
/// agents), `exception` for all others. An error of the session itself (a zeroed target) does not end it or decide how it
/// ends: `agentotel_end_session` does.
///
/// @param session An open session.
/// @param target The span that failed; zeroed, the session's root span. A span that has ended is not changed.
/// @param error What went wrong. Must not be NULL.
/// @return As `agentotel_record_event`.
///
/// Thread-safe.
/// @since 0.1.0
#[unsafe(no_mangle)]
pub unsafe extern "C" fn agentotel_record_error(
    session: agentotel_session,
    target: agentotel_target,
    error: *const agentotel_error,
) -> agentotel_status {
    guard::call(|state| {
        let parts = state.parts()?;
        // SAFETY: `error` and `target.context` are NULL or valid through the call, by this function's contract.
        let read = unsafe {
            snapshot::target(target, "target")
                .and_then(|target| Ok((target, snapshot::error(parts.arena, error)?)))
        };
        match read {
            Ok((target, Some(error))) => {
                parts.manager.record_error(parts.caller, parts.arena, session, target, error)
            }
            Ok((_, None)) => Err(parts.refused(Signal::Logs, Error::null("error"))),
            Err(error) => Err(parts.refused(Signal::Logs, error)),
        }
    })
}
