//! The demo: a server on a temporary folder that receives a story over HTTP.
//!
//! The demo plays all the other parts itself: the providers (signed deliveries over HTTP), the
//! customer's system (a webhook endpoint that verifies every signature) and the mail server. The
//! server between them is the real one, with nothing switched off.

mod story;

use std::time::Duration;

use campanile_base::{Clock, Secret, random_token};
use campanile_inbound::Provider;
use campanile_net::{AddressRules, Client, Request, SigningSecret, verify};
use campanile_stand_ins::mailbox::{Mail, Mailbox};
use campanile_stand_ins::provider::sign;
use campanile_stand_ins::receiver::{Received, Receiver};
use serde_json::{Value, json};

use crate::boot::{self, Founded};
use crate::settings::{Bootstrap, Settings};

/// The time between two events of the story: long enough to watch.
const PAUSE: Duration = Duration::from_millis(700);
/// The time to wait for the last webhooks.
const PATIENCE: Duration = Duration::from_secs(10);

const OWNER: &str = "ada@example.com";
/// The providers that tell the story.
const TELLERS: [Provider; 4] = [Provider::Github, Provider::Vercel, Provider::Linear, Provider::Sentry];

/// Settings that the demo sets itself; the operator cannot change them.
pub(crate) const OWN_SETTINGS: [&str; 4] = ["data", "database_url", "smtp_url", "notify_digest"];

/// Runs the demo until Ctrl-C.
pub(crate) async fn run(mut settings: Settings) -> Result<(), String> {
    let folder = std::env::temp_dir().join(random_token("campanile-demo-"));
    let mailbox = Mailbox::start().await;
    let receiver = Receiver::start().await;
    settings.data = folder.clone();
    settings.database_url = None;
    settings.smtp_url = Some(Secret::new(mailbox.url()));
    // The default of five minutes is too long for a demo.
    settings.notify_digest = Duration::from_secs(2);
    settings.net_allow.push("127.0.0.0/8".parse().map_err(|_| "a constant range does not parse")?);

    let started = boot::start(&settings).await?;
    let secret = random_token("demo-");
    let sources = TELLERS.map(|provider| (provider, Secret::new(secret.clone()))).to_vec();
    let bootstrap = Bootstrap { owner: Some(OWNER.to_owned()), sources, ..Bootstrap::default() };
    let founded = boot::found(&started.app, bootstrap).await?.ok_or("the demo's folder is not empty")?;
    let stage = Stage {
        base_url: started.app.base_url.clone(),
        secret,
        key: founded.secret_key.expose().to_owned(),
        client: Client::new(AddressRules::allowing(settings.net_allow.clone())),
    };
    introduce(&stage, &founded);
    let telling = tokio::spawn(tell(stage, receiver, mailbox));
    let served = boot::run(started, boot::stop_signal()).await;
    telling.abort();
    let _ = std::fs::remove_dir_all(&folder);
    served
}

/// The data that the demo needs to call the server.
struct Stage {
    base_url: String,
    secret: String,
    key: String,
    client: Client,
}

fn introduce(stage: &Stage, founded: &Founded) {
    println!("\nCampanile demo: an incident, from the first error to the fix in production.\n");
    println!("  Watch it at  {}/sign-in?token={}", stage.base_url, founded.sign_in_word.expose());
    println!("               (the link signs {} in once)", founded.owner);
    println!("  Ask the API  curl -H 'Authorization: Bearer {}' {}/api/observations\n", stage.key, stage.base_url);
}

async fn tell(stage: Stage, mut receiver: Receiver, mut mailbox: Mailbox) {
    if let Err(error) = tell_to_the_end(&stage, &mut receiver, &mut mailbox).await {
        println!("\n  The story broke off: {error}");
    }
    println!("\n  The server stays up until Ctrl-C.\n");
    keep_hearing(receiver, mailbox).await;
}

/// Keeps the endpoint and the mail server open for what is sent by whoever looks around.
async fn keep_hearing(mut receiver: Receiver, mut mailbox: Mailbox) {
    loop {
        tokio::select! {
            Some(_) = receiver.requests.recv() => {}
            Some(mail) = mailbox.mails.recv() => println!("      ← mail    {}", shown(&mail)),
            else => std::future::pending().await,
        }
    }
}

async fn tell_to_the_end(stage: &Stage, receiver: &mut Receiver, mailbox: &mut Mailbox) -> Result<(), String> {
    let secret = stage.register_endpoint(&receiver.url()).await?;
    let events = story::events(Clock::System.now());
    let mut heard = Arrivals::default();
    for (index, event) in events.iter().enumerate() {
        tokio::time::sleep(PAUSE).await;
        stage.deliver(event, index).await?;
        println!("  → [{:>2}/{}] {:<7} {}", index + 1, events.len(), event.provider, event.says);
        heard.drain(receiver, mailbox, &secret)?;
    }
    let deadline = tokio::time::Instant::now() + PATIENCE;
    while heard.webhooks < events.len() && tokio::time::Instant::now() < deadline {
        tokio::time::sleep(Duration::from_millis(100)).await;
        heard.drain(receiver, mailbox, &secret)?;
    }
    tokio::time::sleep(PAUSE).await;
    heard.drain(receiver, mailbox, &secret)?;
    let (observations, edges) = stage.count().await?;
    println!("\n  {observations} observations, {edges} ties between them;");
    println!("  {} webhooks arrived, every signature verified; {} mails arrived.", heard.webhooks, heard.mails);
    Ok(())
}

