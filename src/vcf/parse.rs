//! One segment's text → rows, dead letters, warnings, digests.

mod frames;
mod suspicion;

use std::io::Write;
use std::sync::Arc;

use memchr::{memchr, memchr_iter};

use self::suspicion::{Suspicion, is_control};
use super::ReadLimits;
use super::bcf::dictionary::Dictionaries;
use super::header::Header;
use super::oddities;
use super::reader::{Form, RawSegment};
use crate::annotation::{Annotator, Frequencies, Notice};
use crate::domain::counts::Counts;
use crate::domain::dead::{DeadLetter, DeadStage};
use crate::domain::digest::{DigestSum, RecordDigest, line_digest, text_digest};
use crate::domain::rows::{REPEATED_BYTES_MAX, Rows};
use crate::domain::warning::Warnings;

/// A parsed segment.
pub struct ParsedSegment {
    /// 0-based number.
    pub index: u32,
    /// Ordinal of its first data line.
    pub first_ordinal: u64,
    /// Byte offset (decompressed) of its first line.
    pub offset: u64,
    /// Offset of each data line from there: `line_offsets.len() == counts.records`.
    pub line_offsets: Vec<u32>,
    /// One per allele.
    pub rows: Rows,
    /// Records that are no rows.
    pub dead: Vec<DeadLetter>,
    /// What was odd.
    pub warnings: Warnings,
    /// The counts.
    pub counts: Counts,
}

/// What the parser must know of the file.
#[derive(Clone)]
pub struct ParseContext {
    /// Sample columns of the header.
    pub samples: usize,
    /// Version of the header.
    pub version: (u32, u32),
    /// Limit of ALT entries.
    pub alts_max: usize,
    /// Line limit, for the message.
    pub line_bytes_max: usize,
    /// Contigs of the header, sorted; empty if it names none.
    pub contigs: Vec<String>,
    /// Of a BCF: what its numbers stand for.
    pub dictionaries: Option<Arc<Dictionaries>>,
    /// What reads the file's annotations into columns; `None` if it has none.
    pub annotator: Option<Arc<Annotator>>,
}

impl ParseContext {
    /// From a header.
    pub fn new(header: &Header, limits: &ReadLimits) -> Self {
        let mut contigs: Vec<String> = header.contigs.iter().map(|(name, _)| name.clone()).collect();
        contigs.sort_unstable();
        Self {
            samples: header.samples,
            version: header.version,
            alts_max: limits.alts_max,
            line_bytes_max: limits.line_bytes_max,
            contigs,
            dictionaries: header.dictionaries.clone(),
            annotator: None,
        }
    }

    /// For a file of this header whose annotations are to be read; what is odd about them is noticed.
    #[must_use]
    pub fn annotated(self, header: &Header, frequencies: &Frequencies) -> (Self, Vec<Notice>) {
        let (annotator, notices) = Annotator::for_file(&header.info_texts(), frequencies);
        (Self { annotator, ..self }, notices)
    }
}

/// Largest POS: BCF and SAM indexes hold 32 bits with sign.
const POS_MAX: i64 = i32::MAX as i64;

/// Columns before FORMAT.
const FIXED: usize = 8;

/// Parses a segment. `is_poison` says which ordinals are known to be poison: they become dead letters unseen.
pub fn parse_segment(context: &ParseContext, raw: &RawSegment, is_poison: &dyn Fn(u64) -> bool) -> ParsedSegment {
    let mut parser = SegmentParser {
        context,
        is_poison,
        raw,
        suspicion: Suspicion::of(&raw.text),
        contigs: Vec::new(),
        parsed: ParsedSegment {
            index: raw.index,
            first_ordinal: raw.first_ordinal,
            offset: raw.offset,
            line_offsets: Vec::with_capacity(raw.records as usize),
            rows: Rows::with_capacity(raw.records as usize, raw.text_bytes() as usize),
            dead: Vec::new(),
            warnings: Warnings::default(),
            counts: Counts::default(),
        },
    };
    match raw.form {
        Form::Text => parser.run(),
        Form::Bcf { .. } => parser.run_frames(),
    }
    let mut parsed = parser.parsed;
    oddities::note_lists(&mut parsed.warnings, &parsed.rows);
    if let Some(annotator) = &context.annotator {
        annotator.annotate(&mut parsed.rows, &mut parsed.warnings);
    }
    parsed
}

