//! `triage test CASES.toml…`: people's own cases, for their CI.

use std::path::Path;

use serde_json::{Value, json};

use super::{TestArgs, question, step_lines, step_objects, triage_name, warning_lines};
use crate::cli::failure::{CASE_FAILED, CONFIG, Failure, Problem};
use crate::cli::render::{json_line, text, thousands};
use crate::cli::{Global, print};
use crate::config::Settings;
use crate::domain::warning::Warnings;
use crate::report;
use crate::triage::cases::{AlleleVerdict, Cases, Verdict};

/// Checks every file; the exit code is the worst of theirs.
///
/// # Errors
/// If standard output cannot be written to.
pub fn run(global: &Global, settings: &Settings, args: &TestArgs) -> Result<u8, Failure> {
    let mut codes = Vec::new();
    for file in &args.files {
        match read(settings, file) {
            Ok(cases) => {
                let (verdicts, warnings) = cases.decide(&question(settings));
                let which = triage_name(global, settings);
                print(&if args.json {
                    json_line(&object(file, &verdicts, &warnings))
                } else {
                    lines(file, &which, &verdicts, &warnings)
                })?;
                codes.push(if verdicts.iter().all(Verdict::is_met) { 0 } else { CASE_FAILED });
            }
            // The other files are checked all the same.
            Err(failure) => {
                failure.print(args.json);
                codes.push(failure.code);
            }
        }
    }
    Ok(report::exit_code(codes))
}

fn read(settings: &Settings, file: &Path) -> Result<Cases, Failure> {
    let place = file.display().to_string();
    let one = |message: String| Failure {
        code: CONFIG,
        errors: vec![Problem { place: Some(place.clone()), message }],
        hint: None,
    };
    let bytes = std::fs::read(file).map_err(|error| one(format!("the cases cannot be read: {error}")))?;
    let toml = String::from_utf8(bytes).map_err(|_| one("not UTF-8 text, so not TOML".into()))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    Cases::read(&toml, folder, &question(settings)).map_err(|problems| {
        let placed = |line: usize| Some(format!("{place}:{line}"));
        let errors = problems.into_iter().map(|p| Problem { place: placed(p.line), message: p.message }).collect();
        Failure { code: CONFIG, errors, hint: None }.hint("docs/triage.md has an example: \"Testing a triage\"")
    })
}

fn failed(verdicts: &[Verdict]) -> usize {
    verdicts.iter().filter(|verdict| !verdict.is_met()).count()
}

fn object(file: &Path, verdicts: &[Verdict], warnings: &Warnings) -> Value {
    let allele = |allele: &AlleleVerdict| {
        json!({
            "allele": allele.allele,
            "expected": allele.expected,
            "got": allele.got,
            "clauses": step_objects(&allele.steps),
        })
    };
    let case = |verdict: &Verdict| {
        json!({
            "name": verdict.name,
            "line": verdict.line,
            "ok": verdict.is_met(),
            "alleles": verdict.alleles.iter().map(allele).collect::<Value>(),
        })
    };
    json!({
        "file": file.display().to_string(),
        "cases": verdicts.iter().map(case).collect::<Value>(),
        "failed": failed(verdicts),
        "warnings": warnings.list(),
    })
}

fn lines(file: &Path, which: &str, verdicts: &[Verdict], warnings: &Warnings) -> String {
    let place = file.display().to_string();
    let mut out = String::new();
    for verdict in verdicts.iter().filter(|verdict| !verdict.is_met()) {
        out += &format!("{}:{}: FAILED {}\n", text(&place), verdict.line, text(&verdict.name));
        for allele in verdict.alleles.iter().filter(|allele| !allele.is_met()) {
            let AlleleVerdict { allele, expected, got, steps } = allele;
            out += &format!("  {}: expected {expected}, got {got}\n", text(allele));
            out += &step_lines(steps, "    ");
        }
    }
    let (all, failed) = (thousands(verdicts.len() as u64), thousands(failed(verdicts) as u64));
    out += &format!("{}: triage {}: {all} cases, {failed} failed\n", text(&place), text(which));
    out + &warning_lines(warnings)
}
