//! The one writer: what waits together is committed together, each answer is true, and a disk that is full passes.
//!
//! The full disk is SQLite's own error ("database or disk is full"), met honestly: the next number of the outbox is set beyond what
//! there is, so that every change which writes an event fails there, while others still go through.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use rusqlite::Connection;
use vcf_agent::fault::Kind;
use vcf_agent::ledger::{Ledger, LedgerReader, Mode, Reply};

use crate::support::{NOW_MS, Place, end, group};

/// Holds the ledger's lock while `queue` fills the writer's queue, so that what it submits waits together.
fn while_the_writer_waits<T>(place: &Place, queue: impl FnOnce() -> T) -> T {
    let other = place.sql();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let queued = queue();
    other.execute_batch("ROLLBACK").unwrap();
    queued
}

/// The outbox's numbers; 0 before its first.
fn set_outbox_number(connection: &Connection, seq: i64) -> i64 {
    let before =
        connection.query_row("SELECT seq FROM sqlite_sequence WHERE name = 'outbox'", [], |row| row.get(0)).unwrap();
    connection.execute("UPDATE sqlite_sequence SET seq = ?1 WHERE name = 'outbox'", [seq]).unwrap();
    before
}

#[test]
fn sixty_four_callers_are_all_answered_and_all_of_it_is_there() {
    let place = Place::new(Mode::Thread);
    thread::scope(|scope| {
        for file in 0..64 {
            let ledger = place.ledger.clone();
            scope.spawn(move || {
                let job = ledger.open_job(crate::support::open(file)).wait().unwrap().job;
                for block in 0..4 {
                    ledger.commit_group(group(&job, block * 16..block * 16 + 16)).wait().unwrap();
                }
                ledger.record_end(&job, end(file, 64)).wait().unwrap();
            });
        }
    });
    // As a kill at this moment would leave it: the files as they lie there, without a goodbye.
    let killed = tempfile::tempdir().unwrap();
    for name in ["ledger.db", "ledger.db-wal"] {
        fs::copy(place.dir.path().join(name), killed.path().join(name)).unwrap();
    }
    drop(Ledger::open(killed.path(), Mode::Inline).unwrap());
    let reader = LedgerReader::open(killed.path()).unwrap();
    let jobs = reader.jobs().unwrap();
    assert_eq!(jobs.len(), 64);
    for row in jobs {
        assert_eq!(reader.sums(&row.job).unwrap().segments, 64);
        assert_eq!(row.end.map(|end| end.segments), Some(64));
    }
}

#[test]
fn readers_beside_the_writer_see_only_whole_groups() {
    let place = Place::new(Mode::Thread);
    let job = place.job(1);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let reader = place.reader();
                    let (mut seen, mut last) = (0, 0);
                    while !is_over.load(Ordering::Acquire) || last < 40 * 16 {
                        let sums = reader.sums(&job).unwrap();
                        assert_eq!(
                            (sums.segments % 16, sums.dead_letters),
                            (0, u64::from(sums.segments)),
                            "half a group"
                        );
                        assert!(sums.segments >= last, "something that was there is gone");
                        seen += u32::from(sums.segments > last);
                        last = sums.segments;
                    }
                    seen
                })
            })
            .collect();
        for block in 0..40 {
            place.ledger.commit_group(group(&job, block * 16..block * 16 + 16)).wait().unwrap();
        }
        is_over.store(true, Ordering::Release);
        for reader in readers {
            assert!(reader.join().unwrap() > 0);
        }
    });
}

#[test]
fn a_refused_request_costs_its_neighbours_nothing() {
    let place = Place::new(Mode::Thread);
    let job = place.job(1);
    place.ledger.commit_group(group(&job, [0])).wait().unwrap();
    let answers: Vec<Reply<_>> = while_the_writer_waits(&place, || {
        // Every third is about a segment that is done.
        (0..60).map(|n| place.ledger.commit_group(group(&job, [if n % 3 == 1 { 0 } else { 16 * n + 16 }]))).collect()
    });
    for (n, answer) in (0..60).zip(answers) {
        let result = answer.wait().map(drop).map_err(|fault| fault.kind);
        assert_eq!(result, if n % 3 == 1 { Err(Kind::Permanent) } else { Ok(()) }, "request {n}");
    }
    let sums = place.reopen(Mode::Thread).reader().sums(&job).unwrap();
    assert_eq!((sums.segments, sums.dead_letters), (41, 41));
}

