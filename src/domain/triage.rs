//! Triage: the pure function that chooses the few alleles worth an analysis. Clauses in fixed order; each allele that is
//! dropped is counted under the first clause that dropped it.
use super::rows::{Bits, Rows};

/// What triage decided for a batch of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// One bit per row; set = selected.
    pub bits: Bits,
    /// How many are set.
    pub selected: u64,
    /// Rows dropped, by clause, in clause order; clauses that dropped nothing are left out.
    pub dropped: Vec<(&'static str, u64)>,
}

/// The configured triage (`[triage]`).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Triage {}

impl Triage {
    /// Decides for every row.
    pub fn select(&self, rows: &Rows) -> Selection {
        let _ = rows;
        todo!()
    }
    /// Canonical text: the same text means the same decisions; [`Triage::from_canonical`] reads it back.
    pub fn canonical(&self) -> String {
        todo!()
    }
    /// Reads [`Triage::canonical`] back.
    pub fn from_canonical(text: &str) -> Option<Self> {
        let _ = text;
        todo!()
    }
}
