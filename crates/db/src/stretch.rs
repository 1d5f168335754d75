//! The stretch of a list by time that one page may read. A filter that few rows match would read
//! the whole list for one page; so a page reads a bounded number of rows, and the next goes on from
//! there. The same for lists by id is [`Range::bounded`](crate::Range::bounded).

use campanile_base::{Cursor, Page, PageSize, Timestamp};

use crate::{Result, Tx, params};

/// The rows of a page lie between two places, from newest to oldest.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// The rows are older than this.
    pub from: Cursor,
    /// The rows are newer than this.
    pub until: Cursor,
    /// The last row that is read, if the list goes on behind it.
    stop: Option<Cursor>,
}

impl Stretch {
    /// The stretch of a list without a filter: everything that is older than `from`.
    pub fn unfiltered(from: &Cursor) -> Self {
        let oldest = Cursor { at: Timestamp::from_micros(i64::MIN), id: String::new() };
        Self { from: from.clone(), until: oldest, stop: None }
    }

    /// The stretch of a filtered list that begins at `from` and reads at most `most` rows. `within`
    /// are the filter's own times, from the first on and before the second. `sql` selects time and
    /// id of the rows of the owner `$1` that are older than `($2, $3)`, the newest first, with
    /// `LIMIT 2 OFFSET $4`.
    ///
    /// # Errors
    /// `Sql` when the statement fails.
    pub async fn filtered(
        tx: &mut Tx,
        sql: &'static str,
        owner: &str,
        from: &Cursor,
        (after, before): (Option<Timestamp>, Option<Timestamp>),
        most: i64,
    ) -> Result<Self> {
        let latest = before.filter(|before| *before < from.at).map(|at| Cursor { at, id: String::new() });
        let all = Self::unfiltered(latest.as_ref().unwrap_or(from));
        let params = params![owner, all.from.at, &all.from.id, most - 1];
        let rows = tx.all(sql, params, |row| Ok(Cursor { at: row.get(0)?, id: row.get(1)? })).await?;
        let Ok([last, next]) = <[Cursor; 2]>::try_from(rows) else { return Ok(all) };
        // Behind the filter's first time nothing matches.
        let goes_on = after.is_none_or(|after| next.at >= after);
        Ok(Self { until: next, stop: goes_on.then_some(last), ..all })
    }

    /// The page of the rows that were found. If there are too few, the next page goes on behind the
    /// stretch.
    pub fn page<T>(self, rows: Vec<T>, size: PageSize, place: impl Fn(&T) -> Cursor) -> Page<T> {
        Page::of_bounded(rows, size, self.stop, place)
    }
}
