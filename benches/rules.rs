//! Speed of the first answer, on real files in memory, one thread: evidence read from rows, and the rules on it, in
//! alleles per second of processor time. `cargo bench --bench rules [-- FILE...]`; without files, those of the folder of
//! real files.

use std::hint::black_box;
use std::path::{Path, PathBuf};

use vcf_agent::annotation::evidence::{EvidenceReader, EvidenceSettings};
use vcf_agent::domain::rows::Rows;
use vcf_agent::providers::rules::{Settings, judge};
use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::parse::{ParseContext, parse_segment};
use vcf_agent::vcf::reader::{Next, Reader};

/// Each file is read again and again for about this long (seconds of processor time), three times.
const ROUND: f64 = 0.5;
const ROUNDS: usize = 3;

fn main() {
    let mut files: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).map(PathBuf::from).collect();
    if files.is_empty() {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
        let folder = std::env::var_os("VCF_AGENT_SHARED_DATA").map_or(beside, PathBuf::from);
        let names = ["vep_csq_bcftools.vcf", "gnomad_exomes_sites.vcf.gz", "snpeff_ann.vcf", "clinvar_subset.vcf.gz"];
        files.extend(names.map(|name| folder.join(name)));
    }
    println!("| file | alleles | evidence/s | rules/s | both/s |\n|---|---|---|---|---|");
    for file in files.iter().filter(|file| file.is_file()) {
        measure(file);
    }
}

fn measure(file: &Path) {
    let (reader, rows) = read(file);
    let picked: Vec<usize> = (0..rows.len()).collect();
    let settings = Settings::default();
    let evidence = reader.read_all(&rows, &picked);
    let reading = alleles_per_second(picked.len(), || drop(black_box(reader.read_all(&rows, &picked))));
    let judging = alleles_per_second(picked.len(), || {
        evidence.iter().for_each(|evidence| drop(black_box(judge(evidence, &settings))));
    });
    let both = 1.0 / (1.0 / reading + 1.0 / judging);
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    println!("| {name} | {} | {reading:.0} | {judging:.0} | {both:.0} |", picked.len());
}

/// The best of the rounds: what else the machine does only makes it slower.
fn alleles_per_second(alleles: usize, mut pass: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let (begun, mut passes) = (processor_seconds(), 0);
        while processor_seconds() - begun < ROUND {
            pass();
            passes += 1;
        }
        (passes * alleles) as f64 / (processor_seconds() - begun)
    });
    rounds.fold(0.0, f64::max)
}

fn read(file: &Path) -> (EvidenceReader, Rows) {
    let limits = ReadLimits::default();
    let input = std::fs::File::open(file).expect("the file can be opened");
    let mut reader = Reader::open(Box::new(input), false, limits.clone()).unwrap_or_else(|e| panic!("{}", e.message));
    let context = ParseContext::new(reader.header(), &limits);
    let infos = &reader.header().infos;
    let lines: Vec<_> =
        infos.iter().map(|i| (i.id.as_str(), i.number.as_str(), i.kind.as_str(), i.description.as_str())).collect();
    let (evidence, _) = EvidenceReader::new(&lines, &EvidenceSettings::default());
    let mut rows = Rows::default();
    loop {
        match reader.next(None).unwrap_or_else(|error| panic!("{}", error.message)) {
            Next::Segment(raw) => {
                let parsed = parse_segment(&context, &raw, &|_| false);
                (0..parsed.rows.len()).for_each(|row| rows.push_row(&parsed.rows, row));
            }
            Next::Idle => {}
            Next::End(_) => return (evidence, rows),
        }
    }
}

/// Processor time of this process so far.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Unix and `time` is a whole timespec.
    let said = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(said, 0, "the processor clock can be read");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
