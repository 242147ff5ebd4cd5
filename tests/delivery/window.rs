//! Credits: never over capacity, except for one that passes alone.

use proptest::prelude::*;
use vcf_agent::delivery::window::Window;

proptest! {
    #[test]
    fn it_never_holds_more_than_fits_except_one_alone(
        capacity in 0u64..100,
        ops in prop::collection::vec((any::<bool>(), 0u64..150, any::<prop::sample::Index>()), 0..200),
    ) {
        let mut window = Window::new(capacity);
        let mut out: Vec<u64> = Vec::new();
        for (takes, cost, which) in ops {
            let used: u64 = out.iter().sum();
            if takes {
                let fits = used == 0 || used + cost <= capacity.max(1);
                prop_assert_eq!(window.take(cost), fits);
                out.extend(fits.then_some(cost));
            } else if !out.is_empty() {
                window.give(out.swap_remove(which.index(out.len())));
            }
            let used: u64 = out.iter().sum();
            prop_assert_eq!(window.used_bytes(), used);
            prop_assert_eq!(window.is_idle(), used == 0);
            let alone = out.iter().filter(|&&cost| cost > 0).count() <= 1;
            prop_assert!(used <= capacity.max(1) || alone, "{} of {}", used, capacity);
        }
        out.into_iter().for_each(|cost| window.give(cost));
        prop_assert!(window.is_idle());
    }
}

proptest! {
    #[test]
    fn what_is_recosted_is_refused_for_and_comes_home_as_what_it_became(
        capacity in 1u64..100,
        ops in prop::collection::vec((any::<bool>(), 0u64..150, any::<prop::sample::Index>()), 0..200),
    ) {
        let mut window = Window::new(capacity);
        let mut out: Vec<u64> = Vec::new();
        for (takes, cost, which) in ops {
            let used: u64 = out.iter().sum();
            if takes {
                let fits = used == 0 || used + cost <= capacity;
                prop_assert_eq!(window.take(cost), fits);
                out.extend(fits.then_some(cost));
            } else if !out.is_empty() {
                let nth = which.index(out.len());
                window.recost(out[nth], cost);
                out[nth] = cost;
            }
            prop_assert_eq!(window.used_bytes(), out.iter().sum::<u64>());
        }
        out.into_iter().for_each(|cost| window.give(cost));
        prop_assert!(window.is_idle());
    }
}

#[test]
#[should_panic(expected = "credit returned twice")]
fn what_was_not_taken_cannot_be_recosted() {
    Window::new(100).recost(1, 2);
}

#[test]
#[should_panic(expected = "credit returned twice")]
fn a_credit_that_comes_back_twice_is_a_protocol_error() {
    let mut window = Window::new(100);
    assert!(window.take(60));
    window.give(60);
    window.give(60);
}

#[test]
fn a_cost_beyond_all_numbers_is_refused_beside_others() {
    let mut window = Window::new(100);
    assert!(window.take(1));
    assert!(!window.take(u64::MAX));
    window.give(1);
    assert!(window.take(u64::MAX) && !window.take(0));
}
