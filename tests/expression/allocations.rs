//! After the first few records nothing is allocated, whatever is asked.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use vcf_agent::expression::{Expression, Record, Scratch};

use crate::generate;
use crate::vcf::Vcf;

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
        let before = ALLOCATED.get();
        assert_eq!(decide(), first);
        assert_eq!(ALLOCATED.get() - before, 0, "{text}");
    }
    assert!(ALLOCATED.get() > 0, "nothing was counted at all");
}
