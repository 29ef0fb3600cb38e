//! The live view: at intervals, what is in flight goes out as log records or as snapshots of spans, and what stalls is
//! said. The worker thread runs the pass; the call that ends an event adds the last record. Each event's lock is held
//! for a copy of what is needed of it and no longer; what is made of the copy is committed to the journal as a record
//! that gives way when there is no room.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use bumpalo::Bump;
use bumpalo::collections::Vec as ArenaVec;

use super::slot::{Contents, Slot};
use super::table::{LiveEvent, LiveTable};
use super::update::{self, Closing};
use super::watch::{Rules, Seen, Watched};
use crate::config::{Level, Live, LiveExport};
use crate::diagnostics::Diagnostics;
use crate::event::data::{EventData, EventKind};
use crate::event::inject::on_log;
use crate::event::processor::{EventProcessor, span_entry};
use crate::event::semconv::{self, LiveNews, LiveState};
use crate::journal::accounting::Repairs;
use crate::journal::frame::FLAG_SHOWN;
use crate::journal::{AppendError, Entry, Journal, Origin};
use crate::otlp::Signal;
use crate::otlp::log::LogRecord;
use crate::otlp::span::SpanRecord;
use crate::otlp::value::Value;
use crate::session::{FLAG_SAMPLED, Session};
use crate::sys::clock;

/// Slots that are looked at in one go: the worker has other things to do in between.
const PART_SLOTS: usize = 1024;
/// The shard that passes append to: one that is in use already, since the first thread that records keeps to it.
const PASS_SHARD: usize = 0;
/// Lines about stalled events in one pass; what is more is counted in one.
const MOST_STALL_LINES: usize = 3;
/// Characters of an event's name in such a line.
const MOST_SHOWN_NAME: usize = 64;
/// Attributes of a live log record.
const MOST_ATTRIBUTES: usize = 8;
const NANOS_PER_MILLI: u64 = 1_000_000;
const NANOS_PER_SECOND: i64 = 1_000_000_000;

fn nanos(millis: u64) -> i64 {
    i64::try_from(millis.saturating_mul(NANOS_PER_MILLI)).unwrap_or(i64::MAX)
}

pub(crate) struct LiveView {
    export: LiveExport,
    rules: Rules,
    table: Arc<LiveTable>,
    journal: Arc<Journal>,
    processor: EventProcessor,
    diagnostics: Arc<Diagnostics>,
    /// Held by a pass from before it looks at an event until what it tells of it is committed, so that whoever ends the
    /// event can come after. Never waited for with an event's lock in hand.
    telling: Mutex<()>,
    /// Records that found no room.
    left_out: AtomicU64,
}

/// An event as a pass found it, copied out of its slot.
struct Copied<'a> {
    session: Arc<Session>,
    contents: Contents<'a>,
    told: Told,
    stalled: Option<i64>,
}

/// What is exported of it.
#[derive(Clone, Copy)]
enum Told {
    Nothing,
    /// A log record with its number, and the number of the one that says it stalls.
    Log(LiveNews, u32, Option<u32>),
    Span,
}

/// What is to be said of an event that has ended.
pub(crate) struct Farewell<'a> {
    session: Arc<Session>,
    span_id: [u8; 8],
    news: LiveNews,
    sequence: u32,
    state: LiveState<'a>,
    injected: &'a [u8],
}

impl LiveView {
    pub(crate) fn new(
        config: &Live,
        table: Arc<LiveTable>,
        journal: Arc<Journal>,
        processor: EventProcessor,
        diagnostics: Arc<Diagnostics>,
    ) -> Self {
        let stall_after = Some(nanos(config.stall_after_ms)).filter(|after| *after > 0);
        Self {
            export: config.export,
            rules: Rules { min_age: nanos(config.min_age_ms), stall_after },
            table,
            journal,
            processor,
            diagnostics,
            telling: Mutex::default(),
            left_out: AtomicU64::new(0),
        }
    }

    /// Looks at an event and copies what is needed to tell of it; nothing when there is nothing to tell.
    fn copy<'a>(&self, arena: &'a Bump, event: &mut LiveEvent<'_>, now: i64) -> Option<Copied<'a>> {
        let (slot, session, watched) = event.watch()?;
        let Seen { stalled } = watched.look(slot.version(), slot.read().fixed.started_at, now, self.rules)?;
        let is_sampled = slot.read().fixed.trace_flags & FLAG_SAMPLED != 0;
        let told = match self.export {
            LiveExport::Logs if is_sampled => numbered(watched, stalled),
            LiveExport::Spans if is_sampled => Told::Span,
            _ if stalled.is_none() => return None,
            _ => Told::Nothing,
        };
        let contents = copied(arena, slot, matches!(told, Told::Span));
        Some(Copied { session: Arc::clone(session), contents, told, stalled })
    }

