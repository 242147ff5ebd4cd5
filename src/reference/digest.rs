//! What names a sequence, and the file. A sequence's name is its refget digest: capital letters, nothing else. The file's is made of
//! the names, lengths and digests of its sequences: the same for the same sequences in any order, line width, case or compression,
//! and another one for a single changed base.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{Reference, ReferenceError};
use crate::domain::ga4gh::{TruncatedDigest, sha512t24u};

/// Goes up whenever the same sequences would get another digest.
const DIGEST_VERSION: u32 = 1;

/// Bases that are read and hashed at a time.
const PIECE_BASES: u64 = 1 << 20;

impl Reference {
    /// The refget digest of a contig, `SQ.` and 32 letters: reads it once, about 500 million bases a second, and keeps it.
    ///
    /// # Errors
    /// If the file cannot be read or is no longer what was indexed.
    pub fn sequence_digest(&self, contig: u32) -> Result<&str, ReferenceError> {
        let kept = &self.digests[contig as usize];
        if let Some(digest) = kept.get() {
            return Ok(digest);
        }
        let (mut digest, mut bases) = (TruncatedDigest::default(), Vec::new());
        let length = self.length(contig);
        for start in (0..length).step_by(PIECE_BASES as usize) {
            bases.clear();
            self.fetch(contig, start, start + PIECE_BASES, &mut bases)?;
            digest.update(&bases);
        }
        Ok(kept.get_or_init(|| format!("SQ.{}", digest.finish())))
    }

    /// What identifies the reference, for the layout digest: reads all of it, on this many threads.
    ///
    /// # Errors
    /// If the file cannot be read or is no longer what was indexed.
    pub fn digest(&self, threads: usize) -> Result<String, ReferenceError> {
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
        let mut longest_first: Vec<u32> = (0..self.len() as u32).collect();
        longest_first.sort_by_key(|&contig| std::cmp::Reverse(self.length(contig)));
        std::thread::scope(|scope| {
            for _ in 0..threads.clamp(1, self.len()) {
                scope.spawn(|| {
                    while let Some(&contig) = longest_first.get(next.fetch_add(1, Ordering::Relaxed)) {
                        if let Err(error) = self.sequence_digest(contig) {
                            failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                            next.store(longest_first.len(), Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        if let Some(error) = failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        let mut lines = Vec::with_capacity(self.len());
        for contig in 0..self.len() as u32 {
            let mut line = self.name(contig).to_vec();
            line.extend_from_slice(
                format!("\t{}\t{}\n", self.length(contig), self.sequence_digest(contig)?).as_bytes(),
            );
            lines.push(line);
        }
        lines.sort();
        lines.insert(0, format!("vcf-agent reference {DIGEST_VERSION}\n").into_bytes());
        Ok(sha512t24u(&lines.concat()))
    }
}
