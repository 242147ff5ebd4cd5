//! Auditor: compares what the file says must exist with what ledger and store hold, and completes the job if that is the same.

use std::rc::Rc;

use super::engine::{Engine, Job, over_of};
use super::env::Panicked;
use super::stage::{Ctx, Link, Seat, Stage, Takes, then};
use crate::delivery::job::JobState;
use crate::domain::counts::JobEnd;
use crate::domain::ids::JobId;
use crate::domain::receipt::{Certificate, ReceiptError};
use crate::fault::Fault;
use crate::ledger::{JobRow, Ledger};
use crate::messages::{JobOver, OutboxGrew, Over, Resend, SourceDone};
use crate::report;
use crate::stores::Store;

/// How an audit ended.
#[derive(Debug, Clone, PartialEq)]
pub enum Audited {
    /// These are in neither ledger nor store: they must come again.
    Missing(Vec<u32>),
    /// Everything is there and visible.
    Complete,
    /// The store does not hold what the file says.
    Wrong(Box<Certificate>),
}

/// See the module.
pub struct Auditor {
    engine: Engine,
    job: Rc<Job>,
    generation: u64,
    parser: Link<Resend>,
    notifier: Link<OutboxGrew>,
    over: Link<JobOver>,
}

impl Auditor {
    /// An auditor for `job`.
    pub fn new(
        engine: &Engine,
        job: &Rc<Job>,
        generation: u64,
        parser: &Seat<super::parser::Parser>,
        (notifier, over): (Link<OutboxGrew>, Link<JobOver>),
    ) -> Self {
        Self { engine: engine.clone(), job: job.clone(), generation, parser: Link::to(parser), notifier, over }
    }

    fn on_audited(&self, audited: Result<Audited, Fault>) {
        self.notifier.announce(OutboxGrew);
        let over = match audited {
            Ok(Audited::Missing(segments)) => return self.parser.post(Resend { segments }),
            Ok(Audited::Complete) => Over::Complete,
            Ok(Audited::Wrong(certificate)) => Over::Failed(ReceiptError {
                code: 4,
                message: format!(
                    "the store does not hold what {} says: {} rows with digest sum {} were found, {} was expected; nothing was published",
                    self.job.tap.name(),
                    certificate.rows,
                    certificate.digest_sum,
                    certificate.expected_digest_sum
                ),
                line: None,
                offset: None,
            }),
            Err(fault) => over_of(&fault),
        };
        self.over.post(JobOver { generation: self.generation, over });
    }
}

impl Stage for Auditor {
    const NAME: &'static str = "auditor";
}

impl Takes<SourceDone> for Auditor {
    fn take(&mut self, SourceDone { end }: SourceDone, ctx: &mut Ctx<Self>) {
        let (ledger, store) = (self.engine.ledger.clone(), self.engine.store.clone());
        let (id, now_ms, job) = (self.job.id.clone(), self.engine.env.now_ms(), self.job.clone());
        let work = self.engine.env.work("audit", move || audit(&ledger, &*store, &id, end, now_ms));
        let at_rest = async move {
            // Duplicates may still be on their way into the store.
            job.commits_at_rest().await;
            work.await
        };
        then(ctx, at_rest, |auditor, audited, _| match audited {
            Ok(audited) => auditor.on_audited(audited),
            Err(Panicked(words)) => panic!("the audit panicked: {words}"),
        });
    }
}

/// Ledger against file, store against ledger, then the scan; completes the job if all agree. Repeating it is harmless.
///
/// # Errors
/// If ledger or store fail: nothing is lost, a later audit goes on.
pub fn audit(ledger: &Ledger, store: &dyn Store, job: &JobId, end: JobEnd, now_ms: u64) -> Result<Audited, Fault> {
    let segments = end.segments;
    ledger.record_end(job, end).wait()?;
    let reader = ledger.reader()?;
    let lost = store.recover(job, &reader.groups(job)?)?;
    if !lost.is_empty() {
        ledger.forget_groups(job, lost).wait()?;
    }
    let missing: Vec<u32> = reader.done(job)?.missing_below(segments).collect();
    if !missing.is_empty() {
        return Ok(Audited::Missing(missing));
    }
    merge(ledger, store, job)?;
    let scan = store.scan(job)?;
    let row = reader.job(job)?.ok_or_else(|| Fault::permanent(format!("job {job} is not in the ledger any more")))?;
    let certificate = report::certify(&row, &reader.sums(job)?, &scan)
        .ok_or_else(|| Fault::permanent(format!("the ledger has no end for job {job}")))?;
    if !certificate.holds {
        return Ok(Audited::Wrong(Box::new(certificate)));
    }
    ledger.set_state(job, JobState::Publishing, Some(certificate), None, now_ms).wait()?;
    publish(ledger, store, job, now_ms)?;
    Ok(Audited::Complete)
}

fn merge(ledger: &Ledger, store: &dyn Store, job: &JobId) -> Result<(), Fault> {
    let reader = ledger.reader()?;
    let merged = store.merge(job, &reader.groups(job)?)?;
    if !merged.is_empty() {
        let merged = merged.into_iter().map(|(group, replaced)| (group.name, group.rows, replaced)).collect();
        ledger.replace_groups(job, merged).wait()?;
        store.recover(job, &reader.groups(job)?)?;
    }
    Ok(())
}

/// Makes a PUBLISHING job visible and complete, in the place of an older layout of the same file. Boot calls it too.
///
/// # Errors
/// If ledger or store fail: the next start finishes it.
pub fn publish(ledger: &Ledger, store: &dyn Store, job: &JobId, now_ms: u64) -> Result<(), Fault> {
    let jobs = ledger.reader()?.jobs()?;
    for old in jobs.iter().filter(|old| replaced_by(old, &jobs, job)) {
        ledger.set_state(&old.job, JobState::Replaced, None, None, now_ms).wait()?;
        store.delete(&old.job)?;
    }
    store.publish(job)?;
    ledger.set_state(job, JobState::Complete, None, None, now_ms).wait()
}

/// Whether `old` is a complete job of the same bytes as `new`.
fn replaced_by(old: &JobRow, jobs: &[JobRow], new: &JobId) -> bool {
    let Some(new) = jobs.iter().find(|row| row.job == *new) else { return false };
    let same_file = old.file_digest.is_some() && old.file_digest == new.file_digest && old.tenant == new.tenant;
    // Pipes have no identity: the same bytes twice are two jobs.
    let no_pipe = !old.is_pipe() && !new.is_pipe();
    old.job != new.job && old.state == JobState::Complete && same_file && no_pipe
}
