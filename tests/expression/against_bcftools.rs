//! bcftools itself decides about generated files by generated expressions, and must say what is said here: of each
//! record, and of each sample.

use std::path::Path;
use std::process::Command;

use vcf_agent::expression::{Expression, Scratch};

use crate::format;
use crate::generate;
use crate::present::program;
use crate::vcf::Vcf;

/// Files, and expressions for each.
const FILES: u64 = 5;
const EXPRESSIONS: usize = 80;

/// Places of records that pass, with their samples that do.
const FORMAT: &str = "%POS[ %SAMPLE]\\n";

fn bcftools(expression: &str, excludes: bool, file: &Path) -> String {
    let mut query = Command::new("bcftools");
    query.arg("query").args([if excludes { "-e" } else { "-i" }, expression, "-f", FORMAT]).arg(file);
    let out = query.output().unwrap();
    let said = String::from_utf8_lossy(&out.stderr);
    assert!(out.status.success(), "bcftools refuses {expression}: {said}");
    String::from_utf8(out.stdout).unwrap()
}

fn ours(expression: &str, vcf: &Vcf) -> String {
    let parsed = Expression::parse(expression, &vcf.fields).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let mut scratch = Scratch::default();
    let mut out = String::new();
    for (nth, record) in vcf.records().enumerate() {
        let decision = parsed.eval(&record, &mut scratch);
        assert_eq!(decision.undecided, None, "{expression}");
        if decision.site {
            out += &format::print(FORMAT, vcf, nth, |sample| decision.samples.get(sample));
        }
    }
    out
}

/// The records about which the two differ.
fn differences(ours: &str, theirs: &str, vcf: &Vcf) -> String {
    let of = |text: &str, pos: &str| {
        text.lines().find(|line| line.split(' ').next() == Some(pos)).unwrap_or("does not pass").to_owned()
    };
    let mut all = String::new();
    for line in &vcf.lines {
        let pos = line.split('\t').nth(1).unwrap_or_default();
        let (ours, theirs) = (of(ours, pos), of(theirs, pos));
        if ours != theirs {
            all += &format!("{line}\n  ours   {ours}\n  theirs {theirs}\n");
        }
    }
    all
}

#[test]
fn generated_expressions_select_what_bcftools_selects() {
    let test = "generated_expressions_select_what_bcftools_selects";
    if !program(test, "bcftools") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut some = 0;
    for seed in 0..FILES {
        let mut random = fastrand::Rng::with_seed(seed);
        let text = generate::file(&mut random, 40);
        let file = folder.path().join(format!("{seed}.vcf"));
        std::fs::write(&file, &text).unwrap();
        let vcf = Vcf::read(&text, None);
        for _ in 0..EXPRESSIONS {
            let expression = generate::condition(&mut random, 2);
            let theirs = bcftools(&expression, false, &file);
            let ours = ours(&expression, &vcf);
            assert!(ours == theirs, "seed {seed}: {expression}\n{}", differences(&ours, &theirs, &vcf));
            some += usize::from(!theirs.is_empty() && theirs.lines().count() < vcf.lines.len());
        }
    }
    // If nearly all passed everything or nothing, the comparison would say little.
    let all = FILES as usize * EXPRESSIONS;
    assert!(some * 2 > all, "only {some} of {all} expressions tell records apart");
}
