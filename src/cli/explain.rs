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
use crate::triage::variant as spelled;

/// How often it is read anew if the job changed meanwhile.
const TRIES: usize = 3;

const HELP: &str = "\
A variant is CHROM:POS (every record there), CHROM:POS:REF:ALT (one allele; also with `-`, `_` or `>` between the parts), an \
ID as of dbSNP, or record:N (`dlq ls` and the column `ordinal` count like that). REF and ALT are as in the file; `1` and `chr1` are \
the same where the file has only one of them. It ends with 64 if no record, stored or dead, is meant; with 75 if none is and the job \
is still running.";

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
    #[arg(value_name = "VARIANT", value_parser = asked)]
    variant: Asked,
    /// One JSON object
    #[arg(long)]
    pub json: bool,
}

/// What a name can mean, in the order in which it is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked {
    first: Variant,
    /// `1-12345-A-T` is a place, and may be an ID.
    otherwise: Option<Variant>,
}

fn asked(name: &str) -> Result<Asked, String> {
    let exact = Variant::parse(name);
    if let Some(first @ (Variant::Place { .. } | Variant::Record(_))) = exact {
        return Ok(Asked { first, otherwise: None });
    }
    // The spellings that `triage explain` reads too.
    let loose = if name.starts_with("record:") { None } else { spelled::Variant::parse(name).ok() };
    match (loose, exact) {
        (Some(spelled::Variant::Place { chrom, pos, alleles }), otherwise) => {
            Ok(Asked { first: Variant::Place { chrom, pos, alleles }, otherwise })
        }
        (_, Some(first)) => Ok(Asked { first, otherwise: None }),
        (_, None) => Err("it is CHROM:POS, CHROM:POS:REF:ALT, an ID as of dbSNP, or record:N".to_owned()),
    }
}

/// Prints what is known.
///
/// # Errors
/// If there is no such job or variant, or ledger or store cannot be read.
pub fn run(global: &Global, args: &ExplainArgs) -> Result<u8, Failure> {
    let home = Home::open(global)??;
    let Asked { first, otherwise } = &args.variant;
    let is_nothing = |found: &Explained| found.records.is_empty() && found.dead_letters.is_empty();
    let (row, mut found) = look(&home, args, first)?;
    if is_nothing(&found) {
        let first = nothing(&home, &row, &found, first);
        let Some(otherwise) = otherwise else { return Err(first) };
        found = look(&home, args, otherwise)?.1;
        if is_nothing(&found) {
            return Err(first);
        }
    }
    print(&if args.json { json_line(&found) } else { page::page(&found, global) })?;
    Ok(0)
}

/// Beside a run rows move from staging to where they are published: then they are looked for once more.
fn look(home: &Home, args: &ExplainArgs, variant: &Variant) -> Result<(JobRow, Explained), Failure> {
    let mut row = home.find(&args.job)?;
    let store = home.store()?;
    for _ in 1..TRIES {
        let found = explain(&home.ledger, &*store, &row, variant);
        let is_empty = found.as_ref().is_ok_and(|found| found.records.is_empty());
        let now = home.ledger.job(&row.job)?.unwrap_or_else(|| row.clone());
        let has_changed = (now.state, now.revision) != (row.state, row.revision);
        match found {
            Ok(found) if !(is_empty && has_changed) => return Ok((row, found)),
            Err(fault) if !row.state.is_running() && !has_changed => return Err(fault.into()),
            _ => row = now,
        }
    }
    let found = explain(&home.ledger, &*store, &row, variant)?;
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
    let hint = match variant {
        Variant::Id(_) => {
            "it was looked for in the column ID; genes and HGVS names are not looked for: give the position, CHROM:POS"
        }
        _ => {
            "POS must be that of the record as it stands in the file; positions inside of a deletion are not looked for"
        }
    };
    Failure::new(USAGE, message).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variant_is_read_in_every_usual_spelling() {
        let place = asked("chr7:140753336:A:T").unwrap();
        for name in [
            "chr7-140753336-A-T",
            "chr7_140753336_A_T",
            "chr7:140753336:A>T",
            "chr7:140,753,336A>T",
            "chr7:g.140753336A>T",
        ] {
            assert_eq!(asked(name).unwrap().first, place.first, "{name}");
        }
        assert_eq!(asked("chr7-140753336-A-T").unwrap().otherwise, Some(Variant::Id("chr7-140753336-A-T".into())));
        assert_eq!(asked("rs334"), Ok(Asked { first: Variant::Id("rs334".into()), otherwise: None }));
        assert_eq!(asked("sv-12").unwrap().first, Variant::Id("sv-12".into()));
        assert_eq!(asked("2:321681:G:G]17:198982]").unwrap().otherwise, None);
        assert!(asked("record:x").is_err() && asked(".").is_err());
    }
}
