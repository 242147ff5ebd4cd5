//! What every stage of a run shares.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::env::Env;
use super::input::Tap;
use super::isolate::Isolation;
use super::parsing::Parsing;
use super::progress::Progress;
use crate::config::Settings;
use crate::domain::ids::{FileDigest, JobId};
use crate::domain::receipt::ReceiptError;
use crate::domain::warning::Warnings;
use crate::fault::{Fault, Kind};
use crate::ledger::Ledger;
use crate::messages::Over;
use crate::providers::Provider;
use crate::reference::Reference;
use crate::stores::Store;
use crate::triage::Selector;

/// The services of a node. Cheap to clone.
#[derive(Clone)]
pub struct Engine {
    /// Clock, chance, blocking work.
    pub env: Env,
    /// The durable truth about jobs.
    pub ledger: Ledger,
    /// Where rows live.
    pub store: Arc<dyn Store>,
    /// Who is asked about selected alleles.
    pub providers: Vec<Arc<dyn Provider>>,
    /// By which alleles are aligned.
    pub reference: Option<Arc<Reference>>,
    /// What decides how lines become rows and segments: part of a job's identity.
    pub layout: String,
    /// Everything configured.
    pub settings: Arc<Settings>,
    /// Numbers for people.
    pub progress: Arc<Progress>,
    /// How to try a segment in a process of its own; `None` where there is no binary to do it (simulations).
    pub isolation: Option<Isolation>,
    /// Set when the node drains: long reads end early.
    pub stop: Arc<AtomicBool>,
}

/// How many groups of a job may be on their way into the store at once.
pub const COMMITS_MAX: u32 = 3;

/// A job in work: what its stages share.
pub struct Job {
    /// Its name.
    pub id: JobId,
    /// Its bytes.
    pub tap: Tap,
    /// SHA-256 of the file, taken before the first segment; `None` for a pipe.
    pub digest: Option<FileDigest>,
    /// What parsing its segments needs.
    pub parsing: Parsing,
    /// What was odd in the header.
    pub header_warnings: Warnings,
    /// The triage in force.
    pub rule: Arc<Selector>,
    /// Records known to be poison, by ordinal.
    pub poison: Arc<Mutex<BTreeSet<u64>>>,
    /// One permit per group on its way into the store: whoever takes all of them, as an audit does, knows that none is.
    /// Closed once the job is over.
    pub gate: Arc<Semaphore>,
    /// More of its records are dead than are allowed: it will fail, and no further group of it is committed.
    pub refused: Cell<bool>,
    /// How much more must be tried in a process of its own first, because the last process died over this file (bytes of credit).
    pub cautious_bytes: Cell<u64>,
}

impl Job {
    /// Whether the record is known to be poison.
    pub fn known_poison(&self) -> BTreeSet<u64> {
        self.poison.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until nobody works on what ledger and store hold of this job: no commit, no audit.
    pub async fn commits_at_rest(&self) {
        drop(self.hold_commits().await);
    }

    /// As [`Job::commits_at_rest`], and keeps it so for as long as the answer lives; `None` once the job is over.
    pub async fn hold_commits(&self) -> Option<OwnedSemaphorePermit> {
        self.gate.clone().acquire_many_owned(COMMITS_MAX).await.ok()
    }

    /// As [`Job::commits_at_rest`], and nobody begins any more: the job is over.
    pub async fn end_commits(&self) {
        self.commits_at_rest().await;
        self.gate.close();
    }

    /// How a job ends that has more dead letters than are allowed.
    pub fn too_many_dead(&self, engine: &Engine, dead_letters: u64) -> Over {
        let first = engine.ledger.reader().and_then(|reader| reader.dead_letters(&self.id, 0, 10)).unwrap_or_default();
        let first: Vec<String> =
            first.iter().map(|dead| format!("line {}: {} ({})", dead.line, dead.detail, dead.reason)).collect();
        let message = format!(
            "{dead_letters} records of {} could not be handled, more than dead_letters_max = {}: is it the file you meant? The first: {}",
            self.tap.name(),
            engine.settings.dead_letters_max,
            first.join("; ")
        );
        Over::Failed(ReceiptError { code: 65, message, line: None, offset: None })
    }
}

/// What a fault of ledger or store means for the job that met it.
pub fn over_of(fault: &Fault) -> Over {
    let error = |code| ReceiptError { code, message: fault.what.clone(), line: None, offset: None };
    match fault.kind {
        Kind::Unavailable | Kind::Transient | Kind::Overloaded => Over::Stalled(error(74)),
        Kind::Permanent => Over::Failed(error(70)),
    }
}
