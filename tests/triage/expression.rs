//! The clause of an expression: the language itself is tested in `tests/expression/`.

use crate::support::{ask, fates, settings, vcf};

const DP: &str = "INFO=<ID=DP,Number=1,Type=Integer,Description=\"\">";
const AC: &str = "INFO=<ID=AC,Number=A,Type=Integer,Description=\"\">";
const AN: &str = "INFO=<ID=AN,Number=1,Type=Integer,Description=\"\">";
const GT: &str = "FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">";

fn triage(expression: &str) -> String {
    format!("[triage]\nexpression = '{expression}'\n")
}

#[test]
fn a_record_is_kept_as_a_whole_or_not_at_all() {
    let file = vcf(&[DP], &[], &["1 5 . A C,G 9 . DP=20", "1 6 . A C . . DP=9", "1 7 . A C,<DEL> 50 . ."]);
    let [no, yes] = ["expression", "selected"];
    assert_eq!(fates(&triage("DP>10"), &file), [yes, yes, no, no, "not_analysable"]);
    assert_eq!(fates(&triage("QUAL>10 || N_ALT>1"), &file), [yes, yes, no, yes, "not_analysable"]);
    assert_eq!(fates(&triage("POS=6 && ALT=\"C\""), &file), [no, no, yes, no, "not_analysable"]);
}

#[test]
fn an_expression_sees_the_alts_of_rows_that_other_clauses_have_dropped() {
    let file = vcf(&[DP], &[], &["1 5 . A <DEL>,C 9 . DP=20"]);
    assert_eq!(fates(&triage("N_ALT=2"), &file), ["not_analysable", "selected"]);
}

#[test]
fn samples_are_asked_too() {
    let file = vcf(&[GT], &["a", "b"], &["1 5 . A C . . . GT 0/1 0/0", "1 6 . A C . . . GT 0/0 0/0"]);
    assert_eq!(fates(&triage("GT=\"alt\""), &file), ["selected", "expression"]);
}

#[test]
fn what_cannot_be_decided_has_a_clause_of_its_own() {
    let file = vcf(&[AC, AN], &[], &["1 5 . A C . . AC=5;AN=4", "1 6 . A C . . AC=1;AN=4"]);
    let answer = ask(&settings(&triage("MAF>0.1")), &file);
    assert_eq!(answer.fates, ["expression_undecided", "selected"]);
    assert!(answer.seen(0, "expression_undecided").contains("cannot be decided"), "{:?}", answer.steps[0]);
    let clauses: Vec<_> = answer.steps[0].iter().map(|step| step.clause).collect();
    assert_eq!(clauses, ["no_alt", "not_analysable", "expression_undecided"], "and it is named once");
}

#[test]
fn an_expression_about_fields_that_the_header_lacks_selects_nothing_and_says_so() {
    let file = vcf(&[DP], &[], &["1 5 . A C . . DP=20"]);
    let answer = ask(&settings(&triage("INFO/NOPE>1")), &file);
    assert_eq!(
        (&answer.fates[..], &answer.notices[..]),
        (&["expression"][..], &["triage_expression_unusable".into()][..])
    );
    assert_eq!(answer.seen(0, "expression"), "it cannot be asked of this file");
}
