//! The command line: what was typed, one file per command, and exit codes (docs/exit-codes.md).
//!
//! | file | command or idea |
//! |---|---|
//! | [`run`] | `run FILE…`: the main job |
//! | [`receipt`], [`jobs`], [`dlq`], [`export`] | reading commands: they take no lock and work beside a run (`dlq replay|drop` write, and take it) |
//! | [`triage`] | `triage try|explain|test`: a triage on trial; no data directory |
//! | [`mod@explain`] | one variant's way, from its line to what was concluded |
//! | [`config`], [`doctor`], [`completions`] | about the installation |
//! | [`help`], [`man`] | pages on topics, and the manual |
//! | [`isolate`] | hidden: one segment in a process of its own |
//! | [`home`] | from what was typed to ledger, job and store |
//! | [`lines`] | stored rows → the lines they came from |
//! | [`lock`] | who holds the data directory |
//! | [`render`] | text for terminals, the receipt first of all |
//! | [`screen`] | who may write to the terminal, and when: progress, notes, log |
//! | [`signals`] | interrupt → drain; again → stop |
//! | [`failure`] | errors, hints, exit codes |

pub mod completions;
pub mod config;
pub mod dlq;
pub mod doctor;
pub mod explain;
pub mod export;
pub mod failure;
pub mod help;
pub mod home;
pub mod isolate;
pub mod jobs;
pub mod lines;
pub mod lock;
pub mod man;
pub mod receipt;
pub mod render;
pub mod run;
pub mod screen;
pub mod signals;
pub mod triage;

use std::ffi::OsString;
use std::io::Write;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;

use clap::error::ErrorKind;
use clap::{Args, Parser, Subcommand};

use failure::Failure;

const EXIT_CODES: &str = "\
Exit codes:
  0   complete
  1   a case of `triage test` failed
  3   complete, with open items: dead letters, or tasks that failed
  4   does not add up: the store does not hold what the receipt says
  64  wrong usage, or no such job
  65  the input cannot be read
  70  internal failure
  74  reading or writing failed (disk full)
  75  busy or interrupted: run the same command again
  78  configuration
Of several files: the first that applies of 4, 70, 78, 74, 65, 75, 3, 1, 0.";

/// Stores every variant of VCF and BCF files, and proves with a receipt that nothing is missing.
#[derive(Debug, Parser)]
#[command(name = "vcf-agent", version, max_term_width = 110, after_help = EXIT_CODES, propagate_version = false)]
#[command(disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// Options of every command.
#[derive(Debug, Clone, Default, Args)]
pub struct Global {
    /// Where ledger and rows live; before VCF_AGENT_DATA_DIR, the configuration, and ./vcf-agent-data
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub data_dir: Option<PathBuf>,
    /// Configuration file (TOML) over the built-in defaults
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Read VCF or BCF files, store every variant, print a receipt for each
    #[command(after_help = EXIT_CODES, after_long_help = format!("{}\n\n{EXIT_CODES}", run::EXAMPLES))]
    Run(run::RunArgs),
    /// Prove that a file is complete: count and digest the store again
    #[command(after_help = EXIT_CODES, after_long_help = format!("{}\n\n{EXIT_CODES}", home::JOB_HELP))]
    Receipt(receipt::ReceiptArgs),
    /// Explain one variant of a job: its line, its alleles, triage, the answer and what it rests on
    Explain(explain::ExplainArgs),
    /// List the jobs of the data directory, newest first
    Jobs(jobs::JobsArgs),
    /// Dead letters: records that are not in the store; why, and what to do about them
    #[command(subcommand)]
    Dlq(dlq::DlqCommand),
    /// Write a job's records as a file again
    #[command(after_long_help = format!("{}\n\n{}", home::JOB_HELP, export::EXAMPLES))]
    Export(export::ExportArgs),
    /// Try a triage: count, explain, test; nothing is stored
    #[command(subcommand)]
    Triage(triage::TriageCommand),
    /// Check or show the configuration
    #[command(subcommand)]
    Config(config::ConfigCommand),
    /// Check this machine and the data directory
    Doctor(doctor::DoctorArgs),
    /// Explain a topic or a command: annotate, triage, expressions, receipts, exit codes, …
    Help(help::HelpArgs),
    /// Print the manual page, or write one for every command
    Man(man::ManArgs),
    /// Print a completion script for a shell
    Completions(completions::CompletionsArgs),
    /// Handle one segment from standard input
    #[command(hide = true)]
    Isolate,
}

impl Command {
    /// Whether the user is a script.
    fn json(&self) -> bool {
        match self {
            Self::Run(args) => args.json,
            Self::Receipt(args) => args.json,
            Self::Explain(args) => args.json,
            Self::Jobs(args) => args.json,
            Self::Dlq(command) => command.json(),
            Self::Triage(command) => command.json(),
            Self::Config(command) => command.json(),
            Self::Doctor(args) => args.json,
            Self::Export(_) | Self::Help(_) | Self::Man(_) | Self::Completions(_) | Self::Isolate => false,
        }
    }
}

/// Does what the arguments (the program's name first) say, and returns the exit code.
pub fn main(args: impl IntoIterator<Item = OsString>) -> u8 {
    #[cfg(feature = "failpoints")]
    let _failpoints = fail::FailScenario::setup();
    let cli = match Cli::try_parse_from(args) {
        Ok(cli) => cli,
        Err(error) => return unparsed(&error),
    };
    let json = cli.command.json();
    // A panic has printed where it was; what is left to say is that it is nobody's mistake but ours.
    let ended = catch_unwind(AssertUnwindSafe(|| dispatch(cli)));
    ended.unwrap_or_else(|_| Err(Failure::new(failure::INTERNAL, "vcf-agent failed"))).unwrap_or_else(|failure| {
        failure.print(json);
        failure.code
    })
}

fn dispatch(cli: Cli) -> Result<u8, Failure> {
    let global = &cli.global;
    match cli.command {
        Command::Run(args) => run::run(global, args),
        Command::Receipt(args) => receipt::run(global, &args),
        Command::Explain(args) => explain::run(global, &args),
        Command::Jobs(args) => jobs::run(global, &args),
        Command::Dlq(command) => dlq::run(global, &command),
        Command::Export(args) => export::run(global, &args),
        Command::Triage(command) => triage::run(global, &command),
        Command::Config(command) => config::run(global, &command),
        Command::Doctor(args) => doctor::run(global, &args),
        Command::Help(args) => help::run(&args),
        Command::Man(args) => man::run(&args),
        Command::Completions(args) => completions::run(&args),
        Command::Isolate => Ok(isolate::run()),
    }
}

/// Help and version are answers; everything else that clap says is a usage error.
fn unparsed(error: &clap::Error) -> u8 {
    // A reader that is gone has seen enough.
    let _ = error.print();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => 0,
        _ => failure::USAGE,
    }
}

/// Writes an answer to standard output. A reader that went away (`| head`) has seen enough: that is no error.
///
/// # Errors
/// If standard output cannot be written to for any other reason.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::writing("standard output", &error))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_definition_is_sound_and_every_option_is_explained() {
        fn walk(command: &clap::Command) {
            assert!(command.is_hide_set() || command.get_about().is_some(), "{} has no help", command.get_name());
            for argument in command.get_arguments() {
                assert!(argument.get_help().is_some(), "{} {} has no help", command.get_name(), argument.get_id());
            }
            command.get_subcommands().for_each(walk);
        }
        Cli::command().debug_assert();
        walk(&Cli::command());
    }
}
