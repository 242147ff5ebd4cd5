//! The rules that every store keeps, whatever it is made of. Each takes a function that makes an empty [`Place`].

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use vcf_agent::domain::digest::DigestSum;
use vcf_agent::domain::ids::JobId;
use vcf_agent::domain::rows::{Rows, rows_digest_sum};
use vcf_agent::fault::{Fault, Kind};
use vcf_agent::stores::{Find, Store, StoreScan};

pub use crate::partly::{some_columns_are_those_of_all, some_records_are_those_of_all};
use crate::place::Place;
use crate::rows::{Plain, any_record, plain, record, rows};

pub type Make = fn() -> Place;

pub fn job(n: u64) -> JobId {
    JobId::random(n)
}

/// A segment of `count` plain records, numbered as the tenth and following of each hundred.
pub fn segment(segment: u32, count: u64) -> (u32, Arc<Rows>) {
    let first = u64::from(segment) * 100;
    let records: Vec<_> = (first..first + count).map(|nth| record(nth, (nth % 3) as usize)).collect();
    (segment, Arc::new(rows(first, &records)))
}

/// Writes these segments as one group; returns its name.
pub fn write(store: &dyn Store, job: &JobId, segments: &[u32]) -> String {
    let parts: Vec<_> = segments.iter().map(|&nth| segment(nth, 20)).collect();
    let group = store.write_group(job, segments[0] / 16, &parts).unwrap();
    assert_eq!(group.rows, parts.iter().map(|(_, rows)| rows.len() as u64).sum::<u64>());
    group.name
}

pub fn read(store: &dyn Store, job: &JobId) -> Vec<Plain> {
    let mut all = Vec::new();
    store
        .read(job, &mut |batch| {
            all.extend(plain(batch));
            Ok(())
        })
        .unwrap();
    all
}

/// What a job of these segments holds, in order.
pub fn expected(segments: impl IntoIterator<Item = u32>) -> Vec<Plain> {
    segments.into_iter().flat_map(|nth| plain(&segment(nth, 20).1)).collect()
}

/// Demands that the job holds the rows of these segments, each once, by the scan and by reading.
#[track_caller]
fn holds(store: &dyn Store, job: &JobId, segments: impl IntoIterator<Item = u32>) {
    let mut segments: Vec<u32> = segments.into_iter().collect();
    segments.sort_unstable();
    let mut sum = DigestSum::default();
    segments.iter().for_each(|&nth| sum.add(rows_digest_sum(&segment(nth, 20).1).0));
    let scan = store.scan(job).unwrap();
    let mut found = read(store, job);
    found.sort_by_key(|row| row.key);
    assert!(found == expected(segments), "{} rows", found.len());
    assert_eq!((scan.rows, scan.digest_sum, scan.duplicates), (found.len() as u64, sum, 0));
}

pub fn rows_come_back_as_they_went_in(make: Make) {
    let records = prop::collection::vec(prop::collection::vec(any_record(), 0..12), 1..5);
    let mut runner = TestRunner::new(Config { cases: 40, failure_persistence: None, ..Config::default() });
    let result = runner.run(&records, |segments| {
        let place = make();
        let store = (place.open)();
        let (mut first, mut sum, mut all) = (0, DigestSum::default(), Vec::new());
        for (nth, records) in (0..).zip(&segments) {
            let rows = rows(first, records);
            first += records.len() as u64;
            sum.add(rows_digest_sum(&rows).0);
            all.extend(plain(&rows));
            // Every other one in a group with an empty neighbour.
            let mut group = vec![(nth * 2, Arc::new(rows))];
            group.extend((nth % 2 == 1).then(|| (nth * 2 + 1, Arc::new(Rows::default()))));
            store.write_group(&job(1), 0, &group).unwrap();
        }
        for store in [store, (place.open)()] {
            let scan = store.scan(&job(1)).unwrap();
            prop_assert_eq!((scan.rows, scan.digest_sum, scan.duplicates), (all.len() as u64, sum, 0));
            prop_assert!(scan.bytes > 0);
            prop_assert!(read(&*store, &job(1)) == all, "the rows differ");
            store.publish(&job(1)).unwrap();
        }
        Ok(())
    });
    result.unwrap_or_else(|error| panic!("{error}"));
}

