//! Which tags the header declares: what an expression may name.

use std::collections::HashMap;

/// `Type` of a tag. `Character` is text, and so is any word that is none of the format's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// 32-bit integers.
    Integer,
    /// 32-bit floats.
    Float,
    /// Text.
    String,
    /// Present or absent.
    Flag,
}

/// `Number` of a tag, as far as an expression asks for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Number {
    /// Exactly one value.
    One,
    /// One value per allele, REF first.
    R,
    /// Any other number of values.
    Many,
}

/// A declared tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldType {
    /// How many values.
    pub number: Number,
    /// Of which type.
    pub kind: Kind,
}

impl FieldType {
    fn new(number: &str, kind: &str) -> Self {
        let kind = match kind {
            "Integer" => Kind::Integer,
            "Float" => Kind::Float,
            "Flag" => Kind::Flag,
            _ => Kind::String,
        };
        let number = match number {
            "1" => Number::One,
            "R" => Number::R,
            _ => Number::Many,
        };
        Self { number, kind }
    }
}

/// The INFO and FORMAT tags that a header declares, and how many samples it has. Of a tag that is declared twice the
/// first declaration counts.
#[derive(Debug, Clone, Default)]
pub struct FieldTypes {
    info: HashMap<String, FieldType>,
    format: HashMap<String, FieldType>,
    samples: usize,
}

impl FieldTypes {
    /// From (ID, Number, Type) of the `##INFO` lines, then of the `##FORMAT` lines, all words as written, and the
    /// number of sample columns.
    pub fn new<'a>(
        info: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
        format: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>,
        samples: usize,
    ) -> Self {
        Self { info: first_of_each(info), format: first_of_each(format), samples }
    }

    /// The INFO tag of this name.
    pub fn info(&self, id: &str) -> Option<FieldType> {
        self.info.get(id).copied()
    }

    /// The FORMAT tag of this name.
    pub fn format(&self, id: &str) -> Option<FieldType> {
        self.format.get(id).copied()
    }

    /// Number of sample columns.
    pub fn samples(&self) -> usize {
        self.samples
    }
}

fn first_of_each<'a>(declared: impl IntoIterator<Item = (&'a str, &'a str, &'a str)>) -> HashMap<String, FieldType> {
    let mut types = HashMap::new();
    for (id, number, kind) in declared {
        types.entry(id.to_owned()).or_insert_with(|| FieldType::new(number, kind));
    }
    types
}
