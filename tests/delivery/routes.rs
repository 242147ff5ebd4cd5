//! The order of routes: each at most once per attempt, nothing left out, nothing repeated before everything else was tried.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vcf_agent::delivery::breaker::{BreakerPolicy, News, Outcome};
use vcf_agent::delivery::routes::{Allowed, Attempt, RouteId, Routes, Step, Target, Tries, Wanted};
use vcf_agent::fault::Kind;

const NAMES: [&str; 4] = ["direct", "iggy", "kafka", "spare"];

fn routes(open: &[bool]) -> Routes {
    let mut routes = Routes::new(NAMES, BreakerPolicy::default()).unwrap();
    for (route, _) in routes.ids().zip(open).filter(|(_, open)| **open) {
        for _ in 0..3 {
            routes.hear(route, News::Published(Outcome::Unknown), 0);
        }
        assert!(routes.breaker(route).unwrap().is_open());
    }
    routes
}

fn wanted(segment: u32, partitions: u32, tries: &Tries) -> Wanted<'_> {
    Wanted { segment, partitions, tries, allowed: Allowed::ALL, came_by: None }
}

fn targets(mut attempt: Attempt) -> Vec<Target> {
    let mut targets = Vec::new();
    while let Step::Publish(target) = attempt.step(0.5) {
        targets.push(target);
        assert!(targets.len() <= NAMES.len(), "each route at most once");
    }
    targets
}

fn names(routes: &Routes, targets: &[Target]) -> Vec<String> {
    targets.iter().map(|target| routes.name(target.route).to_owned()).collect()
}

proptest! {
    #[test]
    fn an_attempt_has_each_allowed_route_once_and_the_closed_ones_in_order_first(
        open in prop::collection::vec(any::<bool>(), 4),
        allowed in prop::sample::subsequence(NAMES.to_vec(), 0..=4),
        (segment, partitions) in (any::<u32>(), 0u32..12),
        came_by in 0usize..5,
    ) {
        let routes = routes(&open);
        let tries = Tries::default();
        let came_by = routes.ids().nth(came_by);
        let allow = routes.allow(allowed.iter().copied()).unwrap();
        let asked = Wanted { allowed: allow, came_by, ..wanted(segment, partitions, &tries) };
        let targets = targets(routes.attempt(asked));
        let is_open = |route: RouteId| routes.breaker(route).unwrap().is_open();
        let mut expected: Vec<RouteId> = routes.ids().filter(|route| allowed.contains(&routes.name(*route))).collect();
        expected.sort_by_key(|route| (Some(*route) != came_by, is_open(*route)));
        prop_assert_eq!(targets.iter().map(|target| target.route).collect::<Vec<_>>(), expected);
        for target in targets {
            prop_assert_eq!(target.partition, segment % partitions.max(1), "the first time");
        }
    }

    /// Whatever is open, whatever fails: between two tries at one place every other partition of its route is tried; and no route is
    /// tried a third time in a row while another has had fewer than two.
    #[test]
    fn nothing_is_repeated_before_everything_else_was_tried(
        open in prop::collection::vec(any::<bool>(), 4),
        partitions in 1u32..6,
        segment in 0u32..100,
        depths in prop::collection::vec(0usize..4, 60),
    ) {
        let routes = routes(&open);
        let mut tries = Tries::default();
        let mut history: BTreeMap<RouteId, Vec<u32>> = BTreeMap::new();
        // How far an attempt comes before one is confirmed: that one brings no receipt.
        for depth in depths {
            let targets = targets(routes.attempt(wanted(segment, partitions, &tries)));
            for target in &targets[..=depth] {
                history.entry(target.route).or_default().push(target.partition);
                tries.in_vain(target.route);
            }
        }
        for places in history.values() {
            for window in places.windows(partitions as usize) {
                prop_assert_eq!(window.iter().collect::<BTreeSet<_>>().len(), window.len(), "{:?}", places);
            }
        }
        let turns: Vec<usize> = routes.ids().map(|route| history.get(&route).map_or(0, Vec::len)).collect();
        prop_assert!(turns.iter().all(|turns| *turns >= 2), "a route was left out: {:?}", turns);
    }

    #[test]
    fn a_flip_does_not_change_an_attempt_that_has_begun(news in prop::collection::vec((0usize..4, any::<bool>()), 0..40)) {
        let mut routes = routes(&[]);
        let tries = Tries::default();
        let before = targets(routes.attempt(wanted(7, 10, &tries)));
        let attempt = routes.attempt(wanted(7, 10, &tries));
        for (nth, came_back) in news {
            let route = routes.ids().nth(nth).unwrap();
            routes.hear(route, News::Canary { came_back }, 0);
        }
        prop_assert_eq!(targets(attempt), before);
        prop_assert_eq!(routes.to_read().count(), NAMES.len(), "everything is read, whatever the breakers say");
    }

    #[test]
    fn waits_are_between_a_tenth_and_five_seconds_and_grow(
        waits in 0u32..100,
        jitter in prop_oneof![Just(f64::NAN), Just(-1.0), Just(9.0), 0.0f64..1.0],
    ) {
        let routes = routes(&[]);
        let mut tries = Tries::default();
        let mut ceiling_before_ms = 0;
        for _ in 0..waits {
            let wait_ms = |jitter| {
                let mut attempt = routes.attempt(Wanted { allowed: routes.allow([]).unwrap(), ..wanted(0, 1, &tries) });
                match attempt.step(jitter) {
                    Step::Wait(ms) => ms,
                    Step::Publish(_) => 0,
                }
            };
            prop_assert!((100..=5_000).contains(&wait_ms(jitter)));
            prop_assert_eq!(wait_ms(0.0), 100);
            prop_assert!(wait_ms(1.0) >= ceiling_before_ms);
            ceiling_before_ms = wait_ms(1.0);
            tries.waits();
        }
        prop_assert!(waits < 6 || ceiling_before_ms == 5_000);
        tries.confirmed();
        prop_assert_eq!(targets(routes.attempt(wanted(0, 1, &tries))).len(), 4);
    }
}

