//! To whom an entry of VEP belongs. Sites with large numbers are of the file that VEP's output is tested with in bcftools.

use crate::support::File;

/// Entries need an allele and a consequence that tells them apart.
fn plain() -> File {
    File::vep("Allele|Consequence|Feature")
}

/// … and the number of the ALT.
fn numbered() -> File {
    File::vep("Allele|Consequence|Feature|ALLELE_NUM")
}

#[test]
fn an_snv_is_named_by_its_base() {
    let owners = plain().owners((14464, "A", "T"), "AF=1;CSQ=T|intron_variant|E1,T|missense_variant|E2;DP=3");
    assert_eq!(owners, (vec![vec!["missense_variant", "intron_variant"]], 0));
}

#[test]
fn each_of_several_snvs_is_named_by_its_base() {
    let owners = plain().owners((14976, "G", "A,C"), "CSQ=A|intron_variant|E1,C|missense_variant|E1");
    assert_eq!(owners, (vec![vec!["intron_variant"], vec!["missense_variant"]], 0));
}

#[test]
fn bases_that_are_replaced_by_as_many_keep_their_name() {
    let owners =
        plain().owners((783_042, "AT", "GT,AC"), "CSQ=AC|intron_variant|E1,GT|missense_variant|E1,C|stop_lost|E1");
    assert_eq!(owners, (vec![vec!["missense_variant"], vec!["intron_variant"]], 1));
}

#[test]
fn an_insertion_is_named_by_what_is_inserted() {
    let owners = plain().owners((5, "C", "CAT"), "CSQ=AT|frameshift_variant|E1,TA|stop_lost|E1");
    assert_eq!(owners, (vec![vec!["frameshift_variant"]], 1));
}

#[test]
fn a_deletion_is_named_by_a_dash() {
    let owners = plain().owners((5, "CAT", "C"), "CSQ=-|frameshift_variant|E1,T|stop_lost|E1");
    assert_eq!(owners, (vec![vec!["frameshift_variant"]], 1));
}

#[test]
fn only_one_base_is_taken_off_even_if_more_are_shared() {
    let owners = plain().owners((5, "CAT", "CA"), "CSQ=A|frameshift_variant|E1,-|stop_lost|E1");
    assert_eq!(owners, (vec![vec!["frameshift_variant"]], 1));
}

#[test]
fn an_indel_that_shares_no_first_base_is_named_as_written() {
    let owners = plain().owners((5, "CAT", "GA"), "CSQ=GA|frameshift_variant|E1,A|stop_lost|E1");
    assert_eq!(owners, (vec![vec!["frameshift_variant"]], 1));
}

#[test]
fn several_alts_lose_the_first_base_that_all_share() {
    let owners = plain().owners((129_148, "GT", "GTT,G"), "CSQ=TT|intron_variant|E1,-|frameshift_variant|E1");
    assert_eq!(owners, (vec![vec!["intron_variant"], vec!["frameshift_variant"]], 0));
}

#[test]
fn no_alt_loses_a_base_if_one_of_them_begins_otherwise() {
    let info = "CSQ=C|frameshift_variant|E1,TTTTA|missense_variant|E1,-|stop_lost|E1";
    let owners = plain().owners((120_895, "CTTTA", "C,TTTTA"), info);
    assert_eq!(owners, (vec![vec!["frameshift_variant"], vec!["missense_variant"]], 1));
    let owners = plain().owners((15903, "G", "C,GC"), "CSQ=C|missense_variant|E1,GC|frameshift_variant|E1");
    assert_eq!(owners, (vec![vec!["missense_variant"], vec!["frameshift_variant"]], 0));
}

#[test]
fn a_star_is_left_aside_when_first_bases_are_compared() {
    let owners = plain().owners((267_355, "TATA", "T,*"), "CSQ=-|intron_variant|E1");
    assert_eq!(owners, (vec![vec!["intron_variant"], vec![]], 0));
    let owners = plain().owners((267_303, "T", "*,TTA"), "CSQ=TA|intron_variant|E1");
    assert_eq!(owners, (vec![vec![], vec!["intron_variant"]], 0));
    let owners = plain().owners((267_305, "TATA", "*,T,CATA"), "CSQ=T|intron_variant|E1,CATA|missense_variant|E1");
    assert_eq!(owners, (vec![vec![], vec!["intron_variant"], vec!["missense_variant"]], 0));
}

