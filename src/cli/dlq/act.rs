//! `dlq replay|drop`: both write, so both take the data directory's lock as a run does.

use std::fs::File;
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use crate::cli::failure::{AGAIN, Failure, INPUT, INTERNAL, IO, NO_PROOF, USAGE};
use crate::cli::home::Home;
use crate::cli::render::{json_line, text, thousands};
use crate::cli::{Global, print, signals};
use crate::delivery::job::JobState;
use crate::ledger::replays::Pick;
use crate::ledger::{JobRow, LedgerReader};
use crate::replay::{self, Desk, ReplayError, ReplayRequest, Replays};
use crate::report::now_ms;

/// Which dead letters, and who asks.
#[derive(Debug, Args)]
pub struct Which {
    /// The job
    #[arg(value_name = "JOB")]
    pub(super) job: String,
    /// Records by number, as `dlq ls` prints them; dropped ones too
    #[arg(value_name = "RECORD", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    records: Vec<u64>,
    /// All open dead letters of this reason
    #[arg(long, value_name = "REASON", conflicts_with = "records")]
    reason: Option<String>,
    /// All open dead letters
    #[arg(long, conflicts_with_all = ["records", "reason"])]
    all: bool,
    /// Only say what would happen; nothing is changed, and no lock is taken
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Who asks, for the record [default: the user's name]
    #[arg(long, value_name = "NAME")]
    by: Option<String>,
    /// Wait while another process writes to the data directory, instead of exit 75
    #[arg(long)]
    pub(super) wait: bool,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `dlq replay`.
#[derive(Debug, Args)]
pub struct ReplayArgs {
    #[command(flatten)]
    pub which: Which,
    /// Replay one RECORD with the line in FILE in the place of the file's own; `-` is standard input
    #[arg(long, value_name = "FILE", requires = "records")]
    edit: Option<PathBuf>,
    /// Make selected alleles that got no answer (dead tasks) wait again, for the next `run` of the same file; no dead letters
    #[arg(long, conflicts_with_all = ["records", "reason", "all", "edit", "rate"])]
    pub tasks: bool,
    /// At most N letters a second; what was tried is published every 10 seconds
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    rate: Option<u64>,
}

/// Arguments of `dlq drop`.
#[derive(Debug, Args)]
pub struct DropArgs {
    #[command(flatten)]
    pub which: Which,
    /// Why, for the record
    #[arg(long, value_name = "TEXT", default_value = "")]
    why: String,
}

impl Which {
    fn pick(&self) -> Result<Pick, Failure> {
        match (&self.reason, self.all, self.records.is_empty()) {
            (Some(reason), ..) => Ok(Pick::Reason(reason.clone())),
            (None, true, _) => Ok(Pick::Open),
            (None, false, false) => Ok(Pick::Records(self.records.clone())),
            (None, false, true) => {
                Err(Failure::new(USAGE, "which dead letters? Name records, or --reason REASON, or --all")
                    .hint("`vcf-agent dlq ls JOB --by-reason` shows what there is"))
            }
        }
    }

    fn who(&self) -> String {
        let user =
            || ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()));
        self.by.clone().or_else(user).or_else(owner).unwrap_or_else(|| "unknown".into())
    }
}

/// The user of this process where the environment does not tell (a container, cron): the name that the system has, else the number.
fn owner() -> Option<String> {
    let uid = std::fs::metadata("/proc/self").ok()?.uid().to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let name = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)? == uid && !name.is_empty()).then(|| name.to_owned())
    });
    Some(name.unwrap_or_else(|| format!("uid {uid}")))
}

/// Every record that was named must be a dead letter, and a reason one that there is.
fn check_named(home: &Home, row: &JobRow, pick: &Pick) -> Result<(), Failure> {
    let ordinals = match pick {
        Pick::Records(ordinals) => ordinals,
        Pick::Reason(reason) => return super::check_reason(home, row, reason),
        _ => return Ok(()),
    };
    for &ordinal in ordinals {
        let found = home.ledger.dead_letters(&row.job, ordinal, 1)?;
        if found.first().is_none_or(|letter| letter.ordinal != ordinal) {
            return Err(super::no_letter(home, row, ordinal));
        }
    }
    Ok(())
}

pub(super) fn complete(row: &JobRow) -> Result<(), Failure> {
    if row.state == JobState::Complete { Ok(()) } else { Err(not_complete(row, row.state)) }
}

fn not_complete(row: &JobRow, state: JobState) -> Failure {
    let message = format!("job {} ({}) is {state}: it must be COMPLETE", row.job, text(&row.file));
    Failure::new(if state.is_running() { AGAIN } else { USAGE }, message)
}

/// The one line of a file, without its line end.
fn line_of(path: &Path) -> Result<Vec<u8>, Failure> {
    let shown = path.display();
    let mut line = Vec::new();
    let read = match path.as_os_str() == "-" {
        true => std::io::stdin().lock().read_to_end(&mut line),
        false => File::open(path).and_then(|mut file| file.read_to_end(&mut line)),
    };
    read.map_err(|error| Failure::new(IO, format!("cannot read {shown}: {error}")))?;
    if line.ends_with(b"\n") {
        line.pop();
        if line.ends_with(b"\r") {
            line.pop();
        }
    }
    if line.is_empty() || line.starts_with(b"#") || line.contains(&b'\n') {
        return Err(Failure::new(
            INPUT,
            format!("{shown} must hold one record: exactly one line, with tabs, no header"),
        ));
    }
    Ok(line)
}

