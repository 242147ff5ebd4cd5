//! Whether a text is a sound record now. It is tried in a process of its own first: a dead letter may be poison.

use std::collections::BTreeSet;

use crate::actors::env::caught;
use crate::actors::isolate::Isolation;
use crate::actors::parsing::Parsing;
use crate::actors::poison::poisonous;
use crate::domain::dead::{Counted, DeadLetter};
use crate::domain::rows::Rows;
use crate::vcf::parse::ParseContext;
use crate::vcf::reader::{Form, RawSegment};

/// A dead letter and the text that is tried for it.
pub struct Candidate {
    /// The letter.
    pub letter: DeadLetter,
    /// Without line end.
    pub text: Vec<u8>,
    /// Whether the text is not the file's.
    pub edited: bool,
}

/// What came of a text.
pub enum Tried {
    /// Its rows, and what it counts as.
    Sound(Box<Rows>, Counted),
    /// Reason and detail.
    Dead(String, String),
}

fn poison(detail: String) -> Tried {
    Tried::Dead("poison".into(), detail)
}

/// Tries every candidate; one that ends or panics its process costs itself only. `checks` are what else must survive its rows.
pub fn try_all(
    parsing: &Parsing,
    isolation: Option<&Isolation>,
    candidates: &[Candidate],
    checks: &[&dyn Fn(&Rows)],
) -> Vec<Tried> {
    let culprits = isolation.map(|isolation| in_a_process(&parsing.context, isolation, candidates)).unwrap_or_default();
    let mut all: Vec<Tried> = (0..candidates.len())
        .map(|nth| match culprits.contains(&nth) {
            true => poison("handling this record ends or panics the process".into()),
            false => parse(parsing, &candidates[nth]),
        })
        .collect();
    checks.iter().for_each(|check| bury(&mut all, check));
    all
}

/// Numbers of the candidates that end a process. A line over the limit is not looked into, so it can do no harm.
fn in_a_process(context: &ParseContext, isolation: &Isolation, candidates: &[Candidate]) -> BTreeSet<usize> {
    let fit: Vec<usize> =
        (0..candidates.len()).filter(|&nth| candidates[nth].text.len() <= context.line_bytes_max).collect();
    let Some(&first) = fit.first() else { return BTreeSet::new() };
    let mut raw = segment(context, &candidates[first], 0);
    raw.records = fit.len() as u32;
    fit[1..].iter().for_each(|&nth| append_line(&mut raw.text, &candidates[nth].text));
    let found = isolation.culprits(context, &raw, &BTreeSet::new());
    found.into_iter().map(|nth| fit[nth as usize]).collect()
}

/// A line that ends with a carriage return keeps it: only the one that belongs to the line end is taken off.
fn append_line(text: &mut Vec<u8>, line: &[u8]) {
    text.extend_from_slice(line);
    text.extend_from_slice(b"\r\n");
}

/// A segment of this one record.
fn segment(context: &ParseContext, candidate: &Candidate, ordinal: u64) -> RawSegment {
    let Candidate { letter, text, .. } = candidate;
    let mut with_end = Vec::with_capacity(text.len() + 2);
    append_line(&mut with_end, text);
    RawSegment {
        index: 0,
        first_ordinal: ordinal,
        records: 1,
        first_line: letter.line,
        offset: letter.offset,
        text: with_end,
        form: Form::Text,
        oversize_bytes: (text.len() > context.line_bytes_max).then_some(text.len() as u64),
    }
}

fn parse(parsing: &Parsing, candidate: &Candidate) -> Tried {
    let raw = segment(&parsing.context, candidate, candidate.letter.ordinal);
    match caught(|| parsing.parse(&raw, &|_| false)) {
        Err(panicked) => poison(format!("parsing this record alone panics: {}", panicked.0)),
        Ok(Err(error)) => Tried::Dead("reference_unreadable".into(), error.to_string()),
        Ok(Ok(mut parsed)) => match parsed.dead.pop() {
            Some(dead) => Tried::Dead(dead.reason, dead.detail),
            None => {
                let counts = &parsed.counts;
                let counted = Counted {
                    alleles: counts.alleles,
                    no_alt: counts.no_alt,
                    digest_sum: counts.digest_sum,
                    line_digest_sum: counts.line_digest_sum,
                };
                Tried::Sound(Box::new(parsed.rows), counted)
            }
        },
    }
}

/// The rows of all that are sound, in their order.
pub fn rows_of(tried: &[Tried]) -> Rows {
    let mut all = Rows::default();
    for one in tried {
        if let Tried::Sound(rows, _) = one {
            (0..rows.len()).for_each(|row| all.push_row(rows, row));
        }
    }
    all
}

/// Makes dead of the sound ones on whose rows `check` panics.
fn bury(tried: &mut [Tried], check: &dyn Fn(&Rows)) {
    let rows = rows_of(tried);
    let Err(panicked) = caught(|| check(&rows)) else { return };
    let found = poisonous(&rows, check);
    for one in tried {
        if let Tried::Sound(rows, _) = one
            && found.contains(&(rows.ordinal[0] as u64))
        {
            *one = poison(format!("handling the rows of this record alone panics: {}", panicked.0));
        }
    }
}
