//! The tools as clients see them.

use std::collections::BTreeSet;

use super::*;

#[test]
fn all_tools_read_and_say_what_they_take() {
    let names: BTreeSet<&str> = ALL.iter().map(|tool| tool.name).collect();
    assert_eq!(names.len(), ALL.len(), "each name once");
    assert_eq!(described()[0].name, "search");
    for tool in described() {
        let hints = tool.annotations.as_ref().unwrap();
        assert_eq!((hints.read_only_hint, hints.open_world_hint), (Some(true), Some(false)), "{}", tool.name);
        assert!(tool.title.is_some() && tool.description.as_ref().is_some_and(|text| text.len() > 60));
        let input = Value::Object((*tool.input_schema).clone());
        assert_eq!((&input["type"], &input["additionalProperties"]), (&"object".into(), &false.into()), "{input}");
        for (name, field) in input["properties"].as_object().unwrap() {
            assert!(field["type"].is_string(), "{} {name}: one type, not a list: {field}", tool.name);
            assert!(field["description"].is_string(), "{} {name}: {field}", tool.name);
        }
        assert_eq!(tool.output_schema.as_ref().unwrap()["type"], "object", "{}", tool.name);
        let text = serde_json::to_string(tool).unwrap();
        assert!(!text.contains("$ref") && !text.contains("\"null\""), "{text}");
    }
}

#[test]
fn search_and_fetch_need_exactly_what_chatgpt_sends() {
    let required = |name: &str| {
        let tool = described().iter().find(|tool| tool.name == name).unwrap();
        tool.input_schema["required"].clone()
    };
    assert_eq!(required("search"), serde_json::json!(["query"]));
    assert_eq!(required("fetch"), serde_json::json!(["id"]));
    assert!(!described()[2].input_schema["required"].as_array().unwrap().is_empty());
}

#[test]
fn an_answer_of_search_needs_nothing_but_its_results() {
    for name in ["search", "find_similar"] {
        let tool = described().iter().find(|tool| tool.name == name).unwrap();
        assert_eq!(tool.output_schema.as_ref().unwrap()["required"], serde_json::json!(["results"]), "{name}");
    }
}

#[test]
fn a_property_may_be_called_title_or_default() {
    let mut schema = serde_json::json!({ "title": "Answer", "properties": {
        "title": { "type": ["string", "null"], "default": null }, "default": { "type": "string", "title": "X" } } });
    simplify(&mut schema);
    let expected = serde_json::json!({ "properties": {
        "title": { "type": "string" }, "default": { "type": "string" } } });
    assert_eq!(schema, expected);
}

#[test]
fn a_fault_inside_is_no_business_of_the_model() {
    let inner = Error::internal("the password of the database");
    let told = sentence(&inner, "req_1");
    assert!(!told.contains("password") && told.contains("req_1"), "{told}");
    assert!(sentence(&Error::NotFound(Thing::Observation), "req_1").contains("`search`"));
}
