//! What every kind of provider must do. A new kind gets a line in [`each_kind_conforms`].

use std::sync::Arc;

use vcf_agent::domain::finding::{Classification, Finding, Item};
use vcf_agent::fault::Kind;
use vcf_agent::providers::{KINDS, Options, Outcome, Provider, Task, open};

use crate::double::{Double, Habit};
use crate::support::{NOW_MS, clock, evidence, task};

/// A task whose finding can be told from its neighbours' by its points.
fn distinct(nth: u64) -> Task {
    let frequencies = ["0", "0.005", "0.02", "0.2"];
    let frequency = frequencies[nth as usize % frequencies.len()];
    let consequence = (Item::Consequence, "missense_variant");
    task(
        nth,
        evidence(&[
            consequence,
            (Item::PopulationFrequency, frequency),
            (Item::AlleleNumber, "9000"),
            (Item::Revel, "0.5"),
        ]),
    )
}

fn finding(outcome: &Outcome) -> &Finding {
    match outcome {
        Outcome::Answered(finding) | Outcome::Abstained(finding) => finding,
        other => panic!("no finding: {other:?}"),
    }
}

async fn conforms(provider: &dyn Provider) {
    assert!(provider.batch_max() >= 1 && provider.concurrency() >= 1);
    assert!(!provider.kind().is_empty() && !provider.version().is_empty());

    assert!(provider.analyse(&[]).await.is_empty(), "nothing asked, nothing answered");

    // One outcome for each, in order, whatever the size of a batch; each as if it had been asked alone.
    let tasks: Vec<Task> = (0..2 * provider.batch_max() as u64 + 1).map(distinct).collect();
    let together = provider.analyse(&tasks).await;
    assert_eq!(together.len(), tasks.len());
    for (task, outcome) in tasks.iter().zip(&together).take(9).chain(tasks.iter().zip(&together).rev().take(9)) {
        let alone = provider.analyse(std::slice::from_ref(task)).await;
        assert_eq!(alone, std::slice::from_ref(outcome), "the order is kept");
    }

    // What is overdue comes back untouched, its neighbours are answered.
    let mut mixed: Vec<Task> = (0..5).map(distinct).collect();
    mixed[1].deadline_ms = NOW_MS - 1;
    mixed[4].deadline_ms = 0;
    let outcomes = provider.analyse(&mixed).await;
    let returned: Vec<bool> = outcomes.iter().map(|outcome| *outcome == Outcome::Returned).collect();
    assert_eq!(returned, [false, true, false, false, true]);
    assert_eq!(outcomes[2], together[2]);

    // Findings say what they are, and abstained is never answered.
    for outcome in &together {
        let finding = finding(outcome);
        assert!(finding.research_use_only && finding.requires_review);
        assert!(!finding.framework.is_empty() && !finding.framework_version.is_empty() && !finding.summary.is_empty());
        let abstained = finding.classification == Classification::Abstained;
        assert_eq!(abstained, matches!(outcome, Outcome::Abstained(_)));
    }

    // Nothing of the evidence shows in logs.
    let secret = evidence(&[
        (Item::Gene, "SECRETGENE"),
        (Item::Consequence, "SECRETTERM"),
        (Item::PopulationFrequency, "0.0717"),
    ]);
    let tasks = [task(1, secret)];
    let shown = format!("{tasks:?} {:?}", provider.analyse(&tasks).await);
    for word in ["SECRET", "0.0717"] {
        assert!(!shown.contains(word), "{shown}");
    }
}

#[tokio::test]
async fn each_kind_conforms() {
    for kind in KINDS {
        let provider = open(kind, &Options::new(), clock()).unwrap();
        assert_eq!(provider.kind(), *kind);
        conforms(provider.as_ref()).await;
    }
    conforms(&Double::new(Habit::Answers)).await;
}

#[tokio::test]
async fn more_than_a_batch_is_split_and_what_is_overdue_is_not_called() {
    let double = Double::new(Habit::Answers);
    let mut tasks: Vec<Task> = (0..8).map(distinct).collect();
    tasks[4].deadline_ms = NOW_MS - 1;
    (6..8).for_each(|nth| tasks[nth].deadline_ms = 0);
    double.analyse(&tasks).await;
    assert_eq!(*double.calls.lock().unwrap(), [vec![0, 1, 2], vec![3, 5]], "the last batch is overdue as a whole");
}

#[tokio::test]
async fn a_task_is_alive_until_its_deadline_has_passed() {
    let double = Double::new(Habit::Answers);
    let mut tasks = [distinct(0)];
    tasks[0].deadline_ms = NOW_MS;
    assert_ne!(double.analyse(&tasks).await, [Outcome::Returned]);
}

#[tokio::test]
async fn a_call_that_forgets_a_task_fails_all_of_its_batch_and_no_other() {
    let double = Double::new(Habit::Forgets);
    let tasks: Vec<Task> = (0..4).map(distinct).collect();
    let outcomes = double.analyse(&tasks).await;
    let is_permanent = |outcome: &Outcome| matches!(outcome, Outcome::Failed(fault) if fault.kind == Kind::Permanent);
    assert_eq!(outcomes.iter().filter(|outcome| is_permanent(outcome)).count(), 4, "a batch of 3 and one of 1");
    assert!(format!("{outcomes:?}").contains("2 outcomes for 3 tasks"));
}

#[tokio::test]
async fn a_failure_keeps_what_to_do_next() {
    let outcomes = Double::new(Habit::Fails).analyse(&[distinct(0)]).await;
    assert!(matches!(&outcomes[..], [Outcome::Failed(fault)] if fault.kind == Kind::Overloaded));
}

#[tokio::test]
async fn the_rules_answer_the_same_again_and_without_memory() {
    let open = || open("rules", &Options::new(), clock()).unwrap();
    let (provider, tasks) = (open(), (0..50).map(distinct).collect::<Vec<_>>());
    let first = provider.analyse(&tasks).await;
    assert_eq!(provider.analyse(&tasks).await, first);
    let backwards: Vec<Task> = tasks.iter().rev().cloned().collect();
    let mut again = open().analyse(&backwards).await;
    again.reverse();
    assert_eq!(again, first);
}

#[test]
fn an_unknown_kind_option_or_word_is_a_fault_that_names_it() {
    let fault = |kind: &str, options: &[(&str, &str)]| {
        let options = options.iter().map(|(name, word)| ((*name).to_owned(), (*word).to_owned())).collect();
        match open(kind, &options, clock()) {
            Err(fault) => fault.to_string(),
            Ok(_) => panic!("{kind} opened with {options:?}"),
        }
    };
    assert!(fault("oracle", &[]).contains("\"oracle\"") && fault("oracle", &[]).contains("rules"));
    assert!(fault("rules", &[("colour", "red")]).contains("colour"));
    for name in ["missing_frequency", "inheritance", "clinvar_stars_min"] {
        let said = fault("rules", &[(name, "1")]);
        assert!(said.contains(name) && said.contains("\"1\""), "{said}");
    }
}

#[test]
fn a_provider_can_be_shared_as_an_object() {
    let provider: Arc<dyn Provider> = open("rules", &Options::new(), clock()).unwrap();
    let other = Arc::clone(&provider);
    std::thread::spawn(move || assert_eq!(other.kind(), "rules")).join().unwrap();
}
