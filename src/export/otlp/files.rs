//! Files that are read at run time and may change: certificates, keys, headers. Reading is bounded and never waits, so
//! that a FIFO or a device in a file's place holds nothing up; a change is seen by what `stat` says. No error quotes what
//! is in a file.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;
use std::time::Duration;

/// Longest file that is read.
const MOST_BYTES: u64 = 1024 * 1024;

/// Between two looks at whether a file has changed.
pub(super) const LOOK_INTERVAL: Duration = Duration::from_secs(1);

/// What tells one version of a file from another; `None`: there is no file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Stamp(Option<(u64, u64, u64, i64, i64, i64, i64)>);

impl Stamp {
    /// As it is now. A rename over the file, a symbolic link that points elsewhere and a write are all changes.
    pub(super) fn of(path: &Path) -> Self {
        let version = fs::metadata(path).ok().map(|file| {
            let changed = (file.mtime(), file.mtime_nsec(), file.ctime(), file.ctime_nsec());
            (file.dev(), file.ino(), file.size(), changed.0, changed.1, changed.2, changed.3)
        });
        Self(version)
    }
}

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("not a regular file")]
    Kind,
    #[error("longer than {MOST_BYTES} bytes")]
    TooLong,
}

/// The whole of a regular file.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>, Unreadable> {
    let flags = libc::O_NONBLOCK | libc::O_NOCTTY | libc::O_CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    if !file.metadata()?.is_file() {
        return Err(Unreadable::Kind);
    }
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut text)?;
    if u64::try_from(text.len()).unwrap_or(u64::MAX) > MOST_BYTES {
        return Err(Unreadable::TooLong);
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_write_a_rename_and_a_removal_are_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "one").unwrap();
        let first = Stamp::of(&path);
        assert_eq!(first, Stamp::of(&path));
        fs::write(&path, "three").unwrap();
        let second = Stamp::of(&path);
        assert_ne!(first, second);
        fs::write(&other, "three").unwrap();
        fs::rename(&other, &path).unwrap();
        let third = Stamp::of(&path);
        assert_ne!(second, third);
        fs::remove_file(&path).unwrap();
        assert_ne!(third, Stamp::of(&path));
        assert_eq!(Stamp::of(&path), Stamp::of(&other));
    }

    #[test]
    fn only_a_regular_file_of_some_length_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(read(folder.path()), Err(Unreadable::Kind)));
        assert!(matches!(read(Path::new("/dev/zero")), Err(Unreadable::Kind)));
        assert!(matches!(read(&folder.path().join("none")), Err(Unreadable::Io(_))));
        let long = folder.path().join("long");
        fs::write(&long, vec![b'x'; 1024 * 1024 + 1]).unwrap();
        assert!(matches!(read(&long), Err(Unreadable::TooLong)));
    }
}
