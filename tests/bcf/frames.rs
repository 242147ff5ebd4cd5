//! What surrounds the records: lengths, limits, cuts and containers. A file that cannot be read to its end says where, and never
//! looks like a shorter one.

use std::io::{Cursor, Read, Write};

use vcf_agent::vcf::reader::Form;
use vcf_agent::vcf::{ReadErrorKind, ReadLimits};

use crate::reading::{read, read_from, read_with, refused, refused_with};
use crate::writer::{HEADER_LINES, LINES, bgzf, entry, frame, header, header_of, header_text, int8, record, text};

/// Two sound records and what a test puts between them.
fn between(middle: &[u8]) -> (Vec<u8>, u64) {
    let mut bytes = header(0);
    bytes.extend(record(1, 0).bytes());
    let offset = bytes.len() as u64;
    bytes.extend(middle);
    bytes.extend(record(2, 0).bytes());
    (bytes, offset)
}

#[test]
fn a_record_length_of_nothing_is_an_error_and_not_the_end() {
    for (what, middle) in [
        ("both", frame(b"", b"")),
        ("shared", frame(b"", b"12345678")),
        ("one byte", frame(b"1", b"")),
        ("one byte less than every record has", frame(&[0; 23], b"")),
    ] {
        let (bytes, offset) = between(&middle);
        for bytes in [bytes.clone(), bgzf(&bytes, 70)] {
            let error = refused(&bytes);
            assert_eq!((error.kind, error.offset), (ReadErrorKind::Input, Some(offset)), "{what}: {error}");
            assert!(error.message.contains("record 1 ") && error.message.contains(&offset.to_string()), "{error}");
        }
    }
}

#[test]
fn a_record_length_of_four_gigabytes_is_an_error_at_once() {
    for lengths in [[0xf000_0000_u32, 0], [24, 0xf000_0000], [u32::MAX, u32::MAX], [17 << 20, 0]] {
        let middle: Vec<u8> = lengths.iter().flat_map(|length| length.to_le_bytes()).collect();
        let (bytes, offset) = between(&middle);
        let error = refused(&bytes);
        assert_eq!((error.kind, error.offset), (ReadErrorKind::Input, Some(offset)), "{error}");
        assert!(error.message.contains("record 1 ") && error.message.contains("line_bytes_max"), "{error}");
    }
}

#[test]
fn the_limit_of_a_record_is_that_of_a_line() {
    let limits = ReadLimits { line_bytes_max: 200, ..ReadLimits::default() };
    let with = |text_bytes: usize| {
        let mut long = record(1, 0);
        long.infos = vec![entry(3, &text(&vec![b'x'; text_bytes]))];
        [header(0), long.bytes()].concat()
    };
    let line = read_with(&with(100), &limits).unwrap().line(0);
    assert!(line.ends_with(&format!("S={}", "x".repeat(100))), "{line}");
    assert!(refused_with(&with(200), &limits).message.contains("more than line_bytes_max = 200"));
}

#[test]
fn a_record_whose_line_is_too_long_is_a_dead_letter() {
    let limits = ReadLimits { line_bytes_max: 200, ..ReadLimits::default() };
    let mut long = record(1, 0);
    long.infos = vec![entry(1, &int8(&[-100; 100]))];
    let bytes = [header(0), long.bytes(), record(2, 0).bytes()].concat();
    let reading = read_with(&bytes, &limits).unwrap();
    assert_eq!(reading.why(0).unwrap().0, "line_too_long");
    assert_eq!(reading.line(1), "c1\t2\t.\tA\tC\t.\t.\t.");
    assert_eq!(reading.dead[0].raw, long.bytes(), "what is kept is the record as it was found");
}

