//! Where a line ends, and which lines are records.

use crate::fixture::{COHORT, Kind, SITES, codes, file, read};

#[test]
fn carriage_returns_before_line_ends_belong_to_no_field() {
    for kind in [SITES, COHORT] {
        let text = format!("{}{}{}", kind.header, kind.neighbour, kind.neighbour).replace('\n', "\r\n");
        let reading = read(text.as_bytes()).unwrap();
        assert_eq!(reading.rows(), [(4, "1:7 A>C".into()), (5, "1:7 A>C".into())]);
        assert_eq!(codes(&reading.warnings()), []);
        assert_eq!(reading.header.raw, kind.header.as_bytes());
    }
}

#[test]
fn line_ends_may_change_within_a_file() {
    let (line, crlf) = ("1\t8\t.\tA\tC\t.\t.\t.\n", "1\t9\t.\tA\tC\t.\t.\tX\r\n");
    let reading = read(&file(SITES, &[line, crlf, line].map(str::as_bytes))).unwrap();
    assert_eq!(reading.rows().iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 5, 6]);
    let (rows, at) = reading.record(5);
    assert_eq!(rows.info.get(at), Some(&b"X"[..]));
}

#[test]
fn the_last_line_need_not_end() {
    for kind in [SITES, COHORT] {
        for tail in ["", "\r", "\n", "\r\n"] {
            let text = format!("{}{}{}{tail}", kind.header, kind.neighbour, kind.neighbour.trim_end());
            let reading = read(text.as_bytes()).unwrap();
            assert_eq!(reading.rows(), [(4, "1:7 A>C".into()), (5, "1:7 A>C".into())], "{tail:?}");
            let noted: &[_] = if tail.ends_with('\n') { &[] } else { &[("no_final_newline", 1, 5)] };
            assert_eq!(codes(&reading.warnings()), noted, "{tail:?}");
        }
    }
}

#[test]
fn a_last_line_that_was_torn_is_a_dead_letter() {
    let torn = "1\t9\t.\tA\tC\t.";
    let reading = read(&file(SITES, &[SITES.neighbour.as_bytes(), torn.as_bytes()])).unwrap();
    let [dead] = reading.dead()[..] else { panic!("{:?}", reading.dead()) };
    assert_eq!((dead.reason.as_str(), dead.line, dead.offset), ("columns_missing", 5, 88 + 25));
    assert_eq!((&dead.raw[..], dead.raw_bytes), (torn.as_bytes(), torn.len() as u64));
    assert_eq!(reading.rows(), [(4, "1:7 A>C".into())]);
    assert_eq!(codes(&reading.warnings()), [("no_final_newline", 1, 5)]);
}

/// What stands on `lines` after a first record, with a record after it.
fn among_records(kind: Kind, lines: &str) -> Vec<(String, u64, u64)> {
    let reading = read(&file(kind, &[kind.neighbour, lines, kind.neighbour].map(str::as_bytes))).unwrap();
    let last = 5 + lines.lines().count() as i64;
    assert_eq!(reading.rows(), [(4, "1:7 A>C".into()), (last, "1:7 A>C".into())], "{lines:?}");
    assert_eq!((reading.end.records, reading.dead().len()), (2, 0), "{lines:?} is neither a record nor a dead letter");
    reading.warnings().into_iter().map(|warning| (warning.code, warning.count, warning.first_line)).collect()
}

#[test]
fn a_blank_line_is_a_warning_with_its_line_number_and_no_record() {
    for kind in [SITES, COHORT] {
        assert_eq!(among_records(kind, "\n"), [("blank_line".into(), 1, 5)]);
        assert_eq!(among_records(kind, "\r\n"), [("blank_line".into(), 1, 5)]);
        assert_eq!(among_records(kind, "\n\r\n\n"), [("blank_line".into(), 3, 5)]);
    }
}

#[test]
fn a_late_header_line_is_a_warning_with_its_line_number_and_no_record() {
    for line in
        ["##late=1\n", "#\n", "# a comment\r\n", "##late=\u{e9}\n", "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n"]
    {
        assert_eq!(among_records(SITES, line), [("late_header_line".into(), 1, 5)], "{line:?}");
    }
    let both = [("blank_line".into(), 2, 6), ("late_header_line".into(), 2, 5)];
    assert_eq!(among_records(SITES, "##late=1\n\n#x\n\n"), both);
}

#[test]
fn damage_in_a_line_that_is_no_record_costs_nothing() {
    let lines: [&[u8]; 3] = [SITES.neighbour.as_bytes(), b"##late=\0\xff\n", SITES.neighbour.as_bytes()];
    let reading = read(&file(SITES, &lines)).unwrap();
    assert_eq!((reading.rows().len(), reading.dead().len()), (2, 0));
    assert_eq!(codes(&reading.warnings()), [("late_header_line", 1, 5)]);
}

#[test]
fn a_line_of_blanks_is_damage_and_no_blank_line() {
    for line in [" \n", "\t\n", " \r\n", "\r\r\n"] {
        let reading = read(&file(SITES, &[line.as_bytes(), SITES.neighbour.as_bytes()])).unwrap();
        let [dead] = reading.dead()[..] else { panic!("{line:?}: {:?}", reading.dead()) };
        assert_eq!((dead.line, dead.offset, reading.rows().len()), (4, 88, 1));
    }
}
