//! What may stand inside a record, and what may be wrong there: that costs the record, and neither of its neighbours.

use crate::reading::{Reading, read};
use crate::writer::{END, MISSING, Record, entry, float, header, int8, int16, int32, record, shape, text};

const SAMPLES: usize = 2;

/// The record of a case between two sound ones.
#[track_caller]
fn between(what: &str, one: &Record) -> Reading {
    let bytes = [header(SAMPLES), record(100, 2).bytes(), one.bytes(), record(200, 2).bytes()].concat();
    let reading = read(&bytes).unwrap_or_else(|error| panic!("{what}: {error}"));
    assert_eq!(reading.counts.records, 3, "{what}");
    assert_eq!(reading.line(0), "c1\t100\t.\tA\tC\t.\t.\t.\t.\t.\t.", "{what}");
    assert_eq!(reading.line(2), "c1\t200\t.\tA\tC\t.\t.\t.\t.\t.\t.", "{what}");
    reading
}

fn changed(change: impl FnOnce(&mut Record)) -> Record {
    let mut one = record(9, 2);
    change(&mut one);
    one
}

#[track_caller]
fn is_dead(what: &str, one: &Record, reason: &str, words: &str) {
    let reading = between(what, one);
    let (found, detail) = reading.why(1).unwrap_or_else(|| panic!("{what}: it lives: {}", reading.line(1)));
    assert_eq!(found, reason, "{what}: {detail}");
    assert!(detail.contains(words), "{what}: {detail}");
    assert_eq!(reading.dead[0].raw, one.bytes(), "{what}: the record as it was found");
}

#[track_caller]
fn lives(one: &Record, end: &str) {
    let line = between(end, one).line(1);
    assert!(line.ends_with(end), "{line:?} does not end with {end:?}");
}

#[test]
fn an_index_that_the_header_does_not_have_costs_its_record() {
    let key = |entry| changed(|one| one.infos = vec![entry]);
    is_dead("CHROM", &changed(|one| one.chrom = 2), "bcf_unknown_contig", "CHROM is number 2");
    is_dead("CHROM", &changed(|one| one.chrom = -1), "bcf_unknown_contig", "CHROM is number -1");
    is_dead("INFO", &key(entry(77, &int8(&[1]))), "bcf_unknown_info", "INFO has number 77");
    is_dead("INFO", &key(entry(-1, &int8(&[1]))), "bcf_unknown_info", "-1");
    is_dead("FILTER", &changed(|one| one.filter = int8(&[0, 55])), "bcf_unknown_filter", "FILTER has number 55");
    is_dead("FILTER", &changed(|one| one.filter = int8(&[-128])), "bcf_unknown_filter", "-128");
    is_dead("FORMAT", &changed(|one| one.formats = vec![entry(66, &[0x11, 1, 2])]), "bcf_unknown_format", "66");
}

#[test]
fn a_vector_that_runs_past_its_part_costs_its_record() {
    let info = |value: &[u8]| changed(|one| one.infos = vec![entry(1, value)]);
    is_dead("one value less", &info(&[0x31, 1, 2]), "bcf_past_end", "INFO I needs 3 bytes where 2 are left");
    is_dead("two billion", &info(&[0xf1, 0x13, 0xff, 0xff, 0xff, 0x7f, 1]), "bcf_past_end", "INFO I");
    is_dead("two billion of 4", &info(&[0xf3, 0x13, 0xff, 0xff, 0xff, 0x7f, 1]), "bcf_past_end", "INFO I");
    is_dead("no value at all", &info(&[]), "bcf_past_end", "INFO I");
    is_dead("no length", &info(&[0xf1]), "bcf_past_end", "INFO I");
    is_dead("an entry too few", &changed(|one| one.info_count = Some(1)), "bcf_past_end", "INFO entry 1");
    let samples = |value: &[u8]| changed(|one| one.formats = vec![entry(6, value)]);
    is_dead("one sample less", &samples(&[0x21, 1, 2, 3]), "bcf_past_end", "FORMAT FI needs 4 bytes where 3 are left");
    is_dead("no samples", &changed(|one| one.format_count = Some(1)), "bcf_past_end", "FORMAT key 1");
    is_dead("alleles", &changed(|one| one.allele_count = Some(5)), "bcf_wrong_type", "ALT 2");
}