struct SegmentParser<'a> {
    context: &'a ParseContext,
    is_poison: &'a dyn Fn(u64) -> bool,
    raw: &'a RawSegment,
    suspicion: Suspicion,
    /// By contig number.
    contigs: Vec<Contig>,
    parsed: ParsedSegment,
}

/// What is worth knowing of a CHROM once, not once per record.
#[derive(Clone, Copy)]
struct Contig {
    digest: u128,
    odd: bool,
    unknown: bool,
}

/// One data line and where it stands.
#[derive(Clone, Copy)]
struct Line<'a> {
    /// Without its line end.
    text: &'a [u8],
    number: u64,
    ordinal: u64,
    /// Byte offset in the segment.
    at: usize,
}

/// The columns of a line, as read.
pub(super) struct Columns<'a> {
    pub(super) fixed: [&'a [u8]; FIXED],
    pub(super) format: Option<&'a [u8]>,
    samples: Option<&'a [u8]>,
    /// A tab after the last column was ignored.
    pub(super) trailing_tab: bool,
}

/// Why a line is no record.
struct Dead {
    reason: &'static str,
    detail: String,
}

fn dead<T>(reason: &'static str, detail: impl Into<String>) -> Result<T, Dead> {
    Err(Dead { reason, detail: detail.into() })
}

/// A field's text for people: never long, never raw.
pub(super) fn shown(field: &[u8]) -> String {
    let head = &field[..field.len().min(40)];
    let dots = if head.len() < field.len() { "…" } else { "" };
    format!("`{}{dots}`", String::from_utf8_lossy(head).escape_debug())
}

impl<'a> SegmentParser<'a> {
    fn run(&mut self) {
        let text = &self.raw.text[..];
        let (mut at, mut number, mut ordinal) = (0, self.raw.first_line, self.raw.first_ordinal);
        while at < text.len() {
            let end = memchr(b'\n', &text[at..]).map_or(text.len(), |nth| at + nth);
            let line = text[at..end].strip_suffix(b"\r").unwrap_or(&text[at..end]);
            match line {
                [] => self.parsed.warnings.note("blank_line", number, || "a blank line was skipped".into()),
                [b'#', ..] => {
                    self.parsed.warnings.note("late_header_line", number, || {
                        "a line that begins with # among the records was skipped".into()
                    });
                }
                _ => {
                    self.line(Line { text: line, number, ordinal, at });
                    ordinal += 1;
                }
            }
            if end == text.len() && self.raw.oversize_bytes.is_none() {
                self.parsed.warnings.note("no_final_newline", number, || {
                    "the last line has no line end: was the file cut short?".into()
                });
            }
            number += 1;
            at = end + 1;
        }
    }

    fn line(&mut self, line: Line<'_>) {
        let made = self.record(line);
        self.account(line, made);
    }

    /// Counts a record; what made none becomes a dead letter.
    fn account(&mut self, line: Line<'_>, made: Result<(), Dead>) {
        self.parsed.counts.records += 1;
        self.parsed.line_offsets.push(line.at as u32);
        if let Err(why) = made {
            self.parsed.counts.dead_records += 1;
            self.parsed.dead.push(DeadLetter {
                ordinal: line.ordinal,
                stage: DeadStage::Parse,
                reason: why.reason.into(),
                detail: why.detail,
                line: line.number,
                offset: self.raw.offset + line.at as u64,
                raw: DeadLetter::cut(line.text),
                raw_bytes: self.raw.oversize_bytes.unwrap_or(line.text.len() as u64),
                rows: 0,
                digest_sum: DigestSum::default(),
                line_digest: DigestSum::default(),
            });
        }
    }

