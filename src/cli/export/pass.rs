//! One pass over a job's rows: read, filtered, written, and proved. Whatever is written, every row is read, and what was read must be
//! what the parser counted, of one revision of the job.

use std::ops::Range;

use super::super::failure::{AGAIN, Failure, NO_PROOF, USAGE};
use super::super::home::Home;
use super::super::render::text;
use super::concluded::{Beside, Concluded};
use super::filter::Filter;
use super::target::{Out, Stop};
use crate::delivery::job::JobState;
use crate::domain::digest::{DigestSum, line_digest};
use crate::domain::rows::{Rows, rows_digest_sum};
use crate::fault::Fault;
use crate::ledger::{JobRow, JobSums};
use crate::report::{certify, expected_line_digest_sum};
use crate::run::Shutdown;
use crate::stores::{StoreScan, Texts};
use crate::vcf::write::write_record;

/// Records between two looks at whether somebody wants to stop.
const RECORDS_PER_LOOK: u64 = 4096;

/// One record on its way out.
pub struct Record<'r> {
    /// Rows, of which some are the record's.
    pub rows: &'r Rows,
    /// Those.
    pub range: Range<usize>,
    /// Which of them are asked for; one is at least.
    pub kept: &'r [bool],
    /// What the ledger knows of them, if it was asked.
    pub beside: Option<Beside<'r>>,
    /// The line that was read; empty unless lines were asked for.
    pub line: &'r [u8],
}

impl Record<'_> {
    /// The first row, on which the texts of the record stand.
    pub fn first(&self) -> usize {
        self.range.start
    }

    /// Number of ALTs.
    pub fn alts(&self) -> usize {
        if self.rows.alt_index[self.first()] == 0 { 0 } else { self.range.len() }
    }

    /// The rows that are asked for.
    pub fn kept(&self) -> impl Iterator<Item = usize> + '_ {
        self.range.clone().zip(self.kept).filter(|(_, kept)| **kept).map(|(row, _)| row)
    }
}

/// A format, being written.
pub trait Form {
    /// Appends a record.
    ///
    /// # Errors
    /// If it cannot be written.
    fn write(&mut self, record: &Record<'_>) -> Result<(), Broken>;

    /// Writes what is left.
    ///
    /// # Errors
    /// If it cannot be written.
    fn finish(self: Box<Self>) -> Result<(), Broken>;
}

/// Why a form could not be written.
#[derive(Debug)]
pub enum Broken {
    /// The output.
    Io(std::io::Error),
    /// Anything else.
    Fault(Fault),
}

impl From<std::io::Error> for Broken {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<Fault> for Broken {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl Broken {
    /// What it means for an output of this name.
    pub fn at(self, name: &str) -> Stop {
        match self {
            Self::Io(error) => Out::unwritten(name, &error),
            Self::Fault(fault) => fault.into(),
        }
    }
}

/// What was written of what there is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Records written.
    pub records: u64,
    /// Records stored.
    pub of_records: u64,
    /// Alleles (or records without ALT) written.
    pub rows: u64,
    /// Of so many stored.
    pub of_rows: u64,
}

/// A complete job and its sums, of one revision: beside a run that replays or selects anew it is looked at once more.
///
/// # Errors
/// If the job is not complete, or the ledger cannot be read.
pub fn at_rest(home: &Home<'_>, mut row: JobRow) -> Result<(JobRow, JobSums), Failure> {
    loop {
        if row.state != JobState::Complete {
            return Err(not_complete(&row));
        }
        let sums = home.ledger.sums(&row.job)?;
        match home.ledger.job(&row.job)? {
            Some(now) if now.state == row.state && now.revision == row.revision => return Ok((row, sums)),
            Some(now) => row = now,
            None => return Err(changed(&row)),
        }
    }
}

fn not_complete(row: &JobRow) -> Failure {
    let message =
        format!("job {} ({}) is {}: only a COMPLETE job has rows to export", row.job, text(&row.file), row.state);
    let code = if row.state.is_running() { AGAIN } else { USAGE };
    Failure::new(code, message)
}

fn changed(row: &JobRow) -> Failure {
    let message = format!("job {} was changed while it was exported: what was written is not one state of it", row.job);
    Failure::new(AGAIN, message).hint("export it again")
}

/// Whether the job is still the one that was read.
///
/// # Errors
/// Exit 75 if it is not.
pub fn unchanged(home: &Home<'_>, row: &JobRow) -> Result<(), Failure> {
    match home.ledger.job(&row.job)? {
        Some(now) if now.state == row.state && now.revision == row.revision => Ok(()),
        _ => Err(changed(row)),
    }
}

/// Why what was read is not what was to be read: somebody is changing the job, or it does not add up.
pub fn unproven(home: &Home<'_>, row: &JobRow, message: String) -> Failure {
    let looked = unchanged(home, row).and_then(|()| Ok(home.ledger.replays_begun(Some(&row.job))?));
    match looked {
        Err(failure) => failure,
        // Its rows may be visible already; the ledger says so only afterwards.
        Ok(begun) if !begun.is_empty() => {
            let message = format!("dead letters of job {} are being replayed", row.job);
            let hint = "export again; if nothing runs, the next `vcf-agent run` or `vcf-agent dlq replay` finishes it";
            Failure::new(AGAIN, message).hint(hint)
        }
        Ok(_) => Failure::new(NO_PROOF, message).hint("`vcf-agent receipt JOB --deep` says more"),
    }
}

/// A pass under way.
pub struct Pass<'p> {
    /// Which records and alleles are written.
    pub filter: &'p mut Filter,
    /// What the ledger knows beside the rows, if it is asked.
    pub concluded: Option<Concluded<'p>>,
    /// The format.
    pub form: Box<dyn Form + 'p>,
    /// Name of the output.
    pub name: &'p str,
    /// Set once somebody wants to stop.
    pub stop: Option<&'p Shutdown>,
}

impl Pass<'_> {
    /// Reads these columns of every row, writes what is asked for, and demands that all of it is what was read from the file.
    ///
    /// # Errors
    /// If the store, the ledger or the output fails, or the rows are not those that were stored.
    pub fn run(mut self, home: &Home<'_>, (row, sums): (&JobRow, &JobSums), texts: Texts) -> Result<Counts, Stop> {
        let store = home.store()?;
        let mut read = Read { counts: Counts::default(), digest_sum: DigestSum::default(), lines: None };
        read.lines = (texts.info && texts.samples && texts.as_read).then(DigestSum::default);
        let (mut stopped, mut line, mut kept) = (None, Vec::new(), Vec::new());
        let ended = store.read_some(&row.job, texts, &mut |rows| {
            read.digest_sum.add(rows_digest_sum(rows).0);
            let mut first = 0;
            while first < rows.len() {
                let next = (first + 1..rows.len()).find(|&row| rows.is_first(row)).unwrap_or(rows.len());
                let done = self.record(rows, first..next, &mut read, (&mut line, &mut kept));
                if let Err(stop) = done {
                    stopped = Some(stop);
                    return Err(Fault::transient("stopped"));
                }
                first = next;
            }
            Ok(())
        });
        if let Some(stop) = stopped {
            return Err(stop);
        }
        if let Err(fault) = ended {
            return Err(unproven(home, row, format!("the rows of job {} cannot be read: {fault}", row.job)).into());
        }
        read.prove(home, row, sums)?;
        if self.concluded.is_some() {
            unchanged(home, row)?;
        }
        self.form.finish().map_err(|broken| broken.at(self.name))?;
        Ok(read.counts)
    }

