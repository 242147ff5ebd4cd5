//! Which entry stands for an ALT, and why.

use vcf_agent::annotation::{Impact, Why};

use crate::support::{File, SNPEFF, names, text, vep_description};

const COLUMNS: &str = "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|HGVSc|HGVSp|CANONICAL|MANE|\
                       MANE_SELECT|MANE_PLUS_CLINICAL|APPRIS|PICK";

/// An entry of a transcript: consequence, its id, then CANONICAL to PICK.
fn entry(consequence: &str, id: &str, reasons: [&str; 6]) -> String {
    format!("T|{consequence}||SYM|ENSG1|Transcript|{id}|protein_coding|||{}", reasons.join("|"))
}

fn chosen(entries: &[String]) -> (String, Why) {
    let info = format!("CSQ={}", entries.join(","));
    let file = File::vep(COLUMNS);
    let (alleles, findings) = file.read((5, "C", "T"), &info);
    assert_eq!((findings.unknown_allele, findings.columns_too_few, findings.columns_too_many), (0, 0, 0));
    let chosen = alleles[0].chosen.as_ref().unwrap();
    (text(chosen.transcript).unwrap_or("no transcript").to_owned(), chosen.why)
}

#[test]
fn each_reason_goes_before_the_next_whatever_the_severity() {
    let ladder = [
        (entry("intron_variant", "E1", ["YES", "", "NM_1.2", "", "P1", "1"]), Why::ManeSelect),
        (entry("3_prime_UTR_variant", "E2", ["", "", "", "NM_2.1", "P2", ""]), Why::ManePlusClinical),
        (entry("synonymous_variant", "E3", ["YES", "", "", "", "P1", "1"]), Why::Canonical),
        (entry("splice_region_variant", "E4", ["", "", "", "", "P3", "1"]), Why::Appris),
        (entry("missense_variant", "E5", ["", "", "", "", "A1", "1"]), Why::Pick),
        (entry("stop_gained", "E6", ["NO", "", "", "", "A2", ""]), Why::MostSevere),
    ];
    for first in 0..ladder.len() {
        // In the file the best one stands last.
        let entries: Vec<String> = ladder[first..].iter().rev().map(|(entry, _)| entry.clone()).collect();
        assert_eq!(chosen(&entries), (format!("E{}", first + 1), ladder[first].1));
    }
}

#[test]
fn among_equal_reasons_the_most_severe_one_is_chosen() {
    let mane = ["YES", "", "NM_1.2", "", "", ""];
    let entries = [entry("upstream_gene_variant", "E1", mane), entry("missense_variant", "E2", mane)];
    assert_eq!(chosen(&entries), ("E2".into(), Why::ManeSelect));
    let none = [""; 6];
    let entries = [entry("intron_variant", "E1", none), entry("intron_variant&splice_region_variant", "E2", none)];
    assert_eq!(chosen(&entries), ("E2".into(), Why::MostSevere));
}

#[test]
fn among_equals_the_first_in_the_file_is_chosen() {
    let none = [""; 6];
    let entries: Vec<String> = (1..5).map(|nth| entry("missense_variant", &format!("E{nth}"), none)).collect();
    assert_eq!(chosen(&entries), ("E1".into(), Why::MostSevere));
}

#[test]
fn the_column_mane_is_read_in_its_older_and_its_newer_meaning() {
    for (mane, why) in [
        ("NM_001005484.2", Why::ManeSelect),
        ("MANE_Select", Why::ManeSelect),
        ("MANE_Plus_Clinical", Why::ManePlusClinical),
        ("MANE_Select&MANE_Plus_Clinical", Why::ManeSelect),
    ] {
        assert_eq!(chosen(&[entry("intron_variant", "E1", ["", mane, "", "", "", ""])]), ("E1".into(), why), "{mane}");
    }
}

#[test]
fn appris_is_read_in_both_spellings_and_alternatives_are_no_reason() {
    for (appris, why) in [
        ("P1", Why::Appris),
        ("principal3", Why::Appris),
        ("A1", Why::MostSevere),
        ("alternative2", Why::MostSevere),
        ("P", Why::MostSevere),
    ] {
        let entries = [entry("intron_variant", "E1", ["", "", "", "", appris, ""])];
        assert_eq!(chosen(&entries), ("E1".into(), why), "{appris}");
    }
}

