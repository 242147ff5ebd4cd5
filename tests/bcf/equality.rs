//! Real files: the rows of a BCF are those of the text that bcftools makes of it.

use std::collections::BTreeSet;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use flate2::read::MultiGzDecoder;
use vcf_agent::domain::rows::Rows;
use vcf_agent::vcf::ReadLimits;

use crate::present::{program, shared};
use crate::reading::{Reading, read_with};

/// What bcftools makes of bytes on its standard input; `None` if it does not read them to their end.
fn bcftools(arguments: &[&str], input: &[u8]) -> Option<Vec<u8>> {
    let mut command = Command::new("bcftools");
    command.args(["view", "--no-version"]).args(arguments).arg("-");
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("bcftools is there");
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.to_vec());
    // It may stop reading early.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    output.status.success().then_some(output.stdout)
}

/// The text of a BCF.
pub fn bcftools_text(bcf: &[u8]) -> Option<String> {
    bcftools(&[], bcf).map(|text| String::from_utf8(text).unwrap())
}

/// Segments by their number of records alone, so that text and BCF are cut alike.
fn read(bytes: &[u8]) -> Reading {
    let limits = ReadLimits { segment_bytes_max: 1 << 30, ..ReadLimits::default() };
    read_with(bytes, &limits).unwrap_or_else(|error| panic!("{error}"))
}

/// Demands that a BCF reads as the text that bcftools makes of it: header, rows, warnings, dead letters.
#[track_caller]
fn reads_as_its_text(bcf: &[u8]) -> Reading {
    let text = bcftools(&[], bcf).expect("bcftools reads the BCF");
    let (ours, theirs) = (read(bcf), read(&text));
    assert_eq!(String::from_utf8_lossy(&ours.header.raw), String::from_utf8_lossy(&theirs.header.raw));
    for (nth, (our, their)) in ours.lines.iter().zip(&theirs.lines).enumerate() {
        let shown = |line: &Option<Vec<u8>>| line.as_ref().map(|line| String::from_utf8_lossy(line).into_owned());
        assert_eq!(shown(our), shown(their), "record {nth}");
    }
    assert_eq!(ours.counts, theirs.counts);
    assert!(comparable(&ours) == comparable(&theirs), "the rows differ, and their lines do not");
    assert_eq!(ours.warnings(), theirs.warnings());
    let dead = |reading: &Reading| -> Vec<_> {
        reading.dead.iter().map(|dead| (dead.ordinal, dead.line, dead.reason.clone(), dead.raw.clone())).collect()
    };
    assert_eq!(dead(&ours), dead(&theirs));
    ours
}

/// All rows, with one number for every QUAL that is none: `nan` differs from itself.
fn comparable(reading: &Reading) -> Vec<Rows> {
    let mut rows = reading.rows.clone();
    rows.iter_mut().flat_map(|rows| &mut rows.qual).filter(|qual| qual.is_nan()).for_each(|qual| *qual = -1.0);
    rows
}

fn folder(test: &str) -> Option<PathBuf> {
    if !program(test, "bcftools") {
        return None;
    }
    shared(test)
}

#[test]
fn the_real_bcf_files_read_as_their_text() {
    let Some(folder) = folder("the_real_bcf_files_read_as_their_text") else { return };
    for (name, records) in [("ceutrio.g.bcf", 19_910), ("happy_pg_hg38.bcf", 58_447)] {
        let reading = reads_as_its_text(&std::fs::read(folder.join(name)).unwrap());
        assert_eq!((reading.counts.records, reading.counts.dead_records), (records, 0), "{name}");
    }
}

#[test]
fn a_real_bcf_has_the_variants_of_the_text_that_it_was_made_of() {
    let Some(folder) = shared("a_real_bcf_has_the_variants_of_the_text_that_it_was_made_of") else { return };
    let [binary, text] =
        ["ceutrio.g.bcf", "ceutrio.g.vcf.bgz"].map(|name| read(&std::fs::read(folder.join(name)).unwrap()));
    assert_eq!(binary.counts.digest_sum, text.counts.digest_sum, "contig, position, alleles");
    assert_eq!(binary.header.samples, text.header.samples);
    for (binary, text) in binary.lines.iter().zip(&text.lines) {
        let (binary, text) = (line(binary), line(text));
        let pairs = binary.split(SEPARATORS).zip(text.split(SEPARATORS));
        assert_eq!(binary.split(SEPARATORS).count(), text.split(SEPARATORS).count(), "{binary}\n{text}");
        for (ours, theirs) in pairs {
            let as_numbers = || Some((ours.parse::<f32>().ok()?, theirs.parse::<f32>().ok()?));
            let same = ours == theirs || as_numbers().is_some_and(|(a, b)| (a - b).abs() <= b.abs() * 1e-5);
            assert!(same, "{ours} {theirs}\n{binary}\n{text}");
        }
    }
}

