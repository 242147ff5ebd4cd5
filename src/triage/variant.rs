//! A variant as people name it: by its place, by place and alleles in any of the usual spellings, or by its ID.
//!
//! `chr7:140753336` · `chr7:140753336:A:T` · `chr7-140753336-A-T` · `chr7_140753336_A_T` · `chr7:140753336A>T` ·
//! `7:g.140753336A>T` · `rs113488022`. POS may have commas (`140,753,336`). CHROM is compared without `chr`, bases without
//! regard to case; the alleles must be spelled as in the file.

use std::fmt;

use super::Selector;
use super::explain::Step;
use crate::domain::rows::Rows;
use crate::vcf::parse::ParsedSegment;

/// What stands between the parts of a spelling.
const SEPARATORS: [char; 6] = [':', '-', '_', '>', '/', ' '];

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Variant {
    /// An entry of the ID column.
    Id(String),
    /// Every allele at a place, or those of this REF and one of these ALTs.
    Place {
        /// CHROM, as it was typed.
        chrom: String,
        /// POS.
        pos: i64,
        /// REF, and ALT entries joined by commas.
        alleles: Option<(String, String)>,
    },
}

impl Variant {
    /// Reads a spelling.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if text.is_empty() {
            return Err("no variant is named".into());
        }
        // From the right: names of contigs (`HLA-A*01:01:01:01`, `chr1_KI270706v1_random`) have separators and digits too.
        let places = text.char_indices().rev().filter(|&(_, c)| SEPARATORS.contains(&c) || c == '.');
        for (at, _) in places {
            if let Some(place) = place(text, at) {
                return place;
            }
        }
        if text.contains([':', '>']) {
            return Err(format!("{text} is neither CHROM:POS, CHROM:POS:REF:ALT nor an ID"));
        }
        Ok(Self::Id(text.to_owned()))
    }

    /// Whether a row is at the place, or has the ID.
    fn is_here(&self, rows: &Rows, row: usize, contigs: &[bool]) -> bool {
        match self {
            Self::Place { pos, .. } => rows.pos[row] == *pos && contigs[rows.contig[row] as usize],
            Self::Id(id) => has_id(rows.id.get(row), id),
        }
    }

    /// Whether a row that is here is one of the alleles that are meant; `record` is the first row of its record.
    fn is_meant(&self, rows: &Rows, record: usize, row: usize) -> bool {
        let Self::Place { alleles: Some((reference, alts)), .. } = self else { return true };
        let is = |text: Option<&[u8]>, word: &str| text.unwrap_or(b".").eq_ignore_ascii_case(word.as_bytes());
        is(rows.reference.get(record), reference) && alts.split(',').any(|alt| is(rows.alt.get(row), alt))
    }

    /// By contig number: whether it is the variant's.
    fn contigs(&self, rows: &Rows) -> Vec<bool> {
        rows.contigs.names().iter().map(|name| self.is_on(name)).collect()
    }

    fn is_on(&self, contig: &[u8]) -> bool {
        match self {
            Self::Place { chrom, .. } => bare(contig).eq_ignore_ascii_case(bare(chrom.as_bytes())),
            Self::Id(_) => false,
        }
    }

    /// Whether the text of a record that could not be read is about it.
    fn is_in_line(&self, line: &[u8]) -> bool {
        let columns: Vec<&[u8]> = line.splitn(4, |&byte| byte == b'\t').collect();
        match self {
            Self::Place { pos, .. } => {
                columns.len() > 1 && self.is_on(columns[0]) && columns[1] == pos.to_string().as_bytes()
            }
            Self::Id(id) => has_id(columns.get(2).copied(), id),
        }
    }
}

impl fmt::Display for Variant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Id(id) => f.write_str(id),
            Self::Place { chrom, pos, alleles: None } => write!(f, "{chrom}:{pos}"),
            Self::Place { chrom, pos, alleles: Some((reference, alt)) } => write!(f, "{chrom}:{pos} {reference}>{alt}"),
        }
    }
}

fn bare(contig: &[u8]) -> &[u8] {
    contig.strip_prefix(b"chr").filter(|rest| !rest.is_empty()).unwrap_or(contig)
}

fn has_id(column: Option<&[u8]>, id: &str) -> bool {
    column.is_some_and(|ids| ids.split(|&byte| byte == b';').any(|known| known == id.as_bytes()))
}

