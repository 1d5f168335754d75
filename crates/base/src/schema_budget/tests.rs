use serde_json::json;

use super::*;

fn refused(schema: &Value) -> String {
    check(schema).expect_err("it is refused")
}

#[test]
fn definitions_that_double_are_refused() {
    let mut definitions = Map::new();
    for index in 0..30 {
        let next = json!({ "$ref": format!("#/$defs/d{}", index + 1) });
        definitions.insert(format!("d{index}"), json!({ "allOf": [next, next] }));
    }
    definitions.insert("d30".to_owned(), json!({ "type": "string" }));
    let schema = json!({ "$defs": definitions, "$ref": "#/$defs/d0" });
    assert!(refused(&schema).contains("20000"), "{}", refused(&schema));
}

#[test]
fn a_schema_that_comes_back_to_itself_at_the_same_value_is_refused() {
    for schema in [
        json!({ "allOf": [{ "$ref": "#" }] }),
        json!({ "$id": "https://x.example/a", "allOf": [{ "$ref": "#" }] }),
        json!({ "$id": "https://x.example/a", "anyOf": [{ "$ref": "a" }] }),
        json!({ "$defs": { "a": { "$ref": "#/$defs/b" }, "b": { "not": { "$ref": "#/$defs/a" } } }, "$ref": "#/$defs/a" }),
        json!({ "$dynamicAnchor": "node", "if": { "$dynamicRef": "#node" } }),
        json!({ "properties": { "a": { "$anchor": "a", "oneOf": [{ "$ref": "#a" }] } } }),
    ] {
        assert!(refused(&schema).contains("comes back"), "{schema}");
    }
}

#[test]
fn a_tree_may_be_described_by_itself() {
    let tree = json!({
        "$id": "https://x.example/tree", "type": "object",
        "properties": { "children": { "type": "array", "items": { "$ref": "#" } }, "leaf": { "$ref": "#/$defs/leaf" } },
        "$defs": { "leaf": { "type": "string", "pattern": "^[a-z]{1,63}(\\.[a-z]{1,63}){1,3}$" } },
    });
    assert_eq!(check(&tree), Ok(()));
    assert_eq!(check(&json!({ "$ref": "http://json-schema.org/draft-07/schema#" })), Ok(()));
    assert_eq!(
        check(&json!({ "properties": { "$defs": { "type": "string" }, "$ref": { "type": "string" } } })),
        Ok(())
    );
    assert_eq!(check(&json!({ "$defs": { "a/b %": {} }, "$ref": "#/$defs/a~1b%20%25" })), Ok(()));
    assert_eq!(check(&json!(true)), Ok(()));
}

#[test]
fn nothing_is_fetched() {
    for reference in ["https://x.example/other.json", "file:///etc/passwd", "other.json", "#/$defs/none", "#none"] {
        assert!(refused(&json!({ "$ref": reference })).contains("leads nowhere"), "{reference}");
    }
}

#[test]
fn depth_bytes_and_patterns_are_bounded() {
    let deep = (0..SCHEMA_DEPTH + 1).fold(json!({}), |inner, _| json!({ "not": inner }));
    assert!(refused(&deep).contains("deep"));
    let words: Vec<String> = (0..2_000).map(|index| format!("word-{index}")).collect();
    let many = vec![json!({ "$ref": "#/$defs/words" }); 1_000];
    assert!(refused(&json!({ "$defs": { "words": { "enum": words } }, "allOf": many })).contains("bytes"));
    assert!(check(&json!({ "enum": words })).is_ok());
    assert!(refused(&json!({ "pattern": "(\\w{1000}){1000}" })).contains("20000"));
    assert!(refused(&json!({ "patternProperties": { "((a{50}){50}){50}": {} } })).contains("20000"));
}

#[test]
fn the_effort_of_a_schema_that_describes_itself_twice_doubles_with_each_level() {
    let twice =
        json!({ "anyOf": [{ "properties": { "a": { "$ref": "#" } } }, { "properties": { "a": { "$ref": "#" } } }] });
    assert_eq!(check(&twice), Ok(()));
    let nested = |depth: usize| (0..depth).fold(json!({}), |inner, _| json!({ "a": inner }));
    let small = effort(&twice, &nested(3), 10_000);
    assert!((30..200).contains(&small), "{small}");
    assert_eq!(effort(&twice, &nested(100), 10_000), 10_001);
    let list = json!({ "type": "array", "items": { "type": "object", "properties": { "a": { "$ref": "#/$defs/n" } } },
        "$defs": { "n": { "type": "number" } } });
    let values = vec![json!({ "a": 1 }); 100];
    let all = effort(&list, &json!(values), 100_000);
    assert!((300..1_000).contains(&all), "{all}");
}
