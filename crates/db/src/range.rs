//! A section of a list that is ordered by id or by name.

use crate::{Result, Tx, params};

/// The section to read. Both bounds are exclusive.
#[derive(Debug, Clone)]
pub struct Range {
    /// The lower bound. Nothing is less than the empty text.
    pub low: String,
    /// The upper bound.
    pub high: String,
    /// True to begin at the low end.
    pub oldest_first: bool,
    /// The maximum number of rows.
    pub limit: i64,
}

/// A text greater than every id and every name.
pub const END: &str = "~";

impl Range {
    /// The first `limit` entries, from the low end.
    pub fn first(limit: i64) -> Self {
        Self { low: String::new(), high: END.to_owned(), oldest_first: true, limit }
    }

    /// The last `limit` entries before `high`, from the high end.
    pub fn before(high: Option<&str>, limit: i64) -> Self {
        Self { low: String::new(), high: high.unwrap_or(END).to_owned(), oldest_first: false, limit }
    }

    /// Picks the SQL text for this direction.
    pub fn pick(&self, ascending: &'static str, descending: &'static str) -> &'static str {
        if self.oldest_first { ascending } else { descending }
    }
}

/// The rows for a page of a filtered list.
#[derive(Debug, Clone)]
pub struct FilteredRows<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// The last row that was examined, if the search stopped before there were enough rows or the
    /// list ended.
    pub stopped_at: Option<String>,
}

impl<T> FilteredRows<T> {
    /// A page that was [cut](Tx::within) after its last row, or whose search stopped at `stop`.
    pub fn cut(rows: Vec<T>, is_cut: bool, stop: Option<String>, key: impl Fn(&T) -> String) -> Self {
        let last = rows.last().filter(|_| is_cut).map(key);
        Self { stopped_at: last.or(stop), rows }
    }

    /// A page with all rows of the list.
    pub fn whole(rows: Vec<T>) -> Self {
        Self { rows, stopped_at: None }
    }
}

impl Range {
    /// Narrows this range to at most `most` rows. So a filter that rejects everything does not read
    /// the whole list. `sql` is a [`row_after!`](crate::row_after). Also returns the last row to
    /// examine, if there are more behind it.
    pub async fn bounded(
        &self,
        tx: &mut Tx,
        sql: &'static str,
        owner: &str,
        most: i64,
    ) -> Result<(Self, Option<String>)> {
        let params = params![owner, &self.low, &self.high, most.max(1) - 1];
        let mut rows: Vec<String> = tx.all(sql, params, |row| row.get(0)).await?;
        let Some(bound) = rows.pop().filter(|_| rows.len() == 1) else { return Ok((self.clone(), None)) };
        let (low, high) = match self.oldest_first {
            true => (self.low.clone(), bound),
            false => (bound, self.high.clone()),
        };
        Ok((Self { low, high, ..self.clone() }, rows.pop()))
    }
}

/// The SQL (one text per direction) for the last row and the next row after a number of rows of a
/// [`Range`](crate::Range). `$from` is the FROM clause with the list's
/// condition, whose owner is `$1`.
#[macro_export]
macro_rules! row_after {
    (@text $key:literal, $from:literal, $order:literal) => {
        concat!(
            "SELECT DISTINCT ",
            $key,
            $from,
            " AND ",
            $key,
            " > $2 AND ",
            $key,
            " < $3 ORDER BY ",
            $key,
            $order,
            " LIMIT 2 OFFSET $4"
        )
    };
    ($range:expr, $key:literal, $from:literal) => {
        $range.pick($crate::row_after!(@text $key, $from, " ASC"), $crate::row_after!(@text $key, $from, " DESC"))
    };
}

/// The SQL (one text per direction) for a query over a [`Range`](crate::Range). The bounds are `$2`
/// and `$3`, the limit is `$4`.
#[macro_export]
macro_rules! ranged {
    ($range:expr, $key:literal, $($sql:expr),+) => {
        $range.pick(
            concat!($($sql),+, " AND ", $key, " > $2 AND ", $key, " < $3 ORDER BY ", $key, " ASC LIMIT $4"),
            concat!($($sql),+, " AND ", $key, " > $2 AND ", $key, " < $3 ORDER BY ", $key, " DESC LIMIT $4"),
        )
    };
}
