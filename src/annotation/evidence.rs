//! The evidence on one allele, read from its row: what a provider is asked about. Each item carries the field it came from.
//!
//! Nothing is guessed. What the file says of a record with several ALTs without saying of which one is left out; a list in
//! which an item has several different values is left out; what is missing is missing. So is what is too long to be copied from
//! task to task, and the evidence says of which items that is so.

use std::collections::BTreeSet;
use std::ops::Range;

use super::annotate::frequency;
use super::clinvar::SignificanceSet;
use super::evidence_plan::{ColumnsPlan, FrequencyPlan, InfoPlan};
use super::evidence_values::*;
use super::schema::{InfoText, Notice, Schema};
use super::terms::Term;
use super::{AlleleAnnotation, AnnotatedRecord, Annotator, Chosen, ClinVarOrigin, Frequencies, Scope};
use crate::domain::finding::{Evidence, Fact, Field, Item, VALUE_BYTES_MAX};
use crate::domain::rows::Rows;

/// What is evidence in a file.
#[derive(Debug, Clone, Default)]
pub struct EvidenceSettings {
    /// Where frequencies in populations are; `None` for every name that is known.
    pub frequencies: Option<Frequencies>,
    /// 0-based number of the sample whose zygosity is evidence.
    pub sample: Option<usize>,
    /// Leaves out what ClinVar concludes, for benchmarks against it. Its consequences, genes and frequencies stay.
    pub hides_clinvar: bool,
}

/// Reads the evidence from the rows of one file. Made once for a file; may be shared between threads.
pub struct EvidenceReader {
    annotator: Annotator,
    columns: Vec<ColumnsPlan>,
    info: InfoPlan,
    /// The names of all frequency fields, joined by commas; empty if there is none.
    frequency_fields: String,
    fields: FixedFields,
    sample: Option<usize>,
    hides_clinvar: bool,
}

struct FixedFields {
    header: Field,
    chrom: Field,
    pos: Field,
    reference: Field,
    alt: Field,
    genotype: Field,
    significance: Field,
    review: Field,
}

/// A record, as its rows have it.
struct Record<'r> {
    rows: Range<usize>,
    alts: Vec<&'r [u8]>,
    reference: &'r [u8],
    info: &'r [u8],
}

/// What was read of the record that the allele is in.
struct Read<'p, 'r> {
    record: &'p Record<'r>,
    annotations: &'p [AlleleAnnotation<'r>],
    info: &'p [Option<&'r [u8]>],
}

/// The highest frequency that any rule takes as absence.
const NEARLY_ABSENT: f64 = 0.000_07;

