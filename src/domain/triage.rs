//! Triage: the pure function that chooses the few alleles worth an analysis. Clauses in fixed order; each allele that is
//! dropped is counted under the first clause that dropped it.
//!
//! The clauses are evaluated one after the other over the whole batch, each only for rows that are still alive, so that
//! the costly ones (INFO) see few rows. Text that belongs to a record (REF, FILTER, INFO) is taken from the record's
//! first row, where it always stands.

use std::ops::Range;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::bed::{ChrPrefix, Regions, overlaps};
use super::ids::FileDigest;
use super::info::InfoKey;
use super::rows::{Bits, Rows};

/// Version of the clauses' meaning, part of [`Triage::canonical`].
const VERSION: u32 = 1;

/// A clause of triage: its name in receipts and what it drops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clause {
    /// The name in the receipt's `dropped`.
    pub name: &'static str,
    /// What it drops, for people.
    pub doc: &'static str,
}

/// The clause of a node on which no triage is configured: it drops everything.
pub const NOT_ASKED: Clause = Clause {
    name: "not_asked",
    doc: "No triage is configured, so nothing was asked for: every row is dropped here and no other clause is looked at.",
};

/// The clauses in the order in which they are asked.
pub const CLAUSES: [Clause; 6] = [
    Clause { name: "no_alt", doc: "The record has no ALT (`.`): there is no allele to analyse. Always asked." },
    Clause {
        name: "not_analysable",
        doc: "REF or this ALT is not a plain sequence of A, C, G, T and N (any case): symbolic alleles (`<DEL>`), \
              `*`, `<*>`, `<NON_REF>`, breakends, other letters. Always asked.",
    },
    Clause {
        name: "filter",
        doc: "FILTER holds an entry that is not in `triage.filter`. A record without filters is `.` in that list.",
    },
    Clause {
        name: "qual",
        doc: "QUAL is below `triage.qual.min`, or missing where `triage.qual.missing` says `drop`.",
    },
    Clause {
        name: "allele_frequency",
        doc: "The frequency of this allele is above `triage.allele_frequency.max`, or none of the fields has one where \
              `triage.allele_frequency.missing` says `drop`.",
    },
    Clause { name: "regions", doc: "The bases of REF overlap no interval of `triage.regions.file`." },
];

const NO_ALT: usize = 0;
const NOT_ANALYSABLE: usize = 1;
const FILTER: usize = 2;
const QUAL: usize = 3;
const ALLELE_FREQUENCY: usize = 4;
const REGIONS: usize = 5;

/// What triage decided for a batch of rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// One bit per row; set = selected.
    pub bits: Bits,
    /// How many are set.
    pub selected: u64,
    /// Rows dropped, by clause, in clause order; clauses that dropped nothing are left out.
    pub dropped: Vec<(&'static str, u64)>,
}

/// What to do with a row that lacks the value a clause asks for: missing is not 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Missing {
    /// The clause does not drop it.
    #[default]
    Keep,
    /// The clause drops it.
    Drop,
}

impl Missing {
    /// The words of the configuration.
    pub const WORDS: [&'static str; 2] = ["keep", "drop"];

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "keep" => Some(Self::Keep),
            "drop" => Some(Self::Drop),
            _ => None,
        }
    }
}

/// `[triage.qual]`.
#[derive(Debug, Clone, PartialEq)]
pub struct QualClause {
    /// Lower than this is dropped; compared as a 32-bit float, as QUAL is stored.
    pub min: f32,
    /// QUAL `.`, or not a number.
    pub missing: Missing,
}

/// `[triage.allele_frequency]`.
#[derive(Debug, Clone, PartialEq)]
pub struct AlleleFrequencyClause {
    /// Higher than this is dropped.
    pub max: f64,
    /// INFO keys; the first that has a frequency for the allele decides.
    pub fields: Vec<String>,
    /// No field has a frequency for the allele.
    pub missing: Missing,
}

/// The configured triage (`[triage]`). A clause that is `None` is not asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Triage {
    /// FILTER entries that a row may have; `.` stands for no entry.
    pub filter: Option<Vec<String>>,
    /// Bound of QUAL.
    pub qual: Option<QualClause>,
    /// Bound of the allele's frequency.
    pub allele_frequency: Option<AlleleFrequencyClause>,
    /// Intervals that REF must touch.
    pub regions: Option<Arc<Regions>>,
}

