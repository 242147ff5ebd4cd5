//! Poison: a piece of work whose handling panics or aborts. It is tried a few times, then split down to the record, and
//! only the record is blamed: its neighbours go on.

use std::collections::BTreeMap;
use std::ops::Range;

/// Failures of one piece of work before it is split.
pub const STRIKES_MAX: u32 = 3;

/// Counts failures per piece of work.
#[derive(Debug, Clone)]
pub struct Strikes<K: Ord> {
    counts: BTreeMap<K, u32>,
}

impl<K: Ord> Default for Strikes<K> {
    fn default() -> Self {
        Self { counts: BTreeMap::new() }
    }
}

impl<K: Ord> Strikes<K> {
    /// One more failure; true when the work should now be split.
    pub fn strike(&mut self, key: K) -> bool {
        let count = self.counts.entry(key).or_default();
        *count += 1;
        *count >= STRIKES_MAX
    }

    /// The work succeeded or was split.
    pub fn forget(&mut self, key: &K) {
        self.counts.remove(key);
    }
}

/// Finds the items of `range` that fail on their own, halving what fails. `survives` runs a trial on a range and must be
/// free of effects. A range that fails although both halves survive (the failure needs several items, or came from
/// elsewhere) blames nobody.
///
/// At most `1 + 2 n log2(len)` trials for `n` culprits, the logarithm rounded up.
pub fn culprits(range: Range<usize>, survives: &mut dyn FnMut(Range<usize>) -> bool) -> Vec<usize> {
    if range.is_empty() || survives(range.clone()) {
        return Vec::new();
    }
    if range.len() == 1 {
        return vec![range.start];
    }
    let middle = range.start + range.len() / 2;
    let mut found = culprits(range.start..middle, survives);
    found.extend(culprits(middle..range.end, survives));
    found
}
