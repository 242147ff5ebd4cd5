//! What goes in comes out.

use proptest::prelude::*;
use vcf_agent::domain::rows::Rows;
use vcf_agent::wire::body::{HEADER_PIECE_BYTES, JobOpen};
use vcf_agent::wire::{
    BODY_BYTES_MAX, Body, Compression, Header, MESSAGE_BYTES_MAX, Segment, encode, encode_segment, open,
};

use crate::rows::{any_record, plain, record};
use crate::support::{TENANT, bodies, header, key, keys, segment, small_segment};

const EVERY_COMPRESSION: [Compression; 4] =
    [Compression::None, Compression::Zstd(-5), Compression::Zstd(1), Compression::Zstd(9)];

fn round(body: &Body, compression: Compression) -> Body {
    let message = encode(&header(), body, &key(), compression).unwrap();
    let (said, body) = open(&message, &keys(), TENANT).unwrap();
    assert_eq!(said, header());
    body
}

/// Equal in every column; contigs may be numbered alike only, floats are compared by their bits.
fn same(one: &Segment, other: &Segment) -> bool {
    let rest = |segment: &Segment| Segment { rows: Rows::default(), ..segment.clone() };
    let shape = |rows: &Rows| (rows.annotations.is_some(), rows.identities.is_some());
    plain(&one.rows) == plain(&other.rows) && shape(&one.rows) == shape(&other.rows) && rest(one) == rest(other)
}

#[test]
fn every_kind_comes_out_as_it_went_in() {
    for compression in EVERY_COMPRESSION {
        for body in bodies() {
            assert_eq!(round(&body, compression), body, "{compression:?}");
        }
    }
}

#[test]
fn a_header_of_little_comes_out_as_it_went_in() {
    let little = Header { tenant: TENANT.into(), sender: "n".into(), ..Header::default() };
    let [.., canary] = &bodies()[..] else { panic!("there are bodies") };
    let message = encode(&little, canary, &key(), Compression::None).unwrap();
    assert_eq!(open(&message, &keys(), TENANT).unwrap(), (little, canary.clone()));
}

#[test]
fn a_segment_without_rows_or_of_a_pipe_comes_out_as_it_went_in() {
    let empty = segment(5, &[], 0);
    let all_dead = segment(5, &[], 3);
    let pipe = Segment { file: None, ..small_segment() };
    for segment in [empty, all_dead, pipe] {
        let body = Body::Segment(Box::new(segment));
        assert_eq!(round(&body, Compression::default()), body);
    }
}

#[test]
fn columns_that_are_null_cost_nothing() {
    let bare: Vec<_> = (0..1000)
        .map(|nth| crate::rows::Record { contig: "1".into(), pos: nth, reference: "A".into(), ..Default::default() })
        .collect();
    let bare = segment(0, &bare, 0);
    let message = encode_segment(&header(), &bare.by_ref(), &key(), Compression::None).unwrap();
    // Ordinal, ALT index, line, contig, POS, line offset; end, byte and bit of REF.
    let per_row = 8 + 4 + 8 + 4 + 8 + 4 + 4 + 1;
    assert!(message.len() < 1000 * per_row + 2000, "{} bytes", message.len());
    assert!(message.len() > 1000 * per_row);
}

#[test]
fn a_message_that_would_be_too_large_is_not_made_and_says_what_to_do() {
    assert_eq!(MESSAGE_BYTES_MAX, vcf_agent::transports::MESSAGE_BYTES_MAX);
    let mut long = record(0, 1);
    long.samples = Some("x".repeat(MESSAGE_BYTES_MAX));
    let long = segment(0, &[long], 0);
    let said = |compression| encode_segment(&header(), &long.by_ref(), &key(), compression);
    let fault = said(Compression::None).unwrap_err();
    assert!(fault.what.contains("more than 17825792") && fault.what.contains("segment_bytes_max"), "{fault}");
    assert!(said(Compression::Zstd(1)).is_ok());
    let mut longer = record(0, 1);
    longer.samples = Some("x".repeat(BODY_BYTES_MAX));
    let longer = segment(0, &[longer], 0);
    let fault = encode_segment(&header(), &longer.by_ref(), &key(), Compression::Zstd(1)).unwrap_err();
    assert!(fault.what.contains("more than 67108864"), "{fault}");
}

