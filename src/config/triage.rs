//! `[triage]` → [`Triage`], and what must hold inside it.

use std::collections::BTreeSet;
use std::io::Read;
use std::sync::Arc;

use super::ConfigError;
use super::check::{names, number, path, place, word};
use super::nearest::nearest_of;
use super::raw::Layers;
use super::value::{Value, quoted, size};
use crate::annotation::{Impact, Significance, Term};
use crate::domain::bed::{ChrPrefix, Regions};
use crate::expression::Expression;
use crate::triage::{
    AlleleFrequencyClause, DeNovoClause, EffectClause, GenesClause, GenotypeClause, Missing, QualClause, Triage,
    Zygosity,
};

/// A BED file or a panel is not longer than this (bytes).
const FILE_BYTES_MAX: u64 = 256 << 20;

/// Keys without which their table makes no sense.
const NEEDED: [&str; 7] = [
    "triage.qual.min",
    "triage.genotype.sample",
    "triage.de_novo.child",
    "triage.de_novo.father",
    "triage.de_novo.mother",
    "triage.allele_frequency.max",
    "triage.regions.file",
];

/// The triage that is to be asked: the configured one, or the one by default; `None` if nothing is.
pub fn triage(layers: &Layers, errors: &mut Vec<ConfigError>) -> Option<Triage> {
    if !layers.has_table("triage") {
        return Some(Triage::by_default());
    }
    match word(layers, "triage.use") {
        Some(other @ ("default" | "nothing")) => {
            if let Some(key) = super::keys::KEYS.iter().find(|key| {
                key.path.starts_with("triage.") && key.path != "triage.use" && layers.get(key.path).is_some()
            }) {
                let message =
                    format!("`{}` has no effect beside `triage.use = \"{other}\"`: take one of them out", key.path);
                errors.push(ConfigError { place: place(layers, key.path), message });
            }
            (other == "default").then(Triage::by_default)
        }
        _ => Some(clauses(layers, errors)),
    }
}

fn clauses(layers: &Layers, errors: &mut Vec<ConfigError>) -> Triage {
    for key in NEEDED {
        let (table, name) = key.rsplit_once('.').unwrap_or_default();
        // A key that is set wrongly has its own message.
        let reported = errors.iter().any(|error| error.message.starts_with(&format!("`{key}`")));
        if layers.has_table(table) && layers.get(key).is_none() && !reported {
            let message = format!("`[{table}]` needs `{name}`: set it, or take the table out");
            errors.push(ConfigError { place: place(layers, table), message });
        }
    }
    let missing = |path: &str| word(layers, path).and_then(Missing::parse).unwrap_or_default();
    let qual = number(layers, "triage.qual.min")
        .map(|min| QualClause { min: min as f32, missing: missing("triage.qual.missing") });
    let allele_frequency = number(layers, "triage.allele_frequency.max").map(|max| {
        let fields = names(layers, "triage.allele_frequency.fields").map(<[String]>::to_vec);
        AlleleFrequencyClause { max, fields, missing: missing("triage.allele_frequency.missing") }
    });
    Triage {
        filter: names(layers, "triage.filter").map(<[String]>::to_vec),
        qual,
        genotype: genotype(layers, missing("triage.genotype.missing")),
        de_novo: de_novo(layers),
        allele_frequency,
        effect: effect(layers, errors),
        regions: regions(layers, errors).map(Arc::new),
        genes: genes(layers, errors).map(Arc::new),
        expression: expression(layers, errors),
    }
}

fn integer(layers: &Layers, path: &str) -> Option<u32> {
    match layers.get(path) {
        Some(Value::Integer(n)) => u32::try_from(*n).ok(),
        _ => None,
    }
}

fn genotype(layers: &Layers, missing: Missing) -> Option<GenotypeClause> {
    let sample = word(layers, "triage.genotype.sample")?.to_owned();
    let zygosity = match names(layers, "triage.genotype.zygosity") {
        Some(words) => words.iter().filter_map(|word| Zygosity::parse(word)).collect(),
        None => vec![Zygosity::Het, Zygosity::Hom, Zygosity::Hemi],
    };
    let (gq_min, dp_min) = (integer(layers, "triage.genotype.gq_min"), integer(layers, "triage.genotype.dp_min"));
    Some(GenotypeClause { sample, zygosity, gq_min, dp_min, missing })
}

fn de_novo(layers: &Layers) -> Option<DeNovoClause> {
    let name = |path: &str| word(layers, path).map(str::to_owned);
    Some(DeNovoClause {
        child: name("triage.de_novo.child")?,
        father: name("triage.de_novo.father")?,
        mother: name("triage.de_novo.mother")?,
    })
}

