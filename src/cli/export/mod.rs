//! `export JOB`: a job's records as a file: as they were read, or with what was concluded, as VCF or as a table.
//!
//! | file | idea |
//! |---|---|
//! | this one | what is asked for, and what is told at the end |
//! | [`target`] | where it goes: whole or not at all |
//! | [`pass`] | one pass over the rows: read, filtered, written, proved |
//! | [`filter`] | which records and alleles |
//! | [`concluded`] | what the ledger knows beside the rows |
//! | [`samples`] | what samples have of an allele |
//! | [`columns`] | the columns of tables |
//! | [`vcf`], [`tsv`], [`jsonl`], [`parquet`] | one format each |
//! | [`about`] | what an export says about itself |

pub mod about;
pub mod columns;
pub mod concluded;
pub mod filter;
pub mod jsonl;
pub mod parquet;
pub mod pass;
pub mod samples;
pub mod target;
pub mod tsv;
pub mod vcf;

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::failure::{Failure, USAGE};
use super::home::Home;
use super::render::{shell_word, text, thousands};
use super::{Global, print};
use crate::ledger::{JobRow, JobSums};
use crate::stores::Texts;
use crate::stores::table::Plan;
use crate::vcf::header;
use concluded::Concluded;
use filter::{Filter, FilterArgs};
use pass::{Counts, Form, Pass};
use samples::Samples;
use target::{Out, Stop, Target};

/// What the long help adds.
pub const EXAMPLES: &str = "\
Examples:
  vcf-agent export last | bgzip > again.vcf.gz
  vcf-agent export last --assessed --selected -o selected.vcf
  vcf-agent export last --format tsv --assessed --conclusion pathogenic,likely_pathogenic -o hits.tsv
  vcf-agent export last --format jsonl --include 'QUAL>30 && INFO/DP>10' --samples '#1'
  vcf-agent export last --format parquet --regions chr7:117480000-117670000 -o cftr.parquet
Columns, types and rules: docs/exports.md.";

/// Arguments of `export`.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// A job's id (or its beginning), the VCF file it read, or `last`
    #[arg(value_name = "JOB")]
    job: String,
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Vcf)]
    format: Format,
    /// Where to: it appears under this name only when it is whole; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// With what triage and providers said of each allele: INFO fields VCFA_*, or columns; research use only
    #[arg(long)]
    assessed: bool,
    /// With INFO as read, as a column of tsv and jsonl (vcf and parquet always have it)
    #[arg(long)]
    info: bool,
    /// With typed genotypes of these samples, in tsv, jsonl and parquet: names, `#1` for the first one, or `all`; `?` lists the names
    #[arg(long, value_name = "NAME,…|#N|all|?")]
    samples: Option<String>,
    #[command(flatten)]
    filter: FilterArgs,
}

/// Formats of an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// The header as read, then every record that is not a dead letter, byte for byte, in the order of the file; plain text (of a BCF: as `bcftools view` prints it), line ends as LF. With --assessed each record gets INFO fields VCFA_*
    Vcf,
    /// One row per allele, separated by tabs, safe to open in a spreadsheet
    Tsv,
    /// One JSON object per allele and line
    Jsonl,
    /// One Parquet file with the columns of the store
    Parquet,
}

impl ExportArgs {
    fn format_name(&self) -> String {
        self.format.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
    }

    /// Options that contradict each other.
    fn check(&self) -> Result<(), Failure> {
        let is_vcf = self.format == Format::Vcf;
        if is_vcf && self.samples.as_deref().is_some_and(|asked| asked != "?") {
            let message = "--samples is for tsv, jsonl and parquet: vcf always has all samples, as they were read";
            return Err(Failure::new(USAGE, message));
        }
        if is_vcf && !self.assessed && self.filter.is_any() {
            let message = "without --assessed, vcf is every record byte for byte: nothing can be filtered out of it";
            return Err(Failure::new(USAGE, message).hint("add --assessed, or choose --format tsv, jsonl or parquet"));
        }
        Ok(())
    }

    /// Whether the ledger is asked about alleles.
    fn asks_ledger(&self) -> bool {
        self.assessed || self.filter.asks_ledger()
    }

    /// The columns that are looked at.
    fn texts(&self) -> Texts {
        let is_expression = self.filter.has_expression();
        match self.format {
            Format::Vcf => Texts::LINES,
            Format::Parquet => Texts::ALL,
            Format::Tsv | Format::Jsonl => Texts {
                info: self.info || is_expression,
                samples: self.samples.is_some() || is_expression,
                as_read: false,
                annotations: true,
            },
        }
    }

