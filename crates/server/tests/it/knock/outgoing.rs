//! Outgoing messages: the allowed addresses, the credentials that are sent, and the answers that
//! callers may see.

use std::sync::Arc;
use std::time::Duration;

use campanile_testkit::mailbox::Mailbox;
use campanile_testkit::receiver::{Received, Receiver};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use super::Knock;
use super::access::{in_seconds, public_key, signed};
use crate::on_each_server;

/// A provider that accepts everything.
async fn provider() -> Receiver {
    Receiver::replying(Arc::new(|_: &Received| (200, json!({ "id": "1" }).to_string()))).await
}

async fn received(receiver: &mut Receiver) -> Received {
    tokio::time::timeout(Duration::from_secs(20), receiver.requests.recv()).await.expect("in time").expect("open")
}

fn mail_step() -> Value {
    json!([{ "ref": "mail", "type": "channel", "channel_key": "email", "channel_type": "email",
        "template": { "subject": "Hi", "html_body": "<p>Hi</p>" } }])
}

fn to_ada() -> Value {
    json!({ "recipients": [{ "id": "ada", "email": "ada@example.com" }] })
}

/// Everything that the API shows of a workflow's only message, once it is no longer queued.
async fn told(knock: &Knock<'_>, workflow: &str) -> String {
    let path = format!("/messages?source={workflow}");
    let found = knock.until(&path, |found| {
        let status = found["items"][0]["status"].as_str().unwrap_or("queued");
        status != "queued"
    });
    let message = found.await["items"][0].clone();
    let id = message["id"].as_str().unwrap();
    let events = knock.get(&format!("/messages/{id}/events")).await;
    let logs = knock.get(&format!("/messages/{id}/delivery_logs")).await;
    format!("{message} {events} {logs}")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenants_settings_never_take_the_channels_key_elsewhere() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let (mut ours, mut theirs) = (provider().await, provider().await);
        let channel = json!({ "type": "email", "provider": "email_resend", "provider_settings": {
            "api_key": "re_ours", "base_url": format!("http://{}", ours.address), "from_address": "bell@example.com" } });
        knock.put("/channels/email", channel).await;
        knock.put("/tenants/acme", json!({ "name": "Acme" })).await;
        knock.workflow("mail", mail_step()).await;
        let path = "/objects/$tenants/acme/channel_data/email";
        let elsewhere = format!("http://{}", theirs.address);

        // A page with a grant for the tenant may write the addresses of its channel data, but not
        // its provider settings.
        let key = public_key(&server).await;
        let made = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
        let all = json!({ "channel_data/read": [{}], "channel_data/write": [{}] });
        let grants = json!({ "https://api.knock.app/v1/objects/$tenants/acme": all });
        let claims = json!({ "sub": "eve", "exp": in_seconds(60), "grants": grants });
        let token = signed(made["private_key"].as_str().unwrap(), &claims);
        let page = Knock::with(&server, &key, Some(&token));
        let stolen = json!({ "data": { "provider_settings": { "base_url": elsewhere } } });
        page.ask("PUT", path, stolen.clone(), 403).await;
        let both = json!({ "data": { "provider_settings": { "base_url": elsewhere, "api_key": "re_eve" } } });
        page.ask("PUT", path, both, 403).await;
        let inline = json!({ "channel_data": { "email": { "provider_settings": { "base_url": elsewhere } } } });
        page.ask("PUT", "/users/eve", inline, 403).await;

        // Even with a secret key, an address needs its credentials, wherever it is written.
        let refused = knock.ask("PUT", path, stolen.clone(), 422).await;
        assert!(refused.to_string().contains("api_key"), "{refused}");
        let inline = json!({ "name": "Acme", "channel_data": { "email": stolen["data"] } });
        knock.ask("PUT", "/tenants/acme", inline, 422).await;
        let acme = json!({ "recipients": to_ada()["recipients"], "tenant": "acme" });
        knock.trigger("mail", acme.clone()).await;
        assert_eq!(received(&mut ours).await.header("authorization"), "Bearer re_ours");

        // A page can neither change nor see the tenant's own settings.
        let own = json!({ "data": { "provider_settings": {
            "base_url": elsewhere, "api_key": "re_theirs", "from_address": "bell@acme.com" } } });
        knock.put(path, own).await;
        page.put(path, json!({ "data": { "note": "x" } })).await;
        let shown = page.get(path).await;
        assert!(shown["data"]["note"] == "x" && !shown.to_string().contains("re_theirs"), "{shown}");
        page.ask("DELETE", path, Value::Null, 204).await;
        assert_eq!(knock.get(path).await["data"]["provider_settings"]["api_key"], "re_theirs");
        knock.trigger("mail", acme).await;
        assert_eq!(received(&mut theirs).await.header("authorization"), "Bearer re_theirs");
        assert!(ours.requests.try_recv().is_err(), "nothing more went to the channel's own");
    })
    .await;
}

/// A service that sends the first line, but is no SMTP server. It reports each connection.
async fn inner_service(says: &'static str) -> (String, tokio::sync::mpsc::UnboundedReceiver<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (sender, connected) = tokio::sync::mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = sender.send(());
            let _ = stream.write_all(says.as_bytes()).await;
        }
    });
    (address, connected)
}

