//! bcftools' own test cases of `norm`: the alleles of its expected output are the identities of the alleles of its input. Every
//! allele that differs is named below, with its reason.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use vcf_agent::alleles::align::{Aligned, left_align};
use vcf_agent::domain::allele::without_reference;
use vcf_agent::reference::Reference;
use vcf_agent::reference::window::Window;

use crate::present::shared;

/// At least this many cases must be there, or the list was not understood.
const CASES_MIN: usize = 35;

/// Why bcftools says something else, where it does.
const REF_IS_REPLACED: &str =
    "-c s writes the reference over REF; here a REF that differs, or is no base, is a finding";
const SYMBOLIC_IS_MOVED: &str = "1.18 and later move <DEL>, 1.21 and later <DUP>; here what has no bases stays";
const MISMATCH_IS_DROPPED: &str =
    "-c x drops a record whose REF differs or that has other letters; here no record is dropped";
const REF_WITHOUT_ALT_IS_CUT: &str = "a record without ALT has its REF cut to one base; here it is no allele and stays";
const NO_ALT_IS_JOINED: &str =
    "-m+ joins a record without ALT to one with ALT at the same place; records are not joined here";
const SAME_ALLELE_IS_JOINED: &str = "-m+ makes one ALT of an allele that two records have; records are not joined here";
const DUPLICATE_IS_REMOVED: &str = "-d removes a record that repeats another; here both stay, with one identity";

