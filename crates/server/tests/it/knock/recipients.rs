//! Users, objects, tenants, subscriptions, preferences and channel data.

use serde_json::{Value, json};

use super::Knock;
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_of_a_user_is_merged() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let jane = knock
            .put(
                "/users/jane",
                json!({ "name": "Jane", "email": "jane@example.com", "plan": { "name": "pro", "seats": 3 } }),
            )
            .await;
        assert_eq!(
            (&jane["__typename"], &jane["id"], &jane["plan"]["seats"]),
            (&json!("User"), &json!("jane"), &json!(3))
        );
        let jane = knock.put("/users/jane", json!({ "plan": { "seats": 5 }, "title": null })).await;
        assert_eq!((&jane["plan"], &jane["name"]), (&json!({ "name": "pro", "seats": 5 }), &json!("Jane")));
        assert!(jane.as_object().unwrap().contains_key("title") && jane["created_at"].is_null());
        assert_eq!(knock.get("/users/jane").await, jane);
        knock.put("/users/john", json!({ "name": "John", "plan": { "name": "free", "x": 1 } })).await;
        let members = json!({ "members": [{ "user": { "id": "john" } }] });
        knock.ask("POST", "/audiences/beta/members?create_audience=true", members, 204).await;
        let merged = knock.post("/users/jane/merge", json!({ "from_user_id": "john" })).await;
        assert_eq!(merged["plan"], json!({ "name": "pro", "x": 1, "seats": 5 }));
        assert_eq!(knock.get("/audiences/beta/members").await["entries"][0]["user_id"], "jane");
        assert_eq!(knock.ask("GET", "/users/john", Value::Null, 404).await["code"], "resource_missing");
        knock.ask("DELETE", "/users/jane", Value::Null, 204).await;
        knock.ask("GET", "/users/jane", Value::Null, 404).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn lists_run_from_the_newest_and_back() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        for number in 0..5 {
            knock.put(&format!("/objects/projects/p{number}"), json!({ "name": format!("P{number}") })).await;
            tokio::time::sleep(std::time::Duration::from_millis(6)).await;
        }
        let ids = |page: &Value| -> Vec<String> {
            page["entries"].as_array().unwrap().iter().map(|entry| entry["id"].as_str().unwrap().to_owned()).collect()
        };
        let first = knock.get("/objects/projects?page_size=2").await;
        assert_eq!(ids(&first), ["p4", "p3"]);
        assert_eq!((&first["page_info"]["page_size"], &first["page_info"]["before"]), (&json!(2), &Value::Null));
        let after = first["page_info"]["after"].as_str().unwrap();
        let second = knock.get(&format!("/objects/projects?page_size=2&after={after}")).await;
        assert_eq!(ids(&second), ["p2", "p1"]);
        let before = second["page_info"]["before"].as_str().unwrap();
        let back = knock.get(&format!("/objects/projects?page_size=2&before={before}")).await;
        assert_eq!(ids(&back), ["p4", "p3"]);
        let after = second["page_info"]["after"].as_str().unwrap();
        let last = knock.get(&format!("/objects/projects?page_size=2&after={after}")).await;
        assert_eq!((ids(&last), &last["page_info"]["after"]), (vec!["p0".to_owned()], &Value::Null));
        assert_eq!(last["entries"][0]["properties"]["name"], "P0");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_are_objects_with_settings() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let set = json!({ "workflows": { "a": true } });
        let acme = knock
            .put("/tenants/acme", json!({ "name": "Acme", "settings": { "branding": { "primary_color": "#FF0000" }, "preference_set": set } }))
            .await;
        assert_eq!((&acme["settings"]["branding"]["primary_color"], &acme["settings"]["branding"]["dark_primary_color"]), (&json!("#FF0000"), &json!("#FFFFFF")));
        knock.put("/tenants/acme", json!({ "settings": { "preference_set": { "workflows": { "b": false } } } })).await;
        assert_eq!(knock.get("/tenants/acme").await["settings"]["preference_set"]["workflows"], json!({ "a": true, "b": false }));
        let replaced = json!({ "settings": { "preference_set": { "__persistence_strategy__": "replace", "workflows": { "c": true } } } });
        assert_eq!(knock.put("/tenants/acme", replaced).await["settings"]["preference_set"]["workflows"], json!({ "c": true }));
        assert_eq!(knock.get("/objects/%24tenants/acme").await["id"], "acme");
        assert_eq!(knock.get("/tenants?name=Acme").await["entries"].as_array().unwrap().len(), 1);
        assert_eq!(knock.get("/tenants?name=Other").await["entries"], json!([]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn subscriptions_have_two_ends() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let path = "/objects/projects/p1/subscriptions";
        let recipients = json!(["jane", { "id": "john", "name": "John" }, { "id": "t1", "collection": "teams" }]);
        let added = knock.post(path, json!({ "recipients": recipients, "properties": { "role": "owner" } })).await;
        assert_eq!((added.as_array().unwrap().len(), &added[1]["recipient"]["name"]), (3, &json!("John")));
        assert_eq!(knock.get(path).await["entries"].as_array().unwrap().len(), 3);
        let found =
            knock.get(&format!("{path}?recipients[]=jane&recipients[][id]=t1&recipients[][collection]=teams")).await;
        assert_eq!(found["entries"].as_array().unwrap().len(), 2);
        let of_team = knock.get("/objects/teams/t1/subscriptions?mode=recipient").await;
        assert_eq!(of_team["entries"][0]["object"]["id"], "p1");
        assert_eq!(
            knock.get("/users/jane/subscriptions").await["entries"][0]["properties"],
            json!({ "role": "owner" })
        );
        let ended = knock.ask("DELETE", path, json!({ "recipients": ["jane", "nobody"] }), 200).await;
        assert_eq!((ended.as_array().unwrap().len(), &ended[0]["recipient"]["id"]), (1, &json!("jane")));
        knock.ask("POST", path, json!({ "recipients": [] }), 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn preference_sets_are_replaced_merged_and_laid_over_each_other() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let path = "/users/jane/preferences/default";
        assert_eq!(knock.get(path).await["workflows"], json!({}), "a set that nobody wrote is there");
        let conditions = json!([{ "variable": "data.x", "operator": "equal_to", "argument": "1" }]);
        let set = json!({ "channel_types": { "email": true, "sms": { "conditions": conditions } }, "workflows": { "a": false } });
        assert_eq!(knock.put(path, set.clone()).await["channel_types"], set["channel_types"]);
        let replaced = knock.put(path, json!({ "workflows": { "b": true } })).await;
        assert_eq!((&replaced["channel_types"], &replaced["workflows"]), (&json!({}), &json!({ "b": true })));
        let merged = knock.put(path, json!({ "__persistence_strategy__": "merge", "workflows": { "c": false } })).await;
        assert_eq!(merged["workflows"], json!({ "b": true, "c": false }));
        let line = knock.put(&format!("{path}/workflows/d"), json!({ "subscribed": true })).await;
        assert_eq!(line["workflows"], json!({ "b": true, "c": false, "d": true }));
        knock.put("/tenants/acme", json!({ "settings": { "preference_set": { "workflows": { "t": false } } } })).await;
        knock.put("/users/jane/preferences/acme", json!({ "workflows": { "own": true } })).await;
        assert_eq!(knock.get("/users/jane/preferences/acme").await["workflows"], json!({ "t": false, "own": true }));
        assert_eq!(knock.get("/users/jane/preferences").await.as_array().unwrap().len(), 2);
        for wrong in [json!({ "channel_types": { "pigeon": true } }), json!({ "workflows": { "a": 5 } }), json!({ "nonsense": {} })] {
            let refused = knock.ask("PUT", path, wrong, 422).await;
            assert_eq!(refused["code"], "invalid_params", "{refused}");
        }
        knock.ask("DELETE", path, Value::Null, 204).await;
        assert_eq!(knock.get(path).await["workflows"], json!({}));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn channel_data_is_sealed_and_has_its_channels_shape() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.put("/channels/apns", json!({ "type": "push", "provider": "push_apns" })).await;
        let id = knock.get("/channels/apns").await["id"].as_str().unwrap().to_owned();
        let path = format!("/users/jane/channel_data/{id}");
        knock.ask("GET", &path, Value::Null, 404).await;
        let set = knock.put(&path, json!({ "data": { "tokens": ["one", "two", "one"] } })).await;
        assert_eq!((&set["provider"], &set["data"]["tokens"]), (&json!("push_apns"), &json!(["one", "two"])));
        assert_eq!(set["data"]["devices"][0], json!({ "token": "one", "locale": null, "timezone": null }));
        assert_eq!(knock.get(&path).await, set);
        let unknown = knock.ask("PUT", "/users/jane/channel_data/nothing", json!({ "data": {} }), 404).await;
        assert_eq!(unknown["code"], "channel_invalid");
        knock.ask("PUT", &path, json!({ "data": { "tokens": "one" } }), 422).await;
        knock.ask("DELETE", &path, Value::Null, 204).await;
        knock.ask("GET", &path, Value::Null, 404).await;
    })
    .await;
}
