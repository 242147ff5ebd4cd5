//! Three nullable columns for a batch of rows, and the warnings about what does not fit.

use vcf_agent::alleles::{AlleleColumns, Identifier};
use vcf_agent::domain::allele::{How, Why};
use vcf_agent::domain::rows::{Rows, Text};
use vcf_agent::domain::warning::Warnings;
use vcf_agent::reference::Reference;

use crate::fasta::{of_one, write};

/// Appends a record of one ALT, or of none.
pub fn push(rows: &mut Rows, contig: &str, pos: i64, reference: &str, alt: Option<&str>) {
    let ordinal = rows.len() as i64;
    rows.ordinal.push(ordinal);
    rows.alt_index.push(i32::from(alt.is_some()));
    rows.line.push(ordinal + 10);
    let contig = rows.contigs.id(contig.as_bytes());
    rows.contig.push(contig);
    rows.pos.push(pos);
    rows.reference.push(Some(reference.as_bytes()));
    rows.alt.push(alt.map(str::as_bytes));
}

fn shown(columns: &AlleleColumns) -> Vec<String> {
    let text = |bases: Option<&[u8]>| bases.map(|bases| String::from_utf8(bases.to_vec()).unwrap());
    let row = |i| match (text(columns.reference.get(i)), text(columns.alt.get(i))) {
        (Some(reference), Some(alt)) => format!("{} {reference} {alt}", columns.pos[i]),
        (None, None) => "same".to_owned(),
        other => panic!("half an identity: {other:?}"),
    };
    (0..columns.len()).map(row).collect()
}

#[test]
fn only_what_differs_from_the_file_is_not_null() {
    let (_folder, reference) = of_one("GAAAATCAC");
    let mut rows = Rows::default();
    push(&mut rows, "c", 6, "T", Some("C"));
    push(&mut rows, "c", 5, "A", Some("AA"));
    push(&mut rows, "c", 1, "GA", Some("G"));
    push(&mut rows, "c", 4, "AATC", Some("AATG"));
    push(&mut rows, "c", 2, "a", Some("g"));
    push(&mut rows, "c", 3, "A", Some("<DEL>"));
    push(&mut rows, "c", 3, "AA", None);
    push(&mut rows, "c", 3, "c", Some("t"));
    let mut warnings = Warnings::default();
    let mut identifier = Identifier::new(Some(&reference));
    let columns = identifier.identify(&rows, &mut warnings).unwrap();
    let expected = ["same", "1 G GA", "same", "7 C G", "2 A G", "same", "same", "same"];
    assert_eq!(shown(columns), expected);
    assert_eq!(columns.how[6..], [How::AsIs(Why::NoAlt), How::AsIs(Why::ReferenceMismatch)]);
    let identity = columns.identity(&rows, 1);
    assert_eq!((identity.pos, identity.reference, identity.alt), (1, &b"G"[..], &b"GA"[..]));
    assert_eq!(columns.identity(&rows, 0).reference, b"T");
    assert_eq!(columns.identity(&rows, 7).reference, b"c");

    let columns = Identifier::new(None).identify(&rows, &mut Warnings::default()).map(shown).unwrap();
    assert_eq!(columns, ["same", "same", "same", "7 C G", "2 A G", "same", "same", "3 C T"]);
}

#[test]
fn what_does_not_fit_the_reference_is_counted_with_its_first_line() {
    let (_folder, reference) = of_one("GAAAATCAC");
    let mut rows = Rows::default();
    push(&mut rows, "c", 3, "C", Some("T"));
    push(&mut rows, "c", 4, "C", Some("T"));
    push(&mut rows, "c", 9, "CA", Some("C"));
    push(&mut rows, "d", 9, "CA", Some("C"));
    push(&mut rows, "d", 9, "C", Some("<DEL>"));
    let mut warnings = Warnings::default();
    Identifier::new(Some(&reference)).identify(&rows, &mut warnings).unwrap();
    let list: Vec<_> = warnings.list().into_iter().map(|it| (it.code, it.count, it.first_line, it.message)).collect();
    let path = reference.path().display();
    let expected = [
        (
            "allele_outside_contig",
            1,
            12,
            format!(
                "REF CA at c:9 goes beyond the contig, which has 9 bases in the reference {path}: such alleles are kept as they are"
            ),
        ),
        (
            "contig_not_in_reference",
            1,
            13,
            format!("contig d is not in the reference {path}: alleles of such contigs are trimmed, not left-aligned"),
        ),
        (
            "reference_mismatch",
            2,
            10,
            format!(
                "REF C at c:3 is not what the reference {path} has there: such alleles are kept as they are, not aligned; many of \
             them mean that the reference is of another assembly"
            ),
        ),
    ];
    assert_eq!(list, expected.map(|(code, count, line, message)| (code.to_owned(), count, line, message)));
}

#[test]
fn a_ref_that_stands_on_the_first_row_alone_counts_for_all_rows_of_its_record() {
    let sequence = "ACGTTGCATT".repeat(4000);
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "r.fa", &[("chr1", &sequence)], 70);
    let reference = Reference::open(&path).unwrap();
    // So long a REF is not repeated by the parser: the rows of the later ALTs have none of their own.
    let bases = &sequence[..39_000];
    let alts = [format!("{}A", &bases[..38_999]), bases[..38_998].to_owned(), format!("{}TT", &bases[..38_999])];
    let mut rows = Rows::default();
    alts.iter().for_each(|alt| push(&mut rows, "1", 1, bases, Some(alt)));
    (rows.alt_index, rows.reference) = (vec![1, 2, 3], Text::default());
    [Some(bases.as_bytes()), None, None].into_iter().for_each(|text| rows.reference.push(text));
    let mut warnings = Warnings::default();
    let mut identifier = Identifier::new(Some(&reference));
    let columns = identifier.identify(&rows, &mut warnings).unwrap();
    assert_eq!(shown(columns), ["39000 T A", "38998 ATT A", "38998 A AT"]);
    assert!(warnings.is_empty());
    assert_eq!(columns.identity(&rows, 1).pos, 38_998);
}
