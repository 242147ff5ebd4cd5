//! Consequence terms of the Sequence Ontology: parsing, severity, impact and `is_a`.
//!
//! A term is a number: its place in the table, the most severe first. So a set of terms is one `u128`, the most severe
//! term of a set is its lowest bit, and "is any of these a …" is one `and`.

use super::terms_table::{ALIASES, ROWS};
use crate::domain::finding::NULL_TERMS;

/// How much harm a consequence may do, in the four words that all the tools share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// `HIGH`.
    High,
    /// `MODERATE`.
    Moderate,
    /// `LOW`.
    Low,
    /// `MODIFIER`.
    Modifier,
}

use Impact::{High, Low, Moderate, Modifier};

impl Impact {
    /// Reads the word; anything else is `None`.
    #[inline]
    pub fn parse(word: &[u8]) -> Option<Self> {
        match word {
            b"HIGH" => Some(High),
            b"MODERATE" => Some(Moderate),
            b"LOW" => Some(Low),
            b"MODIFIER" => Some(Modifier),
            _ => None,
        }
    }

    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            High => "HIGH",
            Moderate => "MODERATE",
            Low => "LOW",
            Modifier => "MODIFIER",
        }
    }
}

/// A known consequence term. Terms are ordered by severity: the smaller, the more severe.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Term(u8);

impl Term {
    /// Reads a term as VEP, SnpEff or bcftools csq writes it (`missense_variant`, `missense`). An unknown term is
    /// `None`: it is kept as text by the caller and never matches anything.
    #[inline]
    pub fn parse(name: &[u8]) -> Option<Self> {
        let mut slot = slot_of(name);
        loop {
            let found = SLOTS[slot];
            if found == EMPTY {
                return None;
            }
            let (known, term) = name_in_slot(found);
            if known.as_bytes() == name {
                return Some(Self(term));
            }
            slot = (slot + 1) % SLOT_COUNT;
        }
    }

    /// The ontology's name.
    pub fn as_str(self) -> &'static str {
        ROWS[usize::from(self.0)].name
    }

    /// The ontology's accession (`SO:0001583`), if it has the term.
    pub fn accession(self) -> Option<&'static str> {
        Some(ROWS[usize::from(self.0)].accession).filter(|accession| !accession.is_empty())
    }

    /// The impact that VEP gives the term, or SnpEff where VEP has none. A file's own word counts more.
    pub fn impact(self) -> Impact {
        ROWS[usize::from(self.0)].impact
    }

    /// The rank in Ensembl's table of calculated consequences, 1 the most severe, if the term is there.
    pub fn vep_rank(self) -> Option<u8> {
        Some(ROWS[usize::from(self.0)].vep_rank).filter(|&rank| rank != 0)
    }

    /// Place in the order of severity over all tools, 0 the most severe.
    pub fn severity(self) -> u8 {
        self.0
    }

    /// Whether this is `other` or a kind of it, as the ontology says.
    pub fn is_a(self, other: Self) -> bool {
        ANCESTORS[usize::from(self.0)] >> other.0 & 1 == 1
    }

    /// The terms of which this one is directly a kind.
    pub fn parents(self) -> impl Iterator<Item = Self> {
        ROWS[usize::from(self.0)].parents.iter().filter_map(|name| Self::parse(name.as_bytes()))
    }

    /// All known terms, the most severe first.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..ROWS.len() as u8).map(Self)
    }
}

impl std::fmt::Debug for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl std::fmt::Display for Term {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A set of known terms.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct TermSet(u128);

impl TermSet {
    /// The terms of null variants ([`NULL_TERMS`]).
    pub const NULL_VARIANTS: Self = Self::of(NULL_TERMS);

    /// The set of these terms; a wrong name does not compile.
    const fn of(names: &[&str]) -> Self {
        let (mut set, mut i) = (0, 0);
        while i < names.len() {
            set |= 1 << row_of(names[i]);
            i += 1;
        }
        Self(set)
    }

    /// Reads terms joined by `&`. Unknown ones are left out, and counted.
    #[inline]
    pub fn parse(joined: &[u8]) -> (Self, u32) {
        let (mut set, mut unknown) = (0, 0);
        let mut rest = joined;
        while !rest.is_empty() {
            let end = memchr::memchr(b'&', rest).unwrap_or(rest.len());
            match Term::parse(&rest[..end]) {
                Some(term) => set |= 1 << term.0,
                None => unknown += 1,
            }
            rest = rest.get(end + 1..).unwrap_or_default();
        }
        (Self(set), unknown)
    }

    /// Adds a term.
    pub fn insert(&mut self, term: Term) {
        self.0 |= 1 << term.0;
    }

    /// Adds every term of `other`.
    #[inline]
    pub fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    /// Whether the very term is in the set.
    pub fn contains(self, term: Term) -> bool {
        self.0 >> term.0 & 1 == 1
    }

