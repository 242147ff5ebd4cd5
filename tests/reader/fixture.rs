//! A whole reading of a small file, checked against its text; and the words of the tables.

use std::io::{Cursor, Read};

use vcf_agent::domain::dead::{DeadLetter, DeadStage, RAW_BYTES_MAX};
use vcf_agent::domain::digest::{DigestSum, line_digest};
use vcf_agent::domain::rows::{Rows, rows_digest_sum};
use vcf_agent::domain::warning::{Warning, Warnings};
use vcf_agent::vcf::header::Header;
use vcf_agent::vcf::parse::{ParseContext, ParsedSegment, parse_segment};
use vcf_agent::vcf::reader::{FileEnd, Next, RawSegment, Reader};
use vcf_agent::vcf::write::write_record;
use vcf_agent::vcf::{ReadError, ReadLimits};

/// A header, and a sound record that fits it.
#[derive(Clone, Copy)]
pub struct Kind {
    pub header: &'static str,
    pub neighbour: &'static str,
}

/// Without samples: 88 bytes, 3 lines.
pub const SITES: Kind = Kind {
    header: "##fileformat=VCFv4.3\n##contig=<ID=1,length=1000>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n",
    neighbour: "1\t7\trs7\tA\tC\t50\tPASS\tDP=7\n",
};

/// With two samples.
pub const COHORT: Kind = Kind {
    header: "##fileformat=VCFv4.4\n##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2\n",
    neighbour: "1\t7\trs7\tA\tC\t50\tPASS\tDP=7\tGT:DP\t0/1:9\t1|1:8\n",
};

/// A file that was read to its sound end.
pub struct Reading {
    pub header: Header,
    pub segments: Vec<RawSegment>,
    pub parsed: Vec<ParsedSegment>,
    pub end: FileEnd,
}

/// Reads to the end.
pub fn read_from(input: Box<dyn Read + Send>, live: bool, limits: &ReadLimits) -> Result<Reading, ReadError> {
    let mut reader = Reader::open(input, live, limits.clone())?;
    let context = ParseContext::new(reader.header(), limits);
    let (mut segments, mut parsed) = (Vec::new(), Vec::new());
    let mut recycled = None;
    loop {
        match reader.next(recycled.take())? {
            Next::Segment(raw) => {
                parsed.push(parse_segment(&context, &raw, &|_| false));
                recycled = Some(raw.text.clone());
                segments.push(raw);
            }
            Next::Idle => {}
            Next::End(end) => return Ok(Reading { header: reader.header().clone(), segments, parsed, end }),
        }
    }
}

/// Reads a file of these bytes under these limits; if it is plain text, the reading is held against it.
pub fn read_with(bytes: &[u8], limits: &ReadLimits) -> Result<Reading, ReadError> {
    let reading = read_from(Box::new(Cursor::new(bytes.to_vec())), false, limits)?;
    assert_eq!(reading.end.bytes, bytes.len() as u64);
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        account(&reading, bytes);
    }
    Ok(reading)
}

pub fn read(bytes: &[u8]) -> Result<Reading, ReadError> {
    read_with(bytes, &ReadLimits::default())
}

/// A file of the right kind with these lines.
pub fn file(kind: Kind, lines: &[&[u8]]) -> Vec<u8> {
    let mut bytes = kind.header.as_bytes().to_vec();
    lines.iter().for_each(|line| bytes.extend_from_slice(line));
    bytes
}

impl Reading {
    pub fn dead(&self) -> Vec<&DeadLetter> {
        self.parsed.iter().flat_map(|segment| &segment.dead).collect()
    }

    /// Of the header and of the records.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut all = Warnings::default();
        all.merge(&self.header.warnings);
        self.parsed.iter().for_each(|segment| all.merge(&segment.warnings));
        all.list()
    }

    /// Line number and words of each row.
    pub fn rows(&self) -> Vec<(i64, String)> {
        let words = |rows: &Rows, i: usize| {
            let text = |text: Option<&[u8]>, missing: &str| {
                text.map_or_else(|| missing.to_owned(), |text| String::from_utf8_lossy(text).into_owned())
            };
            let chrom = text(Some(rows.contigs.name(rows.contig[i])), "");
            let reference = text(rows.reference.get(i), "-");
            format!("{chrom}:{} {reference}>{}", rows.pos[i], text(rows.alt.get(i), "."))
        };
        let of = |rows| (0..Rows::len(rows)).map(move |i| (rows.line[i], words(rows, i)));
        self.parsed.iter().flat_map(|segment| of(&segment.rows)).collect()
    }

    /// The first row of the record on this line: its columns, and where in them.
    pub fn record(&self, line: i64) -> (&Rows, usize) {
        let find = |rows: &Rows| (0..rows.len()).find(|&i| rows.line[i] == line);
        let found = self.parsed.iter().find_map(|segment| find(&segment.rows).map(|i| (&segment.rows, i)));
        found.unwrap_or_else(|| panic!("no row is made of line {line}"))
    }
}

