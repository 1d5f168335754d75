//! A document is found from its commit on, a change costs as much as it changes, and nothing stale
//! stays.

use std::collections::BTreeMap;

use campanile_accounts::{OrganisationId, WorkspaceId};
use campanile_base::{Clock, Cursor, Error, PageSize, Timestamp};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, Migrations, params};
use campanile_engine::Engine;
use campanile_memory::documents::{
    self, API_SOURCE, Change, DocumentChange, DocumentDetail, DocumentId, DocumentInput, Filter, MovedDocument,
    NewPlace, SourceName, prepare,
};
use campanile_memory::search::{SearchReply, SearchRequest, merge, search};
use campanile_memory::{EmbedderSettings, Memory, Settings};
use serde_json::{Value, json};

fn migrations() -> Vec<Migrations> {
    vec![campanile_engine::MIGRATIONS, campanile_accounts::MIGRATIONS, campanile_memory::MIGRATIONS]
}

/// A node with a workspace.
struct Node {
    db: Db,
    clock: Clock,
    memory: Memory,
    organisation: OrganisationId,
    workspace: WorkspaceId,
}

fn node(db: &Db) -> Node {
    let clock = Clock::manual(Timestamp::from_seconds(1_790_000_000));
    let (engine, _) = Engine::new(db.clone(), clock.clone());
    let settings = Settings { sealed_passages: 16, ..Settings::default() };
    let memory = Memory::new(db.clone(), clock.clone(), engine, settings, EmbedderSettings::Off).unwrap();
    let (organisation, workspace) = ("org_one".to_owned().into(), "ws_one".to_owned().into());
    Node { db: db.clone(), clock, memory, organisation, workspace }
}

fn at(path: &str, content: &str) -> DocumentInput {
    DocumentInput { path: Some(path.into()), content: content.into(), ..DocumentInput::default() }
}

impl Node {
    async fn put(&self, id: Option<&DocumentId>, input: DocumentInput) -> Result<DocumentChange, Error> {
        let prepared = prepare(input)?;
        let (memory, organisation, workspace) =
            (self.memory.clone(), self.organisation.clone(), self.workspace.clone());
        let id = id.cloned();
        let put = self.db.write(move |tx| {
            Box::pin(async move {
                let tenant = (&organisation, &workspace);
                documents::put(tx, &memory, tenant, &SourceName::api(), id.as_ref(), &prepared).await
            })
        });
        put.await
    }

    async fn relocate(&self, from: &'static str, to: &str) -> Option<MovedDocument> {
        let place = NewPlace { external_id: to.to_owned(), path: to.to_owned(), url: None };
        let (memory, workspace) = (self.memory.clone(), self.workspace.clone());
        let moved = self.db.write(move |tx| {
            Box::pin(async move { documents::relocate(tx, &memory, &workspace, API_SOURCE, from, place).await })
        });
        moved.await.unwrap()
    }

    async fn delete(&self, id: &DocumentId) -> bool {
        let (memory, organisation, workspace) =
            (self.memory.clone(), self.organisation.clone(), self.workspace.clone());
        let id = id.clone();
        let deleted = self.db.write(move |tx| {
            Box::pin(async move { documents::delete(tx, &memory, (&organisation, &workspace), &id).await })
        });
        deleted.await.unwrap().is_some()
    }

    async fn ask(&self, request: Value) -> SearchReply {
        let request: SearchRequest = serde_json::from_value(request).unwrap();
        search(&self.memory, &self.organisation, &self.workspace, request).await.unwrap()
    }

    /// The ids that a word finds.
    async fn find(&self, word: &str) -> Vec<String> {
        let reply = self.ask(json!({ "query": word, "limit": 100, "collapse": false })).await;
        reply.data.into_iter().map(|hit| hit.id).collect()
    }

    async fn detail(&self, named: &str) -> Option<DocumentDetail> {
        let (workspace, named) = (self.workspace.clone(), named.to_owned());
        let read = self.db.read(move |tx| Box::pin(async move { documents::detail(tx, &workspace, &named).await }));
        read.await.unwrap()
    }

    async fn listed(&self, filter: Filter) -> Vec<String> {
        let workspace = self.workspace.clone();
        let read = self.db.read(move |tx| {
            Box::pin(async move {
                let (from, size) = (Cursor::newest(), PageSize::new(None)?);
                documents::page(tx, &workspace, &filter, &from, size).await
            })
        });
        let page = read.await.unwrap();
        page.data.into_iter().map(|document| document.path).collect()
    }

