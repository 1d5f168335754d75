//! The catalogue lists the entities of a workspace, and nothing of another.

use std::time::Duration;

use campanile_base::{Cursor, Error, PageSize, Result};
use campanile_db::Db;
use campanile_db::testing::on_each_database;
use campanile_memory::catalogue::{self, EntityDetail, EntityFilter, EntityOrder};

use crate::search::{Tenant, clock, event, migrations, node, store, tenant};

async fn keys(db: &Db, of: &Tenant, filter: EntityFilter) -> Result<Vec<String>> {
    let workspace = of.workspace.clone();
    let read = db.read(move |tx| {
        Box::pin(async move {
            let (mut all, mut from) = (Vec::new(), Cursor::newest());
            loop {
                let page = catalogue::page(tx, &workspace, &filter, &from, PageSize::new(Some(2))?).await?;
                all.extend(page.data.into_iter().map(|entity| entity.key));
                match page.next {
                    Some(next) => from = next,
                    None => return Ok::<_, Error>(all),
                }
            }
        })
    });
    read.await
}

async fn entity(db: &Db, of: &Tenant, category: &str, key: &str) -> Result<EntityDetail> {
    let (workspace, category, key) = (of.workspace.clone(), category.to_owned(), key.to_owned());
    db.read(move |tx| Box::pin(async move { catalogue::entity(tx, &workspace, &category, &key).await })).await
}

fn by(order: EntityOrder) -> EntityFilter {
    EntityFilter { order, ..EntityFilter::default() }
}

#[tokio::test(flavor = "multi_thread")]
async fn entities_are_listed_in_three_orders_and_read_with_what_stands_beside_them() {
    on_each_database(migrations(), async |db| {
        let (clock, ours, theirs) = (clock(), tenant("one"), tenant("two"));
        let memory = node(&db, &clock);
        let told = [
            ("a", "POST /api/search fails since ABC-1"),
            ("b", "ABC-1 needs DATABASE_URL, says @ada"),
            ("c", "DATABASE_URL and abc-1 and ABC-1 in src/db/pool.rs"),
            ("d", "DATABASE_POOL is new"),
        ];
        let mut ids = Vec::new();
        for (id, text) in told {
            ids.push(store(&memory, &db, &ours, event(id, "A change", text)).await);
            clock.advance(Duration::from_secs(1));
        }
        store(&memory, &db, &theirs, event("x", "A change", "SECRET_TOKEN of ABC-1")).await;

        let all = keys(&db, &ours, by(EntityOrder::Name)).await.unwrap();
        let named = ["database_pool", "database_url", "src/db/pool.rs", "post /api/search", "@ada", "abc-1"];
        assert_eq!(all, named);
        assert_eq!(keys(&db, &ours, by(EntityOrder::Most)).await.unwrap(), ["abc-1", "database_url"]);
        let newest = keys(&db, &ours, by(EntityOrder::Newest)).await.unwrap();
        assert_eq!((newest.len(), newest[0].as_str(), newest[1].as_str()), (6, "database_pool", "src/db/pool.rs"));
        let prefixed = EntityFilter { prefix: Some("DATA".into()), ..EntityFilter::default() };
        assert_eq!(keys(&db, &ours, prefixed.clone()).await.unwrap(), ["database_pool", "database_url"]);
        let category = EntityFilter { category: Some("engineer".into()), ..by(EntityOrder::Most) };
        assert!(keys(&db, &ours, category).await.unwrap().is_empty());
        for wrong in [
            EntityFilter { category: Some("people".into()), ..EntityFilter::default() },
            EntityFilter { order: EntityOrder::Most, ..prefixed },
        ] {
            assert!(matches!(keys(&db, &ours, wrong).await, Err(Error::InvalidField { .. })));
        }

        let found = entity(&db, &ours, "project", "ABC-1").await.unwrap();
        assert_eq!((found.entity.occurrences, found.entity.first_observation_id.as_str()), (3, ids[0].as_str()));
        let related: Vec<_> = found.related.iter().map(|one| (one.key.as_str(), one.count)).collect();
        assert_eq!(related, [("database_url", 2), ("src/db/pool.rs", 1), ("post /api/search", 1), ("@ada", 1)]);
        let gone = entity(&db, &ours, "config", "secret_token").await;
        assert!(matches!(gone, Err(Error::NotFound(_))), "{gone:?}");
        let workspace = ours.workspace.clone();
        let named = db.read(move |tx| {
            Box::pin(async move {
                let of = ("config", "DATABASE_URL");
                catalogue::observations(tx, &workspace, of, &Cursor::newest(), PageSize::new(None)?).await
            })
        });
        let mut named: Vec<String> = named.await.unwrap().data.into_iter().map(|one| one.id.to_string()).collect();
        named.sort_unstable();
        assert_eq!(named, ids[1..3]);
    })
    .await;
}
