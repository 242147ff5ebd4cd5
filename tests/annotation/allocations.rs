//! Reading a record allocates nothing once the output has its size: counted by the allocator of this test program.

use vcf_agent::annotation::{AnnotatedRecord, Annotator, Frequencies, Schema};

use crate::counting::allocations;
use crate::support::{BCSQ, SNPEFF, vep_description};

#[test]
fn a_record_is_read_without_allocating() {
    let csq = vep_description("Allele|Consequence|Feature|ALLELE_NUM|MANE_SELECT|CANONICAL|AF|CLIN_SIG");
    let lines = [
        ("CSQ", ".", "String", csq.as_str()),
        ("ANN", ".", "String", SNPEFF),
        ("BCSQ", ".", "String", BCSQ),
        ("CLNSIG", ".", "String", "significance"),
        ("CLNREVSTAT", ".", "String", "review"),
        ("AF_popmax", "A", "Float", "frequency"),
    ];
    let (schema, _) = Schema::from_info_lines(&lines);
    let frequencies = Frequencies { sub_fields: vec!["AF".into()], info_keys: vec!["AF_popmax".into()] };
    let (annotator, _) = Annotator::new(&schema, &frequencies);
    let info = "AF_popmax=0.1,0.2,.;CSQ=-|frameshift_variant|E1|1|NM_1.1|YES|0.1&0.2|pathogenic,AA|odd_variant|E2|2||||,\
                G|intron_variant|E2|7||||;ANN=C|stop_gained|HIGH|G|I|transcript|E|protein_coding|1/1|c.1A>G|p.Met1?|1/9|1/9|\
                1/3||,G-C|stop_lost|HIGH|||||||||||||;BCSQ=@17,intron|X||protein_coding,missense|X|E|protein_coding|+|\
                1V>1I|5CA>C;CLNSIG=Pathogenic,_low_penetrance|other;CLNREVSTAT=criteria_provided,_single_submitter";
    let alts: [&[u8]; 3] = [b"C", b"CAA", b"*"];
    let record = AnnotatedRecord { pos: 5, reference: b"CA", alts: &alts, info: info.as_bytes() };
    let mut out = Vec::new();
    let before = allocations();
    let first = annotator.alleles(&record, &mut out);
    assert!(allocations() > before, "the output grows the first time, and is counted");
    let before = allocations();
    for _ in 0..100 {
        assert_eq!(annotator.alleles(&record, &mut out), first);
    }
    assert_eq!(allocations() - before, 0);
    assert!(
        out[0].chosen.is_some() && out[0].clinvar.is_some() && first.renumbered == 1,
        "all of it was read: {first:?}"
    );
}
