//! From a record's text to one annotation for each ALT.
//!
//! One pass over INFO and over each entry. Every entry is weighed for the ALT that owns it; what is only shown of the
//! entry that won is read at the end, from that entry alone. Nothing is copied and, unless a record has more than 16
//! ALTs or VEP has trimmed its alleles at both ends, nothing is allocated.

use std::sync::Arc;

use memchr::memchr;
use serde::{Deserialize, Serialize};

use super::allele_annotation::max;
use super::alleles::{AltNames, Owner, VepName, is_allele};
use super::clinvar;
use super::columns::Columns;
use super::plan::{FREQUENCY_KEYS_MAX, Role, SourcePlan, Wanted, wanted_keys};
use super::schema::{Dialect, InfoText, Notice, Schema};
use super::terms::TermSet;
use super::{AlleleAnnotation, AnnotatedRecord, ClinVar, ClinVarOrigin, Findings, Frequencies, Scope, Why};

/// A name of the frequencies is not in the file.
const FREQUENCY_FIELD_ABSENT: &str = "frequency_field_absent";

/// Reads the annotations of a file's records. Made once for a file; may be shared between threads.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Annotator {
    keys: Vec<(Box<[u8]>, Wanted)>,
    sources: Vec<SourcePlan>,
    clinvar_per_alt: bool,
}

impl Annotator {
    /// Prepares for the file of these `##INFO` lines; `None` if nothing in them is to be read. What is odd in them is noticed.
    pub fn for_file(lines: &[InfoText<'_>], frequencies: &Frequencies) -> (Option<Arc<Self>>, Vec<Notice>) {
        let (schema, mut notices) = Schema::from_info_lines(lines);
        let (annotator, more) = Self::new(&schema, frequencies);
        // The configured names are those of many tools: that one file lacks most of them is no news.
        notices.extend(more.into_iter().filter(|notice| notice.code != FREQUENCY_FIELD_ABSENT));
        ((!annotator.keys.is_empty()).then(|| Arc::new(annotator)), notices)
    }

    /// Prepares for files of this schema. Names of frequencies that the header does not know are noticed: they will be
    /// missing in every record.
    pub fn new(schema: &Schema, frequencies: &Frequencies) -> (Self, Vec<Notice>) {
        let mut notices = Vec::new();
        let mut unknown = |what: &str, name: &str| {
            let message = format!("{what} {} of the frequencies is not in this file", name.escape_debug());
            notices.push(Notice { code: FREQUENCY_FIELD_ABSENT, message });
        };
        for name in &frequencies.sub_fields {
            if schema.sources.iter().all(|source| source.column(name).is_none()) {
                unknown("annotation column", name);
            }
        }
        for name in &frequencies.info_keys {
            if !schema.numbers.contains_key(name) {
                unknown("INFO key", name);
            }
        }
        if frequencies.info_keys.len() > FREQUENCY_KEYS_MAX {
            let message = format!("only the first {FREQUENCY_KEYS_MAX} INFO keys are read for frequencies");
            notices.push(Notice { code: "frequency_keys_too_many", message });
        }
        let sources = schema.sources.iter().map(|source| SourcePlan::new(source, &frequencies.sub_fields)).collect();
        let keys = wanted_keys(schema, &frequencies.info_keys);
        (Self { keys, sources, clinvar_per_alt: schema.clinvar.per_alt }, notices)
    }

    /// Puts one annotation for each ALT into `out`, in ALT order, in place of what was there. Says what could not be used.
    pub fn alleles<'r>(&self, record: &AnnotatedRecord<'_, 'r>, out: &mut Vec<AlleleAnnotation<'r>>) -> Findings {
        out.clear();
        out.resize_with(record.alts.len(), AlleleAnnotation::default);
        if record.alts.is_empty() {
            return Findings::default();
        }
        let names = AltNames::new(record);
        let findings = Pass::new(self, record, &names, true, out).run();
        if findings.renumbered == 0 {
            return findings;
        }
        // The numbers count another list of ALTs: the record was split after VEP saw it. Once more, by name alone.
        out.fill(AlleleAnnotation::default());
        Findings { renumbered: 1, ..Pass::new(self, record, &names, false, out).run() }
    }
}

