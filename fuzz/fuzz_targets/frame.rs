//! Fuzzes the entrance `frame`; `cargo fuzz run frame`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campanile_web::fuzz_targets::frame(bytes));
