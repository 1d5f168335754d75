//! Runs that wait for events, and webhooks about notifications.

use std::time::Duration;

use campanile_testkit::receiver::{Received, Receiver};
use campanile_testkit::server::{SECRET_KEY, Server};
use serde_json::{Value, json};

use super::{Knock, feed_step, rendered};
use crate::on_each_server;

/// The steps of a workflow that waits for an event, and then reports it in the feed.
fn waits(event: Value, more: Value) -> Value {
    let mut settings = json!({ "event": event, "expires_after": { "unit": "hours", "value": 1 } });
    settings.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let says = "{{ refs.wait.matched }} {{ refs.wait.signal_variables.type }} {{ refs.wait.signal_variables.data.id }}";
    json!([{ "ref": "wait", "type": "wait_for_event", "settings": settings }, feed_step(says)])
}

/// Starts a workflow that waits for an event of Jane, with an id of its own.
async fn wait(knock: &Knock<'_>, key: &str, steps: Value) {
    knock.workflow(key, steps).await;
    knock.trigger(key, json!({ "recipients": ["jane"], "data": { "id": key }, "cancellation_key": key })).await;
    let path = format!("/workflow_recipient_runs?workflow={key}&status=paused");
    knock.until(&path, |runs| runs["items"].as_array().unwrap().len() == 1).await;
}

/// The text that a workflow has put into Jane's feed.
async fn said(knock: &Knock<'_>, key: &str) -> String {
    let path = format!("/users/jane/feeds/in-app?source={key}");
    let feed = knock.until(&path, |feed| feed["entries"].as_array().unwrap().len() == 1).await;
    rendered(&feed["entries"][0]).replace("<p>", "").replace("</p>", "").trim().to_owned()
}

/// The only run of a workflow, once it has ended.
async fn ended(knock: &Knock<'_>, key: &str) -> Value {
    let path = format!("/workflow_recipient_runs?workflow={key}");
    let is_over = |runs: &Value| !["paused", "queued"].contains(&runs["items"][0]["status"].as_str().unwrap());
    let run = knock.until(&path, is_over).await["items"][0].clone();
    knock.get(&format!("/workflow_recipient_runs/{}", run["id"].as_str().unwrap())).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_waits_for_what_happens_to_its_recipient() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        for user in ["jane", "john"] {
            knock.put(&format!("/users/{user}"), json!({ "name": user })).await;
        }
        let event = |kind: &str, key: &str, source: Value| {
            let mut event = json!({ "event_type": kind, "event_key": key });
            event.as_object_mut().unwrap().extend(source.as_object().unwrap().clone());
            event
        };

        // Only a message of the right workflow to the same recipient counts.
        knock.workflow("welcome", json!([feed_step("Welcome")])).await;
        let of_welcome = json!({ "source_type": "workflow", "source_key": "welcome" });
        wait(&knock, "read", waits(event("message", "read", of_welcome), json!({}))).await;
        knock.trigger("welcome", json!({ "recipients": ["jane", "john"], "data": { "id": "w1" } })).await;
        for user in ["john", "jane"] {
            let feed = knock.until_fed(user, 1).await;
            let message = feed["entries"][0]["id"].as_str().unwrap().to_owned();
            knock.put(&format!("/messages/{message}/seen"), Value::Null).await;
            knock.put(&format!("/messages/{message}/read"), Value::Null).await;
            if user == "john" {
                is_waiting_still(&knock, "read").await;
            }
        }
        assert_eq!(said(&knock, "read").await, "true message.read w1");

        // Only a workflow that starts with the same id counts.
        let same = json!({ "match_conditions": [{ "operator": "and", "conditions": [
            { "variable": "event.data.id", "operator": "equal_to", "argument": "data.id" }] }] });
        wait(&knock, "started", waits(event("workflow", "started", json!({ "source_key": "welcome" })), same)).await;
        knock.trigger("welcome", json!({ "recipients": ["jane"], "data": { "id": "another" } })).await;
        is_waiting_still(&knock, "started").await;
        knock.trigger("welcome", json!({ "recipients": ["jane"], "data": { "id": "started" } })).await;
        assert_eq!(said(&knock, "started").await, "true workflow.started started");

        // Changes of the recipient's properties, entering and leaving an audience, and events of
        // other systems.
        wait(&knock, "updated", waits(json!({ "event_type": "recipient" }), json!({}))).await;
        knock.put("/users/jane", json!({ "name": "jane" })).await;
        is_waiting_still(&knock, "updated").await;
        knock.put("/users/jane", json!({ "id": "jane", "plan": "pro" })).await;
        assert_eq!(said(&knock, "updated").await, "true recipient.updated");

        let members = json!({ "members": [{ "user": { "id": "jane" } }] });
        wait(&knock, "enter", waits(event("audience", "enter", json!({ "audience_key": "vip" })), json!({}))).await;
        knock.ask("POST", "/audiences/vip/members?create_audience=true", members.clone(), 204).await;
        assert_eq!(said(&knock, "enter").await, "true audience.enter");
        wait(&knock, "exit", waits(event("audience", "exit", json!({ "audience_key": "vip" })), json!({}))).await;
        knock.ask("DELETE", "/audiences/vip/members", members, 204).await;
        assert_eq!(said(&knock, "exit").await, "true audience.exit");

        let source = json!({ "integration_source_key": "events" });
        wait(&knock, "bought", waits(event("integration_source", "order.paid", source), json!({}))).await;
        for user in ["john", "jane"] {
            let sent = json!({ "name": "order.paid", "data": { "user_id": user, "id": "o7" } });
            api(&server, "POST", "/api/events", sent, 202).await;
        }
        assert_eq!(said(&knock, "bought").await, "true order.paid o7");

        // An event whose id was sent before is no second one.
        let once = json!({ "name": "order.paid", "id": "e1", "data": { "user_id": "jane", "id": "o8" } });
        api(&server, "POST", "/api/events", once.clone(), 202).await;
        let source = json!({ "integration_source_key": "events" });
        wait(&knock, "again", waits(event("integration_source", "order.paid", source), json!({}))).await;
        api(&server, "POST", "/api/events", once, 202).await;
        is_waiting_still(&knock, "again").await;
        assert_eq!(knock.feed("john", "").await["entries"].as_array().unwrap().len(), 1, "john was only welcomed");
    })
    .await;
}

