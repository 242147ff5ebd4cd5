//! The digests that prove completeness: sums of 128-bit hashes, taken twice from two sources and compared.
//!
//! XXH3-128 finds accidents (a lost, doubled, swapped or altered row), not forgers: it is not a keyed MAC.

use std::fmt;

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::{xxh3_128, xxh3_128_with_seed};

/// A sum of digests modulo 2^128: the same for the same rows in any order.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct DigestSum(pub u128);

impl DigestSum {
    /// Adds one row, or another sum.
    pub fn add(&mut self, digest: u128) {
        self.0 = self.0.wrapping_add(digest);
    }

    /// The sum without what is dead.
    #[must_use]
    pub fn less(self, other: Self) -> Self {
        Self(self.0.wrapping_sub(other.0))
    }
}

impl fmt::Display for DigestSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for DigestSum {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for DigestSum {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for DigestSum {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        u128::from_str_radix(&text, 16).map(Self).map_err(serde::de::Error::custom)
    }
}

/// The part of a row digest that all alleles of a record share.
#[derive(Clone, Copy)]
pub struct RecordDigest {
    fixed: [u8; 48],
}

impl RecordDigest {
    /// `contig` is [`text_digest`] of the CHROM text (worth keeping per contig), `pos` is 1-based (0 = telomere).
    pub fn new(ordinal: u64, contig: u128, pos: i64, reference: &[u8]) -> Self {
        let mut fixed = [0; 48];
        fixed[..8].copy_from_slice(&ordinal.to_le_bytes());
        fixed[8..16].copy_from_slice(&pos.to_le_bytes());
        fixed[16..32].copy_from_slice(&contig.to_le_bytes());
        fixed[32..].copy_from_slice(&xxh3_128(reference).to_le_bytes());
        Self { fixed }
    }

    /// The digest of one row: `alt_index` is 1 for the first ALT, 0 with `None` for a record without ALT.
    pub fn row(&self, alt_index: u32, alt: Option<&[u8]>) -> u128 {
        let mut all = [0; 69];
        all[..48].copy_from_slice(&self.fixed);
        all[48..52].copy_from_slice(&alt_index.to_le_bytes());
        if let Some(alt) = alt {
            all[52] = 1;
            all[53..].copy_from_slice(&xxh3_128(alt).to_le_bytes());
        }
        xxh3_128(&all)
    }
}

/// Digest of one text, for example a contig's name.
pub fn text_digest(text: &[u8]) -> u128 {
    xxh3_128(text)
}

/// Digest of a record's text as read, without its line end; the ordinal makes order count.
pub fn line_digest(ordinal: u64, line: &[u8]) -> u128 {
    xxh3_128_with_seed(line, ordinal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(ordinal: u64, contig: &str, pos: i64, reference: &str, alt_index: u32, alt: Option<&str>) -> u128 {
        RecordDigest::new(ordinal, text_digest(contig.as_bytes()), pos, reference.as_bytes())
            .row(alt_index, alt.map(str::as_bytes))
    }

    #[test]
    fn every_field_counts_and_neighbours_do_not_run_together() {
        let all = [
            row(1, "chr1", 10, "A", 1, Some("C")),
            row(2, "chr1", 10, "A", 1, Some("C")),
            row(1, "chr11", 0, "A", 1, Some("C")),
            row(1, "chr1", 11, "A", 1, Some("C")),
            row(1, "chr1", 10, "AC", 1, Some("")),
            row(1, "chr1", 10, "A", 2, Some("C")),
            row(1, "chr1", 10, "A", 1, Some("G")),
            row(1, "chr1", 10, "A", 0, None),
            row(1, "chr1", 10, "A", 0, Some("")),
        ];
        for (i, a) in all.iter().enumerate() {
            assert!(all[i + 1..].iter().all(|b| a != b), "row {i} collides");
        }
    }

    #[test]
    fn a_sum_prints_and_reads_back() {
        let sum = DigestSum(0x00ff_u128 << 100 | 7);
        let text = serde_json::to_string(&sum).unwrap();
        assert_eq!(serde_json::from_str::<DigestSum>(&text).unwrap(), sum);
        assert_eq!(text.len(), 34);
    }
}
