//! The one writing connection, behind a queue: what waits together is committed together, each request in a savepoint of its
//! own, so that one that is refused costs its neighbours nothing.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OptionalExtension, params};
use tokio::sync::oneshot;

use super::*;
use crate::fault::Fault;

/// Requests in one transaction at most.
const BATCH_MAX: usize = 256;

/// Where the writing connection runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// A thread of its own (`vcf-agent-ledger`): the normal way.
    Thread,
    /// In the caller, at once: for simulations on one thread.
    Inline,
}

/// An answer that is durable when it resolves: await it, or [`Reply::wait`] outside of async code.
pub struct Reply<T>(oneshot::Receiver<Result<T, Fault>>);

fn gone() -> Fault {
    Fault::unavailable("the ledger's thread has ended: see the log for why")
}

impl<T> Reply<T> {
    /// Blocks for the answer. Not from async code.
    ///
    /// # Errors
    /// As the call that made it.
    pub fn wait(mut self) -> Result<T, Fault> {
        match self.0.try_recv() {
            Ok(answer) => answer,
            Err(oneshot::error::TryRecvError::Closed) => Err(gone()),
            Err(oneshot::error::TryRecvError::Empty) => self.0.blocking_recv().unwrap_or_else(|_| Err(gone())),
        }
    }
}

impl<T> Future for Reply<T> {
    type Output = Result<T, Fault>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or_else(|_| Err(gone())))
    }
}

/// Answers a request once it is known whether the transaction was committed.
type Finish = Box<dyn FnOnce(Result<(), Fault>) + Send>;

/// A request: changes what it wants, inside the open transaction, or hears why there is none.
type Request = Box<dyn FnOnce(Result<&Connection, Fault>) -> Finish + Send>;

enum Seat {
    Thread(Option<Sender<Request>>, Option<JoinHandle<()>>),
    Inline(Mutex<Connection>),
}

struct Inner {
    seat: Mutex<Seat>,
    dir: PathBuf,
    home_id: String,
}

impl Drop for Inner {
    fn drop(&mut self) {
        if let Seat::Thread(sender, thread) = self.seat.get_mut().unwrap_or_else(PoisonError::into_inner) {
            drop(sender.take());
            // The thread ends when nothing is queued any more; it cannot be the one that drops this.
            drop(thread.take().map(JoinHandle::join));
        }
    }
}

/// A handle to the writer; clones share it. When the last one is dropped, the thread finishes what is queued and ends.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Inner>,
}

/// Turns an error of SQLite into a fault about `what`.
pub(super) fn sql(what: &'static str) -> impl Fn(rusqlite::Error) -> Fault {
    move |error| {
        let code = error.sqlite_error_code();
        let what = format!("cannot {what}: {error}");
        match code {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::transient(what),
            Some(ErrorCode::NotADatabase) => {
                Fault::permanent(format!("{what}: ledger.db is no ledger, choose another --data-dir"))
            }
            Some(ErrorCode::DatabaseCorrupt) => {
                Fault::permanent(format!("{what}: ledger.db is damaged, restore it from a copy"))
            }
            Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch) => Fault::permanent(what),
            _ => Fault::unavailable(what),
        }
    }
}

