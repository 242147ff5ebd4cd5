//! Which records and alleles are written. A record that an expression cannot decide is not written, and is counted.

use std::fs;
use std::ops::Range;
use std::path::Path;

use clap::Args;

use super::super::failure::{Failure, IO, USAGE};
use super::super::render::{shell_word, text, thousands};
use super::concluded::Beside;
use crate::domain::bed::{BedError, ChrPrefix, Regions, overlaps};
use crate::domain::finding::Conclusion;
use crate::domain::rows::Rows;
use crate::expression::{Expression, FieldTypes, Scratch};
use crate::triage::decide;
use crate::vcf::header::Header;

/// Options that say which records and alleles are written.
#[derive(Debug, Args)]
#[command(next_help_heading = "Filters (tsv, jsonl, parquet, and vcf with --assessed)")]
pub struct FilterArgs {
    /// Records whose REF overlaps one of these: CHROM, CHROM:POS, CHROM:FROM-TO or CHROM:FROM-, counted from 1; `chr1` and `1` are the same
    #[arg(long, value_name = "REGION,…")]
    regions: Option<String>,
    /// Records whose REF overlaps an interval of a BED file; with --regions, of either
    #[arg(long, value_name = "BED")]
    regions_file: Option<std::path::PathBuf>,
    /// Records for which an expression of bcftools holds (docs/expressions.md)
    #[arg(long, value_name = "EXPR", conflicts_with = "exclude")]
    include: Option<String>,
    /// Records for which it does not hold
    #[arg(long, value_name = "EXPR")]
    exclude: Option<String>,
    /// Alleles that triage selected; of vcf: records with such an allele
    #[arg(long)]
    selected: bool,
    /// Alleles about which one of these was concluded; of vcf: records with such an allele
    #[arg(long, value_name = "WORD,…", value_delimiter = ',', value_parser = conclusion)]
    conclusion: Vec<Conclusion>,
}

fn conclusion(word: &str) -> Result<Conclusion, String> {
    Conclusion::parse(word)
        .ok_or_else(|| format!("one of {} is needed", Conclusion::ALL.map(Conclusion::as_str).join(", ")))
}

impl FilterArgs {
    /// Whether anything is left out.
    pub fn is_any(&self) -> bool {
        self.regions.is_some()
            || self.regions_file.is_some()
            || self.include.is_some()
            || self.exclude.is_some()
            || self.asks_ledger()
    }

    /// Whether the ledger must be asked about alleles.
    pub fn asks_ledger(&self) -> bool {
        self.selected || !self.conclusion.is_empty()
    }

    /// Whether an expression is asked, which may look at everything.
    pub fn has_expression(&self) -> bool {
        self.include.is_some() || self.exclude.is_some()
    }

    /// The options as they were typed.
    pub fn words(&self) -> String {
        let mut all = String::new();
        let mut add = |name: &str, value: &str| all.push_str(&format!(" --{name} {}", shell_word(value)));
        self.regions.iter().for_each(|value| add("regions", value));
        self.regions_file.iter().for_each(|value| add("regions-file", &value.to_string_lossy()));
        self.include.iter().for_each(|value| add("include", value));
        self.exclude.iter().for_each(|value| add("exclude", value));
        if !self.conclusion.is_empty() {
            let words: Vec<&str> = self.conclusion.iter().map(|conclusion| conclusion.as_str()).collect();
            add("conclusion", &words.join(","));
        }
        if self.selected {
            all.push_str(" --selected");
        }
        all
    }

    /// The filter for a file of this header.
    ///
    /// # Errors
    /// If a region, a BED file or an expression is wrong.
    pub fn filter(&self, header: &Header) -> Result<Filter, Failure> {
        let expression = match (&self.include, &self.exclude) {
            (Some(text), _) => Some((expression("--include", text, header)?, true)),
            (None, Some(text)) => Some((expression("--exclude", text, header)?, false)),
            (None, None) => None,
        };
        Ok(Filter {
            regions: regions(self.regions.as_deref(), self.regions_file.as_deref(), header)?,
            expression,
            selected: self.selected,
            conclusions: self.conclusion.clone(),
            undecided: 0,
            why_undecided: None,
            scratch: Scratch::default(),
            alts: Vec::new(),
        })
    }
}

