//! Directories and files of the library's own, as safely as the system lets them be: opened relative to a directory that
//! is held open, never through a link, readable and writable by their owner alone, and refused when they are somebody
//! else's, linked twice, or no regular files.

use std::ffi::CStr;
use std::io::{self, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use rustix::fs::{
    AtFlags, CWD, Dir, FallocateFlags, FileType, FlockOperation, Mode, OFlags, RenameFlags, Stat, fallocate,
    flock, fstat, fstatfs, fsync, mkdirat, open, openat, renameat_with, statat, unlinkat,
};
use rustix::io::retry_on_intr;
use rustix::process::geteuid;

/// Only the owner may do anything with a directory; with a file.
const DIRECTORY_MODE: Mode = Mode::RWXU;
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
/// Others may write: a directory for which this holds is not ours alone.
const WRITABLE_BY_OTHERS: Mode = Mode::WGRP.union(Mode::WOTH);

/// Magic numbers of file systems (`linux/magic.h`) that keep space which was allocated beforehand: a mapped page of
/// such a file can always be written.
const KEEP_ALLOCATED_SPACE: [u64; 3] = [
    0xef53,      // ext2, ext3, ext4
    0x5846_5342, // xfs
    0x0102_1994, // tmpfs
];

/// A directory that is held open.
#[derive(Debug)]
pub(crate) struct Directory {
    descriptor: OwnedFd,
}

fn refused(why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, why.to_owned())
}

/// Whether a file was not opened for what it is, and not because of how the system fares: asking again will not help.
pub(crate) fn is_refusal(error: &io::Error) -> bool {
    use rustix::io::Errno;
    let for_what_it_is = [Errno::LOOP, Errno::NXIO, Errno::ISDIR, Errno::NODEV];
    matches!(error.kind(), io::ErrorKind::PermissionDenied | io::ErrorKind::NotFound)
        || error.raw_os_error().is_some_and(|code| for_what_it_is.contains(&Errno::from_raw_os_error(code)))
}

/// Whether the disk has failed under a file.
pub(crate) fn is_disk_failure(error: &io::Error) -> bool {
    error.raw_os_error() == Some(rustix::io::Errno::IO.raw_os_error())
}

fn is_ours(stat: &Stat) -> bool {
    stat.st_uid == geteuid().as_raw()
}

impl Directory {
    /// Opens a directory by its path; makes it when it is not there (but not those above it).
    pub(crate) fn open_or_make_base(path: &Path) -> io::Result<Self> {
        match mkdirat(CWD, path, DIRECTORY_MODE) {
            Ok(()) | Err(rustix::io::Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
        Self::open_base(path)
    }

    /// Opens a directory by its path.
    pub(crate) fn open_base(path: &Path) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        Self::checked(retry_on_intr(|| open(path, flags, Mode::empty()))?)
    }

    fn checked(descriptor: OwnedFd) -> io::Result<Self> {
        let stat = fstat(&descriptor)?;
        if !is_ours(&stat) {
            return Err(refused("the directory belongs to another user"));
        }
        if Mode::from_raw_mode(stat.st_mode).intersects(WRITABLE_BY_OTHERS) {
            return Err(refused("others may write to the directory (expected mode 0700)"));
        }
        Ok(Self { descriptor })
    }

    /// Opens a directory in this one.
    pub(crate) fn open(&self, name: &str) -> io::Result<Self> {
        let flags = OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::RDONLY;
        Self::checked(retry_on_intr(|| openat(&self.descriptor, name, flags, Mode::empty()))?)
    }

    /// Makes a directory in this one; it must not be there.
    pub(crate) fn make(&self, name: &str) -> io::Result<Self> {
        mkdirat(&self.descriptor, name, DIRECTORY_MODE)?;
        self.open(name)
    }

    /// Opens a directory in this one; makes it when it is not there.
    pub(crate) fn open_or_make(&self, name: &str) -> io::Result<Self> {
        match self.make(name) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => self.open(name),
            made => made,
        }
    }

    /// Creates a file; it must not be there.
    pub(crate) fn create_file(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(retry_on_intr(|| openat(&self.descriptor, name, flags, FILE_MODE))?)
    }

    /// Creates a file of `bytes` bytes, all of them allocated.
    pub(crate) fn create_allocated(&self, name: &str, bytes: u64) -> io::Result<OwnedFd> {
        // A file beyond the process's limit would bring it a signal that ends it.
        let limit = rustix::process::getrlimit(rustix::process::Resource::Fsize);
        if limit.current.is_some_and(|most| bytes > most) {
            return Err(rustix::io::Errno::FBIG.into());
        }
        let file = self.create_file(name)?;
        let allocated = retry_on_intr(|| fallocate(&file, FallocateFlags::empty(), 0, bytes));
        if let Err(error) = allocated {
            let _ = self.remove_file(name);
            return Err(error.into());
        }
        Ok(file)
    }

    /// Creates a file with this content.
    pub(crate) fn write_file(&self, name: &str, content: &[u8]) -> io::Result<()> {
        let mut file = std::fs::File::from(self.create_file(name)?);
        file.write_all(content).inspect_err(|_| {
            let _ = self.remove_file(name);
        })
    }

