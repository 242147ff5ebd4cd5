//! One entry of an annotation, `A|missense_variant|MODERATE|…`: columns by number, in ascending order, 64 bytes at a time.
//! An entry of VEP has 80 columns and more, of which few are wanted.

/// A walk over the columns of one entry. Ask for columns in ascending order.
pub(super) struct Columns<'e> {
    entry: &'e [u8],
    /// The column that begins at `start`.
    next: usize,
    /// Where it begins; past the end if the entry has no such column.
    start: usize,
    /// First byte of the block that `bars` is about.
    block: usize,
    /// One bit for each byte of the block that is a bar and was not passed yet.
    bars: u64,
}

const BLOCK: usize = 64;

impl<'e> Columns<'e> {
    #[inline(always)]
    pub(super) fn new(entry: &'e [u8]) -> Self {
        Self { entry, next: 0, start: 0, block: 0, bars: bars(entry, 0) }
    }

    /// The text of a column; `None` if the entry ends before it, or the column is one that was passed already.
    #[inline(always)]
    pub(super) fn get(&mut self, column: usize) -> Option<&'e [u8]> {
        for _ in 0..column.checked_sub(self.next)? {
            self.start = self.bar() + 1;
        }
        let text = self.entry.get(self.start..)?;
        let end = self.bar();
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

    /// Goes over one bar: where it is, or the end of the entry.
    #[inline(always)]
    fn bar(&mut self) -> usize {
        while self.bars == 0 {
            self.block += BLOCK;
            if self.block >= self.entry.len() {
                self.block = self.entry.len();
                return self.entry.len();
            }
            self.bars = bars(self.entry, self.block);
        }
        let at = self.block + self.bars.trailing_zeros() as usize;
        self.bars &= self.bars - 1;
        at
    }
}

/// Marks the bars among the 64 bytes from `at` on.
#[inline]
fn bars(entry: &[u8], at: usize) -> u64 {
    match entry[at..].first_chunk::<BLOCK>() {
        Some(block) => marks(block),
        None => {
            let mut block = [0; BLOCK];
            block[..entry.len() - at].copy_from_slice(&entry[at..]);
            marks(&block)
        }
    }
}

/// Bit `n` says whether byte `n` is a bar.
#[inline]
fn marks(block: &[u8; BLOCK]) -> u64 {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Multiplied by this, the lowest bits of eight bytes come together in the highest byte.
    const GATHER: u64 = 0x0102_0408_1020_4080;
    let (words, _) = block.as_chunks::<8>();
    words.iter().rev().fold(0, |marks, word| {
        // A byte of `other` is zero where the word has a bar; adding 0x7f to its low bits carries into the high bit
        // unless they are all zero, and never into the next byte.
        let other = u64::from_le_bytes(*word) ^ (LOW * u64::from(b'|'));
        let zeros = !(((other & !HIGH) + !HIGH) | other) & HIGH;
        marks << 8 | (zeros >> 7).wrapping_mul(GATHER) >> 56
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_a_plain_split_would_say(
            entry in proptest::collection::vec(prop_oneof![Just(b'|'), any::<u8>(), Just(b'|' ^ 0x80), Just(b'}')], 0..200),
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
