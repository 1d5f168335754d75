//! Tests of documents that are refused.

use serde_json::json;

use super::*;

fn faults(steps: &Value) -> String {
    let faults = check(&json!({ "name": "a", "steps": steps }));
    faults.into_iter().map(|fault| format!("{}: {}; ", fault.field, fault.message)).collect()
}

#[test]
fn a_number_beyond_its_bound_is_a_fault_of_the_document() {
    let long = json!({ "unit": "months", "value": 1_000_000_000_000_i64 });
    for (kind, settings) in [
        ("delay", json!({ "delay_for": long })),
        ("delay", json!({ "delay_for": { "unit": "weeks", "value": i64::MIN } })),
        ("delay", json!({ "delay_until": { "frequency": "daily", "interval": 1_000_000_000_000_i64 } })),
        ("delay", json!({ "delay_until": long })),
        ("batch", json!({ "batch_window": long })),
        ("batch", json!({ "batch_window": { "unit": "days", "value": 1 }, "batch_window_extension_limit": long })),
        ("batch", json!({ "batch_until": { "frequency": "hourly", "interval": 1_001 } })),
        ("throttle", json!({ "throttle_window": long })),
        ("wait_for_event", json!({ "event": { "event_type": "recipient" }, "expires_after": long })),
    ] {
        let found = faults(&json!([{ "ref": "s", "type": kind, "settings": settings }]));
        assert!(found.starts_with("s: "), "{kind} {settings}: {found}");
    }
    let fine = json!([{ "ref": "s", "type": "delay", "settings": { "delay_for": { "unit": "months", "value": 12 } } }]);
    assert_eq!(faults(&fine), "");
}

#[test]
fn a_template_beyond_its_bounds_is_a_fault_with_the_line() {
    let nested = format!("a\n{}", "{% if a %}".repeat(1_500));
    let step =
        json!({ "ref": "feed", "type": "channel", "channel_key": "feed", "template": { "markdown_body": nested } });
    let found = faults(&json!([step]));
    assert!(
        found.contains("feed.template.markdown_body") && found.contains("2:") && found.contains("100 deep"),
        "{found}"
    );
}

#[test]
fn a_schema_that_doubles_or_comes_back_to_itself_is_a_fault_at_once() {
    let began = std::time::Instant::now();
    let mut definitions = serde_json::Map::new();
    for index in 0..30 {
        let next = json!({ "$ref": format!("#/$defs/d{}", index + 1) });
        definitions.insert(format!("d{index}"), json!({ "allOf": [next, next] }));
    }
    definitions.insert("d30".to_owned(), json!({}));
    for schema in [
        json!({ "$defs": definitions, "$ref": "#/$defs/d0" }),
        json!({ "$id": "https://x.example/s", "allOf": [{ "$ref": "#" }] }),
        json!({ "$ref": "https://x.example/other" }),
    ] {
        let found = check(&json!({ "name": "a", "steps": [], "trigger_data_json_schema": schema }));
        assert_eq!(found[0].field, "trigger_data_json_schema", "{found:?}");
    }
    assert!(began.elapsed() < std::time::Duration::from_secs(30));
}

#[test]
fn a_schema_that_describes_a_tree_is_compiled_and_finds_faults() {
    for id in [None, Some("https://x.example/tree")] {
        let mut tree = json!({ "type": "object", "required": ["name"],
            "properties": { "name": { "type": "string" }, "children": { "type": "array", "items": { "$ref": "#" } } } });
        if let Some(id) = id {
            tree["$id"] = id.into();
        }
        assert_eq!(Schema::check(&tree), Ok(()), "{id:?}");
        let schema = Schema::new(tree);
        assert!(schema.faults(&json!({ "name": "a", "children": [{ "name": "b" }] })).is_empty());
        assert_eq!(schema.faults(&json!({ "name": "a", "children": [{}] })).len(), 1);
    }
}

#[test]
fn data_that_would_take_for_ever_to_be_checked_are_refused() {
    let began = std::time::Instant::now();
    let twice = json!({ "anyOf": [
        { "required": ["b"], "properties": { "a": { "$ref": "#" } } }, { "required": ["c"], "properties": { "a": { "$ref": "#" } } },
    ] });
    let schema = Schema::new(twice);
    let nested = (0..100).fold(json!({}), |inner, _| json!({ "a": inner }));
    assert!(schema.faults(&nested)[0].contains("takes too much"));
    assert!(began.elapsed() < std::time::Duration::from_secs(60));
}

#[test]
fn conditions_are_counted_and_measured() {
    let one = json!({ "variable": "data.a", "operator": "equal_to", "argument": "1" });
    let many = json!([{ "ref": "s", "type": "delay", "conditions": { "all": vec![one.clone(); 101] },
        "settings": { "delay_for": { "unit": "days", "value": 1 } } }]);
    assert!(faults(&many).contains("more than 100 conditions"));
    let deep = (0..20).fold(one, |inner, _| json!({ "all": [inner] }));
    assert!(Group::parse(&deep).unwrap_err().contains("8 deep"));
}

