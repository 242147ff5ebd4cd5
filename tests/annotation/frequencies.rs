//! The highest of the configured frequencies.

use crate::support::{File, vep_description};

fn found(file: &File, site: (i64, &str, &str), info: &str) -> Vec<Option<f64>> {
    file.read(site, info).0.iter().map(|allele| allele.frequency).collect()
}

fn file() -> File {
    let csq = vep_description("Allele|Consequence|Gene|AF|gnomADe_AF|MAX_AF");
    let lines = [
        ("CSQ", ".", csq.as_str()),
        ("AF", "A", "cohort"),
        ("POPMAX", "A", "x"),
        ("AFR", "R", "x"),
        ("G_AF", "1", "x"),
    ];
    File::with_frequencies(&lines, &["gnomADe_AF", "MAX_AF"], &["POPMAX", "AFR", "G_AF"])
}

#[test]
fn the_highest_of_columns_and_keys_counts() {
    let file = file();
    let info = "AF=0.9;CSQ=T|intron_variant|G|0.8|0.001|0.02,T|intron_variant|G|0.8|0.03|;POPMAX=0.01";
    assert_eq!(found(&file, (5, "C", "T"), info), [Some(0.03)]);
    let info = "CSQ=T|intron_variant|G|0.8|0.001|0.02;POPMAX=0.2";
    assert_eq!(found(&file, (5, "C", "T"), info), [Some(0.2)]);
}

#[test]
fn missing_is_not_0() {
    let file = file();
    for info in
        ["", "AF=0.1", "POPMAX=.", "POPMAX=x", "POPMAX=1.5", "POPMAX=nan", "POPMAX", "CSQ=T|intron_variant|G|0.1||"]
    {
        assert_eq!(found(&file, (5, "C", "T"), info), [None], "{info}");
    }
    assert_eq!(found(&file, (5, "C", "T"), "POPMAX=0"), [Some(0.0)]);
    assert_eq!(found(&file, (5, "C", "T"), "CSQ=T|intron_variant|G||0|"), [Some(0.0)]);
}

#[test]
fn each_alt_has_its_own() {
    let file = file();
    let info = "CSQ=G|intron_variant|G||0.1|,T|intron_variant|G||0.2|;POPMAX=0.15,.";
    assert_eq!(found(&file, (5, "C", "T,G"), info), [Some(0.2), Some(0.1)]);
    assert_eq!(found(&file, (5, "C", "T,G"), "POPMAX=0.15,."), [Some(0.15), None]);
    assert_eq!(found(&file, (5, "C", "T,G"), "G_AF=0.3"), [Some(0.3), Some(0.3)]);
    assert_eq!(
        found(&file, (5, "C", "T,G"), "POPMAX=0.1,0.2,0.3"),
        [None, None],
        "as many values as neither ALTs nor one"
    );
}

#[test]
fn the_references_value_is_left_aside_where_the_header_declares_one() {
    let file = file();
    assert_eq!(found(&file, (5, "C", "T,G"), "AFR=0.9,0.04,0.06"), [Some(0.04), Some(0.06)]);
    assert_eq!(found(&file, (5, "C", "T"), "AFR=0.9,0.1"), [Some(0.1)]);
    assert_eq!(found(&file, (5, "C", "T"), "AFR=0.9"), [None]);
}

#[test]
fn several_known_variants_in_one_column_give_the_highest() {
    let file = file();
    assert_eq!(found(&file, (5, "C", "T"), "CSQ=T|intron_variant|G||0.1&.&0.25|"), [Some(0.25)]);
}

#[test]
fn a_frequency_that_names_its_allele_counts_for_that_allele_only() {
    let csq = vep_description("Consequence|Gene|GMAF|Allele");
    let file = File::with_frequencies(&[("CSQ", ".", &csq)], &["GMAF"], &[]);
    assert_eq!(found(&file, (5, "C", "T"), "CSQ=intron_variant|G|T:0.02&A:0.5|T"), [Some(0.02)]);
    assert_eq!(found(&file, (5, "C", "T"), "CSQ=intron_variant|G|A:0.5|T"), [None]);
}

#[test]
fn a_column_that_is_something_else_is_no_frequency() {
    let csq = vep_description("Allele|Consequence|Gene|MAX_AF");
    let file = File::with_frequencies(&[("CSQ", ".", &csq)], &["Allele", "Consequence", "MAX_AF"], &["CSQ"]);
    let info = "CSQ=T|intron_variant|G|0.1";
    assert_eq!(found(&file, (5, "C", "T"), info), [Some(0.1)]);
    assert_eq!(file.terms((5, "C", "T"), info), [["intron_variant"]]);
}

#[test]
fn names_that_the_header_does_not_know_are_noticed() {
    use vcf_agent::annotation::{Annotator, Frequencies, Schema};
    let csq = vep_description("Allele|Consequence|Gene|MAX_AF");
    let (schema, _) = Schema::from_info_lines(&[("CSQ", ".", "String", &csq), ("AF", "A", "Float", "x")]);
    let frequencies = Frequencies {
        sub_fields: vec!["max_af".into(), "gnomADe_AF".into()],
        info_keys: vec!["AF".into(), "AF_popmax".into()],
    };
    let (_, notices) = Annotator::new(&schema, &frequencies);
    let messages: Vec<&str> = notices.iter().map(|notice| notice.message.as_str()).collect();
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert!(messages[0].contains("gnomADe_AF") && messages[1].contains("AF_popmax"), "{messages:?}");
    assert!(notices.iter().all(|notice| notice.code == "frequency_field_absent"));
}
