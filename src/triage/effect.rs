//! The clause about what an allele does: impact, consequence, ClinVar. Asked of the annotation columns, where each word
//! stands once: so each word is judged once per batch, and a row costs three look-ups.

use super::EffectClause;
use super::pass::Pass;
use crate::annotation::{Impact, SignificanceSet, TermSet};
use crate::domain::annotations::{Annotations, Words};
use crate::domain::rows::Rows;
use crate::domain::selection::clause::EFFECT;

impl EffectClause {
    pub(super) fn run(&self, pass: &mut Pass<'_>) {
        let rows = pass.rows;
        match &rows.annotations {
            None => pass.by_row(EFFECT, |_| true),
            Some(said) => {
                let judged = Judged::new(self, said);
                pass.by_row(EFFECT, |row| !judged.keeps(row));
            }
        }
    }

    /// The reasons for which a row is kept.
    pub(super) fn reasons(&self, rows: &Rows, row: usize) -> Vec<String> {
        let Some(said) = &rows.annotations else { return Vec::new() };
        let judged = Judged::new(self, said);
        let shown = |name: &str, words: &Words| {
            format!("{name} {}", String::from_utf8_lossy(words.get(row).unwrap_or_default()))
        };
        let all = [
            (judged.by_impact(row), shown("impact", &said.impact)),
            (judged.by_consequence(row), shown("consequences", &said.consequences)),
            (judged.by_clinvar(row), classified(said, row).unwrap_or_default()),
        ];
        all.into_iter().filter(|(holds, _)| *holds).map(|(_, reason)| reason).collect()
    }

    fn keeps_impact(&self, word: &[u8]) -> bool {
        Impact::parse(word).is_some_and(|impact| self.impact.contains(&impact))
    }

    fn keeps_consequences(&self, joined: &[u8]) -> bool {
        let (terms, _) = TermSet::parse(joined);
        self.consequence.iter().any(|wanted| terms.any_is_a(*wanted))
    }

    fn keeps_clinvar(&self, value: &[u8]) -> bool {
        let (set, _) = SignificanceSet::parse(value);
        self.clinvar.iter().any(|wanted| set.contains(*wanted))
    }
}

/// ClinVar's classification with its stars, as shown to people.
pub(super) fn classified(said: &Annotations, row: usize) -> Option<String> {
    let classification = String::from_utf8_lossy(said.clinvar.get(row)?);
    Some(match said.clinvar_stars.get(row) {
        Some(stars) => format!("clinvar {classification} ({stars} of 4 stars)"),
        None => format!("clinvar {classification}"),
    })
}

/// Which words of a batch are reasons to keep a row, by number.
struct Judged<'r> {
    said: &'r Annotations,
    stars_min: i32,
    impact: Vec<bool>,
    consequences: Vec<bool>,
    clinvar: Vec<bool>,
}

impl<'r> Judged<'r> {
    fn new(clause: &EffectClause, said: &'r Annotations) -> Self {
        let judge = |words: &Words, keeps: &dyn Fn(&[u8]) -> bool| {
            words.vocabulary().names().iter().map(|word| keeps(word)).collect::<Vec<bool>>()
        };
        Self {
            said,
            stars_min: i32::from(clause.clinvar_stars_min),
            impact: judge(&said.impact, &|word| clause.keeps_impact(word)),
            consequences: judge(&said.consequences, &|word| clause.keeps_consequences(word)),
            clinvar: judge(&said.clinvar, &|word| clause.keeps_clinvar(word)),
        }
    }

    fn keeps(&self, row: usize) -> bool {
        self.by_impact(row) || self.by_consequence(row) || self.by_clinvar(row)
    }

    fn by_impact(&self, row: usize) -> bool {
        self.said.impact.id(row).is_some_and(|id| self.impact[id as usize])
    }

    fn by_consequence(&self, row: usize) -> bool {
        self.said.consequences.id(row).is_some_and(|id| self.consequences[id as usize])
    }

    /// Where stars are asked for, a classification without a known review has none.
    fn by_clinvar(&self, row: usize) -> bool {
        let is_listed = self.said.clinvar.id(row).is_some_and(|id| self.clinvar[id as usize]);
        is_listed && self.said.clinvar_stars.get(row).unwrap_or(0) >= self.stars_min
    }
}
