//! Names of jobs, segments and records. A delivery id is (job, record ordinal, ALT index): derived, never stored as a hash.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// The tenant of a single-tenant node.
pub const DEFAULT_TENANT: &str = "default";

/// SHA-256 of a file's bytes as stored; `sha256sum` prints the same.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileDigest(pub [u8; 32]);

impl FileDigest {
    /// Reads 64 hexadecimal digits.
    pub fn parse(hex: &str) -> Option<Self> {
        if hex.len() != 64 || !hex.is_ascii() {
            return None;
        }
        let mut bytes = [0; 32];
        for (i, byte) in bytes.iter_mut().enumerate() {
            *byte = u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).ok()?;
        }
        Some(Self(bytes))
    }
}

impl fmt::Display for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for FileDigest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A job's name: `j` and 16 hexadecimal digits. It starts with a letter so that no reader of a
/// `job=…` directory takes it for a number.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct JobId(String);

impl JobId {
    /// The job of these bytes, under this layout, in this run: the same file again is the same job.
    pub fn derive(tenant: &str, file: &FileDigest, layout: &str, run: u32) -> Self {
        let mut hash = Sha256::new();
        for part in [tenant.as_bytes(), &file.0, layout.as_bytes(), &run.to_le_bytes()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self::from_bytes(&hash.finalize())
    }

    /// A job whose bytes are not known yet (standard input): `random` makes the name.
    pub fn random(random: u64) -> Self {
        Self::from_bytes(&random.to_be_bytes())
    }

    fn from_bytes(bytes: &[u8]) -> Self {
        let mut name = String::from("j");
        bytes[..8].iter().for_each(|byte| name.push_str(&format!("{byte:02x}")));
        Self(name)
    }

    /// Accepts only what [`JobId::derive`] makes, so that a job id can never become a path elsewhere.
    pub fn parse(name: &str) -> Option<Self> {
        let hex = name.strip_prefix('j')?;
        let ok = hex.len() == 16 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        ok.then(|| Self(name.to_owned()))
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
