//! Tail sampling: decides for each session, once for all exporters, whether it is exported. The worker scans every frame of
//! the journal, in order, before any lane reads it. A session is kept as soon as it is known to be: when its trace id is in
//! the ratio, when something in it fails, or when its root span, which ends it, has what a rule asks for; one whose root has
//! nothing of it is left out, once every shard was scanned up to where it was when the root came. Until then its frames stay where they are: lanes (`gate`) go past them and come back. What that
//! holds of the journal is bounded: beyond the bound the session that has held longest is kept, since what a rule keeps may
//! still come; so are all that are open when somebody flushes and when the library stops. A decision is remembered while
//! frames of its session are in the journal, and for so many sessions beyond: what comes late follows it.

use std::cell::{Cell, RefCell};
use std::collections::hash_map::{Entry, HashMap};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::config::{KeepRule, TailSampling};
use crate::journal::cursor::Position;
use crate::journal::frame::{FLAG_ERROR, Frame, Frames};
use crate::journal::{Journal, Scanner};
use crate::otlp::Signal;
use crate::otlp::look::Look;

/// Decisions that are remembered beyond what is in the journal.
const MOST_REMEMBERED: usize = 16_384;
const NANOS_PER_MILLI: u64 = 1_000_000;
const MICRO_UNITS: f64 = 1e6;

/// How a session's root span is known, and what its attributes are called.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RootSpan {
    /// The kind in its frame.
    pub(crate) kind: u8,
    pub(crate) tags: &'static str,
    /// What the session cost, in millionths.
    pub(crate) cost: &'static str,
}

/// What is decided by.
#[derive(Clone, Debug)]
pub(crate) struct TailRules {
    pub(crate) config: TailSampling,
    pub(crate) root: RootSpan,
}

impl TailRules {
    /// Whether a session is kept because of its trace id alone. Not by the bits that head sampling goes by: of what that has
    /// left, the share would be another one.
    fn is_in_ratio(&self, trace_id: [u8; 16]) -> bool {
        let id = u128::from_be_bytes(trace_id);
        // The finalizer of SplitMix64 (Steele, Lea, Flood 2014), the same in every process and version.
        let mut mixed = (id >> 64) as u64 ^ (id & u128::from(u64::MAX)) as u64;
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        ((mixed >> 11) as f64) < self.config.ratio * (1u64 << 53) as f64
    }

    fn keeps_errors(&self) -> bool {
        self.config.keep.contains(&KeepRule::Error)
    }

    /// Whether a rule keeps a session with this root span.
    fn keeps(&self, root: &Look<'_>) -> bool {
        self.config.keep.iter().any(|rule| match rule {
            // Seen in the frame's flags.
            KeepRule::Error => false,
            KeepRule::SlowerThanMs(limit) => root.duration() > limit.saturating_mul(NANOS_PER_MILLI),
            KeepRule::CostAbove(limit) => {
                root.int(self.root.cost).is_some_and(|cost| cost as f64 > limit * MICRO_UNITS)
            }
            KeepRule::Tag(tag) => root.list_has(self.root.tags, tag),
        })
    }
}

/// Names a session: its trace and what stands for its id there.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SessionKey {
    trace_id: [u8; 16],
    session_id: Box<[u8]>,
}

impl SessionKey {
    /// The session of a frame; nothing when it belongs to none.
    fn of(frame: &Frame<'_>) -> Option<Self> {
        let (trace_id, session_id) = Look::new(frame.header.signal, frame.payload)?.session()?;
        Some(Self { trace_id, session_id: session_id.into() })
    }
}

/// What is known of a session by now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Nothing; the session's number.
    Open(u64),
    Kept,
    LeftOut,
}

struct Session {
    verdict: Verdict,
    /// By shard: how many bytes had been scanned before its first frame. Empty once it is decided on.
    first: Vec<(usize, u64)>,
    /// By shard: behind its last frame.
    last: Vec<(usize, Position)>,
}

