//! Criteria that rest on predictors: PP3, BP4 and BP7. REVEL for missense variants (Pejaver 2022), SpliceAI for splicing
//! (Walker 2023).

use super::consequence::{Class, has, no_consequence};
use crate::domain::finding::{Code, Criterion, Evidence, Fact, Item, Strength};

/// REVEL at least: PP3.
const REVEL_PP3: [(f64, Strength); 3] =
    [(0.932, Strength::Strong), (0.773, Strength::Moderate), (0.644, Strength::Supporting)];
/// REVEL at most: BP4.
const REVEL_BP4: [(f64, Strength); 4] = [
    (0.003, Strength::VeryStrong),
    (0.016, Strength::Strong),
    (0.183, Strength::Moderate),
    (0.290, Strength::Supporting),
];
/// SpliceAI at least: PP3.
const SPLICE_PP3: f64 = 0.2;
/// SpliceAI at most: BP4.
const SPLICE_BP4: f64 = 0.1;
/// An intron position from which on, after the donor and before the acceptor, it is deep enough for BP7.
const DEEP_AFTER_DONOR: u32 = 7;
const DEEP_BEFORE_ACCEPTOR: u32 = 21;

/// A predictor's number and where it is from.
#[derive(Clone, Copy)]
struct Score<'e> {
    fact: &'e Fact,
    number: f64,
}

impl<'e> Score<'e> {
    fn of(evidence: &'e Evidence, item: Item) -> Option<Self> {
        let fact = evidence.fact(item)?;
        Some(Self { fact, number: fact.number()? })
    }
}

/// PP3, BP4, BP7: in the order of the codes.
pub(super) fn criteria(evidence: &Evidence) -> [Criterion; 3] {
    const CODES: [Code; 3] = [Code::Pp3, Code::Bp4, Code::Bp7];
    let Some(consequence) = evidence.fact(Item::Consequence) else {
        return CODES.map(|code| Criterion::not_assessed(code, no_consequence(evidence)));
    };
    let splice = Score::of(evidence, Item::SpliceAi);
    let not_silent = |what| Criterion::not_met(Code::Bp7, consequence, what);
    match Class::of(&consequence.value) {
        Class::Null => CODES.map(|code| Criterion::not_met(code, consequence, "A null variant is judged by PVS1.")),
        Class::Missense => {
            let [pp3, bp4] = missense(Score::of(evidence, Item::Revel), splice);
            [pp3, bp4, not_silent("A missense variant is not silent.")]
        }
        Class::Length => {
            let bp4 = Criterion::not_assessed(Code::Bp4, "No predictor is read for in-frame changes of the length.");
            [splice_pp3(splice), bp4, not_silent("A change of the protein's length is not silent.")]
        }
        Class::Silent => silent(evidence, consequence, splice),
        Class::Other => CODES.map(|code| Criterion::not_assessed(code, "No predictor is read for such a consequence.")),
    }
}

/// The stronger of REVEL and SpliceAI. No BP4 where SpliceAI does not rule an effect on splicing out.
fn missense(revel: Option<Score<'_>>, splice: Option<Score<'_>>) -> [Criterion; 2] {
    let by_splice = splice_pp3(splice);
    let Some(revel) = revel else {
        let bp4 = Criterion::not_assessed(Code::Bp4, "The file gives no REVEL score.");
        // Without REVEL only an effect on splicing can be said.
        let pp3 = if by_splice.points > 0 {
            by_splice
        } else {
            Criterion::not_assessed(Code::Pp3, "The file gives no REVEL score.")
        };
        return [pp3, bp4];
    };
    let damaging = REVEL_PP3.iter().find(|(least, _)| revel.number >= *least);
    let pp3 = match damaging {
        Some((least, strength)) => {
            Criterion::met(Code::Pp3, *strength, revel.fact, format!("REVEL is at least {least}."))
        }
        None if by_splice.points > 0 => by_splice,
        None => Criterion::not_met(Code::Pp3, revel.fact, "REVEL is below 0.644."),
    };
    let harmless = REVEL_BP4.iter().find(|(most, _)| revel.number <= *most);
    let bp4 = match (harmless, splice) {
        (None, _) => Criterion::not_met(Code::Bp4, revel.fact, "REVEL is above 0.29."),
        (Some(_), Some(splice)) if splice.number > SPLICE_BP4 => {
            Criterion::not_met(Code::Bp4, splice.fact, "REVEL is low, but SpliceAI is above 0.1.")
        }
        (Some((most, strength)), _) => {
            Criterion::met(Code::Bp4, *strength, revel.fact, format!("REVEL is at most {most}."))
        }
    };
    [pp3, bp4]
}

fn splice_pp3(splice: Option<Score<'_>>) -> Criterion {
    match splice {
        None => Criterion::not_assessed(Code::Pp3, "The file gives no SpliceAI score."),
        Some(splice) if splice.number >= SPLICE_PP3 => {
            Criterion::met(Code::Pp3, Strength::Supporting, splice.fact, "SpliceAI is at least 0.2.")
        }
        Some(splice) => Criterion::not_met(Code::Pp3, splice.fact, "SpliceAI is below 0.2."),
    }
}

