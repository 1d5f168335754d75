//! Schedules, audiences, bulk operations.

use serde_json::{Value, json};

use super::{Knock, feed_step, rendered};
use crate::on_each_server;

fn soon(millis: u64) -> Value {
    json!(campanile_base::Clock::System.now().plus(std::time::Duration::from_millis(millis)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schedule_comes_round_once_or_again_and_again() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("w", json!([feed_step("{{ n }} {{ recipient.schedule.id }}")])).await;
        let once = json!({ "workflow": "w", "recipients": ["jane", { "id": "john", "timezone": "Europe/Berlin" }], "scheduled_at": soon(700), "data": { "n": 1 } });
        let made = knock.post("/schedules", once).await;
        let id = made[0]["id"].as_str().unwrap().to_owned();
        assert_eq!((made.as_array().unwrap().len(), &made[0]["recipient"]["id"]), (2, &json!("jane")));
        let feed = knock.until_fed("jane", 1).await;
        assert_eq!(rendered(&feed["entries"][0]), format!("<p>1 {id}</p>"));
        let run = &knock.get("/workflow_recipient_runs?recipient=jane").await["items"][0];
        assert_eq!(run["trigger_source"], json!({ "type": "schedule", "schedule_id": id }));
        let listed = knock.get("/schedules?workflow=w&recipients[]=jane").await;
        assert!(listed["entries"][0]["next_occurrence_at"].is_null() && listed["entries"][0]["last_occurrence_at"].is_string());

        let daily = json!([{ "frequency": "daily", "hours": 9, "days": "weekdays" }]);
        let changed = knock.put("/schedules", json!({ "schedule_ids": [id], "repeats": daily })).await;
        assert!(changed[0]["next_occurrence_at"].as_str().unwrap().contains("T09:00:00"), "{changed}");
        assert_eq!(changed[0]["repeats"][0]["days"], json!(["mon", "tue", "wed", "thu", "fri"]));
        let of_john = json!({ "schedule_ids": [made[1]["id"]], "repeats": [{ "frequency": "daily", "hours": 9 }] });
        let changed = knock.put("/schedules", of_john).await;
        let next = changed[0]["next_occurrence_at"].as_str().unwrap();
        assert!(next.contains("T08:00:00") || next.contains("T07:00:00"), "nine in Berlin is {next}");
        assert_eq!(knock.get("/users/john/schedules").await["entries"].as_array().unwrap().len(), 1);
        let ended = knock.ask("DELETE", "/schedules", json!({ "schedule_ids": [id] }), 200).await;
        assert_eq!(ended[0]["id"], id.as_str());
        assert_eq!(knock.get("/schedules?workflow=w&recipients[]=jane").await["entries"], json!([]));
        let wrong = json!({ "workflow": "w", "recipients": ["jane"], "repeats": [{ "frequency": "never" }] });
        knock.ask("POST", "/schedules", wrong, 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn conditions_ask_who_is_in_an_audience() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let members = json!({ "members": [{ "user": { "id": "jane", "name": "Jane" } }, { "user": { "id": "jane" }, "tenant": "acme" }] });
        knock.ask("POST", "/audiences/beta/members", members.clone(), 404).await;
        knock.ask("POST", "/audiences/beta/members?create_audience=true", members, 204).await;
        let listed = knock.get("/audiences/beta/members").await;
        assert_eq!((listed["entries"].as_array().unwrap().len(), &listed["entries"][0]["user"]["name"]), (2, &json!("Jane")));
        let mut step = feed_step("for members");
        step["conditions"] = json!({ "all": [{ "variable": "recipient", "operator": "is_audience_member", "argument": "beta" }] });
        knock.workflow("w", json!([step])).await;
        knock.trigger("w", json!({ "recipients": ["jane", "john"] })).await;
        knock.until_fed("jane", 1).await;
        knock.until("/workflow_recipient_runs?status=completed", |runs| runs["items"].as_array().unwrap().len() == 2).await;
        assert_eq!(knock.feed("john", "").await["entries"], json!([]));
        let gone = json!({ "members": [{ "user": { "id": "jane" } }] });
        knock.ask("DELETE", "/audiences/beta/members", gone, 204).await;
        assert_eq!(knock.get("/audiences/beta/members").await["entries"].as_array().unwrap().len(), 1);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bulk_operations_do_what_they_can_and_name_what_they_cannot() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let done = async |path: &str, body: Value| {
            let asked = knock.post(path, body).await;
            assert_eq!((&asked["__typename"], &asked["status"]), (&json!("BulkOperation"), &json!("queued")));
            let path = format!("/bulk_operations/{}", asked["id"].as_str().unwrap());
            knock.until(&path, |operation| operation["status"] == "completed").await
        };
        let identified = done(
            "/users/bulk/identify",
            json!({ "users": [{ "id": "a", "name": "A" }, { "id": "b/c" }, { "id": "d" }] }),
        )
        .await;
        assert_eq!(
            (&identified["success_count"], &identified["error_count"], &identified["error_items"][0]["id"]),
            (&json!(2), &json!(1), &json!("b/c"))
        );
        assert_eq!(knock.get("/users/a").await["name"], "A");
        done(
            "/users/bulk/preferences",
            json!({ "user_ids": ["a", "d"], "preferences": { "workflows": { "w": false } } }),
        )
        .await;
        assert_eq!(knock.get("/users/d/preferences/default").await["workflows"], json!({ "w": false }));
        done("/objects/projects/bulk/set", json!({ "objects": [{ "id": "p1", "name": "One" }, { "id": "p2" }] })).await;
        assert_eq!(knock.get("/objects/projects/p1").await["properties"]["name"], "One");
        done(
            "/objects/projects/bulk/subscriptions/add",
            json!({ "subscriptions": [{ "id": "p1", "recipients": ["a", "d"] }] }),
        )
        .await;
        assert_eq!(knock.get("/objects/projects/p1/subscriptions").await["entries"].as_array().unwrap().len(), 2);
        done(
            "/objects/projects/bulk/subscriptions/delete",
            json!({ "subscriptions": [{ "id": "p1", "recipients": ["a"] }] }),
        )
        .await;
        assert_eq!(knock.get("/objects/projects/p1/subscriptions").await["entries"].as_array().unwrap().len(), 1);
        done("/objects/projects/bulk/delete", json!({ "object_ids": ["p1"] })).await;
        knock.ask("GET", "/objects/projects/p1", Value::Null, 404).await;
        done("/tenants/bulk/set", json!({ "tenants": ["t1", { "id": "t2", "name": "Two" }] })).await;
        assert_eq!(knock.get("/tenants").await["entries"].as_array().unwrap().len(), 2);
        done("/tenants/bulk/delete?tenant_ids[]=t1&tenant_ids[]=t2", Value::Null).await;
        assert_eq!(knock.get("/tenants").await["entries"], json!([]));
        knock.workflow("w", json!([feed_step("x")])).await;
        done(
            "/schedules/bulk/create",
            json!({ "schedules": [{ "workflow": "w", "recipient": "a", "scheduled_at": soon(3_600_000) }] }),
        )
        .await;
        assert_eq!(knock.get("/schedules?workflow=w").await["entries"].as_array().unwrap().len(), 1);
        done("/users/bulk/delete", json!({ "user_ids": ["a"] })).await;
        knock.ask("GET", "/users/a", Value::Null, 404).await;
        knock.ask("POST", "/users/bulk/identify", json!({ "users": [] }), 422).await;
    })
    .await;
}