#[test]
fn transcripts_go_before_other_features() {
    let motif = "T|TFBS_ablation|MODERATE|||MotifFeature|ENSM1|||||||||".to_owned();
    let regulatory = "T|regulatory_region_variant|MODIFIER|||RegulatoryFeature|ENSR1|||||||||1".to_owned();
    let transcript = entry("upstream_gene_variant", "E1", [""; 6]);
    assert_eq!(chosen(&[motif.clone(), regulatory.clone(), transcript]), ("E1".into(), Why::MostSevere));
    // Alone they are chosen, but an id of a regulatory feature is no transcript.
    assert_eq!(chosen(&[motif, regulatory]), ("no transcript".into(), Why::Pick));
    let intergenic = "T|intergenic_variant|MODIFIER|||||||||||||".to_owned();
    assert_eq!(chosen(&[intergenic]), ("no transcript".into(), Why::MostSevere));
}

#[test]
fn the_most_severe_consequence_is_that_of_all_entries() {
    let info = "CSQ=T|intron_variant|MODIFIER|A|||||||YES|||||,T|stop_gained&NMD_transcript_variant|HIGH|B||||||||||||";
    let file = File::vep(COLUMNS);
    let (alleles, _) = file.read((5, "C", "T"), info);
    assert_eq!(names(alleles[0].chosen.as_ref().unwrap().terms), ["intron_variant"]);
    assert_eq!(alleles[0].most_severe().unwrap().as_str(), "stop_gained");
    assert_eq!(names(alleles[0].terms), ["stop_gained", "intron_variant", "NMD_transcript_variant"]);
}

#[test]
fn an_unknown_term_is_text_and_loses_against_every_known_one() {
    let info = "CSQ=T|fancy_variant|HIGH|A||||||||||||,T|fancy_variant&intergenic_variant|MODIFIER|B||||||||||||";
    let file = File::vep(COLUMNS);
    let (alleles, findings) = file.read((5, "C", "T"), info);
    let chosen = alleles[0].chosen.as_ref().unwrap();
    assert_eq!((text(chosen.symbol), chosen.consequence), (Some("B"), &b"fancy_variant&intergenic_variant"[..]));
    assert_eq!(findings.unknown_terms, 2);
    let (alleles, _) = file.read((5, "C", "T"), "CSQ=T|fancy_variant|HIGH|A||||||||||||");
    let chosen = alleles[0].chosen.as_ref().unwrap();
    assert_eq!((chosen.consequence, chosen.impact), (&b"fancy_variant"[..], Some(Impact::High)));
    assert!(alleles[0].terms.is_empty() && alleles[0].most_severe().is_none());
}

#[test]
fn what_is_shown_is_the_text_of_the_record() {
    let info = "CSQ=-|frameshift_variant|HIGH|BRCA2|ENSG00000139618|Transcript|ENST00000380152|protein_coding|\
                ENST00000380152.8:c.1813del|ENSP00000369497.3:p.Ile605TyrfsTer9%3D|YES||NM_000059.4||P1|1";
    let file = File::vep(COLUMNS);
    let (alleles, _) = file.read((5, "CA", "C"), info);
    let chosen = alleles[0].chosen.as_ref().unwrap();
    assert_eq!(text(chosen.symbol), Some("BRCA2"));
    assert_eq!(text(chosen.gene), Some("ENSG00000139618"));
    assert_eq!(text(chosen.transcript), Some("ENST00000380152"));
    assert_eq!(text(chosen.biotype), Some("protein_coding"));
    assert_eq!(text(chosen.hgvs_c), Some("ENST00000380152.8:c.1813del"));
    assert_eq!(text(chosen.hgvs_p), Some("ENSP00000369497.3:p.Ile605TyrfsTer9%3D"), "percent codes stay");
    assert_eq!(chosen.impact, Some(Impact::High));
    let source = &file.schema.sources[0];
    assert_eq!(text(chosen.column(source.column("MANE_SELECT").unwrap())), Some("NM_000059.4"));
    assert_eq!(source.column("REVEL"), None);
}

