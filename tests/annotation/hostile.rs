//! Records made to cost much: the work must grow with the text, not with its square. Nothing is timed here; a rule that
//! compares every entry with every ALT, or walks a long allele for each entry, does not come to an end.

use crate::support::{BCSQ, File, vep_description};

/// ALTs that differ only at their ends.
fn long_alts() -> String {
    let start = "ACGT".repeat(2000);
    (0..1024)
        .map(|nth| format!("{start}{}", format!("{nth:010b}").replace('0', "A").replace('1', "C")))
        .collect::<Vec<_>>()
        .join(",")
}

fn vep() -> File {
    File::vep("Allele|Consequence|ALLELE_NUM|MINIMISED")
}

#[test]
fn many_entries_beside_many_long_alts() {
    let alts = long_alts();
    let entries = 200_000;
    for entry in ["ACGTACGTAC|x||,", "AA|x|2|,", "ACGTACGTAC|x|1024|1,"] {
        let info = format!("CSQ={}", entry.repeat(entries));
        let (_, findings) = vep().read((5, "A", &alts), &info);
        assert_eq!((findings.entries, findings.unknown_allele), (entries as u64, entries as u64));
    }
    let info = format!("BCSQ={}", "missense|a|b|c|+|d|5A>C+5A>G+5A>T,".repeat(entries));
    let file = File::new(&[("BCSQ", ".", BCSQ)]);
    assert_eq!(file.read((5, "A", &alts), &info).1.unknown_allele, entries as u64);
}

#[test]
fn many_entries_beside_one_long_alt() {
    let long = "A".repeat(2_000_000);
    let info = format!("CSQ={}", "x|y|1|,T|y|1|1,T|y||1,".repeat(50_000));
    let alt = format!("{long}C");
    assert_eq!(vep().read((5, &long, &alt), &info).1.unknown_allele, 150_000);
    let symbolic = format!("<{long}>");
    let info = format!("CSQ={}", "deletion|y||,".repeat(100_000));
    assert_eq!(vep().read((5, "A", &symbolic), &info).1.unknown_allele, 100_000);
}

#[test]
fn many_entries_about_a_record_of_many_alts() {
    let alts = vec!["C"; 50_000].join(",");
    let info = format!("CSQ={}", "missense_variant|y|G,".repeat(100_000));
    let file = File::new(&[("CSQ", ".", &vep_description("Consequence|Codons|Gene"))]);
    let (alleles, findings) = file.read((5, "A", &alts), &info);
    assert_eq!((findings.unknown_allele, alleles.len()), (0, 50_000));
    assert!(alleles.iter().all(|allele| allele.entries == 100_000));
}