pub fn batches_never_split_a_record(make: Make) {
    let place = make();
    let store = (place.open)();
    let records: Vec<_> = (0..6_000).map(|nth| record(nth, if nth == 3_000 { 1_000 } else { 3 })).collect();
    store.write_group(&job(1), 0, &[(0, Arc::new(rows(0, &records)))]).unwrap();
    let (mut next, mut batches) = (0, 0);
    store
        .read(&job(1), &mut |batch| {
            assert!(!batch.is_empty());
            assert_eq!((batch.ordinal[0], batch.alt_index[0]), (next, 1), "a record was split");
            next = batch.ordinal[batch.len() - 1] + 1;
            let last = if next == 3_001 { 1_000 } else { 3 };
            assert_eq!(batch.alt_index[batch.len() - 1], last, "a record was split");
            batches += 1;
            Ok(())
        })
        .unwrap();
    assert_eq!(next, 6_000, "in {batches} batches");
}

pub fn a_group_written_again_takes_the_place_of_the_first(make: Make) {
    let place = make();
    let store = (place.open)();
    // The ledger could not be written: the same segments come again, fewer of them together.
    write(&*store, &job(1), &[0, 1, 2]);
    let name = write(&*store, &job(1), &[0, 1]);
    assert_eq!(store.recover(&job(1), &[name]).unwrap(), Vec::<String>::new());
    holds(&*store, &job(1), [0, 1]);
}

pub fn scan_counts_what_is_there_twice(make: Make) {
    let place = make();
    let store = (place.open)();
    let twice = |n: u64, groups: &[&[u32]]| {
        for (block, segments) in (0..).zip(groups) {
            let parts: Vec<_> = segments.iter().map(|&nth| segment(nth, 20)).collect();
            store.write_group(&job(n), block, &parts).unwrap();
        }
        store.scan(&job(n)).unwrap()
    };
    let one = segment(0, 20).1.len() as u64;
    let in_two_groups: StoreScan = twice(1, &[&[0], &[0]]);
    assert_eq!((in_two_groups.rows, in_two_groups.duplicates), (2 * one, one));
    assert_eq!(twice(2, &[&[0, 0]]).duplicates, one);
    // In no order at all, and three times.
    assert_eq!(twice(3, &[&[2, 0], &[1], &[0], &[5, 0]]).duplicates, 2 * one);
    assert_eq!(twice(4, &[&[3], &[2], &[1]]).duplicates, 0, "another order is no duplicate");
    // As many rows, and the sum of their digests, but one of them twice in place of another: only its digest shows it.
    assert_ne!(in_two_groups.digest_sum, twice(5, &[&[0], &[1]]).digest_sum);
}

pub fn recover_removes_the_unknown_and_names_the_lost(make: Make) {
    let place = make();
    let store = (place.open)();
    let names: Vec<String> = [0, 16, 32].map(|nth| write(&*store, &job(1), &[nth])).to_vec();
    drop(store);
    let store = (place.open)();
    let known = [names[2].clone(), "never written".into(), names[0].clone()];
    for _ in 0..2 {
        assert_eq!(store.recover(&job(1), &known).unwrap(), ["never written"]);
        holds(&*store, &job(1), [0, 32]);
    }
    assert_eq!(store.recover(&job(2), &names).unwrap(), names, "of a job that never wrote anything");
    // What is published is looked at, and nothing of it is removed.
    store.publish(&job(1)).unwrap();
    assert_eq!(store.recover(&job(1), &names[..2]).unwrap(), names[1..2]);
    holds(&*store, &job(1), [0, 32]);
}

pub fn staged_rows_are_for_no_reader(make: Make) {
    let place = make();
    let store = (place.open)();
    write(&*store, &job(1), &[0, 1]);
    write(&*store, &job(2), &[0]);
    assert_eq!((place.visible_rows)(), 0);
    let mut staged = store.staged_jobs().unwrap();
    staged.sort();
    let mut both = [job(1), job(2)];
    both.sort();
    assert_eq!(staged, both);
    store.publish(&job(2)).unwrap();
    assert_eq!((place.visible_rows)(), segment(0, 20).1.len() as u64);
    assert_eq!(store.staged_jobs().unwrap(), [job(1)]);
    holds(&*store, &job(1), [0, 1]);
    holds(&*store, &job(2), [0]);
}

