//! One run: wires reader, actors, ledger and store together, and drives files through them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;

use crate::actors::boot::{Booted, boot};
use crate::actors::engine::Engine;
use crate::actors::env::{Clock, Env};
use crate::actors::input::Tap;
use crate::actors::isolate::{self, Isolation, StoreTrial};
use crate::actors::notifier::{EventsFile, open_events};
use crate::actors::open::Caution;
use crate::actors::overseer::{File, Overseer};
pub use crate::actors::progress::Progress;
use crate::actors::stage::{Death, Expected, Link, Seat, on_this_thread, start};
use crate::config::{Settings, StoreSettings};
use crate::data_dir::{DataDir, OpenError};
use crate::domain::receipt::{Receipt, ReceiptError};
use crate::fault::{Fault, Kind};
use crate::ledger::{Ledger, Mode};
use crate::messages::{Broken, Drain, RunFile, WriteOut};
use crate::providers::{self, Provider};
use crate::reference::{Reference, ReferenceError};
use crate::report::{self, now_ms};
use crate::stores::{self, Store};

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// A path; a pipe or device is read like standard input.
    File(PathBuf),
    /// Standard input.
    Stdin,
}

impl Input {
    /// The name that receipts show.
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Stdin => "-".to_owned(),
        }
    }
}

/// What a run is asked to do.
pub struct RunRequest {
    /// Files, one job each, in order.
    pub inputs: Vec<Input>,
    /// Write the events of the run here too, as JSON lines.
    pub events: Option<PathBuf>,
    /// Wait for the data directory's lock instead of refusing.
    pub wait: bool,
    /// This program, to try suspicious segments in a process of their own; `None` where there is no such program.
    pub program: Option<PathBuf>,
    /// Numbers for whoever shows them.
    pub progress: Arc<Progress>,
}

/// Why a run could not even begin, or had to stop as a whole.
#[derive(Debug)]
pub enum RunError {
    /// Exit 75.
    Busy(String),
    /// Exit 74, or 78 if it is `Permanent`.
    Fault(Fault),
    /// Exit 70: a stage died more often than its restart budget allows.
    Internal(String),
    /// Exit 74: all files were run, but not all events could be written to the events file.
    Events(Fault),
}

impl RunError {
    /// For the receipt of the file that was in work: the ledger knows how far it came.
    fn on_a_receipt(&self) -> ReceiptError {
        let (code, message) = match self {
            Self::Busy(what) => (75, what.clone()),
            Self::Fault(fault) => (if fault.kind == Kind::Permanent { 78 } else { 74 }, fault.what.clone()),
            Self::Events(fault) => (74, fault.what.clone()),
            Self::Internal(what) => (70, what.clone()),
        };
        ReceiptError { code, message, line: None, offset: None }
    }
}

impl From<Fault> for RunError {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<OpenError> for RunError {
    fn from(error: OpenError) -> Self {
        match error {
            OpenError::Busy { .. } => Self::Busy(error.to_string()),
            OpenError::Fault(fault) => Self::Fault(fault),
        }
    }
}

/// A request to drain: set once, from a signal handler's thread or a test.
pub type Shutdown = tokio::sync::watch::Receiver<bool>;

/// Runs `request` to its end, or until `shutdown` turns true and the pipeline is drained. `each` gets one receipt per
/// input, in order, as soon as it is final; inputs not begun when a shutdown came get none.
///
/// # Errors
/// If the data directory cannot be used, or the engine itself fails. Everything about one file is in its receipt instead.
pub fn run(
    settings: &Settings,
    request: RunRequest,
    shutdown: Shutdown,
    each: &mut dyn FnMut(Receipt),
) -> Result<(), RunError> {
    let data_dir = DataDir::lock(&settings.data_dir, request.wait)?;
    let _ends_with_the_run = limit_drain(settings.drain_timeout_ms, shutdown.clone())
        .map_err(|error| Fault::io("cannot start a thread", &error))?;
    let node = Node::start(settings, data_dir.path(), &request)?;
    let unwritten = on_this_thread(|| runtime(settings.worker_threads), node.run_all(request, shutdown, each))?;
    node.ledger.end_process(now_ms()).wait()?;
    unwritten.map_or(Ok(()), |fault| Err(RunError::Events(fault)))
}

/// The stages keep their books on this thread; the work runs on the blocking threads: as many as workers, and one each for
/// reading and for notifying.
fn runtime(worker_threads: usize) -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(worker_threads + 2)
        .thread_name("vcf-agent-work")
        .build()
        .expect("a runtime without I/O needs nothing that can fail")
}

