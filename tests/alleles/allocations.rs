//! Rows that stay as they are cost no memory of their own.

use vcf_agent::alleles::Identifier;
use vcf_agent::domain::rows::Rows;
use vcf_agent::domain::warning::Warnings;

use crate::columns::push;
use crate::counting::allocations;
use crate::fasta::of_one;

#[test]
fn no_row_allocates_once_the_memory_is_there() {
    let (_folder, reference) = of_one(&"ACGTACGTTTTT".repeat(500));
    let mut rows = Rows::default();
    for at in 0..4000 {
        let base = &"ACGTACGTTTTT"[at % 12..=at % 12];
        push(&mut rows, "c", at as i64 + 1, base, Some(if base == "A" { "C" } else { "A" }));
    }
    // Moved alleles too: their columns keep their memory from batch to batch.
    (0..100).for_each(|at| push(&mut rows, "c", at * 12 + 12, "T", Some("TT")));
    for reference in [Some(&reference), None] {
        let mut identifier = Identifier::new(reference);
        let mut warnings = Warnings::default();
        let changed = |identifier: &mut Identifier<'_>, warnings: &mut Warnings| {
            identifier.identify(&rows, warnings).unwrap().changed.count_ones()
        };
        let first = changed(&mut identifier, &mut warnings);
        let before = allocations();
        assert_eq!(changed(&mut identifier, &mut warnings), first);
        assert_eq!(allocations() - before, 0);
        assert_eq!(first, if reference.is_some() { 100 } else { 0 });
        assert!(warnings.is_empty(), "{:?}", warnings.list());
    }
    assert!(allocations() > 0, "nothing was counted at all");
}
