//! What several findings on one allele add up to. Disagreement is shown, never averaged.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Classification, Criterion, Finding, Side, Status};

/// What an assessment ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conclusion {
    /// The tier.
    Pathogenic,
    /// The tier.
    LikelyPathogenic,
    /// The tier.
    UncertainSignificance,
    /// The tier.
    LikelyBenign,
    /// The tier.
    Benign,
    /// Too few answers.
    Abstained,
    /// One says pathogenic or likely pathogenic, another one benign or likely benign.
    Conflicting,
}

impl Conclusion {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::Pathogenic,
        Self::LikelyPathogenic,
        Self::UncertainSignificance,
        Self::LikelyBenign,
        Self::Benign,
        Self::Abstained,
        Self::Conflicting,
    ];

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|conclusion| conclusion.as_str() == word)
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pathogenic => Classification::Pathogenic.as_str(),
            Self::LikelyPathogenic => Classification::LikelyPathogenic.as_str(),
            Self::UncertainSignificance => Classification::UncertainSignificance.as_str(),
            Self::LikelyBenign => Classification::LikelyBenign.as_str(),
            Self::Benign => Classification::Benign.as_str(),
            Self::Abstained => Classification::Abstained.as_str(),
            Self::Conflicting => "conflicting",
        }
    }
}

impl From<Classification> for Conclusion {
    fn from(classification: Classification) -> Self {
        match classification {
            Classification::Pathogenic => Self::Pathogenic,
            Classification::LikelyPathogenic => Self::LikelyPathogenic,
            Classification::UncertainSignificance => Self::UncertainSignificance,
            Classification::LikelyBenign => Self::LikelyBenign,
            Classification::Benign => Self::Benign,
            Classification::Abstained => Self::Abstained,
        }
    }
}

impl fmt::Display for Conclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How far the answers agree; abstentions are no answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Agreement {
    /// Nobody answered.
    NoAnswer,
    /// All answers are the same tier.
    Unanimous,
    /// All are on one side, with more or less confidence.
    SameSide,
    /// Some are uncertain, the others are on one side.
    Partial,
    /// They are on both sides.
    Conflicting,
}

impl Agreement {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoAnswer => "no_answer",
            Self::Unanimous => "unanimous",
            Self::SameSide => "same_side",
            Self::Partial => "partial",
            Self::Conflicting => "conflicting",
        }
    }
}

/// An answer that is not the conclusion.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dissent {
    /// Who.
    pub provider: Cow<'static, str>,
    /// What.
    pub classification: Classification,
}

/// What the findings of all providers on one allele add up to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// What it ends with.
    pub conclusion: Conclusion,
    /// How far the answers agree.
    pub agreement: Agreement,
    /// How many providers have to answer.
    pub quorum: u32,
    /// How many did.
    pub answered: u32,
    /// How many had not enough evidence.
    pub abstained: u32,
    /// Answers that are not the conclusion; all of them if they conflict.
    pub dissent: Vec<Dissent>,
    /// The findings, equal ones once, in their own order.
    pub findings: Vec<Finding>,
}

impl Assessment {
    /// Whether as many providers answered as were asked for.
    pub fn has_quorum(&self) -> bool {
        self.answered >= self.quorum
    }

    /// The points of the one finding; of several nobody adds them up.
    pub fn points(&self) -> Option<i32> {
        match &self.findings[..] {
            [finding] => Some(finding.points),
            _ => None,
        }
    }

