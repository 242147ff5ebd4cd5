//! Header, then segments of complete lines. The bounds of segments are a pure function of the decompressed bytes and the
//! limits: how the bytes arrive or were compressed changes nothing (on a pipe, time closes a segment too).

mod frames;

use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use memchr::memchr;
use serde::{Deserialize, Serialize};

use super::bcf;
use super::container::{Container, Piece, refuse_other_formats};
use super::cuts::{Cuts, Cutting};
use super::header::{self, Header};
use super::{ReadError, ReadLimits};
use crate::domain::dead::RAW_BYTES_MAX;
use crate::domain::ids::FileDigest;

pub use super::container::file_digest;

/// What the bytes of a segment are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Form {
    /// Lines of text.
    Text,
    /// Frames of BCF records.
    Bcf {
        /// The most text that they become (bytes).
        text_bytes_max: u64,
    },
}

/// One segment's text and where it stands.
#[derive(Clone, PartialEq, Eq)]
pub struct RawSegment {
    /// 0-based number.
    pub index: u32,
    /// Ordinal of its first data line.
    pub first_ordinal: u64,
    /// Data lines in it (no blank lines, no late `#` lines).
    pub records: u32,
    /// 1-based line number of its first line.
    pub first_line: u64,
    /// Byte offset (decompressed) of its first line.
    pub offset: u64,
    /// Complete lines with their line ends (the last may lack one), blank and late `#` lines included. For an over-long line:
    /// its first 64 KiB, without a line end.
    ///
    /// Of a BCF: whole frames; each counts as one line, after the lines of the header.
    pub text: Vec<u8>,
    /// What `text` is.
    pub form: Form,
    /// The whole length of the segment's only line, without its line end, if that is over the line limit.
    pub oversize_bytes: Option<u64>,
}

impl RawSegment {
    /// Bytes of text that it is, or at most becomes.
    pub fn text_bytes(&self) -> u64 {
        match self.form {
            Form::Text => self.text.len() as u64,
            Form::Bcf { text_bytes_max } => text_bytes_max,
        }
    }
}

/// What [`Reader::next`] found.
pub enum Next {
    /// The next segment.
    Segment(RawSegment),
    /// Nothing arrived for `flush_interval_ms` (pipes only): ask again.
    Idle,
    /// The sound end of the file.
    End(FileEnd),
}

/// What is known at the end of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileEnd {
    /// Bytes as stored.
    pub bytes: u64,
    /// SHA-256 of them.
    pub digest: FileDigest,
    /// Segments.
    pub segments: u32,
    /// Data lines.
    pub records: u64,
}

/// A file being read.
pub struct Reader {
    header: Header,
    limits: ReadLimits,
    /// Of a pipe: there time closes segments too.
    pipe: Option<Cutting>,
    input: Input,
    open: OpenSegment,
    end: Option<FileEnd>,
}

/// Decompressed pieces.
struct Input {
    container: Container,
    inflated: u64,
    inflated_max: u64,
    /// After the first error nothing more may come, however often somebody asks: what follows damage is not to be trusted.
    failed: Option<ReadError>,
}

enum Fetched {
    Bytes(Vec<u8>),
    Idle,
    End(FileEnd),
}

impl Input {
    fn fetch(&mut self, wait_ms: Option<u64>) -> Result<Fetched, ReadError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        self.fetch_more(wait_ms).inspect_err(|error| self.failed = Some(error.clone()))
    }

    fn fetch_more(&mut self, wait_ms: Option<u64>) -> Result<Fetched, ReadError> {
        match self.container.next(wait_ms)? {
            Piece::Bytes(bytes) => {
                self.inflated += bytes.len() as u64;
                if self.inflated > self.inflated_max {
                    let max = self.inflated_max;
                    return Err(ReadError::input(format!(
                        "it inflates to more than {max} bytes (inflated_bytes_max): raise the limit if that is right"
                    )));
                }
                Ok(Fetched::Bytes(bytes))
            }
            Piece::Idle => Ok(Fetched::Idle),
            Piece::End(totals) => {
                Ok(Fetched::End(FileEnd { bytes: totals.bytes, digest: totals.digest, segments: 0, records: 0 }))
            }
        }
    }
}

