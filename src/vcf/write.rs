//! Rows → lines again, byte for byte.

use std::io::Write;

use crate::domain::rows::{Rows, Text};

/// Appends the line (without line end) of the record whose first row is `first`; returns the row after its last.
pub fn write_record(rows: &Rows, first: usize, line: &mut Vec<u8>) -> usize {
    let next = (first + 1..rows.len()).find(|&row| rows.is_first(row)).unwrap_or(rows.len());
    if let Some(text) = rows.line_text.get(first) {
        line.extend_from_slice(text);
        return next;
    }
    line.extend_from_slice(rows.contigs.name(rows.contig[first]));
    // Writing to memory cannot fail.
    let _infallible = write!(line, "\t{}", rows.pos[first]);
    column(line, &rows.id, first);
    column(line, &rows.reference, first);
    line.push(b'\t');
    for row in first..next {
        if row > first {
            line.push(b',');
        }
        line.extend_from_slice(rows.alt.get(row).unwrap_or(b"."));
    }
    line.push(b'\t');
    match rows.qual_text.get(first) {
        Some(text) => line.extend_from_slice(text),
        None if rows.qual_valid.get(first) => drop(write!(line, "{}", rows.qual[first])),
        None => line.push(b'.'),
    }
    column(line, &rows.filter, first);
    column(line, &rows.info, first);
    for text in [rows.format.get(first), rows.samples.get(first)].into_iter().flatten() {
        line.push(b'\t');
        line.extend_from_slice(text);
    }
    next
}

fn column(line: &mut Vec<u8>, texts: &Text, row: usize) {
    line.push(b'\t');
    line.extend_from_slice(texts.get(row).unwrap_or(b"."));
}

/// Appends a header as read, with `extra` lines (`##…`, without line end) before its `#CHROM` line.
pub fn write_header(raw: &[u8], extra: &[String], out: &mut Vec<u8>) {
    for line in raw.split_inclusive(|&byte| byte == b'\n') {
        if !line.starts_with(b"##") && line.starts_with(b"#") {
            extra.iter().for_each(|line| {
                out.extend_from_slice(line.as_bytes());
                out.push(b'\n');
            });
        }
        out.extend_from_slice(line);
    }
}
