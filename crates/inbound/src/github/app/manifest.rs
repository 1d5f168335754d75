//! The manifest from which GitHub registers an app: addresses, permissions and events.

use serde_json::{Map, Value, json};
use url::{Host, Url};

use crate::remote::RequestedPermission;

/// The most characters of an app's name.
const NAME: usize = 34;

/// The permissions of the app. All of them are for reading.
pub(crate) const PERMISSIONS: &[RequestedPermission] = &[
    RequestedPermission { scope: "metadata:read", reason: "To list the repositories. GitHub always asks for it." },
    RequestedPermission { scope: "contents:read", reason: "To read commits, releases and documents." },
    RequestedPermission { scope: "issues:read", reason: "To read issues and the comments on them." },
    RequestedPermission { scope: "pull_requests:read", reason: "To read pull requests, reviews and comments." },
    RequestedPermission { scope: "discussions:read", reason: "To read discussions and the comments on them." },
    RequestedPermission { scope: "checks:read", reason: "To hear of failed checks." },
    RequestedPermission { scope: "actions:read", reason: "To hear of failed workflows." },
    RequestedPermission { scope: "deployments:read", reason: "To hear of failed deployments." },
    RequestedPermission { scope: "statuses:read", reason: "To hear of the statuses of commits." },
    RequestedPermission {
        scope: "members:read",
        reason: "To see that the person who connects an organisation is one of its owners.",
    },
];

/// The events that are delivered. GitHub sends those about installations in any case.
const EVENTS: [&str; 15] = [
    "push",
    "pull_request",
    "pull_request_review",
    "pull_request_review_comment",
    "issues",
    "issue_comment",
    "discussion",
    "discussion_comment",
    "release",
    "check_suite",
    "workflow_run",
    "deployment_status",
    "repository",
    "create",
    "delete",
];

/// The addresses of this server that an app is told.
pub(crate) struct AppAddresses<'a> {
    /// The URL by which people reach this server.
    pub(crate) base_url: &'a str,
    /// The URL by which GitHub reaches this server.
    pub(crate) public_url: &'a str,
    /// True if GitHub can reach it.
    pub(crate) is_public: bool,
    /// The end of the address of deliveries.
    pub(crate) path: &'a str,
}

/// The manifest of an app.
pub(crate) fn manifest(at: &AppAddresses<'_>) -> Value {
    let AppAddresses { base_url, public_url, is_public, path } = at;
    let host = Url::parse(base_url).ok().and_then(|url| url.host_str().map(str::to_owned)).unwrap_or_default();
    let name: String = format!("Campanile {host}").chars().take(NAME).collect();
    let permissions: Map<String, Value> = PERMISSIONS
        .iter()
        .filter_map(|permission| permission.scope.split_once(':'))
        .map(|(name, level)| (name.to_owned(), level.into()))
        .collect();
    json!({
        "name": name.trim(),
        "url": base_url,
        "description": "Hears what happens in repositories, remembers it, and tells people and systems.",
        "hook_attributes": { "url": format!("{public_url}/api/ingest/github/{path}"), "active": is_public },
        "redirect_url": format!("{base_url}/api/connect/github/app/return"),
        "callback_urls": [format!("{base_url}/api/connect/github/return")],
        "request_oauth_on_install": true,
        "public": false,
        "default_permissions": permissions,
        "default_events": EVENTS,
    })
}

/// True if an address can be one that others reach over the Internet.
pub(crate) fn is_reachable(url: &str) -> bool {
    let Ok(url) = Url::parse(url) else { return false };
    match url.host() {
        Some(Host::Domain(name)) => {
            let private = ["localhost", "local", "internal", "lan", "home.arpa", "test", "example", "invalid"];
            name.contains('.') && !private.iter().any(|end| name.ends_with(&format!(".{end}")))
        }
        Some(Host::Ipv4(ip)) => !(ip.is_loopback() || ip.is_private() || ip.is_link_local() || ip.is_unspecified()),
        Some(Host::Ipv6(ip)) => !(ip.is_loopback() || ip.is_unspecified() || (ip.segments()[0] & 0xfe00) == 0xfc00),
        None => false,
    }
}
