//! Plain text, gzip or BGZF, by magic bytes. One thread reads and hashes, a few inflate; what they make comes in order, in
//! bounded pieces. Without the end a container must have there is no success.

use std::io::{self, Read};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

use sha2::{Digest, Sha256};

use super::{ReadError, ReadLimits};
use crate::domain::ids::FileDigest;

/// Bytes asked for in one read.
const READ_BYTES: usize = 256 << 10;

/// Inflated bytes in one piece, about.
const PIECE_BYTES: usize = 1 << 20;

/// Pieces that may wait for the reader.
const PIECES_MAX: usize = 4;

/// Largest BGZF block, by its format.
const BLOCK_BYTES_MAX: usize = 1 << 16;

/// Fixed part of a BGZF block's header up to and including XLEN.
const GZIP_HEADER: usize = 12;

/// What the threads send, in order.
enum Item {
    Bytes(Vec<u8>),
    Inflating(Receiver<Result<Vec<u8>, ReadError>>),
    End(Totals),
    Failed(ReadError),
}

/// What is known of the bytes as stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// How many.
    pub bytes: u64,
    /// SHA-256 of them.
    pub digest: FileDigest,
}

/// What [`Container::next`] found.
pub enum Piece {
    /// Decompressed bytes, at least one.
    Bytes(Vec<u8>),
    /// Nothing arrived in time.
    Idle,
    /// The sound end.
    End(Totals),
}

/// A stream of decompressed bytes.
pub struct Container {
    items: Receiver<Item>,
    pending: Option<Receiver<Result<Vec<u8>, ReadError>>>,
    read: Arc<AtomicU64>,
}

impl Container {
    /// Starts the threads. Nothing is known about the bytes yet.
    ///
    /// # Errors
    /// If a thread cannot be started.
    pub fn open(input: Box<dyn Read + Send>, limits: &ReadLimits) -> Result<Self, ReadError> {
        let (sender, items) = sync_channel(PIECES_MAX);
        let read = Arc::new(AtomicU64::new(0));
        let stored = Stored { input, hash: Sha256::new(), bytes: read.clone() };
        let inflate_threads = limits.inflate_threads.max(1);
        spawn("vcf-agent-read", move || {
            let failed = match run(stored, &sender, inflate_threads) {
                Ok(totals) => Item::End(totals),
                Err(error) => Item::Failed(error),
            };
            // Nobody listens any more: the reader was dropped early.
            drop(sender.send(failed));
        })?;
        Ok(Self { items, pending: None, read })
    }

    /// Bytes as stored that were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The next piece; waits at most `wait_ms`, if given.
    ///
    /// # Errors
    /// If the container is cut short, damaged or cannot be read: nothing more comes.
    pub fn next(&mut self, wait_ms: Option<u64>) -> Result<Piece, ReadError> {
        use std::sync::mpsc::RecvTimeoutError::{Disconnected, Timeout};
        loop {
            if let Some(inflating) = self.pending.take() {
                let bytes = inflating.recv().map_err(|_| died("an inflating"))??;
                if !bytes.is_empty() {
                    return Ok(Piece::Bytes(bytes));
                }
            }
            let item = match wait_ms {
                Some(ms) => self.items.recv_timeout(std::time::Duration::from_millis(ms)),
                None => self.items.recv().map_err(|_| Disconnected),
            };
            match item {
                Ok(Item::Bytes(bytes)) => return Ok(Piece::Bytes(bytes)),
                Ok(Item::Inflating(inflating)) => self.pending = Some(inflating),
                Ok(Item::End(totals)) => return Ok(Piece::End(totals)),
                Ok(Item::Failed(error)) => return Err(error),
                Err(Timeout) => return Ok(Piece::Idle),
                Err(Disconnected) => return Err(died("the reading")),
            }
        }
    }
}

