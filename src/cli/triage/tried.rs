//! `triage try FILE…`: counts per clause.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use super::{TryArgs, about, name, open, triage_name, warning_lines};
use crate::cli::failure::{Failure, USAGE};
use crate::cli::render::{json_line, table, text, thousands};
use crate::cli::{Global, print};
use crate::config::Settings;
use crate::report;
use crate::triage::tally::Tally;

/// Counts each file; the exit code is the worst of theirs.
///
/// # Errors
/// If standard input is asked for twice, or standard output cannot be written to.
pub fn run(global: &Global, settings: &Settings, args: &TryArgs) -> Result<u8, Failure> {
    let is_stdin = |file: &&PathBuf| file.as_os_str() == "-";
    if args.files.iter().filter(is_stdin).count() > 1 {
        return Err(Failure::new(USAGE, "standard input (-) can be read only once"));
    }
    let mut codes = Vec::new();
    for file in &args.files {
        match count(settings, file) {
            Ok(tally) => {
                let which = triage_name(global, settings);
                print(&if args.json { json_line(&object(file, &tally)) } else { lines(file, &which, &tally) })?;
                codes.push(0);
            }
            // The other files are counted all the same.
            Err(failure) => {
                failure.print(args.json);
                codes.push(failure.code);
            }
        }
    }
    Ok(report::exit_code(codes))
}

fn count(settings: &Settings, file: &Path) -> Result<Tally, Failure> {
    let scan = open(settings, file)?;
    Tally::of(scan, settings.worker_threads).map_err(|error| about(file, Failure::from(error)))
}

fn object(file: &Path, tally: &Tally) -> Value {
    json!({
        "file": file.display().to_string(),
        "records": tally.records,
        "dead_records": tally.dead_records,
        "alleles": tally.alleles,
        "no_alt": tally.no_alt,
        "rows": tally.rows(),
        "selected": tally.selected,
        "dropped": tally.dropped,
        "warnings": tally.warnings.list(),
    })
}

fn lines(file: &Path, which: &str, tally: &Tally) -> String {
    let mut out = format!("{}: triage {}\n", text(&name(file)), text(which));
    let dead = match tally.dead_records {
        0 => String::new(),
        dead => format!(", {} that a run would make dead letters of", thousands(dead)),
    };
    let cells = |words: [&str; 3]| words.map(str::to_owned).to_vec();
    let mut rows = vec![cells(["clause", "drops", "leaves"]), cells(["", "", &thousands(tally.rows())])];
    for (clause, dropped, left) in tally.steps() {
        rows.push(cells([clause.name, &thousands(dropped), &thousands(left)]));
    }
    rows.push(cells(["selected", "", &thousands(tally.selected)]));
    out += &format!("  {} records{dead}\n", thousands(tally.records));
    table(&rows, &[false, true, true]).lines().for_each(|line| out += &format!("  {line}\n"));
    out + &warning_lines(&tally.warnings)
}
