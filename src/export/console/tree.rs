//! Draws spans as a tree: children below their parents in the order of their starts, figures in
//! columns, errors below the span that they belong to. Lines are laid out first and written when
//! the widths of the columns are known. It works on shown nodes alone and keeps nothing.

use std::collections::HashMap;

use super::node::{Kind, Node, Note, SpanId, Summary, TraceId};
use super::paint::{Paint, Style, duration, moment, width};

/// Spans nested deeper are drawn at this depth: a chain of thousands must not draw a triangle.
const DEPTH: usize = 32;

/// A name further to the right does not push the figures of all other lines there.
const NAME_COLUMN: usize = 64;

/// What a tree is drawn under.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heading {
    /// Its root span, which is among the nodes.
    Root,
    /// The id of its trace: the root is not here.
    Trace,
}

/// Appends the tree of `nodes`, and the notes that belong to them, to `out`.
pub(super) fn draw(
    heading: Heading,
    trace: TraceId,
    nodes: &[Node],
    notes: &[Note],
    style: Style,
    out: &mut String,
) {
    let layout = Layout::of(trace, nodes, notes);
    let mut lines = Vec::with_capacity(nodes.len() + notes.len() + 2);
    match heading {
        Heading::Root => layout.rooted(&mut lines),
        Heading::Trace => layout.headed(&mut lines),
    }
    write(&lines, style, out);
}

/// A line before it is aligned.
enum Line {
    Span {
        lead: String,
        kind: Kind,
        name: String,
        offset: String,
        duration: String,
        failed: bool,
        tokens: Option<String>,
        details: Vec<String>,
    },
    Text {
        lead: String,
        parts: Vec<(Paint, String)>,
    },
}

struct Layout<'a> {
    trace: TraceId,
    nodes: &'a [Node],
    /// Indexes of `nodes` by parent, in the order of their starts.
    children: HashMap<SpanId, Vec<usize>>,
    /// Those with no parent here.
    tops: Vec<usize>,
    notes: HashMap<SpanId, Vec<&'a Note>>,
    loose_notes: Vec<&'a Note>,
    /// What offsets count from.
    start: u64,
}

impl<'a> Layout<'a> {
    fn of(trace: TraceId, nodes: &'a [Node], notes: &'a [Note]) -> Layout<'a> {
        let here: HashMap<SpanId, usize> = nodes.iter().enumerate().map(|(at, node)| (node.id, at)).collect();
        let mut order: Vec<(usize, &Node)> = nodes.iter().enumerate().collect();
        order.sort_by_key(|(at, node)| (node.start, *at));
        let mut layout = Layout {
            trace,
            nodes,
            children: HashMap::new(),
            tops: Vec::new(),
            notes: HashMap::new(),
            loose_notes: Vec::new(),
            start: order.first().map(|(_, node)| node.start).unwrap_or_default(),
        };
        for (at, node) in order {
            if node.is_root || !here.contains_key(&node.parent) {
                layout.tops.push(at);
            } else {
                layout.children.entry(node.parent).or_default().push(at);
            }
        }
        for note in notes {
            match here.contains_key(&note.span) {
                true => layout.notes.entry(note.span).or_default().push(note),
                false => layout.loose_notes.push(note),
            }
        }
        layout.loose_notes.sort_by_key(|note| note.time);
        layout
    }

    fn rooted(mut self, lines: &mut Vec<Line>) {
        for top in std::mem::take(&mut self.tops) {
            let Some(root) = self.nodes.get(top) else {
                continue;
            };
            self.start = root.start;
            let mut line = self.span(String::new(), root);
            if let Line::Span { offset, details, .. } = &mut line {
                // The root's place in time is a moment, not an offset.
                offset.clear();
                details.push(moment(root.start));
                details.push(format!("trace {}", hex(&self.trace)));
            }
            lines.push(line);
            let children = self.children.remove(&root.id).unwrap_or_default();
            let has_more = !children.is_empty() || root.summary.is_some();
            // The summary of a session says how it failed.
            self.errors(root, if has_more { "│" } else { " " }, root.summary.is_none(), lines);
            self.branches(children, root.summary.is_none(), lines);
            if let Some(summary) = &root.summary {
                lines.push(ending(summary, root));
            }
        }
    }

    fn headed(mut self, lines: &mut Vec<Line>) {
        let mut heading = vec![(Paint::Bold, "trace ".to_owned()), (Paint::Plain, hex(&self.trace))];
        if self.nodes.iter().all(|node| !node.is_root) {
            heading.push((Paint::Faint, "  its root span is not here".to_owned()));
        }
        lines.push(Line::Text { lead: String::new(), parts: heading });
        let tops = std::mem::take(&mut self.tops);
        self.branches(tops, self.loose_notes.is_empty(), lines);
        // Spans whose parents go in a circle have no top. One of them is drawn as one.
        for at in 0..self.nodes.len() {
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            let undrawn = self.children.get_mut(&node.parent).is_some_and(|children| {
                let before = children.len();
                children.retain(|child| *child != at);
                before != children.len()
            });
            if undrawn {
                self.branches(vec![at], self.loose_notes.is_empty(), lines);
            }
        }
        let last = self.loose_notes.len().saturating_sub(1);
        for (at, note) in self.loose_notes.iter().enumerate() {
            let lead = if at == last { "└─ " } else { "├─ " }.to_owned();
            let mut parts = failure(&note.text);
            parts.push((Paint::Faint, format!("  span {}", hex(&note.span))));
            lines.push(Line::Text { lead, parts });
        }
    }

    /// Draws these and all below them. `closes`: the last of them is the last branch of the tree.
    fn branches(&mut self, tops: Vec<usize>, closes: bool, lines: &mut Vec<Line>) {
        // What is still to be drawn, the next on top: index, what stands left of it, whether it is
        // the last of its parent's, depth. A stack of its own, since spans may nest deeper than the
        // thread's stack allows.
        let last = tops.len().saturating_sub(1);
        let below =
            tops.into_iter().enumerate().map(|(nth, at)| (at, String::new(), closes && nth == last, 1));
        let mut open: Vec<(usize, String, bool, usize)> = below.rev().collect();
        while let Some((at, left, is_last, depth)) = open.pop() {
            let Some(node) = self.nodes.get(at) else {
                continue;
            };
            lines.push(self.span(format!("{left}{}", if is_last { "└─ " } else { "├─ " }), node));
            let inner =
                if depth < DEPTH { format!("{left}{}", if is_last { "   " } else { "│  " }) } else { left };
            // Removed, so that parents that go in a circle end.
            let children = self.children.remove(&node.id).unwrap_or_default();
            let bar = if children.is_empty() { " " } else { "│" };
            self.errors(node, &format!("{inner}{bar}"), true, lines);
            let last = children.len().saturating_sub(1);
            let below =
                children.into_iter().enumerate().map(|(nth, at)| (at, inner.clone(), nth == last, depth + 1));
            open.extend(below.rev());
        }
    }

    fn span(&self, lead: String, node: &Node) -> Line {
        let (sign, offset) = match node.start.checked_sub(self.start) {
            Some(offset) => ('+', offset),
            None => ('-', self.start - node.start),
        };
        Line::Span {
            lead,
            kind: node.kind,
            name: node.name.clone(),
            offset: if offset == 0 { "+0ms".to_owned() } else { format!("{sign}{}", duration(offset)) },
            duration: duration(node.end.saturating_sub(node.start)),
            failed: node.error.is_some(),
            tokens: node.tokens.clone(),
            details: node.details.clone(),
        }
    }

    fn errors(&self, node: &Node, lead: &str, own: bool, lines: &mut Vec<Line>) {
        let own = node.error.as_deref().filter(|_| own);
        let noted = self.notes.get(&node.id).into_iter().flatten().map(|note| note.text.as_str());
        for text in own.into_iter().chain(noted) {
            lines.push(Line::Text { lead: format!("{lead}  "), parts: failure(text) });
        }
    }
}

