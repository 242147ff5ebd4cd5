//! The clause of an expression: a record is handed over as the text columns that it was read from.

use std::ops::Range;

use super::pass::Pass;
use crate::domain::rows::Rows;
use crate::domain::selection::clause::{EXPRESSION, EXPRESSION_UNDECIDED};
use crate::expression::{Decision, Expression, Record, Scratch};

/// `None`: the expression cannot be asked of this file, so that nothing is kept.
pub(super) fn run(expression: Option<&Expression>, pass: &mut Pass<'_>) {
    let Some(expression) = expression else { return pass.by_row(EXPRESSION, |_| true) };
    let rows = pass.rows;
    let (mut scratch, mut alts) = (Scratch::default(), Vec::new());
    pass.by_record_of(&[EXPRESSION, EXPRESSION_UNDECIDED], |record| {
        let decision = decide(expression, rows, record, &mut alts, &mut scratch);
        match decision {
            Decision { undecided: Some(_), .. } => Some(EXPRESSION_UNDECIDED),
            Decision { site: false, .. } => Some(EXPRESSION),
            Decision { site: true, .. } => None,
        }
    });
}

/// What an expression says of the record of these rows. `alts` is a buffer.
pub fn decide<'s>(
    expression: &Expression,
    rows: &Rows,
    record: Range<usize>,
    alts: &mut Vec<u8>,
    scratch: &'s mut Scratch,
) -> Decision<'s> {
    let first = record.start;
    alts.clear();
    for row in record {
        if row > first {
            alts.push(b',');
        }
        alts.extend_from_slice(rows.alt.get(row).unwrap_or(b"."));
    }
    let record = Record {
        chrom: rows.contigs.name(rows.contig[first]),
        pos: rows.pos[first],
        id: rows.id.get(first).unwrap_or(b"."),
        reference: rows.reference.get(first).unwrap_or_default(),
        alts,
        qual: rows.qual_valid.get(first).then(|| rows.qual[first]),
        filter: rows.filter.get(first).unwrap_or(b"."),
        info: rows.info.get(first).unwrap_or(b"."),
        format: rows.format.get(first).unwrap_or_default(),
        samples: rows.samples.get(first).unwrap_or_default(),
    };
    expression.eval(&record, scratch)
}
