//! TYPE: what kind of change each ALT is.

use super::record::Record;

/// No ALT changes anything.
pub(super) const REF: u8 = 1;
/// One base for another.
pub(super) const SNP: u8 = 2;
/// Several bases for as many others.
pub(super) const MNP: u8 = 4;
/// Bases inserted or deleted.
pub(super) const INDEL: u8 = 8;
/// Symbolic alleles and what is none of the others.
pub(super) const OTHER: u8 = 16;
/// A breakend.
pub(super) const BND: u8 = 32;
/// `*`: an overlapping deletion.
pub(super) const OVERLAP: u8 = 64;

/// The types of all ALTs together; [`REF`] if none of them changes anything.
pub(super) fn types(record: &Record<'_>) -> u8 {
    let types = record.alt_alleles().map(|alt| allele_type(record.reference, alt)).fold(0, |all, one| all | one);
    if types == 0 { REF } else { types }
}

/// The type of one ALT; 0 if it changes nothing.
fn allele_type(reference: &[u8], alt: &[u8]) -> u8 {
    match alt {
        b"*" => return OVERLAP,
        b"<X>" | b"<*>" | b"<NON_REF>" => return 0,
        [b'<', ..] => return OTHER,
        // mpileup's old name for an allele that was not seen.
        b"." | b"X" if reference.len() == 1 => return 0,
        [b'[' | b']', ..] | [.., b'[' | b']'] => return BND,
        _ => {}
    }
    let same = |(a, b): &(&u8, &u8)| a.eq_ignore_ascii_case(b);
    let is_snp = reference.len() == 1 && alt.len() == 1 && reference != alt;
    if is_snp {
        return SNP;
    }
    let before = reference.iter().zip(alt).take_while(same).count();
    let (reference, alt) = (&reference[before..], &alt[before..]);
    match (reference.len(), alt.len()) {
        (0, 0) => return 0,
        (0, _) | (_, 0) => return INDEL,
        _ => {}
    }
    let after = reference.iter().rev().zip(alt.iter().rev()).take_while(same).count();
    match (reference.len() - after, alt.len() - after) {
        (1, 1) => SNP,
        (0, _) | (_, 0) => INDEL,
        (of_reference, of_alt) if of_reference == of_alt => MNP,
        _ => OTHER,
    }
}

/// The length of each ALT less that of REF; `None` for a symbolic one.
pub(super) fn length_changes(record: &Record<'_>) -> impl Iterator<Item = Option<f64>> {
    let reference = record.reference.len() as f64;
    record.alt_alleles().map(move |alt| (!alt.starts_with(b"<")).then_some(alt.len() as f64 - reference))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_those_of_htslib() {
        let of = |reference: &str, alt: &str| allele_type(reference.as_bytes(), alt.as_bytes());
        for (reference, alt, expected) in [
            ("A", "C", SNP),
            ("A", "A", 0),
            ("A", "a", SNP),
            ("AC", "GC", SNP),
            ("AC", "GT", MNP),
            ("A", "AT", INDEL),
            ("AT", "A", INDEL),
            ("CAT", "T", INDEL),
            ("AT", "TCC", OTHER),
            ("A", "GT", OTHER),
            ("AC", "ac", 0),
            ("A", "*", OVERLAP),
            ("A", "<NON_REF>", 0),
            ("A", "<*>", 0),
            ("A", "<DEL>", OTHER),
            ("A", "]1:2]A", BND),
            ("A", "A[1:2[", BND),
            ("A", "G]1:2]", BND),
            ("A", "X", 0),
        ] {
            assert_eq!(of(reference, alt), expected, "{reference} {alt}");
        }
    }

    #[test]
    fn a_record_has_the_types_of_all_its_alts() {
        let record = |line: &'static str| types(&Record::from_line(line.as_bytes()).unwrap());
        assert_eq!(record("1\t1\t.\tA\tC,AT\t.\t.\t."), SNP | INDEL);
        assert_eq!(record("1\t1\t.\tA\tC,<*>\t.\t.\t."), SNP);
        assert_eq!(record("1\t1\t.\tA\t.\t.\t.\t."), REF);
    }
}
