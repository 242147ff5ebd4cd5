//! The wire format, one thread, in memory: speed of making and reading the messages of a file's segments, and their size, for each
//! compression. `cargo bench --bench wire [-- FILE...]`; without files, sites that are made for it and those of the folder of real
//! files.

#[path = "ingest/generate.rs"]
#[allow(dead_code, reason = "the ingest benchmark needs all of it")]
mod generate;
#[path = "../tests/support/segments.rs"]
mod segments;

use std::hint::black_box;
use std::path::{Path, PathBuf};

use segments::segments_of;
use vcf_agent::domain::ids::JobId;
use vcf_agent::wire::{Compression, Header, Key, Keys, Segment, encode_segment, open};

/// Each file is done again and again for about this long (seconds of processor time), three times.
const ROUND: f64 = 0.4;
const ROUNDS: usize = 3;

/// Rows of a file beyond these are not looked at.
const ROWS_MAX: usize = 200_000;

const COMPRESSIONS: [(&str, Compression); 9] = [
    ("none", Compression::None),
    ("zstd -7", Compression::Zstd(-7)),
    ("zstd -5", Compression::Zstd(-5)),
    ("zstd -3", Compression::Zstd(-3)),
    ("zstd -1", Compression::Zstd(-1)),
    ("zstd 1", Compression::Zstd(1)),
    ("zstd 3", Compression::Zstd(3)),
    ("zstd 6", Compression::Zstd(6)),
    ("zstd 9", Compression::Zstd(9)),
];

fn main() {
    let mut files: Vec<PathBuf> =
        std::env::args().skip(1).filter(|word| !word.starts_with("--")).map(PathBuf::from).collect();
    let cache = tempfile::tempdir().expect("a folder for what is made");
    if files.is_empty() {
        let sites = &generate::recipes(true)[0];
        files.push(generate::make(sites, cache.path()).path);
        let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data");
        let folder = std::env::var_os("VCF_AGENT_SHARED_DATA").map_or(beside, PathBuf::from);
        let names = ["dbsnp_135.vcf", "gnomad_exomes_sites.vcf.gz", "vep_csq_bcftools.vcf", "g1k_phase3_chr22.vcf.gz"];
        files.extend(names.map(|name| folder.join(name)));
    }
    for file in files.iter().filter(|file| file.is_file()) {
        measure(file);
    }
}

fn measure(file: &Path) {
    let segments = segments_of(file, ROWS_MAX);
    let rows: usize = segments.iter().map(|segment| segment.rows.len()).sum();
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    println!("\n{name}: {rows} rows in {} segments\n", segments.len());
    println!("| codec | encode rows/s | MB/s | decode rows/s | MB/s | both rows/s | bytes/row | ratio |");
    println!("|---|---|---|---|---|---|---|---|");
    let mut plain = 0;
    for (name, compression) in COMPRESSIONS {
        let messages: Vec<_> = segments.iter().map(|segment| make(segment, compression)).collect();
        let bytes: usize = messages.iter().map(|message| message.len()).sum();
        plain = plain.max(bytes);
        let encode =
            passes_per_second(|| segments.iter().for_each(|segment| drop(black_box(make(segment, compression)))));
        let keys = Keys::new(key(), []);
        let decode = passes_per_second(|| {
            messages.iter().for_each(|message| drop(black_box(open(message, &keys, "t").expect("sound"))));
        });
        let both = 1.0 / (1.0 / encode + 1.0 / decode);
        let (million, megabytes) = (rows as f64 / 1e6, plain as f64 / 1e6);
        println!(
            "| {name} | {:.2} M | {:.0} | {:.2} M | {:.0} | {:.2} M | {:.1} | {:.2} |",
            encode * million,
            encode * megabytes,
            decode * million,
            decode * megabytes,
            both * million,
            bytes as f64 / rows as f64,
            plain as f64 / bytes as f64,
        );
    }
}

fn key() -> Key {
    Key::new("a secret of the benchmark").expect("long enough")
}

fn make(segment: &Segment, compression: Compression) -> bytes::Bytes {
    let header = Header {
        tenant: "t".into(),
        sender: "bench".into(),
        job: JobId::parse("j0000000000000000"),
        segment: Some(segment.index),
        ..Header::default()
    };
    encode_segment(&header, &segment.by_ref(), &key(), compression).expect("a segment fits")
}

/// The best of the rounds: what else the machine does only makes it slower.
fn passes_per_second(mut pass: impl FnMut()) -> f64 {
    let rounds = (0..ROUNDS).map(|_| {
        let (begun, mut passes) = (processor_seconds(), 0);
        while processor_seconds() - begun < ROUND {
            pass();
            passes += 1;
        }
        f64::from(passes) / (processor_seconds() - begun)
    });
    rounds.fold(0.0, f64::max)
}

/// Processor time of this process so far.
fn processor_seconds() -> f64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: the clock exists on every Unix and `time` is a whole timespec.
    let said = unsafe { libc::clock_gettime(libc::CLOCK_PROCESS_CPUTIME_ID, &mut time) };
    assert_eq!(said, 0, "the processor clock can be read");
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}
