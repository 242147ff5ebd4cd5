//! What each addition costs, as a ratio to the same without it, alternating: annotation columns, triage, an expression, left alignment,
//! answers. And the commands that read without a run: `triage try` and `export`.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::generate::{self, Recipe};
use crate::measure::{Outcome, measured, median};

/// One thing that is compared: a name, and how the command is made for a fresh data directory.
struct Case<'c> {
    name: &'c str,
    file: PathBuf,
    /// TOML of its configuration.
    config: &'c str,
    reference: Option<PathBuf>,
}

/// Prints the tables.
pub fn run(quick: bool, runs: usize, cache: &Path) {
    let made = |recipe: &Recipe| generate::make(recipe, cache).path;
    let annotated = generate::annotated(quick);
    let (mute, said) = (made(&annotated[0]), made(&annotated[1]));
    let records = annotated[0].records;
    println!(
        "\n| addition, {records} records | wall s | CPU s | peak MiB | wall against without | CPU against without |\n|---|---|---|---|---|---|"
    );
    let nothing = "[triage]\nuse = \"nothing\"\n";
    let unanswered = format!("[analysis]\nproviders = []\n{FULL_TRIAGE}");
    let case = |name, file: &PathBuf, config| Case { name, file: file.clone(), config, reference: None };
    compare(
        &[
            case("one sample, annotated, nobody reads the annotations", &mute, nothing),
            case("the same, annotation columns", &said, nothing),
            case("the same, triage by default and rules", &said, ""),
            case("the same, every clause of triage", &said, &unanswered),
            case("the same, every clause of triage and rules", &said, FULL_TRIAGE),
        ],
        runs,
        cache,
    );
    let sites = generate::recipes(quick).remove(0);
    let file = made(&sites);
    compare(
        &[
            case("sites only", &file, nothing),
            case(
                "the same, an expression",
                &file,
                "[analysis]\nproviders = []\n[triage]\nexpression = \"INFO/AF<0.01 && QUAL>30 && FILTER=\\\"PASS\\\"\"\n",
            ),
        ],
        runs,
        cache,
    );
    let indels = generate::indels(quick);
    let (file, reference) = (made(&indels), generate::reference(&indels, cache));
    compare(
        &[
            case("one in five an insertion or deletion", &file, nothing),
            Case {
                reference: Some(reference),
                ..case("the same, left-aligned by a reference of 100 Mb", &file, nothing)
            },
        ],
        runs,
        cache,
    );
    answers(&said, records, cache);
    reading(&made(&sites), sites.records, runs, cache);
}

const FULL_TRIAGE: &str = "[triage]\nfilter = [\"PASS\", \".\"]\nexpression = \"QUAL>30 && FMT/GQ>10\"\n[triage.qual]\nmin = 20\n\
     [triage.genotype]\nsample = \"#1\"\ngq_min = 10\n[triage.allele_frequency]\nmax = 0.01\n\
     [triage.effect]\nimpact = [\"HIGH\", \"MODERATE\"]\nconsequence = [\"splice_region_variant\"]\n";

