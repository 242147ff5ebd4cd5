//! A pipe: the same records as from a file, and none that waits for a neighbour that may never come.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, channel};

use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::reader::{FileEnd, Next, RawSegment, Reader};

use crate::fixture::{COHORT, Reading, account, file, read_from};
use crate::pack::{bgzf, chunks, gzip, lines};

/// Records, damage, a blank line, a late header line, a line over the limit, no line end at the end.
fn text() -> Vec<u8> {
    let long = format!("1\t8\t.\tA\tC\t.\t.\t{}\tGT\t0/1\t1/1\n", "x".repeat(600));
    let mut parts = vec![COHORT.neighbour, "1\tx\n", "\n", COHORT.neighbour, &long, "##late\r\n", COHORT.neighbour];
    parts.extend([COHORT.neighbour; 9]);
    parts.push(COHORT.neighbour.trim_end());
    file(COHORT, &parts.iter().map(|part| part.as_bytes()).collect::<Vec<_>>())
}

fn limits(flush_interval_ms: u64) -> ReadLimits {
    ReadLimits { line_bytes_max: 500, segment_lines_max: 4, flush_interval_ms, ..ReadLimits::default() }
}

/// Everything about the records that does not depend on how they were cut into segments.
fn records(reading: &Reading) -> impl PartialEq + std::fmt::Debug {
    let dead: Vec<_> = reading.dead().into_iter().cloned().collect();
    (reading.rows(), dead, reading.warnings(), reading.end.records, reading.end.bytes, reading.end.digest)
}

#[test]
fn byte_by_byte_the_records_are_the_same() {
    let text = text();
    for packed in [text.clone(), gzip([&text[..]]), bgzf(lines(&text))] {
        let file = read_from(chunks(&packed, 1 << 20), false, &limits(1_000)).unwrap();
        assert_eq!((file.rows().len(), file.dead().len()), (13, 2));
        for flush_interval_ms in [1, 3_600_000] {
            let pipe = read_from(chunks(&packed, 1), true, &limits(flush_interval_ms)).unwrap();
            account(&pipe, &text);
            assert_eq!(records(&pipe), records(&file));
        }
        // Without a pause the segments, too, are those of the file.
        let pipe = read_from(chunks(&packed, 1), true, &limits(3_600_000)).unwrap();
        assert!(pipe.segments == file.segments);
    }
}

#[test]
fn a_pipe_that_is_cut_is_never_a_success() {
    let packed = bgzf(lines(&text()));
    for cut in (1..packed.len()).step_by(13) {
        assert!(read_from(chunks(&packed[..cut], 50), true, &limits(1)).is_err(), "cut at {cut}");
    }
}

/// Delivers what is sent, when it is sent; ends when the sender is gone.
struct Pipe(Receiver<Vec<u8>>);

impl Read for Pipe {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let Ok(bytes) = self.0.recv() else { return Ok(0) };
        into[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }
}

fn next_segment(reader: &mut Reader) -> RawSegment {
    loop {
        match reader.next(None).unwrap() {
            Next::Segment(raw) => return raw,
            Next::Idle => {}
            Next::End(_) => panic!("the pipe has not ended"),
        }
    }
}

fn end(reader: &mut Reader) -> FileEnd {
    loop {
        match reader.next(None).unwrap() {
            Next::Segment(raw) => panic!("nothing was left: {} bytes", raw.text.len()),
            Next::Idle => {}
            Next::End(end) => return end,
        }
    }
}

#[test]
fn a_pause_gives_out_whole_lines_and_keeps_a_begun_one() {
    let (sender, receiver) = channel();
    let send = |text: &str| sender.send(text.as_bytes().to_vec()).unwrap();
    send(COHORT.header);
    let mut reader = Reader::open(Box::new(Pipe(receiver)), true, limits(2)).unwrap();
    assert!(matches!(reader.next(None), Ok(Next::Idle)), "nothing has come yet");

    let (begun, rest) = COHORT.neighbour.split_at(12);
    send(&format!("{}{}{begun}", COHORT.neighbour, COHORT.neighbour));
    let first = next_segment(&mut reader);
    assert_eq!((first.first_ordinal, first.records, first.first_line), (0, 2, 4));
    assert_eq!(first.text, COHORT.neighbour.repeat(2).as_bytes());
    assert!(matches!(reader.next(None), Ok(Next::Idle)), "half a line is no record");

    send(rest);
    let second = next_segment(&mut reader);
    assert_eq!((second.index, second.first_ordinal, second.records, second.first_line), (1, 2, 1, 6));
    assert_eq!(second.text, COHORT.neighbour.as_bytes());
    assert_eq!(second.offset as usize, COHORT.header.len() + 2 * COHORT.neighbour.len());

    drop(sender);
    let end = end(&mut reader);
    assert_eq!((end.segments, end.records), (2, 3));
}

#[test]
fn a_pause_inside_an_over_long_line_changes_nothing() {
    let (sender, receiver) = channel();
    let long = "y".repeat(1_400);
    let send = |text: &str| sender.send(text.as_bytes().to_vec()).unwrap();
    send(COHORT.header);
    let mut reader = Reader::open(Box::new(Pipe(receiver)), true, limits(2)).unwrap();
    send(&format!("{}{}", COHORT.neighbour, &long[..700]));
    assert_eq!(next_segment(&mut reader).records, 1);
    assert!(matches!(reader.next(None), Ok(Next::Idle)));
    send(&long[700..]);
    assert!(matches!(reader.next(None), Ok(Next::Idle)));
    send(&format!("\n{}", COHORT.neighbour));
    let over = next_segment(&mut reader);
    assert_eq!((over.records, over.first_line, over.oversize_bytes), (1, 5, Some(1_400)));
    assert_eq!(over.text, long.as_bytes());
    let last = next_segment(&mut reader);
    assert_eq!((last.first_line, last.text), (6, COHORT.neighbour.as_bytes().to_vec()));
    drop(sender);
    assert_eq!(end(&mut reader).records, 3);
}
