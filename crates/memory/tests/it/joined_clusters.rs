//! Clusters whose stories turn out to be one are joined, once, and are found by their former ids.

use std::time::Duration;

use campanile_base::source_event::{Reference, ReferenceKind};
use campanile_base::{Clock, Cursor, PageSize};
use campanile_db::Db;
use campanile_db::testing::on_each_database;
use campanile_memory::clusters::{self, ClusterDetail, ClusterFilter, SummaryOutcome, assign, summarise};
use campanile_memory::retention;
use serde_json::json;

use crate::clusters::{happened, listed};
use crate::search::{Tenant, ask, clock, migrations, node, store, tenant};

const LONG: Duration = Duration::from_secs(60);

async fn detail(db: &Db, clock: &Clock, tenant: &Tenant, id: &str) -> Option<ClusterDetail> {
    let (workspace, now, id) = (tenant.workspace.clone(), clock.now(), id.to_owned());
    let read = db.read(move |tx| {
        Box::pin(async move {
            let all = (&Cursor::newest(), PageSize::new(Some(200)).unwrap());
            clusters::detail(tx, &workspace, &id, now, all).await
        })
    });
    read.await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fix_that_ties_two_clusters_makes_one_of_them() {
    on_each_database(migrations(), async |db| {
        let (clock, one, other) = (clock(), tenant("one"), tenant("two"));
        let memory = node(&db, &clock);
        let issue = |number| Reference::numbered(ReferenceKind::Issue, "acme/shop", number);
        let fixes = |number| issue(number).labelled("fixes");
        let told = |minute: i64, title: &str, actor: &str, references| happened(minute, title, "", actor, references);
        for tenant in [&one, &other] {
            let events = [
                told(0, "[Issue Opened] Checkout times out", "ada", vec![issue(1).subject()]),
                told(1, "[Push] Log the gateway's answers", "ada", vec![fixes(1)]),
                told(2, "[Issue Opened] Printed letters are small", "eve", vec![issue(2).subject()]),
                told(3, "[Push] Larger letters on paper", "eve", vec![fixes(2)]),
                told(4, "[Push] Larger letters on envelopes", "eve", vec![fixes(2)]),
                told(5, "[Push] Larger letters on stamps", "eve", vec![fixes(2)]),
                told(6, "[Push] Larger letters on cards", "eve", vec![fixes(2)]),
            ];
            for event in events {
                store(&memory, &db, tenant, event).await;
            }
            assign(&memory, &tenant.workspace, LONG).await.unwrap();
        }
        let of = async |tenant: &Tenant| listed(&db, &clock, tenant, ClusterFilter::default()).await;
        let (before, elsewhere) = (of(&one).await, of(&other).await);
        assert_eq!((before.len(), elsewhere.len()), (2, 2));
        let oldest = before.iter().min_by_key(|cluster| cluster.first_at).unwrap().id.clone();
        let vanishes = before.iter().max_by_key(|cluster| cluster.first_at).unwrap().id.clone();
        clock.advance(Duration::from_secs(601));
        let made = summarise(&memory, &one.organisation, &one.workspace, vanishes.as_str()).await.unwrap();
        assert_eq!(made, SummaryOutcome::Made);

        store(&memory, &db, &one, told(9, "[PR Opened] One cause of both", "ada", vec![fixes(1), fixes(2)])).await;
        assign(&memory, &one.workspace, LONG).await.unwrap();
        let after = of(&one).await;
        assert_eq!((after.len(), &after[0].id, after[0].observation_count), (1, &oldest, 8), "{after:?}");
        assert_eq!(after[0].actors.iter().map(|actor| actor.observations).collect::<Vec<_>>(), [5, 3]);
        assert_eq!(after[0].summary, None, "it told half of the story");
        for id in [&oldest, &vanishes] {
            let found = detail(&db, &clock, &one, id.as_str()).await.unwrap();
            assert_eq!((&found.cluster.id, found.observations.data.len()), (&oldest, 8));
        }
        assert!(detail(&db, &clock, &other, vanishes.as_str()).await.is_none(), "ids lead nobody else anywhere");
        assert_eq!(of(&other).await.len(), 2);
        let found = ask(&memory, &one, json!({ "query": "kind:summary" })).await;
        assert!(found.data.is_empty(), "{found:?}");

        clock.advance(Duration::from_secs(601));
        let made = summarise(&memory, &one.organisation, &one.workspace, oldest.as_str()).await.unwrap();
        assert_eq!(made, SummaryOutcome::Made, "at once, though the day is not over");
        assert_eq!(ask(&memory, &one, json!({ "query": "kind:summary" })).await.data.len(), 1);

        clock.advance(Duration::from_secs(86_400));
        retention::tidy(&memory, clock.now(), Some(Duration::from_secs(3_600))).await.unwrap();
        assert!(of(&one).await.is_empty());
        assert!(detail(&db, &clock, &one, vanishes.as_str()).await.is_none(), "it goes with the survivor");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_former_id_leads_to_the_last_survivor_in_one_hop() {
    on_each_database(migrations(), async |db| {
        let (clock, tenant) = (clock(), tenant("one"));
        let memory = node(&db, &clock);
        let issue = |number| Reference::numbered(ReferenceKind::Issue, "acme/shop", number);
        let fixes = |number| issue(number).labelled("fixes");
        let words = ["Anchors rust", "Baskets tear", "Candles melt"];
        for (number, title) in words.into_iter().enumerate() {
            let title = format!("[Issue Opened] {title}");
            let event = happened(number as i64, &title, "", title.as_str(), vec![issue(number as u64).subject()]);
            store(&memory, &db, &tenant, event).await;
        }
        assign(&memory, &tenant.workspace, LONG).await.unwrap();
        let ids: Vec<_> = listed(&db, &clock, &tenant, ClusterFilter::default())
            .await
            .into_iter()
            .map(|cluster| cluster.id)
            .collect();
        assert_eq!(ids.len(), 3);
        for (minute, pair) in [(10, [1, 2]), (20, [0, 1])] {
            let references = pair.map(fixes).to_vec();
            store(&memory, &db, &tenant, happened(minute, "[PR Opened] Repairs", "", "ada", references)).await;
            assign(&memory, &tenant.workspace, LONG).await.unwrap();
        }
        let left = listed(&db, &clock, &tenant, ClusterFilter::default()).await;
        assert_eq!((left.len(), left[0].observation_count), (1, 5));
        for id in &ids {
            assert_eq!(detail(&db, &clock, &tenant, id.as_str()).await.unwrap().cluster.id, left[0].id);
        }
    })
    .await;
}
