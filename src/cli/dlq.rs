//! `dlq ls|show|replay|drop`: records that are not in the store, and selected alleles without an answer; why, and what people do about
//! them. Only `show` prints a record's text: it holds genotypes.

pub mod act;
mod tasks;

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::failure::{Failure, USAGE};
use super::home::{Home, JOB_HELP};
use super::render::{cut, json_line, raw, table, text, thousands};
use super::{Global, print};
use crate::config::distance;
use crate::domain::dead::{DeadLetter, DeadStage};
use crate::domain::ids::JobId;
use crate::fault::Fault;
use crate::ledger::replays::{Former, Note};
use crate::ledger::{JobRow, LedgerReader};
use crate::report::rfc3339;

/// Dead letters held in memory at once: each may keep 64 KiB of its record.
pub const PAGE: usize = 256;

/// Characters of a cause in a listing.
const DETAIL_CHARS_MAX: usize = 160;

/// Characters of why it was dropped, there.
const WHY_CHARS_MAX: usize = 60;

const REPLAY_HELP: &str = "\
The text that is tried is what `dlq show` prints. Of a record over 64 KiB it is read from the file again, if that is still there with the \
same SHA-256. With --edit it is the line in FILE: `dlq show JOB RECORD --raw > FILE` is a beginning. The limits of the configuration in \
force apply (ingest.alts_max, ingest.line_bytes_max). Interrupted, or after a crash: the same command again goes on.
With --tasks it is about selected alleles that got no answer: they wait again, and the next `run` of the same file asks about them.";

/// Subcommands of `dlq`.
#[derive(Debug, Subcommand)]
pub enum DlqCommand {
    /// List a job's dead letters and dead tasks: where, and why; no genotypes
    #[command(after_help = JOB_HELP)]
    Ls(LsArgs),
    /// Show one dead letter with the text of its record, genotypes included
    #[command(after_help = JOB_HELP)]
    Show(ShowArgs),
    /// Try dead letters again: what is a sound record now comes to the job's rows, at its place
    #[command(after_help = REPLAY_HELP, after_long_help = format!("{REPLAY_HELP}\n\n{JOB_HELP}"))]
    Replay(act::ReplayArgs),
    /// Say that dead letters need nobody's attention any more: they stay known, and are no open items
    #[command(after_help = JOB_HELP)]
    Drop(act::DropArgs),
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
    /// Count them by reason, the most frequent first
    #[arg(long)]
    by_reason: bool,
    /// Only those of this reason
    #[arg(long, value_name = "REASON", conflicts_with = "by_reason")]
    reason: Option<String>,
    /// Those that were dropped too
    #[arg(long, conflicts_with = "by_reason")]
    all: bool,
    /// One JSON object per dead letter or dead task (its `stage` is `task`), or per reason
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
    /// Nothing but the bytes that are kept of the record, and a line end
    #[arg(long, conflicts_with = "json")]
    raw: bool,
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
            Self::Replay(args) => args.which.json,
            Self::Drop(args) => args.which.json,
        }
    }
}