/// Everything of a run that outlives its files.
struct Node {
    ledger: Ledger,
    store: Arc<dyn Store>,
    providers: Vec<Arc<dyn Provider>>,
    clock: Clock,
    reference: Option<Arc<Reference>>,
    layout: String,
    settings: Arc<Settings>,
    events: EventsFile,
    booted: Booted,
    spool_dir: PathBuf,
    isolation: Option<Isolation>,
    progress: Arc<Progress>,
}

impl Node {
    /// Opens ledger and store, and puts them in order.
    fn start(settings: &Settings, data_dir: &Path, request: &RunRequest) -> Result<Self, RunError> {
        let events = open_events(request.events.as_deref())?;
        let ledger = Ledger::open(data_dir, Mode::Thread)?;
        let StoreSettings { kind, zstd_level, row_group_rows_max } = &settings.store;
        let store = stores::open(kind, data_dir, *zstd_level, *row_group_rows_max)?;
        let reference = settings.reference.as_deref().map(open_reference).transpose()?;
        let layout = settings.layout(reference.as_ref().map(|(_, digest)| digest.as_str()));
        // One clock for deadlines and for those who keep to them: the wall's may jump.
        let clock = Clock::starting_at(now_ms());
        let told: providers::Clock = Arc::new(move || clock.now_ms());
        let none = providers::Options::new();
        let options = |kind: &str| if kind == providers::rules::KIND { &settings.rules } else { &none };
        let open = |kind: &String| providers::open(kind, options(kind), told.clone());
        let providers = settings.providers.iter().map(open).collect::<Result<_, Fault>>()?;
        let booted = boot(&ledger, &*store, now_ms())?;
        let trial = StoreTrial { kind: kind.clone(), zstd_level: *zstd_level, row_group_rows_max: *row_group_rows_max };
        let isolation = request.program.clone().map(|program| Isolation { program: Arc::new(program), store: trial });
        Ok(Self {
            ledger,
            store,
            providers,
            clock,
            reference: reference.map(|(reference, _)| reference),
            layout,
            settings: Arc::new(settings.clone()),
            events,
            booted,
            spool_dir: data_dir.join("spool"),
            isolation,
            progress: request.progress.clone(),
        })
    }

    /// Returns why events are missing in the events file, if they are.
    async fn run_all(
        &self,
        request: RunRequest,
        shutdown: Shutdown,
        each: &mut dyn FnMut(Receipt),
    ) -> Result<Option<Fault>, RunError> {
        let engine = Engine {
            env: Env::threads(self.clock, fastrand::u64(..)),
            ledger: self.ledger.clone(),
            store: self.store.clone(),
            providers: self.providers.clone(),
            reference: self.reference.clone(),
            layout: self.layout.clone(),
            settings: self.settings.clone(),
            progress: self.progress.clone(),
            isolation: self.isolation.clone(),
            stop: Arc::default(),
        };
        let (alive, mut died) = tokio::sync::mpsc::unbounded_channel();
        let tell = move |death: Death| drop(alive.send(death.cause));
        let overseer: Seat<Overseer> =
            start(&engine.env, 0, &Expected::default(), tell, |me| Overseer::new(&engine, self.events.clone(), me));
        drain_when_asked(&engine, Link::to(&overseer), shutdown.clone());
        for (nth, input) in request.inputs.iter().enumerate() {
            if *shutdown.borrow() {
                break;
            }
            let receipt = tokio::select! {
                biased;
                Some(cause) = died.recv() => Err(RunError::Internal(format!("the overseer died: {cause}"))),
                receipt = self.run_one(nth, input, &overseer) => receipt,
            };
            match receipt {
                Ok(receipt) => each(receipt),
                Err(broken) => {
                    each(report::refused(&input.name(), broken.on_a_receipt(), now_ms()));
                    return Err(broken);
                }
            }
        }
        let written = Link::to(&overseer).ask(Duration::from_secs(5), |answer| WriteOut { answer }).await;
        let written = written.unwrap_or_else(|_| Err(Fault::transient("the events were not written in time")));
        let Err(fault) = written else { return Ok(None) };
        tracing::warn!(%fault, "some events were not written: they are kept for the next run");
        // The log may miss some; a file that somebody asked for may not.
        Ok(request.events.map(|path| fault.context(path.display())))
    }

