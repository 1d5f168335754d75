//! Fuzzes the entrance `query`; `cargo fuzz run query`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campanile_web::fuzz_targets::query(bytes));
