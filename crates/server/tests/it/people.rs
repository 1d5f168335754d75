//! People and entities over the API: accounts are joined as events arrive, by hand, and split again; it
//! survives kills; strangers neither see nor change anything.

use campanile_testkit::provider::sign;
use campanile_testkit::server::{Answer, SOURCE_SECRET, Server};
use serde_json::{Value, json};

use crate::on_each_server;
use crate::strangers::other_organisation;

fn push(sha: &str, text: &str) -> Value {
    json!({
        "ref": "refs/heads/fix-checkout", "before": "0".repeat(40), "after": sha,
        "repository": { "id": 1, "full_name": "acme/shop", "default_branch": "main" },
        "sender": { "id": 7, "login": "ada" }, "pusher": { "name": "ada", "email": "ada@acme.example" },
        "head_commit": { "id": sha, "message": text, "timestamp": "2026-10-05T10:00:00Z" }, "commits": [],
    })
}

fn issue(actor: &Value, at: &str) -> Value {
    json!({
        "type": "Issue", "action": "update", "createdAt": at, "organizationId": "o1", "actor": actor,
        "data": {
            "id": "i42", "identifier": "ENG-42", "title": "Checkout times out", "updatedAt": at,
            "description": "See PAYMENT_TIMEOUT", "state": { "name": "Todo" }, "team": { "key": "ENG", "name": "E" },
        },
    })
}

async fn deliver(server: &Server, provider: &str, event: &str, id: &str, payload: &Value) {
    let delivery = sign(provider, SOURCE_SECRET, event, id, payload.to_string().as_bytes());
    assert!(matches!(server.deliver(&delivery).await.unwrap().status, 200 | 202));
}

/// A push and an issue by Ada in two tools, with the same address, and an issue by somebody who may be
/// her.
async fn tell_story(server: &Server) {
    let text = "Fix ENG-42: PAYMENT_TIMEOUT of the checkout";
    deliver(server, "github", "push", "d-1", &push("9fceb02d0ae598e95dc970b74767f19372d61af8", text)).await;
    server.until_settled().await;
    let ada = json!({ "id": "u1", "name": "Ada Lovelace", "email": "Ada@acme.example" });
    deliver(server, "linear", "Issue", "l-1", &issue(&ada, "2026-10-06T11:00:00Z")).await;
    let other = json!({ "id": "u2", "name": "Ada", "email": "other@acme.example" });
    deliver(server, "linear", "Issue", "l-2", &issue(&other, "2026-10-07T12:00:00Z")).await;
    server.until_settled().await;
}

