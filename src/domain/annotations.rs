//! What the file's annotator says of each allele, in columns beside the rows. A row of which it says nothing has null in all
//! of them. Most values are words that repeat, so a column keeps each word once and a number per row.

use super::rows::{Bits, Text, Vocabulary};

/// A column of words that repeat; null is allowed.
#[derive(Clone, Default)]
pub struct Words {
    ids: Vec<u32>,
    vocabulary: Vocabulary,
}

/// The number of a null.
pub const NULL: u32 = u32::MAX;

impl Words {
    /// Appends one row.
    pub fn push(&mut self, word: Option<&[u8]>) {
        let id = word.map_or(NULL, |word| self.vocabulary.id(word));
        self.ids.push(id);
    }

    /// Row `i`; panics past the end.
    pub fn get(&self, i: usize) -> Option<&[u8]> {
        self.id(i).map(|id| self.vocabulary.name(id))
    }

    /// The number of row `i`'s word in [`Words::vocabulary`]; panics past the end.
    pub fn id(&self, i: usize) -> Option<u32> {
        Some(self.ids[i]).filter(|&id| id != NULL)
    }

    /// A column of numbers into a vocabulary, [`NULL`] for null; `None` if a number has no word.
    pub fn from_ids(ids: Vec<u32>, vocabulary: Vocabulary) -> Option<Self> {
        let words = vocabulary.names().len();
        ids.iter().all(|&id| id == NULL || (id as usize) < words).then_some(Self { ids, vocabulary })
    }

    /// The number of each row's word, [`NULL`] for null.
    pub fn ids(&self) -> &[u32] {
        &self.ids
    }

    /// Every word, by number.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether no row is held.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Keeps the first `len` rows.
    pub fn truncate(&mut self, len: usize) {
        self.ids.truncate(len);
    }
}

/// The same words in the same rows, however they are numbered.
impl PartialEq for Words {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && (0..self.len()).all(|i| self.get(i) == other.get(i))
    }
}

/// Numbers, some of which are null.
#[derive(Debug, Clone, Default)]
pub struct Numbers<T> {
    /// One per row; anything where there is none.
    pub values: Vec<T>,
    /// Which rows have one.
    pub valid: Bits,
}

impl<T: Copy + Default> Numbers<T> {
    /// Appends one row.
    pub fn push(&mut self, value: Option<T>) {
        self.values.push(value.unwrap_or_default());
        self.valid.push(value.is_some());
    }

    /// Row `i`; panics past the end.
    pub fn get(&self, i: usize) -> Option<T> {
        self.valid.get(i).then(|| self.values[i])
    }

    /// Keeps the first `len` rows.
    pub fn truncate(&mut self, len: usize) {
        self.values.truncate(len);
        self.valid.truncate(len);
    }
}

impl<T: Copy + Default + PartialEq> PartialEq for Numbers<T> {
    fn eq(&self, other: &Self) -> bool {
        self.values.len() == other.values.len() && (0..self.values.len()).all(|i| self.get(i) == other.get(i))
    }
}

/// The columns; each has one entry per row. What each means stands in `docs/annotations.md`.
#[derive(Clone, Default, PartialEq)]
pub struct Annotations {
    /// Consequence terms of the entry that was chosen, as written, joined by `&`.
    pub consequence: Words,
    /// Every known term of every entry for the allele, the most severe first, joined by `&`.
    pub consequences: Words,
    /// `HIGH`, `MODERATE`, `LOW` or `MODIFIER`, of the entry that was chosen.
    pub impact: Words,
    /// Symbol of its gene.
    pub gene: Words,
    /// Id of its gene.
    pub gene_id: Words,
    /// Its transcript.
    pub transcript: Words,
    /// Why that entry was chosen (`mane_select`, …).
    pub transcript_choice: Words,
    /// `allele`, or `record` if the file does not say which of the record's ALTs the entry is about.
    pub annotation_scope: Words,
    /// ClinVar's classifications, as ClinVar writes them today.
    pub clinvar: Words,
    /// ClinVar's review stars, 0 to 4.
    pub clinvar_stars: Numbers<i32>,
    /// The highest population frequency that the configured fields have.
    pub population_frequency: Numbers<f64>,
    /// HGVS of the DNA of the entry that was chosen, as written.
    pub hgvs_c: Text,
    /// HGVS of the protein, as written.
    pub hgvs_p: Text,
}

impl Annotations {
    /// What a row takes in memory beside its texts (bytes).
    pub const ROW_BYTES: usize = 9 * 4 + 4 + 8 + 2 * 4 + 2;

