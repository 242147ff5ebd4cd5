//! GT: alleles, the words for genotypes, and counts of alleles.

use super::Undecided;
use super::record::{Record, entry};
use super::tree::{AlleleNumber, AlleleNumbers, GenotypeKind};
use super::values::{MISSING, Scratch, Values};

/// The alleles of a genotype; `None` for one that is missing.
pub(super) fn alleles(genotype: &[u8]) -> impl Iterator<Item = Option<u32>> {
    // VCF 4.4 lets a phase stand before the first allele.
    let genotype = genotype.strip_prefix(b"/").or_else(|| genotype.strip_prefix(b"|")).unwrap_or(genotype);
    genotype.split(|&b| matches!(b, b'/' | b'|')).map(|allele| match allele {
        [digit @ b'0'..=b'9'] => Some(u32::from(digit - b'0')),
        allele => std::str::from_utf8(allele).ok()?.parse().ok(),
    })
}

/// The GT of each sample; `None` if FORMAT has none.
pub(super) fn genotypes<'a>(record: &Record<'a>, samples: usize) -> Option<impl Iterator<Item = &'a [u8]>> {
    let index = record.format_index(b"GT")?;
    Some(record.sample_columns(samples).map(move |column| entry(column, index)))
}

/// The word for a genotype; `.` if an allele is missing, but for the word that says so.
pub(super) fn word(genotype: &[u8], kind: GenotypeKind) -> &'static [u8] {
    let (mut ploidy, mut has_ref, mut is_het, mut last) = (0, false, false, None);
    for allele in alleles(genotype) {
        let Some(allele) = allele else {
            return if kind == GenotypeKind::Carrier { b"mis" } else { b"." };
        };
        ploidy += 1;
        has_ref |= allele == 0;
        is_het |= last.is_some_and(|last| last != allele);
        last = Some(allele);
    }
    match (kind, ploidy, is_het, has_ref) {
        (GenotypeKind::Carrier, _, false, true) => b"ref",
        (GenotypeKind::Carrier, ..) => b"alt",
        (GenotypeKind::Zygosity, 1, ..) => b"hap",
        (GenotypeKind::Zygosity, _, false, _) => b"hom",
        (GenotypeKind::Zygosity, _, true, _) => b"het",
        (GenotypeKind::Alleles, 1, _, true) => b"r",
        (GenotypeKind::Alleles, 1, _, false) => b"a",
        (GenotypeKind::Alleles, _, false, true) => b"rr",
        (GenotypeKind::Alleles, _, false, false) => b"aa",
        (GenotypeKind::Alleles, _, true, true) => b"ra",
        (GenotypeKind::Alleles, _, true, false) => b"aA",
    }
}

/// How many samples have a genotype with a missing allele; `None` if FORMAT has no GT.
pub(super) fn missing(record: &Record<'_>, samples: usize) -> Option<usize> {
    if samples == 0 {
        return Some(0);
    }
    let has_missing = |genotype: &&[u8]| alleles(genotype).any(|allele| allele.is_none());
    Some(genotypes(record, samples)?.filter(has_missing).count())
}

/// AN, AC, AF, MAC or MAF from the counts of alleles.
pub(super) fn allele_numbers(
    numbers: &AlleleNumbers,
    record: &Record<'_>,
    samples: usize,
    scratch: &mut Scratch,
) -> Values {
    let mut counts = scratch.values();
    let an = match count(numbers, record, samples, &mut counts.list) {
        Ok(an) => an,
        Err(why) => {
            scratch.fail(why);
            0.0
        }
    };
    if numbers.what == AlleleNumber::An {
        counts.clear();
        counts.list.push(an);
        return counts;
    }
    if an == 0.0 {
        counts.clear();
        return counts;
    }
    // A record without ALT has none of them, and so has an ALT that is not there.
    if counts.list.is_empty() {
        counts.list.push(0.0);
    }
    match &numbers.select {
        super::select::Select::One(one) => {
            let count = counts.list.get(*one).copied().unwrap_or(0.0);
            counts.clear();
            counts.list.push(count);
        }
        select => {
            let mut nth = 0;
            counts.list.retain(|_| {
                nth += 1;
                select.takes(nth - 1)
            });
        }
    }
    for count in &mut counts.list {
        *count = derive(numbers.what, *count, an);
    }
    counts
}

fn derive(what: AlleleNumber, count: f64, an: f64) -> f64 {
    let frequency = count / an;
    match what {
        AlleleNumber::An => an,
        AlleleNumber::Ac => count,
        AlleleNumber::Mac if count > an * 0.5 => an - count,
        AlleleNumber::Mac => count,
        AlleleNumber::Maf if frequency > 0.5 => 1.0 - frequency,
        AlleleNumber::Maf | AlleleNumber::Af => frequency,
    }
}

/// Counts of the ALTs, from INFO's AC and AN if both are there, otherwise from the genotypes. Gives the number of
/// called alleles; 0 if nothing is known.
fn count(
    numbers: &AlleleNumbers,
    record: &Record<'_>,
    samples: usize,
    counts: &mut Vec<f64>,
) -> Result<f64, Undecided> {
    let alts = record.alleles() - 1;
    let value = |key: &crate::domain::info::InfoKey<'_>| key.value(record.info).flatten();
    let an = value(&numbers.an).and_then(super::record::integer);
    if let (Some(an), Some(ac)) = (an.filter(|&an| an >= 0.0), value(&numbers.ac)) {
        counts.extend(ac.split(|&b| b == b',').map(|count| super::record::integer(count).unwrap_or(MISSING)));
        if counts.len() != alts || counts.iter().any(|&count| super::values::is_absent(count)) {
            counts.clear();
            return Ok(0.0);
        }
        return if counts.iter().sum::<f64>() > an { Err(Undecided::AlleleCounts) } else { Ok(an) };
    }
    counts.resize(alts, 0.0);
    let Some(genotypes) = genotypes(record, samples) else { return Ok(0.0) };
    let mut an = 0.0;
    for allele in genotypes.flat_map(alleles).flatten() {
        an += 1.0;
        match (allele as usize).checked_sub(1) {
            None => {}
            Some(alt) if alt < alts => counts[alt] += 1.0,
            Some(_) => return Err(Undecided::AlleleIndex),
        }
    }
    Ok(an)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_for_genotypes() {
        let words = |genotype: &str| {
            [GenotypeKind::Zygosity, GenotypeKind::Carrier, GenotypeKind::Alleles]
                .map(|kind| std::str::from_utf8(word(genotype.as_bytes(), kind)).unwrap())
        };
        for (genotype, expected) in [
            ("0/0", ["hom", "ref", "rr"]),
            ("0|1", ["het", "alt", "ra"]),
            ("1/0", ["het", "alt", "ra"]),
            ("1/1", ["hom", "alt", "aa"]),
            ("1/2", ["het", "alt", "aA"]),
            ("0", ["hap", "ref", "r"]),
            ("12", ["hap", "alt", "a"]),
            (".", [".", "mis", "."]),
            ("./.", [".", "mis", "."]),
            ("0/.", [".", "mis", "."]),
            ("|0|1", ["het", "alt", "ra"]),
            ("0/0/1", ["het", "alt", "ra"]),
        ] {
            assert_eq!(words(genotype), expected, "{genotype}");
        }
    }
}
