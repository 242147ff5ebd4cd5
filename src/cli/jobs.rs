//! `jobs`: what ran here.

use clap::Args;

use super::failure::Failure;
use super::home::Home;
use super::render::{json_line, table, text, thousands};
use super::{Global, print};
use crate::domain::receipt::Receipt;
use crate::report;

/// Arguments of `jobs`.
#[derive(Debug, Args)]
pub struct JobsArgs {
    /// One receipt per line as JSON; the certificate is the one stored with the job
    #[arg(long)]
    pub json: bool,
}

/// Prints every job.
///
/// # Errors
/// If the ledger cannot be read.
pub fn run(global: &Global, args: &JobsArgs) -> Result<u8, Failure> {
    let home = match Home::open(global)? {
        Ok(home) => home,
        Err(none) => {
            // Nothing to list is an answer; where it was looked for must be seen, in case that was the mistake.
            eprintln!("note: {}", none.errors.iter().map(|e| text(&e.message)).collect::<Vec<_>>().join("; "));
            return Ok(0);
        }
    };
    let mut receipts = Vec::new();
    for row in home.ledger.jobs()? {
        receipts.push(report::receipt(&row, &home.ledger.sums(&row.job)?));
    }
    print(&if args.json { receipts.iter().map(json_line).collect() } else { listing(&receipts) })?;
    Ok(0)
}

/// One line a job.
fn listing(receipts: &[Receipt]) -> String {
    let mut rows = vec![["JOB", "STATE", "RECORDS", "STORED", "DEAD", "STARTED", "FILE"].map(str::to_owned).to_vec()];
    rows.extend(receipts.iter().map(|r| {
        vec![
            r.job.clone().unwrap_or_default(),
            r.state.clone(),
            thousands(r.records),
            thousands(r.stored),
            thousands(r.dead_records + r.dead_rows),
            r.started_at.as_deref().and_then(|at| at.get(..19)).unwrap_or("?").replace('T', " "),
            text(&r.file),
        ]
    }));
    table(&rows, &[false, false, true, true, true])
}
