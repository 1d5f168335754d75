//! Hostile input: values of each kind, queries, parts of paths, and bodies that are otherwise valid.

use serde_json::{Value, json};

/// Hostile values for any place in a body.
pub(super) fn values() -> Vec<Value> {
    let doubling: serde_json::Map<String, Value> = (0..30)
        .map(|n| (format!("a{n}"), json!({ "allOf": [{ "$ref": format!("#/$defs/a{}", n + 1) }, { "$ref": format!("#/$defs/a{}", n + 1) }] })))
        .chain([("a30".to_owned(), json!({ "type": "object" }))])
        .collect();
    let nested = (0..120).fold(json!(1), |inner, _| json!([inner]));
    let unevaluated = (0..60)
        .fold(json!({ "type": "string" }), |inner, _| json!({ "allOf": [inner], "unevaluatedProperties": false }));
    let append: String = (0..28).map(|_| "{% assign a = a | append: a %}").collect();
    vec![
        json!(null),
        json!(true),
        json!("\u{0}"),
        json!("a\u{0}b"),
        json!("x".repeat(200_000)),
        json!("\u{202e}\u{feff}\u{1f514}"),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(1e308),
        json!(-1),
        json!("9999-12-31T23:59:59Z"),
        json!("+262143-12-31T23:59:59Z"),
        nested,
        json!(vec![0; 20_000]),
        Value::Object((0..5_000).map(|n| (format!("k{n}"), json!(n))).collect()),
        json!({ "frequency": "daily", "interval": 1_000_000_000_000_i64 }),
        json!({ "unit": "days", "value": i64::MAX }),
        json!(
            "{% for i in (1..3000) %}{% for j in (1..3000) %}{% for k in (1..3000) %}{% endfor %}{% endfor %}{% endfor %}"
        ),
        json!("{% for i in (1..1000000000) %}{% endfor %}"),
        json!("{% if true %}".repeat(1_500)),
        json!("{% for i in a %}".repeat(600)),
        json!(format!("{{% assign a = 'aaaaaaaaaa' %}}{append}{{{{ a }}}}")),
        json!("{{ 'now' | date: '%200000000Y' }}"),
        json!("{{ -9223372036854775808 | divided_by: -1 }}"),
        json!("{% render 'x' %}"),
        json!("<div>".repeat(16_000)),
        json!("[".repeat(20_000)),
        json!("> ".repeat(10_000)),
        json!("(a+)+$"),
        json!("smtp://127.0.0.1:1"),
        json!({ "$defs": doubling, "allOf": [{ "$ref": "#/$defs/a0" }] }),
        json!({ "$id": "x:y", "allOf": [{ "$ref": "#" }] }),
        unevaluated,
        json!("function handler(x){ for(;;); }"),
        json!("function handler(x){let s='a'.repeat(1e7);x.payload=s.indexOf('a'.repeat(5e6)+'b');return x}"),
        json!("../../../etc/passwd"),
    ]
}

/// Bodies that are not JSON, or far too much of it.
pub(super) fn raw_bodies() -> Vec<Vec<u8>> {
    vec![
        Vec::new(),
        b"null".to_vec(),
        b"[]".to_vec(),
        b"{".to_vec(),
        b"\xff\xfe{}".to_vec(),
        br#"{"a":"\ud800"}"#.to_vec(),
        b"[".repeat(300_000),
        br#"{"a":"#.repeat(50_000),
        format!("{{\"limit\":1{}}}", "0".repeat(400)).into_bytes(),
        format!("{{\"data\":\"{}\"}}", "x".repeat(1_900_000)).into_bytes(),
        b" ".repeat(2_200_000),
        format!("{{\"data\":[{}0]}}", "0,".repeat(1_000_000)).into_bytes(),
        format!("{{\"a\":[{}0]}}", "[],".repeat(99_000)).into_bytes(),
    ]
}

