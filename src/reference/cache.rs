//! Blocks of bases by contig and number; the least recently used goes when there is no room.

use std::collections::HashMap;
use std::sync::Arc;

/// Contig, and number of the block in it.
type Key = (u32, u64);

pub(super) struct Cache {
    blocks: HashMap<Key, (u64, Arc<[u8]>)>,
    blocks_max: usize,
    uses: u64,
}

impl Cache {
    pub(super) fn new(blocks_max: usize) -> Self {
        Self { blocks: HashMap::new(), blocks_max, uses: 0 }
    }

    pub(super) fn get(&mut self, key: Key) -> Option<Arc<[u8]>> {
        self.uses += 1;
        let (used, block) = self.blocks.get_mut(&key)?;
        *used = self.uses;
        Some(block.clone())
    }

    pub(super) fn put(&mut self, key: Key, block: Arc<[u8]>) {
        if self.blocks.len() >= self.blocks_max && !self.blocks.contains_key(&key) {
            // A look at a few hundred entries, next to the reading of 64 KiB.
            let oldest = self.blocks.iter().min_by_key(|(_, (used, _))| *used).map(|(key, _)| *key);
            oldest.map(|key| self.blocks.remove(&key));
        }
        self.uses += 1;
        self.blocks.insert(key, (self.uses, block));
    }

    pub(super) fn len(&self) -> usize {
        self.blocks.len()
    }
}
