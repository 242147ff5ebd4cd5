//! What a person may tell the rules that no VCF file says.

use std::collections::BTreeSet;

use crate::fault::Fault;
use crate::providers::Options;

/// What it means that none of the file's frequency fields has a value for an allele.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MissingFrequency {
    /// Nothing: it may not have been looked for.
    #[default]
    Unknown,
    /// The allele was looked for in the populations, and is in none.
    Absent,
}

impl MissingFrequency {
    /// The words of `missing_frequency`.
    pub const WORDS: [&str; 2] = ["unknown", "absent"];
}

/// How the diseases in question are inherited.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Inheritance {
    /// Not known: judged as dominant.
    #[default]
    Unknown,
    /// One copy suffices.
    Dominant,
    /// Both copies are needed: healthy carriers exist.
    Recessive,
}

impl Inheritance {
    /// The words of `inheritance`.
    pub const WORDS: [&str; 3] = ["unknown", "dominant", "recessive"];
}

/// The words of `clinvar_stars_min`.
pub const CLINVAR_STARS_WORDS: [&str; 4] = ["2", "3", "4", "never"];

/// Genes where loss of function is a known mechanism of disease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LossOfFunctionGenes {
    /// These symbols.
    Listed(BTreeSet<String>),
    /// Every gene: an assumption for experiments, not knowledge.
    All,
}

/// Settings of the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// `missing_frequency = unknown | absent`.
    pub missing_frequency: MissingFrequency,
    /// `inheritance = unknown | dominant | recessive`.
    pub inheritance: Inheritance,
    /// `loss_of_function_genes = SYMBOL,… | *`. Without it no gene is known to be one, and PVS1 is never met.
    pub loss_of_function_genes: LossOfFunctionGenes,
    /// `clinvar_stars_min = 2 | 3 | 4 | never`: from how many stars on ClinVar's classification is the answer.
    pub clinvar_stars_min: Option<u8>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            missing_frequency: MissingFrequency::default(),
            inheritance: Inheritance::default(),
            loss_of_function_genes: LossOfFunctionGenes::Listed(BTreeSet::new()),
            clinvar_stars_min: Some(3),
        }
    }
}

impl Settings {
    /// Reads options; those that are not there have their defaults.
    pub fn parse(options: &Options) -> Result<Self, Fault> {
        let mut settings = Self::default();
        for (name, word) in options {
            let wrong = |allowed: &str| Fault::permanent(format!("rules: {name} = {word:?}: it may be {allowed}"));
            match name.as_str() {
                "missing_frequency" => {
                    settings.missing_frequency = match word.as_str() {
                        "unknown" => MissingFrequency::Unknown,
                        "absent" => MissingFrequency::Absent,
                        _ => return Err(wrong("unknown or absent")),
                    }
                }
                "inheritance" => {
                    settings.inheritance = match word.as_str() {
                        "unknown" => Inheritance::Unknown,
                        "dominant" => Inheritance::Dominant,
                        "recessive" => Inheritance::Recessive,
                        _ => return Err(wrong("unknown, dominant or recessive")),
                    }
                }
                "loss_of_function_genes" => settings.loss_of_function_genes = genes(word),
                "clinvar_stars_min" => {
                    settings.clinvar_stars_min = match word.as_str() {
                        "2" => Some(2),
                        "3" => Some(3),
                        "4" => Some(4),
                        "never" => None,
                        _ => return Err(wrong("2, 3, 4 or never")),
                    }
                }
                _ => return Err(Fault::permanent(format!("rules: there is no option {name:?}"))),
            }
        }
        Ok(settings)
    }
}

fn genes(word: &str) -> LossOfFunctionGenes {
    let symbols = || word.split(',').map(str::trim).filter(|symbol| !symbol.is_empty());
    if symbols().any(|symbol| symbol == "*") {
        return LossOfFunctionGenes::All;
    }
    LossOfFunctionGenes::Listed(symbols().map(str::to_owned).collect())
}
