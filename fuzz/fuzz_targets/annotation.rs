//! Any bytes as a header and annotated records.
#![no_main]

#[path = "../annotation_check.rs"]
mod annotation_check;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    annotation_check::annotation(bytes);
});