    /// Whether a term of the set is one of `other`.
    pub fn intersects(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether a term of the set is `term` or a kind of it.
    pub fn any_is_a(self, term: Term) -> bool {
        self.0 & DESCENDANTS[usize::from(term.0)] != 0
    }

    /// The most severe term.
    #[inline]
    pub fn most_severe(self) -> Option<Term> {
        (self.0 != 0).then(|| Term(self.0.trailing_zeros() as u8))
    }

    /// The terms, the most severe first.
    pub fn iter(self) -> impl Iterator<Item = Term> {
        Term::all().filter(move |term| self.contains(*term))
    }

    /// Whether no known term is in the set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Term> for TermSet {
    fn from_iter<I: IntoIterator<Item = Term>>(terms: I) -> Self {
        let mut set = Self::default();
        terms.into_iter().for_each(|term| set.insert(term));
        set
    }
}

impl std::fmt::Debug for TermSet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

// The look-ups are made at compile time, so that a parent or an alias that names no term does not compile.

const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    if a.len() != b.len() {
        return false;
    }
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

const fn row_of(name: &str) -> usize {
    let mut i = 0;
    while i < ROWS.len() {
        if same(ROWS[i].name, name) {
            return i;
        }
        i += 1;
    }
    panic!("no such term")
}

/// For each term the set of what it is: itself, its parents, theirs and so on.
static ANCESTORS: [u128; ROWS.len()] = {
    let mut sets = [0_u128; ROWS.len()];
    let mut i = 0;
    while i < ROWS.len() {
        sets[i] = 1 << i;
        let mut parent = 0;
        while parent < ROWS[i].parents.len() {
            sets[i] |= 1 << row_of(ROWS[i].parents[parent]);
            parent += 1;
        }
        i += 1;
    }
    // Each round adds what the parents have learnt; the deepest path of the ontology is shorter than this.
    let mut round = 0;
    while round < 16 {
        let mut i = 0;
        while i < ROWS.len() {
            let mut j = 0;
            while j < ROWS.len() {
                if sets[i] >> j & 1 == 1 {
                    sets[i] |= sets[j];
                }
                j += 1;
            }
            i += 1;
        }
        round += 1;
    }
    sets
};

/// For each term the set of its kinds, itself included.
static DESCENDANTS: [u128; ROWS.len()] = {
    let mut sets = [0_u128; ROWS.len()];
    let mut i = 0;
    while i < ROWS.len() {
        let mut j = 0;
        while j < ROWS.len() {
            if ANCESTORS[i] >> j & 1 == 1 {
                sets[j] |= 1 << i;
            }
            j += 1;
        }
        i += 1;
    }
    sets
};

const SLOT_COUNT: usize = 512;
const EMPTY: u8 = u8::MAX;

/// A hash table from names to rows, open addressing: rows first, then aliases.
static SLOTS: [u8; SLOT_COUNT] = {
    let mut slots = [EMPTY; SLOT_COUNT];
    let mut i = 0;
    while i < ROWS.len() + ALIASES.len() {
        let name = if i < ROWS.len() { ROWS[i].name } else { ALIASES[i - ROWS.len()].0 };
        let mut slot = slot_of(name.as_bytes());
        while slots[slot] != EMPTY {
            slot = (slot + 1) % SLOT_COUNT;
        }
        slots[slot] = i as u8;
        i += 1;
    }
    slots
};

/// Rows that the aliases mean.
static ALIAS_ROWS: [u8; ALIASES.len()] = {
    let mut rows = [0; ALIASES.len()];
    let mut i = 0;
    while i < ALIASES.len() {
        rows[i] = row_of(ALIASES[i].1) as u8;
        i += 1;
    }
    rows
};

fn name_in_slot(found: u8) -> (&'static str, u8) {
    match usize::from(found).checked_sub(ROWS.len()) {
        None => (ROWS[usize::from(found)].name, found),
        Some(alias) => (ALIASES[alias].0, ALIAS_ROWS[alias]),
    }
}

/// Mixes the length with the first and the last eight bytes: enough to tell the names apart.
#[inline]
const fn slot_of(name: &[u8]) -> usize {
    let first = word(name, 0);
    let last = word(name, name.len().saturating_sub(8));
    let mixed = (first ^ last.rotate_left(23) ^ name.len() as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed >> 55) as usize % SLOT_COUNT
}

/// Eight bytes from `at` on, zeros past the end.
#[inline]
const fn word(name: &[u8], at: usize) -> u64 {
    if let Some((_, rest)) = name.split_at_checked(at)
        && let Some(eight) = rest.first_chunk::<8>()
    {
        return u64::from_le_bytes(*eight);
    }
    let (mut word, mut i) = (0, at);
    while i < name.len() && i < at + 8 {
        word |= (name[i] as u64) << (8 * (i - at));
        i += 1;
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_few_steps() {
        let steps = |name: &str| {
            let home = slot_of(name.as_bytes());
            let found = (0..SLOT_COUNT).position(|step| {
                let slot = SLOTS[(home + step) % SLOT_COUNT];
                slot != EMPTY && name_in_slot(slot).0 == name
            });
            found.unwrap()
        };
        let names = ROWS.iter().map(|row| row.name).chain(ALIASES.iter().map(|(name, _)| *name));
        assert!(names.map(steps).max() < Some(6));
    }

    #[test]
    fn the_deepest_path_of_the_ontology_is_followed_to_its_end() {
        for term in Term::all() {
            for parent in term.parents() {
                let (own, theirs) = (ANCESTORS[usize::from(term.0)], ANCESTORS[usize::from(parent.0)]);
                assert_eq!(theirs & !own, 0, "{term} lacks what {parent} is");
            }
        }
    }
}
