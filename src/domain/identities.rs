//! Which allele each row is, in columns beside the rows: shortest and, where a reference tells, leftmost. Null where that is what
//! the file says, which is nearly everywhere.

use super::annotations::{Numbers, Words};
use super::rows::Text;

/// The columns; each has one entry per row. What each means stands in `docs/alleles.md`.
#[derive(Clone, Default, PartialEq)]
pub struct Identities {
    /// POS; null together with `reference` and `alt` where the three are as in the file.
    pub pos: Numbers<i64>,
    /// REF, in capitals.
    pub reference: Text,
    /// ALT, in capitals.
    pub alt: Text,
    /// How it was made: `left_aligned`, `trimmed`, or `as_is` and why.
    pub how: Words,
}

impl Identities {
    /// What a row takes in memory beside its texts (bytes).
    pub const ROW_BYTES: usize = 8 + 3 * 4 + 1;

    /// So many rows of nulls.
    pub fn nulls(rows: usize) -> Self {
        let mut new = Self::default();
        (0..rows).for_each(|_| new.push_null());
        new
    }

    /// Appends a row of which nothing is known.
    pub fn push_null(&mut self) {
        self.pos.push(None);
        self.reference.push(None);
        self.alt.push(None);
        self.how.push(None);
    }

    /// Appends row `i` of `other`.
    pub fn push_row(&mut self, other: &Self, i: usize) {
        self.pos.push(other.pos.get(i));
        self.reference.push(other.reference.get(i));
        self.alt.push(other.alt.get(i));
        self.how.push(other.how.get(i));
    }

    /// Keeps the first `len` rows.
    pub fn truncate(&mut self, len: usize) {
        self.pos.truncate(len);
        self.reference.truncate(len);
        self.alt.truncate(len);
        self.how.truncate(len);
    }

    /// About how much memory the columns take (bytes).
    pub fn bytes(&self) -> usize {
        self.how.len() * Self::ROW_BYTES + self.reference.bytes.len() + self.alt.bytes.len()
    }
}
