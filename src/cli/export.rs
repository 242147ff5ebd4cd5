//! `export JOB`: a job's records as the file they came from. Each line is digested while it is written; a file appears under its
//! name only when all of it is on disk and is exactly what was read.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::Global;
use super::failure::{AGAIN, Failure, IO, NO_PROOF, USAGE};
use super::home::Home;
use super::lines::rewrite;
use super::render::{text, thousands};
use super::signals;
use crate::delivery::job::JobState;
use crate::fault::Fault;
use crate::ledger::JobRow;
use crate::report::expected_line_digest_sum;
use crate::run::Shutdown;

/// Bytes handed to the operating system at once.
const BUFFER_BYTES: usize = 1 << 20;

/// Records between two looks at whether somebody wants to stop.
const RECORDS_PER_LOOK: u32 = 4096;

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A job's id (or its beginning), the VCF file it read, or `last`
    #[arg(value_name = "JOB")]
    job: String,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Vcf)]
    format: Format,
    /// Where to: it appears under this name only when it is whole; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// Formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The header as read, then every record that is not a dead letter, byte for byte, in the order of the file; plain text (of a BCF: as `bcftools view` prints it)
    Vcf,
}

/// Why writing stopped.
enum Stop {
    /// The reader of a pipe has seen enough.
    Quiet,
    /// It failed.
    Failed(Failure),
}

/// Writes the file.
///
/// # Errors
/// If the job is not complete, the store or the output fails, or what was written is not what was read.
pub fn run(global: &Global, args: &ExportArgs) -> Result<u8, Failure> {
    let Format::Vcf = args.format;
    let home = Home::open(global)??;
    let target = Target::of(&args.output)?;
    let row = home.find(&args.job)?;
    if row.state != JobState::Complete {
        return Err(not_complete(&row));
    }
    let written = match &target {
        Target::Stream(None) => write(&home, &row, &mut io::stdout().lock(), "standard output", None),
        Target::Stream(Some(path)) => stream(path).and_then(|mut to| write(&home, &row, &mut to, &name(path), None)),
        Target::File(path) => whole(&home, &row, path),
    };
    let records = match written {
        Ok(records) => records,
        Err(Stop::Quiet) => return Ok(0),
        Err(Stop::Failed(failure)) => return Err(failure),
    };
    let dead = home.ledger.sums(&row.job)?.dead_letters;
    if dead > 0 {
        let list = global.command(&format!("dlq ls {}", row.job));
        eprintln!(
            "note: {} records written; {} dead letters are not in it: `{list}`",
            thousands(records),
            thousands(dead)
        );
    }
    Ok(0)
}

fn not_complete(row: &JobRow) -> Failure {
    let message =
        format!("job {} ({}) is {}: only a COMPLETE job has rows to export", row.job, text(&row.file), row.state);
    let code = if row.state.is_running() { AGAIN } else { USAGE };
    Failure::new(code, message)
}

/// Where an export goes.
#[derive(Debug, PartialEq, Eq)]
enum Target {
    /// Standard output, or a pipe or device that exists: written as it comes.
    Stream(Option<PathBuf>),
    /// A regular file, there or not yet: written beside it, then renamed.
    File(PathBuf),
}

