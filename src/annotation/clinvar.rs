//! ClinVar's vocabulary: classifications and review stars, as ClinVar's own VCF writes them and as VEP repeats them.
//!
//! A value of CLNSIG joins classifications by `/` (one aggregate, `Pathogenic/Likely_pathogenic`) and aggregates by `|`
//! (`Pathogenic|drug_response`); older files used `,_` for the latter. The same comma stands inside of one
//! classification (`Pathogenic,_low_penetrance`) and of a review status (`criteria_provided,_single_submitter`), in fields
//! of which a typed reader splits the commas: here they are read from the field's whole text. VEP writes `&` for both
//! `,` and `|`, in small letters.

use std::fmt;

/// A classification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Significance {
    /// `Pathogenic`.
    Pathogenic,
    /// `Likely_pathogenic`.
    LikelyPathogenic,
    /// `Pathogenic,_low_penetrance`.
    PathogenicLowPenetrance,
    /// `Likely_pathogenic,_low_penetrance`.
    LikelyPathogenicLowPenetrance,
    /// `Established_risk_allele`.
    EstablishedRiskAllele,
    /// `Likely_risk_allele`.
    LikelyRiskAllele,
    /// `Uncertain_significance`.
    UncertainSignificance,
    /// `Uncertain_risk_allele`.
    UncertainRiskAllele,
    /// `Benign`.
    Benign,
    /// `Likely_benign`.
    LikelyBenign,
    /// `Conflicting_classifications_of_pathogenicity`, in older files `Conflicting_interpretations_of_pathogenicity`.
    Conflicting,
    /// `conflicting_data_from_submitters`.
    ConflictingData,
    /// `Affects`.
    Affects,
    /// `association`.
    Association,
    /// `association_not_found`.
    AssociationNotFound,
    /// `confers_sensitivity`.
    ConfersSensitivity,
    /// `drug_response`.
    DrugResponse,
    /// `histocompatibility`; only VEP writes it.
    Histocompatibility,
    /// `other`.
    Other,
    /// `protective`.
    Protective,
    /// `risk_factor`.
    RiskFactor,
    /// `not_provided`.
    NotProvided,
    /// `no_classification_for_the_single_variant`, in older files `no_interpretation_for_the_single_variant`: only a
    /// haplotype that includes the variant is classified.
    NoSingleClassification,
    /// `no_classifications_from_unflagged_records`.
    NoUnflaggedRecords,
}

use Significance::*;

/// Every classification with the word that is printed.
const WORDS: [(Significance, &str); 24] = [
    (Pathogenic, "Pathogenic"),
    (LikelyPathogenic, "Likely_pathogenic"),
    (PathogenicLowPenetrance, "Pathogenic,_low_penetrance"),
    (LikelyPathogenicLowPenetrance, "Likely_pathogenic,_low_penetrance"),
    (EstablishedRiskAllele, "Established_risk_allele"),
    (LikelyRiskAllele, "Likely_risk_allele"),
    (UncertainSignificance, "Uncertain_significance"),
    (UncertainRiskAllele, "Uncertain_risk_allele"),
    (Benign, "Benign"),
    (LikelyBenign, "Likely_benign"),
    (Conflicting, "Conflicting_classifications_of_pathogenicity"),
    (ConflictingData, "conflicting_data_from_submitters"),
    (Affects, "Affects"),
    (Association, "association"),
    (AssociationNotFound, "association_not_found"),
    (ConfersSensitivity, "confers_sensitivity"),
    (DrugResponse, "drug_response"),
    (Histocompatibility, "histocompatibility"),
    (Other, "other"),
    (Protective, "protective"),
    (RiskFactor, "risk_factor"),
    (NotProvided, "not_provided"),
    (NoSingleClassification, "no_classification_for_the_single_variant"),
    (NoUnflaggedRecords, "no_classifications_from_unflagged_records"),
];