/// Runs a subcommand.
///
/// # Errors
/// If there is no such job or dead letter, or the ledger cannot be read.
pub fn run(global: &Global, command: &DlqCommand) -> Result<u8, Failure> {
    match command {
        DlqCommand::Ls(args) => list(&Home::open(global)??, args),
        DlqCommand::Show(args) => show(&Home::open(global)??, args),
        DlqCommand::Replay(args) if args.tasks => tasks::revive(global, args),
        DlqCommand::Replay(args) => act::replay(global, args),
        DlqCommand::Drop(args) => act::drop_letters(global, args),
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
    if args.by_reason {
        return by_reason(home, &row, args);
    }
    if let Some(reason) = &args.reason {
        check_reason(home, &row, reason)?;
    }
    let sums = home.ledger.sums(&row.job)?;
    let mut left = args.limit.unwrap_or(usize::MAX);
    pages(&home.ledger, &row.job, &mut |page| {
        let (first, last) = (page[0].ordinal, page[page.len() - 1].ordinal);
        let notes = home.ledger.notes(&row.job, first, last)?;
        let is_meant = |dead: &&DeadLetter| {
            let is_open = notes.get(&dead.ordinal).is_none_or(|note| note.dropped.is_none());
            (is_open || args.all) && args.reason.as_ref().is_none_or(|reason| *reason == dead.reason)
        };
        let page: Vec<&DeadLetter> = page.iter().filter(is_meant).take(left).collect();
        left -= page.len();
        print(&if args.json {
            page.iter().map(|dead| json_line(&fields(&row.job, dead, &notes))).collect()
        } else {
            lines(&page, &notes)
        })?;
        Ok(left > 0)
    })?;
    if !args.json {
        eprintln!("{}", summary(home, &row, sums.dead_letters, sums.dropped_dead));
    }
    tasks::list(home, &row, args, left)?;
    Ok(0)
}

/// Refuses a reason that none of the job's dead letters and tasks has, or had before it was replayed. A job that has none at all has
/// nothing to choose from.
pub(super) fn check_reason(home: &Home, row: &JobRow, reason: &str) -> Result<(), Failure> {
    let mut known: BTreeSet<String> =
        home.ledger.dead_reasons(&row.job)?.into_iter().map(|group| group.reason).collect();
    known.extend(home.ledger.dead_tasks(&row.job)?.into_iter().map(|task| task.reason));
    let mut from = 0;
    while !known.contains(reason) {
        let page = home.ledger.replayed(&row.job, from, PAGE)?;
        let Some(last) = page.last() else { break };
        from = last.letter.ordinal + 1;
        known.extend(page.into_iter().map(|former| former.letter.reason));
    }
    if known.is_empty() || known.contains(reason) {
        return Ok(());
    }
    let mut names: Vec<String> = known.iter().map(|known| text(known)).collect();
    names.sort_by_key(|name| distance(reason, name));
    let message = format!("no dead letter or task of job {} has the reason {}", row.job, text(reason));
    Err(Failure::new(USAGE, message).hint(format!("the reasons there are: {}", names.join(", "))))
}

/// What a person with thousands of letters wants to see first.
fn by_reason(home: &Home, row: &JobRow, args: &LsArgs) -> Result<u8, Failure> {
    let groups = home.ledger.dead_reasons(&row.job)?;
    let groups = groups.get(..args.limit.unwrap_or(usize::MAX)).unwrap_or(&groups);
    if args.json {
        let object = |group: &crate::ledger::replays::ReasonGroup| {
            let (record, line, detail) = &group.first;
            json_line(&json!({
                "job": row.job, "stage": group.stage, "reason": group.reason, "open": group.open, "dropped": group.dropped,
                "first": { "record": record, "line": line, "detail": detail },
            }))
        };
        print(&groups.iter().map(object).collect::<String>())?;
        tasks::list(home, row, args, args.limit.unwrap_or(usize::MAX).saturating_sub(groups.len()))?;
        return Ok(0);
    }
    let cells = |group: &crate::ledger::replays::ReasonGroup| {
        let (record, line, detail) = &group.first;
        let dropped = if group.dropped > 0 { format!("+{} dropped", thousands(group.dropped)) } else { String::new() };
        let first = format!("first: record {record}, line {line}: {}", cut(&text(detail), DETAIL_CHARS_MAX));
        vec![thousands(group.open), dropped, group.stage.clone(), text(&group.reason), first]
    };
    print(&table(&groups.iter().map(cells).collect::<Vec<_>>(), &[true]))?;
    let sums = home.ledger.sums(&row.job)?;
    eprintln!("{}", summary(home, row, sums.dead_letters, sums.dropped_dead));
    tasks::list(home, row, args, args.limit.unwrap_or(usize::MAX).saturating_sub(groups.len()))?;
    Ok(0)
}

fn summary(home: &Home, row: &JobRow, total: u64, dropped: u64) -> String {
    let file = text(&row.file);
    let also = if dropped > 0 { format!(", {} of them dropped", thousands(dropped)) } else { String::new() };
    match total {
        0 => format!("no dead letters in job {} ({file})", row.job),
        n => {
            let show = home.global.command(&format!("dlq show {} RECORD", row.job));
            let groups = home.global.command(&format!("dlq ls {} --by-reason", row.job));
            format!(
                "{} dead letters in job {} ({file}){also}; `{show}` shows one whole, `{groups}` counts them",
                thousands(n),
                row.job
            )
        }
    }
}

fn lines(page: &[&DeadLetter], notes: &BTreeMap<u64, Note>) -> String {
    let row = |dead: &&DeadLetter| {
        let dropped = notes.get(&dead.ordinal).and_then(|note| note.dropped.as_ref());
        let why =
            |why: &str| if why.is_empty() { String::new() } else { format!(": {}", cut(&text(why), WHY_CHARS_MAX)) };
        let dropped = dropped.map(|dropped| format!("dropped by {}{}", text(&dropped.by), why(&dropped.why)));
        let mut cells = vec![
            format!("record {}", dead.ordinal),
            format!("line {}", dead.line),
            format!("byte {}", dead.offset),
            stage(dead.stage).to_owned(),
            text(&dead.reason),
            cut(&text(&dead.detail), DETAIL_CHARS_MAX),
        ];
        cells.extend(dropped);
        cells
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
fn fields(job: &JobId, dead: &DeadLetter, notes: &BTreeMap<u64, Note>) -> Value {
    let note = notes.get(&dead.ordinal).cloned().unwrap_or_default();
    let dropped = note.dropped.map(|d| json!({ "at": rfc3339(d.at_ms), "by": d.by, "why": d.why }));
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
        "failed_replays": note.failed_replays,
        "dropped": dropped,
    })
}

fn show(home: &Home, args: &ShowArgs) -> Result<u8, Failure> {
    let row = home.find(&args.job)?;
    let found = home.ledger.dead_letters(&row.job, args.record, 1)?.into_iter().next();
    let Some(dead) = found.filter(|dead| dead.ordinal == args.record) else {
        let former = home.ledger.replayed(&row.job, args.record, 1)?.pop();
        let former = former.filter(|former| former.letter.ordinal == args.record);
        let former = former.ok_or_else(|| no_letter(home, &row, args.record))?;
        return show_former(&row, &former, args);
    };
    let notes = home.ledger.notes(&row.job, args.record, args.record)?;
    if args.raw {
        return show_raw(&dead);
    }
    print(&if args.json { json_line(&whole(&row.job, &dead, &notes)) } else { page(&row, &dead) + &noted(&notes) })?;
    Ok(0)
}

fn no_letter(home: &Home, row: &JobRow, record: u64) -> Failure {
    let list = home.global.command(&format!("dlq ls {}", row.job));
    let explain = home.global.command(&format!("explain {} record:{record}", row.job));
    Failure::new(USAGE, format!("record {record} of job {} is no dead letter", row.job))
        .hint(format!("`{list}` lists them; `{explain}` tells what is known of a record that is stored"))
}

/// The bytes as they are, for an editor.
fn show_raw(dead: &DeadLetter) -> Result<u8, Failure> {
    if dead.raw_bytes > dead.raw.len() as u64 {
        eprintln!("note: {} of {} bytes: no more is kept", thousands(dead.raw.len() as u64), thousands(dead.raw_bytes));
    }
    let mut out = std::io::stdout().lock();
    match out.write_all(&dead.raw).and_then(|()| out.write_all(b"\n")).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::writing("standard output", &error))
        }
        _ => Ok(0),
    }
}

