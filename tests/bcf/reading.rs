//! A whole reading: each record is a line or a dead letter, the digests agree, and no segment becomes more text than it said.

use std::io::{Cursor, Read};

use vcf_agent::domain::counts::Counts;
use vcf_agent::domain::dead::DeadLetter;
use vcf_agent::domain::digest::{DigestSum, line_digest};
use vcf_agent::domain::rows::{Rows, rows_digest_sum};
use vcf_agent::domain::warning::{Warning, Warnings};
use vcf_agent::vcf::header::Header;
use vcf_agent::vcf::parse::{ParseContext, ParsedSegment, parse_segment};
use vcf_agent::vcf::reader::{Next, RawSegment, Reader};
use vcf_agent::vcf::write::write_record;
use vcf_agent::vcf::{ReadError, ReadLimits};

/// A file that was read to its sound end.
pub struct Reading {
    pub header: Header,
    pub segments: Vec<RawSegment>,
    pub rows: Vec<Rows>,
    /// By ordinal: the line that the rows give back, or nothing for a dead record.
    pub lines: Vec<Option<Vec<u8>>>,
    pub dead: Vec<DeadLetter>,
    pub warnings: Warnings,
    pub counts: Counts,
    /// Offset of each record in the decompressed file.
    pub offsets: Vec<u64>,
}

impl Reading {
    /// The line of a record that lives.
    #[track_caller]
    pub fn line(&self, ordinal: usize) -> String {
        let line =
            self.lines[ordinal].as_ref().unwrap_or_else(|| panic!("record {ordinal} is dead: {:?}", self.why(ordinal)));
        String::from_utf8(line.clone()).unwrap()
    }

    /// Reason and detail of a dead record.
    pub fn why(&self, ordinal: usize) -> Option<(&str, &str)> {
        let dead = self.dead.iter().find(|dead| dead.ordinal == ordinal as u64)?;
        Some((&dead.reason, &dead.detail))
    }

    /// Warnings of header and records.
    pub fn warnings(&self) -> Vec<Warning> {
        let mut all = self.header.warnings.clone();
        all.merge(&self.warnings);
        all.list()
    }
}

/// Reads bytes with the usual limits.
pub fn read(bytes: &[u8]) -> Result<Reading, ReadError> {
    read_with(bytes, &ReadLimits::default())
}

/// Reads bytes with limits of one's own.
pub fn read_with(bytes: &[u8], limits: &ReadLimits) -> Result<Reading, ReadError> {
    read_from(Box::new(Cursor::new(bytes.to_vec())), false, limits)
}

/// Reads to the end; `live` as of a pipe.
pub fn read_from(input: Box<dyn Read + Send>, live: bool, limits: &ReadLimits) -> Result<Reading, ReadError> {
    let mut reader = Reader::open(input, live, limits.clone())?;
    let context = ParseContext::new(reader.header(), limits);
    let mut all = Reading {
        header: reader.header().clone(),
        segments: Vec::new(),
        rows: Vec::new(),
        lines: Vec::new(),
        dead: Vec::new(),
        warnings: Warnings::default(),
        counts: Counts::default(),
        offsets: Vec::new(),
    };
    let mut recycled = None;
    loop {
        match reader.next(recycled.take())? {
            Next::Segment(raw) => {
                all.add(parse_segment(&context, &raw, &|_| false), &raw);
                recycled = Some(raw.text.clone());
                all.segments.push(raw);
            }
            Next::Idle => {}
            Next::End(end) => {
                assert_eq!((end.segments as usize, end.records), (all.segments.len(), all.counts.records));
                return Ok(all);
            }
        }
    }
}

impl Reading {
    fn add(&mut self, parsed: ParsedSegment, raw: &RawSegment) {
        assert_eq!((parsed.first_ordinal, raw.first_ordinal), (self.counts.records, self.counts.records));
        let (counts, first) = (parsed.counts, self.lines.len());
        assert_eq!(counts.records, u64::from(raw.records));
        assert_eq!(counts.dead_records, parsed.dead.len() as u64);
        assert_eq!(rows_digest_sum(&parsed.rows), counts.digest_sum);
        assert_eq!(counts.alleles + counts.no_alt, parsed.rows.len() as u64);
        self.lines.resize(first + raw.records as usize, None);
        let (mut row, mut digests, mut text_bytes) = (0, DigestSum::default(), 0);
        while row < parsed.rows.len() {
            let (ordinal, number) = (parsed.rows.ordinal[row] as u64, parsed.rows.line[row] as u64);
            let mut line = Vec::new();
            row = write_record(&parsed.rows, row, &mut line);
            digests.add(line_digest(ordinal, &line));
            text_bytes += line.len() as u64;
            assert_eq!(
                number - raw.first_line,
                ordinal - raw.first_ordinal,
                "line numbers of frames, or of plain lines"
            );
            assert!(self.lines[ordinal as usize].replace(line).is_none(), "record {ordinal} twice");
        }
        assert_eq!(digests, counts.line_digest_sum);
        assert!(text_bytes <= raw.text_bytes(), "{text_bytes} bytes of text, at most {} were said", raw.text_bytes());
        for dead in &parsed.dead {
            assert!(self.lines[dead.ordinal as usize].is_none(), "record {} lives and is dead", dead.ordinal);
        }
        let living = self.lines[first..].iter().filter(|line| line.is_some()).count() as u64;
        assert_eq!(living + counts.dead_records, counts.records, "each record is one or the other");
        self.offsets.extend(parsed.line_offsets.iter().map(|at| raw.offset + u64::from(*at)));
        self.counts.records += counts.records;
        self.counts.dead_records += counts.dead_records;
        self.counts.alleles += counts.alleles;
        self.counts.no_alt += counts.no_alt;
        self.counts.digest_sum.add(counts.digest_sum.0);
        self.counts.line_digest_sum.add(counts.line_digest_sum.0);
        self.warnings.merge(&parsed.warnings);
        self.dead.extend(parsed.dead);
        self.rows.push(parsed.rows);
    }
}

/// The reason why a file is not read.
#[track_caller]
pub fn refused(bytes: &[u8]) -> ReadError {
    refused_with(bytes, &ReadLimits::default())
}

/// The same, with limits of one's own.
#[track_caller]
pub fn refused_with(bytes: &[u8], limits: &ReadLimits) -> ReadError {
    match read_with(bytes, limits) {
        Err(error) => error,
        Ok(reading) => panic!("it was read: {} records", reading.counts.records),
    }
}
