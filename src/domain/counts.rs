//! What the parser counts: over one segment, and over a whole file.

use super::digest::DigestSum;
use super::ids::FileDigest;
use super::warning::Warning;

/// Counts of one segment. `alleles + no_alt` rows were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Data lines.
    pub records: u64,
    /// Of these, dead.
    pub dead_records: u64,
    /// ALT entries of the sound ones.
    pub alleles: u64,
    /// Sound records without ALT.
    pub no_alt: u64,
    /// Sum of the row digests, from the text.
    pub digest_sum: DigestSum,
    /// Sum of the line digests of the sound records.
    pub line_digest_sum: DigestSum,
}

/// What the parser counted over the whole file, in one reading whose SHA-256 was checked.
#[derive(Debug, Clone, PartialEq)]
pub struct JobEnd {
    /// Segments of the file.
    pub segments: u32,
    /// Data lines.
    pub records: u64,
    /// Of these, dead at the parse stage.
    pub dead_records: u64,
    /// ALT entries of the sound ones.
    pub alleles: u64,
    /// Sound records without ALT.
    pub no_alt: u64,
    /// Sum of the row digests, from the text.
    pub digest_sum: DigestSum,
    /// Sum of the line digests of the sound records.
    pub line_digest_sum: DigestSum,
    /// SHA-256 of the bytes that were read.
    pub file_digest: FileDigest,
    /// Bytes as stored.
    pub bytes: u64,
    /// What was odd.
    pub warnings: Vec<Warning>,
}
