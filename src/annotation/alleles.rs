//! Whose entry is it? The rules by which each tool names an ALT, asked with the record's own REF and ALT list.
//!
//! An entry belongs to the ALT that its name says under the tool's rule and to no other; a name that nobody in the record
//! has is answered by [`Owner::Nobody`]. Bases are compared without case: VEP and SnpEff write capitals.

use std::cell::{Cell, OnceCell};
use std::ops::Range;

use super::AnnotatedRecord;

/// ALTs up to this many are compared one by one; beyond, an index is made.
const LINEAR_MAX: usize = 16;

/// A `-` may stand inside of a contig's name; names with more than this many are not looked into.
const DASHES_MAX: usize = 4;

/// To whom an entry belongs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// The ALT of this index, counted from 0. Where an ALT is repeated, the first.
    Alt(usize),
    /// The record: the entry names no allele.
    Record,
    /// Another allele than the record's, or nobody knows which.
    Nobody,
    /// It compares two ALTs with each other (SnpEff in cancer mode), which says nothing about an ALT against REF.
    Comparison,
    /// An ALLELE_NUM beyond the record's ALTs: the list is not the one that VEP saw, so its numbers mean others.
    Renumbered,
}

/// The ALTs of one record as the tools name them.
pub(super) struct AltNames<'a, 'r> {
    reference: &'r [u8],
    alts: &'a [&'r [u8]],
    /// VEP takes the first base off.
    vep_trims: bool,
    /// But perhaps not here: see [`AltNames::look_for_split`].
    naming: Cell<Naming>,
    /// For each of few ALTs the first one that is equal.
    first: [u8; LINEAR_MAX],
    /// ALTs as written and their indices, sorted; made for many ALTs only.
    index: Option<Index<'r>>,
    /// Of each ALT what is left when both ends are trimmed; made if an entry asks for it.
    trimmed: OnceCell<Vec<[Range<usize>; 2]>>,
}

/// How the entries of a record name its ALTs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Naming {
    /// As VEP's rule says of the record.
    Rule,
    /// As written.
    Written,
    /// Nobody knows.
    Unclear,
}

/// What an entry of VEP says about its allele.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct VepName<'r> {
    /// The column Allele, if there is one.
    pub allele: Option<&'r [u8]>,
    /// The column ALLELE_NUM, if there is one and it is to be believed.
    pub number: Option<&'r [u8]>,
    /// VEP ran with `--minimal` and the allele was changed by it.
    pub minimised: bool,
}

impl<'a, 'r> AltNames<'a, 'r> {
    pub(super) fn new(record: &AnnotatedRecord<'a, 'r>) -> Self {
        let alts = record.alts;
        Self {
            reference: record.reference,
            alts,
            vep_trims: vep_trims(record.reference, alts),
            naming: Cell::new(Naming::Rule),
            first: first_equals(alts),
            index: (alts.len() > LINEAR_MAX).then(|| Index::new(alts)),
            trimmed: OnceCell::new(),
        }
    }

    /// VEP's rule: the number if there is one, and the name must agree with it; otherwise the name.
    #[inline]
    pub(super) fn vep(&self, name: VepName<'r>) -> Owner {
        let by_name = || match name.allele {
            None => Owner::Record,
            Some(allele) => self.find_vep(allele, name.minimised).map_or(Owner::Nobody, Owner::Alt),
        };
        let Some(number) = name.number.filter(|number| !number.is_empty()) else { return by_name() };
        let Some(number) = std::str::from_utf8(number).ok().and_then(|number| number.parse::<usize>().ok()) else {
            return Owner::Nobody;
        };
        // 0 is REF, annotated where the user asked for that.
        let Some(alt) = number.checked_sub(1) else { return Owner::Nobody };
        if alt >= self.alts.len() {
            return Owner::Renumbered;
        }
        let agrees =
            name.allele.is_none_or(|allele| self.is_vep(alt, allele) || self.is_close_to(alt, allele, name.minimised));
        if agrees { Owner::Alt(self.first_equal(alt)) } else { Owner::Nobody }
    }

    /// Looks at the names of all entries of a record with one ALT that VEP would trim. If one of them is the ALT as written, the
    /// record was split after it was annotated: VEP saw other ALTs, and may not have trimmed them. If both its names occur,
    /// nobody can tell which of them is meant.
    pub(super) fn look_for_split(&self, names: impl Iterator<Item = &'r [u8]>) {
        let [alt] = self.alts else { return self.naming.set(Naming::Rule) };
        let (mut trimmed, mut written) = (false, false);
        for name in names {
            trimmed |= is_first_base_and(self.reference, name, alt);
            written |= name.eq_ignore_ascii_case(alt);
        }
        self.naming.set(match (trimmed, written) {
            (true, true) => Naming::Unclear,
            (false, true) => Naming::Written,
            _ => Naming::Rule,
        });
    }

