//! The tolerant header: what is sound is used, what is odd is kept as it is and warned about, and only what leaves no way to
//! tell the columns refuses the file.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use memchr::memchr;

use super::bcf::dictionary::Dictionaries;
use super::{ReadError, reserved};
use crate::domain::assembly::Evidence;
use crate::domain::warning::Warnings;

/// The columns every VCF has.
const COLUMNS: [&str; 8] = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"];

/// A byte order mark.
const BOM: &[u8] = b"\xef\xbb\xbf";

/// At most this much of a line is shown to people (bytes).
pub const SHOWN_BYTES_MAX: usize = 60;

/// Versions that are known; others are read as the nearest.
const VERSIONS: std::ops::RangeInclusive<u32> = 0..=5;

/// What a header says. Every raw line is kept in `raw`.
#[derive(Clone, Default)]
pub struct Header {
    /// All header text as read, the `#CHROM` line included, LF line ends, no byte order mark.
    pub raw: Vec<u8>,
    /// `##fileformat`, (4, 2) if missing.
    pub version: (u32, u32),
    /// Number of sample columns. Names stay in `raw`.
    pub samples: usize,
    /// `##contig` lines: ID, length.
    pub contigs: Vec<(String, Option<u64>)>,
    /// IDs of `##INFO` lines with their Number and Type, as written.
    pub infos: Vec<InfoLine>,
    /// The same of `##FORMAT` lines.
    pub formats: Vec<InfoLine>,
    /// The genome assembly: from contig lengths, then `##reference`, then `assembly=`; `None` when unknown. `GRCh37`, `GRCh38`,
    /// `T2T-CHM13v2.0` or as named.
    pub assembly: Option<String>,
    /// What that rests on: asked whether it contradicts a configured assembly.
    pub assembly_evidence: Evidence,
    /// What was odd.
    pub warnings: Warnings,
    /// Lines in the header (the first record's line number less one).
    pub lines: u64,
    /// Of a BCF: what its numbers stand for.
    pub dictionaries: Option<Arc<Dictionaries>>,
}

/// An `##INFO` or `##FORMAT` line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfoLine {
    /// ID.
    pub id: String,
    /// Number as written (`1`, `A`, `.`).
    pub number: String,
    /// Type as written (`Float`).
    pub kind: String,
    /// Description, quotes removed.
    pub description: String,
}

/// Whether `text` holds the whole header: a line follows that is not of it, or `#CHROM` has ended. `scanned` remembers how far
/// that was looked for.
pub fn is_whole(text: &[u8], scanned: &mut usize) -> bool {
    while let Some(nth) = memchr(b'\n', &text[*scanned..]) {
        let line = &text[*scanned..*scanned + nth];
        if is_last(line, *scanned == 0) {
            return true;
        }
        *scanned += nth + 1;
    }
    // A line that is no header line need not end before it can be refused.
    let begun = &text[*scanned..];
    begun.len() > SHOWN_BYTES_MAX + BOM.len() && !without_bom(begun, *scanned == 0).starts_with(b"#")
}

/// Whether no header line comes after this one.
fn is_last(line: &[u8], first: bool) -> bool {
    let line = without_bom(line, first);
    !(line.starts_with(b"##") || is_blank(line))
}

fn is_blank(line: &[u8]) -> bool {
    matches!(line, [] | b"\r")
}

fn without_bom(line: &[u8], first: bool) -> &[u8] {
    if first { line.strip_prefix(BOM).unwrap_or(line) } else { line }
}

/// Bytes of `text` that are the header, its `#CHROM` line included.
///
/// # Errors
/// If there is no `#CHROM` line, naming the line that stands in its place, or none before the limit.
pub fn len(text: &[u8], header_bytes_max: usize) -> Result<usize, ReadError> {
    if text.is_empty() {
        return Err(ReadError::input("it is empty: not even a header"));
    }
    let (mut at, mut number) = (0, 0);
    while at < text.len() {
        number += 1;
        let end = memchr(b'\n', &text[at..]).map_or(text.len(), |nth| at + nth + 1);
        let line = without_bom(&text[at..end], at == 0);
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let is_header = line.starts_with(b"#") || is_blank(line);
        if (if is_header { end } else { at }) > header_bytes_max {
            return Err(ReadError::input(format!(
                "the header is longer than {header_bytes_max} bytes (header_bytes_max): is it a VCF? Raise the limit if it is"
            )));
        }
        if !is_header {
            let message = format!(
                "line {number} comes before any #CHROM line and does not begin with '#': `{}`; a VCF needs its header",
                shown(line)
            );
            return Err(ReadError::input(message).at_line(number).at_offset(at as u64));
        }
        at = end;
        if line.starts_with(b"#") && !line.starts_with(b"##") {
            return Ok(end);
        }
    }
    Err(ReadError::input(format!("it ends after {number} header lines without a #CHROM line")).at_line(number))
}

