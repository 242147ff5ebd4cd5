//! The nine variants that are more frequent than 5 % and still not benign: ClinGen's exception list for BA1 (Ghosh 2018).

use crate::domain::finding::{Evidence, Item};

struct Exception {
    gene: &'static str,
    hgvs_c: &'static str,
    /// CHROM, POS on GRCh37 and on GRCh38, REF, ALT.
    place: (&'static str, u32, u32, &'static str, &'static str),
}

const fn exception(
    gene: &'static str,
    hgvs_c: &'static str,
    place: (&'static str, u32, u32, &'static str, &'static str),
) -> Exception {
    Exception { gene, hgvs_c, place }
}

const EXCEPTIONS: [Exception; 9] = [
    exception("ACAD9", "c.-44_-41dup", ("3", 128_598_490, 128_879_647, "C", "CTAAG")),
    exception("GJB2", "c.109G>A", ("13", 20_763_612, 20_189_473, "C", "T")),
    exception("HFE", "c.187C>G", ("6", 26_091_179, 26_090_951, "C", "G")),
    exception("HFE", "c.845G>A", ("6", 26_093_141, 26_092_913, "G", "A")),
    exception("MEFV", "c.1105C>T", ("16", 3_299_586, 3_249_586, "G", "A")),
    exception("MEFV", "c.1223G>A", ("16", 3_299_468, 3_249_468, "C", "T")),
    exception("PIBF1", "c.1214G>A", ("13", 73_409_497, 72_835_359, "G", "A")),
    exception("ACADS", "c.511C>T", ("12", 121_175_678, 120_737_875, "C", "T")),
    exception("BTD", "c.1330G>C", ("3", 15_686_693, 15_645_186, "G", "C")),
];

/// Whether the allele is one of them: by place on either assembly, or by gene and change of the coding DNA. To take a few
/// others for exceptions only means that they are not called benign.
pub(super) fn is_exception(evidence: &Evidence) -> bool {
    EXCEPTIONS.iter().any(|exception| exception.is_at(evidence) || exception.is_named(evidence))
}

impl Exception {
    fn is_at(&self, evidence: &Evidence) -> bool {
        let (chrom, grch37, grch38, reference, alt) = self.place;
        let is = |item, word: &str| evidence.value(item).is_some_and(|value| value.eq_ignore_ascii_case(word));
        let on = evidence.value(Item::Chrom).map(|name| name.strip_prefix("chr").unwrap_or(name));
        let pos = evidence.value(Item::Pos).and_then(|pos| pos.parse().ok());
        on == Some(chrom)
            && [Some(grch37), Some(grch38)].contains(&pos)
            && is(Item::Ref, reference)
            && is(Item::Alt, alt)
    }

    fn is_named(&self, evidence: &Evidence) -> bool {
        let change = evidence.value(Item::HgvsC).map(|hgvs| hgvs.rsplit(':').next().unwrap_or(hgvs));
        evidence.value(Item::Gene) == Some(self.gene)
            // `dup` and `dupTAAG` are the same.
            && change.is_some_and(|change| change.strip_prefix(self.hgvs_c).is_some_and(|end| end.bytes().all(|b| b.is_ascii_uppercase())))
    }
}
