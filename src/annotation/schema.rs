//! Which INFO keys of a file hold annotations, in which dialect and with which columns. Said by the header's
//! Description, never by the key: VEP's key can be `CSQ`, `vep`, `ANN` or anything that its user liked.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

/// An `##INFO` line: ID, Number, Type, Description.
pub type InfoText<'t> = (&'t str, &'t str, &'t str, &'t str);

/// Annotation keys of one file; a header that declares more is odd, and the rest is not read.
const SOURCES_MAX: usize = 16;

/// Something in the header that a reader of the results should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Stable name, for scripts.
    pub code: &'static str,
    /// What it means.
    pub message: String,
}

/// Which tool's rules hold for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Dialect {
    /// Ensembl VEP and the tools that write as it does.
    Vep,
    /// SnpEff and the others that write the ANN format 1.0.
    SnpEff,
    /// bcftools csq.
    Bcsq,
}

impl Dialect {
    /// The word for people and receipts.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vep => "vep",
            Self::SnpEff => "snpeff",
            Self::Bcsq => "bcftools_csq",
        }
    }
}

/// One INFO key that holds annotations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The INFO key.
    pub key: String,
    /// Whose rules hold.
    pub dialect: Dialect,
    /// Names of the columns of an entry, in order, as the header writes them.
    pub columns: Vec<String>,
}

impl Source {
    /// The place of a column, by name, case ignored.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.eq_ignore_ascii_case(name))
    }
}

/// ClinVar's own INFO fields, where the header declares them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClinVarFields {
    /// `CLNSIG` is declared.
    pub significance: bool,
    /// … with one value for each ALT (`Number=A`).
    pub per_alt: bool,
    /// `CLNREVSTAT` is declared.
    pub review: bool,
}

/// What of a file's INFO is annotation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// Annotation keys: VEP's before SnpEff's before bcftools csq's, each in the order of the header. An allele's entry is
    /// chosen from the first of them that has one.
    pub sources: Vec<Source>,
    /// ClinVar's own fields.
    pub clinvar: ClinVarFields,
    /// Every declared key with its Number, for the frequencies.
    pub(super) numbers: HashMap<String, String>,
}

impl Schema {
    /// Reads the `##INFO` lines of a header.
    pub fn from_info_lines(lines: &[InfoText<'_>]) -> (Self, Vec<Notice>) {
        let (mut schema, mut notices) = (Self::default(), Vec::new());
        for &(key, number, _kind, description) in lines {
            if schema.numbers.contains_key(key) {
                continue;
            }
            schema.numbers.insert(key.to_owned(), number.to_owned());
            match key {
                "CLNSIG" => {
                    schema.clinvar.significance = true;
                    schema.clinvar.per_alt = number == "A";
                }
                "CLNREVSTAT" => schema.clinvar.review = true,
                _ => schema.declare(key, description, &mut notices),
            }
        }
        schema.sources.sort_by_key(|source| source.dialect);
        if schema.sources.len() > SOURCES_MAX {
            notices.push(Notice {
                code: "annotation_keys_too_many",
                message: format!(
                    "{} INFO keys hold annotations: the first {SOURCES_MAX} are read",
                    schema.sources.len()
                ),
            });
            schema.sources.truncate(SOURCES_MAX);
        }
        (schema, notices)
    }

    /// Whether the file holds no annotation at all: clauses on consequences and on ClinVar cannot work.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && !self.clinvar.significance
    }

    fn declare(&mut self, key: &str, description: &str, notices: &mut Vec<Notice>) {
        let mut note = |code, what: &str| {
            notices.push(Notice { code, message: format!("INFO key {}: {what}", key.escape_debug()) });
        };
        if let Some((dialect, columns)) = dialect(description) {
            let source = Source { key: key.to_owned(), dialect, columns };
            if dialect == Dialect::Vep && source.column("Allele").is_none() && source.column("ALLELE_NUM").is_none() {
                note("annotation_without_allele", "its entries name no allele: read only in records with one ALT");
            }
            self.sources.push(source);
        } else if let Some(tool) = unread_tool(description) {
            note("annotation_not_read", &format!("written by {tool}, whose format is not read"));
        } else if says_it_is_one(description) {
            note(
                "annotation_format_unknown",
                "the Description gives no list of columns with the consequence among them",
            );
        }
    }
}

/// The dialect and the columns, if the Description tells of consequence annotations.
fn dialect(description: &str) -> Option<(Dialect, Vec<String>)> {
    let columns = columns(description)?;
    let has = |name: &str| columns.iter().any(|column| column.eq_ignore_ascii_case(name));
    let dialect = if has("Allele") && has("Annotation") {
        Dialect::SnpEff
    } else if !has("Consequence") {
        return None;
    } else if has("amino_acid_change") && has("dna_change") {
        Dialect::Bcsq
    } else if ["Allele", "Feature", "Gene", "SYMBOL", "IMPACT"].into_iter().any(has) {
        Dialect::Vep
    } else {
        return None;
    };
    Some((dialect, columns))
}

/// The list of columns: what follows `Format:`, or stands in single quotes. Words may follow the closing quote.
/// bcftools csq marks what may be missing by `[]`.
fn columns(description: &str) -> Option<Vec<String>> {
    let after_format = || {
        let at = description.to_ascii_lowercase().find("format:")?;
        let list = description[at + "format:".len()..].trim_start();
        let quoted = list.strip_prefix('\'').map(|rest| rest.split('\'').next().unwrap_or_default());
        Some(quoted.unwrap_or(list)).filter(|list| list.contains('|'))
    };
    let quoted = || description.split('\'').skip(1).step_by(2).find(|list| list.contains('|'));
    let list = after_format().or_else(quoted)?;
    let clean = |name: &str| name.trim_matches(|c: char| c.is_whitespace() || "[]*\"'".contains(c)).to_owned();
    Some(list.split('|').map(clean).collect())
}

/// Annotators whose formats are other ones.
fn unread_tool(description: &str) -> Option<&'static str> {
    let has = |words: &str| description.contains(words);
    if has("Funcotation fields are") {
        Some("GATK Funcotator")
    } else if has("Effect ( Effect_Impact") || has("Effect | ") && has("Effect_Impact") {
        Some("SnpEff before 4.0 or with -formatEff (EFF)")
    } else if has("predicted by IAE") {
        Some("Illumina's annotation engine (CSQT)")
    } else {
        None
    }
}

fn says_it_is_one(description: &str) -> bool {
    let lower = description.to_ascii_lowercase();
    ["consequence annotations from", "functional annotations:", "bcftools/csq"]
        .iter()
        .any(|words| lower.contains(words))
}
