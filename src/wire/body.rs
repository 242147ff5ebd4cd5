//! The kinds of messages and what each says. Numbers of kinds are a contract; 32 to 47 are kept for questions to providers and their
//! findings, 49 to 63 for cache events.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::fields::{JobEndMap, WARNINGS_MAX, bytes, job_id, numbers, optional_digest, receipt_json, segment_bits};
use super::header::Header;
use super::pack::{bounded, read, write};
use super::segment::Segment;
use crate::delivery::segment::SegmentSet;
use crate::domain::counts;
use crate::domain::ids::{FileDigest, JobId};
use crate::domain::receipt::{self, ReceiptError};
use crate::domain::warning::Warning;

/// Largest piece of a VCF header in one message (bytes).
pub const HEADER_PIECE_BYTES: usize = 4 << 20;

/// Most pieces of a VCF header: 1 GiB, the most that can be configured.
const HEADER_PIECES_MAX: u32 = 256;

pub(super) const JOB_OPEN: u8 = 1;
pub(super) const JOB_OPEN_PIECE: u8 = 2;
pub(super) const SEGMENT: u8 = 3;
pub(super) const JOB_END: u8 = 4;
pub(super) const CANCEL: u8 = 5;
pub(super) const JOB_ACCEPTED: u8 = 16;
pub(super) const REFUSED: u8 = 17;
pub(super) const RECEIPT: u8 = 18;
pub(super) const RESEND: u8 = 19;
pub(super) const COMPLETED: u8 = 20;
pub(super) const CANCELLED: u8 = 21;
pub(super) const DELETED: u8 = 22;
pub(super) const EVENT: u8 = 48;
pub(super) const CANARY: u8 = 64;

/// Whether a kind is about a job that its receiver must be able to name.
pub(super) fn needs_job(kind: u8) -> bool {
    matches!(kind, SEGMENT | JOB_END | CANCEL | RECEIPT | RESEND | COMPLETED | CANCELLED | DELETED)
}

/// What a message says. *The job* is the one in its header.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Ingest → home: may this file become a job?
    JobOpen(Box<JobOpen>),
    /// Ingest → home: another piece of the VCF header of a [`JobOpen`].
    JobOpenPiece(JobOpenPiece),
    /// Ingest → home: a parsed segment of the job.
    Segment(Box<Segment>),
    /// Ingest → home: the whole file was read.
    JobEnd(Box<counts::JobEnd>),
    /// Ingest → home: give the job up.
    Cancel,
    /// Home → ingest: send.
    JobAccepted(JobAccepted),
    /// Home → ingest: no job of this file.
    Refused(Refused),
    /// Home → ingest: durable.
    Receipt(SegmentsCommitted),
    /// Home → ingest: these are missing.
    Resend(Resend),
    /// Home → ingest: what people read.
    Completed(Box<receipt::Receipt>),
    /// Home → ingest: the job was given up.
    Cancelled,
    /// Home → ingest: the job is gone.
    Deleted,
    /// Home → notifiers.
    Event(Event),
    /// Anybody → itself: does this route still carry messages?
    Canary(Canary),
}

/// May this file become a job?
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct JobOpen {
    /// Random; answers have it.
    pub open: u64,
    /// The file as named by the user, for people: never a path to open.
    pub file: String,
    /// SHA-256 of the file; `None` for a pipe, of which it is not known yet.
    #[serde(with = "optional_digest", default, skip_serializing_if = "Option::is_none")]
    pub file_digest: Option<FileDigest>,
    /// Bytes as stored; `None` for a pipe.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bytes: Option<u64>,
    /// The VCF header as read, or its first piece.
    #[serde(with = "bytes")]
    pub header: Vec<u8>,
    /// In how many pieces the header comes, this one included.
    pub header_pieces: u32,
    /// Sample columns.
    pub samples: u64,
    /// The genome assembly, where the header tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assembly: Option<String>,
    /// The text whose digest is the layout digest.
    pub layout: String,
    /// What was odd about the header.
    #[serde(deserialize_with = "bounded::<_, _, WARNINGS_MAX>")]
    pub warnings: Vec<Warning>,
}