impl EvidenceReader {
    /// Prepares for a file with these `##INFO` lines. The notices are about annotations that cannot be read, and about
    /// configured frequencies that the header does not declare.
    pub fn new(lines: &[InfoText<'_>], settings: &EvidenceSettings) -> (Self, Vec<Notice>) {
        let (schema, mut notices) = Schema::from_info_lines(lines);
        // Frequencies are read here, with their fields: the annotator is only asked whether the configured ones exist.
        let (annotator, _) = Annotator::new(&schema, &Frequencies::default());
        if let Some(frequencies) = &settings.frequencies {
            notices.extend(Annotator::new(&schema, frequencies).1);
        }
        let configured = settings.frequencies.as_ref();
        let columns: Vec<_> = schema.sources.iter().map(|source| ColumnsPlan::new(source, configured)).collect();
        let info = InfoPlan::new(&schema, configured);
        let of_columns = columns.iter().flat_map(|plan| plan.frequencies.iter().map(|f| plan.fields[f.at].as_str()));
        let of_info = info.frequencies.iter().map(|f| info.fields[f.at].as_str());
        let frequency_fields = of_columns.chain(of_info).collect::<Vec<_>>().join(",");
        let fields = FixedFields {
            header: Field::new("##INFO"),
            chrom: Field::new("CHROM"),
            pos: Field::new("POS"),
            reference: Field::new("REF"),
            alt: Field::new("ALT"),
            genotype: Field::new("FORMAT/GT"),
            significance: Field::new("INFO/CLNSIG"),
            review: Field::new("INFO/CLNREVSTAT"),
        };
        let EvidenceSettings { sample, hides_clinvar, .. } = *settings;
        (Self { annotator, columns, info, frequency_fields, fields, sample, hides_clinvar }, notices)
    }

    /// The evidence on row `i`. For many rows of a segment [`EvidenceReader::read_all`] reads each record once.
    pub fn read(&self, rows: &Rows, i: usize) -> Evidence {
        self.read_all(rows, &[i]).pop().unwrap_or_default()
    }

    /// The evidence on these rows, which ascend.
    pub fn read_all(&self, rows: &Rows, picked: &[usize]) -> Vec<Evidence> {
        self.read_some(rows, picked, usize::MAX)
    }

    /// As [`EvidenceReader::read_all`], but ends early, after one row at least, when the evidence takes more than `bytes_max`.
    pub fn read_some(&self, rows: &Rows, picked: &[usize], bytes_max: usize) -> Vec<Evidence> {
        let (mut out, mut bytes) = (Vec::new(), 0);
        let (mut annotations, mut info) = (Vec::new(), Vec::new());
        let mut rest = picked;
        while let Some(&row) = rest.first().filter(|_| bytes <= bytes_max) {
            let record = Record::around(rows, row);
            let whole = AnnotatedRecord {
                pos: rows.pos[row],
                reference: record.reference,
                alts: &record.alts,
                info: record.info,
            };
            let _counts = self.annotator.alleles(&whole, &mut annotations);
            self.info.values(record.info, &mut info);
            let read = Read { record: &record, annotations: &annotations, info: &info };
            while let Some((&row, after)) = rest.split_first().filter(|(row, _)| record.rows.contains(row)) {
                let evidence = self.of_row(rows, row, &read);
                bytes += evidence.bytes();
                out.push(evidence);
                rest = after;
                if bytes > bytes_max {
                    break;
                }
            }
        }
        out
    }

    fn of_row(&self, rows: &Rows, row: usize, read: &Read<'_, '_>) -> Evidence {
        let mut facts = Facts { facts: Vec::with_capacity(24), too_long: Vec::new() };
        let fixed = &self.fields;
        facts.add(Item::Chrom, rows.contigs.name(rows.contig[row]), &fixed.chrom);
        facts.add(Item::Pos, rows.pos[row].to_string().as_bytes(), &fixed.pos);
        facts.add_allele([Item::Ref, Item::RefBases], read.record.reference, &fixed.reference);
        let Some(alt) = rows.alt.get(row) else { return facts.evidence() };
        facts.add_allele([Item::Alt, Item::AltBases], alt, &fixed.alt);
        let nth = row - read.record.rows.start;
        let annotation = &read.annotations[nth];
        // What is said of a record with several ALTs is said of none of them.
        let chosen = annotation.chosen.as_ref().filter(|chosen| chosen.scope == Scope::Allele);
        match chosen {
            Some(chosen) => self.of_entry(chosen, annotation, &mut facts),
            None => self.of_mc(read, &mut facts),
        }
        self.frequency(read, nth, chosen, &mut facts);
        self.predictors(read, nth, chosen, &mut facts);
        if !self.hides_clinvar {
            self.clinvar(annotation, &mut facts);
        }
        self.zygosity(rows, read.record.rows.start, nth as u32 + 1, &mut facts);
        facts.evidence()
    }

    /// The entry that stands for the allele.
    fn of_entry(&self, chosen: &Chosen<'_>, annotation: &AlleleAnnotation<'_>, facts: &mut Facts) {
        let plan = &self.columns[chosen.source];
        if let Some(field) = plan.consequence.map(|column| &plan.fields[column]) {
            // Not even looked at: there may be a thousand ALTs with the same long text.
            if chosen.consequence.len() > VALUE_BYTES_MAX {
                facts.leave_out(Item::Consequence, field);
            } else {
                facts.add(Item::Consequence, ontology_names(chosen.consequence).as_bytes(), field);
            }
            let worst = annotation.most_severe().map(|term| term.as_str().as_bytes());
            facts.add_maybe(Item::MostSevereConsequence, worst, field);
        }
        let value = |column: usize| chosen.column(column).filter(|value| !matches!(*value, b"" | b"." | b"-"));
        let plain = [
            (Item::Impact, plan.impact),
            (Item::Gene, plan.gene),
            (Item::GeneId, plan.gene_id),
            (Item::Exon, plan.exon),
            (Item::HgvsC, plan.hgvs_c),
            (Item::HgvsP, plan.hgvs_p),
            (Item::Loftee, plan.loftee),
        ];
        for (item, column) in plain {
            if let Some(column) = column {
                facts.add_maybe(item, value(column), &plan.fields[column]);
            }
        }
        if let Some(column) = plan.transcript.filter(|_| chosen.transcript.is_some()) {
            facts.add_maybe(Item::Transcript, value(column), &plan.fields[column]);
            facts.add(Item::TranscriptChoice, chosen.why.as_str().as_bytes(), &plan.fields[column]);
        }
    }

    /// ClinVar's molecular consequence and gene, where no annotator wrote any. They are of the record, so of one ALT only.
    fn of_mc(&self, read: &Read<'_, '_>, facts: &mut Facts) {
        if read.record.alts.len() != 1 {
            return;
        }
        let value = |slot: Option<usize>| {
            let slot = slot?;
            Some((std::str::from_utf8(read.info[slot]?).ok()?, &self.info.fields[slot]))
        };
        if let Some((mc, field)) = value(self.info.mc) {
            let names: Vec<&str> = mc.split(',').filter_map(mc_name).collect();
            let worst = names.iter().filter_map(|name| Term::parse(name.as_bytes())).min();
            let joined = Some(names.join("&")).filter(|names| !names.is_empty());
            facts.add_maybe(Item::Consequence, joined.as_deref().map(str::as_bytes), field);
            facts.add_maybe(Item::MostSevereConsequence, worst.map(|term| term.as_str().as_bytes()), field);
        }
        // Where several genes overlap, the file does not say whose the consequence is.
        if let Some((genes, field)) = value(self.info.geneinfo)
            && let Some((symbol, id)) = genes.split_once(':')
            && !genes.contains('|')
        {
            facts.add(Item::Gene, symbol.as_bytes(), field);
            facts.add(Item::GeneId, id.as_bytes(), field);
        }
    }

    /// The highest frequency of all fields, and what is known of that field.
    fn frequency(&self, read: &Read<'_, '_>, nth: usize, chosen: Option<&Chosen<'_>>, facts: &mut Facts) {
        let mut best: Option<(f64, &[u8], &FrequencyPlan, Option<&Chosen<'_>>)> = None;
        let mut offer = |number: f64, text, plan, entry| {
            if best.is_none_or(|(highest, ..)| number > highest) {
                best = Some((number, text, plan, entry));
            }
        };
        // Whether a field says something that is not known to be of this allele: then it is not known to be absent either.
        let mut is_unclear = false;
        if let Some(chosen) = chosen {
            let plan = &self.columns[chosen.source];
            let allele = plan.allele.and_then(|column| chosen.column(column));
            for frequency in &plan.frequencies {
                let value = chosen.column(frequency.at).unwrap_or_default();
                match highest_in_column(value, allele) {
                    Some((number, text)) if is_short(text) => offer(number, text, frequency, Some(chosen)),
                    _ => is_unclear |= says_something(value),
                }
            }
        } else {
            is_unclear = self.columns.iter().any(|plan| !plan.frequencies.is_empty());
        }
        for plan in &self.info.frequencies {
            let Some(list) = read.info[plan.at] else { continue };
            let text = per_alt(list, nth, read.alts(), plan.with_reference);
            match text.and_then(|text| Some((frequency(text)?, text))) {
                Some((number, text)) if is_short(text) => offer(number, text, plan, None),
                _ => is_unclear |= says_something(text.unwrap_or(list)),
            }
        }
        if !self.frequency_fields.is_empty() && !is_unclear {
            facts.add(Item::FrequencyFields, self.frequency_fields.as_bytes(), &self.fields.header);
        }
        // A frequency of nearly nothing beside one that nobody can read is no absence.
        let best = best.filter(|(number, ..)| !is_unclear || *number > NEARLY_ABSENT);
        let Some((_, text, plan, entry)) = best else { return };
        let fields = entry.map_or(&self.info.fields, |entry| &self.columns[entry.source].fields);
        facts.add(Item::PopulationFrequency, text, &fields[plan.at]);
        let beside = |at: Option<usize>| {
            let at = at?;
            let text = match entry {
                Some(entry) => entry.column(at)?,
                None => per_alt(read.info[at]?, nth, read.alts(), false).or(single(read.info[at]?))?,
            };
            text.iter().all(u8::is_ascii_digit).then_some((text, &fields[at])).filter(|(text, _)| !text.is_empty())
        };
        match (beside(plan.alleles), plan.dataset_alleles) {
            (Some((text, field)), _) => facts.add(Item::AlleleNumber, text, field),
            (None, Some(alleles)) => facts.add(Item::DatasetAlleles, alleles.as_bytes(), &fields[plan.at]),
            (None, None) => {}
        }
        if let Some((text, field)) = beside(plan.homozygotes) {
            facts.add(Item::Homozygotes, text, field);
        }
    }

    fn predictors(&self, read: &Read<'_, '_>, nth: usize, chosen: Option<&Chosen<'_>>, facts: &mut Facts) {
        let entry = chosen.map(|chosen| (chosen, &self.columns[chosen.source]));
        if let Some((chosen, plan)) = entry {
            for &column in &plan.revel {
                let value = chosen.column(column).and_then(|value| only_score(value, b'&'));
                facts.add_maybe(Item::Revel, value, &plan.fields[column]);
            }
            if let Some(columns) = plan.spliceai {
                let scores = columns.map(|column| chosen.column(column).unwrap_or_default());
                if let Some(highest) = highest_of(&scores) {
                    facts.add(Item::SpliceAi, scores[highest], &plan.fields[columns[highest]]);
                }
            }
        }
        let info = |slot: usize| read.info[slot];
        for &slot in &self.info.revel {
            let value = info(slot)
                .and_then(|list| per_alt(list, nth, read.alts(), false).or(Some(list).filter(|_| read.alts() == 1)));
            facts.add_maybe(Item::Revel, value.and_then(|value| only_score(value, b',')), &self.info.fields[slot]);
        }
        if let Some(slot) = self.info.spliceai {
            let alt = read.record.alts[nth];
            facts.add_maybe(Item::SpliceAi, info(slot).and_then(|list| spliceai(list, alt)), &self.info.fields[slot]);
        }
        if let Some(slot) = self.info.spliceai_max {
            let value = info(slot).and_then(|list| per_alt(list, nth, read.alts(), false));
            facts.add_maybe(Item::SpliceAi, value.and_then(|value| only_score(value, b',')), &self.info.fields[slot]);
        }
    }

    fn clinvar(&self, annotation: &AlleleAnnotation<'_>, facts: &mut Facts) {
        let Some(clinvar) = annotation.clinvar.as_ref().filter(|clinvar| clinvar.scope == Scope::Allele) else {
            return;
        };
        let column = |pick: fn(&ColumnsPlan) -> Option<usize>| {
            self.columns.iter().find_map(|plan| pick(plan).map(|column| &plan.fields[column]))
        };
        let (significance, review) = match clinvar.origin {
            ClinVarOrigin::Info => (Some(&self.fields.significance), Some(&self.fields.review)),
            ClinVarOrigin::Column => (column(|plan| plan.clinvar), column(|plan| plan.clinvar_review)),
        };
        if let Some(field) = significance {
            match clinvar_words(clinvar.text) {
                Some(words) => facts.add_maybe(Item::Clinvar, Some(&*words).filter(|words| !words.is_empty()), field),
                None => facts.leave_out(Item::Clinvar, field),
            }
        }
        if let (Some(stars), Some(field)) = (clinvar.stars, review) {
            facts.add(Item::ClinvarStars, stars.count().to_string().as_bytes(), field);
        }
    }

    fn zygosity(&self, rows: &Rows, first: usize, alt_index: u32, facts: &mut Facts) {
        let Some(sample) = self.sample else { return };
        let genotype = || {
            let format = rows.format.get(first)?;
            let at = format.split(|&byte| byte == b':').position(|key| key == b"GT")?;
            let cell = rows.samples.get(first)?.split(|&byte| byte == b'\t').nth(sample)?;
            cell.split(|&byte| byte == b':').nth(at)
        };
        if let Some(word) = genotype().and_then(|genotype| zygosity(genotype, alt_index)) {
            facts.add(Item::Zygosity, word.as_bytes(), &self.fields.genotype);
        }
    }
}

impl<'r> Record<'r> {
    /// The record that row `row` belongs to.
    fn around(rows: &'r Rows, row: usize) -> Self {
        let first = (0..=row).rev().find(|&row| rows.is_first(row)).unwrap_or(0);
        let end = (row + 1..rows.len()).find(|&row| rows.is_first(row)).unwrap_or(rows.len());
        Self {
            rows: first..end,
            alts: (first..end).filter_map(|row| rows.alt.get(row)).collect(),
            reference: rows.reference.get(first).unwrap_or_default(),
            info: rows.info.get(first).unwrap_or_default(),
        }
    }
}

impl Read<'_, '_> {
    fn alts(&self) -> usize {
        self.record.alts.len()
    }
}

/// Classifications that are repeated may stand in a text that is longer than what is kept of it (bytes).
const CLINVAR_BYTES_MAX: usize = 16 * VALUE_BYTES_MAX;

/// In ClinVar's own words of today; as written if one of them is not known. `None` if the text is too long to be read.
fn clinvar_words(text: &[u8]) -> Option<Vec<u8>> {
    if text.len() > CLINVAR_BYTES_MAX {
        return None;
    }
    let (set, unknown) = SignificanceSet::parse(text);
    let as_written = || String::from_utf8_lossy(text).into_owned();
    Some(if unknown == 0 { set.to_string() } else { as_written() }.into_bytes())
}

fn is_short(value: &[u8]) -> bool {
    value.len() <= VALUE_BYTES_MAX
}

/// Facts under way. Of an item that is offered twice the first counts.
struct Facts {
    facts: Vec<Fact>,
    /// Items whose values are too long, and where these stand.
    too_long: Vec<(Item, Field)>,
}

impl Facts {
    fn add(&mut self, item: Item, value: &[u8], source: &Field) {
        if !is_short(value) {
            self.leave_out(item, source);
        } else if let Ok(value) = std::str::from_utf8(value) {
            self.facts.push(Fact::new(item, value, source));
        }
    }

    /// An allele, or the number of its bases where it is too long.
    fn add_allele(&mut self, [item, bases]: [Item; 2], value: &[u8], source: &Field) {
        let is_base = |base: &u8| matches!(base.to_ascii_uppercase(), b'A' | b'C' | b'G' | b'T');
        if is_short(value) || !value.iter().all(is_base) {
            self.add(item, value, source);
        } else {
            self.facts.push(Fact::new(bases, value.len().to_string(), source));
        }
    }

    fn add_maybe(&mut self, item: Item, value: Option<&[u8]>, source: &Field) {
        if let Some(value) = value {
            self.add(item, value, source);
        }
    }

    fn leave_out(&mut self, item: Item, source: &Field) {
        self.too_long.push((item, source.clone()));
    }

    fn evidence(mut self) -> Evidence {
        self.too_long.retain(|(item, _)| !self.facts.iter().any(|fact| fact.item == *item));
        if let Some((_, source)) = self.too_long.first() {
            let names: BTreeSet<Item> = self.too_long.iter().map(|(item, _)| *item).collect();
            let names = names.into_iter().map(Item::as_str).collect::<Vec<_>>().join(",");
            self.facts.push(Fact::new(Item::TooLong, names, source));
        }
        Evidence::new(self.facts)
    }
}
