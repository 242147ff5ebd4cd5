//! What a file lacks for a triage is said once, and nothing is selected in silence.

use crate::support::{ask, settings, vcf};

const CLNSIG: &str = "INFO=<ID=CLNSIG,Number=.,Type=String,Description=\"\">";
const CSQ: &str = "INFO=<ID=CSQ,Number=.,Type=String,Description=\"From VEP. Format: Allele|Consequence|IMPACT\">";

#[test]
fn a_file_without_annotations_gets_nothing_selected_and_is_told_why() {
    let file = vcf(&[], &[], &["1 5 . A C . PASS .", "1 6 . A . . PASS .", "1 7 . A <DEL> . q10 ."]);
    let answer = ask(&settings(""), &file);
    assert_eq!(answer.fates, ["not_annotated"; 3], "whatever else could be said of them");
    assert_eq!(answer.notices, ["triage_needs_annotations"]);
    assert_eq!(answer.seen(0, "not_annotated"), "the whole file");
}

#[test]
fn a_triage_that_needs_no_annotations_is_asked_of_any_file() {
    let file = vcf(&[], &[], &["1 5 . A C . PASS ."]);
    let answer = ask(&settings("triage.filter = [\"PASS\"]"), &file);
    assert_eq!((answer.fates, answer.notices), (vec!["selected"], Vec::<String>::new()));
}

#[test]
fn a_file_with_clinvar_alone_can_only_be_asked_about_clinvar() {
    let file = vcf(&[CLNSIG], &[], &["1 5 . A C . PASS CLNSIG=Pathogenic", "1 6 . A C . PASS ."]);
    let answer = ask(&settings(""), &file);
    assert_eq!(answer.fates, ["selected", "effect"]);
    assert_eq!(answer.notices, ["triage_without_consequences"]);
    let about_clinvar = ask(&settings("triage.effect.clinvar = [\"Pathogenic\"]"), &file);
    assert_eq!((about_clinvar.fates, about_clinvar.notices), (vec!["selected", "effect"], Vec::<String>::new()));
}

#[test]
fn a_file_with_everything_needs_no_notice() {
    let file = vcf(&[CSQ], &[], &["1 5 . A C . PASS CSQ=C|stop_gained|HIGH"]);
    let answer = ask(&settings(""), &file);
    assert_eq!((answer.fates, answer.notices), (vec!["selected"], Vec::<String>::new()));
}

#[test]
fn notices_do_not_repeat_the_names_of_people() {
    let file =
        vcf(&["FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">"], &["Doe_Jane"], &["1 5 . A C . PASS . GT 0/1"]);
    let settings = settings("triage.genotype.sample = \"Roe_Richard\"");
    let (_, selector, _) = crate::support::question(&settings).of(&header(&file));
    let said: String = selector.notices().iter().map(|notice| notice.message.clone()).collect();
    assert!(said.contains("triage.genotype") && !said.contains("Roe") && !said.contains("Doe"), "{said}");
}

fn header(text: &str) -> vcf_agent::vcf::header::Header {
    let end = text.find("\n1\t").unwrap() + 1;
    vcf_agent::vcf::header::parse(&text.as_bytes()[..end]).unwrap()
}
