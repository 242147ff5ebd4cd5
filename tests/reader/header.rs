//! Headers: what is sound is used, what is odd is kept as it stands and warned about, what hides the columns refuses the file.

use vcf_agent::vcf::ReadErrorKind;

use crate::fixture::{Reading, codes, read};

const COLUMNS: &str = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
const RECORD: &str = "1\t7\t.\tA\tC\t.\t.\tDP=5\n";

/// A file with these header lines before its columns, and one record, which must live.
#[track_caller]
fn with(header: &str) -> Reading {
    let text = format!("{header}{COLUMNS}{RECORD}");
    let reading = read(text.as_bytes()).unwrap_or_else(|error| panic!("{header:?}: {error}"));
    assert_eq!(reading.rows().iter().map(|(_, row)| row.as_str()).collect::<Vec<_>>(), ["1:7 A>C"]);
    reading
}

#[test]
fn every_version_is_read_and_only_an_unknown_one_is_worth_a_word() {
    for minor in 0..=5 {
        let reading = with(&format!("##fileformat=VCFv4.{minor}\n"));
        assert_eq!((reading.header.version, codes(&reading.warnings())), ((4, minor), vec![]));
    }
    for (value, version, warnings) in [
        ("VCFv4.6", (4, 6), &[("unknown_fileformat", 1, 1)][..]),
        ("VCFv5.0", (5, 0), &[("unknown_fileformat", 1, 1)]),
        ("VCF v4.3", (4, 2), &[("unknown_fileformat", 1, 1)]),
        ("4.3", (4, 2), &[("unknown_fileformat", 1, 1)]),
        ("VCFv4", (4, 2), &[("unknown_fileformat", 1, 1)]),
        (" VCFv4.3", (4, 3), &[("blank_in_fileformat", 1, 1)]),
        ("VCFv4.3\t", (4, 3), &[("blank_in_fileformat", 1, 1)]),
    ] {
        let reading = with(&format!("##fileformat={value}\n"));
        assert_eq!((reading.header.version, codes(&reading.warnings())), (version, warnings.to_vec()), "{value:?}");
    }
}

#[test]
fn without_a_version_it_is_4_2_with_a_warning() {
    let reading = with("##source=x\n");
    assert_eq!(reading.header.version, (4, 2));
    assert_eq!(codes(&reading.warnings()), [("no_fileformat", 1, 1)]);
    assert_eq!(codes(&with("").warnings()), [("no_fileformat", 1, 1)]);
    assert_eq!(codes(&with("##source=x\n##fileformat=VCFv4.3\n").warnings()), [("fileformat_not_first", 1, 2)]);
}

#[test]
fn a_byte_order_mark_is_dropped_with_a_warning() {
    for line_end in ["\n", "\r\n"] {
        let text = format!("\u{feff}##fileformat=VCFv4.3\n{COLUMNS}{RECORD}").replace('\n', line_end);
        let reading = read(text.as_bytes()).unwrap();
        assert_eq!(codes(&reading.warnings()), [("byte_order_mark", 1, 1)]);
        assert_eq!(reading.header.raw, format!("##fileformat=VCFv4.3\n{COLUMNS}").as_bytes());
        assert_eq!((reading.header.version, reading.rows().len()), ((4, 3), 1));
    }
    // Anywhere else it is a letter like any other: no CHROM has it, but it is found, kept and written again.
    let odd = read(format!("##fileformat=VCFv4.3\n{COLUMNS}\u{feff}{RECORD}").as_bytes()).unwrap();
    assert_eq!(odd.rows(), [(3, "\u{feff}1:7 A>C".into())]);
}

