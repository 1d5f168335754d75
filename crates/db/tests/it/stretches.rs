//! Stretches of lists by time: the number of rows that a page looks at.

use campanile_base::{Cursor, PageSize, Timestamp};
use campanile_db::testing::on_each_database;
use campanile_db::{Error, Migrations, Stretch, Tx, params};

const TABLES: Migrations = Migrations {
    component: "stretches",
    files: &[
        "CREATE TABLE thing (owner TEXT NOT NULL, at BIGINT NOT NULL, id TEXT NOT NULL, PRIMARY KEY (owner, id));",
    ],
};

/// The times between which a page may read three of ten things with the times 0 to 9, and the time
/// at which the next page begins.
async fn read(
    tx: &mut Tx,
    from: i64,
    (after, before): (Option<i64>, Option<i64>),
) -> Result<(i64, i64, Option<i64>), Error> {
    let time = Timestamp::from_micros;
    let sql = "SELECT at, id FROM thing WHERE owner = $1 AND (at, id) < ($2, $3)
        ORDER BY at DESC, id DESC LIMIT 2 OFFSET $4";
    let from = Cursor { at: time(from), id: String::new() };
    let stretch = Stretch::filtered(tx, sql, "o", &from, (after.map(time), before.map(time)), 3).await?;
    let (from, until) = (stretch.from.at.as_micros(), stretch.until.at.as_micros());
    let next = stretch.page(Vec::<()>::new(), PageSize::new(None).unwrap(), |()| Cursor::newest()).next;
    Ok((from, until, next.map(|next| next.at.as_micros())))
}

#[tokio::test]
async fn a_page_reads_so_many_rows_within_the_times_of_its_filter() {
    on_each_database(vec![TABLES], async |db| {
        db.write(|tx| {
            Box::pin(async move {
                for n in 0..10_i64 {
                    let sql = "INSERT INTO thing (owner, at, id) VALUES ('o', $1, $2)";
                    tx.execute(sql, params![n, format!("t_{n}")]).await?;
                }
                assert_eq!(read(tx, 100, (None, None)).await?, (100, 6, Some(7)));
                assert_eq!(read(tx, 7, (None, None)).await?, (7, 3, Some(4)));
                assert_eq!(read(tx, 3, (None, None)).await?, (3, i64::MIN, None), "all that is left");
                assert_eq!(read(tx, 100, (None, Some(5))).await?, (5, 1, Some(2)), "what is later is not read");
                assert_eq!(read(tx, 4, (None, Some(5))).await?, (4, 0, Some(1)), "nor begun anew");
                assert_eq!(read(tx, 100, (Some(7), None)).await?, (100, 6, None), "what is earlier is not looked for");
                assert_eq!(read(tx, 100, (Some(6), None)).await?, (100, 6, Some(7)));
                Ok::<(), Error>(())
            })
        })
        .await
        .unwrap();
    })
    .await;
}
