//! Lines that are no records: one dead letter each, with its reason and its text, and its neighbours live.

use crate::fixture::{COHORT, SITES, between, file, read, table};

#[test]
fn columns_are_separated_by_tabs_and_there_are_eight() {
    table(
        SITES,
        &[
            ("one column", "1", &["dead columns_missing"]),
            ("five columns", "1\t9\t.\tA\tC", &["dead columns_missing"]),
            ("seven columns", "1\t9\t.\tA\tC\t.\t.", &["dead columns_missing"]),
            ("blanks for tabs", "1 9 . A C . . .", &["dead columns_missing"]),
            ("some blanks for tabs", "1\t9 .\tA\tC\t.\t.\t.", &["dead columns_missing"]),
            ("commas for tabs", "1,9,.,A,C,.,.,.", &["dead columns_missing"]),
            ("a column too many", "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1", &["dead columns_surplus"]),
        ],
    );
}

#[test]
fn fields_without_which_there_is_no_record() {
    table(
        SITES,
        &[
            ("empty CHROM", "\t9\t.\tA\tC\t.\t.\t.", &["dead chrom_empty"]),
            ("POS negative", "1\t-5\t.\tA\tC\t.\t.\t.", &["dead pos_not_a_number"]),
            ("POS with a sign", "1\t+5\t.\tA\tC\t.\t.\t.", &["dead pos_not_a_number"]),
            ("POS with an exponent", "1\t1e3\t.\tA\tC\t.\t.\t.", &["dead pos_not_a_number"]),
            ("POS with letters", "1\t10x\t.\tA\tC\t.\t.\t.", &["dead pos_not_a_number"]),
            ("POS with a blank", "1\t 10\t.\tA\tC\t.\t.\t.", &["dead pos_not_a_number"]),
            ("POS empty", "1\t\t.\tA\tC\t.\t.\t.", &["dead pos_not_a_number"]),
            ("POS missing", "1\t.\t.\tA\tC\t.\t.\t.", &["dead pos_not_a_number"]),
            ("POS 2^31", "1\t2147483648\t.\tA\tC\t.\t.\t.", &["dead pos_too_large"]),
            ("POS 2^64 + 1", "1\t18446744073709551617\t.\tA\tC\t.\t.\t.", &["dead pos_too_large"]),
            (
                "POS of 40 digits",
                "1\t1234567890123456789012345678901234567890\t.\tA\tC\t.\t.\t.",
                &["dead pos_too_large"],
            ),
            ("REF missing", "1\t9\t.\t.\tC\t.\t.\t.", &["dead ref_missing"]),
            ("REF empty", "1\t9\t.\t\tC\t.\t.\t.", &["dead ref_missing"]),
            ("REF a list", "1\t9\t.\tC,A\tC\t.\t.\t.", &["dead ref_list"]),
            ("ALT empty", "1\t9\t.\tA\t\t.\t.\t.", &["dead alt_empty"]),
            ("ALT entry empty", "1\t9\t.\tA\tC,,T\t.\t.\t.", &["dead alt_empty"]),
            ("first ALT entry empty", "1\t9\t.\tA\t,T\t.\t.\t.", &["dead alt_empty"]),
            ("last ALT entry empty", "1\t9\t.\tA\tC,\t.\t.\t.", &["dead alt_empty"]),
        ],
    );
}

