//! The rules of dead letters that are replayed: rows that come to a job which is published already.

use std::sync::Arc;

use vcf_agent::domain::digest::DigestSum;
use vcf_agent::domain::rows::{Rows, rows_digest_sum};
use vcf_agent::stores::{Store, StoreScan};

use crate::rows::{plain, record, rows};
use crate::suite::{Make, job, read};

/// Records of a job, and those of them that are dead at first.
const RECORDS: u64 = 9_000;
const DEAD: [u64; 7] = [0, 1, 2_500, 2_501, 4_999, 8_998, 8_999];

/// The rows of these records, numbered as in the file.
fn rows_of(ordinals: impl IntoIterator<Item = u64>) -> Rows {
    let mut all = Rows::default();
    for nth in ordinals {
        let one = rows(nth, &[record(nth, (nth % 3) as usize)]);
        (0..one.len()).for_each(|row| all.push_row(&one, row));
    }
    all
}

fn alive() -> impl Iterator<Item = u64> {
    (0..RECORDS).filter(|nth| !DEAD.contains(nth))
}

/// A published job in two groups, in which the dead are missing.
fn publish_without_the_dead(store: &dyn Store) {
    for (block, half) in [(0, 0..RECORDS / 2), (1, RECORDS / 2..RECORDS)] {
        let part = rows_of(alive().filter(|nth| half.contains(nth)));
        store.write_group(&job(1), block, &[(block * 16, Arc::new(part))]).unwrap();
    }
    store.publish(&job(1)).unwrap();
}

fn replay(store: &dyn Store, revision: u32, ordinals: &[u64]) -> String {
    let rows = rows_of(ordinals.iter().copied());
    let staged = store.stage_replay(&job(1), revision, &rows).unwrap();
    assert_eq!(staged.rows, rows.len() as u64);
    staged.name
}

#[track_caller]
fn is_scan_of(scan: StoreScan, ordinals: impl IntoIterator<Item = u64>) {
    let rows = rows_of(ordinals);
    let expected: (u64, DigestSum, u64) = (rows.len() as u64, rows_digest_sum(&rows), 0);
    assert_eq!((scan.rows, scan.digest_sum, scan.duplicates), expected);
}

pub fn a_replay_is_for_no_reader_before_it_is_published(make: Make) {
    let place = make();
    let store = (place.open)();
    publish_without_the_dead(&*store);
    let visible = (place.visible_rows)();
    let name = replay(&*store, 2, &DEAD[..3]);
    assert_eq!((place.visible_rows)(), visible);
    assert_eq!(store.staged_jobs().unwrap(), [], "a replay is not a job that runs");
    assert_eq!(read(&*store, &job(1)).len() as u64, visible);
    is_scan_of(store.scan(&job(1)).unwrap(), alive());
    is_scan_of(store.scan_with_replay(&job(1), &name).unwrap(), alive().chain(DEAD[..3].iter().copied()));
    // Staged again, with other records: those of the first are gone.
    assert_eq!(replay(&*store, 2, &DEAD[1..2]), name);
    is_scan_of(store.scan_with_replay(&job(1), &name).unwrap(), alive().chain([DEAD[1]]));
    assert!(store.publish_replay(&job(1), &name).unwrap());
    assert_eq!((place.visible_rows)(), visible + rows_of([DEAD[1]]).len() as u64);
}

pub fn replayed_rows_are_read_at_their_place(make: Make) {
    let place = make();
    let store = (place.open)();
    publish_without_the_dead(&*store);
    // Two replays that lie across each other and across the groups.
    let halves: [Vec<u64>; 2] =
        [DEAD.iter().copied().step_by(2).collect(), DEAD.iter().copied().skip(1).step_by(2).collect()];
    for (revision, half) in (2..).zip(&halves) {
        let name = replay(&*store, revision, half);
        assert!(store.publish_replay(&job(1), &name).unwrap());
    }
    for store in [store, (place.open)()] {
        assert!(read(&*store, &job(1)) == plain(&rows_of(0..RECORDS)), "in the order of the file");
        is_scan_of(store.scan(&job(1)).unwrap(), 0..RECORDS);
    }
}

pub fn rows_that_a_replay_repeats_are_counted(make: Make) {
    let place = make();
    let store = (place.open)();
    publish_without_the_dead(&*store);
    // Record 5 is stored already; record 0 comes in both replays.
    for (revision, ordinals) in [(2, [0, 5]), (3, [0, 1])] {
        let name = replay(&*store, revision, &ordinals);
        store.publish_replay(&job(1), &name).unwrap();
    }
    let twice = rows_of([0, 5]).len() as u64;
    assert_eq!(store.scan(&job(1)).unwrap().duplicates, twice);
    let mut ordinals: Vec<i64> = read(&*store, &job(1)).iter().map(|row| row.key.0).collect();
    assert!(ordinals.is_sorted());
    ordinals.dedup();
    assert_eq!(
        ordinals.len(),
        RECORDS as usize - DEAD.len() + 2,
        "what is there twice is not hidden, and hides nothing"
    );
}

pub fn publishing_a_replay_may_be_repeated_and_says_what_is_not_there(make: Make) {
    let place = make();
    let store = (place.open)();
    // A job all of whose records are dead has no rows at all.
    store.publish(&job(1)).unwrap();
    assert!(!store.publish_replay(&job(1), "replay-00000002.parquet").unwrap());
    let name = replay(&*store, 2, &DEAD);
    for store in [store, (place.open)(), (place.open)()] {
        assert!(store.publish_replay(&job(1), &name).unwrap());
        is_scan_of(store.scan(&job(1)).unwrap(), DEAD);
    }
}

pub fn replays_that_were_not_published_are_removed(make: Make) {
    let place = make();
    let store = (place.open)();
    publish_without_the_dead(&*store);
    let (kept, lost) = (replay(&*store, 2, &[0]), "Patient-7-Müller");
    assert!(store.publish_replay(&job(1), &kept).unwrap());
    let stage = |of: u64| {
        let rows = rows(1, &[crate::rows::Record { info: Some(lost.into()), ..record(1, 1) }]);
        let name = store.stage_replay(&job(of), 3, &rows).unwrap().name;
        assert!((place.holds_text)(lost), "the search must be able to find it");
        name
    };
    let name = stage(1);
    (place.open)().discard_replays().unwrap();
    assert!(!(place.holds_text)(lost));
    assert!(!store.publish_replay(&job(1), &name).unwrap());
    is_scan_of(store.scan(&job(1)).unwrap(), alive().chain([0]));
    // A job that is deleted takes them along.
    stage(1);
    store.delete(&job(1)).unwrap();
    assert!(!(place.holds_text)(lost));
    assert_eq!(store.scan(&job(1)).unwrap(), StoreScan::default());
    store.discard_replays().unwrap();
}
