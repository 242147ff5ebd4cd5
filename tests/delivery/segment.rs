//! A set of segments is a set: held against `BTreeSet`.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vcf_agent::delivery::segment::{BLOCK_SEGMENTS, SegmentSet, block_of};

proptest! {
    #[test]
    fn it_is_what_a_tree_set_is(ops in prop::collection::vec((any::<bool>(), 0u32..300), 0..200), total in 0u32..400) {
        let (mut set, mut tree) = (SegmentSet::default(), BTreeSet::new());
        for (inserts, segment) in ops {
            if inserts {
                prop_assert_eq!(set.insert(segment), tree.insert(segment));
            } else {
                prop_assert_eq!(set.remove(segment), tree.remove(&segment));
            }
            prop_assert_eq!(set.contains(segment), inserts);
            prop_assert_eq!(set.len() as usize, tree.len());
            prop_assert_eq!(set.is_empty(), tree.is_empty());
        }
        prop_assert!(set.iter().eq(tree.iter().copied()));
        let missing: Vec<u32> = (0..total).filter(|segment| !tree.contains(segment)).collect();
        prop_assert_eq!(set.missing_below(total).collect::<Vec<_>>(), missing);
        prop_assert_eq!(&set, &tree.iter().copied().collect::<SegmentSet>(), "equal whatever it once held");
        prop_assert!((0..400).all(|segment| set.contains(segment) == tree.contains(&segment)));
    }
}

#[test]
fn blocks_are_aligned() {
    for segment in 0..100 {
        let block = block_of(segment);
        assert!(block * BLOCK_SEGMENTS <= segment && segment < (block + 1) * BLOCK_SEGMENTS);
    }
    assert_eq!(block_of(u32::MAX), u32::MAX / 16);
}
