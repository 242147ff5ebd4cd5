//! vcf-agent: an actor-based stream processing engine for genomic variants.
//!
//! The words, in the order of a variant's journey: a *file* becomes a *job*; it is read in *segments* of up to 4,096 lines
//! ([`vcf`]); each segment is parsed into *rows*, one per allele, or *dead letters* ([`domain`]); *triage* selects a few rows; segments
//! are committed in *groups* to a *store* ([`stores`]) and to the *ledger* ([`ledger`]), and only then their *receipts* come home
//! ([`delivery`]). When everything is home the *certificate* compares what the store gives back with what the file says, the job is
//! published, and the *receipt* that people read says so ([`report`]). The [`actors`] only keep the books. Between nodes
//! messages travel over [`transports`], in the format of [`wire`].

pub mod actors;
pub mod alleles;
pub mod annotation;
pub mod cli;
pub mod config;
pub mod data_dir;
pub mod delivery;
pub mod domain;
pub mod durable;
pub mod explain;
pub mod expression;
pub mod fault;
pub mod ledger;
pub mod messages;
pub mod providers;
pub mod reference;
pub mod replay;
pub mod report;
pub mod run;
pub mod stores;
pub mod telemetry;
pub mod transports;
pub mod triage;
pub mod vcf;
pub mod wire;

/// Whether a named failpoint asks for something (`name=return`). Compiled out of every normal build. The names are listed in
/// `docs/HAZARDS.md`.
#[cfg(feature = "failpoints")]
pub(crate) fn failpoint(name: &str) -> bool {
    let asked = || {
        fail::fail_point!(name, |_| true);
        false
    };
    asked()
}

/// No failpoints in this build.
#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn failpoint(_: &str) -> bool {
    false
}

/// A place at which a torture test may end the process.
#[inline(always)]
pub(crate) fn crash_point(name: &str) {
    if failpoint(name) {
        std::process::abort();
    }
}

/// As [`failpoint`], for a failpoint that names a record: `name=return(CHROM:POS)`.
#[cfg(feature = "failpoints")]
pub(crate) fn failpoint_at(name: &str, chrom: &[u8], pos: &str) -> bool {
    let asked = || {
        fail::fail_point!(name, |place: Option<String>| place
            .is_some_and(|place| place.as_bytes() == [chrom, b":", pos.as_bytes()].concat()));
        false
    };
    asked()
}
