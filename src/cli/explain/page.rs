//! What is known of a variant, as people read it: one block for the record, one for each allele. Pure.

use serde_json::Value;

use crate::cli::Global;
use crate::cli::render::{cut, shell_word, text, thousands, wrap};
use crate::domain::finding::{Assessment, Basis, Criterion, Finding, Status};
use crate::explain::{Allele, Dead, Explained, Record, TaskState};

/// Where values begin.
const INDENT: usize = 15;

/// Where lines end.
const WIDTH: usize = 100;

/// Characters of INFO that are shown.
const INFO_CHARS_MAX: usize = 240;

/// The whole answer.
pub fn page(found: &Explained, global: &Global) -> String {
    let mut blocks: Vec<String> = found.records.iter().map(|record| block(found, record, global)).collect();
    blocks.extend(found.dead_letters.iter().map(|dead| dead_letter(found, dead, global)));
    if found.is_cut {
        blocks.push(format!("There are more: only the first {} are shown.\n", found.records.len()));
    }
    blocks.join("\n")
}

/// `name` and its value, wrapped.
fn line(out: &mut String, name: &str, value: &str) {
    let mut first = true;
    for part in wrap(&text(value), WIDTH - INDENT) {
        out.push_str(format!("  {:<width$}{part}", if first { name } else { "" }, width = INDENT - 2).trim_end());
        out.push('\n');
        first = false;
    }
}

/// `name` and a command or another thing that is copied, on one line however long.
fn one_line(out: &mut String, name: &str, value: &str) {
    out.push_str(&format!("  {name:<width$}{}\n", text(value), width = INDENT - 2));
}

fn block(found: &Explained, record: &Record, global: &Global) -> String {
    let (chrom, pos) = (text(&record.chrom), record.pos);
    let (reference, alt) = (cut(&text(&record.reference), 40), cut(&text(&record.alt), 60));
    let id = if record.id == "." { String::new() } else { format!("  {}", text(&record.id)) };
    let mut out = format!("{chrom}:{pos}  {reference} > {alt}{id}\n");
    let assembly = found.assembly.as_deref().unwrap_or("unknown");
    line(&mut out, "file", &format!("{}, assembly {assembly}", found.file));
    line(&mut out, "job", &format!("{} {}, revision {}", found.job, found.state, found.revision));
    let offset = record.offset.map(|offset| format!(", byte {}", thousands(offset))).unwrap_or_default();
    line(&mut out, "line", &format!("{}{offset}; record {}, counted from 0", record.line, record.record));
    if let Some(revision) = record.replayed {
        line(&mut out, "", &format!("it was a dead letter, and came with revision {revision} of the receipt"));
    }
    line(&mut out, "columns", &format!("QUAL {}, FILTER {}", record.qual, record.filter));
    line(&mut out, "INFO", &cut(&record.info, INFO_CHARS_MAX));
    found.notices.iter().for_each(|notice| line(&mut out, "note", notice));
    for allele in &record.alleles {
        out.push('\n');
        one_allele(&mut out, found, record, allele, global);
    }
    out
}

