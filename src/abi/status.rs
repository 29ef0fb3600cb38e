//! Status codes: the numbers that cross the boundary, their names, and the one mapping from the library's own errors.
//! Numbers are append-only and pinned by a test; a retired one stays reserved.

use crate::manager::Error;

/// Result of every function that can fail: `AGENTOTEL_OK` (0) or a negative `AGENTOTEL_ERR_…`. Numbers never change
/// their meaning; new ones are added at the end.
/// @since 0.1.0
pub type agentotel_status = i32;

/// The call did what it says.
pub const AGENTOTEL_OK: i32 = 0;
/// An argument is NULL where it must not be, an enum value is unknown, or two arguments contradict each other.
pub const AGENTOTEL_ERR_INVALID_ARGUMENT: i32 = -1;
/// The caller was compiled against a header that this library does not serve.
pub const AGENTOTEL_ERR_ABI_VERSION: i32 = -2;
/// A `struct_size` is smaller than the first version of that struct, or was never set.
pub const AGENTOTEL_ERR_STRUCT_SIZE: i32 = -3;
/// `agentotel_init` has not been called.
pub const AGENTOTEL_ERR_NOT_INITIALIZED: i32 = -4;
/// `agentotel_init` was called before and the library is running.
pub const AGENTOTEL_ERR_ALREADY_INITIALIZED: i32 = -5;
/// The library has been shut down; `agentotel_init` may start it again.
pub const AGENTOTEL_ERR_SHUT_DOWN: i32 = -6;
/// The configuration is not valid; `agentotel_last_error` names the key.
pub const AGENTOTEL_ERR_CONFIG: i32 = -7;
/// The value is no handle of this kind: never given out, or of another type.
pub const AGENTOTEL_ERR_INVALID_HANDLE: i32 = -8;
/// The handle was valid once: its session or event has ended, or it belongs to an earlier `agentotel_init` or to the
/// process before `fork`.
pub const AGENTOTEL_ERR_STALE_HANDLE: i32 = -9;
/// The queue is full and its policy refused the event; it was counted and not recorded.
pub const AGENTOTEL_ERR_QUEUE_FULL: i32 = -10;
/// The deadline passed first; `agentotel_last_error` says what is pending.
pub const AGENTOTEL_ERR_TIMEOUT: i32 = -11;
/// The buffer is too small; `*needed` says how much it takes.
pub const AGENTOTEL_ERR_BUFFER_TOO_SMALL: i32 = -12;
/// A length or a count is beyond what the library takes (`AGENTOTEL_MAX_TEXT_BYTES`, `AGENTOTEL_MAX_ITEMS`).
pub const AGENTOTEL_ERR_TOO_LARGE: i32 = -13;
/// As many sessions or in-flight events are open as the library holds.
pub const AGENTOTEL_ERR_LIMIT: i32 = -14;
/// Nothing has that name.
pub const AGENTOTEL_ERR_NOT_FOUND: i32 = -15;
/// A fault inside the library was contained; please report `agentotel_last_error`.
pub const AGENTOTEL_ERR_INTERNAL: i32 = -16;
/// The operating system refused what was needed (a thread, memory, random numbers).
pub const AGENTOTEL_ERR_SYSTEM: i32 = -17;
/// The call would wait for the callback that it is made from.
pub const AGENTOTEL_ERR_IN_CALLBACK: i32 = -18;

