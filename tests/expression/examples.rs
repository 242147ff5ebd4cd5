//! The language by example: every expression of `docs/expressions.md`, and what is particular about it.

use std::fs;
use std::path::Path;

use vcf_agent::expression::{Expression, FieldTypes, Record, SampleMask, Scratch, Undecided};

/// The header that `docs/expressions.md` speaks of.
fn fields() -> FieldTypes {
    let info = [
        ("AF", "A", "Float"),
        ("DP", "1", "Integer"),
        ("MQ", "1", "Float"),
        ("DP4", "4", "Integer"),
        ("DB", "0", "Flag"),
        ("GENE", "1", "String"),
        ("CSQ", ".", "String"),
    ];
    let format = [
        ("GT", "1", "String"),
        ("DP", "1", "Integer"),
        ("GQ", "1", "Integer"),
        ("AD", "R", "Integer"),
        ("FT", "1", "String"),
        ("TAGS", ".", "String"),
    ];
    FieldTypes::new(info, format, 2)
}

/// What an expression says of a line: the site, then the samples as `1` and `0`, or `-` if it is about the site.
fn decide(text: &str, line: &str) -> (bool, String) {
    let expression = Expression::parse(text, &fields()).unwrap_or_else(|error| panic!("{text}: {error}"));
    let line = line.replace(' ', "\t");
    let record = Record::from_line(line.as_bytes()).expect("a sound line");
    let mut scratch = Scratch::default();
    let decision = expression.eval(&record, &mut scratch);
    let samples = match decision.samples {
        SampleMask::All(_) => "-".to_owned(),
        SampleMask::Each(bits) => bits.iter().map(|&bit| if bit { '1' } else { '0' }).collect(),
    };
    (decision.site, samples)
}

#[track_caller]
fn passes(text: &str, line: &str) {
    assert!(decide(text, line).0, "{text} should pass {line}");
}

#[track_caller]
fn fails(text: &str, line: &str) {
    assert!(!decide(text, line).0, "{text} should not pass {line}");
}

#[track_caller]
fn selects(text: &str, line: &str, samples: &str) {
    assert_eq!(decide(text, line).1, samples, "{text} on {line}");
}

/// Rows of the table under a heading of the document: what stands in the first cell between backticks, and the second
/// cell.
fn table(heading: &str) -> Vec<(String, String)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/expressions.md");
    let text = fs::read_to_string(path).unwrap();
    let section = text.split("\n## ").find(|section| section.starts_with(heading)).expect("the heading is there");
    let rows = section.lines().filter_map(|line| {
        let line = line.replace("\\|", "\u{1}").replace("\\\\", "\\");
        let cells: Vec<String> = line.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect();
        let expression = cells.get(1)?.strip_prefix('`')?.strip_suffix('`')?.to_owned();
        Some((expression, cells[2].clone()))
    });
    rows.collect()
}

#[test]
fn every_example_of_the_document_is_an_expression() {
    let rows = table("What works");
    assert!(rows.len() > 30, "{} rows", rows.len());
    for (text, _) in rows {
        let expression = Expression::parse(&text, &fields()).unwrap_or_else(|error| panic!("{text}: {error}"));
        Expression::parse(&expression.to_string(), &fields()).unwrap_or_else(|error| panic!("{expression}: {error}"));
    }
}

#[test]
fn everything_that_the_document_calls_unsupported_is_exactly_that_error() {
    let rows = table("What is not supported");
    assert!(rows.len() > 40, "{} rows", rows.len());
    for (text, error) in rows {
        let found = Expression::parse(&text, &fields()).map(|expression| expression.to_string());
        assert_eq!(found.map_err(|error| error.to_string()), Err(error), "{text}");
    }
}

const TRIO: &str = "1 9 rs1;x A C,G 30 q10;s50 AF=0.1,0.5;MQ=60;GENE=BRCA1 GT:DP:GQ:AD 0/1:12:9:5,7,0 2/2:3:50:0,1,8";
const BARE: &str = "1 9 . AT A . . . GT 0/0 ./.";

