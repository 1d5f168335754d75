//! What a connected GitHub brings: history, and documents. The provider is the one of the tests, in the
//! process of the load, and has no limits that matter.
//!
//! * *backfill*: 100,000 pull requests, issues and comments of two repositories. The clock runs from the
//!   linking until the last page is processed, with the model of the search at work beside it.
//! * *documents*: a repository with 5,000 Markdown files of 1.5 KiB, until their passages are stored and
//!   found; then a sync without changes, and one after a thousand changes.
//! * *tree*: a repository with 250,000 files, of which `docs/**` are wanted: the calls of a sync.

use std::time::{Duration, Instant};

use campanile_base::Clock;
use campanile_db::testing::TestDatabase;
use campanile_testkit::github::{GithubServer, TOKEN};
use campanile_testkit::server::Server;
use serde_json::{Value, json};

use crate::{binary, cpu_seconds, resident};

const REPOSITORIES: [&str; 2] = ["acme/shop", "acme/bell"];
/// The items of each list of each repository. A stretch has at most 500 pages of 100.
const PULLS: u64 = 10_000;
const ISSUES: u64 = 20_000;
const COMMENTS: u64 = 20_000;
const FILES: usize = 5_000;
const CHANGED: usize = 1_000;
const TREE: usize = 250_000;
/// The entries of a tree above which GitHub cuts it.
const CUT: usize = 100_000;
const WORDS: [&str; 24] = [
    "checkout",
    "payment",
    "gateway",
    "timeout",
    "retry",
    "queue",
    "ledger",
    "tower",
    "bell",
    "clapper",
    "rope",
    "schedule",
    "digest",
    "mailbox",
    "webhook",
    "signature",
    "secret",
    "rotation",
    "backlog",
    "cluster",
    "passage",
    "vector",
    "segment",
    "merge",
];

pub(crate) async fn measure(name: &str, database: impl AsyncFn() -> TestDatabase, phases: &[&str]) {
    let is_wanted = |phase: &str| phases.is_empty() || phases.contains(&phase);
    if is_wanted("backfill") {
        backfill(name, database().await).await;
    }
    if is_wanted("documents") {
        documents(name, database().await).await;
    }
    if is_wanted("tree") {
        tree(name, database().await).await;
    }
}

/// A server that is connected to a provider.
struct World<'p> {
    provider: &'p GithubServer,
    server: Server,
    connection: String,
    workspace: String,
}

impl<'p> World<'p> {
    async fn start(provider: &'p GithubServer, database: TestDatabase) -> Self {
        let settings = [
            ("CAMPANILE_LOG", "error"),
            ("CAMPANILE_MEMORY_EMBEDDER", "built-in"),
            ("CAMPANILE_CONNECTOR_GITHUB_API_URL", provider.url.as_str()),
            ("CAMPANILE_CONNECTOR_GITHUB_WEB_URL", provider.url.as_str()),
        ];
        let server = Server::start(binary(), database, &settings).await;
        let made = server.post("/api/connect/github/token", &json!({ "token": TOKEN })).await.expect("an answer");
        assert_eq!(made.status, 201, "{}", made.json);
        let connection = text(&made.json["id"]);
        let workspace = text(&read(&server, "/api/workspaces").await["data"][0]["id"]);
        Self { provider, server, connection, workspace }
    }

