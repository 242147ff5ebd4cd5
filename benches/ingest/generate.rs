//! Files to read: always the same bytes for the same recipe, compressed with bgzip.

use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Goes up when a recipe changes: old files are made anew.
const VERSION: u32 = 1;

/// One generated file.
pub struct Recipe {
    pub name: &'static str,
    pub records: u64,
    write: fn(&mut dyn Write, u64) -> std::io::Result<()>,
}

/// A file that is there.
pub struct Made {
    pub path: PathBuf,
}

/// All files; a tenth of the records for a quick look.
pub fn recipes(quick: bool) -> Vec<Recipe> {
    let n = |records: u64| if quick { records / 10 } else { records };
    vec![
        Recipe { name: "sites-1m", records: n(1_000_000), write: sites },
        Recipe { name: "sites-5m", records: n(5_000_000), write: sites },
        Recipe { name: "wgs-1m", records: n(1_000_000), write: wgs },
        Recipe { name: "cohort-2504x20k", records: n(20_000), write: cohort },
        Recipe { name: "alts-1000x2500", records: n(200), write: many_alts },
        Recipe { name: "long-10mb", records: 6, write: long_records },
    ]
}

/// A genome of one sample with VEP's annotations: once with a header that does not say so, once with one that does.
pub fn annotated(quick: bool) -> [Recipe; 2] {
    let records = if quick { 100_000 } else { 1_000_000 };
    [
        Recipe { name: "mute-1m", records, write: |out, records| vep(out, records, "x") },
        Recipe { name: "annotated-1m", records, write: |out, records| vep(out, records, VEP) },
    ]
}

/// One contig, one record in five an insertion or deletion.
pub fn indels(quick: bool) -> Recipe {
    Recipe { name: "indels-1m", records: if quick { 100_000 } else { 1_000_000 }, write: indel_sites }
}

/// The reference of [`indels`], with its index.
pub fn reference(recipe: &Recipe, cache: &Path) -> PathBuf {
    let path = cache.join(format!("{}-{}-v{VERSION}.fa", recipe.name, recipe.records));
    if !path.exists() {
        let unfinished = path.with_extension("tmp");
        let mut out = BufWriter::new(File::create(&unfinished).expect("the cache folder can be written to"));
        writeln!(out, ">chr1").expect("a disk with room");
        let bases = INDEL_SPACING * (recipe.records + 2);
        for line in 0..bases.div_ceil(60) {
            let text: String = (1..=60).map(|nth| base_at(line * 60 + nth)).collect();
            writeln!(out, "{text}").expect("a disk with room");
        }
        out.flush().expect("a disk with room");
        drop(out);
        fs::rename(unfinished, &path).expect("the file gets its name");
    }
    path
}

/// Bases between two records of [`indels`].
const INDEL_SPACING: u64 = 100;

/// The base of the reference at a 1-based position: short repeats, as genomes have them.
fn base_at(pos: u64) -> &'static str {
    let mixed = (pos / 3).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 61;
    BASES[(mixed % 4) as usize]
}

fn indel_sites(out: &mut dyn Write, records: u64) -> std::io::Result<()> {
    writeln!(out, "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")?;
    let mut random = fastrand::Rng::with_seed(6);
    for i in 0..records {
        let pos = INDEL_SPACING * (i + 1);
        let reference = base_at(pos);
        let text = |bases: u64| (0..bases).map(|nth| base_at(pos + nth)).collect::<String>();
        match random.u32(0..10) {
            0 => writeln!(out, "chr1\t{pos}\t.\t{}\t{reference}\t50\tPASS\tDP=30", text(random.u64(2..6)))?,
            1 => writeln!(out, "chr1\t{pos}\t.\t{reference}\t{}\t50\tPASS\tDP=30", text(random.u64(2..6)))?,
            _ => {
                let alt = BASES.iter().find(|base| **base != reference).unwrap_or(&"N");
                writeln!(out, "chr1\t{pos}\t.\t{reference}\t{alt}\t50\tPASS\tDP=30")?;
            }
        }
    }
    Ok(())
}

