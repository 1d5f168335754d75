//! Lists in the shape of the Svix API, and the ranges that clients ask for.
//!
//! A page is `{data, iterator, prevIterator, done}`. An iterator is the id of the last item. With a
//! dash in front, it leads back. Messages and attempts are listed newest first, within a window of
//! ninety days.

use std::time::Duration;

use campanile_base::{Timestamp, lowest_id, time_of_id};
use campanile_db::{END, FilteredRows, Range};
use serde::Serialize;

use super::error::{SvixError, SvixResult};
use super::query::Query;

/// The window of a list by time that has only one bound, or none.
const WINDOW: Duration = Duration::from_secs(90 * 24 * 3600);
/// The tolerance into the future, since clocks differ.
const AHEAD: Duration = Duration::from_secs(3600);

/// A page.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct List<T> {
    data: Vec<T>,
    iterator: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    prev_iterator: Option<String>,
    done: bool,
}

/// A page as the request asks for it.
pub(crate) struct PageRequest {
    /// The range to read, with one row to spare.
    pub(crate) range: Range,
    /// True if the rows are shown in reverse order.
    is_reversed: bool,
    limit: usize,
}

impl PageRequest {
    /// A page of a list by id or name. `order` overrides the default `ascending`. With a prefix, an
    /// iterator must be an id with this prefix; without one, any name will do.
    pub(super) fn by_id(query: &Query, prefix: &str, ascending: bool) -> SvixResult<Self> {
        let ascending = match query.text("order") {
            Some("ascending") => true,
            Some("descending") => false,
            Some(other) => return Err(SvixError::query(format!("order: {other:?} is no order"))),
            None => ascending,
        };
        let limit = query.limit()?;
        let (mut low, mut high) = (String::new(), END.to_owned());
        let mut oldest_first = ascending;
        if let Some((backwards, at)) = iterator(query, prefix)? {
            oldest_first = ascending != backwards;
            *(if oldest_first { &mut low } else { &mut high }) = at;
        }
        let range = Range { low, high, oldest_first, limit: limit + 1 };
        Ok(Self { is_reversed: oldest_first != ascending, range, limit: limit as usize })
    }

    /// A page of a list by time, newest first.
    pub(super) fn by_time(query: &Query, prefix: &str, now: Timestamp) -> SvixResult<Self> {
        let limit = query.limit()?;
        let (before, after) = (query.time("before")?, query.time("after")?);
        let id_at = |at: Timestamp| lowest_id(prefix, at);
        let (mut low, mut high) = match (before, after) {
            (None, None) => (id_at(now.minus(WINDOW)), id_at(now.plus(AHEAD))),
            (Some(before), None) => (id_at(before.minus(WINDOW)), id_at(before)),
            (None, Some(after)) => (id_at(after), id_at(after.plus(WINDOW))),
            (Some(before), Some(after)) => (id_at(after), id_at(before)),
        };
        let mut oldest_first = after.is_some() && before.is_none();
        if let Some((backwards, id)) = iterator(query, prefix)? {
            let at = time_of_id(prefix, &id).ok_or_else(|| malformed(prefix))?;
            oldest_first = backwards;
            match backwards {
                true => {
                    high = if before.is_some() { high } else { id_at(at.plus(WINDOW)) };
                    low = if after.is_some() { low.max(id) } else { id };
                }
                false => {
                    low = if after.is_some() { low } else { id_at(at.minus(WINDOW)) };
                    high = if before.is_some() { high.min(id) } else { id };
                }
            }
        }
        let high = high.min(id_at(now.plus(AHEAD)));
        let range = Range { low, high, oldest_first, limit: limit + 1 };
        Ok(Self { is_reversed: oldest_first, range, limit: limit as usize })
    }

    /// The page, made from the rows that were read.
    pub(super) fn page<T, U>(&self, mut rows: Vec<T>, id: impl Fn(&T) -> String, view: impl Fn(T) -> U) -> List<U> {
        let done = self.limit > 0 && rows.len() <= self.limit;
        rows.truncate(self.limit);
        if self.is_reversed {
            rows.reverse();
        }
        let iterator = rows.last().map(&id);
        let prev_iterator = rows.first().map(|first| format!("-{}", id(first)));
        List { data: rows.into_iter().map(view).collect(), iterator, prev_iterator, done }
    }

    /// The page of a filtered list. If the search stopped before the page was full, the iterator
    /// continues at that place.
    pub(super) fn page_of<T, U>(
        &self,
        found: FilteredRows<T>,
        id: impl Fn(&T) -> String,
        view: impl Fn(T) -> U,
    ) -> List<U> {
        let mut page = self.page(found.rows, id, view);
        if let Some(at) = found.stopped_at {
            page.done = false;
            match self.is_reversed {
                true => page.prev_iterator = Some(format!("-{at}")),
                false => page.iterator = Some(at),
            }
        }
        page
    }
}

/// The iterator of the request, and whether it leads back. Returns `(backwards, id)`.
fn iterator(query: &Query, prefix: &str) -> SvixResult<Option<(bool, String)>> {
    let Some(given) = query.text("iterator") else { return Ok(None) };
    let (backwards, at) = given.strip_prefix('-').map_or((false, given), |at| (true, at));
    let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let fits = match prefix {
        "" => at.chars().all(is_name),
        _ => time_of_id(prefix, at).is_some(),
    };
    if fits { Ok(Some((backwards, at.to_owned()))) } else { Err(malformed(prefix)) }
}

fn malformed(prefix: &str) -> SvixError {
    SvixError::value(&["query", "iterator"], format!("the iterator is none of this list, {prefix}_…"))
}