    /// Names of the columns of words, as stores show them.
    pub const WORDS: [&'static str; 9] = [
        "consequence",
        "consequences",
        "impact",
        "gene",
        "gene_id",
        "transcript",
        "transcript_choice",
        "annotation_scope",
        "clinvar",
    ];

    /// The columns of words, in the order of [`Annotations::WORDS`].
    pub fn words(&self) -> [&Words; 9] {
        [
            &self.consequence,
            &self.consequences,
            &self.impact,
            &self.gene,
            &self.gene_id,
            &self.transcript,
            &self.transcript_choice,
            &self.annotation_scope,
            &self.clinvar,
        ]
    }

    /// The columns of words, in the order of [`Annotations::WORDS`].
    pub fn words_mut(&mut self) -> [&mut Words; 9] {
        [
            &mut self.consequence,
            &mut self.consequences,
            &mut self.impact,
            &mut self.gene,
            &mut self.gene_id,
            &mut self.transcript,
            &mut self.transcript_choice,
            &mut self.annotation_scope,
            &mut self.clinvar,
        ]
    }

    /// So many rows of nulls.
    pub fn nulls(rows: usize) -> Self {
        let mut new = Self::default();
        (0..rows).for_each(|_| new.push_null());
        new
    }

    /// Appends a row of which nothing is said.
    pub fn push_null(&mut self) {
        self.words_mut().into_iter().for_each(|words| words.push(None));
        self.clinvar_stars.push(None);
        self.population_frequency.push(None);
        self.hgvs_c.push(None);
        self.hgvs_p.push(None);
    }

    /// Appends row `i` of `other`.
    pub fn push_row(&mut self, other: &Self, i: usize) {
        self.words_mut().into_iter().zip(other.words()).for_each(|(mine, theirs)| mine.push(theirs.get(i)));
        self.clinvar_stars.push(other.clinvar_stars.get(i));
        self.population_frequency.push(other.population_frequency.get(i));
        self.hgvs_c.push(other.hgvs_c.get(i));
        self.hgvs_p.push(other.hgvs_p.get(i));
    }

    /// Keeps the first `len` rows.
    pub fn truncate(&mut self, len: usize) {
        self.words_mut().into_iter().for_each(|words| words.truncate(len));
        self.clinvar_stars.truncate(len);
        self.population_frequency.truncate(len);
        self.hgvs_c.truncate(len);
        self.hgvs_p.truncate(len);
    }

    /// Rows held.
    pub fn len(&self) -> usize {
        self.consequence.len()
    }

    /// Whether no row is held.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether nothing is said of any row.
    pub fn is_null(&self) -> bool {
        let none = |valid: &Bits| valid.count_ones() == 0;
        self.words().into_iter().all(|words| words.ids.iter().all(|&id| id == NULL))
            && [&self.clinvar_stars.valid, &self.population_frequency.valid, &self.hgvs_c.valid, &self.hgvs_p.valid]
                .into_iter()
                .all(none)
    }

    /// About how much memory the columns take (bytes).
    pub fn bytes(&self) -> usize {
        let words: usize =
            self.words().into_iter().flat_map(|words| words.vocabulary.names()).map(|w| w.len() + 64).sum();
        self.len() * Self::ROW_BYTES + words + self.hgvs_c.bytes.len() + self.hgvs_p.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_equal_by_what_they_say() {
        let mut one = Words::default();
        let mut other = Words::default();
        other.push(Some(b"LOW"));
        other.truncate(0);
        for word in [Some(&b"HIGH"[..]), None, Some(b"LOW")] {
            one.push(word);
            other.push(word);
        }
        assert_ne!(one.id(0), other.id(0));
        assert!(one == other);
        assert_eq!((one.get(0), one.get(1), one.len()), (Some(&b"HIGH"[..]), None, 3));
    }

    #[test]
    fn rows_of_nulls_are_null_until_something_is_said() {
        let mut all = Annotations::nulls(2);
        assert!(all.is_null() && all.len() == 2);
        let mut said = Annotations::nulls(0);
        said.population_frequency.push(Some(0.5));
        said.words_mut().into_iter().for_each(|words| words.push(None));
        said.clinvar_stars.push(None);
        said.hgvs_c.push(None);
        said.hgvs_p.push(None);
        all.push_row(&said, 0);
        assert!(!all.is_null() && all.population_frequency.get(2) == Some(0.5));
        all.truncate(2);
        assert!(all == Annotations::nulls(2));
    }
}
