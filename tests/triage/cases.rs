//! People's own cases: what a file of them may say, and what it gives.

use std::path::Path;

use vcf_agent::triage::cases::{Cases, Problem, Verdict};

use crate::support::{question, settings};

const HEADER: &str = "header = '''\n##fileformat=VCFv4.3\n##INFO=<ID=DP,Number=1,Type=Integer,Description=\"\">\n'''\n";

fn read(text: &str) -> Result<Cases, Vec<Problem>> {
    let settings = settings("");
    Cases::read(text, Path::new("."), &question(&settings))
}

/// Line and message of each problem.
fn problems(text: &str) -> Vec<String> {
    let problems = read(text).err().unwrap_or_default();
    problems.into_iter().map(|problem| format!("{}: {}", problem.line, problem.message)).collect()
}

fn decide(toml: &str, cases: &str) -> Vec<Verdict> {
    let settings = settings(toml);
    read(&format!("{HEADER}{cases}")).unwrap().decide(&question(&settings)).0
}

const TRIAGE: &str = "[triage]\nfilter = [\"PASS\"]\nexpression = \"DP>10\"\n";

#[test]
fn a_case_is_met_or_says_what_each_clause_saw() {
    let cases = "\
[[case]]
name = 'good'
record = '1 5 . A C . PASS DP=20'
expect = 'selected'

[[case]]
name = 'shallow, wrongly expected'
record = \"1\\t6\\t.\\tA\\tC\\t.\\tPASS\\tDP=2\"
expect = 'selected'
";
    let verdicts = decide(TRIAGE, cases);
    assert_eq!(verdicts.iter().map(Verdict::is_met).collect::<Vec<_>>(), [true, false]);
    assert_eq!((verdicts[1].name.as_str(), verdicts[1].line), ("shallow, wrongly expected", 10));
    let allele = &verdicts[1].alleles[0];
    assert_eq!((allele.allele.as_str(), allele.expected, allele.got), ("1:6 A>C", "selected", "expression"));
    let clauses: Vec<_> = allele.steps.iter().map(|step| (step.clause, step.keeps)).collect();
    assert_eq!(clauses, [("no_alt", true), ("not_analysable", true), ("filter", true), ("expression", false)]);
}

#[test]
fn each_alt_of_each_record_has_its_expectation_or_one_stands_for_all() {
    let cases = "\
[[case]]
name = 'each'
record = '1 5 . A C,<DEL> . PASS DP=20'
expect = ['selected', 'not_analysable']

[[case]]
name = 'several records'
records = ['1 5 . A C,G . q10 DP=20', '1 6 . A . . PASS DP=20']
expect = ['filter', 'filter', 'no_alt']

[[case]]
name = 'all'
records = ['1 5 . A C,G . q10 DP=20', '1 6 . A T . q10 DP=20']
expect = 'filter'
";
    let verdicts = decide(TRIAGE, cases);
    assert!(verdicts.iter().all(Verdict::is_met), "{verdicts:?}");
    assert_eq!(verdicts.iter().map(|verdict| verdict.alleles.len()).collect::<Vec<_>>(), [2, 3, 3]);
}

#[test]
fn a_header_without_annotations_meets_only_that_expectation() {
    let cases = "[[case]]\nname = 'a'\nrecord = '1 5 . A C . PASS .'\nexpect = 'not_annotated'\n";
    let settings = settings("");
    let (verdicts, warnings) = read(&format!("{HEADER}{cases}")).unwrap().decide(&question(&settings));
    assert!(verdicts[0].is_met());
    assert_eq!(warnings.list()[0].code, "triage_needs_annotations");
}

#[test]
fn samples_stand_in_the_header_as_in_any_vcf() {
    let header = "header = '''\n##fileformat=VCFv4.3\n##FORMAT=<ID=GT,Number=1,Type=String,Description=\"\">\n\
                  #CHROM POS ID REF ALT QUAL FILTER INFO FORMAT kid\n'''\n";
    let case = "[[case]]\nname = 'a'\nrecord = '1 5 . A C . PASS . GT 0/1'\nexpect = 'selected'\n";
    let settings = settings("triage.genotype.sample = \"kid\"");
    let verdicts = read(&format!("{header}{case}")).unwrap().decide(&question(&settings)).0;
    assert!(verdicts[0].is_met(), "{verdicts:?}");
}

#[test]
fn every_mistake_is_reported_with_its_line() {
    let text = "\
header = ''
[[case]]
name = 'no expectation'
record = '1 5 . A C . PASS .'

[[case]]
record = '1 5 . A C . PASS'
expect = ['selected', 'genotypes']
note = 'x'

[[case]]
name = 7
record = 'a'
records = ['b']
expect = []

[[case]]
name = 'count'
record = '1 5 . A C . PASS .'
expect = ['selected', 'filter']

[[case]]
name = 'two in one'
record = '''
1\t5\t.\tA\tC\t.\tPASS\t.
1\t6\t.\tA\tC\t.\tPASS\t.'''
expect = 'selected'
";
    let found = problems(text);
    let begins = [
        "2: this case has no `expect`",
        "6: this case has no `name`",
        "7: no sound record: 7 columns, at least 8 are needed",
        "8: `expect`: no clause is called \"genotypes\": \"selected\", no_alt, ",
        "9: unknown key `note`",
        "11: `record` and `records` exclude each other",
        "12: `name` must be text in quotes",
        "15: `expect` must be text in quotes, or a list of such",
        "20: `expect` has 2 entries, but the case has 1 alleles",
        "24: this is not one record",
    ];
    assert_eq!(found.len(), begins.len(), "{found:#?}");
    for (message, begin) in found.iter().zip(begins) {
        assert!(message.starts_with(begin), "{message}\nis not\n{begin}");
    }
}

#[test]
fn a_file_without_header_or_cases_is_none() {
    let case = "[[case]]\nname = 'a'\nrecord = '1 5 . A C . . .'\nexpect = 'selected'\n";
    let begins = |text: &str, begin: &str| {
        let found = problems(text);
        assert!(found.iter().any(|message| message.starts_with(begin)), "{begin}: {found:?}");
    };
    begins("header = 'x", "1: not TOML");
    begins(case, "1: there is no `header`");
    begins(HEADER, "1: there is no case");
    begins("header = ''\ncase = 1\n", "2: `case` must be a list of tables");
    begins(&format!("header = ''\nheader_file = 'x'\n{case}"), "2: `header` and `header_file` exclude each other");
    begins(&format!("header_file = 'no/such'\n{case}"), "1: `header_file`: no/such cannot be opened");
    begins(&format!("header = 7\n{case}"), "1: `header` must be text in quotes");
    begins(&format!("cases = 7\n{HEADER}{case}"), "1: unknown key `cases`");
}

#[test]
fn a_header_may_be_that_of_any_file() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples");
    let record = "chr1\\t1\\t.\\tA\\tC\\t.\\tPASS\\tCLNSIG=Pathogenic\\tGT\\t0/1\\t0/0\\t0/0";
    let text = format!("header_file = 'tour.vcf'\n[[case]]\nname = 'a'\nrecord = \"{record}\"\nexpect = 'selected'\n");
    let settings = settings("");
    let cases = Cases::read(&text, &folder, &question(&settings)).unwrap();
    assert!(!cases.is_empty() && cases.len() == 1);
    assert!(cases.decide(&question(&settings)).0[0].is_met());
}
