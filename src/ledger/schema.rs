//! Migrations: the list only grows, and what a released version has run is never changed.

use rusqlite::{Connection, TransactionBehavior};

use super::writer::sql;
use crate::fault::Fault;

/// Marks a SQLite file as ours: "VCFA".
pub const APPLICATION_ID: i32 = 0x5643_4641;

/// Migration `n` takes a ledger from version `n` to `n + 1`.
pub const MIGRATIONS: &[&str] = &[
    // 1: everything that the first version keeps.
    "CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
     CREATE TABLE source_jobs (
         job TEXT PRIMARY KEY, tenant TEXT NOT NULL, file TEXT NOT NULL, file_digest TEXT, bytes INTEGER NOT NULL,
         header BLOB NOT NULL, samples INTEGER NOT NULL, assembly TEXT, end TEXT
     ) STRICT, WITHOUT ROWID;
     CREATE INDEX source_jobs_file ON source_jobs (tenant, file_digest);
     CREATE TABLE sink_jobs (
         job TEXT PRIMARY KEY REFERENCES source_jobs (job), run INTEGER NOT NULL, layout TEXT NOT NULL, state TEXT NOT NULL,
         revision INTEGER NOT NULL, triage TEXT NOT NULL, certificate TEXT, error TEXT, dead_letters INTEGER NOT NULL,
         started_at_ms INTEGER NOT NULL, resumed_at_ms INTEGER NOT NULL, finished_at_ms INTEGER
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE staged_groups (
         job TEXT NOT NULL REFERENCES sink_jobs (job), name TEXT NOT NULL, rows INTEGER NOT NULL, PRIMARY KEY (job, name)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE segments (
         job TEXT NOT NULL REFERENCES sink_jobs (job), segment INTEGER NOT NULL, group_name TEXT, first_ordinal INTEGER NOT NULL,
         records INTEGER NOT NULL, dead_records INTEGER NOT NULL, alleles INTEGER NOT NULL, no_alt INTEGER NOT NULL,
         rows INTEGER NOT NULL, digest_sum BLOB NOT NULL, line_digest_sum BLOB NOT NULL, selected INTEGER NOT NULL,
         selection BLOB NOT NULL, dropped TEXT NOT NULL, PRIMARY KEY (job, segment)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE dead_letters (
         job TEXT NOT NULL REFERENCES sink_jobs (job), ordinal INTEGER NOT NULL, stage TEXT NOT NULL, reason TEXT NOT NULL,
         detail TEXT NOT NULL, line INTEGER NOT NULL, offset INTEGER NOT NULL, raw BLOB NOT NULL, raw_bytes INTEGER NOT NULL,
         rows INTEGER NOT NULL, digest_sum BLOB NOT NULL, line_digest BLOB NOT NULL, PRIMARY KEY (job, ordinal)
     ) STRICT;
     CREATE TABLE outbox (
         seq INTEGER PRIMARY KEY AUTOINCREMENT, at_ms INTEGER NOT NULL, job TEXT, kind TEXT NOT NULL, payload TEXT NOT NULL
     ) STRICT;
     CREATE TABLE outbox_cursors (consumer TEXT PRIMARY KEY, seq INTEGER NOT NULL) STRICT, WITHOUT ROWID;
     INSERT INTO outbox_cursors VALUES ('notifier', 0);
     CREATE TABLE processes (
         id INTEGER PRIMARY KEY AUTOINCREMENT, pid INTEGER NOT NULL, started_at_ms INTEGER NOT NULL, ended_at_ms INTEGER,
         progress INTEGER NOT NULL
     ) STRICT;
     INSERT INTO meta VALUES ('home_id', lower(hex(randomblob(16))));",
    ANSWERS,
    REPLAYS,
];

/// What was concluded about selected alleles.
const ANSWERS: &str = "
     CREATE TABLE analyses (
         job TEXT PRIMARY KEY REFERENCES sink_jobs (job), providers TEXT NOT NULL, projected INTEGER NOT NULL
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE answers (
         batch INTEGER PRIMARY KEY AUTOINCREMENT, job TEXT NOT NULL REFERENCES sink_jobs (job), segment INTEGER NOT NULL,
         answered BLOB NOT NULL, abstained BLOB NOT NULL, body BLOB NOT NULL, at_ms INTEGER NOT NULL
     ) STRICT;
     CREATE INDEX answers_segment ON answers (job, segment, batch);
     CREATE TABLE dead_tasks (
         job TEXT NOT NULL REFERENCES sink_jobs (job), ordinal INTEGER NOT NULL, alt_index INTEGER NOT NULL,
         segment INTEGER NOT NULL, row INTEGER NOT NULL, provider TEXT NOT NULL, reason TEXT NOT NULL, detail TEXT NOT NULL,
         attempts INTEGER NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (job, ordinal, alt_index)
     ) STRICT;
     CREATE INDEX dead_tasks_segment ON dead_tasks (job, segment);";

/// Dead letters that were replayed or dropped. A replay is one row and one file for each receipt revision; until it is published,
/// `replay_segments` says what the segments of its records become.
const REPLAYS: &str = "
     CREATE TABLE replays (
         job TEXT NOT NULL REFERENCES sink_jobs (job), revision INTEGER NOT NULL, is_published INTEGER NOT NULL, group_name TEXT NOT NULL,
         rows INTEGER NOT NULL, certificate TEXT NOT NULL, by_whom TEXT NOT NULL, at_ms INTEGER NOT NULL, PRIMARY KEY (job, revision)
     ) STRICT, WITHOUT ROWID;
     CREATE UNIQUE INDEX replays_begun ON replays (job) WHERE NOT is_published;
     CREATE TABLE replayed_records (
         job TEXT NOT NULL, revision INTEGER NOT NULL, ordinal INTEGER NOT NULL, alleles INTEGER NOT NULL, no_alt INTEGER NOT NULL,
         digest_sum BLOB NOT NULL, line_digest BLOB NOT NULL, was_alleles INTEGER NOT NULL, was_no_alt INTEGER NOT NULL, stage TEXT NOT NULL,
         reason TEXT NOT NULL, line INTEGER NOT NULL, offset INTEGER NOT NULL, raw_bytes INTEGER NOT NULL, dead_rows INTEGER NOT NULL,
         dead_digest_sum BLOB NOT NULL, dead_line_digest BLOB NOT NULL, detail TEXT NOT NULL, new_text_bytes INTEGER, new_text BLOB,
         raw BLOB NOT NULL,
         PRIMARY KEY (job, ordinal), FOREIGN KEY (job, revision) REFERENCES replays (job, revision)
     ) STRICT;
     CREATE TABLE replay_segments (
         job TEXT NOT NULL, revision INTEGER NOT NULL, segment INTEGER NOT NULL, dead_records INTEGER NOT NULL, alleles INTEGER NOT NULL,
         no_alt INTEGER NOT NULL, rows INTEGER NOT NULL, digest_sum BLOB NOT NULL, line_digest_sum BLOB NOT NULL, selected INTEGER NOT NULL,
         selection BLOB NOT NULL, dropped TEXT NOT NULL, PRIMARY KEY (job, segment),
         FOREIGN KEY (job, revision) REFERENCES replays (job, revision)
     ) STRICT, WITHOUT ROWID;
     CREATE TABLE dead_letter_notes (
         job TEXT NOT NULL, ordinal INTEGER NOT NULL, failed_replays INTEGER NOT NULL DEFAULT 0, dropped_at_ms INTEGER, dropped_by TEXT,
         dropped_why TEXT, PRIMARY KEY (job, ordinal), FOREIGN KEY (job, ordinal) REFERENCES dead_letters (job, ordinal) ON DELETE CASCADE
     ) STRICT, WITHOUT ROWID;";

/// Brings a ledger to the newest version.
///
/// # Errors
/// `Permanent` for a newer version, or a SQLite file that is not ours.
pub fn migrate(connection: &mut Connection) -> Result<(), Fault> {
    let version = check(connection)?;
    for (step, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction =
            connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sql("begin a migration"))?;
        transaction.execute_batch(migration).map_err(sql("migrate the ledger"))?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID).map_err(sql("mark the ledger"))?;
        transaction.pragma_update(None, "user_version", step as i64 + 1).map_err(sql("mark the ledger"))?;
        transaction.commit().map_err(sql("commit a migration"))?;
    }
    Ok(())
}

/// The version of a ledger, 0 for an empty file.
///
/// # Errors
/// `Permanent` for a newer version, or a SQLite file that is not ours.
pub fn check(connection: &Connection) -> Result<usize, Fault> {
    let pragma = |name: &str| {
        connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)).map_err(sql("read the ledger"))
    };
    let tables: i64 = connection
        .query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))
        .map_err(sql("read the ledger"))?;
    let (id, version) = (pragma("application_id")?, pragma("user_version")?);
    if tables > 0 && id != i64::from(APPLICATION_ID) {
        return Err(Fault::permanent(
            "ledger.db is a SQLite file, but not a ledger of vcf-agent: choose another --data-dir",
        ));
    }
    let newest = MIGRATIONS.len();
    match usize::try_from(version) {
        Ok(version) if version <= newest => Ok(version),
        _ => Err(Fault::permanent(format!(
            "the ledger has version {version}, this vcf-agent knows up to {newest}: use the newer vcf-agent that wrote it"
        ))),
    }
}
