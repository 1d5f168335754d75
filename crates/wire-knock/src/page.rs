//! Pages of lists. `after` and `before` are places in a list that runs from the newest to the
//! oldest.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use campanile_base::{Timestamp, lowest_ksuid};
use campanile_db::{END, FilteredRows, Range};
use serde_json::{Value, json};

use super::error::{KnockError, KnockResult};
use super::query::Query;

const SIZE: i64 = 50;

/// A page that the request asks for.
#[derive(Debug, Clone)]
pub(super) struct Page {
    /// The range to read, with one row to spare.
    pub(super) range: Range,
    size: usize,
    is_first: bool,
}

impl Page {
    pub(super) fn of(query: &Query) -> KnockResult<Self> {
        let size = match query.number("page_size") {
            Some(size @ 1..) => size.min(SIZE),
            // Some clients send 0 for the default.
            _ => SIZE,
        };
        let place = |name: &'static str| query.text(name).map(|cursor| read(name, cursor)).transpose();
        let (after, before) = (place("after")?, place("before")?);
        let is_first = after.is_none() && before.is_none();
        let range = match (after, before) {
            (_, Some(low)) => Range { low, high: END.to_owned(), oldest_first: true, limit: size + 1 },
            (after, None) => Range::before(after.as_deref(), size + 1),
        };
        Ok(Self { range, size: size as usize, is_first })
    }

    /// Limits the page to items inserted within a time range, given as `inserted_at.gte` and the
    /// like.
    pub(super) fn between(mut self, query: &Query) -> Self {
        let step = Duration::from_millis(4);
        let time = |bound| query.time("inserted_at", bound);
        let from = time("gte").into_iter().chain(time("gt").map(|at| at.plus(step))).max();
        let until = time("lt").into_iter().chain(time("lte").map(|at| at.plus(step))).min();
        self.narrow(from, until);
        self
    }

    /// Limits the page to items inserted within a time range.
    pub(super) fn within(mut self, from: Option<&str>, until: Option<&str>) -> Self {
        let time = |text: Option<&str>| text.and_then(Timestamp::parse);
        self.narrow(time(from), time(until));
        self
    }

    fn narrow(&mut self, from: Option<Timestamp>, until: Option<Timestamp>) {
        let range = &mut self.range;
        range.low = from.map(lowest_ksuid).into_iter().fold(std::mem::take(&mut range.low), String::max);
        range.high = until.map(lowest_ksuid).into_iter().fold(std::mem::take(&mut range.high), String::min);
    }

    /// The page, made from the rows that were read: the items, newest first, and the cursors of the
    /// neighbouring pages.
    pub(super) fn cut<T>(&self, mut found: Vec<T>, place: impl Fn(&T) -> &str) -> (Vec<T>, Value) {
        let has_more = found.len() > self.size;
        found.truncate(self.size);
        if self.range.oldest_first {
            found.reverse();
        }
        // When reading backwards, there is always an older page: the reader came from there.
        let (has_older, has_newer) =
            if self.range.oldest_first { (true, has_more) } else { (has_more, !self.is_first) };
        let cursor = |item: Option<&T>, is_there: bool| item.filter(|_| is_there).map(|item| write(place(item)));
        let info = json!({
            "__typename": "PageInfo",
            "after": cursor(found.last(), has_older),
            "before": cursor(found.first(), has_newer),
            "page_size": self.size,
        });
        (found, info)
    }

    /// The page of a filtered list. If the search stopped before the page was full, the
    /// neighbouring page begins at that place.
    pub(super) fn cut_found<T>(&self, found: FilteredRows<T>, place: impl Fn(&T) -> &str) -> (Vec<T>, Value) {
        let (rows, mut info) = self.cut(found.rows, place);
        if let Some(stop) = found.stopped_at {
            info[if self.range.oldest_first { "before" } else { "after" }] = json!(write(&stop));
        }
        (rows, info)
    }
}

/// A place, as a cursor for clients.
pub(super) fn write(place: &str) -> String {
    URL_SAFE_NO_PAD.encode(place)
}

fn read(name: &'static str, cursor: &str) -> KnockResult<String> {
    let place = URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    // A short cursor that no list has issued counts as a place before everything.
    let is_place = |place: &String| place.chars().all(|c| c.is_ascii_graphic() && c != '~');
    match place.filter(is_place) {
        Some(place) => Ok(place),
        None if cursor.len() <= 64 => Ok(if name == "after" { END.to_owned() } else { String::new() }),
        None => Err(KnockError::field(name, "is not a cursor")),
    }
}