/// (expected output, allele, how many more times it is in ours than in theirs, why).
#[rustfmt::skip]
const EXCEPTIONS: [(&str, &str, i32, &str); 59] = [
    ("norm.check-ref.1.out", "CHR1 11 C T", 1, REF_IS_REPLACED),
    ("norm.check-ref.1.out", "CHR1 11 T C", -1, REF_IS_REPLACED),
    ("norm.symbolic.3.1.out", "1 11 G <DUP>", -1, SYMBOLIC_IS_MOVED),
    ("norm.symbolic.3.1.out", "1 26 G <DUP>", 1, SYMBOLIC_IS_MOVED),
    ("norm.out", "1 60 A T", 1, MISMATCH_IS_DROPPED),
    ("norm.out", "20 59 A .", -1, REF_WITHOUT_ALT_IS_CUT),
    ("norm.out", "20 59 AG .", 1, REF_WITHOUT_ALT_IS_CUT),
    ("norm.out", "4 37 C I", 1, MISMATCH_IS_DROPPED),
    ("norm.split.and.norm.out", "20 59 A .", -1, REF_WITHOUT_ALT_IS_CUT),
    ("norm.split.and.norm.out", "20 59 AG .", 1, REF_WITHOUT_ALT_IS_CUT),
    ("norm.merge.2.out", "1 105 T .", 1, NO_ALT_IS_JOINED),
    ("norm.merge.2.out", "1 110 C .", 1, NO_ALT_IS_JOINED),
    ("norm.merge.2.out", "1 150 A .", 1, NO_ALT_IS_JOINED),
    ("norm.merge.3.out", "11 48245184 C G", 1, SAME_ALLELE_IS_JOINED),
    ("norm.merge.3.out", "11 48245186 C T", 1, SAME_ALLELE_IS_JOINED),
    ("norm.setref.out", "1 105 TA T", -1, REF_IS_REPLACED),
    ("norm.setref.out", "1 105 TAAACCCTA T", -1, REF_IS_REPLACED),
    ("norm.setref.out", "1 105 TAACCCTAAA TAA", 1, REF_IS_REPLACED),
    ("norm.setref.out", "1 105 TAACCCTAAA TAAACCCTAAA", 1, REF_IS_REPLACED),
    ("norm.setref.out", "2 101 . C", 1, REF_IS_REPLACED),
    ("norm.setref.out", "2 101 A C", -1, REF_IS_REPLACED),
    ("norm.setref.out", "2 105 N <DEL>", 1, REF_IS_REPLACED),
    ("norm.setref.out", "2 105 T <DEL>", -1, REF_IS_REPLACED),
    ("norm.setref.out", "2 115 C T", -1, REF_IS_REPLACED),
    ("norm.setref.out", "2 115 T C", 1, REF_IS_REPLACED),
    ("norm.setref.out", "20 10 . .", 1, REF_IS_REPLACED),
    ("norm.setref.out", "20 10 C .", -1, REF_IS_REPLACED),
    ("norm.setref.out", "20 273 C CAA", -1, REF_IS_REPLACED),
    ("norm.setref.out", "20 275 A C", -1, REF_IS_REPLACED),
    ("norm.setref.out", "20 275 A G", -1, REF_IS_REPLACED),
    ("norm.setref.out", "20 275 A T", -1, REF_IS_REPLACED),
    ("norm.setref.out", "20 275 G A", 1, REF_IS_REPLACED),
    ("norm.setref.out", "20 275 G AAA", 1, REF_IS_REPLACED),
    ("norm.setref.out", "20 275 G C", 1, REF_IS_REPLACED),
    ("norm.setref.out", "20 275 G T", 1, REF_IS_REPLACED),
    ("norm.setref.out", "20 3 C G", 1, REF_IS_REPLACED),
    ("norm.setref.out", "20 3 G C", -1, REF_IS_REPLACED),
    ("norm.setref.out", "20 3 GACT GATG", 1, REF_IS_REPLACED),
    ("norm.setref.out", "20 3 GATG GACT", -1, REF_IS_REPLACED),
    ("norm.rmdup.3.1.out", "1 10 C <DEL>", 9, SYMBOLIC_IS_MOVED),
    ("norm.rmdup.3.1.out", "1 18 AC A", 1, DUPLICATE_IS_REMOVED),
    ("norm.rmdup.3.1.out", "1 8 T <DEL>", -3, SYMBOLIC_IS_MOVED),
    ("norm.rmdup.3.2.out", "1 10 C <DEL>", 9, SYMBOLIC_IS_MOVED),
    ("norm.rmdup.3.2.out", "1 18 AC A", 1, DUPLICATE_IS_REMOVED),
    ("norm.rmdup.3.2.out", "1 8 T <DEL>", -1, SYMBOLIC_IS_MOVED),
    ("norm.2.out", "1 14 A AGC", -1, REF_IS_REPLACED),
    ("norm.2.out", "1 14 B BGC", 1, REF_IS_REPLACED),
    ("norm.iupac.out", "1 8 BA BAA", 1, REF_IS_REPLACED),
    ("norm.iupac.out", "1 8 N NA", -1, REF_IS_REPLACED),
    ("norm.3.out", "1 10 NAC N", 1, REF_IS_REPLACED),
    ("norm.3.out", "1 11 A C", -1, REF_IS_REPLACED),
    ("norm.3.out", "1 11 N C", 1, REF_IS_REPLACED),
    ("norm.3.out", "1 9 TCA T", -1, REF_IS_REPLACED),
    ("norm.3.2.out", "1 10 NAC N", 1, REF_IS_REPLACED),
    ("norm.3.2.out", "1 9 TCA T", -1, REF_IS_REPLACED),
    ("norm.symbolic.1.out", "20 15 T <DEL>", -1, SYMBOLIC_IS_MOVED),
    ("norm.symbolic.1.out", "20 24 A <DEL>", 1, SYMBOLIC_IS_MOVED),
    ("norm.symbolic.1.out", "20 93 C <DEL>", -1, SYMBOLIC_IS_MOVED),
    ("norm.symbolic.1.out", "20 98 A <DEL>", 1, SYMBOLIC_IS_MOVED),
];

/// CHROM, POS, REF, ALT: one allele, or a record without any.
type Counted = BTreeMap<String, i32>;