#[test]
fn a_misspelt_key_or_an_empty_template_is_a_fault_with_its_place() {
    let feed = |template: Value| {
        json!([{ "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
            "template": template }])
    };
    assert_eq!(faults(&feed(json!({ "markdown_body": "Hello", "action_url": null }))), "");
    let misspelt = faults(&feed(json!({ "markdwon_body": "Hello" })));
    assert!(misspelt.starts_with("feed.template.markdwon_body: is no field"), "{misspelt}");
    assert!(misspelt.ends_with("feed.template: needs markdown_body; "), "{misspelt}");
    assert_eq!(faults(&feed(json!({ "markdown_body": " " }))), "feed.template: needs markdown_body; ");
    let mail = json!([{ "ref": "mail", "type": "channel", "channel_type": "email", "template": { "text_body": "a" } }]);
    assert_eq!(faults(&mail), "mail.template: needs subject; ");
    let window = json!({ "delay_for": { "unit": "days", "value": 1 }, "delay_untill": "2026-01-01" });
    let step = json!([{ "ref": "wait", "type": "delay", "settings": window, "condition": { "all": [] } }]);
    assert_eq!(
        faults(&step),
        "wait.condition: is no key that is known here; wait.settings.delay_untill: is no key that is known here; "
    );
    let within =
        json!([{ "ref": "ways", "type": "branch", "branches": [{ "name": "all", "steps": step, "end": true }] }]);
    assert!(faults(&within).starts_with("ways.branches.0.end: "), "{}", faults(&within));
    let whole = json!({ "name": "a", "steps": [], "key": "a", "sha": "x", "descripton": "b" });
    assert_eq!(check(&whole).iter().map(|fault| fault.field.as_str()).collect::<Vec<_>>(), ["workflow.descripton"]);
}

#[test]
fn blocks_windows_limits_and_requests_without_sense_are_faults() {
    let mail = |more: Value| {
        let mut step = json!({ "ref": "mail", "type": "channel", "channel_key": "email", "channel_type": "email",
            "template": { "subject": "s", "text_body": "t" } });
        for (key, value) in more.as_object().unwrap() {
            step[key] = value.clone();
        }
        faults(&json!([step]))
    };
    let blocks = |blocks: Value| mail(json!({ "template": { "subject": "s", "visual_blocks": blocks } }));
    assert_eq!(blocks(json!([{ "type": "markdown", "content": "Hello" }, { "type": "divider" }])), "");
    assert!(blocks(json!([{ "type": "markdwon", "content": "Hello" }])).contains("visual_blocks.0: has no type"));
    assert!(blocks(json!([{ "type": "markdown" }])).contains("visual_blocks.0: needs content"));
    assert!(blocks(json!([{ "type": "button_set", "buttons": [{ "lable": "a" }] }])).contains("a label and an action"));
    let window =
        |day: &str, from: &str| mail(json!({ "send_windows": [{ "day": day, "type": "send", "from": from }] }));
    assert_eq!(window("Monday", "09:00:00"), "");
    assert!(window("moonday", "09:00").contains("no day of the week"));
    assert!(window("monday", "25:00").contains("no time of a day"));
    let feed = |buttons: Value| {
        faults(&json!([{ "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
            "template": { "markdown_body": "a", "action_buttons": buttons } }]))
    };
    assert_eq!(feed(json!([{ "label": "Open", "action": "https://x.y" }])), "");
    assert!(feed(json!([{ "lable": "Open", "action": "https://x.y" }])).contains("a label and an action"));
    let of = |kind: &str, settings: Value| faults(&json!([{ "ref": "s", "type": kind, "settings": settings }]));
    let minutes = |value: i64| json!({ "unit": "minutes", "value": value });
    for value in [0, -1] {
        assert!(of("batch", json!({ "batch_window": minutes(value) })).contains("window not be empty"));
    }
    assert!(of("delay", json!({ "delay_for": minutes(-1) })).contains("less than nothing"));
    assert_eq!(of("delay", json!({ "delay_for": minutes(0) })), "");
    let limit = json!({ "throttle_window": minutes(1), "throttle_limit": 0 });
    assert!(of("throttle", limit).contains("at least 1"));
    assert!(of("http_fetch", json!({ "method": "gte", "url": "https://x.y" })).contains("method must be"));
    assert!(of("http_fetch", json!({ "method": "get", "url": "foo" })).contains("url must begin"));
    assert_eq!(of("http_fetch", json!({ "method": "get", "url": "{{ data.url }}" })), "");
}

#[test]
fn a_step_that_cannot_be_read_is_named() {
    let batch = json!({ "ref": "gather", "type": "batch", "settings": { "batch_window": "5m" } });
    let found = faults(&json!([{ "ref": "ways", "type": "branch", "branches": [{ "steps": [batch] }] }]));
    assert!(found.starts_with("gather: ") && !found.contains("untagged"), "{found}");
    let found = faults(&json!([{ "ref": "a", "type": "mail" }]));
    assert!(found.starts_with("a: unknown variant `mail`"), "{found}");
}
