//! bcftools is asked the same question of the same real file, and must select the same alleles. Of what it selects, alleles that
//! are no sequence of bases are left out: triage never selects those.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use vcf_agent::triage::Selector;
use vcf_agent::triage::scan::Scan;
use vcf_agent::vcf::parse::ParsedSegment;

use crate::present::{shared, works};
use crate::support::{question, settings_with};

/// Intervals on the contigs of several files, with and without `chr`.
const BED: &str = "chr20\t9999900\t10000300\nchr20\t10001000\t10001001\n20\t10005000\t10012000\nchr21\t5000000\t15000000\n\
                   chr21\t17000000\t17000001\n21\t10000000\t10003000\n";

/// File, `[triage]`, and a pipeline of bcftools in which `FILE` and `BED` stand for the files.
const QUESTIONS: &[(&str, &str, &str)] = &[
    // FILTER: bcftools too takes a list, but is content with one entry of it: so lists of one are compared.
    ("mutect_dream3.vcf", "filter = ['PASS']", "view -f PASS FILE"),
    ("ashk_trio.vcf.gz", "filter = ['PASS', '.']", "view -f PASS,. FILE"),
    ("gnomad_exomes_sites.vcf.gz", "filter = ['PASS']", "view -f PASS FILE"),
    ("platinum_NA12878_chr21.vcf.gz", "filter = ['Silver']", "view -i 'FILTER=\"Silver\"' FILE"),
    ("hail_1kg_100s.vcf", "filter = ['PASS']", "view -f PASS FILE"),
    ("hail_1kg_100s.vcf", "filter = ['.']", "view -f . FILE"),
    // QUAL
    ("hail_1kg_100s.vcf", "qual.min = 500", "view -i 'QUAL>=500' FILE"),
    ("ashk_trio.vcf.gz", "qual = { min = 32.92, missing = 'drop' }", "view -i 'QUAL>=32.92' FILE"),
    ("mutect_dream3.vcf", "qual = { min = 1, missing = 'drop' }", "view -i 'QUAL>=1' FILE"),
    ("mutect_dream3.vcf", "qual = { min = 1, missing = 'keep' }", "view -i 'QUAL>=1 || QUAL=\".\"' FILE"),
    ("ceutrio.g.bcf", "qual = { min = 100, missing = 'drop' }", "view -i 'QUAL>=100' FILE"),
    // INFO/AF of each allele: bcftools asks a record, so its alleles are split first.
    (
        "g1k_phase3_chr22.vcf.gz",
        "allele_frequency = { max = 0.01, fields = ['AF'], missing = 'drop' }",
        "norm -m- FILE | view -i 'INFO/AF<=0.01'",
    ),
    (
        "g1k_phase3_chr22.vcf.gz",
        "allele_frequency = { max = 0.05, fields = ['EUR_AF'], missing = 'drop' }",
        "norm -m- FILE | view -i 'INFO/EUR_AF<=0.05'",
    ),
    (
        "gnomad_exomes_sites.vcf.gz",
        "allele_frequency = { max = 0.001, fields = ['AF'], missing = 'keep' }",
        "norm -m- FILE | view -i 'INFO/AF<=0.001 || INFO/AF=\".\"'",
    ),
    (
        "gnomad_exomes_sites.vcf.gz",
        "allele_frequency = { max = 0.001, fields = ['AF_popmax'], missing = 'drop' }",
        "norm -m- FILE | view -i 'INFO/AF_popmax<=0.001'",
    ),
    // Regions: any base of REF counts, as for `-R`.
    (
        "platinum_NA12878_chr21.vcf.gz",
        "regions = { file = 'panel.bed', chr_prefix = 'exact' }",
        "view -T BED --targets-overlap 1 FILE",
    ),
    (
        "happy_pg_hg38.bcf",
        "regions = { file = 'panel.bed', chr_prefix = 'exact' }",
        "view -T BED --targets-overlap 1 FILE",
    ),
    ("ceutrio.g.bcf", "regions = { file = 'panel.bed', chr_prefix = 'exact' }", "view -T BED --targets-overlap 1 FILE"),
    // Genotypes of a sample, by allele.
    ("ashk_trio.vcf.gz", "genotype.sample = 'HG002'", "norm -m- FILE | view -s HG002 | view -i 'GT=\"alt\"'"),
    (
        "ashk_trio.vcf.gz",
        "genotype = { sample = 'HG003', zygosity = ['het'] }",
        "norm -m- FILE | view -s HG003 | view -i 'GT=\"het\"'",
    ),
    (
        "ashk_trio.vcf.gz",
        "genotype = { sample = '#3', zygosity = ['hom'], gq_min = 60, dp_min = 20, missing = 'drop' }",
        "norm -m- FILE | view -s HG004 | view -i 'GT=\"AA\" && FMT/GQ>=60 && FMT/DP>=20'",
    ),
    ("happy_pg_hg38.bcf", "genotype.sample = 'NA12878'", "norm -m- FILE | view -i 'GT=\"alt\"'"),
    (
        "haploidX.vcf",
        "genotype = { sample = '37150', zygosity = ['hemi'] }",
        "norm -m- FILE | view -s 37150 | view -i 'GT=\"alt\" && GT=\"hap\"'",
    ),
    ("ceutrio.g.bcf", "genotype.sample = '#1'", "norm -m- FILE | view -i 'GT=\"alt\"'"),
    (
        "ashk_trio.vcf.gz",
        "de_novo = { child = 'HG002', father = 'HG003', mother = 'HG004' }",
        "norm -m- FILE | view -i 'GT[0]=\"alt\" && GT[1]=\"ref\" && GT[2]=\"ref\"'",
    ),
    // Expressions
    ("hail_1kg_100s.vcf", "expression = 'QUAL>100 && FS<10'", "view -i 'QUAL>100 && FS<10' FILE"),
    ("hail_1kg_100s.vcf", "expression = 'N_ALT>1 && INFO/AF[1]>0.01'", "view -i 'N_ALT>1 && INFO/AF[1]>0.01' FILE"),
    ("ashk_trio.vcf.gz", "expression = 'FMT/DP>60'", "view -i 'FMT/DP>60' FILE"),
    (
        "ashk_trio.vcf.gz",
        "expression = 'TYPE=\"indel\" && culprit=\"FS\"'",
        "view -i 'TYPE=\"indel\" && culprit=\"FS\"' FILE",
    ),
    ("g1k_phase3_chr22.vcf.gz", "expression = 'VT=\"INDEL\" && AC>5'", "view -i 'VT=\"INDEL\" && AC>5' FILE"),
    ("happy_pg_hg38.bcf", "expression = 'KM>10'", "view -i 'KM>10' FILE"),
    ("mutect_dream3.vcf", "expression = 'INFO/DP>30 && DB=1'", "view -i 'INFO/DP>30 && DB=1' FILE"),
    (
        "strelka_somatic_snvs.vcf.gz",
        "expression = 'QSS_NT>=15 && SGT~\"->\"'",
        "view -i 'QSS_NT>=15 && SGT~\"->\"' FILE",
    ),
    // Several clauses at once
    (
        "ashk_trio.vcf.gz",
        "filter = ['PASS']\nqual.min = 100\ngenotype.sample = 'HG002'\nexpression = 'QD>5'",
        "view -f PASS FILE | view -i 'QUAL>=100 && QD>5' | norm -m- | view -s HG002 | view -i 'GT=\"alt\"'",
    ),
];

