//! `explain JOB VARIANT`: the way of one variant, from its line in the file to what was concluded about it. It reads ledger and store
//! beside a run, and shows no genotypes but those that the job's triage looked at.

mod page;

use clap::Args;

use super::failure::{AGAIN, Failure, USAGE};
use super::home::{Home, JOB_HELP};
use super::render::{json_line, shell_word, text};
use super::{Global, print};
use crate::explain::{Explained, Variant, explain};
use crate::ledger::JobRow;

/// How often it is read anew if the job changed meanwhile.
const TRIES: usize = 3;

const HELP: &str = "\
A variant is CHROM:POS (every record there), CHROM:POS:REF:ALT (one allele), an ID as of dbSNP, or record:N (`dlq ls` and the \
column `ordinal` count like that). REF and ALT are as in the file; `1` and `chr1` are the same where the file has only one of them. \
It ends with 64 if no record, stored or dead, is meant; with 75 if none is and the job is still running.";

/// Examples, for the end of the help.
pub const EXAMPLES: &str = "\
Examples:
  vcf-agent explain last chr17:43124027
  vcf-agent explain cohort.vcf.gz rs80357914
  vcf-agent explain last 7:117559590:ATCT:A --json";

/// Arguments of `explain`.
#[derive(Debug, Args)]
#[command(after_help = HELP, after_long_help = format!("{HELP}\n\n{JOB_HELP}\n\n{EXAMPLES}"))]
pub struct ExplainArgs {
    /// A job's id (or its beginning), the VCF file it read, or `last`
    #[arg(value_name = "JOB")]
    job: String,
    /// CHROM:POS or CHROM:POS:REF:ALT, an ID, or record:N
    #[arg(value_name = "VARIANT", value_parser = variant)]
    variant: Variant,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

fn variant(name: &str) -> Result<Variant, String> {
    Variant::parse(name).ok_or_else(|| "it is CHROM:POS, CHROM:POS:REF:ALT, an ID as of dbSNP, or record:N".to_owned())
}

/// Prints what is known.
///
/// # Errors
/// If there is no such job or variant, or ledger or store cannot be read.
pub fn run(global: &Global, args: &ExplainArgs) -> Result<u8, Failure> {
    let home = Home::open(global)??;
    let (row, found) = look(&home, args)?;
    if found.records.is_empty() && found.dead_letters.is_empty() {
        return Err(nothing(&home, &row, &found, &args.variant));
    }
    print(&if args.json { json_line(&found) } else { page::page(&found, global) })?;
    Ok(0)
}

/// Beside a run rows move from staging to where they are published: then they are looked for once more.
fn look(home: &Home, args: &ExplainArgs) -> Result<(JobRow, Explained), Failure> {
    let mut row = home.find(&args.job)?;
    let store = home.store()?;
    for _ in 1..TRIES {
        let found = explain(&home.ledger, &*store, &row, &args.variant);
        let is_empty = found.as_ref().is_ok_and(|found| found.records.is_empty());
        let now = home.ledger.job(&row.job)?.unwrap_or_else(|| row.clone());
        let has_changed = (now.state, now.revision) != (row.state, row.revision);
        match found {
            Ok(found) if !(is_empty && has_changed) => return Ok((row, found)),
            Err(fault) if !row.state.is_running() && !has_changed => return Err(fault.into()),
            _ => row = now,
        }
    }
    let found = explain(&home.ledger, &*store, &row, &args.variant)?;
    Ok((row, found))
}

fn nothing(home: &Home, row: &JobRow, found: &Explained, variant: &Variant) -> Failure {
    let (name, file) = (text(&variant.to_string()), text(&row.file));
    let message = format!("job {} ({file}) has no record that is {name}", row.job);
    if let (false, Variant::Place { chrom, pos, .. }) = (found.others.is_empty(), variant) {
        let at = shell_word(&format!("{chrom}:{pos}"));
        let all = home.global.command(&format!("explain {} {at}", row.job));
        let others: Vec<String> = found.others.iter().take(10).map(|other| text(other)).collect();
        return Failure::new(USAGE, message).hint(format!("at {at} there is {}: `{all}`", others.join(", ")));
    }
    if row.state.is_running() {
        let message = format!("{message} yet: it is {}", row.state);
        return Failure::new(AGAIN, message).hint("ask again when more of the file is stored");
    }
    if row.state.to_string() != "COMPLETE" {
        return Failure::new(USAGE, format!("{message}: it is {}, and has no rows", row.state));
    }
    let hint =
        "POS must be that of the record as it stands in the file; positions inside of a deletion are not looked for";
    Failure::new(USAGE, message).hint(hint)
}
