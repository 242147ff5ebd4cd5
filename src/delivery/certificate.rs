//! The certificate: does the store hold exactly what the file says, less the dead?

use super::{Mutant, mutant};

/// Rows and the sum of their digests, from one source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How many rows.
    pub rows: u64,
    /// Sum of the row digests modulo 2^128.
    pub digest_sum: u128,
}

impl Tally {
    /// Adds another tally.
    pub fn add(&mut self, other: Self) {
        self.rows += other.rows;
        self.digest_sum = self.digest_sum.wrapping_add(other.digest_sum);
    }

    /// This tally without the dead; `None` if more died than there were.
    pub fn less(self, dead: Self) -> Option<Self> {
        let rows = self.rows.checked_sub(dead.rows)?;
        Some(Self { rows, digest_sum: self.digest_sum.wrapping_sub(dead.digest_sum) })
    }
}

/// What a scan of the store found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scan {
    /// Rows, and digests recomputed from the columns.
    pub found: Tally,
    /// Rows whose (ordinal, ALT index) was met before.
    pub duplicates: u64,
}

/// Whether the scan found exactly what the parser counted less the dead, and nothing twice.
pub fn holds(parsed: Tally, dead: Tally, scan: Scan) -> bool {
    let Some(expected) = parsed.less(dead) else {
        return false;
    };
    if mutant(Mutant::CertifyByCount) {
        return scan.found.rows == expected.rows;
    }
    scan.found == expected && scan.duplicates == 0
}