impl Ledger {
    /// Opens (creating, migrating) `dir/ledger.db`. The caller holds the lock of `dir`.
    ///
    /// # Errors
    /// `Permanent` for a newer schema or a file that is no ledger; `Unavailable` if the disk fails.
    pub fn open(dir: &Path, mode: Mode) -> Result<Self, Fault> {
        let mut connection = Connection::open(dir.join("ledger.db")).map_err(sql("open the ledger"))?;
        connection.busy_timeout(Duration::from_secs(5)).map_err(sql("open the ledger"))?;
        schema::check(&connection)?;
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
                 PRAGMA cell_size_check = ON; PRAGMA wal_autocheckpoint = 1000; PRAGMA journal_size_limit = 67108864;",
            )
            .map_err(sql("set up the ledger"))?;
        if crate::failpoint("skip_ledger_fsync") {
            connection.execute_batch("PRAGMA synchronous = OFF").map_err(sql("set up the ledger"))?;
        }
        schema::migrate(&mut connection)?;
        let home_id = connection
            .query_row("SELECT value FROM meta WHERE key = 'home_id'", [], |row| row.get(0))
            .map_err(sql("read the ledger's id"))?;
        let seat = match mode {
            Mode::Inline => Seat::Inline(Mutex::new(connection)),
            Mode::Thread => {
                let (sender, requests) = channel();
                let thread = std::thread::Builder::new()
                    .name("vcf-agent-ledger".into())
                    .spawn(move || serve(&connection, &requests))
                    .map_err(|error| Fault::io("cannot start the ledger's thread", &error))?;
                Seat::Thread(Some(sender), Some(thread))
            }
        };
        Ok(Self { inner: Arc::new(Inner { seat: Mutex::new(seat), dir: dir.to_owned(), home_id }) })
    }

    pub(super) fn submit<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Fault> + Send + 'static,
    ) -> Reply<T> {
        let (answer, reply) = oneshot::channel();
        let request: Request = Box::new(move |connection| {
            let result = connection.and_then(|connection| in_savepoint(connection, work));
            // Nobody may be waiting any more: what was committed stays committed.
            Box::new(move |committed| drop(answer.send(result.and_then(|value| committed.map(|()| value)))))
        });
        match &*self.inner.seat.lock().unwrap_or_else(PoisonError::into_inner) {
            Seat::Thread(sender, _) => drop(sender.as_ref().map(|sender| sender.send(request))),
            Seat::Inline(connection) => {
                commit_together(&connection.lock().unwrap_or_else(PoisonError::into_inner), vec![request]);
            }
        }
        Reply(reply)
    }

    /// The ledger's random id (the home's identity), made once.
    pub fn home_id(&self) -> &str {
        &self.inner.home_id
    }

    /// A new process lives: returns how the last one ended.
    pub fn begin_process(&self, pid: u32, now_ms: u64) -> Reply<Option<LastProcess>> {
        self.submit(move |connection| {
            let last = connection
                .query_row(
                    "SELECT pid, ended_at_ms IS NOT NULL, progress FROM processes ORDER BY id DESC LIMIT 1",
                    [],
                    |row| Ok(LastProcess { pid: row.get(0)?, clean: row.get(1)?, progress: row.get(2)? }),
                )
                .optional()
                .map_err(sql("read the last process"))?;
            connection
                .execute(
                    "INSERT INTO processes (pid, started_at_ms, progress) VALUES (?1, ?2, 0)",
                    params![pid, now_ms],
                )
                .map_err(sql("write down this process"))?;
            // A few are enough to see a pattern.
            connection
                .execute("DELETE FROM processes WHERE id <= (SELECT max(id) FROM processes) - 100", [])
                .map_err(sql("forget old processes"))?;
            Ok(last)
        })
    }

    /// This process ends on purpose.
    pub fn end_process(&self, now_ms: u64) -> Reply<()> {
        self.submit(move |connection| {
            connection
                .execute(
                    "UPDATE processes SET ended_at_ms = ?1 WHERE id = (SELECT max(id) FROM processes)",
                    params![now_ms],
                )
                .map(drop)
                .map_err(sql("write down the end of this process"))
        })
    }

    /// Decides job id, run and layout (see [`JobAccepted`]).
    pub fn open_job(&self, open: OpenJob) -> Reply<JobAccepted> {
        self.submit(move |connection| jobs::open(connection, &open))
    }

    /// Commits a group in one fsynced transaction. Refuses (`Permanent`) a job that is not OPEN or STALLED and a segment that is
    /// done.
    pub fn commit_group(&self, group: GroupCommit) -> Reply<Committed> {
        self.submit(move |connection| groups::commit(connection, &group))
    }

    /// Records groups merged in staging: `(new name, rows, the names it replaces)`.
    pub fn replace_groups(&self, job: &JobId, merged: Vec<(String, u64, Vec<String>)>) -> Reply<()> {
        let job = job.clone();
        self.submit(move |connection| groups::replace(connection, &job, &merged))
    }

    /// The store lost these groups: forget them and their segments (they come again).
    pub fn forget_groups(&self, job: &JobId, names: Vec<String>) -> Reply<()> {
        let job = job.clone();
        self.submit(move |connection| groups::forget(connection, &job, &names))
    }

    /// The source reached the end of the file.
    pub fn record_end(&self, job: &JobId, end: JobEnd) -> Reply<()> {
        let job = job.clone();
        self.submit(move |connection| {
            let digest = end.file_digest.to_string();
            let changed = connection
                .execute(
                    "UPDATE source_jobs SET end = ?2, file_digest = ?3, bytes = ?4 WHERE job = ?1",
                    params![job.as_str(), jobs::end_to_json(&end), digest, end.bytes],
                )
                .map_err(sql("record the end of a file"))?;
            if changed == 1 { Ok(()) } else { Err(Fault::permanent(format!("job {job} is not in the ledger"))) }
        })
    }

    /// Moves a job along one arrow of [`JobState`] (to the same state: nothing happens). Refuses (`Permanent`) any other move,
    /// and PUBLISHING without a certificate that holds. Writes the matching outbox event.
    pub fn set_state(
        &self,
        job: &JobId,
        next: JobState,
        certificate: Option<Certificate>,
        error: Option<ReceiptError>,
        now_ms: u64,
    ) -> Reply<()> {
        let job = job.clone();
        self.submit(move |connection| jobs::set_state(connection, &job, next, certificate, error, now_ms))
    }

    /// Another triage for a complete job: every segment's selection at once. The receipt's revision goes up.
    pub fn reselect(&self, job: &JobId, triage: String, all: Vec<SegmentSelection>, now_ms: u64) -> Reply<()> {
        let job = job.clone();
        self.submit(move |connection| jobs::reselect(connection, &job, &triage, &all, now_ms))
    }

    /// These kinds of providers are asked about a job.
    pub fn begin_analysis(&self, job: &JobId, providers: &[String]) -> Reply<()> {
        let (job, providers) = (job.clone(), providers.join(","));
        self.submit(move |connection| answers::begin(connection, &job, &providers))
    }

    /// Records answers. Refuses (`Permanent`) rows that are answered or dead already.
    pub fn record_answers(&self, batch: AnswerBatch) -> Reply<()> {
        self.submit(move |connection| answers::record(connection, &batch))
    }

    /// The store's projection of the answers holds so many batches.
    pub fn record_projection(&self, job: &JobId, batches: u64) -> Reply<()> {
        let job = job.clone();
        self.submit(move |connection| answers::projected(connection, &job, batches))
    }

    /// Dead tasks of a job wait again; returns how many.
    pub fn revive_tasks(&self, job: &JobId, now_ms: u64) -> Reply<u64> {
        let job = job.clone();
        self.submit(move |connection| answers::revive(connection, &job, now_ms))
    }

    /// Writes an event to the outbox by itself.
    pub fn announce(&self, job: Option<&JobId>, kind: &'static str, payload: String, now_ms: u64) -> Reply<()> {
        let job = job.cloned();
        self.submit(move |connection| add_event(connection, job.as_ref(), kind, &payload, now_ms))
    }

    /// `consumer` has handled the outbox up to and including `seq`; rows that every consumer has handled are removed.
    pub fn outbox_done(&self, consumer: &'static str, seq: u64) -> Reply<()> {
        self.submit(move |connection| {
            connection
                .execute("UPDATE outbox_cursors SET seq = max(seq, ?2) WHERE consumer = ?1", params![consumer, seq])
                .map_err(sql("move an outbox cursor"))?;
            connection
                .execute("DELETE FROM outbox WHERE seq <= (SELECT min(seq) FROM outbox_cursors)", [])
                .map(drop)
                .map_err(sql("clear the outbox"))
        })
    }

    /// A reader of the same ledger.
    ///
    /// # Errors
    /// As [`LedgerReader::open`].
    pub fn reader(&self) -> Result<LedgerReader, Fault> {
        LedgerReader::open(&self.inner.dir)
    }
}