const VEP: &str = "Consequence annotations from Ensembl VEP. Format: Allele|Consequence|IMPACT|SYMBOL|Gene|Feature_type|Feature|BIOTYPE|EXON|\
     HGVSc|HGVSp|MANE_SELECT|CANONICAL|gnomADe_AF|gnomADg_AF|MAX_AF|REVEL|CLIN_SIG";

/// One sample, three transcripts for each record; one in fifty changes the protein.
fn vep(out: &mut dyn Write, records: u64, description: &str) -> std::io::Result<()> {
    let csq = format!("##INFO=<ID=CSQ,Number=.,Type=String,Description=\"{description}\">");
    let lines = [
        "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"x\">",
        &csq,
        "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"x\">",
        "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"x\">",
        "##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"x\">",
    ];
    head(out, &lines, 1)?;
    let mut random = fastrand::Rng::with_seed(7);
    for i in 0..records {
        let (contig, pos) = place(i, records);
        let (reference, alt) = snv(&mut random);
        let (consequence, impact) = match random.u32(0..500) {
            0 => ("stop_gained", "HIGH"),
            1..10 => ("missense_variant", "MODERATE"),
            10..20 => ("synonymous_variant", "LOW"),
            _ => ("intron_variant", "MODIFIER"),
        };
        let gene = i / 40;
        let frequency = if random.bool() { format!("0.{:06}", random.u32(1..999_999)) } else { String::new() };
        write!(
            out,
            "chr{contig}\t{pos}\t.\t{reference}\t{alt}\t{}\tPASS\tDP={};CSQ=",
            random.u32(30..2_000),
            random.u32(10..60)
        )?;
        for transcript in 0..3 {
            let comma = if transcript > 0 { "," } else { "" };
            let mane = if transcript == 0 { format!("NM_{gene:06}.3") } else { String::new() };
            let canonical = if transcript == 0 { "YES" } else { "" };
            write!(
                out,
                "{comma}{alt}|{consequence}|{impact}|GENE{gene}|ENSG{gene:011}|Transcript|ENST{:011}|protein_coding||ENST{:011}.1:c.{}{reference}>{alt}||{mane}|{canonical}|{frequency}|{frequency}|{frequency}||",
                gene * 3 + transcript,
                gene * 3 + transcript,
                i % 3_000,
            )?;
        }
        let (genotype, depth) = if random.bool() { ("0/1", random.u32(10..60)) } else { ("1/1", random.u32(10..60)) };
        writeln!(out, "\tGT:DP:GQ\t{genotype}:{depth}:{}", random.u32(20..99))?;
    }
    Ok(())
}

/// Makes the file, unless it is there.
pub fn make(recipe: &Recipe, cache: &Path) -> Made {
    let path = cache.join(format!("{}-{}-v{VERSION}.vcf.gz", recipe.name, recipe.records));
    if !path.exists() {
        eprintln!("making {}", path.display());
        let unfinished = path.with_extension("tmp");
        let out = File::create(&unfinished).expect("the cache folder can be written to");
        let mut bgzip = Command::new("bgzip")
            .args(["-c", "-@", "2"])
            .stdin(Stdio::piped())
            .stdout(out)
            .spawn()
            .expect("bgzip (package tabix) is installed");
        let mut pipe = BufWriter::with_capacity(1 << 20, bgzip.stdin.take().expect("a pipe was asked for"));
        (recipe.write)(&mut pipe, recipe.records).expect("bgzip takes the text");
        pipe.flush().expect("bgzip takes the text");
        drop(pipe);
        assert!(bgzip.wait().expect("bgzip ends").success());
        fs::rename(unfinished, &path).expect("the file gets its name");
    }
    Made { path }
}

const BASES: [&str; 4] = ["A", "C", "G", "T"];

fn head(out: &mut dyn Write, lines: &[&str], samples: usize) -> std::io::Result<()> {
    writeln!(out, "##fileformat=VCFv4.2")?;
    (1..=22).try_for_each(|i| writeln!(out, "##contig=<ID=chr{i},length=250000000>"))?;
    lines.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    write!(out, "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO")?;
    if samples > 0 {
        write!(out, "\tFORMAT")?;
    }
    (0..samples).try_for_each(|i| write!(out, "\tS{i:04}"))?;
    writeln!(out)
}