#[test]
fn a_cut_file_is_never_a_short_success() {
    let mut bytes = header(2);
    let mut edges = vec![bytes.len()];
    for pos in 1..4 {
        let mut sound = record(pos, 2);
        sound.infos = vec![entry(1, &int8(&[1, 2])), entry(3, &text(b"abc"))];
        sound.formats = vec![entry(5, &[&[0x21][..], &[2, 4, 2, 5]].concat())];
        bytes.extend(sound.bytes());
        edges.push(bytes.len());
    }
    for cut in 0..bytes.len() {
        // Without a container nobody can tell that whole records are missing, as with whole lines of plain text.
        match edges.iter().position(|&edge| edge == cut) {
            Some(records) => assert_eq!(read(&bytes[..cut]).unwrap().counts.records, records as u64),
            None => {
                let error = refused(&bytes[..cut]);
                assert_eq!(error.kind, ReadErrorKind::Input, "cut at {cut}: {error}");
                assert!(cut < 4 || error.message.contains("cut short"), "cut at {cut}: {error}");
            }
        }
    }
    for block_bytes in [bytes.len(), 100, 33] {
        let packed = bgzf(&bytes, block_bytes);
        assert_eq!(read(&packed).unwrap().counts.records, 3);
        for cut in 0..packed.len() {
            assert_eq!(refused(&packed[..cut]).kind, ReadErrorKind::Input, "cut at {cut} of {}", packed.len());
        }
    }
}

#[test]
fn a_cut_inside_a_record_says_which_one_and_where() {
    let (bytes, _) = between(b"");
    let second = bytes.len() - record(2, 0).bytes().len();
    let error = refused(&bgzf(&bytes[..bytes.len() - 1], 50));
    assert_eq!(error.offset, Some(second as u64));
    assert!(error.message.contains("of record 1 (from 0)"), "{error}");
    let error = refused(&[&bytes[..], &[1, 2, 3]].concat());
    assert_eq!(error.offset, Some(bytes.len() as u64), "{error}");
}

#[test]
fn the_container_makes_no_difference() {
    let (bytes, _) = between(&record(7, 0).bytes());
    let plain = read(&bytes).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&bytes).unwrap();
    for packed in [gzip.finish().unwrap(), bgzf(&bytes, 65_000), bgzf(&bytes, 7)] {
        let reading = read(&packed).unwrap();
        assert!(reading.rows == plain.rows && reading.segments == plain.segments);
    }
    assert_eq!(plain.counts.records, 3);
}

/// Brings its bytes in pieces of this size.
struct Pieces(Cursor<Vec<u8>>, usize);

impl Read for Pieces {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        let len = into.len().min(self.1);
        self.0.read(&mut into[..len])
    }
}

#[test]
fn segments_do_not_depend_on_how_the_bytes_arrive() {
    let limits = ReadLimits { segment_lines_max: 7, segment_bytes_max: 600, ..ReadLimits::default() };
    let mut bytes = header(0);
    for pos in 1..100 {
        let mut sound = record(pos, 0);
        sound.infos = vec![entry(3, &text(&vec![b'x'; (pos as usize * 37) % 300]))];
        bytes.extend(sound.bytes());
    }
    let whole = read_with(&bytes, &limits).unwrap();
    assert!(whole.segments.len() > 20);
    assert!(whole.segments.iter().all(|raw| raw.records <= 7 && (raw.records == 1 || raw.text_bytes() <= 600)));
    for piece_bytes in [1, 2, 9, 250] {
        let pieces = |bytes: &[u8]| Box::new(Pieces(Cursor::new(bytes.to_vec()), piece_bytes));
        let reading = read_from(pieces(&bytes), false, &limits).unwrap();
        assert!(reading.segments == whole.segments && reading.rows == whole.rows, "in pieces of {piece_bytes}");
        // On a pipe time closes segments too: the records are the same.
        let live = read_from(pieces(&bytes), true, &limits).unwrap();
        assert!(
            live.lines == whole.lines && live.offsets == whole.offsets,
            "in pieces of {piece_bytes} through a pipe"
        );
    }
}

