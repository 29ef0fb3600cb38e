//! Copying short texts. Most texts of an event have fewer than 32 bytes, where a call of `memcpy` costs more than the
//! copy; and whether a text is ASCII can be told from the registers it passes through. Both together halve the cost of
//! an attribute (measured against `memcpy` and `from_utf8`). The interface is safe; the loads and stores overlap, as
//! `memcpy` itself does for short lengths.

/// The highest bit of every byte: set in none of an ASCII text.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// Up to here a copy is four loads and stores of 16 bytes at most.
const MOST_INLINE_BYTES: usize = 64;

/// Copies `from` into `to`, which must have the same length (else nothing is copied), and says whether every byte that
/// was copied is ASCII. What is said is true of the copy, even when `from` changes meanwhile.
#[inline(always)]
pub(crate) fn copy_is_ascii(to: &mut [u8], from: &[u8]) -> bool {
    let length = from.len();
    if to.len() != length {
        return false;
    }
    let (to_start, from_start) = (to.as_mut_ptr(), from.as_ptr());
    // SAFETY: both slices have `length` bytes. Every load and store below begins at the start, at 16 or 32 bytes before
    // the end, or at the end less its own width, and the branches see to it that this is inside. Unaligned accesses are
    // made as such. The slices cannot overlap: one is borrowed mutably.
    unsafe {
        if length >= 16 {
            if length > MOST_INLINE_BYTES {
                core::ptr::copy_nonoverlapping(from_start, to_start, length);
                return to.is_ascii();
            }
            let mut seen =
                copy16(to_start, from_start) | copy16(to_start.add(length - 16), from_start.add(length - 16));
            if length > 32 {
                seen |= copy16(to_start.add(16), from_start.add(16));
                seen |= copy16(to_start.add(length - 32), from_start.add(length - 32));
            }
            return seen & HIGH_BITS == 0;
        }
        if length >= 8 {
            let first = from_start.cast::<u64>().read_unaligned();
            let last = from_start.add(length - 8).cast::<u64>().read_unaligned();
            to_start.cast::<u64>().write_unaligned(first);
            to_start.add(length - 8).cast::<u64>().write_unaligned(last);
            return (first | last) & HIGH_BITS == 0;
        }
        if length >= 4 {
            let first = from_start.cast::<u32>().read_unaligned();
            let last = from_start.add(length - 4).cast::<u32>().read_unaligned();
            to_start.cast::<u32>().write_unaligned(first);
            to_start.add(length - 4).cast::<u32>().write_unaligned(last);
            return u64::from(first | last) & HIGH_BITS == 0;
        }
        let mut seen = 0;
        for at in 0..length {
            let byte = from_start.add(at).read();
            to_start.add(at).write(byte);
            seen |= byte;
        }
        seen.is_ascii()
    }
}

/// Copies 16 bytes and gives what they have in common with each other: the two halves, or-ed.
///
/// # Safety
/// Both pointers have 16 bytes.
#[inline(always)]
unsafe fn copy16(to: *mut u8, from: *const u8) -> u64 {
    // SAFETY: by contract.
    unsafe {
        let (first, last) = (from.cast::<u64>().read_unaligned(), from.add(8).cast::<u64>().read_unaligned());
        to.cast::<u64>().write_unaligned(first);
        to.add(8).cast::<u64>().write_unaligned(last);
        first | last
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_is_copied_whole_and_told_by_every_byte() {
        for length in 0..200 {
            let plain: Vec<u8> = (0..length).map(|i| b'a' + (i % 26) as u8).collect();
            for odd_at in (0..length).map(Some).chain([None]) {
                let mut text = plain.clone();
                if let Some(at) = odd_at {
                    text[at] = 0xc3;
                }
                let mut copy = vec![0; length];
                assert_eq!(copy_is_ascii(&mut copy, &text), odd_at.is_none(), "{length} {odd_at:?}");
                assert_eq!(copy, text);
            }
        }
    }

    #[test]
    fn different_lengths_copy_nothing() {
        let mut to = [7; 3];
        assert!(!copy_is_ascii(&mut to, b"ab"));
        assert_eq!(to, [7; 3]);
    }
}