#[test]
fn header_lines_that_are_not_well_formed_are_kept_and_not_used() {
    let malformed = [
        "##Some random plain text",
        "##source",
        "##source= ",
        "##reference=",
        "##assembly=",
        "##pedigreeDB=",
        "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"Depth\"",
        "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"an open quote>",
        "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"a \"quote\" inside\">",
        "##INFO=<Number=1,Type=Integer,Description=\"no ID\">",
        "##INFO=<ID=,Number=1,Type=Integer,Description=\"no ID\">",
        "##INFO=<ID=DP,Type=Integer,Description=\"no Number\">",
        "##INFO=<ID=DP,Number=N,Type=Integer,Description=\"d\">",
        "##INFO=<ID=DP,Number=-1,Type=Integer,Description=\"d\">",
        "##INFO=<ID=DP,Number=1,Type=Int,Description=\"d\">",
        "##INFO=<ID=DP,Number=1,Description=\"no Type\">",
        "##INFO=ID=DP",
        "##FORMAT=<ID=DP,Number=N,Type=Integer,Description=\"d\">",
        "##FORMAT=<ID=DP,Number=1,Type=Int,Description=\"d\">",
        "##FORMAT=<ID=DUP,Description=\"an open quote>",
        "##FILTER=<Description=\"no ID\">",
        "##ALT=<ID=DUP,Description=\"an open quote>",
        "##ALT=<ID=DEL:A,B,Description=\"a comma in the ID\">",
        "##contig=<length=123456>",
        "##contig=<ID=1,A,length=123456>",
        "##SAMPLE=<Assay=WholeGenome>",
        "##META=<Type=String>",
        "##PEDIGREE=<ID=P1,Original=\"open>",
        "##PEDIGREE=<ID=P1,Father=F",
        "##anything=<\"never closed\"",
    ];
    for line in malformed {
        let reading = with(&format!("##fileformat=VCFv4.3\n{line}\n"));
        assert_eq!(codes(&reading.warnings()), [("header_line_malformed", 1, 2)], "{line}");
        let said = &reading.warnings()[0].message;
        assert!(said.contains("was kept but not used"), "{said}");
        assert_eq!(reading.header.raw, format!("##fileformat=VCFv4.3\n{line}\n{COLUMNS}").as_bytes());
        assert!(reading.header.infos.is_empty() && reading.header.contigs.is_empty(), "{line}");
    }
}

#[test]
fn header_lines_that_only_look_odd_are_left_in_peace() {
    for line in [
        "##FILTER=<ID=q10,Description=\"a \\\"quote\\\", a comma, a > and a \\\\\">",
        "##FILTER=<ID=LowQual>",
        "##INFO=<ID=XX,Number=LA,Type=Float,Description=\"of 4.5\">",
        "##INFO=<Number=1,Type=Integer,Description=\"another order\",ID=XX>",
        "##INFO=<ID=XX,Number=.,Type=String,Description=\"d\",Source=\"s\",Version=3>",
        "##META=<ID=Assay,Type=String,Number=.,Values=[WholeGenome, Exome]>",
        "##SAMPLE=<ID=Blood,Genomes=Germline,Mixture=1.,Description=\"Patient\">",
        "##PEDIGREE=<Name_0=G0-ID,Name_1=G1-ID>",
        "##pedigreeDB=<http://example.org/pedigree>",
        "##title=<\"any text, in brackets\">",
        "##contig=<ID=1,length=249250621,md5=1b22b98cdeb4a9304cb5d48026a85128,species=\"Homo sapiens\">",
        "##contig=<ID=1>",
        "##commandline=\"a b=c\"",
    ] {
        let reading = with(&format!("##fileformat=VCFv4.3\n{line}\n"));
        assert_eq!(codes(&reading.warnings()), [], "{line}");
        assert_eq!(reading.header.raw, format!("##fileformat=VCFv4.3\n{line}\n{COLUMNS}").as_bytes());
    }
}

#[test]
fn a_reserved_key_means_what_the_file_says_with_one_warning() {
    let file = "##fileformat=VCFv4.1\n\
        ##INFO=<ID=DP,Number=1,Type=String,Description=\"d\">\n\
        ##INFO=<ID=DB,Number=1,Type=Flag,Description=\"d\">\n\
        ##FORMAT=<ID=GQ,Number=1,Type=Float,Description=\"d\">\n";
    let reading = with(file);
    assert_eq!(codes(&reading.warnings()), [("reserved_key_redefined", 3, 2)]);
    assert_eq!(
        reading.warnings()[0].message,
        "INFO DP is declared with Number 1 and Type String, the specification reserves Number 1 and Type Integer: the \
         file's own is used"
    );
    let infos: Vec<_> =
        reading.header.infos.iter().map(|info| (&info.id[..], &info.number[..], &info.kind[..])).collect();
    assert_eq!(infos, [("DP", "1", "String"), ("DB", "1", "Flag")]);
    // Reserved from 4.3 on only; agreeing; not reserved.
    let depth = "##FORMAT=<ID=AD,Number=.,Type=Integer,Description=\"d\">\n";
    let fine = "##INFO=<ID=AF,Number=A,Type=Float,Description=\"d\">\n##INFO=<ID=SVLEN,Number=1,Type=Integer,Description=\"d\">\n";
    assert_eq!(codes(&with(&format!("##fileformat=VCFv4.2\n{depth}{fine}")).warnings()), []);
    let newer = with(&format!("##fileformat=VCFv4.3\n{depth}{fine}"));
    assert_eq!(codes(&newer.warnings()), [("reserved_key_redefined", 1, 2)]);
}

