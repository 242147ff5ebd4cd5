//! The criteria of ACMG/AMP 2015 with ClinGen's points: codes, strengths, tiers, and what may not be counted twice.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Criterion, Item, Status};

/// What makes a null variant, as PVS1 of Richards 2015 lists them: nonsense, frameshift, canonical splice sites, lost start,
/// lost exons, and the loss of the whole transcript. The Sequence Ontology has no such group.
pub const NULL_TERMS: &[&str] = &[
    "transcript_ablation",
    "feature_ablation",
    "exon_loss_variant",
    "splice_acceptor_variant",
    "splice_donor_variant",
    "stop_gained",
    "frameshift_variant",
    "start_lost",
];

/// For or against pathogenicity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Counts towards pathogenic.
    Pathogenic,
    /// Counts towards benign.
    Benign,
}

/// How strongly a criterion counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// 1 point.
    Supporting,
    /// 2 points.
    Moderate,
    /// 4 points.
    Strong,
    /// 8 points.
    VeryStrong,
    /// BA1 only: decides alone. Shown as 8 points.
    StandAlone,
}

impl Strength {
    /// The word, as in `PM2_supporting`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Supporting => "supporting",
            Self::Moderate => "moderate",
            Self::Strong => "strong",
            Self::VeryStrong => "very_strong",
            Self::StandAlone => "stand_alone",
        }
    }

    fn points(self) -> i32 {
        match self {
            Self::Supporting => 1,
            Self::Moderate => 2,
            Self::Strong => 4,
            Self::VeryStrong | Self::StandAlone => 8,
        }
    }
}

macro_rules! codes {
    ($($code:ident $name:literal $direction:ident $strength:ident $what:literal)*) => {
        /// A criterion of Richards 2015. PP5 and BP6 (a reputable source says so) are retired and not in the list.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum Code {
            $(#[doc = $what] #[serde(rename = $name)] $code,)*
        }

        impl Code {
            /// All of them, in the order of the publication.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// The code as it is written.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$code => $name,)*
                }
            }

            /// For or against pathogenicity.
            pub fn direction(self) -> Direction {
                match self {
                    $(Self::$code => Direction::$direction,)*
                }
            }

            /// The strength that the publication gives it.
            pub fn default_strength(self) -> Strength {
                match self {
                    $(Self::$code => Strength::$strength,)*
                }
            }
        }
    };
}

codes! {
    Pvs1 "PVS1" Pathogenic VeryStrong "A null variant in a gene where loss of function is a known mechanism of disease."
    Ps1 "PS1" Pathogenic Strong "The amino acid change of a known pathogenic variant."
    Ps2 "PS2" Pathogenic Strong "De novo, parents confirmed."
    Ps3 "PS3" Pathogenic Strong "Functional studies show damage."
    Ps4 "PS4" Pathogenic Strong "More frequent in affected people than in controls."
    Pm1 "PM1" Pathogenic Moderate "In a mutational hot spot or a critical domain."
    Pm2 "PM2" Pathogenic Moderate "Absent from population data bases; ClinGen: counted as supporting."
    Pm3 "PM3" Pathogenic Moderate "In trans with a pathogenic variant, recessive disease."
    Pm4 "PM4" Pathogenic Moderate "The protein's length changes, outside of a repeat."
    Pm5 "PM5" Pathogenic Moderate "Another change of an amino acid whose change is known to be pathogenic."
    Pm6 "PM6" Pathogenic Moderate "Assumed de novo, parents not confirmed."
    Pp1 "PP1" Pathogenic Supporting "Segregates with the disease in families."
    Pp2 "PP2" Pathogenic Supporting "Missense in a gene where missense variants are mostly pathogenic."
    Pp3 "PP3" Pathogenic Supporting "Computational predictors say damaging."
    Pp4 "PP4" Pathogenic Supporting "The person's phenotype is specific for the gene."
    Ba1 "BA1" Benign StandAlone "More frequent than 5 % in a population."
    Bs1 "BS1" Benign Strong "More frequent than expected for the disease."
    Bs2 "BS2" Benign Strong "Observed in healthy adults, penetrance complete."
    Bs3 "BS3" Benign Strong "Functional studies show no damage."
    Bs4 "BS4" Benign Strong "Does not segregate with the disease."
    Bp1 "BP1" Benign Supporting "Missense in a gene where truncating variants cause the disease."
    Bp2 "BP2" Benign Supporting "In trans (dominant) or in cis with a pathogenic variant."
    Bp3 "BP3" Benign Supporting "In-frame change in a repeat without known function."
    Bp4 "BP4" Benign Supporting "Computational predictors say harmless."
    Bp5 "BP5" Benign Supporting "Found in a case that another variant explains."
    Bp7 "BP7" Benign Supporting "Silent or deep in an intron, without a predicted effect on splicing."
}