/// The beginning of a line, safe to print.
fn shown(line: &[u8]) -> String {
    let head = &line[..line.len().min(SHOWN_BYTES_MAX)];
    let dots = if head.len() < line.len() { "…" } else { "" };
    format!("{}{dots}", String::from_utf8_lossy(head).escape_debug())
}

/// Reads a header text that [`len`] delimited.
///
/// # Errors
/// If the columns cannot be told: a wrong or missing column name, a repeated sample name, an empty `##fileformat`.
pub fn parse(text: &[u8]) -> Result<Header, ReadError> {
    let mut header = Header { version: (4, 2), ..Header::default() };
    let mut has_version = false;
    let first = without_bom(text, true);
    let mut at = (text.len() - first.len()) as u64;
    if at > 0 {
        header.warnings.note("byte_order_mark", 1, || "a byte order mark was dropped".into());
    }
    for line in first.split_inclusive(|&byte| byte == b'\n') {
        header.lines += 1;
        let (number, offset) = (header.lines, at);
        at += line.len() as u64;
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        header.raw.extend_from_slice(line);
        header.raw.push(b'\n');
        if line.is_empty() {
            header.warnings.note("blank_header_line", number, || "a blank line in the header was skipped".into());
            continue;
        }
        let text = String::from_utf8_lossy(line);
        if matches!(text, Cow::Owned(_)) || line.contains(&0) {
            header.warnings.note("header_not_text", number, || "a header line is not UTF-8, or holds a NUL".into());
        }
        if text.starts_with("##") {
            has_version |= header.meta(&text, number).map_err(|error| error.at_offset(offset))?;
        } else {
            header.columns(&text, number).map_err(|error| error.at_offset(offset))?;
        }
    }
    if !has_version {
        header.warnings.note("no_fileformat", 1, || "no ##fileformat line: read as VCFv4.2".into());
    }
    let verdict = header.assembly_evidence.verdict();
    header.assembly = verdict.assembly;
    if let Some(disagreement) = verdict.disagreement {
        header.warnings.note("assembly_contradictory", 1, || disagreement);
    }
    Ok(header)
}

impl Header {
    /// ID, Number, Type and Description of the `##INFO` lines.
    pub fn info_texts(&self) -> Vec<(&str, &str, &str, &str)> {
        self.infos.iter().map(|line| (&*line.id, &*line.number, &*line.kind, &*line.description)).collect()
    }

