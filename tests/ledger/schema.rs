//! The file itself: made from nothing, found again, and left alone if it is not ours.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use tempfile::TempDir;
use vcf_agent::fault::Kind;
use vcf_agent::ledger::schema::{APPLICATION_ID, MIGRATIONS};
use vcf_agent::ledger::{Ledger, LedgerReader, Mode};

use crate::support::{Place, sql};

fn pragma(connection: &Connection, name: &str) -> i64 {
    connection.pragma_query_value(None, name, |row| row.get(0)).unwrap()
}

#[test]
fn an_empty_folder_and_an_empty_file_become_a_ledger_of_the_newest_version() {
    for is_there in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        if is_there {
            fs::write(dir.path().join("ledger.db"), b"").unwrap();
        }
        let ledger = Ledger::open(dir.path(), Mode::Inline).unwrap();
        let connection = sql(dir.path());
        assert_eq!(pragma(&connection, "user_version"), MIGRATIONS.len() as i64);
        assert_eq!(pragma(&connection, "application_id"), i64::from(APPLICATION_ID));
        let journal: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(journal, "wal");
        let check: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
        assert_eq!(check, "ok");
        assert_eq!(ledger.home_id().len(), 32);
        assert!(ledger.reader().unwrap().jobs().unwrap().is_empty());
    }
}

#[test]
fn every_table_checks_its_types() {
    let place = Place::new(Mode::Inline);
    let connection = place.sql();
    let mut statement = connection
        .prepare("SELECT name FROM pragma_table_list WHERE schema = 'main' AND name NOT LIKE 'sqlite_%' AND NOT strict")
        .unwrap();
    let lax: Vec<String> = statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
    assert_eq!(lax, Vec::<String>::new());
}

#[test]
fn the_same_file_opened_again_is_the_same_home() {
    let place = Place::new(Mode::Thread);
    let (home_id, job) = (place.ledger.home_id().to_owned(), place.job(1));
    let place = place.reopen(Mode::Thread);
    assert_eq!(place.ledger.home_id(), home_id);
    assert_eq!(place.reader().jobs().unwrap()[0].job, job);
    assert_ne!(Place::new(Mode::Inline).ledger.home_id(), home_id, "another ledger is another home");
}

/// Opens `ledger.db` as it lies there, for writing and for reading: both refuse it with these words and change nothing.
fn is_refused(dir: &TempDir, words: &[&str]) {
    let path = dir.path().join("ledger.db");
    let before = fs::read(&path).unwrap();
    let writing = Ledger::open(dir.path(), Mode::Inline).err();
    let reading = LedgerReader::open(dir.path()).err();
    for fault in [writing, reading] {
        let fault = fault.expect("refused");
        assert_eq!(fault.kind, Kind::Permanent, "{fault}");
        assert!(words.iter().all(|word| fault.what.contains(word)), "{fault}");
    }
    assert_eq!(fs::read(&path).unwrap(), before, "it was changed");
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["ledger.db"], "something was left beside it");
}

/// A closed SQLite file.
fn database(fill: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    Connection::open(dir.path().join("ledger.db")).unwrap().execute_batch(fill).unwrap();
    dir
}

#[test]
fn a_newer_version_is_refused_and_named() {
    let dir = tempfile::tempdir().unwrap();
    drop(Ledger::open(dir.path(), Mode::Inline).unwrap());
    let newer = MIGRATIONS.len() + 1;
    // Back to one plain file, so that nothing but the refusal could change anything.
    sql(dir.path()).execute_batch(&format!("PRAGMA user_version = {newer}; PRAGMA journal_mode = DELETE")).unwrap();
    is_refused(&dir, &[&format!("has version {newer}"), "use the newer vcf-agent"]);
}

#[test]
fn a_version_below_zero_is_refused() {
    let dir =
        database(&format!("PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = -3; CREATE TABLE t (x)"));
    is_refused(&dir, &["has version -3"]);
}

#[test]
fn a_foreign_sqlite_file_is_refused() {
    let dir = database("CREATE TABLE recipes (name TEXT); INSERT INTO recipes VALUES ('soup')");
    is_refused(&dir, &["a SQLite file, but not a ledger of vcf-agent", "choose another --data-dir"]);
    let dir = database("PRAGMA application_id = 252006674; CREATE TABLE x (y)");
    is_refused(&dir, &["not a ledger of vcf-agent"]);
}

#[test]
fn what_is_no_database_at_all_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let text = b"chr1\t100\t.\tA\tC\t.\t.\t.\n".repeat(400);
    fs::write(dir.path().join("ledger.db"), text).unwrap();
    is_refused(&dir, &["ledger.db is no ledger", "choose another --data-dir"]);
}

#[test]
fn a_reader_says_what_to_do_where_there_is_no_ledger_yet_or_an_older_one() {
    let dir = tempfile::tempdir().unwrap();
    let says = |dir: &Path| LedgerReader::open(dir).err().expect("refused");
    let fault = says(dir.path());
    assert_eq!(fault.kind, Kind::Permanent);
    assert!(fault.what.contains("holds no ledger") && fault.what.contains("--data-dir"), "{fault}");
    assert!(!dir.path().join("ledger.db").exists(), "reading made a file");
    fs::write(dir.path().join("ledger.db"), b"").unwrap();
    let fault = says(dir.path());
    assert!(fault.what.contains("version 0") && fault.what.contains("`vcf-agent run`"), "{fault}");
}

#[test]
fn a_damaged_ledger_is_named_as_such() {
    let dir = tempfile::tempdir().unwrap();
    drop(Ledger::open(dir.path(), Mode::Inline).unwrap());
    sql(dir.path()).execute_batch("PRAGMA journal_mode = DELETE").unwrap();
    let path = dir.path().join("ledger.db");
    let mut bytes = fs::read(&path).unwrap();
    // Everything but the first page, which holds the schema.
    bytes[4096..].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let fault = Ledger::open(dir.path(), Mode::Inline).err().expect("refused");
    assert_eq!(fault.kind, Kind::Permanent, "{fault}");
    assert!(fault.what.contains("damaged"), "{fault}");
}
