//! Plain text, gzip and BGZF: told by their bytes, read whole or not at all.

use std::io::{self, Cursor, Read};

use vcf_agent::vcf::reader::{Next, Reader, file_digest};
use vcf_agent::vcf::{ReadError, ReadErrorKind, ReadLimits};

use crate::fixture::{Reading, SITES, account, file, read, read_from, read_with};
use crate::pack::{self, BLOCK_HEADER_BYTES, EOF_BLOCK, bgzf, chunks, gzip, lines, member};

/// A header and six records.
fn text() -> Vec<u8> {
    let records: Vec<String> = (1..=6).map(|n| format!("1\t{n}\t.\tA\tC\t{n}\tPASS\tDP={n}\n")).collect();
    file(SITES, &records.iter().map(String::as_bytes).collect::<Vec<_>>())
}

/// That a reading is the whole of the text.
#[track_caller]
fn is_whole(reading: Result<Reading, ReadError>) {
    let reading = reading.unwrap();
    account(&reading, &text());
    assert_eq!((reading.rows().len(), reading.dead().len()), (6, 0));
}

/// The refusal of a file that must not be a success.
#[track_caller]
fn refused(bytes: &[u8]) -> ReadError {
    let error = read(bytes).err().expect("a damaged file was read as if it were whole");
    assert_eq!(error.kind, ReadErrorKind::Input, "{error}");
    error
}

/// A BGZF file whose every block ends at a line's end, as bcftools writes it; and where its blocks begin.
fn blocks() -> (Vec<u8>, Vec<usize>) {
    let mut starts = vec![0];
    for line in lines(&text()) {
        starts.push(starts.last().unwrap() + pack::block(line).len());
    }
    (bgzf(lines(&text())), starts)
}

#[test]
fn the_same_text_is_read_from_every_container() {
    let (text, cut) = (text(), 100);
    for packed in [
        text.clone(),
        gzip([&text[..]]),
        gzip([&text[..cut], &text[cut..]]),
        bgzf([&text[..]]),
        bgzf([&text[..cut], &text[cut..]]),
        blocks().0,
        // A member without content, and one that is read as part of a gzip file although it is a BGZF block.
        gzip([b"", &text[..], b""]),
        [gzip([&text[..cut]]), bgzf([&text[cut..]])].concat(),
    ] {
        let reading = read(&packed).unwrap();
        assert_eq!(reading.end.bytes, packed.len() as u64);
        assert_eq!((reading.end.digest, reading.end.bytes), file_digest(&mut &packed[..]).unwrap());
        is_whole(Ok(reading));
        is_whole(read_from(chunks(&packed, 1), false, &ReadLimits::default()));
    }
}

#[test]
fn a_file_cut_at_a_block_edge_or_inside_the_next_header_is_never_a_success() {
    let (file, starts) = blocks();
    for &edge in &starts {
        for header_bytes in (0..BLOCK_HEADER_BYTES).filter(|bytes| edge + bytes > 0) {
            let error = refused(&file[..edge + header_bytes]);
            let words = match header_bytes {
                0 => format!("it ends at compressed byte {edge} without the empty block that marks the end"),
                // Too little to tell a container: neither a VCF text nor anything else.
                _ if edge == 0 => continue,
                _ => format!("cut short inside the block at compressed byte {edge}"),
            };
            assert!(error.message.contains(&words) && error.message.contains("copy it again"), "{error}");
            assert_eq!(error.offset, Some(edge as u64));
        }
    }
    is_whole(read(&file));
}

#[test]
fn a_cut_anywhere_in_a_block_is_told_with_the_start_of_the_block() {
    let (file, starts) = blocks();
    for cut in BLOCK_HEADER_BYTES..file.len() {
        let block = *starts.iter().rev().find(|&&start| start <= cut).unwrap();
        let error = refused(&file[..cut]);
        assert_eq!(error.offset, Some(block as u64), "cut at {cut}: {error}");
    }
}

#[test]
fn an_empty_block_in_the_middle_is_legal_and_ends_nothing() {
    let text = text();
    let (front, back) = text.split_at(130);
    let joined = [bgzf([front]), bgzf([back])].concat();
    is_whole(read(&joined));
    let cut = joined.len() - EOF_BLOCK.len();
    assert_eq!(refused(&joined[..cut]).offset, Some(cut as u64));
    is_whole(read(&[&joined[..], &EOF_BLOCK, &EOF_BLOCK].concat()));
}

