//! Dead letters that are replayed and dropped: nothing is true before it is finished, and nothing is forgotten afterwards.

use vcf_agent::delivery::job::JobState;
use vcf_agent::domain::dead::{Counted, DeadStage};
use vcf_agent::domain::digest::DigestSum;
use vcf_agent::domain::ids::JobId;
use vcf_agent::fault::Kind;
use vcf_agent::ledger::replays::{Begun, Pick, Replay, ReplaySums, Replayed};
use vcf_agent::ledger::{JobSums, Mode};

use crate::support::{NOW_MS, Place, certificate, dead, end, group, segment};

/// A complete job of three segments, each with one dead letter (3, 13 and 23), that of the last of stage `store`.
fn complete(place: &Place) -> JobId {
    let job = place.job(1);
    let mut all = group(&job, 0..3);
    all.dead[2] = dead(2, DeadStage::Store);
    place.ledger.commit_group(all).wait().unwrap();
    place.ledger.record_end(&job, end(1, 3)).wait().unwrap();
    place.become_state(&job, JobState::Publishing).unwrap();
    place.become_state(&job, JobState::Complete).unwrap();
    job
}

fn counted(alleles: u64, no_alt: u64, digest: u128) -> Counted {
    Counted { alleles, no_alt, digest_sum: DigestSum(digest), line_digest_sum: DigestSum(digest + 1) }
}

fn record(ordinal: u64, edited: Option<&[u8]>) -> Replayed {
    let was = if ordinal == 23 {
        Counted { alleles: 2, no_alt: 0, digest_sum: DigestSum(5), line_digest_sum: DigestSum(7) }
    } else {
        Counted::default()
    };
    let edited = edited.map(|text| (text.to_vec(), text.len() as u64));
    Replayed { ordinal, edited, now: counted(3, 0, u128::from(ordinal)), was }
}

fn replay(job: &JobId, revision: u32, records: Vec<Replayed>) -> Replay {
    let mut grown = segment(0);
    (grown.dead_records, grown.rows, grown.selected, grown.selection) = (0, 15, 4, vec![7, 1]);
    grown.dropped = vec![("filter".into(), 11)];
    Replay {
        job: job.clone(),
        revision,
        group: (format!("replay-{revision:08}.parquet"), 3 * records.len() as u64),
        certificate: certificate(true),
        records,
        segments: vec![grown],
        by: "ada".into(),
        now_ms: NOW_MS,
    }
}

fn sums(place: &Place, job: &JobId) -> JobSums {
    place.reader().sums(job).unwrap()
}

#[test]
fn a_replay_is_true_only_when_it_is_finished_and_then_all_at_once() {
    let place = Place::new(Mode::Thread);
    let job = complete(&place);
    let before =
        (sums(&place, &job), place.reader().dead_letters(&job, 0, 10).unwrap(), place.reader().groups(&job).unwrap());
    place.ledger.begin_replay(replay(&job, 2, vec![record(3, None), record(23, Some(b"new"))])).wait().unwrap();
    let now =
        (sums(&place, &job), place.reader().dead_letters(&job, 0, 10).unwrap(), place.reader().groups(&job).unwrap());
    assert!(now == before && place.row(&job).revision == 1, "begun is not done");
    assert!(place.reader().replayed(&job, 0, 10).unwrap().is_empty());
    // The next process finds it, and finishing it twice is finishing it once.
    let place = place.reopen(Mode::Thread);
    let begun = Begun { job: job.clone(), revision: 2, group: "replay-00000002.parquet".into() };
    for of in [None, Some(&job)] {
        assert!(place.reader().replays_begun(of).unwrap().iter().eq([&begun]));
    }
    assert!(place.reader().replays_begun(Some(&JobId::random(9))).unwrap().is_empty());
    let events = place.events().len();
    for _ in 0..2 {
        place.ledger.finish_replay(&job, 2, NOW_MS).wait().unwrap();
        assert_eq!(place.row(&job).revision, 2);
    }
    assert_eq!(place.events().len(), events + 1);
    assert!(place.events()[events].payload.contains("\"by\":\"ada\""));
    assert!(place.reader().replays_begun(None).unwrap().is_empty());
    let after = sums(&place, &job);
    let expected =
        ReplaySums { records: 2, edited: 1, dead_records: 1, now: counted(6, 0, 26), was: record(23, None).was };
    let expected = ReplaySums { now: Counted { line_digest_sum: DigestSum(28), ..expected.now }, ..expected };
    assert_eq!(after.replayed, expected);
    assert_eq!((after.dead_letters, after.dead_rows, after.dead_digest_sum), (1, 0, DigestSum(0)));
    assert_eq!(after.total.rows, before.0.total.rows + 3);
    assert_eq!(after.total.selected, before.0.total.selected + 2);
    assert_eq!(place.reader().segment(&job, 0).unwrap().unwrap().selection, [7, 1]);
    assert_eq!(place.reader().segment(&job, 1).unwrap().unwrap(), segment(1), "the others are as they were");
    assert!(place.reader().groups(&job).unwrap().contains(&"replay-00000002.parquet".into()));
    // What each was before is known.
    let former = place.reader().replayed(&job, 4, 10).unwrap();
    assert_eq!(former.len(), 1);
    assert!(former[0].letter == dead(2, DeadStage::Store) && former[0].replayed == record(23, Some(b"new")));
    assert_eq!((former[0].revision, former[0].by.as_str(), former[0].at_ms), (2, "ada", NOW_MS));
}