const SEPARATORS: [char; 5] = ['\t', ';', ',', '=', ':'];

fn line(line: &Option<Vec<u8>>) -> &str {
    std::str::from_utf8(line.as_deref().expect("a record that lives")).unwrap()
}

/// The text files directly in a folder, and in the folders called `passed` below it.
fn text_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() {
            files.extend(text_files(&path));
        } else if name.contains(".vcf") && !name.ends_with(".idx") && !name.ends_with(".tbi") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// A text as bcftools needs it to write a BCF: with a version, without a tab at the end of its columns, and every name that it uses
/// declared.
fn declared(text: &str) -> String {
    let mut missing = BTreeSet::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let columns: Vec<&str> = line.split('\t').collect();
        let mut need = |line: String| {
            let known =
                line.split_inclusive([',', '>']).next().unwrap_or(&line).trim_end_matches([',', '>']).to_owned();
            if ![",", ">"].iter().any(|end| text.contains(&format!("{known}{end}"))) {
                missing.insert(line);
            }
        };
        let column = |nth: usize| columns.get(nth).copied().unwrap_or_default();
        need(format!("##contig=<ID={}>", column(0)));
        for name in column(6).split(';').filter(|name| !matches!(*name, "" | "." | "PASS")) {
            need(format!("##FILTER=<ID={name},Description=\"\">"));
        }
        for entry in column(7).split(';').filter(|name| !matches!(*name, "" | ".")) {
            let name = entry.split('=').next().unwrap_or(entry);
            need(format!("##INFO=<ID={name},Number=.,Type=String,Description=\"\">"));
        }
        for name in column(8).split(':').filter(|name| !matches!(*name, "" | ".")) {
            need(format!("##FORMAT=<ID={name},Number=.,Type=String,Description=\"\">"));
        }
    }
    let missing: String = missing.into_iter().map(|line| line + "\n").collect();
    let version = if text.starts_with("##fileformat") { "" } else { "##fileformat=VCFv4.2\n" };
    let text = text.replacen("\tINFO\t\n", "\tINFO\n", 1);
    version.to_owned() + &text.replacen("#CHROM", &format!("{missing}#CHROM"), 1)
}

/// Turns text into BCF and compares; says how many files bcftools took.
fn converted_read_alike(files: &[PathBuf]) -> usize {
    let mut taken = 0;
    for file in files {
        let stored = std::fs::read(file).unwrap();
        let mut text = Vec::new();
        match stored.starts_with(&[0x1f, 0x8b]) {
            true => drop(MultiGzDecoder::new(&stored[..]).read_to_end(&mut text).unwrap()),
            false => text = stored,
        }
        let text = declared(&String::from_utf8_lossy(&text));
        let Some(bcf) = bcftools(&["-Ob"], text.as_bytes()) else {
            println!("bcftools makes no BCF of {}", file.display());
            continue;
        };
        let check = std::panic::AssertUnwindSafe(|| reads_as_its_text(&bcf));
        if std::panic::catch_unwind(check).is_err() {
            panic!("{}", file.display());
        }
        taken += 1;
    }
    taken
}

#[test]
fn real_text_files_turned_into_bcf_read_as_their_text() {
    let Some(folder) = folder("real_text_files_turned_into_bcf_read_as_their_text") else { return };
    let files: Vec<PathBuf> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let files: Vec<PathBuf> =
        files.into_iter().filter(|path| path.is_file() && path.to_string_lossy().contains(".vcf")).collect();
    let taken = converted_read_alike(&files);
    println!("{taken} of {} files", files.len());
    assert!(taken >= 28, "{taken} of {}", files.len());
}

#[test]
fn valid_conformance_files_turned_into_bcf_read_as_their_text() {
    let Some(folder) = folder("valid_conformance_files_turned_into_bcf_read_as_their_text") else { return };
    let files = text_files(&folder.join("hts-specs"));
    let valid: Vec<PathBuf> =
        files.into_iter().filter(|path| path.components().any(|part| part.as_os_str() == "passed")).collect();
    let taken = converted_read_alike(&valid);
    println!("{taken} of {} files", valid.len());
    assert!(taken >= 70, "{taken} of {}", valid.len());
}
