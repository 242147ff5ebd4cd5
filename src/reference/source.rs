//! Bytes at an offset, of a plain FASTA file or of what a BGZF file inflates to.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::ReferenceError;
use super::bgzf::{self, Blocks};

pub(super) enum Source {
    Plain { file: File, len: u64 },
    Bgzf(Blocks),
}

impl Source {
    /// Tells by the first bytes what it is.
    pub(super) fn open(path: &Path) -> Result<Self, ReferenceError> {
        let file = File::open(path).map_err(|error| ReferenceError::io("cannot open it", &error))?;
        let metadata = file.metadata().map_err(|error| ReferenceError::io("cannot look at it", &error))?;
        if !metadata.is_file() {
            return Err(ReferenceError::input(
                "it is not a regular file: random access needs one, save it to disk first",
            ));
        }
        let len = metadata.len();
        let mut head = [0; 18];
        let head = &mut head[..len.min(18) as usize];
        file.read_exact_at(head, 0).map_err(|error| ReferenceError::io("cannot read it", &error))?;
        match head {
            [] => Err(ReferenceError::input("it is empty")),
            [b'>', ..] => Ok(Self::Plain { file, len }),
            head if bgzf::is_block(head) => Ok(Self::Bgzf(Blocks::find(file, len)?)),
            [0x1f, 0x8b, ..] => Err(ReferenceError::input(
                "it is gzip, which allows no random access: make it plain with `gunzip FILE.gz`, or BGZF with \
                 `gunzip -c FILE.gz | bgzip > NEW.gz`",
            )),
            [0x28, 0xb5, 0x2f, 0xfd, ..] => Err(ReferenceError::input(
                "it is Zstandard, which allows no random access: make it plain with `zstd -d`",
            )),
            [0x43, 0x27, 0x41, 0x1a, ..] | [0x1a, 0x41, 0x27, 0x43, ..] => {
                Err(ReferenceError::input("it is a 2bit file: make it FASTA with `twoBitToFa`"))
            }
            _ => Err(ReferenceError::input("it is not FASTA: the first byte is not `>`")),
        }
    }

    /// How many bytes, inflated.
    pub(super) fn len(&self) -> u64 {
        match self {
            Self::Plain { len, .. } => *len,
            Self::Bgzf(blocks) => blocks.len(),
        }
    }

    /// Fills `buffer` from `offset`.
    pub(super) fn read_exact_at(&self, buffer: &mut [u8], offset: u64) -> Result<(), ReferenceError> {
        match self {
            Self::Plain { file, .. } => file.read_exact_at(buffer, offset).map_err(|error| read_failed(&error)),
            Self::Bgzf(blocks) => blocks.read_exact_at(buffer, offset),
        }
    }
}

/// The words for a read that failed: a file that became shorter is the user's affair, all else the system's.
pub(super) fn read_failed(error: &std::io::Error) -> ReferenceError {
    if error.kind() == std::io::ErrorKind::UnexpectedEof {
        return ReferenceError::input(
            "it ends early: it was changed while it was read, or its index is of another file",
        );
    }
    ReferenceError::io("cannot read it", error)
}
