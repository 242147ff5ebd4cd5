//! `triage try|explain|test`: what a triage would do, without a run. No data directory is needed or made.

mod explain;
mod test;
mod tried;

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::Global;
use super::failure::{Failure, INPUT, Problem};
use super::render::{text, thousands};
use crate::config::Settings;
use crate::domain::warning::Warnings;
use crate::triage::explain::Step;
use crate::triage::scan::{Question, Scan};

const VARIANT_HELP: &str = "\
VARIANT is CHROM:POS (every allele there), a place and alleles in any usual spelling (chr7:140753336:A:T, chr7-140753336-A-T, \
chr7_140753336_A_T, chr7:140753336A>T, 7:g.140753336A>T), or an ID such as rs113488022. CHROM with or without `chr`; alleles as \
the file spells them.";

const CASES_HELP: &str = "\
A file of cases has a `header` (or `header_file`) and one table [[case]] for each case, with `name`, `record` (or `records`) and \
`expect`: \"selected\" or the name of a clause, one for each ALT. See docs/triage.md.
Exit codes: 0 all cases are met, 1 some are not, 78 a file of cases cannot be read.";

/// Subcommands of `triage`.
#[derive(Debug, Subcommand)]
pub enum TriageCommand {
    /// Count what each clause drops and how much is selected, as a run would; and what the file lacks
    Try(TryArgs),
    /// Show what each clause sees of a variant, up to the one that drops it
    #[command(after_help = VARIANT_HELP)]
    Explain(ExplainArgs),
    /// Check a triage against your own cases
    #[command(after_help = CASES_HELP)]
    Test(TestArgs),
}

/// Arguments of `triage try`.
#[derive(Debug, Args)]
pub struct TryArgs {
    /// VCF or BCF files, plain, gzip or BGZF; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// One JSON object per file
    #[arg(long)]
    json: bool,
}

/// Arguments of `triage explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A VCF or BCF file, plain, gzip or BGZF; `-` is standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The variant
    #[arg(value_name = "VARIANT")]
    variant: String,
    /// One JSON object per allele
    #[arg(long)]
    json: bool,
}

/// Arguments of `triage test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// Files of cases
    #[arg(value_name = "CASES.toml", required = true)]
    files: Vec<PathBuf>,
    /// One JSON object per file, with all of its cases
    #[arg(long)]
    json: bool,
}

impl TriageCommand {
    /// Whether JSON is wanted.
    pub fn json(&self) -> bool {
        match self {
            Self::Try(args) => args.json,
            Self::Explain(args) => args.json,
            Self::Test(args) => args.json,
        }
    }
}

/// Runs a subcommand.
///
/// # Errors
/// If the configuration or the usage is wrong, or standard output cannot be written to.
pub fn run(global: &Global, command: &TriageCommand) -> Result<u8, Failure> {
    let settings = global.settings()?;
    match command {
        TriageCommand::Try(args) => tried::run(global, &settings, args),
        TriageCommand::Explain(args) => explain::run(&settings, args),
        TriageCommand::Test(args) => test::run(global, &settings, args),
    }
}

/// The triage of the settings, and how files are read for it.
fn question(settings: &Settings) -> Question<'_> {
    Question { triage: settings.triage.as_ref(), limits: &settings.read, frequencies: &settings.frequencies }
}

/// Which triage it is, for people.
fn triage_name(global: &Global, settings: &Settings) -> String {
    match (&settings.triage, &global.config) {
        (None, _) => "nothing is asked (triage.use = \"nothing\")".into(),
        (Some(_), Some(config)) if settings.triage_is_configured() => format!("of {}", config.display()),
        (Some(_), _) if settings.triage_is_configured() => "of the environment".into(),
        (Some(_), _) => "by default".into(),
    }
}

/// What a file is called.
fn name(file: &Path) -> String {
    if file.as_os_str() == "-" { "standard input".into() } else { file.display().to_string() }
}

/// Opens a file and reads its header.
fn open(settings: &Settings, file: &Path) -> Result<Scan, Failure> {
    let failed = |error: std::io::Error| about(file, Failure::new(INPUT, format!("it cannot be opened: {error}")));
    let input: Box<dyn Read + Send> = if file.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        let opened = File::open(file).map_err(failed)?;
        if opened.metadata().is_ok_and(|metadata| metadata.is_dir()) {
            return Err(failed(std::io::Error::new(ErrorKind::IsADirectory, "it is a directory, not a file")));
        }
        Box::new(opened)
    };
    Scan::open(input, &question(settings)).map_err(|error| about(file, Failure::from(error)))
}

/// A failure with the file that it is about.
fn about(file: &Path, failure: Failure) -> Failure {
    let errors = failure.errors.into_iter().map(|problem| Problem { place: Some(name(file)), ..problem }).collect();
    Failure { errors, ..failure }
}

/// Oddities as lines for people.
fn warning_lines(warnings: &Warnings) -> String {
    let line = |warning: crate::domain::warning::Warning| {
        let (code, count) = (text(&warning.code), thousands(warning.count));
        format!("  warning  {code} × {count}, first in line {}: {}\n", warning.first_line, text(&warning.message))
    };
    warnings.list().into_iter().map(line).collect()
}

/// What the clauses saw, as lines for people.
fn step_lines(steps: &[Step], indent: &str) -> String {
    let width = steps.iter().map(|step| step.clause.len()).max().unwrap_or(0);
    let line = |step: &Step| {
        let word = if step.keeps { "keeps" } else { "DROPS" };
        format!("{indent}{:<width$}  {word}  {}\n", step.clause, text(&step.seen))
    };
    steps.iter().map(line).collect()
}

/// The same for scripts.
fn step_objects(steps: &[Step]) -> Value {
    let object = |step: &Step| json!({ "clause": step.clause, "keeps": step.keeps, "seen": step.seen });
    steps.iter().map(object).collect()
}