/// The segment being filled: complete lines, then whatever has arrived after them.
#[derive(Default)]
struct OpenSegment {
    index: u32,
    first_ordinal: u64,
    records: u32,
    first_line: u64,
    lines: u64,
    offset: u64,
    text: Vec<u8>,
    /// Bytes of `text` that are lines of this segment.
    complete: usize,
    /// Bytes of `text` in which no further line end is.
    scanned: usize,
    /// A line over the limit, of which `text` keeps the beginning only.
    oversize: Option<Oversize>,
    opened_at: Option<Instant>,
    /// Of a BCF only.
    frames: Option<frames::Frames>,
}

/// What has arrived of an over-long line.
struct Oversize {
    bytes: u64,
    last: u8,
}

impl OpenSegment {
    /// Finds the end of the segment in what has arrived; `None` if more must arrive first.
    fn advance(&mut self, limits: &ReadLimits, at_end: bool, pipe: &mut Option<Cutting>) -> Option<RawSegment> {
        loop {
            let next = memchr(b'\n', &self.text[self.scanned..]).map(|nth| self.scanned + nth + 1);
            let end = match next {
                Some(end) => end,
                None if at_end && self.text.len() > self.complete => self.text.len(),
                None => {
                    self.scanned = self.text.len();
                    return self.watch_line(limits);
                }
            };
            let line = &self.text[self.complete..end];
            let bytes = without_line_end(line).len();
            let too_long = bytes > limits.line_bytes_max;
            if self.complete > 0 && (too_long || end > limits.segment_bytes_max) {
                return Some(self.close());
            }
            let is_data = is_data(line);
            self.complete = end;
            self.scanned = end;
            self.lines += 1;
            self.records += u32::from(is_data);
            if too_long {
                return Some(self.close_oversize(bytes));
            }
            let is_cut = |pipe: &mut Cutting| pipe.is_known(self.offset + end as u64);
            if self.records as usize >= limits.segment_lines_max || pipe.as_mut().is_some_and(is_cut) {
                return Some(self.close());
            }
        }
    }

    /// A begun line that is over the limit already: only its beginning is kept from here on.
    fn watch_line(&mut self, limits: &ReadLimits) -> Option<RawSegment> {
        let begun = &self.text[self.complete..];
        // A carriage return may turn out to be half of the line end.
        if without_line_end(begun).len() <= limits.line_bytes_max {
            return None;
        }
        if self.complete > 0 {
            return Some(self.close());
        }
        self.oversize = begun.last().map(|&last| Oversize { bytes: begun.len() as u64, last });
        self.text.truncate(RAW_BYTES_MAX);
        None
    }

    /// Takes a piece; returns the segment of an over-long line that ends in it.
    fn push(&mut self, piece: Vec<u8>) -> Option<RawSegment> {
        let Some(oversize) = &mut self.oversize else {
            if self.text.is_empty() && self.text.capacity() < piece.len() {
                self.text = piece;
            } else {
                self.text.extend_from_slice(&piece);
            }
            return None;
        };
        let line_end = memchr(b'\n', &piece);
        let more = &piece[..line_end.unwrap_or(piece.len())];
        oversize.bytes += more.len() as u64;
        oversize.last = more.last().copied().unwrap_or(oversize.last);
        let kept = more.len().min(RAW_BYTES_MAX.saturating_sub(self.text.len()));
        self.text.extend_from_slice(&more[..kept]);
        let segment = line_end.and_then(|_| self.end_oversize(1))?;
        self.text.extend_from_slice(&piece[more.len() + 1..]);
        Some(segment)
    }

