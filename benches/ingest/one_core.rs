//! Records per processor second from the compressed file to rows with digests, ready to be encoded: reader and parser alone,
//! in this process, processor time of all their threads together.

use std::fs::File;

use vcf_agent::vcf::ReadLimits;
use vcf_agent::vcf::parse::{ParseContext, parse_segment};
use vcf_agent::vcf::reader::{Next, Reader};

use crate::generate::{Made, Recipe};

/// Prints one line.
pub fn run(recipe: &Recipe, made: &Made, runs: usize) {
    let mut best = f64::MAX;
    for _ in 0..runs {
        let before = cpu_s();
        let records = read(made);
        best = best.min(cpu_s() - before);
        assert_eq!(records, recipe.records);
    }
    let per_second = recipe.records as f64 / best;
    println!(
        "\n{}: compressed file → rows with digests: {best:.2} CPU s (best of {runs}), {per_second:.0} records per CPU second",
        recipe.name
    );
}

fn read(made: &Made) -> u64 {
    let limits = ReadLimits { inflate_threads: 1, ..ReadLimits::default() };
    let file = File::open(&made.path).expect("the file was made");
    let mut reader = Reader::open(Box::new(file), false, limits.clone()).expect("a sound file");
    let context = ParseContext::new(reader.header(), &limits);
    let (mut records, mut recycled) = (0, None);
    loop {
        match reader.next(recycled.take()).expect("a sound file") {
            Next::Segment(raw) => {
                let parsed = parse_segment(&context, &raw, &|_| false);
                records += parsed.counts.records;
                assert!(parsed.dead.is_empty(), "generated records are sound");
                std::hint::black_box(&parsed.rows);
                recycled = Some(raw.text);
            }
            Next::Idle => {}
            Next::End(_) => return records,
        }
    }
}

/// Processor time of this process so far.
fn cpu_s() -> f64 {
    // SAFETY: plain data for the kernel to fill.
    let usage = unsafe {
        let mut usage: libc::rusage = std::mem::zeroed();
        assert_eq!(libc::getrusage(libc::RUSAGE_SELF, &mut usage), 0);
        usage
    };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    seconds(usage.ru_utime) + seconds(usage.ru_stime)
}
