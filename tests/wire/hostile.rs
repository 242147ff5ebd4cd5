//! Bodies that lie, signed with the right key: refused with a reason, within little memory.

use std::time::Instant;

use vcf_agent::wire::{Quarantine, open};

use crate::memory::peak;
use crate::support::{TENANT, bodies, frame, keys, message, put_together, small_segment, take_apart};
use crate::value::Value;
use crate::value::Value::{Bin, Bool, List, Map, Number, Text};

/// Why a signed message is refused.
fn refused(message: &[u8]) -> String {
    match open(message, &keys(), TENANT) {
        Err(Quarantine::Damaged(how)) => how,
        other => panic!("{other:?}"),
    }
}

/// Header and body of a segment: contigs `chr1`, rows of 1, 1, 2, 1, 1 and 2 alleles, two dead letters.
fn parts() -> (Value, Value) {
    let (header, body) = take_apart(&message(&vcf_agent::wire::Body::Segment(Box::new(small_segment()))));
    (header, Value::unpack(&body))
}

/// Signs a body with a header that fits it.
fn signed(mut header: Value, body: &[u8]) -> Vec<u8> {
    header.set("codec", Text("none".into()));
    header.set("body_bytes", Number(body.len() as i64));
    put_together(&header, body)
}

fn put_u32(bytes: &mut [u8], nth: usize, value: u32) {
    bytes[nth * 4..nth * 4 + 4].copy_from_slice(&value.to_le_bytes());
}

fn put_i64(bytes: &mut [u8], nth: usize, value: i64) {
    bytes[nth * 8..nth * 8 + 8].copy_from_slice(&value.to_le_bytes());
}

/// A change of a sound segment's body, and words of the reason for which it must be refused.
type Lie = (&'static str, fn(&mut Value), &'static str);

