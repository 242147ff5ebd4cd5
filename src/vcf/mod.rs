//! Reading and writing VCF: the only place that knows the format.
//!
//! | file | idea |
//! |---|---|
//! | [`container`] | plain, gzip or BGZF by magic bytes; SHA-256 of the bytes as stored; truncation is an error |
//! | [`cuts`] | where time has closed segments of a pipe |
//! | [`reader`] | header, then segments of complete lines |
//! | [`header`] | tolerant header, every raw line kept |
//! | `reserved` | Number and Type that the specification gives to keys |
//! | [`expansion`] | what a segment's rows will take in memory, before they are made |
//! | [`parse`] | one segment's text → rows, dead letters, warnings, digests |
//! | `oddities` | what is odd about a sound record, for a warning |
//! | [`info`] | one key of an INFO text, on demand |
//! | [`bcf`] | the same in binary: each record becomes its line of text |
//! | [`mod@write`] | rows → lines again, byte for byte |

pub mod bcf;
pub mod container;
pub mod cuts;
pub mod expansion;
pub mod header;
pub mod info;
mod oddities;
pub mod parse;
pub mod reader;
mod reserved;
pub mod write;

use std::fmt;

/// Limits of the reader (configuration `[ingest]`). The segment limits are part of the layout digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadLimits {
    /// A longer line is a dead letter (bytes; 16 MiB).
    pub line_bytes_max: usize,
    /// A longer header refuses the file (bytes; 64 MiB).
    pub header_bytes_max: usize,
    /// A segment ends after this many lines (4,096).
    pub segment_lines_max: usize,
    /// A segment ends before it grows beyond this much text, one line at least (bytes; 1 MiB).
    pub segment_bytes_max: usize,
    /// A record with more ALT entries is a dead letter (1,024).
    pub alts_max: usize,
    /// Inflated bytes beyond which a file is refused (200 GiB).
    pub inflated_bytes_max: u64,
    /// Threads that inflate BGZF blocks.
    pub inflate_threads: usize,
    /// On a pipe, a segment also ends this long after its first line arrived.
    pub flush_interval_ms: u64,
}

impl Default for ReadLimits {
    fn default() -> Self {
        Self {
            line_bytes_max: 16 << 20,
            header_bytes_max: 64 << 20,
            segment_lines_max: 4096,
            segment_bytes_max: 1 << 20,
            alts_max: 1024,
            inflated_bytes_max: 200 << 30,
            inflate_threads: 2,
            flush_interval_ms: 1000,
        }
    }
}

/// Why a file cannot be read (any further).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadErrorKind {
    /// The bytes are not a (sound, whole) VCF: exit 65.
    Input,
    /// The operating system failed to deliver them: exit 74.
    Io,
}

/// A file that cannot be read (any further): never a short success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadError {
    /// Whose fault it is.
    pub kind: ReadErrorKind,
    /// What is wrong and what to do.
    pub message: String,
    /// 1-based line (decompressed), where known.
    pub line: Option<u64>,
    /// Byte offset, where known: in the compressed file for container errors, else decompressed; the message says which.
    pub offset: Option<u64>,
}

impl ReadError {
    /// The input is not a sound VCF.
    pub fn input(message: impl Into<String>) -> Self {
        Self { kind: ReadErrorKind::Input, message: message.into(), line: None, offset: None }
    }

    /// The operating system failed.
    pub fn io(what: &str, error: &std::io::Error) -> Self {
        Self { kind: ReadErrorKind::Io, message: format!("{what}: {error}"), line: None, offset: None }
    }

    /// With the line it is about.
    #[must_use]
    pub fn at_line(mut self, line: u64) -> Self {
        self.line = Some(line);
        self
    }

    /// With the byte offset it is about.
    #[must_use]
    pub fn at_offset(mut self, offset: u64) -> Self {
        self.offset = Some(offset);
        self
    }
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        match (self.line, self.offset) {
            (Some(line), Some(offset)) => write!(f, " (line {line}, byte {offset})"),
            (Some(line), None) => write!(f, " (line {line})"),
            (None, Some(offset)) => write!(f, " (byte {offset})"),
            (None, None) => Ok(()),
        }
    }
}

impl std::error::Error for ReadError {}
