//! The console and the embeddable portal. Serves the console's files, and its page on every other
//! path.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{
    ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    IF_NONE_MATCH, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use campanile_base::sha256_hex;
use campanile_http::error::{in_shape_of, own_shape};

/// The ending of a file's compressed form, which the build of the console writes beside it.
const PACKED: &str = ".br";

/// The files of the console, as the program embeds them.
#[derive(Debug, Clone, Copy)]
pub struct ConsoleFiles {
    /// The files, each with its path.
    pub files: &'static [(&'static str, &'static [u8])],
    /// The hash of the one inline script of the page, as a content security policy writes it.
    pub script_hash: &'static str,
}

/// A file, ready to be served.
struct File {
    name: &'static str,
    bytes: &'static [u8],
    /// Its compressed form, if there is one.
    packed: Option<&'static [u8]>,
    /// Its ETag. It is weak, because the file may be sent compressed.
    tag: String,
}

/// The console, ready to be served.
pub(crate) struct Console {
    /// The files, by their paths.
    files: HashMap<&'static str, File>,
    /// The content security policy. Scripts and styles come from this server only; the theme's
    /// inline script is allowed by its hash.
    policy: HeaderValue,
    portal_policy: HeaderValue,
}

impl Console {
    /// # Panics
    /// If `portal_ancestors` has characters that a header cannot have.
    pub(crate) fn of(embedded: ConsoleFiles, portal_ancestors: &str) -> Self {
        let ConsoleFiles { files, script_hash } = embedded;
        let mut packed: HashMap<&str, &[u8]> =
            files.iter().filter_map(|(name, bytes)| Some((name.strip_suffix(PACKED)?, *bytes))).collect();
        let plain = files.iter().filter(|(name, _)| !name.ends_with(PACKED));
        let files = plain.map(|&(name, bytes)| {
            let tag = format!("W/\"{}\"", sha256_hex(bytes));
            (name, File { name, bytes, packed: packed.remove(name), tag })
        });
        let files = files.collect();
        let policy = format!(
            "default-src 'self'; img-src 'self' https: data:; style-src 'self' 'unsafe-inline'; script-src 'self' \
             '{script_hash}'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"
        );
        let portal_policy = portal_policy(portal_ancestors).expect("the settings were checked");
        Self { files, policy: policy.try_into().expect("a hash is plain text"), portal_policy }
    }

    /// An HTML page, by its file name. A build without the console has one page, which says what
    /// to do.
    fn page(&self, asked: &HeaderMap, wanted: &str) -> Response {
        match self.files.get(wanted).or_else(|| self.files.get("index.html")) {
            Some(file) => self.file(asked, file, "no-cache"),
            None => StatusCode::NOT_FOUND.into_response(),
        }
    }