/// What was scanned of a shard.
#[derive(Default)]
struct Scanned {
    end: Position,
    bytes: u64,
    /// Open sessions, by how many bytes had been scanned before their first frames.
    open: BTreeMap<u64, SessionKey>,
}

impl Scanned {
    /// Bytes that open sessions hold.
    fn held(&self) -> u64 {
        self.open.first_key_value().map_or(0, |(first, _)| self.bytes - first)
    }
}

#[derive(Default)]
struct State {
    sessions: HashMap<SessionKey, Session>,
    shards: Vec<Scanned>,
    /// Sessions whose roots have come and were no reason to keep them. What was recorded before in other shards may be one.
    ended: Vec<SessionKey>,
    /// Sessions that are decided on, in that order.
    decided: VecDeque<SessionKey>,
    next_number: u64,
}

impl State {
    fn is_open(&self, key: &SessionKey) -> bool {
        self.sessions.get(key).is_some_and(|session| matches!(session.verdict, Verdict::Open(_)))
    }
}

pub(super) struct TailSampler {
    rules: TailRules,
    journal: Arc<Journal>,
    state: RefCell<State>,
    /// Raised by every decision.
    version: Cell<u64>,
}

impl TailSampler {
    /// `journal` keeps what was not scanned from now on.
    pub(super) fn new(rules: TailRules, journal: Arc<Journal>) -> Self {
        let state = State {
            shards: (0..journal.shard_count()).map(|_| Scanned::default()).collect(),
            ..State::default()
        };
        Self { rules, journal, state: RefCell::new(state), version: Cell::new(0) }
    }

    /// A number that is another one when something was decided.
    pub(super) fn version(&self) -> u64 {
        self.version.get()
    }

    /// Before here all frames of a shard were scanned.
    pub(super) fn scanned(&self, shard: usize) -> Position {
        self.state.borrow().shards.get(shard).map(|scanned| scanned.end).unwrap_or_default()
    }

    /// Looks at everything that is new in the journal.
    pub(super) fn scan(&self) {
        let state = &mut *self.state.borrow_mut();
        self.scan_shards(state);
        let ended = std::mem::take(&mut state.ended);
        if !ended.is_empty() {
            // What was recorded before these roots is there by now, in whichever shard.
            self.scan_shards(state);
            for key in ended.into_iter().filter(|key| state.is_open(key)).collect::<Vec<_>>() {
                self.decide(state, &key, Verdict::LeftOut);
            }
        }
        self.keep_bound(state);
        self.forget(state);
    }

    fn scan_shards(&self, state: &mut State) {
        for shard in 0..self.journal.shard_count() {
            while let Some(unread) = self.journal.next_unscanned(Scanner::Tail, shard) {
                let mut at = unread.from;
                let committed = unread.region.committed().get(at.offset..).unwrap_or_default();
                for frame in Frames::new(committed) {
                    at.offset += frame.size;
                    self.see(state, shard, at, &frame);
                }
                if at == unread.from {
                    break;
                }
                self.journal.set_scanned(Scanner::Tail, shard, at);
                if let Some(scanned) = state.shards.get_mut(shard) {
                    scanned.end = at;
                }
            }
        }
    }

