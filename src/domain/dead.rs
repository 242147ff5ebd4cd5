//! Dead letters: records, or rows, that could not be handled, kept with everything needed to look at them and try again.

use serde::{Deserialize, Serialize};

use super::digest::DigestSum;

/// At most this much raw text of a record is kept in a dead letter (bytes).
pub const RAW_BYTES_MAX: usize = 64 * 1024;

/// The stage at which a record died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeadStage {
    /// The text was not a sound record: no rows were made of it.
    Parse,
    /// The record was sound but its rows could not be handled or stored.
    Store,
}

/// One record that is not in the store, and why.
#[derive(Clone, PartialEq, Eq)]
pub struct DeadLetter {
    /// 0-based number of the record among the file's data lines.
    pub ordinal: u64,
    /// Where it died.
    pub stage: DeadStage,
    /// Stable name of the cause, for scripts and grouping (`pos_not_a_number`, `poison`, …).
    pub reason: String,
    /// The cause as a sentence that names the field and what was found.
    pub detail: String,
    /// 1-based line in the (decompressed) file.
    pub line: u64,
    /// Byte offset of the line's start in the decompressed file.
    pub offset: u64,
    /// The line as read, cut at [`RAW_BYTES_MAX`].
    pub raw: Vec<u8>,
    /// The line's whole length in bytes.
    pub raw_bytes: u64,
    /// Rows that the parser had counted for it (stage `store`; 0 at stage `parse`).
    pub rows: u32,
    /// Sum of the row digests of those rows.
    pub digest_sum: DigestSum,
    /// Line digest of the record, 0 at stage `parse`.
    pub line_digest: DigestSum,
}

/// What one or more sound records count as: one row for each ALT, and one for a record without.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Entries of the ALT column.
    pub alleles: u64,
    /// Records without ALT.
    pub no_alt: u64,
    /// Sum of the row digests.
    pub digest_sum: DigestSum,
    /// Sum of the line digests.
    pub line_digest_sum: DigestSum,
}

impl Counted {
    /// How many rows that is.
    pub fn rows(&self) -> u64 {
        self.alleles + self.no_alt
    }

    /// Adds what other records count as.
    pub fn add(&mut self, other: &Self) {
        self.alleles += other.alleles;
        self.no_alt += other.no_alt;
        self.digest_sum.add(other.digest_sum.0);
        self.line_digest_sum.add(other.line_digest_sum.0);
    }
}

// A dead letter holds a patient's genotypes: Debug must not show them.
impl std::fmt::Debug for DeadLetter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DeadLetter")
            .field("ordinal", &self.ordinal)
            .field("stage", &self.stage)
            .field("reason", &self.reason)
            .field("line", &self.line)
            .field("offset", &self.offset)
            .field("raw_bytes", &self.raw_bytes)
            .finish_non_exhaustive()
    }
}

impl DeadLetter {
    /// About how much memory it takes (bytes).
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.reason.len() + self.detail.len() + self.raw.len()
    }

    /// Cuts `raw` to what is kept.
    pub fn cut(raw: &[u8]) -> Vec<u8> {
        raw[..raw.len().min(RAW_BYTES_MAX)].to_vec()
    }
}