/// Other spellings, read but never printed.
const SPELLINGS: [(Significance, &str); 4] = [
    (Conflicting, "Conflicting_interpretations_of_pathogenicity"),
    (NoSingleClassification, "no_interpretation_for_the_single_variant"),
    (PathogenicLowPenetrance, "pathogenic_low_penetrance"),
    (LikelyPathogenicLowPenetrance, "likely_pathogenic_low_penetrance"),
];

/// What follows the comma of a classification of low penetrance.
const LOW_PENETRANCE: &[u8] = b"low_penetrance";

impl Significance {
    /// Reads one classification, in any case, with blanks or underscores.
    pub fn parse(word: &[u8]) -> Option<Self> {
        WORDS.iter().chain(&SPELLINGS).find(|(_, known)| same(known.as_bytes(), word)).map(|(parsed, _)| *parsed)
    }

    /// The word that ClinVar writes today.
    pub fn as_str(self) -> &'static str {
        WORDS[self as usize].1
    }

    /// Pathogenic or likely pathogenic, of low penetrance too. Risk alleles and conflicts are not.
    pub fn is_pathogenic_like(self) -> bool {
        matches!(self, Pathogenic | LikelyPathogenic | PathogenicLowPenetrance | LikelyPathogenicLowPenetrance)
    }

    /// Benign or likely benign.
    pub fn is_benign_like(self) -> bool {
        matches!(self, Benign | LikelyBenign)
    }

    /// All of them, in the order in which ClinVar joins them.
    pub fn all() -> impl Iterator<Item = Self> {
        WORDS.iter().map(|(significance, _)| *significance)
    }

    /// With `,_low_penetrance` behind it.
    fn of_low_penetrance(self) -> Option<Self> {
        match self {
            Pathogenic => Some(PathogenicLowPenetrance),
            LikelyPathogenic => Some(LikelyPathogenicLowPenetrance),
            _ => None,
        }
    }

    /// Whether it belongs to the scale whose members are joined by `/`.
    fn is_of_the_scale(self) -> bool {
        self <= LikelyBenign
    }
}

impl fmt::Display for Significance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The classifications of one value of CLNSIG or CLIN_SIG.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct SignificanceSet(u32);

impl SignificanceSet {
    /// Reads a whole value. Words that are not known are left out, and counted.
    pub fn parse(value: &[u8]) -> (Self, u32) {
        let (mut set, mut unknown) = (Self::default(), 0);
        let mut previous: Option<Significance> = None;
        for word in value.split(|byte| matches!(byte, b'|' | b'/' | b'&' | b',')) {
            let word = trim(word);
            if word.is_empty() || word == b"." {
                continue;
            }
            // The previous word was not alone: `Pathogenic,_low_penetrance` does not say Pathogenic.
            if same(word, LOW_PENETRANCE)
                && let Some(low) = previous.and_then(Significance::of_low_penetrance)
            {
                previous = Some(low);
                continue;
            }
            previous.into_iter().for_each(|previous| set.insert(previous));
            previous = Significance::parse(word);
            unknown += u32::from(previous.is_none());
        }
        previous.into_iter().for_each(|previous| set.insert(previous));
        (set, unknown)
    }

    /// Adds one.
    pub fn insert(&mut self, significance: Significance) {
        self.0 |= 1 << significance as u32;
    }

    /// Whether it is among them.
    pub fn contains(self, significance: Significance) -> bool {
        self.0 >> significance as u32 & 1 == 1
    }

    /// Whether no known classification is in the value.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The classifications, in the order in which ClinVar joins them.
    pub fn iter(self) -> impl Iterator<Item = Significance> {
        Significance::all().filter(move |significance| self.contains(*significance))
    }

    /// Whether one of them is [`Significance::is_pathogenic_like`].
    pub fn is_pathogenic_like(self) -> bool {
        self.iter().any(Significance::is_pathogenic_like)
    }

    /// Whether submitters disagree on pathogenicity.
    pub fn is_conflicting(self) -> bool {
        self.contains(Conflicting)
    }
}

