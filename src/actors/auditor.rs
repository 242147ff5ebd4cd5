//! Auditor: compares what the file says must exist with what ledger and store hold, and completes the job if that is the same.

use std::rc::Rc;

use super::batcher::Batcher;
use super::engine::{Engine, Job, over_of};
use super::env::Panicked;
use super::parser::Parser;
use super::stage::{Ctx, Link, Seat, Stage, Takes, then};
use crate::delivery::job::JobState;
use crate::delivery::segment::SegmentSet;
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
    /// Everything is there, but so many records are dead letters that the job fails.
    TooManyDead(u64),
    /// The store does not hold what the file says.
    Wrong(Box<Certificate>),
}

/// See the module.
pub struct Auditor {
    engine: Engine,
    job: Rc<Job>,
    generation: u64,
    batcher: Link<Resend>,
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
        (batcher, parser): (&Seat<Batcher>, &Seat<Parser>),
        (notifier, over): (Link<OutboxGrew>, Link<JobOver>),
    ) -> Self {
        let (batcher, parser) = (Link::to(batcher), Link::to(parser));
        Self { engine: engine.clone(), job: job.clone(), generation, batcher, parser, notifier, over }
    }

    fn on_audited(&self, audited: Result<Audited, Fault>) {
        self.notifier.announce(OutboxGrew);
        let over = match audited {
            Ok(Audited::Missing(segments)) => {
                // First the sink, so that it takes them when they come again.
                self.batcher.post(Resend { segments: segments.clone() });
                return self.parser.post(Resend { segments });
            }
            Ok(Audited::Complete) => Over::Complete,
            Ok(Audited::TooManyDead(dead_letters)) => self.job.too_many_dead(&self.engine, dead_letters),
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
        let (env, dead_letters_max) = (self.engine.env.clone(), self.engine.settings.dead_letters_max);
        let audited = async move {
            // Duplicates may still be on their way into the store. And should this chain end, the next one must not begin before
            // this audit is over, so the work itself holds the commits.
            let Some(held) = job.hold_commits().await else { return Ok(Err(Fault::transient("the job is over"))) };
            let work = env.work("audit", move || {
                let audited = audit(&ledger, &*store, &id, end, dead_letters_max, now_ms);
                drop(held);
                audited
            });
            work.await
        };
        then(ctx, audited, |auditor, audited, _| match audited {
            Ok(audited) => auditor.on_audited(audited),
            Err(Panicked(words)) => panic!("the audit panicked: {words}"),
        });
    }
}

/// Ledger against file, store against ledger, then the scan; completes the job if all agree. Repeating it is harmless.
///
/// # Errors
/// If ledger or store fail: nothing is lost, a later audit goes on.
pub fn audit(
    ledger: &Ledger,
    store: &dyn Store,
    job: &JobId,
    end: JobEnd,
    dead_letters_max: u64,
    now_ms: u64,
) -> Result<Audited, Fault> {
    let segments = end.segments;
    ledger.record_end(job, end).wait()?;
    let missing = missing(ledger, store, job, segments)?;
    if !missing.is_empty() {
        return Ok(Audited::Missing(missing));
    }
    let dead_letters = ledger.reader()?.sums(job)?.dead_letters;
    if dead_letters > dead_letters_max {
        // The batcher says so too, but perhaps not before the last receipt is home.
        return Ok(Audited::TooManyDead(dead_letters));
    }
    if merge(ledger, store, job)? {
        // Removes what was merged; a group that is gone meanwhile is no reason to fail the job.
        let missing = self::missing(ledger, store, job, segments)?;
        if !missing.is_empty() {
            return Ok(Audited::Missing(missing));
        }
    }
    let reader = ledger.reader()?;
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

/// The segments that are not in the sink.
fn missing(ledger: &Ledger, store: &dyn Store, job: &JobId, segments: u32) -> Result<Vec<u32>, Fault> {
    Ok(reconcile(ledger, store, job)?.missing_below(segments).collect())
}

/// Makes store and ledger agree about a job on which nobody works; returns what is done.
///
/// # Errors
/// If ledger or store fail.
pub fn reconcile(ledger: &Ledger, store: &dyn Store, job: &JobId) -> Result<SegmentSet, Fault> {
    let reader = ledger.reader()?;
    let lost = store.recover(job, &reader.groups(job)?)?;
    if !lost.is_empty() {
        tracing::error!(%job, groups = lost.len(), "groups that the ledger knows are gone from the store: their segments come again");
        ledger.forget_groups(job, lost).wait()?;
    }
    reader.done(job)
}

/// Whether anything was merged.
fn merge(ledger: &Ledger, store: &dyn Store, job: &JobId) -> Result<bool, Fault> {
    let merged = store.merge(job, &ledger.reader()?.groups(job)?)?;
    if merged.is_empty() {
        return Ok(false);
    }
    let merged = merged.into_iter().map(|(group, replaced)| (group.name, group.rows, replaced)).collect();
    crate::crash_point("merge_before_ledger");
    ledger.replace_groups(job, merged).wait()?;
    crate::crash_point("merge_after_ledger");
    Ok(true)
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

/// Whether `old` is a job of the same bytes as `new` whose rows have to go first: a complete one, or one of which a crash may have
/// left the rows although the ledger says that it was replaced.
fn replaced_by(old: &JobRow, jobs: &[JobRow], new: &JobId) -> bool {
    let Some(new) = jobs.iter().find(|row| row.job == *new) else { return false };
    let same_file = old.file_digest.is_some() && old.file_digest == new.file_digest && old.tenant == new.tenant;
    // Pipes have no identity: the same bytes twice are two jobs.
    let no_pipe = !old.is_pipe() && !new.is_pipe();
    let may_be_visible = matches!(old.state, JobState::Complete | JobState::Replaced);
    old.job != new.job && may_be_visible && same_file && no_pipe
}
