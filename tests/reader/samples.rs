//! FORMAT and the samples: as many columns as the header has, and what stands in them is kept.
//!
//! Kept as found, nothing is lost, and no warning: what is wrong inside INFO, FORMAT and the samples (empty or repeated FORMAT
//! keys, GT not first, bad genotypes and indexes beyond ALT, surplus sub-fields, values of another type, count or range; in INFO
//! an empty entry in the middle, a repeated key, a flag with a value, a key without one). To find it takes a whole look at text
//! that is most of a file; whoever asks for one of those values on demand judges that value.

use crate::fixture::{COHORT, SITES, codes, file, read, table};

#[test]
fn a_record_has_the_columns_of_the_header_or_is_a_dead_letter() {
    table(
        COHORT,
        &[
            ("all", "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1\t1/1", &["row 1:9 A>C"]),
            ("no FORMAT", "1\t9\t.\tA\tC\t.\t.\t.", &["dead columns_missing"]),
            ("no sample", "1\t9\t.\tA\tC\t.\t.\t.\tGT", &["dead columns_missing"]),
            ("too few samples", "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1", &["dead columns_missing"]),
            ("too many samples", "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1\t0/1\t0/1", &["dead columns_surplus"]),
            ("FORMAT left out", "1\t9\t.\tA\tC\t.\t.\t.\t0/1\t1/1", &["dead columns_missing"]),
            ("a trailing tab", "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1\t1/1\t", &["row 1:9 A>C", "warn trailing_tab"]),
            ("two trailing tabs", "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1\t1/1\t\t", &["dead columns_surplus"]),
            ("an empty last sample", "1\t9\t.\tA\tC\t.\t.\t.\tGT\t0/1\t", &["row 1:9 A>C"]),
            ("an empty FORMAT", "1\t9\t.\tA\tC\t.\t.\t.\t\t0/1\t1/1", &["row 1:9 A>C", "warn empty_field"]),
            ("a blank in FORMAT", "1\t9\t.\tA\tC\t.\t.\t.\tG T\t0/1\t1/1", &["row 1:9 A>C", "warn blank_in_field"]),
        ],
    );
}

#[test]
fn without_samples_a_format_column_is_kept_with_a_warning() {
    let line = "1\t9\t.\tA\tC\t.\t.\t.\tGT";
    table(
        SITES,
        &[
            ("FORMAT", line, &["row 1:9 A>C", "warn format_without_samples"]),
            (
                "FORMAT and a tab",
                &format!("{line}\t"),
                &["row 1:9 A>C", "warn format_without_samples", "warn trailing_tab"],
            ),
            ("FORMAT and a sample", &format!("{line}\t0/1"), &["dead columns_surplus"]),
        ],
    );
    let header = SITES.header.replace("INFO", "INFO\tFORMAT");
    let text = format!("{header}{line}\n{}", SITES.neighbour);
    let reading = read(text.as_bytes()).unwrap();
    assert_eq!(reading.rows(), [(4, "1:9 A>C".into()), (5, "1:7 A>C".into())]);
    assert_eq!(codes(&reading.warnings()), [("format_without_samples", 2, 3)]);
    let (rows, at) = reading.record(4);
    assert_eq!((rows.format.get(at), rows.samples.get(at)), (Some(&b"GT"[..]), None));
}

#[test]
fn genotypes_and_everything_else_about_a_sample_are_kept_as_found() {
    for (format, samples) in [
        ("GT", "/0|1\t|0/1"),
        ("GT", "0/|1\t1/C"),
        ("GT", "0/3\t.|0"),
        ("GT", ".\t./."),
        ("GT", "\t"),
        ("GT", "0\t1|2|3/4"),
        ("GT:DP:GL", "0/1\t1/1:7"),
        ("GT:DP", "0/1:7:surplus:more\t1/1:many"),
        ("GT::GL", "0|0:0.1:-1\t0|0:0.1:-1"),
        ("GS:GT", "0.1:0|0\t0.2:0|1"),
        ("GT:GL:GL", "0|0:-1:-1\t0|1:-2:-2"),
        ("GT:1GS:G*S", "0|0:1:1\t0|1:2:2"),
        ("PL", "1,2\t1,2,3,4"),
        ("GT:LAA:LAD", "0/0::5\t0/1:1:3,4"),
        ("", "0/1\t1/1"),
    ] {
        let line = format!("1\t9\t.\tA\tC\t.\t.\t.\t{format}\t{samples}\n");
        let reading = read(&file(COHORT, &[line.as_bytes()])).unwrap();
        let (rows, at) = reading.record(4);
        assert_eq!(rows.format.get(at), Some(format.as_bytes()));
        assert_eq!(rows.samples.get(at), Some(samples.as_bytes()));
        let expected = if format.is_empty() { vec![("empty_field", 1, 4)] } else { vec![] };
        assert_eq!(codes(&reading.warnings()), expected, "{line}");
    }
}

#[test]
fn the_rows_of_one_record_share_its_text() {
    let reading = read(&file(COHORT, &[b"1\t9\trs1\tA\tC,<DEL>,*\t5\tq10\tAF=1,2,3\tGT\t0/1\t2|3\n"])).unwrap();
    assert_eq!(reading.rows(), [(4, "1:9 A>C".into()), (4, "1:9 A><DEL>".into()), (4, "1:9 A>*".into())]);
    let (rows, first) = reading.record(4);
    assert_eq!(rows.alt_index, [1, 2, 3]);
    assert_eq!((rows.info.get(first), rows.samples.get(first)), (Some(&b"AF=1,2,3"[..]), Some(&b"0/1\t2|3"[..])));
    for later in first + 1..rows.len() {
        assert_eq!((rows.info.get(later), rows.samples.get(later), rows.format.get(later)), (None, None, None));
        assert_eq!((rows.id.get(later), rows.filter.get(later)), (Some(&b"rs1"[..]), Some(&b"q10"[..])));
    }
}
