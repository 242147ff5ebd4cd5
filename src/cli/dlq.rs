//! `dlq ls|show`: records that are not in the store, and why. Only `show` prints a record's text: it holds genotypes.

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::{Failure, USAGE};
use super::home::{Home, JOB_HELP};
use super::render::{cut, json_line, raw, table, text, thousands};
use super::{Global, print};
use crate::domain::dead::{DeadLetter, DeadStage};
use crate::domain::ids::JobId;
use crate::fault::Fault;
use crate::ledger::{JobRow, LedgerReader};

/// Dead letters held in memory at once: each may keep 64 KiB of its record.
const PAGE: usize = 256;

/// Characters of a cause in a listing.
const DETAIL_CHARS_MAX: usize = 160;

/// Subcommands of `dlq`.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// List a job's dead letters: where, and why; no genotypes
    #[command(after_help = JOB_HELP)]
    Ls(LsArgs),
    /// Show one dead letter with the text of its record, genotypes included
    #[command(after_help = JOB_HELP)]
    Show(ShowArgs),
}

/// Arguments of `dlq ls`.
#[derive(Debug, Args)]
pub struct LsArgs {
    /// The job
    #[arg(value_name = "JOB", default_value = "last")]
    job: String,
    /// Print at most this many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// One JSON object per dead letter
    #[arg(long)]
    json: bool,
}

/// Arguments of `dlq show`.
#[derive(Debug, Args)]
pub struct ShowArgs {
    /// The job
    #[arg(value_name = "JOB")]
    job: String,
    /// The record's number among the data lines of its file, from 0, as `dlq ls` prints it
    #[arg(value_name = "RECORD", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    record: u64,
    /// A JSON object; `raw` is text, or null with `raw_hex` beside it where it is not UTF-8
    #[arg(long)]
    json: bool,
}

impl DlqCommand {
    /// Whether JSON is wanted.
    pub fn json(&self) -> bool {
        match self {
            Self::Ls(args) => args.json,
            Self::Show(args) => args.json,
        }
    }
}

/// Runs a subcommand.
///
/// # Errors
/// If there is no such job or dead letter, or the ledger cannot be read.
pub fn run(global: &Global, command: &DlqCommand) -> Result<u8, Failure> {
    let home = Home::open(global)??;
    match command {
        DlqCommand::Ls(args) => list(&home, args),
        DlqCommand::Show(args) => show(&home, args),
    }
}

/// Calls `each` with a job's dead letters in the order of the file, a page at a time, until it says stop.
///
/// # Errors
/// If the ledger cannot be read.
pub fn pages(
    ledger: &LedgerReader,
    job: &JobId,
    each: &mut dyn FnMut(&[DeadLetter]) -> Result<bool, Failure>,
) -> Result<(), Failure> {
    let mut from = 0;
    loop {
        let page = ledger.dead_letters(job, from, PAGE)?;
        let Some(last) = page.last() else { return Ok(()) };
        let Some(next) = last.ordinal.checked_add(1) else { return Ok(()) };
        if last.ordinal < from {
            return Err(Fault::permanent(format!("dead letters of job {job} are out of order in the ledger")).into());
        }
        from = next;
        if !each(&page)? || page.len() < PAGE {
            return Ok(());
        }
    }
}

fn list(home: &Home, args: &LsArgs) -> Result<u8, Failure> {
    let row = home.find(&args.job)?;
    let total = home.ledger.sums(&row.job)?.dead_letters;
    let mut left = args.limit.unwrap_or(usize::MAX);
    pages(&home.ledger, &row.job, &mut |page| {
        let page = page.get(..left).unwrap_or(page);
        left -= page.len();
        print(&if args.json {
            page.iter().map(|dead| json_line(&fields(&row.job, dead))).collect()
        } else {
            lines(page)
        })?;
        Ok(left > 0)
    })?;
    if !args.json {
        eprintln!("{}", summary(home, &row, total));
    }
    Ok(0)
}

fn summary(home: &Home, row: &JobRow, total: u64) -> String {
    let file = text(&row.file);
    match total {
        0 => format!("no dead letters in job {} ({file})", row.job),
        n => {
            let show = home.global.command(&format!("dlq show {} RECORD", row.job));
            format!("{} dead letters in job {} ({file}); `{show}` shows one whole", thousands(n), row.job)
        }
    }
}

