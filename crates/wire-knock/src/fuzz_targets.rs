//! Parsers of untrusted input, as functions of bytes. Each takes any bytes and must return.

use serde_json::Value;

use crate::query::Query;
use crate::socket::read_frame;

/// The query of a URL.
pub fn query(bytes: &[u8]) {
    if let Ok(query) = Query::parse(&String::from_utf8_lossy(bytes)) {
        let _ = (query.list("a"), query.scalars("trigger_data"), query.time("inserted_at", "gte"));
    }
}

/// A frame of a socket.
pub fn frame(bytes: &[u8]) {
    for payload in read_frame(&String::from_utf8_lossy(bytes)) {
        if let Value::Object(options) = payload {
            let _ = Query::of(&options);
        }
    }
}
