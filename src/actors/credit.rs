//! What a segment costs: before it is parsed by a bound that its text tells, from then on by what it holds.

use crate::domain::dead::DeadLetter;
use crate::vcf::expansion::rows_bytes;
use crate::vcf::parse::ParsedSegment;
use crate::vcf::reader::RawSegment;

/// What a segment takes in memory while it is text, rows and columns at once, as a multiple of its text, if its rows are no larger.
const PER_TEXT_BYTE: u64 = 4;

/// The same for its rows: they, the copy that is encoded, and what it is encoded into.
const PER_ROW_BYTE: u64 = 3;

/// The least a segment costs (bytes).
const MIN_BYTES: u64 = 64 << 10;

/// The credit of a segment that was read.
pub fn of_text(raw: &RawSegment) -> u64 {
    let text = PER_TEXT_BYTE.saturating_mul(raw.text_bytes());
    text.max(PER_ROW_BYTE * rows_bytes(raw)).max(MIN_BYTES)
}

/// The credit of a segment that was parsed. The ledger gets copies of the dead letters as the store does of the rows.
pub fn of_rows(parsed: &ParsedSegment) -> u64 {
    let dead: usize = parsed.dead.iter().map(DeadLetter::bytes).sum();
    let bytes = parsed.rows.bytes() + dead + size_of_val(&parsed.line_offsets[..]);
    (PER_ROW_BYTE * bytes as u64).max(MIN_BYTES)
}