const LIES: &[Lie] = &[
    ("a short column", |b| b.at("position").bin().truncate(8), "chromosome has 8 entries, there are 1 rows"),
    ("half a number", |b| b.at("position").bin().truncate(63), "no values of 8"),
    ("a long column", |b| b.at("metadata.line").bin().extend([0; 8]), "line has 9 entries, there are 8 rows"),
    ("no column", |b| b.at("metadata").remove("ordinal"), "missing field `ordinal`"),
    ("a column twice", |b| b.map().push(("position".into(), Bin(Vec::new()))), "duplicate field `position`"),
    ("another type", |b| *b.at("position") = List(vec![Number(1)]), "invalid type"),
    ("offsets that fall", |b| put_u32(b.at("ref_allele.offsets").bin(), 2, 99), "the offsets of ref_allele"),
    ("negative offsets", |b| put_u32(b.at("ref_allele.offsets").bin(), 8, u32::MAX), "the offsets of ref_allele"),
    ("offsets not from 0", |b| put_u32(b.at("ref_allele.offsets").bin(), 0, 1), "the offsets of ref_allele"),
    ("too little text", |b| b.at("metadata.info.bytes").bin().truncate(3), "the offsets of info"),
    ("no offsets", |b| b.at("metadata.info.offsets").bin().clear(), "info has 0 entries, there are 9 rows"),
    ("not UTF-8", |b| b.at("metadata.info.bytes").bin()[0] = 0xff, "info is not UTF-8"),
    ("a cut character", |b| b.at("ref_allele.bytes").bin()[..2].copy_from_slice("ß".as_bytes()), "cut characters"),
    ("too few bits", |b| b.at("ref_allele.valid").bin().clear(), "ref_allele has 0 bytes of bits"),
    ("bits after the end", |b| b.at("quality.valid").bin().push(0), "quality has 2 bytes of bits"),
    ("null with text", |b| b.at("ref_allele.valid").bin()[0] = 0x7f, "ref_allele has text where it is null"),
    ("a contig without a name", |b| put_u32(b.at("chromosome.ids").bin(), 3, 1), "chromosome has no word"),
    ("a null contig", |b| put_u32(b.at("chromosome.ids").bin(), 3, u32::MAX), "chromosome has no word"),
    ("a word without a number", |b| put_u32(b.at("metadata.annotations.gene.ids").bin(), 0, 77), "gene has no word"),
    ("a word twice", |b| b.at("chromosome.words").list().push(Text("chr1".into())), "chromosome is there twice"),
    ("an ordinal of another segment", |b| put_i64(b.at("metadata.ordinal").bin(), 0, 99), "not of this segment"),
    ("a negative ordinal", |b| put_i64(b.at("metadata.ordinal").bin(), 0, -1), "not of this segment"),
    ("rows out of order", |b| put_i64(b.at("metadata.ordinal").bin(), 2, 100), "out of order"),
    ("ALTs out of order", |b| put_u32(b.at("metadata.alt_index").bin(), 3, 3), "out of order"),
    ("a negative ALT index", |b| put_u32(b.at("metadata.alt_index").bin(), 0, u32::MAX), "out of order"),
    ("more alleles than rows", |b| *b.at("metadata.counts.alleles") = Number(7), "counts says 7 alleles"),
    ("fewer records", |b| *b.at("metadata.counts.records") = Number(3), "counts says 3 records"),
    ("fewer dead", |b| drop(b.at("metadata.dead").list().pop()), "1 dead letters"),
    ("a dead letter of another", |b| *b.at("metadata.dead").list()[0].at("ordinal") = Number(9), "not of this segment"),
    ("much dead text", |b| *b.at("metadata.dead").list()[0].at("raw") = Bin(vec![0; 65_537]), "too much text"),
    ("a stage that is none", |b| *b.at("metadata.dead").list()[0].at("stage") = Text("x".into()), "unknown variant"),
    ("lines out of order", |b| put_u32(b.at("metadata.line_offsets").bin(), 0, 100), "not in order"),
    ("ordinals without end", |b| *b.at("metadata.first_ordinal") = Number(i64::MAX), "beyond all files"),
    ("another segment", |b| *b.at("metadata.segment") = Number(8), "segment or correlation_id"),
    ("another job", |b| *b.at("correlation_id") = Text("j0000000000000000/7".into()), "segment or correlation_id"),
    ("another file", |b| *b.at("file_id") = Text("../../x".into()), "file_id"),
    ("another time", |b| *b.at("timestamp") = Number(1), "timestamp"),
    ("a digest that is none", |b| *b.at("metadata.counts.digest_sum") = Text("x".into()), "invalid digit"),
];

#[test]
fn a_segment_that_lies_is_refused_and_says_where() {
    for (lie, change, words) in LIES {
        let (header, mut body) = parts();
        change(&mut body);
        let how = refused(&signed(header, &body.pack()));
        assert!(how.contains(words), "{lie}: {how}");
    }
}

#[test]
fn a_sound_segment_is_not_refused_and_an_unknown_name_is_passed_over() {
    let (header, mut body) = parts();
    assert!(open(&signed(header.clone(), &body.pack()), &keys(), TENANT).is_ok());
    body.set("of_a_later_program", Map(vec![("x".into(), List(vec![Bool(true)]))]));
    body.at("metadata").set("of_a_later_program", Bin(vec![1]));
    let (_, read) = open(&signed(header, &body.pack()), &keys(), TENANT).unwrap();
    assert_eq!(read, vcf_agent::wire::Body::Segment(Box::new(small_segment())));
}

#[test]
fn headers_that_lie_are_refused() {
    let lies: &[(&str, Value, &str)] = &[
        ("kind", Number(99), "no message of kind 99"),
        ("kind", Number(32), "no message of kind 32"),
        ("kind", Number(300), "invalid value"),
        ("job", Text("../x".into()), "no job id"),
        ("codec", Text("lz4".into()), "unknown variant"),
        ("body_bytes", Number(1), "the header says 1"),
        ("egress", Text("everywhere".into()), "unknown variant"),
        ("segment", Number(8), "segment"),
        ("segment", Number(1 << 32), "invalid value"),
        ("codec", Text("zstd".into()), "not zstd"),
    ];
    for (name, value, words) in lies {
        let (mut header, body) = parts();
        header.set(name, value.clone());
        let how = refused(&put_together(&header, &body.pack()));
        assert!(how.contains(words), "{name}: {how}");
    }
    let (mut header, body) = parts();
    header.remove("job");
    assert!(refused(&put_together(&header, &body.pack())).contains("needs the job"));
    let (header, body) = parts();
    let trailing = [header.pack(), vec![0xc0]].concat();
    assert!(refused(&frame(&trailing, &body.pack())).contains("after its end"));
    let long = [header.pack(), vec![0; 5000]].concat();
    assert!(refused(&frame(&long, &body.pack())).contains("lengths"));
}