    /// A record becomes rows, or a reason why not: nothing of it is kept before everything about it is known.
    fn record(&mut self, line: Line<'_>) -> Result<(), Dead> {
        if let Some(bytes) = self.raw.oversize_bytes {
            let max = self.context.line_bytes_max;
            return dead("line_too_long", format!("the line has {bytes} bytes, more than line_bytes_max = {max}"));
        }
        self.check_poison(line.ordinal)?;
        if self.suspicion.damage {
            check_text(line.text)?;
        }
        let columns = split(line.text, self.context.samples)?;
        let [chrom, pos_text, _, reference, alts, ..] = columns.fixed;
        trip(chrom, pos_text);
        if chrom.is_empty() {
            return dead("chrom_empty", "CHROM is empty");
        }
        let pos = parse_pos(pos_text)?;
        if reference.is_empty() || reference == b"." {
            return dead("ref_missing", format!("REF is {}: a base is needed", shown(reference)));
        }
        if memchr(b',', reference).is_some() {
            return dead("ref_list", format!("REF is {}: it cannot be a list", shown(reference)));
        }
        let count = self.check_alts(alts)?;
        let blanks = self.suspicion.blanks && memchr(b' ', line.text).is_some();
        let around = oddities::Around { line: line.number, version: self.context.version, blanks };
        oddities::note(&mut self.parsed.warnings, &columns, &around);
        if self.context.samples == 0 && columns.format.is_some() {
            let message = || "there is a FORMAT column but no sample".into();
            self.parsed.warnings.note("format_without_samples", line.number, message);
        }
        self.push(&columns, line, pos, count);
        Ok(())
    }

    fn check_poison(&self, ordinal: u64) -> Result<(), Dead> {
        if (self.is_poison)(ordinal) {
            return dead("poison", "handling this record ends or panics the process: it was left out unseen");
        }
        Ok(())
    }

    /// Number of ALT entries; 0 for `.`.
    fn check_alts(&self, alts: &[u8]) -> Result<usize, Dead> {
        if alts == b"." {
            return Ok(0);
        }
        if alts.is_empty() || alts[0] == b',' || alts.ends_with(b",") || memchr::memmem::find(alts, b",,").is_some() {
            return dead("alt_empty", format!("ALT is {}: an entry of it is empty", shown(alts)));
        }
        let count = memchr_iter(b',', alts).count() + 1;
        if count > self.context.alts_max {
            let max = self.context.alts_max;
            return dead("too_many_alts", format!("ALT has {count} entries, more than alts_max = {max}"));
        }
        Ok(count)
    }