/// One record under way.
struct Pass<'p, 'a, 'r> {
    annotator: &'p Annotator,
    record: &'p AnnotatedRecord<'a, 'r>,
    names: &'p AltNames<'a, 'r>,
    /// Whether ALLELE_NUM counts.
    trusts_numbers: bool,
    /// By ALT.
    out: &'p mut [AlleleAnnotation<'r>],
    /// What names no allele and so is about the record.
    shared: AlleleAnnotation<'r>,
    /// CLNSIG and CLNREVSTAT of INFO.
    clinvar: (Option<&'r [u8]>, Option<&'r [u8]>),
    findings: Findings,
}

/// What the entry before has shown: those that follow each other are mostly of one ALT, and often of one consequence.
struct Memo<'r> {
    owner: Option<(VepName<'r>, Owner)>,
    consequence: &'r [u8],
    terms: (TermSet, u32),
}

impl<'p, 'a, 'r> Pass<'p, 'a, 'r> {
    fn new(
        annotator: &'p Annotator,
        record: &'p AnnotatedRecord<'a, 'r>,
        names: &'p AltNames<'a, 'r>,
        trusts_numbers: bool,
        out: &'p mut [AlleleAnnotation<'r>],
    ) -> Self {
        let shared = AlleleAnnotation::default();
        let findings = Findings::default();
        Self { annotator, record, names, trusts_numbers, out, shared, clinvar: (None, None), findings }
    }

    fn run(mut self) -> Findings {
        self.info();
        self.finish();
        self.findings
    }

    /// Goes through INFO once. Of a key that is there twice the first counts.
    fn info(&mut self) {
        let (mut rest, mut seen) = (self.record.info, 0_u64);
        while !rest.is_empty() {
            let end = memchr(b';', rest).unwrap_or(rest.len());
            let item = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            let is_key =
                |(name, _): &(Box<[u8]>, Wanted)| item.get(name.len()) == Some(&b'=') && item.starts_with(name);
            let Some(nth) = self.annotator.keys.iter().position(is_key) else { continue };
            if seen >> nth & 1 == 1 {
                continue;
            }
            seen |= 1 << nth;
            let (name, wanted) = &self.annotator.keys[nth];
            let value = &item[name.len() + 1..];
            match *wanted {
                Wanted::Source(source) => self.source(source, value),
                Wanted::Significance => self.clinvar.0 = Some(value),
                Wanted::Review => self.clinvar.1 = Some(value),
                Wanted::Frequency { with_reference, per_alt } => self.frequency(value, with_reference, per_alt),
            }
        }
    }

    /// All entries of one annotation key.
    fn source(&mut self, source: usize, value: &'r [u8]) {
        let mut memo = Memo { owner: None, consequence: b"", terms: (TermSet::default(), 0) };
        let plan = &self.annotator.sources[source];
        if plan.dialect == Dialect::Vep && self.names.trims() {
            let name = |entry: &'r [u8]| plan.allele.and_then(|column| Columns::new(entry).get(column));
            self.names.look_for_split(value.split(|&byte| byte == b',').filter_map(name));
        }
        let mut rest = value;
        while !rest.is_empty() && self.findings.renumbered == 0 {
            let end = memchr(b',', rest).unwrap_or(rest.len());
            let text = &rest[..end];
            rest = rest.get(end + 1..).unwrap_or_default();
            if !text.is_empty() && text != b"." {
                self.entry(source, text, &mut memo);
            }
        }
    }

    fn entry(&mut self, source: usize, text: &'r [u8], memo: &mut Memo<'r>) {
        let plan = &self.annotator.sources[source];
        self.findings.entries += 1;
        if plan.dialect == Dialect::Bcsq && text[0] == b'@' {
            self.pointer(&text[1..]);
            return;
        }
        let (entry, columns) = Entry::read(plan, text, self.trusts_numbers);
        if columns > plan.columns {
            // Nobody knows which is which.
            self.findings.columns_too_many += 1;
            return;
        }
        // bcftools csq leaves out what an entry has not; other entries are right as far as they go.
        let is_short = columns < plan.columns && plan.dialect != Dialect::Bcsq;
        self.findings.columns_too_few += u64::from(is_short);
        if memo.consequence != entry.consequence {
            memo.consequence = entry.consequence;
            memo.terms = TermSet::parse(entry.consequence);
        }
        let (terms, unknown) = memo.terms;
        self.findings.unknown_terms += u64::from(unknown);
        match self.owner(plan.dialect, &entry, memo) {
            Owner::Alt(alt) => self.findings.unknown_clinvar += u64::from(self.out[alt].weigh(source, &entry, terms)),
            Owner::Record => self.findings.unknown_clinvar += u64::from(self.shared.weigh(source, &entry, terms)),
            Owner::Comparison => self.findings.comparisons += 1,
            Owner::Nobody => self.findings.unknown_allele += 1,
            Owner::Renumbered => self.findings.renumbered += 1,
        }
    }

    fn owner(&self, dialect: Dialect, entry: &Entry<'r>, memo: &mut Memo<'r>) -> Owner {
        if dialect == Dialect::Bcsq {
            return self.names.bcsq(self.record.pos, entry.changes);
        }
        if let Some((name, owner)) = memo.owner
            && name == entry.name
        {
            return owner;
        }
        let owner = match dialect {
            Dialect::SnpEff => self.names.snpeff(entry.name.allele.unwrap_or_default()),
            _ => self.names.vep(entry.name),
        };
        memo.owner = Some((entry.name, owner));
        owner
    }

    /// bcftools csq wrote the entry at the record of another position, of which this one is a part.
    fn pointer(&mut self, digits: &[u8]) {
        match std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok()) {
            Some(pos) => {
                self.findings.pointers += 1;
                self.shared.pointer.get_or_insert(pos);
            }
            None => self.findings.unknown_allele += 1,
        }
    }

    /// Frequencies of an INFO key: one value stands for all ALTs (unless one for each is declared), as many values as ALTs (with REF's before them, if it
    /// is declared so) for one each. Any other number of values belongs to nobody knows which allele.
    fn frequency(&mut self, list: &[u8], with_reference: bool, per_alt: bool) {
        let values = memchr::memchr_iter(b',', list).count() + 1;
        if values == 1 && !with_reference && !(per_alt && self.out.len() > 1) {
            let value = frequency(list);
            self.out.iter_mut().for_each(|allele| allele.frequency = max(allele.frequency, value));
        } else if values == self.out.len() + usize::from(with_reference) {
            let values = list.split(|&byte| byte == b',').skip(usize::from(with_reference));
            for (allele, value) in self.out.iter_mut().zip(values) {
                allele.frequency = max(allele.frequency, frequency(value));
            }
        }
    }

    /// Reads the rest of the entries that won, and gives what is about the record to its alleles.
    fn finish(&mut self) {
        let sources = &self.annotator.sources;
        for allele in self.out.iter_mut().chain([&mut self.shared]) {
            allele.read_details(sources);
        }
        self.info_clinvar();
        if !self.shared.is_empty() {
            let scope = self.record_scope();
            let shared = self.shared.with_scope(scope);
            let owners = self.out.iter_mut().zip(self.record.alts).filter(|(_, alt)| is_allele(alt));
            owners.for_each(|(allele, _)| allele.join(&shared));
        }
        // An ALT that the record repeats has what its first one has.
        for alt in 1..self.out.len() {
            let first = self.names.first_equal(alt);
            if first != alt {
                self.out[alt] = self.out[first].clone();
            }
        }
    }

    /// What is said of the record is said of an ALT if it has only one.
    fn record_scope(&self) -> Scope {
        let alleles = self.record.alts.iter().filter(|alt| is_allele(alt)).count();
        if alleles == 1 { Scope::Allele } else { Scope::Record }
    }

    /// ClinVar's own fields go over what an annotator repeated of them.
    fn info_clinvar(&mut self) {
        let (Some(significance), review) = self.clinvar else { return };
        let alts = self.out.len();
        let is_per_alt = self.annotator.clinvar_per_alt && alts > 1 && clinvar::list(significance).count() == alts;
        if !is_per_alt {
            let read = self.read_clinvar(significance, review);
            self.shared.clinvar = read;
            return;
        }
        let reviews = review.filter(|review| clinvar::list(review).count() == alts);
        let mut reviews = reviews.into_iter().flat_map(clinvar::list);
        for (alt, significance) in clinvar::list(significance).enumerate() {
            let review = reviews.next();
            if let Some(read) = self.read_clinvar(significance, review) {
                self.out[alt].clinvar = Some(read);
            }
        }
    }

    fn read_clinvar(&mut self, significance: &'r [u8], review: Option<&'r [u8]>) -> Option<ClinVar<'r>> {
        let (read, unknown) = ClinVar::read(significance, review, ClinVarOrigin::Info)?;
        self.findings.unknown_clinvar += u64::from(unknown);
        Some(read)
    }
}

