// What must hold for any bytes whatever. Used by the fuzz targets and, over the corpus in the tree, by tests/corpus.rs.

use std::io::Cursor;

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

/// Reads `bytes` as a file. Says how many records it has, or `None` if it was refused.
pub fn reader(bytes: &[u8]) -> Option<u64> {
    let limits = limits();
    let mut reader = Reader::open(Box::new(Cursor::new(bytes.to_vec())), false, limits.clone()).ok()?;
    let context = ParseContext::new(reader.header(), &limits);
    let (mut segments, mut records) = (0, 0);
    loop {
        match reader.next(None) {
            Ok(Next::Segment(raw)) => {
                assert_eq!((raw.index, raw.first_ordinal), (segments, records), "segments follow each other");
                assert!(raw.records as usize <= limits.segment_lines_max, "a segment is bounded");
                account(&parse_segment(&context, &raw, &|_| false), &raw);
                segments += 1;
                records += u64::from(raw.records);
            }
            Ok(Next::Idle) => {}
            Ok(Next::End(end)) => {
                assert_eq!((end.segments, end.records, end.bytes), (segments, records, bytes.len() as u64));
                return Some(records);
            }
            Err(error) => {
                assert!(!error.message.is_empty());
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
    };
    let parsed = parse_segment(&context, &raw, &|_| false);
    account(&parsed, &raw);
    // A record that is known to be poison is a dead letter unseen, and changes nothing for its neighbours.
    let poisoned = parse_segment(&context, &raw, &|ordinal| ordinal == 1_000);
    account(&poisoned, &raw);
    assert!(poisoned.dead.iter().any(|dead| dead.ordinal == 1_000) || records == 0);
}

/// Each record is rows or a dead letter; the digests agree; what is written again is what was read.
fn account(parsed: &ParsedSegment, raw: &RawSegment) {
    let counts = &parsed.counts;
    assert_eq!(counts.records, u64::from(raw.records), "records");
    assert_eq!(counts.dead_records, parsed.dead.len() as u64, "dead letters");
    assert_eq!(counts.alleles + counts.no_alt, parsed.rows.len() as u64, "rows");
    assert_eq!(counts.records - counts.dead_records, parsed.rows.records() as u64, "sound records");
    assert_eq!(rows_digest_sum(&parsed.rows), counts.digest_sum, "row digests from the columns");
    let (mut row, mut lines) = (0, DigestSum::default());
    while row < parsed.rows.len() {
        let ordinal = parsed.rows.ordinal[row] as u64;
        let mut line = Vec::new();
        row = write_record(&parsed.rows, row, &mut line);
        lines.add(line_digest(ordinal, &line));
    }
    assert_eq!(lines, counts.line_digest_sum, "lines written again");
    let mut ordinals: Vec<u64> = parsed.dead.iter().map(|dead| dead.ordinal).collect();
    ordinals.extend((0..parsed.rows.len()).filter(|&i| parsed.rows.is_first(i)).map(|i| parsed.rows.ordinal[i] as u64));
    ordinals.sort_unstable();
    let expected: Vec<u64> = (raw.first_ordinal..raw.first_ordinal + u64::from(raw.records)).collect();
    assert_eq!(ordinals, expected, "each record exactly once");
}
