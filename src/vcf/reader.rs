//! Header, then segments of complete lines.
use super::header::Header;
use super::{ReadError, ReadLimits};
use crate::domain::ids::FileDigest;
use std::io::Read;

/// One segment's text and where it stands.
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
    /// Complete lines with their line ends (the last may lack one). For an over-long line: its first 64 KiB.
    pub text: Vec<u8>,
    /// The whole length of the segment's only line, if that is over the line limit.
    pub oversize_bytes: Option<u64>,
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
}

impl Reader {
    /// Detects the container, reads the header. `live` is true for a pipe: then segments are also closed by time.
    ///
    /// # Errors
    /// If the container is unsound, or the header is not one of a VCF.
    pub fn open(input: Box<dyn Read + Send>, live: bool, limits: ReadLimits) -> Result<Self, ReadError> {
        let _ = (input, live, limits);
        todo!()
    }

    /// The header.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Blocks for the next segment. `recycled` is an old segment's buffer.
    ///
    /// # Errors
    /// If the file is truncated, corrupt or unreadable: nothing more comes.
    pub fn next(&mut self, recycled: Option<Vec<u8>>) -> Result<Next, ReadError> {
        let _ = recycled;
        todo!()
    }
}

/// SHA-256 and length of a whole stream, as stored.
///
/// # Errors
/// If it cannot be read.
pub fn file_digest(input: &mut dyn Read) -> Result<(FileDigest, u64), ReadError> {
    let _ = input;
    todo!()
}