    /// Commits what there is to tell.
    fn tell(&self, shard: usize, arena: &Bump, copied: &Copied<'_>, now: i64) {
        let Copied { session, contents, .. } = copied;
        match copied.told {
            Told::Nothing => {}
            Told::Span => self.show_span(shard, arena, session, contents),
            Told::Log(news, sequence, stalled) => {
                let fixed = contents.fixed;
                let state = LiveState {
                    kind: EventKind::from_number(fixed.kind.into()).unwrap_or_default(),
                    name: contents.name,
                    elapsed: now.saturating_sub(fixed.started_at),
                    chunks: fixed.chunks,
                    chunk_bytes: fixed.chunk_bytes,
                };
                self.log(shard, arena, (session, contents.injected), fixed.span_id, (news, sequence), &state);
                if let (Some(unchanged), Some(sequence)) = (copied.stalled, stalled) {
                    let news = (LiveNews::Stalled(unchanged), sequence);
                    self.log(shard, arena, (session, contents.injected), fixed.span_id, news, &state);
                }
            }
        }
    }

    /// Leaves a log record on an event's span.
    fn log<'a>(
        &self,
        shard: usize,
        arena: &'a Bump,
        (session, injected): (&'a Session, &[u8]),
        span_id: [u8; 8],
        (news, sequence): (LiveNews, u32),
        state: &LiveState<'a>,
    ) {
        let (event_name, severity) = semconv::live_event(news);
        let mut typed = ArenaVec::with_capacity_in(MOST_ATTRIBUTES, arena);
        semconv::live(&mut typed, news, sequence, state);
        let now = clock::wall();
        // What is cut of a copy is no repair of anything that was recorded.
        let attributes = self.processor.unite(arena, typed, &[], &mut Repairs::default());
        let record = LogRecord {
            trace_id: session.trace_id,
            span_id,
            flags: u32::from(session.trace_flags),
            time: now,
            observed: now,
            severity,
            severity_text: &[],
            event_name: event_name.as_bytes(),
            body: Value::Empty,
            encoded: on_log(arena, session, injected, attributes),
            attributes,
            dropped_attributes: 0,
        };
        let entry = Entry {
            signal: Signal::Logs,
            kind: state.kind as u8,
            flags: 0,
            origin: Origin::Expendable,
            repairs: Repairs::default(),
        };
        self.note(self.processor.commit(&self.journal, shard, arena, entry, &record, |_| ()));
    }

    /// Commits an event's span as it is now.
    fn show_span<'a>(&self, shard: usize, arena: &'a Bump, session: &'a Session, contents: &Contents<'a>) {
        let nothing = EventData::default();
        let closing = Closing { mark: Some(semconv::IN_FLIGHT), ..Closing::default() };
        let mut repairs = Repairs::default();
        match update::finish(&self.processor, arena, session, contents, &nothing, closing, &mut repairs) {
            Ok(record) => {
                let entry = span_entry(contents.fixed.kind, record.status, Repairs::default());
                let entry = Entry { origin: Origin::Expendable, flags: entry.flags | FLAG_SHOWN, ..entry };
                self.note(self.processor.commit(&self.journal, shard, arena, entry, &record, |_| ()));
            }
            Err(why) => self.note(Err(AppendError::Write(why))),
        }
    }

    /// Counts a record that was left out. Said when the count has doubled, so that the lines stay few.
    fn note(&self, committed: Result<(), AppendError>) {
        // A closed journal is the end of everything: nothing is missed.
        if let Err(AppendError::Full | AppendError::Write(_)) = committed {
            let left_out = self.left_out.fetch_add(1, Ordering::Relaxed) + 1;
            if left_out.is_power_of_two() {
                let words =
                    format!("records of the live view that found no room in the queue so far: {left_out}");
                self.diagnostics.say(Level::Warn, &words);
            }
        }
    }

    /// What is to be said of an event that ends as `span`; nothing when nothing was said of it before. `ended` says it,
    /// once the event's lock is free.
    pub(crate) fn farewell<'a>(
        &self,
        arena: &'a Bump,
        event: &LiveEvent<'_>,
        span: &SpanRecord<'_>,
    ) -> Option<Farewell<'a>> {
        let mut watched = event.watched();
        if !watched.is_announced() {
            return None;
        }
        let Contents { fixed, injected, .. } = event.slot()?.read();
        Some(Farewell {
            injected: arena.alloc_slice_copy(injected),
            session: Arc::clone(event.session()?),
            span_id: span.span_id,
            news: LiveNews::Ended(span.status),
            sequence: watched.next_sequence(),
            state: LiveState {
                kind: EventKind::from_number(fixed.kind.into()).unwrap_or_default(),
                name: arena.alloc_slice_fill_iter(span.name.concat()),
                elapsed: span.end.saturating_sub(span.start),
                chunks: fixed.chunks,
                chunk_bytes: fixed.chunk_bytes,
            },
        })
    }

    /// Says that an event is over, after all that was said of it before.
    pub(crate) fn ended(&self, shard: usize, arena: &Bump, farewell: &Farewell<'_>) {
        drop(self.telling.lock().unwrap_or_else(PoisonError::into_inner));
        let Farewell { session, span_id, news, sequence, state, injected } = farewell;
        self.log(shard, arena, (session, injected), *span_id, (*news, *sequence), state);
    }
}

