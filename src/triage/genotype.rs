//! The clauses about samples: what one has, what a child has and its parents have not.

use std::ops::Range;

use super::pass::Pass;
use super::{GenotypeClause, Missing, Zygosity};
use crate::domain::rows::Rows;
use crate::domain::selection::clause::{DE_NOVO, GENOTYPE};

/// How a genotype has one ALT.
pub fn zygosity(genotype: &[u8], alt_index: i32) -> Zygosity {
    let (mut copies, mut of_alt, mut missing) = (0, 0, 0);
    // From VCF 4.5 on a genotype may begin with its phase.
    let alleles = genotype.strip_prefix(b"/").or(genotype.strip_prefix(b"|")).unwrap_or(genotype);
    for allele in alleles.split(|&b| matches!(b, b'/' | b'|')) {
        copies += 1;
        match std::str::from_utf8(allele).ok().and_then(|digits| digits.parse::<i32>().ok()) {
            Some(index) => of_alt += i32::from(index == alt_index),
            None => missing += 1,
        }
    }
    match (of_alt, copies) {
        (0, _) if missing > 0 => Zygosity::Missing,
        (0, _) => Zygosity::Absent,
        (1, 1) => Zygosity::Hemi,
        (of_alt, copies) if of_alt == copies => Zygosity::Hom,
        _ => Zygosity::Het,
    }
}

/// The number of a key among those of FORMAT.
fn place(format: &[u8], key: &[u8]) -> Option<usize> {
    format.split(|&b| b == b':').position(|known| known == key)
}

/// One entry of one sample; `None` if it is left out.
fn entry(samples: &[u8], sample: usize, place: Option<usize>) -> Option<&[u8]> {
    let column = samples.split(|&b| b == b'\t').nth(sample)?;
    column.split(|&b| b == b':').nth(place?).filter(|text| !matches!(*text, b"" | b"."))
}

/// FORMAT and samples of the record that begins at a row.
fn columns(rows: &Rows, first: usize) -> (&[u8], &[u8]) {
    (rows.format.get(first).unwrap_or_default(), rows.samples.get(first).unwrap_or_default())
}

/// The genotype of a sample in the record that begins at a row; `.` where there is none.
fn genotype(rows: &Rows, first: usize, sample: usize) -> &[u8] {
    let (format, samples) = columns(rows, first);
    entry(samples, sample, place(format, b"GT")).unwrap_or(b".")
}

/// How a sample has the allele of a row.
pub fn state(rows: &Rows, first: usize, row: usize, sample: usize) -> Zygosity {
    zygosity(genotype(rows, first, sample), rows.alt_index[row])
}

/// What stands in a sample's column under one key of FORMAT, as shown to people; `.` where nothing does.
pub fn shown(rows: &Rows, first: usize, sample: usize, key: &str) -> String {
    let (format, samples) = columns(rows, first);
    let found = entry(samples, sample, place(format, key.as_bytes()));
    String::from_utf8_lossy(found.unwrap_or(b".")).into_owned()
}

/// One record while its rows are asked: the genotypes that are looked at.
struct Looked<'r> {
    genotypes: Vec<&'r [u8]>,
    is_poor: bool,
}

impl GenotypeClause {
    /// `None`: the file has no such sample, so that nothing is kept.
    pub(super) fn run(&self, sample: Option<usize>, pass: &mut Pass<'_>) {
        let Some(sample) = sample else { return pass.by_row(GENOTYPE, |_| true) };
        let rows = pass.rows;
        let mut looked = Looked { genotypes: Vec::new(), is_poor: false };
        pass.by_record_and_row(
            GENOTYPE,
            &mut looked,
            |looked, record: Range<usize>| {
                looked.genotypes.clear();
                looked.genotypes.push(genotype(rows, record.start, sample));
                looked.is_poor = self.is_poor(rows, record.start, sample);
            },
            |looked, row| {
                looked.is_poor || !self.zygosity.contains(&zygosity(looked.genotypes[0], rows.alt_index[row]))
            },
        );
    }

    /// Whether GQ or DP of the sample is too low.
    fn is_poor(&self, rows: &Rows, first: usize, sample: usize) -> bool {
        let (format, samples) = columns(rows, first);
        let below = |key: &[u8], min: Option<u32>| {
            let Some(min) = min else { return false };
            let value = entry(samples, sample, place(format, key));
            match value.and_then(|text| std::str::from_utf8(text).ok()?.parse::<f64>().ok()) {
                Some(value) => value < f64::from(min),
                None => self.missing == Missing::Drop,
            }
        };
        below(b"GQ", self.gq_min) || below(b"DP", self.dp_min)
    }
}

/// `None`: the file lacks one of the three, so that nothing is kept.
pub(super) fn run_de_novo(trio: Option<[usize; 3]>, pass: &mut Pass<'_>) {
    let Some(trio) = trio else { return pass.by_row(DE_NOVO, |_| true) };
    let rows = pass.rows;
    let mut looked = Looked { genotypes: Vec::new(), is_poor: false };
    pass.by_record_and_row(
        DE_NOVO,
        &mut looked,
        |looked, record: Range<usize>| {
            looked.genotypes.clear();
            looked.genotypes.extend(trio.iter().map(|&sample| genotype(rows, record.start, sample)));
        },
        |looked, row| {
            let state = |nth: usize| zygosity(looked.genotypes[nth], rows.alt_index[row]);
            let child_has_it = matches!(state(0), Zygosity::Het | Zygosity::Hom | Zygosity::Hemi);
            !(child_has_it && state(1) == Zygosity::Absent && state(2) == Zygosity::Absent)
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_of_an_allele() {
        for (genotype, alt, expected) in [
            ("0/1", 1, Zygosity::Het),
            ("1|2", 2, Zygosity::Het),
            ("1/1", 1, Zygosity::Hom),
            ("1/1/1", 1, Zygosity::Hom),
            ("0/1/1", 1, Zygosity::Het),
            ("1", 1, Zygosity::Hemi),
            ("0", 1, Zygosity::Absent),
            ("0/0", 1, Zygosity::Absent),
            ("2/2", 1, Zygosity::Absent),
            ("./1", 1, Zygosity::Het),
            ("./0", 1, Zygosity::Missing),
            ("./.", 1, Zygosity::Missing),
            (".", 1, Zygosity::Missing),
            ("|0|1", 1, Zygosity::Het),
            ("/1/1", 1, Zygosity::Hom),
            ("11/1", 1, Zygosity::Het),
        ] {
            assert_eq!(zygosity(genotype.as_bytes(), alt), expected, "{genotype} {alt}");
        }
    }

    #[test]
    fn entries_that_a_sample_leaves_out_are_none() {
        let samples = b"0/1:7\t1/1\t.";
        assert_eq!(entry(samples, 0, place(b"GT:GQ", b"GQ")), Some(&b"7"[..]));
        assert_eq!(entry(samples, 1, place(b"GT:GQ", b"GQ")), None);
        assert_eq!(entry(samples, 2, place(b"GT:GQ", b"GT")), None);
        assert_eq!(entry(samples, 3, Some(0)), None);
        assert_eq!(entry(samples, 0, place(b"GT:GQ", b"DP")), None);
    }
}
