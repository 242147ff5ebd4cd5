//! Segment numbers and sets of them.

/// 0-based number of a segment in its file.
pub type Segment = u32;

/// Segments of one aligned block are committed together where possible.
pub const BLOCK_SEGMENTS: u32 = 16;

/// The aligned block that a segment belongs to.
pub fn block_of(segment: Segment) -> u32 {
    segment / BLOCK_SEGMENTS
}

/// A set of segments: one bit each.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SegmentSet {
    words: Vec<u64>,
    len: u32,
}

impl SegmentSet {
    /// Adds one; false if it was there.
    pub fn insert(&mut self, segment: Segment) -> bool {
        let word = segment as usize / 64;
        if word >= self.words.len() {
            self.words.resize(word + 1, 0);
        }
        let bit = 1 << (segment % 64);
        let new = self.words[word] & bit == 0;
        self.words[word] |= bit;
        self.len += u32::from(new);
        new
    }

    /// Removes one; false if it was not there.
    pub fn remove(&mut self, segment: Segment) -> bool {
        let had = self.contains(segment);
        if had {
            self.words[segment as usize / 64] &= !(1 << (segment % 64));
            self.len -= 1;
            // Equal sets are equal whatever they once held.
            while self.words.last() == Some(&0) {
                self.words.pop();
            }
        }
        had
    }

    /// Whether it is there.
    pub fn contains(&self, segment: Segment) -> bool {
        self.words.get(segment as usize / 64).is_some_and(|word| word >> (segment % 64) & 1 == 1)
    }

    /// How many.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// All, ascending.
    pub fn iter(&self) -> impl Iterator<Item = Segment> + '_ {
        (0..self.words.len() as u32 * 64).filter(|&segment| self.contains(segment))
    }

    /// The segments below `total` that are not there: what an audit finds missing.
    pub fn missing_below(&self, total: u32) -> impl Iterator<Item = Segment> + '_ {
        (0..total).filter(|&segment| !self.contains(segment))
    }
}

impl FromIterator<Segment> for SegmentSet {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        let mut set = Self::default();
        for segment in segments {
            set.insert(segment);
        }
        set
    }
}
