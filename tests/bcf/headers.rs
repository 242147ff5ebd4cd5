//! Index numbers, versions and the header's text.

use vcf_agent::vcf::{ReadErrorKind, ReadLimits};

use crate::reading::{Reading, read, refused, refused_with};
use crate::writer::{
    HEADER_LINES, LINES, entry, float, header, header_of, header_text, int8, int16, record, shape, text,
};

/// A sites-only file with these header lines and one record with these INFO entries and this FILTER.
fn with<S: AsRef<str>>(lines: &[S], infos: &[Vec<u8>], filter: &[u8]) -> Vec<u8> {
    let mut one = record(1, 0);
    (one.infos, one.filter) = (infos.to_vec(), filter.to_vec());
    [header_of(header_text(lines, 0).as_bytes(), 2), one.bytes()].concat()
}

fn with_line(line: &str) -> Vec<String> {
    LINES.iter().map(|line| (*line).to_owned()).chain([line.to_owned()]).collect()
}

/// FILTER and INFO of the only record.
fn end_of(reading: &Reading) -> String {
    reading.line(0).splitn(7, '\t').nth(6).unwrap().to_owned()
}

#[test]
fn an_index_of_two_billion_refuses_the_file() {
    for kind in
        ["contig=<ID=z", "INFO=<ID=z,Number=1,Type=Integer", "FORMAT=<ID=z,Number=1,Type=Integer", "FILTER=<ID=z"]
    {
        for index in ["2000000000", "1000001", "4294967295", "99999999999999999999999"] {
            let lines = with_line(&format!("##{kind},Description=\"x\",IDX={index}>"));
            let error = refused(&with(&lines, &[], &[0]));
            assert_eq!((error.kind, error.line), (ReadErrorKind::Input, Some(HEADER_LINES)), "{error}");
        }
    }
}

#[test]
fn an_index_of_a_million_is_fine() {
    let lines = with_line("##INFO=<ID=Z,Number=1,Type=Integer,Description=\"x\",IDX=1000000>");
    let key = [&[0x13][..], &1_000_000_i32.to_le_bytes()].concat();
    let reading = read(&with(&lines, &[[key, int8(&[5])].concat()], &[0])).unwrap();
    assert_eq!(end_of(&reading), ".\tZ=5");
}

#[test]
fn names_without_index_are_numbered_by_their_order() {
    let plain: Vec<String> = LINES.iter().map(|line| line.split(",IDX").next().unwrap().to_owned()).collect();
    let plain: Vec<String> =
        plain.iter().map(|line| if line.contains('<') { format!("{line}>") } else { line.clone() }).collect();
    let filter = |nth: i8| int8(&[nth]);
    let read_it = |lines: &[String], key: i8, filter: Vec<u8>| {
        end_of(&read(&with(lines, &[entry(key, &int8(&[3]))], &filter)).unwrap())
    };
    assert_eq!(read_it(&plain, 1, filter(9)), "q10\tI=3");
    // PASS is 0 without a line of its own, and wherever its line stands.
    let without = [&plain[..1], &plain[2..]].concat();
    assert_eq!(read_it(&without, 1, filter(0)), "PASS\tI=3");
    assert_eq!(read_it(&without, 4, filter(9)), "q10\tB=3");
    let late = [&plain[..1], &plain[2..], &plain[1..2]].concat();
    assert_eq!(read_it(&late, 4, filter(9)), "q10\tB=3");
    // A name that comes again keeps its number; lines of other kinds have none.
    let again = [&plain[..], &["##FORMAT=<ID=I>".into(), "##ALT=<ID=DEL>".into(), "##INFO=<ID=Z>".into()]].concat();
    assert_eq!(read_it(&again, 10, filter(9)), "q10\tZ=3");
    // After an index, the order goes on behind the largest.
    let mixed = with_line("##INFO=<ID=Y,IDX=20>");
    let mixed = [&mixed[..], &["##INFO=<ID=Z>".into()]].concat();
    assert_eq!(read_it(&mixed, 21, filter(9)), "q10\tZ=3");
}

#[test]
fn contigs_have_numbers_of_their_own() {
    let lines = [&LINES[..], &["##contig=<ID=far,IDX=70>", "##contig=<ID=c1>", "##contig=<ID=next>"]].concat();
    let mut bytes = header_of(header_text(&lines, 0).as_bytes(), 2);
    for chrom in [0, 70, 71, 2, 72, -1] {
        let mut one = record(1, 0);
        one.chrom = chrom;
        bytes.extend(one.bytes());
    }
    let reading = read(&bytes).unwrap();
    let chrom = |nth| reading.line(nth).split('\t').next().unwrap().to_owned();
    assert_eq!([chrom(0), chrom(1), chrom(2)], ["c1", "far", "next"]);
    for dead in [3, 4, 5] {
        assert_eq!(reading.why(dead).unwrap().0, "bcf_unknown_contig");
    }
}

#[test]
fn a_header_that_leaves_the_numbers_open_refuses_the_file() {
    let conflict = with_line("##INFO=<ID=Z,Number=1,Type=Integer,Description=\"x\",IDX=1>");
    let error = refused(&with(&conflict, &[], &[0]));
    assert!(error.line == Some(HEADER_LINES) && error.message.contains("belongs to `I`"), "{error}");
    let pass = with_line("##FILTER=<ID=Z,IDX=0>");
    assert!(refused(&with(&pass, &[], &[0])).message.contains("belongs to `PASS`"));
    let unreadable = [&LINES[..], &["##INFO=<ID=Y,Description=\"open>", "##INFO=<ID=Z>"]].concat();
    let error = refused(&with(&unreadable, &[], &[0]));
    assert!(error.message.contains(&format!("header line {HEADER_LINES} cannot be read")), "{error}");
}