fn expression(option: &str, text: &str, header: &Header) -> Result<Expression, Failure> {
    let fields = FieldTypes::new(
        header.infos.iter().map(|line| (&*line.id, &*line.number, &*line.kind)),
        header.formats.iter().map(|line| (&*line.id, &*line.number, &*line.kind)),
        header.samples,
    );
    Expression::parse(text, &fields).map_err(|error| Failure::new(USAGE, format!("{option}: {error}")))
}

/// The intervals of both options.
fn regions(list: Option<&str>, file: Option<&Path>, header: &Header) -> Result<Option<Regions>, Failure> {
    if list.is_none() && file.is_none() {
        return Ok(None);
    }
    let mut bed = match file {
        Some(path) => {
            fs::read(path).map_err(|error| Failure::new(IO, format!("cannot read {}: {error}", path.display())))?
        }
        None => Vec::new(),
    };
    let is_name = |name: &str| header.contigs.iter().any(|(known, _)| known == name);
    let asked: Vec<String> = list.map(listed).unwrap_or_default();
    if list.is_some() && asked.is_empty() {
        return Err(Failure::new(USAGE, "--regions: there is no region in it, so nothing would be written"));
    }
    for region in &asked {
        let Some((contig, start, end)) = interval(region, &is_name) else {
            let message = format!("--regions: {} is no CHROM, CHROM:POS, CHROM:FROM-TO or CHROM:FROM-", text(region));
            return Err(Failure::new(USAGE, message).hint("positions count from 1, and FROM is not greater than TO"));
        };
        if !matches!(bed.last(), None | Some(b'\n')) {
            bed.push(b'\n');
        }
        bed.extend_from_slice(format!("{contig}\t{start}\t{end}\n").as_bytes());
    }
    let wrong = |errors: Vec<BedError>| {
        let place = file.map_or("--regions".to_owned(), |file| file.display().to_string());
        let problem = |error: BedError| match error.line {
            Some(line) => format!("{place}:{line}: {}", error.message),
            None => format!("{place}: {}", error.message),
        };
        Failure::new(USAGE, errors.into_iter().map(problem).collect::<Vec<_>>().join("; "))
    };
    Regions::parse(&bed, ChrPrefix::Ignore).map(Some).map_err(wrong)
}

/// The regions of a list. A comma before exactly three digits, inside of numbers, parts thousands: `chr1:1,000-2,000` is one region.
fn listed(list: &str) -> Vec<String> {
    let mut regions: Vec<String> = Vec::new();
    for part in list.split(',') {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let is_rest = digits == 3 && part[digits..].bytes().all(|b| b == b'-' || b.is_ascii_digit());
        match regions.last_mut().filter(|before| is_rest && ends_in_a_number(before)) {
            Some(before) => before.push_str(part),
            None => regions.push(part.to_owned()),
        }
    }
    regions.retain(|region| !region.is_empty());
    regions
}

/// Whether a region so far ends within a position.
fn ends_in_a_number(region: &str) -> bool {
    let places = region.rsplit_once(':').map_or("", |(_, places)| places);
    let last = places.rsplit('-').next().unwrap_or_default();
    !last.is_empty() && last.bytes().all(|b| b.is_ascii_digit())
}

/// Contig, start and end (from 0, end left out) of a region. A name of the header that holds a colon is a name.
fn interval<'r>(region: &'r str, is_name: &dyn Fn(&str) -> bool) -> Option<(&'r str, u32, u32)> {
    let whole = (region, 0, u32::MAX);
    if is_name(region) {
        return Some(whole);
    }
    let Some((contig, places)) = region.rsplit_once(':') else { return Some(whole) };
    let number = |text: &str| text.parse::<u32>().ok().filter(|_| text.bytes().all(|b| b.is_ascii_digit()));
    let (from, to) = match places.split_once('-') {
        None => (number(places)?, number(places)?),
        Some((from, "")) => (number(from)?, u32::MAX),
        Some((from, to)) => (number(from)?, number(to)?),
    };
    (!contig.is_empty() && from >= 1 && from <= to).then(|| (contig, from - 1, to))
}

/// Which records and alleles are written.
pub struct Filter {
    regions: Option<Regions>,
    /// And whether records for which it holds are the ones that are written.
    expression: Option<(Expression, bool)>,
    selected: bool,
    conclusions: Vec<Conclusion>,
    /// Records that the expression could not decide.
    undecided: u64,
    why_undecided: Option<String>,
    scratch: Scratch,
    alts: Vec<u8>,
}

