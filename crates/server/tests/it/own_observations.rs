//! Observations that people and programs tell themselves.

use campanile_testkit::server::{OWNER, Server};
use serde_json::{Value, json};

use crate::on_each_server;
use crate::strangers::other_organisation;

const JSON: (&str, &str) = ("content-type", "application/json");

async fn tell(server: &Server, observation: &Value, status: u16) -> Value {
    let answer = server.post("/api/observations", observation).await.unwrap();
    assert_eq!(answer.status, status, "{}", answer.json);
    answer.json
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_told_by_the_api_is_searched_tied_and_announced_once() {
    on_each_server(&[], async |server| {
        let issue = json!({ "type": "issue", "id": "ENG-7", "is_subject": true });
        let told = json!({
            "id": "outage-1", "type": "incident.opened", "title": "Payments are down", "body": "The gateway answers 502.",
            "actor": { "id": "7", "name": "Ada" }, "references": [issue], "url": "https://status.example/1",
        });
        let first = tell(&server, &told, 201).await;
        assert_eq!(
            (&first["provider"], &first["type"], &first["url"], &first["actor"]["actor_id"]),
            (&json!("api"), &json!("incident.opened"), &json!("https://status.example/1"), &json!("api:7"))
        );
        let again = tell(&server, &json!({ "id": "outage-1", "title": "Told twice" }), 200).await;
        assert_eq!((&again["id"], &again["title"]), (&first["id"], &json!("Payments are down")));

        let decided = json!({ "title": "We change the gateway", "references": [{ "type": "issue", "id": "eng-7" }] });
        let decided = tell(&server, &decided, 201).await;
        let edges = server.get(&format!("/api/observations/{}/edges", decided["id"].as_str().unwrap())).await.unwrap();
        assert_eq!(edges.json["data"][0]["observation"]["id"], first["id"], "{}", edges.json);

        let found = server.post("/api/search", &json!({ "query": "gateway source:api", "mode": "fast" })).await.unwrap();
        assert_eq!(found.json["data"].as_array().unwrap().len(), 2, "{}", found.json);
        assert_eq!(server.all("/api/observations?source=api").await.len(), 2);
        let trail = server.all("/api/activity").await;
        let told = trail.iter().filter(|line| line["action"] == "observation.created").count();
        assert_eq!(told, 2, "each is in the trail once: {trail:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn bad_observations_are_refused_and_leave_nothing() {
    on_each_server(&[], async |server| {
        for (field, input, status) in [
            ("title", json!({ "title": "" }), 400),
            ("occurred_at", json!({ "title": "x", "occurred_at": "soon" }), 400),
            ("url", json!({ "title": "x", "url": "javascript:alert(1)" }), 400),
            ("colour", json!({ "title": "x", "colour": "red" }), 422),
        ] {
            let refused = server.post("/api/observations", &input).await.unwrap();
            assert_eq!(refused.status, status, "{field}: {}", refused.json);
            assert!(refused.json.to_string().contains(field), "{field}: {}", refused.json);
        }
        let refused = server.post("/api/observations", &json!([{ "title": "x" }])).await.unwrap();
        assert!(matches!(refused.status, 400 | 422), "{}", refused.json);
        assert!(server.all("/api/observations").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_tells_by_hand_and_a_stranger_sees_nothing_of_it() {
    on_each_server(&[], async |server| {
        let body = json!({ "email": OWNER.0, "password": OWNER.1 }).to_string().into_bytes();
        let session = server.ask("POST", "/api/session", &[JSON], body).await.unwrap();
        let cookie = session.headers.iter().find(|(name, _)| name == "set-cookie").expect("they sign in");
        let cookie = ("cookie", cookie.1.split(';').next().unwrap());
        let note = json!({ "title": "We agreed on Postgres", "type": "decision.made" }).to_string().into_bytes();
        let told = server.ask("POST", "/api/observations", &[JSON, cookie], note).await.unwrap();
        assert_eq!(told.status, 201, "{}", told.json);
        assert_eq!((&told.json["provider"], &told.json["actor"]["email"]), (&json!("manual"), &json!(OWNER.0)));
        assert_eq!(server.all("/api/observations?source=manual").await.len(), 1);

        let (secret, _) = other_organisation(&server).await;
        let theirs = format!("Bearer {secret}");
        let path = format!("/api/observations/{}", told.json["id"].as_str().unwrap());
        let hidden = server.ask("GET", &path, &[("authorization", &theirs)], Vec::new()).await.unwrap();
        assert_eq!(hidden.status, 404, "{}", hidden.json);
    })
    .await;
}