#[test]
fn the_older_names_and_the_newer_operators_work_side_by_side() {
    passes("%QUAL=30 && %MAX(AD)=8 && %FILTER~\"q10\" && %ID=\"x\"", TRIO);
    passes("qual=30 && max(AD)=8 && filter==\"s50;q10\"", TRIO);
    fails("FILTER=\"q10\"", TRIO);
    fails("FILTER~\"q10;PASS\"", TRIO);
    passes("FILTER=\".\" && FILTER!=\"PASS\"", BARE);
}

#[test]
fn one_value_of_a_list_is_enough_in_either_direction() {
    passes("AF=0.1 && AF!=0.1 && AF[1]=0.5", TRIO);
    fails("AF[0]!=0.1", TRIO);
    passes("ALT=\"G\" && ALT[1]=\"G\" && ALT[0]!=\"G\"", TRIO);
}

#[test]
fn a_second_value_that_is_not_there_is_missing() {
    passes("AF[1]=\".\"", "1 9 . A C 30 . AF=0.1 GT 0/1 0/1");
    fails("AF[1]=0.1", "1 9 . A C 30 . AF=0.1 GT 0/1 0/1");
    passes("AF[0]=\".\" && AF=\".\"", "1 9 . A C 30 . AF=. GT 0/1 0/1");
    passes("DP4[1]=\".\" && DP4=\".\"", "1 9 . A C 30 . DP4=1,.,3,4 GT 0/1 0/1");
    fails("DP4<0", "1 9 . A C 30 . DP4=1,.,3,4 GT 0/1 0/1");
}

#[test]
fn logic_of_samples_is_that_of_the_manual() {
    selects("FMT/DP>10 & FMT/GQ>20", TRIO, "00");
    selects("FMT/DP>10 && FMT/GQ>20", TRIO, "11");
    selects("QUAL>10 | FORMAT/GQ>10", TRIO, "01");
    selects("QUAL>10 || FORMAT/GQ>10", TRIO, "11");
    selects("QUAL>99 || FORMAT/GQ>10", TRIO, "01");
    selects("QUAL>10", TRIO, "-");
    fails("FMT/DP>10 & FMT/GQ>20", TRIO);
}

#[test]
fn genotypes_choose_values() {
    selects("AD[GT]=7", TRIO, "10");
    selects("AD[GT]=8", TRIO, "01");
    selects("AD[GT]=1", TRIO, "00");
    selects("AD[1:GT]>5", TRIO, "01");
    selects("AD[GT]=\".\"", "1 9 . A C,G . . . GT:AD 2/2:1,2 0/1:.", "11");
    selects("AD[GT]=\".\"", "1 9 . A C,G . . . GT:AD 0/1:1,2 ./.:1,2,3", "01");
    selects("sSUM(AD[GT])=12", TRIO, "10");
}

#[test]
fn a_record_without_genotypes_has_no_kind_of_genotype() {
    let line = "1 9 . A C . . . DP 3 .";
    fails("GT=\"mis\"", line);
    passes("GT!=\"hom\" && GT=\".\"", line);
    passes("N_MISSING!=0 && AN=0", line);
    fails("AC=0", line);
}

#[test]
fn counts_of_alleles_come_from_info_if_both_are_there() {
    let from_info = "1 9 . A C . . AC=3;AN=4 GT 0/1 0/0";
    passes("AC=3 && AN=4 && MAF=0.25 && MAC=1", from_info);
    passes("AN=4 && AC=1", "1 9 . A C . . AC=3 GT 0/1 0/0");
    passes("AC=0 && AC[1]=0 && AC[0]=0", "1 9 . A . . . . GT 0/0 0/0");
    // Without a subscript the first ALT counts.
    fails("AC=2", TRIO);
    passes("AC[*]=2 && AC[1]=2 && MAC[1]=2", TRIO);
}