async fn is_waiting_still(knock: &Knock<'_>, key: &str) {
    tokio::time::sleep(Duration::from_millis(150)).await;
    let runs = knock.get(&format!("/workflow_recipient_runs?workflow={key}")).await;
    assert_eq!(runs["items"][0]["status"], "paused", "{runs}");
}

async fn api(server: &Server, method: &'static str, path: &str, body: Value, status: u16) -> Value {
    let authorization = format!("Bearer {SECRET_KEY}");
    let headers = [("authorization", authorization.as_str()), ("content-type", "application/json")];
    let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
    let answer = server.ask(method, path, &headers, body).await.unwrap();
    assert_eq!(answer.status, status, "{path}: {}", answer.json);
    answer.json
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_happen_in_time_is_waited_for_no_longer() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let recipient = json!({ "event_type": "recipient", "event_key": "updated" });
        let soon = |more: Value| {
            let mut all = json!({ "expires_after": { "unit": "seconds", "value": 1 } });
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            waits(recipient.clone(), all)
        };
        wait(&knock, "halts", soon(json!({}))).await;
        wait(&knock, "goes-on", soon(json!({ "on_timeout": "continue" }))).await;
        assert_eq!(said(&knock, "goes-on").await, "false");
        let run = ended(&knock, "halts").await;
        assert!(run["events"].to_string().contains("wait_timed_out"), "{run}");
        wait(&knock, "halted", waits(recipient.clone(), json!({ "on_match": "halt" }))).await;
        wait(&knock, "called-off", waits(recipient, json!({}))).await;
        knock.ask("POST", "/workflows/called-off/cancel", json!({ "cancellation_key": "called-off" }), 204).await;
        knock.put("/users/jane", json!({ "plan": "pro" })).await;
        let run = ended(&knock, "halted").await;
        assert!(run["status"] == "completed" && run["events"].to_string().contains("wait_matched"), "{run}");
        assert_eq!(ended(&knock, "called-off").await["status"], "cancelled");
        let feed = knock.feed("jane", "").await;
        assert_eq!(feed["entries"].as_array().unwrap().len(), 1, "only one said anything: {feed}");

        // Events that do not exist are refused.
        let wrong = waits(json!({ "event_type": "message", "event_key": "eaten", "source_key": "x" }), json!({}));
        let document = json!({ "workflow": { "name": "wrong", "steps": wrong } });
        let refused = knock.ask("PUT", "/workflows/wrong?commit=true", document, 422).await;
        assert!(refused.to_string().contains("event_key must be one of"), "{refused}");
    })
    .await;
}

