//! Any bytes as an expression and the records that it decides.
#![no_main]

#[path = "../check_expression.rs"]
mod check_expression;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    check_expression::expression(bytes);
});