#[test]
fn a_contig_declared_twice_counts_once() {
    let reading = with("##fileformat=VCFv4.3\n##contig=<ID=1,length=10>\n##contig=<ID=1,length=11>\n");
    assert_eq!(codes(&reading.warnings()), [("contig_repeated", 1, 3)]);
    assert_eq!(reading.header.contigs, [("1".into(), Some(10))]);
}

#[test]
fn a_header_that_is_not_text_is_kept_byte_for_byte() {
    for broken in [&b"##source=\xe9\n"[..], b"##source=a\0b\n"] {
        let text = [b"##fileformat=VCFv4.3\n", broken, COLUMNS.as_bytes(), RECORD.as_bytes()].concat();
        let reading = read(&text).unwrap();
        assert_eq!(codes(&reading.warnings()), [("header_not_text", 1, 2)]);
        assert_eq!(reading.header.raw, text[..text.len() - RECORD.len()]);
    }
}

#[test]
fn blank_lines_in_a_header_are_skipped_with_a_warning() {
    let reading = read(format!("##fileformat=VCFv4.3\n\n\r\n##a=b\n{COLUMNS}{RECORD}").as_bytes()).unwrap();
    assert_eq!(codes(&reading.warnings()), [("blank_header_line", 2, 2)]);
    assert_eq!((reading.header.lines, reading.rows()), (5, vec![(6, "1:7 A>C".into())]));
}

#[test]
fn a_header_without_records_is_a_whole_file() {
    for text in ["##fileformat=VCFv4.3\n", ""].map(|version| format!("{version}{COLUMNS}")) {
        for text in [&text[..], text.trim_end(), &text.replace('\n', "\r\n")] {
            let reading = read(text.as_bytes()).unwrap();
            assert_eq!((reading.end.records, reading.end.segments, reading.header.samples), (0, 0, 0), "{text:?}");
        }
    }
}

#[test]
fn samples_are_counted_and_a_tab_too_many_is_only_worth_a_warning() {
    let columns = COLUMNS.trim_end();
    for (tail, samples, warnings) in [
        ("", 0, &[][..]),
        ("\tFORMAT\ts1", 1, &[]),
        ("\tFORMAT\ts1\ts2\t1 2", 3, &[]),
        ("\tFORMAT", 0, &[("format_without_samples", 1, 2)]),
        ("\t", 0, &[("trailing_tab", 1, 2)]),
        ("\tFORMAT\ts1\t", 1, &[("trailing_tab", 1, 2)]),
        ("\tFORMAT\t", 0, &[("format_without_samples", 1, 2), ("trailing_tab", 1, 2)]),
    ] {
        let reading = read(format!("##fileformat=VCFv4.3\n{columns}{tail}\n").as_bytes()).unwrap();
        assert_eq!((reading.header.samples, codes(&reading.warnings())), (samples, warnings.to_vec()), "{tail:?}");
    }
}

