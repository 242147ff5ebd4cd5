//! Rows into a file, in pieces: neither the copy that is encoded nor the row group that is buffered grows with what is written.

use std::io::Write;
use std::ops::Range;

use arrow_array::RecordBatch;
use arrow_schema::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::file::properties::WriterProperties;

use super::{convert, parquet_fault};
use crate::domain::rows::Rows;
use crate::fault::Fault;

/// Rows that are copied and encoded at once take about this much memory (bytes); one row may take more.
const PIECE_BYTES: usize = 4 << 20;

/// A row group ends when its rows took this much memory, however well they compress: it is buffered as a whole while it is written, and
/// whoever reads it may find a large part of it in a few rows (bytes).
const ROW_GROUP_BYTES_MAX: usize = 16 << 20;

/// A file being written.
pub struct Encoder<W: Write + Send> {
    writer: ArrowWriter<W>,
    /// Of the rows in the row group that is open.
    group_bytes: usize,
    rows: u64,
}

impl<W: Write + Send> Encoder<W> {
    /// A file with this schema.
    ///
    /// # Errors
    /// If the file cannot be written to.
    pub fn new(out: W, schema: SchemaRef, properties: WriterProperties) -> Result<Self, Fault> {
        // Without Arrow's own schema, so that every reader sees plain text columns.
        let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(out, schema, options).map_err(parquet_fault)?;
        Ok(Self { writer, group_bytes: 0, rows: 0 })
    }

    /// Appends rows.
    ///
    /// # Errors
    /// `Permanent` if the rows are not what they should be; as the file's otherwise.
    pub fn write_rows(&mut self, rows: &Rows) -> Result<(), Fault> {
        pieces(rows).into_iter().try_for_each(|piece| self.write(&convert::to_batch(rows, piece)?))
    }

    /// Appends a batch.
    ///
    /// # Errors
    /// As the file's.
    pub fn write(&mut self, batch: &RecordBatch) -> Result<(), Fault> {
        self.writer.write(batch).map_err(parquet_fault)?;
        self.rows += batch.num_rows() as u64;
        self.group_bytes += batch.get_array_memory_size();
        if self.writer.in_progress_rows() == 0 {
            self.group_bytes = 0;
        } else if self.group_bytes >= ROW_GROUP_BYTES_MAX {
            self.writer.flush().map_err(parquet_fault)?;
            self.group_bytes = 0;
        }
        Ok(())
    }

    /// Ends the file; returns its rows.
    ///
    /// # Errors
    /// As the file's.
    pub fn close(self) -> Result<u64, Fault> {
        self.writer.close().map_err(parquet_fault)?;
        Ok(self.rows)
    }
}

/// Consecutive rows that take about [`PIECE_BYTES`] together.
fn pieces(rows: &Rows) -> Vec<Range<usize>> {
    if rows.bytes() <= PIECE_BYTES {
        return std::iter::once(0..rows.len()).collect();
    }
    let (mut pieces, mut start, mut bytes) = (Vec::new(), 0, 0);
    for row in 0..rows.len() {
        let row_bytes = rows.row_bytes(row);
        if row > start && bytes + row_bytes > PIECE_BYTES {
            pieces.push(start..row);
            (start, bytes) = (row, 0);
        }
        bytes += row_bytes;
    }
    pieces.push(start..rows.len());
    pieces
}
