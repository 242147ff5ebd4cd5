//! Providers: the evidence that they are given, the suite that each kind must pass, the rules criterion by criterion, how
//! findings are merged, and how the rules do against ClinVar.

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