/// A record that is stored now: the dead letter that it was, and the text that took its place.
fn show_former(row: &JobRow, former: &Former, args: &ShowArgs) -> Result<u8, Failure> {
    if args.raw {
        return show_raw(&former.letter);
    }
    let edited = former.replayed.edited.as_ref();
    if args.json {
        let mut all = whole(&row.job, &former.letter, &BTreeMap::new());
        all["replayed"] = json!({ "revision": former.revision, "by": former.by, "at": rfc3339(former.at_ms) });
        all["edited"] =
            edited.map(|(text, bytes)| json!({ "raw": String::from_utf8_lossy(text), "raw_bytes": bytes })).into();
        print(&json_line(&all))?;
        return Ok(0);
    }
    let by = format!("by {} at {}, revision {}", text(&former.by), rfc3339(former.at_ms), former.revision);
    let new =
        edited.map(|(text, bytes)| format!("edited       {} bytes, escaped:\n{}\n", thousands(*bytes), raw(text)));
    print(&format!("{}replayed     {by}\n{}", page(row, &former.letter), new.unwrap_or_default()))?;
    Ok(0)
}

fn noted(notes: &BTreeMap<u64, Note>) -> String {
    let mut lines = String::new();
    for note in notes.values() {
        if note.failed_replays > 0 {
            lines.push_str(&format!("replays      {} failed\n", thousands(u64::from(note.failed_replays))));
        }
        if let Some(dropped) = &note.dropped {
            let (by, why) = (text(&dropped.by), text(&dropped.why));
            lines.push_str(&format!("dropped      by {by} at {}: {why}\n", rfc3339(dropped.at_ms)));
        }
    }
    lines
}

fn whole(job: &JobId, dead: &DeadLetter, notes: &BTreeMap<u64, Note>) -> Value {
    let mut all = fields(job, dead, notes);
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
        let notes = BTreeMap::new();
        let shown = lines(&[&dead[0]], &notes) + &json_line(&fields(&JobId::random(1), &dead[0], &notes));
        assert!(
            shown.starts_with("record 7  line 12  byte 345  parse  pos_not_a_number  POS is \\u{1b}[2J\n"),
            "{shown}"
        );
        assert!(!shown.contains("0|1") && !shown.contains('\x1b'), "{shown}");
    }

    #[test]
    fn json_keeps_every_byte_of_the_record() {
        let job = JobId::random(1);
        let sound = whole(&job, &dead("chr1\té".as_bytes()), &BTreeMap::new());
        assert_eq!((sound["raw"].as_str(), sound["raw_cut"].as_bool()), (Some("chr1\té"), Some(true)));
        let broken = whole(&job, &dead(b"a\xff"), &BTreeMap::new());
        assert_eq!((broken["raw"].is_null(), broken["raw_hex"].as_str()), (true, Some("61ff")));
    }
}