#[test]
fn a_line_that_cannot_be_read_costs_only_the_records_that_use_it() {
    for line in [
        "##INFO=<ID=Y,Description=\"open>",
        "##INFO=<Number=1,IDX=10>",
        "##INFO=<ID=Y,IDX=-3>",
        "##INFO=<ID=Y,IDX=ten>",
    ] {
        let reading = read(&with(&with_line(line), &[entry(1, &int8(&[4]))], &[0])).unwrap();
        assert_eq!(end_of(&reading), ".\tI=4", "{line}");
    }
    let lines = with_line("##INFO=<ID=tab\there,Number=1,Type=Integer,Description=\"x\",IDX=10>");
    let reading = read(&with(&lines, &[entry(10, &int8(&[4]))], &[0])).unwrap();
    assert_eq!(reading.why(0).unwrap().0, "bcf_unknown_info");
    assert!(reading.warnings().iter().any(|warning| warning.code == "bcf_name_unusable"));
}

#[test]
fn the_header_that_is_kept_is_that_of_the_text() {
    let reading = read(&[header(2), record(1, 2).bytes()].concat()).unwrap();
    let raw = String::from_utf8(reading.header.raw.clone()).unwrap();
    assert!(!raw.contains("IDX"), "{raw}");
    let plain: Vec<String> = LINES
        .iter()
        .map(|line| line.split_once(",IDX").map_or((*line).to_owned(), |(line, _)| format!("{line}>")))
        .collect();
    assert_eq!(raw, header_text(&plain, 2));
    assert_eq!((reading.header.samples, reading.header.lines, reading.header.version), (2, HEADER_LINES, (4, 2)));
    assert_eq!(reading.header.contigs, [("c1".into(), Some(1000)), ("c2".into(), Some(1000))]);
}

#[test]
fn padding_after_the_text_is_nothing_and_anything_else_is_a_warning() {
    let plain = header_text(&LINES, 0);
    let with_after = |after: &[u8]| {
        let whole = [plain.as_bytes(), after].concat();
        let mut bytes = b"BCF\x02\x02".to_vec();
        bytes.extend((whole.len() as u32).to_le_bytes());
        bytes.extend(&whole);
        bytes.extend(record(1, 0).bytes());
        let reading = read(&bytes).unwrap();
        assert_eq!(reading.line(0), "c1\t1\t.\tA\tC\t.\t.\t.");
        reading.warnings().iter().map(|warning| warning.code.clone()).collect::<Vec<_>>()
    };
    assert!(with_after(b"").is_empty());
    assert!(with_after(b"\0\0\0\0").is_empty());
    assert!(with_after(b"\n\n\0").is_empty());
    assert_eq!(with_after(b"\0abc"), ["bcf_text_after_header"]);
    assert_eq!(with_after(b"c1\t1\t.\tA\tC\n\0"), ["bcf_text_after_header"]);
}

#[test]
fn what_is_no_header_refuses_the_file() {
    let refused_text = |text: &str| refused(&header_of(text.as_bytes(), 2)).message;
    assert!(refused_text("").contains("empty"));
    assert!(refused_text("##fileformat=VCFv4.2\n").contains("#CHROM"));
    assert!(refused_text("##fileformat=VCFv4.2\nno\n").contains("line 2"));
    assert!(refused_text("#CHROM\tPOS\n").contains("columns"));
    let text = header_text(&LINES, 0).into_bytes();
    let limits = ReadLimits { header_bytes_max: text.len(), ..ReadLimits::default() };
    assert!(refused_with(&header_of(&text, 2), &limits).message.contains("header_bytes_max"));
    let mut endless = b"BCF\x02\x02".to_vec();
    endless.extend(u32::MAX.to_le_bytes());
    assert!(refused(&endless).message.contains("header_bytes_max"));
}

#[test]
fn other_versions_are_refused() {
    for minor in [0, 3, 255] {
        let error = refused(&header_of(header_text(&LINES, 0).as_bytes(), minor));
        assert!(error.message.contains(&format!("version 2.{minor}")), "{error}");
    }
    let error = refused(b"BCF\x04\x02\x10\0\0\0");
    assert!(error.message.contains("BCF1"), "{error}");
}

#[test]
fn version_2_1_fills_up_with_missing_values_and_begins_lists_with_a_comma() {
    let mut one = record(1, 2);
    one.infos = vec![
        entry(1, &int16(&[7, i16::MIN, i16::MIN])),
        entry(2, &float(&[1.5_f32.to_bits(), 0x7f80_0001])),
        entry(3, &text(b",one,two")),
    ];
    one.formats = vec![
        entry(5, &[shape(1, 2), vec![4, 0x80, 3, 5]].concat()),
        entry(6, &[shape(1, 2), vec![0x80, 0x80, 1, 2]].concat()),
    ];
    let file = |minor| [header_of(header_text(&LINES, 2).as_bytes(), minor), one.bytes()].concat();
    let site = "c1\t1\t.\tA\tC\t.\t.\t";
    assert_eq!(read(&file(1)).unwrap().line(0), format!("{site}I=7;F=1.5;S=one,two\tGT:FI\t1:.\t0|1:1,2"));
    assert_eq!(read(&file(2)).unwrap().line(0), format!("{site}I=7,.,.;F=1.5,.;S=,one,two\tGT:FI\t1/.:.,.\t0|1:1,2"));
}
