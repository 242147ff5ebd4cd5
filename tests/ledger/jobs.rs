//! Which job a file is, and the arrows between a job's states.

use std::collections::BTreeSet;

use vcf_agent::delivery::job::JobState;
use vcf_agent::domain::dead::DeadStage;
use vcf_agent::domain::ids::JobId;
use vcf_agent::domain::receipt::ReceiptError;
use vcf_agent::fault::Kind;
use vcf_agent::ledger::{JobAccepted, Mode, OpenJob};

use crate::support::{NOW_MS, Place, certificate, dead, digest, end, group, open};

fn accept(place: &Place, open: OpenJob) -> JobAccepted {
    place.ledger.open_job(open).wait().unwrap()
}

/// A way from OPEN to each state.
fn way_to(state: JobState) -> &'static [JobState] {
    use JobState::{Cancelled, Complete, Deleted, Failed, Open, Publishing, Replaced, Stalled};
    match state {
        Open => &[],
        Stalled => &[Stalled],
        Publishing => &[Publishing],
        Complete => &[Publishing, Complete],
        Failed => &[Failed],
        Cancelled => &[Stalled, Cancelled],
        Replaced => &[Publishing, Complete, Replaced],
        Deleted => &[Publishing, Complete, Deleted],
    }
}

fn bring_to(place: &Place, job: &JobId, state: JobState) {
    way_to(state).iter().for_each(|&next| place.become_state(job, next).unwrap());
    assert_eq!(place.row(job).state, state);
}

#[test]
fn a_file_becomes_a_job_that_says_what_it_was_told() {
    let place = Place::new(Mode::Inline);
    let accepted = accept(&place, open(1));
    assert_eq!(accepted.job, JobId::derive("default", &digest(1), "layout 1", 1));
    assert_eq!((accepted.run, accepted.state, accepted.resumed), (1, JobState::Open, false));
    assert!(accepted.done.is_empty() && accepted.cancelled.is_none() && accepted.replaces.is_none());
    let row = place.row(&accepted.job);
    assert_eq!((row.tenant.as_str(), row.file.as_str(), row.layout.as_str()), ("default", "file-1.vcf", "layout 1"));
    assert_eq!((row.bytes, row.samples, row.assembly.as_deref(), row.revision), (1_000, 3, Some("GRCh38"), 1));
    assert_eq!((row.file_digest, row.triage.as_str(), row.finished_at_ms), (Some(digest(1)), "triage 1", None));
    assert_eq!(place.reader().header(&accepted.job).unwrap(), open(1).header);
}

#[test]
fn the_same_file_again_is_the_same_job_and_keeps_its_triage() {
    let place = Place::new(Mode::Inline);
    let first = accept(&place, open(1));
    let mut groups = group(&first.job, [0, 2]);
    groups.dead.push(dead(4, DeadStage::Store));
    // Poison of the parse stage is known in advance the next time.
    groups.dead[0].reason = "poison".into();
    place.ledger.commit_group(groups).wait().unwrap();
    place.become_state(&first.job, JobState::Stalled).unwrap();
    let place = place.reopen(Mode::Inline);
    let again = OpenJob { file: "moved.vcf".into(), triage: "triage 2".into(), now_ms: NOW_MS + 5, ..open(1) };
    let second = accept(&place, again);
    assert_eq!((&second.job, second.run, second.resumed), (&first.job, 1, true));
    assert_eq!((second.state, second.triage.as_str()), (JobState::Open, "triage 1"));
    assert_eq!(second.done.iter().collect::<Vec<_>>(), [0, 2]);
    assert_eq!(second.poison, [3]);
    let row = place.row(&first.job);
    assert_eq!((row.file.as_str(), row.state), ("moved.vcf", JobState::Open));
    assert_eq!((row.started_at_ms, row.resumed_at_ms), (NOW_MS, NOW_MS + 5));
}

#[test]
fn a_complete_job_is_found_complete_and_is_not_touched() {
    let place = Place::new(Mode::Inline);
    let job = place.job(1);
    bring_to(&place, &job, JobState::Complete);
    let events = place.events().len();
    let again = accept(&place, OpenJob { file: "elsewhere.vcf".into(), ..open(1) });
    assert_eq!((&again.job, again.state, again.resumed), (&job, JobState::Complete, true));
    assert_eq!(place.row(&job).file, "file-1.vcf");
    assert_eq!(place.events().len(), events);
}

#[test]
fn after_an_end_that_was_none_the_run_goes_up() {
    let place = Place::new(Mode::Inline);
    let mut names = BTreeSet::new();
    let ends = [JobState::Failed, JobState::Cancelled, JobState::Deleted, JobState::Failed];
    for (run, end) in (1..).zip(ends) {
        let accepted = accept(&place, open(1));
        assert_eq!((accepted.run, accepted.resumed), (run, false));
        assert!(names.insert(accepted.job.clone()), "another run is another job");
        bring_to(&place, &accepted.job, end);
    }
    assert_eq!(accept(&place, open(1)).run, 5);
    assert_eq!(place.reader().jobs().unwrap().len(), 5);
}

#[test]
fn another_layout_cancels_an_unfinished_job_and_stands_beside_a_finished_one() {
    let place = Place::new(Mode::Inline);
    let layout = |n: u32| OpenJob { layout: format!("layout {n}"), ..open(1) };
    let first = accept(&place, layout(1));
    let second = accept(&place, layout(2));
    assert_ne!(second.job, first.job);
    assert_eq!((second.cancelled.as_ref(), second.replaces.as_ref()), (Some(&first.job), None));
    assert_eq!(place.row(&first.job).state, JobState::Cancelled);
    bring_to(&place, &second.job, JobState::Complete);
    let third = accept(&place, layout(3));
    assert_eq!((third.cancelled.as_ref(), third.replaces.as_ref()), (None, Some(&second.job)));
    assert_eq!(place.row(&second.job).state, JobState::Complete);
    // What is being published is finished by the next start, not cancelled.
    bring_to(&place, &third.job, JobState::Publishing);
    let fourth = accept(&place, layout(4));
    assert_eq!(fourth.cancelled, None);
    assert_eq!(place.row(&third.job).state, JobState::Publishing);
}