impl Triage {
    /// Decides for every row. The rows of a record must all be there, adjacent and in ALT order.
    pub fn select(&self, rows: &Rows) -> Selection {
        let mut pass = Pass::new(rows);
        pass.by_row(NO_ALT, |i| rows.alt_index[i] == 0 || rows.alt.get(i).is_none());
        pass.by_record(NOT_ANALYSABLE, |first| !is_sequence(rows.reference.get(first).unwrap_or_default()));
        pass.by_row(NOT_ANALYSABLE, |i| !is_sequence(rows.alt.get(i).unwrap_or_default()));
        if let Some(kept) = &self.filter {
            pass.by_record(FILTER, |first| !passes(rows.filter.get(first), kept));
        }
        if let Some(clause) = &self.qual {
            pass.by_record(QUAL, |first| clause.drops(rows.qual_valid.get(first).then(|| rows.qual[first])));
        }
        if let Some(clause) = &self.allele_frequency {
            clause.run(&mut pass);
        }
        if let Some(regions) = &self.regions {
            let contigs: Vec<_> = rows.contigs.names().iter().map(|name| regions.of_contig(name)).collect();
            pass.by_record(REGIONS, |first| {
                let start = rows.pos[first] - 1;
                let bases = rows.reference.get(first).map_or(1, <[u8]>::len) as i64;
                !overlaps(contigs[rows.contig[first] as usize], start, start.saturating_add(bases))
            });
        }
        pass.selection()
    }

    /// Canonical text: the same text means the same decisions; [`Triage::from_canonical`] reads it back. One line of
    /// JSON; it holds the intervals of a BED file, so that the decisions do not change when that file does.
    pub fn canonical(&self) -> String {
        let text = CanonicalText {
            version: VERSION,
            filter: self.filter.clone(),
            qual: self.qual.as_ref().map(|c| QualText { min: c.min.to_string(), missing: c.missing }),
            allele_frequency: self.allele_frequency.as_ref().map(|clause| FrequencyText {
                max: clause.max.to_string(),
                fields: clause.fields.clone(),
                missing: clause.missing,
            }),
            regions: self.regions.as_ref().map(|regions| RegionsText {
                digest: regions.digest().to_string(),
                chr_prefix: regions.chr_prefix().as_str().to_owned(),
                contigs: regions.packed(),
            }),
        };
        serde_json::to_string(&text).expect("plain strings and numbers always serialise")
    }

    /// Reads [`Triage::canonical`] back; `None` if it is not such a text, or one of another version.
    pub fn from_canonical(text: &str) -> Option<Self> {
        let text: CanonicalText = serde_json::from_str(text).ok()?;
        let qual = |text: QualText| Some(QualClause { min: text.min.parse().ok()?, missing: text.missing });
        let frequency = |text: FrequencyText| {
            let max = text.max.parse().ok()?;
            Some(AlleleFrequencyClause { max, fields: text.fields, missing: text.missing })
        };
        let regions = |text: RegionsText| {
            let digest = FileDigest::parse(&text.digest)?;
            let chr_prefix = ChrPrefix::parse(&text.chr_prefix)?;
            Regions::from_packed(digest, chr_prefix, &text.contigs).map(Arc::new)
        };
        let triage = Self {
            filter: text.filter,
            qual: and_then_whole(text.qual, qual)?,
            allele_frequency: and_then_whole(text.allele_frequency, frequency)?,
            regions: and_then_whole(text.regions, regions)?,
        };
        (text.version == VERSION).then_some(triage)
    }
}

/// The selection where no triage is configured: every row is dropped under `not_asked`.
pub fn not_asked(rows: &Rows) -> Selection {
    let mut bits = Bits::default();
    (0..rows.len()).for_each(|_| bits.push(false));
    let count = rows.len() as u64;
    let dropped = if count == 0 { Vec::new() } else { vec![(NOT_ASKED.name, count)] };
    Selection { bits, selected: 0, dropped }
}

/// The known clause of this name, for a name that was read from somewhere.
pub fn clause_name(name: &str) -> Option<&'static str> {
    CLAUSES.iter().chain([&NOT_ASKED]).map(|clause| clause.name).find(|known| *known == name)
}

/// `Some(None)` if there is nothing, `None` if there is something that `read` cannot read.
fn and_then_whole<T, U>(value: Option<T>, read: impl FnOnce(T) -> Option<U>) -> Option<Option<U>> {
    match value {
        None => Some(None),
        Some(value) => read(value).map(Some),
    }
}

/// One batch on its way through the clauses.
struct Pass<'r> {
    rows: &'r Rows,
    /// First row of each record, and the number of rows as the last entry.
    starts: Vec<usize>,
    /// Which rows no clause has dropped yet.
    alive: Vec<bool>,
    dropped: [u64; CLAUSES.len()],
}

impl<'r> Pass<'r> {
    fn new(rows: &'r Rows) -> Self {
        let begins = |&i: &usize| i == 0 || rows.is_first(i) || rows.ordinal[i] != rows.ordinal[i - 1];
        let mut starts = Vec::with_capacity(rows.len() + 1);
        starts.extend((0..rows.len()).filter(begins));
        starts.push(rows.len());
        Self { rows, starts, alive: vec![true; rows.len()], dropped: [0; CLAUSES.len()] }
    }

    /// Asks a clause that can differ between the alleles of a record: `drops(row)`.
    fn by_row(&mut self, clause: usize, mut drops: impl FnMut(usize) -> bool) {
        self.records(clause, |_, rows, alive| {
            for i in rows {
                alive[i] = alive[i] && !drops(i);
            }
        });
    }

