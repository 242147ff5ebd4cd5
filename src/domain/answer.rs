//! What was concluded about one allele, as the ledger keeps it: batches of answers, packed.

use serde::{Deserialize, Serialize};

use super::finding::Assessment;
use super::rows::Rows;

/// zstd level of a packed batch: criteria repeat from answer to answer, so the fastest one does.
const ZSTD_LEVEL: i32 = 1;

/// Version of what is packed: goes up whenever a field of an answer comes, goes or moves.
const VERSION: u8 = 1;

/// A batch never unpacks to more than this (bytes).
const UNPACKED_BYTES_MAX: u64 = 1 << 30;

/// A longer REF or ALT (bytes) is not kept with each answer: it stands in the job's rows.
pub const ALLELE_BYTES_MAX: usize = 64 << 10;

/// The allele that an answer is about, as its row has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Site {
    /// CHROM.
    pub chrom: String,
    /// POS.
    pub pos: i64,
    /// REF as read; empty if it is longer than [`ALLELE_BYTES_MAX`].
    pub reference: String,
    /// ALT as read; empty likewise.
    pub alt: String,
}

impl Site {
    /// The allele of row `row`.
    pub fn of(rows: &Rows, row: usize) -> Self {
        let text = |allele: Option<&[u8]>| {
            let allele = allele.filter(|allele| allele.len() <= ALLELE_BYTES_MAX).unwrap_or_default();
            String::from_utf8_lossy(allele).into_owned()
        };
        Self {
            chrom: String::from_utf8_lossy(rows.contigs.name(rows.contig[row])).into_owned(),
            pos: rows.pos[row],
            reference: text(rows.reference.get(row)),
            alt: text(rows.alt.get(row)),
        }
    }

    /// What it takes in memory (bytes).
    pub fn bytes(&self) -> usize {
        size_of::<Self>() + self.chrom.len() + self.reference.len() + self.alt.len()
    }
}

/// One allele and what was concluded about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// 0-based number of the record among the file's data lines.
    pub ordinal: u64,
    /// 1 for the first ALT.
    pub alt_index: u32,
    /// 0-based number of the row among those that its segment stored.
    pub row: u32,
    /// CHROM.
    pub chrom: String,
    /// POS.
    pub pos: i64,
    /// REF as read; empty if it is longer than [`ALLELE_BYTES_MAX`].
    pub reference: String,
    /// ALT as read; empty likewise.
    pub alt: String,
    /// What was concluded, with every finding that it rests on.
    pub assessment: Assessment,
}

/// MessagePack, fields by position, compressed; the first byte is the version.
///
/// # Errors
/// If the answers cannot be encoded, which no sound one does.
pub fn pack(answers: &[Answer]) -> Result<Vec<u8>, String> {
    let body = rmp_serde::to_vec(answers).map_err(|error| error.to_string())?;
    if body.len() as u64 > UNPACKED_BYTES_MAX {
        return Err(format!("{} answers take {} bytes, more than can be read again", answers.len(), body.len()));
    }
    let mut packed = zstd::bulk::compress(&body, ZSTD_LEVEL).map_err(|error| error.to_string())?;
    packed.insert(0, VERSION);
    Ok(packed)
}

/// Reads what [`pack`] made.
///
/// # Errors
/// If it is damaged, or of a version that this binary does not know.
pub fn unpack(packed: &[u8]) -> Result<Vec<Answer>, String> {
    use std::io::Read;
    let packed = match packed {
        [VERSION, packed @ ..] => packed,
        [version, ..] => return Err(format!("version {version} is not known, this vcf-agent knows {VERSION}")),
        [] => return Err("it is empty".into()),
    };
    let mut body = Vec::new();
    let decoder = zstd::stream::read::Decoder::new(packed).map_err(|error| error.to_string())?;
    decoder.take(UNPACKED_BYTES_MAX).read_to_end(&mut body).map_err(|error| error.to_string())?;
    rmp_serde::from_slice(&body).map_err(|error| error.to_string())
}