#[test]
fn a_few_bytes_that_become_much_text_end_a_segment_early() {
    // A record without FORMAT is a dot for each sample: here 20 KB of text from 40 bytes.
    let samples = 10_000;
    let limits = ReadLimits { segment_bytes_max: 100_000, ..ReadLimits::default() };
    let mut bytes = header(samples);
    (1..50).for_each(|pos| bytes.extend(record(pos, samples as u32).bytes()));
    let reading = read_with(&bytes, &limits).unwrap();
    assert_eq!(reading.counts.records, 49);
    assert!(reading.segments.iter().all(|raw| raw.text_bytes() <= 100_000 && raw.text.len() < 1_000));
    assert!(reading.line(0).ends_with("\t.\t."));
}

#[test]
fn long_names_cannot_make_a_line_longer_than_the_limit() {
    let long = "N".repeat(1_000_000);
    let flag = format!("##INFO=<ID={long},Number=0,Type=Flag,Description=\"x\",IDX=20>");
    let lines = [&LINES[..], &[&flag]].concat();
    let mut bomb = record(1, 0);
    bomb.infos = vec![entry(20, &[0]); 60_000];
    let mut once = record(2, 0);
    once.infos = vec![entry(20, &[0])];
    let bytes = [header_of(header_text(&lines, 0).as_bytes(), 2), bomb.bytes(), once.bytes()].concat();
    let reading = read(&bytes).unwrap();
    assert_eq!(reading.why(0).unwrap().0, "line_too_long");
    assert!(reading.line(1).ends_with(&long));
    let limits = ReadLimits::default();
    assert!(reading.segments.iter().all(|raw| raw.text_bytes() <= limits.line_bytes_max as u64));
    // A hundred megabytes of text are a bomb if that is over the limit, however few bytes they are stored in.
    let bombs = [&bytes[..], &once.bytes().repeat(100)].concat();
    let error = refused_with(&bombs, &ReadLimits { inflated_bytes_max: 80 << 20, ..limits });
    assert!(error.message.contains("inflated_bytes_max"), "{error}");
}

#[test]
fn lines_are_numbered_as_in_the_text_and_offsets_are_those_of_the_frames() {
    let mut wrong = record(5, 0);
    wrong.chrom = 9;
    let (bytes, offset) = between(&wrong.bytes());
    let reading = read(&bgzf(&bytes, 100)).unwrap();
    let dead = &reading.dead[0];
    assert_eq!((dead.ordinal, dead.line, dead.offset), (1, HEADER_LINES + 2, offset));
    assert_eq!((&dead.raw, dead.raw_bytes), (&wrong.bytes(), wrong.bytes().len() as u64));
    let third = offset + wrong.bytes().len() as u64;
    assert_eq!(reading.offsets, [header(0).len() as u64, offset, third]);
    let lines: Vec<i64> = reading.rows.iter().flat_map(|rows| rows.line.clone()).collect();
    assert_eq!(lines, [HEADER_LINES as i64 + 1, HEADER_LINES as i64 + 3]);
    assert!(matches!(reading.segments[0].form, Form::Bcf { .. }));
}

#[test]
fn a_huge_dead_record_keeps_64_kib() {
    let mut wrong = record(5, 0);
    wrong.infos = vec![entry(77, &text(&vec![b'x'; 200_000]))];
    let reading = read(&[header(0), wrong.bytes()].concat()).unwrap();
    assert_eq!((reading.dead[0].raw.len(), reading.dead[0].raw_bytes), (65_536, wrong.bytes().len() as u64));
}

#[test]
fn a_file_without_records_is_whole() {
    assert_eq!(read(&bgzf(&header(3), 50)).unwrap().counts.records, 0);
}

#[test]
fn a_damaged_block_stops_the_file() {
    let (bytes, _) = between(b"");
    let mut packed = bgzf(&bytes, bytes.len() - 20);
    let at = packed.len() - 28 - 8;
    packed[at] ^= 1;
    assert!(refused(&packed).message.contains("damaged"));
}