    /// Opens a file for reading and writing: a regular one, ours, with no second name.
    pub(crate) fn open_file(&self, name: &str) -> io::Result<OwnedFd> {
        let flags = OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
        let file = retry_on_intr(|| openat(&self.descriptor, name, flags, Mode::empty()))?;
        let stat = fstat(&file)?;
        if FileType::from_raw_mode(stat.st_mode) != FileType::RegularFile {
            return Err(refused("not a regular file"));
        }
        if !is_ours(&stat) {
            return Err(refused("the file belongs to another user"));
        }
        if stat.st_nlink != 1 {
            return Err(refused("the file has a second name"));
        }
        Ok(file)
    }

    /// Gives something in this directory another name; nothing is replaced.
    pub(crate) fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        match renameat_with(&self.descriptor, from, &self.descriptor, to, RenameFlags::NOREPLACE) {
            Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
                Ok(rustix::fs::renameat(&self.descriptor, from, &self.descriptor, to)?)
            }
            done => Ok(done?),
        }
    }

    pub(crate) fn remove_file(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.descriptor, name, AtFlags::empty())?)
    }

    /// Removes an empty directory in this one.
    pub(crate) fn remove_directory(&self, name: &str) -> io::Result<()> {
        Ok(unlinkat(&self.descriptor, name, AtFlags::REMOVEDIR)?)
    }

    /// The names in this directory, sorted; those that are not UTF-8 are not ours and left out.
    pub(crate) fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in Dir::read_from(&self.descriptor)? {
            let entry = entry?;
            let name: &CStr = entry.file_name();
            if let Ok(name) = name.to_str()
                && name != "."
                && name != ".."
            {
                names.push(name.to_owned());
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Bytes that something in this directory takes on the disk.
    pub(crate) fn bytes_of(&self, name: &str) -> u64 {
        /// Unit of `st_blocks`, whatever the block size is.
        const BLOCK_BYTES: u64 = 512;
        let stat = statat(&self.descriptor, name, AtFlags::SYMLINK_NOFOLLOW);
        stat.map_or(0, |stat| u64::try_from(stat.st_blocks).unwrap_or(0) * BLOCK_BYTES)
    }

    /// Whether mapped files are safe here: the file system keeps space that was allocated beforehand.
    pub(crate) fn keeps_allocated_space(&self) -> io::Result<bool> {
        let file_system = retry_on_intr(|| fstatfs(&self.descriptor))?;
        Ok(KEEP_ALLOCATED_SPACE.contains(&file_system.f_type.cast_unsigned()))
    }

    /// Brings the names in this directory to the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        Ok(retry_on_intr(|| fsync(&self.descriptor))?)
    }

    /// Another handle of the same directory.
    pub(crate) fn again(&self) -> io::Result<Self> {
        Ok(Self { descriptor: self.descriptor.try_clone()? })
    }
}

/// Bytes of a file.
pub(crate) fn file_bytes(file: &impl AsFd) -> io::Result<u64> {
    Ok(u64::try_from(fstat(file)?.st_size).unwrap_or(0))
}

/// Reads up to the length of `place` at an offset; gives how many bytes there were.
pub(crate) fn read_at(file: &impl AsFd, place: &mut [u8], at: u64) -> io::Result<usize> {
    let mut filled = 0;
    while let Some(rest) = place.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match rustix::io::pread(file, rest, at + filled as u64) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(filled)
}

/// Takes the lock of a file for this process; false when somebody else has it. The lock ends with the last descriptor
/// of this opening, at the latest when the process does.
pub(crate) fn try_lock(file: &impl AsFd) -> io::Result<bool> {
    match retry_on_intr(|| flock(file, FlockOperation::NonBlockingLockExclusive)) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn base() -> (tempfile::TempDir, Directory) {
        let path = tempfile::tempdir().unwrap();
        std::fs::set_permissions(path.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
        let base = Directory::open_base(path.path()).unwrap();
        (path, base)
    }

    #[test]
    fn a_directory_that_others_may_write_to_is_refused() {
        let (path, _) = base();
        std::fs::set_permissions(path.path(), std::fs::Permissions::from_mode(0o770)).unwrap();
        let error = Directory::open_base(path.path()).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    }

    #[test]
    fn links_and_files_with_two_names_are_refused() {
        let (path, base) = base();
        std::fs::write(path.path().join("file"), b"x").unwrap();
        symlink(path.path().join("file"), path.path().join("link")).unwrap();
        assert!(base.open_file("file").is_ok());
        assert!(base.open_file("link").is_err());
        std::fs::hard_link(path.path().join("file"), path.path().join("second")).unwrap();
        assert!(base.open_file("file").is_err());
        symlink(path.path(), path.path().join("loop")).unwrap();
        assert!(base.open("loop").is_err());
        assert!(base.open_file("nothing").is_err());
    }

    #[test]
    fn a_lock_is_held_by_one() {
        let (_path, base) = base();
        let mine = base.create_file("lock").unwrap();
        assert!(try_lock(&mine).unwrap());
        let other = base.open_file("lock").unwrap();
        assert!(!try_lock(&other).unwrap());
        drop(mine);
        assert!(try_lock(&other).unwrap());
    }

    #[test]
    fn files_are_the_owners_alone_and_have_their_space() {
        let (path, base) = base();
        let file = base.create_allocated("allocated", 8192).unwrap();
        assert_eq!(file_bytes(&file).unwrap(), 8192);
        assert!(base.bytes_of("allocated") >= 8192);
        let mode = std::fs::metadata(path.path().join("allocated")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert!(base.create_file("allocated").is_err());
        assert_eq!(base.names().unwrap(), ["allocated"]);
    }
}
