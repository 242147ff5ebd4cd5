//! bcftools itself on generated files: `norm -m- -f` and the product say the same alleles.

use std::process::Command;

use fastrand::Rng;

use crate::fasta::{Owned, align, of_one, random_allele, random_alt, random_sequence};
use crate::present::works;
use vcf_agent::domain::allele::How;

const FILES: u64 = 6;
const RECORDS: usize = 500;

/// A VCF of these records, each with one or more ALTs of the same REF.
fn file(sequence: &str, records: &[(i64, String, Vec<String>)]) -> String {
    let mut text = format!("##fileformat=VCFv4.2\n##contig=<ID=c,length={}>\n", sequence.len());
    text += "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n";
    for (nth, (pos, reference, alts)) in records.iter().enumerate() {
        text += &format!("c\t{pos}\tr{nth}\t{reference}\t{}\t.\t.\t.\n", alts.join(","));
    }
    text
}

/// Alleles by the number of their record, sorted.
fn sorted(mut alleles: Vec<(String, Owned)>) -> Vec<(String, Owned)> {
    alleles.sort();
    alleles
}

#[test]
fn generated_indels_are_normalised_as_bcftools_does() {
    let test = "generated_indels_are_normalised_as_bcftools_does";
    if !works(test, Command::new("bcftools").arg("--version")) {
        return;
    }
    let (mut indels, mut moved) = (0, 0);
    for seed in 0..FILES {
        let mut random = Rng::with_seed(seed);
        let sequence = random_sequence(&mut random, 4000);
        let (folder, reference) = of_one(&sequence);
        let mut records: Vec<(i64, String, Vec<String>)> = Vec::new();
        for _ in 0..RECORDS {
            let first = random_allele(&mut random, &sequence);
            let mut alts = vec![first.alt];
            (0..random.usize(0..3)).for_each(|_| alts.push(random_alt(&mut random, &first.reference)));
            alts.sort();
            alts.dedup();
            records.push((first.pos, first.reference, alts));
        }
        records.sort();
        let vcf = folder.path().join("in.vcf");
        std::fs::write(&vcf, file(&sequence, &records)).unwrap();
        let mut norm = Command::new("bcftools");
        norm.args(["norm", "-m-", "-f"]).arg(reference.path()).arg(&vcf);
        let out = norm.output().unwrap();
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let theirs = String::from_utf8(out.stdout).unwrap();
        let theirs = theirs.lines().filter(|line| !line.starts_with('#')).map(|line| {
            let columns: Vec<&str> = line.split('\t').collect();
            (columns[2].to_owned(), Owned::new(columns[1].parse().unwrap(), columns[3], columns[4]))
        });
        let mut ours = Vec::new();
        for (nth, (pos, bases, alts)) in records.iter().enumerate() {
            for alt in alts {
                let (allele, how) = align(&reference, *pos, bases, alt);
                assert_eq!(how, How::LeftAligned);
                indels += usize::from(allele.reference.len() != allele.alt.len());
                moved += usize::from(allele.pos < *pos);
                ours.push((format!("r{nth}"), allele));
            }
        }
        let (ours, theirs) = (sorted(ours), sorted(theirs.collect()));
        let differ: Vec<_> = ours.iter().zip(&theirs).filter(|(ours, theirs)| ours != theirs).take(5).collect();
        assert!(ours.len() == theirs.len() && differ.is_empty(), "seed {seed}: {differ:?}");
    }
    assert!(indels >= 2000 && moved >= 300, "{indels} indels, {moved} moved: too few to say much");
}
