//! What makes two alleles the same: the shortest and leftmost way to write (POS, REF, ALT), as far as it can be known.
//!
//! Without a reference only what the record itself holds can be decided. [`trim`] takes off the bases that both ends share (first
//! the common suffix, then the common prefix, one base of each allele stays). If the last bases that are left differ, no reference
//! could move the allele any further (Tan, Abecasis, Kang 2015): it is left-aligned already. Only an insertion or deletion whose
//! last base repeats can move; how far is asked of a reference in [`crate::alleles`].

/// Where and what an allele is, and how that was found out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// 1-based position of the first base of `reference`.
    pub pos: i64,
    /// REF. Case tells nothing: bases that came from the file are as written there.
    pub reference: &'a [u8],
    /// ALT, likewise. Empty for a record without ALT.
    pub alt: &'a [u8],
    /// How it was made.
    pub how: How,
}

/// How an identity was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum How {
    /// Shortest and leftmost: by the reference, or because its last bases differ, so that it cannot move on any reference.
    LeftAligned,
    /// Shortest. It may stand further left; only a reference can tell.
    Trimmed,
    /// As in the file.
    AsIs(Why),
}

/// Why an allele is left as in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Why {
    /// ALT is `.`, or there is none.
    NoAlt,
    /// `<DEL>`, `<*>`, `<NON_REF>`: no bases. Its extent stands in INFO.
    Symbolic,
    /// `]chr2:5]A`, `A[chr2:5[`, `A.`, `.A`.
    Breakend,
    /// `*`: a deletion that another record declares.
    OverlappingDeletion,
    /// Letters other than A, C, G, T and N in REF or ALT, IUPAC codes among them: which bases are meant is not known.
    NotBases,
    /// ALT is REF.
    SameAsReference,
    /// POS 0: before the first base.
    Telomere,
    /// REF is not what the reference has there.
    ReferenceMismatch,
    /// REF does not lie inside the contig of the reference.
    OutsideContig,
    /// It stands in a repeat longer than is searched.
    RepeatTooLong,
}

impl How {
    /// The word for people and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::LeftAligned => "left_aligned",
            Self::Trimmed => "trimmed",
            Self::AsIs(_) => "as_is",
        }
    }
}

impl Why {
    /// Every reason.
    pub const ALL: [Self; 10] = [
        Self::NoAlt,
        Self::Symbolic,
        Self::Breakend,
        Self::OverlappingDeletion,
        Self::NotBases,
        Self::SameAsReference,
        Self::Telomere,
        Self::ReferenceMismatch,
        Self::OutsideContig,
        Self::RepeatTooLong,
    ];

    /// The word for people and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoAlt => "no_alt",
            Self::Symbolic => "symbolic",
            Self::Breakend => "breakend",
            Self::OverlappingDeletion => "overlapping_deletion",
            Self::NotBases => "not_bases",
            Self::SameAsReference => "same_as_reference",
            Self::Telomere => "telomere",
            Self::ReferenceMismatch => "reference_mismatch",
            Self::OutsideContig => "outside_contig",
            Self::RepeatTooLong => "repeat_too_long",
        }
    }

    /// Whether what is written is an allele with its own bases, so that (POS, REF, ALT) tells it from every other of its file.
    pub fn has_bases(self) -> bool {
        !matches!(
            self,
            Self::NoAlt | Self::Symbolic | Self::Breakend | Self::OverlappingDeletion | Self::SameAsReference
        )
    }
}

/// Whether a text is one or more of A, C, G, T and N, in any case.
#[inline]
pub fn is_bases(text: &[u8]) -> bool {
    !text.is_empty() && text.iter().all(|base| matches!(base.to_ascii_uppercase(), b'A' | b'C' | b'G' | b'T' | b'N'))
}

