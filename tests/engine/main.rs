//! The whole engine, simulated: real actors, real reader and parser, a real ledger, a store in memory, a paused clock, one thread.
//! A seed decides everything: how long each piece of work takes, which handler or piece of work panics, which write fails, when the
//! process dies. Whatever happens, the job completes, with every allele exactly once.
//!
//! `VCF_AGENT_SEEDS=5000` runs more seeds, `VCF_AGENT_SEED=17` one.

mod answering;
#[path = "../support/memory_store.rs"]
mod memory_store;
mod replace;
mod world;

use std::collections::BTreeMap;

use vcf_agent::delivery::restart::RestartPolicy;
use vcf_agent::domain::receipt::Receipt;
use vcf_agent::messages::Broken;
use world::{Plan, World};

fn seeds(default: u64) -> std::ops::Range<u64> {
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    match number("VCF_AGENT_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("VCF_AGENT_SEEDS").unwrap_or(default),
    }
}

/// Every invariant that can be seen from outside.
fn check(seed: u64, world: &World, receipt: &Receipt) {
    assert_eq!(receipt.state, "COMPLETE", "seed {seed}: {receipt:?}");
    assert_eq!(receipt.faults(), Vec::<String>::new(), "seed {seed}");
    assert!(receipt.certificate.is_some_and(|certificate| certificate.holds), "seed {seed}");
    assert_eq!(receipt.records, world.input.records, "seed {seed}: records");
    assert_eq!(receipt.dead_records, world.input.dead.len() as u64, "seed {seed}: dead records");
    let disk = world.store.disk();
    assert!(disk.staged.is_empty(), "seed {seed}: something is still staged");
    let (_, groups) = disk.published.iter().next().expect("published");
    let mut found: Vec<(i64, i32)> =
        groups.values().flat_map(|rows| rows.ordinal.iter().copied().zip(rows.alt_index.iter().copied())).collect();
    found.sort_unstable();
    assert_eq!(found, world.input.rows, "seed {seed}: every allele exactly once");
    assert_eq!(world.dead_ordinals(), world.input.dead, "seed {seed}: dead letters");
    assert_eq!(receipt.pending, 0, "seed {seed}: {receipt:?}");
    let mut asked: Vec<(u64, u32)> =
        disk.assessments.values().flatten().map(|answer| (answer.ordinal, answer.alt_index)).collect();
    let answered = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(
        (asked.len(), answered as u64),
        (answered, receipt.selected),
        "seed {seed}: each selected allele is answered once"
    );
    assert!(world.half_jobs.is_empty(), "seed {seed}: {:?}", world.half_jobs);
}

#[test]
fn whatever_happens_every_allele_is_stored_exactly_once() {
    let (mut lives, mut panics, mut faults, mut crashes) = (0, BTreeMap::<&str, u64>::new(), 0, 0);
    let range = seeds(400);
    let many = range.end - range.start > 50;
    for seed in range {
        let mut world = World::new(seed, Plan::hostile(seed));
        let receipt = world.run_until_complete();
        check(seed, &world, &receipt);
        lives += world.lives;
        crashes += world.lives - 1;
        faults += world.write_faults();
        world.panics().into_iter().for_each(|(place, n)| *panics.entry(place).or_default() += n);
    }
    println!("{lives} lives, {crashes} crashes, {faults} failed writes, panics by place: {panics:?}");
    if many {
        // A simulation in which nothing goes wrong would prove nothing.
        assert!(crashes > 50 && faults > 20, "{crashes} crashes, {faults} failed writes");
        for place in [
            "parser",
            "router",
            "batcher",
            "auditor",
            "notifier",
            "parse",
            "triage",
            "store",
            "audit",
            "dispatcher",
            "provider",
            "aggregator",
            "recorder",
            "ask",
        ] {
            assert!(panics.contains_key(place), "{place} never panicked: {panics:?}");
        }
    }
}

#[test]
fn without_any_trouble_nothing_is_sent_twice() {
    for seed in seeds(20) {
        let mut world = World::new(seed, Plan::calm());
        let receipt = world.run_until_complete();
        check(seed, &world, &receipt);
        assert_eq!(world.lives, 1, "seed {seed}");
        let rows: usize =
            world.store.disk().published.values().flat_map(|groups| groups.values().map(|rows| rows.len())).sum();
        assert_eq!(rows, world.input.rows.len());
    }
}

