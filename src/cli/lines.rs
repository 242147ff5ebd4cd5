//! Stored rows → the lines they came from, one after the other, with the sum of their digests.

use crate::domain::digest::{DigestSum, line_digest};
use crate::domain::ids::JobId;
use crate::fault::Fault;
use crate::stores::{Store, Texts};
use crate::vcf::write::write_record;

/// What was written again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Rewritten {
    /// Records.
    pub records: u64,
    /// Sum of their line digests.
    pub line_digest_sum: DigestSum,
}

/// Calls `each` with every record's line (without line end) in the order of the file.
///
/// # Errors
/// If the store cannot be read, or `each` fails.
pub fn rewrite(
    store: &dyn Store,
    job: &JobId,
    each: &mut dyn FnMut(&[u8]) -> Result<(), Fault>,
) -> Result<Rewritten, Fault> {
    let mut all = Rewritten::default();
    let mut line = Vec::new();
    store.read_some(job, Texts::LINES, &mut |rows| {
        let mut row = 0;
        while row < rows.len() {
            line.clear();
            let next = write_record(rows, row, &mut line);
            all.records += 1;
            all.line_digest_sum.add(line_digest(rows.ordinal[row] as u64, &line));
            each(&line)?;
            if next <= row {
                return Err(Fault::permanent(format!("record {} of job {job} has no end", rows.ordinal[row])));
            }
            row = next;
        }
        Ok(())
    })?;
    Ok(all)
}
