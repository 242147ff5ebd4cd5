//! From the syntax to a tree that makes sense: names are looked up, types are compared, files are read.

use std::collections::HashSet;
use std::sync::Arc;

use super::fields::FieldTypes;
use super::lexer::Operator;
use super::syntax::{Node, Syntax};
use super::tree::{
    Against, Condition, GenotypeKind, Numbers, Operation, Relation, Samples, Source, Test, TextField, TextSource,
};
use super::{ExpressionError, functions, names, pattern, select::Select};

/// Reads the file behind `@path`.
pub(super) type ReadFile<'r> = &'r mut dyn FnMut(&str) -> std::io::Result<Vec<u8>>;

/// A part of an expression with its type.
pub(super) enum Operand {
    /// `can_be_missing`: it may be compared with `"."`.
    Numbers {
        numbers: Numbers,
        can_be_missing: bool,
    },
    Text(TextField),
    /// A text in quotes.
    Literal(String),
    /// What a file lists.
    Listed(HashSet<Vec<u8>>),
    Type,
    Filter,
    Id,
    /// GT of these samples.
    Genotype(Option<Samples>),
    Condition(Condition),
}

/// What the check needs to know.
pub(super) struct Checker<'c> {
    pub fields: &'c FieldTypes,
    pub read: ReadFile<'c>,
}

type Checked<T> = Result<T, ExpressionError>;

impl Checker<'_> {
    /// The whole expression.
    pub fn condition(&mut self, node: &Node<'_>) -> Checked<Condition> {
        match self.operand(node)? {
            Operand::Condition(condition) => Ok(condition),
            _ => Err(ExpressionError::new(node.at, "this is compared with nothing: a condition is needed here")),
        }
    }

    /// A part that must be numbers.
    pub fn numbers(&mut self, node: &Node<'_>) -> Checked<Numbers> {
        match self.operand(node)? {
            Operand::Numbers { numbers, .. } => Ok(numbers),
            Operand::Condition(_) => Err(ExpressionError::new(node.at, "a condition is no number")),
            _ => Err(ExpressionError::new(node.at, "a number is needed here")),
        }
    }

    pub fn operand(&mut self, node: &Node<'_>) -> Checked<Operand> {
        match &node.kind {
            Syntax::Number(number) => Ok(constant(*number)),
            Syntax::Text(text) => Ok(Operand::Literal((*text).to_owned())),
            Syntax::File(path) => self.listed(path, node.at).map(Operand::Listed),
            Syntax::Name(name) => names::resolve(*name, node.at, self.fields),
            Syntax::Call { name, arguments } => functions::call(self, name, node.at, arguments),
            Syntax::Negated(operand) => {
                let numbers = self.numbers(operand)?;
                let samples = numbers.samples.clone();
                Ok(numeric(Source::Negated(Box::new(numbers)), samples))
            }
            Syntax::Binary { operator, operator_at, left, right } => self.binary(*operator, *operator_at, left, right),
        }
    }

    fn listed(&mut self, path: &str, at: usize) -> Checked<HashSet<Vec<u8>>> {
        if path.starts_with(['~', '$']) {
            return Err(ExpressionError::new(at, "~ and $ at the beginning of a path are not expanded"));
        }
        let text = (self.read)(path).map_err(|e| ExpressionError::new(at, format!("{path} cannot be read: {e}")))?;
        let words = text.split(|&b| b == b'\n').filter_map(|line| {
            let word = line.split(u8::is_ascii_whitespace).next()?;
            (!word.is_empty()).then(|| word.to_vec())
        });
        Ok(words.collect())
    }

    fn binary(&mut self, operator: Operator, at: usize, left: &Node<'_>, right: &Node<'_>) -> Checked<Operand> {
        if let Some(operation) = operation(operator) {
            let (left, right) = (self.numbers(left)?, self.numbers(right)?);
            let samples = within(&left.samples, &right.samples, at)?;
            let (left, right) = (Box::new(left), Box::new(right));
            return Ok(numeric(Source::Calculated { operation, left, right }, samples));
        }
        let across = matches!(operator, Operator::AndAcross | Operator::OrAcross);
        if operator.level() <= Operator::AndWithin.level() {
            let (left, right) = (self.condition(left)?, self.condition(right)?);
            let samples = either(&left.samples, &right.samples);
            let (left, right) = (Box::new(left), Box::new(right));
            let test = match operator.level() == Operator::AndWithin.level() {
                true => Test::And { across, left, right },
                false => Test::Or { across, left, right },
            };
            return Ok(Operand::Condition(Condition { test, samples }));
        }
        let (first, second) = (self.operand(left)?, self.operand(right)?);
        let condition = compare(operator, at, (first, left.at), (second, right.at))?;
        Ok(Operand::Condition(condition))
    }
}

