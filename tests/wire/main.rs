//! The wire format: round trips, golden bytes, what is refused and within which memory, and a reader in another language.

mod foreign;
mod golden;
mod hostile;
mod laws;
mod memory;
#[path = "../support/present.rs"]
mod present;
mod refused;
#[path = "../stores/rows.rs"]
#[allow(dead_code, reason = "the stores' tests need all of it")]
mod rows;
#[path = "../support/segments.rs"]
mod segments;
#[path = "../../fuzz/sign.rs"]
mod sign;
mod support;
mod value;
