//! What stands in square brackets: which values of a field, and of which samples.

use super::ExpressionError;
use super::fields::{FieldType, Number};

/// Higher indices are refused: a list of values is made as long as the highest one.
const INDEX_MAX: usize = 9_999;

/// Which values of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Select {
    /// `[*]`, or no subscript where there can be several values.
    All,
    /// `[2]`.
    One(usize),
    /// `[0,2-3]`; with `from`, also all from there on: `[0,2-]`.
    List { ranges: Vec<(usize, usize)>, from: Option<usize> },
    /// `[GT]`: those of the alleles that the sample has.
    Genotype,
}

impl Select {
    /// Whether value `i` is meant; what [`Select::Genotype`] means, the record decides.
    pub fn takes(&self, i: usize) -> bool {
        match self {
            Self::All | Self::Genotype => true,
            Self::One(one) => *one == i,
            Self::List { ranges, from } => {
                from.is_some_and(|from| i >= from) || ranges.iter().any(|&(first, last)| (first..=last).contains(&i))
            }
        }
    }

    /// Whether no value from `i` on is meant.
    pub fn ends_before(&self, i: usize) -> bool {
        match self {
            Self::All | Self::Genotype => false,
            Self::One(one) => i > *one,
            Self::List { ranges, from } => from.is_none() && ranges.iter().all(|&(_, last)| i > last),
        }
    }

    /// How many values are meant, if that is the same for every record.
    pub fn count(&self) -> Option<usize> {
        match self {
            Self::One(_) => Some(1),
            Self::List { from: None, .. } => Some((0..=INDEX_MAX).filter(|&i| self.takes(i)).count()),
            _ => None,
        }
    }

    /// Without a subscript.
    pub fn default_for(field: FieldType) -> Self {
        if field.number == Number::One { Self::One(0) } else { Self::All }
    }

    /// Reads `*`, nothing, `2`, `0,2-3`, `1-` or `GT`; `at` is where that begins.
    pub fn parse(text: &str, at: usize) -> Result<Self, ExpressionError> {
        match text {
            "" | "*" => return Ok(Self::All),
            "GT" => return Ok(Self::Genotype),
            _ => {}
        }
        let (mut ranges, mut from) = (Vec::new(), None);
        for item in text.split(',') {
            if from.is_some() {
                return Err(ExpressionError::new(at, "only the last range of a subscript can be open"));
            }
            match item.split_once('-') {
                None => ranges.push((index(item, at)?, index(item, at)?)),
                Some((first, "")) => from = Some(index(first, at)?),
                Some((first, last)) => ranges.push((index(first, at)?, index(last, at)?)),
            }
        }
        if ranges.iter().any(|(first, last)| first > last) {
            return Err(ExpressionError::new(at, "a range of a subscript runs backwards"));
        }
        Ok(match (ranges.as_slice(), from) {
            ([(one, _)], None) if !text.contains('-') => Self::One(*one),
            ([], Some(0)) => Self::All,
            _ => Self::List { ranges, from },
        })
    }
}

fn index(text: &str, at: usize) -> Result<usize, ExpressionError> {
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match text.parse() {
        Ok(index) if digits && index <= INDEX_MAX => Ok(index),
        Ok(_) if digits => Err(ExpressionError::new(at, format!("an index is above {INDEX_MAX}"))),
        _ => Err(ExpressionError::new(at, "a subscript holds indices from 0, ranges such as 1-3, or *")),
    }
}

/// The subscript of a FORMAT field: which of `samples` samples, and which values.
pub(super) fn of_format(
    field: FieldType,
    samples: usize,
    subscript: Option<(usize, &str)>,
) -> Result<(Vec<bool>, Select), ExpressionError> {
    let Some((at, text)) = subscript else {
        return Ok((vec![true; samples], Select::default_for(field)));
    };
    if text.starts_with('@') {
        return Err(ExpressionError::new(at, "a list of samples from a file is not supported"));
    }
    let (chosen, select) = match text.rsplit_once(':') {
        Some((chosen, values)) => (Select::parse(chosen, at)?, Select::parse(values, at + chosen.len() + 1)?),
        None => match Select::parse(text, at)? {
            select @ (Select::All | Select::Genotype) => (Select::All, select),
            _ if field.number != Number::One => {
                let message = "the field can have several values: write [sample:value], as in [0:1] or [:1]";
                return Err(ExpressionError::new(at, message));
            }
            chosen => (chosen, Select::One(0)),
        },
    };
    if chosen == Select::Genotype {
        return Err(ExpressionError::new(at, "GT chooses values, not samples"));
    }
    if select == Select::Genotype && field.number != Number::R {
        return Err(ExpressionError::new(at, "GT chooses values only of a field with Number=R"));
    }
    let highest = match &chosen {
        Select::One(one) => Some(*one),
        Select::List { ranges, from } => ranges.iter().map(|range| range.1).chain(*from).max(),
        _ => None,
    };
    if let Some(highest) = highest.filter(|&highest| highest >= samples) {
        let message = format!("there is no sample {highest}: the first of the {samples} is 0");
        return Err(ExpressionError::new(at, message));
    }
    Ok(((0..samples).map(|i| chosen.takes(i)).collect(), select))
}

