//! Texts in wide registers, on processors whose loads can be told how many bytes to touch (AVX-512BW and VL): one load and
//! one store for a text, no branch on its length, one look at the room and one at the high bits for all of a run.

use std::arch::x86_64::{
    __m256i, __m512i, _mm256_maskz_loadu_epi8, _mm256_movepi8_mask, _mm256_or_si256, _mm256_setzero_si256,
    _mm256_storeu_si256, _mm512_maskz_loadu_epi8, _mm512_movepi8_mask, _mm512_or_si512, _mm512_setzero_si512,
    _mm512_storeu_si512,
};

use super::Appender;

/// The longest first text of a pair.
const MOST_FIRST: usize = 32;
/// The longest second one. (A text of 64 bytes would need a mask that a shift does not make.)
const MOST_SECOND: usize = 63;
/// What a store of the wide register writes.
const REGISTER: usize = 64;
/// Bytes in front of each text.
const FRAME: usize = size_of::<u32>();
/// The most that a pair takes.
const MOST_PAIR: usize = 2 * FRAME + MOST_FIRST + MOST_SECOND;

/// Says that the processor has what it takes: there is no other way to come by one.
#[derive(Clone, Copy)]
pub(crate) struct Wide(());

impl Wide {
    /// Asks the processor, whose answer is kept.
    #[inline(always)]
    pub(crate) fn of_this_processor() -> Option<Self> {
        let has_all = is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("bmi2");
        has_all.then_some(Self(()))
    }

    /// Whether a pair is short enough for a run; its first text must not be empty.
    #[inline(always)]
    pub(crate) fn fits(first: usize, second: usize) -> bool {
        first.wrapping_sub(1) < MOST_FIRST && second <= MOST_SECOND
    }

    /// Starts a run of at most `pairs`, when there is room for all that these might take.
    #[inline(always)]
    pub(crate) fn run<'r, 'b>(self, appender: &'r mut Appender<'b>, pairs: usize) -> Option<WideRun<'r, 'b>> {
        // A register more: whole ones are stored, and what they hold behind a text is overwritten by what follows it.
        let most = pairs.checked_mul(MOST_PAIR)?.checked_add(REGISTER)?;
        if most > appender.left {
            return None;
        }
        // SAFETY: the processor has the instructions: `self` says so.
        let seen = unsafe { (_mm256_setzero_si256(), _mm512_setzero_si512()) };
        Some(WideRun { next: appender.next, left: pairs, seen, appender })
    }
}

/// Pairs of texts, each text behind four bytes, that are being written. They count once the run is finished.
pub(crate) struct WideRun<'r, 'b> {
    appender: &'r mut Appender<'b>,
    next: *mut u8,
    /// Pairs that there is room for.
    left: usize,
    /// All bytes of the first and of the second texts, put together by "or".
    seen: (__m256i, __m512i),
}

