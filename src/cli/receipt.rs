//! `receipt JOB|FILE|last`: the proof, made again each time. The certificate comes from a fresh scan of the store, never from
//! what was stored with the job; `--deep` also writes every record again and counts the ledger's segments again.

use clap::Args;
use serde::Serialize;

use super::failure::{AGAIN, Failure, NO_PROOF};
use super::home::Home;
use super::lines::rewrite;
use super::render::{self, json_line, text, thousands};
use super::{Global, dlq, print};
use crate::delivery::job::JobState;
use crate::domain::dead::DeadStage;
use crate::domain::digest::DigestSum;
use crate::domain::ids::JobId;
use crate::domain::receipt::Receipt;
use crate::fault::Fault;
use crate::ledger::{JobRow, JobSums};
use crate::report;
use crate::stores::Store;

/// Arguments of `receipt`.
#[derive(Debug, Args)]
pub struct ReceiptArgs {
    /// A job's id (or its beginning), a VCF file, or `last`
    #[arg(value_name = "JOB|FILE|last", default_value = "last")]
    job: String,
    /// Also write every record again from the store, compare it with the text that was read, and recount the ledger
    #[arg(long)]
    deep: bool,
    /// One JSON object, as `run --json` prints it; with --deep it has an object `deep`
    #[arg(long)]
    pub json: bool,
}

/// A receipt whose certificate was made just now.
struct Proof {
    row: JobRow,
    sums: JobSums,
    receipt: Receipt,
    /// Why the store's rows could not be scanned.
    unreadable: Option<Fault>,
}

/// What `--deep` found.
#[derive(Debug, Serialize)]
struct Deep {
    /// Records written again from the store.
    records: u64,
    /// Sum of their line digests.
    line_digest_sum: DigestSum,
    /// The parser's sum, less the dead.
    expected_line_digest_sum: Option<DigestSum>,
    /// Committed segments counted again.
    segments: u64,
    /// What differs, in words.
    faults: Vec<String>,
    /// Whether nothing does.
    holds: bool,
}

/// A receipt and what `--deep` adds to it.
#[derive(Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    receipt: &'a Receipt,
    #[serde(skip_serializing_if = "Option::is_none")]
    deep: Option<&'a Deep>,
}

/// Prints the proof; the exit code says whether it holds.
///
/// # Errors
/// If there is no such job, or the ledger cannot be read.
pub fn run(global: &Global, args: &ReceiptArgs) -> Result<u8, Failure> {
    let home = Home::open(global)??;
    let store = home.store()?;
    let proof = prove(&home, &*store, home.find(&args.job)?)?;
    let is_complete = proof.row.state == JobState::Complete;
    let deep = if args.deep && is_complete { Some(prove_deeply(&home, &*store, &proof)?) } else { None };
    if args.json {
        print(&json_line(&Printed { receipt: &proof.receipt, deep: deep.as_ref() }))?;
    } else {
        let shown = render::receipt(&proof.receipt, &next_steps(global, &proof.receipt, &*store));
        print(&(shown + &deep.as_ref().map(show_deep).unwrap_or_default()))?;
    }
    if args.deep && !is_complete {
        eprintln!("note: --deep needs a job that is COMPLETE; this one is {}", proof.row.state);
    }
    Ok(verdict(&proof, deep.as_ref()))
}

/// Says on standard error what does not add up; returns the exit code.
fn verdict(proof: &Proof, deep: Option<&Deep>) -> u8 {
    let code = proof.receipt.exit_code();
    let unreadable = proof.unreadable.iter().map(|fault| format!("the stored rows cannot be read: {fault}"));
    let faults = if code == NO_PROOF { proof.receipt.faults() } else { Vec::new() };
    let wrong: Vec<String> = unreadable.chain(faults).chain(deep.iter().flat_map(|d| d.faults.clone())).collect();
    wrong.iter().for_each(|wrong| eprintln!("error: {}: {}", proof.row.job, text(wrong)));
    if wrong.is_empty() { code } else { NO_PROOF }
}

