// What must hold for any bytes whatever. Used by the fuzz targets and, over the corpus in the tree, by tests/corpus.rs.

use std::collections::BTreeMap;
use std::io::{Cursor, Read};

use vcf_agent::domain::digest::{DigestSum, line_digest};
use vcf_agent::domain::rows::rows_digest_sum;
use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::parse::{ParseContext, ParsedSegment, parse_segment};
use vcf_agent::vcf::reader::{Form, Next, RawSegment, Reader};
use vcf_agent::vcf::write::write_record;

/// Small, so that small inputs reach every limit.
fn limits() -> ReadLimits {
    ReadLimits {
        line_bytes_max: 512,
        header_bytes_max: 16 << 10,
        segment_lines_max: 4,
        segment_bytes_max: 1 << 10,
        alts_max: 8,
        inflated_bytes_max: 1 << 20,
        inflate_threads: 1,
        flush_interval_ms: 1000,
    }
}

/// Reads `bytes` as a file, at once and then piece by piece. Says how many records it has, or `None` if it was refused.
pub fn reader(bytes: &[u8]) -> Option<u64> {
    let at_once = read(Box::new(Cursor::new(bytes.to_vec())), bytes.len());
    let piece_bytes = 1 + bytes.len() % 97;
    let in_pieces = read(Box::new(Pieces(Cursor::new(bytes.to_vec()), piece_bytes)), bytes.len());
    assert_eq!(at_once, in_pieces, "what is read does not depend on how the bytes arrive");
    at_once.map(|digests| digests.len() as u64)
}

/// Delivers a few bytes per read.
struct Pieces(Cursor<Vec<u8>>, usize);

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let len = into.len().min(self.1);
        self.0.read(&mut into[..len])
    }
}

/// For each record, the digest of its line, or for a dead letter of its raw text.
fn read(input: Box<dyn Read + Send>, bytes: usize) -> Option<Vec<u128>> {
    let limits = limits();
    let mut reader = Reader::open(input, false, limits.clone()).ok()?;
    let mut digests = Vec::new();
    let context = ParseContext::new(reader.header(), &limits);
    let (mut segments, mut records) = (0, 0);
    loop {
        match reader.next(None) {
            Ok(Next::Segment(raw)) => {
                assert_eq!((raw.index, raw.first_ordinal), (segments, records), "segments follow each other");
                assert!(raw.records as usize <= limits.segment_lines_max, "a segment is bounded");
                let parsed = parse_segment(&context, &raw, &|_| false);
                digests.extend(account(&parsed, &raw));
                segments += 1;
                records += u64::from(raw.records);
            }
            Ok(Next::Idle) => {}
            Ok(Next::End(end)) => {
                assert_eq!((end.segments, end.records, end.bytes), (segments, records, bytes as u64));
                return Some(digests);
            }
            Err(error) => {
                assert!(!error.message.is_empty());
                assert_eq!(reader.next(None).err(), Some(error), "an error is final");
                return None;
            }
        }
    }
}

/// Header of the BCF files that [`bcf`] makes: two samples, integers, floats, text, a flag and genotypes.
const BCF_HEADER: &str = "##fileformat=VCFv4.2\n##FILTER=<ID=PASS>\n##INFO=<ID=I>\n##INFO=<ID=F>\n##INFO=<ID=S>\n##INFO=<ID=B>\n\
    ##FORMAT=<ID=GT>\n##FORMAT=<ID=FI>\n##FORMAT=<ID=FF>\n##FORMAT=<ID=FS>\n##FILTER=<ID=q10>\n##contig=<ID=c1>\n\
    ##contig=<ID=c2>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ta\tb\n\0";

/// `c1 1 . A C . . . . . .` for that header.
const BCF_RECORD: &[u8] =
    b"\x1e\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0\x01\0\x80\x7f\0\0\x02\0\x02\0\0\0\x07\x17A\x17C\0";

/// Reads `bytes` as what follows header and first record of a BCF. Says how many records it has, or `None` if it was refused.
pub fn bcf(bytes: &[u8]) -> Option<u64> {
    let mut file = b"BCF\x02\x02".to_vec();
    file.extend((BCF_HEADER.len() as u32).to_le_bytes());
    file.extend(BCF_HEADER.as_bytes());
    file.extend(BCF_RECORD);
    file.extend(bytes);
    let records = reader(&file);
    assert!(records != Some(0), "the first record is there whatever follows");
    records
}

/// Parses `bytes` as a segment of a file with two samples.
pub fn segment(bytes: &[u8]) {
    let is_data = |line: &&[u8]| !matches!(line, [] | [b'\r']) && !line.starts_with(b"#");
    let records = bytes.split(|&byte| byte == b'\n').filter(is_data).count() as u32;
    let raw = RawSegment {
        index: 3,
        first_ordinal: 1_000,
        records,
        first_line: 2_000,
        offset: 90_000,
        text: bytes.to_vec(),
        form: Form::Text,
        oversize_bytes: None,
    };
    let context = ParseContext {
        samples: 2,
        version: (4, 3),
        alts_max: 8,
        line_bytes_max: 1 << 20,
        contigs: vec!["chr1".into()],
        dictionaries: None,
        annotator: None,
    };
    let parsed = parse_segment(&context, &raw, &|_| false);
    account(&parsed, &raw);
    // A record that is known to be poison is a dead letter unseen, and changes nothing for its neighbours.
    let poisoned = parse_segment(&context, &raw, &|ordinal| ordinal == 1_000);
    account(&poisoned, &raw);
    assert!(poisoned.dead.iter().any(|dead| dead.ordinal == 1_000) || records == 0);
}

/// Each record is rows or a dead letter; the digests agree; what is written again is what was read. Returns a digest of each
/// record, in order.
fn account(parsed: &ParsedSegment, raw: &RawSegment) -> Vec<u128> {
    let counts = &parsed.counts;
    assert_eq!(counts.records, u64::from(raw.records), "records");
    assert_eq!(counts.dead_records, parsed.dead.len() as u64, "dead letters");
    assert_eq!(counts.alleles + counts.no_alt, parsed.rows.len() as u64, "rows");
    assert_eq!(counts.records - counts.dead_records, parsed.rows.records() as u64, "sound records");
    assert_eq!(rows_digest_sum(&parsed.rows), counts.digest_sum, "row digests from the columns");
    let (mut row, mut lines, mut records) = (0, DigestSum::default(), BTreeMap::new());
    while row < parsed.rows.len() {
        let ordinal = parsed.rows.ordinal[row] as u64;
        let mut line = Vec::new();
        row = write_record(&parsed.rows, row, &mut line);
        let digest = line_digest(ordinal, &line);
        lines.add(digest);
        assert!(records.insert(ordinal, digest).is_none(), "record {ordinal} twice");
    }
    assert_eq!(lines, counts.line_digest_sum, "lines written again");
    for dead in &parsed.dead {
        let digest = line_digest(dead.ordinal, &dead.raw) ^ u128::from(dead.raw_bytes);
        assert!(records.insert(dead.ordinal, digest).is_none(), "record {} twice", dead.ordinal);
    }
    let expected: Vec<u64> = (raw.first_ordinal..raw.first_ordinal + u64::from(raw.records)).collect();
    assert_eq!(records.keys().copied().collect::<Vec<_>>(), expected, "each record exactly once");
    records.into_values().collect()
}
