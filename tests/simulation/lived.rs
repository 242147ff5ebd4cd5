//! What ranges of seeds came to, of either world.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::Seed;
use crate::oracle::Violation;

/// What a range of seeds came to.
#[derive(Default)]
pub struct Lived {
    /// What went wrong or was met on the way, and how often.
    pub counts: BTreeMap<&'static str, u64>,
    /// Segments that were sent more than once.
    pub copies: u64,
    /// By seed.
    pub violations: Vec<(u64, Violation)>,
}

impl Lived {
    /// One seed after the other.
    pub fn all(seeds: impl Iterator<Item = u64>, live: impl Fn(u64) -> Self) -> Self {
        let mut all = Self::default();
        for seed in seeds {
            let _named = Seed(seed);
            all.add(live(seed));
        }
        all
    }

    /// The same seeds on every core.
    pub fn in_parallel(seeds: Range<u64>, live: impl Fn(u64) -> Self + Sync) -> Self {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (mut all, live) = (Self::default(), &live);
        std::thread::scope(|scope| {
            let share = |nth: usize| seeds.clone().skip(nth).step_by(threads);
            let others: Vec<_> = (0..threads).map(|nth| scope.spawn(move || Self::all(share(nth), live))).collect();
            for other in others {
                all.add(other.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload)));
            }
        });
        all.violations.sort_by_key(|(seed, _)| *seed);
        all
    }

    fn add(&mut self, other: Self) {
        other.counts.into_iter().for_each(|(what, n)| *self.counts.entry(what).or_default() += n);
        self.copies += other.copies;
        self.violations.extend(other.violations);
    }

    /// Demands that each of these was met: a simulation in which nothing goes wrong would prove nothing.
    #[track_caller]
    pub fn met_all(&self, what: &[&str]) {
        for what in what {
            assert!(self.counts.get(what).is_some_and(|&n| n > 100), "too few: {what}");
        }
    }
}
