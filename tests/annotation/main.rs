//! Annotations in the record: each tool's rules by its own documented examples, then real files against a plain reading.

#[path = "../../fuzz/annotation_check.rs"]
mod annotation_check;
#[path = "../support/counting.rs"]
mod counting;
#[path = "../support/present.rs"]
mod present;

mod allocations;
mod bcsq;
mod choice;
mod clinvar;
mod corpus;
mod frequencies;
mod hostile;
mod plain;
mod properties;
mod real_files;
mod schema;
mod snpeff;
mod support;
mod terms;
mod vep;
