//! Speed of reading annotations alone, on real files in memory, one thread: records and bytes of INFO per second of
//! processor time. `cargo bench --bench annotation [-- FILE...]`; without files, those of the folder of real files.

use std::path::{Path, PathBuf};

use vcf_agent::annotation::{AnnotatedRecord, Annotator, Findings, Frequencies, Schema};
use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::reader::{Next, Reader};

/// Each file is read again and again for about this long (seconds of processor time), five times.
const ROUND: f64 = 1.0;
const ROUNDS: usize = 5;

/// A data line of which the columns are known.
struct Record {
    pos: i64,
    reference: Vec<u8>,
    alts: Vec<Vec<u8>>,
    info: Vec<u8>,
}

fn main() {
    let mut files: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).map(PathBuf::from).collect();
    if files.is_empty() {
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
        let folder = std::env::var_os("VCF_AGENT_SHARED_DATA").map_or(beside, PathBuf::from);
        let names = [
            "vep_csq_bcftools.vcf",
            "gnomad_exomes_sites.vcf.gz",
            "snpeff_ann.vcf",
            "ashk_trio.vcf.gz",
            "clinvar_subset.vcf.gz",
        ];
        files.extend(names.map(|name| folder.join(name)));
    }
    println!("| file | records | INFO bytes/record | entries/record | records/s | MB/s |\n|---|---|---|---|---|---|");
    for file in files.iter().filter(|file| file.is_file()) {
        measure(file);
    }
}

fn measure(file: &Path) {
    let (schema, records) = read(file);
    // What a germline triage asks for; columns that a file lacks cost nothing.
    let sub_fields = ["AF", "gnomAD_AF", "gnomADe_AF", "gnomADg_AF", "MAX_AF", "GMAF"].map(str::to_owned).to_vec();
    let info_keys = ["AF_popmax", "AF_EXAC"].map(str::to_owned).to_vec();
    let (annotator, _) = Annotator::new(&schema, &Frequencies { sub_fields, info_keys });
    let alts: Vec<Vec<&[u8]>> = records.iter().map(|record| record.alts.iter().map(Vec::as_slice).collect()).collect();
    let mut rates: Vec<f64> = Vec::new();
    let mut findings = Findings::default();
    for _ in 0..ROUNDS {
        let (begun, mut passes) = (processor_seconds(), 0);
        while processor_seconds() - begun < ROUND {
            let mut out = Vec::new();
            findings = Findings::default();
            for (record, alts) in records.iter().zip(&alts) {
                let record =
                    AnnotatedRecord { pos: record.pos, reference: &record.reference, alts, info: &record.info };
                findings += annotator.alleles(&record, &mut out);
                std::hint::black_box(&out);
            }
            passes += 1;
        }
        rates.push(f64::from(passes) * records.len() as f64 / (processor_seconds() - begun));
    }
    rates.sort_by(f64::total_cmp);
    let (rate, count) = (rates[ROUNDS / 2], records.len() as f64);
    let bytes = records.iter().map(|record| record.info.len()).sum::<usize>() as f64 / count;
    println!(
        "| {} | {} | {bytes:.0} | {:.1} | {rate:.0} | {:.0} |",
        file.file_name().unwrap_or_default().display(),
        records.len(),
        findings.entries as f64 / count,
        rate * bytes / 1e6,
    );
}

/// The schema and all records of a file.
fn read(file: &Path) -> (Schema, Vec<Record>) {
    let input = std::fs::File::open(file).expect("the file can be opened");
    let mut reader =
        Reader::open(Box::new(input), false, ReadLimits::default()).unwrap_or_else(|e| panic!("{}", e.message));
    let infos = &reader.header().infos;
    let lines: Vec<_> =
        infos.iter().map(|i| (i.id.as_str(), i.number.as_str(), i.kind.as_str(), i.description.as_str())).collect();
    let (schema, _) = Schema::from_info_lines(&lines);
    let mut records = Vec::new();
    loop {
        match reader.next(None).unwrap_or_else(|e| panic!("{}", e.message)) {
            Next::Segment(segment) => {
                let lines =
                    segment.text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty() && line[0] != b'#');
                records.extend(lines.map(record));
            }
            Next::Idle => {}
            Next::End(_) => return (schema, records),
        }
    }
}

fn record(line: &[u8]) -> Record {
    let columns: Vec<&[u8]> = line.split(|&byte| byte == b'\t').collect();
    let alts = columns[4].split(|&byte| byte == b',').filter(|alt| *alt != b".").map(<[u8]>::to_vec).collect();
    let pos = String::from_utf8_lossy(columns[1]).parse().unwrap_or(0);
    Record { pos, reference: columns[3].to_vec(), alts, info: columns[7].to_vec() }
}

/// Processor time of this process so far.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Unix and `time` is a whole timespec.
    let said = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(said, 0, "the processor clock can be read");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