fn died(which: &str) -> ReadError {
    ReadError {
        kind: super::ReadErrorKind::Io,
        ..ReadError::input(format!("{which} thread died; this is a defect, please report it"))
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), ReadError> {
    let thread = std::thread::Builder::new().name(name.into()).spawn(body);
    thread.map(drop).map_err(|error| ReadError::io("cannot start a thread", &error))
}

/// The bytes as stored, counted and hashed on their way.
struct Stored {
    input: Box<dyn Read + Send>,
    hash: Sha256,
    bytes: Arc<AtomicU64>,
}

impl Stored {
    fn totals(self) -> Totals {
        Totals { bytes: self.bytes.load(Ordering::Relaxed), digest: FileDigest(self.hash.finalize().into()) }
    }
}

impl Read for Stored {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let n = loop {
            match self.input.read(into) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other?,
            }
        };
        self.hash.update(&into[..n]);
        self.bytes.fetch_add(n as u64, Ordering::Relaxed);
        Ok(n)
    }
}

/// The reader is gone.
struct Gone;

type Out<'a> = &'a SyncSender<Item>;

fn send(out: Out<'_>, item: Item) -> Result<(), Gone> {
    out.send(item).map_err(|_| Gone)
}

fn run(mut stored: Stored, out: Out<'_>, inflate_threads: usize) -> Result<Totals, ReadError> {
    let mut head = vec![0; READ_BYTES];
    let mut len = 0;
    // A pipe may bring its first bytes one by one.
    while len < GZIP_HEADER + 6 {
        let n = stored.read(&mut head[len..]).map_err(|error| ReadError::io("cannot read it", &error))?;
        len += n;
        if n == 0 || !could_be_gzip(&head[..len]) {
            break;
        }
    }
    head.truncate(len);
    refuse_other_formats(&head)?;
    let sent = if is_bgzf(&head) {
        bgzf(&mut stored, head, out, inflate_threads)
    } else if head.starts_with(&[0x1f, 0x8b]) {
        gzip(&mut stored, head, out)
    } else {
        plain(&mut stored, head, out)
    };
    match sent {
        Ok(()) => Ok(stored.totals()),
        Err(Stop::Failed(error)) => Err(error),
        Err(Stop::Gone) => Err(ReadError::input("nobody reads any more")),
    }
}

enum Stop {
    Failed(ReadError),
    Gone,
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<ReadError> for Stop {
    fn from(error: ReadError) -> Self {
        Self::Failed(error)
    }
}

fn could_be_gzip(head: &[u8]) -> bool {
    head.starts_with(&[0x1f, 0x8b][..head.len().min(2)])
}

/// What a file is, by its first bytes, where it is certainly no text.
const OTHER_FORMATS: &[(&[u8], &str)] = &[
    (b"BCF\x04", "a BCF1 file: convert it with an old bcftools first"),
    (b"CRAM", "a CRAM file: reads, not variants"),
    (b"BAM\x01", "a BAM file: reads, not variants"),
    (b"PK\x03\x04", "a zip archive: unpack it first"),
    (b"BZh", "compressed with bzip2: only gzip and BGZF are read, recompress it with bgzip"),
    (b"\xfd7zXZ\0", "compressed with xz: only gzip and BGZF are read, recompress it with bgzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd: only gzip and BGZF are read, recompress it with bgzip"),
    (b"\xff\xfe", "UTF-16 text: VCF is UTF-8, convert it first (iconv -f UTF-16 -t UTF-8)"),
    (b"\xfe\xff", "UTF-16 text: VCF is UTF-8, convert it first (iconv -f UTF-16 -t UTF-8)"),
    (b"PAR1", "a Parquet file"),
    (b"<!DOCTYPE", "an HTML page, not a VCF: was the download refused?"),
    (b"<html", "an HTML page, not a VCF: was the download refused?"),
];

/// Refuses what is certainly neither VCF text nor BCF2, by its (decompressed) first bytes.
///
/// # Errors
/// Says what it is and what to do.
pub fn refuse_other_formats(head: &[u8]) -> Result<(), ReadError> {
    match OTHER_FORMATS.iter().find(|(magic, _)| head.starts_with(magic)) {
        Some((_, what)) => Err(ReadError::input(format!("not a VCF text: it is {what}")).at_offset(0)),
        None => Ok(()),
    }
}

fn plain(stored: &mut Stored, head: Vec<u8>, out: Out<'_>) -> Result<(), Stop> {
    if !head.is_empty() {
        send(out, Item::Bytes(head))?;
    }
    copy(stored, out, |error| ReadError::io("cannot read it", &error))
}

/// Hands on what `from` gives, piece by piece, as soon as it is there.
fn copy(from: &mut dyn Read, out: Out<'_>, failed: impl Fn(io::Error) -> ReadError) -> Result<(), Stop> {
    loop {
        let mut piece = vec![0; READ_BYTES];
        let n = from.read(&mut piece).map_err(&failed)?;
        if n == 0 {
            return Ok(());
        }
        piece.truncate(n);
        send(out, Item::Bytes(piece))?;
    }
}

fn gzip(stored: &mut Stored, head: Vec<u8>, out: Out<'_>) -> Result<(), Stop> {
    let bytes = stored.bytes.clone();
    let mut decoder = flate2::read::MultiGzDecoder::new(io::Cursor::new(head).chain(stored));
    copy(&mut decoder, out, |error: io::Error| {
        let at = bytes.load(Ordering::Relaxed);
        match error.kind() {
            io::ErrorKind::UnexpectedEof => ReadError::input(format!(
                "the gzip file is cut short: it ends inside a member at compressed byte {at}; copy it again"
            ))
            .at_offset(at),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                ReadError::input(format!("the gzip file is damaged near compressed byte {at}: {error}; copy it again"))
                    .at_offset(at)
            }
            _ => ReadError::io("cannot read it", &error),
        }
    })
}

