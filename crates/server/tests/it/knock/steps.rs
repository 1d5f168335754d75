//! Steps and settings that decide, change and wait: random cohorts, other workflows, send windows,
//! and workflows that run once.

use serde_json::{Value, json};

use super::access::in_seconds;
use super::{Knock, feed_step, rendered};
use crate::on_each_server;

fn step(reference: &str, kind: &str, settings: Value) -> Value {
    json!({ "ref": reference, "type": kind, "settings": settings })
}

fn mail_step(more: Value) -> Value {
    let mut step = json!({ "ref": "mail", "type": "channel", "channel_key": "email", "channel_type": "email",
        "template": { "subject": "Hi", "html_body": "<p>Hi</p>" } });
    step.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    step
}

async fn one_message(knock: &Knock<'_>, workflow: &str) -> Value {
    let path = format!("/messages?source={workflow}");
    knock.until(&path, |found| found["items"].as_array().unwrap().len() == 1).await["items"][0].clone()
}

async fn run_of(knock: &Knock<'_>, workflow: &str) -> Value {
    let path = format!("/workflow_recipient_runs?workflow={workflow}&status=completed");
    let runs = knock.until(&path, |runs| !runs["items"].as_array().unwrap().is_empty()).await;
    knock.get(&format!("/workflow_recipient_runs/{}", runs["items"][0]["id"].as_str().unwrap())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lot_is_drawn_once_for_a_key() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let cohorts = |first: &str, second: &str, key: Value| {
            let mut drawn = json!({ "ref": "lot", "type": "random_cohort", "cohort_branches": [
                { "name": "a", "percentage": first, "steps": [feed_step("a")] },
                { "name": "b", "percentage": second, "steps": [feed_step("b")] }] });
            if let Value::Object(drawn) = &mut drawn {
                drawn["cohort_branches"][1]["steps"][0]["ref"] = json!("other");
                drawn.extend((!key.is_null()).then(|| ("cohort_key".to_owned(), key)));
            }
            json!([drawn])
        };
        knock.workflow("never", cohorts("0", "100", Value::Null)).await;
        knock.workflow("team", cohorts("50", "50", json!("team"))).await;
        let users: Vec<String> = (0..12).map(|n| format!("u{n}")).collect();
        knock.trigger("never", json!({ "recipients": users })).await;
        for user in &users {
            let feed = knock.until_fed(user, 1).await;
            assert_eq!(rendered(&feed["entries"][0]).trim(), "<p>b</p>");
        }
        let mut drawn = Vec::new();
        for team in ["red", "blue", "green", "black", "white", "gold", "grey", "teal"] {
            let named: Vec<String> = ["x", "y"].map(|user| format!("{team}-{user}")).into();
            knock.trigger("team", json!({ "recipients": named, "data": { "team": team } })).await;
            let mut of_team = Vec::new();
            for user in &named {
                of_team.push(rendered(&knock.until_fed(user, 1).await["entries"][0]).trim().to_owned());
            }
            assert_eq!(of_team[0], of_team[1], "a team goes one way");
            drawn.push(of_team.remove(0));
        }
        assert!(drawn.contains(&"<p>a</p>".to_owned()) && drawn.contains(&"<p>b</p>".to_owned()), "{drawn:?}");
        let wrong = json!({ "workflow": { "name": "wrong", "steps": cohorts("50", "60", Value::Null) } });
        knock.ask("PUT", "/workflows/wrong", wrong, 422).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_changes_what_is_known_and_sets_another_off() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.put("/tenants/acme", json!({ "name": "Acme" })).await;
        knock.put("/objects/projects/p1", json!({ "name": "Project" })).await;
        knock.workflow("child", json!([feed_step("{{ word }} from {{ actor.name }}, {{ tenant.name }}")])).await;
        let steps = json!([
            step(
                "data",
                "update_data",
                json!({ "data": "{\"word\": \"{{ data.name | upcase }}\", \"kept\": {\"a\": 1}}" })
            ),
            step("user", "update_user", json!({ "update_properties": "{\"seen\": \"{{ data.word }}\"}" })),
            step("tenant", "update_tenant", json!({ "update_properties": "{\"seen\": true}" })),
            step(
                "object",
                "update_object",
                json!({ "recipient_gid": "gid://Knock/Object/projects/p1",
                "update_properties": "{\"by\": \"{{ recipient.id }}\"}" })
            ),
            step("broken", "update_data", json!({ "data": "no object" })),
            feed_step("{{ recipient.seen }} {{ data.kept.a }}"),
            step("child", "trigger_workflow", json!({ "workflow_key": "child", "recipients": "[\"bob\"]" })),
        ]);
        knock.workflow("parent", steps).await;
        let asked = json!({ "recipients": [{ "id": "jane", "name": "Jane" }], "actor": { "id": "ada", "name": "Ada" },
            "tenant": "acme", "data": { "name": "hello" } });
        knock.trigger("parent", asked).await;
        let feed = knock.until_fed("jane", 1).await;
        assert_eq!(rendered(&feed["entries"][0]).trim(), "<p>HELLO 1</p>");
        let feed = knock.until_fed("bob", 1).await;
        assert_eq!(rendered(&feed["entries"][0]).trim(), "<p>HELLO from Ada, Acme</p>");
        assert_eq!(knock.get("/users/jane").await["seen"], "HELLO");
        assert_eq!(knock.get("/tenants/acme").await["seen"], true);
        assert_eq!(knock.get("/objects/projects/p1").await["properties"]["by"], "jane");
        let run = run_of(&knock, "parent").await;
        assert_eq!(run["error_count"], 1, "what is broken is told, and the run goes on: {run:#}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn windows_sandboxes_conditions_of_channels_and_frequency_are_kept() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let zone = jiff::tz::TimeZone::get("Asia/Tokyo").unwrap();
        let there = jiff::Timestamp::from_second(in_seconds(0)).unwrap().to_zoned(zone.clone());
        let hour = (there.hour() + 2).rem_euclid(24);
        let windows: Vec<Value> = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
            .map(|day| json!({ "day": day, "type": "send", "from": format!("{hour:02}:00:00"), "until": format!("{hour:02}:59:59") }))
            .into();
        knock.workflow("quiet", json!([mail_step(json!({ "send_windows": windows }))])).await;
        let ada = json!({ "id": "ada", "email": "ada@example.com", "timezone": "Asia/Tokyo" });
        knock.trigger("quiet", json!({ "recipients": [ada] })).await;
        let message = one_message(&knock, "quiet").await;
        let at: jiff::Timestamp = message["scheduled_at"].as_str().unwrap().parse().unwrap();
        let opens = at.to_zoned(zone);
        assert_eq!((message["status"].as_str(), opens.hour(), opens.minute()), (Some("queued"), hour, 0));

        // The run reports an unknown time zone.
        let lost = json!({ "id": "lost", "email": "lost@example.com", "timezone": "Mars/Olympus_Mons" });
        knock.workflow("astray", json!([mail_step(json!({ "send_windows": windows }))])).await;
        knock.trigger("astray", json!({ "recipients": [lost] })).await;
        let events = run_of(&knock, "astray").await["events"].to_string();
        assert!(events.contains("timezone_unknown") && events.contains("Mars/Olympus_Mons"), "{events}");

        // In sandbox mode a message is rendered, but not sent.
        knock.workflow("sandbox", json!([mail_step(json!({}))])).await;
        let asked = json!({ "recipients": ["ada"], "settings": { "sandbox_mode": true } });
        knock.trigger("sandbox", asked).await;
        assert_eq!(one_message(&knock, "sandbox").await["status"], "not_sent");

        // A channel's own conditions.
        let only = json!({ "all": [{ "variable": "recipient.plan", "operator": "equal_to", "argument": "pro" }] });
        let told = json!({ "type": "http", "provider": "http_knock_webhook", "conditions": only });
        knock.put("/channels/hook", told).await;
        let hook = json!({ "ref": "hook", "type": "channel", "channel_key": "hook", "channel_type": "http",
            "template": { "method": "post", "url": "http://127.0.0.1:9/", "body": "{}" } });
        knock.workflow("conditional", json!([hook])).await;
        knock.trigger("conditional", json!({ "recipients": ["ada"] })).await;
        let run = run_of(&knock, "conditional").await;
        assert!(run["events"].to_string().contains("the channel's conditions do not hold"), "{run}");

        // Once for each recipient, or once within each tenant.
        for (key, frequency, items) in [("once", "once_per_recipient", 1), ("each", "once_per_recipient_per_tenant", 2)] {
            let document = json!({ "workflow": { "name": key, "steps": [feed_step(key)], "trigger_frequency": frequency } });
            knock.put(&format!("/workflows/{key}?commit=true"), document).await;
            for tenant in [json!(null), json!(null), json!("acme")] {
                knock.trigger(key, json!({ "recipients": [key], "tenant": tenant })).await;
            }
            knock.until_fed(key, items).await;
            // Wait for a later message: anything still on its way would have arrived by then.
            knock.trigger("quiet", json!({ "recipients": [{ "id": format!("after-{key}"), "email": "a@b.c" }] })).await;
            let path = format!("/users/after-{key}/messages");
            knock.until(&path, |found| found["items"].as_array().unwrap().len() == 1).await;
            knock.until_fed(key, items).await;
        }
        let quiet = knock.get("/messages?source=quiet").await;
        let is_queued = |message: &Value| message["status"] == "queued";
        assert!(quiet["items"].as_array().unwrap().iter().all(is_queued), "the window is closed still: {quiet:#}");
    })
    .await;
}
