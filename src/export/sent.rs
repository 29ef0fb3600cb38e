//! A batch on its way: one request, or what it was cut into because a receiver takes smaller ones only or has to be tried
//! with little. Pieces go out one after the other, oldest first; the batch is settled as a whole, when nothing is left of it.

use std::collections::VecDeque;
use std::time::Instant;

use bytes::{Bytes, BytesMut};

use super::outcome::Batch;
use crate::journal::accounting::Drop;
use crate::journal::cursor::Settlement;
use crate::otlp::Signal;
use crate::otlp::request::RequestHeader;
use crate::otlp::wire::Fields;

/// A request that is too large is halved so many times, and its halves are; then it is given up.
const MOST_HALVINGS: u8 = 3;

/// One request of a batch.
#[derive(Clone, Debug)]
struct Piece {
    body: Bytes,
    /// Where the records begin in it.
    records: usize,
    items: u64,
    halvings: u8,
}

impl Piece {
    /// The first `items` of it, which has more, and the rest.
    fn split(&self, items: u64, header: &RequestHeader) -> Option<[Self; 2]> {
        let records = self.body.get(self.records..)?;
        let count = usize::try_from(items).ok()?;
        let at: usize = Fields::new(records).take(count).map(|record| record.whole.len()).sum();
        let (front, back) = records.split_at_checked(at)?;
        let piece = |records: &[u8], items| {
            let header = header.encode(records.len());
            let mut body = BytesMut::with_capacity(header.len() + records.len());
            body.extend_from_slice(&header);
            body.extend_from_slice(records);
            Self { body: body.freeze(), records: header.len(), items, halvings: self.halvings }
        };
        Some([piece(front, items), piece(back, self.items - items)])
    }
}

/// What has become of a batch's items so far.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    exported: u64,
    rejected: u64,
    too_large: u64,
}

/// A batch that has been sent at least once, or is about to be.
pub(super) struct Sent {
    pub(super) id: u64,
    pub(super) begun: Instant,
    pub(super) attempts: u32,
    signal: Signal,
    /// Frames by shard.
    parts: Vec<u64>,
    pieces: VecDeque<Piece>,
    tally: Tally,
    /// What is sent next was sent before.
    is_retry: bool,
}

impl Sent {
    /// A batch of one piece; its records begin at `records` in `body`.
    pub(super) fn new(
        (id, signal, begun): (u64, Signal, Instant),
        (body, records): (Bytes, usize),
        parts: Vec<u64>,
    ) -> Self {
        let items = parts.iter().sum();
        let pieces = VecDeque::from([Piece { body, records, items, halvings: 0 }]);
        Self { id, begun, attempts: 0, signal, parts, pieces, tally: Tally::default(), is_retry: false }
    }

    /// What is sent next; `None` when nothing is left.
    pub(super) fn request(&self) -> Option<Batch> {
        let piece = self.pieces.front()?;
        Some(Batch { signal: self.signal, items: piece.items, body: piece.body.clone() })
    }

    /// What was sent has to be sent again.
    pub(super) fn is_held_up(&mut self) {
        self.is_retry = true;
    }

    /// Whether what is sent next was sent before.
    pub(super) fn is_retry(&self) -> bool {
        self.is_retry
    }

    /// Items of what is sent next.
    pub(super) fn items(&self) -> u64 {
        self.pieces.front().map_or(0, |piece| piece.items)
    }

    /// Items whose fate is open.
    fn open_items(&self) -> u64 {
        self.pieces.iter().map(|piece| piece.items).sum()
    }

    /// What was sent was taken, but for `rejected` of its items.
    pub(super) fn taken(&mut self, rejected: u64) {
        self.is_retry = false;
        if let Some(piece) = self.pieces.pop_front() {
            let rejected = rejected.min(piece.items);
            self.tally.exported += piece.items - rejected;
            self.tally.rejected += rejected;
        }
    }

    /// What was sent was refused for good.
    pub(super) fn refused(&mut self) {
        self.is_retry = false;
        if let Some(piece) = self.pieces.pop_front() {
            self.tally.rejected += piece.items;
        }
    }

    /// What was sent is too large: it is cut in two, or given up when it was cut often enough. True when it was cut.
    pub(super) fn too_large(&mut self, header: &RequestHeader) -> bool {
        self.is_retry = false;
        let Some(piece) = self.pieces.pop_front() else { return false };
        let halves = if piece.items > 1 && piece.halvings < MOST_HALVINGS {
            piece.split(piece.items / 2, header)
        } else {
            None
        };
        let Some([mut front, mut back]) = halves else {
            self.tally.too_large += piece.items;
            return false;
        };
        front.halvings += 1;
        back.halvings += 1;
        self.pieces.push_front(back);
        self.pieces.push_front(front);
        true
    }

    /// Cuts what is sent next down to so many items.
    pub(super) fn lead_with(&mut self, items: u64, header: &RequestHeader) {
        let cut = self.pieces.front().filter(|piece| piece.items > items);
        if let Some([front, back]) = cut.and_then(|piece| piece.split(items, header)) {
            self.pieces.pop_front();
            self.pieces.push_front(back);
            self.pieces.push_front(front);
        }
    }