    /// Whether an entry of VEP's can name an ALT without its first base.
    pub(super) fn trims(&self) -> bool {
        self.vep_trims
    }

    /// The ALT whose VEP name this is.
    fn find_vep(&self, allele: &[u8], minimised: bool) -> Option<usize> {
        if allele.is_empty() || self.naming.get() == Naming::Unclear {
            return None;
        }
        let is_trimmed = self.vep_trims && self.naming.get() == Naming::Rule && !allele.contains(&b'*');
        let found = if is_trimmed { self.find_untrimmed(allele) } else { self.find_written(allele) };
        let found = found.or_else(|| self.find_structural(allele));
        if minimised { found.or_else(|| self.find_minimised(allele)) } else { found }
    }

    /// Whether VEP's rule names the ALT so.
    fn is_vep(&self, alt: usize, allele: &[u8]) -> bool {
        let written = self.alts[alt];
        if self.naming.get() == Naming::Unclear {
            return false;
        }
        let trims = self.vep_trims && self.naming.get() == Naming::Rule;
        if trims && is_first_base_and(self.reference, allele, written) && !written.contains(&b'*') {
            return true;
        }
        let as_written = allele.eq_ignore_ascii_case(written);
        as_written && (!trims || written.contains(&b'*'))
    }

    /// The number has said which ALT; the name may be one that only some versions and options of VEP make: the ends that
    /// REF and ALT share are gone, or an ALT that is no sequence has a word of its own. Where VEP does not say that it has
    /// trimmed the allele, the plain name of another ALT contradicts the number.
    fn is_close_to(&self, alt: usize, allele: &[u8], minimised: bool) -> bool {
        let written = self.alts[alt];
        let is_like = match written {
            // Nobody has another word for these.
            b"*" | b"<*>" => false,
            _ if is_symbolic(written) => true,
            _ => self.is_minimal(alt, allele),
        };
        is_like && (minimised || self.find_vep(allele, false).is_none_or(|other| other == alt))
    }

    /// SnpEff's rule: the ALT as written; `ALT-REFERENCE` in cancer mode, `ALT-CONTIG:POS_REF>ALT` for a compound.
    #[inline]
    pub(super) fn snpeff(&self, allele: &[u8]) -> Owner {
        if let Some(alt) = self.find_written(allele) {
            return Owner::Alt(alt);
        }
        for at in memchr::memchr_iter(b'-', allele).take(DASHES_MAX) {
            let (alt, context) = (&allele[..at], &allele[at + 1..]);
            let is_compound = context.contains(&b':') && context.contains(&b'>');
            match self.find_written(alt) {
                Some(alt) if is_compound => return Owner::Alt(alt),
                Some(_) => return Owner::Comparison,
                // Back to the reference: the somatic sample has REF where the germline has an ALT.
                None if alt.eq_ignore_ascii_case(self.reference) => return Owner::Comparison,
                None => {}
            }
        }
        Owner::Nobody
    }

    /// bcftools csq names no allele, but an entry that changes the coding sequence lists the changes that make it,
    /// `122106101G>A+122106102G>A`, and one of them must be of this record.
    #[inline]
    pub(super) fn bcsq(&self, pos: i64, changes: Option<&[u8]>) -> Owner {
        let Some(changes) = changes.filter(|changes| !changes.is_empty()) else { return Owner::Record };
        for change in changes.split(|&byte| byte == b'+') {
            let digits = change.iter().take_while(|byte| byte.is_ascii_digit()).count();
            let (at, alleles) = change.split_at(digits);
            let here = std::str::from_utf8(at).is_ok_and(|at| at.parse() == Ok(pos));
            if let Some(arrow) = memchr::memchr(b'>', alleles)
                && here
                && alleles[..arrow].eq_ignore_ascii_case(self.reference)
                && let Some(alt) = self.find_written(&alleles[arrow + 1..])
            {
                return Owner::Alt(alt);
            }
        }
        Owner::Nobody
    }

    /// The first ALT that equals the given one: the same unless the record repeats an ALT.
    pub(super) fn first_equal(&self, alt: usize) -> usize {
        match &self.index {
            None => usize::from(self.first[alt]),
            Some(index) => index.first[alt],
        }
    }

