//! The annotation of one ALT: all its entries together, and the one that stands for them.

use super::annotate::Entry;
use super::clinvar::{SignificanceSet, Stars};
use super::columns::Columns;
use super::plan::{Detail, SourcePlan};
use super::terms::{Impact, Term, TermSet};

/// Why an entry was chosen, the best reason first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// Its transcript is MANE Select.
    ManeSelect,
    /// Its transcript is MANE Plus Clinical.
    ManePlusClinical,
    /// Ensembl's canonical transcript of the gene.
    Canonical,
    /// A principal isoform of APPRIS.
    Appris,
    /// VEP picked it (`--flag_pick`).
    Pick,
    /// No entry has a better reason, and none is more severe.
    MostSevere,
}

impl Why {
    /// The word for receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ManeSelect => "mane_select",
            Self::ManePlusClinical => "mane_plus_clinical",
            Self::Canonical => "canonical",
            Self::Appris => "appris_principal",
            Self::Pick => "pick",
            Self::MostSevere => "most_severe",
        }
    }
}

/// How far what is said reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// It is said of this ALT.
    Allele,
    /// It is said of the record, which has other ALTs too: of which of them, the file does not say.
    Record,
}

/// The entry that stands for an ALT. Texts are slices of the record; what the entry leaves empty is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Chosen<'r> {
    /// Which of [`super::Schema::sources`] it is from.
    pub source: usize,
    /// Why it was chosen.
    pub why: Why,
    /// How far it reaches.
    pub scope: Scope,
    /// The whole entry.
    pub text: &'r [u8],
    /// The consequence terms as written, joined by `&`.
    pub consequence: &'r [u8],
    /// Those of them that are known.
    pub terms: TermSet,
    /// The file's word, or else the impact of the most severe term.
    pub impact: Option<Impact>,
    /// Symbol of the gene.
    pub symbol: Option<&'r [u8]>,
    /// Id of the gene.
    pub gene: Option<&'r [u8]>,
    /// Id of the transcript; `None` if the entry is of another feature.
    pub transcript: Option<&'r [u8]>,
    /// Biotype of the transcript.
    pub biotype: Option<&'r [u8]>,
    /// HGVS of the coding or non-coding DNA.
    pub hgvs_c: Option<&'r [u8]>,
    /// HGVS of the protein.
    pub hgvs_p: Option<&'r [u8]>,
    /// It lies behind a stop that another variant has made (bcftools csq's `*`).
    pub after_stop: bool,
    /// Smaller is better.
    key: u32,
}

impl<'r> Chosen<'r> {
    /// Its place: first the source, then transcripts before other features, then the reason, then the severity.
    #[inline]
    fn key(source: usize, entry: &Entry<'r>, terms: TermSet) -> u32 {
        let severity = terms.most_severe().map_or(u8::MAX, Term::severity);
        (source as u32) << 16 | u32::from(!entry.is_transcript) << 15 | (entry.why as u32) << 8 | u32::from(severity)
    }

    /// What is only shown is read later, if no better one comes.
    fn candidate(source: usize, entry: &Entry<'r>, terms: TermSet, key: u32) -> Self {
        Self {
            source,
            why: entry.why,
            scope: Scope::Allele,
            text: entry.text,
            consequence: entry.consequence,
            terms,
            impact: None,
            symbol: None,
            gene: None,
            transcript: None,
            biotype: None,
            hgvs_c: None,
            hgvs_p: None,
            after_stop: entry.after_stop,
            key,
        }
    }

    /// Any column of the entry, by the number that [`super::Source::column`] gives.
    pub fn column(&self, column: usize) -> Option<&'r [u8]> {
        Columns::new(self.text).get(column)
    }

    fn read_details(&mut self, plan: &SourcePlan) {
        let mut columns = Columns::new(self.text);
        let mut is_transcript = !plan.tells_feature_type;
        let mut feature = None;
        for &(column, detail) in &plan.details {
            let Some(value) = columns.get(column) else { break };
            let value = Some(value).filter(|value| !value.is_empty());
            match detail {
                Detail::Impact => self.impact = value.and_then(Impact::parse),
                Detail::Symbol => self.symbol = value,
                Detail::Gene => self.gene = value,
                Detail::FeatureType => is_transcript = value.is_some_and(|v| v.eq_ignore_ascii_case(b"transcript")),
                Detail::Transcript => feature = value,
                Detail::Biotype => self.biotype = value,
                Detail::HgvsC => self.hgvs_c = value,
                Detail::HgvsP => self.hgvs_p = value,
            }
        }
        self.transcript = feature.filter(|_| is_transcript);
        self.impact = self.impact.or_else(|| self.terms.most_severe().map(Term::impact));
    }
}

/// Where a ClinVar classification was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ClinVarOrigin {
    /// ClinVar's own INFO fields.
    Info,
    /// A column of an annotation.
    Column,
}