    /// Looks at one frame, which ends at `end`.
    fn see(&self, state: &mut State, shard: usize, end: Position, frame: &Frame<'_>) {
        let Some(scanned) = state.shards.get_mut(shard) else { return };
        let before = scanned.bytes;
        scanned.bytes += frame.size as u64;
        let Some(key) = SessionKey::of(frame) else { return };
        let session = match state.sessions.entry(key.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let is_kept = self.rules.is_in_ratio(key.trace_id);
                if is_kept {
                    state.decided.push_back(key.clone());
                }
                state.next_number += 1;
                let verdict = if is_kept { Verdict::Kept } else { Verdict::Open(state.next_number) };
                place.insert(Session { verdict, first: Vec::new(), last: Vec::new() })
            }
        };
        match session.last.iter_mut().find(|(known, _)| *known == shard) {
            Some((_, last)) => *last = end,
            None => session.last.push((shard, end)),
        }
        if !matches!(session.verdict, Verdict::Open(_)) {
            return;
        }
        let has_failed = frame.header.flags & FLAG_ERROR != 0 && self.rules.keeps_errors();
        let is_root = frame.header.signal == Signal::Traces && frame.header.kind == self.rules.root.kind;
        if has_failed || is_root && self.is_kept(frame) {
            self.decide(state, &key, Verdict::Kept);
            return;
        }
        if session.first.iter().all(|(known, _)| *known != shard) {
            session.first.push((shard, before));
            scanned.open.insert(before, key.clone());
        }
        if is_root {
            state.ended.push(key);
        }
    }

    fn is_kept(&self, root: &Frame<'_>) -> bool {
        Look::new(root.header.signal, root.payload).is_some_and(|look| self.rules.keeps(&look))
    }

    fn decide(&self, state: &mut State, key: &SessionKey, verdict: Verdict) {
        let Some(session) = state.sessions.get_mut(key) else { return };
        session.verdict = verdict;
        for (shard, first) in session.first.drain(..) {
            if let Some(scanned) = state.shards.get_mut(shard) {
                scanned.open.remove(&first);
            }
        }
        state.decided.push_back(key.clone());
        self.version.set(self.version.get() + 1);
    }

    /// Keeps the sessions that have held longest until what open ones hold is within the bound.
    fn keep_bound(&self, state: &mut State) {
        while state.shards.iter().map(Scanned::held).sum::<u64>() > self.rules.config.max_bytes {
            let most = state.shards.iter().max_by_key(|scanned| scanned.held());
            let Some(oldest) = most.and_then(|scanned| scanned.open.values().next().cloned()) else { return };
            self.decide(state, &oldest, Verdict::Kept);
        }
    }

    /// Forgets the oldest decisions, but for those with frames that some lane has not settled.
    fn forget(&self, state: &mut State) {
        if state.decided.len() <= MOST_REMEMBERED {
            return;
        }
        let settled: Vec<_> =
            (0..self.journal.shard_count()).map(|shard| self.journal.settled_by_all(shard)).collect();
        let is_settled = |(shard, last): &(usize, Position)| settled.get(*shard).is_none_or(|to| last <= to);
        while state.decided.len() > MOST_REMEMBERED
            && let Some(oldest) = state.decided.front()
        {
            if state.sessions.get(oldest).is_some_and(|session| !session.last.iter().all(is_settled)) {
                return;
            }
            state.sessions.remove(oldest);
            state.decided.pop_front();
        }
    }

    /// Keeps every session that has not ended and is not decided on.
    pub(super) fn keep_open(&self) {
        // Those that have ended are judged.
        self.scan();
        let state = &mut *self.state.borrow_mut();
        let open: Vec<_> = state.shards.iter().flat_map(|scanned| scanned.open.values()).cloned().collect();
        for key in open {
            // One that has frames in several shards is among them several times.
            if state.is_open(&key) {
                self.decide(state, &key, Verdict::Kept);
            }
        }
    }

    /// What is known of a frame's session, with the session; one that belongs to none is kept.
    pub(super) fn verdict_on(&self, frame: &Frame<'_>) -> (Verdict, Option<SessionKey>) {
        let key = SessionKey::of(frame);
        (key.as_ref().map_or(Verdict::Kept, |key| self.verdict(key)), key)
    }

    /// What is known of a session; one that was never seen is kept.
    pub(super) fn verdict(&self, key: &SessionKey) -> Verdict {
        self.state.borrow().sessions.get(key).map_or(Verdict::Kept, |session| session.verdict)
    }

    /// Whether a frame is of this session.
    pub(super) fn is_of(frame: &Frame<'_>, key: &SessionKey) -> bool {
        Look::new(frame.header.signal, frame.payload)
            .and_then(|look| look.session())
            .is_some_and(|(trace_id, session_id)| trace_id == key.trace_id && *session_id == *key.session_id)
    }
}