impl Code {
    /// Whether it may have that strength: BA1 stands alone, all others have any of the four.
    pub fn allows(self, strength: Strength) -> bool {
        (self == Self::Ba1) == (strength == Strength::StandAlone)
    }

    /// Points with that strength, negative for benign.
    pub fn points(self, strength: Strength) -> i32 {
        match self.direction() {
            Direction::Pathogenic => strength.points(),
            Direction::Benign => -strength.points(),
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One of the five tiers, or none because the evidence is not enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Classification {
    /// 10 points and more.
    Pathogenic,
    /// 6 to 9 points.
    LikelyPathogenic,
    /// 0 to 5 points.
    UncertainSignificance,
    /// −1 to −6 points.
    LikelyBenign,
    /// −7 points and less, or BA1.
    Benign,
    /// Not enough evidence.
    Abstained,
}

/// On which side of the line a classification lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// Pathogenic or likely pathogenic.
    Pathogenic,
    /// Benign or likely benign.
    Benign,
}

impl Classification {
    /// The tier of a sum.
    pub fn of_points(points: i32) -> Self {
        match points {
            10.. => Self::Pathogenic,
            6..=9 => Self::LikelyPathogenic,
            0..=5 => Self::UncertainSignificance,
            -6..=-1 => Self::LikelyBenign,
            ..=-7 => Self::Benign,
        }
    }

    /// The side; none for uncertain and for abstained.
    pub fn side(self) -> Option<Side> {
        match self {
            Self::Pathogenic | Self::LikelyPathogenic => Some(Side::Pathogenic),
            Self::Benign | Self::LikelyBenign => Some(Side::Benign),
            Self::UncertainSignificance | Self::Abstained => None,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pathogenic => "pathogenic",
            Self::LikelyPathogenic => "likely_pathogenic",
            Self::UncertainSignificance => "uncertain_significance",
            Self::LikelyBenign => "likely_benign",
            Self::Benign => "benign",
            Self::Abstained => "abstained",
        }
    }
}

impl fmt::Display for Classification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Takes back what would count the same evidence twice: PP3 from splicing under PVS1; PP3 under PS1 or PM5; PM1 and PP3
/// together at most strong; PS2 and PM6 exclude each other; BS1 under BA1, which is the same frequency.
pub fn settle(criteria: &mut [Criterion]) {
    let met = |criteria: &[Criterion], code: Code| {
        criteria.iter().find(|c| c.code == code && c.status == Status::Met).map(|c| c.points)
    };
    let (pvs1, ba1) = (met(criteria, Code::Pvs1), met(criteria, Code::Ba1));
    let known_change = met(criteria, Code::Ps1).or(met(criteria, Code::Pm5)).is_some();
    let pm1 = met(criteria, Code::Pm1).unwrap_or(0);
    let (ps2, pm6) = (met(criteria, Code::Ps2).unwrap_or(0), met(criteria, Code::Pm6).unwrap_or(0));
    for criterion in criteria.iter_mut().filter(|criterion| criterion.status == Status::Met) {
        match criterion.code {
            Code::Pp3 if pvs1.is_some() && criterion.item == Some(Item::SpliceAi) => {
                criterion.drop_for("PVS1 counts the effect on splicing already.");
            }
            Code::Pp3 if known_change => criterion.drop_for("PS1 or PM5 counts the change of this amino acid already."),
            Code::Pp3 if pm1 > 0 => cap_beside_pm1(criterion, Strength::Strong.points() - pm1),
            Code::Pm6 if ps2 > 0 && ps2 >= pm6 => criterion.drop_for("PS2 counts the de novo event already."),
            Code::Ps2 if pm6 > ps2 => criterion.drop_for("PM6 counts the de novo event already."),
            Code::Bs1 if ba1.is_some() => criterion.drop_for("BA1 counts the frequency already."),
            _ => {}
        }
    }
}

/// PP3 with at most this many points, or none.
fn cap_beside_pm1(pp3: &mut Criterion, points_max: i32) {
    if pp3.points <= points_max {
        return;
    }
    let fits = |strength: &Strength| strength.points() <= points_max;
    match [Strength::Strong, Strength::Moderate, Strength::Supporting].into_iter().find(fits) {
        Some(strength) => (pp3.strength, pp3.points) = (Some(strength), strength.points()),
        None => pp3.drop_for("PM1 counts the place already: together they are at most strong."),
    }
}

/// The sum of the points and its tier. BA1 alone is benign, whatever else is met.
pub fn sum(criteria: &[Criterion]) -> (i32, Classification) {
    let points = criteria.iter().map(|criterion| criterion.points).sum();
    let stands_alone = criteria.iter().any(|c| c.code == Code::Ba1 && c.status == Status::Met);
    (points, if stands_alone { Classification::Benign } else { Classification::of_points(points) })
}
