//! Rows that stay as they are cost no memory of their own.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use vcf_agent::alleles::Identifier;
use vcf_agent::domain::rows::Rows;
use vcf_agent::domain::warning::Warnings;

use crate::columns::push;
use crate::fasta::of_one;

thread_local! {
    static ALLOCATED: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, with a count of this thread's requests.
struct Counting;

// SAFETY: every call is the system allocator's; counting touches a thread-local integer only.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATED.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATED.with(|count| count.set(count.get() + 1));
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

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
        let before = ALLOCATED.get();
        assert_eq!(changed(&mut identifier, &mut warnings), first);
        assert_eq!(ALLOCATED.get() - before, 0);
        assert_eq!(first, if reference.is_some() { 100 } else { 0 });
        assert!(warnings.is_empty(), "{:?}", warnings.list());
    }
    assert!(ALLOCATED.get() > 0, "nothing was counted at all");
}