#[test]
fn a_record_at_which_bcftools_would_stop_is_undecided() {
    let undecided = |text: &str, line: &str| {
        let line = line.replace(' ', "\t");
        let expression = Expression::parse(text, &fields()).unwrap();
        let mut scratch = Scratch::default();
        let decision = expression.eval(&Record::from_line(line.as_bytes()).unwrap(), &mut scratch);
        assert!(!decision.site && !decision.samples.get(0) && !decision.samples.get(1));
        decision.undecided
    };
    assert_eq!(undecided("AD>FMT/DP", TRIO), Some(Undecided::Lengths));
    assert_eq!(undecided("FMT/DP>10 | AD>FMT/DP", TRIO), Some(Undecided::Lengths));
    assert_eq!(undecided("AF+DP4>1", "1 9 . A C,G . . AF=1,2;DP4=1,2,3,4 GT 0/1 0/1"), Some(Undecided::Lengths));
    assert_eq!(undecided("AC=1", "1 9 . A C . . AC=5;AN=4 GT 0/1 0/1"), Some(Undecided::AlleleCounts));
    assert_eq!(undecided("AC=1", "1 9 . A C . . . GT 0/1 0/2"), Some(Undecided::AlleleIndex));
    assert_eq!(undecided("binom(FMT/AD)<1", "1 9 . A C . . . GT:AD 0/1:2,2 0/2:1,1"), Some(Undecided::AlleleIndex));
}

#[test]
fn lists_of_files_are_brought_by_whoever_asks() {
    let fields = fields();
    let mut asked = Vec::new();
    let mut read = |path: &str| {
        asked.push(path.to_owned());
        Ok(b"rs1 first\r\n\nBRCA1\n".to_vec())
    };
    let expression = Expression::parse_with("ID=@my/list && GENE!=@other ", &fields, &mut read).unwrap();
    assert_eq!(asked, ["my/list", "other"]);
    assert_eq!(expression.to_string(), "ID = @my/list  && GENE != @other");
    let line = TRIO.replace(' ', "\t");
    let mut scratch = Scratch::default();
    assert!(!expression.eval(&Record::from_line(line.as_bytes()).unwrap(), &mut scratch).site);
    let error = Expression::parse("ID=@no/such/file", &fields).unwrap_err();
    assert_eq!(error.position, 3);
    assert!(error.message.starts_with("no/such/file cannot be read"), "{error}");
}

#[test]
fn a_file_of_sites_alone_lacks_every_format_field() {
    let fields = FieldTypes::new([("DP", "1", "Integer")], [("GT", "1", "String"), ("GQ", "1", "Integer")], 0);
    let decide = |text: &str| {
        let record = Record::from_line(b"1\t9\t.\tA\tC\t30\t.\tDP=3").unwrap();
        let expression = Expression::parse(text, &fields).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut scratch = Scratch::default();
        let decision = expression.eval(&record, &mut scratch);
        assert_eq!(decision.samples, SampleMask::All(decision.site));
        decision.site
    };
    assert!(decide("QUAL=30 && DP=3"));
    assert!(!decide("GQ>3") && !decide("GT=\"het\"") && decide("GQ=\".\""));
    assert!(decide("N_PASS(GQ>3)=0 && COUNT(GT=\"het\")=0 && N_MISSING=0 && N_SAMPLES=0"));
}

#[test]
fn threads_share_an_expression_and_have_a_scratch_each() {
    let expression = Expression::parse("FMT/DP>10 || GT=\"het\"", &fields()).unwrap();
    let line = TRIO.replace(' ', "\t");
    let decide = || {
        let mut scratch = Scratch::default();
        let record = Record::from_line(line.as_bytes()).unwrap();
        (0..100).all(|_| expression.eval(&record, &mut scratch).samples == SampleMask::Each(&[true, true]))
    };
    std::thread::scope(|threads| {
        let deciding: Vec<_> = (0..4).map(|_| threads.spawn(decide)).collect();
        assert!(deciding.into_iter().all(|thread| thread.join().unwrap()));
    });
}

#[test]
fn a_binomial_test_is_two_sided_and_exact() {
    let line = |a: u32, b: u32| format!("1 9 . A C . . . GT:AD 0/1:{a},{b} 0/0:{a},{b}");
    // 2 (C(8,0) + C(8,1) + C(8,2)) / 2^8
    selects("ABS(binom(FMT/AD)-0.2890625)<1e-9", &line(2, 6), "10");
    selects("binom(FMT/AD)=1", &line(3, 4), "11");
    selects("ABS(PHRED(binom(AD[:0],AD[:1]))-298.02)<0.01", &line(0, 100), "11");
    selects("binom(FMT/AD)=1", &line(0, 0), "00");
    selects("binom(FMT/AD)>0 | binom(FMT/AD)<=0", &line(2_000_000_000, 1), "11");
}
