use super::*;

fn document(schema: &Value, schemas: &Value) -> Value {
    let content = json!({ "application/json": { "schema": schema } });
    json!({
        "webhooks": { "a.b": { "post": { "requestBody": { "content": content } } } },
        "components": { "schemas": schemas },
    })
}

#[test]
fn references_are_resolved_in_place_and_a_recursive_one_takes_anything() {
    let tree = json!({ "type": "object", "properties": { "child": { "$ref": "#/components/schemas/Tree" } } });
    let document = document(&json!({ "$ref": "#/components/schemas/Tree" }), &json!({ "Tree": tree }));
    let found = event_types(&document).unwrap();
    assert_eq!(found[0]["name"], "a.b");
    assert_eq!(
        found[0]["schemas"]["1"],
        json!({ "type": "object", "properties": { "child": {} } }),
        "a reference that leads nowhere or back is open"
    );
}

#[test]
fn a_document_whose_references_multiply_is_refused() {
    // Five levels of sixty references are 60⁵ values.
    let mut schemas = Map::new();
    for level in 0..5 {
        let next = json!({ "$ref": format!("#/components/schemas/L{}", level + 1) });
        let properties: Map<String, Value> = (0..60).map(|n| (format!("p{n}"), next.clone())).collect();
        schemas.insert(format!("L{level}"), json!({ "type": "object", "properties": properties }));
    }
    schemas.insert("L5".to_owned(), json!({ "type": "string" }));
    let document = document(&json!({ "$ref": "#/components/schemas/L0" }), &Value::Object(schemas));
    let why = event_types(&document).unwrap_err();
    assert!(why.contains("more than 20000 values"), "{why}");
}

#[test]
fn a_document_of_many_large_event_types_is_refused_as_a_whole() {
    let properties: Map<String, Value> = (0..9_000).map(|n| (format!("p{n}"), json!({}))).collect();
    let mut document = document(&json!({ "$ref": "#/components/schemas/L" }), &json!({ "L": properties }));
    let webhook = document["webhooks"]["a.b"].clone();
    let webhooks: Map<String, Value> = (0..40).map(|n| (format!("a.{n}"), webhook.clone())).collect();
    document["webhooks"] = Value::Object(webhooks);
    let why = event_types(&document).unwrap_err();
    assert!(why.contains("the document comes to more than 200000 values"), "{why}");
}

#[test]
fn a_deep_schema_is_refused() {
    let deep = (0..300).fold(json!({}), |inner, _| json!({ "not": inner }));
    assert!(event_types(&document(&deep, &json!({}))).unwrap_err().contains("values deep"));
}
