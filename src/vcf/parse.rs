//! One segment's text → rows, dead letters, warnings, digests.
use super::ReadLimits;
use super::header::Header;
use super::reader::RawSegment;
use crate::domain::dead::DeadLetter;
use crate::domain::digest::DigestSum;
use crate::domain::rows::Rows;
use crate::domain::warning::Warnings;

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

/// A parsed segment.
pub struct ParsedSegment {
    /// 0-based number.
    pub index: u32,
    /// Ordinal of its first data line.
    pub first_ordinal: u64,
    /// One per allele.
    pub rows: Rows,
    /// Records that are no rows.
    pub dead: Vec<DeadLetter>,
    /// What was odd.
    pub warnings: Warnings,
    /// The counts.
    pub counts: Counts,
}

/// What the parser must know of the file.
#[derive(Clone)]
pub struct ParseContext {
    /// Sample columns of the header.
    pub samples: usize,
    /// Version of the header.
    pub version: (u32, u32),
    /// Limit of ALT entries.
    pub alts_max: usize,
    /// Line limit, for the message.
    pub line_bytes_max: usize,
    /// Contigs of the header, sorted; empty if it names none.
    pub contigs: Vec<String>,
}

impl ParseContext {
    /// From a header.
    pub fn new(header: &Header, limits: &ReadLimits) -> Self {
        let mut contigs: Vec<String> = header.contigs.iter().map(|(name, _)| name.clone()).collect();
        contigs.sort_unstable();
        Self {
            samples: header.samples,
            version: header.version,
            alts_max: limits.alts_max,
            line_bytes_max: limits.line_bytes_max,
            contigs,
        }
    }
}

/// Parses a segment. `is_poison` says which ordinals are known to be poison: they become dead letters unseen.
pub fn parse_segment(context: &ParseContext, raw: &RawSegment, is_poison: &dyn Fn(u64) -> bool) -> ParsedSegment {
    let _ = (context, raw, is_poison);
    todo!()
}
