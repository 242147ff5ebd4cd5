//! The eight columns: what is legal is a row without a word, what is odd is a row as found and a warning.

use crate::fixture::{SITES, codes, file, read, table};

#[test]
fn chrom_is_any_name() {
    table(
        SITES,
        &[
            ("declared", "1\t9\t.\tA\tC\t.\t.\t.", &["row 1:9 A>C"]),
            ("of the assembly file", "<1>\t9\t.\tA\tC\t.\t.\t.", &["row <1>:9 A>C"]),
            (
                "not declared",
                "HLA-A*01:01\t9\t.\tA\tC\t.\t.\t.",
                &["row HLA-A*01:01:9 A>C", "warn contig_not_in_header"],
            ),
            ("a comma", "1,2\t9\t.\tA\tC\t.\t.\t.", &["row 1,2:9 A>C", "warn contig_not_in_header", "warn odd_chrom"]),
            ("a bracket", "<1\t9\t.\tA\tC\t.\t.\t.", &["row <1:9 A>C", "warn contig_not_in_header", "warn odd_chrom"]),
            ("brackets", "<<1>\t9\t.\tA\tC\t.\t.\t.", &["row <<1>:9 A>C", "warn odd_chrom"]),
            (
                "a blank",
                "chr 1\t9\t.\tA\tC\t.\t.\t.",
                &["row chr 1:9 A>C", "warn blank_in_field", "warn contig_not_in_header"],
            ),
        ],
    );
}

#[test]
fn pos_is_a_number_from_0_on_whatever_the_header_says() {
    table(
        SITES,
        &[
            ("the telomere", "1\t0\t.\tN\tC\t.\t.\t.", &["row 1:0 N>C"]),
            ("past the contig's end", "1\t1001\t.\tA\tC\t.\t.\t.", &["row 1:1001 A>C"]),
            ("2^31 - 1", "1\t2147483647\t.\tA\tC\t.\t.\t.", &["row 1:2147483647 A>C"]),
            ("leading zeros", "1\t007\t.\tA\tC\t.\t.\t.", &["row 1:7 A>C"]),
            ("many zeros", "1\t0000000000000000000000000000000000000000\t.\tA\tC\t.\t.\t.", &["row 1:0 A>C"]),
        ],
    );
}

#[test]
fn id_filter_and_info_may_be_empty_or_lists_with_odd_parts() {
    table(
        SITES,
        &[
            ("empty ID", "1\t9\t\tA\tC\t.\t.\t.", &["row 1:9 A>C", "warn empty_field"]),
            ("empty FILTER", "1\t9\t.\tA\tC\t.\t\t.", &["row 1:9 A>C", "warn empty_field"]),
            ("empty INFO", "1\t9\t.\tA\tC\t.\t.\t", &["row 1:9 A>C", "warn empty_field"]),
            ("a list of IDs", "1\t9\trs1;rs2\tA\tC\t.\t.\t.", &["row 1:9 A>C"]),
            ("a list of filters", "1\t9\t.\tA\tC\t.\tq10;s50\t.", &["row 1:9 A>C"]),
            ("no first ID", "1\t9\t;rs1\tA\tC\t.\t.\t.", &["row 1:9 A>C", "warn list_part_empty"]),
            ("no last ID", "1\t9\trs1;\tA\tC\t.\t.\t.", &["row 1:9 A>C", "warn list_part_empty"]),
            ("no ID between", "1\t9\trs1;;rs2\tA\tC\t.\t.\t.", &["row 1:9 A>C", "warn list_part_empty"]),
            ("an ID twice", "1\t9\trs1;rs2;rs1\tA\tC\t.\t.\t.", &["row 1:9 A>C", "warn list_part_repeated"]),
            ("no last filter", "1\t9\t.\tA\tC\t.\tPASS;\t.", &["row 1:9 A>C", "warn list_part_empty"]),
            ("no first filter", "1\t9\t.\tA\tC\t.\t;PASS\t.", &["row 1:9 A>C", "warn list_part_empty"]),
            ("a missing filter", "1\t9\t.\tA\tC\t.\tq10;.\t.", &["row 1:9 A>C", "warn list_part_empty"]),
            ("a filter twice", "1\t9\t.\tA\tC\t.\tq10;q10\t.", &["row 1:9 A>C", "warn list_part_repeated"]),
            ("a blank in ID", "1\t9\trs 1\tA\tC\t.\t.\t.", &["row 1:9 A>C", "warn blank_in_field"]),
            ("a blank in FILTER", "1\t9\t.\tA\tC\t.\tmy filter\t.", &["row 1:9 A>C", "warn blank_in_field"]),
            ("a blank in a key", "1\t9\t.\tA\tC\t.\t.\tA=1;RS Q=1", &["row 1:9 A>C", "warn blank_in_field"]),
            ("a blank in a value", "1\t9\t.\tA\tC\t.\t.\tA=1;RS=a b c;D", &["row 1:9 A>C"]),
        ],
    );
    let empty = read(&file(SITES, &[b"1\t9\t\tA\tC\t.\t\t\n", b"1\t9\t.\tA\tC\t.\t.\t.\n"])).unwrap();
    let (rows, at) = empty.record(4);
    // The empty text stays what it is, so that it can be written again; `.` is null.
    assert_eq!(
        (rows.id.get(at), rows.filter.get(at), rows.info.get(at)),
        (Some(&b""[..]), Some(&b""[..]), Some(&b""[..]))
    );
    let (rows, at) = empty.record(5);
    assert_eq!((rows.id.get(at), rows.filter.get(at), rows.info.get(at)), (None, None, None));
    assert_eq!(empty.warnings()[0].count, 3);
}