/// Every code with its static name, in order. The names end in NUL for the C side.
const NAMES: [(agentotel_status, &std::ffi::CStr); 19] = [
    (AGENTOTEL_OK, c"AGENTOTEL_OK"),
    (AGENTOTEL_ERR_INVALID_ARGUMENT, c"AGENTOTEL_ERR_INVALID_ARGUMENT"),
    (AGENTOTEL_ERR_ABI_VERSION, c"AGENTOTEL_ERR_ABI_VERSION"),
    (AGENTOTEL_ERR_STRUCT_SIZE, c"AGENTOTEL_ERR_STRUCT_SIZE"),
    (AGENTOTEL_ERR_NOT_INITIALIZED, c"AGENTOTEL_ERR_NOT_INITIALIZED"),
    (AGENTOTEL_ERR_ALREADY_INITIALIZED, c"AGENTOTEL_ERR_ALREADY_INITIALIZED"),
    (AGENTOTEL_ERR_SHUT_DOWN, c"AGENTOTEL_ERR_SHUT_DOWN"),
    (AGENTOTEL_ERR_CONFIG, c"AGENTOTEL_ERR_CONFIG"),
    (AGENTOTEL_ERR_INVALID_HANDLE, c"AGENTOTEL_ERR_INVALID_HANDLE"),
    (AGENTOTEL_ERR_STALE_HANDLE, c"AGENTOTEL_ERR_STALE_HANDLE"),
    (AGENTOTEL_ERR_QUEUE_FULL, c"AGENTOTEL_ERR_QUEUE_FULL"),
    (AGENTOTEL_ERR_TIMEOUT, c"AGENTOTEL_ERR_TIMEOUT"),
    (AGENTOTEL_ERR_BUFFER_TOO_SMALL, c"AGENTOTEL_ERR_BUFFER_TOO_SMALL"),
    (AGENTOTEL_ERR_TOO_LARGE, c"AGENTOTEL_ERR_TOO_LARGE"),
    (AGENTOTEL_ERR_LIMIT, c"AGENTOTEL_ERR_LIMIT"),
    (AGENTOTEL_ERR_NOT_FOUND, c"AGENTOTEL_ERR_NOT_FOUND"),
    (AGENTOTEL_ERR_INTERNAL, c"AGENTOTEL_ERR_INTERNAL"),
    (AGENTOTEL_ERR_SYSTEM, c"AGENTOTEL_ERR_SYSTEM"),
    (AGENTOTEL_ERR_IN_CALLBACK, c"AGENTOTEL_ERR_IN_CALLBACK"),
];

/// The static name of a status.
pub(crate) fn name(status: agentotel_status) -> &'static std::ffi::CStr {
    NAMES.iter().find(|(code, _)| *code == status).map_or(c"AGENTOTEL_ERR_UNKNOWN", |(_, name)| name)
}

/// The one mapping from errors to numbers.
pub(crate) fn of(error: &Error) -> agentotel_status {
    match error {
        Error::InvalidArgument(_) => AGENTOTEL_ERR_INVALID_ARGUMENT,
        Error::AbiVersion { .. } => AGENTOTEL_ERR_ABI_VERSION,
        Error::StructSize { .. } => AGENTOTEL_ERR_STRUCT_SIZE,
        Error::NotInitialized => AGENTOTEL_ERR_NOT_INITIALIZED,
        Error::AlreadyInitialized => AGENTOTEL_ERR_ALREADY_INITIALIZED,
        Error::ShutDown => AGENTOTEL_ERR_SHUT_DOWN,
        Error::Config(_) => AGENTOTEL_ERR_CONFIG,
        Error::InvalidHandle { .. } => AGENTOTEL_ERR_INVALID_HANDLE,
        Error::StaleHandle { .. } => AGENTOTEL_ERR_STALE_HANDLE,
        Error::QueueFull => AGENTOTEL_ERR_QUEUE_FULL,
        Error::Timeout(_) | Error::Late(_) => AGENTOTEL_ERR_TIMEOUT,
        Error::BufferTooSmall { .. } => AGENTOTEL_ERR_BUFFER_TOO_SMALL,
        Error::TooLarge { .. } => AGENTOTEL_ERR_TOO_LARGE,
        Error::Limit { .. } => AGENTOTEL_ERR_LIMIT,
        Error::NotFound(_) => AGENTOTEL_ERR_NOT_FOUND,
        Error::Internal(_) => AGENTOTEL_ERR_INTERNAL,
        Error::System(_) => AGENTOTEL_ERR_SYSTEM,
        Error::InCallback(_) => AGENTOTEL_ERR_IN_CALLBACK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_consecutive_and_every_one_has_a_name() {
        for (position, (code, text)) in NAMES.iter().enumerate() {
            assert_eq!(i64::from(*code), -(position as i64));
            assert!(text.to_str().unwrap().starts_with("AGENTOTEL_"));
            assert_eq!(name(*code), *text);
        }
        assert_eq!(name(1), c"AGENTOTEL_ERR_UNKNOWN");
        assert_eq!(name(-1000), c"AGENTOTEL_ERR_UNKNOWN");
    }
}