#[test]
fn a_checksum_that_does_not_match_stops_the_file_for_good() {
    let (file, starts) = blocks();
    for (nth, &start) in starts.iter().enumerate().take(starts.len() - 1).skip(3) {
        let mut damaged = file.clone();
        damaged[starts[nth + 1] - 8] ^= 1;
        let mut reader = Reader::open(chunks(&damaged, 7), false, ReadLimits::default()).unwrap();
        let error = reader.next(None).err().expect("no segment ends before the damage");
        let words = "its data or its checksum is not what it was when it was written; copy it again";
        assert_eq!(error.message, format!("the BGZF file is damaged in the block at compressed byte {start}: {words}"));
        assert_eq!((error.kind, error.offset), (ReadErrorKind::Input, Some(start as u64)));
        // The blocks behind it are sound, but nobody may have them.
        for _ in 0..3 {
            assert_eq!(reader.next(None).err(), Some(error.clone()));
        }
    }
}

#[test]
fn whole_segments_before_the_damage_are_given_out_and_then_the_error() {
    let (mut damaged, starts) = blocks();
    damaged[starts[8] - 8] ^= 1;
    let limits = ReadLimits { segment_lines_max: 1, ..ReadLimits::default() };
    let mut reader = Reader::open(chunks(&damaged, 7), false, limits).unwrap();
    let mut lines = Vec::new();
    let error = loop {
        match reader.next(None) {
            Ok(Next::Segment(raw)) => lines.push(raw.first_line),
            Ok(Next::Idle) => {}
            Ok(Next::End(_)) => panic!("a damaged file has no end"),
            Err(error) => break error,
        }
    };
    assert_eq!((lines, error.offset), (vec![4, 5, 6, 7], Some(starts[7] as u64)));
}

#[test]
fn a_block_that_lies_about_itself_is_damage() {
    let (file, starts) = blocks();
    let spoilt = |at: usize, bytes: &[u8]| {
        let mut spoilt = file.clone();
        spoilt[at..at + bytes.len()].copy_from_slice(bytes);
        refused(&spoilt)
    };
    let start = starts[4];
    for (what, error) in [
        ("a block does not begin here", spoilt(start, b"text")),
        ("a block does not begin here", spoilt(start + 3, &[0])),
        ("a block without its length", spoilt(start + 12, b"XX")),
        ("a block with an impossible length", spoilt(start + 16, &[3, 0])),
        ("a block that claims to hold more than 64 KiB", spoilt(starts[5] - 4, &65_537_u32.to_le_bytes())),
        ("damaged in the block", spoilt(starts[5] - 4, &[1, 0, 0, 0])),
        ("damaged in the block", spoilt(start + BLOCK_HEADER_BYTES, &[0xff])),
    ] {
        assert!(error.message.contains(what), "{what}: {error}");
        assert_eq!(error.offset, Some(start as u64), "{error}");
    }
    for garbage in [&b"x"[..], b"this is no block at all", &gzip([&b"1\t9\n"[..]])] {
        assert_eq!(refused(&[&file[..], garbage].concat()).offset, Some(file.len() as u64));
    }
}

#[test]
fn a_block_is_known_by_its_extra_field_wherever_that_stands() {
    let plain = bgzf(lines(&text()));
    // The same first block with another subfield before the one that matters.
    let mut padded = plain.clone();
    padded.splice(10..12, (6 + 300_u16).to_le_bytes());
    let mut other = b"XY".to_vec();
    other.extend(296_u16.to_le_bytes());
    other.extend([7; 296]);
    padded.splice(12..12, other);
    let size = u16::from_le_bytes([padded[316], padded[317]]) + 300;
    padded.splice(316..318, size.to_le_bytes());
    for chunk in [1, 13, 1 << 20] {
        let read = |bytes: &[u8]| read_from(chunks(bytes, chunk), false, &ReadLimits::default());
        is_whole(read(&padded));
        let cut = &padded[..padded.len() - EOF_BLOCK.len()];
        assert!(read(cut).is_err(), "in reads of {chunk}, the end block is asked for");
    }
}