fn effect(layers: &Layers, errors: &mut Vec<ConfigError>) -> Option<EffectClause> {
    const TABLE: &str = "triage.effect";
    if !layers.has_table(TABLE) {
        return None;
    }
    let impact = names(layers, "triage.effect.impact").unwrap_or_default();
    let known: Vec<&str> = Term::all().map(Term::as_str).collect();
    let consequence =
        all(layers, "triage.effect.consequence", "term of the Sequence Ontology", Term::parse, &known, errors);
    let known: Vec<&str> = Significance::all().map(Significance::as_str).collect();
    let clinvar =
        all(layers, "triage.effect.clinvar", "classification of ClinVar", Significance::parse, &known, errors);
    let impact: Vec<Impact> = impact.iter().filter_map(|word| Impact::parse(word.as_bytes())).collect();
    let is_reported = errors.iter().any(|error| error.message.starts_with("`triage.effect."));
    if impact.is_empty() && consequence.is_empty() && clinvar.is_empty() && !is_reported {
        let message = format!("`[{TABLE}]` needs `impact`, `consequence` or `clinvar`: set one, or take the table out");
        errors.push(ConfigError { place: place(layers, TABLE), message });
    }
    let clinvar_stars_min = integer(layers, "triage.effect.clinvar_stars_min").unwrap_or(0) as u8;
    Some(EffectClause { impact, consequence, clinvar, clinvar_stars_min })
}

/// The words of a list, read; a word that is not known is an error that names the nearest one.
fn all<T>(
    layers: &Layers,
    path: &str,
    what: &str,
    read: impl Fn(&[u8]) -> Option<T>,
    known: &[&str],
    errors: &mut Vec<ConfigError>,
) -> Vec<T> {
    let mut found = Vec::new();
    for word in names(layers, path).unwrap_or_default() {
        match read(word.as_bytes()) {
            Some(value) => found.push(value),
            None => {
                let meant = nearest_of(word, known.iter().copied());
                let meant = meant.map(|meant| format!("; did you mean \"{meant}\"?")).unwrap_or_default();
                let message = format!("`{path}`: {} is no {what}{meant}", quoted(word));
                errors.push(ConfigError { place: place(layers, path), message });
            }
        }
    }
    found
}

fn expression(layers: &Layers, errors: &mut Vec<ConfigError>) -> Option<String> {
    const KEY: &str = "triage.expression";
    let text = word(layers, KEY)?.to_owned();
    // What a name means depends on a file's header; whether it is an expression at all does not.
    if let Err(error) = Expression::check_syntax(&text) {
        let message = format!("`{KEY}`: {error}");
        errors.push(ConfigError { place: place(layers, KEY), message });
    }
    Some(text)
}

/// The genes of the list and of the file.
fn genes(layers: &Layers, errors: &mut Vec<ConfigError>) -> Option<GenesClause> {
    const TABLE: &str = "triage.genes";
    if !layers.has_table(TABLE) {
        return None;
    }
    let mut all: BTreeSet<String> = names(layers, "triage.genes.names").unwrap_or_default().iter().cloned().collect();
    if let Some(bytes) = read_file(layers, "triage.genes.file", errors) {
        let text = String::from_utf8_lossy(&bytes);
        let words = text.lines().filter_map(|line| line.split('#').next()?.split_whitespace().next());
        all.extend(words.map(str::to_owned));
    }
    let is_reported = errors.iter().any(|error| error.message.starts_with("`triage.genes."));
    if all.is_empty() && !is_reported {
        let message = format!("`[{TABLE}]` names no gene: set `names` or `file`, or take the table out");
        errors.push(ConfigError { place: place(layers, TABLE), message });
    }
    Some(GenesClause { names: all })
}

/// The bytes of the file that a key names, if it names one that can be read.
fn read_file(layers: &Layers, key: &str, errors: &mut Vec<ConfigError>) -> Option<Vec<u8>> {
    let file = path(layers, key)?;
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes));
    let problem = match read {
        Err(error) => format!("cannot be read: {error}"),
        Ok(_) if bytes.len() as u64 > FILE_BYTES_MAX => format!("is longer than {}", size(FILE_BYTES_MAX)),
        Ok(_) => return Some(bytes),
    };
    let message = format!("`{key}`: {} {problem}", file.display());
    errors.push(ConfigError { place: place(layers, key), message });
    None
}

/// The intervals of the BED file, if one is named.
fn regions(layers: &Layers, errors: &mut Vec<ConfigError>) -> Option<Regions> {
    const FILE: &str = "triage.regions.file";
    let file = path(layers, FILE)?;
    let chr_prefix = word(layers, "triage.regions.chr_prefix").and_then(ChrPrefix::parse).unwrap_or_default();
    let bytes = read_file(layers, FILE, errors)?;
    let regions = Regions::parse(&bytes, chr_prefix);
    regions
        .map_err(|problems| {
            errors.extend(problems.into_iter().map(|problem| ConfigError {
                place: match problem.line {
                    Some(line) => format!("{}:{line}", file.display()),
                    None => file.display().to_string(),
                },
                message: problem.message,
            }));
        })
        .ok()
}