pub fn publishing_is_all_at_once_and_may_be_repeated(make: Make) {
    let place = make();
    let store = (place.open)();
    let blocks: Vec<u32> = (0..24).map(|block| block * 16).collect();
    blocks.iter().for_each(|&nth| drop(write(&*store, &job(1), &[nth])));
    let all = expected(blocks.iter().copied()).len() as u64;
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut seen = Vec::new();
            while !is_over.load(Ordering::Acquire) {
                seen.push((place.visible_rows)());
            }
            seen.push((place.visible_rows)());
            seen
        });
        store.publish(&job(1)).unwrap();
        is_over.store(true, Ordering::Release);
        let seen = reader.join().unwrap();
        assert!(seen.iter().all(|&rows| rows == 0 || rows == all), "a reader saw a part: {seen:?}");
        assert_eq!(seen.last(), Some(&all));
    });
    store.publish(&job(1)).unwrap();
    let store = (place.open)();
    store.publish(&job(1)).unwrap();
    assert_eq!((place.visible_rows)(), all);
    assert_eq!(store.staged_jobs().unwrap(), []);
    holds(&*store, &job(1), blocks);
}

pub fn a_job_without_rows_is_published_empty(make: Make) {
    let place = make();
    let store = (place.open)();
    for _ in 0..2 {
        store.publish(&job(1)).unwrap();
        assert_eq!(store.scan(&job(1)).unwrap(), StoreScan::default());
        assert!(read(&*store, &job(1)).is_empty());
        assert_eq!(store.staged_jobs().unwrap(), []);
        assert_eq!(store.recover(&job(1), &[]).unwrap(), Vec::<String>::new());
    }
    // A job that never was looks like an empty one: the ledger knows better.
    assert_eq!(store.scan(&job(2)).unwrap(), StoreScan::default());
    assert_eq!((place.visible_rows)(), 0);
}

/// The names after a merge, as the ledger then knows them.
fn after_merge(known: &[String], merged: &[(vcf_agent::stores::StagedGroup, Vec<String>)]) -> Vec<String> {
    let is_replaced = |name: &String| merged.iter().any(|(_, replaced)| replaced.contains(name));
    let kept = known.iter().filter(|name| !is_replaced(name)).cloned();
    let mut names: Vec<String> = kept.chain(merged.iter().map(|(group, _)| group.name.clone())).collect();
    names.sort();
    names
}

pub fn merging_orders_and_loses_nothing(make: Make) {
    let place = make();
    let store = (place.open)();
    // Block 0 in three groups that landed in another order, block 1 in one, block 2 in two.
    let groups: [&[u32]; 6] = [&[5, 9], &[16, 17], &[0, 7], &[40, 44], &[1, 2, 15], &[33]];
    let mut known: Vec<String> = groups.iter().map(|segments| write(&*store, &job(1), segments)).collect();
    known.sort();
    let merged = store.merge(&job(1), &known).unwrap();
    assert_eq!(merged.len(), 2, "a block in one group stays as it is");
    for (group, replaced) in &merged {
        assert!(!replaced.contains(&group.name), "what is merged must stay until the ledger knows the new group");
    }
    let names = after_merge(&known, &merged);
    assert_eq!(names.len(), 3);
    assert_eq!(store.recover(&job(1), &names).unwrap(), Vec::<String>::new());
    let segments = [0, 1, 2, 5, 7, 9, 15, 16, 17, 33, 40, 44];
    assert!(read(&*store, &job(1)) == expected(segments), "in order of the file");
    holds(&*store, &job(1), segments);
    assert!(store.merge(&job(1), &names).unwrap().is_empty(), "merged is merged");
    assert!(store.merge(&job(2), &[]).unwrap().is_empty());
    store.publish(&job(1)).unwrap();
    assert!(read(&*store, &job(1)) == expected(segments));
}