pub(super) fn add_event(
    connection: &Connection,
    job: Option<&JobId>,
    kind: &str,
    payload: &str,
    now_ms: u64,
) -> Result<(), Fault> {
    let job = job.map(JobId::as_str);
    connection
        .execute(
            "INSERT INTO outbox (at_ms, job, kind, payload) VALUES (?1, ?2, ?3, ?4)",
            params![now_ms, job, kind, payload],
        )
        .map(drop)
        .map_err(sql("write an event"))
}

/// The writer's thread: takes what waits, commits it together, answers.
fn serve(connection: &Connection, requests: &Receiver<Request>) {
    while let Ok(first) = requests.recv() {
        let mut batch = vec![first];
        batch.extend(requests.try_iter().take(BATCH_MAX - 1));
        commit_together(connection, batch);
    }
}

fn commit_together(connection: &Connection, batch: Vec<Request>) {
    // Without a transaction each request would be committed on its own, and answered by the fate of the others: none is run then.
    let mut broken = connection.execute_batch("BEGIN IMMEDIATE").map_err(sql("begin a transaction")).err();
    let mut finishes: Vec<Finish> = Vec::with_capacity(batch.len());
    for request in batch {
        finishes.push(request(broken.clone().map_or(Ok(connection), Err)));
        if broken.is_none() && connection.is_autocommit() {
            // An error of the disk, a full one for example, rolls back everything that has gone before as well.
            broken = Some(Fault::unavailable(
                "cannot commit to the ledger: an error of the disk undid what waited together",
            ));
        }
    }
    crate::crash_point("ledger_before_commit");
    let committed = match broken {
        Some(fault) => Err(fault),
        None => connection.execute_batch("COMMIT").map_err(sql("commit to the ledger")),
    };
    crate::crash_point("ledger_after_commit");
    if committed.is_err() && !connection.is_autocommit() {
        // A full disk may leave the transaction open.
        drop(connection.execute_batch("ROLLBACK"));
    }
    finishes.into_iter().for_each(|finish| finish(committed.clone()));
}

fn in_savepoint<T>(connection: &Connection, work: impl FnOnce(&Connection) -> Result<T, Fault>) -> Result<T, Fault> {
    connection.execute_batch("SAVEPOINT request").map_err(sql("begin a request"))?;
    let result = work(connection);
    if result.is_err() && connection.is_autocommit() {
        // The error has ended the transaction, and the savepoint with it.
        return result;
    }
    let end = if result.is_ok() { "RELEASE request" } else { "ROLLBACK TO request; RELEASE request" };
    connection.execute_batch(end).map_err(sql("end a request"))?;
    result
}
