//! Fuzzes the entrance `filter`; `cargo fuzz run filter`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campanile_web::fuzz_targets::filter(bytes));
