//! Fuzzes the entrance `path`; `cargo fuzz run path`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campanile_web::fuzz_targets::path(bytes));