impl JobOpen {
    /// Takes all of a large header but its first piece out, as messages of their own.
    pub fn split(&mut self) -> Vec<JobOpenPiece> {
        let rest =
            if self.header.len() > HEADER_PIECE_BYTES { self.header.split_off(HEADER_PIECE_BYTES) } else { Vec::new() };
        self.header_pieces = 1 + rest.len().div_ceil(HEADER_PIECE_BYTES) as u32;
        (1..)
            .zip(rest.chunks(HEADER_PIECE_BYTES))
            .map(|(piece, header)| JobOpenPiece {
                open: self.open,
                piece,
                pieces: self.header_pieces,
                header: header.to_vec(),
            })
            .collect()
    }

    /// Puts the header together again; false, and nothing happens, unless `rest` is every other piece, in order.
    pub fn join(&mut self, rest: &[JobOpenPiece]) -> bool {
        let is_next = |(nth, piece): (u32, &JobOpenPiece)| {
            piece.open == self.open && piece.piece == nth && piece.pieces == self.header_pieces
        };
        let is_whole = rest.len() + 1 == self.header_pieces as usize && (1..).zip(rest).all(is_next);
        if is_whole {
            rest.iter().for_each(|piece| self.header.extend_from_slice(&piece.header));
            self.header_pieces = 1;
        }
        is_whole
    }
}

// A VCF header has names of samples: Debug shows its length.
impl fmt::Debug for JobOpen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobOpen")
            .field("open", &self.open)
            .field("file_digest", &self.file_digest)
            .field("header_bytes", &self.header.len())
            .field("header_pieces", &self.header_pieces)
            .field("samples", &self.samples)
            .finish_non_exhaustive()
    }
}

/// Another piece of a VCF header.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOpenPiece {
    /// Of which opening.
    pub open: u64,
    /// Its number; the opening itself has piece 0.
    pub piece: u32,
    /// How many there are.
    pub pieces: u32,
    /// The bytes.
    #[serde(with = "bytes")]
    pub header: Vec<u8>,
}

impl fmt::Debug for JobOpenPiece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JobOpenPiece({} of {}, {} bytes)", self.piece, self.pieces, self.header.len())
    }
}

/// Send.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobAccepted {
    /// Which opening this answers.
    pub open: u64,
    /// The job.
    #[serde(with = "job_id")]
    pub job: JobId,
    /// Goes up when a file becomes a job again.
    pub run: u32,
    /// Segments that need not be sent.
    #[serde(with = "segment_bits")]
    pub done: SegmentSet,
}

/// No job of this file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// Which opening this answers.
    pub open: u64,
    /// Why: exit code and sentence.
    pub error: ReceiptError,
}

/// Segments of the job are durable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentsCommitted {
    /// Which.
    #[serde(with = "numbers")]
    pub segments: Vec<u32>,
    /// Rows that became durable with them.
    pub rows: u64,
}

/// Segments of the job are missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resend {
    /// Which.
    #[serde(with = "numbers")]
    pub segments: Vec<u32>,
}

/// Something happened at the home.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Grows by one for each event of the home.
    pub seq: u64,
    /// When (ms since 1970).
    pub at_ms: u64,
    /// `job_accepted`, `group_committed`, `job_complete`, ….
    pub kind: String,
    /// The job, if it is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job: Option<String>,
    /// A JSON object.
    pub payload: String,
}

// The payload is what the home's own events say, which may be about alleles.
impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Event({} {} {:?}, {} bytes)", self.seq, self.kind, self.job, self.payload.len())
    }
}

/// Does this route still carry messages?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Random.
    pub id: u64,
    /// When it was sent (ms since 1970).
    pub sent_at_ms: u64,
}

/// The body of a kind that says nothing beside its header: a map, so that something may be added.
#[derive(Serialize, Deserialize)]
struct Nothing {}

#[derive(Serialize, Deserialize)]
struct JobEndBody {
    #[serde(with = "JobEndMap")]
    end: counts::JobEnd,
}

