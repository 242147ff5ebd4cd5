//! Warnings: what was odd in a file but did not cost a record. Counted by code, with the first place.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// One kind of oddity in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    /// Stable name, for scripts.
    pub code: String,
    /// What it means, said once, about the first place.
    pub message: String,
    /// How often it was met.
    pub count: u64,
    /// 1-based line of the first place in the (decompressed) file.
    pub first_line: u64,
}

/// Warnings of one file or segment, by code: bounded however odd the file is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Warnings(BTreeMap<&'static str, Warning>);

impl Warnings {
    /// Counts one oddity; `message` is only called for the first of its code.
    pub fn note(&mut self, code: &'static str, line: u64, message: impl FnOnce() -> String) {
        self.0
            .entry(code)
            .or_insert_with(|| Warning { code: code.into(), message: message(), count: 0, first_line: line })
            .count += 1;
    }

    /// Joins the warnings of a later or earlier part; the earliest place keeps its message.
    pub fn merge(&mut self, other: &Self) {
        for (code, theirs) in &other.0 {
            match self.0.get_mut(code) {
                None => drop(self.0.insert(code, theirs.clone())),
                Some(ours) => {
                    let count = ours.count + theirs.count;
                    if theirs.first_line < ours.first_line {
                        *ours = theirs.clone();
                    }
                    ours.count = count;
                }
            }
        }
    }

    /// All warnings, by code.
    pub fn list(&self) -> Vec<Warning> {
        self.0.values().cloned().collect()
    }

    /// Whether nothing was odd.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
