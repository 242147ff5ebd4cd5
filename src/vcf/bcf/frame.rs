//! Where a record ends: two lengths, then that many bytes. Sound lengths are all that is needed to find the next record, whatever
//! stands inside; without them nothing that follows can be trusted.

use super::BadRecord;
use super::dictionary::Dictionaries;
use super::record::Record;
use super::typed::Kind;

/// Bytes of the two lengths.
pub const LENGTHS_BYTES: usize = 8;

/// The least that the shared part holds: CHROM, POS, length, QUAL, counts.
pub const FIXED_BYTES: usize = 24;

/// Why no record begins here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadFrame {
    /// The shared part is shorter than what every record has.
    TooShort {
        /// Its length.
        shared: u32,
    },
    /// Both parts together are longer than the limit.
    TooLong {
        /// Their length.
        bytes: u64,
    },
}

fn length(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at + 4).map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]))
}

/// Length of the frame that begins here, its lengths included; `None` if too little is there to tell.
///
/// # Errors
/// If its lengths are those of no record.
pub fn len(bytes: &[u8], record_bytes_max: usize) -> Result<Option<usize>, BadFrame> {
    let (Some(shared), Some(individual)) = (length(bytes, 0), length(bytes, 4)) else { return Ok(None) };
    if (shared as usize) < FIXED_BYTES {
        return Err(BadFrame::TooShort { shared });
    }
    let inside = u64::from(shared) + u64::from(individual);
    if inside > record_bytes_max as u64 {
        return Err(BadFrame::TooLong { bytes: inside });
    }
    Ok(Some(LENGTHS_BYTES + inside as usize))
}

/// The two parts of a whole frame.
pub fn parts(frame: &[u8]) -> (&[u8], &[u8]) {
    let inside = frame.get(LENGTHS_BYTES..).unwrap_or_default();
    inside.split_at(inside.len().min(length(frame, 0).unwrap_or_default() as usize))
}

/// Number of alleles that a frame claims, REF included; whether they are there is not looked at.
pub fn alleles(frame: &[u8]) -> usize {
    // After the two lengths: CHROM, POS, length and QUAL, then the count of INFO fields.
    const AT: usize = LENGTHS_BYTES + 4 * 4 + 2;
    frame.get(AT..AT + 2).map_or(0, |bytes| usize::from(u16::from_le_bytes([bytes[0], bytes[1]])))
}

/// The whole frames of a segment, one after the other.
pub fn all(mut bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    std::iter::from_fn(move || {
        let len = len(bytes, usize::MAX).ok().flatten()?;
        let (frame, rest) = bytes.split_at_checked(len)?;
        bytes = rest;
        Some(frame)
    })
}

/// The most text that a frame's record becomes (bytes), so that memory can be reckoned before any of it is printed. Never more than
/// the limit of a line, which is where printing stops; but at least the frame's own length, for it is what is kept of a bad record.
pub fn text_bytes_max(frame: &[u8], dictionaries: &Dictionaries, samples: usize, line_bytes_max: usize) -> usize {
    let printed = printed_bytes_max(frame, dictionaries, samples).unwrap_or_default();
    frame.len().max(printed.min(line_bytes_max))
}

fn printed_bytes_max(frame: &[u8], dictionaries: &Dictionaries, samples: usize) -> Result<usize, BadRecord> {
    let mut record = Record::open(frame, dictionaries, samples)?;
    // POS, QUAL, a `.` for each column that may be empty, and the tabs.
    let mut bytes = record.chrom.len() + 48 + record.id()?.len();
    for nth in 0..record.alleles {
        bytes += record.allele(nth)?.len() + 2;
    }
    for filter in record.filters()? {
        bytes += filter?.len() + 1;
    }
    for nth in 0..record.infos {
        let (name, value) = record.info(nth)?;
        bytes = bytes.saturating_add(name.len() + 2 + value.text_bytes_max());
    }
    // At least a `.` and its separator for each sample, and for FORMAT.
    let mut of_sample = 2_usize;
    for nth in 0..record.formats {
        let (name, values) = record.format(nth)?;
        let is_short_genotype = name == "GT" && values.kind == Kind::Int8;
        let of_values = if is_short_genotype { "62|".len() * values.len } else { values.text_bytes_max() };
        bytes += name.len() + 1;
        of_sample = of_sample.saturating_add(2 + of_values);
    }
    record.end()?;
    Ok(bytes.saturating_add(of_sample.saturating_mul(samples)))
}
