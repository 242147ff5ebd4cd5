//! The evidence on one allele: a closed list of items, each with the input field from which it came. Nothing else is
//! ever given to a provider.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A longer value (bytes) is no evidence: a task and its findings keep a copy of each.
pub const VALUE_BYTES_MAX: usize = 1024;

/// The name of an input field: `CHROM`, `INFO/AF_EXAC`, `INFO/CSQ:REVEL`, `FORMAT/GT`. Cheap to copy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Field(Arc<str>);

impl Field {
    /// A field by its name.
    pub fn new(name: &str) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for Field {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for Field {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|name| Self(name.into()))
    }
}

macro_rules! items {
    ($($(#[$doc:meta])* $item:ident = $name:literal,)*) => {
        /// What can be known of an allele: the closed list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Item {
            $($(#[$doc])* #[serde(rename = $name)] $item,)*
        }

        impl Item {
            /// All of them, in the order in which they are shown.
            pub const ALL: &[Self] = &[$(Self::$item,)*];

            /// The name, for configurations and receipts.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$item => $name,)*
                }
            }
        }
    };
}

items! {
    /// CHROM as read.
    Chrom = "chrom",
    /// POS.
    Pos = "pos",
    /// REF as read.
    Ref = "ref",
    /// This allele's ALT as read.
    Alt = "alt",
    /// How many bases REF has, where it is too long to be there itself.
    RefBases = "ref_bases",
    /// How many bases ALT has, where it is spelt in bases and too long to be there itself.
    AltBases = "alt_bases",
    /// `het`, `hom`, `hemi`, `absent` or `missing` in the sample that was asked for.
    Zygosity = "zygosity",
    /// Terms of the Sequence Ontology joined by `&`: of the chosen transcript, or of all where the file names none.
    Consequence = "consequence",
    /// The most severe term over all transcripts.
    MostSevereConsequence = "most_severe_consequence",
    /// HIGH, MODERATE, LOW or MODIFIER.
    Impact = "impact",
    /// Symbol of the gene.
    Gene = "gene",
    /// Id of the gene.
    GeneId = "gene_id",
    /// Id of the chosen transcript.
    Transcript = "transcript",
    /// Why that transcript: `mane_select`, `canonical`, ….
    TranscriptChoice = "transcript_choice",
    /// Number of the exon and of all exons, `4/10`.
    Exon = "exon",
    /// HGVS of the coding or non-coding DNA.
    HgvsC = "hgvs_c",
    /// HGVS of the protein.
    HgvsP = "hgvs_p",
    /// The fields in which a frequency was looked for, joined by commas: there even if none has a value.
    FrequencyFields = "frequency_fields",
    /// The highest frequency in a population.
    PopulationFrequency = "population_frequency",
    /// How many alleles were observed for that frequency at this place.
    AlleleNumber = "allele_number",
    /// How many alleles the whole data set has in which that frequency was observed.
    DatasetAlleles = "dataset_alleles",
    /// How many people have it on both chromosomes.
    Homozygotes = "homozygotes",
    /// REVEL.
    Revel = "revel",
    /// SpliceAI: the highest of the four delta scores.
    SpliceAi = "spliceai",
    /// LOFTEE: `HC`, `LC` or `OS`.
    Loftee = "loftee",
    /// ClinVar's classification.
    Clinvar = "clinvar",
    /// Stars of ClinVar's review.
    ClinvarStars = "clinvar_stars",
    /// Names of the items that the file has, but with values longer than [`VALUE_BYTES_MAX`]: they are missing. Joined by commas.
    TooLong = "too_long",
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One item with its value, as text, and the field from which it came.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Fact {
    /// Which item.
    pub item: Item,
    /// Its value.
    pub value: String,
    /// The input field.
    pub source: Field,
}

impl Fact {
    /// A fact.
    pub fn new(item: Item, value: impl Into<String>, source: &Field) -> Self {
        Self { item, value: value.into(), source: source.clone() }
    }

    /// The value as a finite number.
    pub fn number(&self) -> Option<f64> {
        self.value.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// What is known of one allele. An item that is not there is missing, which is not 0.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Evidence {
    facts: Vec<Fact>,
}

impl Evidence {
    /// Evidence of these facts, in the order of the items. Of an item that is there twice the first counts.
    pub fn new(mut facts: Vec<Fact>) -> Self {
        facts.sort_by_key(|fact| fact.item);
        facts.dedup_by_key(|fact| fact.item);
        Self { facts }
    }

    /// All facts, in the order of the items.
    pub fn facts(&self) -> &[Fact] {
        &self.facts
    }

    /// What is known of an item.
    pub fn fact(&self, item: Item) -> Option<&Fact> {
        self.facts.iter().find(|fact| fact.item == item)
    }

    /// The value of an item.
    pub fn value(&self, item: Item) -> Option<&str> {
        self.fact(item).map(|fact| fact.value.as_str())
    }

    /// Whether an item is missing because its value is too long.
    pub fn is_too_long(&self, item: Item) -> bool {
        self.value(Item::TooLong).is_some_and(|names| names.split(',').any(|name| name == item.as_str()))
    }

    /// What it takes in memory (bytes).
    pub fn bytes(&self) -> usize {
        self.facts.iter().map(|fact| size_of::<Fact>() + fact.value.len()).sum()
    }

    /// The value of an item as a number.
    pub fn number(&self, item: Item) -> Option<f64> {
        self.fact(item).and_then(Fact::number)
    }
}

// Evidence is of a person's genome: Debug shows how much there is.
impl fmt::Debug for Fact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Fact({} from {})", self.item, self.source)
    }
}

impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Evidence({} items)", self.facts.len())
    }
}