    fn find_written(&self, allele: &[u8]) -> Option<usize> {
        match &self.index {
            None => self.alts.iter().position(|alt| alt.eq_ignore_ascii_case(allele)),
            Some(index) => index.find(allele.iter().copied()),
        }
    }

    /// The ALT that is REF's first base and then the allele.
    fn find_untrimmed(&self, allele: &[u8]) -> Option<usize> {
        match &self.index {
            None => self.alts.iter().position(|alt| is_first_base_and(self.reference, allele, alt)),
            Some(index) => {
                let rest: &[u8] = if allele == b"-" { b"" } else { allele };
                index.find(self.reference.iter().take(1).chain(rest).copied())
            }
        }
    }

    /// The one ALT of the class that VEP writes instead of a symbolic ALT or a breakend.
    fn find_structural(&self, allele: &[u8]) -> Option<usize> {
        if self.index.is_some() || !self.alts.iter().any(|alt| is_symbolic(alt)) {
            return None;
        }
        if let [alt] = self.alts
            && is_breakend(alt)
            && (is_breakend(allele) || allele == b"chromosome_breakpoint")
        {
            return Some(0);
        }
        only(self.alts.iter().map(|alt| structural_class(alt) == Some(allele)))
    }

    /// The one ALT that is the allele with the ends trimmed that it shares with REF.
    fn find_minimised(&self, allele: &[u8]) -> Option<usize> {
        if self.index.is_some() {
            return None;
        }
        let is_it = |(nth, alt): (usize, &&[u8])| !is_symbolic(alt) && self.is_minimal(nth, allele);
        only(self.alts.iter().enumerate().map(is_it))
    }

    /// Whether the ALT is named so when both ends are trimmed that it shares with REF.
    fn is_minimal(&self, alt: usize, allele: &[u8]) -> bool {
        let allele: &[u8] = if allele == b"-" { b"" } else { allele };
        let all = || self.alts.iter().map(|alt| trimmed(self.reference, alt)).collect();
        let forms = &self.trimmed.get_or_init(all)[alt];
        forms.iter().any(|form| self.alts[alt][form.clone()].eq_ignore_ascii_case(allele))
    }
}

/// Whether VEP takes the first base off the alleles of a record: it has an indel, and REF and all ALTs begin with the same
/// base, those with `*` left aside. (With one ALT that is one ALT and REF.) Here case counts, as it does for VEP.
fn vep_trims(reference: &[u8], alts: &[&[u8]]) -> bool {
    let is_indel = |alt: &&[u8]| alt.len() != reference.len() || matches!(alt.first(), Some(b'D' | b'I'));
    let Some(first) = reference.first() else { return false };
    let shares = |alt: &&[u8]| alt.first() == Some(first) || alts.len() > 1 && alt.contains(&b'*');
    alts.iter().any(is_indel) && alts.iter().all(shares)
}

/// Whether `alt` is the first base of `reference` and then `rest`, where `-` is nothing.
fn is_first_base_and(reference: &[u8], rest: &[u8], alt: &[u8]) -> bool {
    let rest: &[u8] = if rest == b"-" { b"" } else { rest };
    alt.len() == rest.len() + 1
        && reference.first().is_some_and(|base| base.eq_ignore_ascii_case(&alt[0]))
        && alt[1..].eq_ignore_ascii_case(rest)
}

/// What is left of `alt` without what it shares with `reference` at both ends: the start trimmed before the end, as VEP
/// does it, and the end before the start.
fn trimmed(reference: &[u8], alt: &[u8]) -> [Range<usize>; 2] {
    let shorter = reference.len().min(alt.len());
    let same = |(a, b): (&u8, &u8)| a.eq_ignore_ascii_case(b);
    let prefix = reference.iter().zip(alt).take_while(|pair| same(*pair)).count();
    let suffix = reference.iter().rev().zip(alt.iter().rev()).take_while(|pair| same(*pair)).count();
    [prefix..alt.len() - suffix.min(shorter - prefix), prefix.min(shorter - suffix)..alt.len() - suffix]
}

