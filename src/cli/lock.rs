//! Who holds a data directory, seen without touching its lock: it is read from the system's table of locks, because to try a
//! lock would be to take it from a run that begins just now.

use std::fs::{self, Metadata};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// What is known of a directory's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lock {
    /// No run has been here.
    None,
    /// A run holds it: this process, as it says itself.
    Held(Option<u32>),
    /// Nobody holds it; this process did last.
    Free(Option<u32>),
    /// This system has no table of locks; this process took it last.
    Unknown(Option<u32>),
}

/// Looks at the lock of `dir`.
pub fn look(dir: &Path) -> Lock {
    let path = dir.join("LOCK");
    let pid = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse::<u32>().ok());
    let Ok(file) = fs::metadata(&path) else { return Lock::None };
    match fs::read_to_string("/proc/locks") {
        Ok(locks) if is_held(&locks, &file, pid) => Lock::Held(pid),
        Ok(_) => Lock::Free(pid),
        Err(_) => Lock::Unknown(pid),
    }
}

/// A process for people.
pub fn process(pid: Option<u32>) -> String {
    pid.map_or_else(|| "an unknown process".to_owned(), |pid| format!("process {pid}"))
}

/// Whether `/proc/locks` has a write lock (flock) on this file: the same device and inode, or, on a file system that shows
/// another device number than it gives, the same inode and the process named in the file.
fn is_held(locks: &str, file: &Metadata, pid: Option<u32>) -> bool {
    let device = format!("{:02x}:{:02x}", rustix::fs::major(file.dev()), rustix::fs::minor(file.dev()));
    locks.lines().any(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", owner, place, ..] = words[..] else { return false };
        let Some((on, inode)) = place.rsplit_once(':') else { return false };
        inode.parse() == Ok(file.ino()) && (on == device || (pid.is_some() && owner.parse().ok() == pid))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_is_found_by_device_or_by_its_holder() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("LOCK");
        fs::write(&path, "77\n").unwrap();
        let file = fs::metadata(&path).unwrap();
        let device = format!("{:02x}:{:02x}", rustix::fs::major(file.dev()), rustix::fs::minor(file.dev()));
        let line = |kind: &str, pid: u32, on: &str, inode: u64| format!("1: {kind} {pid} {on}:{inode} 0 EOF\n");
        let ino = file.ino();
        assert!(is_held(&line("FLOCK  ADVISORY  WRITE", 5, &device, ino), &file, None));
        assert!(is_held(&line("FLOCK  ADVISORY  WRITE", 77, "99:99", ino), &file, Some(77)));
        assert!(!is_held(&line("FLOCK  ADVISORY  WRITE", 5, "99:99", ino), &file, Some(77)));
        assert!(!is_held(&line("FLOCK  ADVISORY  WRITE", 5, &device, ino + 1), &file, Some(5)));
        assert!(!is_held(&line("POSIX  ADVISORY  WRITE", 5, &device, ino), &file, None));
        assert!(!is_held("1: -> garbage\n\n", &file, None));
    }

    #[test]
    fn a_directory_without_a_lock_was_never_used() {
        assert_eq!(look(tempfile::tempdir().unwrap().path()), Lock::None);
    }
}
