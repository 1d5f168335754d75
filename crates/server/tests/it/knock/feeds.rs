//! Feeds: filters, counts, marks, pages.

use serde_json::{Value, json};

use super::{Knock, feed_step};
use crate::on_each_server;

#[tokio::test(flavor = "multi_thread")]
async fn marks_move_the_counts_and_are_written_down() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("w", json!([feed_step("{{ n }}")])).await;
        for n in 0..3 {
            knock.trigger("w", json!({ "recipients": ["jane"], "data": { "n": n } })).await;
        }
        let feed = knock.until_fed("jane", 3).await;
        assert_eq!(
            feed["meta"],
            json!({ "__typename": "FeedMetadata", "total_count": 3, "unread_count": 3, "unseen_count": 3 })
        );
        let id = |index: usize| feed["entries"][index]["id"].as_str().unwrap().to_owned();
        let marked = knock.post("/messages/batch/read", json!({ "message_ids": [id(0), "unknown"] })).await;
        assert_eq!(
            (marked.as_array().unwrap().len(), &marked[0]["engagement_statuses"]),
            (1, &json!(["seen", "read"]))
        );
        knock.put(&format!("/messages/{}/interacted", id(1)), json!({ "metadata": { "button": "ok" } })).await;
        let meta = knock.feed("jane", "").await["meta"].clone();
        assert_eq!((&meta["unread_count"], &meta["unseen_count"]), (&json!(1), &json!(1)));
        assert_eq!(knock.feed("jane", "status=unread").await["entries"].as_array().unwrap().len(), 1);
        knock.put(&format!("/messages/{}/archived", id(0)), Value::Null).await;
        assert_eq!(knock.feed("jane", "").await["meta"]["total_count"], 2);
        assert_eq!(knock.feed("jane", "archived=only").await["entries"][0]["id"], id(0).as_str());
        assert_eq!(knock.feed("jane", "archived=include").await["meta"]["total_count"], 3);
        knock.ask("DELETE", &format!("/messages/{}/unarchived", id(0)), Value::Null, 200).await;
        knock.ask("DELETE", &format!("/messages/{}/read", id(0)), Value::Null, 200).await;
        let events = knock.get(&format!("/messages/{}/events", id(0))).await;
        let kinds: Vec<&str> =
            events["items"].as_array().unwrap().iter().map(|event| &event["type"].as_str().unwrap()[8..]).collect();
        assert_eq!(kinds, ["unread", "unarchived", "archived", "read", "delivered", "created"]);
        let bulk = knock
            .post("/channels/in-app/messages/bulk/read", json!({ "user_ids": ["jane"], "archived": "exclude" }))
            .await;
        assert_eq!((&bulk["status"], &bulk["success_count"]), (&json!("completed"), &json!(2)));
        assert_eq!(knock.feed("jane", "").await["meta"]["unread_count"], 0);
        let many = vec!["w"; 501];
        for body in [
            json!({ "user_ids": ["jane"], "workflows": many }),
            json!({ "user_ids": many }),
            json!({ "user_ids": ["jane"], "trigger_data": "{\"a\":1,\"b\":1,\"c\":1,\"d\":1,\"e\":1}" }),
        ] {
            knock.ask("POST", "/channels/in-app/messages/bulk/read", body, 422).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn feeds_are_filtered_in_the_ways_that_clients_write() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let document = json!({ "workflow": { "categories": ["team", "news"], "steps": [feed_step("x")] } });
        knock.put("/workflows/w?commit=true", document).await;
        knock.workflow("v", json!([feed_step("y")])).await;
        knock
            .trigger(
                "w",
                json!({ "recipients": ["jane"], "tenant": "acme", "data": { "a": 1, "b": "x", "deep": { "a": 2 } } }),
            )
            .await;
        knock.trigger("w", json!({ "recipients": ["jane"], "tenant": "other", "data": { "a": 2 } })).await;
        knock.trigger("v", json!({ "recipients": ["jane"], "data": { "a": 11 } })).await;
        knock.until_fed("jane", 3).await;
        let count = async |query: &str| knock.feed("jane", query).await["entries"].as_array().unwrap().len();
        assert_eq!(count("tenant=acme").await, 2, "a tenant's feed has what is of no tenant, too");
        assert_eq!(count("tenant=acme&has_tenant=true").await, 1);
        assert_eq!(count("has_tenant=false").await, 1);
        assert_eq!(count("has_tenant=true").await, 2);
        assert_eq!(count("source=v&status=&archived=").await, 1);
        assert_eq!(count("workflow_categories[]=news&workflow_categories[]=nothing").await, 2);
        assert_eq!(count("trigger_data=%7B%22a%22%3A1%7D").await, 1);
        assert_eq!(count("trigger_data=%7B%22a%22%3A1%2C%22b%22%3A%22x%22%7D").await, 1);
        assert_eq!(count("inserted_at.gte=2000-01-01T00:00:00Z&inserted_at%5Blt%5D=2100-01-01T00:00:00Z").await, 3);
        assert_eq!(count("inserted_at.lt=2000-01-01T00:00:00Z").await, 0);
        let refused =
            knock.ask("GET", "/users/jane/feeds/in-app?trigger_data=%7B%22a%22%3A%5B1%5D%7D", Value::Null, 422).await;
        assert_eq!(refused["code"], "invalid_params");
        let compact = knock
            .feed("jane", "mode=compact&tenant=acme&has_tenant=true&exclude=entries.archived_at,meta.total_count")
            .await;
        let entry = compact["entries"][0].as_object().unwrap();
        assert_eq!(entry["data"], json!({ "a": 1, "b": "x" }));
        assert!(!entry.contains_key("activities") && !entry.contains_key("archived_at"));
        assert!(compact["meta"].get("total_count").is_none());
        assert_eq!(knock.feed("nobody", "").await["entries"], json!([]));
        assert_eq!(knock.ask("GET", "/users/jane/feeds/nothing", Value::Null, 404).await["code"], "channel_invalid");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_items_cursor_leads_to_what_is_newer() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("w", json!([feed_step("{{ n }}")])).await;
        knock.trigger("w", json!({ "recipients": ["jane"], "data": { "n": 0 } })).await;
        let first = knock.until_fed("jane", 1).await["entries"][0].clone();
        tokio::time::sleep(std::time::Duration::from_millis(8)).await;
        knock.trigger("w", json!({ "recipients": ["jane"], "data": { "n": 1 } })).await;
        knock.until_fed("jane", 2).await;
        let newer = knock.feed("jane", &format!("before={}", first["__cursor"].as_str().unwrap())).await;
        assert_eq!((newer["entries"].as_array().unwrap().len(), &newer["entries"][0]["data"]["n"]), (1, &json!(1)));
        let older = knock.feed("jane", &format!("after={}", newer["entries"][0]["__cursor"].as_str().unwrap())).await;
        assert_eq!(older["entries"][0]["id"], first["id"]);
    })
    .await;
}