    /// The criteria that are met, with their strength, as people write them: `PVS1`, `PM2_supporting`.
    pub fn criteria(&self) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        let met = self.findings.iter().flat_map(|finding| &finding.criteria).filter(|c| c.status == Status::Met);
        for outcome in met.filter_map(Criterion::outcome) {
            if !all.contains(&outcome) {
                all.push(outcome);
            }
        }
        all
    }

    /// Who answered, with versions: `rules/0.1.0`.
    pub fn providers(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.findings.iter().map(|f| format!("{}/{}", f.provider, f.provider_version)).collect();
        all.dedup();
        all
    }

    /// Of one finding its own words, of several how far they agree.
    pub fn summary(&self) -> String {
        match &self.findings[..] {
            [finding] => finding.summary.to_string(),
            _ => self.sentence(),
        }
    }

    /// Whether a model wrote any of it.
    pub fn ai_generated(&self) -> bool {
        self.findings.iter().any(|finding| finding.ai_generated)
    }

    /// Not for diagnosis.
    pub fn research_use_only(&self) -> bool {
        self.findings.iter().all(|finding| finding.research_use_only)
    }

    /// A person has to look at it.
    pub fn requires_review(&self) -> bool {
        self.findings.iter().all(|finding| finding.requires_review)
    }

    /// One plain sentence on it.
    pub fn sentence(&self) -> String {
        let of = |agreement: &str| format!("{}: {} answered, {agreement}.", self.conclusion, self.answered);
        match self.agreement {
            Agreement::NoAnswer => "abstained: nobody had enough evidence.".to_owned(),
            Agreement::Conflicting => of("on both sides of the line"),
            _ if !self.has_quorum() => {
                format!("abstained: {} of {} necessary answers are there.", self.answered, self.quorum)
            }
            Agreement::Unanimous => of("all the same"),
            Agreement::SameSide => of("all on one side"),
            Agreement::Partial => of("some of them uncertain"),
        }
    }
}

/// Adds findings up. A provider has one vote for each classification that it gives, however often it says so: a second
/// try is no second opinion. The classification with the most votes is chosen; of equal ones the less confident. If there
/// are answers on both sides of the line, the conclusion is `conflicting`; if fewer than `quorum` providers (at least 1)
/// answered, it is `abstained`.
pub fn merge(mut findings: Vec<Finding>, quorum: u32) -> Assessment {
    findings.sort();
    findings.dedup();
    let votes: BTreeSet<(Classification, &str)> =
        findings.iter().map(|finding| (finding.classification, finding.provider.as_ref())).collect();
    let answers = || votes.iter().filter(|(classification, _)| *classification != Classification::Abstained);
    let answering: BTreeSet<&str> = answers().map(|(_, provider)| *provider).collect();
    let silent: BTreeSet<&str> =
        votes.iter().map(|(_, provider)| *provider).filter(|p| !answering.contains(p)).collect();
    let agreement = agreement(&answers().map(|(classification, _)| *classification).collect());
    let quorum = quorum.max(1);
    let conclusion = if agreement == Agreement::Conflicting {
        Conclusion::Conflicting
    } else if (answering.len() as u32) < quorum {
        Conclusion::Abstained
    } else {
        most_voted(answers().map(|(classification, _)| *classification)).into()
    };
    let dissent = answers()
        .filter(|(classification, _)| Conclusion::from(*classification) != conclusion)
        .map(|(classification, provider)| Dissent {
            provider: (*provider).to_owned().into(),
            classification: *classification,
        })
        .collect();
    let (answered, abstained) = (answering.len() as u32, silent.len() as u32);
    Assessment { conclusion, agreement, quorum, answered, abstained, dissent, findings }
}

fn agreement(answers: &BTreeSet<Classification>) -> Agreement {
    let has = |side| answers.iter().any(|answer| answer.side() == side);
    match answers.len() {
        0 => Agreement::NoAnswer,
        1 => Agreement::Unanimous,
        _ if has(Some(Side::Pathogenic)) && has(Some(Side::Benign)) => Agreement::Conflicting,
        _ if has(None) => Agreement::Partial,
        _ => Agreement::SameSide,
    }
}

/// The classification with the most votes; of equal ones the less confident.
fn most_voted(votes: impl Iterator<Item = Classification>) -> Classification {
    let mut counts = BTreeMap::<Classification, u32>::new();
    votes.for_each(|vote| *counts.entry(vote).or_default() += 1);
    let confidence = |classification: Classification| match classification {
        Classification::Abstained | Classification::UncertainSignificance => 0,
        Classification::LikelyPathogenic | Classification::LikelyBenign => 1,
        Classification::Pathogenic | Classification::Benign => 2,
    };
    let best = counts.into_iter().min_by_key(|(vote, count)| (std::cmp::Reverse(*count), confidence(*vote)));
    best.map_or(Classification::Abstained, |(vote, _)| vote)
}
