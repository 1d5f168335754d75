//! The requests that providers are sent, and what their reports are read as, as snapshots. All
//! payloads are written after the providers' documentation, for these tests.
//!
//! No request leaves: the providers' addresses are private ones, which are refused, and the log of
//! the refusal has the whole request.

use std::sync::Arc;

use campanile_base::{Clock, FOR_EVER, Timestamp};
use campanile_documents::ChannelType;
use campanile_net::{AddressRules, Client, SigningSecret};
use insta::{assert_debug_snapshot, assert_json_snapshot};
use serde_json::{Map, Value, json};

use crate::email::{self, Intake};
use crate::{Carriers, Channel, Parcel, Provider, Settings, Verdict, sms};

/// Where all providers are, for these tests: an address that is never connected to.
const NOWHERE: &str = "http://10.0.0.1";

fn clock() -> Clock {
    Clock::manual(Timestamp::from_seconds(1_770_000_000))
}

fn carriers() -> Carriers {
    Carriers::new(Client::new(AddressRules::default()), None, clock())
}

fn channel(provider: Provider, settings: Value) -> Channel {
    let Value::Object(mut settings) = settings else { panic!("settings are an object") };
    settings.insert("base_url".to_owned(), json!(NOWHERE));
    let now = Timestamp::from_seconds(0);
    Channel {
        id: "channel_1".to_owned(),
        key: "channel".to_owned(),
        name: "Channel".to_owned(),
        kind: provider.channel_type(),
        provider: provider.as_str().to_owned(),
        settings: Arc::new(Settings { provider_settings: settings, ..Settings::default() }),
        is_sandbox: false,
        created_at: now,
        updated_at: now,
    }
}

/// The request that a message becomes.
async fn request(channel: &Channel, content: Value, data: Value) -> Value {
    let carriers = carriers();
    let data: Map<String, Value> = data.as_object().cloned().unwrap_or_default();
    let parcel = Parcel {
        organisation: "org_1",
        channel,
        message: "msg_1",
        content: &content,
        data: &data,
        slack_token: Some("xoxb-1"),
        status_address: "https://bell.example/providers/twilio/org_1/channel_1/msg_1",
        unsubscribe_address: Some("https://bell.example/unsubscribe/token"),
    };
    // With a token at hand, none is signed: a signature would be another one in each run.
    carriers.tokens.insert(parcel.place(), "token-1".to_owned(), clock().now(), FOR_EVER);
    let reply = carriers.carry(parcel).await;
    assert!(matches!(reply.verdict, Verdict::Never { .. }), "{:?}", reply.verdict);
    let request = reply.log[0]["request"].clone();
    // JSON is easier to read than its text.
    let body = request["body"].as_str().unwrap_or_default();
    let body = serde_json::from_str(body).unwrap_or_else(|_| json!(body));
    let mut shown = request;
    shown["body"] = body;
    shown
}

#[tokio::test]
async fn a_mail_becomes_a_request_to_resend() {
    let settings = json!({ "api_key": "re_1", "from_address": "bell@example.com", "from_name": "Acme, Inc." });
    let content = json!({
        "to": "ada@example.com, bob@example.com", "cc": "carl@example.com", "reply_to": "help@example.com",
        "subject_line": "Hello", "html_body": "<p>Hello</p>", "text_body": "Hello",
    });
    let file = json!({ "name": "a.txt", "content": "SGVsbG8=", "content_type": "text/plain", "content_id": "a" });
    let data = json!({ "attachments": [file] });
    assert_json_snapshot!(request(&channel(Provider::EmailResend, settings), content, data).await);
}

#[tokio::test]
async fn a_text_message_becomes_a_request_to_twilio() {
    let settings = json!({ "account_sid": "AC1", "auth_token": "secret", "from": "+15550100" });
    let content = json!({ "to": "+15550199", "body": "Hello & goodbye" });
    assert_json_snapshot!(request(&channel(Provider::SmsTwilio, settings), content, json!({})).await);
}

#[tokio::test]
async fn a_push_becomes_requests_to_fcm_and_apns() {
    let content = json!({ "token": "device/1", "title": "Hello", "body": "There", "overrides": { "android": { "priority": "high" } } });
    let data = json!({ "order": { "id": 17, "items": ["a", "b"] }, "note": null });
    let fcm = channel(Provider::PushFcm, json!({ "service_account": { "project_id": "acme" } }));
    assert_json_snapshot!("push_fcm", request(&fcm, content.clone(), data.clone()).await);
    let apns = channel(Provider::PushApns, json!({ "bundle_id": "com.example.acme", "environment": "sandbox" }));
    assert_json_snapshot!("push_apns", request(&apns, content, data.clone()).await);
    let silent = json!({ "token": "device/1", "is_silent": true });
    assert_json_snapshot!("push_apns_silent", request(&apns, silent, data).await);
}