#[test]
fn the_same_seed_gives_the_same_trace() {
    for seed in seeds(8) {
        let trace = |seed| {
            let mut world = World::new(seed, Plan::hostile(seed));
            world.run_until_complete();
            world.trace()
        };
        let (one, two) = (trace(seed), trace(seed));
        assert!(one.len() > 20, "seed {seed}: {} steps", one.len());
        let differ = one.iter().zip(&two).position(|(a, b)| a != b);
        let around = |trace: &[(u64, &'static str)]| differ.map(|at| trace[at.saturating_sub(8)..=at].to_vec());
        assert_eq!(differ, None, "seed {seed}:\n{:?}\n{:?}", around(&one), around(&two));
        assert_eq!(one.len(), two.len(), "seed {seed}");
    }
}

#[test]
fn a_stage_that_dies_too_often_ends_the_run_and_loses_nothing() {
    let policy = RestartPolicy { restarts_max: 3, ..RestartPolicy::default() };
    let mut world = World::new(1, Plan { always_panics: Some("router"), restart: policy, ..Plan::calm() });
    match world.live(u64::MAX) {
        Some(Err(Broken::Budget(words))) => assert!(words.contains("router") && words.contains("3 times"), "{words}"),
        other => panic!("{other:?}"),
    }
    world.plan.always_panics = None;
    let receipt = world.run_until_complete();
    check(1, &world, &receipt);
}

#[test]
fn a_full_disk_stalls_the_job_and_the_next_run_goes_on() {
    let mut world = World::new(2, Plan { disk_full: true, ..Plan::calm() });
    let receipt = world.live(u64::MAX).expect("no crash").expect("no budget");
    let error = receipt.error.expect("an error");
    assert_eq!((receipt.state.as_str(), error.code), ("STALLED", 74), "{}", error.message);
    world.set_disk_full(false);
    let receipt = world.run_until_complete();
    check(2, &world, &receipt);
    assert_eq!(receipt.error, None);
}

#[test]
fn a_group_that_the_store_lost_comes_again_within_the_same_run() {
    for seed in seeds(30) {
        let mut world = World::new(seed, Plan { losses: 1 + seed % 3, ..Plan::calm() });
        let receipt = world.run_until_complete();
        check(seed, &world, &receipt);
        assert_eq!(world.lives, 1, "seed {seed}");
        assert!(world.store.disk().losses == 0 || world.input.rows.is_empty(), "seed {seed}: nothing was lost");
    }
}

#[test]
fn more_dead_letters_than_allowed_fail_the_job_whenever_they_come() {
    for seed in seeds(300) {
        let mut world = World::new(seed, Plan { dead_letters_max: 0, ..Plan::calm() });
        let receipt = world.live(u64::MAX).expect("no crash").expect("no budget");
        let expected = if world.input.dead.is_empty() { ("COMPLETE", None) } else { ("FAILED", Some(65)) };
        assert_eq!((receipt.state.as_str(), receipt.error.map(|error| error.code)), expected, "seed {seed}");
        assert_eq!(world.store.disk().published.is_empty(), !world.input.dead.is_empty(), "seed {seed}");
        let left: Vec<_> = world.store.disk().staged.values().flat_map(|groups| groups.keys().cloned()).collect();
        assert_eq!(left, Vec::<String>::new(), "seed {seed}");
    }
}

#[test]
fn a_drain_brings_every_credit_home_and_the_next_run_goes_on() {
    for seed in seeds(30) {
        let mut world = World::new(seed, Plan { drain_after_ms: Some(seed * 3), ..Plan::calm() });
        let receipt = world.live(u64::MAX).expect("no crash").expect("no budget");
        if receipt.state != "COMPLETE" {
            assert_eq!(receipt.error.as_ref().map(|error| error.code), Some(75), "seed {seed}: {receipt:?}");
            assert!(world.store.disk().published.is_empty(), "seed {seed}");
        }
        world.plan.drain_after_ms = None;
        let receipt = world.run_until_complete();
        check(seed, &world, &receipt);
    }
}