    fn push(&mut self, columns: &Columns<'_>, line: Line<'_>, pos: i64, count: usize) {
        let [chrom, pos_text, id, reference, alts, qual, filter, info] = columns.fixed;
        let contig = self.contig(chrom, line.number);
        let digest = RecordDigest::new(line.ordinal, self.contigs[contig as usize].digest, pos, reference);
        let qual = Qual::of(qual, line.number, &mut self.parsed.warnings);
        let printable = pos_text[0] != b'0' || pos_text.len() == 1;
        let whole_line = !printable || columns.trailing_tab;
        let repeat = count <= 1 || count * (id.len() + reference.len() + filter.len()) <= REPEATED_BYTES_MAX;
        let (rows, counts) = (&mut self.parsed.rows, &mut self.parsed.counts);
        let mut push = |alt_index: u32, alt: Option<&[u8]>| {
            let first = alt_index <= 1;
            let shared = first || repeat;
            rows.ordinal.push(line.ordinal as i64);
            rows.alt_index.push(alt_index as i32);
            rows.line.push(line.number as i64);
            rows.contig.push(contig);
            rows.pos.push(pos);
            rows.id.push((shared && id != b".").then_some(id));
            rows.reference.push(shared.then_some(reference));
            rows.alt.push(alt);
            rows.qual.push(qual.value.unwrap_or_default());
            rows.qual_valid.push(qual.value.is_some());
            rows.filter.push((shared && filter != b".").then_some(filter));
            rows.qual_text.push(if first { qual.text } else { None });
            rows.info.push((first && info != b".").then_some(info));
            rows.format.push(columns.format.filter(|_| first));
            rows.samples.push(columns.samples.filter(|_| first));
            rows.line_text.push((first && whole_line).then_some(line.text));
            counts.digest_sum.add(digest.row(alt_index, alt));
        };
        if count == 0 {
            push(0, None);
            counts.no_alt += 1;
        } else {
            alts.split(|&byte| byte == b',').zip(1..).for_each(|(alt, index)| push(index, Some(alt)));
            counts.alleles += count as u64;
        }
        counts.line_digest_sum.add(line_digest(line.ordinal, line.text));
    }

    fn contig(&mut self, chrom: &[u8], number: u64) -> u32 {
        let contig = self.parsed.rows.contigs.id(chrom);
        if contig as usize == self.contigs.len() {
            let known = &self.context.contigs;
            let declarable = !known.is_empty() && oddities::of_assembly_file(chrom).is_none();
            self.contigs.push(Contig {
                digest: text_digest(chrom),
                odd: oddities::is_odd_chrom(chrom),
                unknown: declarable && known.binary_search_by(|name| name.as_bytes().cmp(chrom)).is_err(),
            });
        }
        let Contig { odd, unknown, .. } = self.contigs[contig as usize];
        if !(odd | unknown) {
            return contig;
        }
        let warnings = &mut self.parsed.warnings;
        if odd {
            warnings.note("odd_chrom", number, || format!("CHROM is {}", shown(chrom)));
        }
        if unknown {
            let message = || format!("CHROM {} is not in the header", shown(chrom));
            warnings.note("contig_not_in_header", number, message);
        }
        contig
    }
}

/// QUAL as a number, and as text where the number would not print the same.
#[derive(Clone, Copy)]
struct Qual<'a> {
    value: Option<f32>,
    text: Option<&'a [u8]>,
}

impl<'a> Qual<'a> {
    fn of(text: &'a [u8], number: u64, warnings: &mut Warnings) -> Self {
        if text == b"." {
            return Self { value: None, text: None };
        }
        let value = std::str::from_utf8(text).ok().and_then(|text| text.parse::<f32>().ok());
        match value {
            Some(value) if prints_as(value, text) => Self { value: Some(value), text: None },
            Some(value) => Self { value: Some(value), text: Some(text) },
            None => {
                let what = if text.is_empty() { "empty_field" } else { "qual_not_a_number" };
                warnings.note(what, number, || format!("QUAL is {}: kept as text, no number", shown(text)));
                Self { value: None, text: Some(text) }
            }
        }
    }
}

/// Whether the number prints as this text.
fn prints_as(value: f32, text: &[u8]) -> bool {
    let digits = text.iter().filter(|byte| byte.is_ascii_digit()).count();
    let dots = text.iter().filter(|&&byte| byte == b'.').count();
    let plain = digits + dots == text.len() && dots <= 1 && text[0] != b'.';
    let leading_zero = text[0] == b'0' && text.len() > 1 && text[1] != b'.';
    let trailing = dots == 1 && matches!(text.last(), Some(b'0' | b'.'));
    // Six significant digits survive a 32-bit float, and no shorter text means the same number.
    if plain && !leading_zero && !trailing && digits <= 6 {
        return true;
    }
    let mut printed = [0; 64];
    let mut rest = &mut printed[..];
    let fits = write!(rest, "{value}").is_ok();
    let unused = rest.len();
    fits && printed[..64 - unused] == *text
}