/// The same for consequences: any entry of a record, so records of one ALT are asked.
const CONSEQUENCES: &[(&str, &str, &str, &str)] = &[
    ("vep_csq_bcftools.vcf", "CSQ", "'missense_variant'", "missense_variant"),
    ("vep_csq_bcftools.vcf", "CSQ", "'synonymous_variant'", "synonymous_variant"),
    (
        "vep_csq_bcftools.vcf",
        "CSQ",
        "'splice_donor_variant', '3_prime_UTR_variant'",
        "splice_donor_variant|3_prime_UTR_variant",
    ),
    // The Sequence Ontology knows these as kinds of it; bcftools has to be told.
    ("vep_csq_bcftools.vcf", "CSQ", "'intron_variant'", "intron_variant|splice_acceptor_variant|splice_donor_variant"),
    (
        "vep_csq_bcftools.vcf",
        "CSQ",
        "'protein_altering_variant'",
        "missense_variant|stop_gained|stop_lost|start_lost|frameshift_variant|inframe_|protein_altering_variant",
    ),
    ("gnomad_exomes_sites.vcf.gz", "vep", "'splice_acceptor_variant'", "splice_acceptor_variant"),
    ("gnomad_exomes_sites.vcf.gz", "vep", "'splice_region_variant'", "splice_region_variant"),
    (
        "gnomad_exomes_sites.vcf.gz",
        "vep",
        "'intron_variant'",
        "intron_variant|splice_acceptor_variant|splice_donor_variant",
    ),
];

/// CHROM, POS, REF, ALT.
type Allele = [String; 4];

fn is_sequence(allele: &str) -> bool {
    !allele.is_empty() && allele.bytes().all(|base| b"ACGTNacgtn".contains(&base))
}