#[tokio::test]
async fn a_chat_message_becomes_requests_to_slack_discord_and_teams() {
    let content =
        |connection: Value| json!({ "connection": connection, "markdown": "**Hello** [there](https://a.example)" });
    let slack = channel(Provider::ChatSlack, json!({}));
    assert_json_snapshot!("chat_slack", request(&slack, content(json!({ "channel_id": "C1" })), json!({})).await);
    let unknown = content(json!({ "email": "ada@example.com" }));
    assert_json_snapshot!("chat_slack_looks_a_user_up", request(&slack, unknown, json!({})).await);
    let discord = channel(Provider::ChatDiscord, json!({ "bot_token": "bot" }));
    assert_json_snapshot!("chat_discord", request(&discord, content(json!({ "channel_id": "1" })), json!({})).await);
    let webhook = content(json!({ "incoming_webhook": { "url": format!("{NOWHERE}/webhook/1") } }));
    assert_json_snapshot!("chat_discord_webhook", request(&discord, webhook.clone(), json!({})).await);
    let teams = channel(Provider::ChatMsTeams, json!({}));
    assert_json_snapshot!("chat_ms_teams", request(&teams, webhook, json!({})).await);
}

#[tokio::test]
async fn a_webhook_is_sent_as_its_step_describes_it_and_signed() {
    let channel = Channel {
        kind: ChannelType::Http,
        provider: "http_webhook".to_owned(),
        ..channel(Provider::ChatSlack, json!({ "signing_key": "key" }))
    };
    let content = json!({
        "method": "put", "url": format!("{NOWHERE}/hook?a=1"), "query": { "b": "2 3" }, "headers": { "x-kind": "order" },
        "body": "{\"id\":17}",
    });
    assert_json_snapshot!(request(&channel, content, json!({})).await);
}

/// A webhook of Resend with this event, as it is read.
fn report(kind: &str, details: Value) -> Option<Intake> {
    let secret = "whsec_YSBzZWNyZXQgdGhhdCBpcyBub3Qgb25l";
    let channel = channel(Provider::EmailResend, json!({ "webhook_secret": secret }));
    let mut data = json!({ "email_id": "re_mail_1", "to": ["ada@example.com"], "tags": { "message_id": "msg_1" } });
    data.as_object_mut().unwrap().extend(details.as_object().cloned().unwrap_or_default());
    let body = json!({ "type": kind, "created_at": "2026-02-02T03:00:00.000Z", "data": data }).to_string();
    let clock = clock();
    let stamp = clock.now().as_seconds();
    let signature = SigningSecret::parse(secret).unwrap().sign("evt_1", stamp, body.as_bytes());
    let header = |name: &str| match name {
        "svix-id" => Some("evt_1".to_owned()),
        "svix-timestamp" => Some(stamp.to_string()),
        "svix-signature" => Some(signature.clone()),
        _ => None,
    };
    email::intake(&channel, &clock, header, body.as_bytes()).unwrap()
}

#[test]
fn the_reports_of_resend_are_read() {
    let bounce = |kind: &str| json!({ "bounce": { "type": kind, "message": "There is no such mailbox." } });
    let events = [
        ("email.sent", json!({})),
        ("email.delivered", json!({})),
        ("email.bounced", bounce("Permanent")),
        ("email.bounced", bounce("Transient")),
        ("email.suppressed", json!({})),
        ("email.failed", json!({ "failed": { "reason": "The domain is not verified." } })),
        ("email.complained", json!({})),
        ("email.opened", json!({})),
        ("email.clicked", json!({ "click": { "link": "https://a.example/order/17" } })),
        ("contact.created", json!({})),
    ];
    assert_debug_snapshot!(events.map(|(kind, details)| (kind, report(kind, details))));
}

#[test]
fn the_statuses_of_twilio_are_read() {
    let words = ["queued", "sent", "delivered", "read", "undelivered", "failed", "canceled", "something new"];
    assert_debug_snapshot!(words.map(|word| (word, sms::status(word))));
}