#[test]
fn what_cannot_be_replayed_is_refused_and_changes_nothing() {
    let place = Place::new(Mode::Thread);
    let (job, open) = (complete(&place), place.job(2));
    let refused = |replay: Replay, words: &str| {
        let fault = place.ledger.begin_replay(replay).wait().unwrap_err();
        assert_eq!(fault.kind, Kind::Permanent);
        assert!(fault.what.contains(words), "{fault}");
    };
    refused(replay(&open, 2, vec![]), "OPEN");
    refused(replay(&job, 1, vec![record(3, None)]), "revision 1");
    refused(replay(&job, 3, vec![record(3, None)]), "revision 1");
    refused(replay(&job, 2, vec![record(3, None), record(4, None)]), "record 4");
    assert!(place.reader().replays_begun(None).unwrap().is_empty());
    place.ledger.begin_replay(replay(&job, 2, vec![record(3, None)])).wait().unwrap();
    refused(replay(&job, 2, vec![record(13, None)]), "replay");
    assert_eq!(place.ledger.finish_replay(&job, 3, NOW_MS).wait().unwrap_err().kind, Kind::Permanent);
    // Forgotten, it may begin again; finished, it can be neither forgotten nor repeated.
    place.ledger.forget_replay(&job, 2).wait().unwrap();
    assert!(place.reader().replays_begun(None).unwrap().is_empty());
    place.ledger.begin_replay(replay(&job, 2, vec![record(3, None)])).wait().unwrap();
    place.ledger.finish_replay(&job, 2, NOW_MS).wait().unwrap();
    place.ledger.forget_replay(&job, 2).wait().unwrap();
    assert_eq!(sums(&place, &job).replayed.records, 1);
    refused(replay(&job, 3, vec![record(3, None)]), "record 3");
}

#[test]
fn dropped_letters_are_counted_and_remembered() {
    let place = Place::new(Mode::Thread);
    let job = complete(&place);
    let drop = |pick: Pick, by: &str| place.ledger.drop_letters(&job, pick, by, "known", NOW_MS).wait().unwrap();
    assert_eq!(drop(Pick::Reason("no such reason".into()), "ada"), 0);
    assert_eq!(drop(Pick::Records(vec![3, 4]), "ada"), 1);
    assert_eq!(drop(Pick::Records(vec![3]), "bob"), 0, "once is enough");
    assert_eq!(drop(Pick::Reason("poison".into()), "bob"), 1);
    let groups: Vec<(String, u64, u64)> =
        place.reader().dead_reasons(&job).unwrap().into_iter().map(|g| (g.reason, g.open, g.dropped)).collect();
    assert_eq!(groups, [("pos_not_a_number".into(), 1, 1), ("poison".into(), 0, 1)]);
    let notes = place.reader().notes(&job, 0, 20).unwrap();
    assert_eq!(notes.keys().collect::<Vec<_>>(), [&3]);
    assert_eq!(
        notes[&3].dropped.as_ref().map(|dropped| (dropped.by.as_str(), dropped.why.as_str())),
        Some(("ada", "known"))
    );
    let now = sums(&place, &job);
    assert_eq!((now.dead_letters, now.dropped_dead, now.dead_rows), (3, 2, 2));
    let dropped = place.events().into_iter().filter(|event| event.kind == "dead_letters_dropped").count();
    assert_eq!(dropped, 2);
    assert_eq!(drop(Pick::Open, "cy"), 1);
    // Replayed, it is no dropped one any more.
    place.ledger.begin_replay(replay(&job, 2, vec![record(3, None)])).wait().unwrap();
    place.ledger.finish_replay(&job, 2, NOW_MS).wait().unwrap();
    let now = sums(&place, &job);
    assert_eq!((now.dead_letters, now.dropped_dead), (2, 2));
}

#[test]
fn a_letter_that_is_still_dead_has_the_new_reason_and_its_old_text() {
    let place = Place::new(Mode::Thread);
    let job = complete(&place);
    let before = place.reader().dead_letters(&job, 13, 1).unwrap().remove(0);
    for nth in 1..3 {
        let letters = vec![(13, "too_many_alts".to_owned(), format!("try {nth}"))];
        place.ledger.still_dead(&job, letters, "ada", NOW_MS).wait().unwrap();
        let after = place.reader().dead_letters(&job, 13, 1).unwrap().remove(0);
        assert_eq!((after.reason.as_str(), after.detail), ("too_many_alts", format!("try {nth}")));
        assert_eq!((after.raw, after.stage, after.line), (before.raw.clone(), before.stage, before.line));
        assert_eq!(place.reader().notes(&job, 13, 13).unwrap()[&13].failed_replays, nth);
    }
    assert_eq!(sums(&place, &job).dropped_dead, 0);
}
