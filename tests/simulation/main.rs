//! The pure protocol core, simulated: source, window, receipts, sink, groups, certificate, poison and restarts, and nothing else. No
//! actors, no threads, no input or output. Around them is a world in which messages are lost, doubled, late and overtaken, both
//! processes crash at any step, disks forget what was not synced, fill up, lose files and alter rows. A seed decides everything.
//!
//! | file | idea |
//! |---|---|
//! | `model` | the file: segments, rows, poison |
//! | `disk` | store and ledger, with an honest model of syncing |
//! | `world` | time, the link, and what goes wrong |
//! | `ingest`, `home` | the two processes that drive the core |
//! | `oracle` | the invariants of the design (numbers as there), after every event |
//! | `lived` | ranges of seeds, on every core |
//! | `routes` | failover: a source, a home, and two brokers between them that do everything wrong |
//!
//! `VCF_AGENT_SEEDS=1000000` runs more seeds, `VCF_AGENT_SEED=17` one, and shows its history.

mod disk;
mod home;
mod ingest;
mod lived;
mod model;
mod oracle;
mod routes;
mod world;

use lived::Lived;
use oracle::Violation;
use world::{Plan, World, live};

const SEEDS: u64 = 20_000;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

fn seeds(default: u64) -> std::ops::Range<u64> {
    match number("VCF_AGENT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("VCF_AGENT_SEEDS").unwrap_or(default),
    }
}

/// Names the seed of a panic inside of the core.
struct Seed(u64);

impl Drop for Seed {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}: run it alone with VCF_AGENT_SEED={}", self.0, self.0);
        }
    }
}

/// One seed's life.
fn life(seed: u64, plan: Option<Plan>) -> Lived {
    let (world, violation) = live(seed, plan);
    Lived {
        copies: world.outside.oracle.sent_again(),
        counts: world.outside.counts,
        violations: violation.map(|violation| (seed, violation)).into_iter().collect(),
    }
}

fn live_all(seeds: impl Iterator<Item = u64>, plan: Option<Plan>) -> Lived {
    Lived::all(seeds, |seed| life(seed, plan))
}

/// What happened under a seed, event by event.
fn history(seed: u64, plan: Option<Plan>) -> (Vec<String>, Option<Violation>) {
    let mut world = World::new(seed, plan);
    world.trace = Some(Vec::new());
    let violation = world.run().err();
    (world.trace.unwrap_or_default(), violation)
}

#[test]
fn whatever_happens_no_invariant_breaks_and_the_job_completes() {
    let range = seeds(SEEDS);
    if let Some(seed) = number("VCF_AGENT_SEED") {
        println!("{}", history(seed, None).0.join("\n"));
    }
    let many = range.end - range.start >= SEEDS;
    let lived = Lived::in_parallel(range, |seed| life(seed, None));
    println!("{} segments sent again; {:#?}", lived.copies, lived.counts);
    assert_eq!(lived.violations.first(), None, "{} seeds of all", lived.violations.len());
    if many {
        lived.met_all(&[
            "dropped",
            "doubled",
            "delayed",
            "home crashes",
            "ingest crashes",
            "spent budgets",
            "disk full",
            "hiccup",
            "lost groups",
            "altered rows",
            "given up",
            "late receipts",
            "joined",
            "done again",
            "passes again",
            "groups with poison",
            "audits that missed something",
            "publications finished at boot",
            "certificates that do not hold",
            "runs after a failed one",
        ]);
    }
}

#[test]
fn without_any_fault_nothing_is_sent_twice() {
    let lived = live_all(seeds(1_000), Some(Plan::default()));
    assert_eq!(lived.violations.first(), None);
    assert_eq!(lived.copies, 0);
    let allowed = ["groups", "groups with poison"];
    assert!(lived.counts.keys().all(|what| allowed.contains(what)), "{:?}", lived.counts);
}

#[test]
fn copies_and_disorder_alone_cost_nothing() {
    let lived = live_all(seeds(1_000), Some(Plan { doubles: 0.5, until_ms: 10_000, ..Plan::default() }));
    assert_eq!(lived.violations.first(), None);
    assert_eq!(lived.copies, 0);
    let met = ["doubled", "joined", "done again"].map(|what| lived.counts.contains_key(what));
    assert!(met == [true; 3] || number("VCF_AGENT_SEED").is_some(), "{:?}", lived.counts);
}

#[test]
fn the_same_seed_gives_the_same_history() {
    for seed in seeds(200) {
        let (one, two) = (history(seed, None), history(seed, None));
        assert!(one.0.len() > 3, "seed {seed}");
        assert_eq!(one, two, "seed {seed}");
    }
}

/// Each wrong turn breaks an invariant under one of the seeds that every run of the tests lives through.
#[cfg(feature = "mutants")]
mod mutants {
    use super::*;
    use vcf_agent::delivery::{Mutant, with_mutant};

    /// The invariants that each of them must be caught by. A new one does not compile before it has a row here.
    fn caught_by(mutant: Mutant) -> &'static [u8] {
        match mutant {
            Mutant::DropIsDelivered | Mutant::AckIsDone | Mutant::SkipOneFsync => &[1],
            Mutant::NoInBatchDedup => &[2],
            Mutant::CertifyByCount => &[2, 5],
            // Failover is the matter of `routes`.
            Mutant::ReadOnlyThePrimary | Mutant::CommitPastUnresolved | Mutant::RetryTheSameRouteOnly => &[],
        }
    }

    fn is_caught(mutant: Mutant) {
        let caught = with_mutant(Some(mutant), || {
            (0..SEEDS).find_map(|seed| live(seed, None).1.map(|violation| (seed, violation)))
        });
        let Some((seed, Violation { invariant, what })) = caught else {
            panic!("{mutant:?} went unseen in {SEEDS} seeds");
        };
        println!("{mutant:?}: invariant {invariant} at seed {seed}: {what}");
        assert!(caught_by(mutant).contains(&invariant), "{mutant:?} broke invariant {invariant} first: {what}");
        assert_eq!(live(seed, None).1, None, "seed {seed} fails without the mutant too");
    }

    #[test]
    fn a_dropped_receipt_that_counts_as_delivered_is_caught() {
        is_caught(Mutant::DropIsDelivered);
    }

    #[test]
    fn a_segment_that_is_done_when_it_is_handed_over_is_caught() {
        is_caught(Mutant::AckIsDone);
    }

    #[test]
    fn the_same_segment_twice_in_one_group_is_caught() {
        is_caught(Mutant::NoInBatchDedup);
    }

    #[test]
    fn a_ledger_written_before_its_file_was_synced_is_caught() {
        is_caught(Mutant::SkipOneFsync);
    }

    #[test]
    fn a_certificate_that_only_counts_is_caught() {
        is_caught(Mutant::CertifyByCount);
    }
}
