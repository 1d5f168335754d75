//! Pages of lists. Lists are read by cursor, never by offset, so that every page costs the same.
//!
//! A client gets a cursor as a text that names its list, and another list refuses it: the places of two lists mean
//! different things, and a wrong one would look like an end.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::{Error, Result, Timestamp};

/// One page of a list, with the cursor of the next.
#[derive(Debug)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub data: Vec<T>,
    /// The place where the next page begins; `None` on the last page.
    pub next: Option<Cursor>,
}

impl<T> Page<T> {
    /// Makes a page of at most `size` rows. The caller has fetched one row more than that.
    pub fn of(mut rows: Vec<T>, size: PageSize, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > size.get();
        rows.truncate(size.get());
        let next = rows.last().filter(|_| more).map(cursor);
        Self { data: rows, next }
    }

    /// Makes a page of a filtered list, of which nothing after `stopped_at` was examined. If there
    /// are too few rows, the next page begins there.
    pub fn of_bounded(rows: Vec<T>, size: PageSize, stopped_at: Option<Cursor>, cursor: impl Fn(&T) -> Cursor) -> Self {
        let page = Self::of(rows, size, cursor);
        let next = page.next.or(stopped_at);
        Self { data: page.data, next }
    }
}

/// The number of items on a page: 1 to 200, with a default of 50.
#[derive(Debug, Clone, Copy)]
pub struct PageSize(usize);

impl PageSize {
    /// Checks a requested size.
    ///
    /// # Errors
    /// `Invalid` outside 1 to 200.
    pub fn new(requested: Option<i64>) -> Result<Self> {
        match requested {
            None => Ok(Self(50)),
            Some(n @ 1..=200) => Ok(Self(n as usize)),
            Some(_) => Err(Error::invalid("limit must be between 1 and 200")),
        }
    }

    /// The size.
    pub fn get(self) -> usize {
        self.0
    }

    /// The number of rows to fetch: one more than are shown, which tells if there is a next page.
    pub fn to_fetch(self) -> i64 {
        self.0 as i64 + 1
    }
}

/// A place in a list ordered by time and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor {
    /// The time of the last item read.
    pub at: Timestamp,
    /// Its id, which breaks ties.
    pub id: String,
}

impl Cursor {
    /// The position before everything, for lists from newest to oldest.
    pub fn newest() -> Self {
        Self { at: Timestamp::from_micros(i64::MAX), id: String::new() }
    }

    /// The opaque text for the client. `list` is the name of the list, without a colon.
    pub fn encode(&self, list: &str) -> String {
        URL_SAFE_NO_PAD.encode(format!("{list}:{}.{}", self.at.as_micros(), self.id))
    }

    /// Parses the output of [`Cursor::encode`] of the same list. Without a cursor, it returns the newest position.
    ///
    /// # Errors
    /// `Invalid` for anything else.
    pub fn decode(list: &str, word: Option<&str>) -> Result<Self> {
        let Some(word) = word else { return Ok(Self::newest()) };
        let decoded = URL_SAFE_NO_PAD.decode(word).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        decoded
            .as_deref()
            .and_then(|text| text.strip_prefix(list)?.strip_prefix(':')?.split_once('.'))
            .and_then(|(at, id)| Some(Self { at: Timestamp::from_micros(at.parse().ok()?), id: id.to_owned() }))
            .ok_or_else(|| Error::invalid("cursor is not one that this list gave out"))
    }
}
