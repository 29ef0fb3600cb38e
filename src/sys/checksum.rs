//! CRC-32C (Castagnoli), as iSCSI and ext4 have it: the checksum of frames, slots, headers and cursors. The processor's own
//! instruction takes three steps to come out and can begin one each: three streams side by side, joined by a
//! carry-less multiplication, take a third of the time of one. (The `crc32c` crate does so from 768 bytes on, which few
//! frames have; it computes where there are no such instructions.) Source of the joining: Gopal et al., "Fast CRC
//! Computation for iSCSI Polynomial Using CRC32 Instruction", Intel 2011.

/// The checksum of `bytes`.
#[inline]
pub(crate) fn crc32c(bytes: &[u8]) -> u32 {
    crc32c_append(0, bytes)
}

/// The checksum of what `before` is the checksum of with `bytes` behind it.
#[inline]
pub(crate) fn crc32c_append(before: u32, bytes: &[u8]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("sse4.2") && is_x86_feature_detected!("pclmulqdq") {
        // SAFETY: the processor has just said that it has the instructions.
        return unsafe { x86_64::append(before, bytes) };
    }
    crc32c::crc32c_append(before, bytes)
}

#[cfg(target_arch = "x86_64")]
mod x86_64 {
    use std::arch::x86_64::{
        _mm_clmulepi64_si128, _mm_crc32_u8, _mm_crc32_u64, _mm_cvtsi64_si128, _mm_cvtsi128_si64,
    };

    type Word = [u8; 8];

    /// The most words of a stream.
    const MOST_WORDS: usize = 64;
    /// With fewer words a stream does not earn what joining costs.
    const FEWEST_WORDS: usize = 4;

    /// What a checksum is multiplied by (carry-less, and reduced by the instruction) to go past so many words.
    static PAST_WORDS: [u32; 2 * MOST_WORDS + 1] = past_words();

    #[expect(clippy::indexing_slicing, reason = "runs in the compiler, which does not accept a wrong index")]
    const fn past_words() -> [u32; 2 * MOST_WORDS + 1] {
        /// The polynomial, bit-reversed.
        const POLYNOMIAL: u32 = 0x82f6_3b78;
        /// The product of two reversed values is one bit short, and the instruction multiplies by x^32.
        const MADE_UP_FOR: u32 = 33;
        let mut factors = [0; 2 * MOST_WORDS + 1];
        // x^0, bit-reversed.
        let mut power = 1 << 31;
        let mut exponent = 0;
        let mut words = 1;
        while words < factors.len() {
            while exponent < 64 * words as u32 - MADE_UP_FOR {
                power = if power & 1 == 1 { power >> 1 ^ POLYNOMIAL } else { power >> 1 };
                exponent += 1;
            }
            factors[words] = power;
            words += 1;
        }
        factors
    }

    /// A state times the factor for so many words; not reduced yet.
    #[target_feature(enable = "sse4.2,pclmulqdq")]
    #[inline]
    fn past(state: u64, words: usize) -> u64 {
        let factor = PAST_WORDS.get(words).copied().unwrap_or_default();
        let (state, factor) = (_mm_cvtsi64_si128(state.cast_signed()), _mm_cvtsi64_si128(i64::from(factor)));
        _mm_cvtsi128_si64(_mm_clmulepi64_si128::<0>(state, factor)).cast_unsigned()
    }

    #[target_feature(enable = "sse4.2,pclmulqdq")]
    pub(super) fn append(before: u32, bytes: &[u8]) -> u32 {
        let (mut words, rest) = bytes.as_chunks::<8>();
        let mut state = u64::from(!before);
        let step = |state, word: &Word| _mm_crc32_u64(state, u64::from_le_bytes(*word));
        while words.len() >= 3 * FEWEST_WORDS {
            let each = (words.len() / 3).min(MOST_WORDS);
            let (first, behind) = words.split_at(each);
            let (second, behind) = behind.split_at(each);
            let (third, behind) = behind.split_at(each);
            let mut states = [state, 0, 0];
            for ((first, second), third) in first.iter().zip(second).zip(third) {
                states = [step(states[0], first), step(states[1], second), step(states[2], third)];
            }
            let joined = past(states[0], 2 * each) ^ past(states[1], each);
            state = _mm_crc32_u64(0, joined) ^ states[2];
            words = behind;
        }
        state = words.iter().fold(state, step);
        let narrow = rest.iter().fold(state as u32, |state, byte| _mm_crc32_u8(state, *byte));
        !narrow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_published_check_value_comes_out() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        assert_eq!(crc32c(b""), 0);
    }

    #[test]
    fn every_length_gives_what_the_plain_computation_gives() {
        let bytes: Vec<u8> = (0..5000u32).map(|at| (at.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
        for length in (0..1700).chain([4096, 4999, 5000]) {
            for before in [0, 1, 0xdead_beef, u32::MAX] {
                let expected = crc32c::crc32c_append(before, &bytes[..length]);
                assert_eq!(crc32c_append(before, &bytes[..length]), expected, "{length} {before:x}");
            }
        }
    }
}
