//! Counts of calls and tokens: by organisation, month and purpose, on both databases.

use std::time::Duration;

use campanile_accounts::OrganisationId;
use campanile_base::{Clock, Timestamp};
use campanile_db::Db;
use campanile_db::testing::on_each_database;
use campanile_models::usage::{self, Count, Meter, Purpose};

async fn used(db: &Db, organisation: &str, now: Timestamp) -> u64 {
    let organisation = OrganisationId::from(organisation.to_owned());
    let purposes = [Purpose::Embeddings, Purpose::Rerank];
    db.read(move |tx| Box::pin(async move { usage::used(tx, &organisation, &purposes, now).await })).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_counted_belongs_to_its_organisation_and_month() {
    on_each_database(vec![campanile_models::MIGRATIONS], async |db| {
        let start = Timestamp::parse("2026-10-31T23:00:00Z").unwrap();
        let clock = Clock::manual(start);
        let (meter, one) = (Meter::default(), OrganisationId::from("org_one".to_owned()));
        for _ in 0..3 {
            meter.note(&one, Purpose::Embeddings, Count::read(1, 10));
        }
        meter.note(&one, Purpose::Answers, Count::read(1, 1_000));
        meter.store(&db, &clock).await.unwrap();
        meter.store(&db, &clock).await.unwrap();
        meter.note(&one, Purpose::Rerank, Count::read(1, u64::MAX));
        assert_eq!(used(&db, "org_one", clock.now()).await, 30);
        assert_eq!(used(&db, "org_two", clock.now()).await, 0);
        clock.advance(Duration::from_secs(7_200));
        assert_eq!(used(&db, "org_one", clock.now()).await, 0, "another month");
        meter.store(&db, &clock).await.unwrap();
        assert_eq!(used(&db, "org_one", clock.now()).await, 1 << 50, "bounded");
        let month = usage::month(clock.now());
        let forgotten = db.write(move |tx| Box::pin(async move { usage::forget_old(tx, &month).await }));
        let forgotten: campanile_db::Result<u64> = forgotten.await;
        assert_eq!(forgotten.unwrap(), 2);
        assert_eq!(used(&db, "org_one", start).await, 0);
    })
    .await;
}