/// Scans the store of a complete job. A job that is replaced or deleted meanwhile is looked at once more.
fn prove(home: &Home, store: &dyn Store, mut row: JobRow) -> Result<Proof, Failure> {
    loop {
        let sums = home.ledger.sums(&row.job)?;
        // Beside a run that selects anew: the row and its sums must be of one revision.
        if let Some(now) = home.ledger.job(&row.job)?
            && now.revision != row.revision
        {
            row = now;
            continue;
        }
        let mut receipt = report::receipt(&row, &sums);
        if row.state != JobState::Complete {
            return Ok(Proof { row, sums, receipt, unreadable: None });
        }
        let (certificate, unreadable) = match store.scan(&row.job) {
            Ok(scan) => (report::certify(&row, &sums, &scan), None),
            Err(fault) => (None, Some(fault)),
        };
        let is_proven = certificate.is_some_and(|certificate| certificate.holds);
        if !is_proven
            && let Some(now) = home.ledger.job(&row.job)?
            && (now.state != row.state || now.revision != row.revision)
        {
            row = now;
            continue;
        }
        if !is_proven && !home.ledger.replays_begun(Some(&row.job))?.is_empty() {
            // Its rows may be visible already; the ledger says so only afterwards.
            let message = format!("dead letters of job {} are being replayed", row.job);
            let hint = "ask again; if nothing runs, the next `vcf-agent run` or `vcf-agent dlq replay` finishes it";
            return Err(Failure::new(AGAIN, message).hint(hint));
        }
        receipt.certificate = certificate;
        return Ok(Proof { row, sums, receipt, unreadable });
    }
}

fn prove_deeply(home: &Home, store: &dyn Store, proof: &Proof) -> Result<Deep, Failure> {
    let mut faults = Vec::new();
    let written = rewrite(store, &proof.row.job, &mut |_| Ok(())).unwrap_or_else(|fault| {
        faults.push(format!("the records cannot be written again: {fault}"));
        Default::default()
    });
    let expected = report::expected_line_digest_sum(&proof.row, &proof.sums);
    if faults.is_empty() && expected != Some(written.line_digest_sum) {
        let sum = expected.map_or("unknown".to_owned(), |sum| sum.to_string());
        faults
            .push(format!("line digest sum of the records written again: {}, expected {sum}", written.line_digest_sum));
    }
    let recounted = recount(home, &proof.row)?;
    faults.extend(differences(&recounted, &proof.sums));
    Ok(Deep {
        records: written.records,
        line_digest_sum: written.line_digest_sum,
        expected_line_digest_sum: expected,
        segments: u64::from(recounted.segments),
        holds: faults.is_empty(),
        faults,
    })
}

/// The sums over a job's segments and dead letters, from the rows themselves.
fn recount(home: &Home, row: &JobRow) -> Result<JobSums, Failure> {
    let mut sums = JobSums::default();
    let total = row.end.as_ref().map_or(0, |end| end.segments);
    for number in 0..total {
        let Some(one) = home.ledger.segment(&row.job, number)? else { continue };
        let all = &mut sums.total;
        sums.segments += 1;
        all.records += one.records;
        all.dead_records += one.dead_records;
        all.alleles += one.alleles;
        all.no_alt += one.no_alt;
        all.rows += one.rows;
        all.selected += one.selected;
        all.digest_sum.add(one.digest_sum.0);
        all.line_digest_sum.add(one.line_digest_sum.0);
        for (clause, n) in one.dropped {
            match all.dropped.iter_mut().find(|(known, _)| *known == clause) {
                Some((_, sum)) => *sum += n,
                None => all.dropped.push((clause, n)),
            }
        }
    }
    dlq::pages(&home.ledger, &row.job, &mut |page| {
        for dead in page {
            sums.dead_letters += 1;
            if dead.stage == DeadStage::Store {
                sums.dead_rows += u64::from(dead.rows);
                sums.dead_digest_sum.add(dead.digest_sum.0);
                sums.dead_line_digest_sum.add(dead.line_digest.0);
            }
        }
        let (Some(first), Some(last)) = (page.first(), page.last()) else { return Ok(true) };
        let notes = home.ledger.notes(&row.job, first.ordinal, last.ordinal)?;
        sums.dropped_dead += notes.values().filter(|note| note.dropped.is_some()).count() as u64;
        Ok(true)
    })?;
    let mut from = 0;
    loop {
        let page = home.ledger.replayed(&row.job, from, dlq::PAGE)?;
        let Some(last) = page.last() else { return Ok(sums) };
        from = last.letter.ordinal + 1;
        page.iter().for_each(|former| sums.replayed.add(&former.replayed, former.letter.stage));
    }
}