    /// Names of the samples, from the `#CHROM` line.
    pub fn sample_names(&self) -> Vec<String> {
        let lines = self.raw.split(|&byte| byte == b'\n').rev();
        let columns = lines.into_iter().find(|line| line.starts_with(b"#CHROM")).unwrap_or_default();
        let names = columns.split(|&byte| byte == b'\t').skip(COLUMNS.len() + 1).take(self.samples);
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// One `##` line; true for `##fileformat`.
    fn meta(&mut self, line: &str, number: u64) -> Result<bool, ReadError> {
        let Some((key, value)) = line[2..].split_once('=') else {
            self.odd(number, line, "no `=` in it");
            return Ok(false);
        };
        match key.trim_end() {
            "fileformat" => return self.fileformat(value, number).map(|()| true),
            "reference" if !value.trim().is_empty() => self.assembly_evidence.reference(value.trim()),
            "assembly" if !value.starts_with('<') && !value.trim().is_empty() => {
                self.assembly_evidence.assembly(value.trim());
            }
            "contig" => match fields(value) {
                Some(fields) if get(&fields, "ID").is_some_and(|id| !id.is_empty()) => self.contig(&fields, number),
                _ => self.odd(number, line, "it has no ID, or is no list of key=value in < >"),
            },
            kind @ ("INFO" | "FORMAT") => match fields(value).and_then(|fields| typed_line(&fields)) {
                Some(line) => self.typed(kind, line, number),
                None => self.odd(
                    number,
                    line,
                    "its ID, Number or Type is missing or wrong, or it is no list of key=value in < >",
                ),
            },
            "FILTER" | "ALT" | "SAMPLE" | "META" if has_id(value) => {}
            "FILTER" | "ALT" | "SAMPLE" | "META" => {
                self.odd(number, line, "it has no ID, or is no list of key=value in < >");
            }
            _ if value.trim().is_empty() => self.odd(number, line, "nothing stands after its `=`"),
            _ if value.starts_with('<') && !closes(value) => {
                self.odd(number, line, "its < > or quotes do not close");
            }
            _ => {}
        }
        Ok(false)
    }

    fn odd(&mut self, number: u64, line: &str, why: &str) {
        self.warnings.note("header_line_malformed", number, || {
            format!("the header line `{}` was kept but not used: {why}", shown(line.as_bytes()))
        });
    }

    /// A sound `##INFO` or `##FORMAT` line. What the file says counts, even where the specification reserves the key.
    fn typed(&mut self, kind: &str, line: InfoLine, number: u64) {
        if let Some(reserved) = reserved::contradicted(kind, &line.id, &line.number, &line.kind, self.version) {
            self.warnings.note("reserved_key_redefined", number, || {
                format!(
                    "{kind} {} is declared with Number {} and Type {}, the specification reserves {reserved}: the file's own is used",
                    line.id, line.number, line.kind
                )
            });
        }
        if kind == "INFO" { self.infos.push(line) } else { self.formats.push(line) }
    }

    fn fileformat(&mut self, value: &str, number: u64) -> Result<(), ReadError> {
        if value.trim().is_empty() {
            return Err(ReadError::input("##fileformat is empty: write the version, such as ##fileformat=VCFv4.2")
                .at_line(number));
        }
        let version = value.trim().strip_prefix("VCFv").and_then(|version| version.split_once('.'));
        let parsed = version.and_then(|(major, minor)| Some((major.parse().ok()?, minor.parse().ok()?)));
        match parsed {
            Some((4, minor)) if VERSIONS.contains(&minor) => self.version = (4, minor),
            Some(version) => {
                self.version = version;
                self.warnings.note("unknown_fileformat", number, || {
                    format!("{value} is not a version from 4.0 to 4.5: read as one")
                });
            }
            None => self.warnings.note("unknown_fileformat", number, || {
                format!("the version `{}` cannot be read: taken for VCFv4.2", shown(value.as_bytes()))
            }),
        }
        if number > 1 {
            self.warnings.note("fileformat_not_first", number, || "##fileformat is not the first line".into());
        }
        if value.trim() != value {
            self.warnings.note("blank_in_fileformat", number, || "blanks around the version".into());
        }
        Ok(())
    }

    fn contig(&mut self, fields: &[(String, String)], number: u64) {
        let id = get(fields, "ID").unwrap_or_default().to_owned();
        if let Some(assembly) = get(fields, "assembly") {
            self.assembly_evidence.assembly(assembly);
        }
        let length = get(fields, "length").and_then(|length| length.parse().ok());
        if self.contigs.iter().rev().take(64).any(|(known, _)| *known == id) {
            self.warnings
                .note("contig_repeated", number, || format!("contig {} is declared twice", shown(id.as_bytes())));
            return;
        }
        self.assembly_evidence.contig(&id, length);
        self.contigs.push((id, length));
    }

    /// The `#CHROM` line.
    fn columns(&mut self, line: &str, number: u64) -> Result<(), ReadError> {
        let refuse = |message: String| Err(ReadError::input(message).at_line(number));
        let mut names: Vec<&str> = line.split('\t').collect();
        for (nth, expected) in COLUMNS.iter().enumerate() {
            match names.get(nth) {
                Some(name) if name == expected => {}
                Some(name) => {
                    let is_blank = name.strip_prefix(expected).is_some_and(|rest| rest.starts_with(' '));
                    let tabs = if is_blank { " (are they separated by tabs?)" } else { "" };
                    return refuse(format!(
                        "column {} of line {number} is `{}`, not {expected}{tabs}",
                        nth + 1,
                        shown(name.as_bytes())
                    ));
                }
                None => {
                    return refuse(format!(
                        "line {number} has {} columns: {expected} is missing (are they separated by tabs?)",
                        names.len()
                    ));
                }
            }
        }
        while names.len() > COLUMNS.len() && names.last().is_some_and(|name| name.is_empty()) {
            names.pop();
            self.warnings.note("trailing_tab", number, || "a tab at the end of the #CHROM line was ignored".into());
        }
        match names.get(COLUMNS.len()) {
            None => return Ok(()),
            Some(&"FORMAT") => {}
            Some(name) => {
                return refuse(format!("column 9 of line {number} is `{}`, not FORMAT", shown(name.as_bytes())));
            }
        }
        let samples = &names[COLUMNS.len() + 1..];
        let mut seen = BTreeSet::new();
        if let Some(nth) = samples.iter().position(|name| !seen.insert(*name)) {
            return refuse(format!("sample column {} of line {number} repeats the name of an earlier one", nth + 1));
        }
        if samples.is_empty() {
            self.warnings.note("format_without_samples", number, || "there is a FORMAT column but no sample".into());
        }
        self.samples = samples.len();
        Ok(())
    }
}

/// `<K=V,K="V,…">` → pairs; `None` if brackets or quotes do not close, or something in it is no pair.
pub(super) fn fields(value: &str) -> Option<Vec<(String, String)>> {
    let mut rest = value.trim().strip_prefix('<')?.strip_suffix('>')?;
    let mut pairs = Vec::new();
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        if key.contains(',') {
            return None;
        }
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => take_quoted(quoted)?,
            // A list, as in Values=[a, b]: its commas separate nothing out here.
            None if after.starts_with('[') => {
                let (list, after) = after[1..].split_once(']')?;
                (list.to_owned(), after.strip_prefix(',').unwrap_or(after))
            }
            None => after.split_once(',').map_or((after.to_owned(), ""), |(value, after)| (value.to_owned(), after)),
        };
        pairs.push((key.trim().to_owned(), value));
        rest = after;
    }
    Some(pairs)
}

