//! Several files of a block become one. Each is in order, and no two hold rows of the same segment: so they are runs of rows, which are copied one
//! after the other, in batches. How much they hold does not matter.

use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};

use parquet::file::properties::WriterProperties;

use super::batches::Batches;
use super::convert::int64;
use super::encode::Encoder;
use crate::fault::Fault;

/// Consecutive records of one file.
struct Run {
    /// Ordinals of its first and last record.
    first: i64,
    last: i64,
    file: usize,
    /// Which rows of the file.
    rows: Range<usize>,
}

/// Writes the rows of `files` into `out`, in the order of their ordinals; returns how many. Rows that two files share would come out of order, and
/// are found by whoever scans.
///
/// # Errors
/// If a file cannot be read, or `out` cannot be written to.
pub fn merge<W: Write + Send>(files: &[PathBuf], out: W, properties: WriterProperties) -> Result<u64, Fault> {
    let schema = Batches::open(&files[0], None)?.schema().clone();
    let mut encoder = Encoder::new(out, schema, properties)?;
    for run in runs(files)? {
        let mut batches = Batches::open(&files[run.file], None)?.only(vec![run.rows]);
        while let Some(batch) = batches.read()? {
            encoder.write(&batch)?;
        }
    }
    encoder.close()
}

/// The runs of all files in the order of the records, as long as possible.
fn runs(files: &[PathBuf]) -> Result<Vec<Run>, Fault> {
    let mut pieces = Vec::new();
    for (file, path) in files.iter().enumerate() {
        pieces_of(file, path, &mut pieces)?;
    }
    pieces.sort_by_key(|piece| piece.first);
    let mut runs: Vec<Run> = Vec::new();
    for piece in pieces {
        match runs.last_mut() {
            Some(run) if run.file == piece.file && run.rows.end == piece.rows.start => {
                (run.last, run.rows.end) = (piece.last, piece.rows.end);
            }
            _ => runs.push(piece),
        }
    }
    Ok(runs)
}

/// What of a file surely stands together: records without a gap between them.
fn pieces_of(file: usize, path: &Path, pieces: &mut Vec<Run>) -> Result<(), Fault> {
    let mut batches = Batches::open(path, Some(&["ordinal"]))?;
    let mut row = 0;
    while let Some(batch) = batches.read()? {
        for &ordinal in int64(&batch, "ordinal")?.values() {
            match pieces.last_mut() {
                Some(piece) if piece.file == file && (piece.last..=piece.last.saturating_add(1)).contains(&ordinal) => {
                    (piece.last, piece.rows.end) = (ordinal, row + 1);
                }
                _ => pieces.push(Run { first: ordinal, last: ordinal, file, rows: row..row + 1 }),
            }
            row += 1;
        }
    }
    Ok(())
}