    async fn run_one(&self, nth: usize, input: &Input, overseer: &Seat<Overseer>) -> Result<Receipt, RunError> {
        let (tap, caution) = match self.open(input) {
            Ok(opened) => opened,
            Err((name, error)) => return Ok(report::refused(&name, error, now_ms())),
        };
        let bytes = match &tap {
            Tap::File(path) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
            Tap::Pipe(_) | Tap::Bytes(..) => 0,
        };
        self.progress.begin(nth as u64 + 1, bytes);
        let file = File { tap, caution };
        let (answer, receipt) = oneshot::channel();
        Link::to(overseer).post(RunFile { input: file, answer });
        match receipt.await {
            Ok(Ok(receipt)) => Ok(receipt),
            Ok(Err(Broken::Budget(words))) => Err(RunError::Internal(words)),
            Ok(Err(Broken::Fault(fault))) => Err(RunError::Fault(fault)),
            Err(_) => Err(RunError::Internal("the overseer dropped a file: this is a defect, please report it".into())),
        }
    }

    fn open(&self, input: &Input) -> Result<(Tap, Caution), (String, ReceiptError)> {
        let name = input.name();
        let tap = match input {
            Input::File(path) => Tap::for_path(path, &self.spool_dir),
            Input::Stdin => Tap::for_stdin(&self.spool_dir),
        };
        match tap {
            Ok(tap) => {
                let caution = if tap.is_pipe() { self.booted.pipes } else { self.booted.files };
                Ok((tap, caution))
            }
            Err(error) => {
                let message = format!("{name}: cannot be opened: {error}");
                Err((name, ReceiptError { code: 65, message, line: None, offset: None }))
            }
        }
    }
}

/// The reference, and the digest of what it holds.
///
/// # Errors
/// `Permanent` if it is no FASTA, or cannot be read.
pub fn open_reference(path: &Path) -> Result<(Arc<Reference>, String), Fault> {
    let failed = |error: ReferenceError| Fault::permanent(error.to_string());
    let reference = Reference::open(path).map_err(failed)?;
    reference.notices().iter().for_each(|notice| tracing::info!(reference = %path.display(), "{notice}"));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let digest = reference.digest(threads).map_err(failed)?;
    Ok((Arc::new(reference), digest))
}

fn drain_when_asked(engine: &Engine, overseer: Link<Drain>, mut shutdown: Shutdown) {
    engine.env.spawn(async move {
        // The sender may be gone: then nobody will ask.
        if shutdown.wait_for(|asked| *asked).await.is_ok() {
            overseer.post(Drain);
        }
    });
}

/// Gives up when a drain takes too long. That must not depend on anything that may hang, so it has a thread of its own, which ends
/// when the value is dropped.
fn limit_drain(timeout_ms: u64, mut shutdown: Shutdown) -> std::io::Result<oneshot::Sender<()>> {
    let (running, mut over) = oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let limit = async move {
        let is_asked = tokio::select! {
            _ = &mut over => false,
            asked = shutdown.wait_for(|asked| *asked) => asked.is_ok(),
        };
        if is_asked && tokio::time::timeout(Duration::from_millis(timeout_ms), over).await.is_err() {
            tracing::error!(
                timeout_ms,
                "draining takes too long: giving up; what was not durable is read again next time"
            );
            std::process::exit(75);
        }
    };
    std::thread::Builder::new().name("vcf-agent-drain".into()).spawn(move || runtime.block_on(limit))?;
    Ok(running)
}

/// The body of the hidden command `isolate`: handles one segment, read from standard input, in a process of its own, so
/// that a record that aborts can be found. Returns the exit code.
pub fn isolate() -> u8 {
    isolate::child(&mut std::io::stdin().lock())
}