/// Whether the bracket and the quotes of a value close; what stands between them is free.
fn closes(value: &str) -> bool {
    let quotes = value.replace("\\\\", "").replace("\\\"", "").matches('"').count();
    value.trim_end().ends_with('>') && quotes.is_multiple_of(2)
}

/// The text up to the closing quote, and what follows its comma.
fn take_quoted(quoted: &str) -> Option<(String, &str)> {
    let (mut value, mut escaped) = (String::new(), false);
    for (at, letter) in quoted.char_indices() {
        match letter {
            _ if escaped => {
                value.push(letter);
                escaped = false;
            }
            '\\' => escaped = true,
            '"' => {
                let after = &quoted[at + 1..];
                return if after.is_empty() {
                    Some((value, after))
                } else {
                    after.strip_prefix(',').map(|after| (value, after))
                };
            }
            _ => value.push(letter),
        }
    }
    None
}

pub(super) fn get<'a>(fields: &'a [(String, String)], key: &str) -> Option<&'a str> {
    fields.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
}

fn has_id(value: &str) -> bool {
    fields(value).is_some_and(|fields| get(&fields, "ID").is_some_and(|id| !id.is_empty()))
}

/// A line with an ID and a Number and a Type that exist.
fn typed_line(fields: &[(String, String)]) -> Option<InfoLine> {
    Some(InfoLine {
        id: get(fields, "ID").filter(|id| !id.is_empty())?.to_owned(),
        number: get(fields, "Number").filter(|number| is_number(number))?.to_owned(),
        kind: get(fields, "Type").filter(|kind| is_kind(kind))?.to_owned(),
        description: get(fields, "Description").unwrap_or_default().to_owned(),
    })
}

fn is_number(number: &str) -> bool {
    matches!(number, "A" | "R" | "G" | "." | "P" | "LA" | "LR" | "LG" | "M") || number.parse::<u32>().is_ok()
}

fn is_kind(kind: &str) -> bool {
    matches!(kind, "Integer" | "Float" | "Flag" | "Character" | "String")
}
