//! Fields of bodies that are written in a form of their own; each module is for `#[serde(with = …)]`. The types of the domain keep their
//! own shape: renaming a field there must not change what nodes say to each other.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::columns::Bin;
use super::pack::bounded;
use crate::domain::counts::{Counts, JobEnd};
use crate::domain::digest::DigestSum;
use crate::domain::ids::FileDigest;
use crate::domain::warning::Warning;

/// Bytes as MessagePack bin.
pub mod bytes {
    use super::*;

    pub fn serialize<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(bytes)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        Bin::deserialize(deserializer).map(|bin| bin.0.into_owned())
    }
}

/// Numbers as bin of little-endian u32.
pub mod numbers {
    use super::*;

    pub fn serialize<S: Serializer>(numbers: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
        Bin::of(numbers).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
        Bin::deserialize(deserializer)?.values("segments").map_err(D::Error::custom)
    }
}

/// A set of segments as bin: bit `s % 8` (low bit first) of byte `s / 8` is segment `s`.
pub mod segment_bits {
    use super::*;
    use crate::delivery::segment::SegmentSet;

    pub fn serialize<S: Serializer>(set: &SegmentSet, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bits: Vec<u8> = Vec::new();
        for segment in set.iter() {
            bits.resize(segment as usize / 8 + 1, 0);
            bits[segment as usize / 8] |= 1 << (segment % 8);
        }
        serializer.serialize_bytes(&bits)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SegmentSet, D::Error> {
        let bits = Bin::deserialize(deserializer)?;
        let of_byte = |(byte, bits): (u32, &u8)| {
            let bits = *bits;
            (0..8).filter(move |bit| bits >> bit & 1 == 1).map(move |bit| byte * 8 + bit)
        };
        Ok((0u32..).zip(bits.0.iter()).flat_map(of_byte).collect())
    }
}

/// A file's SHA-256 as 64 hexadecimal digits.
pub mod digest {
    use super::*;

    pub fn serialize<S: Serializer>(digest: &FileDigest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(digest)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<FileDigest, D::Error> {
        let text = String::deserialize(deserializer)?;
        FileDigest::parse(&text).ok_or_else(|| D::Error::custom("a file digest is not 64 hexadecimal digits"))
    }
}

/// The same, or nothing.
pub mod optional_digest {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Digest(#[serde(with = "super::digest")] FileDigest);

    pub fn serialize<S: Serializer>(digest: &Option<FileDigest>, serializer: S) -> Result<S::Ok, S::Error> {
        digest.map(Digest).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<FileDigest>, D::Error> {
        Ok(Option::<Digest>::deserialize(deserializer)?.map(|digest| digest.0))
    }
}

/// A job's name; only what [`JobId::parse`](crate::domain::ids::JobId::parse) accepts.
pub mod job_id {
    use super::*;
    use crate::domain::ids::JobId;

    pub fn serialize<S: Serializer>(job: &JobId, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(job)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<JobId, D::Error> {
        let text = String::deserialize(deserializer)?;
        JobId::parse(&text).ok_or_else(|| D::Error::custom("the job is no job id"))
    }
}

/// The receipt as the JSON text that people and scripts read.
pub mod receipt_json {
    use super::*;
    use crate::domain::receipt::Receipt;

    pub fn serialize<S: Serializer>(receipt: &Receipt, serializer: S) -> Result<S::Ok, S::Error> {
        let text = serde_json::to_string(receipt).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Receipt, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        // Its messages may show what they found: names of the receipt's fields and numbers, nothing of a person.
        serde_json::from_str(&text).map_err(|error| D::Error::custom(format!("the receipt: {error}")))
    }
}

/// Counts of a segment.
#[derive(Serialize, Deserialize)]
#[serde(remote = "Counts")]
pub struct CountsMap {
    records: u64,
    dead_records: u64,
    alleles: u64,
    no_alt: u64,
    digest_sum: DigestSum,
    line_digest_sum: DigestSum,
}

/// Most kinds of warnings in one message: a file has a few dozen at most.
pub const WARNINGS_MAX: usize = 1 << 12;

/// What was counted over a whole file.
#[derive(Serialize, Deserialize)]
#[serde(remote = "JobEnd")]
pub struct JobEndMap {
    segments: u32,
    records: u64,
    dead_records: u64,
    alleles: u64,
    no_alt: u64,
    digest_sum: DigestSum,
    line_digest_sum: DigestSum,
    #[serde(with = "digest")]
    file_digest: FileDigest,
    bytes: u64,
    #[serde(deserialize_with = "bounded::<_, _, WARNINGS_MAX>")]
    warnings: Vec<Warning>,
}