pub fn merging_may_be_repeated_after_a_crash_at_any_step(make: Make) {
    let place = make();
    let store = (place.open)();
    let known: Vec<String> = [[0, 4], [1, 9], [8, 15]].map(|segments| write(&*store, &job(1), &segments)).to_vec();
    let all = [0, 1, 4, 8, 9, 15];
    let nothing = Vec::<String>::new();
    // Merged, and the process dies before the ledger knows.
    store.merge(&job(1), &known).unwrap();
    let store = (place.open)();
    assert_eq!(store.recover(&job(1), &known).unwrap(), nothing);
    holds(&*store, &job(1), all);
    // Twice, without a look in between.
    store.merge(&job(1), &known).unwrap();
    let merged = store.merge(&job(1), &known).unwrap();
    assert_eq!(merged[0].0.rows, expected(all).len() as u64);
    // The ledger knows, and the process dies before the old ones are removed.
    let names = after_merge(&known, &merged);
    let store = (place.open)();
    assert_eq!(store.recover(&job(1), &names).unwrap(), nothing);
    holds(&*store, &job(1), all);
    // A late segment of the same block: the merged group is one of several now.
    let late = write(&*store, &job(1), &[11]);
    let known: Vec<String> = names.into_iter().chain([late]).collect();
    store.merge(&job(1), &known).unwrap();
    assert_eq!(store.recover(&job(1), &known).unwrap(), nothing, "the ledger does not know the new one yet");
    holds(&*store, &job(1), all.into_iter().chain([11]));
    let merged = store.merge(&job(1), &known).unwrap();
    let names = after_merge(&known, &merged);
    assert_eq!(store.recover(&job(1), &names).unwrap(), nothing);
    assert!(read(&*store, &job(1)) == expected([0, 1, 4, 8, 9, 11, 15]));
}

pub fn discard_and_delete_leave_nothing(make: Make) {
    let place = make();
    let store = (place.open)();
    let marker = |n: u64| format!("Patient-{n}-Müller");
    let fill = |n: u64| {
        // In every column, so that whatever a store keeps of it is found.
        let text = Some(marker(n));
        let record = crate::rows::Record {
            contig: marker(n),
            id: text.clone(),
            reference: marker(n),
            alts: vec![marker(n)],
            filter: text.clone(),
            info: text.clone(),
            format: text.clone(),
            samples: text.clone(),
            qual_text: text.clone(),
            line_text: text.clone(),
            said: text,
            ..record(1, 0)
        };
        store.write_group(&job(n), 0, &[(0, Arc::new(rows(0, &[record])))]).unwrap();
        assert!((place.holds_text)(&marker(n)), "the search must be able to find it");
    };
    (1..=4).for_each(fill);
    store.publish(&job(2)).unwrap();
    store.publish(&job(4)).unwrap();
    store.discard(&job(1)).unwrap();
    store.delete(&job(2)).unwrap();
    store.delete(&job(3)).unwrap();
    for n in 1..=3 {
        assert!(!(place.holds_text)(&marker(n)), "job {n} left something");
        assert_eq!(store.scan(&job(n)).unwrap(), StoreScan::default());
        // Again, and of what is not there: no harm.
        store.discard(&job(n)).unwrap();
        store.delete(&job(n)).unwrap();
    }
    assert_eq!(store.staged_jobs().unwrap(), []);
    // What is published is not staged.
    store.discard(&job(4)).unwrap();
    assert_eq!((place.visible_rows)(), 1);
    assert!((place.holds_text)(&marker(4)));
    // A name that was deleted may be used again.
    fill(2);
    store.publish(&job(2)).unwrap();
    assert_eq!((place.open)().scan(&job(2)).unwrap().rows, 1);
}

pub fn jobs_do_not_touch_each_other(make: Make) {
    let place = make();
    let store = (place.open)();
    let mine = write(&*store, &job(1), &[0]);
    let theirs = write(&*store, &job(2), &[0, 3]);
    write(&*store, &job(3), &[0]);
    let more = write(&*store, &job(1), &[1]);
    assert_eq!(store.recover(&job(2), &[theirs]).unwrap(), Vec::<String>::new());
    let merged = store.merge(&job(1), &[mine.clone(), more.clone()]).unwrap();
    store.recover(&job(1), &after_merge(&[mine, more], &merged)).unwrap();
    holds(&*store, &job(1), [0, 1]);
    holds(&*store, &job(2), [0, 3]);
    store.publish(&job(1)).unwrap();
    store.discard(&job(3)).unwrap();
    holds(&*store, &job(2), [0, 3]);
    store.publish(&job(2)).unwrap();
    store.delete(&job(1)).unwrap();
    holds(&*store, &job(2), [0, 3]);
    assert_eq!((place.visible_rows)(), expected([0, 3]).len() as u64);
}

