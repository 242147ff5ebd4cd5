//! Rows of every kind: nulls and empty texts, long REFs, a thousand ALTs, changing contigs, numbers at their ends, any script.

use proptest::prelude::*;
use vcf_agent::domain::annotations::Annotations;
use vcf_agent::domain::rows::{REPEATED_BYTES_MAX, Rows, Text};

/// One record as it was read.
#[derive(Debug, Clone, Default)]
pub struct Record {
    pub contig: String,
    pub pos: i64,
    pub id: Option<String>,
    pub reference: String,
    pub alts: Vec<String>,
    pub qual: Option<f32>,
    pub filter: Option<String>,
    pub qual_text: Option<String>,
    pub info: Option<String>,
    pub format: Option<String>,
    pub samples: Option<String>,
    pub line_text: Option<String>,
    /// What an annotator says of each ALT.
    pub said: Option<String>,
}

/// A plain record.
pub fn record(nth: u64, alts: usize) -> Record {
    Record {
        contig: if nth % 50 < 40 { "chr1".into() } else { "chr2".into() },
        pos: nth as i64 * 7,
        id: nth.is_multiple_of(3).then(|| format!("rs{nth}")),
        reference: "A".into(),
        alts: (0..alts).map(|alt| "C".repeat(alt + 1)).collect(),
        qual: Some(nth as f32 / 3.0),
        filter: Some("PASS".into()),
        info: Some(format!("DP={nth};AF=0.{nth}")),
        format: Some("GT:DP".into()),
        samples: Some(format!("0/1:{nth}\t1/1:{}", nth + 1)),
        said: (nth % 4 != 3).then(|| format!("GENE{}", nth % 7)),
        ..Record::default()
    }
}

/// The rows of these records, which are numbered from `first` on.
pub fn rows(first: u64, records: &[Record]) -> Rows {
    let mut rows = Rows::default();
    (first..).zip(records).for_each(|(ordinal, record)| push(&mut rows, ordinal, record));
    rows
}

fn push(rows: &mut Rows, ordinal: u64, record: &Record) {
    let repeats = record.reference.len() * record.alts.len() <= REPEATED_BYTES_MAX;
    for nth in 0..record.alts.len().max(1) {
        let is_first = nth == 0;
        match &record.said {
            Some(said) => {
                let before = rows.len();
                let columns = rows.annotations.get_or_insert_with(|| Box::new(Annotations::nulls(before)));
                say(columns, said, nth);
            }
            None => rows.annotations.iter_mut().for_each(|columns| columns.push_null()),
        }
        rows.ordinal.push(ordinal as i64);
        rows.alt_index.push(if record.alts.is_empty() { 0 } else { nth as i32 + 1 });
        rows.line.push(ordinal as i64 + 30);
        let contig = rows.contigs.id(record.contig.as_bytes());
        rows.contig.push(contig);
        rows.pos.push(record.pos);
        rows.qual.push(record.qual.unwrap_or(0.0));
        rows.qual_valid.push(record.qual.is_some());
        let text = |column: &mut Text, text: Option<&str>, is_there: bool| {
            column.push(text.filter(|_| is_there).map(str::as_bytes));
        };
        text(&mut rows.id, record.id.as_deref(), true);
        text(&mut rows.reference, Some(&record.reference), is_first || repeats);
        text(&mut rows.alt, record.alts.get(nth).map(String::as_str), true);
        text(&mut rows.filter, record.filter.as_deref(), true);
        text(&mut rows.qual_text, record.qual_text.as_deref(), is_first);
        text(&mut rows.info, record.info.as_deref(), is_first);
        text(&mut rows.format, record.format.as_deref(), is_first);
        text(&mut rows.samples, record.samples.as_deref(), is_first);
        text(&mut rows.line_text, record.line_text.as_deref(), is_first);
    }
}

/// The columns of a row of which this is said, some of them null.
fn say(columns: &mut Annotations, said: &str, nth: usize) {
    let word = |place: usize| (place + nth).is_multiple_of(3).then(|| format!("{said}{place}"));
    for (place, words) in columns.words_mut().into_iter().enumerate() {
        words.push(word(place).as_deref().map(str::as_bytes));
    }
    columns.clinvar_stars.push(said.len().is_multiple_of(2).then_some(nth as i32 % 5));
    columns.population_frequency.push(nth.is_multiple_of(2).then_some(said.len() as f64 / 1000.0));
    columns.hgvs_c.push(Some(said.as_bytes()));
    columns.hgvs_p.push((nth % 2 == 1).then_some(said.as_bytes()));
}

