//! To whom an entry of SnpEff belongs, by the examples of the ANN format and of SnpEff's manual.

use crate::support::{File, text};

/// An entry with its 16 columns.
fn entry(allele: &str, annotation: &str) -> String {
    format!(
        "{allele}|{annotation}|HIGH|OR4F5|ENSG1|transcript|ENST1|protein_coding|1/1|c.1A>G|p.Met1?|1/918|1/918|1/305||"
    )
}

fn info(entries: &[(&str, &str)]) -> String {
    let entries: Vec<String> = entries.iter().map(|(allele, annotation)| entry(allele, annotation)).collect();
    format!("AF=0.1122;ANN={}", entries.join(","))
}

#[test]
fn each_alt_is_named_as_written() {
    let owners = |alt: &str, entries: &[(&str, &str)]| File::snpeff().owners((234_567, "A", alt), &info(entries));
    assert_eq!(owners("G", &[("G", "missense_variant")]), (vec![vec!["missense_variant"]], 0));
    let both = owners("G,T", &[("T", "stop_gained"), ("G", "missense_variant")]);
    assert_eq!(both, (vec![vec!["missense_variant"], vec!["stop_gained"]], 0));
}

#[test]
fn indels_keep_their_first_base() {
    let owners = |reference, alt, entries: &[(&str, &str)]| File::snpeff().owners((5, reference, alt), &info(entries));
    let insertion = owners("C", "CAT", &[("CAT", "frameshift_variant"), ("AT", "stop_lost")]);
    assert_eq!(insertion, (vec![vec!["frameshift_variant"]], 1));
    let mixed =
        owners("CAT", "C,CATT,GAT", &[("GAT", "missense_variant"), ("C", "frameshift_variant"), ("-", "stop_lost")]);
    assert_eq!(mixed, (vec![vec!["frameshift_variant"], vec![], vec!["missense_variant"]], 1));
}

#[test]
fn symbolic_alts_breakends_and_stars_are_named_as_written() {
    for alt in ["<DEL>", "<DUP:TANDEM>", "G[17:198982[", "*", "<INS-ALU>", "N[HLA-A*01:01:5["] {
        let info = info(&[(alt, "transcript_ablation")]);
        assert_eq!(File::snpeff().owners((5, "N", alt), &info), (vec![vec!["transcript_ablation"]], 0), "{alt}");
    }
}

#[test]
fn an_alt_compared_with_another_one_is_no_annotation_of_either() {
    // The manual's example of a somatic sample: G against REF, C against REF, and G against C.
    let info = info(&[("G", "start_lost"), ("G-C", "stop_gained"), ("C", "initiator_codon_variant")]);
    let (alleles, findings) = File::snpeff().read((69_091, "A", "C,G"), &info);
    let severe: Vec<_> = alleles.iter().map(|allele| allele.most_severe().unwrap().as_str()).collect();
    assert_eq!(severe, ["initiator_codon_variant", "start_lost"]);
    assert_eq!((findings.comparisons, findings.unknown_allele, findings.entries), (1, 0, 3));
}

#[test]
fn going_back_to_the_reference_is_a_comparison_too() {
    let info = info(&[("A-C", "start_lost")]);
    let (alleles, findings) = File::snpeff().read((69_091, "A", "C"), &info);
    assert!(alleles[0].is_empty());
    assert_eq!((findings.comparisons, findings.unknown_allele), (1, 0));
}

#[test]
fn a_compound_belongs_to_the_alt_before_the_dash() {
    let info = info(&[("G-chr1:123456_A>T", "missense_variant")]);
    assert_eq!(File::snpeff().owners((123_457, "C", "G"), &info), (vec![vec!["missense_variant"]], 0));
    assert_eq!(File::snpeff().owners((123_457, "C", "T"), &info), (vec![vec![]], 1));
}

#[test]
fn what_is_shown_is_read_from_the_sixteen_columns() {
    let info = "ANN=T|missense_variant|MODERATE|CCT8L2|ENSG00000198445|transcript|ENST00000359963|protein_coding|1/1|\
                c.1406G>A|p.Gly469Glu|1666/2034|1406/1674|469/557||,T|downstream_gene_variant|MODIFIER|FABP5P11|\
                ENSG00000240122|transcript|ENST00000430910|processed_pseudogene||n.*397G>A|||||3944|";
    let (alleles, findings) = File::snpeff().read((5, "C", "T"), info);
    let chosen = alleles[0].chosen.as_ref().unwrap();
    assert_eq!(chosen.consequence, b"missense_variant");
    assert_eq!(chosen.impact.unwrap().as_str(), "MODERATE");
    assert_eq!(text(chosen.symbol), Some("CCT8L2"));
    assert_eq!(text(chosen.gene), Some("ENSG00000198445"));
    assert_eq!(text(chosen.transcript), Some("ENST00000359963"));
    assert_eq!(text(chosen.biotype), Some("protein_coding"));
    assert_eq!(text(chosen.hgvs_c), Some("c.1406G>A"));
    assert_eq!(text(chosen.hgvs_p), Some("p.Gly469Glu"));
    let file = File::snpeff();
    assert_eq!(text(chosen.column(file.schema.sources[0].column("rank").unwrap())), Some("1/1"));
    assert_eq!((alleles[0].entries, findings.entries, findings.columns_too_few), (2, 2, 0));
}
