//! To whom an entry of bcftools csq belongs, by the examples of its manual.

use vcf_agent::annotation::Scope;

use crate::support::{File, names, text};

#[test]
fn a_codon_that_two_records_change_is_written_at_the_first_and_pointed_at_from_the_second() {
    let file = File::bcsq();
    let info = "BCSQ=missense|CLASP1|ENST00000545861|-|1174P>1174L|122106101G>A+122106102G>A";
    // Columns are found by name, whatever their number: here the biotype is missing as in the manual's older examples.
    let older = File::new(&[(
        "BCSQ",
        ".",
        "Haplotype-aware consequence annotation from BCFtools/csq. Format: \
         '[*]consequence|gene|transcript|strand|amino_acid_change|dna_change'",
    )]);
    let (alleles, findings) = older.read((122_106_101, "G", "A"), info);
    let chosen = alleles[0].chosen.as_ref().unwrap();
    assert_eq!((names(alleles[0].terms), chosen.scope), (vec!["missense_variant"], Scope::Allele));
    assert_eq!((text(chosen.symbol), text(chosen.transcript)), (Some("CLASP1"), Some("ENST00000545861")));
    assert_eq!(findings.unknown_allele, 0);

    let (alleles, findings) = file.read((122_106_102, "G", "A"), "BCSQ=@122106101");
    assert_eq!((alleles[0].pointer, alleles[0].entries, alleles[0].chosen.is_none()), (Some(122_106_101), 0, true));
    assert_eq!((findings.pointers, findings.unknown_allele), (1, 0));
}

#[test]
fn an_entry_belongs_to_the_alt_whose_change_it_lists_at_this_position() {
    let file = File::bcsq();
    let info =
        "BCSQ=inframe_insertion|COPZ2|ENST00000006101|protein_coding|-|18AGRGP>18AQAGGP|46115072C>CG+46115084T>TGG";
    assert_eq!(file.owners((46_115_084, "T", "TGG"), info), (vec![vec!["inframe_insertion"]], 0));
    assert_eq!(file.owners((46_115_084, "T", "TG,TGG"), info), (vec![vec![], vec!["inframe_insertion"]], 0));
    // C>CG is of another position, however alike.
    assert_eq!(file.owners((46_115_073, "C", "CG"), info), (vec![vec![]], 1));
    assert_eq!(file.owners((46_115_072, "C", "T"), info), (vec![vec![]], 1));
}

#[test]
fn several_alts_each_have_their_own_changes() {
    let file = File::bcsq();
    let info = "BCSQ=missense|X|E1|protein_coding|+|2V>2I|103G>A,synonymous|X|E1|protein_coding|+|2V|103G>T,\
                stop_gained|X|E2|protein_coding|+|2V>2*|103G>C";
    let owners = file.owners((103, "G", "A,T"), info);
    assert_eq!(owners, (vec![vec!["missense_variant"], vec!["synonymous_variant"]], 1));
}

#[test]
fn an_entry_without_changes_is_about_the_record() {
    let file = File::bcsq();
    let info = "BCSQ=intron|CIR1||protein_coding,non_coding|CIR1||retained_intron";
    let scopes = |alt: &str| {
        let (alleles, findings) = file.read((5, "G", alt), info);
        assert_eq!(findings.unknown_allele, 0);
        alleles.iter().map(|allele| allele.chosen.as_ref().map(|chosen| chosen.scope)).collect::<Vec<_>>()
    };
    assert_eq!(scopes("A"), [Some(Scope::Allele)]);
    assert_eq!(scopes("A,*"), [Some(Scope::Allele), None]);
    assert_eq!(scopes("A,<NON_REF>,T"), [Some(Scope::Record), None, Some(Scope::Record)]);
    let terms = file.terms((5, "G", "A,T"), info);
    assert_eq!(terms, vec![vec!["intron_variant", "non_coding_transcript_variant"]; 2]);
}

#[test]
fn an_alt_of_its_own_and_the_record_are_joined() {
    let file = File::bcsq();
    let info = "BCSQ=missense|X|E1|protein_coding|+|2V>2I|103G>A,5_prime_utr|Y|E2|protein_coding";
    let (alleles, _) = file.read((103, "G", "A,T"), info);
    assert_eq!(names(alleles[0].terms), ["missense_variant", "5_prime_UTR_variant"]);
    assert_eq!(names(alleles[1].terms), ["5_prime_UTR_variant"]);
    let scope = |nth: usize| alleles[nth].chosen.as_ref().unwrap().scope;
    assert_eq!((scope(0), scope(1)), (Scope::Allele, Scope::Record));
    assert_eq!((alleles[0].entries, alleles[1].entries), (2, 1));
}

#[test]
fn a_star_in_front_says_that_a_stop_comes_before() {
    let file = File::bcsq();
    let info = "BCSQ=*missense|PER3|ENST00000361923|protein_coding|+|1028M>1028T|7890117T>C";
    let (alleles, findings) = file.read((7_890_117, "T", "C"), info);
    let chosen = alleles[0].chosen.as_ref().unwrap();
    assert!(chosen.after_stop);
    assert_eq!((chosen.consequence, names(chosen.terms)), (&b"missense"[..], vec!["missense_variant"]));
    assert_eq!(findings.unknown_terms, 0);
    let info = "BCSQ=stop_gained|C2orf83|ENST00000264387|protein_coding|-|141W>141*|228476140C>T";
    let (alleles, _) = file.read((228_476_140, "C", "T"), info);
    assert!(!alleles[0].chosen.as_ref().unwrap().after_stop);
}

#[test]
fn the_impact_that_bcftools_does_not_write_is_that_of_the_term() {
    let file = File::bcsq();
    let info = "BCSQ=splice_region&synonymous|X|E1|protein_coding|+|2V|103G>A";
    let (alleles, _) = file.read((103, "G", "A"), info);
    let chosen = alleles[0].chosen.as_ref().unwrap();
    assert_eq!(chosen.impact.unwrap().as_str(), "LOW");
    assert_eq!(names(chosen.terms), ["splice_region_variant", "synonymous_variant"]);
}

#[test]
fn every_type_that_bcftools_lists_is_known() {
    let listed = "3_prime_utr 5_prime_utr coding_sequence feature_elongation feature_truncation frameshift inframe_altering \
                  inframe_deletion inframe_insertion intergenic intron missense non_coding splice_acceptor splice_donor \
                  splice_region start_lost start_retained stop_gained stop_lost stop_retained synonymous NMD_transcript";
    for word in listed.split_whitespace() {
        assert!(vcf_agent::annotation::Term::parse(word.as_bytes()).is_some(), "{word}");
    }
}
