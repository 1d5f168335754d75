//! The requests to providers, and the status of messages after their answers. The providers are
//! stand-ins that answer as the real ones are documented to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use campanile_db::testing::TestDatabase;
use campanile_testkit::mailbox::Mailbox;
use campanile_testkit::receiver::{Received, Receiver};
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use super::Knock;
use super::access::{in_seconds, public_key, signed};
use crate::on_each_server;

/// A provider whose answer depends on the request.
async fn provider(answer: impl Fn(&str, &Received) -> (u16, Value) + Send + Sync + 'static) -> Receiver {
    Receiver::replying(Arc::new(move |request: &Received| {
        let (status, body) = answer(&request.target, request);
        (status, body.to_string())
    }))
    .await
}

fn base(receiver: &Receiver) -> String {
    format!("http://{}", receiver.address)
}

async fn received(receiver: &mut Receiver) -> Received {
    tokio::time::timeout(Duration::from_secs(20), receiver.requests.recv()).await.expect("in time").expect("open")
}

fn body(request: &Received) -> Value {
    serde_json::from_slice(&request.body).unwrap()
}

fn form(request: &Received) -> Vec<(String, String)> {
    url::form_urlencoded::parse(&request.body).into_owned().collect()
}

fn chat_step(channel: &str, template: Value) -> Value {
    json!([{ "ref": "chat", "type": "channel", "channel_key": channel, "channel_type": "chat", "template": template }])
}

/// The only message of a workflow, once its status is final.
async fn settled(knock: &Knock<'_>, workflow: &str) -> Value {
    let path = format!("/messages?source={workflow}");
    let done = |items: &Value| {
        let items = items["items"].as_array().unwrap();
        items.len() == 1 && !["queued", "delivery_attempted"].contains(&items[0]["status"].as_str().unwrap())
    };
    knock.until(&path, done).await["items"][0].clone()
}

