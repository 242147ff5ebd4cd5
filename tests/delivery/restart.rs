//! Restarts: how many, how soon, and when it is enough.

use proptest::prelude::*;
use vcf_agent::delivery::restart::{RestartBudget, RestartPolicy};

proptest! {
    #[test]
    fn waits_grow_within_bounds_and_a_spent_budget_recovers(
        policy in (0u32..7, 1u64..1_000, 1u64..100, 1u64..2_000),
        deaths in prop::collection::vec((0u64..400, 0.0f64..1.0), 0..60),
    ) {
        let (restarts_max, window_ms, backoff_min_ms, backoff_max_ms) = policy;
        let policy = RestartPolicy { restarts_max, window_ms, backoff_min_ms, backoff_max_ms };
        let mut budget = RestartBudget::new(policy);
        let (mut now_ms, mut restarts) = (0u64, Vec::<u64>::new());
        for (later_ms, jitter) in deaths {
            now_ms += later_ms;
            let recent = restarts.iter().filter(|&&then| now_ms - then <= window_ms).count() as u32;
            let wait_ms = budget.died(now_ms, jitter);
            prop_assert_eq!(wait_ms.is_some(), recent < restarts_max);
            if let Some(wait_ms) = wait_ms {
                restarts.push(now_ms);
                let full_ms = (backoff_min_ms << recent).min(backoff_max_ms);
                prop_assert!((full_ms / 2..=full_ms).contains(&wait_ms), "{} of {}", wait_ms, full_ms);
            }
        }
    }
}

#[test]
fn jitter_spreads_the_wait_over_the_upper_half() {
    let policy = RestartPolicy { backoff_min_ms: 1_000, ..RestartPolicy::default() };
    let wait_ms = |jitter| RestartBudget::new(policy).died(0, jitter).unwrap();
    assert_eq!((wait_ms(0.0), wait_ms(0.5), wait_ms(1.0)), (500, 750, 1_000));
    // Whatever the source of chance gives.
    assert_eq!((wait_ms(-3.0), wait_ms(7.0), wait_ms(f64::NAN)), (500, 1_000, 500));
}

#[test]
fn nothing_overflows_when_a_stage_dies_very_often() {
    let policy = RestartPolicy {
        restarts_max: 200,
        backoff_min_ms: u64::MAX / 2,
        backoff_max_ms: u64::MAX,
        window_ms: u64::MAX,
    };
    let mut budget = RestartBudget::new(policy);
    assert!((0..200).all(|_| budget.died(u64::MAX, 0.9).is_some()));
    assert_eq!(budget.died(0, 0.9), None, "a clock that runs backwards gives nothing back");
}
