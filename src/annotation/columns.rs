//! One entry of an annotation, `A|missense_variant|MODERATE|…`: columns by number, in ascending order, eight bytes at a
//! time. An entry of VEP has 80 columns and more, of which few are wanted.

/// A walk over the columns of one entry. Ask for columns in ascending order.
pub(super) struct Columns<'e> {
    entry: &'e [u8],
    /// The column that begins at `start`.
    next: usize,
    /// Where it begins; past the end if the entry has no such column.
    start: usize,
    /// First byte of the word that `separators` is about.
    word: usize,
    /// The high bit of each byte of the word that is a separator not passed yet.
    separators: u64,
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;
const BARS: u64 = LOW * b'|' as u64;

impl<'e> Columns<'e> {
    pub(super) fn new(entry: &'e [u8]) -> Self {
        Self { entry, next: 0, start: 0, word: 0, separators: marks(entry, 0) }
    }

    /// The text of a column; `None` if the entry ends before it, or the column is one that was passed already.
    #[inline(always)]
    pub(super) fn get(&mut self, column: usize) -> Option<&'e [u8]> {
        let passed = column.checked_sub(self.next)?;
        if passed > 0 {
            self.start = self.pass(passed) + 1;
        }
        let text = self.entry.get(self.start..)?;
        let end = self.pass(1);
        self.next = column + 1;
        let text = &text[..end - self.start];
        self.start = end + 1;
        Some(text)
    }

    /// How many columns the entry has. Ends the walk, so that what was passed is not counted again.
    #[inline]
    pub(super) fn count(self) -> usize {
        let bars = |text| memchr::memchr_iter(b'|', text).count();
        match self.entry.get(self.start..) {
            Some(rest) => self.next + bars(rest) + 1,
            None => bars(self.entry) + 1,
        }
    }

    /// Goes over `count` separators, at least one: where the last of them is, or the end of the entry.
    #[inline(always)]
    fn pass(&mut self, mut count: usize) -> usize {
        let (mut word, mut separators) = (self.word, self.separators);
        loop {
            // Each byte of `sums` counts the separators up to it, so the last one counts all.
            let sums = (separators >> 7).wrapping_mul(LOW);
            let here = (sums >> 56) as usize;
            if count <= here {
                // The first byte whose sum is not below the count.
                let reached = ((sums | HIGH) - count as u64 * LOW) & HIGH;
                let byte = reached.trailing_zeros() / 8;
                (self.word, self.separators) = (word, separators & !0 << (8 * byte) << 8);
                return word + byte as usize;
            }
            count -= here;
            word += 8;
            if word >= self.entry.len() {
                (self.word, self.separators) = (self.entry.len(), 0);
                return self.entry.len();
            }
            separators = marks(self.entry, word);
        }
    }
}

/// Marks the separators among the eight bytes from `at` on.
#[inline]
fn marks(entry: &[u8], at: usize) -> u64 {
    let word = match entry[at..].first_chunk::<8>() {
        Some(word) => u64::from_le_bytes(*word),
        None => {
            let mut word = [0; 8];
            word[..entry.len() - at].copy_from_slice(&entry[at..]);
            u64::from_le_bytes(word)
        }
    };
    // A byte of `other` is zero where the word has a bar; adding 0x7f to its low bits carries into the high bit unless
    // they are all zero, and never into the next byte.
    let other = word ^ BARS;
    !(((other & !HIGH) + !HIGH) | other) & HIGH
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_a_plain_split_would_say(
            entry in proptest::collection::vec(prop_oneof![Just(b'|'), any::<u8>(), Just(b'|' ^ 0x80), Just(b'}')], 0..60),
            step in 1_usize..9,
        ) {
            let plain: Vec<&[u8]> = entry.split(|&byte| byte == b'|').collect();
            for passed in 0..plain.len() + 2 {
                let mut columns = Columns::new(&entry);
                let _text = columns.get(passed);
                prop_assert_eq!(columns.count(), plain.len());
            }
            let mut columns = Columns::new(&entry);
            for column in (0..plain.len() + 10).step_by(step) {
                prop_assert_eq!(columns.get(column), plain.get(column).copied(), "column {}", column);
            }
        }
    }

    #[test]
    fn a_column_that_was_passed_is_not_found_again() {
        let mut columns = Columns::new(b"a|b|c");
        assert_eq!(columns.get(1), Some(&b"b"[..]));
        assert_eq!(columns.get(0), None);
        assert_eq!(columns.get(2), Some(&b"c"[..]));
        assert_eq!(columns.get(3), None);
        assert_eq!(columns.get(4), None);
    }
}
