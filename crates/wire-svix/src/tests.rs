//! Properties of queries, bodies and headers that hold for any input.

use axum::http::HeaderMap;
use campanile_base::Timestamp;
use proptest::prelude::*;
use serde_json::Value;

use super::access::Access;
use super::applications::{ApplicationIn, ApplicationPatch};
use super::body::{Field, read};
use super::endpoints::{EndpointIn, EndpointPatch};
use super::event_types::{EventTypeIn, EventTypePatch};
use super::idempotency;
use super::list::PageRequest;
use super::messages::MessageIn;
use super::query::{Query, parse_time};

const NOW: Timestamp = Timestamp::from_seconds(1_700_000_000);

/// Parameter names, known and unknown ones.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        "limit|iterator|order|before|after|event_types|event_types\\[[0-9]\\]|with_content|status|channel|content",
        "[^&=]*"
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        "-?[0-9]{1,20}",
        "-?(msg|ep|atmpt)_[0-9a-zA-Z]{0,30}",
        "[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9:.]{0,15}(Z| UTC|[+ -][0-9:]{5})?",
        "true|false|ascending|descending",
        ".*"
    ]
}

/// JSON that is close to what is expected.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        "-?[0-9]{1,20}(\\.[0-9]{1,3})?",
        "\"[a-z.:/ ]{0,20}\"",
        "true|false",
        ".{0,10}"
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        let name =
            "url|uid|name|payload|data|eventType|eventTypes|filterTypes|channels|metadata|secret|headers|[a-z]{0,5}";
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((name, inner), 0..6).prop_map(|fields| {
                let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn queries_of_any_kind_are_read_or_refused(parts in prop::collection::vec((name(), value()), 0..6)) {
        let mut text = url::form_urlencoded::Serializer::new(String::new());
        text.extend_pairs(&parts);
        let query = Query::parse(&text.finish());
        if let Ok(limit) = query.limit() {
            prop_assert!((0..=250).contains(&limit));
        }
        for asked in [PageRequest::by_id(&query, "ep", false), PageRequest::by_id(&query, "", true), PageRequest::by_time(&query, "msg", NOW)] {
            let Ok(asked) = asked else { continue };
            prop_assert!(asked.range.limit >= 1 && asked.range.limit <= 251);
        }
        let _ = (query.event_types(), query.time("before"), query.flag("with_content", true));
    }

    #[test]
    fn a_query_need_not_even_be_one(text: String, time in value()) {
        let query = Query::parse(&text);
        let _ = (query.limit(), query.names("event_types"), parse_time(&text), parse_time(&time));
    }

    #[test]
    fn bodies_of_any_kind_are_read_or_refused(text in json(), bytes: Vec<u8>) {
        for body in [text.as_bytes(), bytes.as_slice()] {
            if let Ok(endpoint) = read::<EndpointIn>(body) {
                let _ = endpoint.parts();
            }
            if let Ok(message) = read::<MessageIn>(body) {
                // The delivered bytes are exactly the sent bytes.
                let kept = message.message();
                prop_assert!(kept.is_err() || text.contains(std::str::from_utf8(&kept.unwrap().payload).unwrap()));
            }
            let _ = (read::<EventTypeIn>(body), read::<EndpointPatch>(body), read::<ApplicationIn>(body), read::<Value>(body));
        }
    }

    #[test]
    fn a_patch_tells_what_is_absent_from_what_is_null(value in prop::option::of("[a-z]{0,9}")) {
        #[derive(serde::Deserialize)]
        struct Patch {
            #[serde(default)]
            uid: Field<String>,
        }
        let mut uid = Some("before".to_owned());
        read::<Patch>(b"{}").unwrap().uid.change(&mut uid);
        prop_assert_eq!(uid.as_deref(), Some("before"));
        let body = serde_json::json!({ "uid": value }).to_string();
        read::<Patch>(body.as_bytes()).unwrap().uid.change(&mut uid);
        prop_assert_eq!(uid, value);
    }

    #[test]
    fn only_the_same_request_repeats_a_request(key in "[ -~]{1,40}", who in "[ -~]{1,40}", other in "[ -~]{1,40}") {
        let of = |key: &str, who: &str, uri: &str| {
            let mut headers = HeaderMap::new();
            headers.insert("idempotency-key", key.parse().unwrap());
            let organisation = campanile_accounts::OrganisationId::from("org_1".to_owned());
            let actor = campanile_accounts::Actor::Key(who.to_owned());
            let caller = campanile_accounts::Caller { organisation, actor, role: campanile_accounts::Role::Owner };
            idempotency::of(&Access::Organisation(caller.into()), &headers, &uri.parse().unwrap())
        };
        let first = of(&key, &who, "/api/v1/app");
        prop_assert!(first.is_some());
        prop_assert_eq!(&first, &of(&key, &who, "/api/v1/app"));
        prop_assert_ne!(&first, &of(&key, &who, "/api/v1/app/x"));
        if other != who {
            prop_assert_ne!(&first, &of(&key, &other, "/api/v1/app"));
        }
        if other != key {
            prop_assert_ne!(&first, &of(&other, &who, "/api/v1/app"));
        }
    }
}

#[test]
fn what_cannot_be_null_is_refused_and_not_left_as_it_is() {
    let is_refused = |is_read: Result<(), _>| matches!(is_read, Err(super::error::SvixError::Unreadable { .. }));
    let application = |body: &str| read::<ApplicationPatch>(body.as_bytes()).map(drop);
    let endpoint = |body: &str| read::<EndpointPatch>(body.as_bytes()).map(drop);
    let event_type = |body: &str| read::<EventTypePatch>(body.as_bytes()).map(drop);
    assert!(is_refused(application(r#"{"name": null}"#)));
    for field in ["url", "description", "version", "disabled"] {
        assert!(is_refused(endpoint(&format!("{{\"{field}\": null}}"))), "{field}");
    }
    for field in ["description", "archived", "deprecated"] {
        assert!(is_refused(event_type(&format!("{{\"{field}\": null}}"))), "{field}");
    }
    let cleared = r#"{"uid": null, "metadata": null, "rateLimit": null, "throttleRate": null}"#;
    assert!(application(cleared).is_ok() && endpoint(cleared).is_ok() && application("{}").is_ok());
}
