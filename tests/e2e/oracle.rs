//! What a file says, by a plain count of its lines; what the store holds, by reading its Parquet files as anybody would.
//! Neither uses the product's reader, parser or store.

use std::fmt::Write;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, Int64Type};
use flate2::read::MultiGzDecoder;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

/// A file's text, inflated if it starts like gzip.
pub fn text_of(path: &Path) -> Vec<u8> {
    let stored = fs::read(path).unwrap();
    if !stored.starts_with(&[0x1f, 0x8b]) {
        return stored;
    }
    let mut text = Vec::new();
    MultiGzDecoder::new(&stored[..]).read_to_end(&mut text).unwrap();
    text
}

/// The data lines of a text with their 1-based numbers: no blank ones, none that starts with `#`, no line ends.
pub fn data_lines(text: &[u8]) -> Vec<(u64, &[u8])> {
    let lines = text.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    let numbered = lines.zip(1..).map(|(line, number)| (number, line));
    numbered.filter(|(_, line)| !line.is_empty() && !line.starts_with(b"#")).collect()
}

/// What a file says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub records: u64,
    pub alleles: u64,
    pub no_alt: u64,
}

/// Counts lines and entries of the fifth column.
pub fn count(text: &[u8]) -> Counts {
    let mut counts = Counts::default();
    for (_, line) in data_lines(text) {
        counts.records += 1;
        match line.split(|&byte| byte == b'\t').nth(4) {
            Some(b".") => counts.no_alt += 1,
            Some(alt) => counts.alleles += alt.split(|&byte| byte == b',').count() as u64,
            None => {}
        }
    }
    counts
}

/// The published Parquet files of a data directory, all jobs, sorted by path.
pub fn published(data: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for job in entries(&data.join("alleles")) {
        files.extend(entries(&job).into_iter().filter(|path| path.extension().is_some_and(|e| e == "parquet")));
    }
    files.sort();
    files
}

/// What is in a folder now; nothing if there is no such folder.
pub fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map(|list| list.filter_map(Result::ok).map(|e| e.path()).collect()).unwrap_or_default()
}

/// (ordinal, ALT index, POS) of every published row, sorted.
pub fn rows(data: &Path) -> Vec<(i64, i32, i64)> {
    let mut rows = Vec::new();
    for file in published(data) {
        let builder = ParquetRecordBatchReaderBuilder::try_new(File::open(&file).unwrap()).unwrap();
        let mask = ProjectionMask::columns(builder.parquet_schema(), ["ordinal", "alt_index", "pos"]);
        for batch in builder.with_projection(mask).build().unwrap() {
            let batch = batch.unwrap();
            let column = |name: &str| batch.column_by_name(name).unwrap_or_else(|| panic!("{file:?} has no {name}"));
            let ordinal = column("ordinal").as_primitive::<Int64Type>();
            let alt_index = column("alt_index").as_primitive::<Int32Type>();
            let pos = column("pos").as_primitive::<Int64Type>();
            rows.extend((0..batch.num_rows()).map(|i| (ordinal.value(i), alt_index.value(i), pos.value(i))));
        }
    }
    rows.sort_unstable();
    rows
}

/// The rows that a text must give: every ALT of every data line once, or index 0 without ALT.
pub fn expected_rows(text: &[u8]) -> Vec<(i64, i32, i64)> {
    let mut rows = Vec::new();
    for (ordinal, (_, line)) in data_lines(text).into_iter().enumerate() {
        let columns: Vec<&[u8]> = line.splitn(6, |&byte| byte == b'\t').collect();
        let pos = std::str::from_utf8(columns[1]).unwrap().parse().unwrap();
        let alts = if columns[4] == b"." { 0 } else { columns[4].split(|&byte| byte == b',').count() as i32 };
        let first = i32::from(alts > 0);
        rows.extend((first..=alts).map(|alt| (ordinal as i64, alt, pos)));
    }
    rows
}

/// A sound file of this many records, always the same: one or two ALTs, now and then none, one sample.
pub fn generated(records: u64) -> String {
    let mut text = String::from(
        "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=248956422>\n##contig=<ID=chr2,length=242193529>\n",
    );
    text.push_str("##INFO=<ID=AF,Number=A,Type=Float,Description=\"Allele frequency\">\n");
    text.push_str("##INFO=<ID=DP,Number=1,Type=Integer,Description=\"Depth\">\n");
    text.push_str("##FORMAT=<ID=GT,Number=1,Type=String,Description=\"Genotype\">\n");
    text.push_str("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tONE\n");
    let mut random = fastrand::Rng::with_seed(4);
    for i in 0..records {
        let (contig, pos) = if i < records / 2 { (1, 100 + 3 * i) } else { (2, 100 + 3 * (i - records / 2)) };
        let alt = match random.u32(0..100) {
            0 => ".",
            1..=4 => "C,T",
            _ => "G",
        };
        let (qual, depth, genotype) = (random.u32(1..9000), random.u32(1..80), random.u32(0..2));
        let frequencies = if alt == "C,T" { "AF=0.125,0.25" } else { "AF=0.5" };
        let qual = f64::from(qual) / 10.0;
        let line = format!("chr{contig}\t{pos}\t.\tA\t{alt}\t{qual}\tPASS\t{frequencies};DP={depth}\tGT\t0/{genotype}");
        writeln!(text, "{line}").unwrap();
    }
    text
}

/// A small sound file of this many records.
pub fn small(records: u64) -> String {
    generated(records)
}

mod tests {
    use super::*;

    #[test]
    fn the_count_knows_blank_lines_late_headers_and_missing_alts() {
        let text = b"##x\n#CHROM\n1\t1\t.\tA\tC,T\n\n##late\n1\t2\t.\tA\t.\r\n1\t3\t.\tA\t<DEL>";
        assert_eq!(count(text), Counts { records: 3, alleles: 3, no_alt: 1 });
        assert_eq!(data_lines(text).iter().map(|(number, _)| *number).collect::<Vec<_>>(), [3, 6, 7]);
        assert_eq!(expected_rows(text), [(0, 1, 1), (0, 2, 1), (1, 0, 2), (2, 1, 3)]);
    }
}