    /// The segment of an over-long line whose end was met after its beginning had been cut; `line_end` bytes ended it.
    fn end_oversize(&mut self, line_end: u64) -> Option<RawSegment> {
        let Oversize { bytes, last } = self.oversize.take()?;
        self.lines = 1;
        self.records = u32::from(is_data(&self.text));
        self.complete = self.text.len();
        let kept = self.text.len() as u64;
        let mut segment = self.close();
        segment.oversize_bytes = Some(bytes - u64::from(last == b'\r'));
        self.offset += bytes + line_end - kept;
        Some(segment)
    }

    /// The segment of an over-long line that is here as a whole: the same as if it had come in pieces.
    fn close_oversize(&mut self, bytes: usize) -> RawSegment {
        let mut segment = self.close();
        if segment.text.ends_with(b"\n") {
            segment.text.pop();
        }
        segment.text.truncate(RAW_BYTES_MAX);
        segment.oversize_bytes = Some(bytes as u64);
        segment
    }

    /// Cuts the complete lines off.
    fn close(&mut self) -> RawSegment {
        let rest = self.text[self.complete..].to_vec();
        let mut text = std::mem::replace(&mut self.text, rest);
        text.truncate(self.complete);
        let segment = RawSegment {
            index: self.index,
            first_ordinal: self.first_ordinal,
            records: self.records,
            first_line: self.first_line,
            offset: self.offset,
            text,
            form: self.frames.as_mut().map_or(Form::Text, frames::Frames::close),
            oversize_bytes: None,
        };
        self.index += 1;
        self.first_ordinal += u64::from(self.records);
        self.first_line += self.lines;
        self.offset += self.complete as u64;
        (self.records, self.lines, self.complete, self.scanned, self.opened_at) = (0, 0, 0, 0, None);
        segment
    }
}

fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Whether a line is a record: neither blank nor a late `#` line.
pub fn is_data(line: &[u8]) -> bool {
    !matches!(line, [] | [b'#', ..] | b"\n" | b"\r\n" | b"\r")
}

impl Reader {
    /// Detects the container, reads the header. `live` is true for a pipe that is read once: then segments are also closed by time.
    ///
    /// # Errors
    /// If the container is unsound, or the header is not one of a VCF.
    pub fn open(input: Box<dyn Read + Send>, live: bool, limits: ReadLimits) -> Result<Self, ReadError> {
        Self::open_as(input, live.then(|| Arc::<Cuts>::default().begin()), limits)
    }

    /// As [`Reader::open`], for one of several readings of the same pipe.
    ///
    /// # Errors
    /// As [`Reader::open`].
    pub fn open_as(input: Box<dyn Read + Send>, pipe: Option<Cutting>, limits: ReadLimits) -> Result<Self, ReadError> {
        let container = Container::open(input, &limits)?;
        let mut input = Input { container, inflated: 0, inflated_max: limits.inflated_bytes_max, failed: None };
        let (text, end) = header_text(&mut input, &limits)?;
        if bcf::header::is_bcf(&text) {
            return Self::open_bcf(input, (text, end), pipe, limits);
        }
        let used = header::len(&text, limits.header_bytes_max)?;
        let header = header::parse(&text[..used])?;
        let open = OpenSegment {
            first_line: header.lines + 1,
            offset: used as u64,
            text: text[used..].to_vec(),
            ..OpenSegment::default()
        };
        Ok(Self { header, limits, pipe, input, open, end })
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Bytes as stored that were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.input.container.bytes_read()
    }