/// An allele about which nobody could be asked, for good.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeadTask {
    /// 0-based number of the record among the file's data lines.
    pub ordinal: u64,
    /// 1 for the first ALT.
    pub alt_index: u32,
    /// 0-based number of the row among those that its segment stored.
    pub row: u32,
    /// Who was asked.
    pub provider: String,
    /// A word for scripts (`poison`, `provider_failed`).
    pub reason: String,
    /// What happened.
    pub detail: String,
    /// How often it was tried.
    pub attempts: u32,
}

/// What the ledger knows of the answers to the selected rows of a segment: one bit per stored row, low bit first; a shorter list has
/// zeros behind it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answered {
    /// The assessment is one of the five tiers, or a conflict of them.
    pub answered: Vec<u8>,
    /// It says that the evidence is not enough.
    pub abstained: Vec<u8>,
    /// There is none, for good.
    pub dead: Vec<u8>,
}

impl Answered {
    /// The rows that are selected and wait.
    pub fn pending(&self, selection: &[u8]) -> Vec<u8> {
        let of = |bits: &[u8], nth: usize| bits.get(nth).copied().unwrap_or(0);
        let done = |nth: usize| of(&self.answered, nth) | of(&self.abstained, nth) | of(&self.dead, nth);
        selection.iter().enumerate().map(|(nth, selected)| selected & !done(nth)).collect()
    }
}

/// How many bits both have.
pub fn count_both(a: &[u8], b: &[u8]) -> u64 {
    a.iter().zip(b).map(|(a, b)| u64::from((a & b).count_ones())).sum()
}

/// The numbers of the bits that are set.
pub fn set_bits(bits: &[u8]) -> impl Iterator<Item = u32> {
    bits.iter().enumerate().flat_map(|(nth, byte)| {
        let byte = *byte;
        (0..8).filter(move |bit| byte >> bit & 1 == 1).map(move |bit| nth as u32 * 8 + bit)
    })
}

/// Bits with these numbers.
pub fn bits_of(rows: impl IntoIterator<Item = u32>) -> Vec<u8> {
    let mut bits = Vec::new();
    for row in rows {
        let byte = row as usize / 8;
        if bits.len() <= byte {
            bits.resize(byte + 1, 0);
        }
        bits[byte] |= 1 << (row % 8);
    }
    bits
}

/// The bits of both.
pub fn join_bits(into: &mut Vec<u8>, other: &[u8]) {
    if into.len() < other.len() {
        into.resize(other.len(), 0);
    }
    into.iter_mut().zip(other).for_each(|(mine, theirs)| *mine |= theirs);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn bits_are_the_numbers_that_were_set(rows in prop::collection::btree_set(0u32..5000, 0..60)) {
            let bits = bits_of(rows.iter().copied());
            prop_assert_eq!(set_bits(&bits).collect::<Vec<_>>(), rows.into_iter().collect::<Vec<_>>());
        }
    }

    #[test]
    fn what_is_neither_answered_nor_dead_is_pending() {
        let selection = bits_of([0, 3, 9, 12]);
        let answered = Answered { answered: bits_of([3]), abstained: bits_of([1]), dead: bits_of([9]) };
        assert_eq!(set_bits(&answered.pending(&selection)).collect::<Vec<_>>(), [0, 12]);
        assert_eq!((count_both(&selection, &answered.answered), count_both(&selection, &answered.abstained)), (1, 0));
        let mut joined = bits_of([1]);
        join_bits(&mut joined, &bits_of([20]));
        assert_eq!(set_bits(&joined).collect::<Vec<_>>(), [1, 20]);
    }

    #[test]
    fn what_is_damaged_is_no_answer() {
        assert_eq!(unpack(&pack(&[]).unwrap()), Ok(Vec::new()));
        assert!(unpack(b"").is_err() && unpack(b"nonsense").is_err());
    }
}
