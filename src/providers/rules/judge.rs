//! From evidence to a finding: the criteria, their sum, and whether the evidence is enough to say anything.

use std::borrow::Cow;

use super::settings::Settings;
use super::{KIND, VERSION, computational, consequence, frequency, record};
use crate::domain::finding::{
    Basis, Classification, Code, Criterion, Evidence, FRAMEWORK, FRAMEWORK_VERSION, Finding, Item, NULL_TERMS, Status,
    VALUE_BYTES_MAX, settle, sum,
};

/// What no annotation of a single allele in a VCF file can decide.
const NOT_ASSESSED: [Code; 18] = [
    Code::Ps1,
    Code::Ps2,
    Code::Ps3,
    Code::Ps4,
    Code::Pm1,
    Code::Pm3,
    Code::Pm5,
    Code::Pm6,
    Code::Pp1,
    Code::Pp2,
    Code::Pp4,
    Code::Bs2,
    Code::Bs3,
    Code::Bs4,
    Code::Bp1,
    Code::Bp2,
    Code::Bp3,
    Code::Bp5,
];

/// What every summary ends with.
const WHAT_IT_IS: &str = "By a rule engine over the annotations in the file: not a diagnosis.";

/// The finding on one allele.
pub fn judge(evidence: &Evidence, settings: &Settings) -> Finding {
    let [pm2, ba1, bs1] = frequency::criteria(evidence, settings);
    let [pp3, bp4, bp7] = computational::criteria(evidence);
    let pvs1 = consequence::pvs1(evidence, settings);
    let mut criteria = vec![pvs1, pm2, consequence::pm4(evidence), pp3, ba1, bs1, bp4, bp7];
    settle(&mut criteria);
    let (points, by_points) = sum(&criteria);
    let recorded = record::answer(evidence, settings);
    let doubt = doubt(evidence, &criteria, by_points, recorded);
    let (classification, basis) = match (doubt.is_some(), recorded) {
        (true, _) => (Classification::Abstained, Basis::Criteria),
        (false, Some(recorded)) => (recorded, Basis::Record),
        (false, None) => (by_points, Basis::Criteria),
    };
    let mut summary = match doubt {
        Some(doubt) => format!("Not enough evidence: {doubt} {WHAT_IT_IS}"),
        None if basis == Basis::Record => from_the_record(evidence, classification, points, by_points),
        None => format!("{}: {points} points. {WHAT_IT_IS}", in_words(&criteria)),
    };
    if let Some(items) = evidence.value(Item::TooLong) {
        let items = items.replace(',', ", ");
        summary.push_str(&format!(" Longer than {VALUE_BYTES_MAX} bytes in the record, and so not read: {items}."));
    }
    Finding {
        provider: Cow::Borrowed(KIND),
        provider_version: Cow::Borrowed(VERSION),
        framework: Cow::Borrowed(FRAMEWORK),
        framework_version: Cow::Borrowed(FRAMEWORK_VERSION),
        classification,
        basis,
        points,
        criteria,
        not_assessed: NOT_ASSESSED.to_vec(),
        summary: summary.into(),
        ai_generated: false,
        research_use_only: true,
        requires_review: true,
    }
}

/// Why nothing is said, if so. The reasons stand in `docs/rules.md`, in this order.
fn doubt(
    evidence: &Evidence,
    criteria: &[Criterion],
    by_points: Classification,
    recorded: Option<Classification>,
) -> Option<&'static str> {
    let status =
        |code: Code| criteria.iter().find(|criterion| criterion.code == code).map(|criterion| criterion.status);
    let is = |code, wanted| status(code) == Some(wanted);
    let is_missing = |item| evidence.fact(item).is_none();
    // An allele that is too long to be among the evidence is there with the number of its bases.
    if is_missing(Item::AltBases) && !evidence.value(Item::Alt).is_some_and(is_spelt_in_bases) {
        return Some("the allele is not spelt in bases.");
    }
    if recorded.is_some() {
        return None;
    }
    if evidence.is_too_long(Item::Consequence) || evidence.is_too_long(Item::Clinvar) {
        return Some("what the record says of it is too long to be read.");
    }
    let has_no_frequency = is(Code::Pm2, Status::NotAssessed) && is(Code::Bs1, Status::NotAssessed);
    if is_missing(Item::Consequence) && has_no_frequency {
        return Some("the file gives neither a consequence nor a frequency nor a well reviewed classification.");
    }
    if let (Some(ours), Some(theirs)) = (by_points.side(), record::side(evidence))
        && ours != theirs
    {
        return Some("the criteria contradict ClinVar's classification in the record; a person has to decide.");
    }
    let is_uncertain = by_points == Classification::UncertainSignificance;
    let is_null = evidence.fact(Item::Consequence).is_some_and(|fact| consequence::has(fact, NULL_TERMS));
    if is_uncertain && is_null && is(Code::Pvs1, Status::NotAssessed) {
        return Some("a null variant, but whether loss of function of the gene causes disease is not known.");
    }
    let nothing_met = criteria.iter().all(|criterion| criterion.status != Status::Met);
    if nothing_met && criteria.iter().any(|criterion| criterion.status == Status::NotAssessed) {
        return Some("no criterion is met, and some could not be assessed.");
    }
    let sum: i32 = criteria.iter().map(|criterion| criterion.points).sum();
    if sum == -1 && has_no_frequency {
        return Some("one supporting criterion alone, and the file gives no frequency.");
    }
    None
}

fn is_spelt_in_bases(alt: &str) -> bool {
    !alt.is_empty() && alt.bytes().all(|base| matches!(base.to_ascii_uppercase(), b'A' | b'C' | b'G' | b'T'))
}

fn in_words(criteria: &[Criterion]) -> String {
    let met: Vec<String> =
        criteria.iter().filter(|criterion| criterion.status == Status::Met).filter_map(Criterion::outcome).collect();
    if met.is_empty() { "No criterion is met".to_owned() } else { met.join(" + ") }
}

fn from_the_record(evidence: &Evidence, recorded: Classification, points: i32, by_points: Classification) -> String {
    let said = evidence.value(Item::Clinvar).unwrap_or_default();
    let stars = evidence.value(Item::ClinvarStars).unwrap_or_default();
    let beside = match (recorded.side(), by_points.side()) {
        (Some(theirs), Some(ours)) if theirs != ours => "The criteria, which are shown beside it, contradict it",
        _ => "The criteria are only shown beside it",
    };
    format!(
        "Answered from the record: ClinVar says {said} with {stars} stars. {beside} ({points} points, {by_points}). {WHAT_IT_IS}"
    )
}
