//! What holds for any file: the segments are those of a few plain loops over the text, however it was packed and delivered;
//! each data line is rows or exactly one dead letter; and a refusal, too, does not depend on how the bytes arrive.

use proptest::prelude::*;
use vcf_agent::domain::dead::RAW_BYTES_MAX;
use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::reader::{Form, RawSegment};

use crate::fixture::{account, read_from, without_line_end};
use crate::pack::{bgzf, chunks, gzip};

const HEADER: &str =
    "##fileformat=VCFv4.3\n##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n";

/// A record that is sound, or nearly.
fn record() -> impl Strategy<Value = Vec<u8>> {
    let columns = (
        "1|2|chr<",
        "0|7|[1-9]{1,9}|007|2147483648",
        "[.]|rs1|rs1;;rs1",
        "[ACGTN]{1,12}|R",
        "[.]|[ACGT]|C,G|A,C,G,T|<DEL>|C,<[*]>|A\\[2:5\\[",
        "[.]|50|12[.]5|1e3|high|",
        "[.]|PASS|q10;q10|",
        "[.]|DP=[0-9]{1,3};X=[ -~]{0,60}|DB;|",
        "0/1|[.]|/0[|]1:9|",
    );
    columns.prop_map(|(chrom, pos, id, reference, alt, qual, filter, info, sample)| {
        [&chrom[..], &pos, &id, &reference, &alt, &qual, &filter, &info, "GT", &sample].join("\t").into_bytes()
    })
}

fn line() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => record(),
        // Anything at all, made of the bytes that matter.
        3 => prop::collection::vec(prop::sample::select(&b"\t\t\tA1.,;<# \r\0\xff\xc3\xa9"[..]), 0..60),
        1 => Just(Vec::new()),
        1 => "#.{0,20}|##late=[a-z]{0,400}".prop_map(String::into_bytes),
        // Longer than most limits below.
        1 => (record(), 100..600_usize).prop_map(|(line, more)| [line, vec![b'x'; more]].concat()),
    ]
}

fn body() -> impl Strategy<Value = Vec<u8>> {
    let ended = (line(), prop::bool::weighted(0.2))
        .prop_map(|(line, crlf)| [line, if crlf { b"\r\n".to_vec() } else { b"\n".to_vec() }].concat());
    (prop::collection::vec(ended, 0..40), any::<bool>()).prop_map(|(lines, whole)| {
        let mut body = lines.concat();
        if !whole {
            body.pop();
        }
        body
    })
}

fn limits() -> impl Strategy<Value = ReadLimits> {
    (20..400_usize, 1..6_usize, 20..500_usize, 1..4_usize).prop_map(
        |(line_bytes_max, segment_lines_max, segment_bytes_max, alts_max)| ReadLimits {
            line_bytes_max,
            segment_lines_max,
            segment_bytes_max,
            alts_max,
            ..ReadLimits::default()
        },
    )
}

/// The segments by the words of the documentation, one line after the other.
fn segments(body: &[u8], limits: &ReadLimits) -> Vec<RawSegment> {
    let empty = |index, first_ordinal, first_line, offset| RawSegment {
        index,
        first_ordinal,
        records: 0,
        first_line,
        offset,
        text: Vec::new(),
        form: Form::Text,
        oversize_bytes: None,
    };
    let (mut done, mut open) = (Vec::new(), empty(0, 0, 4, HEADER.len() as u64));
    let (mut number, mut offset) = (4, HEADER.len() as u64);
    for line in body.split_inclusive(|&byte| byte == b'\n') {
        let content = without_line_end(line);
        let too_long = content.len() > limits.line_bytes_max;
        if !open.text.is_empty() && (too_long || open.text.len() + line.len() > limits.segment_bytes_max) {
            let next = empty(open.index + 1, open.first_ordinal + u64::from(open.records), number, offset);
            done.push(std::mem::replace(&mut open, next));
        }
        number += 1;
        offset += line.len() as u64;
        open.text.extend_from_slice(line);
        open.records += u32::from(!content.is_empty() && content[0] != b'#');
        if too_long {
            let kept = line.strip_suffix(b"\n").unwrap_or(line);
            open.text = kept[..kept.len().min(RAW_BYTES_MAX)].to_vec();
            open.oversize_bytes = Some(content.len() as u64);
        }
        if too_long || open.records as usize == limits.segment_lines_max {
            let next = empty(open.index + 1, open.first_ordinal + u64::from(open.records), number, offset);
            done.push(std::mem::replace(&mut open, next));
        }
    }
    if !open.text.is_empty() {
        done.push(open);
    }
    done
}

