//! The Model Context Protocol, by requests made by hand: the tools, both ways to speak the protocol,
//! and whatever must be refused. Official clients are tested in `tests/node/mcp.test.mjs`.

use std::time::{Duration, Instant};

use campanile_testkit::provider::sign;
use campanile_testkit::server::{Answer, OWNER, SECRET_KEY, SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::on_each_server;
use crate::strangers::other_organisation;

const ACCEPT: (&str, &str) = ("accept", "application/json, text/event-stream");
const JSON: (&str, &str) = ("content-type", "application/json");

/// A client with a key, at an address.
struct Client<'s> {
    server: &'s Server,
    authorization: String,
    path: String,
}

impl<'s> Client<'s> {
    fn new(server: &'s Server, key: &str) -> Self {
        Self { server, authorization: format!("Bearer {key}"), path: "/mcp".to_owned() }
    }

    fn at(server: &'s Server, key: &str, path: &str) -> Self {
        Self { path: path.to_owned(), ..Self::new(server, key) }
    }

    async fn send(&self, headers: &[(&str, &str)], body: Vec<u8>) -> Answer {
        let own = [JSON, ACCEPT, ("authorization", self.authorization.as_str())];
        self.server.ask("POST", &self.path, &[&own, headers].concat(), body).await.unwrap()
    }

    async fn ask(&self, method: &str, params: Value) -> Answer {
        let message = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.send(&[], message.to_string().into_bytes()).await
    }

    /// Calls a tool. Returns its result.
    async fn result(&self, tool: &str, arguments: Value) -> Value {
        let answer = self.ask("tools/call", json!({ "name": tool, "arguments": arguments })).await;
        assert_eq!(answer.status, 200, "{}", answer.json);
        answer.json["result"].clone()
    }

    /// Calls a tool that answers. The text and the structure are the same.
    async fn call(&self, tool: &str, arguments: Value) -> Value {
        let result = self.result(tool, arguments).await;
        assert_eq!(
            (&result["isError"], result["content"].as_array().map(Vec::len)),
            (&json!(false), Some(1)),
            "{result}"
        );
        let text: Value = serde_json::from_str(result["content"][0]["text"].as_str().unwrap()).unwrap();
        assert_eq!(text, result["structuredContent"]);
        text
    }

    /// Calls a tool that cannot answer. Returns its sentence.
    async fn refusal(&self, tool: &str, arguments: Value) -> String {
        let result = self.result(tool, arguments).await;
        assert_eq!(result["isError"], true, "{result}");
        assert!(result.get("structuredContent").is_none(), "{result}");
        result["content"][0]["text"].as_str().unwrap().to_owned()
    }
}

async fn first_workspace(server: &Server) -> String {
    server.all("/api/workspaces").await[0]["id"].as_str().unwrap().to_owned()
}

async fn memory_key(server: &Server, workspace: &str) -> (String, String) {
    let made =
        server.post("/api/memory-keys", &json!({ "name": "an assistant", "workspace_id": workspace })).await.unwrap();
    assert_eq!(made.status, 201, "{}", made.json);
    let text = |field: &str| made.json[field].as_str().unwrap().to_owned();
    (text("id"), text("secret"))
}

async fn deliver(server: &Server, path: &str, event: &str, id: &str, payload: Value) {
    let delivery = sign("github", SOURCE_SECRET, event, id, payload.to_string().as_bytes());
    let headers: Vec<_> = delivery.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let answer = server.ask("POST", path, &headers, delivery.body.clone()).await.unwrap();
    assert_eq!(answer.status, 202, "{}", answer.json);
}

fn person(login: &str) -> Value {
    json!({ "id": login.len(), "login": login })
}

