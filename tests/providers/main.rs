//! Providers: the evidence that they are given, the suite that each kind must pass, the rules criterion by criterion, how
//! findings are merged, and how the rules do against ClinVar.

#[allow(dead_code, reason = "only the words for skipped tests and for the folder of real files are used")]
#[path = "../support/present.rs"]
mod present;

mod clinvar;
mod conformance;
mod double;
mod evidence;
mod merge;
mod rules;
mod serialised;
mod support;
