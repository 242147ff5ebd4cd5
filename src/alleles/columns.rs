//! The identity of every row of a batch, as three nullable columns (`allele_pos`, `allele_ref`, `allele_alt`): null where it is what
//! the file says, which is nearly everywhere. All three are null or none is.
//!
//! What does not fit the reference is counted as a warning with its first line, never changed: `reference_mismatch`,
//! `allele_outside_contig`, `contig_not_in_reference`, `allele_repeat_too_long`.

use std::borrow::Cow;

use super::align::{Aligned, left_align};
use crate::domain::allele::{How, Identity, Why, without_reference};
use crate::domain::rows::{Bits, Rows, Text};
use crate::domain::warning::Warnings;
use crate::reference::window::Window;
use crate::reference::{Reference, ReferenceError};

/// At most this much of an allele is shown in a warning (bytes).
const SHOWN_BYTES_MAX: usize = 30;

/// One entry a row. Where identities are limited, those of a record beyond the limit are changed and have no text.
#[derive(Clone, Default, PartialEq)]
pub struct AlleleColumns {
    /// POS of the identity; 0 where it is null.
    pub pos: Vec<i64>,
    /// Where the three are not null.
    pub changed: Bits,
    /// REF of the identity, in capitals.
    pub reference: Text,
    /// ALT of the identity, in capitals.
    pub alt: Text,
    /// How the identity was made, of every row.
    pub how: Vec<How>,
}

impl AlleleColumns {
    fn clear(&mut self) {
        self.pos.clear();
        self.changed.truncate(0);
        self.reference.truncate(0);
        self.alt.truncate(0);
        self.how.clear();
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.how.len()
    }

    /// Whether no row is held.
    pub fn is_empty(&self) -> bool {
        self.how.is_empty()
    }

    /// The identity of row `i` of the rows that these columns were made from.
    pub fn identity<'a>(&'a self, rows: &'a Rows, i: usize) -> Identity<'a> {
        let how = self.how[i];
        match (self.reference.get(i), self.alt.get(i)) {
            (Some(reference), Some(alt)) => Identity { pos: self.pos[i], reference, alt, how },
            _ => Identity {
                pos: rows.pos[i],
                reference: reference_of(rows, i),
                alt: rows.alt.get(i).unwrap_or_default(),
                how,
            },
        }
    }

    /// Whether the identity of row `i` is another one than the file's, and too long to be kept.
    pub fn is_too_long(&self, i: usize) -> bool {
        self.changed.get(i) && self.reference.get(i).is_none()
    }

    /// Appends a row. Its texts are kept if they are no longer than what its record has left (bytes), which they use up.
    #[inline]
    fn push(&mut self, row: Row<'_>, identity: &Identity<'_>, left: &mut usize) {
        self.how.push(identity.how);
        // What is as in the file stays so to the letter, case too.
        let as_in_file = matches!(identity.how, How::AsIs(_))
            || (identity.pos == row.pos
                && is_in_capitals(row.reference, identity.reference)
                && is_in_capitals(row.alt.unwrap_or_default(), identity.alt));
        self.changed.push(!as_in_file);
        if as_in_file {
            self.pos.push(0);
            self.reference.push(None);
            self.alt.push(None);
            return;
        }
        self.pos.push(identity.pos);
        let bytes = identity.reference.len() + identity.alt.len();
        let is_kept = bytes <= *left;
        *left = left.saturating_sub(bytes);
        if !is_kept {
            self.reference.push(None);
            self.alt.push(None);
            return;
        }
        for (column, bases) in [(&mut self.reference, identity.reference), (&mut self.alt, identity.alt)] {
            let start = column.bytes.len();
            column.push(Some(bases));
            column.bytes[start..].make_ascii_uppercase();
        }
    }
}

/// Whether the file's text is the identity's, in capitals.
#[inline]
fn is_in_capitals(of_file: &[u8], bases: &[u8]) -> bool {
    of_file == bases && !bases.iter().any(u8::is_ascii_lowercase)
}

/// REF of row `i`: on later rows of a record it may stand on the first one only.
fn reference_of(rows: &Rows, i: usize) -> &[u8] {
    let with_text = (0..=i).rev().find(|&row| rows.reference.valid.get(row) || rows.is_first(row));
    with_text.and_then(|row| rows.reference.get(row)).unwrap_or_default()
}

/// What of a row counts here.
#[derive(Clone, Copy)]
struct Row<'r> {
    line: i64,
    contig: u32,
    pos: i64,
    reference: &'r [u8],
    alt: Option<&'r [u8]>,
}

/// Makes the columns, batch by batch, in the same memory.
pub struct Identifier<'r> {
    window: Option<Window<'r>>,
    columns: AlleleColumns,
    aligned: Aligned,
    /// By the rows' number of a contig, its number in the reference.
    contigs: Vec<Option<u32>>,
    record_bytes_max: usize,
}

