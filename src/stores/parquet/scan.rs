//! Digests recomputed from the columns: the store's own word, against which the parser's is held.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow_array::{Array, RecordBatch};

use super::super::StoreScan;
use super::batches::Batches;
use super::convert::{int32, int64, string};
use crate::domain::digest::{DigestSum, RecordDigest, text_digest};
use crate::fault::Fault;

/// Threads that scan.
const THREADS: usize = 2;

/// The columns that the digests are made of.
const COLUMNS: [&str; 6] = ["ordinal", "alt_index", "chrom", "pos", "ref", "alt"];

/// (record ordinal, ALT index).
type Key = (i64, i32);

/// What one file holds.
#[derive(Default, Clone)]
struct FileScan {
    rows: u64,
    digest_sum: DigestSum,
    bytes: u64,
    first: Option<Key>,
    last: Option<Key>,
    /// Whether every key is greater than the one before.
    ascending: bool,
}

/// Scans a job's groups, given in name order, and the files that were added to it later, which lie across them.
///
/// # Errors
/// `Permanent` if a file is torn or not ours, `Unavailable` if it cannot be read.
pub fn scan(groups: &[PathBuf], added: &[PathBuf]) -> Result<StoreScan, Fault> {
    let mut all = scan_in_order(groups)?;
    if added.is_empty() {
        return Ok(all);
    }
    for file in in_parallel(added)? {
        all.rows += file.rows;
        all.digest_sum.add(file.digest_sum.0);
        all.bytes += file.bytes;
    }
    let keys = sorted_keys(added)?;
    all.duplicates += repeated(&keys) + count_known(groups, &keys)?;
    Ok(all)
}

/// Files that follow one another.
fn scan_in_order(paths: &[PathBuf]) -> Result<StoreScan, Fault> {
    let scans = in_parallel(paths)?;
    let mut all = StoreScan::default();
    let (mut in_order, mut last) = (true, None);
    for file in &scans {
        all.rows += file.rows;
        all.digest_sum.add(file.digest_sum.0);
        all.bytes += file.bytes;
        in_order &= file.ascending && (file.first.is_none() || last.is_none() || file.first > last);
        last = file.last.or(last);
    }
    if !in_order {
        all.duplicates = count_duplicates(paths)?;
    }
    Ok(all)
}

fn in_parallel(paths: &[PathBuf]) -> Result<Vec<FileScan>, Fault> {
    let results = Mutex::new(vec![FileScan::default(); paths.len()]);
    let next = AtomicUsize::new(0);
    let work = || -> Result<(), Fault> {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            let Some(path) = paths.get(nth) else { return Ok(()) };
            let scan = scan_file(path)?;
            results.lock().unwrap_or_else(PoisonError::into_inner)[nth] = scan;
        }
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..THREADS.min(paths.len())).map(|_| scope.spawn(work)).collect();
        let mine = work();
        let theirs =
            others.into_iter().map(|other| other.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload)));
        theirs.fold(mine, Result::and)
    })?;
    Ok(results.into_inner().unwrap_or_else(PoisonError::into_inner))
}

fn each_batch(
    path: &Path,
    columns: &[&str],
    mut each: impl FnMut(&RecordBatch) -> Result<(), Fault>,
) -> Result<u64, Fault> {
    let mut batches = Batches::open(path, Some(columns))?;
    while let Some(batch) = batches.read()? {
        each(&batch).map_err(|fault| fault.context(path.display()))?;
    }
    batches.file_bytes()
}

fn scan_file(path: &Path) -> Result<FileScan, Fault> {
    let mut scan = FileScan { ascending: true, ..FileScan::default() };
    let mut record: Option<(i64, RecordDigest)> = None;
    let mut contig: (String, u128) = (String::new(), text_digest(b""));
    scan.bytes = each_batch(path, &COLUMNS, |batch| {
        let (ordinals, indexes, positions) =
            (int64(batch, "ordinal")?, int32(batch, "alt_index")?, int64(batch, "pos")?);
        let (chroms, references, alts) = (string(batch, "chrom")?, string(batch, "ref")?, string(batch, "alt")?);
        for row in 0..batch.num_rows() {
            let (ordinal, index) = (ordinals.value(row), indexes.value(row));
            if chroms.value(row) != contig.0 {
                contig = (chroms.value(row).to_owned(), text_digest(chroms.value(row).as_bytes()));
            }
            let digest = match record {
                // REF stands on the record's first row alone.
                Some((known, digest)) if known == ordinal && references.is_null(row) => digest,
                _ => {
                    let reference = if references.is_null(row) { "" } else { references.value(row) };
                    RecordDigest::new(ordinal as u64, contig.1, positions.value(row), reference.as_bytes())
                }
            };
            record = Some((ordinal, digest));
            let alt = alts.is_valid(row).then(|| alts.value(row).as_bytes());
            scan.digest_sum.add(digest.row(index as u32, alt));
            let key = Some((ordinal, index));
            scan.ascending &= scan.last < key;
            scan.first = scan.first.or(key);
            scan.last = key;
        }
        scan.rows += batch.num_rows() as u64;
        Ok(())
    })?;
    Ok(scan)
}

/// Rows whose key was met before, exactly. Takes 16 bytes a row: only for files that are not in order, which ours always are.
fn count_duplicates(paths: &[PathBuf]) -> Result<u64, Fault> {
    Ok(repeated(&sorted_keys(paths)?))
}

/// Rows whose key is one of `keys`.
fn count_known(paths: &[PathBuf], keys: &[Key]) -> Result<u64, Fault> {
    let mut known = 0;
    each_key(paths, &mut |key| known += u64::from(keys.binary_search(&key).is_ok()))?;
    Ok(known)
}

fn sorted_keys(paths: &[PathBuf]) -> Result<Vec<Key>, Fault> {
    let mut keys = Vec::new();
    each_key(paths, &mut |key| keys.push(key))?;
    keys.sort_unstable();
    Ok(keys)
}

fn repeated(sorted: &[Key]) -> u64 {
    sorted.windows(2).filter(|pair| pair[0] == pair[1]).count() as u64
}

fn each_key(paths: &[PathBuf], each: &mut dyn FnMut(Key)) -> Result<(), Fault> {
    for path in paths {
        each_batch(path, &COLUMNS[..2], |batch| {
            let (ordinals, indexes) = (int64(batch, "ordinal")?, int32(batch, "alt_index")?);
            (0..batch.num_rows()).for_each(|row| each((ordinals.value(row), indexes.value(row))));
            Ok(())
        })?;
    }
    Ok(())
}
