//! An expression that is known to make sense: every name is found, every operand of the right type.

use std::collections::HashSet;
use std::sync::Arc;

use regex::bytes::Regex;

use super::fields::Kind;
use super::select::Select;
use crate::domain::info::InfoKey;

/// Which samples a value is asked of.
pub(super) type Samples = Arc<[bool]>;

/// A key of INFO; boxed, because what makes it fast to find is large.
pub(super) type Key = Box<InfoKey<'static>>;

/// What passes or not: a site, and, if `samples` are given, each of those.
#[derive(Debug)]
pub(super) struct Condition {
    pub test: Test,
    pub samples: Option<Samples>,
}

#[derive(Debug)]
pub(super) enum Test {
    /// `&`, or `&&` if `across`: then the two sides may hold in different samples.
    And {
        across: bool,
        left: Box<Condition>,
        right: Box<Condition>,
    },
    /// `|`, or `||` if `across`: then all samples pass if one does.
    Or {
        across: bool,
        left: Box<Condition>,
        right: Box<Condition>,
    },
    Compare {
        relation: Relation,
        left: Numbers,
        right: Numbers,
    },
    Text {
        field: TextField,
        against: Against,
        negated: bool,
    },
    /// TYPE; `exactly`: all alleles are of that type, otherwise one is.
    Type {
        mask: u8,
        exactly: bool,
        negated: bool,
    },
    /// FILTER; `exactly`: these entries and no others, otherwise these among others. No names is `.`.
    Filter {
        names: Vec<String>,
        exactly: bool,
        negated: bool,
    },
    Id {
        against: Against,
        negated: bool,
    },
}

/// What a text is compared with.
#[derive(Debug)]
pub(super) enum Against {
    /// Any of these: what commas separate in a text in quotes.
    Literal(Vec<String>),
    Field(TextField),
    /// `is_missing`: the pattern is a lone `.`, or holds one between commas; that matches what is missing.
    Pattern {
        regex: Regex,
        is_missing: bool,
    },
    Listed(HashSet<Vec<u8>>),
}

/// Texts of a record or of its samples.
#[derive(Debug)]
pub(super) struct TextField {
    pub source: TextSource,
    pub select: Select,
    /// The field has one text, whatever commas it holds; comparisons split it all the same.
    pub whole: bool,
    pub samples: Option<Samples>,
}

#[derive(Debug)]
pub(super) enum TextSource {
    Chrom,
    Reference,
    Alts,
    Info(Key),
    Format(Vec<u8>),
    /// GT as it is written.
    Genotype,
    /// GT in a word.
    GenotypeKind(GenotypeKind),
}

/// Which words stand for a genotype.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum GenotypeKind {
    /// `hap`, `hom`, `het`.
    Zygosity,
    /// `ref`, `alt`, `mis`.
    Carrier,
    /// `r`, `a`, `rr`, `ra`, `aa`, `aA`.
    Alleles,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Relation {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// Numbers of a record, or, if `samples` are given, of each of those.
#[derive(Debug)]
pub(super) struct Numbers {
    pub source: Source,
    pub samples: Option<Samples>,
}

#[derive(Debug)]
pub(super) enum Source {
    Constant(f64),
    /// The `"."` that a number is compared with.
    Missing,
    Qual,
    Pos,
    /// N_ALT.
    AltCount,
    /// ILEN.
    IndelLengths(Select),
    /// N_MISSING; `fraction`: F_MISSING.
    MissingGenotypes {
        fraction: bool,
    },
    /// AN, AC, AF, MAC or MAF, which the header does not declare.
    Alleles(AlleleNumbers),
    Info {
        key: Key,
        kind: Kind,
        select: Select,
    },
    Flag(Key),
    Format(FormatField),
    Negated(Box<Numbers>),
    Calculated {
        operation: Operation,
        left: Box<Numbers>,
        right: Box<Numbers>,
    },
    /// One number of all values; of all values of a sample if `per_sample`.
    Summary {
        summary: Summary,
        per_sample: bool,
        of: Box<Numbers>,
    },
    Absolute(Box<Numbers>),
    Phred(Box<Numbers>),
    /// COUNT of a condition and N_PASS; `fraction`: F_PASS.
    Passing {
        condition: Box<Condition>,
        fraction: bool,
    },
    /// COUNT of a text.
    TextCount(TextField),
    /// STRLEN.
    TextLengths(TextField),
    /// binom() of one field, with the values that GT names.
    BinomialByGenotype(FormatField),
    /// binom() of an INFO field of two values.
    BinomialOfPair(Box<Numbers>),
    /// binom() of two fields of one value.
    Binomial(Box<Numbers>, Box<Numbers>),
}

/// A FORMAT tag of numbers.
#[derive(Debug)]
pub(super) struct FormatField {
    pub tag: Vec<u8>,
    pub kind: Kind,
    pub select: Select,
    /// How many values are chosen of each sample, if that is the same for every record.
    pub width: Option<usize>,
}

/// What is calculated from counts of alleles.
#[derive(Debug)]
pub(super) struct AlleleNumbers {
    pub what: AlleleNumber,
    pub select: Select,
    /// INFO's AC and AN, which are believed if both are there.
    pub ac: Key,
    pub an: Key,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AlleleNumber {
    An,
    Ac,
    Af,
    Mac,
    Maf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Summary {
    Max,
    Min,
    Mean,
    Median,
    Deviation,
    Sum,
    /// Values that are there.
    Count,
    /// Values, those that are missing among them: COUNT of an INFO field.
    Length,
}
