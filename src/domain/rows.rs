//! Rows: one per allele, in columns. What the parser makes, the stores keep and the writer prints again.
//!
//! Row schema, version [`SCHEMA_VERSION`]. Shapes: every column has one entry per row; rows of a record are adjacent
//! and in ALT order; *first-row* columns hold the record's raw text on its first row and null on the others.
//! Null in `id`, `filter`, `alt`, `info` means the VCF's `.`; any other text, the empty one included, is as read.

use std::collections::HashMap;

use super::annotations::Annotations;
use super::identities::Identities;

/// Part of the layout digest: goes up whenever the same line would make other rows.
pub const SCHEMA_VERSION: u32 = 2;

/// Text that belongs on every row of a record is repeated only up to this many bytes per record; beyond
/// it stands on the record's first row alone (a reader takes it from there). So no record can expand by its ALT count.
pub const REPEATED_BYTES_MAX: usize = 64 * 1024;

/// One bit a row, packed low bit first as Arrow does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bits {
    bytes: Vec<u8>,
    len: usize,
}

impl Bits {
    /// So many bits, none of them set.
    pub fn zeros(len: usize) -> Self {
        Self { bytes: vec![0; len.div_ceil(8)], len }
    }

    /// Appends one bit.
    #[inline]
    pub fn push(&mut self, bit: bool) {
        if self.len.is_multiple_of(8) {
            self.bytes.push(0);
        }
        if bit {
            let last = self.bytes.len() - 1;
            self.bytes[last] |= 1 << (self.len % 8);
        }
        self.len += 1;
    }

    /// Bit `i`; panics past the end.
    #[inline]
    pub fn get(&self, i: usize) -> bool {
        assert!(i < self.len, "bit {i} of {}", self.len);
        self.bytes[i / 8] >> (i % 8) & 1 == 1
    }

    /// Bits held.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether no bit is held.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Keeps the first `len` bits.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            self.bytes.truncate(len.div_ceil(8));
            self.len = len;
            if let (Some(last), used @ 1..) = (self.bytes.last_mut(), len % 8) {
                *last &= (1 << used) - 1;
            }
        }
    }

    /// How many are set.
    pub fn count_ones(&self) -> u64 {
        self.bytes.iter().map(|b| u64::from(b.count_ones())).sum()
    }

    /// The packed bytes, `len.div_ceil(8)` of them.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Bits from packed bytes; bits past `len` must be zero and are cleared.
    pub fn from_bytes(mut bytes: Vec<u8>, len: usize) -> Option<Self> {
        if bytes.len() != len.div_ceil(8) {
            return None;
        }
        if let (Some(last), used @ 1..) = (bytes.last_mut(), len % 8) {
            *last &= (1 << used) - 1;
        }
        Some(Self { bytes, len })
    }

    /// Takes the bytes out, for a buffer that is handed on without a copy.
    pub fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }
}

/// A nullable text column: `offsets.len() == len + 1`, as in Arrow's Utf8. The bytes are always valid UTF-8 text
/// pieces of a checked segment.
#[derive(Clone, PartialEq, Eq)]
pub struct Text {
    /// Start of each row's text, and the end of the last.
    pub offsets: Vec<i32>,
    /// All texts, back to back.
    pub bytes: Vec<u8>,
    /// Which rows are not null.
    pub valid: Bits,
}

impl Default for Text {
    fn default() -> Self {
        Self { offsets: vec![0], bytes: Vec::new(), valid: Bits::default() }
    }
}

impl Text {
    /// Keeps the first `len` rows.
    pub fn truncate(&mut self, len: usize) {
        self.offsets.truncate(len + 1);
        self.bytes.truncate(self.offsets.last().map_or(0, |&end| end as usize));
        self.valid.truncate(len);
    }

    /// Appends one row. Panics beyond 2 GiB: a segment's limits keep far below.
    #[inline]
    pub fn push(&mut self, text: Option<&[u8]>) {
        if let Some(text) = text {
            self.bytes.extend_from_slice(text);
        }
        self.valid.push(text.is_some());
        self.offsets.push(i32::try_from(self.bytes.len()).expect("column over 2 GiB"));
    }

    /// Row `i`; panics past the end.
    #[inline]
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        self.valid.get(i).then(|| &self.bytes[self.offsets[i] as usize..self.offsets[i + 1] as usize])
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.valid.len()
    }

    /// Whether no row is held.
    pub fn is_empty(&self) -> bool {
        self.valid.is_empty()
    }
}

/// Words that repeat, numbered in the order of their first row: names of contigs above all.
#[derive(Clone, Default)]
pub struct Vocabulary {
    names: Vec<Box<[u8]>>,
    ids: HashMap<Box<[u8]>, u32>,
    /// The one that was asked for last: the next one is mostly the same.
    last: u32,
}

impl PartialEq for Vocabulary {
    fn eq(&self, other: &Self) -> bool {
        self.names == other.names
    }
}

