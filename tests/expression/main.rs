//! The expression language: bcftools' own cases, laws that must hold for any expression, and bcftools itself as the
//! judge of generated ones.

#[path = "../e2e/harness.rs"]
#[allow(dead_code, reason = "only the words for skipped tests and for the folder of real files are used")]
mod harness;

mod against_bcftools;
mod allocations;
mod cases;
mod corpus;
mod examples;
mod format;
mod generate;
mod laws;
mod vcf;
