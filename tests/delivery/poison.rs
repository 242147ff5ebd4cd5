//! Who is blamed for a failure: exactly those that fail on their own, found in the number of trials that is documented.

use std::collections::BTreeSet;

use proptest::prelude::*;
use vcf_agent::delivery::poison::{STRIKES_MAX, Strikes, culprits};

/// `1 + 2 n log2(len)`, the logarithm rounded up.
fn trials_max(culprits: usize, len: usize) -> usize {
    1 + 2 * culprits * len.next_power_of_two().ilog2() as usize
}

proptest! {
    #[test]
    fn exactly_the_failing_ones_are_found_in_few_trials(
        start in 0usize..100,
        len in 1usize..300,
        failing in prop::collection::vec(any::<prop::sample::Index>(), 0..8),
    ) {
        let failing: BTreeSet<usize> = failing.into_iter().map(|index| start + index.index(len)).collect();
        let mut trials = 0;
        let found = culprits(start..start + len, &mut |range| {
            trials += 1;
            assert!(!range.is_empty() && range.start >= start && range.end <= start + len);
            !range.into_iter().any(|item| failing.contains(&item))
        });
        prop_assert_eq!(found, failing.iter().copied().collect::<Vec<_>>());
        prop_assert!(trials <= trials_max(failing.len(), len), "{} trials", trials);
    }

    #[test]
    fn a_failure_that_needs_two_items_blames_nobody_but_who_fails_alone(
        len in 2usize..200,
        pair in (any::<prop::sample::Index>(), any::<prop::sample::Index>()),
        alone in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let (one, other) = (pair.0.index(len), pair.1.index(len));
        prop_assume!(one != other);
        let alone = alone.map(|index| index.index(len));
        let mut trials = 0;
        let found = culprits(0..len, &mut |range| {
            trials += 1;
            let together = range.contains(&one) && range.contains(&other);
            !together && !alone.is_some_and(|alone| range.contains(&alone))
        });
        prop_assert_eq!(found, alone.into_iter().collect::<Vec<_>>());
        prop_assert!(trials <= trials_max(2, len), "{} trials", trials);
    }

    #[test]
    fn strikes_count_for_each_piece_of_work_by_itself(ops in prop::collection::vec((0u8..4, 0u8..6), 0..60)) {
        let (mut strikes, mut naive) = (Strikes::default(), [0u32; 4]);
        for (key, op) in ops {
            if op == 0 {
                strikes.forget(&key);
                naive[key as usize] = 0;
            } else {
                naive[key as usize] += 1;
                prop_assert_eq!(strikes.strike(key), naive[key as usize] >= STRIKES_MAX);
            }
        }
    }
}

#[test]
fn nothing_is_tried_where_there_is_nothing() {
    assert_eq!(culprits(5..5, &mut |_| unreachable!("a trial of nothing")), Vec::<usize>::new());
}