#[test]
fn an_empty_column_is_none() {
    let file = File::vep(COLUMNS);
    let (alleles, _) = file.read((5, "C", "T"), "CSQ=T|intergenic_variant||||||||||||||");
    let chosen = alleles[0].chosen.as_ref().unwrap();
    let shown = [chosen.symbol, chosen.gene, chosen.transcript, chosen.biotype, chosen.hgvs_c, chosen.hgvs_p];
    assert_eq!(shown, [None; 6]);
    assert_eq!(chosen.impact, Some(Impact::Modifier), "the term's, where the file has none");
}

#[test]
fn the_entry_is_of_vep_where_several_tools_have_written_and_all_their_terms_count() {
    let file = File::new(&[("ANN", ".", SNPEFF), ("vep", ".", &vep_description("Allele|Consequence|SYMBOL"))]);
    assert_eq!(file.schema.sources.iter().map(|source| source.key.as_str()).collect::<Vec<_>>(), ["vep", "ANN"]);
    let ann = "ANN=T|stop_gained|HIGH|SNP||||||||||||,G|missense_variant|MODERATE|SNP||||||||||||";
    let info = format!("{ann};vep=T|intron_variant|VEP");
    let (alleles, _) = file.read((5, "C", "T,G"), &info);
    let symbol = |nth: usize| alleles[nth].chosen.as_ref().map(|chosen| (chosen.source, text(chosen.symbol).unwrap()));
    assert_eq!((symbol(0), symbol(1)), (Some((0, "VEP")), Some((1, "SNP"))));
    assert_eq!(names(alleles[0].terms), ["stop_gained", "intron_variant"]);
    assert_eq!((alleles[0].entries, alleles[1].entries), (2, 1));
}

#[test]
fn of_a_key_that_is_there_twice_the_first_counts() {
    let file = File::vep("Allele|Consequence|Gene");
    let terms = file.terms((5, "C", "T"), "XCSQ=T|stop_lost|G;CSQ=T|intron_variant|G;CSQ=T|stop_gained|G");
    assert_eq!(terms, [["intron_variant"]]);
}

#[test]
fn a_record_without_the_key_or_without_alt_has_no_annotation() {
    let file = File::vep("Allele|Consequence|Gene");
    for info in ["", "DP=3", "CSQ", "CSQ=", "CSQ=.", "CSQ=,,"] {
        let (alleles, findings) = file.read((5, "C", "T"), info);
        assert!(alleles.len() == 1 && alleles[0].is_empty(), "{info}");
        assert_eq!(findings.entries, 0, "{info}");
    }
    let (alleles, findings) = file.read((5, "C", "."), "CSQ=C|intron_variant|G");
    assert!(alleles.is_empty());
    assert_eq!(findings.entries, 0);
}

#[test]
fn entries_that_do_not_fit_the_header_are_counted() {
    let file = File::vep("Allele|Consequence|SYMBOL|Gene");
    let info = "CSQ=T|intron_variant|A,T|missense_variant|B|G|more,T|synonymous_variant|C|G";
    let (alleles, findings) = file.read((5, "C", "T"), info);
    assert_eq!((findings.columns_too_few, findings.columns_too_many, findings.entries), (1, 1, 3));
    assert_eq!(names(alleles[0].terms), ["synonymous_variant", "intron_variant"]);
}

#[test]
fn findings_become_warnings_with_their_first_line() {
    use vcf_agent::domain::warning::Warnings;
    let file = File::vep("Allele|Consequence|SYMBOL|Gene");
    let (_, findings) = file.read((5, "C", "T"), "CSQ=G|intron_variant|A|G,A|intron_variant|A|G,T|fancy|A|G");
    let mut warnings = Warnings::default();
    findings.note(17, &mut warnings);
    findings.note(18, &mut warnings);
    let found: Vec<_> = warnings.list().into_iter().map(|w| (w.code, w.count, w.first_line)).collect();
    assert_eq!(found, [("annotation_allele_unknown".into(), 4, 17), ("consequence_term_unknown".into(), 2, 17)]);
}
