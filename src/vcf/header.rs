//! The tolerant header.
use crate::domain::warning::Warnings;

/// What a header says. Every raw line is kept in `raw`.
#[derive(Clone, Default)]
pub struct Header {
    /// All header text as read, the `#CHROM` line included, LF line ends, no byte order mark.
    pub raw: Vec<u8>,
    /// `##fileformat`, (4, 2) if missing.
    pub version: (u32, u32),
    /// Number of sample columns. Names stay in `raw`.
    pub samples: usize,
    /// `##contig` lines: ID, length.
    pub contigs: Vec<(String, Option<u64>)>,
    /// IDs of `##INFO` lines with their Number and Type, as written.
    pub infos: Vec<InfoLine>,
    /// The genome assembly: from contig lengths, then `##reference`, then `assembly=`; `None` when unknown. `GRCh37`, `GRCh38`, `T2T-CHM13v2.0` or as named.
    pub assembly: Option<String>,
    /// What was odd.
    pub warnings: Warnings,
    /// Lines in the header (the first record's line number less one).
    pub lines: u64,
}

/// An `##INFO` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfoLine {
    /// ID.
    pub id: String,
    /// Number as written (`1`, `A`, `.`).
    pub number: String,
    /// Type as written (`Float`).
    pub kind: String,
    /// Description, quotes removed.
    pub description: String,
}
