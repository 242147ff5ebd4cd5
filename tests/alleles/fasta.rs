//! References that tests write, and random ones full of repeats.

use std::path::{Path, PathBuf};

use fastrand::Rng;
use vcf_agent::alleles::align::{Aligned, left_align};
use vcf_agent::domain::allele::How;
use vcf_agent::reference::Reference;
use vcf_agent::reference::window::Window;

/// An allele that owns its text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Owned {
    pub pos: i64,
    pub reference: String,
    pub alt: String,
}

impl Owned {
    pub fn new(pos: i64, reference: &str, alt: &str) -> Self {
        Self { pos, reference: reference.into(), alt: alt.into() }
    }
}

/// Writes sequences as FASTA with lines of this width.
pub fn write(folder: &Path, name: &str, sequences: &[(&str, &str)], width: usize) -> PathBuf {
    let mut text = String::new();
    for (title, sequence) in sequences {
        text += &format!(">{title}\n");
        for line in sequence.as_bytes().chunks(width) {
            text += std::str::from_utf8(line).unwrap();
            text.push('\n');
        }
    }
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    path
}

/// An open reference of one contig, `c`, in a folder that lives as long.
pub fn of_one(sequence: &str) -> (tempfile::TempDir, Reference) {
    let folder = tempfile::tempdir().unwrap();
    let path = write(folder.path(), "r.fa", &[("c", sequence)], 60);
    let reference = Reference::open(&path).unwrap();
    (folder, reference)
}

/// Left-aligns on contig 0.
pub fn align(reference: &Reference, pos: i64, bases: &str, alt: &str) -> (Owned, How) {
    let mut aligned = Aligned::default();
    let mut window = Window::new(reference);
    let alt = Some(alt.as_bytes());
    let identity = left_align(&mut window, 0, pos, bases.as_bytes(), alt, &mut aligned).unwrap();
    let text = |bases: &[u8]| String::from_utf8(bases.to_ascii_uppercase()).unwrap();
    (Owned { pos: identity.pos, reference: text(identity.reference), alt: text(identity.alt) }, identity.how)
}

/// A sequence in which indels can move: short units repeated, next to random bases.
pub fn random_sequence(random: &mut Rng, length: usize) -> String {
    let mut sequence = String::new();
    while sequence.len() < length {
        let unit: String = (0..random.usize(1..=6)).map(|_| random.choice(['A', 'C', 'G', 'T']).unwrap()).collect();
        let times = if random.bool() { 1 } else { random.usize(2..=12) };
        sequence += &unit.repeat(times);
        if random.u8(..) < 4 {
            sequence += &"N".repeat(random.usize(1..=8));
        }
    }
    sequence.truncate(length);
    sequence
}

/// A random insertion, deletion or replacement in these bases.
pub fn random_alt(random: &mut Rng, reference: &str) -> String {
    loop {
        let cut = random.usize(0..reference.len());
        let deleted = random.usize(0..=reference.len() - cut);
        let inserted: String = match random.u8(0..4) {
            0 => String::new(),
            1 => reference[..random.usize(1..=reference.len())].to_owned(),
            2 => reference.repeat(random.usize(1..=3)),
            _ => (0..random.usize(1..=4)).map(|_| random.choice(['A', 'C', 'G', 'T']).unwrap()).collect(),
        };
        let alt = [&reference[..cut], &inserted, &reference[cut + deleted..]].concat();
        if !alt.is_empty() && alt != reference {
            return alt;
        }
    }
}

/// A random allele on this sequence, written in a random, often padded way. REF is the sequence's.
pub fn random_allele(random: &mut Rng, sequence: &str) -> Owned {
    let start = random.usize(0..sequence.len());
    let end = (start + 1 + random.usize(0..=12)).min(sequence.len());
    let reference = &sequence[start..end];
    Owned { pos: start as i64 + 1, reference: reference.to_owned(), alt: random_alt(random, reference) }
}

/// The sequence with the allele in it.
pub fn haplotype(sequence: &str, allele: &Owned) -> String {
    let start = allele.pos as usize - 1;
    let end = start + allele.reference.len();
    assert_eq!(&sequence[start..end], allele.reference, "REF is the sequence's");
    [&sequence[..start], &allele.alt, &sequence[end..]].concat()
}
