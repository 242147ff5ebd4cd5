//! The expression language of bcftools (`-i`/`-e`): which records pass, and which of their samples. Pure: a record is
//! text columns ([`Record`]), what the header declares is brought by the caller ([`FieldTypes`]), nothing is read but
//! the list behind `ID=@file`. What works, what does not and where bcftools is not followed: `docs/expressions.md`.
//!
//! From text to a decision: `lexer` (tokens) → `syntax` (a tree by precedence, and back to text) → `check`, with
//! `names`, `functions`, `select` and `pattern` (a `tree` that makes sense) → `eval`, with `numbers`, `calculate`,
//! `text`, `genotype` and `variant` (a record). An error is found before the first record; after that there is only a
//! decision.
//!
//! For whoever uses it, triage for one:
//!
//! ```
//! use vcf_agent::expression::{Expression, FieldTypes, Record, Scratch};
//!
//! let fields = FieldTypes::new([("AF", "A", "Float")], [("GT", "1", "String"), ("DP", "1", "Integer")], 2);
//! let expression = Expression::parse("AF<0.1 && FMT/DP>10", &fields)?;
//! let record = Record::from_line(b"1\t7\t.\tA\tC\t30\tPASS\tAF=0.05\tGT:DP\t0/1:30\t0/0:8").ok_or("no record")?;
//! let mut scratch = Scratch::default();
//! let decision = expression.eval(&record, &mut scratch);
//! assert!(decision.site && decision.samples.get(0) && !decision.samples.get(1));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! * Build [`FieldTypes`] once per file from the header's `##INFO` and `##FORMAT` lines; parse once per file, because
//!   what a name means depends on the header. [`Expression`] is `Send` and `Sync`; each thread has a [`Scratch`] of its
//!   own.
//! * Of [`Rows`](crate::domain::rows::Rows) a record's text stands on its first row; a null is `.`, and the ALT column
//!   is the `alt` of its rows, joined by commas.
//! * A clause that includes keeps a record if `decision.site`; one that excludes keeps it if not. All alleles of a
//!   record share the decision. `decision.samples` is for whoever asks about samples.
//! * `decision.undecided` says that bcftools would have stopped at this record; the site then fails. Do not lose such a
//!   record silently.
//! * For a canonical text use `to_string()`: it parses to the same decisions under the same [`FieldTypes`]. A list
//!   behind `@file` is not in that text: bring it with [`Expression::parse_with`].

mod calculate;
mod check;
mod eval;
mod fields;
mod functions;
mod genotype;
mod lexer;
mod names;
mod numbers;
mod pattern;
mod record;
mod select;
mod syntax;
mod text;
mod tree;
mod values;
mod variant;

use std::fmt;

pub use fields::{FieldType, FieldTypes, Kind, Number};
pub use record::Record;
pub use values::Scratch;

/// An expression, ready to be asked about records.
#[derive(Debug)]
pub struct Expression {
    condition: tree::Condition,
    samples: usize,
    canonical: String,
}

/// Why a text is no expression that works here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message} (at byte {position})")]
pub struct ExpressionError {
    /// The byte of the text where it goes wrong, from 0.
    pub position: usize,
    /// What is wrong and what would be right.
    pub message: String,
}

impl ExpressionError {
    fn new(position: usize, message: impl Into<String>) -> Self {
        Self { position, message: message.into() }
    }
}

/// Why a record cannot be decided: at such a one bcftools ends with an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Undecided {
    /// Two lists of different lengths are joined or compared.
    Lengths,
    /// INFO's AC counts more alleles than AN.
    AlleleCounts,
    /// A genotype names an allele that the record does not have.
    AlleleIndex,
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Lengths => "lists of different lengths are joined or compared",
            Self::AlleleCounts => "INFO/AC counts more alleles than INFO/AN",
            Self::AlleleIndex => "a genotype names an allele that the record does not have",
        })
    }
}

/// What an expression says of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'s> {
    /// Whether the record passes.
    pub site: bool,
    /// Which samples pass.
    pub samples: SampleMask<'s>,
    /// Set if bcftools would stop at this record; then nothing passes.
    pub undecided: Option<Undecided>,
}

/// A bit for each sample of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SampleMask<'s> {
    /// The expression is about the site: all samples do as it does.
    All(bool),
    /// One entry per sample.
    Each(&'s [bool]),
}

impl SampleMask<'_> {
    /// Whether sample `i` passes; panics if there is no such sample.
    pub fn get(&self, i: usize) -> bool {
        match self {
            Self::All(all) => *all,
            Self::Each(bits) => bits[i],
        }
    }
}

impl Expression {
    /// Reads an expression for files of this header. The list behind `@file` is read from the file system, relative to
    /// the working directory.
    pub fn parse(text: &str, fields: &FieldTypes) -> Result<Self, ExpressionError> {
        Self::parse_with(text, fields, &mut |path| std::fs::read(path))
    }

    /// Whether a text is an expression for any header: names and types are not looked at.
    ///
    /// # Errors
    /// Where it goes wrong.
    pub fn check_syntax(text: &str) -> Result<(), ExpressionError> {
        syntax::parse(text).map(drop)
    }

    /// As [`Expression::parse`], with lists that the caller brings.
    pub fn parse_with(
        text: &str,
        fields: &FieldTypes,
        read: &mut dyn FnMut(&str) -> std::io::Result<Vec<u8>>,
    ) -> Result<Self, ExpressionError> {
        let node = syntax::parse(text)?;
        let condition = check::Checker { fields, read }.condition(&node)?;
        Ok(Self { condition, samples: fields.samples(), canonical: syntax::print(&node) })
    }

    /// Decides a record. The decision lives in the scratch until the next one.
    pub fn eval<'s>(&self, record: &Record<'_>, scratch: &'s mut Scratch) -> Decision<'s> {
        scratch.undecided = None;
        let context = eval::Context { record: *record, samples: self.samples };
        let verdict = eval::condition(&self.condition, &context, scratch);
        let undecided = scratch.undecided;
        let site = verdict.site && undecided.is_none();
        let Some(mask) = verdict.mask else {
            return Decision { site, samples: SampleMask::All(site), undecided };
        };
        let before = std::mem::replace(&mut scratch.decided, mask);
        scratch.give_back_mask(before);
        if undecided.is_some() {
            scratch.decided.fill(false);
        }
        let samples = SampleMask::Each(&scratch.decided);
        Decision { site, samples, undecided }
    }
}

/// A text that parses to the same decisions.
impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.canonical)
    }
}