#[test]
fn a_wrong_type_costs_its_record() {
    let info = |value: &[u8]| changed(|one| one.infos = vec![entry(1, value)]);
    for kind in [4, 6, 8, 15] {
        is_dead(
            "a type that is none",
            &info(&[0x10 | kind, 1, 1, 1, 1, 1, 1, 1, 1]),
            "bcf_wrong_type",
            &kind.to_string(),
        );
    }
    is_dead("values of no type", &info(&[0x30, 1, 2, 3]), "bcf_wrong_type", "INFO I has 3 values of no type");
    is_dead("fewer than none", &info(&[0xf1, 0x11, 0xff, 1]), "bcf_wrong_type", "-1 values");
    is_dead("a float as length", &info(&[0xf1, 0x15, 0, 0, 0, 0]), "bcf_wrong_type", "0x15");
    is_dead(
        "a float as key",
        &changed(|one| one.infos = vec![[float(&[0]), int8(&[1])].concat()]),
        "bcf_wrong_type",
        "key",
    );
    is_dead(
        "two keys",
        &changed(|one| one.infos = vec![[int8(&[1, 1]), int8(&[1])].concat()]),
        "bcf_wrong_type",
        "0x21",
    );
    is_dead("ID", &changed(|one| one.id = int8(&[1])), "bcf_wrong_type", "ID is of type Int8");
    is_dead("REF", &changed(|one| one.alleles[0] = int8(&[1])), "bcf_wrong_type", "REF");
    is_dead("ALT", &changed(|one| one.alleles[1] = vec![0]), "bcf_wrong_type", "ALT 1 is of type None");
    is_dead("FILTER", &changed(|one| one.filter = text(b"\x09")), "bcf_wrong_type", "FILTER is of type Char");
    let gt = |value: &[u8]| changed(|one| one.formats = vec![entry(5, value)]);
    is_dead("GT", &gt(&[&shape(7, 3)[..], b"0/11/1"].concat()), "bcf_wrong_type", "FORMAT GT is of type Char");
    is_dead("GT", &gt(&[&shape(5, 1)[..], &[0; 8]].concat()), "bcf_wrong_type", "FORMAT GT is of type Float");
}

#[test]
fn counts_that_cannot_be_cost_their_record() {
    is_dead("no alleles", &changed(|one| one.alleles.clear()), "bcf_no_ref", "REF");
    for samples in [0, 1, 3, 0x00ff_ffff] {
        is_dead("samples", &changed(|one| one.samples = samples), "bcf_sample_count", "the header 2");
    }
    is_dead("shared part", &changed(|one| one.after_shared = vec![1, 2, 3]), "bcf_bytes_left", "3 bytes");
    is_dead("samples' part", &changed(|one| one.after_samples = vec![0]), "bcf_bytes_left", "1 bytes");
    let fewer = changed(|one| {
        one.infos = vec![entry(1, &int8(&[1])), entry(1, &int8(&[2]))];
        one.info_count = Some(1);
    });
    is_dead("an entry that is not counted", &fewer, "bcf_bytes_left", "4 bytes");
    is_dead("a genotype", &changed(|one| one.formats = vec![entry(5, &[0x11, 0xfb, 2])]), "bcf_genotype", "-5");
}

#[test]
fn text_that_would_become_other_columns_or_lines_costs_its_record() {
    for byte in [b'\t', b'\n', b'\r', 1, 8, 0x1f, 0x7f] {
        let bad = [b'a', byte, b'b'];
        let words = format!("0x{byte:02x}");
        is_dead("INFO", &changed(|one| one.infos = vec![entry(3, &text(&bad))]), "control_character", &words);
        is_dead("ID", &changed(|one| one.id = text(&bad)), "control_character", &words);
        is_dead("REF", &changed(|one| one.alleles[0] = text(&bad)), "control_character", &words);
        is_dead("ALT", &changed(|one| one.alleles[1] = text(&bad)), "control_character", &words);
        let sample = [&shape(7, 3)[..], &bad, &bad].concat();
        is_dead(
            "FORMAT",
            &changed(|one| one.formats = vec![entry(8, &sample)]),
            "control_character",
            "FORMAT FS holds",
        );
    }
    is_dead("two ALTs in one", &changed(|one| one.alleles[1] = text(b"C,T")), "bcf_alt_list", "ALT 1");
}

