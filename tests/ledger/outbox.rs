//! The outbox, which every change writes to and followers read from; and the list of processes, which knows who said goodbye.

use vcf_agent::delivery::job::JobState;
use vcf_agent::ledger::{LastProcess, Mode};

use crate::support::{NOW_MS, Place, group};

fn kinds(place: &Place) -> Vec<String> {
    place.events().into_iter().map(|event| event.kind).collect()
}

#[test]
fn events_come_in_the_order_of_what_they_tell_of() {
    let place = Place::new(Mode::Thread);
    let job = place.job(1);
    place.ledger.commit_group(group(&job, [0])).wait().unwrap();
    place.become_state(&job, JobState::Stalled).unwrap();
    place.job(1);
    place.become_state(&job, JobState::Publishing).unwrap();
    place.become_state(&job, JobState::Complete).unwrap();
    place.ledger.announce(None, "file_refused", r#"{"file":"x"}"#.into(), NOW_MS + 1).wait().unwrap();
    let expected = [
        "job_accepted",
        "group_committed",
        "job_stalled",
        "job_resumed",
        "job_publishing",
        "job_complete",
        "file_refused",
    ];
    assert_eq!(kinds(&place), expected);
    let events = place.reopen(Mode::Thread).events();
    assert!(events.windows(2).all(|pair| pair[1].seq == pair[0].seq + 1));
    assert!(events[..6].iter().all(|event| event.job.as_deref() == Some(job.as_str()) && event.at_ms == NOW_MS));
    assert_eq!((events[6].job.as_ref(), events[6].at_ms), (None, NOW_MS + 1));
    for event in &events {
        assert!(serde_json::from_str::<serde_json::Map<_, _>>(&event.payload).is_ok(), "{}", event.payload);
    }
}

#[test]
fn what_is_handled_is_not_seen_again_and_is_removed() {
    let place = Place::new(Mode::Inline);
    (1..=5).for_each(|file| drop(place.job(file)));
    let seqs = |place: &Place| place.events().iter().map(|event| event.seq).collect::<Vec<_>>();
    let all = seqs(&place);
    assert_eq!(place.reader().outbox("notifier", 2).unwrap().len(), 2, "as many as asked for");
    place.ledger.outbox_done("notifier", all[2]).wait().unwrap();
    assert_eq!(seqs(&place), all[3..]);
    // Late news of an earlier one takes nothing back.
    place.ledger.outbox_done("notifier", all[0]).wait().unwrap();
    let place = place.reopen(Mode::Inline);
    assert_eq!(seqs(&place), all[3..]);
    let kept: u64 = place.sql().query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 2);
    place.ledger.outbox_done("notifier", all[4]).wait().unwrap();
    assert_eq!(seqs(&place), Vec::<u64>::new());
    place.job(6);
    assert_eq!(seqs(&place), [all[4] + 1], "a number is never used twice");
}

#[test]
fn an_event_stays_until_every_follower_has_handled_it() {
    let place = Place::new(Mode::Inline);
    place.sql().execute("INSERT INTO outbox_cursors VALUES ('projection', 0)", []).unwrap();
    (1..=3).for_each(|file| drop(place.job(file)));
    let last = place.events().pop().unwrap().seq;
    place.ledger.outbox_done("notifier", last).wait().unwrap();
    assert!(place.events().is_empty());
    assert_eq!(place.reader().outbox("projection", 10).unwrap().len(), 3);
    place.ledger.outbox_done("projection", last - 1).wait().unwrap();
    assert_eq!(place.reader().outbox("projection", 10).unwrap().len(), 1);
    let kept: u64 = place.sql().query_row("SELECT count(*) FROM outbox", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 1);
    assert!(place.reader().outbox("nobody", 10).unwrap().is_empty());
}

#[test]
fn a_process_that_ended_without_goodbye_is_reported_unclean() {
    let place = Place::new(Mode::Thread);
    let begin = |place: &Place, pid| place.ledger.begin_process(pid, NOW_MS).wait().unwrap();
    assert_eq!(begin(&place, 11), None);
    let job = place.job(1);
    place.ledger.commit_group(group(&job, 0..5)).wait().unwrap();
    let place = place.reopen(Mode::Thread);
    assert_eq!(begin(&place, 12), Some(LastProcess { pid: 11, clean: false, progress: 5 }));
    place.ledger.commit_group(group(&job, 16..18)).wait().unwrap();
    place.ledger.end_process(NOW_MS + 1).wait().unwrap();
    let place = place.reopen(Mode::Thread);
    assert_eq!(begin(&place, 13), Some(LastProcess { pid: 12, clean: true, progress: 2 }));
    assert_eq!(begin(&place, 14), Some(LastProcess { pid: 13, clean: false, progress: 0 }));
}

#[test]
fn old_processes_are_forgotten() {
    let place = Place::new(Mode::Inline);
    for pid in 0..130 {
        place.ledger.begin_process(pid, NOW_MS).wait().unwrap();
    }
    let kept: u64 = place.sql().query_row("SELECT count(*) FROM processes", [], |row| row.get(0)).unwrap();
    assert_eq!(kept, 100);
}