    /// The number of each chunk of a document, by its text.
    async fn numbers(&self, id: &DocumentId) -> BTreeMap<String, i64> {
        let detail = self.detail(id.as_str()).await.unwrap();
        let letters: Vec<char> = detail.text.chars().collect();
        let text = |start: usize, end: usize| letters[start..end].iter().collect::<String>();
        detail.chunks.iter().map(|chunk| (text(chunk.start, chunk.end), chunk.no)).collect()
    }

    async fn rows(&self, table: &str) -> i64 {
        let sql: &'static str = match table {
            "passage" => "SELECT COUNT(*) FROM passage WHERE workspace_id = $1",
            "chunk" => "SELECT COUNT(*) FROM chunk WHERE workspace_id = $1",
            "document" => "SELECT COUNT(*) FROM document WHERE workspace_id = $1",
            _ => "SELECT COUNT(*) FROM document_text WHERE workspace_id = $1",
        };
        let workspace = self.workspace.to_string();
        self.db
            .read(move |tx| Box::pin(async move { tx.one(sql, params![&workspace], |row| row.get(0)).await }))
            .await
            .unwrap()
    }
}

/// A word without digits for each number: numbers would be found by their parts.
fn word(number: usize) -> String {
    let digits = number.to_string();
    let letters: String = digits.bytes().map(|digit| char::from(b"bcdfghjklm"[usize::from(digit - b'0')])).collect();
    format!("zq{letters}")
}

