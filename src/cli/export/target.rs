//! Where an export goes. A file appears under its name only when all of it is on disk; a stream is written as it comes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, IsTerminal, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::super::failure::{AGAIN, Failure, IO, USAGE};
use super::super::signals;
use super::Format;
use crate::fault::Fault;
use crate::ledger::JobRow;
use crate::run::Shutdown;

/// Bytes handed to the operating system at once.
const BUFFER_BYTES: usize = 1 << 20;

/// Why writing stopped.
#[derive(Debug)]
pub enum Stop {
    /// The reader of a pipe has seen enough.
    Quiet,
    /// It failed.
    Failed(Failure),
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<Fault> for Stop {
    fn from(fault: Fault) -> Self {
        Self::Failed(fault.into())
    }
}

/// The open output, and how to tell that nobody wants it any more.
pub struct Out<'o> {
    /// Where to write.
    pub to: BufWriter<&'o mut (dyn Write + Send)>,
    /// Its name, for messages.
    pub name: &'o str,
    /// Set once somebody wants to stop; a stream has nothing to tidy up and simply ends.
    pub stop: Option<&'o Shutdown>,
}

impl<'o> Out<'o> {
    fn new(to: &'o mut (dyn Write + Send), name: &'o str, stop: Option<&'o Shutdown>) -> Self {
        Self { to: BufWriter::with_capacity(BUFFER_BYTES, to), name, stop }
    }

    /// What an error of writing means.
    pub fn unwritten(name: &str, error: &io::Error) -> Stop {
        match error.kind() {
            ErrorKind::BrokenPipe => Stop::Quiet,
            _ => Stop::Failed(Failure::writing(name, error)),
        }
    }

    /// Whether somebody wants to stop.
    pub fn interrupted(&self) -> Option<Stop> {
        let is_asked = self.stop.is_some_and(|stop| *stop.borrow());
        is_asked.then(|| Failure::new(AGAIN, format!("interrupted: {} was not written", self.name)).into())
    }
}

/// Where an export goes.
#[derive(Debug, PartialEq, Eq)]
pub enum Target {
    /// Standard output, or a pipe or device that exists: written as it comes.
    Stream(Option<PathBuf>),
    /// A regular file, there or not yet: written beside it, then renamed.
    File(PathBuf),
}

impl Target {
    /// What a name means for a format.
    ///
    /// # Errors
    /// If the name promises another format, is a directory or cannot be looked at; if it is a terminal and the format binary.
    pub fn of(path: &Path, format: Format) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            if format == Format::Parquet && io::stdout().is_terminal() {
                return Err(
                    Failure::new(USAGE, "Parquet is nothing for a terminal").hint("name a file: `-o FILE.parquet`")
                );
            }
            return Ok(Self::Stream(None));
        }
        let shown = name(path);
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if matches!(extension.as_str(), "gz" | "bgz" | "bgzf" | "bcf" | "zst") {
            return Err(Failure::new(USAGE, format!("{shown}: an export is not compressed, its name says it is"))
                .hint("`vcf-agent export JOB | bgzip > FILE.vcf.gz`"));
        }
        match fs::metadata(path) {
            Ok(found) if found.is_dir() => {
                Err(Failure::new(USAGE, format!("{shown} is a directory: name a file in it")))
            }
            // Through a symbolic link: the file behind it is replaced, the link stays.
            Ok(found) if found.is_file() => {
                let real = fs::canonicalize(path);
                real.map(Self::File).map_err(|error| Failure::new(IO, format!("cannot use {shown}: {error}")))
            }
            Ok(_) => Ok(Self::Stream(Some(path.to_owned()))),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::File(path.to_owned())),
            Err(error) => Err(Failure::new(IO, format!("cannot use {shown}: {error}"))),
        }
    }

    /// Refuses to replace the file that the job read, by whatever name: what is no record is nowhere else.
    ///
    /// # Errors
    /// If it is that file.
    pub fn spares_the_source(&self, row: &JobRow) -> Result<(), Failure> {
        let Self::File(path) = self else { return Ok(()) };
        let identity = |path: &Path| fs::metadata(path).map(|found| (found.dev(), found.ino())).ok();
        match (identity(path), identity(Path::new(&row.file))) {
            (Some(target), Some(source)) if target == source => {
                let message =
                    format!("{} is the file that job {} read: an export never replaces it", name(path), row.job);
                Err(Failure::new(USAGE, message).hint("name another file"))
            }
            _ => Ok(()),
        }
    }

    /// Opens it, lets `write` write, and finishes it; of a file that could not be written nothing is left.
    ///
    /// # Errors
    /// If it cannot be opened or finished, or as `write`.
    pub fn write<T>(&self, write: impl FnOnce(Out<'_>) -> Result<T, Stop>) -> Result<T, Stop> {
        match self {
            Self::Stream(None) => write(Out::new(&mut io::stdout(), "standard output", None)),
            Self::Stream(Some(path)) => {
                let opened = OpenOptions::new().write(true).open(path);
                let mut opened = opened.map_err(|error| failed("open", path, &error))?;
                write(Out::new(&mut opened, &name(path), None))
            }
            Self::File(path) => whole(path, |file, stop| write(Out::new(file, &name(path), Some(stop)))),
        }
    }
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn failed(what: &str, path: &Path, error: &io::Error) -> Stop {
    Stop::Failed(Failure::new(IO, format!("cannot {what} {}: {error}", name(path))))
}

/// Writes beside `path` and renames when all of it is durable; leaves nothing behind otherwise.
fn whole<T>(path: &Path, write: impl FnOnce(&mut File, &Shutdown) -> Result<T, Stop>) -> Result<T, Stop> {
    let shutdown = signals::watch(|line| eprintln!("{line}"), || false);
    let shutdown = shutdown.map_err(|error| failed("watch for signals while writing", path, &error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = path.file_name().unwrap_or_default().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let part = Part(folder.join(beside));
    let mut file = File::create_new(&part.0).map_err(|error| failed("create", path, &error))?;
    let written = write(&mut file, &shutdown)?;
    file.sync_all().map_err(|error| failed("sync", path, &error))?;
    fs::rename(&part.0, path).map_err(|error| failed("name", path, &error))?;
    File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| failed("sync the folder of", path, &error))?;
    Ok(written)
}

/// An unfinished file; gone when this goes, unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing to remove.
        let _ = fs::remove_file(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_promises_another_format_is_refused() {
        for name in ["a.vcf.gz", "a.BCF", "a.vcf.zst", "a.tsv.gz"] {
            assert_eq!(Target::of(Path::new(name), Format::Vcf).unwrap_err().code, 64);
        }
    }

    #[test]
    fn a_device_is_written_to_and_never_replaced() {
        let of = |path: &Path| Target::of(path, Format::Tsv);
        assert_eq!(of(Path::new("/dev/null")).unwrap(), Target::Stream(Some("/dev/null".into())));
        assert_eq!(of(Path::new("-")).unwrap(), Target::Stream(None));
        assert_eq!(of(&std::env::temp_dir()).unwrap_err().code, 64);
    }

    #[test]
    fn a_link_stays_and_the_file_behind_it_is_the_target() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("real.vcf"), dir.path().join("link.vcf"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(Target::of(&link, Format::Vcf).unwrap(), Target::File(file.canonicalize().unwrap()));
        let absent = dir.path().join("absent.vcf");
        assert_eq!(Target::of(&absent, Format::Vcf).unwrap(), Target::File(absent));
    }
}
