//! What ClinVar says already: an answer if it is reviewed well enough, otherwise only something not to contradict.

use super::settings::Settings;
use crate::domain::finding::{Classification, Evidence, Item, Side};

/// ClinVar's classification, if it is one on the five tiers and has as many stars as the settings ask for. Of two tiers
/// joined the less confident one counts.
pub(super) fn answer(evidence: &Evidence, settings: &Settings) -> Option<Classification> {
    let stars = evidence.number(Item::ClinvarStars)?;
    if stars < f64::from(settings.clinvar_stars_min?) {
        return None;
    }
    match evidence.value(Item::Clinvar)? {
        "Pathogenic" => Some(Classification::Pathogenic),
        "Likely_pathogenic" | "Pathogenic/Likely_pathogenic" => Some(Classification::LikelyPathogenic),
        "Uncertain_significance" => Some(Classification::UncertainSignificance),
        "Likely_benign" | "Benign/Likely_benign" => Some(Classification::LikelyBenign),
        "Benign" => Some(Classification::Benign),
        _ => None,
    }
}

/// On which side ClinVar stands, whatever its stars.
pub(super) fn side(evidence: &Evidence) -> Option<Side> {
    let words = || evidence.value(Item::Clinvar).into_iter().flat_map(|value| value.split(['/', '|']));
    let pathogenic = words().any(|word| matches!(word.split(',').next(), Some("Pathogenic" | "Likely_pathogenic")));
    let benign = words().any(|word| matches!(word, "Benign" | "Likely_benign"));
    match (pathogenic, benign) {
        (true, false) => Some(Side::Pathogenic),
        (false, true) => Some(Side::Benign),
        _ => None,
    }
}
