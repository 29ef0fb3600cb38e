//! The directory of one life of one process: made under a temporary name, locked, then given its own, so that nobody ever
//! sees it without its lock. What dead ones have left is found here and taken over, one owner at a time: the lock says
//! who is alive.

use std::collections::BTreeSet;
use std::io;

use crate::sys::checksum;
use crate::sys::clock;
use crate::sys::directory::{self, Directory};
use crate::sys::failpoint;
use crate::sys::fork::CloseOnFork;

const LOCK: &str = "lock";
/// Names that begin with this are being made.
const UNFINISHED_PREFIX: &str = ".new-";
/// Names that begin with this have been put aside.
const QUARANTINE_PREFIX: &str = "quarantine-";
/// Names that begin with this hold damaged files of processes whose other files were sent.
const DAMAGED_PREFIX: &str = "damaged-";
/// How many of these are kept, and how many files in each.
const MOST_DAMAGED_DIRECTORIES: usize = 2;
const MOST_DAMAGED_FILES: usize = 4;
/// How often a directory is made again that was taken away in the making.
const MOST_ATTEMPTS: usize = 16;
/// Bytes of a namespace that its directory's name shows.
const MOST_SHOWN_BYTES: usize = 64;

/// The name of a namespace's directory: readable, and different for different namespaces.
fn namespace_name(namespace: &str) -> String {
    let is_plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    let shown: String = namespace
        .chars()
        .map(|letter| if is_plain(&letter) { letter } else { '_' })
        .take(MOST_SHOWN_BYTES)
        .collect();
    let bytes = namespace.as_bytes();
    let backwards: Vec<u8> = bytes.iter().rev().copied().collect();
    format!("{shown}-{:08x}{:08x}", checksum::crc32c(bytes), checksum::crc32c(&backwards))
}

/// The directory of all processes of one namespace.
pub(crate) fn open_namespace(base: &Directory, namespace: &str) -> io::Result<Directory> {
    let directory = base.open_or_make(&namespace_name(namespace))?;
    base.sync()?;
    Ok(directory)
}

/// The directory of a process, locked.
pub(crate) struct Incarnation {
    pub(crate) directory: Directory,
    pub(crate) name: String,
    _lock: CloseOnFork,
}

fn is_taken_away(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::WouldBlock)
}

fn random() -> io::Result<u32> {
    let mut bytes = [0; 4];
    rustix::rand::getrandom(&mut bytes, rustix::rand::GetRandomFlags::empty())?;
    Ok(u32::from_le_bytes(bytes))
}

impl Incarnation {
    /// Makes the directory of this life of this process. Somebody who looks for the dead may come between its making and its
    /// lock, and take it away as one that was never finished: then it is made again.
    pub(crate) fn create(namespace: &Directory) -> io::Result<Self> {
        let mut attempts = 1;
        loop {
            match Self::try_create(namespace) {
                Err(error) if attempts < MOST_ATTEMPTS && is_taken_away(&error) => attempts += 1,
                done => return done,
            }
        }
    }

    fn try_create(namespace: &Directory) -> io::Result<Self> {
        let name = format!("{:016x}-{}-{:08x}", clock::wall(), std::process::id(), random()?);
        let unfinished = format!("{UNFINISHED_PREFIX}{name}");
        let directory = namespace.make(&unfinished)?;
        let lock = CloseOnFork::open(|| directory.create_file(LOCK))?;
        if !directory::try_lock(&lock)? {
            return Err(io::Error::new(
                io::ErrorKind::WouldBlock,
                "somebody else has the lock of a directory just made",
            ));
        }
        failpoint::pass("incarnation");
        namespace.rename(&unfinished, &name)?;
        namespace.sync()?;
        Ok(Self { directory, name, _lock: lock })
    }