async fn why(knock: &Knock<'_>, message: &Value) -> String {
    let events = knock.get(&format!("/messages/{}/events", message["id"].as_str().unwrap())).await;
    events["items"][0]["data"]["failure_details"].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn slack_is_spoken_to_with_the_tenants_token() {
    on_each_server(&[], async |server| {
        let mut slack = provider(|target, request| match target {
            "POST /api/chat.postMessage" => match body(request)["channel"].as_str() {
                Some("C-gone") => (200, json!({ "ok": false, "error": "channel_not_found" })),
                Some("C-slow") => (200, json!({ "ok": false, "error": "ratelimited", "retry_after": 1 })),
                Some("C-loud") => (200, json!({ "ok": false, "error": "msg_too_long" })),
                _ => (200, json!({ "ok": true, "channel": "C1", "ts": "1700000000.000100" })),
            },
            "POST /api/users.lookupByEmail" => (200, json!({ "ok": true, "user": { "id": "U7" } })),
            _ => (404, json!({})),
        })
        .await;
        let knock = Knock::of(&server);
        let told = json!({ "type": "chat", "provider": "chat_slack",
            "provider_settings": { "base_url": format!("{}/api", base(&slack)) },
            "channel_settings": { "email_based_user_id_resolution": true } });
        knock.put("/channels/slack", told).await;
        knock.put("/tenants/acme", json!({ "name": "Acme" })).await;
        let token = json!({ "data": { "token": { "access_token": "xoxb-1" } } });
        knock.put("/objects/$tenants/acme/channel_data/slack", token).await;
        let to = async |object: &str, connection: Value| {
            let data = json!({ "data": { "connections": [connection] } });
            knock.put(&format!("/objects/rooms/{object}/channel_data/slack"), data).await;
            json!({ "collection": "rooms", "id": object })
        };
        let say =
            |room: Value| json!({ "recipients": [room], "tenant": "acme", "data": { "n": 87, "topics": "a, b" } });

        // Markdown is converted to Slack's format.
        knock
            .workflow("plain", chat_step("slack", json!({ "markdown_body": "**{{ n }}** of [it](https://x.y)" })))
            .await;
        knock.trigger("plain", say(to("one", json!({ "channel_id": "C1" })).await)).await;
        let asked = received(&mut slack).await;
        assert_eq!(asked.header("authorization"), "Bearer xoxb-1");
        assert_eq!(body(&asked), json!({ "channel": "C1", "text": "*87* of <https://x.y|it>", "mrkdwn": true }));
        let message = settled(&knock, "plain").await;
        assert_eq!(
            (&message["status"], &message["metadata"]["external_id"]),
            (&json!("sent"), &json!("1700000000.000100"))
        );
        let logs = knock.get(&format!("/messages/{}/delivery_logs", message["id"].as_str().unwrap())).await;
        assert!(!logs.to_string().contains("xoxb-1"), "tokens are not written into logs: {logs}");

        // The blocks come from the step. The summary is the text in Slack's notifications.
        let blocks = r#"{"blocks": [{"type": "header", "text": {"type": "plain_text", "text": "Score {{ n }}/100"}}]}"#;
        knock.workflow("blocks", chat_step("slack", json!({ "json_body": blocks, "summary": "Score {{ n }}" }))).await;
        knock.trigger("blocks", say(to("one", json!({ "channel_id": "C1" })).await)).await;
        let asked = body(&received(&mut slack).await);
        assert_eq!((&asked["text"], &asked["blocks"][0]["text"]["text"]), (&json!("Score 87"), &json!("Score 87/100")));

        // A missing Slack channel is noted in the channel data. The next message that goes through
        // removes the note.
        knock.workflow("gone", chat_step("slack", json!({ "markdown_body": "x" }))).await;
        knock.trigger("gone", say(to("two", json!({ "channel_id": "C-gone" })).await)).await;
        let message = settled(&knock, "gone").await;
        assert_eq!(
            (message["status"].as_str(), why(&knock, &message).await.as_str()),
            (Some("undelivered"), "channel_not_found")
        );
        let trouble = knock.get("/objects/$tenants/acme/channel_data/slack").await["data"]["trouble"].clone();
        assert_eq!((&trouble["code"], &trouble["channel_id"]), (&json!("channel_not_found"), &json!("C-gone")));
        received(&mut slack).await;
        knock.workflow("good", chat_step("slack", json!({ "markdown_body": "x" }))).await;
        knock.trigger("good", say(to("one", json!({ "channel_id": "C1" })).await)).await;
        settled(&knock, "good").await;
        received(&mut slack).await;
        knock.until("/objects/$tenants/acme/channel_data/slack", |data| data["data"].get("trouble").is_none()).await;

        // A temporary refusal by Slack is tried again; a permanent one is not.
        knock.workflow("loud", chat_step("slack", json!({ "markdown_body": "x" }))).await;
        knock.trigger("loud", say(to("three", json!({ "channel_id": "C-loud" })).await)).await;
        assert_eq!(settled(&knock, "loud").await["status"], "undelivered");
        received(&mut slack).await;
        knock.workflow("slow", chat_step("slack", json!({ "markdown_body": "x" }))).await;
        knock.trigger("slow", say(to("four", json!({ "channel_id": "C-slow" })).await)).await;
        assert_eq!(body(&received(&mut slack).await), body(&received(&mut slack).await));

        // A recipient without a connection is looked up by mail address, and the result is stored.
        knock.workflow("person", chat_step("slack", json!({ "markdown_body": "x" }))).await;
        let person = json!({ "recipients": [{ "id": "ada", "email": "ada@example.com" }], "tenant": "acme" });
        knock.trigger("person", person).await;
        loop {
            let asked = received(&mut slack).await;
            if asked.target.ends_with("lookupByEmail") {
                assert_eq!(form(&asked), [("email".to_owned(), "ada@example.com".to_owned())]);
                break;
            }
        }
        settled(&knock, "person").await;
        assert_eq!(knock.get("/users/ada/channel_data/slack").await["data"]["connections"][0]["user_id"], "U7");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn discord_teams_and_twilio_are_asked_as_they_are_documented() {
    on_each_server(&[], async |server| {
        let mut all = provider(|target, _| match target {
            "POST /discord?wait=true" => (200, json!({ "id": "42" })),
            "POST /teams" => (200, json!(1)),
            "POST /2010-04-01/Accounts/AC1/Messages.json" => (201, json!({ "sid": "SM1", "status": "queued" })),
            _ => (404, json!({ "message": "Unknown" })),
        })
        .await;
        let knock = Knock::of(&server);
        let address = base(&all);
        let hook = |path: &str| json!({ "data": { "connections": [{ "incoming_webhook": { "url": format!("{address}{path}") } }] } });
        for (key, provider, path) in [("discord", "chat_discord", "/discord"), ("teams", "chat_ms_teams", "/teams")] {
            knock.put(&format!("/channels/{key}"), json!({ "type": "chat", "provider": provider })).await;
            knock.put(&format!("/objects/rooms/{key}/channel_data/{key}"), hook(path)).await;
            knock.workflow(key, chat_step(key, json!({ "markdown_body": "**hi** @everyone" }))).await;
            knock.trigger(key, json!({ "recipients": [{ "collection": "rooms", "id": key }] })).await;
            let asked = body(&received(&mut all).await);
            match key {
                "discord" => assert_eq!(asked, json!({ "content": "**hi** @everyone", "allowed_mentions": { "parse": [] } })),
                _ => assert_eq!(asked["attachments"][0]["content"]["body"][0]["text"], "**hi** @everyone"),
            }
            assert_eq!(settled(&knock, key).await["status"], "sent");
        }
        let told = json!({ "type": "sms", "provider": "sms_twilio", "provider_settings": {
            "base_url": base(&all), "account_sid": "AC1", "auth_token": "secret", "from": "+15005550006" } });
        knock.put("/channels/sms", told).await;
        let step = json!([{ "ref": "sms", "type": "channel", "channel_key": "sms", "channel_type": "sms",
            "template": { "text_body": "Hi {{ recipient.name }} & all" } }]);
        knock.workflow("sms", step).await;
        knock.trigger("sms", json!({ "recipients": [{ "id": "ada", "name": "Ada", "phone_number": "+15005550001" }] })).await;
        let asked = received(&mut all).await;
        assert_eq!(asked.header("authorization"), format!("Basic {}", STANDARD.encode("AC1:secret")));
        let wanted = [("To", "+15005550001"), ("From", "+15005550006"), ("Body", "Hi Ada & all")];
        assert_eq!(form(&asked), wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));
        assert_eq!(settled(&knock, "sms").await["metadata"]["external_id"], "SM1");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_that_is_gone_bounces_and_is_forgotten() {
    on_each_server(&[], async |server| {
        let mut google = provider(|target, request| match target {
            "POST /token" => (200, json!({ "access_token": "ya29", "expires_in": 3600 })),
            "POST /v1/projects/p1/messages:send" if body(request)["message"]["token"] == "dead" => {
                let details = json!([{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "UNREGISTERED" }]);
                (404, json!({ "error": { "code": 404, "message": "Requested entity was not found.", "details": details } }))
            }
            "POST /v1/projects/p1/messages:send" => (200, json!({ "name": "projects/p1/messages/1" })),
            _ => (500, json!({})),
        })
        .await;
        let knock = Knock::of(&server);
        let private = server.post("/api/signing-keys", &json!({})).await.unwrap().json["private_key"].clone();
        let account = json!({ "project_id": "p1", "client_email": "a@p1.iam.gserviceaccount.com",
            "private_key": private, "token_uri": format!("{}/token", base(&google)) });
        let told = json!({ "type": "push", "provider": "push_fcm",
            "provider_settings": { "base_url": base(&google), "service_account": account } });
        knock.put("/channels/push", told).await;
        knock.put("/users/ada/channel_data/push", json!({ "data": { "tokens": ["dead", "alive"] } })).await;
        let step = json!([{ "ref": "push", "type": "channel", "channel_key": "push", "channel_type": "push",
            "template": { "title": "Hi", "text_body": "{{ n }} new" } }]);
        knock.workflow("push", step).await;
        knock.trigger("push", json!({ "recipients": ["ada"], "data": { "n": 3, "in": { "deep": [true] } } })).await;
        let (mut asked_tokens, mut sent) = (0, Vec::new());
        while sent.len() < 2 {
            let request = received(&mut google).await;
            match request.target.as_str() {
                "POST /token" => asked_tokens += 1,
                _ => sent.push(request),
            }
        }
        assert!((1..=2).contains(&asked_tokens), "a token is asked for once, or twice at the same time");
        let alive = sent.iter().find(|request| body(request)["message"]["token"] == "alive").unwrap();
        assert_eq!(alive.header("authorization"), "Bearer ya29");
        let message = body(alive)["message"].clone();
        assert_eq!(message["notification"], json!({ "title": "Hi", "body": "3 new" }));
        assert_eq!((&message["data"]["n"], &message["data"]["in.deep.0"]), (&json!("3"), &json!("true")));
        let both = knock
            .until("/messages?source=push", |items| {
                items["items"].as_array().unwrap().iter().all(|item| item["status"] != "queued")
            })
            .await;
        let of = |status: &str| both["items"].as_array().unwrap().iter().filter(|item| item["status"] == status).count();
        assert_eq!((of("sent"), of("bounced")), (1, 1), "{both:#}");
        let devices = knock.get("/users/ada/channel_data/push").await;
        assert_eq!(devices["data"]["tokens"], json!(["alive"]));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_second_carrier_takes_what_the_first_does_not() {
    for database in TestDatabase::each().await {
        let mut mailbox = Mailbox::start().await;
        let is_down = Arc::new(AtomicUsize::new(1));
        let down = is_down.clone();
        let mut resend = provider(move |_, _| match down.load(Ordering::SeqCst) {
            0 => (200, json!({ "id": "49a3999c-0ce1-4ea6-ab68-afcd6dc2e794" })),
            _ => (403, json!({ "statusCode": 403, "name": "invalid_api_key", "message": "API key is invalid" })),
        })
        .await;
        let server = Server::start(crate::BINARY, database, &[]).await;
        let knock = Knock::of(&server);
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let address = base(&resend);
        let told = |fallback: &str| {
            json!({ "type": "email", "provider": "email_resend", "provider_settings": {
                "api_key": "re_1", "base_url": address, "from_address": "bell@example.com", "from_name": "Bell",
                "webhook_secret": secret,
                "fallback": { "provider": "email_smtp", "provider_settings": { "url": fallback, "from_address": "backup@example.com" } } } })
        };
        knock.put("/channels/email", told(&mailbox.url())).await;
        let step = json!([{ "ref": "mail", "type": "channel", "channel_key": "email", "channel_type": "email",
            "template": { "subject": "Hi", "html_body": "<p>{{ text }}</p>" } }]);
        let document =
            |key: &str| json!({ "workflow": { "name": key, "steps": step, "settings": { "is_commercial": true } } });
        for key in ["down", "both", "up"] {
            knock.put(&format!("/workflows/{key}?commit=true"), document(key)).await;
        }
        let file = json!({ "name": "a.txt", "content_type": "text/plain", "content": STANDARD.encode("file") });
        let to = json!({ "recipients": [{ "id": "ada", "email": "ada@example.com" }], "data": { "text": "x", "attachments": [file] } });
        knock.trigger("down", to.clone()).await;
        let mail = tokio::time::timeout(Duration::from_secs(20), mailbox.mails.recv()).await.unwrap().unwrap();
        assert!(mail.content.contains("a.txt") && mail.content.contains("List-Unsubscribe-Post"), "{}", mail.content);
        let message = settled(&knock, "down").await;
        assert_eq!(message["status"], "sent");
        assert_eq!(
            (&message["metadata"]["fallback_used"], &message["metadata"]["provider"]),
            (&json!(true), &json!("email_smtp"))
        );
        assert!(message["metadata"]["fallback_reason"].as_str().unwrap().contains("API key is invalid"), "{message:#}");
        assert_eq!(received(&mut resend).await.header("authorization"), "Bearer re_1");

        // Both providers fail: the message is undelivered, and is sent once more by hand.
        knock.put("/channels/email", told("smtp://user@:bad")).await;
        knock.trigger("both", to.clone()).await;
        let message = settled(&knock, "both").await;
        assert_eq!(message["status"], "undelivered");
        received(&mut resend).await;
        is_down.store(0, Ordering::SeqCst);
        knock.post(&format!("/messages/{}/retry", message["id"].as_str().unwrap()), json!({})).await;
        let message = settled(&knock, "both").await;
        assert_eq!(message["status"], "sent");
        let asked = received(&mut resend).await;
        assert_eq!(asked.header("idempotency-key"), message["id"].as_str().unwrap());
        let said = body(&asked);
        assert_eq!((&said["from"], &said["to"]), (&json!("Bell <bell@example.com>"), &json!(["ada@example.com"])));
        assert_eq!(said["attachments"][0]["filename"], "a.txt");
        assert_eq!(said["tags"][0], json!({ "name": "message_id", "value": message["id"] }));
        let again =
            knock.ask("POST", &format!("/messages/{}/retry", message["id"].as_str().unwrap()), json!({}), 409).await;
        assert!(again["message"].as_str().unwrap().contains("did not get through"));

        // Resend reports a bounce later. The same report with a wrong signature is refused.
        unsubscribed(&said["headers"]["List-Unsubscribe"], &server).await;
        let settings = knock.get("/channels/email").await["environment_settings"]["production"].clone();
        let intake = settings["intake_url"].as_str().unwrap().to_owned();
        let path = &intake[intake.find("/providers/").unwrap()..];
        let bounce = json!({ "type": "email.bounced", "created_at": "2026-11-22T03:00:00.000Z", "data": {
            "email_id": "49a3999c", "tags": { "message_id": message["id"] }, "bounce": { "message": "mailbox full", "type": "Permanent" } } });
        let signing = campanile_net::SigningSecret::parse(secret).unwrap();
        let now = in_seconds(0);
        let signature = signing.sign("msg_1", now, bounce.to_string().as_bytes());
        let stamp = now.to_string();
        for (signature, status) in [("v1,bad", 401), (signature.as_str(), 204)] {
            let headers = [("svix-id", "msg_1"), ("svix-timestamp", stamp.as_str()), ("svix-signature", signature)];
            let answer = server.ask("POST", path, &headers, bounce.to_string().into_bytes()).await.unwrap();
            assert_eq!(answer.status, status, "{}", answer.json);
        }
        let message = knock.get(&format!("/messages/{}", message["id"].as_str().unwrap())).await;
        assert_eq!(message["status"], "bounced");
        assert_eq!(why(&knock, &message).await, "mailbox full");
    }
}

/// Opening the unsubscribe page changes nothing; one click unsubscribes.
async fn unsubscribed(address: &Value, server: &Server) {
    let address = address.as_str().unwrap().trim_matches(['<', '>']);
    let path = &address[address.find("/unsubscribe/").unwrap()..];
    let (knock, set) = (Knock::of(server), "/users/ada/preferences/default");
    assert_eq!(server.ask("GET", path, &[], Vec::new()).await.unwrap().status, 200);
    assert_ne!(knock.get(set).await["commercial_subscribed"], false);
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let clicked = server.ask("POST", path, &headers, b"List-Unsubscribe=One-Click".to_vec()).await.unwrap();
    assert_eq!((clicked.status, &knock.get(set).await["commercial_subscribed"]), (200, &json!(false)));
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_are_followed_and_mails_that_are_opened_are_noted() {
    for database in TestDatabase::each().await {
        let mut mailbox = Mailbox::start().await;
        let server = Server::start(crate::BINARY, database, &[("CAMPANILE_SMTP_URL", &mailbox.url())]).await;
        let knock = Knock::of(&server);
        let settings = json!({ "track_links": true, "track_opens": true });
        let told = json!({ "type": "email", "provider": "email_smtp", "channel_settings": settings });
        knock.put("/channels/email", told).await;
        let html = "<a href=\"https://example.com/a?b=1&amp;c=2\">go</a>";
        let step = json!([{ "ref": "mail", "type": "channel", "channel_key": "email", "channel_type": "email",
            "template": { "subject": "Hi", "html_body": html } }]);
        knock.workflow("tracked", step).await;
        knock.trigger("tracked", json!({ "recipients": [{ "id": "ada", "email": "ada@example.com" }] })).await;
        let mail = tokio::time::timeout(Duration::from_secs(20), mailbox.mails.recv()).await.unwrap().unwrap();
        let text = mail.content.replace("=\r\n", "").replace("=3D", "=");
        let tokens: Vec<&str> = text.split("/t/").skip(1).map(|rest| rest.split(['"', '/']).next().unwrap()).collect();
        assert_eq!(tokens.len(), 2, "{text}");
        let followed = server.ask("GET", &format!("/t/{}", tokens[0]), &[], Vec::new()).await.unwrap();
        let to = followed.headers.iter().find(|(name, _)| name == "location").map(|(_, value)| value.as_str());
        assert_eq!((followed.status, to), (302, Some("https://example.com/a?b=1&c=2")));
        let made_up = server.ask("GET", "/t/v1.AAAA", &[], Vec::new()).await.unwrap();
        assert_eq!(made_up.status, 404);
        let message = settled(&knock, "tracked").await;
        assert!(message["link_clicked_at"].is_string(), "{message:#}");
        let opened = server.ask("GET", &format!("/t/{}/open.gif", tokens[1]), &[], Vec::new()).await.unwrap();
        assert_eq!(opened.status, 200);
        let opened = settled(&knock, "tracked").await;
        assert!(opened["read_at"].as_str() > message["read_at"].as_str(), "{opened:#}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slack_workspace_is_connected_listed_and_let_go() {
    on_each_server(&[], async |server| {
        let revoked = Arc::new(Mutex::new(false));
        let is_revoked = revoked.clone();
        let mut slack = provider(move |target, _| match target {
            "POST /api/oauth.v2.access" => (
                200,
                json!({ "ok": true, "access_token": "xoxb-new", "token_type": "bot", "scope": "chat:write",
                    "team": { "id": "T1", "name": "Acme" } }),
            ),
            "POST /api/auth.test" if *is_revoked.lock().unwrap() => (200, json!({ "ok": false, "error": "token_revoked" })),
            "POST /api/auth.test" => (200, json!({ "ok": true })),
            "POST /api/conversations.list" => (
                200,
                json!({ "ok": true, "response_metadata": { "next_cursor": "two" }, "channels": [
                    { "id": "C1", "name": "general", "is_private": false, "is_im": false, "context_team_id": "T1", "topic": {} }] }),
            ),
            "POST /api/auth.revoke" => (200, json!({ "ok": true, "revoked": true })),
            _ => (404, json!({})),
        })
        .await;
        let knock = Knock::of(&server);
        let told = json!({ "type": "chat", "provider": "chat_slack", "provider_settings": {
            "base_url": format!("{}/api", base(&slack)), "client_id": "1.2", "client_secret": "shh" } });
        knock.put("/channels/slack", told).await;
        let made = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
        let private = made["private_key"].as_str().unwrap();
        let public = public_key(&server).await;
        let grant = json!({ "https://api.knock.app/v1/objects/$tenants/acme": { "slack/channels_read": [{}] } });
        let token = signed(private, &json!({ "sub": "ada", "exp": in_seconds(60), "grants": grant }));
        let page = Knock::with(&server, &public, Some(&token));
        let holder = "access_token_object[object_id]=acme&access_token_object[collection]=$tenants";
        let check = format!("/providers/slack/slack/auth_check?{holder}");
        let none = page.ask("GET", &check, Value::Null, 403).await;
        assert_eq!(none["message"], "Access token not set.");
        let other = "/providers/slack/slack/auth_check?access_token_object[object_id]=other&access_token_object[collection]=$tenants";
        page.ask("GET", other, Value::Null, 403).await;

        let state = json!({ "nonce": "n1", "redirect_url": "https://evil.example", "channel_id": "slack",
            "access_token_object": { "object_id": "acme", "collection": "$tenants" }, "public_key": public, "user_token": token });
        let back = |state: &Value, code: &str| {
            let query: String = url::form_urlencoded::Serializer::new(String::new())
                .append_pair("code", code)
                .append_pair("state", &state.to_string())
                .finish();
            format!("/providers/slack/authenticate?{query}")
        };
        let mut stranger = state.clone();
        stranger["user_token"] = json!(signed(private, &json!({ "sub": "mallory", "exp": in_seconds(60) })));
        let answer = server.ask("GET", &back(&stranger, "c"), &[], Vec::new()).await.unwrap();
        assert!(answer.json.as_str().unwrap().contains("authFailed"), "{}", answer.json);
        let answer = server.ask("GET", &back(&state, "c0de"), &[], Vec::new()).await.unwrap();
        let page_back = answer.json.as_str().unwrap();
        assert!(page_back.contains("data-type=\"authComplete\" data-nonce=\"n1\" data-next=\"\""), "{page_back}");
        let asked = form(&received(&mut slack).await);
        let wanted = [("client_id", "1.2"), ("client_secret", "shh"), ("code", "c0de")];
        assert_eq!(asked, wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));

        assert_eq!(page.get(&check).await["connection"], json!({ "ok": true }));
        received(&mut slack).await;
        let list = format!("/providers/slack/slack/channels?{holder}&query_options[cursor]=&query_options[limit]=200&query_options[types]=private_channel");
        let listed = page.get(&list).await;
        let channel = json!({ "id": "C1", "name": "general", "is_private": false, "is_im": false, "context_team_id": "T1" });
        assert_eq!(listed, json!({ "slack_channels": [channel], "next_cursor": "two" }));
        let asked = received(&mut slack).await;
        assert_eq!(asked.header("authorization"), "Bearer xoxb-new");
        let wanted = [("limit", "200"), ("types", "private_channel"), ("exclude_archived", "true")];
        assert_eq!(form(&asked), wanted.map(|(name, value)| (name.to_owned(), value.to_owned())));

        *revoked.lock().unwrap() = true;
        let refused = json!({ "ok": false, "error": "token_revoked", "reason": "token_revoked" });
        assert_eq!(page.get(&check).await["connection"], refused);
        let path = format!("/providers/slack/slack/revoke_access?{holder}");
        let browsers = page.call("PUT", &path, &Value::Null, &[("x-knock-client", "Knock/ClientJS 0.22.2")]).await;
        assert_eq!((browsers.status, &browsers.json), (200, &json!("ok")));
        page.ask("GET", &check, Value::Null, 403).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_shows_its_settings_and_conditions_and_no_secret() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let condition = json!({ "variable": "recipient.plan", "operator": "equal_to", "argument": "pro" });
        let told = json!({ "type": "email", "provider": "email_resend", "conditions": { "all": [condition] },
            "provider_settings": { "api_key": "re_secret", "from_address": "bell@example.com",
                "fallback": { "provider": "email_smtp", "provider_settings": {
                    "url": "smtp://u:secret@mail.example.com", "from_name": "Backup" } } } });
        knock.put("/channels/email", told).await;
        let shown = knock.get("/channels/email").await["environment_settings"]["production"].clone();
        assert_eq!(shown["provider_values"], json!({ "from_address": "bell@example.com" }));
        assert_eq!(shown["provider_settings"], json!(["api_key", "from_address", "fallback"]));
        assert_eq!(shown["fallback"]["provider"], "email_smtp");
        assert_eq!(shown["fallback"]["provider_settings"], json!(["url", "from_name"]));
        assert_eq!(shown["fallback"]["provider_values"], json!({ "from_name": "Backup" }));
        assert_eq!(shown["conditions"], json!({ "all": [condition] }));
        assert!(!shown.to_string().contains("secret"), "{shown:#}");

        let slack = knock.get("/channels/slack").await["environment_settings"]["production"].clone();
        assert_eq!((&slack["conditions"], &slack["fallback"]), (&json!(null), &json!(null)));
    })
    .await;
}
