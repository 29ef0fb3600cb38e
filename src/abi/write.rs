//! Writing outputs into the caller's memory: single values, texts with their needed size, structs up to the size that
//! the caller knows.

use core::ffi::c_char;

use crate::manager::Error;

/// Writes `value` where the caller wants it; a NULL `to` is an error that names the argument.
///
/// # Safety
/// `to` is NULL or points to memory for one `T`.
pub(crate) unsafe fn output<T>(to: *mut T, value: T, argument: &'static str) -> Result<(), Error> {
    if to.is_null() {
        return Err(Error::null(argument));
    }
    // SAFETY: not NULL, and valid for a `T` by the function's contract.
    unsafe { to.write_unaligned(value) };
    Ok(())
}

/// Writes `value` unless `to` is NULL.
///
/// # Safety
/// `to` is NULL or points to memory for one `T`.
pub(crate) unsafe fn optional<T>(to: *mut T, value: T) {
    if !to.is_null() {
        // SAFETY: as above.
        unsafe { to.write_unaligned(value) };
    }
}

/// Writes a text with a terminating NUL, and always how many bytes it takes.
///
/// # Safety
/// `buffer` is NULL or has `capacity` bytes; `needed` is NULL or points to a `size_t`.
pub(crate) unsafe fn text(
    text: &[u8],
    buffer: *mut c_char,
    capacity: usize,
    needed: *mut usize,
) -> Result<(), Error> {
    // SAFETY: passed on.
    unsafe { optional(needed, text.len() + 1) };
    if buffer.is_null() && capacity > 0 {
        return Err(Error::null("buffer"));
    }
    if capacity <= text.len() {
        return Err(Error::BufferTooSmall { needed: text.len() + 1, capacity });
    }
    // SAFETY: the buffer has room for the text and its NUL (checked above), and cannot overlap our own text.
    unsafe {
        core::ptr::copy_nonoverlapping(text.as_ptr().cast::<c_char>(), buffer, text.len());
        buffer.add(text.len()).write(0);
    }
    Ok(())
}

/// Fills a struct that begins with its `struct_size`, as far as the caller's version of it goes. `smallest` is the size
/// of its first version.
///
/// # Safety
/// `to` is NULL or points to a struct of the size that its first field says.
pub(crate) unsafe fn sized<T>(
    to: *mut T,
    mut value: T,
    smallest: usize,
    name: &'static str,
) -> Result<(), Error> {
    if to.is_null() {
        return Err(Error::null(name));
    }
    // SAFETY: the struct begins with its size, by contract.
    let size = unsafe { to.cast::<usize>().read_unaligned() };
    if size < smallest {
        return Err(Error::StructSize { name, size, smallest });
    }
    let from = (&raw mut value).cast::<u8>();
    // SAFETY: `value` begins with a `usize` by the same contract; both sides have at least `min` bytes.
    unsafe {
        from.cast::<usize>().write_unaligned(size);
        core::ptr::copy_nonoverlapping(from, to.cast::<u8>(), size.min(size_of::<T>()));
    }
    Ok(())
}