/// Hostile queries, without the question mark.
pub(super) fn queries() -> Vec<String> {
    let names = [
        "limit",
        "page_size",
        "cursor",
        "iterator",
        "after",
        "before",
        "order",
        "status",
        "channel",
        "tag",
        "event_types",
        "workspace",
        "tenant",
        "trigger_data",
        "inserted_at[gte]",
        "with_content",
        "user_id",
        "source",
    ];
    let each = |value: &str| names.map(|name| format!("{name}={value}")).join("&");
    vec![
        format!("a{}=1", "[]".repeat(20_000)),
        format!("a{}=1", "[a]".repeat(5_000)),
        "a[]=1&".repeat(2_000),
        each("%00"),
        each("%ff%fe"),
        each("-1"),
        each("99999999999999999999999"),
        each("%27%20OR%201=1--"),
        each("9999-12-31T23:59:59Z"),
        format!("cursor={}", "A".repeat(15_000)),
        "%".to_owned(),
    ]
}

/// Hostile texts in place of an id in a path.
pub(super) fn parts() -> Vec<String> {
    vec![
        "%00".into(),
        "%ff".into(),
        "..%2f..%2fetc".into(),
        "a".repeat(6_000),
        "x%0d%0aset-cookie:a=b".into(),
        "%F0%9F%94%94".into(),
    ]
}