fn section(number: usize) -> String {
    format!("## Section {number}\n\nThis is about {}. {}\n\n", word(number), "Some words more. ".repeat(12))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_is_found_with_its_headings_until_it_is_deleted() {
    on_each_database(migrations(), async |db| {
        let (one, other) = (node(&db), node(&db));
        let content = format!("# Größe\n\n## Rollback\n\nRun `undo` — {}", "it takes the release back. ".repeat(6));
        let stored = one.put(None, at("docs/ops/deploy.md", &content)).await.unwrap();
        let id = stored.document.id.clone();
        assert_eq!((stored.change, stored.added, stored.document.title.as_str()), (Change::Created, 1, "Größe"));
        for node in [&one, &other] {
            let hit = node.ask(json!({ "query": "rollback release" })).await.data.remove(0);
            assert_eq!(hit.id, format!("{id}#0"));
            assert_eq!((hit.title.as_str(), hit.headings.as_slice()), ("Größe", ["Rollback".to_owned()].as_slice()));
            assert_eq!((hit.source.as_str(), hit.event_type.as_str()), ("api", "document.markdown"));
            assert_eq!(hit.document.unwrap().path, "docs/ops/deploy.md");
            assert!(hit.snippet.contains("takes the release back"));
        }
        let texts: Vec<String> = one.numbers(&id).await.into_keys().collect();
        assert!(texts[0].starts_with("Run `undo` — it"), "{texts:?}");
        for (filters, is_found) in [
            (json!({ "kinds": ["chunk"] }), true),
            (json!({ "kinds": ["observation"] }), false),
            (json!({ "documents": [id.as_str()] }), true),
            (json!({ "documents": ["docs/ops"] }), true),
            (json!({ "documents": ["docs/op"] }), false),
            (json!({ "documents": ["elsewhere", "docs/ops/deploy.md"] }), true),
            (json!({ "sources": ["api"], "types": ["document"] }), true),
            (json!({ "types": ["document.html"] }), false),
        ] {
            let reply = one.ask(json!({ "query": "release", "filters": filters })).await;
            assert_eq!(!reply.data.is_empty(), is_found, "{filters}");
        }
        assert!(one.delete(&id).await && !one.delete(&id).await);
        assert!(one.find("release").await.is_empty() && other.find("release").await.is_empty());
        for table in ["passage", "chunk", "document", "document_text"] {
            assert_eq!(one.rows(table).await, 0, "{table}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_keeps_the_rows_of_all_that_stays() {
    on_each_database(migrations(), async |db| {
        let (node, another) = (node(&db), node(&db));
        let mut sections: Vec<String> = (0..1_000).map(section).collect();
        let id = node.put(None, at("docs/long.md", &sections.concat())).await.unwrap().document.id;
        merge(&node.memory, &node.workspace).await.unwrap();
        assert_eq!(another.find(&word(999)).await.len(), 1);
        let before = node.numbers(&id).await;
        assert_eq!(before.len(), 1_000);

        sections[500] = sections[500].replace("This is about", "It tells of the gateway and of");
        let changed = node.put(None, at("docs/long.md", &sections.concat())).await.unwrap();
        assert_eq!((changed.change, changed.added, changed.removed), (Change::Updated, 1, 1));
        let after = node.numbers(&id).await;
        let same = after.iter().filter(|(text, no)| before.get(*text) == Some(no)).count();
        assert_eq!((after.len(), same), (1_000, 999));
        for node in [&node, &another] {
            assert_eq!(node.find("gateway").await.len(), 1);
        }

        let again = node.put(None, at("docs/long.md", &sections.concat())).await.unwrap();
        assert_eq!((again.change, again.added, again.removed), (Change::Unchanged, 0, 0));

        // It shrinks: nothing stale stays.
        sections.truncate(3);
        let shrunk = node.put(None, at("docs/long.md", &sections.concat())).await.unwrap();
        assert_eq!((shrunk.added, shrunk.removed), (0, 997));
        for node in [&node, &another] {
            assert!(node.find(&word(999)).await.is_empty() && node.find("gateway").await.is_empty());
            assert_eq!(node.find(&word(2)).await.len(), 1);
        }
        merge(&node.memory, &node.workspace).await.unwrap();
        assert!(node.find(&word(998)).await.is_empty());
        assert_eq!((node.rows("chunk").await, node.rows("passage").await), (3, 3));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_keeps_all_passages_and_the_filter_knows_the_new_place() {
    on_each_database(migrations(), async |db| {
        let node = node(&db);
        let content = format!("# Deploy\n\n{}{}", section(1), section(2));
        let id = node.put(None, at("docs/a.md", &content)).await.unwrap().document.id;
        let before = node.numbers(&id).await;
        let moved = node.put(Some(&id), at("guides/b.md", &content)).await.unwrap();
        assert_eq!((moved.change, moved.added, moved.removed), (Change::Updated, 0, 0));
        assert_eq!((moved.document.id.clone(), node.numbers(&id).await), (id.clone(), before));
        let find = async |place: &str| {
            let reply = node.ask(json!({ "query": word(1), "filters": { "documents": [place] } })).await;
            reply.data.len()
        };
        assert_eq!((find("guides").await, find("docs").await), (1, 0));
        assert_eq!(node.detail("guides/b.md").await.unwrap().document.id, id, "by its external id");
        assert!(node.detail("docs/a.md").await.is_none());

        node.put(None, at("docs/c.md", "Another one.")).await.unwrap();
        let taken = node.put(Some(&id), at("docs/c.md", &content)).await;
        assert!(matches!(taken, Err(Error::Conflict(_))));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_without_content_keeps_all_passages_and_says_whether_content_is_needed() {
    on_each_database(migrations(), async |db| {
        let node = node(&db);
        let titled = format!("# Deploy\n\n{}{}", section(1), section(2));
        let id = node.put(None, at("docs/a.md", &titled)).await.unwrap().document.id;
        let before = node.numbers(&id).await;
        let moved = node.relocate("docs/a.md", "guides/b.md").await.unwrap();
        assert_eq!(
            (moved.document.id.clone(), moved.needs_content, node.numbers(&id).await),
            (id.clone(), false, before)
        );
        assert_eq!((moved.document.path.as_str(), moved.document.slug.as_str()), ("guides/b.md", "guides/b"));
        let reply = node.ask(json!({ "query": word(1), "filters": { "documents": ["guides"] } })).await;
        assert_eq!(reply.data.len(), 1);
        let same =
            node.put(None, DocumentInput { url: moved.document.url.clone(), ..at("guides/b.md", &titled) }).await;
        assert_eq!(same.unwrap().change, Change::Unchanged, "its content need not be sent");

        // A title that is the name of the file is another then, and so is the markup of another ending.
        node.put(None, at("docs/how-to.md", "No heading.")).await.unwrap();
        assert!(node.relocate("docs/how-to.md", "docs/why.md").await.unwrap().needs_content);
        assert!(node.relocate("guides/b.md", "guides/b.txt").await.unwrap().needs_content);

        assert!(node.relocate("docs/none.md", "docs/x.md").await.is_none());
        assert!(node.relocate("guides/b.txt", "docs/why.md").await.is_none(), "another document is there");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn documents_stand_below_others_and_are_listed_by_place_and_title() {
    on_each_database(migrations(), async |db| {
        let node = node(&db);
        let at_time = async |path: &str, content: &str, parent: Option<&str>| {
            node.clock.advance(std::time::Duration::from_secs(60));
            let input = DocumentInput { parent: parent.map(str::to_owned), ..at(path, content) };
            node.put(None, input).await
        };
        let above = at_time("ops", "# Operations\n\nAll of it.", None).await.unwrap().document.id;
        let below = at_time("ops/deploy.md", "# Deploy\n\nText.", Some("ops")).await.unwrap().document;
        at_time("opsx/other.md", "# 100% ÖTHER\n\nText.", None).await.unwrap();
        assert_eq!(below.parent_id, Some(above.clone()));
        let by = |filter: Filter| node.listed(filter);
        assert_eq!(by(Filter::default()).await, ["opsx/other.md", "ops/deploy.md", "ops"]);
        assert_eq!(by(Filter { path: Some("ops/".into()), ..Filter::default() }).await, ["ops/deploy.md", "ops"]);
        assert_eq!(by(Filter { title: Some("DEPL".into()), ..Filter::default() }).await, ["ops/deploy.md"]);
        assert_eq!(by(Filter { title: Some("0%".into()), ..Filter::default() }).await, ["opsx/other.md"]);
        assert_eq!(by(Filter { title: Some("öTHER".into()), ..Filter::default() }).await.len(), 0);
        assert_eq!(by(Filter { title: Some("Öther".into()), ..Filter::default() }).await, ["opsx/other.md"]);
        assert_eq!(by(Filter { parent: Some(above.clone()), ..Filter::default() }).await, ["ops/deploy.md"]);
        let wrong = at_time("x", "text", Some("nowhere")).await;
        assert!(matches!(wrong, Err(Error::InvalidField { field: "parent", .. })));
        let circle = at_time("ops", "# Operations\n\nAll of it.", Some("ops/deploy.md")).await;
        assert!(matches!(circle, Err(Error::InvalidField { field: "parent", .. })));
        assert!(node.delete(&above).await);
        assert_eq!(node.detail(below.id.as_str()).await.unwrap().document.parent_id, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collapsed_answer_has_two_passages_of_a_document() {
    on_each_database(migrations(), async |db| {
        let node = node(&db);
        let sections: String = (0..6).map(|n| section(n).replace("Some", "Gateway")).collect();
        node.put(None, at("a.md", &sections)).await.unwrap();
        node.put(None, at("b.md", "The gateway.")).await.unwrap();
        let asked = json!({ "query": "gateway" });
        assert_eq!(node.ask(asked).await.data.len(), 3);
        assert_eq!(node.ask(json!({ "query": "gateway", "collapse": false })).await.data.len(), 7);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn another_workspace_neither_finds_nor_changes_a_document() {
    on_each_database(migrations(), async |db| {
        let (ours, mut theirs) = (node(&db), node(&db));
        (theirs.organisation, theirs.workspace) = ("org_two".to_owned().into(), "ws_two".to_owned().into());
        let id = ours.put(None, at("docs/a.md", "The secret gateway.")).await.unwrap().document.id;
        assert!(theirs.find("gateway").await.is_empty() && theirs.detail(id.as_str()).await.is_none());
        assert!(theirs.detail("docs/a.md").await.is_none() && theirs.listed(Filter::default()).await.is_empty());
        let replaced = theirs.put(Some(&id), at("docs/a.md", "Mine.")).await;
        assert!(matches!(replaced, Err(Error::NotFound(_))));
        assert!(!theirs.delete(&id).await);
        let own = theirs.put(None, at("docs/a.md", "Mine.")).await.unwrap();
        assert_eq!(own.change, Change::Created);
        let by_id = json!({ "query": "gateway", "filters": { "documents": [id.as_str()] } });
        assert!(theirs.ask(by_id).await.data.is_empty());
        assert_eq!(ours.detail(id.as_str()).await.unwrap().text, "The secret gateway.");
        let below = DocumentInput { parent: Some(id.to_string()), ..at("x", "text") };
        assert!(matches!(theirs.put(None, below).await, Err(Error::InvalidField { field: "parent", .. })));
    })
    .await;
}
