//! After the first few records nothing is allocated, whatever is asked.

use vcf_agent::expression::{Expression, Record, Scratch};

use crate::counting::allocations;
use crate::generate;
use crate::vcf::Vcf;

#[test]
fn a_decision_allocates_nothing_once_its_memory_is_there() {
    let mut random = fastrand::Rng::with_seed(11);
    let vcf = Vcf::read(&generate::file(&mut random, 30), None);
    let records: Vec<Record<'_>> = vcf.records().collect();
    for _ in 0..200 {
        let text = generate::condition(&mut random, 2);
        let expression = Expression::parse(&text, &vcf.fields).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut scratch = Scratch::default();
        let mut decide = || records.iter().filter(|record| expression.eval(record, &mut scratch).site).count();
        let first = decide();
        let before = allocations();
        assert_eq!(decide(), first);
        assert_eq!(allocations() - before, 0, "{text}");
    }
    assert!(allocations() > 0, "nothing was counted at all");
}
