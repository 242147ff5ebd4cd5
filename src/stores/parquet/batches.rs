//! A file's rows in batches that take little memory: a batch never reaches beyond its row group, and has few rows where rows are large.

use std::fs::File;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder, RowSelection,
};
use parquet::file::metadata::RowGroupMetaData;

use super::schema;
use crate::fault::Fault;

/// Rows decoded at once take about this much memory (bytes).
const BATCH_BYTES: i64 = 4 << 20;

/// Most rows decoded at once.
const BATCH_ROWS_MAX: i64 = 8192;

/// A file being read.
pub struct Batches {
    path: PathBuf,
    file: File,
    metadata: ArrowReaderMetadata,
    mask: ProjectionMask,
    /// Rows that are wanted, ascending; `None` is all.
    wanted: Option<Vec<Range<usize>>>,
    /// Row groups that are not, by number.
    left_out: Vec<usize>,
    /// The next row group, and its first row.
    group: usize,
    group_start: usize,
    reader: Option<ParquetRecordBatchReader>,
}

impl Batches {
    /// Opens a file for all of its rows; for these columns, or all.
    ///
    /// # Errors
    /// `Permanent` if it is torn or not ours, `Unavailable` if it cannot be read.
    pub fn open(path: &Path, columns: Option<&[&str]>) -> Result<Self, Fault> {
        let file = File::open(path).map_err(|error| Fault::io(format!("cannot open {}", path.display()), &error))?;
        let metadata = ArrowReaderMetadata::load(&file, ArrowReaderOptions::new());
        let metadata = metadata.map_err(|error| unreadable(path, &error))?;
        schema::check(metadata.schema(), path)?;
        let mask = columns.map_or_else(ProjectionMask::all, |columns| {
            ProjectionMask::columns(metadata.parquet_schema(), columns.iter().copied())
        });
        let (path, wanted) = (path.to_owned(), None);
        Ok(Self { path, file, metadata, mask, wanted, left_out: Vec::new(), group: 0, group_start: 0, reader: None })
    }

    /// Only these rows: ranges that ascend.
    #[must_use]
    pub fn only(mut self, rows: Vec<Range<usize>>) -> Self {
        self.wanted = Some(rows);
        self
    }

    /// Only row groups that `holds` accepts.
    #[must_use]
    pub fn with_groups(mut self, holds: impl Fn(&RowGroupMetaData) -> bool) -> Self {
        let groups = self.metadata.metadata().row_groups().iter().enumerate();
        self.left_out = groups.filter(|(_, group)| !holds(group)).map(|(nth, _)| nth).collect();
        self
    }

    /// The columns in the file.
    pub fn schema(&self) -> &SchemaRef {
        self.metadata.schema()
    }

    /// Size of the file.
    ///
    /// # Errors
    /// `Unavailable` if it cannot be looked at.
    pub fn file_bytes(&self) -> Result<u64, Fault> {
        let looked = self.file.metadata();
        looked
            .map(|file| file.len())
            .map_err(|error| Fault::io(format!("cannot look at {}", self.path.display()), &error))
    }

    /// The next batch; `None` after the last.
    ///
    /// # Errors
    /// As [`Batches::open`].
    pub fn read(&mut self) -> Result<Option<RecordBatch>, Fault> {
        loop {
            if let Some(reader) = &mut self.reader {
                if let Some(batch) = next_batch(reader, &self.path)? {
                    return Ok(Some(batch));
                }
                self.reader = None;
            }
            let groups = self.metadata.metadata().row_groups();
            let Some(group) = groups.get(self.group) else { return Ok(None) };
            let rows = usize::try_from(group.num_rows()).unwrap_or(0);
            let selection = self.selection(rows);
            if selection.selects_any() && !self.left_out.contains(&self.group) {
                let row_bytes = group.total_byte_size() / group.num_rows();
                let batch_rows = (BATCH_BYTES / row_bytes.max(1)).clamp(1, BATCH_ROWS_MAX);
                self.reader = Some(self.read_group(self.group, batch_rows as usize, selection)?);
            }
            self.group += 1;
            self.group_start += rows;
        }
    }

    /// What is wanted of the next row group, which has so many rows.
    fn selection(&self, rows: usize) -> RowSelection {
        let all = 0..usize::MAX;
        let in_group = |row: usize| row.saturating_sub(self.group_start).min(rows);
        let wanted = self.wanted.as_deref().unwrap_or(std::slice::from_ref(&all)).iter();
        let wanted = wanted.map(|range| in_group(range.start)..in_group(range.end)).filter(|range| !range.is_empty());
        RowSelection::from_consecutive_ranges(wanted, rows)
    }

    fn read_group(
        &self,
        group: usize,
        batch_rows: usize,
        selection: RowSelection,
    ) -> Result<ParquetRecordBatchReader, Fault> {
        let file = self.file.try_clone();
        let file = file.map_err(|error| Fault::io(format!("cannot open {}", self.path.display()), &error))?;
        let reader = ParquetRecordBatchReaderBuilder::new_with_metadata(file, self.metadata.clone())
            .with_row_groups(vec![group])
            .with_projection(self.mask.clone())
            .with_batch_size(batch_rows)
            .with_row_selection(selection);
        reader.build().map_err(|error| unreadable(&self.path, &error))
    }
}

fn unreadable(path: &Path, why: &dyn std::fmt::Display) -> Fault {
    Fault::permanent(format!("{} cannot be read: {why}", path.display()))
}

/// The next batch of a reader. The decoder panics on some files whose bytes were altered: that is an error of the file like any other,
/// and must not look like an error of whoever reads it.
fn next_batch(reader: &mut ParquetRecordBatchReader, path: &Path) -> Result<Option<RecordBatch>, Fault> {
    match catch_unwind(AssertUnwindSafe(|| reader.next())) {
        Ok(batch) => batch.transpose().map_err(|error| unreadable(path, &error)),
        Err(_) => Err(unreadable(path, &"its decoder panicked, its bytes were altered")),
    }
}