fn constant(number: f64) -> Operand {
    numeric(Source::Constant(number), None)
}

/// Numbers that are calculated.
pub(super) fn numeric(source: Source, samples: Option<Samples>) -> Operand {
    Operand::Numbers { numbers: Numbers { source, samples }, can_be_missing: false }
}

fn operation(operator: Operator) -> Option<Operation> {
    Some(match operator {
        Operator::Add => Operation::Add,
        Operator::Subtract => Operation::Subtract,
        Operator::Multiply => Operation::Multiply,
        Operator::Divide => Operation::Divide,
        Operator::Remainder => Operation::Remainder,
        _ => return None,
    })
}

fn relation(operator: Operator) -> Option<Relation> {
    Some(match operator {
        Operator::Equal => Relation::Equal,
        Operator::NotEqual => Relation::NotEqual,
        Operator::Less => Relation::Less,
        Operator::LessOrEqual => Relation::LessOrEqual,
        Operator::Greater => Relation::Greater,
        Operator::GreaterOrEqual => Relation::GreaterOrEqual,
        _ => return None,
    })
}

/// Samples of which either side is asked.
fn either(left: &Option<Samples>, right: &Option<Samples>) -> Option<Samples> {
    match (left, right) {
        (Some(left), Some(right)) => Some(left.iter().zip(right.iter()).map(|(&l, &r)| l || r).collect()),
        (left, right) => left.clone().or_else(|| right.clone()),
    }
}

/// Samples of which both sides are asked: values are joined and compared within a sample.
pub(super) fn within(left: &Option<Samples>, right: &Option<Samples>, at: usize) -> Checked<Option<Samples>> {
    let (Some(left), Some(right)) = (left, right) else { return Ok(left.clone().or_else(|| right.clone())) };
    let both: Samples = left.iter().zip(right.iter()).map(|(&l, &r)| l && r).collect();
    if both.contains(&true) {
        return Ok(Some(both));
    }
    Err(ExpressionError::new(at, "the two sides are of different samples: values are compared within a sample"))
}

/// An operand and where it begins.
type Placed = (Operand, usize);

