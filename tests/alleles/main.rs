//! Alleles and the reference: bcftools' own cases of `norm`, bcftools itself on generated indels, laws, the published vectors of
//! VRS, and every way a FASTA file can be wrong.

#[path = "../support/counting.rs"]
mod counting;
#[path = "../support/present.rs"]
mod present;

mod against_bcftools;
mod allocations;
mod columns;
mod fasta;
mod ids;
mod laws;
mod norm_cases;
mod real_files;
mod reference;
mod trimming;
mod vrs;
