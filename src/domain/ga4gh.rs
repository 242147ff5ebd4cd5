//! The truncated digest of GA4GH (sha512t24u), by which sequences (refget) and alleles (VRS) are named.

use sha2::{Digest, Sha512};

/// Letters of a digest.
pub const DIGEST_LEN: usize = 32;

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// SHA-512, the first 24 bytes of it, as URL-safe base64: taken piece by piece.
#[derive(Clone, Default)]
pub struct TruncatedDigest(Sha512);

impl TruncatedDigest {
    /// More bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The 32 letters.
    pub fn finish(self) -> String {
        let digest = self.0.finalize();
        let mut text = String::with_capacity(DIGEST_LEN);
        // 24 bytes are eight groups of three: nothing is left over, so no padding.
        for three in digest[..24].chunks_exact(3) {
            let bits = u32::from(three[0]) << 16 | u32::from(three[1]) << 8 | u32::from(three[2]);
            for shift in [18, 12, 6, 0] {
                text.push(char::from(ALPHABET[(bits >> shift & 63) as usize]));
            }
        }
        text
    }
}

/// The digest of a text as a whole.
pub fn sha512t24u(bytes: &[u8]) -> String {
    let mut digest = TruncatedDigest::default();
    digest.update(bytes);
    digest.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The vectors of the VRS repository, `validation/functions.yaml`.
    #[test]
    fn published_vectors() {
        assert_eq!(sha512t24u(b""), "z4PhNX7vuL3xVChQ1m2AB9Yg5AULVxXc");
        assert_eq!(sha512t24u(b"ACGT"), "aKF498dAxcJAqme6QYQ7EZ07-fiw8Kw2");
    }

    #[test]
    fn pieces_make_the_digest_of_the_whole() {
        let mut digest = TruncatedDigest::default();
        [&b"A"[..], b"", b"CG", b"T"].into_iter().for_each(|piece| digest.update(piece));
        assert_eq!(digest.finish(), sha512t24u(b"ACGT"));
    }
}
