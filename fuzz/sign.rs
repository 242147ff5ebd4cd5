// A message put together as docs/PROTOCOL.md says, by code that shares nothing with the product's: for fuzz targets and tests.

/// A message of this header and body, whatever they are, signed with this secret.
pub fn sign(secret: &str, header: &[u8], body: &[u8]) -> Vec<u8> {
    let derive = |purpose: &str| {
        blake3::derive_key(&format!("vcf-agent 2026-11-26 wire messages: {purpose}"), secret.as_bytes())
    };
    let mut out = b"VCFA\x01\x00".to_vec();
    out.extend((header.len() as u16).to_le_bytes());
    out.extend((body.len() as u32).to_le_bytes());
    out.extend(&derive("key id")[..8]);
    out.extend(header);
    out.extend(body);
    let mac = blake3::keyed_hash(&derive("MAC key"), &out);
    out.extend(mac.as_bytes());
    out
}
