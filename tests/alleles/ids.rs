//! The product's own name of an allele.

use std::collections::HashSet;

use vcf_agent::domain::allele::{How, Identity, Why, without_reference};
use vcf_agent::domain::allele_id::AlleleId;
use vcf_agent::domain::ga4gh::sha512t24u;
use vcf_agent::domain::ids::FileDigest;

const FILE: FileDigest = FileDigest([7; 32]);
const OTHER_FILE: FileDigest = FileDigest([8; 32]);

fn id(assembly: Option<&str>, file: &FileDigest, contig: &str, pos: i64, reference: &str, alt: &str) -> Option<String> {
    let identity = without_reference(pos, reference.as_bytes(), Some(alt.as_bytes()));
    AlleleId::new(assembly, file, contig, &identity).map(|id| id.to_string())
}

#[test]
fn a_name_is_the_digest_of_eight_lines_and_never_changes() {
    let identity = without_reference(44_908_822, b"c", Some(b"T"));
    let preimage = AlleleId::preimage(Some("GRCh38"), &FILE, "chr19", &identity).unwrap();
    assert_eq!(preimage, "vcf-agent allele 1\nL\nGRCh38\n\n19\n44908822\nC\nT\n");
    let id = AlleleId::new(Some("GRCh38"), &FILE, "chr19", &identity).unwrap();
    assert_eq!(id.as_str(), format!("A1L.{}", sha512t24u(preimage.as_bytes())));
    assert_eq!(id.as_str(), "A1L.5Fkq4-u_tCEWt7_XXg_a6YUwYs67-1ph");
}

#[test]
fn files_of_one_assembly_share_names_and_others_do_not() {
    let chr1 = id(Some("GRCh38"), &FILE, "chr1", 5, "A", "C");
    assert_eq!(chr1, id(Some("GRCh38"), &OTHER_FILE, "1", 5, "A", "C"));
    assert_eq!(chr1, id(Some("GRCh38"), &OTHER_FILE, "NC_000001.11", 5, "a", "c"));
    assert_eq!(chr1, id(Some("GRCh38"), &FILE, "1", 4, "GA", "GC"));
    assert_ne!(chr1, id(Some("GRCh37"), &FILE, "chr1", 5, "A", "C"));
    assert_ne!(id(Some("GRCh37"), &FILE, "chrM", 5, "A", "C"), id(Some("GRCh37"), &FILE, "MT", 5, "A", "C"));
}

#[test]
fn of_an_unknown_assembly_a_name_is_good_in_its_file_alone() {
    let here = id(None, &FILE, "1", 5, "A", "C");
    assert!(here.is_some());
    assert_eq!(here, id(None, &FILE, "1", 5, "A", "C"));
    assert_ne!(here, id(None, &OTHER_FILE, "1", 5, "A", "C"));
    assert_ne!(here, id(None, &FILE, "chr1", 5, "A", "C"));
}

#[test]
fn the_letter_says_how_far_the_identity_goes() {
    let starts = |reference, alt| id(Some("GRCh38"), &FILE, "1", 5, reference, alt).map(|id| id[..4].to_owned());
    assert_eq!(starts("A", "C").as_deref(), Some("A1L."));
    assert_eq!(starts("AA", "A").as_deref(), Some("A1T."));
    assert_eq!(starts("R", "A").as_deref(), Some("A1X."));
    for alt in ["<DEL>", "*", ".", "A[2:5[", "A"] {
        assert_eq!(starts("A", alt), None, "{alt}");
    }
    let mismatch = Identity { pos: 5, reference: b"A", alt: b"C", how: How::AsIs(Why::ReferenceMismatch) };
    let of = |file| AlleleId::new(Some("GRCh38"), file, "1", &mismatch).unwrap();
    assert_ne!(of(&FILE), of(&OTHER_FILE));
}

#[test]
fn no_field_runs_into_the_next() {
    let mut ids = HashSet::new();
    for (contig, pos, reference, alt) in
        [("1", 11, "A", "C"), ("11", 1, "A", "C"), ("1", 1, "AC", "T"), ("1", 1, "A", "CT"), ("1", 1, "A", "T")]
    {
        assert!(ids.insert(id(Some("ASM1"), &FILE, contig, pos, reference, alt)));
    }
}
