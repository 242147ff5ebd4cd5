//! The data directory and its lock: one writing process at a time, for the whole of its life.
//!
//! The lock is the operating system's (`flock`), so it goes with the process whatever ends it; the pid written beside it only
//! serves to name the holder.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::durable;
use crate::fault::Fault;

/// Version of the directory's layout, in the file `VERSION`.
const VERSION: &str = "vcf-agent data 1\n";

/// A data directory that this process may write to. Dropping it gives the lock back.
#[derive(Debug)]
pub struct DataDir {
    path: PathBuf,
    _lock: File,
}

/// Why a data directory cannot be written to.
#[derive(Debug)]
pub enum OpenError {
    /// Another process holds it.
    Busy {
        /// The holder, if it could be read.
        pid: Option<u32>,
        /// The directory.
        path: PathBuf,
    },
    /// It cannot be used.
    Fault(Fault),
}

impl std::fmt::Display for OpenError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Busy { pid, path } => {
                let holder = pid.map_or("another process".to_owned(), |pid| format!("process {pid}"));
                write!(
                    f,
                    "{} is in use by {holder}: wait for it (--wait), or choose another --data-dir",
                    path.display()
                )
            }
            Self::Fault(fault) => fault.fmt(f),
        }
    }
}

impl DataDir {
    /// Creates the directory if needed and takes its lock; with `wait`, waits until the holder is gone.
    ///
    /// # Errors
    /// [`OpenError::Busy`] if another process writes to it; a fault if it cannot be created, or was made by another version.
    pub fn lock(path: &Path, wait: bool) -> Result<Self, OpenError> {
        let fault = |what: &str, error: &std::io::Error| {
            OpenError::Fault(Fault::io(format!("{what} {}", path.display()), error))
        };
        durable::create_folder(path).map_err(|fault| OpenError::Fault(fault.context("the data directory")))?;
        let path = path.canonicalize().map_err(|e| fault("cannot open the data directory", &e))?;
        let mut lock = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path.join("LOCK"))
            .map_err(|e| fault("cannot open the lock of", &e))?;
        loop {
            match lock.try_lock() {
                Ok(()) => break,
                Err(TryLockError::WouldBlock) if wait => std::thread::sleep(Duration::from_millis(100)),
                Err(TryLockError::WouldBlock) => return Err(OpenError::Busy { pid: holder(&mut lock), path }),
                Err(TryLockError::Error(e)) => return Err(fault("cannot lock", &e)),
            }
        }
        write_holder(&mut lock).map_err(|e| fault("cannot write the lock of", &e))?;
        check_version(&path).map_err(OpenError::Fault)?;
        Ok(Self { path, _lock: lock })
    }

    /// Where it is (absolute).
    pub fn path(&self) -> &Path {
        &self.path
    }
}

fn holder(lock: &mut File) -> Option<u32> {
    let mut text = String::new();
    lock.rewind().ok()?;
    lock.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

fn write_holder(lock: &mut File) -> std::io::Result<()> {
    lock.set_len(0)?;
    lock.rewind()?;
    writeln!(lock, "{}", std::process::id())
}

fn check_version(path: &Path) -> Result<(), Fault> {
    let file = path.join("VERSION");
    match fs::read_to_string(&file) {
        Ok(text) if text == VERSION => Ok(()),
        // Made by something else that was cut short (this program renames it into place when it is whole).
        Ok(text) if text.is_empty() => write_version(path, &file),
        Ok(text) => Err(Fault::permanent(format!(
            "{} was made by another version ({}): use the vcf-agent that made it, or another --data-dir",
            path.display(),
            text.trim().escape_default()
        ))),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => write_version(path, &file),
        Err(error) => Err(Fault::io(format!("cannot read {}", file.display()), &error)),
    }
}

/// Whole or not there, whatever happens meanwhile.
fn write_version(folder: &Path, file: &Path) -> Result<(), Fault> {
    let hidden = folder.join(".VERSION.tmp");
    let written =
        File::create(&hidden).and_then(|mut new| new.write_all(VERSION.as_bytes()).and_then(|()| new.sync_all()));
    written.map_err(|error| Fault::io(format!("cannot write {}", hidden.display()), &error))?;
    durable::rename(&hidden, file)?;
    durable::sync_folder(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_writer_is_refused_with_the_holders_pid() {
        let dir = tempfile::tempdir().unwrap();
        let first = DataDir::lock(dir.path(), false).unwrap();
        match DataDir::lock(dir.path(), false) {
            Err(OpenError::Busy { pid, .. }) => assert_eq!(pid, Some(std::process::id())),
            other => panic!("{other:?}"),
        }
        drop(first);
        DataDir::lock(dir.path(), false).unwrap();
    }

    #[test]
    fn a_version_that_was_never_written_is_written() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("VERSION"), "").unwrap();
        drop(DataDir::lock(dir.path(), false).unwrap());
        assert_eq!(fs::read_to_string(dir.path().join("VERSION")).unwrap(), VERSION);
        assert!(!dir.path().join(".VERSION.tmp").exists());
    }

    #[test]
    fn another_version_is_refused_and_nothing_is_changed() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("VERSION"), "vcf-agent data 9\n").unwrap();
        let error = DataDir::lock(dir.path(), false).unwrap_err().to_string();
        assert!(error.contains("vcf-agent data 9"), "{error}");
    }
}
