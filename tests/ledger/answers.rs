//! What was concluded about selected alleles: recorded once, counted only where it is selected, kept when rows come between.

use vcf_agent::delivery::job::JobState;
use vcf_agent::domain::answer::{Answer, DeadTask, pack, set_bits};
use vcf_agent::domain::dead::{Counted, DeadStage};
use vcf_agent::domain::digest::DigestSum;
use vcf_agent::domain::finding::merge;
use vcf_agent::domain::ids::JobId;
use vcf_agent::fault::Kind;
use vcf_agent::ledger::replays::{Replay, Replayed};
use vcf_agent::ledger::{AnswerBatch, AnswerCounts, Mode, SegmentSelection};

use crate::support::{NOW_MS, Place, certificate, dead, end, group, segment};

/// A complete job of two segments of twelve rows; rows 0 and 4 of each are selected. Record 3 of the first is a dead letter.
fn complete(place: &Place) -> JobId {
    let job = place.job(1);
    let mut all = group(&job, 0..2);
    all.dead = vec![dead(0, DeadStage::Parse), dead(1, DeadStage::Parse)];
    place.ledger.commit_group(all).wait().unwrap();
    place.ledger.record_end(&job, end(1, 2)).wait().unwrap();
    place.become_state(&job, JobState::Publishing).unwrap();
    place.become_state(&job, JobState::Complete).unwrap();
    place.ledger.begin_analysis(&job, &["rules".into()]).wait().unwrap();
    job
}

fn answer(ordinal: u64, row: u32) -> Answer {
    Answer {
        ordinal,
        alt_index: 1,
        row,
        chrom: "1".into(),
        pos: 7,
        reference: "A".into(),
        alt: "C".into(),
        assessment: merge(Vec::new(), 1),
    }
}

/// Abstained about one allele.
fn batch(job: &JobId, segment: u32, ordinal: u64, row: u32) -> AnswerBatch {
    AnswerBatch {
        job: job.clone(),
        segment,
        answered: Vec::new(),
        abstained: vec![row],
        body: pack(&[answer(ordinal, row)]).unwrap(),
        dead: Vec::new(),
        notable: Vec::new(),
        now_ms: NOW_MS,
    }
}

fn dead_task(ordinal: u64, row: u32) -> DeadTask {
    DeadTask {
        ordinal,
        alt_index: 1,
        row,
        provider: "rules".into(),
        reason: "poison".into(),
        detail: "it panics".into(),
        attempts: 3,
    }
}

/// Segment and rows of what waits.
fn pending(place: &Place, job: &JobId) -> Vec<(u32, Vec<u32>)> {
    let pending = place.reader().pending(job).unwrap();
    pending.iter().map(|segment| (segment.segment, set_bits(&segment.pending).collect())).collect()
}

#[test]
fn what_is_selected_waits_until_it_is_answered_or_dead() {
    let place = Place::new(Mode::Thread);
    let job = complete(&place);
    assert_eq!(pending(&place, &job), [(0, vec![0, 4]), (1, vec![0, 4])]);
    place.ledger.record_answers(batch(&job, 0, 0, 0)).wait().unwrap();
    let only_dead = AnswerBatch { abstained: Vec::new(), dead: vec![dead_task(4, 4)], ..batch(&job, 0, 4, 4) };
    place.ledger.record_answers(only_dead).wait().unwrap();
    assert_eq!(pending(&place, &job), [(1, vec![0, 4])]);
    let sums = place.reader().sums(&job).unwrap();
    assert_eq!(sums.answers, AnswerCounts { answered: 0, abstained: 1, dead: 1 });
    assert_eq!(sums.providers, ["rules"]);
    assert_eq!(place.ledger.revive_tasks(&job, NOW_MS).wait().unwrap(), 1);
    assert_eq!(pending(&place, &job), [(0, vec![4]), (1, vec![0, 4])]);
    let kinds: Vec<String> = place.events().into_iter().map(|event| event.kind).collect();
    assert!(kinds.ends_with(&["alleles_assessed".into(), "alleles_assessed".into(), "dead_tasks_revived".into()]));
}

