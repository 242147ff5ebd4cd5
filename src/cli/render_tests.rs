//! Golden texts.

use std::collections::BTreeMap;

use super::*;
use crate::domain::digest::DigestSum;
use crate::domain::receipt::{Certificate, ReceiptError};
use crate::domain::warning::Warning;

fn complete() -> Receipt {
    Receipt {
        job: Some("j0123456789abcdef".into()),
        revision: 1,
        file: "trio.vcf.gz".into(),
        file_digest: Some("ab".repeat(32)),
        bytes: 1_234_567,
        assembly: Some("GRCh38".into()),
        samples: 3,
        records: 9_942,
        parsed: 9_940,
        dead_records: 2,
        alleles: 9_900,
        no_alt: 45,
        stored: 9_945,
        dead_rows: 0,
        dead_letters: 2,
        dropped_dead: 0,
        replayed: 0,
        edited: 0,
        dropped: BTreeMap::from([("filter".into(), 9_000), ("no_alt".into(), 45)]),
        selected: 900,
        cached: 0,
        answered: 0,
        abstained: 0,
        dead_tasks: 0,
        pending: 900,
        providers: Vec::new(),
        warnings: vec![Warning {
            code: "no_contigs".into(),
            message: "odd\x1b[31m".into(),
            count: 1_200,
            first_line: 7,
        }],
        state: "COMPLETE".into(),
        error: None,
        certificate: Some(Certificate {
            rows: 9_945,
            digest_sum: DigestSum(0xfeed),
            expected_digest_sum: DigestSum(0xfeed),
            holds: true,
        }),
        started_at: Some("2026-11-24T08:30:00.125Z".into()),
        finished_at: Some("2026-11-24T08:30:01.250Z".into()),
        stored_per_second: Some(8_840.0),
    }
}

#[test]
fn a_complete_receipt_shows_its_equations() {
    let next = vec!["vcf-agent dlq ls j0123456789abcdef".to_owned()];
    let expected = r"trio.vcf.gz  COMPLETE
  job          j0123456789abcdef, revision 1
  sha-256      abababababababababababababababababababababababababababababababab
  read         1,234,567 bytes, 3 samples, assembly GRCh38
  time         2026-11-24T08:30:00.125Z to 2026-11-24T08:30:01.250Z, 8,840 rows stored per second

  records           9,942  =  parsed            9,940  +  dead_records      2  ok
  alleles + no_alt  9,945  =  stored            9,945  +  dead_rows         0  ok
  stored            9,945  =  selected            900  +  dropped       9,045  ok
  selected            900  =  cached                0  +  answered          0
                           +  abstained             0  +  dead_tasks        0
                           +  pending             900                          ok
  stored            9,945  =  certificate.rows  9,945                          ok

  alleles      9,900; no_alt 45
  dropped      filter 9,000, no_alt 45
  pending      900: no provider is configured
  certificate  holds: a scan of the store gives the parser's rows, digest sum 0000000000000000000000000000feed
  warning      no_contigs × 1,200, first in line 7: odd\u{1b}[31m
  next         vcf-agent dlq ls j0123456789abcdef
";
    assert_eq!(receipt(&complete(), &next), expected);
}

#[test]
fn what_does_not_add_up_says_by_how_much() {
    let mut broken = complete();
    broken.stored -= 3;
    if let Some(certificate) = &mut broken.certificate {
        certificate.expected_digest_sum = DigestSum(1);
        certificate.holds = false;
    }
    let shown = receipt(&broken, &[]);
    assert_eq!(shown.matches("OFF BY 3").count(), 3, "{shown}");
    assert!(
        shown
            .contains("certificate  DOES NOT HOLD: digest sum in the store 0000000000000000000000000000feed, expected")
    );
    broken.certificate = None;
    assert!(receipt(&broken, &[]).contains("certificate  MISSING"));
    broken.state = "OPEN".into();
    let running = receipt(&broken, &[]);
    assert!(running.contains("not yet") && !running.contains("OFF BY"), "{running}");
}

#[test]
fn a_refused_file_shows_its_error_and_no_empty_counts() {
    let error = ReceiptError { code: 65, message: "no #CHROM line".into(), line: Some(1_000), offset: Some(5) };
    let refused = crate::report::refused("bad\nname", error, 0);
    let expected = r"bad\nname  REFUSED
  error        no #CHROM line (line 1,000, byte 5)
  time         1970-01-01T00:00:00.000Z to 1970-01-01T00:00:00.000Z
";
    assert_eq!(receipt(&refused, &[]), expected);
}

#[test]
fn numbers_have_separators() {
    let shown: Vec<String> = [0, 999, 1_000, 1_234_567, u64::MAX].into_iter().map(thousands).collect();
    assert_eq!(shown, ["0", "999", "1,000", "1,234,567", "18,446,744,073,709,551,615"]);
}

#[test]
fn nothing_that_a_terminal_acts_on_gets_through() {
    let hostile = "a\x1b]0;title\x07\r\n\tb\u{9b}31m\u{7f}\u{202e}é";
    assert_eq!(text(hostile), "a\\u{1b}]0;title\\u{7}\\r\\n\\tb\\u{9b}31m\\u{7f}\\u{202e}é");
    assert_eq!(raw(b"a\tb\\n\xff\xc3\xa9\x1b"), "a\\tb\\\\n\\xffé\\u{1b}");
    let line = json_line(&hostile);
    assert!(line.trim_end_matches('\n').chars().all(|c| !is_active(c)), "{line:?}");
    assert_eq!(serde_json::from_str::<String>(&line).unwrap(), hostile);
}

#[test]
fn shells_get_one_word() {
    assert_eq!(shell_word("/data/x-1.vcf"), "/data/x-1.vcf");
    assert_eq!(shell_word("a b$(c)'d"), r"'a b$(c)'\''d'");
    assert_eq!(shell_word(""), "''");
}

#[test]
fn long_text_is_cut_between_characters() {
    assert_eq!(cut("äöü", 3), "äöü");
    assert_eq!(cut("äöüß", 3), "äöü…");
}

#[test]
fn columns_are_as_wide_as_their_widest_cell() {
    let row = |cells: &[&str]| cells.iter().map(|c| (*c).to_owned()).collect::<Vec<String>>();
    let shown = table(&[row(&["a", "10", "x"]), row(&["bcd", "7"])], &[false, true]);
    assert_eq!(shown, "a    10  x\nbcd   7\n");
}