    fn file(&self, asked: &HeaderMap, file: &File, caching: &'static str) -> Response {
        let File { name, bytes, packed, tag } = file;
        let headers = [
            (CONTENT_TYPE, media_type(name)),
            (CACHE_CONTROL, caching),
            (X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (ETAG, tag),
        ];
        let mut answer = match (is_known(asked, tag), packed) {
            (true, _) => (StatusCode::NOT_MODIFIED, headers).into_response(),
            (false, Some(packed)) if unpacks(asked) => (headers, [(CONTENT_ENCODING, "br")], *packed).into_response(),
            (false, _) => (headers, *bytes).into_response(),
        };
        if packed.is_some() {
            answer.headers_mut().insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        answer.headers_mut().insert(CONTENT_SECURITY_POLICY, self.policy.clone());
        answer
    }
}

/// Serves a file of the console, or its page on paths that the console may route. Only browser
/// navigation gets the page; a program with a wrong address gets a 404.
pub(crate) async fn serve(
    State(console): State<Arc<Console>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    let path = uri.path().trim_start_matches('/');
    let found = console.files.get(path).filter(|file| !file.name.ends_with(".html"));
    let reads = method == Method::GET || method == Method::HEAD;
    let is_api = ["api", "v1", "ws", "providers", "assets"].contains(&path.split('/').next().unwrap_or_default());
    match found {
        _ if !reads && (found.is_some() || path.is_empty()) => {
            own_shape(StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_ALLOWED", "this path can only be read")
        }
        // Immutable, because the file name carries a hash of the content.
        Some(file) => console.file(&headers, file, "public, max-age=31536000, immutable"),
        None if reads && !is_api && is_navigation(&headers) => console.page(&headers, "index.html"),
        // The root path shows the page, unless the client accepts only JSON: it gets the 404.
        None if reads && path.is_empty() && !wants_only_json(&headers) => console.page(&headers, "index.html"),
        None => in_shape_of(uri.path(), StatusCode::NOT_FOUND, "NOT_FOUND", "there is no such route"),
    }
}

/// True if the client takes answers that are compressed with Brotli.
fn unpacks(asked: &HeaderMap) -> bool {
    let lists = asked.get_all(ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lists.flat_map(|list| list.split(',')).any(|one| {
        let (coding, quality) = one.split_once(';').unwrap_or((one, ""));
        let is_refused = quality.trim().strip_prefix("q=").is_some_and(|q| q.parse() == Ok(0.0));
        coding.trim().eq_ignore_ascii_case("br") && !is_refused
    })
}

/// True for browser navigation: the request asks for `text/html` by name, not only for `*/*`.
fn is_navigation(headers: &HeaderMap) -> bool {
    accepted(headers).any(|kind| kind.starts_with("text/html"))
}

fn wants_only_json(headers: &HeaderMap) -> bool {
    let mut kinds = accepted(headers).peekable();
    kinds.peek().is_some() && kinds.all(|kind| kind.starts_with("application/json"))
}

/// The accepted media types, in lower case. Types with `q=0` are left out.
fn accepted(headers: &HeaderMap) -> impl Iterator<Item = String> {
    let lists = headers.get_all(ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let kinds = lists.flat_map(|list| list.split(',')).map(|kind| kind.trim().to_ascii_lowercase());
    kinds.filter(|kind| {
        !kind.split(';').skip(1).any(|part| matches!(part.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

/// The content security policy of the portal. Unlike the console's, it lets other sites embed the
/// page.
fn portal_policy(ancestors: &str) -> Option<HeaderValue> {
    let policy = "default-src 'self'; img-src 'self' https: data:; style-src 'self' 'unsafe-inline'; base-uri 'none'";
    HeaderValue::try_from(format!("{policy}; frame-ancestors {ancestors}")).ok()
}

/// Serves the portal's page, on every path below `/portal`.
pub(crate) async fn portal(State(console): State<Arc<Console>>, headers: HeaderMap) -> Response {
    let mut answer = console.page(&headers, "portal.html");
    answer.headers_mut().insert(CONTENT_SECURITY_POLICY, console.portal_policy.clone());
    answer
}

/// True if the client already has the version with this tag.
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

#[cfg(test)]
mod tests {
    use super::*;

    const FILES: ConsoleFiles = ConsoleFiles {
        files: &[("assets/a.js", b"let a = 1;"), ("assets/a.js.br", b"packed"), ("assets/b.js", b"let b = 1;")],
        script_hash: "sha256-x",
    };

    async fn asked(path: &'static str, encodings: &'static str) -> Response {
        let console = Arc::new(Console::of(FILES, "'none'"));
        let headers = HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static(encodings))]);
        serve(State(console), Method::GET, Uri::from_static(path), headers).await
    }

    async fn told(path: &'static str, encodings: &'static str) -> (Option<HeaderValue>, Vec<u8>) {
        let answer = asked(path, encodings).await;
        let coding = answer.headers().get(CONTENT_ENCODING).cloned();
        (coding, axum::body::to_bytes(answer.into_body(), 1_000).await.expect("it is whole").to_vec())
    }

    #[tokio::test]
    async fn a_packed_file_is_sent_to_whoever_unpacks_it() {
        let br = Some(HeaderValue::from_static("br"));
        assert_eq!(told("/assets/a.js", "gzip, br;q=0.9").await, (br, b"packed".to_vec()));
        for other in ["gzip", "", "br;q=0", "brotli"] {
            assert_eq!(told("/assets/a.js", other).await, (None, b"let a = 1;".to_vec()), "{other}");
        }
        assert_eq!(asked("/assets/a.js", "gzip").await.headers()[VARY], "accept-encoding");
        assert_eq!(told("/assets/b.js", "br").await, (None, b"let b = 1;".to_vec()));
        assert_eq!(asked("/assets/a.js.br", "br").await.status(), StatusCode::NOT_FOUND, "it is no file of its own");
    }
}
