//! Annotations as columns: what of a record's annotations is kept beside its rows, typed.

use std::ops::Range;

use super::{AlleleAnnotation, AnnotatedRecord, Annotator, Findings};
use crate::domain::annotations::Annotations;
use crate::domain::rows::{REPEATED_BYTES_MAX, Rows, Text};
use crate::domain::warning::Warnings;

/// A longer text is not typed: it stands in INFO (bytes).
const TEXT_BYTES_MAX: usize = 1024;

impl Annotator {
    /// Fills `rows.annotations`, and notes what could not be used. Each record must be there as a whole.
    pub fn annotate(&self, rows: &mut Rows, warnings: &mut Warnings) {
        let mut columns = Annotations::default();
        let mut out = Vec::new();
        let mut words = Buffers::default();
        let (mut alts, mut first) = (Vec::new(), 0);
        while first < rows.len() {
            let end = (first + 1..rows.len()).find(|&row| rows.is_first(row)).unwrap_or(rows.len());
            alts.clear();
            alts.extend((first..end).filter_map(|row| rows.alt.get(row)));
            let record = AnnotatedRecord {
                pos: rows.pos[first],
                reference: rows.reference.get(first).unwrap_or_default(),
                alts: &alts,
                info: rows.info.get(first).unwrap_or_default(),
            };
            let findings = self.alleles(&record, &mut out);
            if findings != Findings::default() {
                findings.note(rows.line[first] as u64, warnings);
            }
            push(&mut columns, first..end, &out, &mut words);
            first = end;
        }
        rows.annotations = (!columns.is_null()).then(|| Box::new(columns));
    }
}

/// Texts that are made, kept for their memory.
#[derive(Default)]
struct Buffers {
    terms: (super::TermSet, String),
    clinvar: String,
}

fn push(columns: &mut Annotations, record: Range<usize>, alleles: &[AlleleAnnotation<'_>], buffers: &mut Buffers) {
    let mut text_bytes = 0;
    for nth in 0..record.len() {
        match alleles.get(nth).filter(|allele| !allele.is_empty()) {
            None => columns.push_null(),
            Some(allele) => {
                let before = columns.hgvs_c.bytes.len() + columns.hgvs_p.bytes.len();
                push_allele(columns, allele, text_bytes <= REPEATED_BYTES_MAX, buffers);
                text_bytes += columns.hgvs_c.bytes.len() + columns.hgvs_p.bytes.len() - before;
            }
        }
    }
}

fn push_allele(columns: &mut Annotations, allele: &AlleleAnnotation<'_>, with_text: bool, buffers: &mut Buffers) {
    let chosen = allele.chosen.as_ref();
    let short = |word: &&[u8]| !word.is_empty() && word.len() <= TEXT_BYTES_MAX;
    columns.consequence.push(chosen.map(|c| c.consequence).filter(short));
    if allele.terms.is_empty() {
        columns.consequences.push(None);
    } else {
        if buffers.terms.0 != allele.terms || buffers.terms.1.is_empty() {
            let names: Vec<&str> = allele.terms.iter().map(super::Term::as_str).collect();
            buffers.terms = (allele.terms, names.join("&"));
        }
        columns.consequences.push(Some(buffers.terms.1.as_bytes()));
    }
    columns.impact.push(chosen.and_then(|c| c.impact).map(|impact| impact.as_str().as_bytes()));
    columns.gene.push(chosen.and_then(|c| c.symbol).filter(short));
    columns.gene_id.push(chosen.and_then(|c| c.gene).filter(short));
    columns.transcript.push(chosen.and_then(|c| c.transcript).filter(short));
    columns.transcript_choice.push(chosen.map(|c| c.why.as_str().as_bytes()));
    columns.annotation_scope.push(chosen.map(|c| match c.scope {
        super::Scope::Allele => &b"allele"[..],
        super::Scope::Record => b"record",
    }));
    let clinvar = allele.clinvar.as_ref();
    match clinvar.filter(|clinvar| !clinvar.significance.is_empty()) {
        None => columns.clinvar.push(None),
        Some(clinvar) => {
            use std::fmt::Write;
            buffers.clinvar.clear();
            // Writing into a String does not fail.
            let _ = write!(buffers.clinvar, "{}", clinvar.significance);
            columns.clinvar.push(Some(buffers.clinvar.as_bytes()));
        }
    }
    columns.clinvar_stars.push(clinvar.and_then(|clinvar| clinvar.stars).map(|stars| i32::from(stars.count())));
    columns.population_frequency.push(allele.frequency);
    let text = |column: &mut Text, text: Option<&[u8]>| column.push(text.filter(short).filter(|_| with_text));
    text(&mut columns.hgvs_c, chosen.and_then(|c| c.hgvs_c));
    text(&mut columns.hgvs_p, chosen.and_then(|c| c.hgvs_p));
}