fn ids(list: &Value) -> Vec<&str> {
    list["data"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect()
}

async fn actors(server: &Server, id: &str) -> Vec<String> {
    let person = server.get(&format!("/api/people/{id}")).await.unwrap();
    assert_eq!(person.status, 200, "{}", person.json);
    let identities = person.json["identities"].as_array().unwrap();
    let mut actors: Vec<String> = identities.iter().map(|one| one["actorId"].as_str().unwrap().to_owned()).collect();
    actors.sort_unstable();
    actors
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_is_put_together_merged_and_split() {
    on_each_server(&[], async |mut server| {
        tell_story(&server).await;
        let people = server.get("/api/people").await.unwrap();
        assert_eq!(ids(&people.json), ["linear:u2", "github:7"], "{}", people.json);
        assert_eq!(actors(&server, "linear:u1").await, ["github:7", "linear:u1"]);
        let ada = server.get("/api/people/github:7").await.unwrap().json;
        assert_eq!((&ada["name"], &ada["observations"]), (&json!("Ada Lovelace"), &json!(2)));
        assert_eq!(ada["identities"][0]["joined"], "email", "{ada}");
        assert_eq!((ada["hours"].as_array().unwrap().len(), ada["days"].as_array().unwrap().len()), (168, 30));
        assert_eq!((&ada["hours"][10], &ada["hours"][24 + 11]), (&json!(1), &json!(1)), "it was a Monday");
        let found = server.get("/api/people?q=lovelace&source=github").await.unwrap().json;
        assert_eq!(found["data"], json!([]), "the name stands in another tool");
        assert_eq!(ids(&server.get("/api/people?q=ACME.example&source=github").await.unwrap().json), ["github:7"]);

        let suggested = server.get("/api/people/suggestions?person=github:7").await.unwrap().json;
        let pair = &suggested["data"][0];
        assert_eq!((&pair["reason"], pair["people"].as_array().unwrap().len()), (&json!("handle"), 2), "{suggested}");
        let merged = server.post("/api/people/github:7/merge", &json!({ "people": ["linear:u2"] })).await.unwrap();
        assert_eq!((merged.status, &merged.json["people"]), (200, &json!(["github:7"])), "{}", merged.json);
        server.kill().await;
        server.restart().await;
        assert_eq!(actors(&server, "linear:u2").await, ["github:7", "linear:u1", "linear:u2"]);
        assert_eq!(ids(&server.get("/api/people").await.unwrap().json), ["github:7"]);
        let observed = server.get("/api/people/linear:u2/observations?limit=2").await.unwrap().json;
        assert_eq!(observed["data"].as_array().unwrap().len(), 2, "{observed}");
        let next = observed["next"].as_str().unwrap();
        let rest = server.get(&format!("/api/people/linear:u2/observations?cursor={next}")).await.unwrap().json;
        assert_eq!((ids(&rest).len(), &rest["next"]), (1, &Value::Null));
        let listed = server.get("/api/observations?actor=other@acme.example").await.unwrap().json;
        assert_eq!(ids(&listed).len(), 3, "{listed}");
        let searched = json!({ "query": "checkout actor:\"Ada Lovelace\"" });
        let searched = server.post("/api/search", &searched).await.unwrap().json;
        assert_eq!((ids(&searched).len(), &searched["context"]["actors"][0]["id"]), (3, &json!("github:7")));

        let split = server.post("/api/people/github:7/split", &json!({ "actors": ["linear:u2"] })).await.unwrap();
        assert_eq!(split.json["people"], json!(["github:7", "linear:u2"]), "{}", split.json);
        assert_eq!(server.get("/api/people/suggestions").await.unwrap().json["data"], json!([]), "it was said");
        let trail = server.get("/api/activity?action=person").await.unwrap().json;
        let actions: Vec<&str> =
            trail["data"].as_array().unwrap().iter().map(|one| one["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["person.split", "person.merged"]);
        assert_eq!(trail["data"][1]["metadata"]["actors"], json!(["linear:u2"]));

        let member = server.get("/api/members").await.unwrap().json["data"][0]["id"].as_str().unwrap().to_owned();
        let own = json!({ "people": [format!("member:{member}")] });
        assert_eq!(server.post("/api/people/github:7/merge", &own).await.unwrap().status, 200);
        let with_member = actors(&server, "github:7").await;
        assert_eq!(with_member, ["github:7", "linear:u1", &format!("member:{member}")]);

        // One account alone: the others of its person stay, also when it was the first of them.
        let named = json!({ "actors": ["github:7"] });
        let moved = server.post("/api/people/linear:u2/merge", &named).await.unwrap();
        assert_eq!((moved.status, &moved.json["people"]), (200, &json!(["linear:u2"])), "{}", moved.json);
        assert_eq!(actors(&server, "linear:u2").await, ["github:7", "linear:u2"]);
        assert_eq!(actors(&server, "linear:u1").await, ["linear:u1", &format!("member:{member}")]);
        let trail = server.get("/api/activity?action=person.merged").await.unwrap().json;
        assert_eq!(trail["data"][0]["metadata"], json!({ "actors": ["github:7"], "alone": true }));
        let ada = json!({ "id": "u1", "name": "Ada Lovelace", "email": "Ada@acme.example" });
        deliver(&server, "linear", "Issue", "l-3", &issue(&ada, "2026-10-08T11:00:00Z")).await;
        server.until_settled().await;
        assert_eq!(actors(&server, "linear:u2").await, ["github:7", "linear:u2"], "an equal address does not undo it");
        let back = server.post("/api/people/linear:u1/merge", &named).await.unwrap();
        assert_eq!(back.status, 200, "{}", back.json);
        assert_eq!(actors(&server, "linear:u1").await, ["github:7", "linear:u1", &format!("member:{member}")]);
        assert_eq!(actors(&server, "linear:u2").await, ["linear:u2"]);

        for (path, body, status) in [
            ("/api/people/github:7/merge", json!({}), 400),
            ("/api/people/github:7/merge", json!({ "actors": ["github:99"] }), 404),
            ("/api/people/github:7/merge", json!({ "actors": vec!["linear:u2"; 51] }), 400),
            ("/api/people/github:7/merge", json!({ "people": [] }), 400),
            ("/api/people/github:7/merge", json!({ "people": vec!["linear:u2"; 51] }), 400),
            ("/api/people/github:7/merge", json!({ "people": ["member:per_nobody"] }), 404),
            ("/api/people/github:7/merge", json!({ "others": ["linear:u2"] }), 422),
            ("/api/people/github:9/merge", json!({ "people": ["linear:u2"] }), 404),
            ("/api/people/linear:u2/split", json!({ "actors": ["linear:u2"] }), 400),
            ("/api/people/github:7/split", json!({ "actors": ["linear:u2"] }), 400),
            ("/api/people/apart", json!({ "people": ["github:7"] }), 400),
            ("/api/people/apart", json!({ "people": ["github:7", "linear:u1"] }), 400),
        ] {
            let refused = server.post(path, &body).await.unwrap();
            assert_eq!(refused.status, status, "{path} {body}: {}", refused.json);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entity_is_read_with_what_stands_beside_it() {
    on_each_server(&[], async |server| {
        tell_story(&server).await;
        let most = server.get("/api/entities?order=most").await.unwrap().json;
        let keys: Vec<&str> = most["data"].as_array().unwrap().iter().map(|one| one["key"].as_str().unwrap()).collect();
        assert!(keys.contains(&"eng-42") && keys.contains(&"payment_timeout"), "{keys:?}");
        let found = server.get("/api/entities/project/ENG-42").await.unwrap().json;
        assert_eq!(found["occurrences"], 3, "{found}");
        assert_eq!(found["states"]["data"][0]["value"], "Todo", "{found}");
        let related = found["related"].as_array().unwrap();
        assert!(related.iter().any(|one| one["key"] == "payment_timeout" && one["count"] == 3), "{found}");
        let observed = server.get("/api/entities/reference/branch:fix-checkout/observations").await.unwrap().json;
        assert_eq!(ids(&observed).len(), 1, "{observed}");
        let prefixed = server.get("/api/entities?prefix=PAY&category=config").await.unwrap().json;
        assert_eq!(prefixed["data"].as_array().unwrap().len(), 1, "{prefixed}");
        for (path, status) in [
            ("/api/entities/project/ENG-43", 404),
            ("/api/entities/people/x", 400),
            ("/api/entities?order=oldest", 400),
            ("/api/entities?order=most&prefix=a", 400),
            ("/api/entities?cursor=x", 400),
        ] {
            assert_eq!(server.get(path).await.unwrap().status, status, "{path}");
        }
    })
    .await;
}

async fn ask(server: &Server, key: &str, method: &'static str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    server.ask(method, path, &headers, body.to_string().into_bytes()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn strangers_see_and_change_nobody() {
    on_each_server(&[], async |server| {
        tell_story(&server).await;
        let (theirs, _) = other_organisation(&server).await;
        let own = server.get("/api/people").await.unwrap().json["data"][0].clone();
        assert_eq!(own["id"], "linear:u2");
        let nothing = json!({});
        for path in ["/api/people", "/api/people/suggestions", "/api/entities"] {
            assert_eq!(ask(&server, &theirs, "GET", path, &nothing).await.json["data"], json!([]), "{path}");
        }
        for (method, path, body) in [
            ("GET", "/api/people/github:7", json!({})),
            ("GET", "/api/people/github:7/observations", json!({})),
            ("GET", "/api/entities/project/ENG-42", json!({})),
            ("GET", "/api/entities/project/ENG-42/observations", json!({})),
            ("POST", "/api/people/github:7/merge", json!({ "people": ["linear:u2"] })),
            ("POST", "/api/people/apart", json!({ "people": ["github:7", "linear:u2"] })),
        ] {
            let refused = ask(&server, &theirs, method, path, &body).await;
            assert_eq!(refused.status, 404, "{method} {path}: {}", refused.json);
        }
        let split =
            ask(&server, &theirs, "POST", "/api/people/github:7/split", &json!({ "actors": ["linear:u1"] })).await;
        assert_eq!(split.status, 400, "{}", split.json);
        assert_eq!(actors(&server, "github:7").await, ["github:7", "linear:u1"]);
    })
    .await;
}
