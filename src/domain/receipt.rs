//! The receipt that people and scripts read: one JSON object per file. Its field names are a contract.
//!
//! Equations (design of the product), checked by [`Receipt::faults`]:
//! `records = parsed + dead_records` · `alleles + no_alt = stored + dead_rows` · `stored = selected + Σ dropped` ·
//! `selected = cached + answered + abstained + dead_tasks + pending` · `stored = certificate.rows`.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::digest::DigestSum;
use super::warning::Warning;

/// Why a file was refused or a job failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptError {
    /// The exit code that this error asks for (65, 70, 74 or 75).
    pub code: u8,
    /// What failed, on what, and what to do.
    pub message: String,
    /// 1-based line, where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Byte offset (decompressed, unless the message says otherwise), where one is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offset: Option<u64>,
}

/// The proof stored with a complete job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Certificate {
    /// Rows found by a scan of the store.
    pub rows: u64,
    /// Sum of the row digests recomputed from the store's columns.
    pub digest_sum: DigestSum,
    /// The parser's sum, less the dead.
    pub expected_digest_sum: DigestSum,
    /// Whether the scan found exactly what was expected, nothing twice.
    pub holds: bool,
}

/// What happened to one file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    /// The job; null for a file that was refused before it became one.
    pub job: Option<String>,
    /// Goes up when dead letters are replayed.
    pub revision: u32,
    /// The file as named by the user, `-` for standard input.
    pub file: String,
    /// SHA-256 of the bytes as stored; null if they could not all be read.
    pub file_digest: Option<String>,
    /// Bytes as stored (compressed).
    pub bytes: u64,
    /// The genome assembly, where the header tells.
    pub assembly: Option<String>,
    /// Number of sample columns, never their names.
    pub samples: u64,
    /// Data lines read.
    pub records: u64,
    /// Of these, sound ones.
    pub parsed: u64,
    /// Of these, dead ones.
    pub dead_records: u64,
    /// Entries of the ALT column of the parsed records.
    pub alleles: u64,
    /// Parsed records without ALT: one row each.
    pub no_alt: u64,
    /// Rows in committed segments, by the ledger.
    pub stored: u64,
    /// Rows of parsed records that could not be stored.
    pub dead_rows: u64,
    /// All dead letters: dead records, and parsed ones whose rows could not be stored.
    #[serde(default)]
    pub dead_letters: u64,
    /// Of these, those that somebody dropped: they stay dead and are no open items.
    #[serde(default)]
    pub dropped_dead: u64,
    /// Records that were dead letters and were replayed: they count as parsed and stored.
    #[serde(default)]
    pub replayed: u64,
    /// Of these, those with another text than the file's.
    #[serde(default)]
    pub edited: u64,
    /// Stored rows that triage did not select, by the clause that dropped them.
    pub dropped: BTreeMap<String, u64>,
    /// Stored rows that triage selected.
    pub selected: u64,
    /// Selected and answered from the cache.
    pub cached: u64,
    /// Selected and answered.
    pub answered: u64,
    /// Selected, and the answer is "not enough evidence".
    pub abstained: u64,
    /// Selected, and the task failed for good.
    pub dead_tasks: u64,
    /// Selected and waiting.
    pub pending: u64,
    /// Kinds of providers that were asked about the selected alleles; empty if nobody was.
    #[serde(default)]
    pub providers: Vec<String>,
    /// What was odd in the file.
    pub warnings: Vec<Warning>,
    /// `COMPLETE`, `OPEN`, `STALLED`, `PUBLISHING`, `FAILED`, `CANCELLED`, `REFUSED`, ….
    pub state: String,
    /// Only if refused or failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ReceiptError>,
    /// Only once the store was scanned.
    pub certificate: Option<Certificate>,
    /// RFC 3339, UTC.
    pub started_at: Option<String>,
    /// RFC 3339, UTC.
    pub finished_at: Option<String>,
    /// Rows per second from start to finish; null for a job that is not finished, or that went on after a stop.
    pub stored_per_second: Option<f64>,
}

impl Receipt {
    /// Every equation that does not hold, in words; empty for a receipt that adds up.
    pub fn faults(&self) -> Vec<String> {
        let dropped: u64 = self.dropped.values().sum();
        let done = self.cached + self.answered + self.abstained + self.dead_tasks + self.pending;
        let mut faults = Vec::new();
        let check = |faults: &mut Vec<String>, left: u64, name: &str, right: u64| {
            if left != right {
                faults.push(format!("{name}: {left} ≠ {right}"));
            }
        };
        check(&mut faults, self.records, "records = parsed + dead_records", self.parsed + self.dead_records);
        check(
            &mut faults,
            self.alleles + self.no_alt,
            "alleles + no_alt = stored + dead_rows",
            self.stored + self.dead_rows,
        );
        check(&mut faults, self.stored, "stored = selected + Σ dropped", self.selected + dropped);
        check(&mut faults, self.selected, "selected = cached + answered + abstained + dead_tasks + pending", done);
        if self.dead_letters < self.dead_records.max(self.dropped_dead) {
            let (dead, dropped) = (self.dead_records, self.dropped_dead);
            faults.push(format!("dead_letters: {} < {dead} dead_records or {dropped} dropped_dead", self.dead_letters));
        }
        if self.edited > self.replayed {
            faults.push(format!("edited: {} > {} replayed", self.edited, self.replayed));
        }
        if let Some(certificate) = &self.certificate {
            check(&mut faults, self.stored, "stored = certificate.rows", certificate.rows);
            if certificate.digest_sum != certificate.expected_digest_sum {
                faults.push("certificate.digest_sum = certificate.expected_digest_sum: they differ".into());
            }
            if !certificate.holds {
                faults.push("certificate.holds is false".into());
            }
        }
        faults
    }

    /// Dead letters that somebody should look at.
    pub fn open_dead(&self) -> u64 {
        self.dead_letters.saturating_sub(self.dropped_dead)
    }

    /// The exit code of this receipt: 0 complete, 3 open items, 4 does not add up, or the error's own.
    ///
    /// `pending` alone does not spoil a complete job about which nobody was asked.
    pub fn exit_code(&self) -> u8 {
        if let Some(error) = &self.error {
            return error.code;
        }
        match self.state.as_str() {
            "COMPLETE" if self.certificate.is_none() || !self.faults().is_empty() => 4,
            "COMPLETE" if self.pending > 0 && !self.providers.is_empty() => 3,
            "COMPLETE" if self.open_dead() + self.dead_tasks > 0 => 3,
            "COMPLETE" => 0,
            _ => 75,
        }
    }
}