/// Silent in the chosen transcript. If it is worse in another one, nothing benign is said.
fn silent(evidence: &Evidence, consequence: &Fact, splice: Option<Score<'_>>) -> [Criterion; 3] {
    let pp3 = splice_pp3(splice);
    let worst = evidence.fact(Item::MostSevereConsequence).filter(|worst| Class::of(&worst.value) < Class::Silent);
    if let Some(worst) = worst {
        let benign = [Code::Bp4, Code::Bp7]
            .map(|code| Criterion::not_met(code, worst, "In another transcript the consequence is worse."));
        let [bp4, bp7] = benign;
        return [pp3, bp4, bp7];
    }
    let Some(splice) = splice else {
        let [bp4, bp7] =
            [Code::Bp4, Code::Bp7].map(|code| Criterion::not_assessed(code, "The file gives no SpliceAI score."));
        return [pp3, bp4, bp7];
    };
    if splice.number > SPLICE_BP4 {
        let [bp4, bp7] =
            [Code::Bp4, Code::Bp7].map(|code| Criterion::not_met(code, splice.fact, "SpliceAI is above 0.1."));
        return [pp3, bp4, bp7];
    }
    let bp4 = Criterion::met(Code::Bp4, Strength::Supporting, splice.fact, "SpliceAI is at most 0.1.");
    [pp3, bp4, bp7(evidence, consequence)]
}

/// SpliceAI sees no effect: BP7 for what is synonymous outside of a splice region, or deep in an intron.
fn bp7(evidence: &Evidence, consequence: &Fact) -> Criterion {
    let at_splice_site = consequence.value.split('&').any(|term| term.starts_with("splice_"));
    if has(consequence, &["synonymous_variant", "stop_retained_variant"]) {
        return if at_splice_site {
            Criterion::not_met(Code::Bp7, consequence, "Synonymous, but in a splice region.")
        } else {
            let sentence = "Synonymous, and SpliceAI sees no effect on splicing.";
            Criterion::met(Code::Bp7, Strength::Supporting, consequence, sentence)
        };
    }
    if !has(consequence, &["intron_variant"]) {
        return Criterion::not_met(Code::Bp7, consequence, "Neither synonymous nor in an intron.");
    }
    let Some((hgvs, is_deep)) = evidence.fact(Item::HgvsC).and_then(|hgvs| Some((hgvs, is_deep(&hgvs.value)?))) else {
        return Criterion::not_assessed(Code::Bp7, "In an intron, but the file does not say how deep.");
    };
    if is_deep && !at_splice_site {
        let sentence = "Deep in an intron (+7 and more, −21 and less), and SpliceAI sees no effect on splicing.";
        Criterion::met(Code::Bp7, Strength::Supporting, hgvs, sentence)
    } else {
        Criterion::not_met(Code::Bp7, hgvs, "In an intron, but near to its end.")
    }
}

/// Whether every position of `ENST1:c.123+45_123+47del` is deep in an intron; `None` if one is not in an intron.
fn is_deep(hgvs: &str) -> Option<bool> {
    let change = hgvs.rsplit(':').next()?;
    let places = change.strip_prefix("c.").or_else(|| change.strip_prefix("n."))?;
    // The change itself (`A>G`, `del`, `dup`) begins with the first letter.
    let end = places.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(places.len());
    places[..end].split('_').map(is_deep_place).try_fold(true, |all, one| Some(all & one?))
}

/// `123+45`, `123-20`, `-12+5`, `*37-30`: the sign after the first digit is that of the place in the intron.
fn is_deep_place(place: &str) -> Option<bool> {
    let first_digit = place.find(|c: char| c.is_ascii_digit())?;
    let sign = place[first_digit..].find(['+', '-'])? + first_digit;
    let depth: u32 = place[sign + 1..].parse().ok()?;
    let least = if place[sign..].starts_with('+') { DEEP_AFTER_DONOR } else { DEEP_BEFORE_ACCEPTOR };
    Some(depth >= least)
}

#[cfg(test)]
mod tests {
    use super::is_deep;

    #[test]
    fn the_depth_in_an_intron_is_read_from_hgvs() {
        let cases = [
            ("ENST1.2:c.123+7A>G", Some(true)),
            ("ENST1.2:c.123+6A>G", Some(false)),
            ("c.124-21A>G", Some(true)),
            ("c.124-20A>G", Some(false)),
            ("c.-12+5del", Some(false)),
            ("c.*37-30_*37-28del", Some(true)),
            ("c.123+5_123+9dup", Some(false)),
            ("n.55+100C>T", Some(true)),
            ("c.123A>G", None),
            ("c.-12A>G", None),
            ("c.120_123+9del", None),
            ("p.Arg5Cys", None),
            ("", None),
        ];
        for (hgvs, expected) in cases {
            assert_eq!(is_deep(hgvs), expected, "{hgvs}");
        }
    }
}
