//! The sink's side, under any sequence of what may happen to it, held against sets.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vcf_agent::delivery::sink::{Offer, Sink};

#[derive(Debug, Clone, Copy)]
enum Op {
    Offer(u32),
    Committed(u32),
    Dropped(u32),
    Forget(u32),
    End(u32),
}

fn op() -> impl Strategy<Value = Op> {
    let segment = 0u32..10;
    prop_oneof![
        4 => segment.clone().prop_map(Op::Offer),
        2 => segment.clone().prop_map(Op::Committed),
        1 => segment.clone().prop_map(Op::Dropped),
        1 => segment.prop_map(Op::Forget),
        1 => (0u32..12).prop_map(Op::End),
    ]
}

proptest! {
    #[test]
    fn a_segment_is_taken_once_until_it_is_done_dropped_or_forgotten(
        held in prop::collection::btree_set(0u32..10, 0..5),
        ops in prop::collection::vec(op(), 0..120),
    ) {
        let mut sink = Sink::new(held.iter().copied().collect());
        let (mut done, mut staging, mut total) = (held, BTreeSet::new(), None);
        for op in ops {
            match op {
                Op::Offer(segment) => {
                    let expected = match (done.contains(&segment), staging.contains(&segment)) {
                        (true, _) => Offer::Done,
                        (_, true) => Offer::Join,
                        _ => Offer::Take,
                    };
                    prop_assert_eq!(sink.offer(segment), expected);
                    if expected == Offer::Take {
                        staging.insert(segment);
                    }
                }
                // Only what was taken can land.
                Op::Committed(segment) if staging.remove(&segment) => {
                    sink.committed(segment);
                    done.insert(segment);
                }
                Op::Dropped(segment) if staging.remove(&segment) => sink.dropped(segment),
                Op::Committed(_) | Op::Dropped(_) => {}
                Op::Forget(segment) => {
                    sink.forget([segment]);
                    done.remove(&segment);
                }
                Op::End(segments) => {
                    sink.end(segments);
                    total = Some(segments);
                }
            }
            let missing = total.map(|total| (0..total).filter(|segment| !done.contains(segment)).collect::<Vec<_>>());
            prop_assert_eq!(sink.is_complete(), missing.as_ref().is_some_and(Vec::is_empty));
            prop_assert_eq!(sink.missing(), missing);
            prop_assert!(sink.done().iter().eq(done.iter().copied()));
        }
    }
}
