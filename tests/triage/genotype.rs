//! The clauses about samples.

use crate::support::{ask, fates, settings, vcf};

const GT: &str = "FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">";
const GQ: &str = "FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"\">";

/// One record for each genotype of the second of two samples.
fn genotypes(alt: &str, all: &[&str]) -> String {
    let records: Vec<String> = all.iter().map(|gt| format!("1 5 . A {alt} . . . GT 0/0 {gt}")).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    vcf(&[GT], &["mother", "child"], &records)
}

#[test]
fn a_sample_has_an_allele_in_one_of_the_listed_states() {
    let file = genotypes("C", &["0/1", "1|1", "1", "0/0", "./.", "./1", "./0", "."]);
    let kept = |zygosity: &str| {
        let toml = format!("[triage.genotype]\nsample = \"child\"\n{zygosity}");
        fates(&toml, &file).iter().map(|fate| if *fate == "selected" { '1' } else { '0' }).collect::<String>()
    };
    assert_eq!(kept(""), "11100100", "whoever has it, by default");
    assert_eq!(kept("zygosity = [\"het\"]"), "10000100");
    assert_eq!(kept("zygosity = [\"hom\"]"), "01000000");
    assert_eq!(kept("zygosity = [\"hemi\"]"), "00100000");
    assert_eq!(kept("zygosity = [\"absent\"]"), "00010000");
    assert_eq!(kept("zygosity = [\"missing\"]"), "00001011");
}

#[test]
fn each_alt_has_its_own_state() {
    let file = genotypes("C,G,<DEL>", &["1/2", "2/2", "0/1"]);
    let all = ["genotype", "selected"];
    let [no, yes] = all;
    let expected = [yes, yes, "not_analysable", no, yes, "not_analysable", yes, no, "not_analysable"];
    assert_eq!(fates("triage.genotype.sample = \"child\"", &file), expected);
}

#[test]
fn a_sample_is_named_by_its_number_too() {
    let file = genotypes("C", &["0/1"]);
    assert_eq!(fates("triage.genotype.sample = \"#2\"", &file), ["selected"]);
    assert_eq!(fates("triage.genotype.sample = \"#1\"", &file), ["genotype"]);
    let absent = ask(&settings("triage.genotype.sample = \"#3\""), &file);
    assert_eq!((absent.fates, absent.notices), (vec!["genotype"], vec!["triage_sample_absent".to_owned()]));
}

#[test]
fn a_poor_genotype_is_dropped_and_a_missing_quality_is_a_choice() {
    let records = ["0/1:30:9", "0/1:29:9", "0/1:30:8", "0/1:.:9", "0/1:30", "0/1"];
    let records: Vec<String> = records.iter().map(|sample| format!("1 5 . A C . . . GT:GQ:DP {sample}")).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let file = vcf(&[GT, GQ], &["child"], &records);
    let toml = "[triage.genotype]\nsample = \"child\"\ngq_min = 30\ndp_min = 9\n";
    let keeps = ask(&settings(toml), &file);
    let [no, yes] = ["genotype", "selected"];
    assert_eq!(keeps.fates, [yes, no, no, yes, yes, yes]);
    assert_eq!(keeps.seen(1, "genotype"), "GT 0/1 (het), GQ 29, at least 30 is asked, DP 9, at least 9 is asked");
    assert_eq!(fates(&format!("{toml}missing = \"drop\""), &file), [yes, no, no, no, no, no]);
}

#[test]
fn a_de_novo_allele_is_in_the_child_alone_and_the_parents_were_called() {
    let trios = ["0/1 0/0 0/0", "1 0 0/0", "0/1 0/1 0/0", "0/1 0/0 1/1", "0/1 ./. 0/0", "0/1 0/0 ./0", "0/0 0/0 0/0"];
    let records: Vec<String> = trios.iter().map(|trio| format!("1 5 . A C . . . GT {trio}")).collect();
    let records: Vec<&str> = records.iter().map(String::as_str).collect();
    let file = vcf(&[GT], &["kid", "dad", "mum"], &records);
    let toml = "[triage.de_novo]\nchild = \"kid\"\nfather = \"dad\"\nmother = \"#3\"\n";
    let answer = ask(&settings(toml), &file);
    let [no, yes] = ["de_novo", "selected"];
    assert_eq!(answer.fates, [yes, yes, no, no, no, no, no]);
    assert_eq!(answer.seen(3, "de_novo"), "GT of child 0/1, father 0/0, mother 1/1");
    let absent = ask(&settings(&toml.replace("dad", "uncle")), &file);
    assert_eq!((absent.fates, absent.notices), (vec![no; 7], vec!["triage_sample_absent".to_owned()]));
}

#[test]
fn another_alt_of_a_parent_is_not_that_of_the_child() {
    let file = vcf(&[GT], &["kid", "dad", "mum"], &["1 5 . A C,G . . . GT 1/2 0/2 0/0"]);
    let toml = "[triage.de_novo]\nchild = \"kid\"\nfather = \"dad\"\nmother = \"mum\"\n";
    assert_eq!(fates(toml, &file), ["selected", "de_novo"]);
}
