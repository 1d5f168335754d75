//! Clients: programs that have registered, without being known to anybody (RFC 7591).
//!
//! Anybody may register. So what is stored is bounded, and a registration lives for an hour unless
//! a member connects it. If there are too many, the oldest unused ones make room.

use std::time::Duration;

use campanile_base::{Clock, Error, Result, new_id};
use campanile_db::Tx;

use super::model::Client;
use super::queries;

/// The number of unused registrations that are kept.
const MOST_UNUSED: i64 = 1_000;
/// The lifetime of a registration that nobody uses.
const UNUSED_FOR: Duration = Duration::from_secs(3_600);
/// The longest name, in characters.
const LONGEST_NAME: usize = 100;
/// The most addresses of a client, and the longest, in bytes.
const MOST_ADDRESSES: usize = 10;
const LONGEST_ADDRESS: usize = 1_000;
/// Schemes that a browser runs or reads itself, and never passes on to a program.
const NO_PROGRAMS: [&str; 12] = [
    "about",
    "blob",
    "data",
    "feed",
    "file",
    "filesystem",
    "ftp",
    "intent",
    "javascript",
    "vbscript",
    "view-source",
    "ws",
];

/// Registers a client.
///
/// # Errors
/// `InvalidField` for addresses that are not allowed, or too many.
pub async fn register(tx: &mut Tx, clock: &Clock, name: Option<&str>, redirect_uris: Vec<String>) -> Result<Client> {
    if !(1..=MOST_ADDRESSES).contains(&redirect_uris.len()) {
        let why = format!("must have between 1 and {MOST_ADDRESSES} addresses");
        return Err(Error::invalid_field("redirect_uris", why));
    }
    if let Some(wrong) = redirect_uris.iter().find(|address| !is_allowed(address)) {
        let shown: String = wrong.chars().take(100).collect();
        let why = format!(
            "{shown:?} is not allowed: it must be https, http to this machine, or the scheme of a program, without a \
             fragment, and have {LONGEST_ADDRESS} bytes at most"
        );
        return Err(Error::invalid_field("redirect_uris", why));
    }
    let now = clock.now();
    let client = Client { id: new_id("client", now), name: shown_name(name), redirect_uris };
    queries::insert_client(tx, &client, now, now.plus(UNUSED_FOR)).await?;
    queries::drop_unused_clients(tx, MOST_UNUSED).await?;
    Ok(client)
}

/// The client with this id.
pub(super) async fn find(tx: &mut Tx, clock: &Clock, id: &str) -> Result<Option<Client>> {
    Ok(queries::client(tx, id, clock.now()).await?)
}

/// A name that a person can read: one line, without characters that are not seen.
fn shown_name(name: Option<&str>) -> String {
    let is_unseen = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let seen: String =
        name.unwrap_or_default().chars().filter(|letter| !is_unseen(*letter)).take(LONGEST_NAME).collect();
    match seen.trim() {
        "" => "An assistant without a name".to_owned(),
        name => name.to_owned(),
    }
}

/// True for an address that a person may be sent to: https, http to this machine, or the scheme of
/// a program.
pub(super) fn is_allowed(address: &str) -> bool {
    let is_plain = address.len() <= LONGEST_ADDRESS && address.bytes().all(|byte| byte.is_ascii_graphic());
    let Some((scheme, rest)) = address.split_once(':').filter(|_| is_plain && !address.contains(['#', '\\'])) else {
        return false;
    };
    let host = rest.strip_prefix("//").map(|rest| rest.split(['/', '?']).next().unwrap_or(rest));
    let has_user = host.is_some_and(|host| host.contains('@'));
    match scheme.to_ascii_lowercase().as_str() {
        "https" => host.is_some_and(|host| !host.is_empty()) && !has_user,
        "http" => host.is_some_and(is_loopback) && !has_user,
        scheme if scheme.is_empty() || !scheme.starts_with(|letter: char| letter.is_ascii_lowercase()) => false,
        scheme => {
            let is_scheme = scheme.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte));
            is_scheme && !NO_PROGRAMS.contains(&scheme) && scheme != "wss" && !rest.is_empty()
        }
    }
}

/// True for a host and port of the same machine.
fn is_loopback(host: &str) -> bool {
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or(rest),
        None => host.split(':').next().unwrap_or(host),
    };
    matches!(name, "localhost" | "127.0.0.1" | "::1")
}

impl Client {
    /// True if a person may be sent back to this address. A program on the person's machine listens
    /// at any port (RFC 8252, 7.3); otherwise the address is exactly a registered one.
    pub(super) fn has(&self, address: &str) -> bool {
        self.redirect_uris.iter().any(|known| {
            known == address || matches!((without_port(known), without_port(address)), (Some(a), Some(b)) if a == b)
        })
    }
}

/// An address of this machine without its port. `None` for other addresses.
fn without_port(address: &str) -> Option<(&str, &str)> {
    let rest = address.strip_prefix("http://").filter(|_| is_allowed(address))?;
    let (host, path) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    let end_of_name = if host.starts_with('[') { host.find(']').map(|at| at + 1) } else { host.find(':') };
    Some((&host[..end_of_name.unwrap_or(host.len())], path))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    #[test]
    fn a_person_is_sent_to_web_pages_and_programs_only() {
        for allowed in [
            "https://claude.ai/api/mcp/auth_callback",
            "https://chatgpt.com/connector_platform_oauth_redirect?x=1",
            "http://localhost:6274/oauth/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:8080/",
            "cursor://anysphere.cursor-retrieval/oauth/callback",
            "com.example.app:/callback",
        ] {
            assert!(is_allowed(allowed), "{allowed}");
        }
        for refused in [
            "",
            "https://",
            "http://example.com/",
            "http://localhost.example.com/",
            "http://localhost@example.com/",
            "https://user@example.com/",
            "javascript:alert(1)",
            "JavaScript://x/%0aalert(1)",
            "data:text/html,x",
            "file:///etc/passwd",
            "//example.com",
            "/callback",
            "https://example.com/#x",
            "https://example.com/\u{e9}",
            "https://exa mple.com/",
            "https:\\\\example.com",
            ":x",
        ] {
            assert!(!is_allowed(refused), "{refused}");
        }
        assert!(!is_allowed(&format!("https://example.com/{}", "x".repeat(LONGEST_ADDRESS))));
    }

    #[test]
    fn only_a_program_on_the_same_machine_may_choose_its_port() {
        let client = Client {
            id: "c".into(),
            name: "n".into(),
            redirect_uris: vec![
                "https://a.example/cb".into(),
                "http://127.0.0.1:1/cb".into(),
                "http://[::1]/cb".into(),
            ],
        };
        for known in ["https://a.example/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:2222/cb", "http://[::1]:7/cb"]
        {
            assert!(client.has(known), "{known}");
        }
        for other in [
            "https://a.example/cb/",
            "https://a.example/cb?x",
            "https://a.example:444/cb",
            "http://127.0.0.1:1/other",
            "http://localhost:1/cb",
            "http://127.0.0.1.example.com/cb",
            "http://127.0.0.1@evil.example/cb",
        ] {
            assert!(!client.has(other), "{other}");
        }
    }

    #[test]
    fn a_name_is_one_line_that_is_seen() {
        assert_eq!(shown_name(Some(" Cla\u{202e}ude\n ")), "Claude");
        assert_eq!(shown_name(Some("x".repeat(500).as_str())).len(), LONGEST_NAME);
        assert_eq!(shown_name(Some("\u{200b}")), shown_name(None));
    }
}