fn compare(cases: &[Case<'_>], runs: usize, cache: &Path) {
    let mut outcomes: Vec<Vec<Outcome>> = cases.iter().map(|_| Vec::new()).collect();
    for _ in 0..runs {
        for (case, outcomes) in cases.iter().zip(&mut outcomes) {
            let place = tempfile::Builder::new().prefix("run-").tempdir_in(cache).expect("a folder beside the files");
            outcomes.push(run_case(case, place.path()).0);
        }
    }
    let wall = |of: &[Outcome]| median(of, |run| run.wall_s);
    let cpu = |of: &[Outcome]| median(of, |run| run.cpu_s);
    for (case, ours) in cases.iter().zip(&outcomes) {
        let peak = ours.iter().map(|run| run.peak_mib).fold(0.0, f64::max);
        println!(
            "| {} | {:.2} | {:.2} | {peak:.0} | {:.2} | {:.2} |",
            case.name,
            wall(ours),
            cpu(ours),
            wall(ours) / wall(&outcomes[0]),
            cpu(ours) / cpu(&outcomes[0]),
        );
    }
}

/// One run into the data directory `place/data`; its receipt.
fn run_case(case: &Case<'_>, place: &Path) -> (Outcome, Value) {
    let (config, receipt) = (place.join("bench.toml"), place.join("receipt.json"));
    std::fs::write(&config, case.config).expect("a configuration");
    let out = std::fs::File::create(&receipt).expect("a file for the receipt");
    let mut command = Command::new(env!("CARGO_BIN_EXE_vcf-agent"));
    command.args(["run", "--json", "--config"]).arg(&config).arg("--data-dir").arg(place.join("data"));
    if let Some(reference) = &case.reference {
        command.arg("--reference").arg(reference);
    }
    let (outcome, success) = measured(command.arg(&case.file).stdin(Stdio::null()).stdout(out));
    let text = std::fs::read_to_string(receipt).expect("the receipt is there");
    assert!(success, "vcf-agent failed: {text}");
    (outcome, serde_json::from_str(&text).expect("a receipt"))
}

/// All alleles are selected: stored first, then answered by a second run, which also proves the first again.
fn answers(file: &Path, records: u64, cache: &Path) {
    let all = "[triage]\nfilter = [\"PASS\"]\n";
    let nobody = "[triage]\nfilter = [\"PASS\"]\n[analysis]\nproviders = []\n";
    let case = |config| Case { name: "", file: file.to_owned(), config, reference: None };
    let place = |prefix| tempfile::Builder::new().prefix(prefix).tempdir_in(cache).expect("a folder");
    let (stored, with_answers) = (place("stored-"), place("answered-"));
    let (store, receipt) = run_case(&case(nobody), stored.path());
    assert_eq!(receipt["pending"].as_u64(), Some(records), "{receipt}");
    let (answer, receipt) = run_case(&case(all), stored.path());
    assert_eq!((receipt["pending"].as_u64(), receipt["selected"].as_u64()), (Some(0), Some(records)), "{receipt}");
    let (together, receipt_together) = run_case(&case(all), with_answers.path());
    let rate = |receipt: &Value| receipt["stored_per_second"].as_f64().unwrap_or(0.0);
    println!(
        "\n{records} selected alleles: stored alone in {:.2} s ({:.0} rows/s), answered by `rules` in {:.2} s ({:.0} tasks/s, {:.2} CPU s, peak {:.0} MiB); \
         in one run {:.2} s (rows stored at {:.0} a second, {:.2} of alone; peak {:.0} MiB)",
        store.wall_s,
        rate(&receipt),
        answer.wall_s,
        records as f64 / answer.wall_s,
        answer.cpu_s,
        answer.peak_mib,
        together.wall_s,
        rate(&receipt_together),
        rate(&receipt_together) / rate(&receipt),
        together.peak_mib
    );
}

/// `triage try`, and `export` against bcftools writing the same as plain text.
fn reading(file: &Path, records: u64, runs: usize, cache: &Path) {
    let place = tempfile::Builder::new().prefix("read-").tempdir_in(cache).expect("a folder");
    let case = Case { name: "", file: file.to_owned(), config: "[triage]\nuse = \"nothing\"\n", reference: None };
    run_case(&case, place.path());
    let (mut tried, mut ours, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let config = place.path().join("try.toml");
        std::fs::write(&config, "[triage]\nfilter = [\"PASS\"]\n[triage.qual]\nmin = 100\n").expect("a configuration");
        let mut command = Command::new(env!("CARGO_BIN_EXE_vcf-agent"));
        command.args(["triage", "try", "--json", "--config"]).arg(config).arg(file);
        tried.push(quiet(&mut command));
        let mut command = Command::new(env!("CARGO_BIN_EXE_vcf-agent"));
        command.args(["export", "last", "-o"]).arg(place.path().join("ours.vcf"));
        ours.push(quiet(command.arg("--data-dir").arg(place.path().join("data"))));
        let mut command = Command::new("bcftools");
        command.arg("view").arg(file).arg("-o").arg(place.path().join("theirs.vcf"));
        theirs.push(quiet(&mut command));
    }
    let cpu = |of: &[Outcome]| median(of, |run| run.cpu_s);
    let wall = |of: &[Outcome]| median(of, |run| run.wall_s);
    println!("\n`triage try`: {:.2} s, {:.0} records per CPU second", wall(&tried), records as f64 / cpu(&tried));
    println!(
        "\n`export --format vcf`: {:.2} s, {:.2} of `bcftools view` (plain text, {:.2} s)",
        wall(&ours),
        wall(&ours) / wall(&theirs),
        wall(&theirs)
    );
}

fn quiet(command: &mut Command) -> Outcome {
    let (outcome, success) = measured(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()));
    assert!(success, "{command:?} failed");
    outcome
}
