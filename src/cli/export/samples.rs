//! The samples of an export, and what each has of an allele. Names of samples are people's: they are told only to whoever asks for them.

use std::ops::Range;

use super::super::failure::{Failure, USAGE};
use super::super::render::{text, thousands};
use super::columns::Cell;
use super::pass::Record;
use crate::domain::genotype::{Entries, Genotype, Places, sample_columns};
use crate::triage::zygosity;
use crate::vcf::header::Header;

/// What is told of each sample, in this order.
pub const FIELDS: [&str; 10] =
    ["gt", "zygosity", "ploidy", "phased", "half_call", "copies", "dp", "gq", "ad_ref", "ad_alt"];

/// The samples that are asked for.
#[derive(Default)]
pub struct Samples {
    /// Columns in the file, and names.
    asked: Vec<(usize, String)>,
    /// Of the record at hand.
    places: Places,
    columns: Vec<Range<usize>>,
}

impl Samples {
    /// Reads `NAME,NAME`, `#1` or `all`.
    ///
    /// # Errors
    /// If the file has no such sample.
    pub fn of(asked: &str, header: &Header) -> Result<Self, Failure> {
        let names = header.sample_names();
        let mut new = Self::default();
        let is_name = |word: &str| names.iter().any(|name| name == word);
        if names.is_empty() {
            return Err(Failure::new(USAGE, "--samples: the file has no samples"));
        }
        if asked == "all" && !is_name(asked) {
            new.asked = names.into_iter().enumerate().collect();
            return Ok(new);
        }
        for word in asked.split(',') {
            let by_number = || word.strip_prefix('#')?.parse::<usize>().ok()?.checked_sub(1);
            let place = names.iter().position(|name| name == word).or_else(by_number).filter(|&nth| nth < names.len());
            let Some(place) = place else {
                let message = format!(
                    "--samples: there is no sample {}; the file has {}",
                    text(word),
                    thousands(names.len() as u64)
                );
                return Err(Failure::new(USAGE, message).hint("`--samples ?` lists their names; `#1` is the first one"));
            };
            if !new.asked.iter().any(|(known, _)| *known == place) {
                new.asked.push((place, names[place].clone()));
            }
        }
        Ok(new)
    }

    /// Whether nobody is asked for.
    pub fn is_empty(&self) -> bool {
        self.asked.is_empty()
    }

    /// Names, in the order in which they were asked for.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.asked.iter().map(|(_, name)| name.as_str())
    }

    /// Goes to a record.
    pub fn at(&mut self, record: &Record<'_>) {
        if let Some(last) = self.asked.iter().map(|(place, _)| *place).max() {
            self.places = Places::of(record.rows.format.get(record.first()).unwrap_or_default());
            let samples = record.rows.samples.get(record.first()).unwrap_or_default();
            sample_columns(samples, last + 1, &mut self.columns);
        }
    }

    /// What each sample has of the allele of a row of that record.
    pub fn genotypes<'s>(&'s self, record: &'s Record<'_>, row: usize) -> impl Iterator<Item = Genotype<'s>> {
        let samples = record.rows.samples.get(record.first()).unwrap_or_default();
        let alt_index = record.rows.alt_index[row];
        self.asked.iter().map(move |(place, _)| {
            let column = self.columns.get(*place).map_or(&b""[..], |column| &samples[column.clone()]);
            let entries = Entries::of(column, self.places);
            // A record without ALT has no allele that anybody could have.
            let asked = if alt_index == 0 { i32::MAX } else { alt_index };
            let state = zygosity(entries.gt().unwrap_or(b"."), asked);
            Genotype::of(&entries, state.as_str(), alt_index, record.alts())
        })
    }
}

/// The values of [`FIELDS`].
pub fn cells<'g>(genotype: &Genotype<'g>) -> [Cell<'g>; FIELDS.len()] {
    let integer = |number: Option<i64>| number.map_or(Cell::Null, Cell::Integer);
    let flag = |flag: Option<bool>| flag.map_or(Cell::Null, Cell::Flag);
    [
        Cell::text(genotype.gt),
        Cell::text(Some(genotype.zygosity.as_bytes())),
        integer(genotype.ploidy.map(i64::from)),
        flag(genotype.phased),
        flag(genotype.half_call),
        integer(genotype.copies.map(i64::from)),
        integer(genotype.dp),
        genotype.gq.map_or(Cell::Null, Cell::Double),
        integer(genotype.ad_ref),
        integer(genotype.ad_alt),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vcf::header;

    fn header() -> Header {
        header::parse(b"##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tmum\tdad\tkid\n")
            .unwrap()
    }

    #[test]
    fn samples_are_asked_for_by_name_by_number_or_all() {
        let of =
            |asked| Samples::of(asked, &header()).map(|samples| samples.names().map(str::to_owned).collect::<Vec<_>>());
        assert_eq!(of("kid,mum,#3").unwrap(), ["kid", "mum"]);
        assert_eq!(of("all").unwrap(), ["mum", "dad", "kid"]);
        for unknown in ["", "aunt", "#0", "#4", "mum,,kid"] {
            let failure = of(unknown).unwrap_err();
            assert_eq!(failure.code, USAGE);
            assert!(failure.errors[0].message.contains("the file has 3") && !failure.errors[0].message.contains("dad"));
        }
        let sites = header::parse(b"##fileformat=VCFv4.3\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n").unwrap();
        assert!(Samples::of("all", &sites).is_err());
    }
}