/// Whether these are the first bytes of a BGZF block: a gzip member with the extra field `BC`.
fn is_bgzf(head: &[u8]) -> bool {
    head.len() >= GZIP_HEADER + 6
        && head.starts_with(&[0x1f, 0x8b, 8])
        && head[3] & 4 != 0
        && block_bytes(head).is_some()
}

/// The whole length of the block that starts here, from the extra field `BC`; `None` if it has none.
fn block_bytes(block: &[u8]) -> Option<usize> {
    let extra_len = usize::from(u16::from_le_bytes([*block.get(10)?, *block.get(11)?]));
    let mut extra = block.get(GZIP_HEADER..GZIP_HEADER + extra_len)?;
    while extra.len() >= 4 {
        let len = usize::from(u16::from_le_bytes([extra[2], extra[3]]));
        if extra[..2] == *b"BC" && len == 2 {
            return Some(usize::from(u16::from_le_bytes([*extra.get(4)?, *extra.get(5)?])) + 1);
        }
        extra = extra.get(4 + len..)?;
    }
    None
}

/// Some whole blocks, and where the inflated bytes go.
struct Batch {
    compressed: Vec<u8>,
    /// Of each block: start in `compressed`, whole length, inflated length.
    blocks: Vec<(usize, usize, usize)>,
    /// Compressed byte of the file at which the first one starts.
    offset: u64,
    inflated: usize,
    reply: SyncSender<Result<Vec<u8>, ReadError>>,
}

fn bgzf(stored: &mut Stored, head: Vec<u8>, out: Out<'_>, inflate_threads: usize) -> Result<(), Stop> {
    let (jobs, queue) = sync_channel::<Batch>(inflate_threads);
    let queue = Arc::new(Mutex::new(queue));
    for n in 0..inflate_threads {
        let queue = queue.clone();
        spawn(&format!("vcf-agent-inflate-{n}"), move || inflate_all(&queue))?;
    }
    let (mut bytes, mut offset, mut ended) = (head, 0_u64, false);
    loop {
        let used = cut(&bytes, offset, &mut ended, out, &jobs)?;
        offset += used as u64;
        bytes.drain(..used);
        let kept = bytes.len();
        bytes.resize(kept + READ_BYTES, 0);
        let n = stored.read(&mut bytes[kept..]).map_err(|error| ReadError::io("cannot read it", &error))?;
        bytes.truncate(kept + n);
        if n == 0 {
            break;
        }
    }
    if !bytes.is_empty() {
        let message = format!("the BGZF file is cut short inside the block at compressed byte {offset}; copy it again");
        return Err(ReadError::input(message).at_offset(offset).into());
    }
    if !ended {
        let message = format!(
            "the BGZF file is cut short: it ends at compressed byte {offset} without the empty block that marks the end; copy it again"
        );
        return Err(ReadError::input(message).at_offset(offset).into());
    }
    Ok(())
}

