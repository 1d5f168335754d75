//! Special endpoints: scripts, rate limits, strict order, polling, keys for other systems, and other
//! ways to authenticate.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use campanile_testkit::receiver::{Received, Receiver};
use serde_json::{Value, json};

use super::{Svix, id};
use crate::on_each_server;

fn body(request: &Received) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

async fn next(receiver: &mut Receiver) -> Received {
    tokio::time::timeout(Duration::from_secs(20), receiver.requests.recv()).await.expect("it arrives").unwrap()
}

/// An endpoint with an enabled script.
pub(super) async fn scripted(svix: &Svix<'_>, app: &str, url: &str, code: &str) -> String {
    let endpoint = svix.endpoint(app, url).await;
    let script = json!({ "code": code, "enabled": true, "variables": { "team": "blue" } });
    svix.ask("PATCH", &format!("/app/{app}/endpoint/{endpoint}/transformation"), script, 200).await;
    endpoint
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transformation_changes_what_is_sent_and_where() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        let code = "
            const greet = (name) => `hello ${name}`;
            async function handler(webhook) {
                webhook.method = 'PUT';
                webhook.url = webhook.url + '/elsewhere';
                webhook.headers = { 'x-team': webhook.env.team };
                webhook.payload = {
                    text: greet(webhook.payload.name), type: webhook.eventType, more: webhook.transformationsParams.more,
                };
                return webhook;
            }";
        let endpoint = scripted(&svix, &app, &receiver.url(), code).await;
        let message = json!({ "eventType": "a.b", "payload": { "name": "you" }, "transformationsParams": { "more": 7 } });
        svix.post(&format!("/app/{app}/msg"), message, 202).await;
        let request = next(&mut receiver).await;
        assert_eq!(body(&request), json!({ "text": "hello you", "type": "a.b", "more": 7 }));
        assert_eq!((request.target.as_str(), request.header("x-team")), ("PUT /hook/elsewhere", "blue"));
        // The signature covers the body as it is sent.
        let secret = svix.get(&format!("/app/{app}/endpoint/{endpoint}/secret")).await["key"].as_str().unwrap().to_owned();
        let secret = campanile_net::SigningSecret::parse(&secret).unwrap();
        let timestamp = request.header("svix-timestamp").parse().unwrap();
        assert_eq!(secret.sign(request.header("svix-id"), timestamp, &request.body), request.header("svix-signature"));
        // The variables are read back unchanged. With the script disabled, the message goes out
        // unchanged.
        let path = format!("/app/{app}/endpoint/{endpoint}/transformation");
        assert_eq!(svix.get(&path).await["variables"], json!({ "team": "blue" }));
        svix.ask("PATCH", &path, json!({ "enabled": false }), 200).await;
        svix.message(&app, "a.b", json!({ "name": "me" })).await;
        assert_eq!(body(&next(&mut receiver).await), json!({ "name": "me" }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_that_fails_is_a_failed_attempt_that_says_why() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let receiver = Receiver::start().await;
        let cases = [
            ("function handler(webhook) { throw new Error('no such customer'); }", "no such customer"),
            ("function handler(webhook) { while (true) {} }", "it took longer than"),
            (
                "function handler(webhook) { const all = []; while (true) { all.push(new ArrayBuffer(8000000)); } }",
                "memory",
            ),
            ("function handler(webhook) { return handler(webhook) + 1; }", "stack"),
            ("function handler(webhook) { return new Promise(() => {}); }", "never kept"),
            ("function handler(webhook) { return 'text'; }", "must return an object"),
            ("function handler(webhook) { return { ...webhook, url: 'ftp://x' }; }", "must begin with http"),
            (
                "function handler(webhook) { return { ...webhook, headers: { 'content-length': '7' } }; }",
                "content-length",
            ),
            ("this is no script at all", "expecting"),
            ("function handler(webhook) { return { ...webhook, method: 'DELETE' }; }", "POST and PUT"),
            ("function handler(webhook) { return require('fs').readFileSync('/etc/passwd'); }", "require"),
        ];
        for (code, why) in cases {
            let endpoint = scripted(&svix, &app, &receiver.url(), code).await;
            let example = json!({ "eventType": "svix.ping" });
            svix.post(&format!("/app/{app}/endpoint/{endpoint}/send-example"), example, 200).await;
            let attempts = svix.until(&format!("/app/{app}/attempt/endpoint/{endpoint}"), |list| list.len() == 1).await;
            let said = attempts[0]["response"].as_str().unwrap();
            assert!(said.contains(why), "{code}: {said}");
            assert_eq!((&attempts[0]["status"], &attempts[0]["responseStatusCode"]), (&json!(2), &json!(0)), "{code}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_that_its_script_calls_off_is_not_sent() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        let code = "function handler(w) { w.cancel = !w.payload.wanted; return w; }";
        let endpoint = scripted(&svix, &app, &receiver.url(), code).await;
        svix.message(&app, "a.b", json!({ "wanted": false })).await;
        let attempts = format!("/app/{app}/attempt/endpoint/{endpoint}");
        svix.until(&attempts, |list| list.len() == 1).await;
        svix.message(&app, "a.b", json!({ "wanted": true })).await;
        assert_eq!(body(&next(&mut receiver).await), json!({ "wanted": true }), "it is the first to arrive");
        // Without `expanded_statuses`, a cancelled attempt is shown as delivered.
        let shown = svix.until(&attempts, |list| list.len() == 2).await;
        assert_eq!(shown[1]["status"], 0);
        let expanded = svix.get(&format!("{attempts}?expanded_statuses=true")).await;
        assert_eq!(
            (&expanded["data"][1]["status"], &expanded["data"][1]["statusText"]),
            (&json!(4), &json!("canceled"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_script_can_be_tried_without_sending_anything() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let endpoint = svix.endpoint(&app, "https://example.com/hook").await;
        let path = format!("/app/{app}/endpoint/{endpoint}/transformation");
        let code = "function handler(w) { w.payload.n += Number(w.env.by); return w; }";
        let asked = json!({ "code": code, "eventType": "a.b", "payload": { "n": 1 }, "variables": { "by": "2" } });
        let made = svix.post(&format!("{path}/simulate"), asked, 200).await;
        let wanted =
            json!({ "url": "https://example.com/hook", "method": "POST", "payload": "{\"n\":3}", "cancel": false });
        assert_eq!(made, wanted);
        let asked = json!({ "code": "function handler() { throw 'up'; }", "eventType": "a.b", "payload": {} });
        assert!(svix.post(&format!("{path}/simulate"), asked, 400).await["detail"].as_str().unwrap().contains("up"));
        svix.ask("PATCH", &path, json!({ "code": "short" }), 422).await;
        svix.ask("PATCH", &path, json!({ "code": "x".repeat(51_201) }), 422).await;
        assert_eq!(
            svix.get(&path).await,
            json!({ "code": null, "enabled": false, "variables": null, "updatedAt": null })
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_throttled_endpoint_is_sent_no_more_than_it_takes() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let (mut slow, mut quick) = (Receiver::start().await, Receiver::start().await);
        let throttled = json!({ "url": slow.url(), "throttleRate": 10 });
        let throttled = id(&svix.post(&format!("/app/{app}/endpoint"), throttled, 201).await);
        svix.endpoint(&app, &quick.url()).await;
        for n in 0..25 {
            svix.message(&app, "a.b", json!({ "n": n })).await;
        }
        for _ in 0..25 {
            next(&mut quick).await;
        }
        let first = next(&mut slow).await.at;
        let mut last = first;
        for _ in 0..14 {
            last = next(&mut slow).await.at;
        }
        // Fourteen more follow the first. The bound is a little shorter, since the first may have
        // been late.
        assert!(last - first > Duration::from_millis(1_100), "{:?}", last - first);
        // Without the limit, waiting messages are sent at once.
        svix.ask("PATCH", &format!("/app/{app}/endpoint/{throttled}"), json!({ "throttleRate": 1 }), 200).await;
        svix.ask("PATCH", &format!("/app/{app}/endpoint/{throttled}"), json!({ "throttleRate": null }), 200).await;
        for _ in 0..10 {
            next(&mut slow).await;
        }
        svix.until(&format!("/app/{app}/attempt/endpoint/{throttled}"), |list| list.len() == 25).await;
        // The application's limit applies to its endpoints too. A limited endpoint is retried like
        // any other.
        svix.ask("PATCH", &format!("/app/{app}"), json!({ "throttleRate": 5 }), 200).await;
        svix.message(&app, "a.b", json!({})).await;
        let began = Instant::now();
        for _ in 0..5 {
            svix.message(&app, "a.b", json!({})).await;
        }
        for _ in 0..6 {
            next(&mut quick).await;
        }
        assert!(began.elapsed() > Duration::from_millis(700), "{:?}", began.elapsed());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_message_to_a_throttled_endpoint_stands_in_line_again() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "10ms,10ms,10ms")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let times = AtomicU64::new(0);
        let fails_twice = move |_: &Received| if times.fetch_add(1, Ordering::SeqCst) < 2 { 500 } else { 200 };
        let receiver = Receiver::answering(Arc::new(fails_twice)).await;
        let endpoint = json!({ "url": receiver.url(), "throttleRate": 20 });
        let endpoint = id(&svix.post(&format!("/app/{app}/endpoint"), endpoint, 201).await);
        svix.message(&app, "a.b", json!({})).await;
        let attempts = svix.until(&format!("/app/{app}/attempt/endpoint/{endpoint}"), |list| list.len() == 3).await;
        let statuses: Vec<&Value> = attempts.iter().map(|attempt| &attempt["status"]).collect();
        assert_eq!(statuses, [&json!(0), &json!(2), &json!(2)]);
    })
    .await;
}

/// Makes a destination. Returns its id.
async fn destination(svix: &Svix<'_>, app: &str, asked: Value) -> String {
    let made = svix.post(&format!("/app/{app}/destination"), asked, 201).await;
    let id = id(&made);
    assert!(id.starts_with("sink_") && id.len() == 27, "{id}");
    id
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_in_order_is_sent_one_after_another_whatever_fails() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "20ms,50ms")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        // Each message fails three times: one more than the waits in the schedule.
        let times = AtomicU64::new(0);
        let fails = move |_: &Received| if times.fetch_add(1, Ordering::SeqCst) % 4 == 3 { 200 } else { 500 };
        let mut receiver = Receiver::answering(Arc::new(fails)).await;
        let asked = json!({ "type": "fifoEndpoint", "config": { "url": receiver.url() }, "batchSize": 1 });
        let sink = destination(&svix, &app, asked).await;
        for n in 0..5 {
            svix.message(&app, "a.b", json!({ "n": n })).await;
        }
        for n in 0..5 {
            for attempt in 0..4 {
                assert_eq!(body(&next(&mut receiver).await), json!({ "n": n }), "attempt {attempt}");
            }
        }
        let attempts = format!("/app/{app}/destination/{sink}/attempt?limit=100");
        let attempts = svix.until(&attempts, |list| list.len() == 20).await;
        assert_eq!(attempts.iter().filter(|attempt| attempt["status"] == 0).count(), 5);
        let shown = svix.get(&format!("/app/{app}/destination/{sink}")).await;
        assert_eq!((&shown["status"], &shown["type"]), (&json!("enabled"), &json!("fifoEndpoint")));
        assert_eq!(svix.get(&format!("/app/{app}/endpoint")).await["data"], json!([]), "it is no plain endpoint");
        assert_eq!(svix.get(&format!("/app/{app}/stream/sink")).await["data"][0]["id"], json!(sink));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_in_order_go_together_when_that_is_wanted() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver = Receiver::start().await;
        let config = json!({ "url": receiver.url(), "headers": { "x-mine": "yes" } });
        let asked = json!({ "type": "fifoEndpoint", "config": config, "batchSize": 3, "maxWaitSecs": 1 });
        let sink = destination(&svix, &app, asked).await;
        for n in 0..4 {
            svix.message(&app, "a.b", json!({ "n": n })).await;
        }
        let first = next(&mut receiver).await;
        let told = |n: i64| json!({ "eventType": "a.b", "payload": { "n": n } });
        assert_eq!((body(&first), first.header("x-mine")), (json!([told(0), told(1), told(2)]), "yes"));
        assert_eq!(body(&next(&mut receiver).await), json!([told(3)]), "after a second, however many there are");
        let code = "function handler(input) { return { requestBody: { all: input.events.map((e) => e.payload.n) } }; }";
        let path = format!("/app/{app}/destination/{sink}/transformation");
        svix.ask("PATCH", &path, json!({ "code": code, "enabled": true }), 200).await;
        for n in 4..7 {
            svix.message(&app, "a.b", json!({ "n": n })).await;
        }
        assert_eq!(body(&next(&mut receiver).await), json!({ "all": [4, 5, 6] }));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_blocks_the_line_can_be_retried_or_skipped() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "1h")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let mut receiver =
            Receiver::answering(Arc::new(|request| if body(request)["n"].as_i64().unwrap() < 2 { 500 } else { 200 }))
                .await;
        let asked = json!({ "type": "fifoEndpoint", "config": { "url": receiver.url() }, "batchSize": 1 });
        let sink = destination(&svix, &app, asked).await;
        for n in 0..3 {
            svix.message(&app, "a.b", json!({ "n": n })).await;
        }
        let path = format!("/app/{app}/destination/{sink}");
        let attempts = format!("{path}/attempt");
        assert_eq!(body(&next(&mut receiver).await), json!({ "n": 0 }));
        svix.until(&attempts, |list| list.len() == 1).await;
        let shown = svix.get(&path).await;
        assert!(shown["status"] == "retrying" && shown["nextRetryAt"].is_string(), "{shown}");
        svix.ask("POST", &format!("{path}/force-retry"), Value::Null, 204).await;
        assert_eq!(body(&next(&mut receiver).await), json!({ "n": 0 }));
        svix.until(&attempts, |list| list.len() == 2).await;
        svix.ask("POST", &format!("{path}/skip"), Value::Null, 204).await;
        assert_eq!(body(&next(&mut receiver).await), json!({ "n": 1 }));
        svix.until(&attempts, |list| list.len() == 3).await;
        assert_eq!(svix.get(&format!("{path}/next-event")).await["payload"], json!({ "n": 1 }));
        // A disabled destination is sent nothing. When enabled again, it continues where it stopped.
        svix.ask("PATCH", &path, json!({ "status": "disabled" }), 200).await;
        svix.ask("POST", &format!("{path}/skip"), Value::Null, 204).await;
        svix.ask("PATCH", &path, json!({ "status": "enabled" }), 200).await;
        assert_eq!(body(&next(&mut receiver).await), json!({ "n": 2 }));
        svix.ask("POST", "/app/nobody/destination", json!({ "type": "poller" }), 404).await;
        svix.ask("POST", &format!("/app/{app}/destination"), json!({ "type": "amazonS3", "config": {} }), 501).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_polled_endpoint_hands_out_its_messages_in_order() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let sink = destination(&svix, &app, json!({ "type": "pollingEndpoint", "eventTypes": [] })).await;
        let path = format!("/app/{app}/poller/{sink}");
        let begin = svix.get(&path).await;
        assert_eq!((&begin["data"], &begin["done"]), (&json!([]), &json!(true)));
        for n in 0..5 {
            svix.message(&app, if n == 3 { "c.d" } else { "a.b" }, json!({ "n": n })).await;
        }
        let numbers = |page: &Value| -> Vec<i64> {
            page["data"].as_array().unwrap().iter().map(|message| message["payload"]["n"].as_i64().unwrap()).collect()
        };
        let from = begin["iterator"].as_str().unwrap();
        let page = svix.get(&format!("{path}?limit=2&iterator={from}")).await;
        assert_eq!((numbers(&page), &page["done"]), (vec![0, 1], &json!(false)));
        let page = svix.get(&format!("{path}?iterator={}&event_type=a.b", page["iterator"].as_str().unwrap())).await;
        assert_eq!((numbers(&page), &page["done"]), (vec![2, 4], &json!(true)));

        // The position of a consumer is stored: messages that it has not confirmed come again.
        let consumer = format!("{path}/consumer/mine");
        let first = svix.get(&format!("{consumer}?limit=2")).await;
        assert_eq!(numbers(&first), [0, 1]);
        assert_eq!(numbers(&svix.get(&format!("{consumer}?limit=2")).await), [0, 1]);
        let next = svix.get(&format!("{consumer}?limit=2&iterator={}", first["iterator"].as_str().unwrap())).await;
        assert_eq!(numbers(&next), [2, 3]);
        assert_eq!(numbers(&svix.get(&format!("{consumer}?limit=2")).await), [2, 3]);
        svix.post(&format!("{consumer}/seek"), json!({ "after": "2020-01-01T00:00:00Z" }), 200).await;
        assert_eq!(numbers(&svix.get(&consumer).await).len(), 5);
        svix.ask("GET", &format!("{path}?iterator=nonsense"), Value::Null, 422).await;

        // Its token gives access to this endpoint's messages only.
        let token = svix.get(&format!("/auth/app/{app}/poller/{sink}/token")).await;
        let token = token["token"].as_str().unwrap();
        let other = destination(&svix, &app, json!({ "type": "poller" })).await;
        let holder = Svix::with(&server, token);
        assert_eq!(numbers(&holder.get(&format!("{path}/consumer/theirs")).await).len(), 5);
        holder.ask("GET", &format!("/app/{app}/poller/{other}"), Value::Null, 404).await;
        holder.ask("GET", &format!("/app/{app}/msg"), Value::Null, 403).await;
        for path in ["/app", "/event-type", "/auth/whoami"] {
            holder.ask("GET", path, Value::Null, 403).await;
        }
        svix.post(&format!("/auth/app/{app}/poller/{sink}/token/rotate"), json!({}), 201).await;
        holder.ask("GET", &path, Value::Null, 401).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_integration_works_with_one_application_by_its_key() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let (app, other) = (svix.app("a").await, svix.app("b").await);
        let path = format!("/app/{app}/integration");
        let made = svix.post(&path, json!({ "name": "Zapier" }), 201).await;
        let one = format!("{path}/{}", id(&made));
        let key = svix.get(&format!("{one}/key")).await["key"].as_str().unwrap().to_owned();
        assert!(key.starts_with("integsk_"), "{key}");
        let holder = Svix::with(&server, &key);
        let endpoint = holder.endpoint(&app, "https://example.com/hook").await;
        holder.ask("DELETE", &format!("/app/{app}/endpoint/{endpoint}"), Value::Null, 204).await;
        holder.ask("GET", &format!("/app/{other}/endpoint"), Value::Null, 404).await;
        holder.ask("GET", &path, Value::Null, 403).await;
        // Ending the portal's sessions does not end the key; replacing the key does.
        svix.ask("POST", &format!("/auth/app/{app}/expire-all"), json!({}), 204).await;
        holder.get(&format!("/app/{app}/endpoint")).await;
        assert_eq!(svix.ask("PUT", &one, json!({ "name": "n8n" }), 200).await["name"], "n8n");
        let rotated = svix.post(&format!("{one}/key/rotate"), Value::Null, 200).await;
        holder.ask("GET", &format!("/app/{app}/endpoint"), Value::Null, 401).await;
        let holder = Svix::with(&server, rotated["key"].as_str().unwrap());
        holder.get(&format!("/app/{app}/endpoint")).await;
        svix.ask("DELETE", &one, Value::Null, 204).await;
        holder.ask("GET", &format!("/app/{app}/endpoint"), Value::Null, 401).await;
        svix.ask("GET", &one, Value::Null, 404).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_wants_a_token_is_shown_one() {
    on_each_server(&[("CAMPANILE_WEBHOOKS_RETRY_SCHEDULE", "10ms,10ms")], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let given = Arc::new(AtomicU64::new(0));
        let counted = given.clone();
        let mut authority = Receiver::replying(Arc::new(move |request| {
            let number = counted.fetch_add(1, Ordering::SeqCst);
            match request.header("authorization") {
                "Basic bWU6c2VjcmV0" => (200, json!({ "access_token": format!("t{number}"), "expires_in": 3600 }).to_string()),
                _ => (401, String::new()),
            }
        }))
        .await;
        // The first token is revoked after two requests.
        let seen = AtomicU64::new(0);
        let takes = move |request: &Received| match request.header("authorization") {
            "Bearer t0" if seen.fetch_add(1, Ordering::SeqCst) < 2 => 200,
            "Bearer t1" => 200,
            _ => 401,
        };
        let mut receiver = Receiver::answering(Arc::new(takes)).await;
        let endpoint = svix.endpoint(&app, &receiver.url()).await;
        let path = format!("/app/{app}/endpoint/{endpoint}/oauth");
        svix.ask("GET", &path, Value::Null, 404).await;
        let oauth = json!({
            "grantType": "clientCredentials", "authMethod": "clientSecretBasic", "clientId": "me",
            "clientSecret": "secret", "tokenUrl": authority.url(), "scopes": ["a", "b"], "extraParams": { "audience": "c" },
        });
        svix.ask("PUT", &path, oauth, 204).await;
        assert_eq!(svix.get(&path).await.get("clientSecret"), None, "it is not told again");
        for _ in 0..3 {
            svix.message(&app, "a.b", json!({})).await;
            next(&mut receiver).await;
        }
        let attempts = svix.until(&format!("/app/{app}/attempt/endpoint/{endpoint}"), |list| list.len() == 4).await;
        assert_eq!(attempts.iter().filter(|attempt| attempt["status"] == 0).count(), 3);
        let asked = next(&mut authority).await;
        assert_eq!(String::from_utf8(asked.body).unwrap(), "grant_type=client_credentials&scope=a+b&audience=c");
        assert_eq!(given.load(Ordering::SeqCst), 2);

        // If no token can be had, the attempt fails with the reason.
        let oauth = json!({
            "grantType": "clientCredentials", "authMethod": "clientSecretPost", "clientId": "me",
            "tokenUrl": authority.url(),
        });
        svix.ask("PUT", &path, oauth, 204).await;
        svix.message(&app, "a.b", json!({})).await;
        let attempts = svix.until(&format!("/app/{app}/attempt/endpoint/{endpoint}"), |list| list.len() >= 5).await;
        assert!(attempts[0]["response"].as_str().unwrap().contains("there is no access token"), "{}", attempts[0]);
        svix.ask("DELETE", &path, Value::Null, 204).await;
        svix.ask("GET", &path, Value::Null, 404).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_that_cannot_be_are_refused() {
    on_each_server(&[], async |server| {
        let svix = Svix::of(&server);
        let app = svix.app("a").await;
        let endpoint = svix.endpoint(&app, "https://example.com/hook").await;
        let path = format!("/app/{app}/endpoint/{endpoint}");
        svix.ask("PUT", &format!("{path}/mtls"), json!({ "identity": "no PEM" }), 422).await;
        svix.ask("PUT", &format!("{path}/ca"), json!({ "cert": "no PEM" }), 422).await;
        svix.ask("GET", &format!("{path}/mtls"), Value::Null, 404).await;
        assert_eq!(svix.get(&format!("{path}/ca")).await, json!({ "cert": null }));
    })
    .await;
}