fn one_allele(out: &mut String, found: &Explained, record: &Record, allele: &Allele, global: &Global) {
    let alt = cut(&text(&allele.alt), 60);
    out.push_str(&match allele.alt_index {
        0 => "  without ALT\n".to_owned(),
        nth => format!("  allele {nth}: {alt}\n"),
    });
    let place = allele.segment.map(|(segment, row)| format!("row {row} of segment {segment}"));
    let place = place.unwrap_or_else(|| "not in the ledger yet".into());
    let key = format!("ordinal = {} and alt_index = {}", record.record, allele.alt_index);
    line(out, "stored", &format!("{place}; in the rows: {key}"));
    let said: Vec<String> = allele.annotations.iter().map(|(name, value)| format!("{name} {}", plain(value))).collect();
    let said = if said.is_empty() { "the file says nothing of this allele".to_owned() } else { said.join("; ") };
    line(out, "annotations", &said);
    let width = allele.triage.iter().map(|clause| clause.clause.len()).max().unwrap_or(0);
    for (nth, clause) in allele.triage.iter().enumerate() {
        let word = if clause.keeps { "keeps" } else { "DROPS" };
        let name = if nth == 0 { "triage" } else { "" };
        line(out, name, &format!("{word}  {:<width$}  {}", clause.clause, clause.seen));
    }
    task(out, found, allele, global);
    if let Some(assessment) = &allele.task.assessment {
        assessment.findings.iter().for_each(|one| finding(out, one));
        conclusion(out, assessment, allele.task.is_projected);
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What became of the question.
fn task(out: &mut String, found: &Explained, allele: &Allele, global: &Global) {
    let task = &allele.task;
    let providers = found.providers.join(", ");
    let dropped_by = allele.triage.iter().find(|clause| !clause.keeps).map_or("another triage", |clause| clause.clause);
    let selected = match task.state {
        TaskState::NotCommitted => "not known yet: the ledger does not have its segment",
        TaskState::NotSelected => &format!("no: dropped by `{dropped_by}`, so nobody is asked"),
        _ => "yes: every clause keeps it",
    };
    line(out, "selected", selected);
    let run = global.command(&format!("run {}", shell_word(&found.file)));
    match task.state {
        TaskState::NotCommitted => {}
        TaskState::NotSelected if task.assessment.is_some() => {
            line(out, "task", "answered while another triage had selected it; the answer does not count any more");
        }
        TaskState::NotSelected => {}
        TaskState::Pending if found.providers.is_empty() => {
            line(out, "task", "pending: nobody was asked (`analysis.providers` names who is)");
        }
        TaskState::Pending => {
            line(out, "task", &format!("pending: {providers} did not answer yet"));
            one_line(out, "next", &format!("`{run}` goes on asking"));
        }
        TaskState::Answered => line(out, "task", &format!("answered by {providers}")),
        TaskState::Abstained => line(out, "task", &format!("asked of {providers}: the evidence is not enough")),
        TaskState::Dead => {
            let Some(dead) = &task.dead else { return };
            let (provider, reason, attempts) = (&dead.provider, &dead.reason, dead.attempts);
            line(out, "task", &format!("dead: {provider}, {reason} after {attempts} attempts: {}", dead.detail));
            let again = global.command(&format!("dlq replay {} --tasks", found.job));
            one_line(out, "next", &format!("`{again}` makes it wait again, then `{run}` asks"));
        }
    }
}

fn finding(out: &mut String, one: &Finding) {
    let Finding { provider, provider_version, framework, framework_version, points, .. } = one;
    let basis = match one.basis {
        Basis::Criteria => "by the criteria",
        Basis::Record => "as the record says it",
    };
    line(out, "finding", &format!("{}, {basis}; the criteria have {points} points", one.classification));
    line(out, "", &format!("{provider} {provider_version}; {framework} ({framework_version})"));
    one.criteria.iter().for_each(|criterion| a_criterion(out, criterion));
    let codes: Vec<&str> = one.not_assessed.iter().map(|code| code.as_str()).collect();
    if !codes.is_empty() {
        line(out, "not assessed", &format!("{}: they need evidence of another kind", codes.join(", ")));
    }
    line(out, "summary", &one.summary);
    let by = if one.ai_generated { "a model wrote it" } else { "no model wrote it" };
    let research = if one.research_use_only { "; research use only" } else { "" };
    let review = if one.requires_review { "; a person has to look at it" } else { "" };
    line(out, "flags", &format!("{by}{research}{review}"));
}

/// Its share, its strength, the input field on which it rests, and why.
fn a_criterion(out: &mut String, criterion: &Criterion) {
    let code = criterion.code.as_str();
    let status = match (criterion.status, criterion.strength) {
        (Status::Met, Some(strength)) => format!("{:+} {}", criterion.points, strength.as_str().replace('_', " ")),
        (Status::Met, None) => format!("{:+}", criterion.points),
        (Status::NotMet, _) => "not met".to_owned(),
        (Status::NotAssessed, _) => "not assessed".to_owned(),
    };
    let rests_on = criterion.source.as_ref().zip(criterion.value.as_ref());
    let rests_on = rests_on.map(|(source, value)| format!(" [{source} = {}]", cut(value, 80))).unwrap_or_default();
    line(out, &format!("  {code}"), &format!("{status}: {}{rests_on}", criterion.sentence));
}

fn conclusion(out: &mut String, assessment: &Assessment, is_projected: bool) {
    line(out, "assessment", &assessment.sentence());
    for dissent in &assessment.dissent {
        line(out, "", &format!("{} says {}", dissent.provider, dissent.classification));
    }
    let kept = if is_projected { "in the ledger, and in the job's assessments in the store" } else { "in the ledger" };
    line(out, "kept", kept);
}

fn dead_letter(found: &Explained, dead: &Dead, global: &Global) -> String {
    let mut out = format!("record {}: a dead letter, not in the store\n", dead.record);
    line(&mut out, "job", &format!("{} ({}) {}", found.job, found.file, found.state));
    line(&mut out, "line", &format!("{}, byte {}", dead.line, thousands(dead.offset)));
    line(&mut out, "reason", &format!("{}: {}", dead.reason, dead.detail));
    if dead.is_dropped {
        line(&mut out, "dropped", "somebody said that it needs no attention");
    }
    let show = global.command(&format!("dlq show {} {}", found.job, dead.record));
    one_line(&mut out, "next", &format!("`{show}` shows its text"));
    out
}