/// Every sum in which a recount differs from the ledger's own.
fn differences(recounted: &JobSums, ledger: &JobSums) -> Vec<String> {
    let sums = |s: &JobSums| {
        let mut dropped = s.total.dropped.clone();
        dropped.retain(|(_, n)| *n > 0);
        dropped.sort();
        vec![
            ("segments", s.segments.to_string()),
            ("records", s.total.records.to_string()),
            ("dead_records", s.total.dead_records.to_string()),
            ("alleles", s.total.alleles.to_string()),
            ("no_alt", s.total.no_alt.to_string()),
            ("rows", s.total.rows.to_string()),
            ("digest_sum", s.total.digest_sum.to_string()),
            ("line_digest_sum", s.total.line_digest_sum.to_string()),
            ("selected", s.total.selected.to_string()),
            ("dropped", format!("{dropped:?}")),
            ("dead_letters", s.dead_letters.to_string()),
            ("dead_rows", s.dead_rows.to_string()),
            ("dead_digest_sum", s.dead_digest_sum.to_string()),
            ("dead_line_digest_sum", s.dead_line_digest_sum.to_string()),
            ("dropped_dead", s.dropped_dead.to_string()),
            ("replayed", format!("{:?}", s.replayed)),
        ]
    };
    let pairs = sums(recounted).into_iter().zip(sums(ledger));
    pairs
        .filter(|((_, counted), (_, kept))| counted != kept)
        .map(|((name, counted), (_, kept))| format!("{name} in the ledger: {kept} in total, {counted} counted again"))
        .collect()
}

fn show_deep(deep: &Deep) -> String {
    let verdict = if deep.holds { "holds" } else { "DOES NOT HOLD" };
    let (records, segments) = (thousands(deep.records), thousands(deep.segments));
    format!(
        "  {:<12} {verdict}: {records} records written again, line digest sum {}; {segments} segments recounted\n",
        "deep", deep.line_digest_sum
    )
}

/// What the reader of a receipt can do next.
pub fn next_steps(global: &Global, receipt: &Receipt, store: &dyn Store) -> Vec<String> {
    let Some(job) = receipt.job.as_deref().and_then(JobId::parse) else { return Vec::new() };
    let mut steps = Vec::new();
    if receipt.dead_records + receipt.dead_rows > 0 {
        // Where all of them were dropped, the plain list is empty.
        let all = if receipt.open_dead() == 0 { " --all" } else { "" };
        steps.push(format!("`{}` lists what is not stored, and why", global.command(&format!("dlq ls {job}{all}"))));
    }
    if receipt.dead_tasks > 0 {
        let again = global.command(&format!("dlq replay {job} --tasks"));
        steps
            .push(format!("`{again}` makes the alleles without an answer wait again; `dlq ls` says why there is none"));
    }
    match receipt.state.as_str() {
        "COMPLETE" => {
            if receipt.stored > 0 {
                let explain = global.command(&format!("explain {job} CHROM:POS"));
                steps.push(format!("`{explain}` tells why an allele was selected or not, and what was concluded"));
            }
            steps.extend(store.query(&job));
            steps.push(format!("`{}` proves it again", global.command(&format!("receipt {job} --deep"))));
            steps.push(format!("`{}` writes it as VCF", global.command(&format!("export {job} -o FILE.vcf"))));
        }
        "OPEN" | "STALLED" | "PUBLISHING" if receipt.file != "-" => {
            let file = render::shell_word(&receipt.file);
            steps.push(format!("`{}` goes on where it stopped", global.command(&format!("run {file}"))));
        }
        _ => {}
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_recount_that_differs_names_the_sum() {
        let mut ledger = JobSums { segments: 2, dead_rows: 1, ..Default::default() };
        ledger.total.dropped = vec![("qual".into(), 2), ("filter".into(), 0), ("no_alt".into(), 1)];
        let mut recounted = ledger.clone();
        recounted.total.dropped = vec![("no_alt".into(), 1), ("qual".into(), 2)];
        assert_eq!(differences(&recounted, &ledger), Vec::<String>::new());
        recounted.total.digest_sum.add(1);
        recounted.dead_rows = 0;
        let names: Vec<String> = differences(&recounted, &ledger)
            .iter()
            .map(|d| d.split(' ').next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(names, ["digest_sum", "dead_rows"]);
    }
}
