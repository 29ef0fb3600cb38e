//! Everything that a call can fail with. A message names the thing, the value and what was expected; which number it
//! gets at the C boundary is decided there.

use crate::handle::HandleKind;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("{0}")]
    InvalidArgument(String),
    #[error("abi_version is {given}, this library serves {served}: compile against its own agentotel.h")]
    AbiVersion { given: u32, served: u32 },
    #[error("{name}.struct_size is {size}, expected at least {smallest}: use the struct's initialiser macro")]
    StructSize { name: &'static str, size: usize, smallest: usize },
    #[error("agentotel_init has not been called")]
    NotInitialized,
    #[error("agentotel_init was called before; call agentotel_shutdown first")]
    AlreadyInitialized,
    #[error("the library has been shut down")]
    ShutDown,
    #[error("{0}")]
    Config(String),
    #[error("{handle:#x} is no {} handle", kind.name())]
    InvalidHandle { kind: HandleKind, handle: u64 },
    #[error("the {} {handle:#x} has ended, or belongs to another start of the library or another process", kind.name())]
    StaleHandle { kind: HandleKind, handle: u64 },
    #[error("the queue is full (queue.max_bytes) and its policy refuses the event")]
    QueueFull,
    #[error("the deadline passed; still pending: {0}")]
    Timeout(String),
    #[error("the deadline passed; {0}")]
    Late(String),
    #[error("{0} would wait for the callback that calls it")]
    InCallback(&'static str),
    #[error("the buffer has {capacity} bytes, {needed} are needed")]
    BufferTooSmall { needed: usize, capacity: usize },
    #[error("{what} is {given}, at most {most} is possible")]
    TooLarge { what: &'static str, given: usize, most: usize },
    #[error("{most} {what} are open, which is the most there can be")]
    Limit { what: &'static str, most: usize },
    #[error("{0}")]
    NotFound(String),
    #[error("a fault in agentotel was contained: {0}")]
    Internal(String),
    #[error("{0}")]
    System(String),
}

impl Error {
    /// An argument that must not be NULL is.
    pub(crate) fn null(argument: &'static str) -> Self {
        Self::InvalidArgument(format!("{argument} is NULL"))
    }
}