/// Valid requests. The test replaces each of their values.
pub(super) fn fine() -> Vec<(&'static str, &'static str, Value)> {
    let step = json!({ "ref": "feed", "type": "channel", "channel_key": "in-app", "channel_type": "in_app_feed",
        "template": { "markdown_body": "Hello {{ name }}", "action_url": "https://example.com" } });
    let delay =
        json!({ "ref": "wait", "type": "delay", "settings": { "delay_for": { "unit": "seconds", "value": 1 } } });
    let batch = json!({ "ref": "batch", "type": "batch", "settings": { "batch_key": "k", "batch_window": { "unit": "seconds", "value": 1 } } });
    vec![
        (
            "PUT",
            "/v1/users/x",
            json!({ "name": "x", "email": "x@example.com", "timezone": "Europe/Berlin", "more": { "a": 1 } }),
        ),
        (
            "PUT",
            "/v1/users/x/preferences/default",
            json!({ "workflows": { "x": true }, "channel_types": { "email": true } }),
        ),
        ("PUT", "/v1/users/x/channel_data/in-app", json!({ "data": { "tokens": ["t"] } })),
        ("PUT", "/v1/objects/x/x", json!({ "name": "x", "settings": { "a": 1 } })),
        ("PUT", "/v1/tenants/x", json!({ "name": "x", "settings": { "branding": { "primary_color": "#000000" } } })),
        ("POST", "/v1/objects/x/x/subscriptions", json!({ "recipients": ["x"], "properties": { "a": 1 } })),
        (
            "POST",
            "/v1/workflows/x/trigger",
            json!({ "recipients": ["x"], "actor": "x", "tenant": "x", "data": { "name": "x" }, "cancellation_key": "c" }),
        ),
        ("POST", "/v1/workflows/x/cancel", json!({ "cancellation_key": "c", "recipients": ["x"] })),
        (
            "PUT",
            "/v1/workflows/hostile?commit=true",
            json!({ "workflow": { "name": "x", "steps": [step, delay, batch], "trigger_data_json_schema": { "type": "object" }, "trigger_frequency": "every_trigger" } }),
        ),
        (
            "POST",
            "/v1/workflows/x/steps/feed/preview_template",
            json!({ "recipient": "x", "data": { "a": 1 }, "template": { "markdown_body": "Hello {{ name }}" } }),
        ),
        (
            "POST",
            "/v1/schedules",
            json!({ "workflow": "x", "recipients": ["x"], "repeats": [{ "frequency": "daily", "interval": 1, "hours": 10 }], "data": {} }),
        ),
        (
            "PUT",
            "/v1/partials/x?commit=true",
            json!({ "partial": { "name": "x", "type": "html", "content": "Hello" } }),
        ),
        (
            "PUT",
            "/v1/email_layouts/x?commit=true",
            json!({ "email_layout": { "name": "x", "html_layout": "{{ content }}", "text_layout": "{{ content }}" } }),
        ),
        (
            "PUT",
            "/v1/translations/en?commit=true",
            json!({ "translation": { "content": "{\"a\":\"b\"}", "format": "json" } }),
        ),
        ("POST", "/v1/audiences/x/members", json!({ "members": [{ "user": { "id": "x" } }] })),
        ("POST", "/v1/users/bulk/identify", json!({ "users": [{ "id": "x", "name": "x" }] })),
        (
            "PUT",
            "/v1/channels/mail",
            json!({ "channel": { "name": "x", "type": "email", "provider": "email_smtp", "settings": { "from": "a@example.com" } } }),
        ),
        ("POST", "/api/v1/app", json!({ "name": "x", "uid": "y", "rateLimit": 10, "metadata": { "a": "b" } })),
        (
            "POST",
            "/api/v1/app/x/endpoint",
            json!({ "url": "https://example.com/a", "uid": "z", "description": "x", "filterTypes": ["a.b"], "channels": ["c"], "headers": { "x-a": "b" }, "metadata": { "a": "b" }, "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" }),
        ),
        ("PUT", "/api/v1/app/x/endpoint/x/headers", json!({ "headers": { "x-a": "b" }, "sensitive": ["x-a"] })),
        (
            "PATCH",
            "/api/v1/app/x/endpoint/x/transformation",
            json!({ "code": "function handler(x){ return x }", "enabled": true, "variables": { "a": "b" } }),
        ),
        (
            "POST",
            "/api/v1/app/x/endpoint/x/transformation/simulate",
            json!({ "code": "function handler(x){ return x }", "payload": { "a": 1 }, "eventType": "a.b" }),
        ),
        (
            "POST",
            "/api/v1/app/x/msg",
            json!({ "eventType": "a.b", "payload": { "a": 1 }, "channels": ["c"], "tags": ["t"], "transformationsParams": { "a": 1 } }),
        ),
        (
            "POST",
            "/api/v1/event-type",
            json!({ "name": "c.d", "description": "x", "schemas": { "1": { "type": "object" } }, "featureFlags": ["f"] }),
        ),
        (
            "POST",
            "/api/v1/event-type/import/openapi",
            json!({ "spec": { "openapi": "3.1.0", "info": { "title": "x", "version": "1" }, "webhooks": { "e.f": { "post": { "requestBody": { "content": { "application/json": { "schema": { "type": "object" } } } } } } } }, "dryRun": true }),
        ),
        (
            "POST",
            "/api/v1/environment/import",
            json!({ "eventTypes": [{ "name": "g.h", "description": "x", "schemas": { "1": { "type": "object" } } }] }),
        ),
        ("POST", "/api/v1/app/x/integration", json!({ "name": "x", "featureFlags": ["f"] })),
        (
            "POST",
            "/api/v1/app/x/endpoint/x/recover",
            json!({ "since": "2026-01-01T00:00:00Z", "until": "2026-01-02T00:00:00Z" }),
        ),
        (
            "POST",
            "/api/v1/auth/app-portal-access/x",
            json!({ "capabilities": ["ViewBase"], "expiry": 3600, "sessionId": "s" }),
        ),
        (
            "POST",
            "/api/v1/operational-webhook/endpoint",
            json!({ "url": "https://example.com/a", "filterTypes": ["endpoint.disabled"] }),
        ),
        ("POST", "/api/workspaces", json!({ "name": "x" })),
        ("POST", "/api/members", json!({ "email": "new@example.com", "role": "staff" })),
        ("POST", "/api/sources", json!({ "provider": "github", "path": "y" })),
        ("POST", "/api/events", json!({ "name": "x.y", "data": { "a": 1 } })),
        ("POST", "/api/workflows/campanile.drill/runs", json!({ "input": { "steps": 2, "pause_ms": 0 } })),
        ("POST", "/api/session", json!({ "email": "owner@example.com", "password": "wrong" })),
    ]
}

/// Copies of the body: one for each place in it and each value, with that value at that place.
pub(super) fn replaced(body: &Value, values: &[Value]) -> Vec<Value> {
    let mut places = Vec::new();
    collect(body, &mut String::new(), &mut places);
    let with = |place: &String, value: &Value| {
        let mut body = body.clone();
        *body.pointer_mut(place).expect("it was found there") = value.clone();
        body
    };
    places.iter().flat_map(|place| values.iter().map(move |value| with(place, value))).collect()
}

fn collect(value: &Value, place: &mut String, places: &mut Vec<String>) {
    if !place.is_empty() {
        places.push(place.clone());
    }
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => {
            map.iter().map(|(name, value)| (name.replace('~', "~0").replace('/', "~1"), value)).collect()
        }
        Value::Array(list) => list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect(),
        _ => return,
    };
    for (name, value) in inner {
        let length = place.len();
        place.push_str(&format!("/{name}"));
        collect(value, place, places);
        place.truncate(length);
    }
}
