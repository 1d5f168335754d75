//! The files of a linked repository become documents, and follow what happens to them; so do documents
//! of Linear and pages of Notion.

use std::time::{Duration, Instant};

use campanile_testkit::github::{GithubConduct, GithubServer, TOKEN};
use campanile_testkit::linear::{API_KEY, LinearDocument, LinearServer};
use campanile_testkit::notion::{NotionPage, NotionServer, TOKEN as NOTION_TOKEN, paragraph};
use campanile_testkit::provider::sign;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{SECRET_KEY, SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::on_each_server;
use crate::strangers::other_organisation;
use crate::tools::{read, until};

/// A thousand files are read one after the other, on a machine that has other work too.
const SYNC_PATIENCE: Duration = Duration::from_secs(300);
const SHOP: &str = "acme/shop";
const CONFIG: &str = "version: 1\ninclude: ['docs/**', README.md]\nexclude: [docs/drafts]\n";

fn settings(provider: &GithubServer) -> Vec<(&'static str, &str)> {
    vec![
        ("CAMPANILE_CONNECTOR_GITHUB_API_URL", provider.url.as_str()),
        ("CAMPANILE_CONNECTOR_GITHUB_WEB_URL", provider.url.as_str()),
    ]
}

fn files<'f>(files: &[(&str, &'f str)]) -> Vec<(String, &'f str)> {
    files.iter().map(|(path, content)| ((*path).to_owned(), *content)).collect()
}

/// A repository that is linked in the first workspace.
struct Linked<'s> {
    server: &'s Server,
    connection: String,
    source: String,
}

/// Connects GitHub and links the repository. The first sync has been asked for.
async fn link<'s>(server: &'s Server, provider: &GithubServer) -> Linked<'s> {
    let choice = json!({ "kind": "repository", "provider_id": provider.number_of(SHOP).to_string() });
    link_resource(server, "github", TOKEN, choice).await
}

/// Connects a tool with a token, and links a resource.
async fn link_resource<'s>(server: &'s Server, provider: &str, token: &str, choice: Value) -> Linked<'s> {
    let made = server.post(&format!("/api/connect/{provider}/token"), &json!({ "token": token })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    let connection = made.json["id"].as_str().unwrap().to_owned();
    let resources = format!("/api/connections/{connection}/resources");
    let has_it = |list: &Value| {
        let ids: Vec<&Value> = list["data"].as_array().unwrap().iter().map(|it| &it["provider_id"]).collect();
        ids.contains(&&choice["provider_id"])
    };
    until(server, &resources, has_it).await;
    let workspace = read(server, "/api/workspaces").await["data"][0]["id"].as_str().unwrap().to_owned();
    let body = json!({ "connection": connection, "resources": [choice] });
    let linked = server.post(&format!("/api/workspaces/{workspace}/sources"), &body).await.unwrap();
    assert_eq!(linked.status, 201, "{}", linked.json);
    Linked { server, connection, source: linked.json["data"][0]["id"].as_str().unwrap().to_owned() }
}

