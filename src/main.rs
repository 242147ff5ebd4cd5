//! The binary: an allocator and an exit code. Everything else is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// mimalloc's `mi_option_purge_delay`, for which the bindings have no name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

fn main() -> ExitCode {
    // docs/adr/0014: huge pages keep what was freed around what was not, which is half of the memory at the peak. Where the kernel has
    // none there is nothing to switch off.
    let _has_none = rustix::thread::disable_transparent_huge_pages(true);
    // Freed memory goes back after a tenth of a second.
    // SAFETY: sets one number of the allocator, before any thread is started.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 100) };
    ExitCode::from(vcf_agent::cli::main(std::env::args_os()))
}