    /// Removes the directory with all that is in it; only when nothing in it is needed any more.
    pub(crate) fn remove(self, namespace: &Directory) -> io::Result<()> {
        // The lock goes last: whoever finds it gone finds nothing else.
        for name in self.directory.names()?.iter().filter(|name| *name != LOCK) {
            self.directory.remove_file(name)?;
            failpoint::pass("remove");
        }
        self.directory.remove_file(LOCK)?;
        failpoint::pass("removed");
        namespace.remove_directory(&self.name)
    }

    /// Removes the directory but for files that are damaged, which are kept, a few of them, for somebody to look at: those
    /// of the last two processes that left such.
    pub(crate) fn remove_but(self, namespace: &Directory, damaged: &BTreeSet<String>) -> io::Result<()> {
        if damaged.is_empty() {
            return self.remove(namespace);
        }
        let kept: Vec<&String> = damaged.iter().take(MOST_DAMAGED_FILES).collect();
        for name in self.directory.names()?.iter().filter(|name| !kept.contains(name)) {
            self.directory.remove_file(name)?;
        }
        namespace.rename(&self.name, &format!("{DAMAGED_PREFIX}{}", self.name))?;
        let mut older: Vec<String> = namespace.names()?;
        older.retain(|name| name.starts_with(DAMAGED_PREFIX));
        for name in older.iter().rev().skip(MOST_DAMAGED_DIRECTORIES) {
            let directory = namespace.open(name)?;
            for file in directory.names()? {
                directory.remove_file(&file)?;
            }
            namespace.remove_directory(name)?;
        }
        Ok(())
    }

    /// Puts the directory aside, for somebody to look at.
    pub(crate) fn quarantine(&self, namespace: &Directory) -> io::Result<()> {
        namespace.rename(&self.name, &format!("{QUARANTINE_PREFIX}{}", self.name))
    }
}

/// Names of directories that may belong to dead processes, oldest first.
pub(crate) fn candidates(namespace: &Directory, own: &str) -> io::Result<Vec<String>> {
    let mut names = namespace.names()?;
    let is_aside = |name: &str| name.starts_with(QUARANTINE_PREFIX) || name.starts_with(DAMAGED_PREFIX);
    names.retain(|name| name != own && !is_aside(name));
    Ok(names)
}

/// How a directory of a process stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Its process lives.
    Alive,
    /// Its process is dead: somebody will take it over.
    Dead,
    /// It was put aside, or damaged files of it were.
    Quarantined,
    /// It is being made, or was left so.
    Unfinished,
}

/// How the directory of this name stands; looks at its lock for a moment.
pub(crate) fn standing(name: &str, directory: &Directory) -> Standing {
    if name.starts_with(QUARANTINE_PREFIX) || name.starts_with(DAMAGED_PREFIX) {
        return Standing::Quarantined;
    }
    if name.starts_with(UNFINISHED_PREFIX) {
        return Standing::Unfinished;
    }
    match directory.open_file(LOCK).and_then(|lock| directory::try_lock(&lock)) {
        Ok(true) => Standing::Dead,
        Ok(false) => Standing::Alive,
        Err(_) => Standing::Unfinished,
    }
}

/// Bytes that a directory's files take on the disk.
pub(crate) fn bytes(namespace: &Directory, name: &str) -> u64 {
    let Ok(directory) = namespace.open(name) else { return 0 };
    directory.names().unwrap_or_default().iter().map(|name| directory.bytes_of(name)).sum()
}

/// When a process began, as its directory's name says: nanoseconds since 1970.
pub(crate) fn born(name: &str) -> Option<i64> {
    i64::from_str_radix(name.split('-').next()?, 16).ok()
}