/// The head of a zstd frame that says this length, or none.
fn zstd_head(says: Option<u64>, window: u8) -> Vec<u8> {
    let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, if says.is_some() { 0xc0 } else { 0 }, window];
    frame.extend(says.iter().flat_map(|bytes| bytes.to_le_bytes()));
    frame
}

/// A zstd frame of zeros in blocks of 128 KiB, each of them four bytes long.
fn bomb(says: Option<u64>, has: u64, window: u8) -> Vec<u8> {
    const BLOCK: u64 = 128 << 10;
    let mut frame = zstd_head(says, window);
    let blocks = has / BLOCK;
    for nth in 1..=blocks {
        let head = u64::from(nth == blocks) | 1 << 1 | BLOCK << 3;
        frame.extend(&head.to_le_bytes()[..3]);
        frame.push(0);
    }
    frame
}

/// 128 KiB, and 2 GiB, as a window.
const SMALL: u8 = 7 << 3;
const HUGE: u8 = 21 << 3;

#[test]
fn bombs_are_refused_at_once_and_within_little_memory() {
    const TEN_GB: u64 = 10 << 30;
    let most = u64::from(u32::MAX);
    // What the frame says, what it has, its window; what the header says.
    let bombs = [
        (bomb(Some(TEN_GB), TEN_GB, SMALL), 1 << 20),
        (bomb(Some(most), TEN_GB, SMALL), u32::MAX),
        (bomb(Some(1 << 20), TEN_GB, SMALL), 1 << 20),
        (bomb(Some(64 << 20), TEN_GB, SMALL), 64 << 20),
        (bomb(None, TEN_GB, SMALL), 1 << 20),
        (bomb(None, TEN_GB, HUGE), 1 << 20),
        (bomb(Some(1 << 20), 128 << 10, HUGE), 1 << 20),
        (bomb(Some(1 << 20), 128 << 10, SMALL), 1 << 20),
        ([bomb(Some(1 << 20), 1 << 20, SMALL), bomb(Some(TEN_GB), TEN_GB, SMALL)].concat(), 1 << 20),
        (zstd_head(Some(1 << 20), SMALL), 1 << 20),
        (Vec::new(), 1 << 20),
        (Vec::new(), 0),
    ];
    let (header, _) = parts();
    for (nth, (stored, says)) in bombs.iter().enumerate() {
        let mut header = header.clone();
        header.set("codec", Text("zstd".into()));
        header.set("body_bytes", Number(i64::from(*says)));
        let message = put_together(&header, stored);
        let begun = Instant::now();
        let (how, bytes) = peak(|| refused(&message));
        assert!(bytes <= (*says as usize).min(64 << 20) + (64 << 10), "bomb {nth}: {bytes} bytes ({how})");
        assert!(begun.elapsed().as_secs() < 5, "bomb {nth}: {how}");
    }
    // The maker of bombs makes zstd: an honest one is only no MessagePack of a segment.
    let mut header = header;
    header.set("codec", Text("zstd".into()));
    header.set("body_bytes", Number(1 << 20));
    assert!(refused(&put_together(&header, &bomb(Some(1 << 20), 1 << 20, SMALL))).contains("invalid type"));
}

