//! Fuzzes the entrance `schema`; `cargo fuzz run schema`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| campanile_web::fuzz_targets::schema(bytes));