impl Linked<'_> {
    fn path(&self, rest: &str) -> String {
        format!("/api/sources/{}{rest}", self.source)
    }

    /// Waits until this number of syncs has ended, and returns the newest one.
    async fn ended(&self, number: usize) -> Value {
        let is_over = |sync: &Value| !sync["finished_at"].is_null();
        let began = Instant::now();
        loop {
            let state = read(self.server, &self.path("/documents")).await;
            let syncs = state["syncs"].as_array().unwrap();
            if syncs.len() == number && syncs.iter().all(is_over) {
                return syncs[0].clone();
            }
            assert!(began.elapsed() < SYNC_PATIENCE, "{state}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks for a sync, which is the one with this number, and waits for its end.
    async fn sync(&self, number: usize) -> Value {
        let asked = self.server.post(&self.path("/sync"), &json!({})).await.unwrap();
        assert_eq!(asked.status, 202, "{}", asked.json);
        assert_eq!((&asked.json["status"], &asked.json["cause"]), (&json!("queued"), &json!("person")));
        self.ended(number).await
    }

    /// The number of documents, as the source knows it.
    async fn documents(&self) -> Value {
        read(self.server, &self.path("/documents")).await["configuration"]["documents"].clone()
    }

    /// The paths of all documents of the workspace.
    async fn paths(&self) -> Vec<String> {
        let mut paths: Vec<String> = self.listed().await.iter().map(|it| it["path"].as_str().unwrap().into()).collect();
        paths.sort();
        paths
    }

    async fn listed(&self) -> Vec<Value> {
        self.server.all("/api/documents").await
    }

    /// The passages of a document: their numbers.
    async fn passages(&self, path: &str) -> Vec<Value> {
        let all = self.listed().await;
        let id = all.iter().find(|it| it["path"] == path).unwrap_or_else(|| panic!("{path}: {all:?}"))["id"].clone();
        let document = read(self.server, &format!("/api/documents/{}", id.as_str().unwrap())).await;
        document["chunks"].as_array().unwrap().iter().map(|chunk| chunk["no"].clone()).collect()
    }

    async fn push(&self, number: u64, commits: (&str, &str), change: Value) {
        let body = json!({
            "ref": "refs/heads/main", "before": commits.0, "after": commits.1, "forced": false, "created": false,
            "deleted": false, "compare": "https://github.com/acme/shop/compare/a...b", "pusher": { "name": "ann" },
            "sender": { "id": 1, "login": "ann" }, "head_commit": { "id": commits.1, "message": "Change", "timestamp": "2026-01-02T03:04:05Z" },
            "repository": { "id": number, "full_name": SHOP, "default_branch": "main", "html_url": "https://github.com/acme/shop" },
            "commits": [{ "id": commits.1, "message": "Change", "timestamp": "2026-01-02T03:04:05Z",
                "author": { "name": "Ann", "email": "ann@example.com", "username": "ann" },
                "added": change["added"], "modified": change["modified"], "removed": change["removed"] }],
        });
        let delivery = sign("github", SOURCE_SECRET, "push", commits.1, body.to_string().as_bytes());
        let delivered = self.server.deliver(&delivery).await.unwrap();
        assert_eq!(delivered.status, 202, "{}", delivered.json);
        self.server.until_settled().await;
        let newest = &read(self.server, "/api/deliveries?limit=1").await["data"][0];
        assert_eq!(newest["status"], "processed", "{newest}");
    }
}

fn counts(sync: &Value) -> [i64; 5] {
    ["unchanged", "stored", "moved", "deleted", "failed"].map(|name| sync[name].as_i64().unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_linked_repository_becomes_documents_that_are_found_and_followed() {
    let provider = GithubServer::start(&[SHOP]).await;
    on_each_server(&settings(&provider), async |server| {
        let mut receiver = Receiver::start().await;
        server.add_endpoint(&receiver.url()).await;
        let deploy = "# Deploying\n\nPress the green pelican button.\n";
        provider.commit(
            SHOP,
            files(&[
                ("lightfast.yml", CONFIG),
                ("README.md", "# Shop\n\nAll about it.\n"),
                ("docs/deploy.md", deploy),
                ("docs/drafts/secret.md", "# Draft\n\nNobody reads this.\n"),
                ("docs/logo.png", "none"),
                ("docs/large.md", "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 5\n"),
                ("docs/blank.md", "\n\n"),
                ("src/main.rs", "fn main() {}"),
            ]),
        );
        let linked = link(&server, &provider).await;
        let first = linked.ended(1).await;
        assert_eq!(
            (&first["status"], &first["cause"], &first["mode"]),
            (&json!("completed"), &json!("link"), &json!("full"))
        );
        assert_eq!((counts(&first), &first["listed"]), ([0, 2, 0, 0, 0], &json!(4)), "{first}");
        assert_eq!(first["skipped"], json!({ "binary": 1, "lfs_pointer": 1, "empty": 1 }));
        assert_eq!(linked.paths().await, ["README.md", "docs/deploy.md"]);
        assert_eq!(linked.documents().await, 2);
        let found = server
            .post("/api/search", &json!({ "query": "pelican", "filters": { "documents": ["docs"] } }))
            .await
            .unwrap()
            .json;
        assert!(found.to_string().contains("docs/deploy.md"), "{found}");
        let url = linked.listed().await.iter().find(|it| it["path"] == "docs/deploy.md").unwrap()["url"].clone();
        assert_eq!(url, json!(format!("{}/acme/shop/blob/main/docs/deploy.md", provider.url)));
        let mut told = Vec::new();
        while told.last().is_none_or(|event: &Value| event["type"] != "sync.completed") {
            let request =
                tokio::time::timeout(Duration::from_secs(60), receiver.requests.recv()).await.unwrap().unwrap();
            told.push(serde_json::from_slice::<Value>(&request.body).unwrap());
        }
        let processed = told.iter().filter(|event| event["type"] == "document.processed").count();
        assert_eq!(processed, 2, "each is told of before the sync is");
        let data = &told.last().unwrap()["data"];
        assert_eq!(
            (&data["sourceId"], &data["success"], &data["filesProcessed"]),
            (&json!(linked.source), &json!(true), &json!(2))
        );
        assert!(data["jobId"].as_str().is_some_and(|run| !run.is_empty()));

        // Nothing has changed: nothing is read.
        let before = provider.blobs_read();
        let second = linked.sync(2).await;
        assert_eq!((counts(&second), &second["skipped"]), ([4, 0, 0, 0, 0], &first["skipped"]), "{second}");
        assert_eq!(provider.blobs_read(), before + 1, "the configuration file alone");

        // A fault of the file stops everything and says where it is.
        provider.commit(
            SHOP,
            files(&[("lightfast.yml", "version: 1\ninclude: docs\n"), ("docs/new.md", "# New\n\nText.")]),
        );
        let faulty = linked.sync(3).await;
        assert_eq!(faulty["status"], "failed");
        assert_eq!(faulty["reason"], "lightfast.yml, line 2: the field include must be a list of globs");
        assert_eq!(linked.paths().await, ["README.md", "docs/deploy.md"]);
        let checked = server.post(&linked.path("/detect-config"), &json!({})).await.unwrap();
        assert_eq!(
            (checked.status, &checked.json["status"], &checked.json["path"]),
            (200, &json!("invalid"), &json!("lightfast.yml"))
        );

        // Without the file, the default rules hold; with other rules, other files are documents.
        provider.commit(
            SHOP,
            files(&[
                ("README.md", "# Shop\n\nAll about it.\n"),
                ("docs/deploy.md", deploy),
                ("guides/a.md", "# A\n\nText."),
            ]),
        );
        assert_eq!(linked.sync(4).await["status"], "completed");
        assert_eq!(read(&server, &linked.path("/documents")).await["configuration"]["status"], "default");
        provider.commit(
            SHOP,
            files(&[
                ("campanile.yaml", "version: 1\ninclude: ['guides/**']\n"),
                ("docs/deploy.md", deploy),
                ("guides/a.md", "# A\n\nText."),
            ]),
        );
        assert_eq!(counts(&linked.sync(5).await), [0, 1, 0, 2, 0]);
        assert_eq!(linked.paths().await, ["guides/a.md"]);

        // Others see and ask nothing of it.
        let (stranger, _) = other_organisation(&server).await;
        let stranger = format!("Bearer {stranger}");
        for (method, rest) in [("GET", "/documents"), ("POST", "/sync"), ("POST", "/detect-config")] {
            let refused = server.ask(method, &linked.path(rest), &[("authorization", &stranger)], Vec::new()).await;
            assert_eq!(refused.unwrap().status, 404, "{rest}");
        }
        let by_hand = read(&server, "/api/sources").await["data"][0]["id"].as_str().unwrap().to_owned();
        let refused = server.post(&format!("/api/sources/{by_hand}/sync"), &json!({})).await.unwrap();
        assert_eq!(refused.status, 409, "{}", refused.json);

        // Its documents go with it, if that is asked for.
        let key = format!("Bearer {SECRET_KEY}");
        let path = linked.path("?delete_documents=true");
        let removed = server.ask("DELETE", &path, &[("authorization", &key)], Vec::new()).await.unwrap();
        assert_eq!(removed.status, 204);
        until(&server, "/api/documents", |list| list["data"].as_array().unwrap().is_empty()).await;
        let disconnected = loop {
            let request =
                tokio::time::timeout(Duration::from_secs(60), receiver.requests.recv()).await.unwrap().unwrap();
            let event: Value = serde_json::from_slice(&request.body).unwrap();
            if event["type"] == "source.disconnected" {
                break event;
            }
        };
        assert_eq!(disconnected["data"]["deleteData"], true);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_files_that_are_moved_keep_their_passages_and_deleted_ones_go() {
    let provider = GithubServer::start(&[SHOP]).await;
    on_each_server(&settings(&provider), async |server| {
        let file =
            |folder: &str, n: usize| (format!("docs/{folder}/{n}.md"), format!("# Page {n}\n\nIt tells of {n}.\n"));
        provider.commit(SHOP, (0..1_000).map(|n| file("old", n)));
        let linked = link(&server, &provider).await;
        assert_eq!(counts(&linked.ended(1).await), [0, 1_000, 0, 0, 0]);
        let (read, passages) = (provider.blobs_read(), linked.passages("docs/old/7.md").await);

        provider.commit(SHOP, (0..1_000).map(|n| file("new", n)));
        let moved = linked.sync(2).await;
        assert_eq!((counts(&moved), &moved["passages"]), ([0, 0, 1_000, 0, 0], &json!(0)), "{moved}");
        assert_eq!(provider.blobs_read(), read, "no file was read");
        assert_eq!(linked.passages("docs/new/7.md").await, passages);
        assert!(linked.paths().await.iter().all(|path| path.starts_with("docs/new/")));

        provider.commit(SHOP, (0..10).map(|n| file("new", n)));
        let deleted = linked.sync(3).await;
        assert_eq!(counts(&deleted), [10, 0, 0, 990, 0]);
        assert_eq!((linked.documents().await, linked.paths().await.len()), (json!(10), 10));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_is_cut_or_fails_deletes_nothing() {
    let provider = GithubServer::start(&[SHOP]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.cut_trees(None);
        provider.refuse_trees(None);
        let page = |n: usize| (format!("docs/{n}.md"), format!("# Page {n}\n\nText {n}.\n"));
        provider.commit(SHOP, (0..6).map(page));
        let linked = link(&server, &provider).await;
        assert_eq!(counts(&linked.ended(1).await), [0, 6, 0, 0, 0]);

        // Half of the directory is not told of, and a file that is there has changed.
        provider.commit(
            SHOP,
            (0..6).map(|n| if n == 1 { ("docs/1.md".into(), "# Page 1\n\nOther.\n".into()) } else { page(n) }),
        );
        provider.cut_trees(Some(3));
        let cut = linked.sync(2).await;
        assert_eq!((&cut["status"], counts(&cut)), (&json!("incomplete"), [2, 1, 0, 0, 0]), "{cut}");
        assert!(cut["reason"].as_str().unwrap().contains("nothing is deleted"), "{cut}");
        assert_eq!(linked.documents().await, 6);

        provider.cut_trees(None);
        for status in [404, 403] {
            provider.refuse_trees(Some(status));
            let failed = linked.sync(if status == 404 { 3 } else { 4 }).await;
            assert_eq!((&failed["status"], counts(&failed)), (&json!("failed"), [0, 0, 0, 0, 0]), "{failed}");
            assert_eq!(linked.paths().await.len(), 6);
        }
        provider.refuse_trees(None);
        assert_eq!(counts(&linked.sync(5).await), [6, 0, 0, 0, 0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_syncs_the_files_that_it_changed() {
    let provider = GithubServer::start(&[SHOP]).await;
    on_each_server(&settings(&provider), async |server| {
        let text = |n: usize| format!("# Page {n}\n\nText {n}.\n");
        let all = |names: &[(&str, usize)]| names.iter().map(|(name, n)| (format!("docs/{name}.md"), text(*n))).collect::<Vec<_>>();
        provider.commit(SHOP, all(&[("a", 1), ("b", 2), ("c", 3)]));
        let linked = link(&server, &provider).await;
        assert_eq!(linked.ended(1).await["status"], "completed");
        let number = provider.number_of(SHOP);

        let (before, after) = provider.commit(SHOP, all(&[("a", 4), ("b", 2), ("moved", 3), ("new", 5)]));
        let change = json!({ "added": ["docs/moved.md", "docs/new.md", "src/x.rs"], "modified": ["docs/a.md"], "removed": ["docs/c.md"] });
        linked.push(number, (&before, &after), change).await;
        let pushed = linked.ended(2).await;
        assert_eq!((&pushed["mode"], &pushed["cause"]), (&json!("changes"), &json!("push")));
        assert_eq!((counts(&pushed), &pushed["listed"]), ([0, 2, 1, 0, 0], &json!(3)), "{pushed}");
        assert_eq!(linked.paths().await, ["docs/a.md", "docs/b.md", "docs/moved.md", "docs/new.md"]);

        // A push that was missed is made up for by the next one.
        provider.commit(SHOP, all(&[("b", 2)]));
        let (before, after) = provider.commit(SHOP, all(&[("b", 2), ("d", 6)]));
        linked.push(number, (&before, &after), json!({ "added": ["docs/d.md"], "modified": [], "removed": [] })).await;
        assert_eq!(counts(&linked.ended(3).await), [1, 1, 0, 3, 0]);
        assert_eq!(linked.paths().await, ["docs/b.md", "docs/d.md"]);

        // A push of the configuration file looks at everything.
        let mut with_config = all(&[("b", 2), ("d", 6)]);
        with_config.push(("campanile.yml".to_owned(), "version: 1\ninclude: [docs/b.md]\n".to_owned()));
        let (before, after) = provider.commit(SHOP, with_config);
        linked.push(number, (&before, &after), json!({ "added": ["campanile.yml"], "modified": [], "removed": [] })).await;
        let configured = linked.ended(4).await;
        assert_eq!((&configured["mode"], &configured["cause"]), (&json!("full"), &json!("configuration")));
        assert_eq!(linked.paths().await, ["docs/b.md"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_ends_with_its_run_or_its_connection_and_the_documents_stay() {
    let provider = GithubServer::start(&[SHOP]).await;
    on_each_server(&settings(&provider), async |server| {
        provider.conduct(GithubConduct::Works);
        provider.commit(SHOP, files(&[("README.md", "# Shop\n\nAll about it.\n")]));
        let linked = link(&server, &provider).await;
        assert_eq!(linked.ended(1).await["status"], "completed");
        provider.conduct(GithubConduct::Hangs);
        let begin = async || {
            assert_eq!(server.post(&linked.path("/sync"), &json!({})).await.unwrap().status, 202);
            let is_running = |state: &Value| state["syncs"][0]["status"] == "running";
            let running = until(&server, &linked.path("/documents"), is_running).await;
            running["syncs"][0]["run_id"].as_str().unwrap().to_owned()
        };
        let cancelled = begin().await;
        let asked = server.post(&format!("/api/runs/{cancelled}/cancel"), &json!({})).await.unwrap();
        assert!(asked.status < 300, "{}", asked.json);
        let ended = linked.ended(2).await;
        assert_eq!(ended["status"], "cancelled", "a person has ended it: {ended}");
        let run = begin().await;
        let key = format!("Bearer {SECRET_KEY}");
        let path = format!("/api/connections/{}", linked.connection);
        let closing = server.ask("DELETE", &path, &[("authorization", &key)], Vec::new()).await.unwrap();
        assert_eq!(closing.status, 202);
        until(&server, &format!("/api/runs/{run}"), |run| run["status"] == "cancelled").await;
        until(&server, &path, |connection| connection["status"] == "closed").await;
        assert_eq!(linked.paths().await, ["README.md"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_of_a_linear_team_follow_their_edits_and_the_trash() {
    let provider = LinearServer::start(&[]).await;
    let addresses = [
        ("CAMPANILE_CONNECTOR_LINEAR_API_URL", provider.url.as_str()),
        ("CAMPANILE_CONNECTOR_LINEAR_WEB_URL", provider.url.as_str()),
    ];
    on_each_server(&addresses, async |server| {
        provider.set_teams(&["Ops"]);
        let document = |n: usize, team: &str, content: &str| LinearDocument {
            id: format!("document-{n}"),
            team: team.to_owned(),
            title: format!("Plan {n}"),
            content: content.to_owned(),
            updated_at: format!("2026-01-0{}T00:00:00.000Z", n + 1),
            is_trashed: false,
        };
        let mut all = vec![
            document(1, "team-0", "## Goal\n\nThe heron lands.\n"),
            document(2, "team-0", "Text."),
            document(3, "team-0", "More."),
            document(4, "team-0", " "),
            document(5, "team-9", "Another team's."),
        ];
        provider.set_documents(all.clone());
        let choice = json!({ "kind": "team", "provider_id": "team-0" });
        let linked = link_resource(&server, "linear", API_KEY, choice).await;
        let first = linked.ended(1).await;
        assert_eq!((&first["status"], counts(&first)), (&json!("completed"), [0, 3, 0, 0, 0]), "{first}");
        assert_eq!(first["skipped"], json!({ "empty": 1 }));
        assert_eq!(linked.paths().await, ["Launch/Plan 1", "Launch/Plan 2", "Launch/Plan 3"]);
        let found = server.post("/api/search", &json!({ "query": "heron" })).await.unwrap().json;
        assert!(found.to_string().contains("Plan 1"), "{found}");

        all[1].content = "Other text.".to_owned();
        all[1].updated_at = "2026-02-01T00:00:00.000Z".to_owned();
        all[2].is_trashed = true;
        provider.set_documents(all);
        assert_eq!(counts(&linked.sync(2).await), [2, 1, 0, 1, 0]);
        assert_eq!(linked.paths().await, ["Launch/Plan 1", "Launch/Plan 2"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_of_notion_become_documents_and_are_deleted_when_two_listings_lack_them() {
    let provider = NotionServer::start().await;
    let addresses = [("CAMPANILE_CONNECTOR_NOTION_API_URL", provider.url.as_str())];
    on_each_server(&addresses, async |server| {
        provider.set_pages(Vec::new());
        provider.hide(&[]);
        let refused = server.post("/api/connect/notion/token", &json!({ "token": "ntn_unknown" })).await.unwrap();
        assert_eq!(refused.status, 400, "{}", refused.json);
        let choice = json!({ "kind": "workspace", "provider_id": "bot-1" });
        let linked = link_resource(&server, "notion", NOTION_TOKEN, choice).await;
        let empty = linked.ended(1).await;
        assert_eq!(empty["status"], "incomplete");
        assert!(empty["reason"].as_str().unwrap().contains("add the integration there"), "{empty}");

        // A toggle with a text below it, a block without a form, and a copy of a part that is not shared.
        let mut start = NotionPage::new("p1", "Start here", "Welcome to the heron.");
        start.blocks.push(json!({
            "object": "block", "id": "t1", "type": "toggle", "has_children": true,
            "toggle": { "rich_text": [{ "type": "text", "plain_text": "More", "annotations": {} }] },
            "below": [paragraph("t2", "Within the toggle.")],
        }));
        start
            .blocks
            .push(json!({ "object": "block", "id": "x1", "type": "ai_block", "has_children": false, "ai_block": {} }));
        start.blocks.push(json!({
            "object": "block", "id": "s1", "type": "synced_block", "has_children": true,
            "synced_block": { "synced_from": { "type": "block_id", "block_id": "elsewhere" } },
        }));
        let mut pages = vec![start];
        pages.extend((2..6).map(|n| NotionPage::new(&format!("p{n}"), &format!("Page {n}"), &format!("Text {n}."))));
        provider.set_pages(pages.clone());
        provider.limit(2);
        let second = linked.sync(2).await;
        assert_eq!((&second["status"], counts(&second)), (&json!("completed"), [0, 5, 0, 0, 0]), "{second}");
        assert_eq!(second["skipped"], json!({ "unsupported_block": 1, "not_shared": 1 }));
        let found = linked.listed().await;
        let id = found.iter().find(|it| it["title"] == "Start here").unwrap()["id"].as_str().unwrap().to_owned();
        let text = read(&server, &format!("/api/documents/{id}")).await["text"].as_str().unwrap().to_owned();
        assert!(text.contains("Welcome to the heron.") && text.contains("- More\n\n  Within the toggle."), "{text}");

        // Only a page that was edited is read again.
        let before = provider.pages_read();
        pages[1].edited = "2026-02-03T00:00:00.000Z".to_owned();
        pages[1].blocks = vec![paragraph("p2-text", "Another text.")];
        provider.set_pages(pages.clone());
        assert_eq!(counts(&linked.sync(3).await), [4, 1, 0, 0, 0]);
        assert_eq!(provider.pages_read(), before + 1);

        // One listing that lacks a page says little, two do; one that is cut says nothing.
        provider.hide(&["p3"]);
        provider.cut_searches(true);
        for number in [4, 5] {
            assert_eq!(
                (&linked.sync(number).await["status"], linked.documents().await),
                (&json!("incomplete"), json!(5))
            );
        }
        provider.cut_searches(false);
        assert_eq!(counts(&linked.sync(6).await), [4, 0, 0, 0, 0]);
        provider.hide(&[]);
        assert_eq!(counts(&linked.sync(7).await), [5, 0, 0, 0, 0]);
        provider.hide(&["p3"]);
        assert_eq!(counts(&linked.sync(8).await), [4, 0, 0, 0, 0]);
        assert_eq!(counts(&linked.sync(9).await), [4, 0, 0, 1, 0]);
        assert_eq!(linked.documents().await, 4);

        // A page is linked with all below it: a page of its own, and one that stands below a toggle.
        provider.hide(&[]);
        pages[1].parent = json!({ "type": "page_id", "page_id": "p1" });
        pages[2].parent = json!({ "type": "block_id", "block_id": "t1" });
        provider.set_pages(pages);
        let below =
            link_resource(&server, "notion", NOTION_TOKEN, json!({ "kind": "page", "provider_id": "p1" })).await;
        let first = below.ended(1).await;
        assert_eq!((&first["status"], counts(&first)), (&json!("completed"), [0, 3, 0, 0, 0]), "{first}");
    })
    .await;
}
