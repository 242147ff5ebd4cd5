//! Where a job's bytes come from, as often as they are needed: a file is opened again, a pipe is kept in a spool.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::vcf::cuts::{Cuts, Cutting};

/// A source of bytes that can be read from its beginning more than once.
#[derive(Clone)]
pub enum Tap {
    /// A regular file.
    File(PathBuf),
    /// Standard input, a pipe or a device: what was read lies in the spool.
    Pipe(Arc<Spool>),
    /// Bytes in memory, under a name: for simulations.
    Bytes(Arc<str>, Arc<[u8]>),
}

impl Tap {
    /// A tap for `path`: a pipe or device is read like standard input, through a spool in `spool_dir`.
    ///
    /// # Errors
    /// If it cannot be opened, or is a directory.
    pub fn for_path(path: &Path, spool_dir: &Path) -> io::Result<Self> {
        let kind = std::fs::metadata(path)?.file_type();
        if kind.is_dir() {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory, not a file"));
        }
        if kind.is_fifo() || kind.is_char_device() || kind.is_socket() {
            let name = path.display().to_string();
            // Opening a FIFO waits for its writer, perhaps for ever: not here, but where the reading waits too.
            let live: Box<dyn Read + Send> = if kind.is_fifo() {
                rustix::fs::access(path, rustix::fs::Access::READ_OK)?;
                Box::new(Fifo::Closed(path.to_owned()))
            } else {
                Box::new(File::open(path)?)
            };
            return Ok(Self::Pipe(Arc::new(Spool::new(name, live, spool_dir)?)));
        }
        File::open(path)?;
        Ok(Self::File(path.to_owned()))
    }

    /// A tap for standard input.
    ///
    /// # Errors
    /// If the spool cannot be made.
    pub fn for_stdin(spool_dir: &Path) -> io::Result<Self> {
        Ok(Self::Pipe(Arc::new(Spool::new("-".into(), Box::new(io::stdin()), spool_dir)?)))
    }

    /// The name that receipts show.
    pub fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Pipe(spool) => spool.name.clone(),
            Self::Bytes(name, _) => name.to_string(),
        }
    }

    /// Whether its bytes cannot be had again once this process is gone.
    pub fn is_pipe(&self) -> bool {
        matches!(self, Self::Pipe(_))
    }

    /// One more reading from the beginning, of a pipe: it gives the segments that earlier ones gave.
    pub fn reading(&self) -> Option<Cutting> {
        match self {
            Self::Pipe(spool) => Some(spool.cuts.begin()),
            Self::File(_) | Self::Bytes(..) => None,
        }
    }

    /// Reads from the beginning.
    ///
    /// # Errors
    /// If it cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + Send>> {
        Ok(match self {
            Self::File(path) => Box::new(File::open(path)?),
            Self::Pipe(spool) => Box::new(SpoolReader { spool: spool.clone(), at: 0 }),
            Self::Bytes(_, bytes) => Box::new(io::Cursor::new(bytes.clone())),
        })
    }
}

/// A FIFO that is opened by whoever reads from it first.
enum Fifo {
    Closed(PathBuf),
    Open(File),
}

impl Read for Fifo {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if let Self::Closed(path) = self {
            *self = Self::Open(File::open(path)?);
        }
        match self {
            Self::Open(file) => file.read(into),
            Self::Closed(_) => Ok(0),
        }
    }
}

/// What was read from a pipe, kept so that lost segments can be read again. The file has no name any more once it is open:
/// it goes with the process, however that ends.
pub struct Spool {
    name: String,
    file: File,
    len: AtomicU64,
    cuts: Arc<Cuts>,
    live: Mutex<Option<Box<dyn Read + Send>>>,
}

impl Spool {
    fn new(name: String, live: Box<dyn Read + Send>, dir: &Path) -> io::Result<Self> {
        std::fs::create_dir_all(dir)?;
        let path = dir.join(format!("{}.spool", std::process::id()));
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        std::fs::remove_file(&path)?;
        Ok(Self { name, file, len: AtomicU64::new(0), cuts: Arc::default(), live: Mutex::new(Some(live)) })
    }

    /// Waits for bytes of the pipe, keeps them, hands them on. Holds the lock while it waits: a second reader has nothing
    /// better to do than to wait for the same bytes.
    fn read_live(&self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
        let len = self.len.load(Ordering::Acquire);
        if at < len {
            return self.file.read_at(into, at);
        }
        let Some(pipe) = live.as_mut() else { return Ok(0) };
        let n = pipe.read(into)?;
        if n == 0 {
            *live = None;
            return Ok(0);
        }
        write_at(&self.file, &into[..n], at).map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("cannot keep standard input in the spool (is the disk full?): {error}"),
            )
        })?;
        self.len.store(at + n as u64, Ordering::Release);
        Ok(n)
    }
}

fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    file.write_all_at(bytes, at)?;
    (&*file).flush()
}

struct SpoolReader {
    spool: Arc<Spool>,
    at: u64,
}

impl Read for SpoolReader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let kept = self.spool.len.load(Ordering::Acquire);
        let n = if self.at < kept {
            self.spool.file.read_at(into, self.at)?
        } else {
            self.spool.read_live(self.at, into)?
        };
        self.at += n as u64;
        Ok(n)
    }
}

/// A reader that ends with an error once `stop` is set.
pub struct Stoppable<R> {
    /// What is read.
    pub inner: R,
    /// Set from elsewhere.
    pub stop: Arc<AtomicBool>,
}

impl<R: Read> Read for Stoppable<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            return Err(io::Error::other("interrupted"));
        }
        self.inner.read(into)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_can_be_read_again_from_its_beginning_while_it_goes_on() {
        let dir = tempfile::tempdir().unwrap();
        let (mut write, read) = (io::pipe().unwrap(), ());
        let () = read;
        let spool = Arc::new(Spool::new("-".into(), Box::new(write.0), dir.path()).unwrap());
        let tap = Tap::Pipe(spool);
        write.1.write_all(b"abc").unwrap();
        let (mut one, mut two, mut bytes) = (tap.open().unwrap(), tap.open().unwrap(), [0; 8]);
        assert_eq!(one.read(&mut bytes).unwrap(), 3);
        assert_eq!((two.read(&mut bytes).unwrap(), &bytes[..3]), (3, &b"abc"[..]));
        write.1.write_all(b"de").unwrap();
        assert_eq!((two.read(&mut bytes).unwrap(), &bytes[..2]), (2, &b"de"[..]));
        drop(write.1);
        assert_eq!(two.read(&mut bytes).unwrap(), 0);
        let mut rest = String::new();
        one.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "de");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0, "a spool leaves no file behind");
    }
}
