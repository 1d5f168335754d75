//! States: what held when, whatever the order in which events come, and only in their own workspace.

use std::time::Duration;

use campanile_accounts::WorkspaceId;
use campanile_base::Timestamp;
use campanile_base::source_event::{EventActor, Reference, ReferenceKind, SourceEvent};
use campanile_db::testing::on_each_database;
use campanile_db::{Db, params};
use campanile_memory::retention;
use campanile_memory::states::{States, StatesOf, states};
use serde_json::{Map, Value, json};

use crate::search::{clock, migrations, node, store, tenant};

fn event(provider: &str, kind: &str, at: i64, references: Vec<Reference>, metadata: &Value) -> SourceEvent {
    SourceEvent {
        provider: provider.into(),
        event_type: kind.into(),
        source_id: format!("{provider}:{kind}:{at}"),
        title: "A title".into(),
        body: String::new(),
        actor: Some(EventActor { id: "7".into(), name: "ada".into(), email: None, avatar_url: None }),
        occurred_at: Timestamp::from_seconds(at),
        repository: None,
        references,
        metadata: metadata.as_object().cloned().unwrap_or_else(Map::new),
    }
}

fn linear(at: i64, state: &str, assignee: Option<&str>) -> SourceEvent {
    let metadata = json!({ "state": state, "assignee": assignee, "priorityLabel": "High" });
    event("linear", "issue.updated", at, vec![Reference::issue_key("ENG-42").subject()], &metadata)
}

async fn asked(db: &Db, workspace: &WorkspaceId, of: StatesOf, at: Option<i64>) -> States {
    let (workspace, at) = (workspace.clone(), at.map(Timestamp::from_seconds));
    db.read(move |tx| Box::pin(async move { states(tx, &workspace, of, None, at).await })).await.unwrap()
}

fn named(name: &str) -> StatesOf {
    StatesOf::Named(vec![name.to_owned()])
}