impl Vocabulary {
    /// The number of `name`, new or known. The name that was asked for last is found without hashing.
    pub fn id(&mut self, name: &[u8]) -> u32 {
        if let Some(last) = self.names.get(self.last as usize)
            && **last == *name
        {
            return self.last;
        }
        self.last = match self.ids.get(name) {
            Some(&id) => id,
            None => {
                let id = self.names.len() as u32;
                self.names.push(name.into());
                self.ids.insert(name.into(), id);
                id
            }
        };
        self.last
    }

    /// The name behind a number; panics on a number that [`Vocabulary::id`] did not give.
    pub fn name(&self, id: u32) -> &[u8] {
        &self.names[id as usize]
    }

    /// All names, by number.
    pub fn names(&self) -> &[Box<[u8]>] {
        &self.names
    }
}

/// A batch of rows, in columns of equal length.
#[derive(Clone, Default, PartialEq)]
pub struct Rows {
    /// 0-based number of the record among the file's data lines.
    pub ordinal: Vec<i64>,
    /// 1 for the first ALT; 0 on the only row of a record without ALT.
    pub alt_index: Vec<i32>,
    /// 1-based line in the (decompressed) file.
    pub line: Vec<i64>,
    /// CHROM, as a number into `contigs`.
    pub contig: Vec<u32>,
    /// The names behind `contig`.
    pub contigs: Vocabulary,
    /// POS, 1-based; 0 is the telomere.
    pub pos: Vec<i64>,
    /// ID as read.
    pub id: Text,
    /// REF as read; null only on later rows of a record whose REF is not repeated.
    pub reference: Text,
    /// This row's entry of the ALT column as read; null for a record without ALT.
    pub alt: Text,
    /// QUAL as a 32-bit float; see `qual_valid`.
    pub qual: Vec<f32>,
    /// False where QUAL is `.` or not a number.
    pub qual_valid: Bits,
    /// FILTER as read.
    pub filter: Text,
    /// First row: QUAL's text, where the number would not print the same.
    pub qual_text: Text,
    /// First row: INFO as read.
    pub info: Text,
    /// First row: FORMAT as read; null if the line ends before it.
    pub format: Text,
    /// First row: everything after FORMAT's tab; null if the line ends before it.
    pub samples: Text,
    /// First row: the whole line, where the columns above would not print the same (POS `007`).
    pub line_text: Text,
    /// What the file's annotator says; `None` if it says nothing of any row.
    pub annotations: Option<Box<Annotations>>,
    /// Which allele each row is; `None` if nobody has looked.
    pub identities: Option<Box<Identities>>,
}

impl Rows {
    /// No rows yet, with room for about this many made of this much text (bytes).
    pub fn with_capacity(rows: usize, text_bytes: usize) -> Self {
        let mut new = Self::default();
        let rows_max = rows + rows / 8;
        new.ordinal.reserve(rows_max);
        new.alt_index.reserve(rows_max);
        new.line.reserve(rows_max);
        new.contig.reserve(rows_max);
        new.pos.reserve(rows_max);
        new.qual.reserve(rows_max);
        // Nearly all of a line is INFO or samples; which of the two, the first lines tell.
        new.info.bytes.reserve(text_bytes / 2);
        new
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.ordinal.len()
    }

    /// Whether no row is held.
    pub fn is_empty(&self) -> bool {
        self.ordinal.is_empty()
    }

    /// Whether row `i` is the first of its record.
    #[inline]
    pub fn is_first(&self, i: usize) -> bool {
        self.alt_index[i] <= 1
    }

    /// Number of records: rows that are the first of theirs.
    pub fn records(&self) -> usize {
        self.alt_index.iter().filter(|&&i| i <= 1).count()
    }

    /// What a row takes in memory beside its texts (bytes): numbers, the ends of nine texts, and ten bits.
    pub const ROW_BYTES: usize = 8 + 4 + 8 + 4 + 8 + 4 + 9 * 4 + 2;

    /// About how much memory the columns take (bytes).
    pub fn bytes(&self) -> usize {
        let text: usize = self.texts().iter().map(|t| t.bytes.len() + 4 * t.offsets.len()).sum();
        let said = self.annotations.as_ref().map_or(0, |annotations| annotations.bytes());
        let identities = self.identities.as_ref().map_or(0, |identities| identities.bytes());
        text + self.len() * (8 + 4 + 8 + 4 + 8 + 4) + said + identities
    }

    /// About how much memory row `i` takes (bytes).
    pub fn row_bytes(&self, i: usize) -> usize {
        let text = |text: &Text| (text.offsets[i + 1] - text.offsets[i]) as usize;
        let said = self
            .annotations
            .as_ref()
            .map_or(0, |said| Annotations::ROW_BYTES + text(&said.hgvs_c) + text(&said.hgvs_p));
        let identity = self
            .identities
            .as_ref()
            .map_or(0, |known| Identities::ROW_BYTES + text(&known.reference) + text(&known.alt));
        Self::ROW_BYTES + self.texts().into_iter().map(text).sum::<usize>() + said + identity
    }

