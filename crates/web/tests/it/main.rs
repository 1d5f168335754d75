//! The API's document, as it lies in the repository, and what fuzzers have found.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used)]

#[cfg(feature = "fuzzing")]
mod corpora;

#[test]
fn the_document_in_the_repository_is_what_is_served() {
    let kept = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json")).unwrap();
    let served = campanile_web::openapi().to_pretty_json().unwrap();
    assert!(
        kept.trim_end() == served,
        "run `cargo run -- openapi > docs/openapi.json`, then `npm run schema` in console/"
    );
}