/// Takes the directory of a dead process over; `None` when its process lives or somebody else was faster. One that was
/// never finished is removed.
pub(crate) fn adopt(namespace: &Directory, name: &str) -> io::Result<Option<Incarnation>> {
    let directory = namespace.open(name)?;
    let lock = match CloseOnFork::open(|| directory.open_file(LOCK)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // Being made or being removed at this moment, or left so: empty ones go.
            let _ = namespace.remove_directory(name);
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    if !directory::try_lock(&lock)? {
        return Ok(None);
    }
    let incarnation = Incarnation { directory, name: name.to_owned(), _lock: lock };
    // Between the listing and the lock somebody else may have finished with it.
    if namespace.open(name).is_err() {
        return Ok(None);
    }
    if name.starts_with(UNFINISHED_PREFIX) {
        let _ = incarnation.remove(namespace);
        return Ok(None);
    }
    Ok(Some(incarnation))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base() -> (tempfile::TempDir, Directory) {
        let path = tempfile::tempdir().unwrap();
        let directory = Directory::open_base(path.path()).unwrap();
        (path, directory)
    }

    #[test]
    fn only_the_dead_are_taken_over_and_by_one() {
        let (_path, base) = base();
        let namespace = open_namespace(&base, "service").unwrap();
        let first = Incarnation::create(&namespace).unwrap();
        let name = first.name.clone();
        assert!(born(&name).is_some());
        assert!(adopt(&namespace, &name).unwrap().is_none());
        drop(first);
        let adopted = adopt(&namespace, &name).unwrap().unwrap();
        assert!(adopt(&namespace, &name).unwrap().is_none());
        adopted.remove(&namespace).unwrap();
        assert!(candidates(&namespace, "").unwrap().is_empty());
    }

    #[test]
    fn one_that_is_being_made_survives_those_who_look_for_the_dead() {
        let (_path, base) = base();
        let done = std::sync::atomic::AtomicBool::new(false);
        std::thread::scope(|threads| {
            threads.spawn(|| {
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    for name in candidates(&base, "").unwrap_or_default() {
                        assert!(!matches!(adopt(&base, &name), Ok(Some(_))), "the living are not taken over");
                    }
                }
            });
            let made: Vec<_> = (0..100).map(|_| Incarnation::create(&base)).collect();
            done.store(true, std::sync::atomic::Ordering::Relaxed);
            for made in made {
                made.unwrap().remove(&base).unwrap();
            }
        });
    }

    #[test]
    fn namespaces_do_not_meet() {
        let (_path, base) = base();
        let names = ["a/b", "a_b", "a b", "", &"x".repeat(100), &"x".repeat(101)];
        let directories: std::collections::BTreeSet<_> =
            names.iter().map(|name| namespace_name(name)).collect();
        assert_eq!(directories.len(), names.len());
        for name in names {
            open_namespace(&base, name).unwrap();
        }
    }

    #[test]
    fn a_directory_that_is_put_aside_is_nobodys() {
        let (_path, base) = base();
        let dead = Incarnation::create(&base).unwrap().name;
        adopt(&base, &dead).unwrap().unwrap().quarantine(&base).unwrap();
        assert!(candidates(&base, "").unwrap().is_empty());
        assert_eq!(base.names().unwrap().len(), 1);
    }

    #[test]
    fn damaged_files_are_kept_and_not_without_end() {
        let (_path, base) = base();
        let damaged = BTreeSet::from(["1.segment".to_owned()]);
        for _ in 0..4 {
            let dead = Incarnation::create(&base).unwrap();
            dead.directory.write_file("1.segment", b"damaged").unwrap();
            dead.directory.write_file("2.segment", b"good").unwrap();
            dead.remove_but(&base, &damaged).unwrap();
        }
        assert!(candidates(&base, "").unwrap().is_empty());
        let kept = base.names().unwrap();
        assert_eq!(kept.len(), MOST_DAMAGED_DIRECTORIES);
        for name in kept {
            assert_eq!(base.open(&name).unwrap().names().unwrap(), ["1.segment"]);
        }
    }

    #[test]
    fn one_that_was_never_finished_is_removed() {
        let (_path, base) = base();
        let unfinished = base.make(".new-0-1-2").unwrap();
        unfinished.create_file(LOCK).unwrap();
        base.make(".new-0-1-3").unwrap();
        for name in candidates(&base, "").unwrap() {
            assert!(adopt(&base, &name).unwrap().is_none());
        }
        assert!(candidates(&base, "").unwrap().is_empty());
    }
}
