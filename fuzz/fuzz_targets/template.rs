//! Fuzzes the entrance `template`; `cargo fuzz run template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campanile_web::fuzz_targets::template(bytes));
