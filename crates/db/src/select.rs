//! A SELECT whose conditions depend on the filters of a request.
//!
//! Only the filters that are given stand in the text, so the database chooses the index that fits
//! them. The text consists of fragments of the program; what comes from outside is always a
//! parameter. In a fragment, each `?` is the next of its values.
//!
//! ```
//! # use campanile_db::{Range, Select};
//! let (status, names) = (Some("new"), ["a", "b", "c"]);
//! let select = Select::new("SELECT id FROM thing WHERE owner = ?", ["o1"])
//!     .and_if("status = ?", status)
//!     .and_if("tag = ?", None::<&str>)
//!     .and_in("name", names)
//!     .ranged("id", &Range::first(10));
//! assert_eq!(
//!     select.text(),
//!     "SELECT id FROM thing WHERE owner = $1 AND status = $2 AND name IN ($3, $4, $5, $6) \
//!      AND id > $7 AND id < $8 ORDER BY id ASC LIMIT $9"
//! );
//! ```
//!
//! A list of values is filled up to a power of two with its last value, so that lists of every
//! length have few texts: SQLite keeps those prepared that were used last.

use crate::tx::Text;
use crate::{Error, Param, Range, Result, Row, Tx};

/// The maximum number of values of one list. Databases look parameters up by their number, so a
/// statement with tens of thousands holds everybody up.
const MOST_VALUES: usize = 2_000;

/// The SELECT. Shown in the module's documentation.
#[derive(Debug, Clone)]
pub struct Select<'p> {
    text: String,
    params: Vec<Param<'p>>,
    /// True if there were more values than [`MOST_VALUES`] in a list.
    is_too_long: bool,
}