#[test]
fn nothing_is_recorded_twice_and_a_refused_batch_leaves_nothing() {
    let place = Place::new(Mode::Thread);
    let job = complete(&place);
    place.ledger.record_answers(batch(&job, 0, 0, 0)).wait().unwrap();
    let mut both = batch(&job, 0, 4, 4);
    both.abstained = vec![0, 4];
    for again in [batch(&job, 0, 0, 0), both] {
        assert_eq!(place.ledger.record_answers(again).wait().unwrap_err().kind, Kind::Permanent);
    }
    assert_eq!(place.reader().analysis(&job).unwrap().unwrap().batches, 1);
    assert_eq!(pending(&place, &job), [(0, vec![4]), (1, vec![0, 4])]);
}

#[test]
fn an_answer_counts_only_where_its_row_is_selected() {
    let place = Place::new(Mode::Thread);
    let job = complete(&place);
    place.ledger.record_answers(batch(&job, 0, 0, 0)).wait().unwrap();
    let selection =
        |segment, selection: Vec<u8>| SegmentSelection { segment, selected: 1, selection, dropped: Vec::new() };
    let other = vec![selection(0, vec![0b10, 0]), selection(1, vec![0b1, 0])];
    place.ledger.reselect(&job, "triage 2".into(), other, NOW_MS).wait().unwrap();
    assert_eq!(place.reader().sums(&job).unwrap().answers, AnswerCounts::default());
    assert_eq!(pending(&place, &job), [(0, vec![1]), (1, vec![0])]);
    let back = vec![selection(0, vec![0b1, 0]), selection(1, vec![0b1, 0])];
    place.ledger.reselect(&job, "triage 1".into(), back, NOW_MS).wait().unwrap();
    assert_eq!(place.reader().sums(&job).unwrap().answers.abstained, 1);
}

#[test]
fn answers_keep_their_alleles_when_rows_come_between() {
    let place = Place::new(Mode::Thread);
    let job = complete(&place);
    // Rows 0 and 4 of the first segment are of records 0 and 5.
    place.ledger.record_answers(batch(&job, 0, 0, 0)).wait().unwrap();
    place.ledger.record_answers(batch(&job, 0, 5, 4)).wait().unwrap();
    let dead = AnswerBatch { abstained: Vec::new(), dead: vec![dead_task(15, 4)], ..batch(&job, 1, 15, 4) };
    place.ledger.record_answers(dead).wait().unwrap();
    // Record 3 comes to life with three rows, so that record 5 begins three rows later.
    let mut grown = segment(0);
    (grown.dead_records, grown.rows, grown.selected, grown.selection) = (0, 15, 3, vec![0b1000_1001, 0]);
    let now = Counted { alleles: 3, no_alt: 0, digest_sum: DigestSum(3), line_digest_sum: DigestSum(4) };
    let replay = Replay {
        job: job.clone(),
        revision: 2,
        group: ("replay-00000002.parquet".into(), 3),
        certificate: certificate(true),
        records: vec![Replayed { ordinal: 3, edited: None, now, was: Counted::default() }],
        segments: vec![grown],
        by: "ada".into(),
        now_ms: NOW_MS,
    };
    place.ledger.begin_replay(replay).wait().unwrap();
    place.ledger.finish_replay(&job, 2, NOW_MS).wait().unwrap();
    assert_eq!(pending(&place, &job), [(0, vec![3]), (1, vec![0])], "only the new row waits");
    let mut rows = Vec::new();
    place
        .reader()
        .each_answers(&job, Some(0), &mut |answers| {
            rows.extend(answers.iter().map(|answer| (answer.ordinal, answer.row)));
            Ok(())
        })
        .unwrap();
    assert_eq!(rows, [(0, 0), (5, 7)]);
    let dead: Vec<(u64, u32)> =
        place.reader().dead_tasks(&job).unwrap().iter().map(|dead| (dead.ordinal, dead.row)).collect();
    assert_eq!(dead, [(15, 4)], "another segment did not change");
}
