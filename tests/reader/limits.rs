//! What is longer than its limit costs one record or the file, never the neighbours and never much memory.

use vcf_agent::domain::dead::RAW_BYTES_MAX;
use vcf_agent::domain::rows::REPEATED_BYTES_MAX;
use vcf_agent::vcf::{ReadError, ReadErrorKind, ReadLimits};

use crate::fixture::{Kind, Reading, SITES, account, codes, file, read, read_from, read_with};
use crate::pack::{bgzf, chunks, gzip};

/// Far below the hostile lines of these tests.
const LINE_BYTES_MAX: usize = 100_000;

fn limits(line_bytes_max: usize) -> ReadLimits {
    ReadLimits { line_bytes_max, ..ReadLimits::default() }
}

/// A line whose INFO brings it to exactly this length, without its line end.
fn line_of(bytes: usize) -> String {
    let front = "1\t9\t.\tA\tC\t.\t.\tX=";
    format!("{front}{}", "x".repeat(bytes - front.len()))
}

/// Reads a file however it is packed and delivered; it must be the same each time.
fn read_every_way(text: &[u8], limits: &ReadLimits) -> Reading {
    let reading = read_with(text, limits).unwrap();
    let (front, back) = text.split_at(text.len() / 3);
    let blocks = || [front, back].into_iter().flat_map(|part| part.chunks(40_000));
    for packed in [text.to_vec(), gzip([front, back]), bgzf(blocks())] {
        for bytes_max in [1_000, 7_777] {
            let again = read_from(chunks(&packed, bytes_max), false, limits).unwrap();
            assert!(again.segments == reading.segments, "in reads of {bytes_max}");
            account(&again, text);
        }
    }
    reading
}

#[test]
fn a_line_may_be_as_long_as_the_limit_and_not_a_byte_longer() {
    for line_end in ["\n", "\r\n", ""] {
        for (bytes, dead) in [(1_000, false), (1_001, true)] {
            let text = format!("{}{}{}{line_end}", SITES.header, SITES.neighbour, line_of(bytes));
            for bytes_max in [1, 1_000, 1_001, 1_002, 1 << 20] {
                let reading = read_from(chunks(text.as_bytes(), bytes_max), false, &limits(1_000)).unwrap();
                account(&reading, text.as_bytes());
                assert_eq!(reading.dead().len(), usize::from(dead), "{bytes} bytes, then {line_end:?}");
            }
        }
    }
}

#[test]
fn an_over_long_line_is_one_dead_letter_between_living_neighbours() {
    let long = line_of(300_000);
    for line_end in ["\n", "\r\n"] {
        let lines =
            [SITES.neighbour, &long, line_end, SITES.neighbour, &long, line_end, &long, line_end, SITES.neighbour];
        let text = file(SITES, &lines.map(str::as_bytes));
        let reading = read_every_way(&text, &limits(LINE_BYTES_MAX));
        assert_eq!(reading.rows().iter().map(|(line, _)| *line).collect::<Vec<_>>(), [4, 6, 9]);
        let dead: Vec<_> = reading.dead().iter().map(|dead| (dead.line, dead.raw_bytes, dead.raw.len())).collect();
        assert_eq!(dead, [5, 7, 8].map(|line| (line, 300_000, RAW_BYTES_MAX)));
        for dead in reading.dead() {
            assert_eq!(dead.reason, "line_too_long");
            assert_eq!(dead.detail, "the line has 300000 bytes, more than line_bytes_max = 100000");
        }
        assert!(reading.segments.iter().all(|segment| segment.text.len() <= RAW_BYTES_MAX));
        assert_eq!(codes(&reading.warnings()), []);
    }
}

