//! Ranges of lists: the number of rows that a page looks at.

use campanile_db::testing::on_each_database;
use campanile_db::{END, Error, Migrations, Range, params, row_after};

const TABLES: Migrations = Migrations {
    component: "ranges",
    files: &["CREATE TABLE thing (owner TEXT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (owner, id));"],
};

/// The range and the row at which a page of a hundred things stops, if it may look at `most` rows.
async fn stop_of(tx: &mut campanile_db::Tx, range: &Range, most: i64) -> Result<(Range, Option<String>), Error> {
    range.bounded(tx, row_after!(range, "id", " FROM thing WHERE owner = $1"), "o", most).await
}

#[tokio::test]
async fn a_page_looks_at_so_many_rows_and_the_next_goes_on_from_there() {
    on_each_database(vec![TABLES], async |db| {
        db.write(|tx| {
            Box::pin(async move {
                for n in 0..100 {
                    tx.execute("INSERT INTO thing (owner, id) VALUES ('o', $1)", params![format!("t_{n:03}")]).await?;
                }
                let oldest_first = Range::first(5);
                let (range, stop) = stop_of(tx, &oldest_first, 40).await?;
                assert_eq!((range.low.as_str(), range.high.as_str(), stop.as_deref()), ("", "t_040", Some("t_039")));
                let rest = Range { low: "t_039".to_owned(), ..oldest_first };
                let (range, stop) = stop_of(tx, &rest, 60).await?;
                assert_eq!((range.high.as_str(), stop), (END, None), "all that is left was looked at");
                let newest_first = Range::before(None, 5);
                let (range, stop) = stop_of(tx, &newest_first, 40).await?;
                assert_eq!((range.low.as_str(), range.high.as_str(), stop.as_deref()), ("t_059", END, Some("t_060")));
                assert_eq!(stop_of(tx, &newest_first, 100).await?.1, None);
                assert_eq!(stop_of(tx, &newest_first, 1).await?.1.as_deref(), Some("t_099"));
                Ok::<(), Error>(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}
