//! Triage: each clause by example, all of them against a plain reading of the same rules, and against other people's programs on
//! real files.
//!
//! | file | what it holds |
//! |---|---|
//! | `clauses` | the clauses about columns, all together, and the canonical text by example |
//! | `genotype`, `effect`, `genes`, `expression` | the other clauses by example |
//! | `notices` | what a file lacks for a triage |
//! | `canonical` | every triage reads its own canonical text |
//! | `variant` | spellings of variants, and how they are explained |
//! | `cases` | people's own cases |
//! | `tally` | a file in one go is a file in pieces |
//! | `against_bcftools` | bcftools, and its plugin split-vep, asked the same question of the same real file |

#[path = "../support/present.rs"]
mod present;
mod support;

mod against_bcftools;
mod canonical;
mod cases;
mod clauses;
mod effect;
mod expression;
mod genes;
mod genotype;
mod notices;
mod tally;
mod variant;