/// What the triage selects, sorted.
fn ours(toml: &str, file: &Path) -> Vec<Allele> {
    let settings = settings_with(toml, &[("panel.bed", BED)]);
    let scan = Scan::open(Box::new(File::open(file).unwrap()), &question(&settings)).unwrap();
    let see = |all: &mut Vec<Allele>, selector: &Selector, parsed: &ParsedSegment| {
        let (rows, selection) = (&parsed.rows, selector.select(&parsed.rows));
        let text = |text: Option<&[u8]>| String::from_utf8(text.unwrap().to_vec()).unwrap();
        let mut reference = String::new();
        for row in 0..rows.len() {
            if rows.is_first(row) {
                reference = text(rows.reference.get(row));
            }
            if selection.bits.get(row) {
                let chrom = text(Some(rows.contigs.name(rows.contig[row])));
                all.push([chrom, rows.pos[row].to_string(), reference.clone(), text(rows.alt.get(row))]);
            }
        }
    };
    let mut all: Vec<Allele> = scan.each(2, see).unwrap().into_iter().flatten().collect();
    all.sort();
    all
}

/// What a pipeline of bcftools leaves, sorted.
fn theirs(pipeline: &str, file: &Path, bed: &Path) -> Vec<Allele> {
    let mut commands: Vec<String> = pipeline.split(" | ").map(|command| format!("bcftools {command}")).collect();
    commands.push("bcftools query -f '%CHROM\\t%POS\\t%REF\\t%ALT\\n'".into());
    let script = format!("set -o pipefail; {}", commands.join(" | "));
    let script = script.replace("FILE", "\"$0\"").replace("BED", "\"$1\"");
    let out = Command::new("bash").args(["-c", &script]).arg(file).arg(bed).output().unwrap();
    assert!(out.status.success(), "{script}: {}", String::from_utf8_lossy(&out.stderr));
    let text = String::from_utf8(out.stdout).unwrap();
    let mut all = Vec::new();
    for line in text.lines() {
        let [chrom, pos, reference, alts] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        for alt in alts.split(',').filter(|alt| is_sequence(alt) && is_sequence(reference)) {
            all.push([chrom, pos, reference, alt].map(str::to_owned));
        }
    }
    all.sort();
    all
}

/// What only one of them has.
fn difference(ours: &[Allele], theirs: &[Allele]) -> String {
    let only = |these: &[Allele], those: &[Allele]| {
        let some: Vec<_> = these.iter().filter(|allele| !those.contains(allele)).take(5).cloned().collect();
        format!("{some:?}")
    };
    let (n, m) = (ours.len(), theirs.len());
    format!("{n} here, {m} there; only here {}; only there {}", only(ours, theirs), only(theirs, ours))
}

#[test]
fn the_same_question_selects_the_same_alleles_of_real_files() {
    let test = "the_same_question_selects_the_same_alleles_of_real_files";
    let Some(folder) = shared(test) else { return };
    if !works(test, Command::new("bcftools").arg("--version")) {
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let bed = place.path().join("panel.bed");
    std::fs::write(&bed, BED).unwrap();
    let (mut faults, mut some) = (Vec::new(), 0);
    for (name, triage, pipeline) in QUESTIONS {
        let file = folder.join(name);
        let (ours, theirs) = (ours(&format!("[triage]\n{triage}\n"), &file), theirs(pipeline, &file, &bed));
        some += usize::from(!theirs.is_empty());
        if ours != theirs {
            faults.push(format!("{name}: {triage}\n  {pipeline}\n  {}", difference(&ours, &theirs)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(some * 10 >= QUESTIONS.len() * 8, "only {some} questions select anything");
}

#[test]
fn split_vep_finds_the_same_consequences() {
    let test = "split_vep_finds_the_same_consequences";
    let Some(folder) = shared(test) else { return };
    let probe = folder.join("vep_csq_bcftools.vcf");
    if !works(test, Command::new("bcftools").args(["+split-vep", "-l"]).arg(probe)) {
        return;
    }
    let mut faults = Vec::new();
    for (name, tag, consequences, pattern) in CONSEQUENCES {
        let file = folder.join(name);
        // The patterns of bcftools know no alternatives.
        let any: Vec<String> = pattern.split('|').map(|term| format!("Consequence~\"{term}\"")).collect();
        let any = any.join(" || ");
        let pipeline = format!("view -M2 FILE | +split-vep -a {tag} -c Consequence -i '{any}' -Ov");
        let toml = format!("[triage]\nexpression = 'N_ALT=1'\neffect.consequence = [{consequences}]\n");
        let (ours, theirs) = (ours(&toml, &file), theirs(&pipeline, &file, Path::new("none")));
        assert!(!theirs.is_empty(), "{name}: {consequences} tells nothing");
        if ours != theirs {
            faults.push(format!("{name}: {consequences}\n  {}", difference(&ours, &theirs)));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