    /// Links repositories as soon as they are listed. Returns the ids of the sources.
    async fn link(&self, repositories: &[&str]) -> Vec<String> {
        let resources = format!("/api/connections/{}/resources", self.connection);
        while read(&self.server, &resources).await["data"].as_array().is_none_or(|all| all.len() < repositories.len()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let choice =
            |name: &&str| json!({ "kind": "repository", "provider_id": self.provider.number_of(name).to_string() });
        let chosen: Vec<Value> = repositories.iter().map(choice).collect();
        let path = format!("/api/workspaces/{}/sources", self.workspace);
        let body = json!({ "connection": self.connection, "resources": chosen });
        let linked = self.server.post(&path, &body).await.expect("an answer");
        assert_eq!(linked.status, 201, "{}", linked.json);
        linked.json["data"].as_array().expect("a list").iter().map(|source| text(&source["id"])).collect()
    }

    /// Waits until a source has had this number of syncs. Returns the last one.
    async fn synced(&self, source: &str, number: usize) -> Value {
        loop {
            let state = read(&self.server, &format!("/api/sources/{source}/documents")).await;
            let syncs = state["syncs"].as_array().expect("a list");
            if syncs.len() == number && syncs.iter().all(|sync| !sync["finished_at"].is_null()) {
                assert_eq!(syncs[0]["status"], "completed", "{}", syncs[0]);
                return syncs[0].clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn sync(&self, source: &str, number: usize) -> Value {
        let asked = self.server.post(&format!("/api/sources/{source}/sync"), &json!({})).await.expect("an answer");
        assert_eq!(asked.status, 202, "{}", asked.json);
        self.synced(source, number).await
    }
}

async fn backfill(name: &str, database: TestDatabase) {
    let provider = GithubServer::start(&REPOSITORIES).await;
    REPOSITORIES.iter().for_each(|repository| tell(&provider, repository));
    let world = World::start(&provider, database).await;
    let (began, cpu, mut peak) = (Instant::now(), cpu_seconds(&world.server), 0);
    world.link(&REPOSITORIES).await;
    let list = format!("/api/connections/{}/backfills", world.connection);
    let id = text(&read(&world.server, &list).await["data"][0]["id"]);
    while read(&world.server, "/api/observations?limit=1").await["data"].as_array().is_none_or(Vec::is_empty) {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    println!("{name}, backfill: the first observation {:.2} s after the linking", began.elapsed().as_secs_f64());
    let mut minute = 1;
    let ended = loop {
        let backfill = read(&world.server, &format!("/api/backfills/{id}")).await;
        peak = peak.max(resident(&world.server) / 1024);
        if backfill["status"] != "active" {
            break backfill;
        }
        if began.elapsed().as_secs() >= 60 * minute {
            let remembered = backfill["progress"]["remembered"].as_i64().unwrap_or(0);
            println!(
                "{name}, backfill: {remembered} remembered after {minute} min, {} MiB",
                resident(&world.server) / 1024
            );
            minute += 1;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    };
    let (seconds, remembered) = (began.elapsed().as_secs_f64(), ended["progress"]["remembered"].as_i64().unwrap_or(0));
    assert_eq!(ended["status"], "completed", "{ended}");
    let items = REPOSITORIES.len() as u64 * (PULLS + ISSUES + COMMENTS);
    println!(
        "{name}, backfill: {items} items, {remembered} events remembered in {seconds:.0} s: {:.0} items/s, {:.0} \
         events/s, {:.2} CPU s per 1,000 items, {peak} MiB at most",
        items as f64 / seconds,
        remembered as f64 / seconds,
        (cpu_seconds(&world.server) - cpu) * 1_000.0 / items as f64,
    );
}

/// Fills the lists of a repository: things of the last three weeks, the oldest first.
fn tell(provider: &GithubServer, repository: &str) {
    let now = Clock::System.now();
    let item = |list: &'static str, n: u64, of: u64, fields: Value| {
        let at = now.minus(Duration::from_secs((of - n) * 90)).to_string();
        let mut item = json!({
            "id": n, "number": n, "title": format!("The {} waits for the {}", word(n), word(n / 24)), "created_at": at,
            "updated_at": at, "body": body(n), "user": { "id": n % 40, "login": format!("person-{}", n % 40) },
        });
        if let (Some(item), Some(fields)) = (item.as_object_mut(), fields.as_object()) {
            item.extend(fields.clone());
        }
        provider.add_history(repository, list, item);
    };
    for n in 1..=PULLS {
        let page = format!("https://github.com/{repository}/pull/{n}");
        let ends = json!({
            "html_url": page, "closed_at": null, "merged_at": null,
            "head": { "ref": format!("work-{n}"), "sha": format!("{n:040x}") },
            "base": { "ref": "main", "repo": { "default_branch": "main" } },
        });
        item("pulls", n, PULLS, ends);
    }
    for n in 1..=ISSUES {
        let page = format!("https://github.com/{repository}/issues/{n}");
        item("issues", n + PULLS, ISSUES + PULLS, json!({ "html_url": page }));
    }
    for n in 1..=COMMENTS {
        let number = PULLS + 1 + n % ISSUES;
        let page = format!("https://github.com/{repository}/issues/{number}#issuecomment-{n}");
        let address = format!("https://api.github.com/repos/{repository}/issues/{number}");
        item("issues/comments", n, COMMENTS, json!({ "html_url": page, "issue_url": address }));
    }
}

async fn documents(name: &str, database: TestDatabase) {
    let provider = GithubServer::start(&REPOSITORIES[..1]).await;
    let file = |n: usize, note: &str| (format!("docs/part-{}/page-{n}.md", n / 100), page(n, note));
    provider.commit(REPOSITORIES[0], (0..FILES).map(|n| file(n, "")));
    let world = World::start(&provider, database).await;
    let began = Instant::now();
    let source = world.link(&REPOSITORIES[..1]).await.remove(0);
    let first = world.synced(&source, 1).await;
    let took = began.elapsed().as_secs_f64();
    let found = world.server.post("/api/search", &json!({ "query": format!("zq{}", FILES - 1), "mode": "fast" })).await;
    assert!(!found.expect("an answer").json["data"].as_array().expect("a list").is_empty(), "{first}");
    println!("{name}, documents: {FILES} files stored and found in {took:.1} s: {:.0} files/s", FILES as f64 / took);
    let began = Instant::now();
    world.sync(&source, 2).await;
    println!("{name}, documents: without a change {:.2} s", began.elapsed().as_secs_f64());
    let changed = (0..FILES).map(|n| file(n, if n < CHANGED { "It was changed." } else { "" }));
    provider.commit(REPOSITORIES[0], changed);
    let began = Instant::now();
    world.sync(&source, 3).await;
    let took = began.elapsed().as_secs_f64();
    println!(
        "{name}, documents: {CHANGED} changes in {took:.1} s: {:.0} files/s, {} MiB",
        CHANGED as f64 / took,
        resident(&world.server) / 1024
    );
}

async fn tree(name: &str, database: TestDatabase) {
    let provider = GithubServer::start(&REPOSITORIES[..1]).await;
    provider.cut_trees(Some(CUT));
    let code = (0..TREE - 500).map(|n| (format!("crates/part-{}/src/file-{n}.rs", n / 500), String::new()));
    let pages = (0..500).map(|n| (format!("docs/page-{n}.md"), page(n, "")));
    provider.commit(REPOSITORIES[0], code.chain(pages));
    let world = World::start(&provider, database).await;
    let began = Instant::now();
    let source = world.link(&REPOSITORIES[..1]).await.remove(0);
    world.synced(&source, 1).await;
    let trees = provider.asked().iter().filter(|asked| asked.path.contains("/git/trees/")).count();
    println!(
        "{name}, tree: {TREE} files, {trees} calls for the tree, {} files read, {:.1} s, {} MiB",
        provider.blobs_read(),
        began.elapsed().as_secs_f64(),
        resident(&world.server) / 1024
    );
}

fn word(n: u64) -> &'static str {
    WORDS[n as usize % WORDS.len()]
}

/// A text of sixty words.
fn body(n: u64) -> String {
    (0..60).map(|at| word(n.wrapping_mul(31) + at * at + n / 7)).collect::<Vec<_>>().join(" ")
}

/// A page of 1.5 KiB with three headings.
fn page(n: usize, note: &str) -> String {
    let part = |at: u64| format!("## The {}\n\n{}. {}.\n", word(n as u64 + at), body(n as u64 + at), note);
    format!("# Page {n}, zq{n}\n\n{}\n{}\n{}", part(1), part(2), part(3))
}

async fn read(server: &Server, path: &str) -> Value {
    let answer = server.get(path).await.expect("the server answers");
    assert_eq!(answer.status, 200, "{path}: {}", answer.json);
    answer.json
}

fn text(value: &Value) -> String {
    value.as_str().expect("a text").to_owned()
}