/// What ClinVar says of an ALT.
#[derive(Debug, Clone, PartialEq)]
pub struct ClinVar<'r> {
    /// The classifications that are known; more than one if the value joins several.
    pub significance: SignificanceSet,
    /// Stars of the review; `None` if there is no status or it is not known.
    pub stars: Option<Stars>,
    /// The value as written.
    pub text: &'r [u8],
    /// How far it reaches.
    pub scope: Scope,
    /// Where it was read.
    pub origin: ClinVarOrigin,
}

impl<'r> ClinVar<'r> {
    /// Reads the two fields; `None` if there is no classification. Also says how many words were not known.
    pub(super) fn read(text: &'r [u8], review: Option<&'r [u8]>, origin: ClinVarOrigin) -> Option<(Self, u32)> {
        if matches!(text, b"" | b".") {
            return None;
        }
        let (significance, unknown) = SignificanceSet::parse(text);
        let reviews = review.into_iter().flat_map(super::clinvar::list).filter(|review| !matches!(*review, b"" | b"."));
        // Of several records of ClinVar the least reviewed one says how far all of it is reviewed.
        let (mut stars, mut unknown_reviews) = (None, 0);
        for read in reviews.map(Stars::parse) {
            match (read, stars) {
                (None, _) => unknown_reviews += 1,
                (Some(read), Some(least)) if least <= read => {}
                (Some(read), _) => stars = Some(read),
            }
        }
        let stars = stars.filter(|_| unknown_reviews == 0);
        let read = Self { significance, stars, text, scope: Scope::Allele, origin };
        Some((read, unknown + unknown_reviews))
    }
}

/// What the file says of one ALT.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AlleleAnnotation<'r> {
    /// The entry that stands for the ALT.
    pub chosen: Option<Chosen<'r>>,
    /// Every known term of every entry, those about the record included.
    pub terms: TermSet,
    /// How many entries there are.
    pub entries: u32,
    /// The highest frequency; `None` if no field has one.
    pub frequency: Option<f64>,
    /// ClinVar's classification.
    pub clinvar: Option<ClinVar<'r>>,
    /// Position of the record at which bcftools csq wrote an entry of which this record is a part.
    pub pointer: Option<i64>,
}

impl<'r> AlleleAnnotation<'r> {
    /// The most severe consequence over all entries.
    pub fn most_severe(&self) -> Option<Term> {
        self.terms.most_severe()
    }

    /// Whether the file says nothing of the ALT.
    pub fn is_empty(&self) -> bool {
        self.entries == 0 && self.frequency.is_none() && self.clinvar.is_none() && self.pointer.is_none()
    }

    /// Takes an entry in. Says how many words of ClinVar were not known.
    #[inline]
    pub(super) fn weigh(&mut self, source: usize, entry: &Entry<'r>, terms: TermSet) -> u32 {
        self.entries += 1;
        self.terms.extend(terms);
        self.frequency = max(self.frequency, entry.frequency);
        let key = Chosen::key(source, entry, terms);
        // Of equal ones the first in the file stays.
        if self.chosen.as_ref().is_none_or(|chosen| key < chosen.key) {
            self.chosen = Some(Chosen::candidate(source, entry, terms, key));
        }
        let Some(text) = entry.significance.filter(|_| self.clinvar.is_none()) else { return 0 };
        let Some((read, unknown)) = ClinVar::read(text, entry.review, ClinVarOrigin::Column) else { return 0 };
        self.clinvar = Some(read);
        unknown
    }

    /// Reads what is shown of the entry that won.
    pub(super) fn read_details(&mut self, sources: &[SourcePlan]) {
        if let Some(chosen) = &mut self.chosen {
            chosen.read_details(&sources[chosen.source]);
        }
    }

    /// The same, said of something else.
    pub(super) fn with_scope(&self, scope: Scope) -> Self {
        let mut new = self.clone();
        new.chosen.iter_mut().for_each(|chosen| chosen.scope = scope);
        new.clinvar.iter_mut().for_each(|clinvar| clinvar.scope = scope);
        new
    }

    /// Adds what is said of the record.
    pub(super) fn join(&mut self, shared: &Self) {
        self.entries += shared.entries;
        self.terms.extend(shared.terms);
        self.frequency = max(self.frequency, shared.frequency);
        self.pointer = self.pointer.or(shared.pointer);
        if let Some(theirs) = &shared.chosen
            && self.chosen.as_ref().is_none_or(|ours| theirs.key < ours.key)
        {
            self.chosen = Some(theirs.clone());
        }
        if let Some(theirs) = &shared.clinvar
            && (self.clinvar.is_none() || theirs.origin == ClinVarOrigin::Info)
        {
            self.clinvar = Some(theirs.clone());
        }
    }
}

/// The higher one; missing is not 0.
pub(super) fn max(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.max(b)),
        (a, b) => a.or(b),
    }
}
