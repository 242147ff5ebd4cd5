//! The outermost layer: a prefix of fixed size, and the MAC at the end. What is between is handed on as it is.
//!
//! ```text
//! 0   4  magic "VCFA"
//! 4   2  version
//! 6   2  bytes of the header (H)
//! 8   4  bytes of the body as stored (B)
//! 12  8  key id
//! 20  H  header
//!     B  body
//!     32 MAC over everything before it
//! ```

use super::key::{Key, Keys};
use super::{HEADER_BYTES_MAX, MESSAGE_BYTES_MAX, Quarantine, VERSION};

const MAGIC: [u8; 4] = *b"VCFA";
const PREFIX_BYTES: usize = 20;
const MAC_BYTES: usize = 32;

/// The parts of a message whose MAC holds.
pub struct Frame<'a> {
    pub header: &'a [u8],
    pub body: &'a [u8],
}

/// Puts a message together and signs it.
pub fn seal(header: &[u8], body: &[u8], key: &Key) -> Result<Vec<u8>, String> {
    let bytes = PREFIX_BYTES + header.len() + body.len() + MAC_BYTES;
    if header.len() > HEADER_BYTES_MAX {
        return Err(format!("its header has {} bytes, more than {HEADER_BYTES_MAX}", header.len()));
    }
    if bytes > MESSAGE_BYTES_MAX {
        return Err(format!(
            "it has {bytes} bytes, more than {MESSAGE_BYTES_MAX}: make ingest.segment_bytes_max smaller"
        ));
    }
    let mut out = Vec::with_capacity(bytes);
    out.extend_from_slice(&MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    out.extend_from_slice(&(header.len() as u16).to_le_bytes());
    out.extend_from_slice(&(body.len() as u32).to_le_bytes());
    out.extend_from_slice(&key.id().0);
    out.extend_from_slice(header);
    out.extend_from_slice(body);
    let mac = key.mac(&out);
    out.extend_from_slice(mac.as_bytes());
    Ok(out)
}

/// Takes a message apart, if its MAC holds.
pub fn unseal<'a>(bytes: &'a [u8], keys: &Keys) -> Result<Frame<'a>, Quarantine> {
    let ours = bytes.len().min(MAGIC.len());
    if bytes[..ours] != MAGIC[..ours] {
        return Err(Quarantine::NotOurs);
    }
    let (prefix, rest) = bytes.split_first_chunk::<PREFIX_BYTES>().ok_or(Quarantine::Truncated)?;
    let version = u16::from_le_bytes([prefix[4], prefix[5]]);
    if version != VERSION {
        return Err(Quarantine::UnknownVersion(version));
    }
    let header_bytes = usize::from(u16::from_le_bytes([prefix[6], prefix[7]]));
    let body_bytes = u32::from_le_bytes([prefix[8], prefix[9], prefix[10], prefix[11]]) as usize;
    if rest.len() < header_bytes + body_bytes + MAC_BYTES {
        return Err(Quarantine::Truncated);
    }
    let key = keys.find(&prefix[12..]).ok_or(Quarantine::Forged)?;
    // Bytes after the end are part of what is signed, too: nobody can append to a message.
    let (signed, mac) = bytes.split_last_chunk::<MAC_BYTES>().ok_or(Quarantine::Truncated)?;
    if key.mac(signed) != blake3::Hash::from_bytes(*mac) {
        return Err(Quarantine::Forged);
    }
    let (header, body) = signed[PREFIX_BYTES..].split_at(header_bytes);
    if body.len() != body_bytes || header_bytes > HEADER_BYTES_MAX || bytes.len() > MESSAGE_BYTES_MAX {
        return Err(Quarantine::Damaged("its lengths are not those of a message".into()));
    }
    Ok(Frame { header, body })
}
