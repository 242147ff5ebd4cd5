//! What a name means: a column, a tag that the header declares, or a number that is calculated.

use std::sync::Arc;

use super::ExpressionError;
use super::check::Operand;
use super::fields::{FieldType, FieldTypes, Kind, Number};
use super::lexer::{Column, Name};
use super::select::{self, Select};
use super::tree::{AlleleNumber, AlleleNumbers, FormatField, Key, Numbers, Samples, Source, TextField, TextSource};
use crate::domain::info::InfoKey;

/// Numbers that are calculated where the header declares no tag of that name.
const ALLELE_NUMBERS: [(&str, AlleleNumber); 5] = [
    ("AN", AlleleNumber::An),
    ("AC", AlleleNumber::Ac),
    ("AF", AlleleNumber::Af),
    ("MAC", AlleleNumber::Mac),
    ("MAF", AlleleNumber::Maf),
];

/// Finds the meaning of a name that begins at byte `at`. Columns and calculated numbers are found in any case, tags
/// only as they are declared.
pub(super) fn resolve(name: Name<'_>, at: usize, fields: &FieldTypes) -> Result<Operand, ExpressionError> {
    if name.column.is_none()
        && let Some(operand) = column(name, at, fields)?
    {
        return Ok(operand);
    }
    let (info, format) = (fields.info(name.name), fields.format(name.name));
    let (info, format) = match name.column {
        _ if name.percent && name.name.eq_ignore_ascii_case("ILEN") => (None, None),
        Some(Column::Info) => (info, None),
        Some(Column::Format) => (None, format),
        None => (info, format),
    };
    match (info, format) {
        (Some(_), Some(_)) => {
            let tag = name.name;
            let message = format!("{tag} is both INFO/{tag} and FORMAT/{tag}: say which");
            Err(ExpressionError::new(at, message))
        }
        (Some(field), None) => info_field(name, field),
        (None, Some(field)) => format_field(name, field, at, fields.samples()),
        (None, None) => calculated(name, at),
    }
}

/// A field of the header that is found by its name alone.
fn column(name: Name<'_>, at: usize, fields: &FieldTypes) -> Result<Option<Operand>, ExpressionError> {
    let upper = name.name.to_ascii_uppercase();
    let operand = match upper.as_str() {
        "ALT" => {
            let select = name.subscript.map_or(Ok(Select::All), |(at, text)| Select::parse(text, at))?;
            if select == Select::Genotype {
                return Err(ExpressionError::new(at, "GT chooses values only of a FORMAT field"));
            }
            Operand::Text(TextField { source: TextSource::Alts, select, whole: false, samples: None })
        }
        "QUAL" => site(Source::Qual, true),
        "POS" => site(Source::Pos, false),
        "N_ALT" => site(Source::AltCount, false),
        "N_SAMPLES" => site(Source::Constant(fields.samples() as f64), false),
        "N_MISSING" => site(Source::MissingGenotypes { fraction: false }, false),
        "F_MISSING" => site(Source::MissingGenotypes { fraction: true }, false),
        "CHROM" => Operand::Text(whole_text(TextSource::Chrom)),
        "REF" => Operand::Text(whole_text(TextSource::Reference)),
        "TYPE" => Operand::Type,
        "FILTER" => Operand::Filter,
        "ID" => Operand::Id,
        _ => return Ok(None),
    };
    match name.subscript {
        Some((at, _)) if upper != "ALT" => Err(ExpressionError::new(at - 1, format!("{upper} has no subscript"))),
        _ => Ok(Some(operand)),
    }
}

fn site(source: Source, can_be_missing: bool) -> Operand {
    Operand::Numbers { numbers: Numbers { source, samples: None }, can_be_missing }
}

fn whole_text(source: TextSource) -> TextField {
    TextField { source, select: Select::All, whole: true, samples: None }
}

fn info_key(name: &str) -> Key {
    Box::new(InfoKey::new(name.as_bytes()).into_owned())
}

fn info_field(name: Name<'_>, field: FieldType) -> Result<Operand, ExpressionError> {
    let key = info_key(name.name);
    match (field.kind, name.subscript) {
        (Kind::Flag, Some((at, _))) => Err(ExpressionError::new(at - 1, "a flag has no subscript")),
        (Kind::Flag, None) => Ok(site(Source::Flag(key), false)),
        (Kind::String, subscript) => {
            let select = select::of_info(field, subscript)?;
            Ok(Operand::Text(if field.number == Number::One {
                whole_text(TextSource::Info(key))
            } else {
                TextField { source: TextSource::Info(key), select, whole: false, samples: None }
            }))
        }
        (kind, subscript) => Ok(site(Source::Info { key, kind, select: select::of_info(field, subscript)? }, true)),
    }
}

fn format_field(name: Name<'_>, field: FieldType, at: usize, samples: usize) -> Result<Operand, ExpressionError> {
    let is_genotype = name.name == "GT";
    if is_genotype && let Some((at, _)) = name.subscript.filter(|(_, text)| text.contains(':') || *text == "GT") {
        return Err(ExpressionError::new(at, "a genotype has no values to choose from"));
    }
    let field = if is_genotype { FieldType { number: Number::One, kind: Kind::String } } else { field };
    let (chosen, select) = select::of_format(field, samples, name.subscript)?;
    // A file of sites alone has no samples: nothing is asked of each one then.
    let samples: Option<Samples> = (!chosen.is_empty()).then(|| Arc::from(chosen));
    if is_genotype {
        return Ok(Operand::Genotype(samples));
    }
    let tag = name.name.as_bytes().to_vec();
    match field.kind {
        Kind::Flag => Err(ExpressionError::new(at, "a FORMAT field cannot be a flag")),
        Kind::String => Ok(Operand::Text(TextField { source: TextSource::Format(tag), select, whole: false, samples })),
        kind => {
            let width = select.count();
            let source = Source::Format(FormatField { tag, kind, select, width });
            Ok(Operand::Numbers { numbers: Numbers { source, samples }, can_be_missing: true })
        }
    }
}

/// AN, AC, AF, MAC, MAF and ILEN.
fn calculated(name: Name<'_>, at: usize) -> Result<Operand, ExpressionError> {
    let subscript = name.subscript.map(|(at, text)| Select::parse(text, at)).transpose()?;
    if subscript != Some(Select::Genotype) && name.column != Some(Column::Format) {
        if name.name.eq_ignore_ascii_case("ILEN") {
            return Ok(site(Source::IndelLengths(subscript.unwrap_or(Select::All)), false));
        }
        if let Some((_, what)) = ALLELE_NUMBERS.iter().find(|(word, _)| name.name.eq_ignore_ascii_case(word)) {
            let (ac, an) = (info_key("AC"), info_key("AN"));
            // Without a subscript the first ALT counts.
            let select = subscript.unwrap_or(Select::One(0));
            return Ok(site(Source::Alleles(AlleleNumbers { what: *what, select, ac, an }), false));
        }
    }
    let tag = match name.column {
        None => name.name.to_owned(),
        Some(Column::Info) => format!("INFO/{}", name.name),
        Some(Column::Format) => format!("FORMAT/{}", name.name),
    };
    Err(ExpressionError::new(at, format!("the header does not declare {tag}")))
}