fn values(states: &States, kind: &str) -> Vec<Option<String>> {
    states.data.iter().filter(|view| view.state == kind).map(|view| view.value.clone()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn late_events_take_their_place_and_workspaces_are_apart() {
    on_each_database(migrations(), async |db| {
        let (clock, ours, theirs) = (clock(), tenant("one"), tenant("two"));
        let memory = node(&db, &clock);
        store(&memory, &db, &ours, linear(300, "Done", Some("ben"))).await;
        store(&memory, &db, &ours, linear(100, "Todo", None)).await;
        let middle = store(&memory, &db, &ours, linear(200, "In Progress", Some("ada"))).await;
        store(&memory, &db, &theirs, linear(400, "Canceled", None)).await;

        let all = asked(&db, &ours.workspace, named("eng-42"), None).await;
        let some = |value: &str| Some(value.to_owned());
        assert_eq!(values(&all, "status"), [some("Done"), some("In Progress"), some("Todo")]);
        assert_eq!(values(&all, "assignee"), [some("ben"), some("ada"), None]);
        assert_eq!(values(&all, "priority"), [some("High")], "it was told three times and changed never");
        let then = asked(&db, &ours.workspace, named("ENG-42"), Some(250)).await;
        assert_eq!(
            (values(&then, "status"), values(&then, "assignee")),
            (vec![some("In Progress")], vec![some("ada")])
        );
        let view = then.data.iter().find(|view| view.state == "status").unwrap();
        assert_eq!((&view.observation_id, view.previous.as_deref(), view.is_current), (&middle, Some("Todo"), false));
        assert_eq!(view.changed_by.as_ref().map(|by| by.name.as_str()), Some("ada"));
        assert!(asked(&db, &ours.workspace, named("ENG-42"), Some(99)).await.data.is_empty());
        assert!(asked(&db, &ours.workspace, named("ENG-43"), None).await.data.is_empty());
        let of_middle = asked(&db, &ours.workspace, StatesOf::Observation(middle.clone()), None).await;
        assert_eq!(of_middle.data, all.data);
        let stranger = asked(&db, &theirs.workspace, StatesOf::Observation(middle), None).await;
        assert!(stranger.data.is_empty(), "it is another workspace's");
        assert_eq!(values(&asked(&db, &theirs.workspace, named("ENG-42"), None).await, "status"), [some("Canceled")]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_provider_tells_its_states() {
    on_each_database(migrations(), async |db| {
        let (clock, ours) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let issue = || vec![Reference::numbered(ReferenceKind::Issue, "acme/shop", 12).subject()];
        let pr = || vec![Reference::numbered(ReferenceKind::Pr, "acme/shop", 13).subject()];
        let project = || vec![Reference::new(ReferenceKind::Project, "Checkout")];
        let sender = json!({ "senderLogin": "bob", "senderId": 9, "state": "open", "draft": true });
        let vercel = json!({ "deploymentId": "dpl_1", "projectName": "shop", "environment": "production" });
        let mut assigned = pr();
        assigned.extend(["zoe", "ada"].map(|name| Reference::new(ReferenceKind::Assignee, name)));
        for told in [
            event("github", "issues.opened", 1, issue(), &sender),
            event("github", "issues.closed", 2, issue(), &sender),
            event("github", "pull_request.opened", 1, pr(), &sender),
            event("github", "pull_request.labeled", 2, assigned, &sender),
            event("github", "pull_request.merged", 3, pr(), &sender),
            event("vercel", "deployment.created", 1, vec![], &vercel),
            event("vercel", "deployment.error", 2, vec![], &vercel),
            event("linear", "project_update.created", 1, project(), &json!({ "health": "atRisk", "projectId": "p1" })),
            event("linear", "project.updated", 2, project(), &json!({ "status": "Started", "projectId": "p1" })),
            event(
                "sentry",
                "issue.resolved",
                1,
                vec![Reference::issue_key("SHOP-1").subject()],
                &json!({ "status": "resolved" }),
            ),
            event("github", "push", 9, vec![], &json!({})),
        ] {
            store(&memory, &db, &ours, told).await;
        }
        let now = async |name: &str, kind: &str| {
            let states = asked(&db, &ours.workspace, named(name), None).await;
            let view = states.data.into_iter().find(|view| view.state == kind && view.is_current);
            view.map(|view| (view.value.unwrap_or_default(), view.changed_by.map(|by| by.name).unwrap_or_default()))
        };
        let said = |value: &str, by: &str| Some((value.to_owned(), by.to_owned()));
        assert_eq!(now("acme/shop#12", "status").await, said("closed", "bob"), "by who closed it, not by its author");
        assert_eq!(now("#12", "status").await, said("closed", "bob"));
        assert_eq!(now("acme/shop#13", "status").await, said("merged", "bob"));
        let history = asked(&db, &ours.workspace, named("acme/shop#13"), None).await;
        assert_eq!(values(&history, "status"), [Some("merged".to_owned()), Some("draft".to_owned())]);
        assert_eq!(values(&history, "assignee"), [None, Some("ada, zoe".to_owned()), None]);
        assert_eq!(now("dpl_1", "status").await, said("failed", "ada"));
        assert_eq!(now("shop", "status").await, said("failed", "ada"));
        assert_eq!(now("checkout", "health").await, said("atRisk", "ada"));
        assert_eq!(now("Checkout", "status").await, said("Started", "ada"));
        assert_eq!(now("SHOP-1", "status").await, said("resolved", "ada"));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn states_go_with_their_observations() {
    on_each_database(migrations(), async |db| {
        let (clock, ours) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        store(&memory, &db, &ours, linear(100, "Todo\u{0}\n", Some("\u{1}ada"))).await;
        let told = asked(&db, &ours.workspace, named("ENG-42"), None).await;
        assert_eq!(values(&told, "status"), [Some("Todo".to_owned())], "without control characters");
        let day = Duration::from_secs(86_400);
        retention::tidy(&memory, clock.now().plus(day * 10), Some(day)).await.unwrap();
        let left = db.read(|tx| {
            Box::pin(
                async move { tx.one("SELECT COUNT(*) FROM temporal_state", params![], |row| row.get::<i64>(0)).await },
            )
        });
        assert_eq!(left.await.unwrap(), 0);
    })
    .await;
}
