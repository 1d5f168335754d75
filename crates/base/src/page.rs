//! Pages: lists are read by cursor, never by offset, so that a page costs the same however deep it lies.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;

use crate::{Error, Result, Timestamp};

/// One page of a list, and where the next begins.
#[derive(Debug, Serialize)]
pub struct Page<T> {
    /// The items, in the list's order.
    pub data: Vec<T>,
    /// Pass this as `cursor` to read on; `null` on the last page.
    pub next: Option<String>,
}

impl<T> Page<T> {
    /// Makes a page of at most `size` out of rows that were fetched with one to spare.
    pub fn of(mut rows: Vec<T>, size: PageSize, cursor: impl Fn(&T) -> Cursor) -> Self {
        let more = rows.len() > size.get();
        rows.truncate(size.get());
        let next = rows.last().filter(|_| more).map(|last| cursor(last).encode());
        Self { data: rows, next }
    }

    /// The same of a filtered list, which was not looked at beyond `stopped_at`: without enough rows, the next page
    /// begins there.
    pub fn of_bounded(rows: Vec<T>, size: PageSize, stopped_at: Option<Cursor>, cursor: impl Fn(&T) -> Cursor) -> Self {
        let page = Self::of(rows, size, cursor);
        let next = page.next.or_else(|| stopped_at.map(|at| at.encode()));
        Self { data: page.data, next }
    }
}

/// How many items a page holds: 1 to 200, 50 unless said otherwise.
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

    /// How many rows to fetch: one more than are shown tells whether there is a next page.
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
    /// A place before everything, for lists that run from newest to oldest.
    pub fn newest() -> Self {
        Self { at: Timestamp::from_micros(i64::MAX), id: String::new() }
    }

    /// As an opaque word for the client.
    pub fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(format!("{}.{}", self.at.as_micros(), self.id))
    }

    /// Reads what [`Cursor::encode`] wrote; without a cursor, the newest place.
    ///
    /// # Errors
    /// `Invalid` for anything else.
    pub fn decode(word: Option<&str>) -> Result<Self> {
        let Some(word) = word else { return Ok(Self::newest()) };
        let decoded = URL_SAFE_NO_PAD.decode(word).ok().and_then(|bytes| String::from_utf8(bytes).ok());
        decoded
            .as_deref()
            .and_then(|text| text.split_once('.'))
            .and_then(|(at, id)| Some(Self { at: Timestamp::from_micros(at.parse().ok()?), id: id.to_owned() }))
            .ok_or_else(|| Error::invalid("cursor is not one that this list gave out"))
    }
}
