//! The file that is simulated: its segments, the rows that each of them makes, and which of these are poison. All of it is a pure
//! function of the seed, as a real file's segments are a pure function of its bytes.

use std::collections::BTreeMap;

use vcf_agent::delivery::certificate::Tally;
use vcf_agent::delivery::segment::Segment;

/// (record ordinal, ALT index).
pub type Key = (u64, u32);

/// One row: what it is called, and what it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub key: Key,
    pub digest: u128,
    /// Whoever encodes it panics.
    pub poison: bool,
}

/// One segment.
#[derive(Debug, Clone, Default)]
pub struct Content {
    pub rows: Vec<Row>,
    /// Credit that it takes while it is under way.
    pub cost_bytes: u64,
}

/// See the module.
pub struct Model {
    pub segments: Vec<Content>,
    pub window_bytes: u64,
}

impl Model {
    pub fn new(rng: &mut fastrand::Rng) -> Self {
        let count = match rng.u32(..20) {
            0 => 0,
            1..16 => rng.usize(1..20),
            _ => rng.usize(20..45),
        };
        let poison_chance = [0.0, 0.0, 0.05, 0.3][rng.usize(..4)];
        let window_bytes = [5, 60, 150, 400][rng.usize(..4)];
        let mut ordinal = 0;
        let segments = (0..count).map(|_| Content::new(rng, &mut ordinal, poison_chance)).collect();
        Self { segments, window_bytes }
    }

    pub fn len(&self) -> Segment {
        self.segments.len() as Segment
    }

    /// What the parser counts: poison included, because parsing does not trip over it.
    pub fn parsed(&self) -> Tally {
        tally(self.segments.iter().flat_map(|content| &content.rows))
    }

    /// Every row, by its key.
    pub fn rows(&self) -> BTreeMap<Key, Row> {
        self.segments.iter().flat_map(|content| &content.rows).map(|row| (row.key, *row)).collect()
    }

    /// The most segments that can hold credit at once.
    pub fn window_segments(&self) -> u64 {
        let mut costs: Vec<u64> = self.segments.iter().map(|content| content.cost_bytes).collect();
        costs.sort_unstable();
        let mut left = self.window_bytes;
        let fit =
            costs.into_iter().take_while(|&cost| left.checked_sub(cost).map(|rest| left = rest).is_some()).count();
        fit.max(1) as u64
    }
}

impl Content {
    fn new(rng: &mut fastrand::Rng, ordinal: &mut u64, poison_chance: f64) -> Self {
        let mut rows = Vec::new();
        for _ in 0..rng.u32(1..4) {
            // Some records are dead when they are parsed: they make no row.
            let alts = [0, 1, 1, 1, 2][rng.usize(..5)];
            for alt in 1..=alts {
                rows.push(Row { key: (*ordinal, alt), digest: rng.u128(..), poison: rng.f64() < poison_chance });
            }
            *ordinal += 1;
        }
        Self { rows, cost_bytes: rng.u64(10..40) }
    }
}

/// Rows and the sum of their digests.
pub fn tally<'a>(rows: impl IntoIterator<Item = &'a Row>) -> Tally {
    let mut all = Tally::default();
    rows.into_iter().for_each(|row| all.add(Tally { rows: 1, digest_sum: row.digest }));
    all
}
