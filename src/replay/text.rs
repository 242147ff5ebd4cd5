//! Which text of a dead letter is tried again: what a person gives, else what was kept, else, where that is cut, the file's own line. The
//! file must still be there with the bytes that were read.

use std::fs::File;
use std::path::PathBuf;

use crate::domain::dead::DeadLetter;
use crate::fault::Fault;
use crate::ledger::JobRow;
use crate::vcf::bcf::frame;
use crate::vcf::reader::{Form, Next, RawSegment, Reader, file_digest, is_data};
use crate::vcf::{ReadError, ReadErrorKind, ReadLimits};

/// A record's whole text, or why there is none.
pub type Found = Result<Vec<u8>, &'static str>;

/// What is kept is a record of a BCF, not a line.
const IS_FRAME: &str = "what is kept is a binary record of a BCF: give its text with --edit FILE";

/// The rest of a long line cannot be had again.
const IS_CUT: &str = "only the beginning of its text is kept, and the file is no longer there as it was read: give its text with --edit FILE";

/// Texts of one job's dead letters, asked for in the order of the file.
pub struct Texts<'j> {
    job: &'j JobRow,
    limits: ReadLimits,
    source: Source,
}

/// The file, read on as far as it was needed.
enum Source {
    /// Not needed yet.
    Closed,
    /// Not to be had.
    Gone,
    Open(Box<Reader>, Option<RawSegment>),
}

impl<'j> Texts<'j> {
    /// Nothing is read before it is needed.
    pub fn new(job: &'j JobRow, limits: &ReadLimits) -> Self {
        // All of it in one go: a line of any length that the limits of today allow.
        Self { job, limits: limits.clone(), source: Source::Closed }
    }

    /// The whole text of a dead letter. Letters must be asked for in ascending order.
    ///
    /// # Errors
    /// If the file is there but cannot be read.
    pub fn of(&mut self, letter: &DeadLetter) -> Result<Found, Fault> {
        if is_frame(letter) {
            return Ok(Err(IS_FRAME));
        }
        if letter.raw.len() as u64 == letter.raw_bytes {
            return Ok(Ok(letter.raw.clone()));
        }
        let line = self.line(letter.ordinal)?;
        // The digest of the file was compared before; this is about a file that changes just now.
        let is_same = |line: &Vec<u8>| line.len() as u64 == letter.raw_bytes && line.starts_with(&letter.raw);
        Ok(line.filter(is_same).ok_or(IS_CUT))
    }

    /// A line of the file by its number among the data lines.
    fn line(&mut self, ordinal: u64) -> Result<Option<Vec<u8>>, Fault> {
        if matches!(self.source, Source::Closed) {
            self.source = open(self.job, &self.limits)?;
        }
        let Source::Open(reader, held) = &mut self.source else { return Ok(None) };
        loop {
            if let Some(raw) = held
                && ordinal < raw.first_ordinal + u64::from(raw.records)
            {
                return Ok(line_of(raw, ordinal));
            }
            match reader.next(None).map_err(|error| unreadable(&error))? {
                Next::Segment(raw) => *held = Some(raw),
                Next::Idle => {}
                Next::End(_) => return Ok(None),
            }
        }
    }
}

/// Whether a letter holds a frame of a BCF: its two lengths tell. Four characters of a line would be a length that no limit allows.
pub fn is_frame(letter: &DeadLetter) -> bool {
    let length = usize::try_from(letter.raw_bytes).unwrap_or(usize::MAX);
    matches!(frame::len(&letter.raw, length), Ok(Some(bytes)) if bytes == length)
}

/// Nothing of a segment whose only line is longer than the limit: what is held of it is cut too.
fn line_of(raw: &RawSegment, ordinal: u64) -> Option<Vec<u8>> {
    if raw.form != Form::Text || raw.oversize_bytes.is_some() {
        return None;
    }
    let nth = usize::try_from(ordinal.checked_sub(raw.first_ordinal)?).ok()?;
    let line = raw.text.split_inclusive(|&byte| byte == b'\n').filter(|line| is_data(line)).nth(nth)?;
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    Some(line.strip_suffix(b"\r").unwrap_or(line).to_vec())
}

/// The file before its first record, if it still has the bytes that were read.
fn open(job: &JobRow, limits: &ReadLimits) -> Result<Source, Fault> {
    let path = PathBuf::from(&job.file);
    if job.is_pipe() || !path.is_file() {
        return Ok(Source::Gone);
    }
    let open = || File::open(&path).map_err(|error| Fault::io(format!("cannot open {}", path.display()), &error));
    let (digest, _) = file_digest(&mut open()?).map_err(|error| unreadable(&error))?;
    if job.file_digest != Some(digest) {
        return Ok(Source::Gone);
    }
    match Reader::open(Box::new(open()?), false, limits.clone()) {
        Ok(reader) => Ok(Source::Open(Box::new(reader), None)),
        Err(error) => Err(unreadable(&error)),
    }
}

fn unreadable(error: &ReadError) -> Fault {
    match error.kind {
        ReadErrorKind::Io => Fault::unavailable(error.to_string()),
        ReadErrorKind::Input => Fault::permanent(error.to_string()),
    }
}
