//! A triage and one file's header: what decides about the file's rows. What the file lacks is said once, as a notice; a
//! clause that cannot be asked of the file keeps nothing, so that nobody takes silence for "nothing found".

use super::pass::Pass;
use super::{Triage, condition, filters, genotype};
use crate::annotation::{GeneNames, Notice, Schema};
use crate::domain::bed::overlaps;
use crate::domain::rows::Rows;
use crate::domain::selection::{Clause, NOT_ANNOTATED, NOT_ASKED, Selection, clause};
use crate::expression::{Expression, FieldTypes};
use crate::vcf::header::Header;

/// See the module.
#[derive(Debug)]
pub struct Selector {
    pub(super) triage: Triage,
    /// No row is looked at: all of them are dropped here.
    whole_file: Option<Clause>,
    /// Column of the sample of `genotype`.
    pub(super) sample: Option<usize>,
    /// Columns of child, father and mother.
    pub(super) trio: Option<[usize; 3]>,
    pub(super) genes: GeneNames,
    pub(super) expression: Option<Expression>,
    notices: Vec<Notice>,
}

impl Selector {
    /// Nothing is asked for.
    pub fn not_asked() -> Self {
        Self {
            triage: Triage::default(),
            whole_file: Some(NOT_ASKED),
            sample: None,
            trio: None,
            genes: GeneNames::default(),
            expression: None,
            notices: Vec::new(),
        }
    }

    /// This triage for files of this header.
    pub fn new(triage: &Triage, header: &Header) -> Self {
        let (schema, _) = Schema::from_info_lines(&header.info_texts());
        let mut new =
            Self { triage: triage.clone(), whole_file: None, genes: schema.gene_names(), ..Self::not_asked() };
        if triage.needs_annotations() && schema.is_empty() {
            new.whole_file = Some(NOT_ANNOTATED);
            new.notice(
                "triage_needs_annotations",
                "nothing was selected: the triage asks for consequences, genes or ClinVar, and the header declares none of \
                 them; annotate the file with VEP, SnpEff or bcftools csq and run it again (`vcf-agent help annotate`)",
            );
        } else if triage
            .effect
            .as_ref()
            .is_some_and(|effect| !effect.impact.is_empty() || !effect.consequence.is_empty())
            && schema.sources.is_empty()
        {
            new.notice(
                "triage_without_consequences",
                "the header declares no consequence annotations (CSQ, ANN, BCSQ): `triage.effect` could only ask ClinVar",
            );
        }
        new.find_samples(header);
        new.read_expression(header);
        new
    }

    fn notice(&mut self, code: &'static str, message: impl Into<String>) {
        self.notices.push(Notice { code, message: message.into() });
    }

    fn find_samples(&mut self, header: &Header) {
        let names: Vec<String> = header.sample_names();
        let find = |asked: &str| {
            let by_number = || asked.strip_prefix('#')?.parse::<usize>().ok()?.checked_sub(1);
            names.iter().position(|name| name == asked).or_else(by_number).filter(|&nth| nth < names.len())
        };
        if let Some(clause) = self.triage.genotype.clone() {
            self.sample = find(&clause.sample);
            if self.sample.is_none() {
                self.sample_absent("genotype");
            }
        }
        if let Some(clause) = self.triage.de_novo.clone() {
            let found = [&clause.child, &clause.father, &clause.mother].map(|name| find(name));
            match found {
                [Some(child), Some(father), Some(mother)] => self.trio = Some([child, father, mother]),
                _ => self.sample_absent("de_novo"),
            }
        }
    }

    /// Names of samples are people's: they are not repeated here.
    fn sample_absent(&mut self, table: &str) {
        let message = format!(
            "nothing was selected: the file has no sample of the name that `triage.{table}` asks for (`#1` is the first one)"
        );
        self.notice("triage_sample_absent", message);
    }

    fn read_expression(&mut self, header: &Header) {
        let Some(text) = self.triage.expression.clone() else { return };
        let fields = FieldTypes::new(
            header.infos.iter().map(|line| (&*line.id, &*line.number, &*line.kind)),
            header.formats.iter().map(|line| (&*line.id, &*line.number, &*line.kind)),
            header.samples,
        );
        match Expression::parse(&text, &fields) {
            Ok(expression) => self.expression = Some(expression),
            Err(error) => {
                let message =
                    format!("nothing was selected: `triage.expression` cannot be asked of this file: {error}");
                self.notice("triage_expression_unusable", message);
            }
        }
    }

    /// Column of the sample that the triage is about: the one of `genotype`, or the child of `de_novo`.
    pub fn sample(&self) -> Option<usize> {
        self.sample.or(self.trio.map(|[child, ..]| child))
    }

    /// What the file lacks for this triage.
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }

    /// The clause under which every row of the file is dropped unseen, if that is so.
    pub fn whole_file(&self) -> Option<Clause> {
        self.whole_file
    }

    /// Decides for every row. The rows of a record must all be there, adjacent and in ALT order.
    pub fn select(&self, rows: &Rows) -> Selection {
        match self.whole_file {
            Some(clause) => Selection::none(rows.len(), clause),
            None => self.pass(rows).selection(),
        }
    }

    /// The rows after every clause.
    pub(super) fn pass<'r>(&self, rows: &'r Rows) -> Pass<'r> {
        let mut pass = Pass::new(rows);
        let triage = &self.triage;
        pass.by_row(clause::NO_ALT, |i| rows.alt_index[i] == 0 || rows.alt.get(i).is_none());
        pass.by_record(clause::NOT_ANALYSABLE, |first| {
            !filters::is_sequence(rows.reference.get(first).unwrap_or_default())
        });
        pass.by_row(clause::NOT_ANALYSABLE, |i| !filters::is_sequence(rows.alt.get(i).unwrap_or_default()));
        if let Some(kept) = &triage.filter {
            pass.by_record(clause::FILTER, |first| !filters::passes(rows.filter.get(first), kept));
        }
        if let Some(clause) = &triage.qual {
            pass.by_record(clause::QUAL, |first| clause.drops(rows.qual_valid.get(first).then(|| rows.qual[first])));
        }
        if let Some(clause) = &triage.genotype {
            clause.run(self.sample, &mut pass);
        }
        if triage.de_novo.is_some() {
            genotype::run_de_novo(self.trio, &mut pass);
        }
        if let Some(clause) = &triage.allele_frequency {
            clause.run(&mut pass);
        }
        if let Some(clause) = &triage.effect {
            clause.run(&mut pass);
        }
        if let Some(regions) = &triage.regions {
            let contigs: Vec<_> = rows.contigs.names().iter().map(|name| regions.of_contig(name)).collect();
            pass.by_record(clause::REGIONS, |first| {
                let start = rows.pos[first] - 1;
                let bases = rows.reference.get(first).map_or(1, <[u8]>::len) as i64;
                !overlaps(contigs[rows.contig[first] as usize], start, start.saturating_add(bases))
            });
        }
        if let Some(clause) = &triage.genes {
            clause.run(&self.genes, &mut pass);
        }
        if triage.expression.is_some() {
            condition::run(self.expression.as_ref(), &mut pass);
        }
        pass
    }
}