fn issue(number: u64, title: &str, body: &str, by: &str) -> Value {
    json!({
        "action": "opened",
        "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
        "sender": person(by),
        "issue": {
            "number": number, "title": title, "body": body, "user": person(by),
            "created_at": format!("2026-10-{number:02}T10:00:00Z"), "updated_at": format!("2026-10-{number:02}T10:00:00Z"),
            "html_url": format!("https://github.com/acme/shop/issues/{number}"),
        },
    })
}

fn pull_request(number: u64, title: &str, body: &str, by: &str) -> Value {
    json!({
        "action": "opened",
        "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
        "sender": person(by),
        "pull_request": {
            "number": number, "title": title, "body": body, "user": person(by), "merged": false,
            "head": { "ref": "fix/checkout", "sha": "a8f3c2d91e4b5678a8f3c2d91e4b5678a8f3c2d9" }, "base": { "ref": "main" },
            "created_at": format!("2026-10-{number:02}T10:00:00Z"), "updated_at": format!("2026-10-{number:02}T10:00:00Z"),
            "html_url": format!("https://github.com/acme/shop/pull/{number}"),
        },
    })
}

/// An issue, the pull request that fixes it, and something else.
async fn history(server: &Server) {
    let path = "/api/ingest/github/github";
    deliver(server, path, "issues", "d-1", issue(1, "Checkout times out", "ERR_GATEWAY_504 under load.", "ada")).await;
    deliver(server, path, "pull_request", "d-2", pull_request(2, "Retry the gateway", "Fixes #1", "grace")).await;
    deliver(server, path, "issues", "d-3", issue(3, "Dark mode", "The settings page is too bright.", "ada")).await;
    server.until_settled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_assistant_searches_reads_and_follows() {
    on_each_server(&[], async |server| {
        history(&server).await;
        let (id, key) = memory_key(&server, &first_workspace(&server).await).await;
        let client = Client::new(&server, &key);

        let found = client.call("search", json!({ "query": "ERR_GATEWAY_504" })).await;
        assert_eq!(found.as_object().unwrap().keys().collect::<Vec<_>>(), ["results"]);
        let results = found["results"].as_array().unwrap();
        assert_eq!(results.len(), 1, "{found}");
        let result = results[0].as_object().unwrap();
        assert_eq!(result.keys().collect::<Vec<_>>(), ["id", "title", "url", "text"]);
        assert!(result["title"].as_str().unwrap().contains("Checkout times out"));
        assert_eq!(result["url"], "https://github.com/acme/shop/issues/1");
        let text = result["text"].as_str().unwrap();
        assert!(text.starts_with("github issues.opened by ada, 2026-10-01T10:00:00"), "{text}");
        assert!(text.contains("under load"), "{text}");
        assert_eq!(client.call("search", json!({ "query": "zeppelin" })).await, json!({ "results": [] }));
        let narrow = json!({ "query": "", "types": ["issues"], "actors": ["ada"], "after": "2026-10-02", "limit": 5 });
        let found = client.call("search", narrow).await;
        assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");

        let issue = result["id"].as_str().unwrap();
        let read = client.call("fetch", json!({ "id": issue })).await;
        assert_eq!(read.as_object().unwrap().keys().collect::<Vec<_>>(), ["id", "title", "text", "url", "metadata"]);
        assert!(read["text"].as_str().unwrap().contains("ERR_GATEWAY_504 under load."));
        let metadata = &read["metadata"];
        assert_eq!((&metadata["source"], &metadata["actor"]), (&json!("github"), &json!("ada")));
        assert_eq!((&metadata["truncated"], metadata.get("nextId")), (&json!(false), None));
        assert_eq!(metadata["page"], server.url(&format!("/observations/{issue}")));
        assert_eq!(metadata["references"][0]["url"], "https://github.com/acme/shop/issues/1");
        assert_eq!(metadata["thread"], "thread:issue:acme/shop#1");
        let whole = client.call("fetch", json!({ "id": metadata["thread"] })).await;
        assert!(whole["text"].as_str().unwrap().starts_with("# Checkout times out"), "{whole}");
        assert_eq!(whole["url"], "https://github.com/acme/shop/issues/1");

        let related = client.call("related", json!({ "id": issue })).await;
        let edge = &related["related"][0];
        assert_eq!((&edge["relation"], &edge["direction"]), (&json!("fixes"), &json!("incoming")), "{related}");
        let pull_request = edge["id"].as_str().unwrap();
        assert_eq!(edge["url"], "https://github.com/acme/shop/pull/2");
        assert_eq!(edge["page"], server.url(&format!("/observations/{pull_request}")));
        assert!(
            edge["title"].as_str().unwrap().contains("Retry the gateway") && edge["confidence"].as_f64().unwrap() > 0.5
        );
        let graph = client.call("graph", json!({ "id": issue, "depth": 1 })).await;
        assert_eq!((&graph["nodes"][0]["id"], &graph["nodes"][0]["distance"]), (&json!(issue), &json!(0)));
        assert_eq!((&graph["edges"][0]["to"], &graph["edges"][0]["relation"]), (&json!(issue), &json!("fixes")));

        assert_eq!(graph["nodes"][0]["url"], "https://github.com/acme/shop/issues/1");
        assert_eq!(graph["nodes"][0]["page"], server.url(&format!("/observations/{issue}")));

        let titles = |timeline: &Value| -> Vec<String> {
            let events = timeline["events"].as_array().unwrap().iter();
            events.map(|event| event["title"].as_str().unwrap().to_owned()).collect()
        };
        let of_issue = client.call("timeline", json!({ "entity": "#1" })).await;
        assert_eq!(of_issue["events"][0]["url"], "https://github.com/acme/shop/issues/1");
        assert_eq!(of_issue["events"][0]["page"], server.url(&format!("/observations/{issue}")));
        let seen = titles(&of_issue);
        assert!(seen.len() == 2 && seen[0].contains("Checkout") && seen[1].contains("Retry"), "oldest first: {seen:?}");
        let by_ada = client.call("timeline", json!({ "actor": "ada", "limit": 1 })).await;
        assert!(titles(&by_ada)[0].contains("Dark mode"), "the latest: {by_ada}");
        let before = client.call("timeline", json!({ "actor": "ada", "limit": 1, "cursor": by_ada["earlier"] })).await;
        assert!(titles(&before)[0].contains("Checkout") && before.get("earlier").is_none(), "{before}");
        let sha = "A8F3C2D91E4B5678";
        assert_eq!(titles(&client.call("timeline", json!({ "entity": sha })).await).len(), 1);
        assert!(titles(&client.call("timeline", json!({ "entity": "#1", "before": "2026-09-01" })).await).is_empty());

        let listed = server.get("/api/memory-keys").await.unwrap().json;
        assert_eq!(listed["data"][0]["id"], json!(id));
        assert!(!listed.to_string().contains(&key), "a key is shown once");
        let used = async || !server.get("/api/memory-keys").await.unwrap().json["data"][0]["last_used_at"].is_null();
        let began = Instant::now();
        while !used().await {
            assert!(began.elapsed() < Duration::from_secs(10), "the use of the key is recorded");
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_model_is_told_what_to_do_better() {
    on_each_server(&[], async |server| {
        let (_, key) = memory_key(&server, &first_workspace(&server).await).await;
        let client = Client::new(&server, &key);
        for (tool, arguments, says) in [
            ("search", json!({ "query": "x", "limit": 21 }), "limit must be between 1 and 20"),
            ("search", json!({ "query": "x".repeat(1_001) }), "1000"),
            ("search", json!({ "query": "x", "sources": ["gihtub"] }), "known are github"),
            ("search", json!({ "query": "x", "after": "yesterday" }), "after must be an RFC 3339 time"),
            ("search", json!({ "query": "x", "mode": "deep" }), "balanced"),
            ("fetch", json!({ "id": "obs_nobody" }), "use an id from a result of `search`"),
            ("fetch", json!({ "id": "obs_nobody~x" }), "number of a part"),
            ("related", json!({ "id": "obs_nobody" }), "`search`"),
            ("graph", json!({ "id": "obs_nobody", "depth": 9 }), "depth must be between 1 and 3"),
            ("timeline", json!({}), "`entity`, `actor` or both"),
            ("timeline", json!({ "actor": "ada", "cursor": "!" }), "cursor"),
            ("timeline", json!({ "actor": "x".repeat(301) }), "300"),
            ("timeline", json!({ "entity": "a\u{0}b" }), ""),
        ] {
            if says.is_empty() {
                client.result(tool, arguments).await;
                continue;
            }
            let told = client.refusal(tool, arguments.clone()).await;
            assert!(told.contains(says), "{tool} {arguments}: {told}");
        }
        let unknown = client.ask("tools/call", json!({ "name": "delete_everything", "arguments": {} })).await;
        assert_eq!(unknown.json["error"]["code"], -32602, "{}", unknown.json);
        let method = client.ask("resources/list", json!({})).await;
        assert_eq!(method.json["error"]["code"], -32601, "{}", method.json);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn params_that_do_not_fit_are_an_error_of_the_protocol_that_names_the_argument() {
    on_each_server(&[], async |server| {
        let (_, key) = memory_key(&server, &first_workspace(&server).await).await;
        let client = Client::new(&server, &key);
        for (params, says) in [
            (json!({ "name": "search", "arguments": {} }), "missing field `query`"),
            (json!({ "name": "search" }), "missing field `query`"),
            (json!({ "name": "search", "arguments": { "query": 7 } }), "the argument `query`: invalid type"),
            (json!({ "name": "search", "arguments": { "query": "x", "wokrspace": 1 } }), "unknown field `wokrspace`"),
            (json!({ "name": "search", "arguments": { "query": "x", "sources": "github" } }), "`sources`"),
            (json!({ "name": "search", "arguments": { "query": "x", "sources": ["github", 7] } }), "`sources[1]`"),
            (json!({ "name": "search", "arguments": { "query": "x", "limit": -1 } }), "`limit`"),
            (json!({ "name": "graph", "arguments": { "id": "obs_1", "depth": "two" } }), "`depth`"),
            (json!({ "name": "timeline", "arguments": { "entity": ["#1"] } }), "`entity`"),
            (json!({ "name": "search", "arguments": ["x"] }), "`arguments` must be an object"),
            (json!({ "name": "search", "arguments": "x" }), "`arguments` must be an object"),
            (json!({ "name": 7, "arguments": {} }), "`name` must be the name of a tool"),
            (json!({ "arguments": {} }), "`name` must be the name of a tool"),
            (json!(["search", {}]), "params must be an object"),
        ] {
            let answer = client.ask("tools/call", params.clone()).await;
            assert_eq!(answer.json["error"]["code"], -32602, "{params}: {}", answer.json);
            let message = answer.json["error"]["message"].as_str().unwrap();
            assert!(message.contains(says), "{params}: {message}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_search_tells_the_time_that_it_read_and_the_conditions_that_nothing_meets() {
    on_each_server(&[], async |server| {
        history(&server).await;
        let (_, key) = memory_key(&server, &first_workspace(&server).await).await;
        let client = Client::new(&server, &key);
        let found = client.call("search", json!({ "query": "checkout on October 1, 2026" })).await;
        assert_eq!(found["results"].as_array().unwrap().len(), 1, "{found}");
        let (start, end) = ("2026-10-01T00:00:00.000000Z", "2026-10-02T00:00:00.000000Z");
        assert_eq!(found["time"], json!({ "text": "on October 1, 2026", "start": start, "end": end }));
        assert_eq!(found.get("unmet"), None);
        let open = client.call("search", json!({ "query": "checkout before 2026-11-01" })).await;
        assert_eq!(open["time"], json!({ "text": "before 2026-11-01", "end": "2026-11-01T00:00:00.000000Z" }));
        let nothing = client.call("search", json!({ "query": "checkout in May 2019 type:isues" })).await;
        assert_eq!(nothing["results"], json!([]));
        assert_eq!(nothing["unmet"], json!(["type:isues", "in May 2019"]), "{nothing}");
        let tools = client.ask("tools/list", json!({})).await.json["result"]["tools"].clone();
        assert_eq!(tools[0]["outputSchema"]["required"], json!(["results"]), "the other two may be absent");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_ways_to_begin_are_spoken() {
    on_each_server(&[], async |server| {
        let (_, key) = memory_key(&server, &first_workspace(&server).await).await;
        let client = Client::new(&server, &key);
        let own = json!({ "name": "campanile", "title": "Campanile", "version": env!("CARGO_PKG_VERSION"), "websiteUrl": server.url("") });
        for version in ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"] {
            let hello = json!({ "protocolVersion": version, "capabilities": {}, "clientInfo": { "name": "t", "version": "1" } });
            let greeted = client.ask("initialize", hello).await.json;
            assert_eq!(greeted["result"]["protocolVersion"], version, "{greeted}");
            assert_eq!(greeted["result"]["serverInfo"], own);
            assert!(greeted["result"]["instructions"].as_str().unwrap().contains("`search`"));
        }
        let notice = json!({ "jsonrpc": "2.0", "method": "notifications/initialized" });
        assert_eq!(client.send(&[], notice.to_string().into_bytes()).await.status, 202);
        let old = client.ask("tools/list", json!({})).await.json;
        let names: Vec<&str> =
            old["result"]["tools"].as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["search", "fetch", "related", "graph", "timeline", "find_similar", "answer"], "in this order for good");

        let meta = json!({
            "io.modelcontextprotocol/protocolVersion": "2026-07-28",
            "io.modelcontextprotocol/clientCapabilities": {},
            "io.modelcontextprotocol/clientInfo": { "name": "t", "version": "1" },
        });
        let message = |method: &str, mut params: Value| {
            params["_meta"] = meta.clone();
            json!({ "jsonrpc": "2.0", "id": "a", "method": method, "params": params }).to_string().into_bytes()
        };
        let version = ("mcp-protocol-version", "2026-07-28");
        let discovered =
            client.send(&[version, ("mcp-method", "server/discover")], message("server/discover", json!({}))).await;
        assert_eq!(discovered.status, 200, "{}", discovered.json);
        assert!(discovered.json["result"]["supportedVersions"].to_string().contains("2026-07-28"), "{}", discovered.json);
        let listed = client.send(&[version, ("mcp-method", "tools/list")], message("tools/list", json!({}))).await.json;
        assert_eq!(listed["result"]["tools"], old["result"]["tools"], "the same in both");
        assert_eq!(listed["result"]["resultType"], "complete");
        assert!(listed["result"]["ttlMs"].is_number() && listed["result"]["cacheScope"].is_string(), "{listed}");
        let asked = message("tools/call", json!({ "name": "search", "arguments": { "query": "x" } }));
        let call = [version, ("mcp-method", "tools/call"), ("mcp-name", "search")];
        let called = client.send(&call, asked.clone()).await;
        assert_eq!(called.json["result"]["structuredContent"], json!({ "results": [] }), "{}", called.json);

        let mismatch = client.send(&[version, ("mcp-method", "tools/list")], asked.clone()).await;
        assert_eq!((mismatch.status, &mismatch.json["error"]["code"]), (400, &json!(-32020)), "{}", mismatch.json);
        let name = client.send(&[version, ("mcp-method", "tools/call"), ("mcp-name", "fetch")], asked).await;
        assert_eq!((name.status, &name.json["error"]["code"]), (400, &json!(-32020)), "{}", name.json);
        let unknown = client.send(&[version, ("mcp-method", "no/such")], message("no/such", json!({}))).await;
        assert_eq!((unknown.status, &unknown.json["error"]["code"]), (404, &json!(-32601)), "{}", unknown.json);
        let future = String::from_utf8(message("tools/list", json!({}))).unwrap().replace("2026-07-28", "2031-01-01");
        let future = client
            .send(&[("mcp-protocol-version", "2031-01-01"), ("mcp-method", "tools/list")], future.into_bytes())
            .await;
        assert_eq!((future.status, &future.json["error"]["code"]), (400, &json!(-32022)), "{}", future.json);
        assert!(future.json["error"]["data"].to_string().contains("2026-07-28"), "{}", future.json);
        let old = client.send(&[("mcp-protocol-version", "1999-01-01")], message("tools/list", json!({}))).await;
        assert_eq!(old.status, 400, "{}", old.json);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_of_a_known_caller_is_refused() {
    on_each_server(&[], async |server| {
        let workspace = first_workspace(&server).await;
        let (id, key) = memory_key(&server, &workspace).await;
        let client = Client::new(&server, &key);
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string().into_bytes();
        assert_eq!(client.send(&[], list.clone()).await.status, 200);

        let authorization = ("authorization", client.authorization.as_str());
        for method in ["GET", "DELETE", "PUT", "PATCH"] {
            let answer = server.ask(method, "/mcp", &[authorization, ACCEPT, JSON], list.clone()).await.unwrap();
            assert_eq!(answer.status, 405, "{method}: {}", answer.json);
        }
        for (headers, status) in [
            (vec![("host", "evil.example.com")], 403),
            (vec![("origin", "https://evil.example.com")], 403),
            (vec![("origin", "null")], 403),
            (vec![("origin", server.url("").as_str())], 200),
            (vec![("host", "localhost")], 200),
        ] {
            let answer = client.send(&headers, list.clone()).await;
            assert_eq!(answer.status, status, "{headers:?}: {}", answer.json);
        }
        for (body, code) in [
            (b"[]".to_vec(), -32600),
            ([b"[".to_vec(), list.clone(), b"]".to_vec()].concat(), -32600),
            (b"{".to_vec(), -32700),
            (b"".to_vec(), -32700),
            (b"\"x\"".to_vec(), -32600),
            (b"{\"hello\":1}".to_vec(), -32600),
        ] {
            let answer = client.send(&[], body.clone()).await;
            let told = (answer.status, answer.json["error"]["code"].as_i64());
            assert_eq!(told, (400, Some(code)), "{}: {}", String::from_utf8_lossy(&body), answer.json);
        }
        let large =
            json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": { "x": "x".repeat(300 * 1024) } });
        assert_eq!(client.send(&[], large.to_string().into_bytes()).await.status, 413);
        let wrong_kind = [authorization, ACCEPT, ("content-type", "text/plain")];
        assert_eq!(server.ask("POST", "/mcp", &wrong_kind, list.clone()).await.unwrap().status, 415);
        assert_eq!(server.ask("POST", "/mcp", &[authorization, JSON], list.clone()).await.unwrap().status, 406);

        for key in ["mk_nobody", "sk_nobody", "pk_nobody", "x"] {
            let answer = Client::new(&server, key).send(&[], list.clone()).await;
            assert_eq!(answer.status, 401, "{key}: {}", answer.json);
            let challenge = answer.headers.iter().find(|(name, _)| name == "www-authenticate");
            assert!(challenge.is_some_and(|(_, value)| value.starts_with("Bearer ")), "{:?}", answer.headers);
        }
        assert_eq!(server.ask("POST", "/mcp", &[ACCEPT, JSON], list.clone()).await.unwrap().status, 401);

        let revoke = format!("/api/memory-keys/{id}");
        let owner = format!("Bearer {SECRET_KEY}");
        for status in [204, 404] {
            let answer = server.ask("DELETE", &revoke, &[("authorization", &owner)], Vec::new()).await.unwrap();
            assert_eq!(answer.status, status);
        }
        assert_eq!(client.send(&[], list).await.status, 401, "a revoked key opens nothing, at once");
        let trail = server.all("/api/activity").await;
        let of_key: Vec<_> = trail.iter().filter(|entry| entry["subject_id"] == json!(id)).collect();
        assert_eq!(of_key.len(), 2, "{trail:?}");
        assert_eq!((&of_key[0]["action"], &of_key[1]["action"]), (&json!("key.revoked"), &json!("key.created")));
        assert_eq!(of_key[1]["metadata"]["workspace_id"], json!(workspace));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_another_workspace_is_reached_by_any_tool() {
    on_each_server(&[], async |server| {
        let first = first_workspace(&server).await;
        let other =
            server.post("/api/workspaces", &json!({ "name": "The other one" })).await.unwrap().json["id"].clone();
        let other = other.as_str().unwrap();
        let source = json!({ "provider": "github", "path": "elsewhere", "secret": SOURCE_SECRET, "workspace": other });
        assert_eq!(server.post("/api/sources", &source).await.unwrap().status, 201);
        history(&server).await;
        let theirs = issue(4, "A secret plan", "Nobody of the first workspace knows ZQ-77.", "mallory");
        deliver(&server, "/api/ingest/github/elsewhere", "issues", "d-4", theirs).await;
        server.until_settled().await;
        let (_, key) = memory_key(&server, &first).await;
        let (_, other_key) = memory_key(&server, other).await;
        let (own, theirs) = (Client::new(&server, &key), Client::new(&server, &other_key));
        let look = async || theirs.call("search", json!({ "query": "ZQ-77" })).await["results"][0]["id"].clone();
        let began = Instant::now();
        let mut secret = look().await;
        while secret.is_null() && began.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(50)).await;
            secret = look().await;
        }
        assert!(secret.is_string(), "the other workspace has it");
        theirs.call("fetch", json!({ "id": secret })).await;

        assert_eq!(own.call("search", json!({ "query": "ZQ-77" })).await, json!({ "results": [] }));
        for tool in ["fetch", "related", "graph"] {
            let told = own.refusal(tool, json!({ "id": secret })).await;
            assert!(told.contains("nothing with this id in the workspace"), "{tool}: {told}");
        }
        theirs.call("fetch", json!({ "id": "thread:issue:acme/shop#4" })).await;
        let told = own.refusal("fetch", json!({ "id": "thread:issue:acme/shop#4" })).await;
        assert!(told.contains("nothing with this id in the workspace"), "{told}");
        for asked in [json!({ "entity": "ZQ-77" }), json!({ "actor": "mallory" })] {
            assert_eq!(own.call("timeline", asked).await, json!({ "events": [] }));
        }
        let bound = format!("Bearer {key}");
        for path in
            [format!("/v1/related/{}", secret.as_str().unwrap()), format!("/v1/graph/{}", secret.as_str().unwrap())]
        {
            assert_eq!(server.ask("GET", &path, &[("authorization", &bound)], Vec::new()).await.unwrap().status, 404);
        }
        let contents = json!({ "ids": [secret] }).to_string().into_bytes();
        let read = server.ask("POST", "/v1/contents", &[("authorization", &bound), JSON], contents).await.unwrap();
        assert_eq!((read.status, &read.json["missing"]), (200, &json!([secret])), "{}", read.json);

        // The workspace in the address can only narrow.
        let ask =
            async |key: &str, path: String| Client::at(&server, key, &path).ask("tools/list", json!({})).await.status;
        assert_eq!(ask(&key, format!("/mcp?workspace={first}")).await, 200);
        assert_eq!(ask(&key, format!("/mcp?workspace={other}")).await, 404);
        for path in ["/api/search", "/v1/contents"] {
            let body = json!({ "query": "x", "ids": ["x"] });
            let body = if path == "/api/search" { json!({ "query": "x" }) } else { json!({ "ids": body["ids"] }) };
            let path = format!("{path}?workspace={other}");
            let answer =
                server.ask("POST", &path, &[("authorization", &bound), JSON], body.to_string().into_bytes()).await;
            assert_eq!(answer.unwrap().status, 404, "{path}");
        }
        assert_eq!(ask(SECRET_KEY, "/mcp".to_owned()).await, 400, "an organisation has several workspaces");
        assert_eq!(ask(SECRET_KEY, format!("/mcp?workspace={first}")).await, 200);
        let wide = Client::at(&server, SECRET_KEY, &format!("/mcp?workspace={other}"));
        assert_eq!(wide.call("search", json!({ "query": "ZQ-77" })).await["results"][0]["id"], secret);
        let (stranger, elsewhere) = other_organisation(&server).await;
        assert_eq!(ask(&stranger, format!("/mcp?workspace={first}")).await, 404);
        assert_eq!(ask(&stranger, format!("/mcp?workspace={elsewhere}")).await, 200);
        assert_eq!(ask(SECRET_KEY, format!("/mcp?workspace={elsewhere}")).await, 404);
        let new = json!({ "name": "x", "workspace_id": elsewhere });
        assert_eq!(
            server.post("/api/memory-keys", &new).await.unwrap().status,
            404,
            "a key for a stranger's workspace"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_calls_at_a_time_are_each_answered_with_their_own() {
    on_each_server(&[], async |server| {
        history(&server).await;
        let workspace = first_workspace(&server).await;
        let (_, key) = memory_key(&server, &workspace).await;
        let client = Client::new(&server, &key);
        let calls = (0..48).map(|number| {
            let client = &client;
            async move {
                let (tool, arguments) = match number % 3 {
                    0 => ("search", json!({ "query": "checkout" })),
                    1 => ("timeline", json!({ "actor": "ada" })),
                    _ => ("fetch", json!({ "id": format!("obs_{number}") })),
                };
                let params = json!({ "name": tool, "arguments": arguments });
                let message = json!({ "jsonrpc": "2.0", "id": number, "method": "tools/call", "params": params });
                let answer = client.send(&[], message.to_string().into_bytes()).await;
                (number, answer)
            }
        });
        for (number, answer) in futures_util::future::join_all(calls).await {
            assert_eq!((answer.status, &answer.json["id"]), (200, &json!(number)), "{}", answer.json);
            let result = &answer.json["result"];
            match number % 3 {
                0 => assert!(
                    result["isError"] == true || !result["structuredContent"]["results"][0].is_null(),
                    "{result}"
                ),
                1 => assert_eq!(result["structuredContent"]["events"].as_array().unwrap().len(), 2, "{result}"),
                _ => assert_eq!(result["isError"], true, "{result}"),
            }
        }
        // A page of the console calls the tools with its session.
        let body = json!({ "email": OWNER.0, "password": OWNER.1 }).to_string().into_bytes();
        let signed_in = server.ask("POST", "/api/session", &[JSON], body).await.unwrap();
        let cookie = signed_in.headers.iter().find(|(name, _)| name == "set-cookie").unwrap().1.clone();
        let session = ("cookie", cookie.split(';').next().unwrap());
        let list = json!({ "jsonrpc": "2.0", "id": 1, "method": "tools/list" }).to_string().into_bytes();
        let (path, own) = (format!("/mcp?workspace={workspace}"), server.url(""));
        let ask = async |origin: &str| {
            let headers = [session, ACCEPT, JSON, ("origin", origin)];
            server.ask("POST", &path, &headers, list.clone()).await.unwrap().status
        };
        assert_eq!((ask(&own).await, ask("https://evil.example.com").await), (200, 403));
        let metrics = server.get("/metrics").await.unwrap().json.to_string();
        assert!(metrics.contains("campanile_mcp_calls_total") && metrics.contains("campanile_mcp_seconds"));
    })
    .await;
}