    fn texts(&self) -> [&Text; 9] {
        [
            &self.id,
            &self.reference,
            &self.alt,
            &self.filter,
            &self.qual_text,
            &self.info,
            &self.format,
            &self.samples,
            &self.line_text,
        ]
    }

    /// Keeps the first `len` rows; contig names stay.
    pub fn truncate(&mut self, len: usize) {
        self.ordinal.truncate(len);
        self.alt_index.truncate(len);
        self.line.truncate(len);
        self.contig.truncate(len);
        self.pos.truncate(len);
        self.qual.truncate(len);
        self.qual_valid.truncate(len);
        for text in [
            &mut self.id,
            &mut self.reference,
            &mut self.alt,
            &mut self.filter,
            &mut self.qual_text,
            &mut self.info,
            &mut self.format,
            &mut self.samples,
            &mut self.line_text,
        ] {
            text.truncate(len);
        }
        self.annotations.iter_mut().for_each(|said| said.truncate(len));
        self.identities.iter_mut().for_each(|identities| identities.truncate(len));
    }

    /// Takes the last record off: its rows, and the rest stays.
    #[must_use]
    pub fn split_last_record(&mut self) -> Self {
        let first = (0..self.len()).rev().find(|&row| self.is_first(row)).unwrap_or(0);
        let mut last = Self::default();
        (first..self.len()).for_each(|row| last.push_row(self, row));
        self.truncate(first);
        last
    }

    /// Appends row `i` of `other`.
    pub fn push_row(&mut self, other: &Self, i: usize) {
        self.push_texts_of(other, i, i);
    }

    /// Appends row `i` of `other` as the first of its record: with the texts that stand on row `first` for all of them.
    pub fn push_as_first(&mut self, other: &Self, i: usize, first: usize) {
        self.push_texts_of(other, i, first);
    }

    fn push_texts_of(&mut self, other: &Self, i: usize, first: usize) {
        match (&mut self.annotations, &other.annotations) {
            (None, None) => {}
            (Some(mine), None) => mine.push_null(),
            (mine, Some(theirs)) => {
                mine.get_or_insert_with(|| Box::new(Annotations::nulls(self.ordinal.len()))).push_row(theirs, i);
            }
        }
        match (&mut self.identities, &other.identities) {
            (None, None) => {}
            (Some(mine), None) => mine.push_null(),
            (mine, Some(theirs)) => {
                mine.get_or_insert_with(|| Box::new(Identities::nulls(self.ordinal.len()))).push_row(theirs, i);
            }
        }
        self.ordinal.push(other.ordinal[i]);
        self.alt_index.push(other.alt_index[i]);
        self.line.push(other.line[i]);
        let contig = self.contigs.id(other.contigs.name(other.contig[i]));
        self.contig.push(contig);
        self.pos.push(other.pos[i]);
        self.id.push(other.id.get(i).or(other.id.get(first)));
        self.reference.push(other.reference.get(i).or(other.reference.get(first)));
        self.alt.push(other.alt.get(i));
        self.qual.push(other.qual[i]);
        self.qual_valid.push(other.qual_valid.get(i));
        self.filter.push(other.filter.get(i).or(other.filter.get(first)));
        self.qual_text.push(other.qual_text.get(first));
        self.info.push(other.info.get(first));
        self.format.push(other.format.get(first));
        self.samples.push(other.samples.get(first));
        self.line_text.push(other.line_text.get(first));
    }

    /// The rows whose record `keep` accepts by its ordinal.
    #[must_use]
    pub fn filter_records(&self, keep: impl Fn(u64) -> bool) -> Self {
        let mut kept = Self::default();
        (0..self.len()).filter(|&i| keep(self.ordinal[i] as u64)).for_each(|i| kept.push_row(self, i));
        kept
    }
}

// Rows hold genotypes: Debug shows the shape only.
impl std::fmt::Debug for Rows {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Rows({} rows, {} bytes)", self.len(), self.bytes())
    }
}

/// The digest of every row, summed: recomputes from columns what the parser took from text.
pub fn rows_digest_sum(rows: &Rows) -> super::digest::DigestSum {
    use super::digest::{DigestSum, RecordDigest, text_digest};
    let contigs: Vec<u128> = rows.contigs.names().iter().map(|name| text_digest(name)).collect();
    let mut sum = DigestSum::default();
    let mut record: Option<(i64, RecordDigest)> = None;
    for i in 0..rows.len() {
        let digest = match record {
            Some((ordinal, digest)) if ordinal == rows.ordinal[i] && rows.reference.get(i).is_none() => digest,
            _ => RecordDigest::new(
                rows.ordinal[i] as u64,
                contigs[rows.contig[i] as usize],
                rows.pos[i],
                rows.reference.get(i).unwrap_or_default(),
            ),
        };
        record = Some((rows.ordinal[i], digest));
        sum.add(digest.row(rows.alt_index[i] as u32, rows.alt.get(i)));
    }
    sum
}