    /// Asks a clause whose answer is the same for all alleles of a record, once per record that is still alive.
    fn by_record(&mut self, clause: usize, mut drops: impl FnMut(usize) -> bool) {
        self.records(clause, |first, rows, alive| {
            if alive[rows.clone()].contains(&true) && drops(first) {
                alive[rows].fill(false);
            }
        });
    }

    /// Calls `ask(first row, rows of the record, alive)` for each record and counts what died.
    fn records(&mut self, clause: usize, mut ask: impl FnMut(usize, Range<usize>, &mut [bool])) {
        let alive_count = |alive: &[bool]| alive.iter().filter(|&&alive| alive).count() as u64;
        let before = alive_count(&self.alive);
        for pair in self.starts.windows(2) {
            ask(pair[0], pair[0]..pair[1], &mut self.alive);
        }
        self.dropped[clause] += before - alive_count(&self.alive);
    }

    fn selection(self) -> Selection {
        let mut bits = Bits::default();
        self.alive.iter().for_each(|&alive| bits.push(alive));
        let counted = CLAUSES.iter().zip(self.dropped).filter(|(_, count)| *count > 0);
        let dropped = counted.map(|(clause, count)| (clause.name, count)).collect();
        Selection { selected: bits.count_ones(), bits, dropped }
    }
}

/// Whether an allele is a plain sequence of bases.
fn is_sequence(allele: &[u8]) -> bool {
    const BASE: [bool; 256] = {
        let mut base = [false; 256];
        let letters = b"ACGTNacgtn";
        let mut i = 0;
        while i < letters.len() {
            base[letters[i] as usize] = true;
            i += 1;
        }
        base
    };
    !allele.is_empty() && allele.iter().all(|&b| BASE[b as usize])
}

/// Whether every entry of FILTER is in the list; none at all is `.`. Empty entries (`q10;;s50`) do not count.
fn passes(filter: Option<&[u8]>, kept: &[String]) -> bool {
    let is_kept = |entry: &[u8]| kept.iter().any(|name| name.as_bytes() == entry);
    let mut entries = filter.unwrap_or_default().split(|&b| b == b';').filter(|entry| !entry.is_empty()).peekable();
    if entries.peek().is_none() { is_kept(b".") } else { entries.all(is_kept) }
}

impl QualClause {
    fn drops(&self, qual: Option<f32>) -> bool {
        match qual.filter(|qual| !qual.is_nan()) {
            Some(qual) => qual < self.min,
            None => self.missing == Missing::Drop,
        }
    }
}

impl AlleleFrequencyClause {
    fn run(&self, pass: &mut Pass<'_>) {
        let rows = pass.rows;
        let keys: Vec<InfoKey<'_>> = self.fields.iter().map(|field| InfoKey::new(field.as_bytes())).collect();
        // Of one record, by ALT; kept between records for its memory.
        let mut frequencies: Vec<Option<f64>> = Vec::new();
        pass.records(ALLELE_FREQUENCY, |first, record, alive| {
            if !alive[record.clone()].contains(&true) {
                return;
            }
            frequencies.clear();
            frequencies.resize(rows.alt_index[record.end - 1].max(1) as usize, None);
            read_frequencies(&keys, rows.info.get(first).unwrap_or_default(), &mut frequencies);
            for i in record {
                let frequency = frequencies.get((rows.alt_index[i] - 1) as usize).copied().flatten();
                alive[i] = alive[i] && !self.drops(frequency);
            }
        });
    }

    fn drops(&self, frequency: Option<f64>) -> bool {
        match frequency {
            Some(frequency) => frequency > self.max,
            None => self.missing == Missing::Drop,
        }
    }
}

/// The frequency of each ALT: the first key that has one counts. One value stands for all ALTs, as many values as ALTs
/// for one each; any other number of values belongs to nobody knows which allele and counts as missing.
fn read_frequencies(keys: &[InfoKey<'_>], info: &[u8], frequencies: &mut [Option<f64>]) {
    for key in keys {
        let Some(Some(list)) = key.value(info) else { continue };
        let values = memchr::memchr_iter(b',', list).count() + 1;
        if values == 1 {
            let value = frequency(list);
            frequencies.iter_mut().for_each(|known| *known = known.or(value));
        } else if values == frequencies.len() {
            let values = list.split(|&b| b == b',');
            frequencies.iter_mut().zip(values).for_each(|(known, value)| *known = known.or_else(|| frequency(value)));
        }
        if frequencies.iter().all(Option::is_some) {
            return;
        }
    }
}

/// A number from 0 to 1; anything else (`.`, text, NaN, 17) is no frequency.
fn frequency(text: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (0.0..=1.0).contains(&number).then_some(number)
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CanonicalText {
    version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    filter: Option<Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    qual: Option<QualText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    allele_frequency: Option<FrequencyText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    regions: Option<RegionsText>,
}

// Numbers are texts: JSON readers need not give the last bit of a number back.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct QualText {
    min: String,
    missing: Missing,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FrequencyText {
    max: String,
    fields: Vec<String>,
    missing: Missing,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RegionsText {
    digest: String,
    chr_prefix: String,
    contigs: Vec<(String, String)>,
}