#[test]
fn the_order_of_re_publications_is_next_partition_then_next_route() {
    let routes = Routes::new(["iggy", "kafka"], BreakerPolicy::default()).unwrap();
    let mut tries = Tries::default();
    let mut places = Vec::new();
    for _ in 0..8 {
        let Step::Publish(target) = routes.attempt(wanted(4, 3, &tries)).step(0.0) else { panic!("a route is left") };
        places.push(format!("{} {}", routes.name(target.route), target.partition));
        tries.in_vain(target.route);
    }
    assert_eq!(places, ["iggy 1", "iggy 2", "kafka 1", "kafka 2", "iggy 0", "iggy 1", "kafka 0", "kafka 1"]);
}

#[test]
fn a_route_of_one_partition_gives_way_at_once() {
    let routes = routes(&[]);
    let mut tries = Tries::default();
    let direct = routes.find("direct").unwrap();
    tries.in_vain(direct);
    let order = names(&routes, &targets(routes.attempt(wanted(0, 1, &tries))));
    assert_eq!(order, ["iggy", "kafka", "spare", "direct"]);
}

#[test]
fn with_every_breaker_open_all_are_tried_in_order() {
    let routes = routes(&[true; 4]);
    let tries = Tries::default();
    assert_eq!(names(&routes, &targets(routes.attempt(wanted(0, 1, &tries)))), NAMES);
}

#[test]
fn names_that_make_no_sense_are_refused_with_what_to_do() {
    let policy = BreakerPolicy::default();
    let many: Vec<String> = (0..33).map(|nth| format!("r{nth}")).collect();
    let lists: [(Vec<&str>, &str); 3] = [
        (vec![], "name at least one"),
        (vec!["iggy", "iggy"], "listed twice"),
        (many.iter().map(String::as_str).collect(), "at most 32"),
    ];
    for (list, words) in lists {
        let fault = Routes::new(list, policy).err().unwrap();
        assert!(fault.kind == Kind::Permanent && fault.what.contains(words), "{fault}");
    }
    let fault = routes(&[]).allow(["carrier-pigeon"]).unwrap_err();
    assert_eq!(fault.what, "there is no route carrier-pigeon; this node has direct, iggy, kafka, spare");
}