#[test]
fn what_is_wrong_with_the_text_is_said_as_of_a_text() {
    let dead = |one: &Record, line: &str| {
        let reading = between(line, one);
        assert_eq!(reading.dead[0].raw, line.as_bytes(), "the line as it would have been");
        reading.why(1).unwrap().0.to_owned()
    };
    let reading = between("UTF-8", &changed(|one| one.infos = vec![entry(3, &text(b"a\xff"))]));
    assert_eq!(reading.why(1).unwrap().0, "not_utf8");
    assert_eq!(reading.dead[0].raw, b"c1\t9\t.\tA\tC\t.\t.\tS=a\xff\t.\t.\t.");
    let list = changed(|one| one.alleles[0] = text(b"A,C"));
    assert_eq!(dead(&list, "c1\t9\t.\tA,C\tC\t.\t.\t.\t.\t.\t."), "ref_list");
    let no_ref = changed(|one| one.alleles[0] = text(b""));
    assert_eq!(dead(&no_ref, "c1\t9\t.\t.\tC\t.\t.\t.\t.\t.\t."), "ref_missing");
    let large = changed(|one| one.pos = i32::MAX);
    assert_eq!(dead(&large, "c1\t2147483648\t.\tA\tC\t.\t.\t.\t.\t.\t."), "pos_too_large");
    let negative = changed(|one| one.pos = -2);
    assert_eq!(dead(&negative, "c1\t-1\t.\tA\tC\t.\t.\t.\t.\t.\t."), "pos_not_a_number");
}

#[test]
fn too_many_alts_are_a_dead_letter_and_many_are_not() {
    let with = |alts: usize| changed(|one| one.alleles = vec![text(b"A"); alts + 1]);
    assert_eq!(between("alts", &with(1025)).why(1).unwrap().0, "too_many_alts");
    assert_eq!(between("alts", &with(1024)).counts.alleles, 1026);
}

#[test]
fn each_kind_of_value_becomes_its_text() {
    let info = |key: i8, value: Vec<u8>| changed(|one| one.infos = vec![entry(key, &value)]);
    lives(&info(1, int8(&[5, -128, -120, -127])), "\tI=5,.,-120\t.\t.\t.");
    lives(&info(1, int16(&[300, i16::MIN, -32_760, -32_767, 4])), "\tI=300,.,-32760\t.\t.\t.");
    lives(&info(1, int32(&[70_000, i32::MIN, i32::MAX, i32::MIN + 1])), "\tI=70000,.,2147483647\t.\t.\t.");
    lives(&info(2, float(&[0.5_f32.to_bits(), MISSING, 1e-7_f32.to_bits(), END])), "\tF=0.5,.,1e-07\t.\t.\t.");
    lives(&info(3, text(b"a,b%3Bc")), "\tS=a,b%3Bc\t.\t.\t.");
    lives(&info(3, text("é".as_bytes())), "\tS=é\t.\t.\t.");
    lives(&info(3, text(b"ab\0cd")), "\tS=ab\t.\t.\t.");
    lives(&info(3, text(b"a\x07b")), "\tS=a.b\t.\t.\t.");
    lives(&info(4, vec![0]), "\tB\t.\t.\t.");
    // Nothing of a type is what a flag is.
    lives(&info(1, vec![0x01]), "\tI\t.\t.\t.");
    lives(&info(3, vec![0x07]), "\tS\t.\t.\t.");
    // A lone code means the same as one in a list.
    lives(&info(1, int8(&[-128])), "\tI=.\t.\t.\t.");
    lives(&info(1, int8(&[-127])), "\tI=\t.\t.\t.");
    lives(&info(2, float(&[END])), "\tF=\t.\t.\t.");
    lives(&info(3, text(b"\x07")), "\tS=.\t.\t.\t.");
    lives(&changed(|one| one.infos = vec![entry(1, &int8(&[3])), entry(1, &int8(&[4]))]), "\tI=3;I=4\t.\t.\t.");
    lives(&changed(|one| one.infos = vec![[int16(&[1]), int8(&[3])].concat()]), "\tI=3\t.\t.\t.");
    lives(&info(1, [&[0xf1, 0x11, 2][..], &[1, 2]].concat()), "\tI=1,2\t.\t.\t.");
}