/// What an annotator says of a row, in words.
fn said(rows: &Rows, row: usize) -> Vec<Option<String>> {
    let nulls = Annotations::nulls(rows.len());
    let columns = rows.annotations.as_deref().unwrap_or(&nulls);
    let text = |bytes: Option<&[u8]>| bytes.map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    let words = columns.words().into_iter().map(|words| text(words.get(row)));
    let numbers = [
        columns.clinvar_stars.get(row).map(|stars| stars.to_string()),
        columns.population_frequency.get(row).map(|frequency| frequency.to_string()),
        text(columns.hgvs_c.get(row)),
        text(columns.hgvs_p.get(row)),
    ];
    words.chain(numbers).collect()
}

/// One row in plain values; a number without a value is none, whatever lies in its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plain {
    pub key: (i64, i32),
    numbers: (i64, i64, Option<u32>),
    texts: Vec<Option<String>>,
}

/// Rows in plain values, so that two batches with differently numbered contigs compare.
pub fn plain(rows: &Rows) -> Vec<Plain> {
    let text = |text: &Text, row: usize| text.get(row).map(|bytes| String::from_utf8(bytes.to_vec()).unwrap());
    (0..rows.len())
        .map(|row| Plain {
            key: (rows.ordinal[row], rows.alt_index[row]),
            // Bits: a float that is not a number is not even equal to itself.
            numbers: (rows.line[row], rows.pos[row], rows.qual_valid.get(row).then(|| rows.qual[row].to_bits())),
            texts: [Some(String::from_utf8(rows.contigs.name(rows.contig[row]).to_vec()).unwrap())]
                .into_iter()
                .chain(columns(rows).map(|column| text(column, row)))
                .chain(said(rows, row))
                .collect(),
        })
        .collect()
}

fn columns(rows: &Rows) -> [&Text; 9] {
    [
        &rows.id,
        &rows.reference,
        &rows.alt,
        &rows.filter,
        &rows.qual_text,
        &rows.info,
        &rows.format,
        &rows.samples,
        &rows.line_text,
    ]
}

/// Whether a text lies in any column.
pub fn holds_text(rows: &Rows, text: &str) -> bool {
    let is_in = |bytes: &[u8]| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let words = rows.annotations.iter().flat_map(|said| said.words()).flat_map(|words| words.vocabulary().names());
    columns(rows).iter().any(|column| is_in(&column.bytes))
        || words.into_iter().any(|word| is_in(word))
        || rows.contigs.names().iter().any(|name| is_in(name))
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ACGTN<>*.:;=|0-9]{0,12}",
        1 => Just(String::new()),
        1 => any::<String>(),
        1 => prop::sample::select(vec!["Größe", "变异", "𝔊∂", "naïve\u{301}", "\u{0}\t\n\"'"]).prop_map(str::to_owned),
    ]
}

fn qual() -> impl Strategy<Value = Option<f32>> {
    let ends = [0.0, -0.0, f32::MIN, f32::MAX, f32::MIN_POSITIVE, 1e-45, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
    prop_oneof![Just(None), any::<f32>().prop_map(Some), prop::sample::select(ends.to_vec()).prop_map(Some)]
}

/// Any record.
pub fn any_record() -> impl Strategy<Value = Record> {
    let contig = prop::sample::select(vec!["chr1", "1", "chrUn_KI270742v1", "HLA-A*01:01", "染色体", ""]);
    let pos = prop_oneof![0i64..1_000, Just(i64::MAX), Just(0)];
    let reference = prop_oneof![8 => text(), 1 => (65_000usize..66_500).prop_map(|bytes| "G".repeat(bytes))];
    let alts = prop_oneof![
        8 => prop::collection::vec(text(), 0..4),
        1 => (1usize..1_001).prop_map(|count| (0..count).map(|alt| format!("<CN{alt}>")).collect()),
    ];
    let optional = || prop::option::of(text());
    let texts = (optional(), optional(), optional(), optional(), optional(), optional(), optional(), optional());
    (contig, pos, reference, alts, qual(), texts).prop_map(|(contig, pos, reference, alts, qual, texts)| Record {
        contig: contig.into(),
        pos,
        reference,
        alts,
        qual,
        id: texts.0,
        filter: texts.1,
        qual_text: texts.2,
        info: texts.3,
        format: texts.4,
        samples: texts.5,
        line_text: texts.6,
        said: texts.7,
    })
}
