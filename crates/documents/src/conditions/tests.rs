//! Tests of conditions.

use serde_json::json;

use super::*;

fn holds(condition: Value) -> bool {
    let variables = json!({
        "data": { "total": 5, "name": "Ada", "tags": ["a", "b"], "empty": "", "none": null, "at": "2026-03-01T12:00:00Z",
            "nested": { "list": [{ "x": 1 }] }, "flag": true, "count": "7" },
        "recipient": { "id": "jane", "plan": "pro", "limit": 4 },
        "refs": { "email_1": { "delivery_status": "delivered", "engagement_status": ["seen"] } },
    });
    let scope = Scope {
        variables: &variables,
        audiences: &["beta".to_owned()],
        now: Timestamp::parse("2026-03-02T12:00:00Z").unwrap(),
    };
    let group: Group = serde_json::from_value(condition).unwrap();
    group.evaluate(&scope).0
}

fn is(variable: &str, operator: &str, argument: impl Into<Value>) -> bool {
    holds(json!({ "variable": variable, "operator": operator, "argument": argument.into() }))
}

#[test]
fn literals_words_and_paths_are_arguments() {
    assert!(is("data.total", "equal_to", "5") && is("data.total", "equal_to", 5) && is("data.count", "equal_to", "7"));
    assert!(is("data.name", "equal_to", "Ada") && is("data.name", "equal_to", "\"Ada\""));
    assert!(is("data.flag", "equal_to", "true") && is("data.flag", "not_equal_to", "false"));
    assert!(is("data.total", "greater_than", "recipient.limit") && !is("data.total", "less_than", "recipient.limit"));
    assert!(is("data.nested.list.0.x", "equal_to", "1"));
}

#[test]
fn what_is_missing_is_empty_and_does_not_exist() {
    assert!(is("data.gone", "equal_to", "") && is("data.gone", "empty", Value::Null));
    assert!(is("data.empty", "empty", Value::Null) && is("data.empty", "exists", Value::Null));
    assert!(is("data.none", "not_exists", Value::Null) && is("data.gone", "not_exists", Value::Null));
    assert!(is("data.tags", "not_empty", Value::Null) && !is("data.gone", "greater_than", "0"));
}

#[test]
fn lists_and_texts_contain() {
    assert!(is("data.tags", "contains", "a") && is("data.name", "contains", "da") && !is("data.tags", "contains", "z"));
    assert!(is("data.tags", "contains", "[\"z\", \"b\"]") && is("data.tags", "contains_all", "[\"a\", \"b\"]"));
    assert!(is("data.tags", "not_contains_all", "[\"a\", \"z\"]") && is("data.name", "not_contains", "x"));
}

#[test]
fn times_are_written_out_relative_or_templates() {
    assert!(is("data.at", "is_timestamp", Value::Null) && is("data.name", "is_not_timestamp", Value::Null));
    assert!(is("data.at", "is_timestamp_before", "1 hour ago") && !is("data.at", "is_timestamp_before", "2 days ago"));
    assert!(is("data.at", "is_timestamp_on_or_after", "2026-03-01") && is("data.at", "is_timestamp_before_now", ""));
    assert!(is("data.at", "is_timestamp_on_or_after", "{{ data.at }}"));
    assert!(is("data.at", "is_timestamp_between", "[\"2026-02-28\", \"2026-03-02\"]"));
    assert!(is("data.total", "is_between", "[1, 5]") && !is("data.total", "is_between", "[6, 9]"));
}

#[test]
fn messages_are_compared_by_how_far_they_got() {
    assert!(is("refs.email_1.delivery_status", "equal_to", "$message.delivered"));
    assert!(is("refs.email_1.delivery_status", "greater_than_or_equal_to", "$message.sent"));
    assert!(is("refs.email_1.engagement_status", "contains", "$message.seen_not_read"));
    assert!(is("refs.gone.delivery_status", "equal_to", "$message.skipped"));
    assert!(is("recipient", "is_audience_member", "beta") && is("recipient", "is_not_audience_member", "vip"));
}

#[test]
fn groups_stop_where_they_are_decided() {
    let no = json!({ "variable": "data.total", "operator": "equal_to", "argument": "6" });
    let yes = json!({ "variable": "data.total", "operator": "equal_to", "argument": "5" });
    assert!(holds(json!({ "any": [no, { "all": [yes, yes] }] })));
    assert!(!holds(json!({ "all": [yes, no] })) && holds(json!([yes, yes])) && holds(json!({ "all": [] })));
    let variables = json!({ "data": { "total": 5 } });
    let scope = Scope { variables: &variables, audiences: &[], now: Timestamp::from_micros(0) };
    let group: Group = serde_json::from_value(json!({ "all": [no, yes] })).unwrap();
    let (_, log) = group.evaluate(&scope);
    assert_eq!((log[0].holds, log[1].holds), (Some(false), None));
}

#[test]
fn lists_are_compared_without_going_through_all_pairs() {
    let list: Vec<Value> = (0..60_000).map(|number| json!(number)).collect();
    let other: Vec<Value> = (100_000..160_000).map(|number| json!(number.to_string())).collect();
    let variables = json!({ "data": { "a": list, "b": other } });
    let scope = Scope { variables: &variables, audiences: &[], now: Timestamp::from_micros(0) };
    let began = std::time::Instant::now();
    let condition = |operator: &str| -> Condition {
        serde_json::from_value(json!({ "variable": "data.a", "operator": operator, "argument": "data.b" })).unwrap()
    };
    let evaluated = condition("contains").evaluate(&scope);
    assert_eq!(evaluated.holds, Some(false));
    // A large value is not copied into the log.
    assert!(evaluated.found.unwrap().as_str().unwrap().contains("bytes"));
    assert_eq!(condition("not_contains_all").evaluate(&scope).holds, Some(true));
    assert!(began.elapsed() < std::time::Duration::from_secs(5), "{:?}", began.elapsed());
}