/// What an entry says while it is weighed.
pub(super) struct Entry<'r> {
    pub text: &'r [u8],
    name: VepName<'r>,
    changes: Option<&'r [u8]>,
    pub consequence: &'r [u8],
    pub after_stop: bool,
    pub is_transcript: bool,
    pub why: Why,
    pub frequency: Option<f64>,
    pub significance: Option<&'r [u8]>,
    pub review: Option<&'r [u8]>,
}

impl<'r> Entry<'r> {
    /// The entry, and how many columns it has.
    #[inline]
    fn read(plan: &SourcePlan, text: &'r [u8], trusts_numbers: bool) -> (Self, usize) {
        // Before the others: a frequency may be of one allele only.
        let mut columns = Columns::new(text);
        let allele = plan.allele.and_then(|column| columns.get(column));
        if plan.allele_is_behind {
            columns = Columns::new(text);
        }
        let mut entry = Self {
            text,
            name: VepName { allele, number: None, minimised: false },
            changes: None,
            consequence: b"",
            after_stop: false,
            is_transcript: !plan.tells_feature_type,
            why: Why::MostSevere,
            frequency: None,
            significance: None,
            review: None,
        };
        for &(column, role) in &plan.roles {
            let Some(value) = columns.get(column) else { break };
            if is_present(value) {
                entry.take(role, value, trusts_numbers);
            }
        }
        if plan.dialect == Dialect::Bcsq
            && let Some(rest) = entry.consequence.strip_prefix(b"*")
        {
            (entry.consequence, entry.after_stop) = (rest, true);
        }
        (entry, columns.count())
    }

