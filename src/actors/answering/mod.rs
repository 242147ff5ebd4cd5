//! Answers to what triage selected. Once a job is complete its selected alleles are read from the store, asked about, and what is
//! concluded goes to the ledger, batch by batch; afterwards all of it is projected beside the job's rows.
//!
//! ```text
//! Dispatcher ──ai-analysis-requests──▶ Asker (one per provider) ──ai-analysis-results──▶ Aggregator ──database-writes──▶ Recorder
//!      ▲                                  │ what it gave back                                                             │
//!      └──────────────────────────────────┴───────────────────────── receipts ──────────────────────────────────────────┘
//! ```
//!
//! | file | who |
//! |---|---|
//! | [`dispatcher`] | the home's queue: which alleles wait, how many are on their way |
//! | [`reading`] | rows that wait → tasks, a few batches at a time |
//! | [`asker`] | one provider: asks, tells panics and faults apart |
//! | [`aggregator`] | findings of all providers on one allele → an assessment |
//! | [`recorder`] | assessments → ledger, then receipts |
//! | [`projection`] | the ledger's answers → the store |
//!
//! Why only then: a job that fails never had a visible row, so nobody is asked about it; and answering never slows storing.

pub mod aggregator;
pub mod asker;
pub mod dispatcher;
pub mod projection;
pub mod reading;
pub mod recorder;

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::engine::Engine;
use crate::annotation::{EvidenceReader, EvidenceSettings};
use crate::delivery::job::JobState;
use crate::domain::ids::JobId;
use crate::fault::Fault;
use crate::triage::Rule;
use crate::vcf::header::{self, Header};

/// How many batches of answers may be on their way into the ledger at once.
const COMMITS_MAX: u32 = 8;

/// A job whose alleles are asked about: what its stages share.
pub struct Analysis {
    /// The job.
    pub job: JobId,
    /// What is asked, per row.
    pub reader: Arc<EvidenceReader>,
    /// One permit per batch on its way into the ledger: whoever takes all of them knows that none is.
    gate: Arc<Semaphore>,
}

impl Analysis {
    /// Waits until no batch of an earlier life of the stages is on its way into the ledger.
    pub async fn at_rest(&self) {
        drop(self.gate.clone().acquire_many_owned(COMMITS_MAX).await);
    }

    /// A batch is on its way into the ledger for as long as the answer lives.
    pub async fn hold(&self) -> Option<OwnedSemaphorePermit> {
        self.gate.clone().acquire_owned().await.ok()
    }
}

/// Whether and how the alleles of a job are asked about; `None` if there is nothing to ask.
pub async fn open(engine: &Engine, job: &JobId) -> Result<Option<Rc<Analysis>>, Fault> {
    let (ledger, id, settings) = (engine.ledger.clone(), job.clone(), engine.settings.clone());
    let kinds: Vec<String> = engine.providers.iter().map(|provider| provider.kind().to_owned()).collect();
    let work = engine.env.work_repeatedly("analysis", move || {
        let reader = ledger.reader()?;
        let is_complete = reader.job(&id)?.is_some_and(|row| row.state == JobState::Complete);
        if kinds.is_empty() || !is_complete || reader.pending(&id)?.is_empty() {
            return Ok(None);
        }
        let row = reader.job(&id)?.ok_or_else(|| Fault::permanent(format!("job {id} is not in the ledger")))?;
        let header = header::parse(&reader.header(&id)?)
            .map_err(|error| Fault::permanent(format!("the header that the ledger keeps cannot be read: {error}")))?;
        let evidence = EvidenceSettings {
            frequencies: Some(settings.frequencies.clone()),
            sample: sample_of(&row.triage, &header),
            ..EvidenceSettings::default()
        };
        ledger.begin_analysis(&id, &kinds).wait()?;
        Ok(Some(EvidenceReader::new(&header.info_texts(), &evidence).0))
    });
    let reader = work.await.unwrap_or_else(|super::env::Panicked(words)| Err(Fault::permanent(words)))?;
    Ok(reader.map(|reader| {
        let gate = Arc::new(Semaphore::new(COMMITS_MAX as usize));
        Rc::new(Analysis { job: job.clone(), reader: Arc::new(reader), gate })
    }))
}

/// The sample whose zygosity is evidence: the one that the job's triage asks for.
fn sample_of(triage: &str, header: &Header) -> Option<usize> {
    Rule::from_text(triage).ok().and_then(|rule| rule.for_file(header).sample())
}

/// The words of several kinds, for messages.
pub fn kinds(engine: &Engine) -> String {
    let kinds: BTreeSet<&str> = engine.providers.iter().map(|provider| provider.kind()).collect();
    kinds.into_iter().collect::<Vec<_>>().join(", ")
}