    fn record(
        &mut self,
        rows: &Rows,
        range: Range<usize>,
        read: &mut Read,
        (line, kept): (&mut Vec<u8>, &mut Vec<bool>),
    ) -> Result<(), Stop> {
        if read.counts.of_records.is_multiple_of(RECORDS_PER_LOOK) && self.stop.is_some_and(|stop| *stop.borrow()) {
            return Err(Failure::new(AGAIN, format!("interrupted: {} was not written", self.name)).into());
        }
        read.counts.of_records += 1;
        read.counts.of_rows += range.len() as u64;
        line.clear();
        let ordinal = rows.ordinal[range.start] as u64;
        if let Some(sum) = &mut read.lines {
            write_record(rows, range.start, line);
            sum.add(line_digest(ordinal, line));
        }
        let beside = match &mut self.concluded {
            Some(concluded) => Some(concluded.next(ordinal, range.len())?),
            None => None,
        };
        if !self.filter.takes_record(rows, range.clone()) {
            return Ok(());
        }
        kept.clear();
        kept.extend((0..range.len()).map(|nth| self.filter.takes_allele(beside, nth)));
        let written = kept.iter().filter(|kept| **kept).count();
        if written == 0 {
            return Ok(());
        }
        read.counts.records += 1;
        read.counts.rows += written as u64;
        let record = Record { rows, range, kept, beside, line };
        self.form.write(&record).map_err(|broken| broken.at(self.name))
    }
}

/// What was read, whether it was written or not.
struct Read {
    counts: Counts,
    digest_sum: DigestSum,
    /// Of the lines, if they were written again.
    lines: Option<DigestSum>,
}

impl Read {
    fn prove(&self, home: &Home<'_>, row: &JobRow, sums: &JobSums) -> Result<(), Stop> {
        let scan = StoreScan { rows: self.counts.of_rows, digest_sum: self.digest_sum, ..StoreScan::default() };
        let is_whole = certify(row, sums, &scan).is_some_and(|certificate| certificate.holds);
        let are_lines = self.lines.is_none() || self.lines == expected_line_digest_sum(row, sums);
        if is_whole && are_lines {
            return Ok(());
        }
        let what = if is_whole { "line digests" } else { "row digests" };
        let message = format!("what is stored of job {} is not what was read: the {what} differ", row.job);
        Err(unproven(home, row, message).into())
    }
}