/// The numbers of webhooks and mails that have arrived.
#[derive(Default)]
struct Arrivals {
    webhooks: usize,
    mails: usize,
}

impl Arrivals {
    fn drain(&mut self, receiver: &mut Receiver, mailbox: &mut Mailbox, secret: &SigningSecret) -> Result<(), String> {
        while let Ok(received) = receiver.requests.try_recv() {
            println!("      ← webhook {}", verified(&received, secret)?);
            self.webhooks += 1;
        }
        while let Ok(mail) = mailbox.mails.try_recv() {
            println!("      ← mail    {}", shown(&mail));
            self.mails += 1;
        }
        Ok(())
    }
}

/// Verifies a webhook as a customer's system does, and describes its content.
fn verified(received: &Received, secret: &SigningSecret) -> Result<String, String> {
    let header = |name| received.header(name);
    let (id, timestamp, signature) = (header("webhook-id"), header("webhook-timestamp"), header("webhook-signature"));
    verify(secret, id, timestamp, &received.body, signature, Clock::System.now())
        .map_err(|error| format!("a webhook's signature does not verify: {error}"))?;
    let envelope: Value = serde_json::from_slice(&received.body).map_err(|e| e.to_string())?;
    let data = &envelope["data"];
    // Clusters have no score.
    let score = data["significanceScore"].as_i64().map(|score| format!("{score:>3} ")).unwrap_or_default();
    Ok(format!("{} {score}{} (signature verified)", envelope["type"], data["title"]))
}

fn shown(mail: &Mail) -> String {
    format!("to {}: {}", mail.recipients.join(", "), mail.subject())
}

impl Stage {
    async fn deliver(&self, event: &story::Event, index: usize) -> Result<(), String> {
        let body = event.payload.to_string();
        let delivery = sign(event.provider, &self.secret, event.kind, &format!("demo-{index}"), body.as_bytes());
        let path = format!("/api/ingest/{0}/{0}", event.provider);
        let status = self.send("POST", &path, delivery.headers, delivery.body).await?.0;
        // Linear takes no other success for one than 200; the others are answered 202.
        if (200..300).contains(&status) { Ok(()) } else { Err(format!("{path} answered {status}")) }
    }

    async fn register_endpoint(&self, url: &str) -> Result<SigningSecret, String> {
        let workspaces = self.ask("GET", "/api/workspaces", Value::Null).await?;
        let app = workspaces["data"][0]["id"].as_str().ok_or("there is no workspace")?;
        let endpoint = self.ask("POST", &format!("/api/v1/app/{app}/endpoint"), json!({ "url": url })).await?;
        let id = endpoint["id"].as_str().ok_or("the endpoint was not made")?;
        let secret = self.ask("GET", &format!("/api/v1/app/{app}/endpoint/{id}/secret"), Value::Null).await?;
        println!("  A webhook endpoint listens at {url}; a mail server catches what is sent to {OWNER}.\n");
        SigningSecret::parse(secret["key"].as_str().unwrap_or_default())
    }

    async fn count(&self) -> Result<(usize, usize), String> {
        let observations = self.ask("GET", "/api/observations?limit=200", Value::Null).await?;
        let observations = observations["data"].as_array().cloned().unwrap_or_default();
        let mut edges = 0;
        for observation in &observations {
            let id = observation["id"].as_str().unwrap_or_default();
            let found = self.ask("GET", &format!("/api/observations/{id}/edges"), Value::Null).await?;
            let outgoing =
                found["data"].as_array().into_iter().flatten().filter(|edge| edge["direction"] == "outgoing");
            edges += outgoing.count();
        }
        Ok((observations.len(), edges))
    }

    async fn ask(&self, method: &'static str, path: &str, body: Value) -> Result<Value, String> {
        let headers = [("authorization", format!("Bearer {}", self.key)), ("content-type", "application/json".into())];
        let headers = headers.map(|(name, value)| (name.to_owned(), value)).to_vec();
        let body = if body.is_null() { Vec::new() } else { body.to_string().into_bytes() };
        let (status, body) = self.send(method, path, headers, body).await?;
        match status {
            200..300 => serde_json::from_slice(&body).map_err(|e| e.to_string()),
            _ => Err(format!("{path} answered {status}: {}", String::from_utf8_lossy(&body))),
        }
    }

    async fn send(
        &self,
        method: &'static str,
        path: &str,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<(u16, Vec<u8>), String> {
        let request = Request {
            method,
            url: format!("{}{path}", self.base_url),
            headers,
            body: body.into(),
            timeout: Duration::from_secs(10),
            keep: 4 * 1024 * 1024,
            tls: None,
        };
        let answer = self.client.send(request).await.map_err(|e| e.to_string())?;
        Ok((answer.status, answer.body))
    }
}