/// What a segment is, for a message.
fn shape(segment: &RawSegment) -> String {
    format!(
        "{} from {} line {} byte {} records {} oversize {:?} {:?}",
        segment.index,
        segment.first_ordinal,
        segment.first_line,
        segment.offset,
        segment.records,
        segment.oversize_bytes,
        String::from_utf8_lossy(&segment.text)
    )
}

proptest! {
    #[test]
    fn segments_are_a_pure_function_of_the_text_and_the_limits(
        body in body(), limits in limits(), bytes_max in 1..300_usize, block_bytes in 1..900_usize,
    ) {
        let text = [HEADER.as_bytes(), &body[..]].concat();
        let expected: Vec<String> = segments(&body, &limits).iter().map(shape).collect();
        let pieces = || text.chunks(block_bytes);
        for packed in [text.clone(), gzip(pieces()), bgzf(pieces())] {
            for bytes_max in [bytes_max, 1 << 20] {
                let reading = read_from(chunks(&packed, bytes_max), false, &limits).unwrap();
                prop_assert_eq!(reading.segments.iter().map(shape).collect::<Vec<_>>(), &expected[..]);
                account(&reading, &text);
            }
        }
    }

    #[test]
    fn a_pipe_cuts_by_time_and_never_inside_a_record(body in body(), limits in limits(), bytes_max in 1..300_usize) {
        let text = [HEADER.as_bytes(), &body[..]].concat();
        let limits = ReadLimits { flush_interval_ms: 1, ..limits };
        let file = read_from(chunks(&text, 1 << 20), false, &limits).unwrap();
        let pipe = read_from(chunks(&text, bytes_max), true, &limits).unwrap();
        account(&pipe, &text);
        prop_assert_eq!(pipe.rows(), file.rows());
        prop_assert_eq!(pipe.warnings(), file.warnings());
        prop_assert_eq!(pipe.end.records, file.end.records);
    }

    #[test]
    fn a_refusal_does_not_depend_on_how_the_bytes_arrive(
        lines in prop::collection::vec(
            prop_oneof![
                4 => "##[a-z]{1,9}=[ -~]{0,40}",
                2 => "##(INFO|FORMAT|contig)=<ID=[A-Z]{0,2},Number=[1A.x],Type=(Integer|Int),Description=\"[ -~]{0,9}>?",
                1 => "##fileformat=(VCFv4[.][0-9])?",
                1 => "\u{feff}?#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO(\tFORMAT(\ts[12]){0,2})?\t?",
                1 => "#[ -~]{0,9}|[ -~]{0,150}|BCF\u{2}|PK\u{3}\u{4}|\r?",
            ],
            0..8,
        ),
        header_bytes_max in 1..400_usize,
        bytes_max in 1..80_usize,
    ) {
        let text = lines.join("\n").into_bytes();
        let limits = ReadLimits { header_bytes_max, ..ReadLimits::default() };
        let outcome = |bytes_max| match read_from(chunks(&text, bytes_max), false, &limits) {
            Ok(reading) => {
                account(&reading, &text);
                Ok((reading.header.raw.clone(), reading.warnings(), reading.end.records))
            }
            Err(error) => Err(error),
        };
        prop_assert_eq!(outcome(bytes_max), outcome(1 << 20));
    }
}