#[test]
fn a_star_keeps_its_name_and_its_length_counts() {
    // REF has two bases and `*` one: an indel, so that the base that REF and CT share goes.
    let owners = plain().owners((5, "CA", "CT,*"), "CSQ=T|missense_variant|E1,*|intron_variant|E1,CT|stop_lost|E1");
    assert_eq!(owners, (vec![vec!["missense_variant"], vec!["intron_variant"]], 1));
    let owners = plain().owners((777_512, "C", "T,*"), "CSQ=T|missense_variant|E1,*|intron_variant|E1");
    assert_eq!(owners, (vec![vec!["missense_variant"], vec!["intron_variant"]], 0));
}

#[test]
fn bases_are_compared_without_case() {
    let owners = plain().owners((5, "c", "t"), "CSQ=T|missense_variant|E1");
    assert_eq!(owners, (vec![vec!["missense_variant"]], 0));
    let owners = plain().owners((5, "cat", "c"), "CSQ=-|frameshift_variant|E1");
    assert_eq!(owners, (vec![vec!["frameshift_variant"]], 0));
}

#[test]
fn an_alt_that_is_repeated_has_the_same_entries_twice() {
    let owners = plain().owners((5, "C", "T,G,T"), "CSQ=T|missense_variant|E1,G|intron_variant|E1");
    assert_eq!(owners, (vec![vec!["missense_variant"], vec!["intron_variant"], vec!["missense_variant"]], 0));
    let numbered = numbered().owners((5, "C", "T,G,T"), "CSQ=T|missense_variant|E1|3,G|intron_variant|E1|2");
    assert_eq!(numbered, (vec![vec!["missense_variant"], vec!["intron_variant"], vec!["missense_variant"]], 0));
}

#[test]
fn an_entry_of_an_unknown_allele_is_counted_and_never_given_away() {
    let owners = plain().owners((5, "C", "T"), "CSQ=G|missense_variant|E1,|stop_lost|E1,C|intron_variant|E1");
    assert_eq!(owners, (vec![vec![]], 3));
}

#[test]
fn the_number_tells_alts_apart_whose_trimmed_names_are_odd() {
    // `--minimal` has trimmed both ends; only the number says that this is the second ALT.
    let info = "CSQ=T|missense_variant|E1|2,-|inframe_deletion|E1|1";
    let owners = numbered().owners((5, "CAGC", "C,CTGC"), info);
    assert_eq!(owners, (vec![vec!["inframe_deletion"], vec!["missense_variant"]], 0));
}

#[test]
fn a_number_and_a_name_that_contradict_each_other_name_nobody() {
    let info = "CSQ=A|missense_variant|E1|2,T|stop_lost|E1|1,C|intron_variant|E1|2";
    let owners = numbered().owners((14976, "G", "A,C"), info);
    assert_eq!(owners, (vec![vec![], vec!["intron_variant"]], 2));
}

#[test]
fn number_0_is_the_reference_and_none_of_the_alts() {
    let owners = numbered().owners((5, "C", "T"), "CSQ=C|intron_variant|E1|0,T|missense_variant|E1|1");
    assert_eq!(owners, (vec![vec!["missense_variant"]], 1));
}

#[test]
fn a_number_that_is_none_names_nobody() {
    let owners = numbered().owners((5, "C", "T"), "CSQ=T|intron_variant|E1|x,T|missense_variant|E1|-1,T|stop_lost|E1|");
    // Without a number the name decides.
    assert_eq!(owners, (vec![vec!["stop_lost"]], 2));
}

