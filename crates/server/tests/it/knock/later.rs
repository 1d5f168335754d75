//! Providers' later reports on a message, providers with a tenant's own settings, and tokens that
//! must be renewed.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_testkit::receiver::{Received, Receiver};
use serde_json::{Value, json};

use super::Knock;
use super::access::in_seconds;
use crate::on_each_server;

/// A provider that gives the same answer to everything.
async fn provider(body: Value) -> Receiver {
    Receiver::replying(Arc::new(move |_: &Received| (200, body.to_string()))).await
}

async fn received(receiver: &mut Receiver) -> Received {
    tokio::time::timeout(Duration::from_secs(20), receiver.requests.recv()).await.expect("in time").expect("open")
}

async fn sent(knock: &Knock<'_>, workflow: &str) -> Value {
    let path = format!("/messages?source={workflow}");
    let is_sent = |found: &Value| found["items"].as_array().unwrap().first().is_some_and(|one| one["status"] == "sent");
    knock.until(&path, is_sent).await["items"][0].clone()
}

fn step(channel: &str, kind: &str, template: Value) -> Value {
    json!([{ "ref": "one", "type": "channel", "channel_key": channel, "channel_type": kind, "template": template }])
}

#[tokio::test(flavor = "multi_thread")]
async fn resend_tells_what_became_of_mails() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let resend = provider(json!({ "id": "49a3999c" })).await;
        let secret = format!("whsec_{}", STANDARD.encode([7; 32]));
        let told = json!({ "type": "email", "provider": "email_resend", "provider_settings": { "api_key": "re_1",
            "base_url": format!("http://{}", resend.address), "from_address": "bell@example.com", "webhook_secret": secret } });
        let made = knock.put("/channels/email", told).await;
        let intake = made["channel"]["environment_settings"]["production"]["intake_url"].as_str().unwrap();
        let path = intake[intake.find("/providers/").unwrap()..].to_owned();
        let signing = campanile_net::SigningSecret::parse(&secret).unwrap();
        let tell = async |kind: &str, message: &Value, more: Value| {
            let mut data = json!({ "tags": [{ "name": "message_id", "value": message["id"] }] });
            data.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let body = json!({ "type": format!("email.{kind}"), "data": data }).to_string();
            let now = in_seconds(0);
            let (stamp, signature) = (now.to_string(), signing.sign("msg_1", now, body.as_bytes()));
            let headers = [("svix-id", "msg_1"), ("svix-timestamp", &stamp), ("svix-signature", &signature)];
            let answer = server.ask("POST", &path, &headers, body.into_bytes()).await.unwrap();
            assert_eq!(answer.status, 204, "{kind}: {}", answer.json);
            knock.get(&format!("/messages/{}", message["id"].as_str().unwrap())).await
        };
        let mail = step("email", "email", json!({ "subject": "Hi", "html_body": "<p>Hi</p>" }));
        for key in ["good", "bad"] {
            knock.workflow(key, mail.clone()).await;
            knock.trigger(key, json!({ "recipients": [{ "id": "ada", "email": "ada@example.com" }] })).await;
        }
        let good = sent(&knock, "good").await;
        assert_eq!(tell("delivered", &good, json!({})).await["status"], "delivered");
        assert!(tell("opened", &good, json!({})).await["read_at"].is_string());
        let clicked = tell("clicked", &good, json!({ "click": { "link": "https://x.y/z" } })).await;
        assert!(clicked["link_clicked_at"].is_string() && clicked["status"] == "delivered", "{clicked}");
        let events = knock.get(&format!("/messages/{}/events", good["id"].as_str().unwrap())).await;
        assert!(events.to_string().contains("https://x.y/z"), "{events}");
        assert_ne!(knock.get("/users/ada/preferences/default").await["commercial_subscribed"], false);
        tell("complained", &good, json!({})).await;
        assert_eq!(knock.get("/users/ada/preferences/default").await["commercial_subscribed"], false);
        let bad = sent(&knock, "bad").await;
        let failed = tell("failed", &bad, json!({ "failed": { "reason": "quota" } })).await;
        assert_eq!(failed["status"], "undelivered");
        assert_eq!(tell("delivered", &bad, json!({})).await["status"], "undelivered", "what has failed stays so");
        let events = knock.get(&format!("/messages/{}/events", bad["id"].as_str().unwrap())).await;
        assert!(events.to_string().contains("quota"), "{events}");

        // No mail goes to an address that complained or bounced for good, until it is removed from
        // the list.
        let suppressed = async || server.all("/api/suppressions").await;
        let reasons = |all: &[Value]| -> Vec<(String, String)> {
            let word = |one: &Value, name: &str| one[name].as_str().unwrap().to_owned();
            all.iter().map(|one| (word(one, "address"), word(one, "reason"))).collect()
        };
        assert_eq!(reasons(&suppressed().await), [("ada@example.com".to_owned(), "complained".to_owned())]);
        let to = |key: &str| json!({ "recipients": [{ "id": key, "email": format!("{}@Example.com", key) }] });
        knock.workflow("after", mail.clone()).await;
        knock.trigger("after", to("ada")).await;
        let held = knock.until("/messages?source=after", |all| all["items"][0]["status"] == "undelivered").await;
        let events = knock.get(&format!("/messages/{}/events", held["items"][0]["id"].as_str().unwrap())).await;
        assert!(events.to_string().contains("no mail goes to ada@example.com: complained"), "{events}");
        for (key, kind, is_held) in [("eve", "Transient", false), ("bob", "Permanent", true)] {
            knock.workflow(key, mail.clone()).await;
            knock.trigger(key, to(key)).await;
            let message = sent(&knock, key).await;
            let why = json!({ "bounce": { "type": kind, "message": "no such mailbox" } });
            assert_eq!(tell("bounced", &message, why).await["status"], "bounced");
            let address = format!("{key}@example.com");
            let all = suppressed().await;
            assert_eq!(all.iter().any(|one| one["address"] == address), is_held, "{all:?}");
        }
        let remove = async |address: &str| {
            let authorization = format!("Bearer {}", campanile_testkit::server::SECRET_KEY);
            let headers = [("authorization", authorization.as_str())];
            server.ask("DELETE", &format!("/api/suppressions/{address}"), &headers, Vec::new()).await.unwrap().status
        };
        assert_eq!((remove("ADA@example.com").await, remove("ada@example.com").await), (204, 404));
        knock.workflow("again", mail).await;
        knock.trigger("again", to("ada")).await;
        sent(&knock, "again").await;
        let made = server.post("/api/suppressions", &json!({ "address": "Carol <Carol@x.io>" })).await.unwrap();
        assert_eq!((made.status, &made.json["address"]), (201, &json!("carol@x.io")), "{}", made.json);
        let bad = server.post("/api/suppressions", &json!({ "address": "carol", "reason": "x" })).await.unwrap();
        assert_eq!(bad.status, 422, "{}", bad.json);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn twilio_tells_what_became_of_texts() {
    on_each_server(&[("CAMPANILE_BASE_URL", "https://bell.example.com")], async |server| {
        let knock = Knock::of(&server);
        let mut twilio = provider(json!({ "sid": "SM1", "status": "queued" })).await;
        let told = json!({ "type": "sms", "provider": "sms_twilio", "provider_settings": {
            "base_url": format!("http://{}", twilio.address), "account_sid": "AC1", "auth_token": "secret", "from": "+1" } });
        knock.put("/channels/sms", told).await;
        for key in ["good", "bad"] {
            knock.workflow(key, step("sms", "sms", json!({ "text_body": "Hi" }))).await;
            knock.trigger(key, json!({ "recipients": [{ "id": "ada", "phone_number": "+15005550001" }] })).await;
            let asked = received(&mut twilio).await;
            let fields: Vec<(String, String)> = url::form_urlencoded::parse(&asked.body).into_owned().collect();
            let address = fields.iter().find(|(name, _)| name == "StatusCallback").map(|(_, value)| value.clone()).unwrap();
            let path = address.strip_prefix("https://bell.example.com").unwrap().to_owned();
            let message = sent(&knock, key).await;
            assert!(path.ends_with(message["id"].as_str().unwrap()));
            let (status, comes_to) = if key == "good" { ("delivered", "delivered") } else { ("failed", "bounced") };
            let fields = [("ErrorCode", "30008"), ("MessageSid", "SM1"), ("MessageStatus", status)];
            let signed = fields.iter().fold(address, |text, (name, value)| text + name + value);
            let signature =
                campanile_net::hmac_base64(campanile_net::HmacAlgorithm::Sha1, b"secret", signed.as_bytes());
            let form = url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
            for (signature, status) in [("bm8=", 401), (signature.as_str(), 204)] {
                let headers =
                    [("x-twilio-signature", signature), ("content-type", "application/x-www-form-urlencoded")];
                let answer = server.ask("POST", &path, &headers, form.clone().into_bytes()).await.unwrap();
                assert_eq!(answer.status, status, "{}", answer.json);
            }
            let message = knock.get(&format!("/messages/{}", message["id"].as_str().unwrap())).await;
            assert_eq!(message["status"], comes_to);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_brings_its_own_provider_and_slack_its_webhook() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let (mut ours, mut theirs) = (provider(json!({ "id": "1" })).await, provider(json!({ "id": "2" })).await);
        let told = json!({ "type": "email", "provider": "email_resend", "provider_settings": {
            "api_key": "re_ours", "base_url": format!("http://{}", ours.address), "from_address": "bell@example.com" } });
        knock.put("/channels/email", told).await;
        knock.put("/tenants/acme", json!({ "name": "Acme" })).await;
        let own = json!({ "data": { "provider_settings": { "api_key": "re_theirs", "from_address": "bell@acme.com",
            "base_url": format!("http://{}", theirs.address) } } });
        knock.put("/objects/$tenants/acme/channel_data/email", own).await;
        knock.workflow("mail", step("email", "email", json!({ "subject": "Hi", "html_body": "<p>Hi</p>" }))).await;
        let ada = json!({ "id": "ada", "email": "ada@example.com" });
        knock.trigger("mail", json!({ "recipients": [ada], "tenant": "acme" })).await;
        let asked = received(&mut theirs).await;
        assert_eq!(asked.header("authorization"), "Bearer re_theirs");
        assert_eq!(serde_json::from_slice::<Value>(&asked.body).unwrap()["from"], "bell@acme.com");
        knock.trigger("mail", json!({ "recipients": [ada] })).await;
        assert_eq!(received(&mut ours).await.header("authorization"), "Bearer re_ours");

        let mut hook = Receiver::replying(Arc::new(|request: &Received| {
            if request.target.ends_with("/gone") { (404, "no_service".to_owned()) } else { (200, "ok".to_owned()) }
        }))
        .await;
        for (room, path, status) in [("one", "/hook", "sent"), ("two", "/gone", "undelivered")] {
            let url = format!("http://{}{path}", hook.address);
            let data = json!({ "data": { "connections": [{ "incoming_webhook": { "url": url } }] } });
            knock.put(&format!("/objects/rooms/{room}/channel_data/slack"), data).await;
            knock.workflow(room, step("slack", "chat", json!({ "markdown_body": "**hi**" }))).await;
            knock.trigger(room, json!({ "recipients": [{ "collection": "rooms", "id": room }] })).await;
            let asked = received(&mut hook).await;
            assert_eq!(serde_json::from_slice::<Value>(&asked.body).unwrap()["text"], "*hi*");
            let path = format!("/messages?source={room}");
            knock.until(&path, |found| found["items"][0]["status"] == status).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_slack_rotates_is_renewed_before_it_runs_out() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let asked: Arc<Mutex<Vec<String>>> = Arc::default();
        let seen = asked.clone();
        let slack = Receiver::replying(Arc::new(move |request: &Received| {
            let text = String::from_utf8_lossy(&request.body).into_owned();
            match request.target.as_str() {
                "POST /api/oauth.v2.access" => {
                    seen.lock().unwrap().push(text);
                    let answer = json!({ "ok": true, "access_token": "xoxe-new", "refresh_token": "xoxe-1-next",
                        "expires_in": 43_200, "token_type": "bot" });
                    (200, answer.to_string())
                }
                _ => {
                    seen.lock().unwrap().push(request.header("authorization").to_owned());
                    (200, json!({ "ok": true, "ts": "1.2" }).to_string())
                }
            }
        }))
        .await;
        let told = json!({ "type": "chat", "provider": "chat_slack", "provider_settings": {
            "base_url": format!("http://{}/api", slack.address), "client_id": "1.2", "client_secret": "shh" } });
        knock.put("/channels/slack", told).await;
        knock.put("/tenants/acme", json!({ "name": "Acme" })).await;
        let soon = jiff::Timestamp::from_second(in_seconds(60)).unwrap().to_string();
        let token = json!({ "access_token": "xoxe-old", "refresh_token": "xoxe-1-old", "expires_at": soon });
        knock.put("/objects/$tenants/acme/channel_data/slack", json!({ "data": { "token": token } })).await;
        let data = json!({ "data": { "connections": [{ "channel_id": "C1" }] } });
        knock.put("/objects/rooms/one/channel_data/slack", data).await;
        knock.workflow("said", step("slack", "chat", json!({ "markdown_body": "hi" }))).await;
        for times in 1..=2 {
            let asked = json!({ "recipients": [{ "collection": "rooms", "id": "one" }], "tenant": "acme" });
            knock.trigger("said", asked).await;
            let all_sent = |found: &Value| {
                let items = found["items"].as_array().unwrap();
                items.len() == times && items.iter().all(|one| one["status"] == "sent")
            };
            knock.until("/messages?source=said", all_sent).await;
        }
        let asked = asked.lock().unwrap().clone();
        assert_eq!(asked.len(), 3, "it is renewed once: {asked:?}");
        assert!(
            asked[0].contains("grant_type=refresh_token") && asked[0].contains("refresh_token=xoxe-1-old"),
            "{asked:?}"
        );
        assert_eq!(asked[1..], ["Bearer xoxe-new", "Bearer xoxe-new"]);
        let kept = knock.get("/objects/$tenants/acme/channel_data/slack").await;
        assert_eq!(kept["data"]["token"]["refresh_token"], "xoxe-1-next");
    })
    .await;
}