/// Lines that cost other readers their memory, at a size that a test can afford.
fn hostile_lines() -> Vec<(&'static str, String)> {
    let of = |reference: &str, alt: &str, info: &str| format!("1\t9\t.\t{reference}\t{alt}\t.\t.\t{info}");
    let keys: String = (0..30_000).map(|n| format!("K{n};")).collect();
    vec![
        ("one INFO string", line_of(300_000)),
        ("an INFO list", of("A", "C", &format!("L={}0", "0,".repeat(150_000)))),
        ("INFO keys", of("A", "C", &format!("{keys}END"))),
        ("a long REF", of(&"ACGT".repeat(75_000), "C", ".")),
        ("a long ALT", of("A", &"ACGT".repeat(75_000), ".")),
        ("a long QUAL", of("A", "C", ".").replacen(".\t.\t.", &format!("{}\t.\t.", "9".repeat(300_000)), 1)),
        ("a long CHROM", format!("{}{}", "1".repeat(300_000), &of("A", "C", ".")[1..])),
        ("a list of filters", format!("1\t9\t.\tA\tC\t.\t{}q\t.", "q;".repeat(150_000))),
        ("nothing but tabs", "\t".repeat(300_000)),
    ]
}

#[test]
fn a_hostile_line_over_the_limit_is_a_dead_letter_unseen() {
    for (name, line) in hostile_lines() {
        let lines = [SITES.neighbour, &line, "\n", SITES.neighbour];
        let reading = read_every_way(&file(SITES, &lines.map(str::as_bytes)), &limits(LINE_BYTES_MAX));
        let [dead] = reading.dead()[..] else { panic!("{name}: {:?}", reading.dead()) };
        assert_eq!(
            (dead.reason.as_str(), dead.line, dead.raw_bytes),
            ("line_too_long", 5, line.len() as u64),
            "{name}"
        );
        assert_eq!(reading.rows().len(), 2, "{name}");
    }
}

#[test]
fn a_hostile_line_within_the_limit_is_a_record_like_any_other() {
    for (name, line) in hostile_lines() {
        let reading = read(&file(SITES, &[SITES.neighbour, &line, "\n", SITES.neighbour].map(str::as_bytes))).unwrap();
        let alive = reading.rows().iter().filter(|(line, _)| *line == 5).count();
        assert_eq!(alive, usize::from(name != "nothing but tabs"), "{name}");
        let bytes: usize = reading.parsed.iter().map(|segment| segment.rows.bytes()).sum();
        assert!(bytes < 3 * line.len() + 10_000, "{name}: {bytes} bytes of rows");
    }
}

#[test]
fn a_line_without_end_is_a_dead_letter_with_its_whole_length() {
    for bytes in [100_001, 300_000] {
        let text = file(SITES, &[SITES.neighbour.as_bytes(), line_of(bytes).as_bytes()]);
        let reading = read_every_way(&text, &limits(LINE_BYTES_MAX));
        let [dead] = reading.dead()[..] else { panic!("{:?}", reading.dead()) };
        assert_eq!((dead.line, dead.offset, dead.raw_bytes), (5, 88 + 25, bytes as u64));
        assert_eq!((dead.raw.len(), reading.rows().len()), (RAW_BYTES_MAX, 1));
    }
}

#[test]
fn an_over_long_late_header_line_is_a_warning_and_no_record() {
    let comment = format!("##{}\n", "x".repeat(300_000));
    let text = file(SITES, &[SITES.neighbour, &comment, SITES.neighbour].map(str::as_bytes));
    let reading = read_every_way(&text, &limits(LINE_BYTES_MAX));
    assert_eq!((reading.rows().len(), reading.dead().len(), reading.end.records), (2, 0, 2));
    assert_eq!(codes(&reading.warnings()), [("late_header_line", 1, 5)]);
}

#[test]
fn too_many_alts_are_a_dead_letter() {
    let with = |count: usize| format!("1\t9\t.\tA\t{}\t.\t.\t.", vec!["<DEL>"; count].join(","));
    let limits = ReadLimits { alts_max: 8, ..ReadLimits::default() };
    for (count, rows) in [(8, 8), (9, 0), (100_000, 0)] {
        let lines = [SITES.neighbour, &with(count), "\n", SITES.neighbour];
        let reading = read_with(&file(SITES, &lines.map(str::as_bytes)), &limits).unwrap();
        assert_eq!(reading.rows().len(), rows + 2);
        let said: Vec<_> = reading.dead().iter().map(|dead| (dead.reason.as_str(), dead.detail.clone())).collect();
        let words = format!("ALT has {count} entries, more than alts_max = 8");
        assert_eq!(said, if rows == 0 { vec![("too_many_alts", words)] } else { vec![] });
    }
}