    /// What makes the same file again, wherever the data directory lies.
    fn command(&self, job: &str) -> String {
        let mut words = format!("vcf-agent export {job} --format {}", self.format_name());
        if self.assessed {
            words.push_str(" --assessed");
        }
        if self.info {
            words.push_str(" --info");
        }
        if let Some(samples) = &self.samples {
            words.push_str(&format!(" --samples {}", shell_word(samples)));
        }
        words + &self.filter.words()
    }
}

/// A job that is exported.
struct Job<'j> {
    home: &'j Home<'j>,
    row: JobRow,
    sums: JobSums,
    /// The header as read.
    header_text: Vec<u8>,
}

/// Writes the file.
///
/// # Errors
/// If the job is not complete, the store or the output fails, or what was read is not what was stored.
pub fn run(global: &Global, args: &ExportArgs) -> Result<u8, Failure> {
    args.check()?;
    let home = Home::open(global)??;
    let target = Target::of(&args.output, args.format)?;
    let (row, sums) = pass::at_rest(&home, home.find(&args.job)?)?;
    target.spares_the_source(&row)?;
    let header_text = home.ledger.header(&row.job)?;
    let header = header::parse(&header_text)?;
    if args.samples.as_deref() == Some("?") {
        let names = header.sample_names();
        print(&names.iter().map(|name| format!("{}\n", text(name))).collect::<String>())?;
        return Ok(0);
    }
    let samples = match &args.samples {
        Some(asked) => Samples::of(asked, &header)?,
        None => Samples::default(),
    };
    let mut filter = args.filter.filter(&header)?;
    let job = Job { home: &home, row, sums, header_text };
    let written = target.write(|out| match args.format {
        Format::Vcf if !args.assessed => vcf::as_read(&home, (&job.row, &job.sums), &job.header_text, out),
        _ => job.write(args, &mut filter, samples, out),
    });
    match written {
        Ok(counts) => job.tell(args, &filter, counts)?,
        Err(Stop::Quiet) => {}
        Err(Stop::Failed(failure)) => return Err(failure),
    }
    Ok(0)
}

impl Job<'_> {
    fn write(&self, args: &ExportArgs, filter: &mut Filter, samples: Samples, out: Out<'_>) -> Result<Counts, Stop> {
        let Out { to, name, stop } = out;
        let columns = |findings| columns::columns(args.info, args.assessed, findings);
        let about = || about::about(&self.row, &args.command(self.row.job.as_str()));
        let store = &self.home.settings.store;
        let form: Result<Box<dyn Form + '_>, pass::Broken> = match args.format {
            Format::Vcf => vcf::Assessed::new(to, &self.header_text, &about()).map(|form| Box::new(form) as _),
            Format::Tsv => tsv::Tsv::new(to, columns(false), samples).map(|form| Box::new(form) as _),
            Format::Jsonl => Ok(Box::new(jsonl::Jsonl::new(to, columns(true), samples))),
            Format::Parquet => {
                let plan = Plan {
                    job: &self.row.job,
                    metadata: about().into_iter().filter(|(key, _)| *key != "job").collect(),
                    zstd_level: store.zstd_level,
                    row_group_rows_max: store.row_group_rows_max,
                    assessed: args.assessed,
                    samples: Vec::new(),
                };
                self::parquet::Parquet::new(to, plan, samples).map(|form| Box::new(form) as _)
            }
        };
        let form = form.map_err(|broken| broken.at(name))?;
        let concluded = if args.asks_ledger() { Some(Concluded::of(self.home, &self.row.job)?) } else { None };
        Pass { filter, concluded, form, name, stop }.run(self.home, (&self.row, &self.sums), args.texts())
    }

    /// Says on standard error what is not in the file.
    fn tell(&self, args: &ExportArgs, filter: &Filter, counts: Counts) -> Result<(), Failure> {
        let dead = self.sums.dead_letters;
        let mut notes = Vec::new();
        let (records, of_records) = (thousands(counts.records), thousands(counts.of_records));
        if args.filter.is_any() {
            let alleles = match args.format {
                Format::Vcf => String::new(),
                _ => format!(", {} of {} rows", thousands(counts.rows), thousands(counts.of_rows)),
            };
            notes.push(format!("{records} of {of_records} records written{alleles}"));
        }
        notes.extend(filter.undecided());
        if dead > 0 {
            let list = self.home.global.command(&format!("dlq ls {}", self.row.job));
            let written = if notes.is_empty() { format!("{records} records written; ") } else { String::new() };
            notes.push(format!("{written}{} dead letters are not in it: `{list}`", thousands(dead)));
        }
        let answers = &self.sums.answers;
        let pending = self.sums.total.selected.saturating_sub(answers.answered + answers.abstained + answers.dead);
        if args.asks_ledger() && pending > 0 {
            notes.push(format!("{} selected alleles had no answer when it was begun", thousands(pending)));
        }
        notes.iter().for_each(|note| eprintln!("note: {note}"));
        Ok(())
    }
}
