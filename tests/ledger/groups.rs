//! Groups: what one makes true, what is refused, and what is taken back when the store has lost it.

use vcf_agent::delivery::job::JobState;
use vcf_agent::domain::dead::DeadStage;
use vcf_agent::fault::Kind;
use vcf_agent::ledger::{GroupCommit, JobSums, Mode};

use crate::support::{NOW_MS, Place, dead, group, segment};

#[test]
fn a_group_is_kept_as_it_was_given() {
    let place = Place::new(Mode::Inline);
    let job = place.job(1);
    let committed = place.ledger.commit_group(group(&job, [3, 4])).wait().unwrap();
    assert_eq!(committed.dead_letters, 2);
    let place = place.reopen(Mode::Inline);
    let reader = place.reader();
    assert_eq!(reader.done(&job).unwrap().iter().collect::<Vec<_>>(), [3, 4]);
    assert_eq!(reader.segment(&job, 4).unwrap(), Some(segment(4)));
    assert_eq!(reader.segment(&job, 5).unwrap(), None);
    assert_eq!(reader.groups(&job).unwrap(), ["part-00000000-00000003.parquet"]);
    let letters = reader.dead_letters(&job, 0, 10).unwrap();
    assert!(letters == [dead(3, DeadStage::Parse), dead(4, DeadStage::Parse)]);
    let sums = reader.sums(&job).unwrap();
    assert_eq!((sums.segments, sums.total.rows, sums.total.selected, sums.dead_letters), (2, 24, 4, 2));
    assert_eq!(sums.total.dropped, [("filter".to_owned(), 8), ("quality".to_owned(), 12)]);
    assert_eq!(sums.total.digest_sum.0, (u128::MAX - 3).wrapping_add(u128::MAX - 4), "a sum wraps");
    assert_eq!(place.events().pop().unwrap().payload, r#"{"dead_letters":2,"rows":24,"segments":2}"#);
}

#[test]
fn a_group_of_dead_records_alone_needs_no_file() {
    let place = Place::new(Mode::Inline);
    let job = place.job(1);
    place.ledger.commit_group(GroupCommit { staged: None, ..group(&job, [0]) }).wait().unwrap();
    assert!(place.reader().groups(&job).unwrap().is_empty());
    assert_eq!(place.reader().done(&job).unwrap().len(), 1);
}

#[test]
fn a_segment_that_is_done_is_refused_and_so_is_everything_that_came_with_it() {
    let place = Place::new(Mode::Inline);
    let job = place.job(1);
    place.ledger.commit_group(group(&job, [0, 1])).wait().unwrap();
    let before = (place.reader().sums(&job).unwrap(), place.events().len());
    let mut again = group(&job, [2, 1]);
    again.staged = Some(("another file".into(), 24));
    let fault = place.ledger.commit_group(again).wait().unwrap_err();
    assert_eq!(fault.kind, Kind::Permanent);
    assert!(fault.what.contains("segment 1") && fault.what.contains(job.as_str()), "{fault}");
    assert_eq!((place.reader().sums(&job).unwrap(), place.events().len()), before);
    assert_eq!(place.reader().groups(&job).unwrap().len(), 1);
    // The same segment twice within one group likewise.
    let twice = GroupCommit { dead: Vec::new(), ..group(&job, [5, 5]) };
    assert_eq!(place.ledger.commit_group(twice).wait().unwrap_err().kind, Kind::Permanent);
    assert_eq!(place.reader().sums(&job).unwrap(), before.0);
}

#[test]
fn only_a_job_that_runs_takes_segments() {
    let place = Place::new(Mode::Inline);
    let ways = [
        (vec![], true),
        (vec![JobState::Stalled], true),
        (vec![JobState::Publishing], false),
        (vec![JobState::Publishing, JobState::Complete], false),
        (vec![JobState::Failed], false),
        (vec![JobState::Cancelled], false),
    ];
    for (file, (way, takes)) in (1..).zip(ways) {
        let job = place.job(file);
        way.iter().for_each(|&state| place.become_state(&job, state).unwrap());
        let result = place.ledger.commit_group(group(&job, [0])).wait();
        assert_eq!(result.is_ok(), takes, "{way:?}");
        if let Err(fault) = result {
            assert_eq!(fault.kind, Kind::Permanent);
            assert!(fault.what.contains("takes no more segments"), "{fault}");
        }
        assert_eq!(place.reader().done(&job).unwrap().len(), u32::from(takes));
    }
}

#[test]
fn dead_letters_come_in_pages_and_survive() {
    let place = Place::new(Mode::Inline);
    let (job, other) = (place.job(1), place.job(2));
    // Not in order, as groups land.
    for first in [16, 0, 8] {
        place.ledger.commit_group(group(&job, first..first + 8)).wait().unwrap();
        place.ledger.commit_group(group(&other, first..first + 8)).wait().unwrap();
    }
    let place = place.reopen(Mode::Thread);
    let reader = place.reader();
    let (mut from, mut paged, mut pages) = (0, Vec::new(), 0);
    loop {
        let page = reader.dead_letters(&job, from, 7).unwrap();
        let Some(last) = page.last() else { break };
        from = last.ordinal + 1;
        pages += 1;
        paged.extend(page);
    }
    let expected: Vec<_> = (0..24).map(|segment| dead(segment, DeadStage::Parse)).collect();
    assert_eq!((paged.len(), pages), (24, 4));
    assert!(paged == expected, "in order, each whole, raw bytes included");
    assert!(reader.dead_letters(&job, 0, 0).unwrap().is_empty());
}

#[test]
fn what_the_store_has_lost_is_taken_back_with_its_dead_and_its_counts() {
    let place = Place::new(Mode::Inline);
    let (job, other) = (place.job(1), place.job(2));
    place.ledger.commit_group(group(&job, 0..4)).wait().unwrap();
    // Dead records without a file cannot be lost by a store.
    let nothing_stored = GroupCommit { staged: None, ..group(&job, [7]) };
    place.ledger.commit_group(nothing_stored).wait().unwrap();
    place.ledger.commit_group(group(&other, 16..20)).wait().unwrap();
    let before = place.reader().sums(&job).unwrap();
    let mut lost = group(&job, 16..20);
    lost.dead.extend(
        (16..20)
            .map(|n| vcf_agent::domain::dead::DeadLetter { ordinal: n * 10 + 9, ..dead(n as u32, DeadStage::Store) }),
    );
    let name = lost.staged.clone().unwrap().0;
    assert_eq!(place.ledger.commit_group(lost.clone()).wait().unwrap().dead_letters, 13);
    place.ledger.forget_groups(&job, vec![name.clone(), "never there".into()]).wait().unwrap();
    let place = place.reopen(Mode::Inline);
    let reader = place.reader();
    assert_eq!(reader.sums(&job).unwrap(), before);
    assert_eq!(reader.done(&job).unwrap().iter().collect::<Vec<_>>(), [0, 1, 2, 3, 7]);
    assert!(!reader.groups(&job).unwrap().contains(&name));
    assert_eq!(reader.sums(&other).unwrap().segments, 4, "another job's group of the same name stays");
    // They come again, and count as they did.
    assert_eq!(place.ledger.commit_group(lost).wait().unwrap().dead_letters, 13);
    let sums = place.reader().sums(&job).unwrap();
    assert_eq!((sums.segments, sums.dead_rows, sums.dead_digest_sum.0, sums.dead_line_digest_sum.0), (9, 8, 20, 28));
}

#[test]
fn merged_groups_take_the_place_of_what_they_were_made_of() {
    let place = Place::new(Mode::Inline);
    let job = place.job(1);
    for segment in [2, 0, 1, 16] {
        place.ledger.commit_group(group(&job, [segment])).wait().unwrap();
    }
    let names = place.reader().groups(&job).unwrap();
    let before = place.reader().sums(&job).unwrap();
    let merged = "part-00000000-merged.parquet".to_owned();
    place.ledger.replace_groups(&job, vec![(merged.clone(), 36, names[..3].to_vec())]).wait().unwrap();
    assert_eq!(place.reader().groups(&job).unwrap(), [merged.clone(), names[3].clone()]);
    assert_eq!(place.reader().sums(&job).unwrap(), before);
    // Its segments are those of its parts: lost, they all come again.
    place.ledger.forget_groups(&job, vec![merged]).wait().unwrap();
    assert_eq!(place.reader().done(&job).unwrap().iter().collect::<Vec<_>>(), [16]);
}

#[test]
fn a_job_without_anything_has_sums_of_nothing() {
    let place = Place::new(Mode::Inline);
    let job = place.job(1);
    assert_eq!(place.reader().sums(&job).unwrap(), JobSums::default());
    let empty = GroupCommit { job: job.clone(), staged: None, segments: Vec::new(), dead: Vec::new(), now_ms: NOW_MS };
    assert_eq!(place.ledger.commit_group(empty).wait().unwrap().dead_letters, 0);
    assert_eq!(place.reader().sums(&job).unwrap(), JobSums::default());
}
