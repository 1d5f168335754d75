//! Features that users of hosted services ask for: digests at an hour, batches that end early,
//! audiences and parts of the subscribers as recipients.

use serde_json::{Value, json};

use super::{Knock, feed_step, rendered};
use crate::on_each_server;

fn gathering(settings: Value) -> Value {
    json!([{ "ref": "gather", "type": "batch", "settings": settings }, feed_step("{{ total_activities }} of {{ data.of }}")])
}

async fn waiting(knock: &Knock<'_>, workflow: &str, runs: usize) -> Value {
    let path = format!("/workflow_recipient_runs?workflow={workflow}&status=paused");
    knock.until(&path, |found| found["items"].as_array().unwrap().len() == runs).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_waits_for_its_hour_and_can_be_had_before() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let rule = json!({ "frequency": "daily", "hours": 9, "minutes": 30 });
        knock.workflow("daily", gathering(json!({ "batch_until": rule }))).await;
        let wrong =
            json!({ "workflow": { "name": "wrong", "steps": gathering(json!({ "batch_until": "tomorrow" })) } });
        knock.ask("PUT", "/workflows/wrong", wrong, 422).await;
        let people =
            json!([{ "id": "jane", "timezone": "Asia/Tokyo" }, { "id": "john", "timezone": "America/New_York" }]);
        for of in ["one", "two"] {
            knock.trigger("daily", json!({ "recipients": people, "data": { "of": of } })).await;
        }
        let mut closing = Vec::new();
        for run in waiting(&knock, "daily", 2).await["items"].as_array().unwrap() {
            let run = knock.get(&format!("/workflow_recipient_runs/{}", run["id"].as_str().unwrap())).await;
            let opened =
                run["events"].as_array().unwrap().iter().find(|event| event["event"] == "batch_opened").unwrap();
            let at: jiff::Timestamp = opened["data"]["closes_at"].as_str().unwrap().parse().unwrap();
            let zone = if run["recipient"] == "jane" { "Asia/Tokyo" } else { "America/New_York" };
            let there = at.in_tz(zone).unwrap();
            assert_eq!((there.hour(), there.minute()), (9, 30), "{zone}");
            closing.push(at);
        }
        assert_ne!(closing[0], closing[1], "each where they are");

        // Jane's batch is closed; John's continues.
        let closed = knock.post("/workflows/daily/close_batches", json!({ "recipients": ["jane", "nobody"] })).await;
        assert_eq!(closed, json!({ "closed": 1 }));
        assert_eq!(rendered(&knock.until_fed("jane", 1).await["entries"][0]).trim(), "<p>2 of two</p>");
        waiting(&knock, "daily", 1).await;
        let again = knock.post("/workflows/daily/close_batches", json!({ "recipients": ["jane"] })).await;
        assert_eq!(again, json!({ "closed": 0 }));

        // With a batch key, the key selects the batch.
        let window = json!({ "unit": "hours", "value": 1 });
        knock.workflow("keyed", gathering(json!({ "batch_window": window, "batch_key": "of" }))).await;
        for of in ["x", "y"] {
            knock.trigger("keyed", json!({ "recipients": ["ada"], "data": { "of": of } })).await;
        }
        waiting(&knock, "keyed", 2).await;
        let lacks = knock.ask("POST", "/workflows/keyed/close_batches", json!({ "recipients": ["ada"] }), 422).await;
        assert_eq!(lacks["errors"][0]["field"], "batch_key");
        let meant = json!({ "recipients": ["ada"], "batch_key": "y", "step": "gather" });
        assert_eq!(knock.post("/workflows/keyed/close_batches", meant).await["closed"], 1);
        assert_eq!(rendered(&knock.until_fed("ada", 1).await["entries"][0]).trim(), "<p>1 of y</p>");
        knock.ask("POST", "/workflows/nothing/close_batches", json!({ "recipients": ["ada"] }), 404).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_audience_and_some_subscribers_are_told() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.workflow("news", json!([feed_step("{{ data.text }}")])).await;
        let members: Vec<Value> = (0..600).map(|n| json!({ "user": { "id": format!("member-{n}") } })).collect();
        let path = "/audiences/readers/members?create_audience=true";
        knock.ask("POST", path, json!({ "members": members }), 204).await;
        let elsewhere = json!({ "members": [{ "user": { "id": "elsewhere" }, "tenant": "other" }] });
        knock.ask("POST", "/audiences/readers/members", elsewhere, 204).await;
        let readers = json!([{ "collection": "$audiences", "id": "readers" }, "member-0", "john"]);
        knock.put("/tenants/acme", json!({ "name": "Acme" })).await;
        let asked = json!({ "recipients": readers, "actor": "member-599", "tenant": "acme", "data": { "text": "hi" } });
        let run = knock.trigger("news", asked).await;
        // The recipients are 599 members, one of whom is also named, and John. The actor and the
        // members of other tenants are not among them.
        let path = format!("/messages?workflow_run_id={run}&page_size=1000");
        let is_all = |found: &Value| found["items"].as_array().unwrap().len() >= 50;
        knock.until(&path, is_all).await;
        for user in ["member-0", "member-598", "john"] {
            knock.until_fed(user, 1).await;
        }
        for user in ["member-599", "elsewhere"] {
            assert!(knock.feed(user, "").await["entries"].as_array().unwrap().is_empty(), "{user} is not told");
        }
        for (recipient, why) in [
            (json!({ "collection": "$audiences", "id": "nobody" }), "there is no audience"),
            (json!({ "collection": "$audiences", "id": "readers", "name": "x" }), "only named"),
        ] {
            let refused = knock.ask("POST", "/workflows/news/trigger", json!({ "recipients": [recipient] }), 422).await;
            assert!(refused.to_string().contains(why), "{refused}");
        }

        // Subscribers are selected by the properties of their subscriptions.
        knock.put("/objects/projects/p1", json!({ "name": "Project" })).await;
        for (user, role, level) in [("ann", "admin", 3), ("bob", "reader", 3), ("cid", "admin", 1)] {
            let body = json!({ "recipients": [user], "properties": { "role": role, "level": level } });
            knock.post("/objects/projects/p1/subscriptions", body).await;
        }
        let filter = json!({ "all": [
            { "variable": "subscription.role", "operator": "equal_to", "argument": "admin" },
            { "variable": "subscription.level", "operator": "greater_than_or_equal_to", "argument": "data.least" }] });
        let some = json!({ "collection": "projects", "id": "p1", "$subscription_filter": filter });
        knock.trigger("news", json!({ "recipients": [some], "data": { "text": "admins", "least": 2 } })).await;
        knock.until_fed("ann", 1).await;
        knock
            .trigger(
                "news",
                json!({ "recipients": [{ "collection": "projects", "id": "p1" }], "data": { "text": "all" } }),
            )
            .await;
        for (user, items) in [("ann", 2), ("bob", 1), ("cid", 1)] {
            knock.until_fed(user, items).await;
        }
        let project = knock.get("/objects/projects/p1").await;
        assert!(!project.to_string().contains("subscription_filter"), "a filter is no property: {project}");
        let wrong = json!({ "collection": "projects", "id": "p1", "$subscription_filter": { "all": 7 } });
        knock.ask("POST", "/workflows/news/trigger", json!({ "recipients": [wrong] }), 422).await;
    })
    .await;
}