/// CHROM and POS of record `i` of `records`: sorted, 22 contigs.
fn place(i: u64, records: u64) -> (u64, u64) {
    let per_contig = records.div_ceil(22);
    (i / per_contig + 1, 10_000 + 1_000 * (i % per_contig))
}

/// REF and one ALT, different.
fn snv(random: &mut fastrand::Rng) -> (&'static str, &'static str) {
    let base = random.usize(0..4);
    (BASES[base], BASES[(base + random.usize(1..4)) % 4])
}

/// Sites only, eight INFO keys, 3 % with two ALTs.
fn sites(out: &mut dyn Write, records: u64) -> std::io::Result<()> {
    let lines = [
        "##INFO=<ID=AC,Number=A,Type=Integer,Description=\"x\">",
        "##INFO=<ID=AF,Number=A,Type=Float,Description=\"x\">",
        "##INFO=<ID=AN,Number=1,Type=Integer,Description=\"x\">",
        "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"x\">",
        "##INFO=<ID=FS,Number=1,Type=Float,Description=\"x\">",
        "##INFO=<ID=MQ,Number=1,Type=Float,Description=\"x\">",
        "##INFO=<ID=QD,Number=1,Type=Float,Description=\"x\">",
        "##INFO=<ID=variant_type,Number=1,Type=String,Description=\"x\">",
        "##FILTER=<ID=LowQual,Description=\"x\">",
    ];
    head(out, &lines, 0)?;
    let mut random = fastrand::Rng::with_seed(1);
    for i in 0..records {
        let (contig, pos) = place(i, records);
        let (reference, alt) = snv(&mut random);
        let (ac, an) = (random.u32(1..400), 5_008);
        let two = random.u32(0..100) < 3;
        let (alts, acs, afs, kind) = if two {
            let af = f64::from(ac) / f64::from(an);
            (format!("{alt},{reference}{alt}"), format!("{ac},1"), format!("{af:.6},0.000200"), "multi-mixed")
        } else {
            (alt.to_owned(), ac.to_string(), format!("{:.6}", f64::from(ac) / f64::from(an)), "snv")
        };
        let filter = if random.u32(0..20) == 0 { "LowQual" } else { "PASS" };
        writeln!(
            out,
            "chr{contig}\t{pos}\trs{}\t{reference}\t{alts}\t{}.{:02}\t{filter}\tAC={acs};AF={afs};AN={an};DP={};FS={}.{:03};MQ={}.{:02};QD={}.{:02};variant_type={kind}",
            1_000_000 + i * 7,
            random.u32(30..5_000),
            random.u32(0..100),
            random.u32(1_000..60_000),
            random.u32(0..30),
            random.u32(0..1_000),
            random.u32(40..61),
            random.u32(0..100),
            random.u32(2..35),
            random.u32(0..100),
        )?;
    }
    Ok(())
}

/// One sample, GT:AD:DP:GQ:PL.
fn wgs(out: &mut dyn Write, records: u64) -> std::io::Result<()> {
    let lines = [
        "##INFO=<ID=AC,Number=A,Type=Integer,Description=\"x\">",
        "##INFO=<ID=AF,Number=A,Type=Float,Description=\"x\">",
        "##INFO=<ID=AN,Number=1,Type=Integer,Description=\"x\">",
        "##INFO=<ID=DP,Number=1,Type=Integer,Description=\"x\">",
        "##INFO=<ID=MQ,Number=1,Type=Float,Description=\"x\">",
        "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"x\">",
        "##FORMAT=<ID=AD,Number=R,Type=Integer,Description=\"x\">",
        "##FORMAT=<ID=DP,Number=1,Type=Integer,Description=\"x\">",
        "##FORMAT=<ID=GQ,Number=1,Type=Integer,Description=\"x\">",
        "##FORMAT=<ID=PL,Number=G,Type=Integer,Description=\"x\">",
    ];
    head(out, &lines, 1)?;
    let mut random = fastrand::Rng::with_seed(2);
    for i in 0..records {
        let (contig, pos) = place(i, records);
        let (reference, alt) = snv(&mut random);
        let depth = random.u32(10..60);
        let (genotype, ac, seen) = if random.bool() { ("0/1", 1, depth / 2) } else { ("1/1", 2, depth) };
        writeln!(
            out,
            "chr{contig}\t{pos}\t.\t{reference}\t{alt}\t{}.{:02}\tPASS\tAC={ac};AF={:.2};AN=2;DP={depth};MQ={}.{:02}\tGT:AD:DP:GQ:PL\t{genotype}:{},{seen}:{depth}:{}:{},{},{}",
            random.u32(30..2_000),
            random.u32(0..100),
            f64::from(ac) / 2.0,
            random.u32(50..61),
            random.u32(0..100),
            depth - seen,
            random.u32(20..99),
            random.u32(100..2_000),
            random.u32(0..100),
            random.u32(0..2_000),
        )?;
    }
    Ok(())
}

