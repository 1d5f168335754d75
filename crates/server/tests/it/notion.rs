//! Notion: an account is connected by consent, and its webhooks are heard after a handshake.

use campanile_testkit::notion::{CLIENT, NotionPage, NotionServer, TOKEN};
use campanile_testkit::provider::sign;
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::connections::{JSON, come_back, sign_in};
use crate::on_each_server;
use crate::strangers::other_organisation;
use crate::tools::{delete, read, until, workspace};

const VERIFICATION: &str = "secret_0123456789abcdef";

fn settings(provider: &NotionServer) -> Vec<(&str, &str)> {
    vec![
        ("CAMPANILE_CONNECTOR_NOTION_API_URL", provider.url.as_str()),
        ("CAMPANILE_CONNECTOR_NOTION_CLIENT_ID", CLIENT.0),
        ("CAMPANILE_CONNECTOR_NOTION_CLIENT_SECRET", CLIENT.1),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_public_integration_is_connected_by_consent_and_its_token_is_ended() {
    let provider = NotionServer::start().await;
    on_each_server(&settings(&provider), async |server| {
        let cookie = sign_in(&server).await;
        let begun =
            server.ask("POST", "/api/connect/notion", &[JSON, ("cookie", &cookie)], b"{}".to_vec()).await.unwrap();
        assert_eq!(begun.status, 200, "{}", begun.json);
        let address = provider.consent(begun.json["url"].as_str().unwrap());
        let to = come_back(&server, Some(&cookie), &address).await;
        let (_, id) = to.split_once("result=connected&connection=").expect(&to);
        let place = format!("/api/connections/{id}");
        let connection = read(&server, &place).await;
        assert_eq!((&connection["kind"], &connection["account_id"]), (&json!("oauth"), &json!("space-1/bot-2")));
        assert_eq!((&connection["account_label"], &connection["expires_at"]), (&json!("Acme"), &Value::Null));
        assert!(!connection.to_string().contains("ntn_"), "{connection}");
        // A code is good once.
        assert!(come_back(&server, Some(&cookie), &address).await.contains("result=failed"));
        let before = provider.revoked().len();
        assert_eq!(delete(&server, &place).await, 202);
        until(&server, &place, |connection| connection["status"] == "closed").await;
        assert_eq!(provider.revoked().len(), before + 1);
        provider.forget_revocations();
    })
    .await;
}

/// A linked source of everything that is shared, and a way to send its webhooks.
struct Linked<'s> {
    server: &'s Server,
    id: String,
    path: String,
}

impl<'s> Linked<'s> {
    async fn new(server: &'s Server) -> Self {
        let made = server.post("/api/connect/notion/token", &json!({ "token": TOKEN })).await.unwrap();
        assert_eq!(made.status, 201, "{}", made.json);
        let connection = made.json["id"].as_str().unwrap();
        let has_it = |list: &Value| list.to_string().contains("\"workspace\"");
        until(server, &format!("/api/connections/{connection}/resources"), has_it).await;
        let choice = json!({ "kind": "workspace", "provider_id": "bot-1" });
        let path = format!("/api/workspaces/{}/sources", workspace(server).await);
        let linked = server.post(&path, &json!({ "connection": connection, "resources": [choice] })).await.unwrap();
        assert_eq!(linked.status, 201, "{}", linked.json);
        let source = &linked.json["data"][0];
        let text = |name: &str| source[name].as_str().unwrap().to_owned();
        Self { server, id: text("id"), path: format!("/api/ingest/notion/{}", text("path")) }
    }

    async fn handshake(&self) -> Value {
        let list = read(self.server, "/api/sources").await;
        let found = list["data"].as_array().unwrap().iter().find(|source| source["id"] == *self.id).unwrap();
        found["upkeep"]["handshake"].clone()
    }

    async fn post_token(&self, token: &str) -> u16 {
        let body = json!({ "verification_token": token }).to_string().into_bytes();
        self.server.ask("POST", &self.path, &[JSON], body).await.unwrap().status
    }

    async fn take(&self) -> (u16, Value) {
        let taken = self.server.post(&format!("/api/sources/{}/handshake/token", self.id), &json!({})).await.unwrap();
        (taken.status, taken.json)
    }

    /// Sends a signed event about a page.
    async fn send(&self, number: usize, event: &str, id: &str, fields: Value) -> u16 {
        let kind = event.split('.').next().unwrap();
        let mut body = json!({
            "id": format!("event-{number}"), "timestamp": format!("2026-11-01T10:{number:02}:00.000Z"),
            "workspace_id": "space-1", "subscription_id": "s", "integration_id": "i", "attempt_number": 1,
            "authors": [{ "id": "user-1", "type": "person" }], "type": event, "entity": { "id": id, "type": kind },
            "data": {},
        });
        body.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        let signed = sign("notion", VERIFICATION, event, "", body.to_string().as_bytes());
        let headers: Vec<(&str, &str)> = signed.headers.iter().map(|(name, value)| (&**name, &**value)).collect();
        self.server.ask("POST", &self.path, &headers, signed.body.clone()).await.unwrap().status
    }

    async fn syncs(&self) -> Vec<Value> {
        let state = read(self.server, &format!("/api/sources/{}/documents", self.id)).await;
        state["syncs"].as_array().unwrap().clone()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn webhooks_of_notion_are_heard_after_a_handshake_and_an_edited_page_is_read_alone() {
    let provider = NotionServer::start().await;
    provider.add_comment("comment-1", "Is the heron back?");
    on_each_server(&settings(&provider), async |server| {
        provider.trash(&[]);
        let pages =
            |text: &str| vec![NotionPage::new("p1", "Start here", text), NotionPage::new("p2", "Second", "A crane.")];
        provider.set_pages(pages("Welcome to the heron."));
        let linked = Linked::new(&server).await;
        let documents = format!("/api/sources/{}/documents", linked.id);
        until(&server, &documents, |state| state["syncs"][0]["status"] == "completed").await;

        // The path waits for one token, once a minute, and shows it once.
        assert_eq!(linked.handshake().await, "waiting");
        assert_eq!(linked.take().await.0, 409, "none has come");
        assert_eq!(linked.send(1, "page.created", "p1", json!({})).await, 401, "nothing is signed with it yet");
        assert_eq!(linked.post_token(VERIFICATION).await, 200);
        assert_eq!(linked.post_token("secret_of_another").await, 401, "one a minute");
        assert_eq!(linked.handshake().await, "received");
        let (stranger, _) = other_organisation(&server).await;
        let stranger = format!("Bearer {stranger}");
        for rest in ["/handshake", "/handshake/token"] {
            let path = format!("/api/sources/{}{rest}", linked.id);
            let refused = server.ask("POST", &path, &[("authorization", &stranger)], Vec::new()).await.unwrap();
            assert_eq!(refused.status, 404, "{path}");
        }
        let (status, taken) = linked.take().await;
        assert_eq!((status, &taken["token"]), (200, &json!(VERIFICATION)), "{taken}");
        assert_eq!((linked.take().await.0, linked.handshake().await), (409, Value::Null));
        assert_eq!(linked.post_token("secret_of_another").await, 401, "it waits no more");

        // The page that a webhook names is fetched, and the event is told with its content.
        assert_eq!(linked.send(2, "page.created", "p1", json!({})).await, 202);
        assert_eq!(linked.send(3, "comment.created", "comment-1", json!({ "data": { "page_id": "p1" } })).await, 202);
        let titles = |list: &Value| -> Vec<String> {
            let all = list["data"].as_array().unwrap().iter().filter_map(|one| one["title"].as_str());
            all.map(str::to_owned).collect()
        };
        let told = until(&server, "/api/observations?source=notion", |list| titles(list).len() == 2).await;
        let told = titles(&told);
        assert!(told.contains(&"[Page Created] Start here".to_owned()), "{told:?}");
        assert!(told.contains(&"[Comment] Start here: Is the heron back?".to_owned()), "{told:?}");

        // Edits within an hour are one event, and the page is read again, alone, once they rest.
        let mut edited = pages("The heron has left.");
        edited[0].edited = "2026-11-01T10:05:00.000Z".to_owned();
        provider.set_pages(edited);
        let (read_before, searched_before) = (provider.pages_read(), provider.searches());
        for number in [4, 5, 6] {
            assert_eq!(linked.send(number, "page.content_updated", "p1", json!({})).await, 202);
        }
        let is_reread =
            |state: &Value| state["syncs"][0]["cause"] == "edit" && state["syncs"][0]["status"] == "completed";
        until(&server, &documents, is_reread).await;
        let syncs = linked.syncs().await;
        assert_eq!(syncs.len(), 2, "many edits are one sync: {syncs:?}");
        assert_eq!((&syncs[0]["mode"], &syncs[0]["stored"]), (&json!("changes"), &json!(1)), "{syncs:?}");
        assert_eq!(provider.searches(), searched_before, "nothing else is listed");
        assert!(provider.pages_read() > read_before);
        let found = server
            .post("/api/search", &json!({ "query": "heron left", "filters": { "kinds": ["chunk"] } }))
            .await
            .unwrap()
            .json;
        assert!(found.to_string().contains("has left"), "{found}");
        let told = until(&server, "/api/observations?source=notion", |list| titles(list).len() == 3).await;
        assert_eq!(titles(&told).iter().filter(|title| title.starts_with("[Page Edited]")).count(), 1);

        // A page that is deleted there is deleted here.
        provider.trash(&["p2"]);
        assert_eq!(linked.send(7, "page.deleted", "p2", json!({})).await, 202);
        let is_deleted = |state: &Value| state["syncs"][0]["deleted"] == 1;
        until(&server, &documents, is_deleted).await;
        let kept = server.all("/api/documents").await;
        assert_eq!(kept.len(), 1, "{kept:?}");
    })
    .await;
}
