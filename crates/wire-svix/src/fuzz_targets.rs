//! Parsers of untrusted input, as functions of bytes. Each takes any bytes and must return.

use axum::http::Request;

use crate::query::Query;
use crate::tidied;

/// The query of a URL.
pub fn query(bytes: &[u8]) {
    let query = Query::parse(&String::from_utf8_lossy(bytes));
    let _ = (query.names("event_types"), query.names("a"));
}

/// The path of a request.
pub fn path(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(request) = Request::builder().uri(&*text).body(()) {
        let once = tidied(request);
        let path = once.uri().path().to_owned();
        assert_eq!(tidied(once).uri().path(), path, "a tidy path stays as it is");
    }
}
