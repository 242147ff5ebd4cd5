//! The consequence terms: parsing, severity, and what is a kind of what.

use vcf_agent::annotation::{Impact, Term, TermSet};

fn term(name: &str) -> Term {
    Term::parse(name.as_bytes()).unwrap_or_else(|| panic!("{name} is not known"))
}

fn is_a(term_name: &str, other: &str) -> bool {
    term(term_name).is_a(term(other))
}

/// Ensembl's table of calculated consequences, in its order.
pub const VEP: &str = "transcript_ablation splice_acceptor_variant splice_donor_variant stop_gained frameshift_variant stop_lost \
    start_lost transcript_amplification feature_elongation feature_truncation inframe_insertion inframe_deletion \
    missense_variant protein_altering_variant splice_donor_5th_base_variant splice_region_variant \
    splice_donor_region_variant splice_polypyrimidine_tract_variant incomplete_terminal_codon_variant \
    start_retained_variant stop_retained_variant synonymous_variant coding_sequence_variant mature_miRNA_variant \
    5_prime_UTR_variant 3_prime_UTR_variant non_coding_transcript_exon_variant intron_variant NMD_transcript_variant \
    non_coding_transcript_variant coding_transcript_variant upstream_gene_variant downstream_gene_variant TFBS_ablation \
    TFBS_amplification TF_binding_site_variant regulatory_region_ablation regulatory_region_amplification \
    regulatory_region_variant intergenic_variant sequence_variant";

/// What SnpEff writes besides, by its manual.
const SNPEFF: &str = "chromosome_number_variation duplication inversion disruptive_inframe_insertion \
    disruptive_inframe_deletion conservative_inframe_insertion conservative_inframe_deletion exon_loss_variant exon_region \
    feature_ablation feature_fusion gene_fusion bidirectional_gene_fusion rearranged_at_DNA_level gene_variant \
    intergenic_region conserved_intergenic_variant intragenic_variant conserved_intron_variant miRNA sequence_feature \
    initiator_codon_variant protein_protein_contact structural_interaction_variant rare_amino_acid_variant \
    splice_branch_variant 5_prime_UTR_premature_start_codon_gain_variant 5_prime_UTR_truncation 3_prime_UTR_truncation \
    chromosome custom";

#[test]
fn every_term_of_vep_and_snpeff_is_known_by_its_own_name() {
    for name in VEP.split_whitespace().chain(SNPEFF.split_whitespace()) {
        assert_eq!(term(name).as_str(), name);
        assert_eq!(term(name).to_string(), name);
    }
    assert_eq!(VEP.split_whitespace().count(), 41);
}

#[test]
fn an_unknown_term_is_none_and_case_counts() {
    for name in ["", "missense", "missense_variant_", "Missense_variant", "MISSENSE_VARIANT", "\u{e9}"] {
        let known = Term::parse(name.as_bytes());
        assert_eq!(known.is_some(), name == "missense", "{name}");
    }
}

#[test]
fn severity_is_the_order_of_ensembls_table() {
    let ranks: Vec<_> = VEP.split_whitespace().map(|name| term(name).vep_rank()).collect();
    assert_eq!(ranks, (1..=41).map(Some).collect::<Vec<_>>());
    assert!(VEP.split_whitespace().map(term).is_sorted_by(|a, b| a.severity() < b.severity()));
    assert!(SNPEFF.split_whitespace().all(|name| term(name).vep_rank().is_none()));
}

#[test]
fn impacts_are_those_of_ensembls_table() {
    let impacts = |impact| VEP.split_whitespace().filter(|name| term(name).impact() == impact).count();
    assert_eq!([Impact::High, Impact::Moderate, Impact::Low, Impact::Modifier].map(impacts), [10, 5, 8, 18]);
    for (name, impact) in [
        ("feature_truncation", "HIGH"),
        ("inframe_insertion", "MODERATE"),
        ("TFBS_ablation", "MODERATE"),
        ("splice_donor_5th_base_variant", "LOW"),
        ("synonymous_variant", "LOW"),
        ("coding_sequence_variant", "MODIFIER"),
        ("intergenic_variant", "MODIFIER"),
    ] {
        assert_eq!(term(name).impact().as_str(), impact, "{name}");
        assert_eq!(Impact::parse(impact.as_bytes()), Some(term(name).impact()));
    }
    assert_eq!(Impact::parse(b"high"), None);
}

