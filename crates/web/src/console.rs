//! The embedded console: its files, and its page on every other path; and the portal, which others embed.

use std::collections::HashMap;
use std::sync::LazyLock;

use axum::extract::State;
use axum::http::header::{
    ACCEPT, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use campanile_base::sha256_hex;

use crate::Web;
use crate::error::{in_shape_of, own_shape};

include!(concat!(env!("OUT_DIR"), "/console_files.rs"));

/// Scripts and styles come from here alone; the theme's inline script is named by its hash.
const POLICY: &str = concat!(
    "default-src 'self'; img-src 'self' https: data:; style-src 'self' 'unsafe-inline'; script-src 'self' ",
    "'",
    env!("CAMPANILE_THEME_SCRIPT_HASH"),
    "'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
);

/// A file of the console; or its page, for whoever goes to a path that the console may route. Only browsers that go somewhere are shown a page: a
/// library with a wrong address is told so.
pub(crate) async fn serve(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    let found = FILES.iter().find(|(name, _)| *name == path && !name.ends_with(".html"));
    let reads = method == Method::GET || method == Method::HEAD;
    let is_api = ["api", "v1", "ws", "providers", "assets"].contains(&path.split('/').next().unwrap_or_default());
    match found {
        _ if !reads && (found.is_some() || path.is_empty()) => {
            own_shape(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "this path can only be read")
        }
        // Their names carry a hash of their content.
        Some((name, bytes)) => file(&headers, name, bytes, "public, max-age=31536000, immutable"),
        None if reads && !is_api && is_navigation(&headers) => page(&headers, "index.html"),
        // Whoever looks what is here is shown the page; a program that wants JSON is told that there is none.
        None if reads && path.is_empty() && !wants_only_json(&headers) => page(&headers, "index.html"),
        None => in_shape_of(uri.path(), StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such route"),
    }
}

/// Tells a browser that goes somewhere from a program that calls: it asks for a page, and not for just anything.
fn is_navigation(headers: &HeaderMap) -> bool {
    accepted(headers).any(|kind| kind.starts_with("text/html"))
}

fn wants_only_json(headers: &HeaderMap) -> bool {
    let mut kinds = accepted(headers).peekable();
    kinds.peek().is_some() && kinds.all(|kind| kind.starts_with("application/json"))
}

/// The media types that are accepted, in lower case, without those that are said not to be.
fn accepted(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let lists = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds = lists.flat_map(|list| list.split(',')).map(|kind| kind.trim().to_ascii_lowercase());
    kinds.filter(|kind| {
        !kind.split(';').skip(1).any(|part| matches!(part.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// What the portal's page may do: what the console's may, but that others' pages embed it.
pub(crate) fn portal_policy(ancestors: &str) -> Option<HeaderValue> {
    let policy = "default-src 'self'; img-src 'self' https: data:; style-src 'self' 'unsafe-inline'; base-uri 'none'";
    HeaderValue::try_from(format!("{policy}; frame-ancestors {ancestors}")).ok()
}

/// The portal's page, on every path of its own.
pub(crate) async fn portal(State(web): State<Web>, headers: HeaderMap) -> Response {
    let mut answer = page(&headers, "portal.html");
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, web.portal_policy.clone());
    answer
}

/// A page; a build without the console has one that says what to do.
fn page(asked: &HeaderMap, wanted: &str) -> Response {
    let found = FILES.iter().find(|(name, _)| *name == wanted).or(FILES.iter().find(|(name, _)| *name == "index.html"));
    found.map_or_else(|| StatusCode::NOT_FOUND.into_response(), |(name, bytes)| file(asked, name, bytes, "no-cache"))
}

/// The tag of each file. Weak, since it is sent compressed to whoever takes that.
static TAGS: LazyLock<HashMap<&str, String>> =
    LazyLock::new(|| FILES.iter().map(|(name, bytes)| (*name, format!("W/\"{}\"", sha256_hex(bytes)))).collect());

fn file(asked: &HeaderMap, name: &str, bytes: &'static [u8], caching: &'static str) -> Response {
    let tag = TAGS.get(name).map_or("", String::as_str);
    let headers = [
        (CONTENT_TYPE, media_type(name)),
        (CACHE_CONTROL, caching),
        (CONTENT_SECURITY_POLICY, POLICY),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (ETAG, tag),
    ];
    match is_known(asked, tag) {
        true => (StatusCode::NOT_MODIFIED, headers).into_response(),
        false => (headers, bytes).into_response(),
    }
}

/// True for somebody who has what is known by this tag already.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get_all(IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    known.flat_map(|list| list.split(',')).any(|one| one.trim() == tag)
}

fn media_type(name: &str) -> &'static str {
    match name.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        "json" => "application/json",
        _ => "application/octet-stream",
    }
}
