//! The hidden command `isolate`: one segment in a process of its own, so that a record that aborts can be found.

/// Runs it; returns the exit code.
pub fn run() -> u8 {
    crate::run::isolate()
}
