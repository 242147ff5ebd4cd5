//! The wire format, version 1: what a message looks like on any transport. `docs/PROTOCOL.md` has it byte by byte.
//!
//! One message is one byte string: a fixed prefix, a small header (a MessagePack map by name), a body (MessagePack, zstd where it
//! pays) and a keyed BLAKE3 MAC over everything before it. Nothing of a message is looked at, beyond the prefix, before its MAC holds;
//! and then nothing is believed: lengths, limits, text and counts are checked, and nothing larger is allocated than the message says.
//!
//! | file | idea |
//! |---|---|
//! | [`key`] | the keys that sign, and those that are accepted |
//! | `frame` | prefix and MAC |
//! | [`header`] | who sends what to whom, until when |
//! | [`body`] | the kinds of messages |
//! | [`segment`] | the body of a segment: columns by name |
//! | `columns` | numbers, texts and words as MessagePack |
//! | `fields` | what else is written in a form of its own |
//! | `pack` | MessagePack with limits |
//! | [`codec`] | compression with limits |

pub mod body;
pub mod codec;
mod columns;
mod fields;
mod frame;
pub mod header;
pub mod key;
mod pack;
pub mod segment;

use std::fmt;

use bytes::Bytes;

pub use self::body::Body;
pub use self::codec::Compression;
pub use self::header::{Egress, Header};
pub use self::key::{Key, Keys};
pub use self::segment::{Segment, SegmentRef};

use self::header::{Codec, HeaderMap};
use crate::fault::Fault;

/// The version that this program writes, and the only one that it reads.
pub const VERSION: u16 = 1;

/// The largest message (bytes), as transports are made for it.
pub const MESSAGE_BYTES_MAX: usize = 17 << 20;

/// The largest header (bytes).
pub const HEADER_BYTES_MAX: usize = 4 << 10;

/// The largest body of a segment, uncompressed (bytes).
pub const BODY_BYTES_MAX: usize = 64 << 20;

/// The largest body of every other kind, uncompressed (bytes).
pub const CONTROL_BYTES_MAX: usize = 8 << 20;

/// Why a message is not acted upon. It is kept aside and people are told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Quarantine {
    /// It does not begin as our messages do.
    NotOurs,
    /// It says that it is of another version of the format.
    UnknownVersion(u16),
    /// Its MAC does not hold under any key that is accepted.
    Forged,
    /// It is sound, and another tenant's.
    ForeignTenant,
    /// It ends before its end.
    Truncated,
    /// It was made with our key and is not sound: how.
    Damaged(String),
}

impl fmt::Display for Quarantine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotOurs => f.write_str("the message is not one of vcf-agent's: something else writes to this topic"),
            Self::UnknownVersion(version) => {
                write!(f, "the message is of version {version} of the format, this program reads {VERSION}: bring all nodes up to date")
            }
            Self::Forged => f.write_str(
                "the message was altered, or signed with a key that is not accepted here: compare the keys of the nodes, and see who may \
                 write to this topic",
            ),
            Self::ForeignTenant => f.write_str("the message is another tenant's: see who may write to this topic"),
            Self::Truncated => f.write_str("the message ends before its end"),
            Self::Damaged(how) => write!(f, "the message was signed with our key and is not sound: {how}"),
        }
    }
}

impl std::error::Error for Quarantine {}

/// Makes a message.
///
/// # Errors
/// `Permanent` if it is larger than a message may be, or lacks what its kind needs.
pub fn encode(header: &Header, body: &Body, key: &Key, compression: Compression) -> Result<Bytes, Fault> {
    if let Body::Segment(segment) = body {
        return encode_segment(header, &segment.by_ref(), key, compression);
    }
    let mut packed = Vec::new();
    let made = header.check(body.kind(), None).and_then(|()| body.pack(&mut packed));
    made.map_err(|how| cannot(header, &how))?;
    seal(header, body.kind(), &packed, key, compression)
}

/// Makes the message of a segment, whose columns are not copied for it first.
///
/// # Errors
/// `Permanent` if it is larger than a message may be, or the header has not its job and number.
pub fn encode_segment(
    header: &Header,
    segment: &SegmentRef<'_>,
    key: &Key,
    compression: Compression,
) -> Result<Bytes, Fault> {
    let mut packed = Vec::with_capacity(segment.rows.bytes() + segment.rows.bytes() / 8 + 1024);
    let made = header.check(body::SEGMENT, Some(segment.index)).and_then(|()| segment.pack(header, &mut packed));
    made.map_err(|how| cannot(header, &how))?;
    seal(header, body::SEGMENT, &packed, key, compression)
}

fn seal(header: &Header, kind: u8, packed: &[u8], key: &Key, compression: Compression) -> Result<Bytes, Fault> {
    let max = body_bytes_max(kind);
    if packed.len() > max {
        let how =
            format!("its body has {} bytes, more than {max}: make ingest.segment_bytes_max smaller", packed.len());
        return Err(cannot(header, &how));
    }
    let (codec, stored) = codec::compress(packed, compression);
    let mut map = Vec::with_capacity(256);
    HeaderMap::new(header, kind, codec, packed.len() as u32)
        .and_then(|header| pack::write(&header, &mut map))
        .map_err(|how| cannot(header, &how))?;
    frame::seal(&map, &stored, key).map(Bytes::from).map_err(|how| cannot(header, &how))
}

fn cannot(header: &Header, how: &str) -> Fault {
    let job = header.job.as_ref().map_or(String::new(), |job| format!(" of job {job}"));
    Fault::permanent(format!("a message{job} cannot be made: {how}"))
}

fn body_bytes_max(kind: u8) -> usize {
    if kind == body::SEGMENT { BODY_BYTES_MAX } else { CONTROL_BYTES_MAX }
}

/// Reads a message: checks that it is ours, that its MAC holds and that it is `tenant`'s, in this order, and only then reads it.
///
/// # Errors
/// Why it is not to be acted upon.
pub fn open(bytes: &[u8], keys: &Keys, tenant: &str) -> Result<(Header, Body), Quarantine> {
    let frame = frame::unseal(bytes, keys)?;
    let map: HeaderMap<'_> = pack::read(frame.header).map_err(|how| Quarantine::Damaged(format!("header: {how}")))?;
    if map.tenant != tenant {
        return Err(Quarantine::ForeignTenant);
    }
    read(&map, frame.body).map_err(Quarantine::Damaged)
}

fn read(map: &HeaderMap<'_>, stored: &[u8]) -> Result<(Header, Body), String> {
    let header = map.header()?;
    let unpacked;
    let packed = match map.codec {
        Codec::None if stored.len() != map.body_bytes as usize => {
            return Err(format!("the body has {} bytes, the header says {}", stored.len(), map.body_bytes));
        }
        Codec::None => stored,
        Codec::Zstd => {
            unpacked = codec::decompress(stored, map.body_bytes as usize, body_bytes_max(map.kind))?;
            &unpacked
        }
    };
    let body = Body::unpack(map.kind, packed, &header)?;
    header.check(map.kind, None)?;
    Ok((header, body))
}