fn compare(operator: Operator, at: usize, left: Placed, right: Placed) -> Checked<Condition> {
    let is_pattern = matches!(operator, Operator::Matches | Operator::MatchesNot);
    if is_pattern && !matches!(right.0, Operand::Literal(_)) {
        return Err(ExpressionError::new(right.1, "the right side of ~ is a pattern in quotes"));
    }
    // What is constant comes second.
    let ((first, first_at), (second, second_at)) = match (&left.0, relation(operator)) {
        (Operand::Literal(_) | Operand::Listed(_), Some(Relation::Equal | Relation::NotEqual)) => (right, left),
        _ => (left, right),
    };
    let negated = matches!(operator, Operator::NotEqual | Operator::MatchesNot);
    if let Some(relation @ (Relation::Less | Relation::LessOrEqual | Relation::Greater | Relation::GreaterOrEqual)) =
        relation(operator)
    {
        return match (first, second) {
            (Operand::Numbers { numbers: left, .. }, Operand::Numbers { numbers: right, .. }) => {
                compare_numbers(relation, left, right, at)
            }
            (Operand::Condition(_), _) | (_, Operand::Condition(_)) => Err(chained(at)),
            _ => Err(ExpressionError::new(at, format!("{} compares numbers only", operator.symbol()))),
        };
    }
    match (first, second) {
        (Operand::Type, Operand::Literal(word)) => {
            let mask = variant_type(&word).ok_or_else(|| {
                let known = "snp, indel, mnp, other, bnd, overlap or ref";
                ExpressionError::new(second_at, format!("TYPE is {known}"))
            })?;
            Ok(Condition { test: Test::Type { mask, exactly: !is_pattern, negated }, samples: None })
        }
        (Operand::Filter, Operand::Literal(entries)) => {
            let names = filter_names(&entries).map_err(|message| ExpressionError::new(second_at, message))?;
            Ok(Condition { test: Test::Filter { names, exactly: !is_pattern, negated }, samples: None })
        }
        (Operand::Id, second @ (Operand::Literal(_) | Operand::Listed(_))) => {
            let against = against(second, is_pattern, second_at)?;
            Ok(Condition { test: Test::Id { against, negated }, samples: None })
        }
        (Operand::Genotype(samples), Operand::Literal(word)) => {
            genotype(samples, &word, is_pattern, negated, second_at)
        }
        (Operand::Text(field), Operand::Text(other)) => {
            let samples = within(&field.samples, &other.samples, at)?;
            if field.samples.is_some() && other.samples.is_some() {
                return Err(ExpressionError::new(at, "two FORMAT fields of text cannot be compared"));
            }
            let (field, other) = if other.samples.is_some() { (other, field) } else { (field, other) };
            Ok(Condition { test: Test::Text { field, against: Against::Field(other), negated }, samples })
        }
        (Operand::Text(field), second @ (Operand::Literal(_) | Operand::Listed(_))) => {
            let samples = field.samples.clone();
            let against = against(second, is_pattern, second_at)?;
            Ok(Condition { test: Test::Text { field, against, negated }, samples })
        }
        (Operand::Numbers { numbers, can_be_missing: true }, Operand::Literal(dot)) if dot == "." && !is_pattern => {
            let missing = Numbers { source: Source::Missing, samples: None };
            let relation = if negated { Relation::NotEqual } else { Relation::Equal };
            compare_numbers(relation, numbers, missing, at)
        }
        (Operand::Numbers { numbers: left, .. }, Operand::Numbers { numbers: right, .. }) => {
            let relation = if negated { Relation::NotEqual } else { Relation::Equal };
            compare_numbers(relation, left, right, at)
        }
        (first, second) => Err(mismatch(&first, first_at, &second, second_at, at)),
    }
}

fn compare_numbers(relation: Relation, left: Numbers, right: Numbers, at: usize) -> Checked<Condition> {
    let samples = within(&left.samples, &right.samples, at)?;
    Ok(Condition { test: Test::Compare { relation, left, right }, samples })
}

fn chained(at: usize) -> ExpressionError {
    ExpressionError::new(at, "a condition cannot be compared: join two conditions with &&")
}

/// Says why two operands cannot be compared.
fn mismatch(first: &Operand, first_at: usize, second: &Operand, second_at: usize, at: usize) -> ExpressionError {
    match (first, second) {
        (Operand::Condition(_), _) | (_, Operand::Condition(_)) => chained(at),
        (Operand::Genotype(_) | Operand::Type | Operand::Filter, _) => {
            ExpressionError::new(second_at, "GT, TYPE and FILTER are compared with a text in quotes")
        }
        (_, Operand::Genotype(_) | Operand::Type | Operand::Filter) => {
            ExpressionError::new(first_at, "GT, TYPE and FILTER are compared with a text in quotes")
        }
        (Operand::Id, _) => ExpressionError::new(second_at, "ID is compared with a text in quotes or with @file"),
        (_, Operand::Id) => ExpressionError::new(first_at, "ID is compared with a text in quotes or with @file"),
        (Operand::Numbers { .. }, Operand::Literal(dot)) if dot == "." => {
            ExpressionError::new(second_at, "only QUAL and numbers of INFO and FORMAT are compared with \".\"")
        }
        (Operand::Numbers { .. }, _) => {
            ExpressionError::new(second_at, "a number is compared with a text: numbers are written without quotes")
        }
        (Operand::Text(_), _) => {
            ExpressionError::new(second_at, "a text is compared with a number: texts are written in quotes")
        }
        _ => ExpressionError::new(at, "one side must be a field of the record"),
    }
}

