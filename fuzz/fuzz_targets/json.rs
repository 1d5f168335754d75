//! Fuzzes the entrance `json`; `cargo fuzz run json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campanile_web::fuzz_targets::json(bytes));
