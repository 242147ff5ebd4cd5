//! From a tap to a job: digest, header, the ledger's decision, and what the sink already holds.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

use super::auditor::reconcile;
use super::engine::{COMMITS_MAX, Engine, Job};
use super::env::Panicked;
use super::input::{Stoppable, Tap};
use super::parser::over_of_read;
use super::parsing::Parsing;
use crate::delivery::job::JobState;
use crate::delivery::segment::SegmentSet;
use crate::domain::ids::{DEFAULT_TENANT, FileDigest, JobId};
use crate::domain::receipt::ReceiptError;
use crate::fault::Fault;
use crate::ledger::{JobAccepted, OpenJob};
use crate::messages::Over;
use crate::triage::Rule;
use crate::vcf::parse::ParseContext;
use crate::vcf::reader::{Reader, file_digest};
use crate::vcf::{ReadError, ReadErrorKind, header};

/// What came of opening a file.
pub enum Opened {
    /// A job with work to do: its reader stands before the first segment; these segments are done.
    Running(Box<Job>, Box<Reader>, SegmentSet),
    /// A job that is complete already.
    Complete(JobId),
    /// Not a file that can become a job.
    Refused(ReceiptError),
    /// Ledger or store failed.
    Broken(Fault),
}

/// How carefully a job begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Caution {
    /// The last process said goodbye.
    #[default]
    None,
    /// It did not: what it can have had in work is tried in a process of its own first.
    FirstWindow,
    /// It did not, and was reading a pipe: nobody knows how far it had come.
    Everything,
}

/// Opens a tap as a job.
pub async fn open(engine: &Engine, tap: Tap, caution: Caution) -> Opened {
    let header = match read_header(engine, &tap, None).await {
        Ok(header) => header,
        Err(refused) => return Opened::Refused(refused),
    };
    let reader = header.reader;
    if let Some(error) = contradiction(engine, &tap.name(), reader.header()) {
        return Opened::Refused(error);
    }
    let request = OpenJob {
        tenant: DEFAULT_TENANT.into(),
        file_digest: header.digest,
        layout: engine.layout.clone(),
        file: tap.name(),
        bytes: header.bytes,
        header: reader.header().raw.clone(),
        samples: reader.header().samples as u64,
        assembly: reader.header().assembly.clone().or_else(|| engine.settings.assembly.clone()),
        triage: Rule::text(engine.settings.triage.as_ref()),
        random: engine.env.random(),
        now_ms: engine.env.now_ms(),
    };
    let accepted = match engine.ledger.open_job(request).await {
        Ok(accepted) => accepted,
        Err(fault) => return Opened::Broken(fault),
    };
    if accepted.state == JobState::Complete {
        return Opened::Complete(accepted.job);
    }
    // So that a job that is stored and not answered yet says so, whenever its process ends.
    let kinds: Vec<String> = engine.providers.iter().map(|provider| provider.kind().to_owned()).collect();
    if !kinds.is_empty()
        && let Err(fault) = engine.ledger.begin_analysis(&accepted.job, &kinds).await
    {
        return Opened::Broken(fault);
    }
    match prepare(engine, &accepted).await {
        Ok(done) => running(engine, tap, header.digest, reader, accepted, done, caution),
        Err(fault) => Opened::Broken(fault),
    }
}

fn running(
    engine: &Engine,
    tap: Tap,
    digest: Option<FileDigest>,
    reader: Reader,
    accepted: JobAccepted,
    done: SegmentSet,
    caution: Caution,
) -> Opened {
    let rule = match Rule::from_text(&accepted.triage) {
        Ok(rule) => rule,
        Err(fault) => return Opened::Broken(fault),
    };
    let header = reader.header();
    let context = ParseContext::new(header, &engine.settings.read);
    let (context, mut notices) = context.annotated(header, &engine.settings.frequencies);
    let selector = rule.for_file(header);
    notices.extend_from_slice(selector.notices());
    let mut header_warnings = header.warnings.clone();
    if let Some(warning) = edits_left_behind(engine, &accepted) {
        header_warnings.note("edits_left_behind", header.lines, || warning);
    }
    notices.iter().for_each(|notice| header_warnings.note(notice.code, header.lines, || notice.message.clone()));
    let job = Job {
        id: accepted.job,
        tap,
        digest,
        parsing: Parsing { context: Arc::new(context), reference: engine.reference.clone() },
        header_warnings,
        rule: Arc::new(selector),
        poison: Arc::new(Mutex::new(accepted.poison.into_iter().collect::<BTreeSet<u64>>())),
        gate: Arc::new(Semaphore::new(COMMITS_MAX as usize)),
        refused: Cell::new(false),
        cautious_bytes: Cell::new(match caution {
            Caution::None => 0,
            Caution::FirstWindow => engine.settings.window_bytes.saturating_mul(2),
            Caution::Everything => u64::MAX,
        }),
    };
    Opened::Running(Box::new(job), Box::new(reader), done)
}

