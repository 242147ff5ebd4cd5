//! Speed and memory of the whole `vcf-agent run` (durable, certified, file digest included) against `bcftools view -Ob`, on
//! the same generated files, alternating, in fresh processes. Prints markdown.
//!
//! `just bench-ingest [--quick] [--runs N] [--only NAME]`. Files are kept in the cache folder
//! (`$VCF_AGENT_BENCH_DIR`, else `vcf-agent/bench` in the user's cache) and made anew if their recipe changes.

mod additions;
mod generate;
mod measure;
mod one_core;
mod pipe;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use generate::{Made, Recipe};
use measure::{Outcome, median};

struct Options {
    quick: bool,
    runs: usize,
    only: Option<String>,
}

impl Options {
    fn from_arguments() -> Self {
        let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
        let after = |flag: &str| words.iter().position(|word| word == flag).and_then(|at| words.get(at + 1)).cloned();
        let quick = words.iter().any(|word| word == "--quick");
        let runs = after("--runs").and_then(|n| n.parse().ok()).unwrap_or(if quick { 3 } else { 5 });
        Self { quick, runs, only: after("--only") }
    }

    fn wants(&self, name: &str) -> bool {
        self.only.as_ref().is_none_or(|only| name.contains(only.as_str()))
    }
}

/// Where generated files are kept.
fn cache() -> PathBuf {
    if let Some(folder) = std::env::var_os("VCF_AGENT_BENCH_DIR") {
        return folder.into();
    }
    let home = || std::env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache"));
    let base = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from).or_else(home).unwrap_or_else(std::env::temp_dir);
    base.join("vcf-agent").join("bench")
}

fn main() {
    let options = Options::from_arguments();
    let cache = cache();
    std::fs::create_dir_all(&cache).expect("the cache folder can be made");
    println!("# bench-ingest\n");
    println!(
        "{} cores, {} runs each, medians of wall time; processor time is user and system of all threads.\n",
        cores(),
        options.runs
    );
    let rivals = rivals();
    header();
    let mut made_files = Vec::new();
    for recipe in generate::recipes(options.quick).into_iter().filter(|recipe| options.wants(recipe.name)) {
        let made = generate::make(&recipe, &cache);
        compare(&recipe, &made, &rivals, options.runs, &cache);
        made_files.push((recipe, made));
    }
    for (recipe, made) in &made_files {
        one_core::run(recipe, made, options.runs);
    }
    if options.wants("additions") {
        additions::run(options.quick, options.runs, &cache);
    }
    if options.wants("pipe") {
        pipe::run(options.quick, &cache);
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// What is compared: a name and bcftools' arguments.
fn rivals() -> Vec<(&'static str, Vec<&'static str>)> {
    let there = Command::new("bcftools").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok();
    if !there {
        println!("bcftools is not installed: no comparison.\n");
        return Vec::new();
    }
    vec![
        ("bcftools -Ob --threads 2", vec!["view", "-Ob", "--threads", "2"]),
        ("bcftools -Ob -l1 --threads 2", vec!["view", "-Ob", "-l1", "--threads", "2"]),
    ]
}

fn header() {
    println!("| file | what | wall s (min–max) | CPU s | records/s | peak MiB | against -Ob | bytes/row |");
    println!("|---|---|---|---|---|---|---|---|");
}

fn compare(recipe: &Recipe, made: &Made, rivals: &[(&str, Vec<&str>)], runs: usize, cache: &Path) {
    let mut ours = Vec::new();
    let mut theirs: Vec<Vec<Outcome>> = rivals.iter().map(|_| Vec::new()).collect();
    let mut bytes_per_row = 0.0;
    for _ in 0..runs {
        let place = tempfile::Builder::new().prefix("run-").tempdir_in(cache).expect("a folder beside the files");
        let (outcome, bytes) = measure::vcf_agent(&made.path, place.path(), recipe.records);
        bytes_per_row = bytes;
        ours.push(outcome);
        for (nth, (_, arguments)) in rivals.iter().enumerate() {
            theirs[nth].extend(measure::bcftools(arguments, &made.path, place.path()));
        }
    }
    let yardstick = theirs.first().filter(|runs| !runs.is_empty()).map(|runs| median(runs, |run| run.wall_s));
    row(recipe, "vcf-agent run", &ours, yardstick, Some(bytes_per_row));
    for ((name, _), outcomes) in rivals.iter().zip(&theirs) {
        if outcomes.is_empty() {
            println!("| {} | {name} | refused the file | | | | | |", recipe.name);
        } else {
            row(recipe, name, outcomes, yardstick, None);
        }
    }
}

fn row(recipe: &Recipe, what: &str, outcomes: &[Outcome], yardstick: Option<f64>, bytes_per_row: Option<f64>) {
    let wall = median(outcomes, |run| run.wall_s);
    let walls = outcomes.iter().map(|run| run.wall_s);
    let (min, max) = (walls.clone().fold(f64::MAX, f64::min), walls.fold(0.0, f64::max));
    let peak = outcomes.iter().map(|run| run.peak_mib).fold(0.0, f64::max);
    println!(
        "| {} | {what} | {wall:.2} ({min:.2}–{max:.2}) | {:.2} | {:.0} | {peak:.0} | {} | {} |",
        recipe.name,
        median(outcomes, |run| run.cpu_s),
        recipe.records as f64 / wall,
        yardstick.map_or("–".into(), |theirs| format!("{:.2}", wall / theirs)),
        bytes_per_row.map_or(String::new(), |bytes| format!("{bytes:.1}")),
    );
}
