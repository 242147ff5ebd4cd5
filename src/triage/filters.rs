//! The clauses about single columns: REF and ALT, FILTER, QUAL.

use super::{Missing, QualClause};

/// Whether an allele is a plain sequence of bases.
pub fn is_sequence(allele: &[u8]) -> bool {
    const BASE: [bool; 256] = {
        let mut base = [false; 256];
        let letters = b"ACGTNacgtn";
        let mut i = 0;
        while i < letters.len() {
            base[letters[i] as usize] = true;
            i += 1;
        }
        base
    };
    !allele.is_empty() && allele.iter().all(|&b| BASE[b as usize])
}

/// Whether every entry of FILTER is in the list; none at all is `.`. Empty entries (`q10;;s50`) do not count.
pub fn passes(filter: Option<&[u8]>, kept: &[String]) -> bool {
    let is_kept = |entry: &[u8]| kept.iter().any(|name| name.as_bytes() == entry);
    let mut entries = filter.unwrap_or_default().split(|&b| b == b';').filter(|entry| !entry.is_empty()).peekable();
    if entries.peek().is_none() { is_kept(b".") } else { entries.all(is_kept) }
}

impl QualClause {
    /// Whether a QUAL is dropped; `None` if there is none.
    pub(super) fn drops(&self, qual: Option<f32>) -> bool {
        match qual.filter(|qual| !qual.is_nan()) {
            Some(qual) => qual < self.min,
            None => self.missing == Missing::Drop,
        }
    }
}