#[test]
fn messagepack_that_claims_or_nests_too_much_is_refused_within_little_memory() {
    let name = |name: &str| [vec![0x81, 0xa0 | name.len() as u8], name.as_bytes().to_vec()].concat();
    let claims = [
        vec![0xdd, 0xff, 0xff, 0xff, 0xff],
        vec![0xdf, 0xff, 0xff, 0xff, 0xff],
        vec![0xc6, 0xff, 0xff, 0xff, 0xff],
        vec![0xdb, 0xff, 0xff, 0xff, 0xff],
        vec![0xc9, 0xff, 0xff, 0xff, 0xff, 0],
        vec![0xc1],
        Vec::new(),
        vec![0x91; 4 << 20],
        [0x81, 0xa1, b'x'].repeat(1 << 20),
        vec![0xc7; 1 << 20],
    ];
    for body in bodies() {
        let (header, _) = take_apart(&message(&body));
        for (nth, claim) in claims.iter().enumerate() {
            // As the body, in a field that is not known, and in fields that are.
            for before in
                [Vec::new(), name("unknown"), name("segments"), name("warnings"), name("done"), name("metadata")]
            {
                let message = signed(header.clone(), &[&before[..], claim].concat());
                let (how, bytes) = peak(|| refused(&message));
                assert!(bytes < 3 << 20, "claim {nth} after {before:x?}: {bytes} bytes ({how})");
            }
        }
    }
}

#[test]
fn bytes_after_a_body_are_refused_for_every_kind() {
    for body in bodies() {
        let (header, mut packed) = take_apart(&message(&body));
        packed.push(0xc0);
        assert!(refused(&signed(header, &packed)).contains("after its end"), "{body:?}");
    }
}

#[test]
fn lists_without_end_are_refused_within_little_memory() {
    let (header, mut body) = parts();
    let words = (0..1_100_000).map(|nth| Text(format!("{nth}"))).collect();
    *body.at("chromosome.words") = List(words);
    let message = signed(header.clone(), &body.pack());
    let (how, bytes) = peak(|| refused(&message));
    assert!(how.contains("more than 1048576 entries") && bytes < 40 << 20, "{how} {bytes}");

    let (_, mut body) = parts();
    let dead = body.at("metadata.dead").list()[0].clone();
    *body.at("metadata.dead") = List(vec![dead; 65_537]);
    let message = signed(header.clone(), &body.pack());
    let (how, bytes) = peak(|| refused(&message));
    assert!(how.contains("more than 65536 entries") && bytes < 40 << 20, "{how} {bytes}");

    // Rows of nulls: 8 bytes each in the message, hundreds in memory if they were believed.
    let (mut header, mut body) = parts();
    *body.at("position") = Bin(vec![0; 60 << 20]);
    let body = body.pack();
    header.set("codec", Text("zstd".into()));
    header.set("body_bytes", Number(body.len() as i64));
    let message = put_together(&header, &zstd::bulk::compress(&body, 1).unwrap());
    let (how, bytes) = peak(|| refused(&message));
    assert!(how.contains("more than 1048576") && bytes < 65 << 20, "{how} {bytes}");
}

#[test]
fn a_control_message_as_large_as_a_segment_is_refused() {
    let (mut header, _) = take_apart(&message(&bodies()[3]));
    header.set("codec", Text("zstd".into()));
    header.set("body_bytes", Number(9 << 20));
    let message = put_together(&header, &bomb(Some(9 << 20), 9 << 20, SMALL));
    let (how, bytes) = peak(|| refused(&message));
    assert!(how.contains("more than 8388608") && bytes < 1 << 20, "{how} {bytes}");
}

#[test]
fn damaged_bodies_signed_with_the_right_key_never_panic() {
    let mut random = fastrand::Rng::with_seed(5);
    let (mut taken, mut refused) = (0, 0);
    for body in bodies() {
        let (header, packed) = take_apart(&message(&body));
        for _ in 0..2_000 {
            let mut damaged = packed.clone();
            for _ in 0..random.usize(1..4) {
                let at = random.usize(0..damaged.len());
                damaged[at] = random.u8(..);
            }
            match open(&signed(header.clone(), &damaged), &keys(), TENANT) {
                Ok(_) => taken += 1,
                Err(Quarantine::Damaged(_)) => refused += 1,
                Err(other) => panic!("{other:?}"),
            }
        }
    }
    assert!(taken > 100 && refused > 10_000, "{taken} taken, {refused} refused");
}