#[test]
fn numbers_of_a_record_that_was_split_later_are_not_believed() {
    // Annotated as `C → CCA,CA` (names CA and A), then split: in the second half number 1 means an ALT that is gone.
    let info = "CSQ=CA|inframe_insertion|E1|1,A|frameshift_variant|E1|2";
    assert_eq!(numbered().owners((5, "C", "CCA"), info), (vec![vec!["inframe_insertion"]], 1));
    // Here the names are those of `C → A,CA` too, so that nobody can tell.
    assert_eq!(numbered().owners((5, "C", "CA"), info), (vec![vec![]], 2));
    assert_eq!(numbered().read((5, "C", "CA"), info).1.renumbered, 1);
    assert_eq!(numbered().read((5, "C", "CCA,CA"), info).1.renumbered, 0);
    // The whole record is read again, the entries before the impossible number too.
    let info = "CSQ=A|missense_variant|E1|1,T|intron_variant|E1|2,G|stop_lost|E1|3";
    assert_eq!(numbered().owners((5, "C", "T"), info), (vec![vec!["intron_variant"]], 2));
}

#[test]
fn a_minimised_name_counts_if_only_one_alt_has_it() {
    let file = File::vep("Allele|Consequence|Feature|MINIMISED");
    assert_eq!(file.owners((5, "CAGC", "CTGC"), "CSQ=T|missense_variant|E1|1"), (vec![vec!["missense_variant"]], 0));
    assert_eq!(file.owners((5, "CAGC", "CTGC"), "CSQ=T|missense_variant|E1|"), (vec![vec![]], 1));
    // Both are a T when trimmed.
    let owners = file.owners((5, "CAA", "CTA,CAT"), "CSQ=T|missense_variant|E1|1");
    assert_eq!(owners, (vec![vec![], vec![]], 1));
}

#[test]
fn a_minimised_name_with_a_number_may_be_the_plain_name_of_another_alt() {
    let info = |minimised: u8| {
        format!("CSQ=T|frameshift_variant|E1|1|{minimised},T|missense_variant|E1|2|{minimised}").replace("|0", "|")
    };
    let file = File::vep("Allele|Consequence|Feature|ALLELE_NUM|MINIMISED");
    let site = (5, "CAGC", "T,CTGC");
    assert_eq!(file.owners(site, &info(1)), (vec![vec!["frameshift_variant"], vec!["missense_variant"]], 0));
    assert_eq!(file.owners(site, &info(0)), (vec![vec!["frameshift_variant"], vec![]], 1));
}

#[test]
fn a_symbolic_alt_is_named_by_its_class() {
    let one = |alt: &str, name: &str| plain().owners((5, "N", alt), &format!("CSQ={name}|transcript_ablation|E1"));
    let found = (vec![vec!["transcript_ablation"]], 0);
    for (alt, name) in [
        ("<DEL>", "deletion"),
        ("<DEL:ME:ALU>", "Alu_deletion"),
        ("<DEL:ME>", "mobile_element_deletion"),
        ("<INS>", "insertion"),
        ("<INS:ME:L1>", "LINE1_insertion"),
        ("<DUP>", "duplication"),
        ("<DUP:TANDEM>", "tandem_duplication"),
        ("<CNV>", "copy_number_variation"),
        ("<CNV:TR>", "tandem_repeat"),
        ("<CN0>", "deletion"),
        ("<INV>", "inversion"),
        ("<DEL>", "<DEL>"),
    ] {
        assert_eq!(one(alt, name), found, "{alt} {name}");
    }
    assert_eq!(one("<DEL>", "duplication"), (vec![vec![]], 1));
    assert_eq!(one("<FOO>", "deletion"), (vec![vec![]], 1));
}

#[test]
fn a_class_that_two_alts_have_names_neither() {
    let owners = plain().owners((5, "N", "<DEL>,<CN0>"), "CSQ=deletion|transcript_ablation|E1");
    assert_eq!(owners, (vec![vec![], vec![]], 1));
    let owners = plain().owners((5, "N", "<DEL>,<DUP>"), "CSQ=duplication|transcript_amplification|E1");
    assert_eq!(owners, (vec![vec![], vec!["transcript_amplification"]], 0));
    let owners = numbered().owners((5, "N", "<DEL>,<CN0>"), "CSQ=deletion|transcript_ablation|E1|2");
    assert_eq!(owners, (vec![vec![], vec!["transcript_ablation"]], 0));
}

