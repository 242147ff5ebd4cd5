//! People's own cases, as a test of their triage: records of a header, and what must become of each ALT. Format and use:
//! `docs/triage.md`.

mod read;

use super::Selector;
use super::explain::Step;
use super::scan::Question;
use crate::domain::rows::Rows;
use crate::domain::warning::Warnings;
use crate::vcf::header::Header;

pub use read::Problem;

/// The word of `expect` for an allele that no clause drops.
pub const SELECTED: &str = "selected";

/// A file of cases.
pub struct Cases {
    header: Header,
    cases: Vec<Case>,
}

/// One case: records, and an expectation for each of their alleles.
struct Case {
    name: String,
    /// 1-based line of the case in its file.
    line: usize,
    /// The rows of each record.
    records: Vec<Rows>,
    /// One per row.
    expected: Vec<&'static str>,
}

/// What became of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its name.
    pub name: String,
    /// 1-based line of the case in its file.
    pub line: usize,
    /// One for each allele of its records.
    pub alleles: Vec<AlleleVerdict>,
}

impl Verdict {
    /// Whether every allele met what was expected.
    pub fn is_met(&self) -> bool {
        self.alleles.iter().all(AlleleVerdict::is_met)
    }
}

/// What became of one allele.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlleleVerdict {
    /// `chr1:100 A>C`.
    pub allele: String,
    /// [`SELECTED`], or the name of a clause.
    pub expected: &'static str,
    /// The same of what the triage says.
    pub got: &'static str,
    /// What each clause saw.
    pub steps: Vec<Step>,
}

impl AlleleVerdict {
    /// Whether it is what was expected.
    pub fn is_met(&self) -> bool {
        self.expected == self.got
    }
}

impl Cases {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.cases.len()
    }

    /// Whether there is none; never so of a file that was read.
    pub fn is_empty(&self) -> bool {
        self.cases.is_empty()
    }

    /// Asks the triage about every case, and says what the header lacks for it.
    pub fn decide(&self, question: &Question<'_>) -> (Vec<Verdict>, Warnings) {
        let (_, selector, warnings) = question.of(&self.header);
        (self.cases.iter().map(|case| case.decide(&selector)).collect(), warnings)
    }
}

impl Case {
    fn decide(&self, selector: &Selector) -> Verdict {
        let rows = self.records.iter().flat_map(|record| (0..record.len()).map(move |row| (record, row)));
        let alleles = rows.zip(&self.expected).map(|((record, row), expected)| {
            let steps = selector.explain(record, row);
            let got = steps.last().filter(|step| !step.keeps).map_or(SELECTED, |step| step.clause);
            AlleleVerdict { allele: shown(record, row), expected, got, steps }
        });
        Verdict { name: self.name.clone(), line: self.line, alleles: alleles.collect() }
    }
}

fn shown(record: &Rows, row: usize) -> String {
    let text = |text: Option<&[u8]>| String::from_utf8_lossy(text.unwrap_or(b".")).into_owned();
    let chrom = text(Some(record.contigs.name(record.contig[0])));
    format!("{chrom}:{} {}>{}", record.pos[0], text(record.reference.get(0)), text(record.alt.get(row)))
}