    /// How the batch has ended, by shard; what is left of it is dropped for this reason.
    pub(super) fn settlements(&self, dropped: Option<Drop>) -> impl Iterator<Item = (usize, Settlement)> {
        let mut left = self.tally;
        let mut open = if dropped.is_some() { self.open_items() } else { 0 };
        let reason = dropped.unwrap_or(Drop::TooLarge);
        let parts = self.parts.iter().copied().enumerate().filter(|(_, frames)| *frames > 0);
        parts.map(move |(shard, frames)| {
            let mut room = frames;
            let mut take = |from: &mut u64| {
                let taken = room.min(*from);
                *from -= taken;
                room -= taken;
                taken
            };
            let settlement = Settlement {
                rejected: take(&mut left.rejected),
                dropped: [(Drop::TooLarge, take(&mut left.too_large)), (reason, take(&mut open))],
                exported: take(&mut left.exported),
            };
            (shard, settlement)
        })
    }

    /// The frames that are sent again with what is sent next, by shard.
    pub(super) fn resent(&self) -> impl Iterator<Item = (usize, u64)> {
        let mut left = self.items();
        self.parts.iter().copied().enumerate().filter_map(move |(shard, frames)| {
            let part = frames.min(left);
            left -= part;
            (part > 0).then_some((shard, part))
        })
    }
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
    use prost::Message;

    use super::*;

    /// A record of one field, the span's name.
    fn record(name: &str) -> Vec<u8> {
        let mut span = vec![0x2a, name.len() as u8];
        span.extend_from_slice(name.as_bytes());
        let mut record = vec![0x12, span.len() as u8];
        record.extend_from_slice(&span);
        record
    }

    fn header() -> RequestHeader {
        RequestHeader::from_parts(vec![0x0a, 0], vec![0x0a, 0])
    }

    fn sent(parts: &[u64]) -> Sent {
        let items: u64 = parts.iter().sum();
        let records: Vec<u8> = (0..items).flat_map(|number| record(&format!("span {number}"))).collect();
        let mut body = header().encode(records.len());
        let start = body.len();
        body.extend_from_slice(&records);
        Sent::new((7, Signal::Traces, Instant::now()), (body.into(), start), parts.to_vec())
    }

    fn names(batch: &Batch) -> Vec<String> {
        let request = ExportTraceServiceRequest::decode(batch.body.clone()).unwrap();
        let spans = &request.resource_spans[0].scope_spans[0].spans;
        assert_eq!(spans.len() as u64, batch.items);
        spans.iter().map(|span| span.name.clone()).collect()
    }

    fn totals(sent: &Sent, dropped: Option<Drop>) -> (u64, u64, u64, u64) {
        sent.settlements(dropped).fold((0, 0, 0, 0), |sum, (_, s)| {
            (sum.0 + s.exported, sum.1 + s.rejected, sum.2 + s.dropped[0].1, sum.3 + s.dropped[1].1)
        })
    }

    #[test]
    fn a_request_that_is_too_large_is_halved_three_times_and_its_order_kept() {
        let mut sent = sent(&[5, 0, 11]);
        let mut seen = Vec::new();
        let mut requests = 0;
        // Only requests of two items are taken.
        while let Some(batch) = sent.request() {
            requests += 1;
            if batch.items > 2 {
                assert!(sent.too_large(&header()));
            } else {
                seen.extend(names(&batch));
                sent.taken(0);
            }
        }
        assert_eq!(seen, (0..16).map(|number| format!("span {number}")).collect::<Vec<_>>());
        assert_eq!(requests, 15);
        assert_eq!(totals(&sent, None), (16, 0, 0, 0));
        let shards: Vec<_> = sent.settlements(None).map(|(shard, s)| (shard, s.exported)).collect();
        assert_eq!(shards, [(0, 5), (2, 11)]);
    }

    #[test]
    fn what_stays_too_large_is_given_up_and_the_rest_is_not() {
        let mut sent = sent(&[16]);
        // The receiver never takes the item in front.
        while let Some(batch) = sent.request() {
            if names(&batch).contains(&"span 0".to_owned()) {
                sent.too_large(&header());
            } else {
                sent.taken(1);
            }
        }
        assert_eq!(totals(&sent, None), (11, 3, 2, 0));
        let mut one = super::tests::sent(&[1]);
        assert!(!one.too_large(&header()));
        assert_eq!((one.items(), totals(&one, None)), (0, (0, 0, 1, 0)));
    }

    #[test]
    fn a_probe_is_cut_off_the_front_and_what_is_given_up_is_counted_with_the_rest() {
        let mut sent = sent(&[3, 4]);
        sent.lead_with(1, &header());
        assert_eq!(names(&sent.request().unwrap()), ["span 0"]);
        sent.refused();
        sent.lead_with(1, &header());
        assert_eq!(names(&sent.request().unwrap()), ["span 1"]);
        assert_eq!(sent.resent().collect::<Vec<_>>(), [(0, 1)]);
        sent.taken(0);
        assert_eq!(sent.items(), 5);
        assert_eq!(totals(&sent, Some(Drop::Age)), (1, 1, 0, 5));
        assert_eq!(totals(&sent, None), (1, 1, 0, 0));
        sent.lead_with(9, &header());
        assert_eq!(sent.items(), 5);
    }
}