    /// Blocks for the next segment. `recycled` is an old segment's buffer.
    ///
    /// # Errors
    /// If the file is truncated, corrupt or unreadable: nothing more comes.
    pub fn next(&mut self, recycled: Option<Vec<u8>>) -> Result<Next, ReadError> {
        if let Some(mut recycled) = recycled
            && recycled.capacity() > self.open.text.capacity()
        {
            recycled.clear();
            recycled.extend_from_slice(&self.open.text);
            self.open.text = recycled;
        }
        loop {
            let closed = match &self.open {
                OpenSegment { frames: Some(_), .. } => {
                    self.open.advance_frames(&self.limits, self.end.is_some(), &mut self.pipe)?
                }
                OpenSegment { oversize: Some(_), .. } => None,
                _ => self.open.advance(&self.limits, self.end.is_some(), &mut self.pipe),
            };
            if let Some(segment) = closed {
                return Ok(self.hand_out(segment, false));
            }
            if let Some(end) = self.end.clone() {
                return Ok(self.finish(end));
            }
            if self.pipe.is_some() && self.open.complete > 0 && self.open.opened_at.is_none() {
                self.open.opened_at = Some(Instant::now());
            }
            match self.input.fetch(self.wait_ms())? {
                Fetched::Bytes(piece) => {
                    if let Some(segment) = self.open.push(piece) {
                        return Ok(self.hand_out(segment, false));
                    }
                }
                Fetched::Idle if self.is_due() => return Ok(self.close_by_time()),
                Fetched::Idle => return Ok(Next::Idle),
                Fetched::End(end) => self.end = Some(end),
            }
            // A pipe that never pauses must not keep a small segment open for ever.
            if self.is_due() {
                return Ok(self.close_by_time());
            }
        }
    }

    /// How long to wait for more on a pipe: until the open segment is due, or one interval.
    fn wait_ms(&self) -> Option<u64> {
        let interval = self.limits.flush_interval_ms.max(1);
        let age = self.open.opened_at.map_or(0, |at| at.elapsed().as_millis() as u64);
        self.pipe.is_some().then(|| interval.saturating_sub(age).max(1))
    }

    fn is_due(&self) -> bool {
        let interval = Duration::from_millis(self.limits.flush_interval_ms);
        let is_old = self.open.complete > 0 && self.open.opened_at.is_some_and(|at| at.elapsed() >= interval);
        is_old && self.pipe.as_ref().is_some_and(|pipe| pipe.may_cut(self.open.offset))
    }

    fn close_by_time(&mut self) -> Next {
        let segment = self.open.close();
        self.hand_out(segment, true)
    }

    fn hand_out(&self, segment: RawSegment, by_time: bool) -> Next {
        // Closed: what is open now begins where it ended.
        self.pipe.iter().for_each(|pipe| pipe.handed_out(self.open.offset, by_time));
        Next::Segment(segment)
    }

    /// No more bytes: closes what is left, then says how much there was.
    fn finish(&mut self, end: FileEnd) -> Next {
        if let Some(segment) = self.open.end_oversize(0) {
            return self.hand_out(segment, false);
        }
        if self.open.complete > 0 {
            let segment = self.open.close();
            return self.hand_out(segment, false);
        }
        Next::End(FileEnd { segments: self.open.index, records: self.open.first_ordinal, ..end })
    }
}

/// Reads until the header is whole, surely too long, or known to be that of a BCF; `Some` end if the input ended with it.
fn header_text(input: &mut Input, limits: &ReadLimits) -> Result<(Vec<u8>, Option<FileEnd>), ReadError> {
    let mut text = Vec::new();
    let mut scanned = 0;
    loop {
        match input.fetch(None)? {
            Fetched::Bytes(piece) => text.extend_from_slice(&piece),
            Fetched::Idle => {}
            Fetched::End(end) => return Ok((text, Some(end))),
        }
        refuse_other_formats(&text)?;
        // A little more than the limit, so that what is said does not depend on how the bytes arrive.
        let too_long = text.len() > limits.header_bytes_max + 2 * header::SHOWN_BYTES_MAX;
        if bcf::header::is_bcf(&text) || header::is_whole(&text, &mut scanned) || too_long {
            return Ok((text, None));
        }
    }
}
