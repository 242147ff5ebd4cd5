//! What each clause sees of one allele, up to the one that drops it.

use super::pass::Pass;
use super::{GenotypeClause, Selector, condition, effect, genotype};
use crate::domain::rows::Rows;
use crate::domain::selection::{CLAUSES, clause};
use crate::expression::Scratch;

/// One clause's word about one allele.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The clause.
    pub clause: &'static str,
    /// Whether it lets the allele pass.
    pub keeps: bool,
    /// What it looked at.
    pub seen: String,
}

impl Selector {
    /// The clauses that were asked about row `row` of one record's rows, in order. The last one dropped it, if one did.
    pub fn explain(&self, record: &Rows, row: usize) -> Vec<Step> {
        if let Some(clause) = self.whole_file() {
            return vec![Step { clause: clause.name, keeps: false, seen: "the whole file".into() }];
        }
        let pass: Pass<'_> = self.pass(record);
        let fate = pass.fate(row);
        let undecided = fate == Some(clause::EXPRESSION_UNDECIDED);
        let asked = (0..CLAUSES.len()).filter(|&clause| match clause {
            clause::EXPRESSION if undecided => false,
            _ => self.asks(clause) || fate == Some(clause),
        });
        let until_dropped = asked.take_while(|&clause| fate.is_none_or(|dropped| clause <= dropped));
        until_dropped
            .map(|clause| Step {
                clause: CLAUSES[clause].name,
                keeps: fate != Some(clause),
                seen: self.seen(clause, record, row),
            })
            .collect()
    }

    fn asks(&self, nth: usize) -> bool {
        let triage = &self.triage;
        match nth {
            clause::NO_ALT | clause::NOT_ANALYSABLE => true,
            clause::FILTER => triage.filter.is_some(),
            clause::QUAL => triage.qual.is_some(),
            clause::GENOTYPE => triage.genotype.is_some(),
            clause::DE_NOVO => triage.de_novo.is_some(),
            clause::ALLELE_FREQUENCY => triage.allele_frequency.is_some(),
            clause::EFFECT => triage.effect.is_some(),
            clause::REGIONS => triage.regions.is_some(),
            clause::GENES => triage.genes.is_some(),
            clause::EXPRESSION => triage.expression.is_some(),
            _ => false,
        }
    }

    fn seen(&self, nth: usize, rows: &Rows, row: usize) -> String {
        let text = |text: Option<&[u8]>| String::from_utf8_lossy(text.unwrap_or(b".")).into_owned();
        let triage = &self.triage;
        match nth {
            clause::NO_ALT => format!("ALT {}", text(rows.alt.get(row))),
            clause::NOT_ANALYSABLE => format!("REF {}, ALT {}", text(rows.reference.get(0)), text(rows.alt.get(row))),
            clause::FILTER => format!("FILTER {}", text(rows.filter.get(0))),
            clause::QUAL => match rows.qual_valid.get(0).then(|| rows.qual[0]) {
                Some(qual) => format!("QUAL {qual}, at least {} is asked", triage.qual.as_ref().map_or(0.0, |c| c.min)),
                None => "QUAL is missing".into(),
            },
            clause::GENOTYPE => match self.sample {
                Some(sample) => self.seen_genotype(rows, row, sample),
                None => "the file has no such sample".into(),
            },
            clause::DE_NOVO => match self.trio {
                Some(trio) => {
                    let [child, father, mother] = trio.map(|sample| genotype::shown(rows, 0, sample, "GT"));
                    format!("GT of child {child}, father {father}, mother {mother}")
                }
                None => "the file lacks one of the three samples".into(),
            },
            clause::ALLELE_FREQUENCY => self.seen_frequency(rows, row),
            clause::EFFECT => self.seen_effect(rows, row),
            clause::REGIONS => format!("{}:{}", text(Some(rows.contigs.name(rows.contig[0]))), rows.pos[0]),
            clause::GENES => {
                let seen = triage.genes.as_ref().map(|genes| genes.seen(&self.genes, rows, 0)).unwrap_or_default();
                if seen.is_empty() { "no gene is named".into() } else { format!("genes {}", seen.join(", ")) }
            }
            _ => self.seen_expression(rows),
        }
    }

    fn seen_genotype(&self, rows: &Rows, row: usize, sample: usize) -> String {
        let state = genotype::state(rows, 0, row, sample).as_str();
        let mut seen = format!("GT {} ({state})", genotype::shown(rows, 0, sample, "GT"));
        let asked = |min: fn(&GenotypeClause) -> Option<u32>| self.triage.genotype.as_ref().and_then(min);
        for (key, min) in [("GQ", asked(|clause| clause.gq_min)), ("DP", asked(|clause| clause.dp_min))] {
            if let Some(min) = min {
                seen += &format!(", {key} {}, at least {min} is asked", genotype::shown(rows, 0, sample, key));
            }
        }
        seen
    }

    fn seen_frequency(&self, rows: &Rows, row: usize) -> String {
        let Some(clause) = &self.triage.allele_frequency else { return String::new() };
        match clause.frequency(rows, 0..rows.len(), row) {
            Some(frequency) => format!("frequency {frequency}, at most {} is asked", clause.max),
            None => "no frequency is known".into(),
        }
    }

    fn seen_effect(&self, rows: &Rows, row: usize) -> String {
        let reasons = self.triage.effect.as_ref().map(|effect| effect.reasons(rows, row)).unwrap_or_default();
        if !reasons.is_empty() {
            return reasons.join(", ");
        }
        let Some(said) = &rows.annotations else { return "nothing is said of it".into() };
        let shown = |name: &str, word: Option<&[u8]>| word.map(|w| format!("{name} {}", String::from_utf8_lossy(w)));
        let words = [
            shown("impact", said.impact.get(row)),
            shown("consequences", said.consequences.get(row)),
            effect::classified(said, row),
        ];
        let words: Vec<String> = words.into_iter().flatten().collect();
        if words.is_empty() { "nothing is said of it".into() } else { words.join(", ") }
    }

    fn seen_expression(&self, rows: &Rows) -> String {
        let Some(expression) = &self.expression else { return "it cannot be asked of this file".into() };
        let (mut scratch, mut alts) = (Scratch::default(), Vec::new());
        let decision = condition::decide(expression, rows, 0..rows.len(), &mut alts, &mut scratch);
        match decision.undecided {
            Some(why) => format!("{expression} cannot be decided: {why}"),
            None => format!("{expression}"),
        }
    }
}