    #[inline]
    fn take(&mut self, role: Role, value: &'r [u8], trusts_numbers: bool) {
        match role {
            Role::AlleleNumber => self.name.number = Some(value).filter(|_| trusts_numbers),
            Role::Minimised => self.name.minimised = value == b"1",
            Role::Consequence => self.consequence = value,
            Role::FeatureType => self.is_transcript = value.eq_ignore_ascii_case(b"transcript"),
            Role::ManeSelect => self.why = self.why.min(Why::ManeSelect),
            Role::ManePlusClinical => self.why = self.why.min(Why::ManePlusClinical),
            Role::Mane => self.why = self.why.min(mane(value)),
            Role::Canonical if value.eq_ignore_ascii_case(b"YES") => self.why = self.why.min(Why::Canonical),
            Role::Appris if is_principal(value) => self.why = self.why.min(Why::Appris),
            Role::Pick if value == b"1" => self.why = self.why.min(Why::Pick),
            Role::Canonical | Role::Appris | Role::Pick => {}
            Role::Changes => self.changes = Some(value),
            Role::Frequency => self.frequency = max(self.frequency, sub_field_frequency(value, self.name.allele)),
            Role::Significance => self.significance = Some(value),
            Role::Review => self.review = Some(value),
        }
    }
}

/// An annotator's column that says something.
fn is_present(value: &[u8]) -> bool {
    !matches!(value, b"" | b"." | b"-")
}

/// The column MANE names the kind in newer releases of VEP; in older ones it is the RefSeq transcript of MANE Select.
fn mane(value: &[u8]) -> Why {
    let is = |word: &[u8]| value.split(|&byte| byte == b'&').any(|part| part.eq_ignore_ascii_case(word));
    if !is(b"MANE_Select") && is(b"MANE_Plus_Clinical") { Why::ManePlusClinical } else { Why::ManeSelect }
}

/// `P1` to `P5`, as VEP shortens `principal1`.
fn is_principal(appris: &[u8]) -> bool {
    matches!(appris, [b'P', b'1'..=b'5'])
        || appris.get(..9).is_some_and(|start| start.eq_ignore_ascii_case(b"principal"))
}

/// The highest of the frequencies that a column holds: several known variants are joined by `&`. Where a frequency has
/// its allele before it (`A:0.12`, older releases of VEP) it counts for that allele only.
fn sub_field_frequency(value: &[u8], allele: Option<&[u8]>) -> Option<f64> {
    let one = |text: &[u8]| match memchr(b':', text) {
        None => frequency(text),
        Some(at) if allele.is_some_and(|allele| allele.eq_ignore_ascii_case(&text[..at])) => frequency(&text[at + 1..]),
        Some(_) => None,
    };
    value.split(|&byte| byte == b'&').map(one).fold(None, max)
}

/// A number from 0 to 1; anything else (`.`, text, NaN, 17) is no frequency.
pub(super) fn frequency(text: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (0.0..=1.0).contains(&number).then_some(number)
}