#[test]
fn a_gzip_file_is_read_whole_or_refused() {
    let text = text();
    let (one, two) = (gzip([&text[..]]), gzip([&text[..120], &text[120..]]));
    let edge = member(&text[..120]).len();
    for (packed, legal) in [(&one, 0), (&two, edge)] {
        for cut in (2..packed.len()).filter(|&cut| cut != legal) {
            let error = refused(&packed[..cut]);
            assert!(error.message.contains("the gzip file is cut short"), "cut at {cut}: {error}");
            assert_eq!(error.offset, Some(cut as u64));
        }
    }
    let without_trailer = &one[..one.len() - 8];
    assert!(refused(without_trailer).message.contains("cut short"));
    for garbage in [&b"garbage that follows"[..], b"1\t9\t.\tA\tC\t.\t.\t.\n", &[0; 20]] {
        let error = refused(&[&one[..], garbage].concat());
        assert!(error.message.contains("the gzip file is damaged near compressed byte"), "{error}");
    }
    for at in [one.len() - 1, one.len() - 8] {
        let mut damaged = one.clone();
        damaged[at] ^= 1;
        assert!(refused(&damaged).message.contains("damaged"), "byte {at} of the trailer");
    }
}

#[test]
fn what_is_no_vcf_is_named_and_so_is_what_to_do() {
    for (bytes, words) in [
        (&b"BCF\x04"[..], "a BCF1 file"),
        (b"CRAM\x03\x00", "a CRAM file"),
        (b"BAM\x01", "a BAM file"),
        (b"PK\x03\x04zip", "a zip archive: unpack it first"),
        (b"BZh91AY", "compressed with bzip2"),
        (b"\xfd7zXZ\0\0", "compressed with xz"),
        (b"\x28\xb5\x2f\xfd\0", "compressed with zstd"),
        (b"\xff\xfe#\0#\0", "UTF-16 text"),
        (b"\xfe\xff\0#\0#", "UTF-16 text"),
        (b"PAR1\x15", "a Parquet file"),
        (b"<!DOCTYPE html>", "an HTML page"),
        (b"<html>", "an HTML page"),
    ] {
        for packed in [bytes.to_vec(), gzip([bytes]), bgzf([bytes])] {
            let error = refused(&packed);
            assert!(error.message.starts_with("not a VCF text: it is ") && error.message.contains(words), "{error}");
            assert_eq!(error.offset, Some(0));
            let slowly = read_from(chunks(&packed, 1), false, &ReadLimits::default());
            assert_eq!(slowly.err(), Some(error), "byte by byte");
        }
    }
}

#[test]
fn a_file_that_inflates_beyond_the_limit_is_refused() {
    let (text, len) = (text(), text().len() as u64);
    let line = b"1\t9\t.\tA\tC\t.\t.\tlong=0000000000000000000000000000000000000000\n".repeat(20_000);
    let bomb = gzip([&text[..], &line[..]]);
    assert!(bomb.len() < line.len() / 20);
    let limits = |inflated_bytes_max| ReadLimits { inflated_bytes_max, ..ReadLimits::default() };
    let error = read_with(&bomb, &limits(100_000)).err().unwrap();
    assert!(error.message.contains("more than 100000 bytes (inflated_bytes_max)"), "{error}");
    is_whole(read_with(&text, &limits(len)));
    assert!(read_with(&text, &limits(len - 1)).is_err());
}

#[test]
fn a_failing_disk_is_not_taken_for_a_bad_file() {
    let packed = [text(), gzip([&text()[..]]), bgzf(lines(&text()))];
    for bytes in &packed {
        for kind in [io::ErrorKind::Other, io::ErrorKind::TimedOut, io::ErrorKind::PermissionDenied] {
            let input = pack::Fails { bytes: Cursor::new(bytes[..bytes.len() - 10].to_vec()), kind };
            let error = read_from(Box::new(input), false, &ReadLimits::default()).err().unwrap();
            assert_eq!(
                (error.kind, error.message.as_str()),
                (ReadErrorKind::Io, "cannot read it: the cable was pulled")
            );
        }
    }
}

#[test]
fn an_interrupted_read_is_tried_again() {
    struct Interrupted(Cursor<Vec<u8>>, bool);
    impl Read for Interrupted {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            self.1 = !self.1;
            if self.1 { Err(io::ErrorKind::Interrupted.into()) } else { self.0.read(into) }
        }
    }
    for bytes in [text(), gzip([&text()[..]]), bgzf(lines(&text()))] {
        is_whole(read_from(Box::new(Interrupted(Cursor::new(bytes), false)), false, &ReadLimits::default()));
    }
}
