//! The name of an allele: the same in every file of an assembly. What answers are cached and cohorts are counted by.
//!
//! `A1L.` and 32 letters. The `1` is the version of the rule; the letter says how far the identity goes: `L` shortest and leftmost,
//! `T` only trimmed (the same allele may have another name until a reference tells), `X` as in the file (REF is not the reference,
//! letters that are no bases). The letters are the sha512t24u digest of eight lines of text, see [`AlleleId::preimage`].

use std::fmt;

use super::allele::{How, Identity};
use super::assembly::common_name;
use super::ga4gh::sha512t24u;
use super::ids::FileDigest;

/// Goes up whenever the same allele would get another name.
pub const ALLELE_ID_VERSION: u32 = 1;

/// The name of an allele.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlleleId(String);

impl AlleleId {
    /// The name of an allele; `None` for what is no allele with bases (`<DEL>`, `*`, a breakend, no ALT): POS and ALT do not tell
    /// it from others.
    ///
    /// With the assembly unknown, or the identity only as in the file, the name is good in this file alone: its digest goes in.
    pub fn new(assembly: Option<&str>, file: &FileDigest, contig: &str, identity: &Identity<'_>) -> Option<Self> {
        let letter = letter(identity.how)?;
        let digest = sha512t24u(Self::preimage(assembly, file, contig, identity)?.as_bytes());
        Some(Self(format!("A{ALLELE_ID_VERSION}{letter}.{digest}")))
    }

    /// What is hashed: `vcf-agent allele 1`, the letter, the assembly (empty if unknown), the file's SHA-256 (empty where it does
    /// not count), the contig (`1` for `chr1` in a known human assembly), POS, REF and ALT in capitals; each ends with a line feed.
    pub fn preimage(
        assembly: Option<&str>,
        file: &FileDigest,
        contig: &str,
        identity: &Identity<'_>,
    ) -> Option<String> {
        let letter = letter(identity.how)?;
        let salt = if assembly.is_none() || letter == 'X' { file.to_string() } else { String::new() };
        let assembly = assembly.unwrap_or_default();
        let contig = common_name(assembly, contig);
        let capitals = |text: &[u8]| String::from_utf8_lossy(text).to_ascii_uppercase();
        let (pos, reference, alt) = (identity.pos, capitals(identity.reference), capitals(identity.alt));
        Some(format!(
            "vcf-agent allele {ALLELE_ID_VERSION}\n{letter}\n{assembly}\n{salt}\n{contig}\n{pos}\n{reference}\n{alt}\n"
        ))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn letter(how: How) -> Option<char> {
    match how {
        How::LeftAligned => Some('L'),
        How::Trimmed => Some('T'),
        How::AsIs(why) => why.has_bases().then_some('X'),
    }
}

impl fmt::Display for AlleleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for AlleleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