#[test]
fn a_breakend_that_is_the_only_alt_owns_every_breakend_entry() {
    // VEP annotates both ends of a breakend and writes each in its own way.
    let info =
        "CSQ=N[17:198982[|feature_truncation|E1,]13:123456]N|intron_variant|E2,chromosome_breakpoint|stop_lost|E3";
    let owners = plain().owners((5, "G", "G[17:198982["), info);
    assert_eq!(owners, (vec![vec!["stop_lost", "feature_truncation", "intron_variant"]], 0));
    assert_eq!(plain().owners((5, "G", "T"), info), (vec![vec![]], 3));
}

#[test]
fn an_unspecified_alt_beside_a_base_changes_nothing() {
    let owners = plain().owners((5, "C", "T,<*>"), "CSQ=T|missense_variant|E1");
    assert_eq!(owners, (vec![vec!["missense_variant"], vec![]], 0));
}

#[test]
fn entries_without_an_allele_column_belong_to_the_only_alt_or_to_the_record() {
    use vcf_agent::annotation::Scope;
    let file = File::vep("Consequence|Gene|Feature");
    let info = "CSQ=missense_variant|G1|E1";
    for (alt, scopes) in [
        ("T", &[Some(Scope::Allele)][..]),
        ("T,<NON_REF>", &[Some(Scope::Allele), None]),
        ("T,G,*", &[Some(Scope::Record), Some(Scope::Record), None]),
    ] {
        let (alleles, findings) = file.read((5, "C", alt), info);
        let found: Vec<_> = alleles.iter().map(|allele| allele.chosen.as_ref().map(|chosen| chosen.scope)).collect();
        assert_eq!(found, scopes, "{alt}");
        assert_eq!(findings.unknown_allele, 0);
    }
}

#[test]
fn the_rules_are_the_same_for_many_alts() {
    let bases = ["A", "C", "G", "T"];
    let inserted: Vec<String> = bases.iter().flat_map(|a| bases.iter().map(move |b| format!("{a}{b}"))).collect();
    let mut alts: Vec<String> = inserted.iter().map(|bases| format!("C{bases}")).collect();
    alts.extend(["*".into(), "C".into(), alts[3].clone()]);
    let entries: Vec<String> = inserted.iter().map(|bases| format!("{bases}|inframe_insertion|E")).collect();
    let info = format!("CSQ={},-|frameshift_variant|E,*|intron_variant|E,CAA|stop_lost|E", entries.join(","));
    let (terms, unknown) = plain().owners((5, "CA", &alts.join(",")), &info);
    assert_eq!(unknown, 1);
    assert_eq!(terms[..16], vec![vec!["inframe_insertion"]; 16]);
    assert_eq!(terms[16..], [vec!["intron_variant"], vec!["frameshift_variant"], vec!["inframe_insertion"]]);
}

#[test]
fn a_record_that_was_split_after_vep_saw_it_keeps_to_the_names_of_the_whole_record() {
    // Of C>T,CT, which VEP does not trim. After the split T could be the insertion's name (of C>CT alone), or CT (of C>CCT,CT).
    let csq = "CSQ=T|stop_gained|E1,CT|intron_variant|E1";
    assert_eq!(plain().owners((5, "C", "T,CT"), csq), (vec![vec!["stop_gained"], vec!["intron_variant"]], 0));
    assert_eq!(plain().owners((5, "C", "CT"), csq), (vec![vec![]], 2));
    assert_eq!(plain().owners((5, "C", "T"), csq), (vec![vec!["stop_gained"]], 1));
    let csq = "CSQ=T|stop_gained|E1|1,CT|intron_variant|E1|2";
    assert_eq!(numbered().owners((5, "C", "CT"), csq), (vec![vec![]], 2));
    // Of C>G,CT: only one reading is left.
    let csq = "CSQ=G|stop_gained|E1,CT|intron_variant|E1";
    assert_eq!(plain().owners((5, "C", "CT"), csq), (vec![vec!["intron_variant"]], 1));
    // As written and as trimmed of two ALTs: VEP trimmed, nothing was split.
    let csq = "CSQ=CT|frameshift_variant|E1,T|intron_variant|E1";
    assert_eq!(plain().owners((5, "C", "CCT,CT"), csq), (vec![vec!["frameshift_variant"], vec!["intron_variant"]], 0));
}