fn failure(text: &str) -> Vec<(Paint, String)> {
    vec![(Paint::Bad, format!("✗ {text}"))]
}

/// The last line of a session: how it ended, and its sums.
fn ending(summary: &Summary, root: &Node) -> Line {
    let (paint, mark) = match summary.end_state.as_deref() {
        Some("success") => (Paint::Good, "✓ "),
        Some("fail") => (Paint::Bad, "✗ "),
        None if root.error.is_some() => (Paint::Bad, "✗ "),
        _ => (Paint::Faint, "○ "),
    };
    let state = summary.end_state.as_deref().unwrap_or("ended");
    let reason = summary.reason.as_deref().or(root.error.as_deref());
    let mut parts =
        vec![(paint, format!("{mark}{state}{}", reason.map(|text| format!(": {text}")).unwrap_or_default()))];
    for count in &summary.counts {
        parts.push((Paint::Faint, " · ".to_owned()));
        parts.push((Paint::Plain, count.clone()));
    }
    Line::Text { lead: "└─ ".to_owned(), parts }
}

/// Writes the lines, the figures of all of them in the same columns.
fn write(lines: &[Line], style: Style, out: &mut String) {
    let (mut name_column, mut offset_column, mut duration_column) = (0, 0, 0);
    for line in lines {
        if let Line::Span { lead, kind, name, offset, duration, .. } = line {
            let end = width(lead) + label(*kind).len() + width(name);
            name_column = name_column.max(end.min(NAME_COLUMN));
            offset_column = offset_column.max(width(offset));
            duration_column = duration_column.max(width(duration));
        }
    }
    for line in lines {
        match line {
            Line::Text { lead, parts } => {
                style.paint(out, Paint::Faint, lead);
                for (paint, text) in parts {
                    style.paint(out, *paint, text);
                }
            }
            Line::Span { lead, kind, name, offset, duration, failed, tokens, details } => {
                style.paint(out, Paint::Faint, lead);
                style.paint(out, kind.paint(), &label(*kind));
                let name_paint = match (*kind, *failed) {
                    (Kind::Session, _) => Paint::Bold,
                    (_, true) => Paint::Bad,
                    (_, false) => Paint::Plain,
                };
                style.paint(out, name_paint, name);
                let end = width(lead) + label(*kind).len() + width(name);
                pad(out, name_column.saturating_sub(end) + 2 + offset_column.saturating_sub(width(offset)));
                style.paint(out, Paint::Faint, offset);
                pad(out, 2 + duration_column.saturating_sub(width(duration)));
                out.push_str(duration);
                let mut separator = "  ";
                let tokens = tokens.iter().map(|text| (Paint::Tokens, text));
                for (paint, text) in tokens.chain(details.iter().map(|text| (Paint::Faint, text))) {
                    style.paint(out, Paint::Faint, separator);
                    style.paint(out, paint, text);
                    separator = " · ";
                }
            }
        }
        out.push('\n');
    }
}

/// A kind's label, those of children to one width.
fn label(kind: Kind) -> String {
    format!("{:<6} ", kind.label())
}

fn pad(out: &mut String, columns: usize) {
    out.extend(std::iter::repeat_n(' ', columns));
}

fn hex(id: &[u8]) -> String {
    id.iter().map(|byte| format!("{byte:02x}")).collect()
}