fn lines(page: &[DeadLetter]) -> String {
    let row = |dead: &DeadLetter| {
        vec![
            format!("record {}", dead.ordinal),
            format!("line {}", dead.line),
            format!("byte {}", dead.offset),
            stage(dead.stage).to_owned(),
            text(&dead.reason),
            cut(&text(&dead.detail), DETAIL_CHARS_MAX),
        ]
    };
    table(&page.iter().map(row).collect::<Vec<_>>(), &[])
}

fn stage(stage: DeadStage) -> &'static str {
    match stage {
        DeadStage::Parse => "parse",
        DeadStage::Store => "store",
    }
}

/// Everything but the record's text.
fn fields(job: &JobId, dead: &DeadLetter) -> Value {
    json!({
        "job": job,
        "record": dead.ordinal,
        "line": dead.line,
        "offset": dead.offset,
        "stage": stage(dead.stage),
        "reason": dead.reason,
        "detail": dead.detail,
        "rows": dead.rows,
        "raw_bytes": dead.raw_bytes,
    })
}

fn show(home: &Home, args: &ShowArgs) -> Result<u8, Failure> {
    let row = home.find(&args.job)?;
    let found = home.ledger.dead_letters(&row.job, args.record, 1)?.into_iter().next();
    let dead = found.filter(|dead| dead.ordinal == args.record).ok_or_else(|| {
        let list = home.global.command(&format!("dlq ls {}", row.job));
        Failure::new(USAGE, format!("record {} of job {} is no dead letter", args.record, row.job))
            .hint(format!("`{list}` lists them"))
    })?;
    print(&if args.json { json_line(&whole(&row.job, &dead)) } else { page(&row, &dead) })?;
    Ok(0)
}

fn whole(job: &JobId, dead: &DeadLetter) -> Value {
    let mut all = fields(job, dead);
    match std::str::from_utf8(&dead.raw) {
        Ok(raw) => all["raw"] = raw.into(),
        Err(_) => {
            all["raw"] = Value::Null;
            all["raw_hex"] = dead.raw.iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
        }
    }
    all["raw_cut"] = (dead.raw_bytes > dead.raw.len() as u64).into();
    all
}

fn page(row: &JobRow, dead: &DeadLetter) -> String {
    let kept = dead.raw.len() as u64;
    let cut = if dead.raw_bytes > kept { format!(", of which {} are kept", thousands(kept)) } else { String::new() };
    let file = text(&row.file);
    let place = format!("line {}, byte {} (decompressed)", thousands(dead.line), thousands(dead.offset));
    [
        format!("job          {} ({file})", row.job),
        format!("record       {}", dead.ordinal),
        format!("place        {place}"),
        format!("stage        {}", stage(dead.stage)),
        format!("reason       {}", text(&dead.reason)),
        format!("detail       {}", text(&dead.detail)),
        format!("rows         {}", thousands(u64::from(dead.rows))),
        format!("text         {} bytes{cut}, escaped:", thousands(dead.raw_bytes)),
        raw(&dead.raw),
        String::new(),
    ]
    .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dead(raw: &[u8]) -> DeadLetter {
        DeadLetter {
            ordinal: 7,
            stage: DeadStage::Parse,
            reason: "pos_not_a_number".into(),
            detail: "POS is \u{1b}[2J".into(),
            line: 12,
            offset: 345,
            raw: raw.to_vec(),
            raw_bytes: 70_000,
            rows: 0,
            digest_sum: Default::default(),
            line_digest: Default::default(),
        }
    }

    #[test]
    fn a_listing_is_escaped_and_holds_no_genotypes() {
        let dead = [dead(b"chr1\tx\t0|1\x1b")];
        let shown = lines(&dead) + &json_line(&fields(&JobId::random(1), &dead[0]));
        assert!(
            shown.starts_with("record 7  line 12  byte 345  parse  pos_not_a_number  POS is \\u{1b}[2J\n"),
            "{shown}"
        );
        assert!(!shown.contains("0|1") && !shown.contains('\x1b'), "{shown}");
    }

    #[test]
    fn json_keeps_every_byte_of_the_record() {
        let job = JobId::random(1);
        let sound = whole(&job, &dead("chr1\té".as_bytes()));
        assert_eq!((sound["raw"].as_str(), sound["raw_cut"].as_bool()), (Some("chr1\té"), Some(true)));
        let broken = whole(&job, &dead(b"a\xff"));
        assert_eq!((broken["raw"].is_null(), broken["raw_hex"].as_str()), (true, Some("61ff")));
    }
}
