//! The actors: they keep the books, the work runs elsewhere.
//!
//! | file | who |
//! |---|---|
//! | [`stage`] | what every actor is made of: caught panics, death notices, the three ways to send |
//! | [`mod@env`] | clock, chance and blocking work, real or simulated |
//! | [`overseer`] | one file after the other; builds and rebuilds the chain of stages |
//! | [`open`], [`boot`] | from a file to a job; what a start finds |
//! | [`parser`] | reads the file, sends segments until each has its receipt |
//! | [`parsing`] | a segment's text → rows, around records that panic |
//! | [`credit`] | what a segment costs |
//! | [`router`] | triage |
//! | [`replays`] | dead letters that come to a job which is stored already: the end of it |
//! | [`retriage`] | another triage for a job that is stored already |
//! | [`batcher`], [`commit`] | groups, and their way into store and ledger |
//! | [`auditor`] | what is missing; certificate; publishing |
//! | [`answering`] | who is asked about selected alleles, and what becomes of the answers |
//! | [`notifier`] | follows the outbox |
//! | [`poison`], [`isolate`] | which record to blame for a panic, or for the end of a process |
//! | [`progress`] | numbers for people |
//! | [`input`] | bytes that can be read from the beginning more than once |

pub mod answering;
pub mod auditor;
pub mod batcher;
pub mod boot;
pub mod commit;
pub mod credit;
pub mod engine;
pub mod env;
pub mod input;
pub mod isolate;
pub mod notifier;
pub mod open;
pub mod overseer;
pub mod parser;
pub mod parsing;
pub mod poison;
pub mod progress;
pub mod replays;
pub mod retriage;
pub mod router;
pub mod stage;
