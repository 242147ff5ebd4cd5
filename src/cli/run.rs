//! `run FILE… | -`: the main job. Receipts go to standard output as soon as they are final, everything else to standard error.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clap::Args;

use super::failure::{self, Failure};
use super::home::open_store;
use super::lock::{self, Lock};
use super::receipt::next_steps;
use super::render::{self, json_line};
use super::screen::Screen;
use super::{Global, print, signals};
use crate::config::Settings;
use crate::delivery::job::JobState;
use crate::domain::ids::JobId;
use crate::domain::receipt::Receipt;
use crate::ledger::LedgerReader;
use crate::report::{self, now_ms};
use crate::run::{Input, Progress, RunError, RunRequest};
use crate::stores::Store;
use crate::triage::Rule;

/// For the end of the help.
pub const EXAMPLES: &str = "\
Examples:
  vcf-agent run cohort.vcf.gz sample.vcf      one receipt each; again: it goes on where it stopped
  bcftools view -Ou in.bcf | vcf-agent run -  from a pipe, always a new job
  vcf-agent run --json *.vcf.gz > receipts.jsonl";

/// Arguments of `run`.
#[derive(Debug, Args)]
pub struct RunArgs {
    /// VCF or BCF files, plain, gzip or BGZF; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Print one JSON object per file, as soon as it is final, and nothing else on standard output
    #[arg(long)]
    pub json: bool,
    /// Append the events of the run to FILE as JSON lines
    #[arg(long, value_name = "FILE")]
    events: Option<PathBuf>,
    /// A FASTA by which insertions and deletions are left-aligned, in place of `alleles.reference`
    #[arg(long, value_name = "FILE")]
    reference: Option<PathBuf>,
    /// Wait while another process writes to the data directory, instead of exit 75
    #[arg(long)]
    wait: bool,
}

/// Runs the files; the exit code is the worst of theirs.
///
/// # Errors
/// If nothing could be begun: wrong usage, wrong configuration, a data directory that is in use or broken.
pub fn run(global: &Global, args: RunArgs) -> Result<u8, Failure> {
    let inputs = inputs(&args.files)?;
    let names: Vec<String> = inputs.iter().map(name).collect();
    let mut settings = global.settings()?;
    settings.reference = args.reference.clone().or(settings.reference);
    let store = open_store(&settings)?;
    let screen = Screen::new(args.json);
    screen.install_log();
    let progress = Arc::new(Progress::default());
    let (says, begun, may_wait) = (screen.clone(), progress.clone(), args.wait);
    let is_waiting = move || may_wait && begun.file.load(Ordering::Relaxed) == 0;
    let shutdown = signals::watch(move |line| says.note(line), is_waiting)
        .map_err(|error| Failure::new(failure::INTERNAL, format!("cannot watch for signals: {error}")))?;
    if let (true, Lock::Held(pid)) = (args.wait, lock::look(&settings.data_dir)) {
        screen.note(&format!("waiting for {}, which writes to {}", lock::process(pid), settings.data_dir.display()));
    }
    let following = screen.follow(names, progress.clone());
    let following = following.map_err(|error| Failure::new(failure::IO, format!("cannot start a thread: {error}")))?;
    let (asked, mut codes, mut unsaid) = (inputs.len(), Vec::new(), None);
    let program = std::env::current_exe().ok();
    // When the file that is in work was begun: what was finished before is an earlier run's.
    let mut since_ms = now_ms();
    let request = RunRequest { inputs, events: args.events, wait: args.wait, program, progress };
    let ended = crate::run::run(&settings, request, shutdown, &mut |receipt| {
        codes.push(receipt.exit_code());
        // The run goes on without its reader: the receipt is in the ledger.
        if let Err(error) = screen.alone(|| print(&shown(global, &receipt, &*store, args.json))) {
            unsaid.get_or_insert(error);
        }
        if !args.json {
            found_again(&settings, &receipt, since_ms).iter().for_each(|line| screen.note(line));
        }
        since_ms = now_ms();
    });
    drop(following);
    let not_begun = asked - codes.len();
    if not_begun > 0 && matches!(ended, Ok(()) | Err(RunError::Events(_))) {
        codes.push(failure::AGAIN);
        screen.note(&format!("{not_begun} of {asked} files not begun: run the same command again"));
    }
    if let Err(error) = ended {
        let failure = stopped(error);
        failure.print(args.json);
        codes.push(failure.code);
    }
    if let Some(failure) = unsaid {
        failure.print(args.json);
        codes.push(failure.code);
    }
    Ok(report::exit_code(codes))
}

fn inputs(files: &[PathBuf]) -> Result<Vec<Input>, Failure> {
    let is_stdin = |file: &PathBuf| file.as_os_str() == "-";
    if files.iter().filter(|file| is_stdin(file)).count() > 1 {
        return Err(Failure::new(failure::USAGE, "standard input (-) can be read only once"));
    }
    let input = |file: &PathBuf| if is_stdin(file) { Input::Stdin } else { Input::File(file.clone()) };
    Ok(files.iter().map(input).collect())
}

/// What a file is called beside its progress.
fn name(input: &Input) -> String {
    match input {
        Input::File(path) => path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned(),
        Input::Stdin => "standard input".to_owned(),
    }
}

fn shown(global: &Global, receipt: &Receipt, store: &dyn Store, json: bool) -> String {
    if json { json_line(receipt) } else { render::receipt(receipt, &next_steps(global, receipt, store)) + "\n" }
}

/// What to say of a job that an earlier run has stored: that nothing was stored again, and that its selection is not the one that a new
/// file would get.
fn found_again(settings: &Settings, receipt: &Receipt, since_ms: u64) -> Vec<String> {
    let Some(job) = receipt.job.as_deref().and_then(JobId::parse) else { return Vec::new() };
    // Only words are missing where the ledger cannot be read just now: the receipt has been given.
    let Ok(Some(row)) = LedgerReader::open(&settings.data_dir).and_then(|ledger| ledger.job(&job)) else {
        return Vec::new();
    };
    if row.state != JobState::Complete || row.started_at_ms >= since_ms {
        return Vec::new();
    }
    let mut notes = Vec::new();
    if row.finished_at_ms.is_some_and(|at| at < since_ms) {
        notes.push(format!("note: {} was complete already; nothing was stored again", receipt.file));
    }
    if !settings.triage_is_configured() && row.triage != Rule::text(settings.triage.as_ref()) {
        notes.push(format!(
            "note: {} keeps the triage that it was selected with, which is not the one by default: --config with `triage.use = \
             \"default\"`, or with a triage of your own, asks another",
            receipt.file
        ));
    }
    notes
}

fn stopped(error: RunError) -> Failure {
    match error {
        RunError::Busy(what) => Failure::new(failure::AGAIN, what),
        RunError::Fault(fault) => Failure::from(fault),
        RunError::Events(fault) => Failure::new(failure::IO, format!("not all events were written: {fault}"))
            .hint("the receipts are right; the events are kept: run again with --events FILE to have them written"),
        RunError::Internal(what) => Failure::new(failure::INTERNAL, what)
            .hint("what is stored is safe; run the same command again, with VCF_AGENT_LOG=info to see more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dash_is_standard_input_once() {
        let paths = |names: &[&str]| names.iter().map(PathBuf::from).collect::<Vec<_>>();
        let read = inputs(&paths(&["a.vcf", "-", "./-"])).unwrap();
        assert_eq!(read, [Input::File("a.vcf".into()), Input::Stdin, Input::File("./-".into())]);
        assert_eq!(inputs(&paths(&["-", "-"])).unwrap_err().code, 64);
    }
}