/// The next webhook of a type. Webhooks of other types are kept, because their order is not defined.
async fn told(receiver: &mut Receiver, kept: &mut Vec<(Received, Value)>, kind: &str) -> (Received, Value) {
    loop {
        if let Some(found) = kept.iter().position(|(_, body)| body["type"] == kind) {
            return kept.remove(found);
        }
        let request = tokio::time::timeout(Duration::from_secs(20), receiver.requests.recv()).await;
        let request = request.unwrap_or_else(|_| panic!("{kind} came in time")).expect("open");
        let body = serde_json::from_slice(&request.body).unwrap();
        kept.push((request, body));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn systems_are_told_what_becomes_of_messages() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let (mut receiver, mut kept) = (Receiver::start().await, Vec::new());
        let types = [
            "message.delivered",
            "message.read",
            "message.interacted",
            "workflow_recipient_run.completed",
            "workflow.committed",
        ];
        let endpoint = json!({ "url": receiver.url(), "filterTypes": types });
        let endpoint = api(&server, "POST", "/api/v1/app/campanile.notifications/endpoint", endpoint, 201).await;
        let path = format!("/api/v1/app/campanile.notifications/endpoint/{}/secret", endpoint["id"].as_str().unwrap());
        let secret = api(&server, "GET", &path, Value::Null, 200).await["key"].as_str().unwrap().to_owned();

        knock.workflow("welcome", json!([feed_step("Welcome")])).await;
        let (_, committed) = told(&mut receiver, &mut kept, "workflow.committed").await;
        assert_eq!(committed["data"]["key"], "welcome");
        assert!(committed["event_data"]["commit_id"].is_string(), "{committed}");
        knock.trigger("welcome", json!({ "recipients": ["jane"], "data": { "id": "7" } })).await;
        let (request, body) = told(&mut receiver, &mut kept, "message.delivered").await;
        assert_eq!((&body["__typename"], &body["data"]["__typename"]), (&json!("Event"), &json!("Message")));
        assert_eq!((&body["data"]["data"]["id"], &body["event_data"]), (&json!("7"), &Value::Null));
        assert_eq!(request.header("x-knock-event"), "message.delivered");
        assert_eq!(request.header("x-knock-environment-id").len(), 36);
        let signature = request.header("x-knock-signature");
        let stamp: i64 = signature.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
        assert!(stamp > 1_700_000_000_000, "milliseconds: {stamp}");
        assert_eq!(signature, campanile_net::stamped(&secret, stamp, &request.body));
        assert!(request.header("svix-signature").starts_with("v1,"));
        let (_, run) = told(&mut receiver, &mut kept, "workflow_recipient_run.completed").await;
        assert_eq!((&run["data"]["workflow"], &run["data"]["status"]), (&json!("welcome"), &json!("completed")));

        let message = body["data"]["id"].as_str().unwrap();
        let marked = json!({ "metadata": { "button": "ok" } });
        knock.put(&format!("/messages/{message}/interacted"), marked).await;
        let (_, body) = told(&mut receiver, &mut kept, "message.interacted").await;
        assert_eq!((&body["event_data"]["button"], &body["data"]["id"]), (&json!("ok"), &json!(message)));
        let all = json!({ "user_ids": ["jane"], "archived": "include", "engagement_status": "read" });
        let channel = knock.get("/channels/in-app").await["id"].as_str().unwrap().to_owned();
        knock.post(&format!("/channels/{channel}/messages/bulk/unread"), all.clone()).await;
        let all = json!({ "user_ids": ["jane"] });
        knock.post(&format!("/channels/{channel}/messages/bulk/read"), all).await;
        let (_, body) = told(&mut receiver, &mut kept, "message.read").await;
        assert_eq!(body["data"]["engagement_statuses"], json!(["seen", "read", "interacted"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_group_chooses_channels_and_texts_are_translated() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        knock.put("/channels/second", json!({ "type": "in_app_feed", "provider": "in_app_feed_knock" })).await;
        let rules = json!([
            { "channel_key": "second", "rule_type": "if", "variable": "recipient.plan", "operator": "equal_to", "argument": "pro" },
            { "channel_key": "in-app", "rule_type": "always" },
        ]);
        for operator in ["any", "all"] {
            let group = json!({ "name": operator, "channel_type": "in_app_feed", "operator": operator, "channel_rules": rules });
            knock.put(&format!("/channel_groups/{operator}"), json!({ "channel_group": group })).await;
            let mut step = feed_step("{{ 'hello' | t: name: recipient.name }}{{ 'tenants:word' | t }}");
            step.as_object_mut().unwrap().remove("channel_key");
            step["channel_group_key"] = json!(operator);
            knock.workflow(operator, json!([step])).await;
        }
        let lacking = json!({ "channel_group": { "name": "x", "channel_rules": [] } });
        knock.ask("PUT", "/channel_groups/x", lacking, 422).await;
        let translate = async |path: &str, content: Value| {
            let told = json!({ "translation": { "format": "json", "content": content.to_string() } });
            knock.put(&format!("/translations/{path}"), told).await
        };
        let made = translate("de?commit=true", json!({ "hello": "Hallo {{ name }}" })).await;
        assert_eq!((&made["translation"]["locale_code"], &made["translation"]["namespace"]), (&json!("de"), &json!("default")));
        translate("en?commit=true", json!({ "hello": "Hello {{ name }}" })).await;
        translate("en?namespace=tenants&commit=true", json!({ "word": "." })).await;
        translate("en?namespace=tenants&tenant=acme&commit=true", json!({ "word": ", of Acme" })).await;
        assert_eq!(knock.get("/translations/en?namespace=tenants&tenant=acme").await["translation"]["tenant"], "acme");
        assert_eq!(knock.get("/translations").await["entries"].as_array().unwrap().len(), 4);
        let broken = json!({ "translation": { "format": "json", "content": "{" } });
        knock.ask("PUT", "/translations/fr", broken, 422).await;
        knock.put("/tenants/acme", json!({ "name": "Acme" })).await;
        let recipients = json!([
            { "id": "jane", "name": "Jane", "plan": "pro", "locale": "de-CH" }, { "id": "john", "name": "John" }]);
        for key in ["any", "all"] {
            knock.trigger(key, json!({ "recipients": recipients, "tenant": "acme" })).await;
        }
        let of = async |user: &str, channel: &str, items: usize| {
            let path = format!("/users/{user}/feeds/{channel}?tenant=acme");
            let feed = knock.until(&path, |feed| feed["entries"].as_array().unwrap().len() == items).await;
            feed["entries"].as_array().unwrap().iter().map(|entry| rendered(entry).to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(of("jane", "second", 2).await[0].trim(), "<p>Hallo Jane, of Acme</p>");
        assert_eq!(of("jane", "in-app", 1).await.len(), 1, "any stops at the first");
        assert_eq!(of("john", "in-app", 2).await[1].trim(), "<p>Hello John, of Acme</p>");
        assert_eq!(of("john", "second", 0).await.len(), 0);

        // The default preference set applies below everybody's own preferences.
        knock.put("/preferences/default", json!({ "workflows": { "any": false } })).await;
        assert_eq!(knock.get("/preferences/default").await["workflows"]["any"], false);
        knock.trigger("any", json!({ "recipients": ["john"] })).await;
        let run = ended_of(&knock, "john", "any").await;
        assert!(run["events"].to_string().contains("preferences say no"), "{run}");
    })
    .await;
}

/// The newest run of a workflow for a user without a tenant, once it has completed.
async fn ended_of(knock: &Knock<'_>, user: &str, key: &str) -> Value {
    let path = format!("/workflow_recipient_runs?workflow={key}&recipient={user}&status=completed");
    let found = |runs: &Value| runs["items"].as_array().unwrap().iter().any(|run| run["tenant"].is_null());
    let runs = knock.until(&path, found).await;
    let run = runs["items"].as_array().unwrap().iter().find(|run| run["tenant"].is_null()).unwrap().clone();
    knock.get(&format!("/workflow_recipient_runs/{}", run["id"].as_str().unwrap())).await
}