/// Alleles of a file, by their identity. `as_written` leaves records of one ALT as they are.
fn alleles(text: &str, reference: Option<&Reference>, as_written: bool, add: i32, counted: &mut Counted) {
    let mut aligned = Aligned::default();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let (chrom, pos, bases) = (columns[0], columns[1].parse::<i64>().unwrap(), columns[3]);
        let alts: Vec<&str> = columns[4].split(',').collect();
        for alt in &alts {
            let given = alt.as_bytes();
            let identity = match reference.and_then(|reference| Some((reference, reference.contig(chrom.as_bytes())?)))
            {
                _ if as_written && alts.len() == 1 => {
                    *counted.entry(format!("{chrom} {pos} {bases} {alt}").to_uppercase()).or_default() += add;
                    continue;
                }
                Some((reference, contig)) => {
                    let mut window = Window::new(reference);
                    left_align(&mut window, contig, pos, bases.as_bytes(), Some(given), &mut aligned).unwrap()
                }
                None => without_reference(pos, bases.as_bytes(), Some(given)),
            };
            let text = |bases: &[u8]| String::from_utf8_lossy(bases).into_owned();
            let (reference, alt) = (text(identity.reference), text(identity.alt));
            *counted.entry(format!("{chrom} {} {reference} {alt}", identity.pos).to_uppercase()).or_default() += add;
        }
    }
}

/// One reference of the cases has digits in its sequence, which FASTA does not allow: they are left out.
fn reference(folder: &Path, name: &str, scratch: &Path) -> Option<Reference> {
    let text = fs::read_to_string(folder.join(Some(name).filter(|name| !name.is_empty())?)).unwrap();
    let lines = text.lines().filter(|line| line.starts_with('>') || !line.contains(|c: char| c.is_ascii_digit()));
    let path = scratch.join(name);
    fs::write(&path, lines.fold(String::new(), |all, line| all + line + "\n")).unwrap();
    Some(Reference::open(&path).unwrap())
}

#[test]
fn alleles_come_out_as_the_own_cases_of_bcftools_expect() {
    let Some(data) = shared("alleles_come_out_as_the_own_cases_of_bcftools_expect") else { return };
    let folder = data.join("bcftools");
    let scratch = tempfile::tempdir().unwrap();
    let list = fs::read_to_string(folder.join("cases.tsv")).unwrap();
    let (mut cases, mut compared, mut unexplained) = (0, 0, Vec::new());
    let mut used = vec![false; EXCEPTIONS.len()];
    for line in list.lines().skip(1).filter(|line| line.starts_with("norm\t")) {
        let fields: Vec<&str> = line.split('\t').collect();
        let (input, arguments, fasta, expected) = (fields[1], fields[2], fields[3], fields[5]);
        let reference = reference(&folder, fasta, scratch.path());
        let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap();
        let mut counted = Counted::new();
        alleles(&read(input), reference.as_ref(), false, 1, &mut counted);
        compared += counted.values().sum::<i32>();
        alleles(&read(expected), reference.as_ref(), reference.is_some(), -1, &mut counted);
        for (allele, more) in counted.into_iter().filter(|(_, more)| *more != 0) {
            let known =
                EXCEPTIONS.iter().position(|(of, which, by, _)| (*of, *which, *by) == (expected, &allele, more));
            match known {
                Some(known) => used[known] = true,
                None => unexplained.push(format!("{expected} ({arguments}): {allele} {more:+}")),
            }
        }
        cases += 1;
    }
    assert!(unexplained.is_empty(), "{}", unexplained.join("\n"));
    let unused: Vec<_> =
        EXCEPTIONS.iter().zip(used).filter(|(_, used)| !used).map(|(exception, _)| exception).collect();
    assert!(unused.is_empty(), "exceptions that are none any more: {unused:?}");
    assert!(cases >= CASES_MIN && compared > 250, "{cases} cases with {compared} alleles");
}
