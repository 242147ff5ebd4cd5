//! The real binary, from the outside: exit codes, receipts, kills, crashes, poison, full disks.
//!
//! | file | shows |
//! |---|---|
//! | `harness` | how the binary is started, bounded in time, and what it said |
//! | `oracle` | what a file says, by a plain count of its lines, and what the store holds, by reading its Parquet files |
//! | `present` | what may be absent here: real files and other programs; the words for a test that did not run |
//! | `commands` | exit codes, the receipt's shape, events, reading commands |
//! | `processes` | lock, signals, standard input, reading beside a run |
//! | `shared_data` | real files and the format's conformance suite, where they are present |
//! | `explain`, `help` | one variant's way; dead tasks; help, the manual, what a file lacks |
//! | `export` | that what comes out is what went in |
//! | `export_filters` | what a filter of an export takes |
//! | `exports` | that tables, and VCF with what was concluded, say what file, ledger and store say |
//! | `queries` | that every query of the documents works and gives what they show |
//! | `reference` | alleles left-aligned by a reference, and files of another assembly |
//! | `memory` | that peak memory is bounded whatever the records look like |
//! | `torture` | SIGKILL at random moments of one job |
//! | `answers` | what was concluded about selected alleles: once for each, however often the process is killed |
//! | `durability` | the order of syncs and renames, as the system sees them |
//! | `crash` | a crash at each crash point (feature `failpoints`) |
//! | `replay`, `replay_crash` | dead letters that are replayed and dropped; a crash at each of its crash points (feature `failpoints`) |
//! | `poison` | records that panic or abort (feature `failpoints`) |

// With crash points only some of the tests are there, and need only some of this.
#[cfg_attr(feature = "failpoints", expect(dead_code, reason = "used by the tests of the binary as it ships"))]
mod harness;
#[cfg_attr(feature = "failpoints", expect(dead_code, reason = "used by the tests of the binary as it ships"))]
mod oracle;
#[path = "../support/present.rs"]
mod present;

#[cfg(feature = "failpoints")]
mod crash;
#[cfg(feature = "failpoints")]
mod poison;
#[cfg(feature = "failpoints")]
mod replay_crash;

mod answers;
mod durability;

// The binary as it ships: these run once, without crash points.
#[cfg(not(feature = "failpoints"))]
mod commands;
#[cfg(not(feature = "failpoints"))]
mod explain;
#[cfg(not(feature = "failpoints"))]
mod export;
#[cfg(not(feature = "failpoints"))]
mod export_filters;
#[cfg(not(feature = "failpoints"))]
mod exports;
#[cfg(not(feature = "failpoints"))]
mod help;
#[cfg(not(feature = "failpoints"))]
mod memory;
#[cfg(not(feature = "failpoints"))]
mod processes;
#[cfg(not(feature = "failpoints"))]
mod queries;
#[cfg(not(feature = "failpoints"))]
mod reference;
#[cfg(not(feature = "failpoints"))]
mod replay;
#[cfg(not(feature = "failpoints"))]
mod shared_data;
#[cfg(not(feature = "failpoints"))]
mod torture;
