//! The columns of tables: one row per allele. Their names and order are a contract (`docs/exports.md`).

use std::borrow::Cow;

use super::pass::Record;
use crate::domain::annotations::{Annotations, Numbers, Words};
use crate::domain::finding::{Assessment, Finding};

/// One value.
pub enum Cell<'a> {
    /// There is none.
    Null,
    /// Text as read, or a word of ours.
    Text(Cow<'a, [u8]>),
    /// A whole number.
    Integer(i64),
    /// A number of 32 bits; finite.
    Single(f32),
    /// A number of 64 bits; finite.
    Double(f64),
    /// Yes or no.
    Flag(bool),
    /// What providers said, whole.
    Findings(&'a [Finding]),
}

impl<'a> Cell<'a> {
    /// Text, if there is any.
    pub fn text(text: Option<&'a [u8]>) -> Self {
        text.map_or(Self::Null, |text| Self::Text(Cow::Borrowed(text)))
    }

    fn word(word: Option<impl Into<String>>) -> Self {
        word.map_or(Self::Null, |word| Self::Text(Cow::Owned(word.into().into_bytes())))
    }

    fn flag(flag: Option<bool>) -> Self {
        flag.map_or(Self::Null, Self::Flag)
    }
}

/// A column.
pub struct Column {
    /// Its name.
    pub name: &'static str,
    /// Its value in a row.
    pub of: for<'a> fn(&'a Record<'a>, usize) -> Cell<'a>,
}

/// What every table has.
pub static PLACE: [Column; 10] = [
    Column { name: "chrom", of: |r, row| Cell::text(Some(r.rows.contigs.name(r.rows.contig[row]))) },
    Column { name: "pos", of: |r, row| Cell::Integer(r.rows.pos[row]) },
    Column { name: "id", of: |r, _| Cell::text(r.rows.id.get(r.first())) },
    Column { name: "ref", of: |r, _| Cell::text(r.rows.reference.get(r.first())) },
    Column { name: "alt", of: |r, row| Cell::text(r.rows.alt.get(row)) },
    Column { name: "alt_index", of: |r, row| Cell::Integer(r.rows.alt_index[row].into()) },
    Column { name: "qual", of: qual },
    Column { name: "filter", of: |r, _| Cell::text(r.rows.filter.get(r.first())) },
    Column { name: "line", of: |r, row| Cell::Integer(r.rows.line[row]) },
    Column { name: "ordinal", of: |r, row| Cell::Integer(r.rows.ordinal[row]) },
];

/// With `--info`.
pub static INFO: [Column; 1] = [Column { name: "info", of: |r, _| Cell::text(r.rows.info.get(r.first())) }];

/// What the file's annotator says; null in every row of a file without annotations.
pub static ANNOTATIONS: [Column; 13] = [
    Column { name: "gene", of: |r, row| said(r, row, |said| &said.gene) },
    Column { name: "gene_id", of: |r, row| said(r, row, |said| &said.gene_id) },
    Column { name: "consequence", of: |r, row| said(r, row, |said| &said.consequence) },
    Column { name: "consequences", of: |r, row| said(r, row, |said| &said.consequences) },
    Column { name: "impact", of: |r, row| said(r, row, |said| &said.impact) },
    Column { name: "transcript", of: |r, row| said(r, row, |said| &said.transcript) },
    Column { name: "transcript_choice", of: |r, row| said(r, row, |said| &said.transcript_choice) },
    Column { name: "annotation_scope", of: |r, row| said(r, row, |said| &said.annotation_scope) },
    Column { name: "hgvs_c", of: |r, row| Cell::text(annotations(r).and_then(|said| said.hgvs_c.get(row))) },
    Column { name: "hgvs_p", of: |r, row| Cell::text(annotations(r).and_then(|said| said.hgvs_p.get(row))) },
    Column { name: "population_frequency", of: frequency },
    Column { name: "clinvar", of: |r, row| said(r, row, |said| &said.clinvar) },
    Column {
        name: "clinvar_stars",
        of: |r, row| number(r, row, |said| &said.clinvar_stars).map_or(Cell::Null, |stars| Cell::Integer(stars.into())),
    },
];

/// With `--assessed`.
pub static ASSESSED: [Column; 10] = [
    Column {
        name: "selected",
        of: |r, row| Cell::flag(r.beside.as_ref().map(|beside| beside.is_selected(row - r.first()))),
    },
    Column { name: "conclusion", of: |r, row| Cell::word(assessment(r, row).map(|said| said.conclusion.as_str())) },
    Column { name: "agreement", of: |r, row| Cell::word(assessment(r, row).map(|said| said.agreement.as_str())) },
    Column { name: "points", of: points },
    Column { name: "criteria", of: |r, row| Cell::word(assessment(r, row).map(|said| said.criteria().join(","))) },
    Column { name: "summary", of: |r, row| Cell::word(assessment(r, row).map(Assessment::summary)) },
    Column { name: "providers", of: |r, row| Cell::word(assessment(r, row).map(|said| said.providers().join(","))) },
    Column { name: "ai_generated", of: |r, row| Cell::flag(assessment(r, row).map(Assessment::ai_generated)) },
    Column {
        name: "research_use_only",
        of: |r, row| Cell::flag(assessment(r, row).map(Assessment::research_use_only)),
    },
    Column { name: "requires_review", of: |r, row| Cell::flag(assessment(r, row).map(Assessment::requires_review)) },
];

/// With `--assessed`, where a value may be a list.
pub static FINDINGS: [Column; 1] = [Column {
    name: "findings",
    of: |r, row| assessment(r, row).map_or(Cell::Null, |said| Cell::Findings(&said.findings)),
}];

fn qual<'a>(record: &'a Record<'a>, _: usize) -> Cell<'a> {
    let first = record.first();
    let qual = record.rows.qual_valid.get(first).then(|| record.rows.qual[first]);
    qual.filter(|qual| qual.is_finite()).map_or(Cell::Null, Cell::Single)
}

fn annotations<'a>(record: &'a Record<'a>) -> Option<&'a Annotations> {
    record.rows.annotations.as_deref()
}

fn said<'a>(record: &'a Record<'a>, row: usize, column: fn(&Annotations) -> &Words) -> Cell<'a> {
    Cell::text(annotations(record).and_then(|said| column(said).get(row)))
}

fn number<T: Copy + Default>(record: &Record<'_>, row: usize, column: fn(&Annotations) -> &Numbers<T>) -> Option<T> {
    record.rows.annotations.as_deref().and_then(|said| column(said).get(row))
}

fn frequency<'a>(record: &'a Record<'a>, row: usize) -> Cell<'a> {
    let frequency = number(record, row, |said| &said.population_frequency);
    frequency.filter(|frequency| frequency.is_finite()).map_or(Cell::Null, Cell::Double)
}

fn assessment<'a>(record: &'a Record<'a>, row: usize) -> Option<&'a Assessment> {
    let answer = record.beside.as_ref()?.answer(row - record.first())?;
    Some(&answer.assessment)
}

fn points<'a>(record: &'a Record<'a>, row: usize) -> Cell<'a> {
    let points = assessment(record, row).and_then(Assessment::points);
    points.map_or(Cell::Null, |points| Cell::Integer(points.into()))
}

/// The columns that these options ask for.
pub fn columns(info: bool, assessed: bool, findings: bool) -> Vec<&'static Column> {
    let when = |is: bool, columns: &'static [Column]| if is { columns } else { &[] };
    let all =
        [&PLACE[..], when(info, &INFO), &ANNOTATIONS, when(assessed, &ASSESSED), when(assessed && findings, &FINDINGS)];
    all.into_iter().flatten().collect()
}
