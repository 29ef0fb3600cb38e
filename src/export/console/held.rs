//! Spans and error records that wait for their root span, by trace, within a bound. A root takes
//! with it what hangs below it; the rest of its trace (late spans, another session's) waits on.
//! When the bound is reached the oldest trace is shown as far as it is here, and at the end all
//! are.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;

use super::node::{Node, Note, SpanId, TraceId, id, is_in_flight};
use super::paint::Style;
use super::text::line;
use super::tree::{Heading, draw};

/// What is held at most; error records count as spans.
const SPANS: usize = 10_000;
const BYTES: usize = 8 * 1024 * 1024;

/// How many errors already shown with their spans are remembered, so that a record of the same
/// error that comes later is not shown a second time.
const REMEMBERED_ERRORS: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct Held {
    /// By age: the number that a trace got when its first item came.
    traces: BTreeMap<u64, Trace>,
    ages: HashMap<TraceId, u64>,
    next_age: u64,
    spans: usize,
    bytes: usize,
    shown_errors: ShownErrors,
}

#[derive(Debug, Default)]
struct Trace {
    id: TraceId,
    nodes: Vec<Node>,
    notes: Vec<Note>,
}

impl Held {
    /// Takes spans in and draws, onto `out`, the trees of the roots among them.
    pub(super) fn take_spans(&mut self, request: ExportTraceServiceRequest, style: Style, out: &mut String) {
        let mut roots = Vec::new();
        let scopes = request.resource_spans.into_iter().flat_map(|group| group.scope_spans);
        for span in scopes.flat_map(|scope| scope.spans).filter(|span| !is_in_flight(span)) {
            let node = Node::of(&span);
            let trace = id(&span.trace_id);
            if node.is_root {
                roots.push((trace, node.id));
            }
            self.spans += 1;
            self.bytes += node.bytes();
            self.trace(trace).nodes.push(node);
            self.keep_bound(style, out);
        }
        for (trace, root) in roots {
            self.release_tree(trace, root, style, out);
        }
    }

    /// Takes error records in; they are drawn with their spans. One whose span has been drawn with
    /// the same error has been said.
    pub(super) fn take_logs(&mut self, request: ExportLogsServiceRequest, style: Style, out: &mut String) {
        let scopes = request.resource_logs.into_iter().flat_map(|group| group.scope_logs);
        for record in scopes.flat_map(|scope| scope.log_records) {
            let Some(note) = Note::of(&record) else {
                continue;
            };
            let trace = id(&record.trace_id);
            if trace == TraceId::default() {
                // No span of it will ever come.
                line(&record, style, out);
                continue;
            }
            if self.shown_errors.contains(trace, note.span, &note.text) {
                continue;
            }
            self.spans += 1;
            self.bytes += note.bytes();
            self.trace(trace).notes.push(note);
            self.keep_bound(style, out);
        }
    }

    /// Draws everything, the oldest trace first.
    pub(super) fn release_all(&mut self, style: Style, out: &mut String) {
        while self.release_oldest(style, out) {}
    }

    fn trace(&mut self, id: TraceId) -> &mut Trace {
        let next = self.next_age;
        let age = *self.ages.entry(id).or_insert(next);
        self.next_age = next + u64::from(age == next);
        let trace = self.traces.entry(age).or_default();
        trace.id = id;
        trace
    }

    fn keep_bound(&mut self, style: Style, out: &mut String) {
        while (self.spans > SPANS || self.bytes > BYTES) && self.release_oldest(style, out) {}
    }

    /// Draws the oldest trace as far as it is here; `false` when none is held.
    fn release_oldest(&mut self, style: Style, out: &mut String) -> bool {
        let Some((_, trace)) = self.traces.pop_first() else {
            return false;
        };
        self.ages.remove(&trace.id);
        self.draw(Heading::Trace, trace, style, out);
        true
    }

    fn release_tree(&mut self, id: TraceId, root: SpanId, style: Style, out: &mut String) {
        let Some(age) = self.ages.get(&id).copied() else {
            return;
        };
        let Some(trace) = self.traces.get_mut(&age) else {
            return;
        };
        // The bound, or a second copy of the same span, may have been faster.
        if !trace.nodes.iter().any(|node| node.is_root && node.id == root) {
            return;
        }
        let tree = trace.take_tree(root);
        if trace.nodes.is_empty() && trace.notes.is_empty() {
            self.traces.remove(&age);
            self.ages.remove(&id);
        }
        self.draw(Heading::Root, tree, style, out);
    }

    fn draw(&mut self, heading: Heading, mut trace: Trace, style: Style, out: &mut String) {
        self.spans = self.spans.saturating_sub(trace.nodes.len() + trace.notes.len());
        let bytes: usize =
            trace.nodes.iter().map(Node::bytes).chain(trace.notes.iter().map(Note::bytes)).sum();
        self.bytes = self.bytes.saturating_sub(bytes);
        for node in &trace.nodes {
            if let Some(error) = &node.error {
                self.shown_errors.remember(trace.id, node.id, error);
            }
        }
        // The span says it already.
        let said: HashSet<(SpanId, &str)> =
            trace.nodes.iter().filter_map(|node| Some((node.id, node.error.as_deref()?))).collect();
        trace.notes.retain(|note| !said.contains(&(note.span, note.text.as_str())));
        draw(heading, trace.id, &trace.nodes, &trace.notes, style, out);
    }
}

impl Trace {
    /// Takes out the span and all that hangs below it, with their notes.
    fn take_tree(&mut self, root: SpanId) -> Trace {
        let mut children: HashMap<SpanId, Vec<SpanId>> = HashMap::new();
        for node in self.nodes.iter().filter(|node| !node.is_root) {
            children.entry(node.parent).or_default().push(node.id);
        }
        let mut taken = HashSet::from([root]);
        let mut open = vec![root];
        while let Some(parent) = open.pop() {
            // Removed, so that parents that go in a circle end.
            for child in children.remove(&parent).unwrap_or_default() {
                if taken.insert(child) {
                    open.push(child);
                }
            }
        }
        Trace {
            id: self.id,
            nodes: self.nodes.extract_if(.., |node| taken.contains(&node.id)).collect(),
            notes: self.notes.extract_if(.., |note| taken.contains(&note.span)).collect(),
        }
    }
}

#[derive(Debug, Default)]
struct ShownErrors {
    texts: HashMap<(TraceId, SpanId), String>,
    order: VecDeque<(TraceId, SpanId)>,
}

impl ShownErrors {
    fn remember(&mut self, trace: TraceId, span: SpanId, text: &str) {
        if self.texts.insert((trace, span), text.to_owned()).is_some() {
            return;
        }
        self.order.push_back((trace, span));
        if self.order.len() > REMEMBERED_ERRORS
            && let Some(oldest) = self.order.pop_front()
        {
            self.texts.remove(&oldest);
        }
    }

    fn contains(&self, trace: TraceId, span: SpanId, text: &str) -> bool {
        self.texts.get(&(trace, span)).is_some_and(|shown| shown == text)
    }
}
