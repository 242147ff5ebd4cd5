//! Groups: the segments inside one aligned block of 16 that are committed together, as one file and one ledger
//! transaction. A group closes at 16 segments, at a byte limit, after an interval, or when its source is out of credit.

use std::collections::BTreeMap;

use super::segment::{BLOCK_SEGMENTS, Segment, block_of};

/// When a group closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GroupLimits {
    /// Bytes of rows at which a group closes (32 MiB).
    pub bytes_max: u64,
    /// Age at which a group closes.
    pub flush_interval_ms: u64,
}

/// A closed group: its segments in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group<T> {
    /// The aligned block.
    pub block: u32,
    /// Segments with what came with them, ascending.
    pub items: Vec<(Segment, T)>,
}

struct Open<T> {
    items: Vec<(Segment, T)>,
    bytes: u64,
    opened_at_ms: u64,
}

/// The open groups of one job.
pub struct Groups<T> {
    limits: GroupLimits,
    open: BTreeMap<u32, Open<T>>,
}

impl<T> Groups<T> {
    /// No group yet.
    pub fn new(limits: GroupLimits) -> Self {
        Self { limits, open: BTreeMap::new() }
    }

    /// Adds a segment that the sink took; returns the group if that closes it.
    pub fn add(&mut self, segment: Segment, item: T, bytes: u64, now_ms: u64) -> Option<Group<T>> {
        let block = block_of(segment);
        let open = self.open.entry(block).or_insert_with(|| Open { items: Vec::new(), bytes: 0, opened_at_ms: now_ms });
        open.items.push((segment, item));
        open.bytes += bytes;
        let full = open.items.len() >= BLOCK_SEGMENTS as usize || open.bytes >= self.limits.bytes_max;
        full.then(|| self.close(block)).flatten()
    }

    /// Closes every group that is old enough.
    pub fn due(&mut self, now_ms: u64) -> Vec<Group<T>> {
        let interval = self.limits.flush_interval_ms;
        let old = |open: &Open<T>| now_ms.saturating_sub(open.opened_at_ms) >= interval;
        let blocks: Vec<u32> = self.open.iter().filter(|(_, open)| old(open)).map(|(&block, _)| block).collect();
        blocks.into_iter().filter_map(|block| self.close(block)).collect()
    }

    /// When [`Groups::due`] will next have something to close.
    pub fn next_due_ms(&self) -> Option<u64> {
        self.open.values().map(|open| open.opened_at_ms.saturating_add(self.limits.flush_interval_ms)).min()
    }

    /// Closes everything: the source is out of credit, at its end, or the node drains.
    pub fn close_all(&mut self) -> Vec<Group<T>> {
        let blocks: Vec<u32> = self.open.keys().copied().collect();
        blocks.into_iter().filter_map(|block| self.close(block)).collect()
    }

    /// Whether no group is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn close(&mut self, block: u32) -> Option<Group<T>> {
        let mut items = self.open.remove(&block)?.items;
        items.sort_by_key(|(segment, _)| *segment);
        Some(Group { block, items })
    }
}