#[derive(Serialize, Deserialize)]
struct CompletedBody {
    #[serde(with = "receipt_json")]
    receipt: receipt::Receipt,
}

impl Body {
    /// The number of its kind.
    pub fn kind(&self) -> u8 {
        match self {
            Self::JobOpen(_) => JOB_OPEN,
            Self::JobOpenPiece(_) => JOB_OPEN_PIECE,
            Self::Segment(_) => SEGMENT,
            Self::JobEnd(_) => JOB_END,
            Self::Cancel => CANCEL,
            Self::JobAccepted(_) => JOB_ACCEPTED,
            Self::Refused(_) => REFUSED,
            Self::Receipt(_) => RECEIPT,
            Self::Resend(_) => RESEND,
            Self::Completed(_) => COMPLETED,
            Self::Cancelled => CANCELLED,
            Self::Deleted => DELETED,
            Self::Event(_) => EVENT,
            Self::Canary(_) => CANARY,
        }
    }

    /// Appends the MessagePack of every kind but a segment, which needs the header for it.
    pub(super) fn pack(&self, out: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Self::JobOpen(open) => {
                check_pieces(0, open.header_pieces, open.header.len())?;
                write(open, out)
            }
            Self::JobOpenPiece(piece) => {
                check_pieces(piece.piece, piece.pieces, piece.header.len())?;
                write(piece, out)
            }
            Self::Segment(_) => Err("a segment is packed with its header".into()),
            Self::JobEnd(end) => write(&JobEndBody { end: (**end).clone() }, out),
            Self::Cancel | Self::Cancelled | Self::Deleted => write(&Nothing {}, out),
            Self::JobAccepted(accepted) => write(accepted, out),
            Self::Refused(refused) => write(refused, out),
            Self::Receipt(committed) => write(committed, out),
            Self::Resend(resend) => write(resend, out),
            Self::Completed(receipt) => write(&CompletedBody { receipt: (**receipt).clone() }, out),
            Self::Event(event) => write(event, out),
            Self::Canary(canary) => write(canary, out),
        }
    }

    /// Reads the body of a kind.
    pub(super) fn unpack(kind: u8, packed: &[u8], header: &Header) -> Result<Self, String> {
        Ok(match kind {
            JOB_OPEN => {
                let open: JobOpen = read(packed)?;
                check_pieces(0, open.header_pieces, open.header.len())?;
                Self::JobOpen(Box::new(open))
            }
            JOB_OPEN_PIECE => {
                let piece: JobOpenPiece = read(packed)?;
                check_pieces(piece.piece, piece.pieces, piece.header.len())?;
                Self::JobOpenPiece(piece)
            }
            SEGMENT => Self::Segment(Box::new(Segment::unpack(packed, header)?)),
            JOB_END => Self::JobEnd(Box::new(read::<JobEndBody>(packed)?.end)),
            CANCEL => read::<Nothing>(packed).map(|_| Self::Cancel)?,
            JOB_ACCEPTED => Self::JobAccepted(read(packed)?),
            REFUSED => Self::Refused(read(packed)?),
            RECEIPT => Self::Receipt(read(packed)?),
            RESEND => Self::Resend(read(packed)?),
            COMPLETED => Self::Completed(Box::new(read::<CompletedBody>(packed)?.receipt)),
            CANCELLED => read::<Nothing>(packed).map(|_| Self::Cancelled)?,
            DELETED => read::<Nothing>(packed).map(|_| Self::Deleted)?,
            EVENT => Self::Event(read(packed)?),
            CANARY => Self::Canary(read(packed)?),
            unknown => return Err(format!("this program knows no message of kind {unknown}: bring it up to date")),
        })
    }
}

fn check_pieces(piece: u32, pieces: u32, bytes: usize) -> Result<(), String> {
    if piece >= pieces || pieces > HEADER_PIECES_MAX {
        return Err(format!("piece {piece} of {pieces} of a VCF header"));
    }
    if bytes > HEADER_PIECE_BYTES {
        return Err(format!("a piece of a VCF header has {bytes} bytes, more than {HEADER_PIECE_BYTES}"));
    }
    Ok(())
}