#[test]
fn a_full_disk_is_unavailable_rolls_back_and_the_same_connection_goes_on() {
    for mode in [Mode::Inline, Mode::Thread] {
        let place = Place::new(mode);
        let job = place.job(1);
        place.ledger.commit_group(group(&job, [0])).wait().unwrap();
        let before = place.reader().sums(&job).unwrap();
        let number = set_outbox_number(&place.sql(), i64::MAX);
        for _ in 0..3 {
            let fault = place.ledger.commit_group(group(&job, [1])).wait().unwrap_err();
            assert_eq!(fault.kind, Kind::Unavailable, "{fault}");
            assert!(fault.what.contains("full"), "{fault}");
            assert_eq!(place.reader().sums(&job).unwrap(), before);
        }
        // What needs no more room still goes through.
        place.ledger.record_end(&job, end(1, 2)).wait().unwrap();
        set_outbox_number(&place.sql(), number);
        place.ledger.commit_group(group(&job, [1])).wait().unwrap();
        assert_eq!(place.reader().sums(&job).unwrap().segments, 2);
        let check: String = place.sql().query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
    }
}

#[test]
fn beside_a_request_that_meets_a_full_disk_every_answer_is_still_true() {
    let place = Place::new(Mode::Thread);
    let jobs: Vec<_> = (0..60).map(|file| place.job(file)).collect();
    let number = set_outbox_number(&place.sql(), i64::MAX);
    let answers: Vec<Reply<()>> = while_the_writer_waits(&place, || {
        (0..)
            .zip(&jobs)
            .map(|(file, job)| {
                if file % 5 == 2 {
                    place.ledger.announce(Some(job), "news", "{}".into(), NOW_MS)
                } else {
                    place.ledger.record_end(job, end(file, 1))
                }
            })
            .collect()
    });
    for (file, (job, answer)) in (0..60).zip(jobs.iter().zip(answers)) {
        let answer = answer.wait().map_err(|fault| fault.kind);
        let is_there = place.row(job).end.is_some();
        match file % 5 {
            2 => assert_eq!((answer, is_there), (Err(Kind::Unavailable), false), "file {file}"),
            // Done and said so, or not done and said so: never done in silence.
            _ => assert_eq!(is_there, answer.is_ok(), "file {file}: {answer:?}"),
        }
    }
    set_outbox_number(&place.sql(), number);
    for (file, job) in (0..).zip(&jobs) {
        place.ledger.record_end(job, end(file, 1)).wait().unwrap();
        assert!(place.row(job).end.is_some());
    }
}

#[test]
fn what_is_queued_when_the_last_handle_goes_is_still_committed_and_answered() {
    let place = Place::new(Mode::Thread);
    let job = place.job(1);
    let answers: Vec<_> = (0..50).map(|n| place.ledger.commit_group(group(&job, [n * 16]))).collect();
    let Place { dir, ledger } = place;
    drop(ledger);
    assert!(answers.into_iter().all(|answer| answer.wait().is_ok()));
    assert_eq!(LedgerReader::open(dir.path()).unwrap().sums(&job).unwrap().segments, 50);
}

#[test]
fn an_answer_that_nobody_waits_for_is_committed_all_the_same() {
    let place = Place::new(Mode::Thread);
    let job = place.job(1);
    drop(place.ledger.commit_group(group(&job, [0])));
    // The queue is in order: once this is answered, so is what came before.
    place.ledger.record_end(&job, end(1, 1)).wait().unwrap();
    assert_eq!(place.reader().sums(&job).unwrap().segments, 1);
}