/// A job that this process has opened before, for another generation of its stages: everything from the ledger again.
///
/// # Errors
/// Why it cannot go on.
pub async fn reopen(engine: &Engine, job: &Job) -> Result<(Reader, SegmentSet), Over> {
    job.commits_at_rest().await;
    let header = match read_header(engine, &job.tap, job.digest).await {
        Ok(header) => header,
        Err(error) => return Err(if error.code == 65 { Over::Failed(error) } else { Over::Stalled(error) }),
    };
    let (ledger, id) = (engine.ledger.clone(), job.id.clone());
    let done = engine.env.work_repeatedly("reopen", move || ledger.reader()?.done(&id)).await;
    let done =
        done.unwrap_or_else(|Panicked(words)| Err(Fault::transient(format!("reading the ledger panicked: {words}"))));
    done.map(|done| (header.reader, done)).map_err(|fault| super::engine::over_of(&fault))
}

/// The rows of a job that is replaced go, and with them what people had edited and replayed there.
fn edits_left_behind(engine: &Engine, accepted: &JobAccepted) -> Option<String> {
    let old = accepted.replaces.as_ref()?;
    let sums = engine.ledger.reader().and_then(|reader| reader.sums(old)).ok()?;
    (sums.replayed.edited > 0).then(|| {
        format!(
            "job {old}, which this one replaces, had {} edited records: they are dead letters here again; `dlq show {old} RECORD` still \
             has their texts, replay them with `--edit`",
            sums.replayed.edited
        )
    })
}

/// A file that is of another assembly than what is configured is refused: everything that is said of it would be wrong.
fn contradiction(engine: &Engine, name: &str, header: &header::Header) -> Option<ReceiptError> {
    let by_name =
        engine.settings.assembly.as_ref().and_then(|assembly| header.assembly_evidence.contradiction(assembly));
    let by_reference = || engine.reference.as_ref().and_then(|reference| reference.contradiction(&header.contigs));
    let why = by_name.or_else(by_reference)?;
    Some(ReceiptError { code: 65, message: format!("{name}: {why}"), line: None, offset: None })
}

struct Header {
    reader: Reader,
    digest: Option<FileDigest>,
    bytes: u64,
}

/// Digest (of a file that has none yet) and header.
async fn read_header(engine: &Engine, tap: &Tap, known: Option<FileDigest>) -> Result<Header, ReceiptError> {
    let (stop, limits, tap_for_work) = (engine.stop.clone(), engine.settings.read.clone(), tap.clone());
    let work = move || -> Result<Header, ReadError> {
        let tap = &tap_for_work;
        let open = || tap.open().map_err(|error| ReadError::io("cannot open it", &error));
        let (digest, bytes) = match known {
            _ if tap.is_pipe() => (None, 0),
            Some(digest) => (Some(digest), 0),
            None => file_digest(&mut Stoppable { inner: open()?, stop: stop.clone() })
                .map(|(digest, bytes)| (Some(digest), bytes))?,
        };
        let reader = Reader::open_as(open()?, tap.reading(), limits.clone())?;
        Ok(Header { reader, digest, bytes })
    };
    // Reading a pipe may block for ever.
    let read = if tap.is_pipe() {
        engine.env.work_detached("open", work).await
    } else {
        engine.env.work_repeatedly("open", work).await
    };
    match read {
        Ok(Ok(header)) => Ok(header),
        Ok(Err(_)) if engine.stop.load(Ordering::Relaxed) => Err(interrupted(&tap.name())),
        Ok(Err(error)) => Err(refusal(&tap.name(), error)),
        Err(Panicked(words)) => Err(ReceiptError {
            code: 70,
            message: format!("{}: reading the header panicked: {words}", tap.name()),
            line: None,
            offset: None,
        }),
    }
}

/// The error of a file that was interrupted before it became a job.
pub fn interrupted(name: &str) -> ReceiptError {
    let message = format!("{name}: interrupted before its first record was read: run the same command again");
    ReceiptError { code: 75, message, line: None, offset: None }
}

fn refusal(name: &str, error: ReadError) -> ReceiptError {
    let code = if error.kind == ReadErrorKind::Io { 74 } else { 65 };
    match over_of_read(name, error) {
        Over::Failed(error) | Over::Stalled(error) => ReceiptError { code, ..error },
        Over::Complete | Over::Interrupted => unreachable!("an error of reading is neither"),
    }
}

/// Makes store and ledger agree about a job before anything is added to it.
async fn prepare(engine: &Engine, accepted: &JobAccepted) -> Result<SegmentSet, Fault> {
    let (ledger, store) = (engine.ledger.clone(), engine.store.clone());
    let (job, cancelled) = (accepted.job.clone(), accepted.cancelled.clone());
    let work = engine.env.work_repeatedly("prepare", move || {
        if let Some(cancelled) = &cancelled {
            store.discard(cancelled)?;
        }
        reconcile(&ledger, &*store, &job)
    });
    work.await.unwrap_or_else(|Panicked(words)| Err(Fault::transient(format!("preparing the job panicked: {words}"))))
}