fn check_text(line: &[u8]) -> Result<(), Dead> {
    if let Err(error) = std::str::from_utf8(line) {
        return dead("not_utf8", format!("byte {} of the line is not UTF-8", error.valid_up_to() + 1));
    }
    match line.iter().position(|&byte| is_control(byte)) {
        Some(at) => dead(
            "control_character",
            format!("byte {} of the line is the control character 0x{:02x}", at + 1, line[at]),
        ),
        None => Ok(()),
    }
}

fn parse_pos(text: &[u8]) -> Result<i64, Dead> {
    let digits = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    if !digits {
        return dead("pos_not_a_number", format!("POS is {}: a number from 0 on is needed", shown(text)));
    }
    let pos = text.iter().fold(0_i64, |pos, digit| pos.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    if pos > POS_MAX {
        return dead("pos_too_large", format!("POS is {}, more than {POS_MAX}", shown(text)));
    }
    Ok(pos)
}

fn split(line: &[u8], samples: usize) -> Result<Columns<'_>, Dead> {
    let mut fixed = [&line[..0]; FIXED];
    let mut tabs = memchr_iter(b'\t', line);
    let mut start = 0;
    for (nth, column) in fixed.iter_mut().enumerate() {
        match tabs.next() {
            Some(tab) => {
                *column = &line[start..tab];
                start = tab + 1;
            }
            None if nth == FIXED - 1 => {
                *column = &line[start..];
                start = line.len() + 1;
            }
            None => {
                return dead(
                    "columns_missing",
                    format!("{} columns, at least 8 are needed (are they separated by tabs?)", nth + 1),
                );
            }
        }
    }
    let rest = line.get(start..);
    with_samples(fixed, rest, samples)
}

/// FORMAT and the samples: exactly as many as the header has.
fn with_samples<'a>(fixed: [&'a [u8]; FIXED], rest: Option<&'a [u8]>, samples: usize) -> Result<Columns<'a>, Dead> {
    let plain = Columns { fixed, format: None, samples: None, trailing_tab: false };
    let Some(mut rest) = rest else {
        if samples > 0 {
            return dead("columns_missing", format!("8 columns, the header has {}", FIXED + 1 + samples));
        }
        return Ok(plain);
    };
    let mut columns = memchr_iter(b'\t', rest).count() + 1;
    let expected = if samples > 0 { samples + 1 } else { columns.min(1) };
    let trailing_tab = (columns == expected + 1 && rest.ends_with(b"\t")) || (samples == 0 && rest.is_empty());
    if trailing_tab {
        rest = rest.strip_suffix(b"\t").unwrap_or(rest);
        columns -= 1;
        if columns == 0 {
            return Ok(Columns { trailing_tab, ..plain });
        }
    }
    if columns != expected {
        let reason = if columns < expected { "columns_missing" } else { "columns_surplus" };
        return dead(
            reason,
            format!("{} columns, the header has {}", FIXED + columns, FIXED + expected.min(samples + 1)),
        );
    }
    let (format, samples) = match memchr(b'\t', rest) {
        Some(tab) => (&rest[..tab], Some(&rest[tab + 1..])),
        None => (rest, None),
    };
    Ok(Columns { fixed, format: Some(format), samples, trailing_tab })
}

/// Where torture tests let a record end the process, or panic.
#[cfg(feature = "failpoints")]
fn trip(chrom: &[u8], pos: &[u8]) {
    let pos = String::from_utf8_lossy(pos);
    if crate::failpoint_at("parse_record_abort", chrom, &pos) {
        std::process::abort();
    }
    assert!(!crate::failpoint_at("parse_record_panic", chrom, &pos), "failpoint parse_record_panic");
}

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
fn trip(_: &[u8], _: &[u8]) {}