#[test]
fn what_hides_the_columns_refuses_the_file_and_names_the_line() {
    let (v, c) = ("##fileformat=VCFv4.3\n", COLUMNS);
    for (text, line, offset, words) in [
        ("".into(), None, None, "it is empty: not even a header"),
        ("\n\n".into(), Some(2), None, "it ends after 2 header lines without a #CHROM line"),
        (v.into(), Some(1), None, "it ends after 1 header lines without a #CHROM line"),
        (
            format!("{v}##ALT=<ID=DEL,Description=\"a\nlinebreak\">\n{c}"),
            Some(3),
            Some(50),
            "line 3 comes before any #CHROM line and does not begin with '#': `linebreak\\\">`; a VCF needs its header",
        ),
        (
            format!("{v}30NFO=<ID=HOMSEQ>\n{c}"),
            Some(2),
            Some(21),
            "line 2 comes before any #CHROM line and does not begin with '#': `30NFO=<ID=HOMSEQ>`; a VCF needs its header",
        ),
        (
            RECORD.into(),
            Some(1),
            Some(0),
            "line 1 comes before any #CHROM line and does not begin with '#': `1\\t7\\t.\\tA\\tC\\t.\\t.\\tDP=5`; a VCF needs its header",
        ),
        (
            format!("##fileformat=\n{c}"),
            Some(1),
            Some(0),
            "##fileformat is empty: write the version, such as ##fileformat=VCFv4.2",
        ),
        (
            format!("{v}##fileformat=  \n{c}"),
            Some(2),
            Some(21),
            "##fileformat is empty: write the version, such as ##fileformat=VCFv4.2",
        ),
        (
            format!("{v}{}", c.replace("POS", "POSITION")),
            Some(2),
            Some(21),
            "column 2 of line 2 is `POSITION`, not POS",
        ),
        (format!("{v}{}", c.to_lowercase()), Some(2), Some(21), "column 1 of line 2 is `#chrom`, not #CHROM"),
        (format!("{v}# a comment\n{c}"), Some(2), Some(21), "column 1 of line 2 is `# a comment`, not #CHROM"),
        (
            format!("{v}{}", c.replace('\t', " ")),
            Some(2),
            Some(21),
            "column 1 of line 2 is `#CHROM POS ID REF ALT QUAL FILTER INFO`, not #CHROM (are they separated by tabs?)",
        ),
        (
            format!("{v}{}", c.replace("\tINFO", "")),
            Some(2),
            Some(21),
            "line 2 has 7 columns: INFO is missing (are they separated by tabs?)",
        ),
        (format!("{v}{}\ts1\n", c.trim_end()), Some(2), Some(21), "column 9 of line 2 is `s1`, not FORMAT"),
        (
            format!("{v}{}\tFORMAT\ts1\ts2\ts1\n", c.trim_end()),
            Some(2),
            Some(21),
            "sample column 3 of line 2 repeats the name of an earlier one",
        ),
    ] {
        let error = read(text.as_bytes()).err().unwrap_or_else(|| panic!("{text:?} was read"));
        assert_eq!((error.kind, error.message.as_str()), (ReadErrorKind::Input, words));
        assert_eq!((error.line, error.offset), (line, offset), "{error}");
    }
}

#[test]
fn what_the_first_long_line_of_a_file_without_header_says_is_cut_for_print() {
    let text = format!("1\t16890622\t.\t{}", "CTATC".repeat(100_000));
    let error = read(text.as_bytes()).err().unwrap();
    assert_eq!(
        error.to_string(),
        "line 1 comes before any #CHROM line and does not begin with '#': `1\\t16890622\\t.\\tCTATCCTATCCTATCCTATCCTATCCTATCCTATCCTATCCTATCCT…`; \
         a VCF needs its header (line 1, byte 0)"
    );
}

#[test]
fn the_assembly_is_told_by_lengths_then_words_and_a_contradiction_is_a_warning() {
    let told = |header: &str| {
        let reading = with(&format!("##fileformat=VCFv4.3\n{header}"));
        (
            reading.header.assembly.clone(),
            codes(&reading.warnings()).iter().map(|(code, ..)| code.to_string()).collect(),
        )
    };
    let none: Vec<String> = Vec::new();
    let doubt = vec!["assembly_contradictory".to_owned()];
    let chr1 = "##contig=<ID=1,length=248956422>\n";
    assert_eq!(told(chr1), (Some("GRCh38".into()), none.clone()));
    assert_eq!(told(&format!("{chr1}##reference=/ref/hg38.fa\n")), (Some("GRCh38".into()), none.clone()));
    assert_eq!(told(&format!("{chr1}##reference=/ref/hg19.fa\n")), (Some("GRCh38".into()), doubt.clone()));
    assert_eq!(told(&format!("{chr1}##contig=<ID=chr2,length=243199373>\n")), (None, doubt));
    assert_eq!(told("##contig=<ID=1,length=9,assembly=ASM1>\n"), (Some("ASM1".into()), none.clone()));
    assert_eq!(told("##contig=<ID=1,length=9>\n"), (None, none));
}