impl FromIterator<Significance> for SignificanceSet {
    fn from_iter<I: IntoIterator<Item = Significance>>(all: I) -> Self {
        let mut set = Self::default();
        all.into_iter().for_each(|significance| set.insert(significance));
        set
    }
}

impl fmt::Debug for SignificanceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// As ClinVar writes the value: the scale joined by `/`, the others behind it by `|`.
impl fmt::Display for SignificanceSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, significance) in self.iter().enumerate() {
            let joint = match nth {
                0 => "",
                _ if significance.is_of_the_scale() => "/",
                _ => "|",
            };
            write!(f, "{joint}{significance}")?;
        }
        Ok(())
    }
}

/// ClinVar's review stars, 0 to 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stars(u8);

/// The words of a review status without commas, blanks and underscores, and their stars.
const REVIEWS: [(&str, u8); 16] = [
    ("practiceguideline", 4),
    ("reviewedbyexpertpanel", 3),
    ("criteriaprovidedmultiplesubmittersnoconflicts", 2),
    ("criteriaprovidedsinglesubmitter", 1),
    ("criteriaprovidedconflictingclassifications", 1),
    ("criteriaprovidedconflictinginterpretations", 1),
    ("noassertioncriteriaprovided", 0),
    ("noassertionprovided", 0),
    ("noassertionfortheindividualvariant", 0),
    ("noclassificationprovided", 0),
    ("noclassificationforthesinglevariant", 0),
    ("noclassificationfortheindividualvariant", 0),
    ("noclassificationsfromunflaggedrecords", 0),
    ("nointerpretationforthesinglevariant", 0),
    ("nointerpretationprovided", 0),
    ("flaggedsubmission", 0),
];

impl Stars {
    /// Reads a review status (CLNREVSTAT), its commas in place or as VEP replaces them.
    pub fn parse(status: &[u8]) -> Option<Self> {
        let letters = || status.iter().filter(|byte| byte.is_ascii_alphanumeric()).map(u8::to_ascii_lowercase);
        REVIEWS.iter().find(|(words, _)| words.bytes().eq(letters())).map(|(_, stars)| Self(*stars))
    }

    /// The number of stars.
    pub fn count(self) -> u8 {
        self.0
    }
}

/// The values of a list whose members themselves hold `,_`: CLNSIG and CLNREVSTAT, where a tool joined several records
/// of ClinVar or one value for each ALT.
pub(super) fn list(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(value);
    std::iter::from_fn(move || {
        let text = rest?;
        let joint = memchr::memchr_iter(b',', text).find(|&at| text.get(at + 1) != Some(&b'_'));
        rest = joint.map(|at| &text[at + 1..]);
        Some(&text[..joint.unwrap_or(text.len())])
    })
}

/// Without the blanks and underscores around it.
fn trim(word: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'_');
    let start = word.iter().position(|byte| !is_blank(byte)).unwrap_or(word.len());
    let end = word.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
    &word[start..end]
}

/// Equal but for case, and a blank is an underscore.
fn same(a: &[u8], b: &[u8]) -> bool {
    let plain = |byte: &u8| if *byte == b' ' { b'_' } else { byte.to_ascii_lowercase() };
    a.len() == b.len() && a.iter().map(plain).eq(b.iter().map(plain))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_stand_in_the_order_of_the_enum() {
        assert!(WORDS.iter().enumerate().all(|(nth, (significance, _))| *significance as usize == nth));
    }

    #[test]
    fn a_list_is_split_only_where_no_underscore_follows() {
        let split =
            |text: &str| list(text.as_bytes()).map(|v| String::from_utf8_lossy(v).into_owned()).collect::<Vec<_>>();
        assert_eq!(split("Pathogenic,Benign"), ["Pathogenic", "Benign"]);
        assert_eq!(split("Pathogenic,_low_penetrance,Benign"), ["Pathogenic,_low_penetrance", "Benign"]);
        assert_eq!(split("criteria_provided,_single_submitter"), ["criteria_provided,_single_submitter"]);
        assert_eq!(split(""), [""]);
        assert_eq!(split(","), ["", ""]);
    }
}