/// What VEP writes for symbolic ALTs: kind, beginning of the detail behind its colon, word.
const CLASSES: [(&str, &str, &str); 20] = [
    ("DEL", "ME:ALU", "Alu_deletion"),
    ("DEL", "ME:HERV", "HERV_deletion"),
    ("DEL", "ME:L", "LINE1_deletion"),
    ("DEL", "ME:SVA", "SVA_deletion"),
    ("DEL", "ME", "mobile_element_deletion"),
    ("DEL", "", "deletion"),
    ("INS", "ME:ALU", "Alu_insertion"),
    ("INS", "ME:HERV", "HERV_insertion"),
    ("INS", "ME:L", "LINE1_insertion"),
    ("INS", "ME:SVA", "SVA_insertion"),
    ("INS", "ME", "mobile_element_insertion"),
    ("INS", "", "insertion"),
    ("DUP", "TANDEM", "tandem_duplication"),
    ("DUP", "", "duplication"),
    ("CNV", "TR", "tandem_repeat"),
    ("CNV", "", "copy_number_variation"),
    ("CN0", "", "deletion"),
    ("CN2", "", "duplication"),
    ("INV", "", "inversion"),
    ("BND", "", "chromosome_breakpoint"),
];

fn structural_class(alt: &[u8]) -> Option<&'static [u8]> {
    let name = alt.strip_prefix(b"<")?.strip_suffix(b">")?;
    let is_of = |kind: &str, detail: &str| match name.strip_prefix(kind.as_bytes()) {
        Some([]) => detail.is_empty(),
        Some([b':', rest @ ..]) => rest.starts_with(detail.as_bytes()),
        _ => false,
    };
    CLASSES.iter().find(|(kind, detail, _)| is_of(kind, detail)).map(|(.., word)| word.as_bytes())
}

/// `G[17:198982[` and its kin, and `.A` or `A.` of one breakend.
fn is_breakend(allele: &[u8]) -> bool {
    let is_end = |byte: Option<&u8>| matches!(byte, Some(b'[' | b']' | b'.'));
    allele.len() > 1 && (is_end(allele.first()) || is_end(allele.last()))
}

/// Not spelt in bases: symbolic alleles, breakends, `*`.
fn is_symbolic(alt: &[u8]) -> bool {
    matches!(alt.first(), None | Some(b'<' | b'*' | b'.')) || alt.ends_with(b">") || is_breakend(alt)
}

/// Whether a tool can have annotated an ALT: `*`, `<*>` and `<NON_REF>` stand for no allele of this record.
pub(super) fn is_allele(alt: &[u8]) -> bool {
    !matches!(alt, b"*" | b"<*>" | b"<NON_REF>" | b"." | b"")
}

/// The only place that is true.
fn only(mut places: impl Iterator<Item = bool>) -> Option<usize> {
    let first = places.position(|is_it| is_it)?;
    (!places.any(|is_it| is_it)).then_some(first)
}

/// For each of few ALTs the first one that is equal to it.
fn first_equals(alts: &[&[u8]]) -> [u8; LINEAR_MAX] {
    let mut first = [0; LINEAR_MAX];
    if alts.len() <= LINEAR_MAX {
        for (nth, alt) in alts.iter().enumerate().skip(1) {
            first[nth] = alts.iter().position(|other| other.eq_ignore_ascii_case(alt)).unwrap_or(nth) as u8;
        }
    }
    first
}

/// ALTs in alphabetical order, capitals and small letters alike; of equal ones the first stands first.
struct Index<'r> {
    sorted: Vec<(&'r [u8], usize)>,
    /// For each ALT the first one that is equal.
    first: Vec<usize>,
}

impl<'r> Index<'r> {
    fn new(alts: &[&'r [u8]]) -> Self {
        let mut sorted: Vec<_> = alts.iter().copied().enumerate().map(|(nth, alt)| (alt, nth)).collect();
        sorted.sort_by(|(a, nth), (b, mth)| compare(a.iter().copied(), b).then(nth.cmp(mth)));
        let mut first = vec![0; alts.len()];
        for equal in sorted.chunk_by(|(a, _), (b, _)| a.eq_ignore_ascii_case(b)) {
            equal.iter().for_each(|(_, nth)| first[*nth] = equal[0].1);
        }
        Self { sorted, first }
    }

    fn find(&self, allele: impl Iterator<Item = u8> + Clone) -> Option<usize> {
        let at = self.sorted.partition_point(|(alt, _)| compare(allele.clone(), alt).is_gt());
        let (alt, nth) = self.sorted.get(at)?;
        compare(allele, alt).is_eq().then_some(*nth)
    }
}

fn compare(a: impl Iterator<Item = u8>, b: &[u8]) -> std::cmp::Ordering {
    let upper = |byte: u8| byte.to_ascii_uppercase();
    a.map(upper).cmp(b.iter().copied().map(upper))
}
