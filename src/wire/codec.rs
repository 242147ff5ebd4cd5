//! Compression of bodies, with limits.

use zstd::bulk::Decompressor;
use zstd::zstd_safe::{self, DParameter};

use super::header::Codec;

/// How a body is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// With zstd at this level, -7 (fastest) to 19; where it does not make the body smaller, not at all.
    Zstd(i32),
}

/// Measured: `docs/wire-compression.md`.
impl Default for Compression {
    fn default() -> Self {
        Self::Zstd(1)
    }
}

/// Below this a body is not worth compressing (bytes).
const COMPRESS_BYTES_MIN: usize = 512;

/// Largest window that a decompressor allows itself (log2 bytes): a body is smaller anyway.
const WINDOW_LOG_MAX: u32 = 27;

/// The body as it is stored.
pub(super) fn compress(body: &[u8], compression: Compression) -> (Codec, std::borrow::Cow<'_, [u8]>) {
    if let Compression::Zstd(level) = compression
        && body.len() >= COMPRESS_BYTES_MIN
        && let Ok(smaller) = zstd::bulk::compress(body, level)
        && smaller.len() < body.len()
    {
        return (Codec::Zstd, smaller.into());
    }
    (Codec::None, body.into())
}

/// The body of `stored`, which must say, and have, exactly `bytes`, at most `bytes_max`.
pub(super) fn decompress(stored: &[u8], bytes: usize, bytes_max: usize) -> Result<Vec<u8>, String> {
    if bytes > bytes_max {
        return Err(format!("the body would have {bytes} bytes, more than {bytes_max}"));
    }
    let says = zstd_safe::get_frame_content_size(stored).map_err(|_| "the body is not zstd".to_owned())?;
    if says != Some(bytes as u64) {
        return Err(format!("the zstd frame does not say that it has the {bytes} bytes of the header"));
    }
    // One frame, nothing after it.
    if zstd_safe::find_frame_compressed_size(stored) != Ok(stored.len()) {
        return Err("the zstd frame does not end with the body".into());
    }
    let fail = |error: std::io::Error| format!("zstd: {error}");
    let mut decompressor = Decompressor::new().map_err(fail)?;
    decompressor.set_parameter(DParameter::WindowLogMax(WINDOW_LOG_MAX)).map_err(fail)?;
    let body = decompressor.decompress(stored, bytes).map_err(fail)?;
    if body.len() != bytes {
        return Err(format!("the body has {} bytes, the header says {bytes}", body.len()));
    }
    Ok(body)
}
