//! Failover, simulated: breakers, routes, what was sent and how far was read, and nothing else. Two brokers stand between a source and a
//! home; receipts travel over them too. What the brokers do to the messages stands in `log`, what else goes wrong in `world`.
//!
//! | file | idea |
//! |---|---|
//! | `log` | two brokers and their logs |
//! | `reader` | one partition that is read |
//! | `source`, `home` | the two nodes |
//! | `world` | time, and what goes wrong |
//! | `oracle` | invariants 1, 2, 4, 6, 8 and 9 of the design |

mod home;
mod log;
mod oracle;
mod reader;
mod source;
mod world;

use std::collections::BTreeMap;

use world::{Plan, World, live};

use crate::lived::Lived;
use crate::oracle::Violation;
use crate::{number, seeds};

const SEEDS: u64 = 5_000;

/// One seed's life.
fn life(seed: u64, plan: Option<Plan>) -> Lived {
    let (world, violation) = live(seed, plan);
    Lived {
        copies: world.outside.oracle.copies,
        counts: world.outside.counts,
        violations: violation.map(|violation| (seed, violation)).into_iter().collect(),
    }
}

fn live_all(seeds: impl Iterator<Item = u64>, plan: Option<Plan>) -> Lived {
    Lived::all(seeds, |seed| life(seed, plan.clone()))
}

fn history(seed: u64) -> (Vec<String>, Option<Violation>) {
    let mut world = World::new(seed, None);
    world.outside.trace = Some(Vec::new());
    let violation = world.run().err();
    (world.outside.trace.unwrap_or_default(), violation)
}

#[test]
fn whatever_two_brokers_do_no_invariant_breaks_and_every_segment_arrives() {
    let range = seeds(SEEDS);
    if let Some(seed) = number("VCF_AGENT_SEED") {
        println!("{}", history(seed).0.join("\n"));
    }
    let many = range.end - range.start >= SEEDS;
    let lived = Lived::in_parallel(range, |seed| life(seed, None));
    println!("{} copies; {:#?}", lived.copies, lived.counts);
    lived.violations.iter().take(10).for_each(|(seed, violation)| println!("seed {seed}: {violation:?}"));
    assert_eq!(lived.violations.first(), None, "{} seeds of all", lived.violations.len());
    if many {
        lived.met_all(&[
            "swallowed",
            "lost",
            "not answered",
            "late",
            "doubled",
            "shown late",
            "refused",
            "outages of publishing",
            "outages of polling",
            "restarts",
            "lost ends",
            "truncations noticed",
            "unreadable",
            "broken for good",
            "generations opened",
            "home crashes",
            "failed commits",
            "read again",
            "joined",
            "done again",
            "overdue",
            "backed off",
            "went on to the next route",
            "opened",
            "closed",
        ]);
    }
}

#[test]
fn without_any_fault_nothing_is_published_twice() {
    let lived = live_all(seeds(500), Some(Plan::default()));
    assert_eq!(lived.violations.first(), None);
    assert_eq!((lived.copies, lived.counts), (0, BTreeMap::new()));
}

#[test]
fn the_same_seed_gives_the_same_history_of_failover() {
    let mut steps = 0;
    for seed in seeds(60) {
        let (one, two) = (history(seed), history(seed));
        assert_eq!(one, two, "seed {seed}");
        steps += one.0.len();
    }
    assert!(steps > 1_000 || number("VCF_AGENT_SEED").is_some());
}

/// Each wrong turn breaks an invariant under one of the seeds that every run of the tests lives through.
#[cfg(feature = "mutants")]
mod mutants {
    use super::*;
    use vcf_agent::delivery::{Mutant, with_mutant};

    fn is_caught(mutant: Mutant, by: &[u8]) {
        let caught = with_mutant(Some(mutant), || {
            (0..SEEDS).find_map(|seed| live(seed, None).1.map(|violation| (seed, violation)))
        });
        let Some((seed, Violation { invariant, what })) = caught else {
            panic!("{mutant:?} went unseen in {SEEDS} seeds");
        };
        println!("{mutant:?}: invariant {invariant} at seed {seed}: {what}");
        assert!(by.contains(&invariant), "{mutant:?} broke invariant {invariant} first: {what}");
        assert_eq!(live(seed, None).1, None, "seed {seed} fails without the mutant too");
    }

    #[test]
    fn an_ack_that_counts_as_done_is_caught() {
        is_caught(Mutant::AckIsDone, &[1]);
    }

    #[test]
    fn the_same_segment_twice_in_one_group_is_caught() {
        is_caught(Mutant::NoInBatchDedup, &[2]);
    }

    #[test]
    fn a_consumer_that_reads_only_the_primary_is_caught() {
        is_caught(Mutant::ReadOnlyThePrimary, &[8, 9]);
    }

    #[test]
    fn an_offset_committed_past_an_unresolved_message_is_caught() {
        is_caught(Mutant::CommitPastUnresolved, &[4]);
    }

    #[test]
    fn a_source_that_retries_the_same_route_only_is_caught() {
        is_caught(Mutant::RetryTheSameRouteOnly, &[8, 9]);
    }
}
