//! The command line, asked of the real binary.

mod jobs;
mod place;
mod triage;
mod words;
