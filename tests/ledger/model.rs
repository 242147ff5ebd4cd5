//! The ledger's books under any sequence of commits, merges, losses and restarts, held against plain maps.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use vcf_agent::domain::dead::DeadStage;
use vcf_agent::ledger::{GroupCommit, Mode};

use crate::support::{Place, dead, group, segment};

#[derive(Debug, Clone)]
enum Op {
    /// Segments, whether they make rows, and which of them has a row that could not be stored.
    Commit {
        segments: Vec<u32>,
        has_rows: bool,
        poisoned: Option<prop::sample::Index>,
    },
    Merge {
        block: u32,
    },
    Lose(prop::sample::Index),
    Reopen,
}

fn op() -> impl Strategy<Value = Op> {
    let segments = prop::collection::btree_set(0u32..40, 1..6).prop_map(|set| set.into_iter().collect());
    prop_oneof![
        6 => (segments, prop::bool::weighted(0.9), any::<Option<prop::sample::Index>>())
            .prop_map(|(segments, has_rows, poisoned)| Op::Commit { segments, has_rows, poisoned }),
        1 => (0u32..3).prop_map(|block| Op::Merge { block }),
        2 => any::<prop::sample::Index>().prop_map(Op::Lose),
        1 => Just(Op::Reopen),
    ]
}

/// Segments by the name of their group, "" for those without rows; and which are poisoned.
#[derive(Default)]
struct Naive {
    groups: BTreeMap<String, BTreeSet<u32>>,
    poisoned: BTreeSet<u32>,
    merges: u32,
}

impl Naive {
    fn done(&self) -> BTreeSet<u32> {
        self.groups.values().flatten().copied().collect()
    }

    fn names(&self) -> Vec<String> {
        self.groups.keys().filter(|name| !name.is_empty()).cloned().collect()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn the_books_are_right_whatever_came(ops in prop::collection::vec(op(), 1..40)) {
        let mut place = Place::new(Mode::Inline);
        let job = place.job(1);
        let mut naive = Naive::default();
        for op in ops {
            match op {
                Op::Commit { segments, has_rows, poisoned } => {
                    let mut commit = group(&job, segments.clone());
                    let name = has_rows.then(|| format!("{:02}-{}", segments[0] / 16, segments[0]));
                    commit.staged = name.clone().map(|name| (name, 1));
                    let poisoned = poisoned.map(|index| segments[index.index(segments.len())]);
                    commit.dead.extend(poisoned.map(|n| vcf_agent::domain::dead::DeadLetter {
                        ordinal: u64::from(n) * 10 + 9,
                        ..dead(n, DeadStage::Store)
                    }));
                    let is_new = naive.done().is_disjoint(&segments.iter().copied().collect());
                    let name_is_new = name.as_ref().is_none_or(|name| !naive.groups.contains_key(name));
                    let result = place.ledger.commit_group(GroupCommit { ..commit }).wait();
                    prop_assert_eq!(result.is_ok(), is_new && name_is_new);
                    if let Ok(committed) = result {
                        naive.groups.entry(name.unwrap_or_default()).or_default().extend(segments);
                        naive.poisoned.extend(poisoned);
                        prop_assert_eq!(committed.dead_letters as usize, naive.done().len() + naive.poisoned.len());
                    }
                }
                Op::Merge { block } => {
                    let of_block = |name: &String| name.starts_with(&format!("{block:02}-"));
                    let names: Vec<String> = naive.names().into_iter().filter(of_block).collect();
                    if names.len() > 1 {
                        naive.merges += 1;
                        let merged = format!("{block:02}-merged-{}", naive.merges);
                        place.ledger.replace_groups(&job, vec![(merged.clone(), 1, names.clone())]).wait().unwrap();
                        let all = names.iter().flat_map(|name| naive.groups.remove(name).unwrap_or_default()).collect();
                        naive.groups.insert(merged, all);
                    }
                }
                Op::Lose(index) => {
                    let names = naive.names();
                    if !names.is_empty() {
                        let name = names[index.index(names.len())].clone();
                        let segments = naive.groups.remove(&name).unwrap_or_default();
                        naive.poisoned.retain(|segment| !segments.contains(segment));
                        place.ledger.forget_groups(&job, vec![name]).wait().unwrap();
                    }
                }
                Op::Reopen => place = place.reopen(Mode::Inline),
            }
            let (reader, done) = (place.reader(), naive.done());
            prop_assert!(reader.done(&job).unwrap().iter().eq(done.iter().copied()));
            prop_assert_eq!(reader.groups(&job).unwrap(), naive.names());
            let sums = reader.sums(&job).unwrap();
            prop_assert_eq!(sums.segments as usize, done.len());
            prop_assert_eq!(sums.total.rows, done.len() as u64 * 12);
            prop_assert_eq!(sums.dead_letters as usize, done.len() + naive.poisoned.len());
            prop_assert_eq!(sums.dead_rows as usize, naive.poisoned.len() * 2);
            let digest_sum = done.iter().fold(0u128, |sum, &n| sum.wrapping_add(segment(n).digest_sum.0));
            prop_assert_eq!(sums.total.digest_sum.0, digest_sum);
        }
    }
}
