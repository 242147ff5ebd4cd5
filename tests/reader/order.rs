//! Records are taken as they come: order and repetition are legal, and an ordinal, not a place, is a record's name.

use crate::fixture::{SITES, codes, file, read};

/// What is made of records at these places.
fn read_places(places: &[&str]) -> Vec<(i64, String)> {
    let lines: Vec<String> = places.iter().map(|place| format!("{place}\t.\tA\tC\t.\t.\t.\n")).collect();
    let reading = read(&file(SITES, &lines.iter().map(String::as_bytes).collect::<Vec<_>>())).unwrap();
    let warned = places.iter().filter(|place| !place.starts_with("1\t")).count() as u64;
    let expected = if warned > 0 { vec!["contig_not_in_header"] } else { vec![] };
    assert_eq!(codes(&reading.warnings()).iter().map(|(code, ..)| *code).collect::<Vec<_>>(), expected);
    assert_eq!(reading.warnings().iter().map(|warning| warning.count).sum::<u64>(), warned, "one for each record");
    let ordinals = |rows: &vcf_agent::domain::rows::Rows| rows.ordinal.clone();
    let all: Vec<i64> = reading.parsed.iter().flat_map(|segment| ordinals(&segment.rows)).collect();
    assert_eq!(all, (0..places.len() as i64).collect::<Vec<_>>());
    reading.rows()
}

#[test]
fn unsorted_records_are_rows_in_the_order_of_the_file() {
    let rows = read_places(&["1\t9", "1\t3", "1\t5"]);
    assert_eq!(rows, [(4, "1:9 A>C".into()), (5, "1:3 A>C".into()), (6, "1:5 A>C".into())]);
}

#[test]
fn a_contig_may_come_back() {
    let rows = read_places(&["1\t1", "2\t1", "1\t2", "2\t2"]);
    assert_eq!(rows.iter().map(|(_, row)| &row[..3]).collect::<Vec<_>>(), ["1:1", "2:1", "1:2", "2:2"]);
}

#[test]
fn the_same_record_again_is_another_row() {
    let rows = read_places(&["1\t5", "1\t5", "1\t5"]);
    assert_eq!(rows, [(4, "1:5 A>C".into()), (5, "1:5 A>C".into()), (6, "1:5 A>C".into())]);
}

#[test]
fn a_contig_that_the_header_does_not_name_is_a_row_and_a_warning() {
    let reading = read(&file(SITES, &[b"chrUn\t1\t.\tA\tC\t.\t.\t.\n", b"chrUn\t2\t.\tA\tC\t.\t.\t.\n"])).unwrap();
    assert_eq!(reading.rows(), [(4, "chrUn:1 A>C".into()), (5, "chrUn:2 A>C".into())]);
    assert_eq!(codes(&reading.warnings()), [("contig_not_in_header", 2, 4)]);
    assert_eq!(reading.warnings()[0].message, "CHROM `chrUn` is not in the header");
    // A header that names none says nothing about any.
    let none = SITES.header.replace("##contig=<ID=1,length=1000>\n", "");
    let reading = read(format!("{none}chrUn\t1\t.\tA\tC\t.\t.\t.\n").as_bytes()).unwrap();
    assert_eq!(codes(&reading.warnings()), []);
}
