//! Documents through the API: added, found, changed, announced and removed; whole or absent through
//! kills; and closed to others.

use std::time::Duration;

use campanile_db::testing::TestDatabase;
use campanile_testkit::receiver::Receiver;
use campanile_testkit::server::{Answer, SECRET_KEY, Server};
use serde_json::{Value, json};

use crate::rounds::rounds;
use crate::strangers::other_organisation;
use crate::{BINARY, on_each_server};

async fn send(server: &Server, key: &str, method: &'static str, path: &str, body: &Value) -> Answer {
    let bearer = format!("Bearer {key}");
    let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
    server.ask(method, path, &headers, body.to_string().into_bytes()).await.unwrap()
}

async fn add(server: &Server, documents: Value) -> Vec<Value> {
    let added = server.post("/api/documents", &json!({ "documents": documents })).await.unwrap();
    assert_eq!(added.status, 200, "{}", added.json);
    added.json["data"].as_array().unwrap().clone()
}

async fn find(server: &Server, query: &str) -> Vec<Value> {
    let found = server.post("/api/search", &json!({ "query": query, "collapse": false })).await.unwrap();
    assert_eq!(found.status, 200, "{}", found.json);
    found.json["data"].as_array().unwrap().clone()
}

fn section(number: usize) -> String {
    let letters: String =
        number.to_string().bytes().map(|b| char::from(b"bcdfghjklm"[usize::from(b - b'0')])).collect();
    format!("## Section {number}\n\nThis is about zq{letters}. {}\n\n", "Some words more. ".repeat(12))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_added_found_changed_and_removed() {
    on_each_server(&[], async |server| {
        let mut receiver = Receiver::start().await;
        server.add_endpoint(&receiver.url()).await;
        let text = format!("---\ntags: [ops]\n---\n# Deploy\n\n## Rollback\n\nRun undo. {}", "It goes back. ".repeat(10));
        let documents = json!([
            { "path": "docs/ops/deploy.md", "content": text, "url": "https://docs.example.com/deploy" },
            { "path": "docs/empty.md", "content": " " },
            { "externalId": "page-7", "path": "wiki/seven", "format": "html", "content": "<h1>Seven</h1><p>The gateway.</p>" },
        ]);
        let added = add(&server, documents.clone()).await;
        assert_eq!((&added[0]["change"], &added[0]["added"]), (&json!("created"), &json!(1)), "{added:?}");
        assert_eq!((&added[1]["error"]["code"], &added[1]["document"]), (&json!("VALIDATION_ERROR"), &Value::Null));
        let id = added[0]["document"]["id"].as_str().unwrap().to_owned();

        let hit = find(&server, "undo rollback").await.remove(0);
        assert_eq!((&hit["kind"], &hit["title"], &hit["headings"]), (&json!("chunk"), &json!("Deploy"), &json!(["Rollback"])));
        assert_eq!((&hit["document"]["id"], &hit["url"]), (&json!(id), &json!("https://docs.example.com/deploy")));
        assert_eq!((&hit["significance"], &hit["source"]), (&Value::Null, &json!("api")));
        let only = json!({ "query": "gateway", "filters": { "kinds": ["chunk"], "documents": ["wiki"], "sources": ["api"] } });
        assert_eq!(server.post("/v1/search", &only).await.unwrap().json["data"].as_array().unwrap().len(), 1);
        for (query, number) in [
            ("gateway document:wiki", 1),
            ("gateway document:/wiki/seven", 1),
            ("gateway document:page-7", 1),
            ("gateway -document:wiki", 0),
            ("gateway document:docs", 0),
        ] {
            assert_eq!(find(&server, query).await.len(), number, "{query}");
        }
        let no_passage = format!("{id}#999999");
        let missing = server.post("/v1/contents", &json!({ "ids": [no_passage] })).await.unwrap().json;
        assert_eq!((&missing["data"], &missing["missing"]), (&json!([]), &json!([no_passage])), "no passage of it");
        let contents = server.post("/v1/contents", &json!({ "ids": [hit["id"], "doc_gone"] })).await.unwrap().json;
        assert!(contents["data"][0]["text"].as_str().unwrap().contains("Run undo."));
        assert_eq!(contents["data"][0]["chunks"][0]["headings"], json!(["Rollback"]));
        assert_eq!(contents["missing"], json!(["doc_gone"]));

        let told = tokio::time::timeout(Duration::from_secs(20), receiver.requests.recv()).await.unwrap().unwrap();
        let envelope: Value = serde_json::from_slice(&told.body).unwrap();
        assert_eq!((&envelope["type"], &envelope["data"]["path"]), (&json!("document.processed"), &json!("docs/ops/deploy.md")));
        let kind = server.get("/api/v1/event-type/document.processed").await.unwrap().json;
        let example = kind["schemas"]["1"]["examples"][0]["data"].as_object().unwrap().clone();
        assert!(example.keys().eq(envelope["data"].as_object().unwrap().keys()), "{example:?} {envelope}");

        let below = add(&server, json!([{ "path": "below.md", "content": "Below.", "parent": "page-7" }])).await;
        for parent in ["page-7", below[0]["document"]["parentId"].as_str().unwrap()] {
            let listed = server.all(&format!("/api/documents?parent={parent}")).await;
            assert_eq!((listed.len(), &listed[0]["path"]), (1, &json!("below.md")), "{parent}");
        }
        assert!(server.all("/api/documents?parent=nobody").await.is_empty());

        let again = add(&server, documents).await;
        assert_eq!((&again[0]["change"], &again[2]["change"]), (&json!("unchanged"), &json!("unchanged")));
        let listed = server.all("/api/documents?path=docs").await;
        assert_eq!((listed.len(), &listed[0]["tags"], &listed[0]["passages"]), (1, &json!(["ops"]), &json!(1)));
        assert_eq!(server.all("/api/documents?title=sev&source=api").await.len(), 1);

        // By its external id, which stands in the path.
        let put = send(&server, SECRET_KEY, "PUT", "/api/documents/docs%2Fops%2Fdeploy.md", &json!({ "content": "# Deploy\n\nThe zeppelin." })).await;
        assert_eq!((put.status, &put.json["change"], &put.json["document"]["id"]), (200, &json!("updated"), &json!(id)));
        assert!(find(&server, "undo").await.is_empty());
        assert_eq!(find(&server, "zeppelin").await.len(), 1);
        let new = send(&server, SECRET_KEY, "PUT", "/api/documents/new.md", &json!({ "content": "New." })).await;
        assert_eq!((new.status, &new.json["document"]["path"]), (201, &json!("new.md")), "{}", new.json);
        let read = server.get(&format!("/api/documents/{id}")).await.unwrap().json;
        assert_eq!(read["text"], "# Deploy\n\nThe zeppelin.");

        let deleted = send(&server, SECRET_KEY, "DELETE", &format!("/api/documents/{id}"), &json!({})).await;
        assert_eq!(deleted.status, 204);
        assert!(find(&server, "zeppelin").await.is_empty());
        assert_eq!(server.get(&format!("/api/documents/{id}")).await.unwrap().status, 404);
        assert_eq!(send(&server, SECRET_KEY, "DELETE", &format!("/api/documents/{id}"), &json!({})).await.status, 404);

        let trail = server.all(&format!("/api/activity?subject={id}")).await;
        let actions: Vec<&str> = trail.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["document.deleted", "document.updated", "document.created"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_edit_of_one_section_of_a_thousand_keeps_the_other_rows() {
    on_each_server(&[], async |server| {
        let mut sections: Vec<String> = (0..1_000).map(section).collect();
        let id = add(&server, json!([{ "path": "long.md", "content": sections.concat() }])).await[0]["document"]["id"]
            .clone();
        let numbers = async || -> Vec<i64> {
            let read = server.get(&format!("/api/documents/{}", id.as_str().unwrap())).await.unwrap().json;
            read["chunks"].as_array().unwrap().iter().map(|chunk| chunk["no"].as_i64().unwrap()).collect()
        };
        let before = numbers().await;
        sections[400] = sections[400].replace("This is about", "The gateway knows of");
        let changed = add(&server, json!([{ "path": "long.md", "content": sections.concat() }])).await;
        assert_eq!((&changed[0]["added"], &changed[0]["removed"]), (&json!(1), &json!(1)));
        let after = numbers().await;
        assert_eq!((before.len(), after.len()), (1_000, 1_000));
        assert_eq!(before.iter().filter(|no| !after.contains(no)).count(), 1);
        let found = find(&server, "gateway").await;
        assert_eq!(found[0]["headings"], json!(["Section 400"]), "{found:?}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisation_cannot_read_find_replace_or_delete_a_document() {
    on_each_server(&[], async |mut server| {
        let id = add(&server, json!([{ "path": "docs/a.md", "content": "The secret gateway." }])).await[0]["document"]
            ["id"]
            .as_str()
            .unwrap()
            .to_owned();
        let (theirs, _) = other_organisation(&server).await;
        // A start makes the application from which they are told of their documents.
        server.restart().await;
        let path = format!("/api/documents/{id}");
        for (method, path) in
            [("GET", path.as_str()), ("PUT", &path), ("DELETE", &path), ("GET", "/api/documents/docs%2Fa.md")]
        {
            let refused = send(&server, &theirs, method, path, &json!({ "content": "Mine." })).await;
            assert_eq!(refused.status, 404, "{method} {path}: {}", refused.json);
        }
        // Nor does an id become the external id of a new document, in another workspace of the same organisation.
        let other = server.post("/api/workspaces", &json!({ "name": "Another" })).await.unwrap().json["id"].clone();
        let elsewhere = format!("{path}?workspace={}", other.as_str().unwrap());
        let refused = send(&server, SECRET_KEY, "PUT", &elsewhere, &json!({ "content": "Mine." })).await;
        assert_eq!(refused.status, 404, "{}", refused.json);
        let refused = send(&server, SECRET_KEY, "PUT", "/api/documents/doc_made0up", &json!({ "content": "x" })).await;
        assert_eq!(refused.status, 404, "{}", refused.json);
        let search = send(&server, &theirs, "POST", "/api/search", &json!({ "query": "gateway" })).await;
        assert_eq!((search.status, search.json["data"].as_array().map(Vec::len)), (200, Some(0)), "{}", search.json);
        let by_id = json!({ "query": "gateway", "filters": { "documents": [id] } });
        assert_eq!(send(&server, &theirs, "POST", "/api/search", &by_id).await.json["data"], json!([]));
        let contents = send(&server, &theirs, "POST", "/api/contents", &json!({ "ids": [id, "docs/a.md"] })).await;
        assert_eq!(contents.json["data"], json!([]), "{}", contents.json);
        assert_eq!(send(&server, &theirs, "GET", "/api/documents", &json!({})).await.json["data"], json!([]));
        let below = json!({ "documents": [{ "path": "x", "content": "x", "parent": id }] });
        let below = send(&server, &theirs, "POST", "/api/documents", &below).await;
        assert_eq!(below.json["data"][0]["error"]["code"], "VALIDATION_ERROR", "{}", below.json);
        // The same external id is another document of theirs.
        let own = json!({ "documents": [{ "path": "docs/a.md", "content": "Mine." }] });
        let own = send(&server, &theirs, "POST", "/api/documents", &own).await;
        assert_eq!(own.json["data"][0]["change"], "created", "{}", own.json);
        assert_eq!(server.get(&path).await.unwrap().json["text"], "The secret gateway.");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_deleted_document_is_not_found_by_the_next_search_on_another_node() {
    let server = Server::start(BINARY, TestDatabase::postgres().await, &[]).await;
    let other = server.beside().await;
    for round in 0..5 {
        let content = format!("# Notes\n\n{}", section(round));
        let id = add(&server, json!([{ "path": "notes.md", "content": content }])).await[0]["document"]["id"].clone();
        assert_eq!(find(&other, "more words").await.len(), 1);
        let deleted =
            send(&server, SECRET_KEY, "DELETE", &format!("/api/documents/{}", id.as_str().unwrap()), &json!({})).await;
        assert_eq!(deleted.status, 204);
        assert!(find(&other, "more words").await.is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn hostile_documents_are_refused_or_split_and_the_server_goes_on() {
    on_each_server(&[], async |server| {
        const MIB_2: usize = 2 << 20;
        let headings: String = (0..5_000).map(|n| format!("# Heading {n}\n")).collect();
        let many: String = (0..250_000).map(|n| format!("{n}.")).collect();
        let long_line: String = (0..300_000).map(|n| format!("word{} ", n % 50)).take(300_000).collect();
        for (name, content, is_taken) in [
            ("marks", "#".repeat(MIB_2), true),
            ("quotes", "> ".repeat(MIB_2 / 2), true),
            ("lists", "- ".repeat(1_000_000) + "end", true),
            ("brackets", "[".repeat(500_000), true),
            ("headings", headings, true),
            ("one line", long_line, true),
            ("too many passages", many, false),
            ("too long", "a ".repeat(MIB_2 / 2 + 1), false),
            ("a NUL", "a\0b".to_owned(), false),
            ("nothing", "\n\n".to_owned(), false),
        ] {
            let added = add(&server, json!([{ "path": format!("{name}.md"), "content": content }])).await;
            let error = &added[0]["error"]["message"];
            assert_eq!(error.is_null(), is_taken, "{name}: {error}");
        }
        let not_text = [&b"{\"documents\":[{\"path\":\"a\",\"content\":\""[..], &[0xff, 0xfe], b"\"}]}"].concat();
        let bearer = format!("Bearer {SECRET_KEY}");
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        assert_eq!(server.ask("POST", "/api/documents", &headers, not_text).await.unwrap().status, 400);
        let huge = vec![b' '; (8 << 20) + 1];
        assert_eq!(server.ask("POST", "/api/documents", &headers, huge).await.unwrap().status, 413);
        let none = server.post("/api/documents", &json!({ "documents": [] })).await.unwrap();
        assert_eq!((none.status, &none.json["code"]), (400, &json!("VALIDATION_ERROR")));
        let one = json!({ "path": "a", "content": "a" });
        let many = server.post("/api/documents", &json!({ "documents": vec![one; 101] })).await.unwrap();
        assert_eq!(many.status, 400);
        assert!(!find(&server, "heading 4999").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn through_kills_every_document_of_a_batch_is_whole_or_absent() {
    const PASSAGES: usize = 30;
    on_each_server(&[("CAMPANILE_LOG", "off"), ("CAMPANILE_ENGINE_LEASE", "1s")], async |mut server| {
        for round in 0..rounds().min(4) {
            let text: String = (0..PASSAGES).map(section).collect();
            let one = |n: usize| json!({ "path": format!("r{round}/d{n}.md"), "content": text });
            let batch = json!({ "documents": (0..60).map(one).collect::<Vec<_>>() });
            let api = server.api();
            let sent = tokio::spawn(async move { api.post("/api/documents", &batch).await.is_ok() });
            tokio::time::sleep(Duration::from_millis(40 + 60 * round as u64)).await;
            server.restart().await;
            let was_answered = sent.await.unwrap();
            let stored = server.all(&format!("/api/documents?path=r{round}")).await;
            assert!(!was_answered || stored.len() == 60, "{} documents", stored.len());
            println!("round {round}: {} of 60 documents", stored.len());
            for document in &stored {
                let id = document["id"].as_str().unwrap();
                let read = server.get(&format!("/api/documents/{id}")).await.unwrap().json;
                assert_eq!(read["chunks"].as_array().unwrap().len(), PASSAGES, "{document}");
                let asked =
                    json!({ "query": "words", "limit": 100, "collapse": false, "filters": { "documents": [id] } });
                let found = server.post("/api/search", &asked).await.unwrap();
                assert_eq!(found.json["meta"]["total"], PASSAGES, "{document}");
            }
            let all = json!({ "query": "words", "filters": { "documents": [format!("r{round}")] } });
            let total = server.post("/api/search", &all).await.unwrap().json["meta"]["total"].clone();
            assert_eq!(total, stored.len() * PASSAGES);
        }
    })
    .await;
}