#[test]
fn two_hundred_alts_with_all_their_likelihoods_are_two_hundred_rows() {
    let one =
        Kind { header: "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts\n", ..SITES };
    let alts: Vec<String> = (1..=200).map(|n| "A".repeat(n + 1)).collect();
    let likelihoods = vec!["10"; 201 * 202 / 2].join(",");
    let line = format!("1\t9\t.\tA\t{}\t.\t.\t.\tGT:PL\t0/200:{likelihoods}\n", alts.join(","));
    let reading = read(&file(one, &[line.as_bytes()])).unwrap();
    assert_eq!((reading.rows().len(), reading.dead().len()), (200, 0));
    let (rows, first) = reading.record(3);
    assert_eq!(rows.samples.get(first).unwrap().len(), 6 + likelihoods.len());
}

#[test]
fn a_record_does_not_grow_by_its_number_of_alts() {
    let reference = "ACGT".repeat(25_000);
    let line = format!("1\t9\t.\t{reference}\t{}\t.\t.\t.\n", vec!["<DEL>"; 1_000].join(","));
    let reading = read(&file(SITES, &[line.as_bytes()])).unwrap();
    let rows = &reading.parsed[0].rows;
    assert_eq!(rows.len(), 1_000);
    assert!(rows.bytes() < line.len() + REPEATED_BYTES_MAX + 1_000 * 200, "{} bytes", rows.bytes());
    assert_eq!((rows.reference.get(0), rows.reference.get(1)), (Some(reference.as_bytes()), None));
}

/// Why a file of this header is refused, however it arrives.
fn header_refused(text: &[u8], header_bytes_max: usize) -> ReadError {
    let limits = ReadLimits { header_bytes_max, ..ReadLimits::default() };
    let refusals: Vec<ReadError> = [1, 100, 1 << 20]
        .into_iter()
        .filter_map(|bytes_max| read_from(chunks(text, bytes_max), false, &limits).err())
        .collect();
    assert!(refusals.len() == 3 && refusals.iter().all(|error| *error == refusals[0]), "{refusals:?}");
    refusals[0].clone()
}

#[test]
fn an_over_long_header_refuses_the_file() {
    let columns = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
    for long in [format!("##x={}\n", "y".repeat(5_000)), "##x=y\n".repeat(1_000), "\n".repeat(5_000)] {
        for text in [format!("{long}{columns}"), long] {
            let error = header_refused(text.as_bytes(), 4_096);
            assert_eq!(error.kind, ReadErrorKind::Input);
            assert!(error.message.contains("the header is longer than 4096 bytes (header_bytes_max)"), "{error}");
        }
    }
}

#[test]
fn a_header_may_be_as_long_as_the_limit_and_not_a_byte_longer() {
    let len = SITES.header.len();
    let text = file(SITES, &[SITES.neighbour.as_bytes()]);
    for bytes_max in [1, 10, 1 << 20] {
        let limits = ReadLimits { header_bytes_max: len, ..ReadLimits::default() };
        assert_eq!(read_from(chunks(&text, bytes_max), false, &limits).unwrap().rows().len(), 1);
    }
    assert!(header_refused(&text, len - 1).message.contains("header_bytes_max"));
    // The line that stands in the place of the header is named, as long as it begins before the limit.
    let junk = format!("##x=y\n{}\n", "z".repeat(5_000));
    assert_eq!(header_refused(junk.as_bytes(), 1_024).line, Some(2));
    assert!(header_refused(junk.as_bytes(), 5).message.contains("header_bytes_max"));
}