/// The spelling whose POS begins after the separator at `at`; `None` if none does.
fn place(text: &str, at: usize) -> Option<Result<Variant, String>> {
    let (chrom, rest) = (&text[..at], &text[at + 1..]);
    // `chr7:g.140753336A>T`: the separator is before the `g.` (or `m.`).
    let chrom = match text[at..].starts_with('.') {
        true => chrom.strip_suffix(['g', 'm'])?.strip_suffix(':')?,
        false => chrom,
    };
    let digits = rest.find(|c: char| !c.is_ascii_digit() && c != ',').unwrap_or(rest.len());
    let (pos, alleles) = rest.split_at(digits);
    if chrom.is_empty() || !pos.starts_with(|c: char| c.is_ascii_digit()) || pos.ends_with(',') {
        return None;
    }
    let alleles = if alleles.is_empty() { None } else { Some(ref_and_alt(alleles)?) };
    let is_begin = chrom.contains(':') || (chrom.starts_with("chr") && chrom.contains('-'));
    if alleles.is_none() && text[at..].starts_with('-') && is_begin {
        return Some(Err(format!("{text} is a range: name one position, or a variant")));
    }
    // `sv_123` and `sv-12` are IDs: a place needs `:`, or alleles, or the name of a chromosome.
    if alleles.is_none() && !text[at..].starts_with([':', '.', ' ']) && !chrom.starts_with("chr") {
        return None;
    }
    let Ok(number) = pos.replace(',', "").parse() else { return Some(Err(format!("POS {pos} is too large"))) };
    Some(Ok(Variant::Place { chrom: chrom.to_owned(), pos: number, alleles }))
}

/// `:A:T`, `-A-T`, `A>T`, ` A/T`, `:N:<DEL>`: REF is letters alone, ALT is whatever is left.
fn ref_and_alt(text: &str) -> Option<(String, String)> {
    let text = text.strip_prefix(SEPARATORS).unwrap_or(text);
    let end = text.find(|c: char| !c.is_ascii_alphabetic())?;
    let (reference, rest) = text.split_at(end);
    let alt = rest.strip_prefix(SEPARATORS)?;
    (!reference.is_empty() && !alt.is_empty()).then(|| (reference.to_owned(), alt.to_owned()))
}

/// One allele that was meant, and what the clauses say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Number of its record among the data lines of the file, from 0.
    pub record: i64,
    /// 1-based line.
    pub line: i64,
    /// CHROM, POS, ID, REF, ALT.
    pub columns: [String; 5],
    /// 1 for the first ALT, 0 if there is none.
    pub alt_index: i32,
    /// The clauses that were asked, in order; the last one dropped it, if one did.
    pub steps: Vec<Step>,
}

impl Found {
    /// The clause that drops it, if one does.
    pub fn dropped_by(&self) -> Option<&'static str> {
        self.steps.last().filter(|step| !step.keeps).map(|step| step.clause)
    }
}

/// What is known of a variant in a part of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sought {
    /// The alleles that were meant, in any order.
    pub found: Vec<Found>,
    /// Others at the same place: REF and ALT.
    pub beside: Vec<(String, String)>,
    /// Records that name it and could not be read: line, reason, detail.
    pub dead: Vec<(u64, String, String)>,
}

impl Sought {
    /// Looks for the variant in a segment.
    pub fn see(&mut self, variant: &Variant, selector: &Selector, parsed: &ParsedSegment) {
        let rows = &parsed.rows;
        let contigs = variant.contigs(rows);
        let mut row = 0;
        while row < rows.len() {
            if !variant.is_here(rows, row, &contigs) {
                row += 1;
                continue;
            }
            let end = (row + 1..rows.len()).find(|&next| rows.ordinal[next] != rows.ordinal[row]);
            let end = end.unwrap_or(rows.len());
            self.record(variant, selector, rows, row..end);
            row = end;
        }
        let named = parsed.dead.iter().filter(|dead| variant.is_in_line(&dead.raw));
        self.dead.extend(named.map(|dead| (dead.line, dead.reason.clone(), dead.detail.clone())));
    }

    fn record(&mut self, variant: &Variant, selector: &Selector, rows: &Rows, range: std::ops::Range<usize>) {
        let mut record = Rows::default();
        range.for_each(|row| record.push_row(rows, row));
        let shown = |text: Option<&[u8]>| String::from_utf8_lossy(text.unwrap_or(b".")).into_owned();
        for row in 0..record.len() {
            let [reference, alt] = [shown(record.reference.get(0)), shown(record.alt.get(row))];
            if !variant.is_meant(&record, 0, row) {
                self.beside.push((reference, alt));
                continue;
            }
            let chrom = shown(Some(record.contigs.name(record.contig[0])));
            self.found.push(Found {
                record: record.ordinal[0],
                line: record.line[0],
                columns: [chrom, record.pos[0].to_string(), shown(record.id.get(0)), reference, alt],
                alt_index: record.alt_index[row],
                steps: selector.explain(&record, row),
            });
        }
    }

    /// Joins what was found in another part.
    pub fn join(&mut self, other: Self) {
        self.found.extend(other.found);
        self.beside.extend(other.beside);
        self.dead.extend(other.dead);
        self.found.sort_by_key(|found| (found.record, found.alt_index));
        self.dead.sort();
    }
}
