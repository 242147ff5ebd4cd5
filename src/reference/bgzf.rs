//! Random access to a BGZF file. Each block's header says where the next begins and each block's end how much it inflates to, so
//! the table takes two short reads a block and no `.gzi`.

use std::fs::File;
use std::os::unix::fs::FileExt;

use libdeflater::Decompressor;

use super::ReferenceError;
use super::source::read_failed;

/// Fixed part of a block's header up to and including XLEN.
const HEADER: usize = 12;

/// The header of every block that bgzip writes: one extra field, the block's size.
const USUAL_HEADER: usize = 18;

/// Most that a block inflates to, by its format.
const BLOCK_BYTES_MAX: usize = 1 << 16;

/// One block: where it begins, compressed and inflated.
struct Block {
    at: u64,
    inflated_at: u64,
}

pub(super) struct Blocks {
    file: File,
    /// In order; the last is the end, with nothing in it.
    blocks: Vec<Block>,
}

/// Size of the block whose header this begins with, if it is one.
fn block_size(head: &[u8]) -> Option<u64> {
    let [0x1f, 0x8b, 8, flags, ..] = head else { return None };
    if flags & 4 == 0 || head.len() < HEADER {
        return None;
    }
    let extra_len = usize::from(u16::from_le_bytes([head[10], head[11]]));
    let mut extra = head.get(HEADER..(HEADER + extra_len).min(head.len()))?;
    while let [one, two, low, high, rest @ ..] = extra {
        let len = usize::from(u16::from_le_bytes([*low, *high]));
        if (*one, *two, len) == (b'B', b'C', 2) {
            return Some(u64::from(u16::from_le_bytes([*rest.first()?, *rest.get(1)?])) + 1);
        }
        extra = rest.get(len..)?;
    }
    None
}

/// Whether a file begins with a BGZF block.
pub(super) fn is_block(head: &[u8]) -> bool {
    block_size(head).is_some()
}

fn damaged(at: u64) -> ReferenceError {
    ReferenceError::input(format!("its BGZF block at byte {at} is damaged: copy or download it again"))
}

impl Blocks {
    /// Goes from header to header.
    pub(super) fn find(file: File, len: u64) -> Result<Self, ReferenceError> {
        let (mut at, mut inflated_at, mut last_size) = (0, 0, None);
        let mut blocks = Vec::new();
        while at < len {
            let mut head = [0; 256];
            let head = &mut head[..(len - at).min(256) as usize];
            file.read_exact_at(head, at).map_err(|error| read_failed(&error))?;
            let size = block_size(head).ok_or_else(|| damaged(at))?;
            if size < (USUAL_HEADER + 8) as u64 || at + size > len {
                return Err(damaged(at));
            }
            let mut tail = [0; 4];
            file.read_exact_at(&mut tail, at + size - 4).map_err(|error| read_failed(&error))?;
            let inflated = u32::from_le_bytes(tail);
            if inflated as usize > BLOCK_BYTES_MAX {
                return Err(damaged(at));
            }
            blocks.push(Block { at, inflated_at });
            (at, inflated_at, last_size) = (at + size, inflated_at + u64::from(inflated), Some(inflated));
        }
        if last_size != Some(0) {
            return Err(ReferenceError::input("it is cut short: the empty block that ends a BGZF file is missing"));
        }
        blocks.push(Block { at, inflated_at });
        Ok(Self { file, blocks })
    }

    pub(super) fn len(&self) -> u64 {
        self.blocks.last().map_or(0, |end| end.inflated_at)
    }

    pub(super) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), ReferenceError> {
        let (mut filled, mut compressed) = (0, Vec::new());
        let mut inflated = vec![0; BLOCK_BYTES_MAX];
        let mut inflater = Decompressor::new();
        let mut nth = self.blocks.partition_point(|block| block.inflated_at <= offset).saturating_sub(1);
        while filled < buffer.len() {
            let (Some(block), Some(next)) = (self.blocks.get(nth), self.blocks.get(nth + 1)) else {
                return Err(read_failed(&std::io::ErrorKind::UnexpectedEof.into()));
            };
            let expected = (next.inflated_at - block.inflated_at) as usize;
            compressed.resize((next.at - block.at) as usize, 0);
            self.file.read_exact_at(&mut compressed, block.at).map_err(|error| read_failed(&error))?;
            let out = &mut inflated[..expected];
            // Checks the block's CRC and length too.
            if inflater.gzip_decompress(&compressed, out) != Ok(expected) {
                return Err(damaged(block.at));
            }
            let skip = (offset + filled as u64 - block.inflated_at) as usize;
            let take = out.len().saturating_sub(skip).min(buffer.len() - filled);
            buffer[filled..filled + take].copy_from_slice(&out[skip..skip + take]);
            filled += take;
            nth += 1;
        }
        Ok(())
    }
}
