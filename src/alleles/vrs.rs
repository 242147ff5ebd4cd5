//! GA4GH VRS 2.0: an allele in fully-justified form (VOCA), and the computed identifiers of it and of its location.
//!
//! A `SequenceLocation` names the sequence by its refget digest, so the identifier needs no assembly and no contig name. What is
//! hashed is the JSON of RFC 8785 with the keys that VRS 2.0 lists for the class, and the location inside of an allele by its digest.

use super::align::{ROLL_BASES_MAX, mismatch, roll_left};
use crate::domain::allele::{Why, is_bases};
use crate::domain::ga4gh::sha512t24u;
use crate::reference::ReferenceError;
use crate::reference::window::Window;

/// An allele as VRS has it: 0-based, between bases, fully justified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VrsAllele {
    /// Refget digest of the sequence, with its `SQ.`.
    pub sequence: String,
    /// Where it begins.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// What is there instead.
    pub state: State,
}

/// What is there instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// `LiteralSequenceExpression`: these bases.
    Literal(String),
    /// `ReferenceLengthExpression`: so many bases, made by repeating the first few of the location.
    ReferenceLength {
        /// How many.
        length: u64,
        /// How many are repeated.
        repeat_subunit_length: u64,
    },
}

impl VrsAllele {
    /// The JSON of the location that is hashed.
    pub fn location_json(&self) -> String {
        format!(
            r#"{{"end":{},"sequenceReference":{{"refgetAccession":"{}","type":"SequenceReference"}},"start":{},"type":"SequenceLocation"}}"#,
            self.end, self.sequence, self.start
        )
    }

    /// The JSON of the allele that is hashed.
    pub fn allele_json(&self) -> String {
        let location = sha512t24u(self.location_json().as_bytes());
        let state = match &self.state {
            State::Literal(sequence) => {
                format!(r#"{{"sequence":"{sequence}","type":"LiteralSequenceExpression"}}"#)
            }
            State::ReferenceLength { length, repeat_subunit_length } => format!(
                r#"{{"length":{length},"repeatSubunitLength":{repeat_subunit_length},"type":"ReferenceLengthExpression"}}"#
            ),
        };
        format!(r#"{{"location":"{location}","state":{state},"type":"Allele"}}"#)
    }

    /// `ga4gh:SL.…`
    pub fn location_id(&self) -> String {
        format!("ga4gh:SL.{}", sha512t24u(self.location_json().as_bytes()))
    }

    /// `ga4gh:VA.…`
    pub fn id(&self) -> String {
        format!("ga4gh:VA.{}", sha512t24u(self.allele_json().as_bytes()))
    }
}

/// What an allele of a VCF row is in VRS, or why it is nothing there.
///
/// REF and ALT must be bases (A, C, G, T, N) and REF what the reference has; the same REF and ALT is a reference allele, which VRS
/// does not justify.
///
/// # Errors
/// If the reference cannot be read.
pub fn normalize(
    window: &mut Window<'_>,
    contig: u32,
    pos: i64,
    reference: &[u8],
    alt: &[u8],
) -> Result<Result<VrsAllele, Why>, ReferenceError> {
    if !is_bases(reference) || !is_bases(alt) {
        return Ok(Err(Why::NotBases));
    }
    if pos < 1 {
        return Ok(Err(Why::Telomere));
    }
    if let Some(why) = mismatch(window, contig, pos, reference)? {
        return Ok(Err(why));
    }
    let sequence = window.reference().sequence_digest(contig)?.to_owned();
    let start = pos as u64 - 1;
    let alt = alt.to_ascii_uppercase();
    Ok(justify(window, contig, start, start + reference.len() as u64, &alt)?
        .map(|(start, end, state)| VrsAllele { sequence, start, end, state })
        .ok_or(Why::RepeatTooLong))
}

/// Bounds and state after justification; `None` if the region of ambiguity is longer than is searched.
fn justify(
    window: &mut Window<'_>,
    contig: u32,
    start: u64,
    end: u64,
    alt: &[u8],
) -> Result<Option<(u64, u64, State)>, ReferenceError> {
    // The sequence's own letters count here, IUPAC codes included.
    let mut reference = Vec::with_capacity((end - start) as usize);
    window.reference().fetch(contig, start, end, &mut reference)?;
    if reference == alt {
        let length = end - start;
        return Ok(Some((start, end, State::ReferenceLength { length, repeat_subunit_length: length })));
    }
    let shorter = reference.len().min(alt.len());
    let suffix = reference.iter().rev().zip(alt.iter().rev()).take_while(|(a, b)| a == b).count();
    let prefix = reference.iter().zip(alt).take(shorter - suffix).take_while(|(a, b)| a == b).count();
    let deleted = &reference[prefix..reference.len() - suffix];
    let inserted = &alt[prefix..alt.len() - suffix];
    let (start, end) = (start + prefix as u64, end - suffix as u64);
    if !deleted.is_empty() && !inserted.is_empty() {
        return Ok(Some((start, end, State::Literal(text(inserted)))));
    }
    let bases = if deleted.is_empty() { inserted } else { deleted };
    let Some(left) = roll_left(window, contig, start, bases, |base| base)? else { return Ok(None) };
    let Some(right) = roll_right(window, contig, end, bases)? else { return Ok(None) };
    let (from, to) = (start - left, end + right);
    let state = if inserted.is_empty() {
        State::ReferenceLength { length: left + right, repeat_subunit_length: bases.len() as u64 }
    } else {
        insertion(window, contig, (from, start, to), inserted)?
    };
    Ok(Some((from, to, state)))
}

/// The state of an insertion at `start` whose region of ambiguity is `from..to`.
fn insertion(
    window: &mut Window<'_>,
    contig: u32,
    (from, start, to): (u64, u64, u64),
    inserted: &[u8],
) -> Result<State, ReferenceError> {
    let mut whole = Vec::with_capacity((to - from) as usize + inserted.len());
    window.reference().fetch(contig, from, start, &mut whole)?;
    whole.extend_from_slice(inserted);
    window.reference().fetch(contig, start, to, &mut whole)?;
    // Of the divisors of the inserted length the greatest that the reference holds and that makes all of it by repetition.
    let divisors = (1..=inserted.len()).rev().filter(|size| inserted.len().is_multiple_of(*size));
    let subunit = divisors
        .filter(|&size| size as u64 <= to - from)
        .find(|&size| whole.iter().zip(&whole[size..]).all(|(a, b)| a == b));
    Ok(match subunit {
        Some(size) => State::ReferenceLength { length: whole.len() as u64, repeat_subunit_length: size as u64 },
        None => State::Literal(text(&whole)),
    })
}

/// How far `bases`, which end or are inserted at `end`, can be rolled to the right; `None` if further than is searched.
fn roll_right(window: &mut Window<'_>, contig: u32, end: u64, bases: &[u8]) -> Result<Option<u64>, ReferenceError> {
    let mut rolled = 0;
    for base in bases.iter().cycle() {
        if window.base(contig, end + rolled)? != Some(*base) {
            break;
        }
        rolled += 1;
        if rolled > ROLL_BASES_MAX {
            return Ok(None);
        }
    }
    Ok(Some(rolled))
}

fn text(bases: &[u8]) -> String {
    String::from_utf8_lossy(bases).into_owned()
}
