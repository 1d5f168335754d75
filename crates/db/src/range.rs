//! A stretch of a list that is ordered by id, or by name.

use crate::{Result, Tx, params};

/// What to read of a list. Both bounds are excluded.
#[derive(Debug, Clone)]
pub struct Range {
    /// What is read comes after this; nothing is less than the empty text.
    pub low: String,
    /// What is read comes before this.
    pub high: String,
    /// Whether to begin at the low end.
    pub oldest_first: bool,
    /// How many rows.
    pub limit: i64,
}

/// Greater than every id and every name.
pub const END: &str = "~";

impl Range {
    /// The first so many, from the low end on.
    pub fn first(limit: i64) -> Self {
        Self { low: String::new(), high: END.to_owned(), oldest_first: true, limit }
    }

    /// The last so many before this, from the high end on.
    pub fn before(high: Option<&str>, limit: i64) -> Self {
        Self { low: String::new(), high: high.unwrap_or(END).to_owned(), oldest_first: false, limit }
    }

    /// Of the two, the text that reads in this direction.
    pub fn pick(&self, ascending: &'static str, descending: &'static str) -> &'static str {
        if self.oldest_first { ascending } else { descending }
    }
}

/// What was found for a page of a filtered list.
#[derive(Debug, Clone)]
pub struct Found<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Where looking stopped before there were enough, or the list was at its end: the last row that was looked at.
    pub stopped_at: Option<String>,
}

impl<T> Found<T> {
    /// A page that was [cut](Tx::within) behind its last row, or stopped looking somewhere.
    pub fn cut(rows: Vec<T>, is_cut: bool, stop: Option<String>, key: impl Fn(&T) -> String) -> Self {
        let last = rows.last().filter(|_| is_cut).map(key);
        Self { stopped_at: last.or(stop), rows }
    }

    /// All that there is.
    pub fn whole(rows: Vec<T>) -> Self {
        Self { rows, stopped_at: None }
    }
}

impl Range {
    /// Narrows this to what one page may look at, at most `most` rows, so that a filter that lets nothing through does not read
    /// the whole list. `sql` is a [`row_after!`](crate::row_after); answers the last row to be looked at, where there are others.
    ///
    /// # Errors
    /// What the database says.
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

/// Two texts of the question which rows come last and next when so many of a [`Range`](crate::Range) were looked at. They
/// begin with the list's condition, whose owner is `$1`.
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

/// Two texts of one query over a [`Range`](crate::Range), whose parameters `$2` and `$3` are the bounds and `$4` the limit.
#[macro_export]
macro_rules! ranged {
    ($range:expr, $key:literal, $($sql:expr),+) => {
        $range.pick(
            concat!($($sql),+, " AND ", $key, " > $2 AND ", $key, " < $3 ORDER BY ", $key, " ASC LIMIT $4"),
            concat!($($sql),+, " AND ", $key, " > $2 AND ", $key, " < $3 ORDER BY ", $key, " DESC LIMIT $4"),
        )
    };
}