/// Cuts `bytes` into whole blocks and sends them off; returns how many bytes those were. `ended` says whether the last block was
/// the empty one.
fn cut(bytes: &[u8], offset: u64, ended: &mut bool, out: Out<'_>, jobs: &SyncSender<Batch>) -> Result<usize, Stop> {
    let (mut at, mut start, mut blocks, mut inflated) = (0, 0, Vec::new(), 0);
    loop {
        let block = whole_block(&bytes[at..], offset + at as u64)?;
        let (len, size) = block.unwrap_or((0, 0));
        if !blocks.is_empty() && (block.is_none() || inflated + size > PIECE_BYTES) {
            let (reply, inflating) = sync_channel(1);
            let compressed = bytes[start..at].to_vec();
            let batch = Batch {
                compressed,
                blocks: std::mem::take(&mut blocks),
                offset: offset + start as u64,
                inflated,
                reply,
            };
            send(out, Item::Inflating(inflating))?;
            jobs.send(batch).map_err(|_| died("every inflating"))?;
            inflated = 0;
        }
        if block.is_none() {
            return Ok(at);
        }
        if blocks.is_empty() {
            start = at;
        }
        blocks.push((at - start, len, size));
        inflated += size;
        *ended = size == 0;
        at += len;
    }
}

/// Length and inflated length of the block that starts here; `None` if not all of it is there yet.
fn whole_block(bytes: &[u8], offset: u64) -> Result<Option<(usize, usize)>, ReadError> {
    let damaged = |what: &str| {
        ReadError::input(format!("the BGZF file is damaged at compressed byte {offset}: {what}; copy it again"))
            .at_offset(offset)
    };
    if bytes.len() < GZIP_HEADER {
        return Ok(None);
    }
    if bytes[..3] != [0x1f, 0x8b, 8] || bytes[3] & 4 == 0 {
        return Err(damaged("a block does not begin here"));
    }
    let extra_len = usize::from(u16::from_le_bytes([bytes[10], bytes[11]]));
    if bytes.len() < GZIP_HEADER + extra_len {
        return Ok(None);
    }
    let len = block_bytes(bytes).ok_or_else(|| damaged("a block without its length"))?;
    if len < GZIP_HEADER + extra_len + 8 {
        return Err(damaged("a block with an impossible length"));
    }
    if bytes.len() < len {
        return Ok(None);
    }
    let size = u32::from_le_bytes([bytes[len - 4], bytes[len - 3], bytes[len - 2], bytes[len - 1]]) as usize;
    if size > BLOCK_BYTES_MAX {
        return Err(damaged("a block that claims to hold more than 64 KiB"));
    }
    Ok(Some((len, size)))
}

fn inflate_all(queue: &Mutex<Receiver<Batch>>) {
    let mut inflater = libdeflater::Decompressor::new();
    loop {
        let batch = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(batch) = batch else { return };
        // The reader may have gone meanwhile.
        drop(batch.reply.send(inflate(&mut inflater, &batch)));
    }
}

fn inflate(inflater: &mut libdeflater::Decompressor, batch: &Batch) -> Result<Vec<u8>, ReadError> {
    let mut inflated = vec![0; batch.inflated];
    let mut to = 0;
    for &(start, len, size) in &batch.blocks {
        let block = &batch.compressed[start..start + len];
        let offset = batch.offset + start as u64;
        let damaged = |what: String| {
            ReadError::input(format!(
                "the BGZF file is damaged in the block at compressed byte {offset}: {what}; copy it again"
            ))
            .at_offset(offset)
        };
        // The gzip decoder checks length and CRC against the block's trailer.
        let n = inflater
            .gzip_decompress(block, &mut inflated[to..to + size])
            .map_err(|error| damaged(error.to_string()))?;
        if n != size {
            return Err(damaged(format!("{n} bytes where {size} were promised")));
        }
        to += size;
    }
    Ok(inflated)
}

/// SHA-256 and length of a whole stream, as stored.
///
/// # Errors
/// If it cannot be read.
pub fn file_digest(input: &mut dyn Read) -> Result<(FileDigest, u64), ReadError> {
    let (mut hash, mut bytes, mut piece) = (Sha256::new(), 0, vec![0; READ_BYTES]);
    loop {
        match input.read(&mut piece) {
            Ok(0) => return Ok((FileDigest(hash.finalize().into()), bytes)),
            Ok(n) => {
                hash.update(&piece[..n]);
                bytes += n as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(ReadError::io("cannot read it", &error)),
        }
    }
}
