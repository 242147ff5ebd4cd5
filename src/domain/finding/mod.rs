//! What is said of one allele: the [`Evidence`] that a provider is asked about, the [`Finding`] that it answers, and the
//! [`Assessment`] that several findings add up to. Pure data; JSON and MessagePack keep all of it.

mod acmg;
mod assessment;
mod evidence;

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

pub use acmg::{Classification, Code, Direction, NULL_TERMS, Side, Strength, settle, sum};
pub use assessment::{Agreement, Assessment, Conclusion, Dissent, merge};
pub use evidence::{Evidence, Fact, Field, Item, VALUE_BYTES_MAX};

/// The rules by which findings are made.
pub const FRAMEWORK: &str = "ACMG/AMP 2015, ClinGen points";

/// Which editions of them: as data, because they will be replaced.
pub const FRAMEWORK_VERSION: &str = "Richards 2015; Ghosh 2018; Tavtigian 2020; Pejaver 2022; Walker 2023";

/// Whether a criterion holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It holds, and counts.
    Met,
    /// It was looked at and does not hold, or another one counts the same evidence already.
    NotMet,
    /// The evidence that it needs is not there.
    NotAssessed,
}

/// One criterion and what was found of it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Criterion {
    /// Which one.
    pub code: Code,
    /// Whether it holds.
    pub status: Status,
    /// How strongly; only if it is met.
    pub strength: Option<Strength>,
    /// Its share of the sum: negative for benign, 0 unless it is met.
    pub points: i32,
    /// The item of the evidence on which it rests.
    pub item: Option<Item>,
    /// The input field of that item.
    pub source: Option<Field>,
    /// The value of that item.
    pub value: Option<String>,
    /// Why, in one sentence.
    pub sentence: Cow<'static, str>,
}

impl Criterion {
    /// A criterion that holds with this strength because of `fact`. A strength that the code cannot have is its default.
    pub fn met(code: Code, strength: Strength, fact: &Fact, sentence: impl Into<Cow<'static, str>>) -> Self {
        let strength = if code.allows(strength) { strength } else { code.default_strength() };
        let points = code.points(strength);
        Self { strength: Some(strength), points, ..Self::of(code, Status::Met, Some(fact), sentence.into()) }
    }

    /// A criterion that does not hold because of `fact`.
    pub fn not_met(code: Code, fact: &Fact, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::of(code, Status::NotMet, Some(fact), sentence.into())
    }

    /// A criterion for which something is missing.
    pub fn not_assessed(code: Code, sentence: impl Into<Cow<'static, str>>) -> Self {
        Self::of(code, Status::NotAssessed, None, sentence.into())
    }

    fn of(code: Code, status: Status, fact: Option<&Fact>, sentence: Cow<'static, str>) -> Self {
        let (item, source, value) = match fact {
            Some(fact) => (Some(fact.item), Some(fact.source.clone()), Some(fact.value.clone())),
            None => (None, None, None),
        };
        Self { code, status, strength: None, points: 0, item, source, value, sentence }
    }

    /// For or against pathogenicity.
    pub fn direction(&self) -> Direction {
        self.code.direction()
    }

    /// The word of GA4GH VA-Spec for it: `PVS1`, `PM2_supporting`, `BP4_not_met`; none for one that was not assessed. The
    /// default strength is never spelled out.
    pub fn outcome(&self) -> Option<String> {
        match (self.status, self.strength) {
            (Status::NotAssessed, _) => None,
            (Status::Met, Some(strength)) if strength != self.code.default_strength() => {
                Some(format!("{}_{}", self.code, strength.as_str()))
            }
            (Status::Met, _) => Some(self.code.as_str().to_owned()),
            (Status::NotMet, _) => Some(format!("{}_not_met", self.code)),
        }
    }

    /// Takes it back: other evidence counts already.
    fn drop_for(&mut self, sentence: &'static str) {
        (self.status, self.strength, self.points) = (Status::NotMet, None, 0);
        self.sentence = Cow::Borrowed(sentence);
    }
}

/// On what a classification rests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// On the points of the criteria.
    Criteria,
    /// On a classification that stands in the record already, such as ClinVar's; the criteria are only shown beside it.
    Record,
}

/// What one provider says of one allele. Its fields have an order, so that merging does not depend on who came first.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// The kind of provider.
    pub provider: Cow<'static, str>,
    /// Its version, or that of its model.
    pub provider_version: Cow<'static, str>,
    /// By which rules.
    pub framework: Cow<'static, str>,
    /// Which editions of them.
    pub framework_version: Cow<'static, str>,
    /// One of the five tiers, or that the evidence is not enough.
    pub classification: Classification,
    /// On what the classification rests.
    pub basis: Basis,
    /// The sum over the criteria.
    pub points: i32,
    /// Criteria that the evidence could decide, in the order of the codes.
    pub criteria: Vec<Criterion>,
    /// Criteria that need evidence of another kind: never assessed by this provider.
    pub not_assessed: Vec<Code>,
    /// What was decided or why not, and what it is worth, for people.
    pub summary: Cow<'static, str>,
    /// A model wrote it.
    pub ai_generated: bool,
    /// Not for diagnosis; always true.
    pub research_use_only: bool,
    /// A person has to look at it; always true.
    pub requires_review: bool,
}

impl Finding {
    /// The criterion of this code, if it was looked at.
    pub fn criterion(&self, code: Code) -> Option<&Criterion> {
        self.criteria.iter().find(|criterion| criterion.code == code)
    }
}

// Values are of a person's genome: Debug shows what was decided, not on what.
impl fmt::Debug for Criterion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?} {}", self.code, self.status, self.points)
    }
}

impl fmt::Debug for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { provider, provider_version, classification, points, criteria, .. } = self;
        write!(f, "Finding({provider} {provider_version}: {classification}, {points} points, {criteria:?})")
    }
}