#[test]
fn what_is_a_kind_of_what() {
    for (kind, of) in [
        ("missense_variant", "missense_variant"),
        ("missense_variant", "protein_altering_variant"),
        ("missense_variant", "coding_sequence_variant"),
        ("missense_variant", "sequence_variant"),
        ("frameshift_variant", "protein_altering_variant"),
        ("inframe_deletion", "inframe_indel"),
        ("conservative_inframe_deletion", "inframe_deletion"),
        ("disruptive_inframe_insertion", "inframe_indel"),
        ("stop_gained", "feature_truncation"),
        ("start_lost", "initiator_codon_variant"),
        ("stop_lost", "terminator_codon_variant"),
        ("stop_retained_variant", "synonymous_variant"),
        ("splice_acceptor_variant", "splice_site_variant"),
        ("splice_donor_variant", "splicing_variant"),
        ("splice_donor_variant", "intron_variant"),
        ("splice_region_variant", "splicing_variant"),
        ("splice_donor_region_variant", "splice_region_variant"),
        ("5_prime_UTR_variant", "UTR_variant"),
        ("5_prime_UTR_premature_start_codon_gain_variant", "5_prime_UTR_variant"),
        ("non_coding_transcript_exon_variant", "exon_variant"),
        ("TF_binding_site_variant", "regulatory_region_variant"),
        ("transcript_ablation", "feature_ablation"),
        ("rare_amino_acid_variant", "missense_variant"),
    ] {
        assert!(is_a(kind, of), "{kind} is a {of}");
        assert!(kind == of || !is_a(of, kind), "{of} is no {kind}");
    }
    for (one, other) in [
        ("synonymous_variant", "protein_altering_variant"),
        ("missense_variant", "frameshift_variant"),
        ("intron_variant", "coding_sequence_variant"),
        ("splice_region_variant", "splice_site_variant"),
        ("intergenic_region", "sequence_variant"),
    ] {
        assert!(!is_a(one, other) && !is_a(other, one), "{one} {other}");
    }
}

#[test]
fn no_term_is_a_kind_of_itself_over_others() {
    for one in Term::all() {
        for other in Term::all().filter(|other| *other != one) {
            assert!(!(one.is_a(other) && other.is_a(one)), "{one} {other}");
        }
    }
}

#[test]
fn is_a_is_what_following_the_parents_by_hand_says() {
    fn reaches(term: Term, other: Term) -> bool {
        term == other || term.parents().any(|parent| reaches(parent, other))
    }
    for one in Term::all() {
        for other in Term::all() {
            assert_eq!(one.is_a(other), reaches(one, other), "{one} {other}");
        }
    }
}

#[test]
fn every_term_of_the_ontologys_branch_reaches_its_root() {
    let root = term("sequence_variant");
    let outside = "chromosome_number_variation rearranged_at_DNA_level duplication inversion protein_protein_contact \
                   splice_branch_variant miRNA exon_region sequence_feature custom intergenic_region chromosome";
    for term in Term::all() {
        assert_eq!(term.is_a(root), !outside.split_whitespace().any(|name| name == term.as_str()), "{term}");
    }
}

#[test]
fn accessions_are_those_of_the_ontology() {
    for (name, accession) in [
        ("missense_variant", Some("SO:0001583")),
        ("frameshift_variant", Some("SO:0001589")),
        ("splice_acceptor_variant", Some("SO:0001574")),
        ("intergenic_variant", Some("SO:0001628")),
        ("splice_branch_variant", None),
        ("custom", None),
    ] {
        assert_eq!(term(name).accession(), accession, "{name}");
    }
    let accessions: Vec<_> = Term::all().filter_map(Term::accession).collect();
    let distinct: std::collections::BTreeSet<_> = accessions.iter().collect();
    assert_eq!(accessions.len(), distinct.len());
    assert!(accessions.iter().all(|accession| accession.starts_with("SO:") && accession.len() == 10));
}

#[test]
fn a_set_is_asked_for_kinds_and_for_the_most_severe() {
    let (set, unknown) = TermSet::parse(b"splice_region_variant&fancy_variant&missense_variant&&");
    assert_eq!(
        (set.iter().map(Term::as_str).collect::<Vec<_>>(), unknown),
        (vec!["missense_variant", "splice_region_variant"], 2)
    );
    assert_eq!(set.most_severe(), Some(term("missense_variant")));
    assert!(set.any_is_a(term("protein_altering_variant")) && set.any_is_a(term("splicing_variant")));
    assert!(!set.any_is_a(term("inframe_indel")) && !set.any_is_a(term("stop_gained")));
    assert!(set.contains(term("missense_variant")) && !set.contains(term("protein_altering_variant")));
    assert_eq!(TermSet::parse(b""), (TermSet::default(), 0));
    assert_eq!(TermSet::default().most_severe(), None);
    assert_eq!(set, [term("missense_variant"), term("splice_region_variant")].into_iter().collect());
}

#[test]
fn null_variants_are_those_of_pvs1() {
    let is_null = |name: &str| TermSet::parse(name.as_bytes()).0.intersects(TermSet::NULL_VARIANTS);
    assert!(["stop_gained", "frameshift", "splice_donor", "start_lost", "exon_loss_variant"].into_iter().all(is_null));
    assert!(!["missense_variant", "splice_region_variant", "inframe_deletion", "intron"].into_iter().any(is_null));
}