pub fn groups_are_written_in_parallel(make: Make) {
    let place = make();
    let store = (place.open)();
    std::thread::scope(|scope| {
        for thread in 0..8u32 {
            let store = &store;
            scope.spawn(move || (0..6).for_each(|nth| drop(write(&**store, &job(1), &[(thread * 6 + nth) * 16]))));
        }
    });
    holds(&*(place.open)(), &job(1), (0..48).map(|block| block * 16));
}

pub fn a_trial_writes_nothing(make: Make) {
    let place = make();
    let store = (place.open)();
    store.try_encode(&segment(0, 20).1).unwrap();
    store.try_encode(&Rows::default()).unwrap();
    assert_eq!(store.staged_jobs().unwrap(), []);
    assert_eq!((place.visible_rows)(), 0);
}

pub fn what_each_says_ends_the_reading(make: Make) {
    let place = make();
    let store = (place.open)();
    [0, 16, 32].iter().for_each(|&nth| drop(write(&*store, &job(1), &[nth])));
    let mut calls = 0;
    let result = store.read(&job(1), &mut |_| {
        calls += 1;
        Err(Fault::overloaded("enough"))
    });
    let fault = result.unwrap_err();
    assert_eq!((fault.kind, calls), (Kind::Overloaded, 1), "{fault}");
}

/// What is looked for, and which records that is.
type Sought = (Find, fn(u64) -> bool);

pub fn records_are_found_by_place_by_id_and_by_number(make: Make) {
    let place = make();
    let store = (place.open)();
    for segments in [&[0u32, 1][..], &[2], &[17]] {
        let parts: Vec<_> = segments.iter().map(|&nth| segment(nth, 60)).collect();
        store.write_group(&job(1), segments[0] / 16, &parts).unwrap();
    }
    let all = read(&*store, &job(1));
    let numbers: Vec<u64> = all.iter().map(|row| row.key.0 as u64).collect();
    // Record N stands at 7 × N, on chr2 if the last two digits are 40 to 49 or 90 to 99, and is called rsN if 3 divides it.
    fn on_chr1(nth: u64) -> bool {
        nth % 50 < 40
    }
    let cases: Vec<Sought> = vec![
        (Find::Place("chr1".into(), 7 * 105..7 * 105 + 1), |nth| nth == 105),
        (Find::Place("chr1".into(), 0..7 * 210), |nth| nth < 210 && on_chr1(nth)),
        (Find::Place("chr2".into(), 0..i64::MAX), |nth| !on_chr1(nth)),
        (Find::Place("chr1".into(), 1..7), |_| false),
        (Find::Place("chr".into(), 0..i64::MAX), |_| false),
        (Find::Id("rs1704".into()), |nth| nth == 1704),
        (Find::Id("rs170".into()), |_| false),
        (Find::Ordinals(118..203), |nth| (118..203).contains(&nth)),
        (Find::Ordinals(70..90), |_| false),
    ];
    for published in [false, true] {
        for (what, is_meant) in &cases {
            let found = plain(&store.find(&job(1), what, usize::MAX).unwrap());
            let expected: Vec<Plain> = all.iter().filter(|row| is_meant(row.key.0 as u64)).cloned().collect();
            assert!(found == expected, "{what:?}: {} rows, not {}", found.len(), expected.len());
            let two = store.find(&job(1), what, 2).unwrap();
            let mut first: Vec<u64> = numbers.iter().copied().filter(|nth| is_meant(*nth)).collect();
            first.dedup();
            assert_eq!(two.records(), first.len().min(2), "{what:?}");
        }
        if !published {
            store.publish(&job(1)).unwrap();
        }
    }
    assert!(store.find(&job(2), &Find::Ordinals(0..10), 10).unwrap().is_empty());
}
