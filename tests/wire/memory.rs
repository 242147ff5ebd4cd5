//! How much memory this thread holds, and has held at most, in a test program whose allocator counts it.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

thread_local! {
    static HELD: Cell<isize> = const { Cell::new(0) };
    static PEAK: Cell<isize> = const { Cell::new(0) };
}

/// The system's allocator, which adds up what each thread asks of it and gives back.
struct Adding;

#[global_allocator]
static ALLOCATOR: Adding = Adding;

fn add(bytes: isize) {
    // A thread that is ending has no counter any more.
    let _counted = HELD.try_with(|held| {
        held.set(held.get() + bytes);
        let _counted = PEAK.try_with(|peak| peak.set(peak.get().max(held.get())));
    });
}

// SAFETY: everything is handed to the system's allocator as it comes. Growing calls `alloc` and `dealloc` by default.
unsafe impl GlobalAlloc for Adding {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as isize);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        add(layout.size() as isize);
        // SAFETY: the caller's promise about `layout` is passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        add(-(layout.size() as isize));
        // SAFETY: the caller's promise that `pointer` came from `alloc` with this `layout` is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }
}

/// What `work` returns, and how much more than before it this thread held at most (bytes). C libraries ask elsewhere.
pub fn peak<T>(work: impl FnOnce() -> T) -> (T, usize) {
    let before = HELD.get();
    PEAK.set(before);
    let result = work();
    (result, (PEAK.get() - before) as usize)
}
