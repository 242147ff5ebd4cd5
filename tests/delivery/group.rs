//! Groups: every segment is in exactly one, and each closes when it should.

use std::collections::BTreeMap;

use proptest::prelude::*;
use vcf_agent::delivery::group::{Group, GroupLimits, Groups};
use vcf_agent::delivery::segment::BLOCK_SEGMENTS;

const SEGMENTS: u32 = 80;

#[derive(Debug, Clone, Copy)]
enum Op {
    /// The next segment, in an order that was shuffled.
    Add {
        bytes: u64,
    },
    Wait {
        ms: u64,
    },
    CloseAll,
}

fn op() -> impl Strategy<Value = Op> {
    prop_oneof![
        20 => (0u64..60).prop_map(|bytes| Op::Add { bytes }),
        4 => (0u64..40).prop_map(|ms| Op::Wait { ms }),
        1 => Just(Op::CloseAll),
    ]
}

/// What is open, in the plainest words: bytes and the moment of opening by block, and what was put in.
#[derive(Default)]
struct Naive {
    open: BTreeMap<u32, (u64, u64, Vec<u32>)>,
    closed: Vec<u32>,
}

impl Naive {
    /// A group was closed: it must be all of what is open of its block, ascending.
    fn close(&mut self, group: &Group<String>) -> Result<(), TestCaseError> {
        let (_, _, mut expected) = self.open.remove(&group.block).unwrap_or_default();
        expected.sort_unstable();
        let segments: Vec<u32> = group.items.iter().map(|(segment, _)| *segment).collect();
        prop_assert_eq!(&segments, &expected);
        prop_assert!(!segments.is_empty() && segments.len() <= BLOCK_SEGMENTS as usize);
        prop_assert!(segments.iter().all(|segment| segment / BLOCK_SEGMENTS == group.block), "aligned to blocks");
        prop_assert!(group.items.iter().all(|(segment, item)| *item == segment.to_string()), "each with its own item");
        self.closed.extend(segments);
        Ok(())
    }
}

proptest! {
    #[test]
    fn each_segment_is_in_one_closed_group_that_closed_in_time(
        order in Just((0..SEGMENTS).collect::<Vec<u32>>()).prop_shuffle(),
        is_sorted in any::<bool>(),
        ops in prop::collection::vec(op(), 0..160),
        bytes_max in prop_oneof![Just(u64::MAX), 1u64..500],
    ) {
        let limits = GroupLimits { bytes_max, flush_interval_ms: 25 };
        let mut groups = Groups::new(limits);
        let (mut naive, mut now_ms) = (Naive::default(), 1_000);
        let mut order = if is_sorted { (0..SEGMENTS).collect() } else { order }.into_iter();
        let mut added = Vec::new();
        for op in ops {
            match op {
                Op::Add { bytes } => {
                    let Some(segment) = order.next() else { continue };
                    added.push(segment);
                    let open = naive.open.entry(segment / BLOCK_SEGMENTS).or_insert((0, now_ms, Vec::new()));
                    open.0 += bytes;
                    open.2.push(segment);
                    let full = open.2.len() == BLOCK_SEGMENTS as usize || open.0 >= bytes_max;
                    let closed = groups.add(segment, segment.to_string(), bytes, now_ms);
                    prop_assert_eq!(closed.is_some(), full);
                    closed.iter().try_for_each(|group| naive.close(group))?;
                }
                Op::Wait { ms } => {
                    now_ms += ms;
                    let is_old = |opened_ms: u64| now_ms - opened_ms >= limits.flush_interval_ms;
                    let due: Vec<u32> = naive.open.iter().filter(|(_, open)| is_old(open.1)).map(|(&block, _)| block).collect();
                    let closed = groups.due(now_ms);
                    prop_assert_eq!(closed.iter().map(|group| group.block).collect::<Vec<_>>(), due);
                    closed.iter().try_for_each(|group| naive.close(group))?;
                }
                Op::CloseAll => groups.close_all().iter().try_for_each(|group| naive.close(group))?,
            }
            prop_assert_eq!(groups.is_empty(), naive.open.is_empty());
            prop_assert_eq!(groups.next_due_ms(), naive.open.values().map(|open| open.1 + 25).min());
        }
        groups.close_all().iter().try_for_each(|group| naive.close(group))?;
        prop_assert!(groups.is_empty() && groups.next_due_ms().is_none());
        naive.closed.sort_unstable();
        added.sort_unstable();
        prop_assert_eq!(naive.closed, added, "each segment in exactly one group");
    }
}

#[test]
fn a_late_segment_of_a_closed_block_opens_a_group_of_its_own() {
    let mut groups = Groups::new(GroupLimits { bytes_max: u64::MAX, flush_interval_ms: u64::MAX });
    let closed = (0..15).find_map(|segment| groups.add(segment, (), 1, 0));
    assert_eq!(closed, None);
    assert_eq!(groups.close_all().len(), 1);
    assert_eq!(groups.add(15, (), 1, 7), None);
    assert_eq!(groups.next_due_ms(), Some(u64::MAX), "an interval beyond all numbers never ends");
    assert_eq!(groups.close_all(), [Group { block: 0, items: vec![(15, ())] }]);
}
