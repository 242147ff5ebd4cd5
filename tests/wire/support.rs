//! Messages of every kind, and a second maker of messages that shares no code with the product's.

use vcf_agent::domain::counts::{Counts, JobEnd};
use vcf_agent::domain::dead::{DeadLetter, DeadStage};
use vcf_agent::domain::digest::DigestSum;
use vcf_agent::domain::ids::{FileDigest, JobId};
use vcf_agent::domain::receipt::{Receipt, ReceiptError};
use vcf_agent::domain::rows::rows_digest_sum;
use vcf_agent::domain::warning::Warning;
use vcf_agent::wire::body::{Canary, Event, JobAccepted, JobOpen, JobOpenPiece, Refused, Resend, SegmentsCommitted};
use vcf_agent::wire::{Body, Compression, Egress, Header, Key, Keys, Segment, encode};

use crate::rows::{Record, record, rows};
use crate::sign::sign;
use crate::value::Value;

pub const SECRET: &str = "a secret of the tests, not random";
pub const TENANT: &str = "clinic-a";

pub fn key() -> Key {
    Key::new(SECRET).unwrap()
}

pub fn keys() -> Keys {
    Keys::new(key(), [])
}

pub fn digest() -> FileDigest {
    FileDigest([7; 32])
}

/// A header that is good for every kind.
pub fn header() -> Header {
    Header {
        tenant: TENANT.into(),
        home: Some("5f1d".into()),
        job: JobId::parse("j00112233aabbccdd"),
        segment: Some(7),
        attempt: 1,
        sender: "node-1".into(),
        reply_topic: Some("receipts.node-1".into()),
        deadline_ms: Some(1_790_000_060_000),
        egress: Some(Egress::LocalOnly),
        provider: Some("ollama".into()),
        mirror: true,
        sent_at_ms: 1_790_000_000_000,
    }
}

fn dead(ordinal: u64) -> DeadLetter {
    DeadLetter {
        ordinal,
        stage: DeadStage::Parse,
        reason: "pos_not_a_number".into(),
        detail: "POS is `x`".into(),
        line: ordinal + 30,
        offset: 1000 + ordinal,
        raw: b"chr1\tx\t\xff".to_vec(),
        raw_bytes: 8,
        rows: 0,
        digest_sum: DigestSum::default(),
        line_digest: DigestSum::default(),
    }
}

/// The segment of these records, which are numbered from `first` on, and of so many dead ones after them.
pub fn segment(first: u64, records: &[Record], dead_records: u64) -> Segment {
    let rows = rows(first, records);
    let no_alt = records.iter().filter(|record| record.alts.is_empty()).count() as u64;
    let sound = records.len() as u64;
    Segment {
        file: Some(digest()),
        index: 7,
        first_ordinal: first,
        offset: 1 << 40,
        line_offsets: (0..(sound + dead_records) as u32).map(|nth| nth * 11).collect(),
        dead: (first + sound..first + sound + dead_records).map(dead).collect(),
        counts: Counts {
            records: sound + dead_records,
            dead_records,
            alleles: rows.len() as u64 - no_alt,
            no_alt,
            digest_sum: rows_digest_sum(&rows),
            line_digest_sum: DigestSum(u128::MAX / 3),
        },
        rows,
    }
}

/// A few rows of every shape.
pub fn small_segment() -> Segment {
    let records: Vec<Record> = (0..6).map(|nth| record(nth, nth as usize % 3)).collect();
    segment(100, &records, 2)
}

fn receipt() -> Receipt {
    let zero = serde_json::json!({
        "job": "j00112233aabbccdd", "revision": 1, "file": "a.vcf", "file_digest": null, "bytes": 9, "assembly": null, "samples": 0,
        "records": 0, "parsed": 0, "dead_records": 0, "alleles": 0, "no_alt": 0, "stored": 0, "dead_rows": 0,
        "dropped": {"af": 0}, "selected": 0, "cached": 0, "answered": 0, "abstained": 0, "dead_tasks": 0, "pending": 0,
        "warnings": [], "state": "COMPLETE", "certificate": null, "started_at": null, "finished_at": null, "stored_per_second": 0.5,
    });
    serde_json::from_value(zero).unwrap()
}

fn warning() -> Warning {
    Warning { code: "blank_line".into(), message: "a blank line was skipped".into(), count: 3, first_line: 9 }
}

/// One of every kind.
pub fn bodies() -> Vec<Body> {
    let error = ReceiptError { code: 65, message: "the header is too long".into(), line: Some(3), offset: None };
    vec![
        Body::JobOpen(Box::new(JobOpen {
            open: 17,
            file: "patient.vcf.gz".into(),
            file_digest: Some(digest()),
            bytes: Some(1 << 40),
            header: b"##fileformat=VCFv4.2\n".to_vec(),
            header_pieces: 2,
            samples: 3,
            assembly: Some("GRCh38".into()),
            layout: "rows 2".into(),
            warnings: vec![warning()],
        })),
        Body::JobOpenPiece(JobOpenPiece { open: 17, piece: 1, pieces: 2, header: b"#CHROM\n\xff".to_vec() }),
        Body::Segment(Box::new(small_segment())),
        Body::JobEnd(Box::new(JobEnd {
            segments: 8,
            records: 30_000,
            dead_records: 2,
            alleles: 31_000,
            no_alt: 5,
            digest_sum: DigestSum(1 << 127),
            line_digest_sum: DigestSum(5),
            file_digest: digest(),
            bytes: 123,
            warnings: vec![warning()],
        })),
        Body::Cancel,
        Body::JobAccepted(JobAccepted {
            open: 17,
            job: JobId::parse("j00112233aabbccdd").unwrap(),
            run: 2,
            done: [0, 1, 2, 9, 64, 700].into_iter().collect(),
        }),
        Body::Refused(Refused { open: 17, error }),
        Body::Receipt(SegmentsCommitted { segments: vec![16, 17, 31], rows: 12_288 }),
        Body::Resend(Resend { segments: vec![4_000_000_000] }),
        Body::Completed(Box::new(receipt())),
        Body::Cancelled,
        Body::Deleted,
        Body::Event(Event {
            seq: 5,
            at_ms: 6,
            kind: "job_complete".into(),
            job: Some("j00112233aabbccdd".into()),
            payload: "{\"rows\":1}".into(),
        }),
        Body::Canary(Canary { id: u64::MAX, sent_at_ms: 1 }),
    ]
}

/// A message as the product makes it, not compressed.
pub fn message(body: &Body) -> Vec<u8> {
    encode(&header(), body, &key(), Compression::None).unwrap().to_vec()
}

/// Header and body of a message that is not compressed.
pub fn take_apart(message: &[u8]) -> (Value, Vec<u8>) {
    let header_bytes = usize::from(u16::from_le_bytes([message[6], message[7]]));
    let (header, rest) = message[20..].split_at(header_bytes);
    (Value::unpack(header), rest[..rest.len() - 32].to_vec())
}

/// Signs anything, as docs/PROTOCOL.md says.
pub fn put_together(header: &Value, body: &[u8]) -> Vec<u8> {
    frame(&header.pack(), body)
}

/// Signs any header and body.
pub fn frame(header: &[u8], body: &[u8]) -> Vec<u8> {
    sign(SECRET, header, body)
}