#[test]
fn the_columns_of_a_site_become_their_text() {
    lives(&changed(|one| one.qual = 30.5_f32.to_bits()), "\tA\tC\t30.5\t.\t.\t.\t.\t.");
    lives(&changed(|one| one.qual = 0x7fc0_0000), "\tA\tC\tnan\t.\t.\t.\t.\t.");
    lives(&changed(|one| one.pos = -1), "c1\t0\t.\tA\tC\t.\t.\t.\t.\t.\t.");
    lives(&changed(|one| one.chrom = 1), "c2\t9\t.\tA\tC\t.\t.\t.\t.\t.\t.");
    lives(&changed(|one| one.id = text(b"rs1;rs2")), "\trs1;rs2\tA\tC\t.\t.\t.\t.\t.\t.");
    lives(&changed(|one| one.filter = int8(&[0])), "\tPASS\t.\t.\t.\t.");
    lives(&changed(|one| one.filter = int16(&[9, 0])), "\tq10;PASS\t.\t.\t.\t.");
    lives(&changed(|one| one.filter = vec![0x01]), "\t.\t.\t.\t.\t.\t.");
    lives(&changed(|one| one.alleles = vec![text(b"A")]), "\tA\t.\t.\t.\t.\t.\t.\t.");
    lives(&changed(|one| one.alleles = vec![text(b"A"), text(b"<DEL>"), text(b"*")]), "\tA\t<DEL>,*\t.\t.\t.\t.\t.\t.");
}

#[test]
fn each_kind_of_sample_becomes_its_text() {
    let format = |key: i8, value: Vec<u8>| changed(|one| one.formats = vec![entry(key, &value)]);
    let gt = |values: &[u8], len| format(5, [shape(1, len), values.to_vec()].concat());
    lives(&gt(&[2, 4, 2, 5], 2), "\tGT\t0/1\t0|1");
    lives(&gt(&[2, 0x81, 0, 1], 2), "\tGT\t0\t.|.");
    lives(&gt(&[0x81, 0x81, 0, 0], 2), "\tGT\t.\t./.");
    lives(&gt(&[3, 5, 7, 2, 4, 6], 3), "\tGT\t0|1|2\t0/1/2");
    lives(&gt(&[0x80, 0x80, 2, 0x80], 2), "\tGT\t./.\t0/.");
    lives(&gt(&[], 0), "\tGT\t.\t.");
    lives(&format(5, vec![0]), "\tGT\t.\t.");
    let wide: Vec<u8> = [300_i16, 301, 2, -32_767].iter().flat_map(|value| value.to_le_bytes()).collect();
    lives(&format(5, [shape(2, 2), wide].concat()), "\tGT\t149|149\t0");
    let wider: Vec<u8> = [i32::MAX, 2].iter().flat_map(|value| value.to_le_bytes()).collect();
    lives(&format(5, [shape(3, 1), wider].concat()), "\tGT\t1073741822\t0");
    lives(&format(6, [shape(1, 2), vec![1, 0x80, 3, 0x81]].concat()), "\tFI\t1,.\t3");
    lives(&format(6, [shape(1, 1), vec![0x81, 0x80]].concat()), "\tFI\t\t.");
    lives(&format(8, [&shape(7, 3)[..], b"ab\0xyz"].concat()), "\tFS\tab\txyz");
    lives(&format(8, [&shape(7, 3)[..], b"\x07\0\0\0\0\0"].concat()), "\tFS\t.\t");
    let two = changed(|one| one.formats = vec![entry(6, &[0x11, 1, 2]), entry(5, &[0x11, 2, 4])]);
    lives(&two, "\tFI:GT\t1:0\t2:1");
}

#[test]
fn without_samples_there_is_no_format_column() {
    let mut one = record(9, 0);
    one.formats = vec![entry(6, &[0x11])];
    let reading = read(&[header(0), one.bytes()].concat()).unwrap();
    assert_eq!(reading.line(0), "c1\t9\t.\tA\tC\t.\t.\t.");
    one.formats = vec![entry(66, &[0x11])];
    let reading = read(&[header(0), one.bytes()].concat()).unwrap();
    assert_eq!(reading.why(0).unwrap().0, "bcf_unknown_format");
}
