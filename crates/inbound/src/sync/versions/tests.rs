use campanile_base::Timestamp;
use campanile_db::testing::on_each_database;

use super::*;
use crate::sync::plan::{Coverage, ListedDocument, plan};
use crate::sync::syncs::queries as syncs;
use crate::sync::syncs::{DocumentSync, DocumentSyncId, SyncCause, SyncCounts, SyncMode, SyncStatus};

fn listed(rows: &[(&str, &str)]) -> Vec<ListedDocument> {
    let row = |(key, version): &(&str, &str)| ListedDocument { key: (*key).into(), version: (*version).into() };
    rows.iter().map(row).collect()
}

/// A source of an organisation.
struct Place {
    db: Db,
    organisation: OrganisationId,
    source: SourceId,
}

impl Place {
    async fn list(&self, rows: &[(&str, &str)]) -> Plan {
        let stored = stored(&self.db, &self.organisation, &self.source).await.unwrap();
        let plan = plan(&stored.versions, listed(rows), &Coverage::Complete);
        write_plan(&self.db, &self.organisation, &self.source, &plan).await.unwrap();
        plan
    }

    async fn next(&self, work: Work) -> Vec<String> {
        let (of, source) = (self.organisation.clone(), self.source.clone());
        let items = self.db.read(move |tx| Box::pin(async move { next(tx, &of, &source, work, 50).await })).await;
        items.unwrap().into_iter().map(|item| item.key).collect()
    }

    /// Notes that the content of a document was read, or that it is left out.
    async fn read(&self, key: &'static str, version: &'static str, skipped: Option<SkipReason>) {
        let (of, source) = (self.organisation.clone(), self.source.clone());
        let noted = self.db.write(move |tx| {
            Box::pin(async move { queries::set_read(tx, (&of, &source), key, version, skipped).await })
        });
        assert_eq!(noted.await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn work_is_written_down_and_what_is_given_up_is_found_again() {
    on_each_database(vec![crate::MIGRATIONS], async |db| {
        let place =
            Place { db: db.clone(), organisation: "org_one".to_owned().into(), source: "src_one".to_owned().into() };
        assert_eq!(place.list(&[("a", "1"), ("b", "2"), ("c", "3")]).await.fetch.len(), 3);
        place.read("a", "1", None).await;
        place.read("b", "2", Some(SkipReason::Binary)).await;
        let (of, source) = (place.organisation.clone(), place.source.clone());
        let given_up = db.write(move |tx| Box::pin(async move { queries::give_up(tx, (&of, &source), "c").await }));
        given_up.await.unwrap();
        assert!(place.next(Work::Fetch).await.is_empty());

        // What was not read is wanted again; what has moved, and what is gone, is told apart.
        let plan = place.list(&[("d", "1"), ("b", "2"), ("c", "3")]).await;
        let fetched: Vec<&str> = plan.fetch.iter().map(|document| document.key.as_str()).collect();
        assert_eq!((fetched, plan.unchanged), (vec!["c"], 1));
        assert_eq!((place.next(Work::Fetch).await, place.next(Work::Move).await), (vec!["c".into()], vec!["a".into()]));
        let (of, source) = (place.organisation.clone(), place.source.clone());
        let renamed = db.write(move |tx| {
            Box::pin(async move {
                let items = next(tx, &of, &source, Work::Move, 1).await?;
                queries::rename(tx, (&of, &source), &items[0], true).await?;
                Ok::<_, campanile_base::Error>(queries::some_documents(tx, (&of, &source), 50).await?)
            })
        });
        assert_eq!(renamed.await.unwrap(), ["d"]);
        assert_eq!(place.next(Work::Fetch).await, ["c", "d"], "the content of what has moved may be wanted too");

        // Another organisation's source of the same id has nothing of it.
        let stranger = Place { organisation: "org_two".to_owned().into(), ..place };
        assert!(stored(&stranger.db, &stranger.organisation, &stranger.source).await.unwrap().versions.is_empty());
        assert!(stranger.next(Work::Fetch).await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn old_syncs_that_have_ended_are_forgotten() {
    on_each_database(vec![crate::MIGRATIONS], async |db| {
        let at = Timestamp::from_seconds(1_800_000_000);
        let sync = |status: SyncStatus| DocumentSync {
            id: DocumentSyncId::new(at),
            organisation_id: "org_one".to_owned().into(),
            workspace_id: "ws_one".to_owned().into(),
            source_id: "src_one".to_owned().into(),
            mode: SyncMode::Full,
            cause: SyncCause::Person,
            requested_by: String::new(),
            run_id: None,
            status,
            reason: None,
            counts: SyncCounts::default(),
            skipped: SkipCounts::default(),
            created_at: at,
            started_at: None,
            finished_at: None,
        };
        let (ended, running) = (sync(SyncStatus::Queued), sync(SyncStatus::Queued));
        let forgotten = db.write(move |tx| {
            Box::pin(async move {
                syncs::insert(tx, &ended).await?;
                syncs::insert(tx, &running).await?;
                let of = (&ended.organisation_id, &ended.id);
                assert!(syncs::finish(tx, of, SyncStatus::Failed, Some("why"), at).await?);
                assert!(!syncs::finish(tx, of, SyncStatus::Completed, None, at).await?, "it has ended already");
                let later = Timestamp::from_seconds(1_900_000_000);
                assert_eq!(syncs::forget_old(tx, at, 10).await?, 0);
                assert_eq!(syncs::forget_old(tx, later, 10).await?, 1);
                let left = syncs::newest(tx, &running.organisation_id, &running.source_id, 10).await?;
                Ok::<_, campanile_db::Error>((left, running))
            })
        });
        let (left, running) = forgotten.await.unwrap();
        assert_eq!(left, [running]);
    })
    .await;
}
