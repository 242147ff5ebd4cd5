//! Real files: the assembly that each is about, and identities that put the record's own REF and ALT together again.

use std::fs::File;
use std::path::Path;

use vcf_agent::alleles::Identifier;
use vcf_agent::domain::allele::{How, Why};
use vcf_agent::domain::rows::Rows;
use vcf_agent::domain::warning::Warnings;
use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::parse::{ParseContext, parse_segment};
use vcf_agent::vcf::reader::{Next, Reader};

use crate::present::shared;

fn open(path: &Path) -> Reader {
    Reader::open(Box::new(File::open(path).unwrap()), false, ReadLimits::default()).unwrap()
}

/// What each header says, read by people; the last four tell by chromosomes other than 1.
const ASSEMBLIES: [(&str, Option<&str>); 16] = [
    ("dbsnp_135.vcf", Some("GRCh37")),
    ("hail_long_line.g.vcf.gz", None),
    ("huge_header.vcf.gz", None),
    ("pangenome_chr8.vcf", None),
    ("bcftools_gvcfz.vcf", Some("GRCh38")),
    ("gatk_toomanyalts.g.vcf", Some("GRCh38")),
    ("vembrane_sv.vcf", Some("GRCh38")),
    ("clinvar_subset.vcf.gz", Some("GRCh37")),
    ("gnomad_exomes_sites.vcf.gz", Some("GRCh37")),
    ("ashk_trio.vcf.gz", Some("GRCh37")),
    ("strelka_somatic_snvs.vcf.gz", Some("GRCh37")),
    ("platinum_NA12878_chr21.vcf.gz", Some("GRCh38")),
    ("haploidX.vcf", Some("GRCh37")),
    ("ceutrio.g.bcf", Some("GRCh37")),
    ("gatk_HG00268.g.vcf.gz", Some("GRCh38")),
    ("bcftools_mpileup.vcf", Some("GRCh37")),
];

#[test]
fn the_assembly_of_real_files_is_told_by_any_chromosome_and_is_never_in_doubt() {
    let Some(data) = shared("the_assembly_of_real_files_is_told_by_any_chromosome_and_is_never_in_doubt") else {
        return;
    };
    for (name, expected) in ASSEMBLIES {
        let reader = open(&data.join(name));
        let header = reader.header();
        assert_eq!(header.assembly.as_deref(), expected, "{name}");
        let doubt = header.warnings.list().into_iter().find(|warning| warning.code == "assembly_contradictory");
        assert_eq!(doubt, None, "{name}");
        for other in ["GRCh37", "GRCh38"].into_iter().filter(|other| expected.is_some_and(|own| own != *other)) {
            assert!(header.assembly_evidence.contradiction(other).is_some(), "{name} as {other}");
        }
        assert_eq!(header.assembly_evidence.contradiction(expected.unwrap_or("GRCh38")), None, "{name}");
    }
}

/// REF and ALT of row `i` made of its identity, with the ends that were trimmed.
fn check_row(rows: &Rows, i: usize, reference: &[u8], identity: &vcf_agent::domain::allele::Identity<'_>) {
    let alt = rows.alt.get(i).unwrap_or_default();
    if let How::AsIs(_) = identity.how {
        assert_eq!((identity.pos, identity.reference, identity.alt), (rows.pos[i], reference, alt));
        return;
    }
    let front = (identity.pos - rows.pos[i]) as usize;
    let back = reference.len() - front - identity.reference.len();
    let whole = |bases: &[u8]| [&reference[..front], bases, &reference[reference.len() - back..]].concat();
    assert!(whole(identity.reference).eq_ignore_ascii_case(reference), "row {i}");
    assert!(whole(identity.alt).eq_ignore_ascii_case(alt), "row {i}");
}

#[test]
fn an_identity_without_a_reference_puts_the_records_alleles_together_again() {
    let Some(data) = shared("an_identity_without_a_reference_puts_the_records_alleles_together_again") else { return };
    let (mut changed, mut symbolic, mut all) = (0, 0, 0);
    for name in ["pangenome_chr8.vcf", "hail_1kg_100s.vcf", "bcftools_mpileup.vcf", "vembrane_sv.vcf", "ceutrio.g.bcf"]
    {
        let mut reader = open(&data.join(name));
        let context = ParseContext::new(reader.header(), &ReadLimits::default());
        let (mut identifier, mut warnings) = (Identifier::new(None), Warnings::default());
        while let Next::Segment(raw) = reader.next(None).unwrap() {
            let rows = parse_segment(&context, &raw, &|_| false).rows;
            let columns = identifier.identify(&rows, &mut warnings).unwrap();
            let mut reference: &[u8] = b"";
            for i in 0..rows.len() {
                reference = rows.reference.get(i).unwrap_or(reference);
                check_row(&rows, i, reference, &columns.identity(&rows, i));
                symbolic += usize::from(columns.how[i] == How::AsIs(Why::Symbolic));
            }
            changed += columns.changed.count_ones();
            all += rows.len();
        }
        assert!(warnings.is_empty(), "{name}: {:?}", warnings.list());
    }
    assert!(changed > 500 && symbolic > 1000 && all > 25_000, "{changed} changed, {symbolic} symbolic of {all}");
}
