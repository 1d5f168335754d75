//! The API's document in the repository, and the cases that fuzzers have found.
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

/// Clients take their arguments from the document: one that is not declared cannot be given.
#[test]
fn every_part_of_a_path_that_varies_is_declared() {
    let document: serde_json::Value = serde_json::from_str(&campanile_web::openapi().to_json().unwrap()).unwrap();
    let mut missing = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap().iter().filter(|(_, operation)| operation.is_object()) {
            let declared = [&operation["parameters"], &item["parameters"]];
            let declared = declared.into_iter().filter_map(|list| list.as_array()).flatten();
            let declared: Vec<_> = declared.filter(|one| one["in"] == "path").map(|one| one["name"].clone()).collect();
            let parts = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
            missing.extend(
                parts.filter(|part| !declared.contains(&(*part).into())).map(|part| format!("{method} {path}: {part}")),
            );
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
}
