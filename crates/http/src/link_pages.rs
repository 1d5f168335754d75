//! The small pages behind links in mails.

use axum::http::StatusCode;
use axum::response::{Html, IntoResponse as _, Response};

/// A page with this body.
pub fn page(body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Campanile</title>\
         <body style=\"font:16px/1.5 system-ui;max-width:32rem;margin:4rem auto;padding:0 1rem\">{body}</body></html>"
    )
}

/// The page for a link that is not valid, or no longer valid.
pub fn invalid_link() -> Response {
    (StatusCode::NOT_FOUND, Html(page("<p>This link is not valid, or no longer.</p>"))).into_response()
}
