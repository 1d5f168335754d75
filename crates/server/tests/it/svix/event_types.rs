//! Event types.

use serde_json::{Value, json};

use super::{Svix, common_list, ids};
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn test_patch_and_crud() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let made = svix.ask("PUT", "/event-type/t.new", json!({ "description": "d" }), 201).await;
        assert_eq!(
            (&made["name"], &made["archived"], &made["schemas"]),
            (&json!("t.new"), &json!(false), &Value::Null)
        );
        let schema = json!({ "1": { "type": "object" } });
        let patched = svix.ask("PATCH", "/event-type/t.new", json!({ "schemas": schema }), 200).await;
        assert_eq!((&patched["schemas"], &patched["description"]), (&schema, &json!("d")));
        assert_eq!(svix.ask("PATCH", "/event-type/t.new", json!({ "schemas": {} }), 200).await["schemas"], json!({}));
        assert_eq!(
            svix.ask("PATCH", "/event-type/t.new", json!({ "schemas": null }), 200).await["schemas"],
            Value::Null
        );
        assert_eq!(svix.ask("PATCH", "/event-type/t.new", json!({ "archived": true }), 200).await["archived"], true);
        svix.post("/event-type", json!({ "name": "t.new", "description": "again" }), 201).await;
        let refused = svix.post("/event-type", json!({ "name": "t.new", "description": "again" }), 409).await;
        assert_eq!(refused["code"], "event_type_exists");
        svix.ask("DELETE", "/event-type/t.new", Value::Null, 204).await;
        assert_eq!(svix.get("/event-type/t.new").await["archived"], true);
        assert!(!ids(&svix.get("/event-type").await).contains(&"t.new".to_owned()));
        assert!(ids(&svix.get("/event-type?include_archived=true").await).contains(&"t.new".to_owned()));
        svix.ask("DELETE", "/event-type/t.new?expunge=true", Value::Null, 204).await;
        svix.ask("GET", "/event-type/t.new", Value::Null, 404).await;
        svix.ask("PUT", "/event-type/a%20b", json!({ "description": "d" }), 201).await;
        svix.post("/event-type", json!({ "name": "a b", "description": "d" }), 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_event_type_create_read_list() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let asked = json!({ "name": "aa", "description": "d", "schemas": { "1": { "type": "object" } } });
        let made = svix.post("/event-type", asked, 201).await;
        assert_eq!(svix.get("/event-type/aa").await, made);
        assert_eq!(svix.get("/event-type?with_content=true").await["data"][0], made);
        assert_eq!(svix.get("/event-type").await["data"][0]["schemas"], Value::Null);
        let all = ids(&svix.get("/event-type").await);
        for ours in ["observation.created", "sync.completed", "cluster.created", "document.processed"] {
            assert!(all.contains(&ours.to_owned()), "{ours} is in the catalogue");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_event_type_feature_flags() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        svix.post("/event-type", json!({ "name": "beta", "description": "d", "featureFlags": ["f1"] }), 201).await;
        for (flags, is_shown) in [(json!([]), false), (json!(["other"]), false), (json!(["f1", "x"]), true)] {
            let asked = json!({ "featureFlags": flags });
            let opened = svix.post(&format!("/auth/app-portal-access/{app}"), asked, 200).await;
            let portal = Svix::with(&server, opened["token"].as_str().unwrap());
            let status = if is_shown { 200 } else { 404 };
            portal.ask("GET", "/event-type/beta", Value::Null, status).await;
            assert_eq!(ids(&portal.get("/event-type").await).contains(&"beta".to_owned()), is_shown);
            portal.post("/event-type", json!({ "name": "x", "description": "d" }), 403).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_list() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        for known in ids(&svix.get("/event-type").await) {
            svix.ask("DELETE", &format!("/event-type/{known}?expunge=true"), Value::Null, 204).await;
        }
        let make = async |n| {
            let name = format!("t.{n:02}");
            svix.event_type(&name).await;
            name
        };
        common_list(&svix, "/event-type/", true, false, make).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn test_schema_and_import() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let asked = |schema: Value| json!({ "name": "s", "description": "d", "schemas": { "1": schema } });
        svix.post("/event-type", asked(json!({ "type": "nonsense" })), 422).await;
        svix.post("/event-type", asked(json!({ "properties": [] })), 422).await;
        svix.post("/event-type", asked(json!({ "type": "object" })), 201).await;
        let spec = json!({
            "openapi": "3.1.0",
            "webhooks": { "pet.new": { "post": {
                "description": "A pet came.", "tags": ["pet"],
                "requestBody": { "content": { "application/json": { "schema": { "$ref": "#/components/schemas/Pet" } } } },
            } } },
            "components": { "schemas": { "Pet": { "type": "object", "properties": { "name": { "type": "string" } } } } },
        });
        let dry = svix.post("/event-type/import/openapi", json!({ "spec": spec, "dryRun": true }), 200).await;
        assert_eq!(dry["data"]["to_modify"][0]["name"], "pet.new");
        svix.ask("GET", "/event-type/pet.new", Value::Null, 404).await;
        let done = svix.post("/event-type/import/openapi", json!({ "specRaw": spec.to_string() }), 200).await;
        assert_eq!(done["data"]["modified"], json!(["pet.new"]));
        let imported = svix.get("/event-type/pet.new").await;
        assert_eq!(imported["schemas"]["1"]["properties"]["name"]["type"], "string");
        let exported = svix.post("/environment/export", Value::Null, 200).await;
        svix.ask("DELETE", "/event-type/pet.new?expunge=true", Value::Null, 204).await;
        svix.post("/environment/import", json!({ "eventTypes": exported["eventTypes"] }), 204).await;
        assert_eq!(svix.get("/event-type/pet.new").await["description"], "A pet came.");
    })
    .await;
}