/// 2,504 samples, genotypes only, most of them 0|0.
fn cohort(out: &mut dyn Write, records: u64) -> std::io::Result<()> {
    let lines = [
        "##INFO=<ID=AC,Number=A,Type=Integer,Description=\"x\">",
        "##INFO=<ID=AN,Number=1,Type=Integer,Description=\"x\">",
        "##FORMAT=<ID=GT,Number=1,Type=String,Description=\"x\">",
    ];
    head(out, &lines, 2_504)?;
    let mut random = fastrand::Rng::with_seed(3);
    let mut line = String::new();
    for i in 0..records {
        let (contig, pos) = place(i, records);
        let (reference, alt) = snv(&mut random);
        let rare = random.u32(1..30);
        line.clear();
        let mut ac = 0;
        for _ in 0..2_504 {
            let (one, two) = (u32::from(random.u32(0..100) < rare), u32::from(random.u32(0..100) < rare));
            ac += one + two;
            line.push_str(["\t0|0", "\t0|1", "\t1|0", "\t1|1"][(2 * one + two) as usize]);
        }
        writeln!(out, "chr{contig}\t{pos}\t.\t{reference}\t{alt}\t100\tPASS\tAC={ac};AN=5008\tGT{line}")?;
    }
    Ok(())
}

/// 1,000 ALTs, 2,500 samples.
fn many_alts(out: &mut dyn Write, records: u64) -> std::io::Result<()> {
    head(out, &["##FORMAT=<ID=GT,Number=1,Type=String,Description=\"x\">"], 2_500)?;
    let mut random = fastrand::Rng::with_seed(4);
    for i in 0..records {
        let (contig, pos) = place(i, records);
        write!(out, "chr{contig}\t{pos}\t.\tA\tAC")?;
        for nth in 1..1_000_u32 {
            write!(out, ",A")?;
            (0..5).try_for_each(|digit| write!(out, "{}", BASES[(nth >> (2 * digit) & 3) as usize]))?;
        }
        write!(out, "\t50\tPASS\t.\tGT")?;
        for _ in 0..2_500 {
            write!(out, "\t{}/{}", random.u32(0..1_001), random.u32(0..1_001))?;
        }
        writeln!(out)?;
    }
    Ok(())
}

/// Records of 10 MB, by INFO and by REF, among ordinary ones.
fn long_records(out: &mut dyn Write, records: u64) -> std::io::Result<()> {
    head(out, &["##INFO=<ID=NOTE,Number=1,Type=String,Description=\"x\">"], 0)?;
    let mut random = fastrand::Rng::with_seed(5);
    for i in 0..records {
        let pos = 1_000 + i * 20_000_000;
        match i % 3 {
            0 => writeln!(out, "chr1\t{pos}\t.\tA\tC\t50\tPASS\tNOTE=short")?,
            1 => {
                write!(out, "chr1\t{pos}\t.\tA\tC,G\t50\tPASS\tNOTE=")?;
                (0..10_000_000).try_for_each(|_| out.write_all(&[random.alphanumeric() as u8]))?;
                writeln!(out)?;
            }
            _ => {
                write!(out, "chr1\t{pos}\t.\t")?;
                (0..10_000_000).try_for_each(|_| out.write_all(BASES[random.usize(0..4)].as_bytes()))?;
                writeln!(out, "\tA\t50\tPASS\tNOTE=deletion")?;
            }
        }
    }
    Ok(())
}
