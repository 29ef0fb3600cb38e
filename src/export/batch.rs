//! A batch in the making: the payloads of frames behind room for a request's header. When it is full or due, the header
//! is written right before the first payload, and the whole is a request.

use std::time::Instant;

use bytes::Bytes;

use crate::config::Temporality;
use crate::journal::frame::Frame;
use crate::otlp::metrics;
use crate::otlp::request::RequestHeader;

/// A batch starts with room for this many bytes of payload and grows from there.
const FIRST_PAYLOAD_BYTES: usize = 4096;

pub(super) struct BatchInMaking {
    pub(super) id: u64,
    body: Vec<u8>,
    reserved: usize,
    pub(super) frames: u64,
    /// Frames by shard.
    pub(super) parts: Vec<u64>,
    pub(super) begun: Instant,
    /// Of which temporality metrics are wanted; absent for other signals.
    temporality: Option<Temporality>,
}

impl BatchInMaking {
    /// An empty batch; `expected` is how many bytes of payload it is likely to take.
    pub(super) fn new(
        id: u64,
        header: &RequestHeader,
        shards: usize,
        expected: usize,
        temporality: Option<Temporality>,
    ) -> Self {
        let reserved = header.max_size();
        let mut body = Vec::with_capacity(reserved + expected.max(FIRST_PAYLOAD_BYTES));
        body.resize(reserved, 0);
        Self { id, body, reserved, frames: 0, parts: vec![0; shards], begun: Instant::now(), temporality }
    }

    pub(super) fn payload_bytes(&self) -> usize {
        self.body.len() - self.reserved
    }

    /// Adds one frame's payload, without yet counting it.
    #[inline]
    pub(super) fn push(&mut self, frame: &Frame<'_>) {
        match self.temporality {
            None => self.body.extend_from_slice(frame.payload),
            Some(temporality) => {
                metrics::select(&mut self.body, frame.header.kind, frame.payload, temporality)
            }
        }
    }

    /// Counts frames that were pushed and taken from a shard.
    pub(super) fn taken(&mut self, shard: usize, frames: u64) {
        self.frames += frames;
        if let Some(part) = self.parts.get_mut(shard) {
            *part += frames;
        }
    }

    /// Forgets what was pushed since the payload had `payload_bytes`.
    pub(super) fn forget(&mut self, payload_bytes: usize) {
        self.body.truncate(self.reserved + payload_bytes);
    }

    /// The whole request, where the records begin in it, and its frames by shard.
    pub(super) fn into_request(mut self, header: &RequestHeader) -> ((Bytes, usize), Vec<u64>) {
        let encoded = header.encode(self.payload_bytes());
        let start = self.reserved.saturating_sub(encoded.len());
        if let Some(place) = self.body.get_mut(start..self.reserved) {
            place.copy_from_slice(encoded.get(..place.len()).unwrap_or_default());
        }
        ((Bytes::from(self.body).slice(start..), self.reserved - start), self.parts)
    }
}