/// Mail channels that lead to an address: as the main provider, and as the fallback.
fn mail_channels(address: &str) -> [(&'static str, Value); 2] {
    let smtp = json!({ "url": format!("smtp://{address}"), "from_address": "bell@example.com" });
    [
        ("own", json!({ "type": "email", "provider": "email_smtp", "provider_settings": smtp })),
        (
            "fallback",
            json!({ "type": "email", "provider": "email_resend", "provider_settings": {
                "fallback": { "provider": "email_smtp", "provider_settings": smtp } } }),
        ),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_organisations_mail_server_is_reached_at_public_addresses_only() {
    on_each_server(&[("CAMPANILE_NET_ALLOW", "127.0.0.2/32")], async |server| {
        let knock = Knock::of(&server);
        let (address, mut connected) = inner_service("220 INNER-BANNER\r\n").await;
        for (key, channel) in mail_channels(&address) {
            knock.put("/channels/email", channel).await;
            knock.workflow(key, mail_step()).await;
            knock.trigger(key, to_ada()).await;
            let told = told(&knock, key).await;
            assert!(told.contains("address is not public") && told.contains("undelivered"), "{key}: {told}");
        }
        assert!(connected.try_recv().is_err(), "it was not connected to");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_mail_server_says_is_not_told_but_for_its_code() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let answers = [
            ("HTTP/1.1 400 INNER-SECRET\r\n\r\n", "does not speak SMTP"),
            ("500 INNER-SECRET something\r\n", "with code 500"),
        ];
        for (at, (says, class)) in answers.into_iter().enumerate() {
            let (address, _connected) = inner_service(says).await;
            for (key, channel) in mail_channels(&address) {
                knock.put("/channels/email", channel).await;
                let key = format!("{key}-{at}");
                knock.workflow(&key, mail_step()).await;
                knock.trigger(&key, to_ada()).await;
                let told = told(&knock, &key).await;
                assert!(told.contains(class) && !told.contains("INNER"), "{key}: {told}");
            }
        }
        let mut mailbox = Mailbox::start().await;
        let settings = json!({ "url": mailbox.url(), "from_address": "bell@example.com" });
        knock
            .put("/channels/email", json!({ "type": "email", "provider": "email_smtp", "provider_settings": settings }))
            .await;
        knock.workflow("good", mail_step()).await;
        // The second mail uses the first one's connection, if it is kept open.
        for _ in 0..2 {
            knock.trigger("good", to_ada()).await;
            let mail = tokio::time::timeout(Duration::from_secs(20), mailbox.mails.recv()).await.unwrap().unwrap();
            assert_eq!((mail.subject().as_str(), mail.recipients.len()), ("Hi", 1));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_one_address() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let key = public_key(&server).await;
        let made = server.post("/api/signing-keys", &json!({})).await.unwrap().json;
        let token = signed(made["private_key"].as_str().unwrap(), &json!({ "sub": "eve", "exp": in_seconds(60) }));
        let eve = Knock::with(&server, &key, Some(&token));
        knock.workflow("mail", mail_step()).await;
        for email in [
            "a@x.example, b@y.example",
            "a@x.example;b@y.example",
            "a@x.example b@y.example",
            "E <a@x.example>",
            "a@x@y",
        ] {
            eve.ask("PUT", "/users/eve", json!({ "email": email }), 422).await;
            let inline = json!({ "recipients": [{ "id": "eve", "email": email }] });
            knock.ask("POST", "/workflows/mail/trigger", inline, 422).await;
            let all = json!({ "users": [{ "id": "eve", "email": email }] });
            let bulk = knock.call("POST", "/users/bulk/identify", &all, &[]).await;
            if bulk.status == 200 {
                let path = format!("/bulk_operations/{}", bulk.json["id"].as_str().unwrap());
                let done = |found: &Value| found["status"] == "completed" || found["status"] == "failed";
                assert!(knock.until(&path, done).await["error_count"].as_u64().unwrap() > 0);
            }
            assert_ne!(knock.call("GET", "/users/eve", &Value::Null, &[]).await.json["email"], email);
        }
        eve.put("/users/eve", json!({ "email": "eve+x@mail.example" })).await;
        eve.put("/users/eve", json!({ "email": null })).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_step_says_its_type() {
    on_each_server(&[], async |server| {
        let knock = Knock::of(&server);
        let put = async |step: Value| {
            let document = json!({ "workflow": { "name": "w", "steps": [step] } });
            knock.ask("PUT", "/workflows/w?commit=true", document, 422).await.to_string()
        };
        let step = json!({ "ref": "one", "type": "channel", "channel_key": "in-app",
            "template": { "markdown_body": "x" } });
        assert!(put(step.clone()).await.contains("channel_type"));
        for kind in ["carrier_pigeon", "in_app_guide"] {
            let mut step = step.clone();
            step["channel_type"] = json!(kind);
            let refused = put(step).await;
            assert!(refused.contains("email") && refused.contains("in_app_feed"), "{refused}");
        }
        let mut hook = json!({ "ref": "hook", "type": "channel", "channel_key": "hook", "channel_type": "http",
            "template": { "method": "post", "url": "https://x.example", "headers": [{ "key": "Host", "value": "x" }] } });
        assert!(put(hook.clone()).await.contains("Host"));
        hook["template"]["headers"] = json!([{ "key": "authorization", "value": "x" }]);
        knock.workflow("w", json!([hook])).await;
        let fetch = json!({ "ref": "ask", "type": "http_fetch", "settings": { "method": "get", "url": "https://x.example",
            "headers": [{ "key": "X-Forwarded-For", "value": "127.0.0.1" }] } });
        assert!(put(fetch).await.contains("X-Forwarded-For"));
    })
    .await;
}
