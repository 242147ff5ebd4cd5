//! `run --reference`: alleles are left-aligned into columns of their own, nothing else changes, and a file of another assembly is refused.

use std::fs::File;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::harness::{Place, Said, adds_up, number, string};
use crate::oracle;

/// `chr1` of 40 bases: a run of CA from 11 on.
const FASTA: &str = ">chr1 test\nGGTTGGTTGGCACACACACATTGG\nGGTTGGTTGGTTGGTT\n";

/// A deletion and an insertion written at the right end of the repeat, a substitution with a base too many, one without change.
const VCF: &str = "##fileformat=VCFv4.2\n##contig=<ID=chr1,length=40>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\n\
                   chr1\t18\t.\tACA\tA\t.\t.\t.\nchr1\t20\t.\tA\tACA\t.\t.\t.\nchr1\t1\t.\tGGT\tGGC\t.\t.\t.\nchr1\t3\t.\tT\tC\t.\t.\t.\n";

/// (allele_pos, allele_ref, allele_alt, allele_how) of a row.
type Identity = (Option<i64>, Option<String>, Option<String>, String);

/// Every row's, in order.
fn identities(place: &Place) -> Vec<Identity> {
    let mut all = Vec::new();
    for file in oracle::published(&place.data()) {
        for batch in ParquetRecordBatchReaderBuilder::try_new(File::open(file).unwrap()).unwrap().build().unwrap() {
            let batch = batch.unwrap();
            let pos = batch.column_by_name("allele_pos").unwrap().as_primitive::<Int64Type>();
            let text = |name: &str, row: usize| {
                let column = batch.column_by_name(name).unwrap().as_string::<i32>();
                column.is_valid(row).then(|| column.value(row).to_owned())
            };
            all.extend((0..batch.num_rows()).map(|row| {
                let pos = pos.is_valid(row).then(|| pos.value(row));
                (pos, text("allele_ref", row), text("allele_alt", row), text("allele_how", row).unwrap())
            }));
        }
    }
    all
}

fn run(place: &Place, vcf: &str, more: &[&str]) -> Said {
    place.write("alleles.vcf", vcf);
    place.write("ref.fa", FASTA);
    place.call(["run", "--json", "alleles.vcf"].iter().chain(more).copied())
}

#[test]
fn alleles_are_left_aligned_by_the_reference_and_only_trimmed_without() {
    let some = |pos: i64, reference: &str, alt: &str, how: &str| {
        (Some(pos), Some(reference.to_owned()), Some(alt.to_owned()), how.to_owned())
    };
    let same = |how: &str| (None, None, None, how.to_owned());
    let place = Place::new();
    let without = run(&place, VCF, &[]).expect(0).object();
    assert_eq!(
        identities(&place),
        [same("trimmed"), same("trimmed"), some(3, "T", "C", "left_aligned"), same("left_aligned")]
    );
    let with = run(&place, VCF, &["--reference", "ref.fa"]).expect(0).object();
    assert_ne!(string(&without, "job"), string(&with, "job"), "the reference is part of the job's identity");
    let expected = [
        some(10, "GCA", "G", "left_aligned"),
        some(10, "G", "GCA", "left_aligned"),
        some(3, "T", "C", "left_aligned"),
        same("left_aligned"),
    ];
    assert_eq!(identities(&place), expected, "and its rows take the place of the others");
    adds_up(&with);
    place.receipt(string(&with, "job"), &["--deep"]).expect(0);
    // The same again is the same job; by configuration too.
    place.write("ref.toml", "[alleles]\nreference = \"ref.fa\"\n");
    let again = place.call(["run", "--json", "--config", "ref.toml", "alleles.vcf"]).expect(0).object();
    assert_eq!(string(&again, "job"), string(&with, "job"));
}

#[test]
fn a_file_of_another_assembly_is_refused_and_one_base_that_differs_is_a_warning() {
    let place = Place::new();
    let other = VCF.replace("length=40", "length=41");
    let refused = run(&place, &other, &["--reference", "ref.fa"]).expect(65).object();
    assert_eq!(string(&refused, "state"), "REFUSED");
    let mismatch = VCF.replace("chr1\t3\t.\tT\tC", "chr1\t3\t.\tA\tC");
    let odd = run(&place, &mismatch, &["--reference", "ref.fa"]).expect(0).object();
    let codes: Vec<&str> = odd["warnings"].as_array().unwrap().iter().map(|w| w["code"].as_str().unwrap()).collect();
    assert_eq!((codes.contains(&"reference_mismatch"), number(&odd, "stored")), (true, 4), "{codes:?}");
    place.write("grch38.toml", "[alleles]\nassembly = \"GRCh38\"\n");
    let hg19 = VCF.replace("<ID=chr1,length=40>", "<ID=chr1,length=249250621>");
    let refused = run(&place, &hg19, &["--config", "grch38.toml"]).expect(65).object();
    assert!(refused["error"]["message"].as_str().unwrap().contains("GRCh37"), "{refused}");
    let missing = run(&place, VCF, &["--reference", "absent.fa"]);
    assert!(missing.code() == 78 && missing.stderr.matches("absent.fa").count() == 1, "{missing:?}");
}