impl<'b> WideRun<'_, 'b> {
    /// Pairs that there is room for.
    #[inline(always)]
    pub(crate) fn left(&self) -> usize {
        self.left
    }

    /// Writes a pair that fits; false, and nothing is written, when it does not or the run is over.
    #[inline(always)]
    pub(crate) fn framed(&mut self, before: u32, first: &[u8], between: u32, second: &[u8]) -> bool {
        if self.left == 0 || !Wide::fits(first.len(), second.len()) {
            return false;
        }
        self.left -= 1;
        // A pair takes `MOST_PAIR` bytes at most, of which there were enough for all pairs of the run and one whole register
        // more when it began. Loads touch as many bytes as the slices have.
        // SAFETY: a run is only there where the processor has the instructions, and stores end inside the appender's buffer.
        unsafe {
            let frame = self.next.add(FRAME + first.len());
            let second_place = frame.add(FRAME);
            let text = _mm256_maskz_loadu_epi8(ones(first.len()) as u32, first.as_ptr().cast());
            self.next.cast::<u32>().write_unaligned(before.to_le());
            _mm256_storeu_si256(self.next.add(FRAME).cast(), text);
            frame.cast::<u32>().write_unaligned(between.to_le());
            self.seen.0 = _mm256_or_si256(self.seen.0, text);
            // The wider a register, the more often it lies across two cache lines.
            if second.len() <= MOST_FIRST {
                let text = _mm256_maskz_loadu_epi8(ones(second.len()) as u32, second.as_ptr().cast());
                _mm256_storeu_si256(second_place.cast(), text);
                self.seen.0 = _mm256_or_si256(self.seen.0, text);
            } else {
                let text = _mm512_maskz_loadu_epi8(ones(second.len()), second.as_ptr().cast());
                _mm512_storeu_si512(second_place.cast(), text);
                self.seen.1 = _mm512_or_si512(self.seen.1, text);
            }
            self.next = second_place.add(second.len());
        }
        true
    }

    /// Gives what was written to the appender; says whether all texts were ASCII, and what was written with its frames.
    #[inline(always)]
    pub(crate) fn finish(self) -> (bool, &'b [u8]) {
        let Self { appender, next, seen, .. } = self;
        // SAFETY: the processor has the instructions, as above. `next` is in the appender's buffer, at or behind where the
        // appender stood; all between was written, is written no more, and belongs to the buffer's borrow.
        unsafe {
            let is_ascii = _mm256_movepi8_mask(seen.0) == 0 && _mm512_movepi8_mask(seen.1) == 0;
            let written = usize::try_from(next.offset_from(appender.next)).unwrap_or(0);
            let start = appender.next;
            appender.next = next;
            appender.left -= written;
            (is_ascii, std::slice::from_raw_parts(start, written))
        }
    }
}

/// So many bits, fewer than 64.
#[inline(always)]
fn ones(count: usize) -> u64 {
    (1 << (count & 63)) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_writes_what_the_portable_way_writes_and_nothing_else() {
        let Some(wide) = Wide::of_this_processor() else {
            eprintln!("skipped: this processor has no AVX-512BW");
            return;
        };
        let plain: Vec<u8> = (0..200).map(|i| b'a' + i % 26).collect();
        for (first, second) in (0..35usize).flat_map(|first| (0..67usize).map(move |second| (first, second)))
        {
            for odd in [None, Some(0), Some(first), Some((first + second).saturating_sub(1))] {
                let mut text = plain.clone();
                if let Some(odd) = odd {
                    text[odd] = 0xff;
                }
                let (one, other) = (&text[..first], &text[first..first + second]);
                let mut places = [vec![0; 3 * MOST_PAIR], vec![0; 3 * MOST_PAIR]];
                let [a, b] = &mut places;
                let (mut a, mut b) = (Appender::new(a), Appender::new(b));
                let mut run = wide.run(&mut b, 2).unwrap();
                let fits = (1..=32).contains(&first) && second <= 63;
                for _ in 0..2 {
                    assert_eq!(run.framed(0x0102_0304, one, 0x0506_0708, other), fits);
                }
                assert!(!fits || !run.framed(0, b"a", 0, b""), "no more than was asked for");
                let (is_ascii, written) = run.finish();
                if fits {
                    let appended = [(); 2].map(|()| a.framed(0x0102_0304, one, 0x0506_0708, other));
                    let is_odd = odd.is_some_and(|odd| odd < first + second);
                    assert_eq!((is_ascii, appended[0] == super::super::Appended::Utf8), (!is_odd, !is_odd));
                    assert_eq!(a.left(), b.left());
                    assert_eq!(written, a.into_written());
                    assert_eq!(written, b.into_written());
                } else {
                    assert_eq!((b.left(), written.len()), (3 * MOST_PAIR, 0));
                }
            }
        }
    }

    #[test]
    fn a_run_without_room_does_not_begin() {
        let Some(wide) = Wide::of_this_processor() else { return };
        let mut place = vec![0; 2 * MOST_PAIR + REGISTER - 1];
        let mut appender = Appender::new(&mut place);
        assert!(wide.run(&mut appender, 2).is_none());
        assert!(wide.run(&mut appender, 1).is_some());
        assert!(wide.run(&mut appender, usize::MAX).is_none());
    }
}
