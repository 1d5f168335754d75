//! What leaves by channels: to which addresses, with whose keys, and what is told of the answers.

use std::sync::Arc;
use std::time::Duration;

use campanile_testkit::receiver::{Received, Receiver};
use serde_json::{Value, json};

use super::Knock;
use super::access::{in_seconds, public_key, signed};
use crate::on_each_server;

/// A provider that takes everything.
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

        // A page with a grant for the tenant writes how it is reached, and no settings.
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

        // Also with a secret key an address goes only with its credentials, wherever it is written.
        let refused = knock.ask("PUT", path, stolen.clone(), 422).await;
        assert!(refused.to_string().contains("api_key"), "{refused}");
        let inline = json!({ "name": "Acme", "channel_data": { "email": stolen["data"] } });
        knock.ask("PUT", "/tenants/acme", inline, 422).await;
        let acme = json!({ "recipients": to_ada()["recipients"], "tenant": "acme" });
        knock.trigger("mail", acme.clone()).await;
        assert_eq!(received(&mut ours).await.header("authorization"), "Bearer re_ours");

        // What the tenant has of its own stays whatever a page writes, and is not shown to it.
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