#[test]
fn ref_is_bases_of_any_case_and_other_letters_are_kept() {
    table(
        SITES,
        &[
            ("any case", "1\t9\t.\tacgtnACGTN\tc\t.\t.\t.", &["row 1:9 acgtnACGTN>c"]),
            ("ambiguity code", "1\t9\t.\tR\tC\t.\t.\t.", &["row 1:9 R>C", "warn odd_ref"]),
            ("a blank", "1\t9\t.\tA C\tC\t.\t.\t.", &["row 1:9 A C>C", "warn blank_in_field", "warn odd_ref"]),
            ("a symbol", "1\t9\t.\t<DEL>\tC\t.\t.\t.", &["row 1:9 <DEL>>C", "warn odd_ref"]),
        ],
    );
}

#[test]
fn alt_is_bases_or_a_star_or_a_symbol_or_a_breakend_and_anything_else_is_kept() {
    table(
        SITES,
        &[
            ("none", "1\t9\t.\tA\t.\t.\t.\t.", &["row 1:9 A>."]),
            ("lower case", "1\t9\t.\ta\tc,g\t.\t.\t.", &["row 1:9 a>c", "row 1:9 a>g"]),
            ("overlapping deletion", "1\t9\t.\tA\tC,*\t.\t.\t.", &["row 1:9 A>C", "row 1:9 A>*"]),
            ("reference block", "1\t9\t.\tA\t<*>\t.\t.\tEND=20", &["row 1:9 A><*>"]),
            ("reference block of GATK", "1\t9\t.\tA\tC,<NON_REF>\t.\t.\t.", &["row 1:9 A>C", "row 1:9 A><NON_REF>"]),
            ("a symbol", "1\t9\t.\tN\t<DUP:TANDEM>\t.\t.\t.", &["row 1:9 N><DUP:TANDEM>"]),
            (
                "breakends",
                "1\t9\t.\tA\tA[2:5[,]2:5]A,A.,.A\t.\t.\t.",
                &["row 1:9 A>A[2:5[", "row 1:9 A>]2:5]A", "row 1:9 A>A.", "row 1:9 A>.A"],
            ),
            ("a breakend without base", "1\t9\t.\tA\t[2:5[\t.\t.\t.", &["row 1:9 A>[2:5[", "warn odd_alt"]),
            ("an open symbol", "1\t9\t.\tA\t<DEL\t.\t.\t.", &["row 1:9 A><DEL", "warn odd_alt"]),
            ("a symbol and more", "1\t9\t.\tA\t<INS>BLAH>\t.\t.\t.", &["row 1:9 A><INS>BLAH>", "warn odd_alt"]),
            ("ambiguity code", "1\t9\t.\tC\tR\t.\t.\t.", &["row 1:9 C>R", "warn odd_alt"]),
            ("a blank", "1\t9\t.\tC\tA T\t.\t.\t.", &["row 1:9 C>A T", "warn blank_in_field", "warn odd_alt"]),
            ("none among others", "1\t9\t.\tC\tA,.\t.\t.\t.", &["row 1:9 C>A", "row 1:9 C>.", "warn odd_alt"]),
            ("the reference", "1\t9\t.\tC\tC\t.\t.\t.", &["row 1:9 C>C"]),
            ("one twice", "1\t9\t.\tC\tT,T\t.\t.\t.", &["row 1:9 C>T", "row 1:9 C>T"]),
        ],
    );
}