/// The subscript of an INFO field.
pub(super) fn of_info(field: FieldType, subscript: Option<(usize, &str)>) -> Result<Select, ExpressionError> {
    let Some((at, text)) = subscript else { return Ok(Select::default_for(field)) };
    if text.contains(':') || text.starts_with('@') {
        return Err(ExpressionError::new(at, "samples can be chosen only of a FORMAT field"));
    }
    match Select::parse(text, at)? {
        Select::Genotype => Err(ExpressionError::new(at, "GT chooses values only of a FORMAT field")),
        select if field.number == Number::One && !select.takes(0) => {
            Err(ExpressionError::new(at, "the field has one value, and its index is 0"))
        }
        _ if field.number == Number::One => Ok(Select::One(0)),
        select => Ok(select),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::expression::fields::Kind;

    const MANY: FieldType = FieldType { number: Number::Many, kind: Kind::Integer };
    const ONE: FieldType = FieldType { number: Number::One, kind: Kind::Integer };
    const R: FieldType = FieldType { number: Number::R, kind: Kind::Integer };

    fn taken(select: &Select) -> Vec<usize> {
        (0..8).filter(|&i| select.takes(i)).collect()
    }

    #[test]
    fn lists_ranges_and_open_ranges_choose_values() {
        let select = |text| Select::parse(text, 0).unwrap();
        assert_eq!(select("2"), Select::One(2));
        assert_eq!((taken(&select("0,2-3")), select("0,2-3").count()), (vec![0, 2, 3], Some(3)));
        assert_eq!((taken(&select("1,6-")), select("1,6-").count()), (vec![1, 6, 7], None));
        assert_eq!((select("*"), select(""), select("0-")), (Select::All, Select::All, Select::All));
        assert_eq!(select("2-2,2").count(), Some(1));
        for text in ["a", "-1", "1-,3", "3-1", "1,,2", "1 ", "+1", "99999", "18446744073709551616", "gt"] {
            assert!(Select::parse(text, 0).is_err(), "{text}");
        }
    }

    #[test]
    fn one_index_of_a_format_field_is_a_sample_if_the_field_has_one_value() {
        let of = |field, text| of_format(field, 3, Some((0, text)));
        assert_eq!(of(ONE, "1").unwrap(), (vec![false, true, false], Select::One(0)));
        assert_eq!(of(ONE, "1-").unwrap(), (vec![false, true, true], Select::One(0)));
        assert_eq!(of(MANY, "0,2:1").unwrap(), (vec![true, false, true], Select::One(1)));
        assert_eq!(of(MANY, ":1").unwrap(), (vec![true; 3], Select::One(1)));
        assert_eq!(of(MANY, "0:").unwrap(), (vec![true, false, false], Select::All));
        assert_eq!(of(R, "GT").unwrap(), (vec![true; 3], Select::Genotype));
        assert_eq!(of(R, "2:GT").unwrap(), (vec![false, false, true], Select::Genotype));
        for text in ["1", "GT", ":GT", "3:0", "GT:1", "@file", "2-9:1", "1:1:1"] {
            assert!(of(MANY, text).is_err(), "{text}");
        }
        assert!(of_format(ONE, 0, Some((0, "0"))).is_err());
    }

    #[test]
    fn an_info_field_of_one_value_has_no_second() {
        assert_eq!(of_info(ONE, Some((0, "0"))).unwrap(), Select::One(0));
        assert_eq!(of_info(MANY, Some((0, "1"))).unwrap(), Select::One(1));
        assert!(of_info(ONE, Some((0, "1"))).is_err());
        assert!(of_info(MANY, Some((0, "0:1"))).is_err());
        assert!(of_info(MANY, Some((0, "GT"))).is_err());
    }
}