/// Why this REF and ALT must stay as they are whatever the reference says; `None` if they are bases that differ.
#[inline]
pub fn as_is(pos: i64, reference: &[u8], alt: Option<&[u8]>) -> Option<Why> {
    let alt = match alt {
        None | Some(b"" | b".") => return Some(Why::NoAlt),
        Some(alt) => alt,
    };
    if is_bases(alt) {
        return if !is_bases(reference) {
            Some(Why::NotBases)
        } else if pos < 1 {
            Some(Why::Telomere)
        } else {
            reference.eq_ignore_ascii_case(alt).then_some(Why::SameAsReference)
        };
    }
    Some(match alt {
        b"*" => Why::OverlappingDeletion,
        [b'<', .., b'>'] => Why::Symbolic,
        [b'.', ..] | [.., b'.'] => Why::Breakend,
        alt if alt.iter().any(|byte| matches!(byte, b'[' | b']')) => Why::Breakend,
        _ => Why::NotBases,
    })
}

/// How many bases two texts share at their ends, regardless of case.
fn common_suffix(one: &[u8], other: &[u8]) -> usize {
    one.iter().rev().zip(other.iter().rev()).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count()
}

/// An allele without the bases that REF and ALT share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Trimmed<'a> {
    /// Bases taken off the front: what is to be added to POS.
    pub skipped: usize,
    /// What is left of REF: one base or more, as written.
    pub reference: &'a [u8],
    /// What is left of ALT: one base or more, as written.
    pub alt: &'a [u8],
}

impl Trimmed<'_> {
    /// Whether no reference could move the allele to the left.
    #[inline]
    pub fn is_leftmost(&self) -> bool {
        !last(self.reference).eq_ignore_ascii_case(&last(self.alt))
    }
}

fn last(text: &[u8]) -> u8 {
    text.last().copied().unwrap_or_default()
}

/// Takes the common suffix off, then the common prefix; one base of each stays. Both must hold bases.
#[inline]
pub fn trim<'a>(reference: &'a [u8], alt: &'a [u8]) -> Trimmed<'a> {
    let shorter = reference.len().min(alt.len());
    let suffix = common_suffix(reference, alt).min(shorter.saturating_sub(1));
    let (reference, alt) = (&reference[..reference.len() - suffix], &alt[..alt.len() - suffix]);
    let room = shorter.saturating_sub(suffix + 1);
    let skipped = reference.iter().zip(alt).take(room).take_while(|(a, b)| a.eq_ignore_ascii_case(b)).count();
    Trimmed { skipped, reference: &reference[skipped..], alt: &alt[skipped..] }
}

/// The identity that the record alone gives.
pub fn without_reference<'a>(pos: i64, reference: &'a [u8], alt: Option<&'a [u8]>) -> Identity<'a> {
    if let Some(why) = as_is(pos, reference, alt) {
        return Identity { pos, reference, alt: alt.unwrap_or_default(), how: How::AsIs(why) };
    }
    let trimmed = trim(reference, alt.unwrap_or_default());
    Identity {
        pos: pos + trimmed.skipped as i64,
        reference: trimmed.reference,
        alt: trimmed.alt,
        how: if trimmed.is_leftmost() { How::LeftAligned } else { How::Trimmed },
    }
}

/// The inserted or deleted bases of an allele whose whole REF ends ALT, or the other way round; `None` for a substitution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Indel<'a> {
    /// Whether the bases are in ALT (else in REF).
    pub is_insertion: bool,
    /// The bases, as written; they stand right at POS.
    pub bases: &'a [u8],
}

/// Reads an allele as a pure insertion or deletion right at POS: the common suffix taken off until nothing of the shorter is left.
#[inline]
pub fn indel<'a>(reference: &'a [u8], alt: &'a [u8]) -> Option<Indel<'a>> {
    let suffix = common_suffix(reference, alt);
    if suffix == alt.len() && reference.len() > suffix {
        Some(Indel { is_insertion: false, bases: &reference[..reference.len() - suffix] })
    } else if suffix == reference.len() && alt.len() > suffix {
        Some(Indel { is_insertion: true, bases: &alt[..alt.len() - suffix] })
    } else {
        None
    }
}