/// Numbers the records that tell of an event.
fn numbered(watched: &mut Watched, stalled: Option<i64>) -> Told {
    let news = if watched.is_announced() { LiveNews::Heartbeat } else { LiveNews::Started };
    let sequence = watched.next_sequence();
    Told::Log(news, sequence, stalled.map(|_| watched.next_sequence()))
}

/// A copy of a slot's contents; log records have no use for message and fields.
fn copied<'a>(arena: &'a Bump, slot: &Slot, whole: bool) -> Contents<'a> {
    let contents = slot.read();
    let copy = |bytes: &[u8]| -> &'a [u8] { arena.alloc_slice_copy(bytes) };
    let copy_if_whole = |bytes: &[u8]| if whole { copy(bytes) } else { &[] };
    Contents {
        fixed: contents.fixed,
        name: copy(contents.name),
        message: copy_if_whole(contents.message),
        fields: contents.fields.map(copy_if_whole),
        injected: copy(contents.injected),
    }
}

/// One pass after the other over all slots, in parts.
pub(crate) struct Passes {
    view: Arc<LiveView>,
    /// What one event needs; empty in between, and kept.
    arena: Bump,
    /// The slot that is looked at next.
    next: usize,
    /// Events that this pass found stalled.
    stalled: usize,
}

impl Passes {
    pub(crate) fn new(view: Arc<LiveView>) -> Self {
        Self { view, arena: Bump::new(), next: 0, stalled: 0 }
    }

    /// Looks at the next slots; true when some of this pass are left.
    pub(crate) fn look_on(&mut self) -> bool {
        self.look_on_at(clock::monotonic())
    }

    /// The same at a given time.
    pub(super) fn look_on_at(&mut self, now: i64) -> bool {
        let used = self.view.table.reach();
        let end = self.next.saturating_add(PART_SLOTS).min(used);
        for number in self.next..end {
            self.look_at(number, now);
        }
        if end < used {
            self.next = end;
            return true;
        }
        if let more @ 1.. = self.stalled.saturating_sub(MOST_STALL_LINES) {
            self.view.diagnostics.say(Level::Warn, &format!("{more} more events in flight have stalled"));
        }
        (self.next, self.stalled) = (0, 0);
        false
    }

    fn look_at(&mut self, number: usize, now: i64) {
        let view = &*self.view;
        {
            let _telling = view.telling.lock().unwrap_or_else(PoisonError::into_inner);
            let Some(mut event) = view.table.try_at(number) else { return };
            let copied = view.copy(&self.arena, &mut event, now);
            drop(event);
            let Some(copied) = copied else { return };
            view.tell(PASS_SHARD, &self.arena, &copied, now);
            if let Some(unchanged) = copied.stalled {
                self.stalled += 1;
                if self.stalled <= MOST_STALL_LINES {
                    view.diagnostics.say(Level::Warn, &stall_line(&copied.contents, unchanged));
                }
            }
        }
        self.arena.reset();
    }
}

fn stall_line(contents: &Contents<'_>, unchanged: i64) -> String {
    let name = String::from_utf8_lossy(contents.name);
    let name: String = name.chars().take(MOST_SHOWN_NAME).flat_map(char::escape_debug).collect();
    let span = u64::from_be_bytes(contents.fixed.span_id);
    let seconds = unchanged / NANOS_PER_SECOND;
    format!("the event \"{name}\" (span {span:016x}) is in flight and has not changed for {seconds} s")
}