impl Target {
    fn of(path: &Path) -> Result<Self, Failure> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stream(None));
        }
        let shown = name(path);
        let extension = path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
        if matches!(extension.as_str(), "gz" | "bgz" | "bgzf" | "bcf" | "zst") {
            return Err(Failure::new(USAGE, format!("{shown}: an export is plain text, its name says it is not"))
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
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

fn stream(path: &Path) -> Result<File, Stop> {
    let opened = OpenOptions::new().write(true).open(path);
    opened.map_err(|error| Stop::Failed(Failure::new(IO, format!("cannot open {}: {error}", path.display()))))
}

/// Writes beside `path` and renames when all of it is durable; leaves nothing behind otherwise.
fn whole(home: &Home, row: &JobRow, path: &Path) -> Result<u64, Stop> {
    let failed =
        |what: &str, error: io::Error| Stop::Failed(Failure::new(IO, format!("cannot {what} {}: {error}", name(path))));
    let shutdown = signals::watch(|line| eprintln!("{line}"), || false);
    let shutdown = shutdown.map_err(|error| failed("watch for signals while writing", error))?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut beside = path.file_name().unwrap_or_default().to_owned();
    beside.push(format!(".{}.part", std::process::id()));
    let part = Part(folder.join(beside));
    let mut file = File::create_new(&part.0).map_err(|error| failed("create", error))?;
    let records = write(home, row, &mut file, &name(path), Some(&shutdown))?;
    file.sync_all().map_err(|error| failed("sync", error))?;
    fs::rename(&part.0, path).map_err(|error| failed("name", error))?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|error| failed("sync the folder of", error))?;
    Ok(records)
}

/// An unfinished file; gone when this goes, unless it was renamed.
struct Part(PathBuf);

impl Drop for Part {
    fn drop(&mut self) {
        // After the rename there is nothing to remove.
        let _ = fs::remove_file(&self.0);
    }
}

/// Writes header and records; returns how many records.
fn write(home: &Home, row: &JobRow, to: &mut dyn Write, name: &str, stop: Option<&Shutdown>) -> Result<u64, Stop> {
    let fail = |failure: Failure| Stop::Failed(failure);
    let store = home.store().map_err(fail)?;
    let header = home.ledger.header(&row.job).map_err(|fault| fail(fault.into()))?;
    let mut to = BufWriter::with_capacity(BUFFER_BYTES, to);
    to.write_all(&header).map_err(|error| unwritten(name, &error))?;
    let (mut stopped, mut until_look) = (None, RECORDS_PER_LOOK);
    let rewritten = rewrite(&*store, &row.job, &mut |line| {
        until_look -= 1;
        if until_look == 0 {
            until_look = RECORDS_PER_LOOK;
            if stop.is_some_and(|stop| *stop.borrow()) {
                stopped = Some(fail(Failure::new(AGAIN, format!("interrupted: {name} was not written"))));
                return Err(Fault::transient("interrupted"));
            }
        }
        to.write_all(line).and_then(|()| to.write_all(b"\n")).map_err(|error| {
            stopped = Some(unwritten(name, &error));
            Fault::io(name, &error)
        })
    });
    let rewritten = match (stopped, rewritten) {
        (Some(stop), _) => return Err(stop),
        (None, Err(fault)) => {
            return Err(fail(Failure::new(NO_PROOF, format!("the rows of job {} cannot be read: {fault}", row.job))));
        }
        (None, Ok(rewritten)) => rewritten,
    };
    to.flush().map_err(|error| unwritten(name, &error))?;
    let sums = home.ledger.sums(&row.job).map_err(|fault| fail(fault.into()))?;
    if expected_line_digest_sum(row, &sums) != Some(rewritten.line_digest_sum) {
        let message = format!("what is stored of job {} is not what was read: the line digests differ", row.job);
        return Err(fail(Failure::new(NO_PROOF, message).hint("`vcf-agent receipt JOB --deep` says more")));
    }
    Ok(rewritten.records)
}

fn unwritten(name: &str, error: &io::Error) -> Stop {
    match error.kind() {
        ErrorKind::BrokenPipe => Stop::Quiet,
        _ => Stop::Failed(Failure::writing(name, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_promises_another_format_is_refused() {
        for name in ["a.vcf.gz", "a.BCF", "a.vcf.zst"] {
            assert_eq!(Target::of(Path::new(name)).unwrap_err().code, 64);
        }
    }

    #[test]
    fn a_device_is_written_to_and_never_replaced() {
        assert_eq!(Target::of(Path::new("/dev/null")).unwrap(), Target::Stream(Some("/dev/null".into())));
        assert_eq!(Target::of(Path::new("-")).unwrap(), Target::Stream(None));
        assert_eq!(Target::of(&std::env::temp_dir()).unwrap_err().code, 64);
    }

    #[test]
    fn a_link_stays_and_the_file_behind_it_is_the_target() {
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("real.vcf"), dir.path().join("link.vcf"));
        fs::write(&file, "old").unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert_eq!(Target::of(&link).unwrap(), Target::File(file.canonicalize().unwrap()));
        let absent = dir.path().join("absent.vcf");
        assert_eq!(Target::of(&absent).unwrap(), Target::File(absent));
    }
}
