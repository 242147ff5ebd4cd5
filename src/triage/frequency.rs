//! The clause about an allele's frequency.

use std::ops::Range;

use super::pass::Pass;
use super::{AlleleFrequencyClause, Missing};
use crate::domain::info::InfoKey;
use crate::domain::rows::Rows;
use crate::domain::selection::clause::ALLELE_FREQUENCY;

impl AlleleFrequencyClause {
    pub(super) fn run(&self, pass: &mut Pass<'_>) {
        let rows = pass.rows;
        let Some(fields) = &self.fields else {
            return pass.by_row(ALLELE_FREQUENCY, |row| self.drops(annotated(rows, row)));
        };
        let mut record = OfRecord { keys: keys(fields), frequencies: Vec::new(), first: 0 };
        pass.by_record_and_row(
            ALLELE_FREQUENCY,
            &mut record,
            |record, range| record.read(rows, range),
            |record, row| self.drops(record.frequencies[row - record.first]),
        );
    }

    fn drops(&self, frequency: Option<f64>) -> bool {
        match frequency {
            Some(frequency) => frequency > self.max,
            None => self.missing == Missing::Drop,
        }
    }

    /// The frequency that counts for a row.
    pub(super) fn frequency(&self, rows: &Rows, record: Range<usize>, row: usize) -> Option<f64> {
        let Some(fields) = &self.fields else { return annotated(rows, row) };
        let mut of_record = OfRecord { keys: keys(fields), frequencies: Vec::new(), first: 0 };
        of_record.read(rows, record);
        of_record.frequencies[row - of_record.first]
    }
}

fn keys(fields: &[String]) -> Vec<InfoKey<'_>> {
    fields.iter().map(|field| InfoKey::new(field.as_bytes())).collect()
}

fn annotated(rows: &Rows, row: usize) -> Option<f64> {
    rows.annotations.as_ref().and_then(|said| said.population_frequency.get(row))
}

/// Frequencies of one record, by row; kept between records for its memory.
struct OfRecord<'f> {
    keys: Vec<InfoKey<'f>>,
    frequencies: Vec<Option<f64>>,
    first: usize,
}

impl OfRecord<'_> {
    fn read(&mut self, rows: &Rows, record: Range<usize>) {
        self.first = record.start;
        self.frequencies.clear();
        self.frequencies.resize(record.len(), None);
        read_frequencies(&self.keys, rows.info.get(record.start).unwrap_or_default(), &mut self.frequencies);
    }
}

/// The frequency of each ALT: the first key that has one counts. One value stands for all ALTs, as many values as ALTs
/// for one each; any other number of values belongs to nobody knows which allele and counts as missing.
fn read_frequencies(keys: &[InfoKey<'_>], info: &[u8], frequencies: &mut [Option<f64>]) {
    for key in keys {
        let Some(Some(list)) = key.value(info) else { continue };
        let values = memchr::memchr_iter(b',', list).count() + 1;
        if values == 1 {
            let value = frequency(list);
            frequencies.iter_mut().for_each(|known| *known = known.or(value));
        } else if values == frequencies.len() {
            let values = list.split(|&b| b == b',');
            frequencies.iter_mut().zip(values).for_each(|(known, value)| *known = known.or_else(|| frequency(value)));
        }
        if frequencies.iter().all(Option::is_some) {
            return;
        }
    }
}

/// A number from 0 to 1; anything else (`.`, text, NaN, 17) is no frequency.
fn frequency(text: &[u8]) -> Option<f64> {
    let number: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    (0.0..=1.0).contains(&number).then_some(number)
}
