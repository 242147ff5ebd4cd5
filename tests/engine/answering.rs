//! Providers that misbehave: what they do to one allele costs nobody else.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use vcf_agent::domain::finding::Item;
use vcf_agent::fault::Fault;
use vcf_agent::ledger::LedgerReader;
use vcf_agent::providers::rules::Rules;
use vcf_agent::providers::{Outcome, Outcomes, Provider, Task};

use crate::check;
use crate::world::{Plan, World};

/// The rules, with bad days: a double for tests only.
struct Moody {
    rules: Rules,
    /// Panics whenever it is asked about a position that this divides.
    panics_at: Option<u64>,
    /// Refuses such positions for good.
    refuses_at: Option<u64>,
    /// So many more calls fail as a whole, and may do better the next time.
    bad_calls: AtomicU64,
    /// So many more calls give everything back untouched.
    idle_calls: AtomicU64,
    calls: Arc<AtomicU64>,
}

impl Moody {
    fn new(calls: &Arc<AtomicU64>) -> Self {
        let rules = Rules::new(Default::default(), Arc::new(|| 1_800_000_000_000));
        Self {
            rules,
            panics_at: None,
            refuses_at: None,
            bad_calls: AtomicU64::new(0),
            idle_calls: AtomicU64::new(0),
            calls: calls.clone(),
        }
    }
}

fn is_at(task: &Task, divisor: Option<u64>) -> bool {
    let pos: u64 = task.evidence.value(Item::Pos).and_then(|pos| pos.parse().ok()).expect("a position");
    divisor.is_some_and(|divisor| pos.is_multiple_of(divisor))
}

impl Provider for Moody {
    fn kind(&self) -> &'static str {
        self.rules.kind()
    }

    fn version(&self) -> &str {
        self.rules.version()
    }

    fn batch_max(&self) -> usize {
        1_000
    }

    fn concurrency(&self) -> usize {
        2
    }

    fn now_ms(&self) -> u64 {
        self.rules.now_ms()
    }

    fn call<'a>(&'a self, tasks: &'a [&'a Task]) -> Outcomes<'a> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let is_left = |calls: &AtomicU64| {
            calls.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok()
        };
        if is_left(&self.idle_calls) {
            return Box::pin(async move { vec![Outcome::Returned; tasks.len()] });
        }
        if is_left(&self.bad_calls) {
            return Box::pin(async move { vec![Outcome::Failed(Fault::overloaded("come back later")); tasks.len()] });
        }
        assert!(!tasks.iter().any(|task| is_at(task, self.panics_at)), "chaos: this position is too much");
        Box::pin(async move {
            let mut outcomes = self.rules.call(tasks).await;
            for (outcome, task) in outcomes.iter_mut().zip(tasks).filter(|(_, task)| is_at(task, self.refuses_at)) {
                *outcome = Outcome::Failed(Fault::permanent(format!("nothing is known of {}", task.id.ordinal)));
            }
            outcomes
        })
    }
}

/// A calm world of many records, and its seed.
fn large() -> (u64, World) {
    let seed = (0..).find(|&seed| World::new(seed, Plan::calm()).input.records > 400).expect("a large one");
    (seed, World::new(seed, Plan::calm()))
}

/// A large calm world with this provider; the receipt's dead tasks, with their reasons.
fn dead(moody: Moody) -> Vec<(u64, String)> {
    let (seed, mut world) = large();
    world.provider = Some(Arc::new(moody));
    let receipt = world.run_until_complete();
    assert_eq!((receipt.pending, receipt.faults()), (0, Vec::new()), "{receipt:?}");
    let disk = world.store.disk();
    let answers = disk.assessments.values().flatten().count() as u64;
    assert_eq!(answers + receipt.dead_tasks, receipt.selected);
    drop(disk);
    let reader = LedgerReader::open(world.dir()).expect("a ledger");
    let job = reader.jobs().expect("jobs").pop().expect("a job").job;
    let dead = reader.dead_tasks(&job).expect("dead tasks");
    assert_eq!(dead.len() as u64, receipt.dead_tasks);
    if dead.is_empty() {
        check(seed, &world, &receipt);
    }
    dead.into_iter().map(|task| (task.ordinal * 7 + 1, task.reason)).collect()
}

#[test]
fn an_allele_on_which_the_provider_panics_costs_itself_alone() {
    let calls = Arc::default();
    let dead = dead(Moody { panics_at: Some(101), ..Moody::new(&calls) });
    assert!(!dead.is_empty() && dead.len() < 40, "{dead:?}");
    assert!(dead.iter().all(|(pos, reason)| pos.is_multiple_of(101) && reason == "poison"), "{dead:?}");
}

#[test]
fn an_allele_that_the_provider_refuses_costs_itself_alone() {
    let calls = Arc::default();
    let dead = dead(Moody { refuses_at: Some(11), ..Moody::new(&calls) });
    assert!(dead.len() > 10, "{dead:?}");
    assert!(dead.iter().all(|(pos, reason)| pos.is_multiple_of(11) && reason == "provider_failed"), "{dead:?}");
}

#[test]
fn a_provider_that_is_overloaded_for_a_while_is_asked_again_and_nothing_is_lost() {
    let calls: Arc<AtomicU64> = Arc::default();
    let dead = dead(Moody { bad_calls: AtomicU64::new(3), ..Moody::new(&calls) });
    assert!(dead.is_empty(), "{dead:?}");
    assert!(calls.load(Ordering::Relaxed) > 3);
}

#[test]
fn a_provider_that_never_recovers_leaves_dead_tasks_that_say_so() {
    let calls = Arc::default();
    let dead = dead(Moody { bad_calls: AtomicU64::new(u64::MAX), ..Moody::new(&calls) });
    assert!(dead.iter().all(|(_, reason)| reason == "provider_failed") && dead.len() > 300, "{}", dead.len());
}

#[test]
fn what_nobody_had_time_for_is_asked_again_and_is_never_dead() {
    let calls: Arc<AtomicU64> = Arc::default();
    let dead = dead(Moody { idle_calls: AtomicU64::new(600), ..Moody::new(&calls) });
    assert!(dead.is_empty(), "{dead:?}");
    assert!(calls.load(Ordering::Relaxed) > 600);
}

#[test]
fn a_provider_that_never_has_time_ends_the_answering_and_everything_waits_for_the_next_run() {
    let (seed, mut world) = large();
    world.provider = Some(Arc::new(Moody { idle_calls: AtomicU64::new(u64::MAX), ..Moody::new(&Arc::default()) }));
    let receipt = world.live(u64::MAX).expect("no crash").expect("no budget");
    let error = receipt.error.clone().expect("an error");
    assert!(error.code == 74 && error.message.contains("nobody had time"), "{}", error.message);
    assert_eq!((receipt.dead_tasks, receipt.pending), (0, receipt.selected), "{receipt:?}");
    world.provider = None;
    let receipt = world.run_until_complete();
    check(seed, &world, &receipt);
}

#[test]
fn a_process_that_stands_still_for_longer_than_a_deadline_loses_no_task() {
    let mut stood = 0;
    for after_ms in 0..40 {
        let (seed, mut world) = large();
        world.plan.stands_still_after_ms = Some(after_ms);
        let before_ms = world.now_ms();
        let receipt = world.run_until_complete();
        assert_eq!(receipt.dead_tasks, 0, "{after_ms} ms");
        check(seed, &world, &receipt);
        stood += u64::from(world.now_ms() - before_ms > 900_000);
    }
    assert!(stood > 20, "it stood still {stood} times while alleles were asked about");
}
