//! What ledger and store say of a job when its file's part of a run ends: proved again, triaged again, its end recorded.

use std::sync::atomic::{AtomicBool, Ordering};

use super::super::retriage::retriage;
use crate::delivery::job::JobState;
use crate::domain::ids::JobId;
use crate::domain::receipt::{Certificate, ReceiptError};
use crate::fault::{Fault, Kind};
use crate::ledger::Ledger;
use crate::messages::Over;
use crate::report;
use crate::stores::Store;

/// What is known of a job once its file is stored, or could not be.
pub struct Proof {
    /// As a scan gives it now; of a job that was complete before.
    pub certificate: Option<Certificate>,
    /// What belongs on the receipt.
    pub error: Option<ReceiptError>,
}

/// Looks at a job again. `found`: it was complete before this run, so its rows are looked at; `asked` is the triage that is
/// configured, if one is.
pub fn prove(
    (ledger, store): (&Ledger, &dyn Store),
    job: &JobId,
    found: bool,
    asked: Option<&str>,
    (stop, now_ms): (&AtomicBool, u64),
) -> Result<Proof, Fault> {
    let (certificate, wrong) = if found { prove_again((ledger, store), job)? } else { (None, None) };
    let error = match (wrong, asked) {
        (None, Some(asked)) => triage_as_asked((ledger, store), job, asked, stop, now_ms)?,
        (wrong, _) => wrong,
    };
    Ok(Proof { certificate, error })
}

pub fn not_in_ledger(job: &JobId) -> Fault {
    Fault::permanent(format!("job {job} is not in the ledger"))
}

/// Whether the store still holds what a complete job stored: the certificate as a scan gives it now, and what is wrong.
fn prove_again(
    (ledger, store): (&Ledger, &dyn Store),
    job: &JobId,
) -> Result<(Option<Certificate>, Option<ReceiptError>), Fault> {
    let reader = ledger.reader()?;
    let row = reader.job(job)?.ok_or_else(|| not_in_ledger(job))?;
    let (certificate, why) = match store.scan(job) {
        Ok(scan) => (report::certify(&row, &reader.sums(job)?, &scan), String::new()),
        Err(fault) => (None, format!(": {fault}")),
    };
    let wrong = (!certificate.is_some_and(|certificate| certificate.holds)).then(|| {
        let message = format!(
            "{} is complete as job {job}, but the store does not hold its rows any more{why}; bring the folder of the job back, or store the \
             file again in another data directory",
            row.file
        );
        ReceiptError { code: 4, message, line: None, offset: None }
    });
    Ok((certificate, wrong))
}

/// A complete job was accepted with another triage than the one that is configured now: its rows are asked again. Without a
/// configured triage its selection stays. Returns what belongs on the receipt if that cannot be done.
fn triage_as_asked(
    (ledger, store): (&Ledger, &dyn Store),
    job: &JobId,
    asked: &str,
    stop: &AtomicBool,
    now_ms: u64,
) -> Result<Option<ReceiptError>, Fault> {
    let row = ledger.reader()?.job(job)?.ok_or_else(|| not_in_ledger(job))?;
    if row.state != JobState::Complete || asked.is_empty() || row.triage == asked {
        return Ok(None);
    }
    let error = retriage((ledger, store), job, asked, stop, now_ms).err().map(|fault| {
        let code = match fault.kind {
            _ if stop.load(Ordering::Relaxed) => 75,
            Kind::Permanent => 4,
            _ => 74,
        };
        let message = format!("the configured triage was not applied to the stored rows: {fault}");
        ReceiptError { code, message, line: None, offset: None }
    });
    Ok(error)
}

/// The ledger's side of an end. Returns an error that belongs to the receipt but not to the job, which goes on later.
pub fn record_end(
    ledger: &Ledger,
    store: &dyn Store,
    job: &JobId,
    is_pipe: bool,
    over: &Over,
    now_ms: u64,
) -> Result<Option<ReceiptError>, Fault> {
    let (next, error) = match over.clone() {
        Over::Complete => return Ok(None),
        Over::Interrupted if !is_pipe => {
            let message = "interrupted: run the same command again to go on".into();
            return Ok(Some(ReceiptError { code: 75, message, line: None, offset: None }));
        }
        Over::Interrupted => {
            let message = "interrupted while reading standard input: send its bytes again".into();
            (JobState::Failed, ReceiptError { code: 75, message, line: None, offset: None })
        }
        Over::Stalled(error) => (if is_pipe { JobState::Failed } else { JobState::Stalled }, error),
        Over::Failed(error) => (JobState::Failed, error),
    };
    let recorded = ledger.set_state(job, next, None, Some(error.clone()), now_ms).wait();
    match recorded {
        // The disk that is full may be the ledger's own: the receipt still says what happened, the job stays as it is.
        Err(fault) if next == JobState::Stalled => {
            tracing::error!(%fault, "the ledger could not take down that the job stalls")
        }
        recorded => recorded?,
    }
    if next == JobState::Failed {
        store.discard(job)?;
    }
    Ok(Some(error))
}
