//! The same text as plain bytes, as gzip, as BGZF; and inputs that deliver it bit by bit, or fail.

use std::io::{self, Cursor, Read, Write};

/// The empty block that ends a BGZF file.
pub const EOF_BLOCK: [u8; 28] =
    [0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 0xff, 6, 0, b'B', b'C', 2, 0, 0x1b, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0, 0];

/// Bytes of a BGZF block before its compressed data.
pub const BLOCK_HEADER_BYTES: usize = 18;

/// One BGZF block.
pub fn block(text: &[u8]) -> Vec<u8> {
    let mut compressor = libdeflater::Compressor::new(libdeflater::CompressionLvl::fastest());
    let mut deflated = vec![0; compressor.deflate_compress_bound(text.len())];
    let len = compressor.deflate_compress(text, &mut deflated).unwrap();
    let size = (BLOCK_HEADER_BYTES + len + 8 - 1) as u16;
    let mut block = EOF_BLOCK[..16].to_vec();
    block.extend(size.to_le_bytes());
    block.extend(&deflated[..len]);
    block.extend(libdeflater::crc32(text).to_le_bytes());
    block.extend((text.len() as u32).to_le_bytes());
    block
}

/// A BGZF file with one block per piece of text.
pub fn bgzf<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut file: Vec<u8> = pieces.into_iter().flat_map(block).collect();
    file.extend(EOF_BLOCK);
    file
}

/// A gzip file with one member per piece of text.
pub fn gzip<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    pieces.into_iter().flat_map(member).collect()
}

/// One gzip member.
pub fn member(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

/// The lines of a text, each with its line end.
pub fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split_inclusive(|&byte| byte == b'\n')
}

/// Delivers at most so many bytes per read.
pub struct Chunks {
    bytes: Cursor<Vec<u8>>,
    bytes_max: usize,
}

pub fn chunks(bytes: &[u8], bytes_max: usize) -> Box<dyn Read + Send> {
    Box::new(Chunks { bytes: Cursor::new(bytes.to_vec()), bytes_max })
}

impl Read for Chunks {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = into.len().min(self.bytes_max);
        self.bytes.read(&mut into[..len])
    }
}

/// Delivers its bytes, then fails for ever.
pub struct Fails {
    pub bytes: Cursor<Vec<u8>>,
    pub kind: io::ErrorKind,
}

impl Read for Fails {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self.bytes.read(into)? {
            0 => Err(io::Error::new(self.kind, "the cable was pulled")),
            n => Ok(n),
        }
    }
}
