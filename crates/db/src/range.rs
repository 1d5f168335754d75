//! A stretch of a list that is ordered by id, or by name.

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
