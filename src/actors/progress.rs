//! How far a run has come, for whoever shows it.

use std::sync::atomic::{AtomicU64, Ordering};

/// Numbers that grow while a run goes on. Relaxed: for people, never for a decision.
#[derive(Debug, Default)]
pub struct Progress {
    /// 1-based number of the file being read; 0 before the first.
    pub file: AtomicU64,
    /// Bytes of that file, as stored; 0 if unknown (a pipe).
    pub bytes_total: AtomicU64,
    /// Of these, read.
    pub bytes_read: AtomicU64,
    /// Data lines read of that file.
    pub records: AtomicU64,
    /// Rows durable of that file.
    pub stored: AtomicU64,
    /// Alleles of that file about which this run asks; 0 until answering begins.
    pub asked: AtomicU64,
    /// Of these, answered or given up.
    pub answered: AtomicU64,
}

impl Progress {
    /// A new file begins.
    pub fn begin(&self, file: u64, bytes_total: u64) {
        self.bytes_total.store(bytes_total, Ordering::Relaxed);
        [&self.bytes_read, &self.records, &self.stored, &self.asked, &self.answered]
            .iter()
            .for_each(|n| n.store(0, Ordering::Relaxed));
        self.file.store(file, Ordering::Relaxed);
    }
}
