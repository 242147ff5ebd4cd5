//! What comes out is what went in: field by field, byte by byte, for every record that is not dead.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use vcf_agent::domain::ids::JobId;
use vcf_agent::ledger::LedgerReader;

use crate::harness::{Place, adds_up, string};
use crate::oracle::{data_lines, text_of};
use crate::present::program;

/// 1-based lines of the job's dead letters.
fn dead_lines(place: &Place, job: &str) -> BTreeSet<u64> {
    let (reader, job) = (LedgerReader::open(&place.data()).unwrap(), JobId::parse(job).unwrap());
    reader.dead_letters(&job, 0, 200_000).unwrap().iter().map(|dead| dead.line).collect()
}

/// Demands that the job's export has the lines of `file`, less the dead, in order.
pub fn check(place: &Place, job: &str, file: &Path) {
    compare(place, job, &write(place, job), &text_of(file));
}

/// The job's export; it stays in the place as `JOB.out.vcf`.
pub fn write(place: &Place, job: &str) -> Vec<u8> {
    let exported = place.path(&format!("{job}.out.vcf"));
    let stdout = fs::File::create(&exported).unwrap();
    let mut command = place.command();
    command.args(["export", job, "--format", "vcf"]).stdout(stdout).stderr(Stdio::piped());
    let said = command.output().unwrap();
    assert!(said.status.success(), "{job}: {}", String::from_utf8_lossy(&said.stderr));
    fs::read(exported).unwrap()
}

/// Demands that an export has the lines of a text, less the dead, in order.
pub fn compare(place: &Place, job: &str, exported: &[u8], text: &[u8]) {
    let dead = dead_lines(place, job);
    let before = data_lines(text).into_iter().filter(|(number, _)| !dead.contains(number)).map(|(_, line)| line);
    let mut after = data_lines(exported).into_iter().map(|(_, line)| line);
    for (nth, line) in before.enumerate() {
        let out = after.next().unwrap_or_else(|| panic!("{job}: record {nth} is missing"));
        let cut = |line: &[u8]| String::from_utf8_lossy(&line[..line.len().min(200)]).into_owned();
        assert!(out == line, "{job}: record {nth}\n in {}\nout {}", cut(line), cut(out));
    }
    assert_eq!(after.count(), 0, "{job}: more records than went in");
}

/// What bcftools makes of a BCF.
pub fn bcftools_text(file: &Path) -> Vec<u8> {
    let said = Command::new("bcftools").args(["view", "--no-version"]).arg(file).output().unwrap();
    assert!(said.status.success(), "{}: {}", file.display(), String::from_utf8_lossy(&said.stderr));
    said.stdout
}

/// Whether bcftools reads a file to its end.
pub fn bcftools_accepts(file: &Path) -> bool {
    let mut view = Command::new("bcftools");
    view.args(["view", "-Ou", "-o", "/dev/null"]).arg(file).stdout(Stdio::null()).stderr(Stdio::null());
    view.status().unwrap().success()
}

#[test]
fn the_examples_come_out_as_they_went_in_and_bcftools_takes_them() {
    let place = Place::new();
    for (name, code) in [("tour.vcf", 0), ("broken.vcf", 3)] {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples").join(name);
        let receipt = place.run(&file).expect(code).object();
        adds_up(&receipt);
        check(&place, string(&receipt, "job"), &file);
    }
    if program("the_examples_come_out_as_they_went_in_and_bcftools_takes_them: bcftools", "bcftools") {
        let out = crate::oracle::entries(place.data().parent().unwrap());
        let exports: Vec<_> = out.iter().filter(|path| path.to_string_lossy().ends_with(".out.vcf")).collect();
        assert_eq!(exports.len(), 2);
        assert!(exports.iter().all(|path| bcftools_accepts(path)), "{exports:?}");
    }
}

#[test]
fn odd_but_sound_lines_come_out_as_they_went_in() {
    let place = Place::new();
    let head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tA\tB\n";
    let long = "ACGT".repeat(40_000);
    let lines = [
        "1\t007\t.\ta\tc\t1e2\tPASS\tDP=1;;AF=.5\tGT\t0/1\t./.",
        "1\t8\t\tA\tC,<DEL>,*,]2:3]A\t30.00\t\t\tGT\t0/1\t1|2",
        "1\t8\tx;y\tA\t.\tNaN\tq10;s50\t.\tGT:AD\t0\t.",
        "1\t0\t.\tN\t<NON_REF>\t-1\t.\tEND=5\tGT\t0/0\t0/0",
        "chr weird\t9\t.\tA\tC,C\t.\t.\tDB=0;DB\tGT\t0/1\t0/1",
    ];
    let mut text = head.to_owned();
    lines.iter().for_each(|line| text.push_str(&format!("{line}\n")));
    text.push_str(&format!("2\t5\t.\t{long}\tA,{long}C\t7\tPASS\tDP=3\tGT\t0/1\t1/2\r\n"));
    text.push_str("3\t5\t.\tA\tG\t7.10\tPASS\tDP=3\tGT\t0/1\t1/1");
    let file = place.write("odd.vcf", text);
    let said = place.run(&file);
    let receipt = said.object();
    adds_up(&receipt);
    check(&place, string(&receipt, "job"), &file);
    place.receipt(string(&receipt, "job"), &["--deep"]).expect(said.code());
}