#[test]
fn qual_that_is_no_number_leaves_the_row_without_one() {
    let of = |qual: &str| {
        let reading = read(&file(SITES, &[format!("1\t9\t.\tA\tC\t{qual}\t.\t.\n").as_bytes()])).unwrap();
        let (rows, at) = reading.record(4);
        let value = rows.qual_valid.get(at).then_some(rows.qual[at]);
        let noted: Vec<String> = reading.warnings().into_iter().map(|warning| warning.code).collect();
        (value, noted.join(" "))
    };
    for (text, value) in [
        ("50", 50.0),
        ("0", 0.0),
        ("-100", -100.0),
        ("+7", 7.0),
        ("1e3", 1000.0),
        ("29.5", 29.5),
        ("007.50", 7.5),
        (".5", 0.5),
        ("1e-40", 1e-40),
        ("16777217", 16_777_216.0),
        ("inf", f32::INFINITY),
        ("-INF", f32::NEG_INFINITY),
        ("1e39", f32::INFINITY),
    ] {
        assert_eq!(of(text), (Some(value), String::new()), "{text}");
    }
    assert!(of("NaN").0.unwrap().is_nan() && of("nan").1.is_empty());
    for text in ["quality", "1,5", "1e", "0x10", "5 ", "--5", "1_000"] {
        let (value, codes) = of(text);
        assert_eq!(value, None, "{text}");
        assert!(codes.contains("qual_not_a_number"), "{text}: {codes}");
    }
    assert_eq!(of("."), (None, String::new()));
    assert_eq!(of(""), (None, "empty_field".into()));
}

#[test]
fn what_stands_in_info_is_kept_as_found() {
    for (info, warning) in [
        ("DP=1", None),
        ("DB", None),
        ("DB=1", None),
        ("DB=0", None),
        ("DP", None),
        ("DP=", None),
        ("DP=1;", Some("info_empty_entry")),
        (";DP=1", Some("info_empty_entry")),
        (";", Some("info_empty_entry")),
        ("DP=1;DP=2", None),
        ("DP=1;;AF=1", None),
        ("DP=5x;AC=1.7;AN=-1;INT=2147483648", None),
        ("=5", None),
        ("AA=1,23;AF=A,B", None),
        ("NOTE=a%3Bb%2Cc%25", None),
        ("NOTE=\"quoted=text\"", None),
        ("SVTYPE=DEL;SVLEN=50;END=20", None),
    ] {
        // Percent codes have a meaning from 4.3 on only, SVLEN wins over END from 4.5 on: as read, every version is the same.
        for version in ["4.2", "4.3", "4.5"] {
            let header = SITES.header.replace("4.3", version);
            let reading = read(format!("{header}1\t9\t.\tA\t<DEL>\t.\t.\t{info}\n").as_bytes()).unwrap();
            let (rows, at) = reading.record(4);
            assert_eq!(rows.info.get(at), Some(info.as_bytes()), "{info} in {version}");
            let noted: Vec<String> = reading.warnings().into_iter().map(|warning| warning.code).collect();
            assert_eq!(noted, warning.into_iter().collect::<Vec<_>>(), "{info} in {version}");
        }
    }
}

#[test]
fn before_4_3_no_value_of_info_may_hold_a_blank() {
    let header = SITES.header.replace("4.3", "4.2");
    let reading = read(format!("{header}1\t9\t.\tA\tC\t.\t.\tRS=a b\n{}", SITES.neighbour).as_bytes()).unwrap();
    assert_eq!(codes(&reading.warnings()), [("blank_in_field", 1, 4)]);
    assert_eq!(reading.warnings()[0].message, "INFO is `RS=a b`: a blank is in it");
}

#[test]
fn of_a_key_that_comes_twice_the_first_value_counts() {
    use vcf_agent::vcf::info::info_value;
    let info = b"XDP=9;DP=1;DP=2;DB;EMPTY=;NOTE=a%3Bb;;END=20;SVLEN=50;";
    assert_eq!(info_value(info, b"DP"), Some(Some(&b"1"[..])));
    assert_eq!(info_value(info, b"DB"), Some(None));
    assert_eq!(info_value(info, b"EMPTY"), Some(Some(&b""[..])));
    assert_eq!(info_value(info, b"NOTE"), Some(Some(&b"a%3Bb"[..])));
    assert_eq!(info_value(info, b"SVLEN"), Some(Some(&b"50"[..])));
    assert_eq!((info_value(info, b"P"), info_value(info, b"D")), (None, None));
}

#[test]
fn a_tab_after_the_last_column_is_only_worth_a_warning() {
    table(SITES, &[("sites", "1\t9\t.\tA\tC\t.\t.\tX\t", &["row 1:9 A>C", "warn trailing_tab"])]);
    let reading = read(&file(SITES, &[b"1\t9\t.\tA\tC\t.\t.\tX\t\n"])).unwrap();
    let (rows, at) = reading.record(4);
    assert_eq!((rows.info.get(at), rows.format.get(at)), (Some(&b"X"[..]), None));
}