#[test]
fn broken_utf_8_and_control_characters_are_dead_letters_with_their_bytes() {
    for (line, reason, place) in [
        (&b"1\t9\t.\tA\tC\t.\t.\tX=age\xe9"[..], "not_utf8", "byte 20 of the line is not UTF-8"),
        (b"1\t9\t\xff\tA\tC\t.\t.\t.", "not_utf8", "byte 5 of the line is not UTF-8"),
        (b"1\t9\t.\tA\tC\t.\t.\tX=\xe2\x82", "not_utf8", "byte 17 of the line is not UTF-8"),
        (b"1\t9\t.\tA\tC\t.\t.\tX=\xc0\x80", "not_utf8", "byte 17 of the line is not UTF-8"),
        (b"1\t9\t.\tA\tC\t.\t.\tDP=1\0;AF=1", "control_character", "byte 19 of the line is the control character 0x00"),
        (b"\x001\t9\t.\tA\tC\t.\t.\t.", "control_character", "byte 1 of the line is the control character 0x00"),
        (b"1\t9\t.\tA\tC\t.\t.\tX=\x1b[1m", "control_character", "byte 17 of the line is the control character 0x1b"),
        (b"1\t9\t.\tA\tC\t.\t.\tX=\x7f", "control_character", "byte 17 of the line is the control character 0x7f"),
        (b"1\t9\t.\tA\rC\tC\t.\t.\t.", "control_character", "byte 8 of the line is the control character 0x0d"),
    ] {
        assert_eq!(between(SITES, line), [format!("dead {reason}")]);
        let reading = read(&file(SITES, &[line])).unwrap();
        assert_eq!(reading.dead()[0].detail, place);
    }
}

#[test]
fn a_line_break_inside_a_record_makes_dead_letters_and_no_phantom() {
    let lines = "1\t9\t.\tA\tC\t.\t.\tX=1\n;Y=2\n1\t10\t.\tA\n\tC\t.\t.\t.\n";
    let reading = read(&file(SITES, &[lines.as_bytes(), SITES.neighbour.as_bytes()])).unwrap();
    // The first part happens to be a whole record; nothing else of it may become one.
    assert_eq!(reading.rows(), [(4, "1:9 A>C".into()), (8, "1:7 A>C".into())]);
    let dead: Vec<_> = reading.dead().iter().map(|dead| (dead.line, dead.reason.as_str())).collect();
    assert_eq!(dead, [(5, "columns_missing"), (6, "columns_missing"), (7, "columns_missing")]);
}

#[test]
fn an_empty_field_shifts_nothing() {
    // Other readers lost their place here and gave out the record `.:7 A>C`.
    let line = "1\t\t.\t7\t.\tA\tC\t.\tPASS";
    assert_eq!(between(SITES, line.as_bytes()), ["dead pos_not_a_number"]);
    assert_eq!(between(SITES, b"1\t\t.\t7\t.\tA\tC\t."), ["dead pos_not_a_number"]);
}

#[test]
fn a_dead_letter_says_what_was_found() {
    for (kind, line, detail) in [
        (SITES, "1\t9\t.\tA\tC", "5 columns, at least 8 are needed (are they separated by tabs?)"),
        (SITES, "1 9 . A C . . .", "1 columns, at least 8 are needed (are they separated by tabs?)"),
        (SITES, "1\t1e3\t.\tA\tC\t.\t.\t.", "POS is `1e3`: a number from 0 on is needed"),
        (SITES, "1\t2147483648\t.\tA\tC\t.\t.\t.", "POS is `2147483648`, more than 2147483647"),
        (SITES, "1\t9\t.\tC,A\tC\t.\t.\t.", "REF is `C,A`: it cannot be a list"),
        (SITES, "1\t9\t.\t.\tC\t.\t.\t.", "REF is `.`: a base is needed"),
        (SITES, "1\t9\t.\tA\tC,,T\t.\t.\t.", "ALT is `C,,T`: an entry of it is empty"),
        (COHORT, "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1", "10 columns, the header has 11"),
        (COHORT, "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1\t.\t.", "12 columns, the header has 11"),
        (COHORT, "1\t9\t.\tA\tC\t.\t.\t.", "8 columns, the header has 11"),
    ] {
        let reading = read(&file(kind, &[line.as_bytes()])).unwrap();
        assert_eq!(reading.dead()[0].detail, detail);
        assert_eq!((reading.dead()[0].line, reading.dead()[0].offset), (4, kind.header.len() as u64));
    }
}

#[test]
fn every_line_may_be_damaged() {
    let lines: Vec<String> = (0..50).map(|n| format!("1\tx{n}\n")).collect();
    let reading = read(&file(SITES, &lines.iter().map(String::as_bytes).collect::<Vec<_>>())).unwrap();
    assert_eq!((reading.dead().len(), reading.rows().len(), reading.end.records), (50, 0, 50));
}