impl<'p> Select<'p> {
    /// A SELECT with its first condition, the owner of the rows.
    pub fn new<V: Into<Param<'p>>>(sql: &'static str, values: impl IntoIterator<Item = V>) -> Self {
        Self { text: String::new(), params: Vec::new(), is_too_long: false }.then_with(sql, values)
    }

    /// Adds a piece of SQL.
    #[must_use]
    pub fn then(mut self, sql: &'static str) -> Self {
        self.text.push_str(sql);
        self
    }

    /// Adds a piece of SQL with values.
    #[must_use]
    pub fn then_with<V: Into<Param<'p>>>(mut self, sql: &'static str, values: impl IntoIterator<Item = V>) -> Self {
        let mut pieces = sql.split('?');
        self.text.push_str(pieces.next().unwrap_or_default());
        let mut values = values.into_iter();
        for piece in pieces {
            let value = values.next();
            debug_assert!(value.is_some(), "every place has its value in {sql}");
            self.bind(value.map_or(Param::Null, Into::into));
            self.text.push_str(piece);
        }
        debug_assert!(values.next().is_none(), "every value has its place in {sql}");
        self
    }

    /// Adds a condition.
    #[must_use]
    pub fn and(self, condition: &'static str) -> Self {
        self.then(" AND ").then(condition)
    }

    /// Adds a condition with values.
    #[must_use]
    pub fn and_with<V: Into<Param<'p>>>(self, condition: &'static str, values: impl IntoIterator<Item = V>) -> Self {
        self.then(" AND ").then_with(condition, values)
    }

    /// Adds a condition if there is a value for it.
    #[must_use]
    pub fn and_if<V: Into<Param<'p>>>(self, condition: &'static str, value: Option<V>) -> Self {
        match value {
            Some(value) => self.and_with(condition, [value]),
            None => self,
        }
    }

    /// Adds the condition that a column has one of these values. Without values it adds nothing.
    #[must_use]
    pub fn and_in<V: Into<Param<'p>>>(self, column: &'static str, values: impl IntoIterator<Item = V>) -> Self {
        self.and_listed(column, " IN (", values)
    }

    /// Adds the condition that an expression has none of these values. Without values it adds
    /// nothing.
    #[must_use]
    pub fn and_not_in<V: Into<Param<'p>>>(self, column: &'static str, values: impl IntoIterator<Item = V>) -> Self {
        self.and_listed(column, " NOT IN (", values)
    }

    fn and_listed<V: Into<Param<'p>>>(
        mut self,
        column: &'static str,
        listed: &'static str,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let mut values: Vec<Param<'p>> = values.into_iter().map(Into::into).collect();
        let Some(last) = values.last().cloned() else { return self };
        self.is_too_long |= values.len() > MOST_VALUES;
        values.truncate(MOST_VALUES);
        values.resize(values.len().next_power_of_two(), last);
        self.text.push_str(" AND ");
        self.text.push_str(column);
        self.text.push_str(listed);
        for (n, value) in values.into_iter().enumerate() {
            self.text.push_str(if n == 0 { "" } else { ", " });
            self.bind(value);
        }
        self.text.push(')');
        self
    }

    /// Ends the SELECT with a section of the list, in its order.
    #[must_use]
    pub fn ranged(self, key: &'static str, range: &Range) -> Self {
        let low = self.then(" AND ").then(key).then_with(" > ?", [range.low.clone()]);
        let both = low.then(" AND ").then(key).then_with(" < ?", [range.high.clone()]);
        let ordered = both.then(" ORDER BY ").then(key).then(range.pick(" ASC", " DESC"));
        ordered.then_with(" LIMIT ?", [range.limit])
    }

    /// The SQL, with the numbers of its parameters.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// All rows, each read by `read`.
    ///
    /// # Errors
    /// `Invalid` for too many values; `Sql` when the statement fails, or the error of `read`.
    pub async fn all<T: Send>(&self, tx: &mut Tx, read: impl FnMut(&Row<'_>) -> Result<T> + Send) -> Result<Vec<T>> {
        tx.all_of(self.checked()?, &self.params, read).await
    }

    /// The rows up to this many bytes in total; see [`Tx::within`].
    ///
    /// # Errors
    /// `Invalid` for too many values; `Sql` when the statement fails, or the error of `read`.
    pub async fn within<T: Send>(
        &self,
        tx: &mut Tx,
        bytes: usize,
        read: impl FnMut(&Row<'_>) -> Result<(T, usize)> + Send,
    ) -> Result<(Vec<T>, bool)> {
        tx.within_of(bytes, self.checked()?, &self.params, read).await
    }

    /// The single row.
    ///
    /// # Errors
    /// `NoRow` when there is none.
    pub async fn one<T: Send>(&self, tx: &mut Tx, read: impl FnMut(&Row<'_>) -> Result<T> + Send) -> Result<T> {
        tx.first_of(self.checked()?, &self.params, read).await?.ok_or_else(|| Error::no_row(&self.text))
    }

    fn checked(&self) -> Result<Text<'_>> {
        match self.is_too_long {
            false => Ok(Text::Composed(&self.text)),
            true => Err(Error::Invalid(format!("a filter may have {MOST_VALUES} values at most"))),
        }
    }

    /// Writes the place of the next parameter.
    fn bind(&mut self, value: Param<'p>) {
        self.params.push(value);
        self.text.push('$');
        self.text.push_str(&self.params.len().to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_of_many_lengths_have_few_texts() {
        let text = |values: usize| Select::new("SELECT 1 WHERE a = ?", [1_i64]).and_in("b", vec!["x"; values]).text;
        let texts: std::collections::BTreeSet<String> = (0..=64).map(text).collect();
        assert_eq!(texts.len(), 8, "none, 1, 2, 4, 8, 16, 32, 64");
    }

    #[test]
    fn a_filter_that_is_not_given_is_not_in_the_text() {
        let select = Select::new("SELECT 1 WHERE a = ?", [1_i64]).and_if("b = ?", None::<&str>);
        assert_eq!(select.text(), "SELECT 1 WHERE a = $1");
        assert_eq!(select.params.len(), 1);
    }
}
