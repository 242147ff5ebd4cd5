//! The expression language: bcftools' own cases, laws that must hold for any expression, and bcftools itself as the
//! judge of generated ones.

#[path = "../support/counting.rs"]
mod counting;
#[path = "../support/present.rs"]
mod present;

mod against_bcftools;
mod allocations;
mod cases;
mod corpus;
mod examples;
mod format;
mod generate;
mod laws;
mod vcf;
