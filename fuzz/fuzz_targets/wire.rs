//! Any bytes as a message between nodes, and as the signed body of one.
#![no_main]

#[path = "../check_wire.rs"]
mod check_wire;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check_wire::wire(bytes);
});