/// Every data line is rows or exactly one dead letter, everything says where in the text it stands, the digests agree, and what
/// is written again is what was read.
pub fn account(reading: &Reading, text: &[u8]) {
    let records: u64 = reading.segments.iter().map(|segment| u64::from(segment.records)).sum();
    assert_eq!((reading.end.segments as usize, reading.end.records), (reading.segments.len(), records));
    let lines = data_lines(text);
    assert_eq!(lines.len() as u64, records, "data lines");
    let mut met = vec![0; lines.len()];
    for (raw, parsed) in reading.segments.iter().zip(&reading.parsed) {
        let counts = &parsed.counts;
        assert_eq!(counts.records, u64::from(raw.records));
        assert_eq!(counts.dead_records, parsed.dead.len() as u64);
        assert_eq!(counts.alleles + counts.no_alt, parsed.rows.len() as u64);
        assert_eq!(rows_digest_sum(&parsed.rows), counts.digest_sum, "row digests from the columns");
        let offsets: Vec<u64> = parsed.line_offsets.iter().map(|at| parsed.offset + u64::from(*at)).collect();
        let first = raw.first_ordinal as usize;
        let known: Vec<u64> = lines[first..first + raw.records as usize].iter().map(|line| line.offset).collect();
        assert_eq!(offsets, known, "line offsets");
        parsed.dead.iter().for_each(|dead| dead_letter(dead, &lines, &mut met));
        assert_eq!(sound_lines(&parsed.rows, &lines, &mut met), counts.line_digest_sum, "line digests");
    }
    assert!(met.iter().all(|&times| times == 1), "each record exactly once: {met:?}");
}

fn dead_letter(dead: &DeadLetter, lines: &[DataLine<'_>], met: &mut [u32]) {
    met[dead.ordinal as usize] += 1;
    let line = &lines[dead.ordinal as usize];
    assert_eq!(
        (dead.line, dead.offset, dead.raw_bytes),
        (line.number, line.offset, line.text.len() as u64),
        "{dead:?}"
    );
    assert_eq!(dead.raw, line.text[..line.text.len().min(RAW_BYTES_MAX)]);
    assert_eq!((dead.stage, dead.rows, dead.digest_sum.0), (DeadStage::Parse, 0, 0));
    assert!(!dead.detail.is_empty() && dead.detail.len() < 200, "{}", dead.detail);
}

fn sound_lines(rows: &Rows, lines: &[DataLine<'_>], met: &mut [u32]) -> DigestSum {
    let (mut row, mut sum) = (0, DigestSum::default());
    while row < rows.len() {
        let ordinal = rows.ordinal[row] as usize;
        met[ordinal] += 1;
        assert_eq!(rows.line[row] as u64, lines[ordinal].number);
        let mut written = Vec::new();
        row = write_record(rows, row, &mut written);
        assert_eq!(String::from_utf8_lossy(&written), String::from_utf8_lossy(lines[ordinal].text), "written again");
        assert_eq!(written, lines[ordinal].text, "written again");
        sum.add(line_digest(ordinal as u64, &written));
    }
    sum
}

/// A data line of a text, found without the reader.
pub struct DataLine<'a> {
    pub number: u64,
    pub offset: u64,
    /// Without its line end.
    pub text: &'a [u8],
}

/// All lines after the `#CHROM` line that are neither blank nor begin with `#`.
pub fn data_lines(text: &[u8]) -> Vec<DataLine<'_>> {
    let (mut lines, mut offset, mut in_body) = (Vec::new(), 0, false);
    for (line, number) in text.split_inclusive(|&byte| byte == b'\n').zip(1..) {
        let content = without_line_end(line);
        let content = content.strip_prefix(b"\xef\xbb\xbf").filter(|_| number == 1).unwrap_or(content);
        if in_body && !content.is_empty() && content[0] != b'#' {
            lines.push(DataLine { number, offset, text: content });
        }
        in_body |= content.starts_with(b"#") && !content.starts_with(b"##");
        offset += line.len() as u64;
    }
    lines
}

pub fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What comes of one line between two sound ones, which must live: the words of the tables.
pub fn between(kind: Kind, line: &[u8]) -> Vec<String> {
    let ended = [line, b"\n"].concat();
    let bytes = file(kind, &[kind.neighbour.as_bytes(), &ended, kind.neighbour.as_bytes()]);
    let reading = read(&bytes).unwrap();
    let (mut words, mut around) = (Vec::new(), Vec::new());
    for (at, row) in reading.rows() {
        if at == 5 { words.push(format!("row {row}")) } else { around.push(at) }
    }
    assert_eq!(around, [4, 6], "the neighbours live");
    for dead in reading.dead() {
        assert_eq!((dead.line, dead.ordinal), (5, 1));
        assert_eq!(dead.offset as usize, kind.header.len() + kind.neighbour.len());
        assert_eq!(dead.raw, line);
        words.push(format!("dead {}", dead.reason));
    }
    for warning in reading.warnings() {
        assert_eq!((warning.first_line, warning.count), (5, 1), "{warning:?}");
        words.push(format!("warn {}", warning.code));
    }
    words
}

/// Holds each line of a table against what is said to come of it, and shows every difference at once.
pub fn table(kind: Kind, cases: &[(&str, &str, &[&str])]) {
    let mut faults = String::new();
    for (name, line, expected) in cases {
        let found = between(kind, line.as_bytes());
        if found != *expected {
            faults.push_str(&format!("{name}: {line:?}\n    expected {expected:?}\n    found    {found:?}\n"));
        }
    }
    assert!(faults.is_empty(), "\n{faults}");
}

/// The code, count and first line of each warning.
pub fn codes(warnings: &[Warning]) -> Vec<(&str, u64, u64)> {
    warnings.iter().map(|warning| (warning.code.as_str(), warning.count, warning.first_line)).collect()
}
