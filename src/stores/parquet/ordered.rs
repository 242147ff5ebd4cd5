//! Several files → their rows in the order of the records, in batches that never split a record. A job's groups follow one another; files
//! that were added later lie across them, so that all are read side by side.

use std::ops::Range;
use std::path::{Path, PathBuf};

use super::batches::Batches;
use super::convert;
use crate::domain::rows::Rows;
use crate::fault::Fault;

/// Calls `each` with the rows of `groups`, which are in order, and those of `added`, each in order by itself. Of the columns these are
/// read; the others are null.
///
/// # Errors
/// If a file cannot be read, or `each` fails.
pub fn read(
    groups: &[PathBuf],
    added: &[PathBuf],
    columns: &[&str],
    each: &mut dyn FnMut(&Rows) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut runs = vec![Run::of(groups, columns)];
    runs.extend(added.chunks(1).map(|file| Run::of(file, columns)));
    loop {
        for run in &mut runs {
            run.fill()?;
        }
        runs.retain(|run| run.first().is_some());
        let Some(next) = (0..runs.len()).min_by_key(|&nth| runs[nth].first()) else { return Ok(()) };
        let others = runs.iter().enumerate().filter(|(nth, _)| *nth != next);
        let until = others.filter_map(|(_, run)| run.first()).min();
        runs[next].give(until, each)?;
    }
}

/// Files whose rows follow one another.
struct Run<'p> {
    paths: std::slice::Iter<'p, PathBuf>,
    columns: &'p [&'p str],
    open: Option<(Batches, &'p Path)>,
    /// The record that may go on in the next batch of the file.
    begun: Rows,
    /// Whole records, and the first row of them that was not given yet.
    rows: Rows,
    at: usize,
}

impl<'p> Run<'p> {
    fn of(paths: &'p [PathBuf], columns: &'p [&'p str]) -> Self {
        Self { paths: paths.iter(), columns, open: None, begun: Rows::default(), rows: Rows::default(), at: 0 }
    }

    /// Ordinal of the record that comes next; `None` at the end.
    fn first(&self) -> Option<i64> {
        self.rows.ordinal.get(self.at).copied()
    }

    /// Reads on if everything was given.
    fn fill(&mut self) -> Result<(), Fault> {
        if self.at < self.rows.len() {
            return Ok(());
        }
        (self.rows, self.at) = (self.read()?, 0);
        Ok(())
    }

    /// The next whole records; none at the end.
    fn read(&mut self) -> Result<Rows, Fault> {
        loop {
            let Some((batches, path)) = &mut self.open else {
                let Some(path) = self.paths.next() else { return Ok(Rows::default()) };
                self.open = Some((Batches::open(path, Some(self.columns))?, path));
                continue;
            };
            let whole = match batches.read()? {
                Some(batch) => {
                    let batch = convert::to_rows(&batch).map_err(|fault| fault.context(path.display()))?;
                    if self.begun.is_empty() {
                        self.begun = batch;
                    } else {
                        (0..batch.len()).for_each(|row| self.begun.push_row(&batch, row));
                    }
                    let last = self.begun.split_last_record();
                    std::mem::replace(&mut self.begun, last)
                }
                None => {
                    self.open = None;
                    std::mem::take(&mut self.begun)
                }
            };
            if !whole.is_empty() {
                return Ok(whole);
            }
        }
    }

    /// Gives the records before record `until`, one at least.
    fn give(&mut self, until: Option<i64>, each: &mut dyn FnMut(&Rows) -> Result<(), Fault>) -> Result<(), Fault> {
        let first = self.rows.ordinal[self.at];
        let rest = &self.rows.ordinal[self.at..];
        let count = rest.partition_point(|&ordinal| ordinal == first || until.is_none_or(|until| ordinal < until));
        let end = self.at + count;
        if count == self.rows.len() {
            each(&self.rows)?;
        } else {
            let mut part = Rows::default();
            (self.at..end).for_each(|row| part.push_row(&self.rows, row));
            each(&part)?;
        }
        self.at = end;
        Ok(())
    }
}

/// The rows of these files whose ordinals are in these ranges, in order. Each file is in order by itself, and so are the ranges.
///
/// # Errors
/// If a file cannot be read.
pub fn read_records(paths: &[PathBuf], ordinals: &[Range<u64>]) -> Result<Rows, Fault> {
    let mut all = Rows::default();
    let mut is_in_order = true;
    for path in paths {
        let mut batches = Batches::open(path, None)?.only(places(path, ordinals)?);
        while let Some(batch) = batches.read()? {
            let batch = convert::to_rows(&batch).map_err(|fault| fault.context(path.display()))?;
            is_in_order &= all.ordinal.last() <= batch.ordinal.first();
            if all.is_empty() {
                all = batch;
            } else {
                (0..batch.len()).for_each(|row| all.push_row(&batch, row));
            }
        }
    }
    if is_in_order {
        return Ok(all);
    }
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|&row| (all.ordinal[row], all.alt_index[row]));
    let mut sorted = Rows::default();
    order.into_iter().for_each(|row| sorted.push_row(&all, row));
    Ok(sorted)
}

/// Which rows of a file have ordinals in these ranges: of a column that is small, all before the end is read.
fn places(path: &Path, ordinals: &[Range<u64>]) -> Result<Vec<Range<usize>>, Fault> {
    let mut batches = Batches::open(path, Some(&["ordinal"]))?;
    let mut places = vec![0..0; ordinals.len()];
    let mut before = 0;
    while let Some(batch) = batches.read()? {
        let column = convert::int64(&batch, "ordinal")?.values();
        let below = |bound: u64| column.partition_point(|&ordinal| (ordinal as u64) < bound);
        for (place, ordinals) in places.iter_mut().zip(ordinals) {
            place.start += below(ordinals.start);
            place.end += below(ordinals.end);
        }
        before += column.len();
        if places.last().is_none_or(|last| last.end < before) {
            break;
        }
    }
    places.retain(|place| !place.is_empty());
    Ok(places)
}

/// Ordinal and ALT index of the rows of these files whose ordinals are in the range, in order.
///
/// # Errors
/// If a file cannot be read.
pub fn keys(paths: &[PathBuf], ordinals: &Range<u64>) -> Result<Vec<(i64, i32)>, Fault> {
    let mut keys = Vec::new();
    for path in paths {
        let mut batches = Batches::open(path, Some(&["ordinal", "alt_index"]))?;
        while let Some(batch) = batches.read()? {
            let (column, alts) = (convert::int64(&batch, "ordinal")?, convert::int32(&batch, "alt_index")?);
            let rows = column.values().iter().copied().zip(alts.values().iter().copied());
            keys.extend(rows.filter(|(ordinal, _)| ordinals.contains(&(*ordinal as u64))));
        }
    }
    keys.sort_unstable();
    Ok(keys)
}
