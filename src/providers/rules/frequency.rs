//! Criteria that rest on the frequency in populations: BA1, BS1 and PM2.

use super::exceptions::is_exception;
use super::settings::{Inheritance, MissingFrequency, Settings};
use crate::domain::finding::{Code, Criterion, Evidence, Fact, Item, Strength};

/// BA1: more frequent than this.
const BA1_FREQUENCY: f64 = 0.05;
/// … observed in at least so many alleles.
const ALLELES_MIN: f64 = 2_000.0;
/// BS1: more frequent than this, where no rule of the gene says otherwise.
const BS1_FREQUENCY: f64 = 0.01;
/// PM2 for recessive diseases: at most this frequent.
const PM2_RECESSIVE: f64 = 0.00007;

/// PM2, BA1, BS1: in the order of the codes.
pub(super) fn criteria(evidence: &Evidence, settings: &Settings) -> [Criterion; 3] {
    let frequency = evidence.fact(Item::PopulationFrequency);
    let Some((fact, frequency)) = frequency.and_then(|fact| Some((fact, fact.number()?))) else {
        return missing(evidence, settings);
    };
    let alleles = evidence.fact(Item::AlleleNumber).or_else(|| evidence.fact(Item::DatasetAlleles));
    let alleles = alleles.and_then(Fact::number);
    [
        pm2(fact, frequency, alleles, settings),
        ba1(evidence, fact, frequency, alleles),
        bs1(evidence, fact, frequency, alleles),
    ]
}

fn missing(evidence: &Evidence, settings: &Settings) -> [Criterion; 3] {
    match evidence.fact(Item::FrequencyFields).filter(|_| settings.missing_frequency == MissingFrequency::Absent) {
        Some(fields) => [
            Criterion::met(
                Code::Pm2,
                Strength::Supporting,
                fields,
                "No frequency field has a value, which missing_frequency = absent takes as absent from the populations.",
            ),
            Criterion::not_met(Code::Ba1, fields, "Taken as absent from the populations."),
            Criterion::not_met(Code::Bs1, fields, "Taken as absent from the populations."),
        ],
        None => [Code::Pm2, Code::Ba1, Code::Bs1].map(|code| {
            Criterion::not_assessed(code, "The file gives no frequency in a population; missing is not 0.")
        }),
    }
}

fn pm2(fact: &Fact, frequency: f64, alleles: Option<f64>, settings: &Settings) -> Criterion {
    let is_recessive = settings.inheritance == Inheritance::Recessive;
    let highest = if is_recessive { PM2_RECESSIVE } else { 0.0 };
    if frequency > highest {
        let sentence = if is_recessive { "More frequent than 0.00007." } else { "It is observed in a population." };
        return Criterion::not_met(Code::Pm2, fact, sentence);
    }
    if alleles.is_some_and(|alleles| alleles < ALLELES_MIN) {
        return Criterion::not_assessed(Code::Pm2, "Too few alleles were observed at this place to call it absent.");
    }
    let sentence = if is_recessive {
        "At most 0.00007, for a recessive disease."
    } else {
        "Looked for in the populations and absent."
    };
    Criterion::met(Code::Pm2, Strength::Supporting, fact, sentence)
}

fn ba1(evidence: &Evidence, fact: &Fact, frequency: f64, alleles: Option<f64>) -> Criterion {
    if frequency <= BA1_FREQUENCY {
        return Criterion::not_met(Code::Ba1, fact, "Not more frequent than 5 %.");
    }
    if is_exception(evidence) {
        return Criterion::not_met(Code::Ba1, fact, "One of the nine published exceptions (Ghosh 2018).");
    }
    match alleles {
        None => {
            Criterion::not_assessed(Code::Ba1, "More frequent than 5 %, but of how many alleles the file does not say.")
        }
        Some(alleles) if alleles < ALLELES_MIN => {
            Criterion::not_met(Code::Ba1, fact, "More frequent than 5 %, but of fewer than 2000 alleles.")
        }
        Some(_) => {
            Criterion::met(Code::Ba1, Strength::StandAlone, fact, "More frequent than 5 %, of at least 2000 alleles.")
        }
    }
}

fn bs1(evidence: &Evidence, fact: &Fact, frequency: f64, alleles: Option<f64>) -> Criterion {
    if frequency <= BS1_FREQUENCY {
        return Criterion::not_met(Code::Bs1, fact, "Not more frequent than 1 %.");
    }
    if is_exception(evidence) {
        return Criterion::not_met(Code::Bs1, fact, "One of the nine published exceptions (Ghosh 2018).");
    }
    if alleles.is_some_and(|alleles| alleles < ALLELES_MIN) {
        return Criterion::not_met(Code::Bs1, fact, "More frequent than 1 %, but of fewer than 2000 alleles.");
    }
    Criterion::met(Code::Bs1, Strength::Strong, fact, "More frequent than 1 %.")
}