impl<'r> Identifier<'r> {
    /// With a reference alleles are left-aligned, without one only trimmed.
    pub fn new(reference: Option<&'r Reference>) -> Self {
        Self {
            window: reference.map(Window::new),
            columns: AlleleColumns::default(),
            aligned: Aligned::default(),
            contigs: Vec::new(),
            record_bytes_max: usize::MAX,
        }
    }

    /// Keeps the texts of a record's identities only up to this many bytes: a long REF before many ALTs would be there once for each.
    #[must_use]
    pub fn limited_to(mut self, record_bytes_max: usize) -> Self {
        self.record_bytes_max = record_bytes_max;
        self
    }

    /// The columns of these rows, and warnings about what does not fit the reference. For rows that stay as they are nothing is
    /// allocated once the memory is there.
    ///
    /// # Errors
    /// If the reference cannot be read.
    pub fn identify(&mut self, rows: &Rows, warnings: &mut Warnings) -> Result<&AlleleColumns, ReferenceError> {
        self.columns.clear();
        self.contigs.clear();
        if let Some(window) = &self.window {
            self.contigs.extend(rows.contigs.names().iter().map(|name| window.reference().contig(name)));
        }
        let mut reference: &[u8] = b"";
        let mut left = self.record_bytes_max;
        for i in 0..rows.len() {
            match rows.reference.get(i) {
                Some(text) => reference = text,
                None if rows.is_first(i) => reference = b"",
                None => {}
            }
            let (line, contig, pos, alt) = (rows.line[i], rows.contig[i], rows.pos[i], rows.alt.get(i));
            let row = Row { line, contig, pos, reference, alt };
            let known = self.contigs.get(contig as usize).copied().flatten();
            let identity = match (&mut self.window, known) {
                (Some(window), Some(contig)) => left_align(window, contig, pos, reference, alt, &mut self.aligned)?,
                _ => without_reference(pos, reference, alt),
            };
            if rows.is_first(i) {
                left = self.record_bytes_max;
            }
            self.columns.push(row, &identity, &mut left);
            if let Some(window) = &self.window {
                warn(warnings, rows, row, known, identity.how, window.reference());
            }
        }
        Ok(&self.columns)
    }
}

#[inline]
fn warn(warnings: &mut Warnings, rows: &Rows, row: Row<'_>, known: Option<u32>, how: How, reference: &Reference) {
    let code = match how {
        How::AsIs(Why::ReferenceMismatch) => "reference_mismatch",
        How::AsIs(Why::OutsideContig) => "allele_outside_contig",
        How::AsIs(Why::RepeatTooLong) => "allele_repeat_too_long",
        How::LeftAligned | How::Trimmed if known.is_none() => "contig_not_in_reference",
        _ => return,
    };
    let line = u64::try_from(row.line).unwrap_or_default();
    warnings.note(code, line, || said(code, rows, row, known, reference));
}

/// What a warning says, about the first allele of its kind.
#[cold]
fn said(code: &str, rows: &Rows, row: Row<'_>, known: Option<u32>, reference: &Reference) -> String {
    let name = String::from_utf8_lossy(rows.contigs.name(row.contig));
    let (pos, shown) = (row.pos, shown(row.reference));
    let path = reference.path().display();
    let length = known.map_or(0, |contig| reference.length(contig));
    match code {
        "reference_mismatch" => format!(
            "REF {shown} at {name}:{pos} is not what the reference {path} has there: such alleles are kept as they are, not \
             aligned; many of them mean that the reference is of another assembly"
        ),
        "allele_outside_contig" => format!(
            "REF {shown} at {name}:{pos} goes beyond the contig, which has {length} bases in the reference {path}: such alleles \
             are kept as they are"
        ),
        "allele_repeat_too_long" => format!(
            "the allele at {name}:{pos} stands in a repeat of more than {} bases: such alleles are kept as they are",
            super::align::ROLL_BASES_MAX
        ),
        _ => format!(
            "contig {name} is not in the reference {path}: alleles of such contigs are trimmed, not left-aligned"
        ),
    }
}

fn shown(bases: &[u8]) -> Cow<'_, str> {
    if bases.len() <= SHOWN_BYTES_MAX {
        return String::from_utf8_lossy(bases);
    }
    Cow::Owned(format!("{}…", String::from_utf8_lossy(&bases[..SHOWN_BYTES_MAX])))
}

// Rows hold genotypes, columns made of them are their kin: Debug shows the shape only.
impl std::fmt::Debug for AlleleColumns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "AlleleColumns({} rows, {} changed)", self.len(), self.changed.count_ones())
    }
}