impl Filter {
    /// Whether the record of these rows is asked for, its alleles apart.
    pub fn takes_record(&mut self, rows: &Rows, record: Range<usize>) -> bool {
        let first = record.start;
        if let Some(regions) = &self.regions {
            let start = rows.pos[first] - 1;
            let bases = rows.reference.get(first).map_or(1, <[u8]>::len) as i64;
            let intervals = regions.of_contig(rows.contigs.name(rows.contig[first]));
            // The telomere (POS 0) is before every interval, and a part of its contig.
            let is_whole = || intervals.iter().any(|&(from, to)| from == 0 && to == u32::MAX);
            let is_asked_for = overlaps(intervals, start, start.saturating_add(bases)) || start < 0 && is_whole();
            if !is_asked_for {
                return false;
            }
        }
        let Some((expression, is_included)) = &self.expression else { return true };
        let decision = decide(expression, rows, record, &mut self.alts, &mut self.scratch);
        if let Some(why) = decision.undecided {
            self.undecided += 1;
            self.why_undecided.get_or_insert_with(|| {
                format!("{}:{}: {why}", String::from_utf8_lossy(rows.contigs.name(rows.contig[first])), rows.pos[first])
            });
            return false;
        }
        decision.site == *is_included
    }

    /// Whether row number `nth` of a record is asked for; `None`: nobody asked the ledger.
    pub fn takes_allele(&self, beside: Option<Beside<'_>>, nth: usize) -> bool {
        let Some(beside) = beside else { return true };
        let concluded = || beside.answer(nth).map(|answer| answer.assessment.conclusion);
        (!self.selected || beside.is_selected(nth))
            && (self.conclusions.is_empty() || concluded().is_some_and(|found| self.conclusions.contains(&found)))
    }

    /// What is to be told of records that could not be decided.
    pub fn undecided(&self) -> Option<String> {
        let why = self.why_undecided.as_ref()?;
        Some(format!(
            "{} records were not written because the expression cannot be decided for them, where bcftools would stop; the first is {}",
            thousands(self.undecided),
            text(why)
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_read_as_bcftools_writes_them() {
        let is_name = |name: &str| name == "HLA-A*01:01";
        let of = |region| interval(region, &is_name);
        assert_eq!(of("chr1"), Some(("chr1", 0, u32::MAX)));
        assert_eq!(of("chr1:7"), Some(("chr1", 6, 7)));
        assert_eq!(of("chr1:7-9"), Some(("chr1", 6, 9)));
        assert_eq!(of("chr1:7-"), Some(("chr1", 6, u32::MAX)));
        assert_eq!(of("HLA-A*01:01"), Some(("HLA-A*01:01", 0, u32::MAX)));
        assert_eq!(of("HLA-A*01:01:5-6"), Some(("HLA-A*01:01", 4, 6)));
        for wrong in ["chr1:0-5", "chr1:9-7", "chr1:x", ":5", "chr1:-5", "chr1:+5"] {
            assert_eq!(of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn thousands_may_be_parted_by_commas() {
        assert_eq!(listed("chr1:1,000-2,000,chr2:5"), ["chr1:1000-2000", "chr2:5"]);
        assert_eq!(listed("chr1:1,000,000-"), ["chr1:1000000-"]);
        assert_eq!(listed("1,200,chr3"), ["1", "200", "chr3"]);
        assert_eq!(listed("chr1:5,chr2,,"), ["chr1:5", "chr2"]);
        let nothing = regions(Some(","), None, &Header::default()).unwrap_err();
        assert!(nothing.errors[0].message.contains("no region"), "{nothing:?}");
    }

    #[test]
    fn a_list_and_a_bed_file_are_one_set_of_regions() {
        let dir = tempfile::tempdir().unwrap();
        let bed = dir.path().join("a.bed");
        fs::write(&bed, "chr2\t0\t5").unwrap();
        let both = regions(Some("1:7-9,chr3"), Some(&bed), &Header::default()).unwrap().unwrap();
        assert_eq!(both.of_contig(b"chr1"), [(6, 9)]);
        assert_eq!(both.of_contig(b"chr2"), [(0, 5)]);
        assert_eq!(both.of_contig(b"3"), [(0, u32::MAX)]);
        assert_eq!(regions(Some("1:9-7"), None, &Header::default()).unwrap_err().code, USAGE);
        fs::write(&bed, "chr2\t5\t0\n").unwrap();
        assert_eq!(regions(None, Some(&bed), &Header::default()).unwrap_err().code, USAGE);
    }
}