/// A text as what something is compared with.
fn against(operand: Operand, is_pattern: bool, at: usize) -> Checked<Against> {
    match operand {
        Operand::Listed(_) if is_pattern => Err(ExpressionError::new(at, "the right side of ~ is a pattern in quotes")),
        Operand::Listed(words) => Ok(Against::Listed(words)),
        Operand::Literal(text) if is_pattern => {
            let regex = pattern::compile(&text).map_err(|message| ExpressionError::new(at, message))?;
            Ok(Against::Pattern { regex, is_missing: text.split(',').any(|element| element == ".") })
        }
        Operand::Literal(text) if text.is_empty() => {
            Err(ExpressionError::new(at, "the text is empty: a missing value is \".\""))
        }
        Operand::Literal(text) => {
            let mut elements: Vec<String> = text.split(',').map(str::to_owned).collect();
            elements.pop_if(|last| last.is_empty());
            Ok(Against::Literal(elements))
        }
        _ => Err(ExpressionError::new(at, "a text in quotes is needed here")),
    }
}

/// The bits of the types that a word names; see [`super::variant`].
fn variant_type(word: &str) -> Option<u8> {
    Some(match word.to_ascii_lowercase().as_str() {
        "ref" => super::variant::REF,
        "snp" | "snps" => super::variant::SNP,
        "mnp" | "mnps" => super::variant::MNP,
        "indel" | "indels" => super::variant::INDEL,
        "other" => super::variant::OTHER,
        "bnd" => super::variant::BND,
        "overlap" => super::variant::OVERLAP,
        _ => return None,
    })
}

fn filter_names(entries: &str) -> Result<Vec<String>, &'static str> {
    let names: Vec<String> = entries.split(';').filter(|name| *name != ".").map(str::to_owned).collect();
    if names.iter().any(String::is_empty) {
        return Err("an entry of FILTER is empty: no filter is \".\"");
    }
    if !names.is_empty() && entries.split(';').any(|name| name == ".") {
        return Err("FILTER cannot be \".\" and hold entries");
    }
    Ok(names)
}

/// GT against a kind of genotype or against a genotype as it is written.
fn genotype(samples: Option<Samples>, word: &str, is_pattern: bool, negated: bool, at: usize) -> Checked<Condition> {
    let lower = word.to_ascii_lowercase();
    let (kind, word) = match lower.as_str() {
        "hom" | "het" | "hap" => (Some(GenotypeKind::Zygosity), lower),
        "ref" | "alt" | "mis" => (Some(GenotypeKind::Carrier), lower),
        "ra" | "ar" => (Some(GenotypeKind::Alleles), "ra".to_owned()),
        // Of two ALTs: different ones if the letters are of different case.
        "aa" if word == "aA" || word == "Aa" => (Some(GenotypeKind::Alleles), "aA".to_owned()),
        "rr" | "aa" | "r" | "a" => (Some(GenotypeKind::Alleles), lower),
        _ => (None, word.to_owned()),
    };
    let source = kind.map_or(TextSource::Genotype, TextSource::GenotypeKind);
    let field = TextField { source, select: Select::All, whole: true, samples: samples.clone() };
    let against = against(Operand::Literal(word), is_pattern, at)?;
    Ok(Condition { test: Test::Text { field, against, negated }, samples: samples.map(|s| Arc::clone(&s)) })
}
