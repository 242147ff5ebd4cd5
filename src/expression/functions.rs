//! Functions: which there are and what they take.

use super::ExpressionError;
use super::check::{Checker, Operand, numeric, within};
use super::syntax::Node;
use super::tree::{Source, Summary};

/// Prefixes of a summary that is made within each sample.
const PER_SAMPLE: [&str; 2] = ["smpl_", "s"];

type Checked = Result<Operand, ExpressionError>;

/// Checks a call of the function `name`, which begins at byte `at`.
pub(super) fn call(checker: &mut Checker<'_>, name: &str, at: usize, arguments: &[Node<'_>]) -> Checked {
    let name = name.to_ascii_lowercase();
    if name == "binom" {
        return binom(checker, at, arguments);
    }
    let takes_one = || match arguments {
        [argument] => Ok(argument),
        _ => Err(ExpressionError::new(at, format!("{name}() takes one argument"))),
    };
    if let Some((summary, per_sample)) = summary(&name) {
        return summarise(checker, summary, per_sample, takes_one()?);
    }
    match name.as_str() {
        "abs" => unary(checker, takes_one()?, |of| Source::Absolute(Box::new(of))),
        "phred" => unary(checker, takes_one()?, |of| Source::Phred(Box::new(of))),
        "count" => count(checker, takes_one()?),
        "strlen" => strlen(checker, takes_one()?),
        "n_pass" => passing(checker, takes_one()?, false),
        "f_pass" => passing(checker, takes_one()?, true),
        "fisher" => Err(ExpressionError::new(at, "fisher() is not supported")),
        name if name.starts_with("perl.") => Err(ExpressionError::new(at, "perl functions are not supported")),
        _ => Err(ExpressionError::new(at, format!("there is no function {name}()"))),
    }
}

/// The summary of this name, and whether it is made within each sample.
fn summary(name: &str) -> Option<(Summary, bool)> {
    let of = |word: &str| {
        Some(match word {
            "max" => Summary::Max,
            "min" => Summary::Min,
            "avg" | "mean" => Summary::Mean,
            "median" => Summary::Median,
            "stdev" => Summary::Deviation,
            "sum" => Summary::Sum,
            _ => return None,
        })
    };
    if let Some(summary) = of(name) {
        return Some((summary, false));
    }
    let word = PER_SAMPLE.iter().find_map(|prefix| name.strip_prefix(prefix))?;
    let summary = if word == "count" { Some(Summary::Count) } else { of(word) };
    summary.map(|summary| (summary, true))
}

fn summarise(checker: &mut Checker<'_>, summary: Summary, per_sample: bool, argument: &Node<'_>) -> Checked {
    let of = Box::new(checker.numbers(argument)?);
    let samples = of.samples.clone().filter(|_| per_sample);
    // bcftools takes the mean of an INFO field for some of these.
    let has_meaning = matches!(summary, Summary::Max | Summary::Min | Summary::Mean);
    if per_sample && samples.is_none() && checker.fields.samples() > 0 && !has_meaning {
        return Err(ExpressionError::new(argument.at, "this is no FORMAT field: use the function without SMPL_"));
    }
    let per_sample = samples.is_some();
    Ok(numeric(Source::Summary { summary, per_sample, of }, samples))
}

fn unary(checker: &mut Checker<'_>, argument: &Node<'_>, source: fn(super::tree::Numbers) -> Source) -> Checked {
    let of = checker.numbers(argument)?;
    let samples = of.samples.clone();
    Ok(numeric(source(of), samples))
}

/// COUNT: of samples that pass a condition, of the values of a field.
fn count(checker: &mut Checker<'_>, argument: &Node<'_>) -> Checked {
    let refuse = |message: &str| Err(ExpressionError::new(argument.at, message));
    match checker.operand(argument)? {
        Operand::Condition(condition) if condition.samples.is_none() && checker.fields.samples() > 0 => {
            refuse("this condition is about the site: COUNT counts samples")
        }
        Operand::Condition(condition) => {
            Ok(numeric(Source::Passing { condition: Box::new(condition), fraction: false }, None))
        }
        Operand::Numbers { numbers, .. } => {
            let summary = match (&numbers.samples, &numbers.source) {
                (None, _) => Summary::Length,
                (Some(_), Source::Format(_)) => Summary::Count,
                (Some(_), _) => return refuse("COUNT of calculated FORMAT values is not supported"),
            };
            Ok(numeric(Source::Summary { summary, per_sample: false, of: Box::new(numbers) }, None))
        }
        Operand::Text(field) if field.samples.is_none() => Ok(numeric(Source::TextCount(field), None)),
        Operand::Text(_) | Operand::Genotype(_) => refuse("COUNT of a FORMAT field of text is not supported"),
        _ => refuse("COUNT takes a condition or a field"),
    }
}

fn strlen(checker: &mut Checker<'_>, argument: &Node<'_>) -> Checked {
    match checker.operand(argument)? {
        Operand::Text(field) if field.samples.is_none() => Ok(numeric(Source::TextLengths(field), None)),
        Operand::Text(_) | Operand::Genotype(_) => {
            Err(ExpressionError::new(argument.at, "STRLEN of a FORMAT field is not supported"))
        }
        _ => Err(ExpressionError::new(argument.at, "STRLEN takes a field of text")),
    }
}

/// N_PASS and F_PASS.
fn passing(checker: &mut Checker<'_>, argument: &Node<'_>, fraction: bool) -> Checked {
    let condition = Box::new(checker.condition(argument)?);
    if condition.samples.is_none() && checker.fields.samples() > 0 {
        return Err(ExpressionError::new(
            argument.at,
            "this condition is about the site: N_PASS and F_PASS count samples",
        ));
    }
    Ok(numeric(Source::Passing { condition, fraction }, None))
}

fn binom(checker: &mut Checker<'_>, at: usize, arguments: &[Node<'_>]) -> Checked {
    match arguments {
        [argument] => {
            let of = checker.numbers(argument)?;
            match (of.samples.clone(), of.source) {
                (None, source) => {
                    let of = Box::new(super::tree::Numbers { source, samples: None });
                    Ok(numeric(Source::BinomialOfPair(of), None))
                }
                (samples, Source::Format(field)) => Ok(numeric(Source::BinomialByGenotype(field), samples)),
                _ => Err(ExpressionError::new(argument.at, "binom() of calculated FORMAT values is not supported")),
            }
        }
        [first, second] => {
            let (left, right) = (checker.numbers(first)?, checker.numbers(second)?);
            if left.samples.is_some() != right.samples.is_some() {
                return Err(ExpressionError::new(second.at, "binom() takes two FORMAT values or two INFO values"));
            }
            for (numbers, node) in [(&left, first), (&right, second)] {
                if let Source::Format(field) = &numbers.source
                    && field.width != Some(1)
                {
                    return Err(ExpressionError::new(node.at, "binom() takes one value each: write [:0] and [:1]"));
                }
            }
            let samples = within(&left.samples, &right.samples, second.at)?;
            Ok(numeric(Source::Binomial(Box::new(left), Box::new(right)), samples))
        }
        _ => Err(ExpressionError::new(at, "binom() takes one or two arguments")),
    }
}
