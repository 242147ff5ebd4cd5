//! Left alignment of one allele, as `bcftools norm` does it: the algorithm of Tan, Abecasis and Kang (2015), one ALT at a time.
//!
//! The algorithm takes off the common suffix, extends both alleles to the left when one is empty, and repeats; at last it takes off
//! the common prefix. For an insertion or deletion that is the same as to roll its bases to the left while the base before it is
//! its last one, and then to put one base in front (at the first base of a contig: behind). So a roll needs no new allele at each
//! step, and substitutions need no reference but for the check of REF.

use crate::domain::allele::{How, Identity, Why, as_is, indel, trim};
use crate::reference::ReferenceError;
use crate::reference::window::Window;

/// An allele is not rolled further than this (bases). Exact repeats of real genomes are far shorter; stretches of N are not, and
/// a file with an allele in each place of one must not cost its length squared.
pub const ROLL_BASES_MAX: u64 = 1 << 20;

/// Memory for alleles that were rolled, kept from one to the next.
#[derive(Debug, Default)]
pub struct Aligned {
    reference: Vec<u8>,
    alt: Vec<u8>,
}

/// The reference's base as alleles have it: an IUPAC code is N.
pub(super) fn plain(base: u8) -> u8 {
    if matches!(base, b'A' | b'C' | b'G' | b'T') { base } else { b'N' }
}

/// The base by which VCF 4.3 and later replace an IUPAC code of the reference: the alphabetically first it can be.
fn first_of_code(code: u8) -> Option<u8> {
    Some(match code {
        b'M' | b'R' | b'W' | b'V' | b'H' | b'D' => b'A',
        b'Y' | b'S' | b'B' => b'C',
        b'K' => b'G',
        _ => return None,
    })
}

/// Whether REF may have this letter where the reference has that one.
#[inline]
fn agrees(of_file: u8, of_reference: u8) -> bool {
    let of_file = of_file.to_ascii_uppercase();
    of_file == plain(of_reference) || first_of_code(of_reference) == Some(of_file)
}

/// What REF is to the reference at its place; `None` if it is the same. Both are bases, POS is 1 or more.
#[inline]
pub(super) fn mismatch(
    window: &mut Window<'_>,
    contig: u32,
    pos: i64,
    reference: &[u8],
) -> Result<Option<Why>, ReferenceError> {
    let start = pos as u64 - 1;
    for (at, &base) in (start..).zip(reference) {
        match window.base(contig, at)? {
            None => return Ok(Some(Why::OutsideContig)),
            Some(theirs) if !agrees(base, theirs) => return Ok(Some(Why::ReferenceMismatch)),
            Some(_) => {}
        }
    }
    Ok(None)
}

/// How far `bases`, which stand or are inserted at `start` (0-based), can be rolled to the left; `None` if further than is searched.
pub(super) fn roll_left(
    window: &mut Window<'_>,
    contig: u32,
    start: u64,
    bases: &[u8],
    as_alleles_have_it: fn(u8) -> u8,
) -> Result<Option<u64>, ReferenceError> {
    let mut rolled = 0;
    // The base that leaves at the right is the one that must come from the left.
    let mut nth = bases.len();
    while rolled < start {
        nth = nth.checked_sub(1).unwrap_or(bases.len() - 1);
        let before = window.base(contig, start - rolled - 1)?;
        if before.map(as_alleles_have_it) != Some(bases[nth].to_ascii_uppercase()) {
            break;
        }
        rolled += 1;
        if rolled > ROLL_BASES_MAX {
            return Ok(None);
        }
    }
    Ok(Some(rolled))
}

/// The identity of an allele by the reference.
///
/// REF is compared with the reference first, and where it differs nothing is moved. The result borrows from the input where it is a
/// part of it, and from `aligned` where it had to be made.
///
/// # Errors
/// If the reference cannot be read.
#[inline]
pub fn left_align<'a>(
    window: &mut Window<'_>,
    contig: u32,
    pos: i64,
    reference: &'a [u8],
    alt: Option<&'a [u8]>,
    aligned: &'a mut Aligned,
) -> Result<Identity<'a>, ReferenceError> {
    let kept = |why| Identity { pos, reference, alt: alt.unwrap_or_default(), how: How::AsIs(why) };
    if let Some(why) = as_is(pos, reference, alt) {
        return Ok(kept(why));
    }
    if let Some(why) = mismatch(window, contig, pos, reference)? {
        return Ok(kept(why));
    }
    let alt = alt.unwrap_or_default();
    let trimmed = trim(reference, alt);
    if trimmed.is_leftmost() {
        let pos = pos + trimmed.skipped as i64;
        return Ok(Identity { pos, reference: trimmed.reference, alt: trimmed.alt, how: How::LeftAligned });
    }
    rolled(window, contig, pos, (reference, alt), aligned).map(|identity| identity.unwrap_or(kept(Why::RepeatTooLong)))
}

/// An insertion or deletion at its leftmost place; `None` if that is further than is searched.
fn rolled<'a>(
    window: &mut Window<'_>,
    contig: u32,
    pos: i64,
    (reference, alt): (&[u8], &[u8]),
    aligned: &'a mut Aligned,
) -> Result<Option<Identity<'a>>, ReferenceError> {
    // The last bases are the same down to one that is alone: what is left over is an indel.
    let indel = indel(reference, alt).expect("an allele whose trimmed ends agree is an insertion or deletion");
    let start = pos as u64 - 1;
    let Some(by) = roll_left(window, contig, start, indel.bases, plain)? else { return Ok(None) };
    let (longer, shorter) = match indel.is_insertion {
        true => (&mut aligned.alt, &mut aligned.reference),
        false => (&mut aligned.reference, &mut aligned.alt),
    };
    longer.clear();
    shorter.clear();
    let place = start - by;
    // One base in front; where nothing is in front, the one behind.
    let behind = if indel.is_insertion { 0 } else { indel.bases.len() as u64 };
    let beside = window.base(contig, if place > 0 { place - 1 } else { behind })?.map_or(b'N', plain);
    shorter.push(beside);
    if place > 0 {
        longer.push(beside);
    }
    let turn = (by % indel.bases.len() as u64) as usize;
    let (head, tail) = indel.bases.split_at(indel.bases.len() - turn);
    longer.extend(tail.iter().chain(head).map(u8::to_ascii_uppercase));
    if place == 0 {
        longer.push(beside);
    }
    Ok(Some(Identity {
        pos: (place as i64).max(1),
        reference: &aligned.reference,
        alt: &aligned.alt,
        how: How::LeftAligned,
    }))
}
