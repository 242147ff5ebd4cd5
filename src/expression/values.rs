//! Lists of numbers, and the memory that they are made in.

use super::Undecided;

/// A value that is not there. Kept apart from any number that a calculation can give, `NaN` included, by its bits.
pub(super) const MISSING: f64 = f64::from_bits(0x7ff8_0000_0000_1001);

/// Nothing more follows for this sample; only where the genotype chooses the values, everywhere else it is [`MISSING`].
pub(super) const END: f64 = f64::from_bits(0x7ff8_0000_0000_1002);

/// Whether there is no number here.
pub(super) fn is_absent(value: f64) -> bool {
    let bits = value.to_bits();
    bits == MISSING.to_bits() || bits == END.to_bits()
}

/// Whether a list ends here.
pub(super) fn is_end(value: f64) -> bool {
    value.to_bits() == END.to_bits()
}

/// Numbers of a record. No values at all means that the record lacks the field.
#[derive(Debug, Default)]
pub(super) struct Values {
    pub list: Vec<f64>,
    /// Values of one sample; 0 if they are the record's.
    pub width: usize,
}

impl Values {
    /// Those of sample `i`; those of the record, if they are.
    pub fn of_sample(&self, i: usize) -> &[f64] {
        if self.width == 0 { &self.list } else { &self.list[i * self.width..(i + 1) * self.width] }
    }

    /// Empties it: the field is missing.
    pub fn clear(&mut self) {
        self.list.clear();
        self.width = 0;
    }
}

/// Memory for one evaluation at a time, kept between records. What is taken is given back, what was taken last first,
/// so that the same list serves the same purpose again and after the first few records nothing is allocated.
#[derive(Debug, Default)]
pub struct Scratch {
    values: Vec<Vec<f64>>,
    masks: Vec<Vec<bool>>,
    /// The mask of the last decision.
    pub(super) decided: Vec<bool>,
    /// The first reason why the record cannot be decided.
    pub(super) undecided: Option<Undecided>,
}

impl Scratch {
    /// An empty list of numbers.
    pub(super) fn values(&mut self) -> Values {
        let mut list = self.values.pop().unwrap_or_default();
        list.clear();
        Values { list, width: 0 }
    }

    /// One number of the record.
    pub(super) fn one(&mut self, value: f64) -> Values {
        let mut values = self.values();
        values.list.push(value);
        values
    }

    /// Takes numbers back.
    pub(super) fn give_back(&mut self, values: Values) {
        self.values.push(values.list);
    }

    /// A mask of this many samples, none set.
    pub(super) fn mask(&mut self, samples: usize) -> Vec<bool> {
        let mut mask = self.masks.pop().unwrap_or_default();
        mask.clear();
        mask.resize(samples, false);
        mask
    }

    /// Takes a mask back.
    pub(super) fn give_back_mask(&mut self, mask: Vec<bool>) {
        self.masks.push(mask);
    }

    /// Notes that bcftools would stop at this record.
    pub(super) fn fail(&mut self, why: Undecided) {
        self.undecided.get_or_insert(why);
    }
}
