//! Notifier: follows the outbox and writes each event to the log and, if asked, to a file of JSON lines. An event that was
//! written just before a crash may be written again: its sequence number tells.

use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use super::engine::Engine;
use super::env::Panicked;
use super::stage::{Ctx, Stage, Takes, later, then};
use crate::fault::Fault;
use crate::ledger::{Ledger, OutboxRow};
use crate::messages::{OutboxGrew, WriteOut};
use crate::report::rfc3339;
use crate::telemetry::{Metric, count};

/// Its place in the outbox is kept under this name.
const CONSUMER: &str = "notifier";

/// Events per read.
const BATCH: usize = 512;

/// How often it looks by itself, for announcements that were dropped (ms).
const LOOK_INTERVAL_MS: u64 = 500;

/// Where events go besides the log.
pub type EventsFile = Arc<Mutex<Option<File>>>;

/// Opens `--events FILE` for appending.
///
/// # Errors
/// If it cannot be opened.
pub fn open_events(path: Option<&Path>) -> Result<EventsFile, Fault> {
    let open = |path: &Path| {
        let file = OpenOptions::new().create(true).append(true).open(path);
        file.map_err(|error| Fault::io(format!("cannot open the events file {}", path.display()), &error))
    };
    Ok(Arc::new(Mutex::new(path.map(open).transpose()?)))
}

/// See the module.
pub struct Notifier {
    engine: Engine,
    file: EventsFile,
    busy: bool,
    again: bool,
    /// Who waits until everything is written.
    waiting: Vec<WriteOut>,
}

impl Notifier {
    /// A notifier that also writes to `file`.
    pub fn new(engine: &Engine, file: &EventsFile) -> Self {
        Self { engine: engine.clone(), file: file.clone(), busy: false, again: false, waiting: Vec::new() }
    }

    fn write(&mut self, ctx: &mut Ctx<Self>) {
        if self.busy {
            self.again = true;
            return;
        }
        self.busy = true;
        self.again = false;
        let (ledger, file) = (self.engine.ledger.clone(), self.file.clone());
        let work = self.engine.env.work("notify", move || write_out(&ledger, &file));
        then(ctx, work, |notifier, written, ctx| {
            notifier.busy = false;
            let written = written.unwrap_or_else(|Panicked(words)| panic!("writing events panicked: {words}"));
            if let Err(fault) = &written {
                // They stay in the outbox until they are written; who waits for them is told.
                tracing::warn!(%fault, "events could not be written; they are kept");
            }
            if notifier.again {
                return notifier.write(ctx);
            }
            notifier.waiting.drain(..).for_each(|waiting| {
                let _asker_gone = waiting.answer.send(written.clone());
            });
        });
    }

    fn look_again(ctx: &mut Ctx<Self>) {
        later(ctx, LOOK_INTERVAL_MS, |notifier: &mut Self, ctx| {
            notifier.write(ctx);
            Self::look_again(ctx);
        });
    }
}

/// Writes everything that is in the outbox now.
fn write_out(ledger: &Ledger, file: &EventsFile) -> Result<(), Fault> {
    let reader = ledger.reader()?;
    loop {
        let rows = reader.outbox(CONSUMER, BATCH)?;
        let Some(last) = rows.last().map(|row| row.seq) else { return Ok(()) };
        let mut lines = Vec::new();
        for row in &rows {
            let line = event(row).to_string();
            tracing::info!(target: "vcf_agent::events", seq = row.seq, job = row.job.as_deref(), kind = row.kind, "{}", row.payload);
            lines.extend_from_slice(line.as_bytes());
            lines.push(b'\n');
        }
        if let Some(file) = file.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            append(file, &lines).map_err(|error| Fault::io("cannot write to the events file", &error))?;
        }
        count(Metric::EventsWritten, rows.len() as u64);
        ledger.outbox_done(CONSUMER, last).wait()?;
    }
}

/// Appends whole lines or nothing: what a failed write left behind is cut off again.
fn append(file: &mut File, lines: &[u8]) -> std::io::Result<()> {
    let before = file.metadata()?;
    let written = file.write_all(lines);
    if written.is_err() && before.is_file() {
        file.set_len(before.len())?;
    }
    written
}

/// An event as people read it.
fn event(row: &OutboxRow) -> Value {
    let payload = serde_json::from_str(&row.payload).unwrap_or(Value::String(row.payload.clone()));
    json!({ "seq": row.seq, "at": rfc3339(row.at_ms), "kind": row.kind, "job": row.job, "data": payload })
}

impl Stage for Notifier {
    const NAME: &'static str = "notifier";

    fn begin(&mut self, ctx: &mut Ctx<Self>) {
        self.write(ctx);
        Self::look_again(ctx);
    }
}

impl Takes<OutboxGrew> for Notifier {
    fn take(&mut self, _: OutboxGrew, ctx: &mut Ctx<Self>) {
        self.write(ctx);
    }
}

impl Takes<WriteOut> for Notifier {
    fn take(&mut self, waiting: WriteOut, ctx: &mut Ctx<Self>) {
        self.waiting.push(waiting);
        self.write(ctx);
    }
}