#[test]
fn other_bytes_and_other_tenants_are_other_jobs() {
    let place = Place::new(Mode::Inline);
    let first = accept(&place, open(1));
    let other = accept(&place, OpenJob { tenant: "ward 7".into(), ..open(1) });
    let more = accept(&place, open(2));
    let jobs: BTreeSet<_> = [&first, &other, &more].into_iter().map(|accepted| accepted.job.clone()).collect();
    assert_eq!(jobs.len(), 3);
    assert!([&other, &more].iter().all(|accepted| !accepted.resumed && accepted.cancelled.is_none()));
}

#[test]
fn a_pipe_is_always_a_new_job_even_once_its_bytes_are_known() {
    let place = Place::new(Mode::Inline);
    let pipe = |random| OpenJob { file_digest: None, file: "-".into(), random, ..open(1) };
    let first = accept(&place, pipe(1));
    place.ledger.record_end(&first.job, end(1, 0)).wait().unwrap();
    assert_eq!(place.row(&first.job).file_digest, Some(digest(1)));
    let second = accept(&place, pipe(2));
    let file = accept(&place, open(1));
    assert!(first.job != second.job && first.job != file.job && second.job != file.job);
    assert!(!second.resumed && !file.resumed && file.cancelled.is_none());
}

#[test]
fn a_job_moves_along_every_arrow_and_no_other() {
    let place = Place::new(Mode::Inline);
    let mut file = 0;
    for from in JobState::ALL {
        for to in JobState::ALL {
            file += 1;
            let job = place.job(file);
            bring_to(&place, &job, from);
            let events = place.events().len();
            let moved = place.become_state(&job, to);
            let after = place.row(&job).state;
            if from == to {
                assert_eq!((moved, after, place.events().len()), (Ok(()), from, events), "{from} stays");
            } else if from.can_become(to) {
                assert_eq!((moved, after), (Ok(()), to), "{from} → {to}");
                let last = place.events().pop().unwrap();
                assert_eq!(
                    (last.job.as_deref(), last.kind),
                    (Some(job.as_str()), format!("job_{}", to.as_str().to_lowercase()))
                );
                assert_eq!(place.events().len(), events + 1);
            } else {
                assert_eq!((moved, after, place.events().len()), (Err(Kind::Permanent), from, events), "{from} → {to}");
            }
        }
    }
}

#[test]
fn nothing_is_published_without_a_certificate_that_holds() {
    let place = Place::new(Mode::Inline);
    let job = place.job(1);
    for proof in [None, Some(certificate(false))] {
        let fault = place.ledger.set_state(&job, JobState::Publishing, proof, None, NOW_MS).wait().unwrap_err();
        assert_eq!(fault.kind, Kind::Permanent);
        assert!(fault.what.contains("certificate"), "{fault}");
        assert_eq!((place.row(&job).state, place.row(&job).certificate), (JobState::Open, None));
    }
    place.ledger.set_state(&job, JobState::Publishing, Some(certificate(true)), None, NOW_MS).wait().unwrap();
    place.become_state(&job, JobState::Complete).unwrap();
    assert_eq!(place.reopen(Mode::Inline).row(&job).certificate, Some(certificate(true)));
}

#[test]
fn an_end_is_kept_with_its_moment_and_its_reason() {
    let place = Place::new(Mode::Inline);
    let job = place.job(1);
    let error = ReceiptError { code: 65, message: "line 7 is cut".into(), line: Some(7), offset: Some(99) };
    place.ledger.set_state(&job, JobState::Failed, None, Some(error.clone()), NOW_MS + 9).wait().unwrap();
    place.ledger.record_end(&job, end(1, 2)).wait().unwrap();
    let row = place.reopen(Mode::Inline).row(&job);
    assert_eq!((row.error, row.finished_at_ms, row.end), (Some(error), Some(NOW_MS + 9), Some(end(1, 2))));
    assert_eq!(row.bytes, 1_234);
}

#[test]
fn a_job_that_is_not_there_is_refused_by_name() {
    let place = Place::new(Mode::Inline);
    let nobody = JobId::random(4);
    let faults = [
        place.become_state(&nobody, JobState::Failed),
        place.ledger.record_end(&nobody, end(1, 0)).wait().map_err(|fault| fault.kind),
        place.ledger.commit_group(group(&nobody, [0])).wait().map(drop).map_err(|fault| fault.kind),
        place.reader().header(&nobody).map(drop).map_err(|fault| fault.kind),
    ];
    assert_eq!(faults, [Err(Kind::Permanent); 4]);
    assert!(place.reader().job(&nobody).unwrap().is_none());
}

#[test]
fn jobs_are_found_by_the_beginning_of_their_name() {
    let place = Place::new(Mode::Inline);
    let (job, _) = (place.job(1), place.job(2));
    let reader = place.reader();
    let found = |prefix: &str| reader.jobs_by_prefix(prefix).unwrap().len();
    assert_eq!((found(job.as_str()), found(&job.as_str()[..9]), found(&job.as_str()[1..9])), (1, 1, 1));
    assert_eq!((found(""), found("j"), found("jx"), found("%")), (2, 2, 0, 0));
}