/// Replays; the exit code is that of the receipt afterwards.
///
/// # Errors
/// If nothing could be begun, or it had to stop; what was published before stays.
pub fn replay(global: &Global, args: &ReplayArgs) -> Result<u8, Failure> {
    let home = Home::open(global)??;
    let which = &args.which;
    let pick = which.pick()?;
    if args.edit.is_some() && which.records.len() != 1 {
        return Err(Failure::new(USAGE, "--edit needs exactly one RECORD"));
    }
    let row = home.find(&which.job)?;
    complete(&row)?;
    check_named(&home, &row, &pick)?;
    let request = ReplayRequest {
        job: row.job.clone(),
        pick,
        edit: args.edit.as_deref().map(line_of).transpose()?,
        rate: args.rate,
        dry_run: which.dry_run,
        by: which.who(),
        wait: which.wait,
        program: std::env::current_exe().ok(),
    };
    let shutdown = signals::watch(|line| eprintln!("{line}"), || false)
        .map_err(|error| Failure::new(INTERNAL, format!("cannot watch for signals: {error}")))?;
    let done = replay::replay(&home.settings, request, &shutdown).map_err(|error| stopped(&home, &row, error))?;
    let sums = home.ledger.sums(&row.job)?;
    let open = sums.dead_letters - sums.dropped_dead;
    print(&if which.json {
        json_line(&object(&row, &done, which.dry_run, open))
    } else {
        words(&done, which.dry_run)
    })?;
    if !which.json {
        for (why, n) in &done.not_tried {
            eprintln!("note: {} not tried: {why}", thousands(*n));
        }
        eprintln!("{} dead letters of job {} are open", thousands(open), row.job);
    }
    let left = if which.dry_run { done.still_dead.len() + done.not_tried.len() > 0 } else { open > 0 };
    Ok(if done.interrupted { AGAIN } else { u8::from(left) * 3 })
}

fn object(row: &JobRow, done: &Replays, dry_run: bool, open: u64) -> serde_json::Value {
    json!({
        "job": row.job,
        "dry_run": dry_run,
        "revision": done.revision,
        "replayed": done.replayed,
        "edited": done.edited,
        "rows": done.rows,
        "still_dead": done.still_dead,
        "not_tried": done.not_tried,
        "interrupted": done.interrupted,
        "open": open,
    })
}

fn words(done: &Replays, dry_run: bool) -> String {
    let (verb, made) = if dry_run { ("would be replayed", "in a dry run") } else { ("replayed", "now") };
    let edited = if done.edited > 0 { format!(", {} edited", thousands(done.edited)) } else { String::new() };
    let mut lines = format!(
        "{} {verb} ({} rows{edited}); the receipt has revision {} {made}\n",
        thousands(done.replayed),
        thousands(done.rows),
        done.revision
    );
    for (reason, n) in &done.still_dead {
        lines.push_str(&format!("{} still dead: {}\n", thousands(*n), text(reason)));
    }
    lines
}

pub(super) fn stopped(home: &Home, row: &JobRow, error: ReplayError) -> Failure {
    match error {
        ReplayError::Busy(what) => Failure::new(AGAIN, what),
        ReplayError::Fault(fault) => fault.into(),
        ReplayError::NotComplete(state) => not_complete(row, state),
        ReplayError::Edit(reason, detail) => {
            Failure::new(INPUT, format!("the text that was given is no record either: {reason}: {detail}"))
                .hint("nothing was changed")
        }
        ReplayError::NoProof(what) => {
            let deep = home.global.command(&format!("receipt {} --deep", row.job));
            Failure::new(NO_PROOF, what).hint(format!("`{deep}` says what differs"))
        }
    }
}

/// Drops; the exit code is that of the receipt afterwards.
///
/// # Errors
/// If there is no such job or dead letter, or the ledger cannot be written.
pub fn drop_letters(global: &Global, args: &DropArgs) -> Result<u8, Failure> {
    let home = Home::open(global)??;
    let which = &args.which;
    let (pick, row) = (which.pick()?, home.find(&which.job)?);
    complete(&row)?;
    check_named(&home, &row, &pick)?;
    let dropped = if which.dry_run {
        would_drop(&home.ledger, &row, &pick)?
    } else {
        let desk = Desk::open(&home.settings, which.wait).map_err(|error| stopped(&home, &row, error))?;
        // It may have been replaced while the lock was waited for; letters that are gone meanwhile are not dropped.
        desk.ledger.drop_letters(&row.job, pick, &which.who(), &args.why, now_ms()).wait()?
    };
    let sums = home.ledger.sums(&row.job)?;
    let open = sums.dead_letters - sums.dropped_dead;
    print(&if which.json {
        json_line(&json!({ "job": row.job, "dry_run": which.dry_run, "dropped": dropped, "open": open }))
    } else {
        let verb = if which.dry_run { "would be dropped" } else { "dropped" };
        format!("{} {verb}\n", thousands(dropped))
    })?;
    if !which.json {
        eprintln!("{} dead letters of job {} are open", thousands(open), row.job);
    }
    let left = if which.dry_run { open.saturating_sub(dropped) } else { open };
    Ok(u8::from(left > 0) * 3)
}

/// How many open letters are meant.
fn would_drop(ledger: &LedgerReader, row: &JobRow, pick: &Pick) -> Result<u64, Failure> {
    let mut open = 0;
    replay::picked(ledger, &row.job, pick, &mut |letter| -> Result<bool, Failure> {
        let notes = ledger.notes(&row.job, letter.ordinal, letter.ordinal)?;
        open += u64::from(notes.values().all(|note| note.dropped.is_none()));
        Ok(true)
    })?;
    Ok(open)
}
