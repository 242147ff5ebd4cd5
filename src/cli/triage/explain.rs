//! `triage explain FILE VARIANT`: every clause with what it saw, up to the one that dropped the allele.

use serde_json::{Value, json};

use super::{ExplainArgs, about, open, step_lines, step_objects, warning_lines};
use crate::cli::failure::{Failure, USAGE};
use crate::cli::print;
use crate::cli::render::{json_line, shell_word, text, thousands};
use crate::config::Settings;
use crate::domain::ids::JobId;
use crate::triage::variant::{Found, Sought, Variant};

/// Alleles at the place that a hint names.
const BESIDE_MAX: usize = 5;

/// Explains each allele that is meant, in the order of the file.
///
/// # Errors
/// If the variant is not in the file, or the file cannot be read to its end.
pub fn run(settings: &Settings, args: &ExplainArgs) -> Result<u8, Failure> {
    let variant = Variant::parse(&args.variant).map_err(|message| {
        Failure::new(USAGE, message).hint("CHROM:POS, CHROM:POS:REF:ALT (also with `-`, `_` or `>`), or an ID")
    })?;
    let scan = open(settings, &args.file).map_err(|failure| of_a_job(args, failure))?;
    let warnings = scan.warnings().clone();
    let parts = scan.each(settings.worker_threads, |sought: &mut Sought, selector, parsed| {
        sought.see(&variant, selector, parsed);
    });
    let mut sought = Sought::default();
    parts.map_err(|error| about(&args.file, Failure::from(error)))?.into_iter().for_each(|part| sought.join(part));
    if sought.found.is_empty() {
        return Err(about(&args.file, not_found(&variant, &sought)));
    }
    let mut out = String::new();
    for found in &sought.found {
        out += &if args.json { json_line(&object(found)) } else { lines(found) };
    }
    if !args.json {
        out += &warning_lines(&warnings);
    }
    print(&out)?;
    Ok(0)
}

/// Who names a job means another command.
fn of_a_job(args: &ExplainArgs, failure: Failure) -> Failure {
    let name = args.file.to_string_lossy();
    let is_job = (name == "last" || JobId::parse(&name).is_some()) && !args.file.exists();
    if !is_job {
        return failure;
    }
    let variant = shell_word(&args.variant);
    failure.hint(format!("this command reads a file; of a job: `vcf-agent explain {name} {variant}`"))
}

fn not_found(variant: &Variant, sought: &Sought) -> Failure {
    if let Some((line, reason, detail)) = sought.dead.first() {
        return Failure::new(
            USAGE,
            format!("line {} names {variant}, but is no sound record: {detail} ({reason})", thousands(*line)),
        )
        .hint("a run makes a dead letter of it: `vcf-agent dlq show` and `dlq replay --edit`");
    }
    let failure = Failure::new(USAGE, format!("no record is {variant}"));
    let beside: Vec<String> =
        sought.beside.iter().take(BESIDE_MAX).map(|(reference, alt)| format!("{reference}>{alt}")).collect();
    match variant {
        Variant::Id(_) => failure.hint("the ID column does not name it; its place is found whatever the ID: CHROM:POS"),
        Variant::Place { .. } if beside.is_empty() => failure.hint(
            "POS is that of the file's own line (1-based, an indel begins one base before), on the file's assembly",
        ),
        Variant::Place { .. } => failure.hint(format!("at this place the file has {}", beside.join(", "))),
    }
}

fn object(found: &Found) -> Value {
    let [chrom, pos, id, reference, alt] = &found.columns;
    json!({
        "record": found.record,
        "line": found.line,
        "chrom": chrom,
        "pos": pos.parse::<i64>().ok(),
        "id": id,
        "ref": reference,
        "alt": alt,
        "alt_index": found.alt_index,
        "selected": found.dropped_by().is_none(),
        "dropped_by": found.dropped_by(),
        "clauses": step_objects(&found.steps),
    })
}

fn lines(found: &Found) -> String {
    let [chrom, pos, id, reference, alt] = &found.columns;
    let outcome = match found.dropped_by() {
        Some(clause) => format!("dropped by {clause}"),
        None => "selected".into(),
    };
    let head = format!("{chrom}:{pos} {reference}>{alt}  {id}  line {}: {outcome}", thousands(found.line as u64));
    format!("{}\n{}", text(&head), step_lines(&found.steps, "  "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_there_is_a_usage_error_that_says_what_is() {
        let place = Variant::parse("chr1:5:A:T").unwrap();
        let beside = Sought { beside: vec![("A".into(), "C".into())], ..Sought::default() };
        let failure = not_found(&place, &beside);
        assert_eq!((failure.code, failure.hint.as_deref()), (64, Some("at this place the file has A>C")));
        let dead = Sought { dead: vec![(7, "ref_missing".into(), "REF is `.`".into())], ..beside };
        assert!(not_found(&place, &dead).errors[0].message.contains("line 7 names chr1:5 A>T"));
    }
}