#[test]
fn a_header_that_lacks_what_its_kind_needs_makes_no_message() {
    for body in bodies() {
        let no_job = encode(&Header { job: None, ..header() }, &body, &key(), Compression::None);
        let answers = matches!(
            body,
            Body::JobOpen(_)
                | Body::JobOpenPiece(_)
                | Body::JobAccepted(_)
                | Body::Refused(_)
                | Body::Event(_)
                | Body::Canary(_)
        );
        assert_eq!(no_job.is_ok(), answers, "{body:?}");
        let nobody = encode(&Header { sender: String::new(), ..header() }, &body, &key(), Compression::None);
        assert!(nobody.unwrap_err().what.contains("sender"));
    }
    let other = Header { segment: Some(8), ..header() };
    assert!(encode_segment(&other, &small_segment().by_ref(), &key(), Compression::None).is_err());
    let long = Header { provider: Some("x".repeat(5000)), ..header() };
    assert!(encode(&long, &Body::Cancel, &key(), Compression::None).unwrap_err().what.contains("4096"));
}

#[test]
fn a_large_vcf_header_travels_in_pieces() {
    let Body::JobOpen(small) = &bodies()[0] else { panic!("the first body opens a job") };
    for bytes in [0, 1, HEADER_PIECE_BYTES, HEADER_PIECE_BYTES + 1, 3 * HEADER_PIECE_BYTES] {
        let text: Vec<u8> = (0..bytes).map(|at| (at % 251) as u8).collect();
        let mut opening = JobOpen { header: text.clone(), header_pieces: 1, ..(**small).clone() };
        let pieces = opening.split();
        assert_eq!(pieces.len(), bytes.saturating_sub(1) / HEADER_PIECE_BYTES);
        let Body::JobOpen(mut opening) = round(&Body::JobOpen(Box::new(opening)), Compression::default()) else {
            panic!("the kind stays")
        };
        if let [first, .., last] = &pieces[..] {
            assert!(!opening.join(&[last.clone(), first.clone()]) && !opening.join(&pieces[1..]));
        }
        assert!(opening.join(&pieces));
        assert_eq!(opening.header, text);
        for piece in pieces {
            assert_eq!(round(&Body::JobOpenPiece(piece.clone()), Compression::default()), Body::JobOpenPiece(piece));
        }
    }
}

#[test]
fn no_debug_shows_a_genotype_a_sample_or_a_key() {
    let mut shown = format!("{:?} {:?} {:?}", key(), keys(), small_segment());
    bodies().iter().for_each(|body| shown += &format!("{body:?}"));
    for secret in ["0/1:", "##fileformat", "chr1", "secret of the tests", "patient"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_rows_come_out_as_they_went_in(
        records in prop::collection::vec(any_record(), 0..12),
        first in prop_oneof![0u64..1000, Just(u64::MAX >> 2)],
        dead in 0u64..3,
        compression in prop::sample::select(EVERY_COMPRESSION.to_vec()),
    ) {
        let before = segment(first, &records, dead);
        let message = encode_segment(&header(), &before.by_ref(), &key(), compression).unwrap();
        let (_, Body::Segment(after)) = open(&message, &keys(), TENANT).unwrap() else { panic!("the kind stays") };
        prop_assert!(same(&before, &after));
        // Again the same bytes: what was read is what was written, to the last bit.
        prop_assert!(encode_segment(&header(), &after.by_ref(), &key(), compression).unwrap() == message);
    }
}
